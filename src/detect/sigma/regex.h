// One regular expression of a rule: linear time (RE2), unanchored search, case-sensitive unless
// told otherwise. Keeps the library's headers out of ours. Any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gac::detect::sigma {

struct RegexFlags {
    bool ignore_case = false;
    bool multiline = false;
    bool dot_matches_newline = false;
    bool operator==(const RegexFlags&) const = default;
};

class Regex {
public:
    // Fails with the library's reason; look-around and back-references are not in the language.
    static Result<std::shared_ptr<const Regex>> compile(std::string_view pattern,
                                                        const RegexFlags& flags);
    ~Regex();
    Regex(const Regex&) = delete;
    Regex& operator=(const Regex&) = delete;

    bool search(std::string_view text) const;

    // Literals in lower case of which at least one stands (ignoring case) in every text that the
    // expression can match. Empty: nothing is known.
    const std::vector<std::string>& needles() const { return needles_; }
    // No shorter text in bytes can match.
    std::size_t bytes_min() const { return bytes_min_; }

private:
    struct Engine;
    Regex();
    std::unique_ptr<Engine> engine_;
    std::vector<std::string> needles_;
    std::size_t bytes_min_ = 0;
    std::size_t line_signs_min_ = 0;  // the whole expression is ".{n,}": count, do not search
};

}  // namespace gac::detect::sigma
