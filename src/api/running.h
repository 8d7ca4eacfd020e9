// Makes a long question stoppable by the name that its caller gave it, and lets him see how far it
// is, while it runs (POST /api/v1/search/cancel, GET /api/v1/search/progress). Of two by one name
// the later one counts. It also ends when its caller goes away.
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
    // Without a name it is stopped only by its caller's going away.
    Running(Api::State& state, const Call& call, std::string_view name, std::stop_token& cancel);
    Running(Api::State& state, const Call& call, std::string_view name, std::stop_token& cancel,
            std::shared_ptr<store::Progress>& progress);
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

private:
    Api::State& state_;
    std::string name_;
    struct Stop {
        std::shared_ptr<RunningSearch> running;
        void operator()() const { running->stop.request_stop(); }
    };
    const std::shared_ptr<RunningSearch> running_ = std::make_shared<RunningSearch>();
    const std::stop_callback<Stop> on_gone_;
};

}  // namespace gac::api
