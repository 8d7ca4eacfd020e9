// Makes a long question stoppable by the name that its caller gave it, and lets him see how far it
// is, while it runs (POST /api/v1/search/cancel, GET /api/v1/search/progress). Of two by one name
// the later one counts.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "api/state.h"

namespace gac::api {

std::string running_name(const Call& call, std::string_view name);

class Running {
public:
    // `cancel` is left alone when there is no name, and `progress` too.
    Running(Api::State& state, const Call& call, std::string_view name, std::stop_token& cancel);
    Running(Api::State& state, const Call& call, std::string_view name, std::stop_token& cancel,
            std::shared_ptr<store::Progress>& progress);
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

private:
    Api::State& state_;
    std::string name_;
    std::shared_ptr<RunningSearch> running_;
};

}  // namespace gac::api
