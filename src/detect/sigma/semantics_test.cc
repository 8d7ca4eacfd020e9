// The meaning of rules, one corner at a time, through the engine. The numbers in names refer to no
// document: each test says what it holds.
#include <algorithm>

#include "detect/fixture.h"

namespace gac::detect::testing {
namespace {

using namespace std::string_literals;

std::string selection(const std::string& line) {
    return "    selection:\n        " + line + "\n    condition: selection\n";
}
bool selects(const std::string& line, const Fields& fields) {
    return matches(selection(line), fields);
}
std::string refused(const std::string& line) { return refusal(selection(line)); }

TEST(Semantics, NotOnAMissingFieldIsTrue) {
    const std::string rule =
        "    sel:\n        A: x\n    filter:\n        B: y\n    condition: sel and not filter\n";
    EXPECT_TRUE(matches(rule, {{"A", "x"s}}));
    EXPECT_TRUE(matches(rule, {{"A", "x"s}, {"B", nullptr}}));
    EXPECT_TRUE(matches(rule, {{"A", "x"s}, {"B", "z"s}}));
    EXPECT_FALSE(matches(rule, {{"A", "x"s}, {"B", "Y"s}}));
}

TEST(Semantics, EmptyNullAndMissingDiffer) {
    EXPECT_TRUE(selects("A: ''", {{"A", ""s}}));
    EXPECT_FALSE(selects("A: ''", {{"B", ""s}}));
    EXPECT_FALSE(selects("A: ''", {{"A", nullptr}}));
    EXPECT_FALSE(selects("A: ''", {{"A", "x"s}}));
    EXPECT_TRUE(selects("A: null", {{"B", "x"s}}));
    EXPECT_TRUE(selects("A:", {{"A", nullptr}}));
    EXPECT_FALSE(selects("A: null", {{"A", ""s}}));
    EXPECT_TRUE(selects("A: []", {{"B", "x"s}}));
    EXPECT_TRUE(selects("A: [x, null]", {{"B", "x"s}}));
    EXPECT_TRUE(selects("A|exists: true", {{"A", nullptr}}));
    EXPECT_TRUE(selects("A|exists: true", {{"A", ""s}}));
    EXPECT_FALSE(selects("A|exists: true", {{"B", ""s}}));
    EXPECT_TRUE(selects("A|exists: false", {{"B", ""s}}));
    EXPECT_TRUE(refused("A|exists: no").contains("true or false"));
}

TEST(Semantics, EscapesAreReadOnceFromLeft) {
    EXPECT_TRUE(selects("A: 'C:\\Windows'", {{"A", "c:\\windows"s}}));
    EXPECT_TRUE(selects("A: 'C:\\\\Windows'", {{"A", "C:\\Windows"s}}));
    EXPECT_TRUE(selects("A: 'a\\\\*'", {{"A", "a\\anything"s}}));
    EXPECT_FALSE(selects("A: 'a\\\\*'", {{"A", "a*"s}}));
    EXPECT_TRUE(selects("A: 'a\\*'", {{"A", "a*"s}}));
    EXPECT_FALSE(selects("A: 'a\\*'", {{"A", "ab"s}}));
    EXPECT_TRUE(selects("A: 'a\\\\\\*'", {{"A", "a\\*"s}}));
    EXPECT_TRUE(selects("A: '\\\\\\\\srv'", {{"A", "\\\\srv"s}}));
    EXPECT_TRUE(selects("A: '\\\\\\srv'", {{"A", "\\\\srv"s}}));
    EXPECT_TRUE(selects("A: 'foo\\'", {{"A", "foo\\"s}}));
    EXPECT_TRUE(selects("A|endswith: '\\\\'", {{"A", "dir\\"s}}));
    EXPECT_FALSE(selects("A|endswith: '\\\\'", {{"A", "dir"s}}));
    EXPECT_TRUE(selects("A: 'a\\?'", {{"A", "a?"s}}));
    EXPECT_FALSE(selects("A: 'a\\?'", {{"A", "ab"s}}));
    EXPECT_TRUE(selects("A: \"a\\\\b\"", {{"A", "a\\b"s}}));
}

TEST(Semantics, PositionModifiersKeepWildcards) {
    EXPECT_TRUE(selects("A|contains: '*b'", {{"A", "abc"s}}));
    EXPECT_TRUE(selects("A|contains: 'a*d'", {{"A", "xxabcdxx"s}}));
    EXPECT_FALSE(selects("A|contains: 'a*d'", {{"A", "xxdbcaxx"s}}));
    EXPECT_TRUE(selects("A|startswith: 'ab'", {{"A", "ABC"s}}));
    EXPECT_FALSE(selects("A|startswith: 'ab'", {{"A", "xABC"s}}));
    EXPECT_TRUE(selects("A|endswith: '\\cmd.exe'", {{"A", "C:\\Windows\\CMD.exe"s}}));
    EXPECT_FALSE(selects("A|endswith: '\\cmd.exe'", {{"A", "C:\\Windows\\xcmd.exe"s}}));
    EXPECT_FALSE(selects("A|endswith: '\\cmd.exe'", {{"A", "cmd.exe"s}}));
    EXPECT_TRUE(selects("A|contains: ''", {{"A", ""s}}));
    EXPECT_TRUE(selects("A: '*'", {{"A", ""s}}));
    EXPECT_FALSE(selects("A: '*'", {{"A", nullptr}}));
    EXPECT_FALSE(selects("A: '*'", {{"B", ""s}}));
}

TEST(Semantics, QuestionMarkIsOneCodePoint) {
    EXPECT_TRUE(selects("A: 'a?c'", {{"A", "aéc"s}}));
    EXPECT_TRUE(selects("A: 'a?c'", {{"A", "a😀c"s}}));
    EXPECT_FALSE(selects("A: 'a??c'", {{"A", "aéc"s}}));
    EXPECT_FALSE(selects("A: 'a?c'", {{"A", "ac"s}}));
    EXPECT_TRUE(selects("A: '*?'", {{"A", "x"s}}));
    EXPECT_FALSE(selects("A: '?*'", {{"A", ""s}}));
    EXPECT_TRUE(selects("A|contains: '?b?'", {{"A", "xabcx"s}}));
    EXPECT_FALSE(selects("A|contains: '?b?'", {{"A", "bc"s}}));
}

TEST(Semantics, AllWithExpansionKeepsEachValuesFormsApart) {
    const std::string rule = "A|contains|all|windash: [' -enc', ' -nop']";
    EXPECT_TRUE(selects(rule, {{"A", "x /nop -enc"s}}));
    EXPECT_TRUE(selects(rule, {{"A", "x \u2013nop \u2015enc"s}}));
    EXPECT_FALSE(selects(rule, {{"A", "x /nop"s}}));
    EXPECT_TRUE(selects("A|contains|windash: '-a-b'", {{"A", "/a-b"s}}));
    EXPECT_FALSE(selects("A|contains|windash: '-a-b'", {{"A", "/a/b"s}}));
    EXPECT_TRUE(selects("A|windash: '-s -u'", {{"A", "/s \u2014u"s}}));
    EXPECT_TRUE(refused("A|windash: '-a -b -c -d -e -f'").contains("windash"));
}

TEST(Semantics, RegexIsCaseSensitiveUnlessTold) {
    EXPECT_TRUE(selects("A|re: 'b[0-9]+c'", {{"A", "ab12cd"s}}));
    EXPECT_FALSE(selects("A|re: 'b[0-9]+c'", {{"A", "aB12cd"s}}));
    EXPECT_TRUE(selects("A|re: '(?i)b[0-9]+c'", {{"A", "aB12Cd"s}}));
    EXPECT_TRUE(selects("A|re|i: 'hello'", {{"A", "HeLLo"s}}));
    EXPECT_FALSE(selects("A|re: '^b$'", {{"A", "a\nb\nc"s}}));
    EXPECT_TRUE(selects("A|re|m: '^b$'", {{"A", "a\nb\nc"s}}));
    EXPECT_FALSE(selects("A|re: 'a.c'", {{"A", "a\nc"s}}));
    EXPECT_TRUE(selects("A|re|s: 'a.c'", {{"A", "a\nc"s}}));
    EXPECT_TRUE(selects("A|re|ignorecase|dotall: 'A.C'", {{"A", "a\nc"s}}));
    EXPECT_TRUE(selects("A|re: '.{5,}'", {{"A", "ab\nabéde"s}}));
    EXPECT_FALSE(selects("A|re: '.{5,}'", {{"A", "abcd\nabéd"s}}));
    EXPECT_TRUE(selects("A|re|contains: '^b$'", {{"A", "abc"s}}));
    EXPECT_TRUE(refused("A|re: '(?=x)y'").contains("regular expression"));
    EXPECT_TRUE(refused("A|contains|re: 'x'").contains("first"));
}

TEST(Semantics, CidrReadsAddressesOnly) {
    EXPECT_TRUE(selects("A|cidr: 10.0.0.0/8", {{"A", "10.1.2.3"s}}));
    EXPECT_TRUE(selects("A|cidr: 10.0.0.0/8", {{"A", "::ffff:10.1.2.3"s}}));
    EXPECT_FALSE(selects("A|cidr: 10.0.0.0/8", {{"A", "10.1.2.3:443"s}}));
    EXPECT_FALSE(selects("A|cidr: 10.0.0.0/8", {{"A", "11.1.2.3"s}}));
    EXPECT_TRUE(selects("A|cidr: 'fe80::/10'", {{"A", "fe80::1"s}}));
    EXPECT_FALSE(selects("A|cidr: '::/0'", {{"A", "10.1.2.3"s}}));
    EXPECT_FALSE(selects("A|cidr: 10.0.0.0/8", {{"A", "text"s}}));
    EXPECT_TRUE(selects("A|cidr: 10.1.2.3/8", {{"A", "10.9.9.9"s}}));
    EXPECT_TRUE(refused("A|cidr: 10.0.0.0/99").contains("network"));
}

TEST(Semantics, NumbersEqualNumbersAndTheirTexts) {
    EXPECT_TRUE(selects("A: 1", {{"A", std::int64_t{1}}}));
    EXPECT_TRUE(selects("A: 1", {{"A", "1"s}}));
    EXPECT_TRUE(selects("A: 1", {{"A", "01"s}}));
    EXPECT_TRUE(selects("A: 1", {{"A", 1.0}}));
    EXPECT_TRUE(selects("A: 1", {{"A", "1.0"s}}));
    EXPECT_FALSE(selects("A: 1", {{"A", "11"s}}));
    EXPECT_FALSE(selects("A: 1", {{"A", "0x1"s}}));
    EXPECT_TRUE(selects("A: '1'", {{"A", std::int64_t{1}}}));
    EXPECT_FALSE(selects("A: '1'", {{"A", "01"s}}));
    EXPECT_TRUE(selects("A: '0x40'", {{"A", "0X40"s}}));
    EXPECT_TRUE(selects("A: 0x1410", {{"A", "0x1410"s}}));
    EXPECT_TRUE(selects("A: 0x1410", {{"A", std::int64_t{5136}}}));
    EXPECT_TRUE(selects("A: [4688, abc, '7']", {{"A", "4688"s}}));
    EXPECT_TRUE(selects("A: [4688, abc, '7']", {{"A", "ABC"s}}));
    EXPECT_TRUE(selects("A: [4688, abc, '7']", {{"A", std::int64_t{7}}}));
    EXPECT_TRUE(selects("A|startswith: 46", {{"A", std::int64_t{4688}}}));
    EXPECT_TRUE(selects("A: 1.5", {{"A", 1.5}}));
    EXPECT_TRUE(selects("A|gt: 5", {{"A", "6"s}}));
    EXPECT_FALSE(selects("A|gt: 5", {{"A", std::int64_t{5}}}));
    EXPECT_TRUE(selects("A|gte: 5", {{"A", std::int64_t{5}}}));
    EXPECT_TRUE(selects("A|lt: 5", {{"A", -1.5}}));
    EXPECT_FALSE(selects("A|lte: 5", {{"A", "five"s}}));
    EXPECT_TRUE(refused("A|gt: five").contains("number"));
}

TEST(Semantics, BooleansAreWordsToo) {
    EXPECT_TRUE(selects("A: true", {{"A", true}}));
    EXPECT_TRUE(selects("A: true", {{"A", "TRUE"s}}));
    EXPECT_FALSE(selects("A: true", {{"A", "1"s}}));
    EXPECT_TRUE(selects("A: 'true'", {{"A", true}}));
    EXPECT_FALSE(selects("A: false", {{"A", true}}));
}

TEST(Semantics, ListOfMapsIsAnyMap) {
    const std::string rule =
        "    sel:\n        - A: x\n          B: y\n        - C: z\n    condition: sel\n";
    EXPECT_TRUE(matches(rule, {{"A", "x"s}, {"B", "y"s}}));
    EXPECT_FALSE(matches(rule, {{"A", "x"s}}));
    EXPECT_TRUE(matches(rule, {{"C", "z"s}}));
    const std::string mixed = "    sel:\n        - A: x\n        - needle\n    condition: sel\n";
    EXPECT_TRUE(matches(mixed, {{"A", "x"s}}));
    EXPECT_TRUE(matches(mixed, {{"Q", "a NEEDLE here"s}}));
    EXPECT_FALSE(matches(mixed, {{"needle", "x"s}}));
}

TEST(Semantics, KeywordsSearchAllValues) {
    const std::string rule = "    k:\n        - 'evil*thing'\n        - other\n    condition: k\n";
    EXPECT_TRUE(matches(rule, {{"A", std::vector<std::string>{"x", "an EVIL big thing"}}}));
    EXPECT_FALSE(matches(rule, {{"A", "evil"s}, {"B", "thing"s}}));
    EXPECT_TRUE(matches(rule, {{"A", "the other one"s}}));
    const std::string all =
        "    k:\n        '|all':\n            - one\n            - two\n"
        "    condition: k\n";
    EXPECT_TRUE(matches(all, {{"A", "one"s}, {"B", "TWO"s}}));
    EXPECT_FALSE(matches(all, {{"A", "one"s}}));
    // JSON escapes in the raw text hide nothing.
    EXPECT_TRUE(matches("    k: 'a\\b\"c/d'\n    condition: k\n", {{"A", "xa\\b\"c/dx"s}}));
    EXPECT_TRUE(matches("    k: \"tab\\tend\"\n    condition: k\n", {{"A", "tab\tend"s}}));
    EXPECT_TRUE(matches("    k: 4688\n    condition: k\n", {{"A", std::int64_t{4688}}}));
    // The raw line counts where it is text.
    EXPECT_TRUE(matches(rule, {{"A", "x"s}}, {.json = false, .raw = "Nov 1 host: Other things"}));
    EXPECT_TRUE(matches("    k: \u0130x\n    condition: k\n", {{"A", "\u0130X"s}}));
    EXPECT_TRUE(matches("    k: kelvin\n    condition: k\n", {{"A", "\u212Aelvin"s}}));
    EXPECT_TRUE(refusal("    k: []\n    condition: k\n").contains("empty"));
    EXPECT_TRUE(refusal("    k: [null]\n    condition: k\n").contains("null"));
}

TEST(Semantics, OneOfWithMissingFields) {
    const std::string rule =
        "    selection1:\n        A: x\n    selection2:\n        B: y\n"
        "    condition: 1 of selection*\n";
    EXPECT_TRUE(matches(rule, {{"B", "y"s}}));
    EXPECT_FALSE(matches(rule, {{"C", "y"s}}));
}

TEST(Semantics, ThemLeavesOutUnderscoredNames) {
    const std::string rule =
        "    _hidden:\n        A: x\n    shown:\n        B: y\n    condition: ";
    EXPECT_FALSE(matches(rule + "1 of them\n", {{"A", "x"s}}));
    EXPECT_TRUE(matches(rule + "all of them\n", {{"B", "y"s}}));
    EXPECT_TRUE(matches(rule + "1 of _*\n", {{"A", "x"s}}));
    EXPECT_TRUE(matches(rule + "_hidden or shown\n", {{"A", "x"s}}));
    EXPECT_TRUE(refusal(rule + "all of nothing*\n").contains("selects nothing"));
    EXPECT_FALSE(matches(rule + "1 of nothing* and shown\n", {{"B", "y"s}}));
}

TEST(Semantics, FieldNamesOfAllKinds) {
    EXPECT_TRUE(selects("ThreatName: x", {{"Threat Name", "x"s}}));
    EXPECT_TRUE(selects("http.response.status_code: 404",
                        {{"http.response.status_code", std::int64_t{404}}}));
    EXPECT_TRUE(selects("cs-uri-query|contains: x", {{"cs-uri-query", "axb"s}}));
    EXPECT_TRUE(selects("_raw: x", {{"_raw", "x"s}}));
    EXPECT_TRUE(selects("'a\\|b|contains': x", {{"a|b", "axb"s}}));
    EXPECT_FALSE(selects("image: x", {{"Image", "x"s}}));
}

TEST(Semantics, MultiValuedFieldsMatchByAnyElement) {
    const Value list = std::vector<std::string>{"alpha one", "beta two"};
    EXPECT_TRUE(selects("A|contains|all: [alpha, two]", {{"A", list}}));
    EXPECT_FALSE(selects("A|contains|all: [alpha, gamma]", {{"A", list}}));
    EXPECT_TRUE(selects("A|startswith: beta", {{"A", list}}));
    EXPECT_TRUE(selects("A|re: '^beta'", {{"A", list}}));
    EXPECT_TRUE(selects("A|cidr: 10.0.0.0/8", {{"A", std::vector<std::string>{"x", "10.0.0.1"}}}));
    EXPECT_FALSE(selects("A: alpha", {{"A", list}}));
    EXPECT_FALSE(selects("A: ''", {{"A", std::vector<std::string>{}}}));
}

TEST(Semantics, FoldingBeyondAscii) {
    EXPECT_TRUE(selects("A: 'CAFÉ'", {{"A", "café"s}}));
    EXPECT_TRUE(selects("A|contains: 'ĐĂNG'", {{"A", "xin đăng nhập"s}}));
    EXPECT_FALSE(selects("A: 'straße'", {{"A", "STRASSE"s}}));
    EXPECT_TRUE(selects("A: '?x'", {{"A", "İx"s}}));
    EXPECT_TRUE(selects("A|endswith: 'x'", {{"A", "İİİX"s}}));
    EXPECT_FALSE(selects("A|cased: 'CAFÉ'", {{"A", "café"s}}));
    EXPECT_TRUE(selects("A|cased|contains: 'CafÉ'", {{"A", "xCafÉx"s}}));
    EXPECT_FALSE(selects("A|contains|cased: 'CafÉ'", {{"A", "xcafÉx"s}}));
}

TEST(Semantics, NewlinesAndNulUnderWildcards) {
    EXPECT_TRUE(selects("A: 'a*b'", {{"A", "a\nx\nb"s}}));
    EXPECT_TRUE(selects("A: 'a*b'", {{"A", std::string("a\0b", 3)}}));
    EXPECT_TRUE(selects("A|contains: x", {{"A", std::string("\0x\0", 3)}}));
    EXPECT_TRUE(selects("A: 'a?b'", {{"A", "a\nb"s}}));
}

TEST(Semantics, ThousandsOfValues) {
    std::string rule = "    sel:\n        Hashes|contains:\n";
    for (int i = 0; i < 4'400; ++i) {
        rule += "            - 'SHA256=" + std::to_string(1'000'000 + i * 7) + "'\n";
    }
    rule += "    condition: sel\n";
    EXPECT_TRUE(matches(rule, {{"Hashes", "MD5=1,sha256=1030793,IMPHASH=2"s}}));
    EXPECT_FALSE(matches(rule, {{"Hashes", "MD5=1,sha256=1030794,IMPHASH=2"s}}));
}

TEST(Semantics, NegatedItems) {
    EXPECT_TRUE(selects("A|neq: x", {{"A", "y"s}}));
    EXPECT_FALSE(selects("A|neq: x", {{"A", "X"s}}));
    EXPECT_TRUE(selects("A|neq: x", {{"B", "y"s}}));
    EXPECT_FALSE(selects("A|neq: [x, y]", {{"A", "y"s}}));
    EXPECT_TRUE(selects("A|contains|neq: x", {{"A", "abc"s}}));
}

TEST(Semantics, FieldReferences) {
    EXPECT_TRUE(selects("A|fieldref: B", {{"A", "Same"s}, {"B", "sAME"s}}));
    EXPECT_FALSE(selects("A|fieldref: B", {{"A", "x"s}}));
    EXPECT_FALSE(selects("A|fieldref: B", {{"B", "x"s}}));
    EXPECT_TRUE(selects("A|fieldref|endswith: B", {{"A", "C:\\dir\\f"s}, {"B", "\\F"s}}));
    EXPECT_TRUE(selects("A|fieldref|startswith: B", {{"A", "abc"s}, {"B", "AB"s}}));
    EXPECT_TRUE(selects("A|fieldref|contains: B", {{"A", "xabcx"s}, {"B", "ABC"s}}));
    EXPECT_FALSE(selects("A|cased|fieldref: B", {{"A", "x"s}, {"B", "X"s}}));
    EXPECT_TRUE(selects("A|fieldref: B", {{"A", std::int64_t{5}}, {"B", "5"s}}));
}

TEST(Semantics, Encodings) {
    EXPECT_TRUE(selects("A|base64: 'foobar'", {{"A", "Zm9vYmFy"s}}));
    // "xxhttp://" and "xhttp://" and "http://", each encoded, at their three offsets.
    for (const char* text : {"aHR0cDovLw==", "eGh0dHA6Ly8=", "eHhodHRwOi8v"}) {
        EXPECT_TRUE(selects("A|base64offset|contains: 'http://'", {{"A", std::string(text)}}))
            << text;
    }
    EXPECT_FALSE(selects("A|base64offset|contains: 'http://'", {{"A", "aaaa"s}}));
    EXPECT_TRUE(selects("A|wide|base64offset|contains: 'ping'", {{"A", "cABpAG4AZwA="s}}));
    EXPECT_TRUE(selects("A|utf16be|base64|contains: 'p'", {{"A", "AHA="s}}));
    EXPECT_TRUE(selects("A|utf16|base64|contains: 'p'", {{"A", "/v8AcA=="s}})
                || selects("A|utf16|base64|contains: 'p'", {{"A", "//5wAA=="s}}));
    EXPECT_TRUE(refused("A|base64: 'a*'").contains("wildcards"));
}

TEST(Semantics, PartsOfTimes) {
    const Fields fields = {{"T", "2026-11-22T01:10:05+07:00"s}};
    EXPECT_TRUE(selects("T|hour: 1", fields));
    EXPECT_TRUE(selects("T|minute: 10", fields));
    EXPECT_TRUE(selects("T|day: 22", fields));
    EXPECT_TRUE(selects("T|month: 11", fields));
    EXPECT_TRUE(selects("T|year: 2026", fields));
    EXPECT_TRUE(selects("T|week: 47", fields));
    EXPECT_TRUE(selects("T|hour|lt: 6", fields));
    EXPECT_FALSE(selects("T|hour: 1", {{"T", "yesterday"s}}));
    EXPECT_TRUE(selects("T|week: 53", {{"T", "2027-01-03 10:00:00"s}}));
    EXPECT_TRUE(selects("T|week: 1", {{"T", "2024-12-30T00:00:00Z"s}}));
}

TEST(Semantics, ConditionsNestAndRepeat) {
    const std::string rule =
        "    a:\n        A: x\n    b:\n        B: y\n    c:\n        C: z\n"
        "    condition: ";
    EXPECT_TRUE(matches(rule + "not not a and not b\n", {{"A", "x"s}}));
    EXPECT_TRUE(matches(rule + "a or b and c\n", {{"A", "x"s}}));
    EXPECT_FALSE(matches(rule + "(a or b) and c\n", {{"A", "x"s}}));
    EXPECT_TRUE(matches(rule + "2 of them\n", {{"A", "x"s}, {"C", "z"s}}));
    EXPECT_FALSE(matches(rule + "2 of them\n", {{"C", "z"s}}));
    EXPECT_TRUE(matches(rule + "not 2 of them\n", {{"C", "z"s}}));
    EXPECT_TRUE(matches(rule + "ANY OF them\n", {{"C", "z"s}}));
    EXPECT_TRUE(matches(rule + "\n        - a and b\n        - c\n", {{"C", "z"s}}));
    EXPECT_TRUE(refusal(rule + "a and d\n").contains("\"d\""));
    EXPECT_TRUE(refusal(rule + "a and\n").contains("too early"));
    EXPECT_TRUE(refusal(rule + "a b\n").contains("out of place"));
    EXPECT_TRUE(refusal(rule + "a | count() by B > 5\n").contains("correlation"));
    EXPECT_TRUE(refusal(rule + std::string(200, '(') + "a" + std::string(200, ')') + "\n")
                    .contains("deeper"));
}

TEST(Semantics, RefusalsSayWhy) {
    EXPECT_TRUE(refused("A|magic: x").contains("unknown modifier \"magic\""));
    EXPECT_TRUE(refused("A|expand: '%list%'").contains("%list%"));
    EXPECT_TRUE(refused("A|exists|all: true").contains("alone"));
    EXPECT_TRUE(refused("A:\n            B: c").contains("value"));
    EXPECT_TRUE(refused("A|cidr|contains: 10.0.0.0/8").contains("exclude"));
    EXPECT_TRUE(refusal("    sel: {}\n    condition: sel\n").contains("empty"));
    EXPECT_TRUE(refusal("    sel:\n        A: x\n").contains("no condition"));
}

TEST(Semantics, PlaceholdersExpand) {
    CompileOptions options;
    options.match_unknown_sources = true;
    options.placeholders["hosts"] = {"srv-1", "srv*2"};
    options.placeholders["none"] = {};
    std::vector<RuleFault> faults;
    const auto run = [&](const std::string& line, const Fields& fields) {
        faults.clear();
        const auto set = compile_text(rule_yaml(selection(line)), &faults, options);
        Engine engine(set);
        event::EventBatch batch;
        add_event(batch, fields);
        std::vector<event::Detection> out;
        engine.match(batch, out);
        return !out.empty();
    };
    EXPECT_TRUE(run("A|expand: '%hosts%$'", {{"A", "SRV-1$"s}}));
    EXPECT_TRUE(run("A|contains|expand: '\\%hosts%'", {{"A", "x%hosts%x"s}}));
    EXPECT_TRUE(run("A|expand: '%hosts%'", {{"A", "srvx2"s}}));
    EXPECT_FALSE(run("A|expand: '%none%'", {{"A", ""s}}));
    ASSERT_EQ(faults.size(), 1U);
    EXPECT_TRUE(faults[0].warning);
}

TEST(Semantics, MatchedNamesTheFieldsThatDecided) {
    const auto set =
        compile_text(rule_yaml("    a:\n        A|contains: x\n        B: y\n    f:\n        C: z\n"
                               "    condition: a and not f\n"));
    Engine engine(set);
    event::EventBatch batch;
    add_event(batch, {{"A", "axb"s}, {"B", "Y"s}, {"C", "q"s}});
    batch.set_first_id(77);
    std::vector<event::Detection> out;
    engine.match(batch, out);
    ASSERT_EQ(out.size(), 1U);
    ASSERT_EQ(out[0].matched.size(), 2U);
    std::vector<std::string> names = {out[0].matched[0].field, out[0].matched[1].field};
    std::ranges::sort(names);
    EXPECT_EQ(names, (std::vector<std::string>{"A", "B"}));
    EXPECT_EQ(out[0].events, std::vector<event::EventId>{77});
}

}  // namespace
}  // namespace gac::detect::testing
