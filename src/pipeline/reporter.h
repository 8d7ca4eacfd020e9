// Tells the register of log sources, every few seconds, what each source has sent since the last
// time, and takes back what people have set there. Also retries what syslog streams left behind.
// One thread of its own.
#pragma once

#include <functional>
#include <thread>
#include <vector>

#include "event/profile.h"
#include "pipeline/source_table.h"
#include "response/sources.h"

namespace gac::pipeline {

class Reporter {
public:
    // `every_second` runs on the reporter's thread. What is referred to must outlive the reporter.
    Reporter(SourceTable& sources, response::SourceBook& book,
             std::shared_ptr<const event::ProfileSet> profiles, std::function<void()> every_second);
    ~Reporter();  // reports a last time
    // No further call of `every_second`; the last report is the destructor's.
    void stop();

private:
    void run(const std::stop_token& stop);
    void report();

    SourceTable& sources_;
    response::SourceBook& book_;
    std::shared_ptr<const event::ProfileSet> profiles_;
    std::function<void()> every_second_;
    std::vector<SourceCounts> told_;  // by source id
    std::jthread thread_;
};

}  // namespace gac::pipeline
