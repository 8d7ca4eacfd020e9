// The program's own log, one JSON-free line an entry on stderr: "2026-11-22T21:59:13.000001Z warn
// store: text". Messages are lower case without a full stop. Any thread. Never log secrets, and
// never log an error that is also returned.
#pragma once

#include <cstdint>
#include <string_view>

#include <fmt/format.h>

namespace gac::base {

enum class LogLevel : std::uint8_t { Debug, Info, Warn, Error };

void set_log_level(LogLevel level);
bool log_enabled(LogLevel level);
void write_log(LogLevel level, std::string_view room, std::string_view text);

template <class... Args>
void log(LogLevel level, std::string_view room, fmt::format_string<Args...> format,
         Args&&... args) {
    if (log_enabled(level)) {
        write_log(level, room, fmt::format(format, std::forward<Args>(args)...));
    }
}

template <class... Args>
void log_info(std::string_view room, fmt::format_string<Args...> format, Args&&... args) {
    log(LogLevel::Info, room, format, std::forward<Args>(args)...);
}

template <class... Args>
void log_warn(std::string_view room, fmt::format_string<Args...> format, Args&&... args) {
    log(LogLevel::Warn, room, format, std::forward<Args>(args)...);
}

template <class... Args>
void log_error(std::string_view room, fmt::format_string<Args...> format, Args&&... args) {
    log(LogLevel::Error, room, format, std::forward<Args>(args)...);
}

}  // namespace gac::base
