// A cursor over one line of text. Every step says whether it fitted; nothing is copied.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gac::ingest {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// A set of bytes, one look-up each.
using ByteSet = std::array<bool, 256>;
template <class Holds>
consteval ByteSet byte_set(Holds holds) {
    ByteSet out{};
    for (std::size_t byte = 0; byte < out.size(); ++byte) {
        out[byte] = holds(static_cast<char>(byte));
    }
    return out;
}
constexpr bool is_in(const ByteSet& set, char c) { return set[static_cast<unsigned char>(c)]; }

// The last place of `word`: lines are short, and so is the way from their end.
inline std::size_t find_last(std::string_view text, std::string_view word) {
    if (word.size() > text.size()) {
        return std::string_view::npos;
    }
    for (std::size_t at = text.size() - word.size() + 1; at-- > 0;) {
        if (text[at] == word[0] && text.substr(at, word.size()) == word) {
            return at;
        }
    }
    return std::string_view::npos;
}

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

    // Words are literals: inlined, they are compared without a call.
    [[gnu::always_inline]] bool eat(std::string_view word) {
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
    // The same where words are short: without the set-up of a search.
    std::string_view short_word() {
        std::size_t at = 0;
        while (at < rest_.size() && rest_[at] != ' ') {
            ++at;
        }
        const std::string_view part = rest_.substr(0, at);
        rest_.remove_prefix(at == rest_.size() ? at : at + 1);
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
