// The filter of the search language. docs/search.md is its manual.
#include "store/query/parser.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace gac::store {

namespace query {

namespace {

constexpr std::size_t kTextMax = 16 * 1024;
constexpr int kDepthMax = 64;
constexpr std::size_t kNodesMax = 2'000;
constexpr std::size_t kPipesMax = 16;

bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'
           || c == '.' || c == '@' || c == '-' || static_cast<unsigned char>(c) >= 0x80;
}

bool is_name(std::string_view text) {
    return !text.empty() && text.front() != '-' && text.front() != '.' && text.back() != '-'
           && std::ranges::all_of(text, is_name_char);
}

}  // namespace

std::size_t column_of(std::string_view text, std::size_t at) {
    std::size_t column = 1;
    for (std::size_t i = 0; i < at && i < text.size(); i += base::code_point_length(text, i)) {
        ++column;
    }
    return column;
}

std::optional<double> number_reading(std::string_view text) {
    if (text.empty() || !((text[0] >= '0' && text[0] <= '9') || text[0] == '-' || text[0] == '.')) {
        return std::nullopt;  // from_chars would take "inf" and "nan"
    }
    double number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    return fault == std::errc{} && end == text.data() + text.size() ? std::optional(number)
                                                                    : std::nullopt;
}

std::optional<std::int64_t> integer_reading(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    return fault == std::errc{} && end == text.data() + text.size() ? std::optional(number)
                                                                    : std::nullopt;
}

bool Parser::next_is_word(std::string_view word) {
    skip_space();
    const std::string_view rest = text_.substr(at_);
    if (rest.size() < word.size()
        || !base::equal_ignoring_ascii_case(rest.substr(0, word.size()), word)) {
        return false;
    }
    return rest.size() == word.size() || is_space(rest[word.size()]) || rest[word.size()] == '('
           || rest[word.size()] == ')' || rest[word.size()] == '|' || rest[word.size()] == '"';
}

Result<> Parser::enough_room(std::size_t at, int depth) {
    if (depth > kDepthMax) {
        return error(at, fmt::format("more than {} levels of parentheses and \"not\"", kDepthMax));
    }
    if (++nodes_ > kNodesMax) {
        return error(at, fmt::format("more than {} conditions", kNodesMax));
    }
    return {};
}

Result<Tree> Parser::parse() {
    if (text_.size() > kTextMax) {
        return error(kTextMax, fmt::format("the query is longer than {} bytes", kTextMax));
    }
    for (std::size_t i = 0; i < text_.size(); ++i) {
        if (static_cast<unsigned char>(text_[i]) < 0x20 && !is_space(text_[i])) {
            return error(i, "a control character");
        }
    }
    if (!base::is_utf8(text_)) {
        return error(0, "the query is not UTF-8");
    }
    Tree tree;
    if (!ended() && !next_is('|')) {
        GAC_TRY(filter, either(0));
        tree.filter = std::move(filter);
    }
    for (std::size_t pipes = 0; !ended(); ++pipes) {
        if (!take('|')) {
            return error(at_,
                         text_[at_] == ')' ? "a ')' without its '('" : "expected '|' or the end");
        }
        if (pipes == kPipesMax) {
            return error(at_, fmt::format("more than {} pipes", kPipesMax));
        }
        GAC_CHECK(pipe(tree));
    }
    return tree;
}

Result<Node> Parser::join(Node::Kind kind, std::vector<Node> children) {
    if (children.size() == 1) {
        return std::move(children.front());
    }
    Node node;
    node.kind = kind;
    node.children = std::move(children);
    return node;
}

Result<Node> Parser::either(int depth) {
    std::vector<Node> children;
    do {
        GAC_TRY(child, both(depth));
        children.push_back(std::move(child));
    } while (take_word("or"));
    return join(Node::Kind::Or, std::move(children));
}

Result<Node> Parser::both(int depth) {
    std::vector<Node> children;
    for (;;) {
        GAC_TRY(child, negation(depth));
        children.push_back(std::move(child));
        if (take_word("and")) {
            continue;
        }
        // Words side by side must all hold.
        if (ended() || next_is('|') || next_is(')') || next_is_word("or")) {
            return join(Node::Kind::And, std::move(children));
        }
    }
}

Result<Node> Parser::negation(int depth) {
    skip_space();
    const std::size_t at = at_;
    GAC_CHECK(enough_room(at, depth));
    if (!take_word("not")) {
        return primary(depth);
    }
    GAC_TRY(child, negation(depth + 1));
    Node node;
    node.kind = Node::Kind::Not;
    node.children.push_back(std::move(child));
    return node;
}

Result<Node> Parser::primary(int depth) {
    if (ended() || next_is('|') || next_is(')')) {
        return error(at_, "a condition is missing here");
    }
    for (const std::string_view word : {"and", "or"}) {
        if (next_is_word(word)) {
            return error(
                at_,
                fmt::format(
                    "\"{}\" needs a condition on its left; put it in quotes to search for the word",
                    word));
        }
    }
    const std::size_t begin = at_;
    if (take('(')) {
        GAC_TRY(inner, either(depth + 1));
        if (!take(')')) {
            return error(begin, "a '(' without its ')'");
        }
        return inner;
    }
    GAC_TRY(column, table_column());
    if (column) {
        return field_test(*column, begin, depth);
    }
    Text free;
    if (text_[at_] == '"') {
        GAC_TRY(phrase, quoted());
        if (at_ < text_.size() && text_[at_] == ':') {  // "field name":value
            return field_test(phrase.meant, begin, depth);
        }
        free = std::move(phrase);
    } else {
        const std::size_t end = std::min(text_.find_first_of(" \t\r\n()|\"", at_), text_.size());
        const std::string_view word = text_.substr(at_, end - at_);
        const std::size_t sign = std::min(word.find_first_of(":<>"), word.size());
        const std::string_view before = word.substr(0, sign);
        // An IPv6 address holds colons and is no field.
        const bool address = base::IpPrefix::parse(word).has_value();
        if (is_name(before) && !address) {
            const std::size_t word_begin = at_;
            at_ += sign;
            skip_space();
            const char next = at_ < text_.size() ? text_[at_] : ' ';
            if (next == ':' || next == '<' || next == '>') {
                return field_test(std::string(before), begin, depth);
            }
            if (sign == word.size() && (next == '=' || text_.substr(at_).starts_with("!="))
                && at_ > word_begin + sign) {
                return error(at_,
                             "equality is written with a colon: field:value, and not field:value");
            }
            at_ = word_begin;
        } else if (word.starts_with(':')) {
            return error(begin, "a field's name is missing before ':'");
        }
        GAC_TRY(typed, bare());
        free = std::move(typed);
    }
    if (!columns_.empty()) {
        return error(begin, fmt::format("a condition over the table's columns is expected; it has "
                                        "{}",
                                        fmt::join(columns_, ", ")));
    }
    Node node;
    if (!free.quoted && free.pattern.find_first_not_of(kAnyMark) == std::string::npos) {
        return node;  // "*": everything
    }
    GAC_TRY(tested, test(free, Relation::Is));
    node.kind = Node::Kind::FreeText;
    node.test = std::move(tested);
    return node;
}

Result<Node> Parser::field_test(const std::string& field, std::size_t field_at, int depth) {
    if (field.empty()) {
        return error(field_at, "a field's name is missing before ':'");
    }
    if (!columns_.empty() && std::ranges::find(columns_, field) == columns_.end()) {
        return error(field_at, fmt::format("the table has no column \"{}\"; it has {}", field,
                                           fmt::join(columns_, ", ")));
    }
    if (field == "_exists_" && text_[at_] == ':') {
        ++at_;
        GAC_TRY(asked, name("a field's name"));
        Node node;
        node.kind = Node::Kind::Field;
        node.field = std::move(asked);
        node.test.relation = Relation::Exists;
        return node;
    }
    Relation relation = Relation::Is;
    const char sign = text_[at_++];
    if (sign != ':') {
        const bool equal = at_ < text_.size() && text_[at_] == '=';
        at_ += equal ? 1 : 0;
        relation = sign == '<' ? (equal ? Relation::LessOrEqual : Relation::Less)
                               : (equal ? Relation::GreaterOrEqual : Relation::Greater);
        skip_space();
        const std::size_t value_at = at_;
        if (ended() || next_is('|') || next_is('(') || next_is(')')) {
            return error(value_at, "a value is missing here");
        }
        GAC_TRY(bound, text_[at_] == '"' ? quoted() : bare());
        GAC_TRY(tested, test(bound, relation));
        Node node;
        node.kind = Node::Kind::Field;
        node.field = field;
        node.test = std::move(tested);
        return node;
    }
    const std::size_t begin = at_;
    if (take('(')) {
        GAC_TRY(inner, value_or(field, depth + 1));
        if (!take(')')) {
            return error(begin, "a '(' without its ')'");
        }
        return inner;
    }
    return value(field);
}

Result<Node> Parser::value_or(const std::string& field, int depth) {
    std::vector<Node> children;
    do {
        GAC_TRY(child, value_and(field, depth));
        children.push_back(std::move(child));
        // Values side by side: any of them, which is what a list of values means.
    } while (take_word("or") || !(ended() || next_is(')') || next_is('|')));
    return join(Node::Kind::Or, std::move(children));
}

Result<Node> Parser::value_and(const std::string& field, int depth) {
    std::vector<Node> children;
    do {
        GAC_TRY(child, value_not(field, depth));
        children.push_back(std::move(child));
    } while (take_word("and"));
    return join(Node::Kind::And, std::move(children));
}

Result<Node> Parser::value_not(const std::string& field, int depth) {
    skip_space();
    const std::size_t begin = at_;
    GAC_CHECK(enough_room(begin, depth));
    if (take_word("not")) {
        GAC_TRY(child, value_not(field, depth + 1));
        Node node;
        node.kind = Node::Kind::Not;
        node.children.push_back(std::move(child));
        return node;
    }
    if (take('(')) {
        GAC_TRY(inner, value_or(field, depth + 1));
        if (!take(')')) {
            return error(begin, "a '(' without its ')'");
        }
        return inner;
    }
    return value(field);
}

Result<Node> Parser::value(const std::string& field) {
    if (ended() || next_is('|') || next_is(')')) {
        return error(at_, fmt::format("a value for {} is missing here", field));
    }
    Node node;
    node.kind = Node::Kind::Field;
    node.field = field;
    if (at_regex()) {
        GAC_TRY(expression, regex());
        node.test.relation = Relation::Matches;
        node.test.text = expression->pattern();
        node.test.regex = std::move(expression);
        return node;
    }
    if (const auto end = range_end()) {
        return range(field, *end);
    }
    GAC_TRY(typed, text_[at_] == '"' ? quoted() : bare());
    if (!typed.quoted && typed.pattern == std::string(1, kAnyMark)) {
        node.test.relation = Relation::Exists;
        return node;
    }
    GAC_TRY(tested, test(typed, Relation::Is));
    node.test = std::move(tested);
    return node;
}

// The name of a column may hold parentheses: sum(bytes).
Result<std::optional<std::string>> Parser::table_column() {
    std::optional<std::string> found;
    std::size_t end = 0;
    const auto try_name = [&](std::string_view typed, const std::string& meant) {
        if (!text_.substr(at_).starts_with(typed)) {
            return;
        }
        std::size_t behind = at_ + typed.size();
        while (behind < text_.size() && is_space(text_[behind])) {
            ++behind;
        }
        if (behind < text_.size() && std::string_view(":<>").contains(text_[behind])
            && behind > end) {
            found = meant;
            end = behind;
        }
    };
    for (const std::string& column : columns_) {
        try_name(column, column);
        if (column == "count") {
            try_name("count()", column);
        }
    }
    if (found) {
        at_ = end;
    }
    return found;
}

// A value that begins with '/' and whose next '/' ends it; a path is none.
bool Parser::at_regex() const {
    if (at_ >= text_.size() || text_[at_] != '/') {
        return false;
    }
    for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
        if (text_[i] == '\\') {
            ++i;
        } else if (text_[i] == '/') {
            return i > at_ + 1
                   && (i + 1 == text_.size() || is_space(text_[i + 1]) || text_[i + 1] == ')'
                       || text_[i + 1] == '|');
        }
    }
    return false;
}

Result<std::shared_ptr<const Regex>> Parser::regex() {
    const std::size_t begin = at_;
    std::string pattern;
    for (++at_; at_ < text_.size() && text_[at_] != '/'; ++at_) {
        if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
            if (text_[at_ + 1] != '/') {
                pattern += '\\';
            }
            ++at_;
        }
        pattern += text_[at_];
    }
    if (at_ >= text_.size()) {
        return error(begin, "a regular expression without its closing '/'");
    }
    ++at_;
    auto compiled = Regex::compile(pattern);
    if (!compiled) {
        return error(begin, compiled.error().text);
    }
    return compiled;
}

// The end of "[1 to 1024]" or "{1 to *}"; nothing when it is no range.
std::optional<std::size_t> Parser::range_end() const {
    if (at_ >= text_.size() || (text_[at_] != '[' && text_[at_] != '{')) {
        return std::nullopt;
    }
    const std::size_t end = text_.find_first_of("]}|()", at_ + 1);
    if (end == std::string_view::npos || (text_[end] != ']' && text_[end] != '}')) {
        return std::nullopt;
    }
    const std::string inside = base::ascii_lower(text_.substr(at_ + 1, end - at_ - 1));
    const std::size_t to = (" " + inside + " ").find(" to ");
    return to == std::string::npos ? std::nullopt : std::optional(end);
}

Result<Node> Parser::range(const std::string& field, std::size_t end) {
    const bool with_low = text_[at_] == '[';
    const bool with_high = text_[end] == ']';
    const std::string inside = " " + base::ascii_lower(text_.substr(at_ + 1, end - at_ - 1)) + " ";
    const std::size_t to = at_ + inside.find(" to ");  // of the blank before it, or the bracket
    const auto bound = [&](std::size_t begin, std::size_t stop, Relation relation,
                           std::vector<Node>& out) -> Result<> {
        Text text;
        while (begin < stop && (is_space(text_[begin]) || text_[begin] == '"')) {
            ++begin;
        }
        while (stop > begin && (is_space(text_[stop - 1]) || text_[stop - 1] == '"')) {
            --stop;
        }
        if (begin == stop) {
            return error(begin, "a bound is missing here; \"*\" stands for none");
        }
        text.at = begin;
        text.meant = text_.substr(begin, stop - begin);
        text.pattern = text.meant;
        if (text.meant == "*") {
            return {};
        }
        GAC_TRY(tested, test(text, relation));
        Node node;
        node.kind = Node::Kind::Field;
        node.field = field;
        node.test = std::move(tested);
        out.push_back(std::move(node));
        return {};
    };
    std::vector<Node> bounds;
    GAC_CHECK(bound(at_ + 1, std::max(to, at_ + 1),
                    with_low ? Relation::GreaterOrEqual : Relation::Greater, bounds));
    GAC_CHECK(bound(to + 3, end, with_high ? Relation::LessOrEqual : Relation::Less, bounds));
    at_ = end + 1;
    if (bounds.empty()) {
        Node node;
        node.kind = Node::Kind::Field;
        node.field = field;
        node.test.relation = Relation::Exists;
        return node;
    }
    return join(Node::Kind::And, std::move(bounds));
}

Result<Text> Parser::quoted() {
    Text text;
    text.at = at_;
    text.quoted = true;
    for (++at_; at_ < text_.size(); ++at_) {
        char c = text_[at_];
        if (c == '"') {
            ++at_;
            text.pattern = text.meant;
            return text;
        }
        if (c == '\\' && at_ + 1 < text_.size()
            && (text_[at_ + 1] == '"' || text_[at_ + 1] == '\\')) {
            c = text_[++at_];
        }
        text.meant += c;
    }
    return error(text.at, "a quotation mark that is never closed");
}

Result<Text> Parser::bare() {
    Text text;
    text.at = at_;
    for (; at_ < text_.size(); ++at_) {
        const char c = text_[at_];
        if (is_space(c) || c == '(' || c == ')' || c == '|' || c == '"') {
            break;
        }
        // A backslash takes the meaning from a sign of the language; before anything else it is
        // itself, so that Windows paths can be typed.
        if (c == '\\' && at_ + 1 < text_.size()
            && std::string_view("*?\\\"()|:<>").contains(text_[at_ + 1])) {
            text.meant += text_[++at_];
            text.pattern += text_[at_];
            continue;
        }
        text.meant += c;
        text.pattern += c == '*' ? kAnyMark : c == '?' ? kOneMark : c;
    }
    return text;
}

Result<Test> Parser::test(const Text& text, Relation relation) {
    Test test;
    test.relation = relation;
    test.text = text.meant;
    test.pattern = text.pattern;
    test.quoted = text.quoted;
    test.integer = integer_reading(text.meant);
    test.number = number_reading(text.meant);
    test.prefix = base::IpPrefix::parse(text.meant);
    test.is_network = test.prefix && text.meant.contains('/');
    test.time = base::parse_rfc3339(text.meant);
    if (!test.time && relation != Relation::Is && !test.number) {
        if (const auto relative = base::parse_time_argument(text.meant, now_)) {
            test.time = *relative;
        }
    }
    if (test.prefix && test.prefix->had_host_bits() && test.is_network) {
        return error(text.at, fmt::format("{} has bits behind the network's length; meant is {}",
                                          text.meant, test.prefix->text()));
    }
    if (relation != Relation::Is && !test.number && !test.prefix && !test.time) {
        return error(text.at, "a range needs a number, an address or a time");
    }
    return test;
}

}  // namespace query

Result<Query> parse(std::string_view text, base::TimePoint now) {
    GAC_TRY(tree, query::Parser(text, now).parse());
    Query query;
    query.text = text;
    query.tree = std::make_shared<const query::Tree>(std::move(tree));
    return query;
}

std::string hunt_list(const Query& query) {
    for (std::size_t i = 0; query.tree && i < query.tree->steps.size(); ++i) {
        if (query.tree->steps[i].kind == query::Step::Kind::Hunt) {
            return query.tree->steps[i].list;
        }
    }
    return {};
}

std::optional<std::uint32_t> error_column(const Error& error) {
    constexpr std::string_view kWord = "column ";
    if (!error.where.starts_with(kWord)) {
        return std::nullopt;
    }
    std::uint32_t column = 0;
    const char* const end = error.where.data() + error.where.size();
    const auto [read, fault] = std::from_chars(error.where.data() + kWord.size(), end, column);
    return fault == std::errc{} && read == end ? std::optional(column) : std::nullopt;
}

std::string with_caret(std::string_view text, const Error& error) {
    std::string line(text);
    std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    if (const auto column = error_column(error)) {
        line += '\n';
        line.append(*column - 1, ' ');
        line += '^';
    }
    return line;
}

}  // namespace gac::store
