#include <gtest/gtest.h>

#include "store/query.h"
#include "store/query/tree.h"

namespace gac::store {

namespace {

using query::Node;
using query::Relation;

const base::TimePoint kNow{1'790'000'000'000'000};

Node filter_of(std::string_view text) {
    const auto query = parse(text, kNow);
    EXPECT_TRUE(query.has_value()) << text << ": " << (query ? "" : query.error().message());
    return query ? query->tree->filter : Node();
}

std::string error_of(std::string_view text) {
    const auto query = parse(text, kNow);
    EXPECT_FALSE(query.has_value()) << text;
    return query ? "" : query.error().message();
}

TEST(QueryParser, EmptyTextAndStarMatchEverything) {
    EXPECT_EQ(filter_of("").kind, Node::Kind::All);
    EXPECT_EQ(filter_of("  ").kind, Node::Kind::All);
    EXPECT_EQ(filter_of("*").kind, Node::Kind::All);
    EXPECT_EQ(filter_of("| stats count()").kind, Node::Kind::All);
}

TEST(QueryParser, ReadsFieldsPhrasesAndNegation) {
    const Node node =
        filter_of("source.ip:10.0.0.0/8 and not user.name:root and \"failed password\"");
    ASSERT_EQ(node.kind, Node::Kind::And);
    ASSERT_EQ(node.children.size(), 3u);
    EXPECT_EQ(node.children[0].field, "source.ip");
    EXPECT_EQ(node.children[0].test.prefix->text(), "10.0.0.0/8");
    EXPECT_EQ(node.children[1].kind, Node::Kind::Not);
    EXPECT_EQ(node.children[2].kind, Node::Kind::FreeText);
    EXPECT_TRUE(node.children[2].test.quoted);
}

TEST(QueryParser, AndBindsCloserThanOr) {
    const Node node = filter_of("a:1 or b:2 and c:3");
    ASSERT_EQ(node.kind, Node::Kind::Or);
    EXPECT_EQ(node.children[1].kind, Node::Kind::And);
    EXPECT_EQ(filter_of("(a:1 or b:2) and c:3").kind, Node::Kind::And);
    EXPECT_EQ(filter_of("failed password").kind, Node::Kind::And);
}

TEST(QueryParser, ListsOfValuesAreAnyOfThem) {
    const Node node = filter_of("user.name:(root or \"Văn An\" admin*)");
    ASSERT_EQ(node.kind, Node::Kind::Or);
    ASSERT_EQ(node.children.size(), 3u);
    EXPECT_EQ(node.children[1].field, "user.name");
    EXPECT_EQ(filter_of("a:(1 and not 2)").kind, Node::Kind::And);
}

TEST(QueryParser, RangesInAnySpacing) {
    for (const std::string_view text : {"port>=5", "port >= 5", "port >=5"}) {
        const Node node = filter_of(text);
        EXPECT_EQ(node.test.relation, Relation::GreaterOrEqual) << text;
        EXPECT_EQ(node.test.integer, 5);
    }
    EXPECT_EQ(filter_of("@timestamp > -15m").test.time->us, kNow.us - 900'000'000);
    EXPECT_EQ(filter_of("port < -5").test.integer, -5);
}

TEST(QueryParser, ExistsAndWildcards) {
    EXPECT_EQ(filter_of("user.name:*").test.relation, Relation::Exists);
    EXPECT_EQ(filter_of("user.name:ad*").test.pattern, std::string("ad") + query::kAnyMark);
    EXPECT_EQ(filter_of("user.name:\"*\"").test.relation, Relation::Is);
    EXPECT_EQ(filter_of("user.name:\\*").test.text, "*");
}

TEST(QueryParser, WindowsPathsNeedNoEscapesButMayHaveThem) {
    EXPECT_EQ(filter_of("process.executable:C:\\Windows\\cmd.exe").test.text,
              "C:\\Windows\\cmd.exe");
    EXPECT_EQ(filter_of("process.executable:C:\\\\Windows").test.text, "C:\\Windows");
    EXPECT_EQ(filter_of("process.executable:*\\\\cmd.exe").test.pattern,
              std::string(1, query::kAnyMark) + "\\cmd.exe");
}

TEST(QueryParser, WordsOfLogsAreFreeText) {
    EXPECT_EQ(filter_of("uid=0").kind, Node::Kind::FreeText);
    EXPECT_EQ(filter_of("2001:db8::1").kind, Node::Kind::FreeText);
    EXPECT_EQ(filter_of("<script>").kind, Node::Kind::FreeText);
    EXPECT_EQ(filter_of("-->").kind, Node::Kind::FreeText);
    EXPECT_EQ(filter_of("android").kind, Node::Kind::FreeText);
    EXPECT_EQ(filter_of("\"and\"").kind, Node::Kind::FreeText);
}

TEST(QueryParser, ReadsPipes) {
    const auto tree =
        parse(
            "a:1 | stats count() as n, sum(bytes), dcount(user.name) by host.name, user.name "
            "| sort -n, host.name | limit 20 | fields n, host.name",
            kNow)
            .value()
            .tree;
    ASSERT_TRUE(tree->stats.has_value());
    ASSERT_EQ(tree->stats->aggregates.size(), 3u);
    EXPECT_EQ(tree->stats->aggregates[0].name, "n");
    EXPECT_EQ(tree->stats->aggregates[1].name, "sum(bytes)");
    ASSERT_EQ(tree->stats->by.size(), 2u);
    EXPECT_EQ(tree->stats->by[0].field, "host.name");
    EXPECT_EQ(tree->stats->by[1].name, "user.name");
    ASSERT_EQ(tree->sort.size(), 2u);
    EXPECT_TRUE(tree->sort[0].descending);
    EXPECT_EQ(tree->limit, 20u);
    EXPECT_EQ(tree->fields.size(), 2u);
    EXPECT_EQ(parse("| stats count() | sort -count()", kNow).value().tree->sort[0].name, "count");
}

TEST(QueryParser, ErrorsNameTheColumn) {
    EXPECT_EQ(error_of("a:1 and"), "column 8: a condition is missing here");
    EXPECT_EQ(error_of("(a:1 or b:2"), "column 1: a '(' without its ')'");
    EXPECT_EQ(error_of("a:1)"), "column 4: a ')' without its '('");
    EXPECT_EQ(error_of("user.name:"), "column 11: a value for user.name is missing here");
    EXPECT_EQ(error_of("\"open"), "column 1: a quotation mark that is never closed");
    EXPECT_EQ(error_of("port > many"), "column 8: a range needs a number, an address or a time");
    EXPECT_EQ(error_of("đường:\"x"),
              "column 7: a quotation mark that is never closed");  // characters, not bytes
    EXPECT_NE(error_of("source.ip:10.0.0.1/8").find("meant is 10.0.0.0/8"), std::string::npos);
    EXPECT_NE(error_of("a = 5").find("column 3: equality is written with a colon"),
              std::string::npos);
    EXPECT_NE(error_of("| stat count()").find("column 3: there is no command \"stat\""),
              std::string::npos);
    EXPECT_NE(error_of("| stats mode(x)").find("column 9: there is no function \"mode\""),
              std::string::npos);
    EXPECT_NE(error_of("| limit 0").find("column 9"), std::string::npos);
    EXPECT_NE(error_of("| limit 5 | stats count()").find("column 13: stats comes before"),
              std::string::npos);
    EXPECT_NE(error_of("or a:1").find("column 1: \"or\" needs"), std::string::npos);
    EXPECT_NE(error_of(std::string(1, '\0')).find("control character"), std::string::npos);
    EXPECT_NE(error_of(std::string(200, '(')).find("levels"), std::string::npos);
    EXPECT_NE(error_of(std::string(20'000, 'a')).find("longer than"), std::string::npos);
}

TEST(QueryParser, PipesTellWhereTheyAreWrong) {
    const std::pair<std::string_view, std::string_view> kCases[] = {
        {"a:/[/", "column 3: not a regular expression"},
        {"a:/(b)\\1/", "column 3: a regular expression has no backreferences"},
        {"a:[1 to ]", "column 9: a bound is missing"},
        {"a:[ to 5]", "column 4: a bound is missing"},
        {"a:[1 to many]", "column 9: a range needs a number"},
        {"| extract message", "column 18: a pattern is missing"},
        {"| extract message \"x\"", "column 19: the pattern names nothing"},
        {"| extract message \"{a}{b}\"", "column 19: something must stand between"},
        {"| extract message \"{a b}\"", "column 19: a '{' without a name"},
        {"| extract message /(?<a>/", "column 19: not a regular expression"},
        {"| extract message /(?<a>.)", "column 19: a regular expression without its closing"},
        {"| extract m /(?<a>.)/ | extract m /(?<a>.)/", "column 25: a is extracted twice"},
        {"| stats count() | extract m /(?<a>.)/", "column 19: extract comes before"},
        {"| limit 3 | where a:1", "column 13: where comes before"},
        {"| stats count() | limit 3 | where count:1", "column 29: where comes before"},
        {"| stats count() by a | where b:1", "column 30: the table has no column \"b\""},
        {"| stats count() by a | where word", "column 30: a condition over the table's columns"},
        {"| stats count() by a | sort -sum(b)", "column 30: the table has no column \"sum(b)\""},
        {"| stats count() by a | fields b", "column 31: the table has no column \"b\""},
        {"| stats count() by a, a", "column 3: two columns are named a"},
        {"| stats count() by bin(a)", "column 25: a ',' and the width"},
        {"| stats count() by bin(a, x)", "column 27: the width of bins"},
        {"| stats percentile(a)", "column 21: a ',' and the percentage"},
        {"| stats percentile(a, 101)", "column 23: a percentage is"},
        {"| stats p0(a)", "column 9: there is no function"},
        {"| top 0 a", "column 7: a number from 1"},
        {"| top", "column 6: a field's name is missing"},
        {"| stats count() | top a", "column 19: a second table"},
        {"| dedup a | where b:1", "column 13: where comes before dedup"},
        {"| dedup a | dedup b", "column 13: dedup stands twice"},
        {"| hunt", "column 7: the name of a list is missing"},
        {"| hunt a | hunt b", "column 12: hunt stands twice"},
    };
    for (const auto& [text, expected] : kCases) {
        EXPECT_TRUE(error_of(text).starts_with(expected)) << text << "\n  " << error_of(text);
    }
}

TEST(QueryParser, ReadsTheNewPipes) {
    const auto tree = parse(
                          "x | extract message \"u={who}\" | where who:a | hunt bad-ips | dedup "
                          "who | stats p95(b) as slow, count() by 1h, bin(p, 10), who | where "
                          "slow > 3 | sort slow desc | limit 5",
                          kNow)
                          .value()
                          .tree;
    ASSERT_EQ(tree->steps.size(), 3u);
    EXPECT_EQ(tree->steps[0].extract.regex->names().at(0).first, "who");
    EXPECT_EQ(tree->steps[2].list, "bad-ips");
    EXPECT_EQ(tree->dedup, (std::vector<std::string>{"who"}));
    EXPECT_DOUBLE_EQ(tree->stats->aggregates.at(0).fraction, 0.95);
    EXPECT_EQ(tree->stats->by.at(0).bin->time.us, base::Duration::hours(1).us);
    EXPECT_DOUBLE_EQ(tree->stats->by.at(1).bin->number, 10);
    EXPECT_EQ(tree->having.size(), 1u);
    const auto top = parse("| top 3 user.name by host.name", kNow).value().tree;
    EXPECT_EQ(top->top->size, 3u);
    EXPECT_EQ(top->top->groups, 1u);
    EXPECT_EQ(top->stats->by.at(0).field, "host.name");
}

TEST(QueryParser, DrawsACaretUnderThePlace) {
    const auto query = parse("user.name:", kNow);
    ASSERT_FALSE(query.has_value());
    EXPECT_EQ(error_column(query.error()), 11u);
    EXPECT_EQ(with_caret("user.name:", query.error()), "user.name:\n          ^");
}

TEST(RoundInterval, GivesAtMostSoManyBuckets) {
    EXPECT_EQ(round_interval(base::Duration::hours(24), 100).us, base::Duration::minutes(15).us);
    EXPECT_EQ(round_interval(base::Duration::seconds(10), 60).us, base::Duration::seconds(1).us);
    EXPECT_EQ(round_interval(base::Duration::days(40'000), 2).us, base::Duration::days(365).us);
}

}  // namespace

}  // namespace gac::store
