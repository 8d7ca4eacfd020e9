// A Sigma text value: literal pieces with wildcards between them. Read once when rules load; what
// it matches is defined here and nowhere else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gac::detect::sigma {

class Pattern {
public:
    enum class Kind : std::uint8_t { Equals, StartsWith, EndsWith, Contains, Anything, Wildcard };

    struct Piece {
        enum class Kind : std::uint8_t { Literal, AnyRun, OneSign };
        Kind kind = Kind::Literal;
        std::string text;
        bool operator==(const Piece&) const = default;
    };

    Pattern() = default;  // matches the empty text alone
    // As pieces() of another gave them.
    explicit Pattern(std::vector<Piece> pieces) : pieces_(std::move(pieces)) {}
    // The escape pass: \* \? \\ are literal, * and ? are wildcards, any other backslash is itself.
    static Pattern parse(std::string_view written);
    static Pattern literal(std::string_view text);

    void add_literal(std::string_view text);
    void add_any_run();
    void add_one_sign();
    void any_run_before();
    void any_run_after() { add_any_run(); }

    bool has_wildcard() const;
    // The text of a pattern without wildcards.
    std::string plain() const { return pieces_.empty() ? std::string() : pieces_.front().text; }
    const std::vector<Piece>& pieces() const { return pieces_; }

    Kind kind() const;
    // The one literal of every kind but Anything and Wildcard; of Wildcard the longest piece.
    std::string_view key() const;

    // Every literal folded (base::fold_case): for comparison with folded text.
    Pattern folded() const;

    // The whole of `text`. Both sides must be folded, or both not. Linear in practice: one step
    // back to the last run of a wildcard, never more.
    bool matches(std::string_view text) const;

    // Written so that parse() gives the same pattern.
    std::string text() const;

    bool operator==(const Pattern&) const = default;

private:
    std::vector<Piece> pieces_;  // never two runs, nor two literals, side by side
};

}  // namespace gac::detect::sigma
