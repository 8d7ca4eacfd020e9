#include "detect/sigma/condition.h"

#include <algorithm>
#include <charconv>
#include <string>

#include <fmt/format.h>

#include "base/text.h"
#include "detect/sigma/pattern.h"

namespace gac::detect::sigma {

namespace {

struct Token {
    std::string_view text;
    std::size_t column = 0;  // 1 = first
};

bool is_name_sign(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'
           || c == '-' || c == '*' || c == '.' || static_cast<unsigned char>(c) >= 0x80;
}

class Parser {
public:
    Parser(const Selections& selections, std::size_t nesting_max)
        : selections_(selections), nesting_max_(nesting_max) {}

    Result<Expr> run(std::string_view text) {
        GAC_CHECK(split(text));
        if (tokens_.empty()) {
            return fail(Code::InvalidArgument, "empty condition");
        }
        GAC_TRY(expr, parse_or(0));
        if (at_ < tokens_.size()) {
            return unexpected_token();
        }
        return expr;
    }

private:
    Result<> split(std::string_view text) {
        for (std::size_t i = 0; i < text.size();) {
            const char c = text[i];
            if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
                ++i;
            } else if (c == '(' || c == ')') {
                tokens_.push_back({text.substr(i, 1), i + 1});
                ++i;
            } else if (c == '|') {
                return fail(Code::InvalidArgument,
                            "aggregation in a condition (\"| count() ...\", \"near\") is not "
                            "supported: write a correlation rule");
            } else if (is_name_sign(c)) {
                const std::size_t start = i;
                while (i < text.size() && is_name_sign(text[i])) {
                    ++i;
                }
                tokens_.push_back({text.substr(start, i - start), start + 1});
            } else {
                return fail(Code::InvalidArgument,
                            fmt::format("sign \"{}\" at column {} of the condition", c, i + 1));
            }
        }
        return {};
    }

    bool next_is(std::string_view word) const {
        return at_ < tokens_.size() && base::equal_ignoring_ascii_case(tokens_[at_].text, word);
    }
    std::unexpected<Error> unexpected_token() const {
        if (at_ >= tokens_.size()) {
            return fail(Code::InvalidArgument, "condition ends too early");
        }
        return fail(Code::InvalidArgument,
                    fmt::format("\"{}\" at column {} of the condition is out of place",
                                tokens_[at_].text, tokens_[at_].column));
    }

    Result<Expr> parse_or(std::size_t depth) { return parse_joined(depth, "or", Expr::Kind::Or); }

    Result<Expr> parse_joined(std::size_t depth, std::string_view word, Expr::Kind kind) {
        const auto operand = [&] {
            return kind == Expr::Kind::Or ? parse_joined(depth, "and", Expr::Kind::And)
                                          : parse_not(depth);
        };
        std::vector<Expr> parts;
        for (;;) {
            GAC_TRY(part, operand());
            parts.push_back(std::move(part));
            if (!next_is(word)) {
                break;
            }
            ++at_;
        }
        return parts.size() == 1 ? std::move(parts.front()) : Expr::join(kind, std::move(parts));
    }

    Result<Expr> parse_not(std::size_t depth) {
        std::size_t nots = 0;
        while (next_is("not")) {
            ++nots;
            ++at_;
        }
        GAC_TRY(expr, parse_operand(depth));
        return nots % 2 == 1 ? Expr::negate(std::move(expr)) : std::move(expr);
    }

    Result<Expr> parse_operand(std::size_t depth) {
        if (depth > nesting_max_) {
            return fail(Code::LimitExceeded,
                        fmt::format("condition nested deeper than {}", nesting_max_));
        }
        if (at_ >= tokens_.size()) {
            return unexpected_token();
        }
        if (next_is("(")) {
            ++at_;
            GAC_TRY(inner, parse_or(depth + 1));
            if (!next_is(")")) {
                return unexpected_token();
            }
            ++at_;
            return inner;
        }
        if (at_ + 1 < tokens_.size()
            && base::equal_ignoring_ascii_case(tokens_[at_ + 1].text, "of")) {
            return parse_of();
        }
        for (const std::string_view word : {")", "and", "or", "of"}) {
            if (next_is(word)) {
                return unexpected_token();
            }
        }
        const Token token = tokens_[at_];
        for (const auto& [name, expr] : selections_) {
            if (name == token.text) {
                ++at_;
                return copy(expr);
            }
        }
        return fail(Code::InvalidArgument,
                    fmt::format("condition names \"{}\", which is not in the detection section",
                                token.text));
    }

    static std::size_t size_of(const Expr& expr) {
        std::size_t size = 1;
        for (const Expr& child : expr.children) {
            size += size_of(child);
        }
        return size;
    }
    // A selection named many times is copied many times.
    Result<Expr> copy(const Expr& selection) {
        nodes_ += size_of(selection);
        if (nodes_ > kNodesMax) {
            return fail(Code::LimitExceeded,
                        fmt::format("condition grows beyond {} terms", kNodesMax));
        }
        return selection;
    }

    Result<Expr> parse_of() {
        const std::string_view quantity = tokens_[at_].text;
        std::uint32_t need = 0;
        const bool all = base::equal_ignoring_ascii_case(quantity, "all");
        if (base::equal_ignoring_ascii_case(quantity, "any")) {
            need = 1;
        } else if (!all) {
            const auto [end, fault] =
                std::from_chars(quantity.data(), quantity.data() + quantity.size(), need);
            if (fault != std::errc{} || end != quantity.data() + quantity.size() || need == 0) {
                return fail(Code::InvalidArgument,
                            fmt::format("\"{} of\": the quantity must be all, any or a number "
                                        "from 1",
                                        quantity));
            }
        }
        at_ += 2;
        if (at_ >= tokens_.size()) {
            return unexpected_token();
        }
        const std::string_view target = tokens_[at_++].text;
        const bool them = base::equal_ignoring_ascii_case(target, "them");
        const Pattern pattern = Pattern::parse(target);
        std::vector<Expr> chosen;
        for (const auto& [name, expr] : selections_) {
            const bool hidden = name.starts_with('_') && !(!them && target.starts_with('_'));
            if (!hidden && (them || pattern.matches(name))) {
                GAC_TRY(copied, copy(expr));
                chosen.push_back(std::move(copied));
            }
        }
        if (chosen.empty()) {
            if (all) {
                return fail(Code::InvalidArgument,
                            fmt::format("\"all of {}\" selects nothing", target));
            }
            return Expr::constant(false);
        }
        if (chosen.size() == 1) {
            return need <= 1 ? std::move(chosen.front()) : Expr::constant(false);
        }
        if (all || need == chosen.size()) {
            return Expr::join(Expr::Kind::And, std::move(chosen));
        }
        if (need == 1) {
            return Expr::join(Expr::Kind::Or, std::move(chosen));
        }
        if (need > chosen.size()) {
            return Expr::constant(false);
        }
        Expr expr = Expr::join(Expr::Kind::AtLeast, std::move(chosen));
        expr.need = need;
        return expr;
    }

    static constexpr std::size_t kNodesMax = 200'000;
    const Selections& selections_;
    std::size_t nesting_max_;
    std::size_t nodes_ = 0;
    std::vector<Token> tokens_;
    std::size_t at_ = 0;
};

}  // namespace

Result<Expr> parse_condition(std::string_view text, const Selections& selections,
                             std::size_t nesting_max) {
    return Parser(selections, nesting_max).run(text);
}

}  // namespace gac::detect::sigma
