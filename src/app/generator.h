// Realistic log lines for load tests: the same seed gives the same bytes on every machine.
// Addresses come from the documentation and benchmarking ranges (RFC 5737, RFC 2544), names from a
// made-up province.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace gac::app {

class Generator {
public:
    // Mixes: sshd, linux, web, apache, hdfs, firewall, windows, province (all of them).
    static Result<Generator> make(std::string_view mix, std::uint64_t seed, base::TimePoint start);
    static std::string_view mixes() {
        return "sshd, linux, web, apache, hdfs, firewall, windows, province";
    }

    // Appends one line with its LF. Time moves on by about `step_us` a line.
    void append_line(std::string& out);

private:
    using Kind = void (Generator::*)(std::string&);

    Generator() = default;
    std::uint64_t next();
    std::uint64_t below(std::uint64_t bound);
    void address(std::string& out);
    void host(std::string& out);
    void user(std::string& out);
    void syslog_head(std::string& out, int priority, std::string_view tag);
    void sshd(std::string& out);
    void linux_line(std::string& out);
    void web(std::string& out);
    void apache_error(std::string& out);
    void hdfs(std::string& out);
    void firewall(std::string& out);
    void windows(std::string& out);

    std::vector<Kind> kinds_;
    std::uint64_t state_ = 0;
    base::TimePoint now_;
};

}  // namespace gac::app
