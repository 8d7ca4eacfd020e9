// A regular expression of a question (RE2: linear time, no backreferences). Letters match in either
// case unless it says (?-i); it may match anywhere in a text unless tied with ^ and $. Immutable;
// any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace gac::store::query {

class Regex {
public:
    static constexpr std::size_t kPatternMax = 1'000;  // bytes

    // Named groups may be written (?<name>…) or (?P<name>…).
    static Result<std::shared_ptr<const Regex>> compile(std::string_view pattern);
    // A text with {name} for words without blanks: "user={who} from {ip}". A blank in it stands for
    // any number of blanks. A name at the end takes the word up to its end.
    static Result<std::shared_ptr<const Regex>> of_template(std::string_view pattern);
    ~Regex();

    bool matches(std::string_view text) const;
    // What the group took; false when the text does not match or the group took no part.
    bool capture(std::string_view text, int group, std::string_view& out) const;
    // Named groups by their place in the pattern.
    const std::vector<std::pair<std::string, int>>& names() const { return names_; }
    const std::string& pattern() const { return pattern_; }

private:
    struct Program;
    Regex() = default;

    std::string pattern_;
    std::unique_ptr<Program> program_;
    std::vector<std::pair<std::string, int>> names_;
};

}  // namespace gac::store::query
