// A detection as gac detect prints it: a JSON object, or a line for people. `file` is the file or
// the log source, `event` the number in the file or the id in history.
#pragma once

#include <cstdint>
#include <string>

#include "event/detection.h"

namespace gac::app {

void append_hit(const event::Detection& hit, const std::string& file, std::uint64_t event,
                std::string& out);
void append_line(const event::Detection& hit, const std::string& file, std::uint64_t event,
                 std::string& out);

}  // namespace gac::app
