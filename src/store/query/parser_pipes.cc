// The pipes of the search language.
#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "store/query/parser.h"
#include "store/query/plan.h"

namespace gac::store::query {

namespace {

constexpr std::size_t kNamesMax = 64;
constexpr std::uint32_t kLimitMax = 1'000'000;
constexpr std::uint32_t kTopMax = 10'000;

}  // namespace

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

// The name of a column or field; sum(bytes) is one, too.
Result<std::string> Parser::column() {
    skip_space();
    const std::size_t begin = at_;
    GAC_TRY(typed, name("a column's name"));
    if (at_ < text_.size() && text_[at_] == '(' && text_[begin] != '"') {
        const std::size_t end = text_.find(')', at_);
        if (end == std::string_view::npos) {
            return error(at_, "a '(' without its ')'");
        }
        for (; at_ <= end; ++at_) {
            if (!is_space(text_[at_])) {
                typed += text_[at_];
            }
        }
        if (typed == "count()") {
            typed = "count";
        }
    }
    if (!columns_.empty() && std::ranges::find(columns_, typed) == columns_.end()) {
        return error(begin, fmt::format("the table has no column \"{}\"; it has {}", typed,
                                        fmt::join(columns_, ", ")));
    }
    return typed;
}

Result<> Parser::pipe(Tree& tree) {
    skip_space();
    const std::size_t begin = at_;
    GAC_TRY(word, name("a command (stats, top, dedup, where, sort, limit, fields, extract, hunt)"));
    const std::string command = base::ascii_lower(word);
    const bool shaped = !tree.sort.empty() || tree.limit || !tree.fields.empty();
    if (command == "extract" || command == "hunt" || (command == "where" && !tree.stats)) {
        if (shaped || tree.stats || !tree.dedup.empty()) {
            return error(begin, fmt::format("{} comes before dedup, stats, top, sort, limit and "
                                            "fields",
                                            command));
        }
        return step(tree,
                    command == "extract" ? Step::Kind::Extract
                    : command == "hunt"  ? Step::Kind::Hunt
                                         : Step::Kind::Where,
                    begin);
    }
    if (command == "where") {
        if (shaped) {
            return error(begin, "where comes before sort, limit and fields");
        }
        GAC_TRY(condition, either(0));
        tree.having.push_back(std::move(condition));
        return {};
    }
    if (command == "dedup") {
        if (!tree.dedup.empty()) {
            return error(begin, "dedup stands twice");
        }
        if (shaped || tree.stats) {
            return error(begin, "dedup comes before stats, top, sort, limit and fields");
        }
        GAC_TRY(all, names("a field's name"));
        tree.dedup = std::move(all);
        return {};
    }
    if (command == "stats" || command == "top") {
        if (tree.stats) {
            return error(begin, "a second table: stats or top stands once");
        }
        if (shaped) {
            return error(begin, fmt::format("{} comes before sort, limit and fields", command));
        }
        GAC_CHECK(command == "stats" ? stats(tree) : top(tree));
        return make_table(tree, begin);
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
        GAC_TRY(number, count(kLimitMax));
        tree.limit = number;
        return {};
    }
    if (command == "fields") {
        if (!tree.fields.empty()) {
            return error(begin, "fields stands twice");
        }
        do {
            GAC_TRY(one, column());
            tree.fields.push_back(std::move(one));
            if (tree.fields.size() > kNamesMax) {
                return error(at_, fmt::format("more than {} names", kNamesMax));
            }
        } while (take(','));
        return {};
    }
    return error(begin,
                 fmt::format("there is no command \"{}\"; there are stats, top, dedup, where, "
                             "sort, limit, fields, extract and hunt",
                             word));
}

Result<> Parser::step(Tree& tree, Step::Kind kind, std::size_t begin) {
    Step step;
    step.kind = kind;
    switch (kind) {
        case Step::Kind::Extract:
            GAC_CHECK(extract(step));
            for (const auto& made : step.extract.regex->names()) {
                for (const Step& other : tree.steps) {
                    if (other.kind == Step::Kind::Extract
                        && std::ranges::any_of(
                            other.extract.regex->names(),
                            [&](const auto& known) { return known.first == made.first; })) {
                        return error(begin, fmt::format("{} is extracted twice", made.first));
                    }
                }
            }
            break;
        case Step::Kind::Where: {
            GAC_TRY(condition, either(0));
            step.where = std::move(condition);
            break;
        }
        case Step::Kind::Hunt: {
            if (std::ranges::any_of(tree.steps,
                                    [](const Step& s) { return s.kind == Step::Kind::Hunt; })) {
                return error(begin, "hunt stands twice");
            }
            GAC_TRY(list, name("the name of a list"));
            step.list = std::move(list);
            break;
        }
    }
    tree.steps.push_back(std::move(step));
    return {};
}

Result<> Parser::extract(Step& step) {
    GAC_TRY(from, name("a field's name"));
    step.extract.from = std::move(from);
    skip_space();
    const std::size_t begin = at_;
    if (at_ < text_.size() && text_[at_] == '/') {
        GAC_TRY(expression, regex());
        step.extract.regex = std::move(expression);
    } else if (at_ < text_.size() && text_[at_] == '"') {
        GAC_TRY(pattern, quoted());
        auto expression = Regex::of_template(pattern.meant);
        if (!expression) {
            return error(begin, expression.error().text);
        }
        step.extract.regex = *std::move(expression);
    } else {
        return error(begin,
                     "a pattern is missing here: \"user={who} from {ip}\" or "
                     "/user=(?<who>\\S+)/");
    }
    if (step.extract.regex->names().empty()) {
        return error(begin,
                     "the pattern names nothing: {name} in a text, (?<name>…) in a regular "
                     "expression");
    }
    return {};
}

Result<> Parser::make_table(Tree& tree, std::size_t begin) {
    columns_ = table_columns(tree);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const auto end = columns_.begin() + static_cast<std::ptrdiff_t>(i);
        if (std::find(columns_.begin(), end, columns_[i]) != end) {
            return error(begin, fmt::format("two columns are named {}", columns_[i]));
        }
    }
    return {};
}

Result<> Parser::stats(Tree& tree) {
    Stats stats;
    do {
        GAC_TRY(one, aggregate());
        stats.aggregates.push_back(std::move(one));
        if (stats.aggregates.size() > kNamesMax) {
            return error(at_, fmt::format("more than {} columns", kNamesMax));
        }
    } while (take(','));
    if (take_word("by")) {
        do {
            GAC_TRY(one, by());
            stats.by.push_back(std::move(one));
            if (stats.by.size() > kNamesMax) {
                return error(at_, fmt::format("more than {} names", kNamesMax));
            }
        } while (take(','));
    }
    tree.stats = std::move(stats);
    return {};
}

Result<> Parser::top(Tree& tree) {
    Top top;
    skip_space();
    if (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
        GAC_TRY(number, count(kTopMax));
        top.size = number;
    }
    GAC_TRY(fields, names("a field's name"));
    Stats stats;
    if (take_word("by")) {
        GAC_TRY(groups, names("a field's name"));
        top.groups = groups.size();
        for (const std::string& group : groups) {
            stats.by.push_back({.field = group, .name = group, .bin = std::nullopt});
        }
    }
    for (const std::string& field : fields) {
        stats.by.push_back({.field = field, .name = field, .bin = std::nullopt});
    }
    stats.aggregates.push_back({.name = "count"});
    tree.stats = std::move(stats);
    tree.top = top;
    return {};
}

namespace {

// "1h", "15m", "7d", "1w".
std::optional<base::Duration> width_of(std::string_view text) {
    if (text.size() < 2) {
        return std::nullopt;
    }
    const auto number = integer_reading(text.substr(0, text.size() - 1));
    if (!number || *number < 1 || *number > 100'000) {
        return std::nullopt;
    }
    switch (text.back()) {
        case 's':
            return base::Duration::seconds(*number);
        case 'm':
            return base::Duration::minutes(*number);
        case 'h':
            return base::Duration::hours(*number);
        case 'd':
            return base::Duration::days(*number);
        case 'w':
            return base::Duration::days(*number * 7);
        default:
            return std::nullopt;
    }
}

}  // namespace

Result<By> Parser::by() {
    skip_space();
    const std::size_t begin = at_;
    GAC_TRY(word, name("a field's name"));
    By out{.field = word, .name = word, .bin = std::nullopt};
    if (text_[begin] == '"') {
        return out;
    }
    if (const auto width = width_of(word)) {
        out.field = out.name = "@timestamp";
        out.bin = Bin{.time = *width};
        return out;
    }
    if (base::ascii_lower(word) != "bin" || !take('(')) {
        return out;
    }
    GAC_TRY(field, name("a field's name"));
    if (!take(',')) {
        return error(at_, "a ',' and the width of the bins are missing here: bin(@timestamp, 1h)");
    }
    skip_space();
    const std::size_t width_at = at_;
    GAC_TRY(width, name("the width of the bins"));
    Bin bin;
    if (const auto time = width_of(width)) {
        bin.time = *time;
    } else if (const auto number = number_reading(width); number && *number > 0) {
        bin.number = *number;
    } else {
        return error(width_at, "the width of bins is a time (30s, 15m, 1h, 1d, 1w) or a number");
    }
    if (!take(')')) {
        return error(at_, "a ')' is missing here");
    }
    out.field = out.name = std::move(field);
    out.bin = bin;
    return out;
}

Result<Aggregate> Parser::aggregate() {
    using Function = Aggregate::Function;
    static constexpr std::pair<std::string_view, Function> kFunctions[] = {
        {"count", Function::Count},       {"sum", Function::Sum},
        {"avg", Function::Average},       {"min", Function::Min},
        {"max", Function::Max},           {"dcount", Function::DistinctCount},
        {"median", Function::Percentile}, {"percentile", Function::Percentile},
    };
    skip_space();
    const std::size_t begin = at_;
    GAC_TRY(word, name("a function (count, sum, avg, min, max, dcount, p95, percentile)"));
    const std::string lower = base::ascii_lower(word);
    const auto* found =
        std::ranges::find(kFunctions, lower, [](const auto& pair) { return pair.first; });
    Aggregate out;
    out.name = lower;
    std::optional<double> percent;
    if (found != std::end(kFunctions)) {
        out.function = found->second;
        if (lower == "median") {
            percent = 50;
        }
    } else {
        percent = lower.starts_with('p') ? number_reading(std::string_view(lower).substr(1))
                                         : std::nullopt;
        if (!percent || *percent <= 0 || *percent > 100) {
            return error(begin,
                         fmt::format("there is no function \"{}\"; there are count, sum, avg, "
                                     "min, max, dcount, median, p1 … p100 and percentile",
                                     word));
        }
        out.function = Function::Percentile;
    }
    if (!take('(')) {
        return error(at_, fmt::format("a '(' is missing after {}", lower));
    }
    if (out.function == Function::Count) {
        if (!next_is(')')) {
            return error(
                at_, "count() takes no field; to count events that have one, filter with field:*");
        }
    } else {
        GAC_TRY(field, name("a field's name"));
        out.name = fmt::format("{}({})", lower, field);
        if (out.function == Function::Percentile && !percent) {
            if (!take(',')) {
                return error(at_, "a ',' and the percentage are missing here: percentile(f, 99.9)");
            }
            skip_space();
            const std::size_t number_at = at_;
            GAC_TRY(typed, name("a percentage"));
            percent = number_reading(typed);
            if (!percent || *percent <= 0 || *percent > 100) {
                return error(number_at, "a percentage is more than 0 and at most 100");
            }
            out.name = fmt::format("{}({},{})", lower, field, typed);
        }
        out.fraction = percent.value_or(0) / 100;
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
        GAC_TRY(typed, column());
        key.name = std::move(typed);
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

Result<std::uint32_t> Parser::count(std::uint32_t max) {
    skip_space();
    const std::size_t begin = at_;
    GAC_TRY(word, name("a number"));
    const auto number = integer_reading(word);
    if (!number || *number < 1 || *number > max) {
        return error(begin, fmt::format("a number from 1 to {} is needed", max));
    }
    return static_cast<std::uint32_t>(*number);
}

}  // namespace gac::store::query
