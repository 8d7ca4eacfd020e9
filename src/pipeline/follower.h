// Follows text files as they grow, across rotation and truncation, as tail -F does. The position of
// each file is written down only after its lines are durable, so a restart goes on where it
// stopped: nothing is lost, and at most the lines of the last moment are read twice after a crash.
// One thread of its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "pipeline/pipeline.h"

namespace gac::pipeline {

struct Followed {
    std::filesystem::path path;
    event::SourceId source{};
    std::string format;  // empty: the source's
};

class Follower {
public:
    // Positions are kept in the file `state`, made when absent. A file that does not exist yet is
    // waited for.
    static Result<std::unique_ptr<Follower>> start(
        Pipeline& pipeline, std::vector<Followed> files, std::filesystem::path state,
        base::Duration poll = base::Duration::millis(250));
    ~Follower();

private:
    struct Tail;
    Follower(Pipeline& pipeline, std::filesystem::path state, base::Duration poll);
    void run(const std::stop_token& stop);
    Result<> load_positions();
    void save_positions();

    Pipeline& pipeline_;
    std::filesystem::path state_;
    base::Duration poll_;
    std::vector<std::unique_ptr<Tail>> tails_;
    std::string saved_;
    std::jthread thread_;
};

}  // namespace gac::pipeline
