// A cursor over one line of text. Every step says whether it fitted; nothing is copied.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gac::ingest {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// The whole text as a decimal number.
inline std::optional<std::int64_t> parse_integer(std::string_view text) {
    std::int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, fault] = std::from_chars(text.data(), end, value);
    return fault == std::errc{} && stop == end && !text.empty() ? std::optional(value)
                                                                : std::nullopt;
}

inline std::string_view trim_blanks(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

class Scan {
public:
    explicit Scan(std::string_view text) : rest_(text) {}

    std::string_view rest() const { return rest_; }
    bool done() const { return rest_.empty(); }
    char peek() const { return rest_.empty() ? '\0' : rest_[0]; }
    void skip(std::size_t count) {
        rest_.remove_prefix(count < rest_.size() ? count : rest_.size());
    }

    bool eat(std::string_view word) {
        if (!rest_.starts_with(word)) {
            return false;
        }
        rest_.remove_prefix(word.size());
        return true;
    }
    bool eat(char c) {
        if (rest_.empty() || rest_[0] != c) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }
    void blanks() {
        while (!rest_.empty() && rest_[0] == ' ') {
            rest_.remove_prefix(1);
        }
    }
    // Up to `stop`, which is eaten too. Nothing when it does not come.
    std::optional<std::string_view> until(std::string_view stop) {
        const std::size_t at = rest_.find(stop);
        if (at == std::string_view::npos) {
            return std::nullopt;
        }
        const std::string_view part = rest_.substr(0, at);
        rest_.remove_prefix(at + stop.size());
        return part;
    }
    std::optional<std::string_view> until(char stop) {
        const std::size_t at = rest_.find(stop);
        if (at == std::string_view::npos) {
            return std::nullopt;
        }
        const std::string_view part = rest_.substr(0, at);
        rest_.remove_prefix(at + 1);
        return part;
    }
    // Up to the next blank or the end; the blank is eaten.
    std::string_view word() {
        const std::size_t at = rest_.find(' ');
        const std::string_view part = rest_.substr(0, at);
        rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + 1);
        return part;
    }
    // Decimal digits, 1..`most` of them.
    std::optional<int> number(int most) {
        int value = 0;
        int count = 0;
        while (count < most && static_cast<std::size_t>(count) < rest_.size()
               && is_digit(rest_[static_cast<std::size_t>(count)])) {
            value = value * 10 + (rest_[static_cast<std::size_t>(count)] - '0');
            ++count;
        }
        rest_.remove_prefix(static_cast<std::size_t>(count));
        return count > 0 ? std::optional(value) : std::nullopt;
    }

private:
    std::string_view rest_;
};

}  // namespace gac::ingest
