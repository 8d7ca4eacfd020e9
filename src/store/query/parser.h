// The parser of the search language: recursive descent over the typed text. Private to parser.cc
// (filter) and parser_pipes.cc (pipes).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/query.h"
#include "store/query/tree.h"

namespace gac::store::query {

std::size_t column_of(std::string_view text, std::size_t at);
std::optional<std::int64_t> integer_reading(std::string_view text);
std::optional<double> number_reading(std::string_view text);

inline bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// A word or a quoted text, as typed and as meant.
struct Text {
    std::string meant;
    std::string pattern;  // with wildcard marks
    std::size_t at = 0;
    bool quoted = false;
};

class Parser {
public:
    Parser(std::string_view text, base::TimePoint now) : text_(text), now_(now) {}
    Result<Tree> parse();

private:
    std::unexpected<Error> error(std::size_t at, std::string what) const {
        return fail(Code::InvalidArgument, std::move(what),
                    "column " + std::to_string(column_of(text_, at)));
    }
    void skip_space() {
        while (at_ < text_.size() && is_space(text_[at_])) {
            ++at_;
        }
    }
    bool ended() {
        skip_space();
        return at_ == text_.size();
    }
    bool next_is(char c) {
        skip_space();
        return at_ < text_.size() && text_[at_] == c;
    }
    bool take(char c) {
        if (!next_is(c)) {
            return false;
        }
        ++at_;
        return true;
    }
    // A bare word of the language itself: and, or, not, by, as.
    bool next_is_word(std::string_view word);
    bool take_word(std::string_view word) {
        if (!next_is_word(word)) {
            return false;
        }
        at_ += word.size();
        return true;
    }

    Result<Node> either(int depth);
    Result<Node> both(int depth);
    Result<Node> negation(int depth);
    Result<Node> primary(int depth);
    Result<Node> field_test(const std::string& field, std::size_t field_at, int depth);
    Result<Node> value_or(const std::string& field, int depth);
    Result<Node> value_and(const std::string& field, int depth);
    Result<Node> value_not(const std::string& field, int depth);
    Result<Node> value(const std::string& field);
    Result<Node> join(Node::Kind kind, std::vector<Node> children);
    Result<Text> quoted();
    Result<Text> bare();
    Result<Test> test(const Text& text, Relation relation);

    Result<> pipe(Tree& tree);
    Result<> step(Tree& tree, Step::Kind kind, std::size_t begin);
    Result<> extract(Step& step);
    Result<> stats(Tree& tree);
    Result<> top(Tree& tree);
    Result<> make_table(Tree& tree, std::size_t begin);
    Result<Aggregate> aggregate();
    Result<By> by();
    Result<> sort(Tree& tree);
    Result<std::uint32_t> count(std::uint32_t max);
    Result<std::string> name(std::string_view what);
    Result<std::vector<std::string>> names(std::string_view what);
    Result<std::string> column();
    Result<> enough_room(std::size_t at, int depth);

    Result<std::shared_ptr<const Regex>> regex();
    bool at_regex() const;
    std::optional<std::size_t> range_end() const;
    Result<Node> range(const std::string& field, std::size_t end);
    Result<std::optional<std::string>> table_column();

    std::string_view text_;
    base::TimePoint now_;
    std::vector<std::string> columns_;  // of the table; empty before there is one
    std::size_t at_ = 0;
    std::size_t nodes_ = 0;
};

}  // namespace gac::store::query
