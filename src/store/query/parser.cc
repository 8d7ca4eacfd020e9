// The search language's parser: recursive descent over the typed text. docs/search.md is its
// manual.
#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "store/query.h"
#include "store/query/tree.h"

namespace gac::store {

namespace query {

namespace {

constexpr std::size_t kTextMax = 16 * 1024;
constexpr int kDepthMax = 64;
constexpr std::size_t kNodesMax = 2'000;
constexpr std::size_t kPipesMax = 16;
constexpr std::size_t kNamesMax = 64;
constexpr std::uint32_t kLimitMax = 1'000'000;

std::size_t column_of(std::string_view text, std::size_t at) {
    std::size_t column = 1;
    for (std::size_t i = 0; i < at && i < text.size(); i += base::code_point_length(text, i)) {
        ++column;
    }
    return column;
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'
           || c == '.' || c == '@' || c == '-' || static_cast<unsigned char>(c) >= 0x80;
}

bool is_name(std::string_view text) {
    return !text.empty() && text.front() != '-' && text.front() != '.' && text.back() != '-'
           && std::ranges::all_of(text, is_name_char);
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
                    fmt::format("column {}", column_of(text_, at)));
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
    Result<> stats(Tree& tree);
    Result<Aggregate> aggregate();
    Result<> sort(Tree& tree);
    Result<> limit(Tree& tree);
    Result<std::string> name(std::string_view what);
    Result<std::vector<std::string>> names(std::string_view what);
    Result<> enough_room(std::size_t at, int depth);

    std::string_view text_;
    base::TimePoint now_;
    std::size_t at_ = 0;
    std::size_t nodes_ = 0;
};

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
    GAC_TRY(typed, text_[at_] == '"' ? quoted() : bare());
    Node node;
    node.kind = Node::Kind::Field;
    node.field = field;
    if (!typed.quoted && typed.pattern == std::string(1, kAnyMark)) {
        node.test.relation = Relation::Exists;
        return node;
    }
    GAC_TRY(tested, test(typed, Relation::Is));
    node.test = std::move(tested);
    return node;
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

Result<std::string> Parser::name(std::string_view what) {
    if (ended() || next_is('|') || next_is(',') || next_is(')')) {
        return error(at_, fmt::format("{} is missing here", what));
    }
    if (text_[at_] == '"') {
        GAC_TRY(text, quoted());
        return std::move(text.meant);
    }
    const std::size_t begin = at_;
    while (at_ < text_.size() && !is_space(text_[at_])
           && !std::string_view("|,()\"").contains(text_[at_])) {
        ++at_;
    }
    if (at_ == begin) {
        return error(begin, fmt::format("{} is missing here", what));
    }
    return std::string(text_.substr(begin, at_ - begin));
}

Result<std::vector<std::string>> Parser::names(std::string_view what) {
    std::vector<std::string> all;
    do {
        GAC_TRY(one, name(what));
        all.push_back(std::move(one));
        if (all.size() > kNamesMax) {
            return error(at_, fmt::format("more than {} names", kNamesMax));
        }
    } while (take(','));
    return all;
}

Result<> Parser::pipe(Tree& tree) {
    skip_space();
    const std::size_t begin = at_;
    GAC_TRY(word, name("a command (stats, sort, limit, fields)"));
    const std::string command = base::ascii_lower(word);
    if (command == "stats") {
        if (tree.stats) {
            return error(begin, "stats stands twice");
        }
        if (!tree.sort.empty() || tree.limit || !tree.fields.empty()) {
            return error(begin, "stats comes before sort, limit and fields");
        }
        return stats(tree);
    }
    if (command == "sort") {
        if (!tree.sort.empty() || tree.limit) {
            return error(begin, tree.limit ? "sort comes before limit" : "sort stands twice");
        }
        return sort(tree);
    }
    if (command == "limit" || command == "head") {
        if (tree.limit) {
            return error(begin, "limit stands twice");
        }
        return limit(tree);
    }
    if (command == "fields") {
        if (!tree.fields.empty()) {
            return error(begin, "fields stands twice");
        }
        GAC_TRY(all, names("a field's name"));
        tree.fields = std::move(all);
        return {};
    }
    return error(
        begin,
        fmt::format("there is no command \"{}\"; there are stats, sort, limit and fields", word));
}

Result<> Parser::stats(Tree& tree) {
    Stats stats;
    do {
        GAC_TRY(one, aggregate());
        for (const Aggregate& other : stats.aggregates) {
            if (other.name == one.name) {
                return error(at_, fmt::format("two columns are named {}", one.name));
            }
        }
        stats.aggregates.push_back(std::move(one));
        if (stats.aggregates.size() > kNamesMax) {
            return error(at_, fmt::format("more than {} columns", kNamesMax));
        }
    } while (take(','));
    if (take_word("by")) {
        GAC_TRY(by, names("a field's name"));
        stats.by = std::move(by);
    }
    tree.stats = std::move(stats);
    return {};
}

Result<Aggregate> Parser::aggregate() {
    static constexpr std::pair<std::string_view, Aggregate::Function> kFunctions[] = {
        {"count", Aggregate::Function::Count}, {"sum", Aggregate::Function::Sum},
        {"avg", Aggregate::Function::Average}, {"min", Aggregate::Function::Min},
        {"max", Aggregate::Function::Max},     {"dcount", Aggregate::Function::DistinctCount},
    };
    skip_space();
    const std::size_t begin = at_;
    GAC_TRY(word, name("a function (count, sum, avg, min, max, dcount)"));
    const std::string lower = base::ascii_lower(word);
    const auto* found =
        std::ranges::find(kFunctions, lower, [](const auto& pair) { return pair.first; });
    if (found == std::end(kFunctions)) {
        return error(
            begin,
            fmt::format(
                "there is no function \"{}\"; there are count, sum, avg, min, max and dcount",
                word));
    }
    Aggregate out;
    out.function = found->second;
    out.name = lower;
    if (!take('(')) {
        return error(at_, fmt::format("a '(' is missing after {}", lower));
    }
    if (out.function == Aggregate::Function::Count) {
        if (!next_is(')')) {
            return error(
                at_, "count() takes no field; to count events that have one, filter with field:*");
        }
    } else {
        GAC_TRY(field, name("a field's name"));
        out.name = fmt::format("{}({})", lower, field);
        out.field = std::move(field);
    }
    if (!take(')')) {
        return error(at_, "a ')' is missing here");
    }
    if (take_word("as")) {
        GAC_TRY(alias, name("a name"));
        out.name = std::move(alias);
    }
    return out;
}

Result<> Parser::sort(Tree& tree) {
    do {
        skip_space();
        SortKey key;
        if (at_ < text_.size() && (text_[at_] == '-' || text_[at_] == '+')) {
            key.descending = text_[at_++] == '-';
        }
        GAC_TRY(column, name("a column's name"));
        key.name = std::move(column);
        // sum(bytes) is the name of a column, too.
        if (at_ < text_.size() && text_[at_] == '(') {
            const std::size_t end = text_.find(')', at_);
            if (end == std::string_view::npos) {
                return error(at_, "a '(' without its ')'");
            }
            key.name += text_.substr(at_, end + 1 - at_);
            at_ = end + 1;
            if (key.name == "count()") {
                key.name = "count";
            }
        }
        if (take_word("desc")) {
            key.descending = true;
        } else if (take_word("asc")) {
            key.descending = false;
        }
        tree.sort.push_back(std::move(key));
        if (tree.sort.size() > kNamesMax) {
            return error(at_, fmt::format("more than {} names", kNamesMax));
        }
    } while (take(','));
    return {};
}

Result<> Parser::limit(Tree& tree) {
    skip_space();
    const std::size_t begin = at_;
    GAC_TRY(word, name("a number"));
    const auto number = integer_reading(word);
    if (!number || *number < 1 || *number > kLimitMax) {
        return error(begin, fmt::format("limit needs a number from 1 to {}", kLimitMax));
    }
    tree.limit = static_cast<std::uint32_t>(*number);
    return {};
}

}  // namespace

}  // namespace query

Result<Query> parse(std::string_view text, base::TimePoint now) {
    GAC_TRY(tree, query::Parser(text, now).parse());
    Query query;
    query.text = text;
    query.tree = std::make_shared<const query::Tree>(std::move(tree));
    return query;
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
