// The text changes that Sigma's modifiers ask for.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "detect/sigma/pattern.h"

namespace gac::detect::sigma {

std::string base64(std::string_view bytes);
// The part of the encoding that does not depend on what stands before and after, when `shift`
// (0, 1, 2) bytes stand before.
std::string base64_at_offset(std::string_view bytes, std::size_t shift);
// Nothing when `text` is not UTF-8.
std::optional<std::string> utf16(std::string_view text, bool big_endian, bool byte_order_mark);

// Each dash or slash at a word's start, by each of - / – — ―, independently; appended to `out`.
// False when that would be more than `forms_max`.
bool windash_forms(const Pattern& pattern, std::size_t forms_max, std::vector<Pattern>& out);

}  // namespace gac::detect::sigma
