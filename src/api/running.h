// Makes a long question stoppable by the name that its caller gave it, while it runs
// (POST /api/v1/search/cancel).
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "api/state.h"

namespace gac::api {

std::string running_name(const Call& call, std::string_view name);

class Running {
public:
    // `cancel` is left alone when there is no name.
    Running(Api::State& state, const Call& call, std::string_view name, std::stop_token& cancel);
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

private:
    Api::State& state_;
    std::string name_;
};

}  // namespace gac::api
