// One regular expression of a rule: linear time (RE2), unanchored search, case-sensitive unless
// told otherwise. Keeps the library's headers out of ours. Any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
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

    // What is found out once about an expression, apart from its automaton.
    struct Known {
        // Literals in lower case of which at least one stands (ignoring case) in every text that
        // the expression can match. Empty: nothing is known.
        std::vector<std::string> needles;
        std::size_t bytes_min = 0;       // no shorter text can match
        std::size_t line_signs_min = 0;  // the whole expression is ".{n,}": count, do not search
    };
    const Known& known() const { return known_; }
    const std::vector<std::string>& needles() const { return known_.needles; }
    // Of an expression that compile() took: the automaton is built at the first search.
    static std::shared_ptr<const Regex> of_known(std::string_view pattern, const RegexFlags& flags,
                                                 Known known);

private:
    struct Engine;
    Regex(std::string_view pattern, const RegexFlags& flags);
    const Engine& engine() const;

    std::string pattern_;
    RegexFlags flags_;
    Known known_;
    mutable std::once_flag built_;
    mutable std::unique_ptr<Engine> engine_;
};

}  // namespace gac::detect::sigma
