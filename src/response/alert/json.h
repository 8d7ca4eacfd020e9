// Lists inside alert rows, as JSON texts: written by us, read back by us.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event/detection.h"

namespace gac::response {

std::string to_json(const std::vector<std::string>& list);                           // ["a","b"]
std::string to_json(const std::vector<std::pair<std::string, std::string>>& pairs);  // [["a","b"]]
std::string to_json(const std::vector<event::Matched>& matched);  // [["field","value"]]
std::vector<std::string> list_from_json(std::string_view text);
std::vector<std::pair<std::string, std::string>> pairs_from_json(std::string_view text);
std::vector<event::Matched> matched_from_json(std::string_view text);

}  // namespace gac::response
