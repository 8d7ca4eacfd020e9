// Text rules that every room shares: UTF-8 checks, case folding, and folding for Vietnamese search.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gac::base {

bool is_ascii(std::string_view text);
bool is_utf8(std::string_view text);

// Every byte that does not belong to well-formed UTF-8 becomes U+FFFD.
std::string repair_utf8(std::string_view text);

inline char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
bool equal_ignoring_ascii_case(std::string_view a, std::string_view b);
std::string ascii_lower(std::string_view text);
// To `out`, which has room for the text and may be the text itself; false when there are signs
// beyond ASCII, which stay as they are.
bool ascii_lower(std::string_view text, char* out);

// Unicode simple case folding (CaseFolding.txt C + S): ASCII takes a short cut. The length in bytes
// may change. Bytes that are not UTF-8 stay as they are.
std::string fold_case(std::string_view text);
void append_folded(std::string_view text, std::string& out);

// For search without marks: NFC, folded, marks stripped, đ -> d. "Đăng nhập" gives "dang nhap".
std::string fold_for_search(std::string_view text);

// The next code point's length in bytes at `at` (1 for a byte that is not UTF-8); `at` < size.
std::size_t code_point_length(std::string_view text, std::size_t at);

// Whether the needle stands in the text: for short texts and needles, where the set-up of memmem
// is most of its cost.
bool contains_literal(std::string_view text, std::string_view needle);

// JSON string body with quotes. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string_view text, std::string& out);

std::string_view trim(std::string_view text);
std::string hex(std::string_view bytes);

}  // namespace gac::base
