#include "base/log.h"

#include <unistd.h>

#include <atomic>
#include <string>

#include "base/time.h"

namespace gac::base {

namespace {
std::atomic<LogLevel> least{LogLevel::Info};
}

void set_log_level(LogLevel level) { least = level; }

bool log_enabled(LogLevel level) { return level >= least.load(std::memory_order_relaxed); }

void write_log(LogLevel level, std::string_view room, std::string_view text) {
    static constexpr std::string_view kNames[] = {"debug", "info", "warn", "error"};
    std::string line = fmt::format("{} {} {}: ", format_rfc3339(SystemClock{}.now()),
                                   kNames[static_cast<std::size_t>(level)], room);
    for (const char c : text) {  // one entry is one line, whatever the text carries
        line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    line += '\n';
    // One write call an entry keeps lines whole among threads. Nothing useful can be done if it
    // fails.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace gac::base
