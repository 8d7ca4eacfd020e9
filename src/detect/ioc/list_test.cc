#include <gtest/gtest.h>

#include "detect/ioc/fixture.h"
#include "detect/ioc/list_parser.h"

namespace gac::detect::ioc {
namespace {

using testing::at;
using testing::build;

// Every entry of a list as "type text @line", and every refusal as "! line why".
std::vector<std::string> read(std::string_view text, std::size_t piece = std::string::npos) {
    struct Sink final : ListSink {
        std::vector<std::string> out;
        void entry(const ParsedEntry& entry) override {
            const Recognised& what = *entry.what;
            std::string line(name_of(what.type));
            line += ' ';
            if (what.type == IndicatorType::Ip) {
                line += what.ip.text();
                if (what.bits < 128) {
                    line += '/' + std::to_string(what.ip.is_v4() ? what.bits - 96 : what.bits);
                }
            } else {
                line += (what.subdomains_only ? "*." : "") + what.text;
            }
            line += what.url_below ? " below" : "";
            line += entry.exact ? " exact" : "";
            line += " @" + std::to_string(entry.line);
            if (entry.valid_until) {
                line += " until " + base::format_rfc3339(*entry.valid_until).substr(0, 10);
            }
            if (!entry.note.empty()) {
                line += " (" + std::string(entry.note) + ")";
            }
            out.push_back(line);
        }
        void refused(std::uint32_t line, std::string_view why) override {
            out.push_back("! " + std::to_string(line) + ' ' + std::string(why).substr(0, 24));
        }
    } sink;
    const IndicatorLimits limits;
    ListParser parser(sink, limits, false);
    for (std::size_t begin = 0; begin < text.size();) {
        const std::string_view part = text.substr(begin, piece);
        parser.feed(part);
        begin += part.size();
    }
    parser.finish();
    return sink.out;
}

using Lines = std::vector<std::string>;

TEST(PlainList, ToldByShape) {
    EXPECT_EQ(
        read("\xef\xbb\xbf# comment\r\n; another\r\n\r\n"
             "192.0.2.1\t7\r\n"
             "192.0.2.2:443\n"
             "1.4.0.0/17 ; SBL256893\n"
             "2001:DB8::/32\n"
             "[2001:db8::5]:8080\n"
             "Evil[.]Example\n"
             "*.sub.example\n"
             ".zip\n"
             "hxxp://evil.example/a/*\n"
             "evil.example/path\n"
             "44D88612FEA8A8F36DE82E1278ABB02F,2b1c\n"
             "3395856ce81f2b7382dee72602f798b642f14140\n"
             "\"275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f\"\n"
             "User(at)Phish.example"),
        (Lines{"ip 192.0.2.1 @4", "ip 192.0.2.2 @5", "ip 1.4.0.0/17 @6", "ip 2001:db8::/32 @7",
               "ip 2001:db8::5 @8", "domain evil.example @9", "domain *.sub.example @10",
               "domain zip @11", "url http://evil.example/a/ below @12",
               "url evil.example/path @13", "md5 44d88612fea8a8f36de82e1278abb02f @14",
               "sha1 3395856ce81f2b7382dee72602f798b642f14140 @15",
               "sha256 275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f @16",
               "email user@phish.example @17"}));
}

TEST(PlainList, RefusesWithTheLine) {
    EXPECT_EQ(read("nothing\n0.0.0.0/0\n10.0.0.1-10.0.0.9\nhttp://a.example/x\xe2\x80\xa6\n"
                   "evil.exe1\n1.2.3\n"),
              (Lines{"! 1 no known kind of indicat", "! 2 a prefix of length 0 cov",
                     "! 3 not a domain name: its l", "! 4 a URL that was cut off",
                     "! 5 not a domain name: its l", "! 6 not an IP address"}));
    EXPECT_EQ(read(std::string(70'000, 'a') + "\n192.0.2.1\n").size(), 2u);
    EXPECT_EQ(read(std::string(70'000, 'a') + "\n192.0.2.1\n", 1000).front(),
              "! 1 a line longer than the l");
    EXPECT_EQ(read("\xff\xfe"
                   "1\0"),
              (Lines{"! 1 the file is UTF-16; save"}));
}

TEST(PlainList, HeaderSetsWhatTheEntriesMean) {
    EXPECT_EQ(read("# gac.match: exact\n# gac.type: ja3\n# gac.valid_until: 2026-12-31\n"
                   "e7d705a3286e19ea42f587b344ee6865\n"),
              (Lines{"ja3 e7d705a3286e19ea42f587b344ee6865 exact @4 until 2026-12-31"}));
    EXPECT_EQ(read("# gac.type: filename\nBad Name.EXE\nC:\\Temp\\x.dll\n"),
              (Lines{"filename bad name.exe @2", "filename c:/temp/x.dll @3"}));
    EXPECT_EQ(read("# gac.color: red\n# gac.level: loud\n192.0.2.1\n# gac.match: exact\n"),
              (Lines{"! 1 unknown key or value: ga", "! 2 unknown key or value: ga",
                     "ip 192.0.2.1 @3", "! 4 a gac. line must stand b"}));
}

TEST(HostsFile, NamesStandBehindTheNullAddress) {
    EXPECT_EQ(read("127.0.0.1 localhost\n0.0.0.0 bad.example other.example # both\n"
                   "::1 ip6-localhost\n0.0.0.0\n"),
              (Lines{"domain bad.example @2", "domain other.example @2", "ip 0.0.0.0 @4"}));
}

TEST(CsvList, ColumnsByNameInAnyCase) {
    EXPECT_EQ(
        read("Description;Indicator;TYPE;Valid_Until\n"
             "C2; 192.0.2.1 ;ipv4-addr;2026-12-31T00:00:00Z\n"
             "\"two\nlines; \"\"quoted\"\"\";evil.example;Domain;\n"
             ";x;color;\n;192.0.2.9;ip;soon\n;;;\n"),
        (Lines{"ip 192.0.2.1 @2 until 2026-12-31 (C2)",
               "domain evil.example @3 (two\nlines; \"quoted\")", "! 5 unknown type \"color\"",
               "! 6 a time of expiry that ca", "! 7 a row without an indicat"}));
    EXPECT_EQ(read("; ip, asn, domain\n192.0.2.1,AS1,-\n-,AS2,198.51.100.1\n"),
              (Lines{"ip 192.0.2.1 @2", "ip 198.51.100.1 @3"}));
    EXPECT_EQ(read("source ip,source_url,tags\n192.0.2.1,http://evil.example,\"[\"\"t1\"\"]\"\n"),
              (Lines{"ip 192.0.2.1 @2 ([\"t1\"])", "url http://evil.example/ @2 ([\"t1\"])"}));
}

TEST(CsvList, HeaderMayBeTheLastComment) {
    EXPECT_EQ(read("# feed\n# \"first_seen\",\"ioc_value\",\"ioc_type\"\n"
                   "\"2026-01-01\", \"192.0.2.1:443\", \"ip:port\"\n"
                   "\"2026-01-01\", \"evil.example|192.0.2.2\", \"domain|ip\"\n"),
              (Lines{"ip 192.0.2.1 @3", "domain evil.example @4", "ip 192.0.2.2 @4"}));
}

TEST(CsvList, EndsInAnOpenQuote) {
    EXPECT_EQ(read("indicator,type\n\"192.0.2.1,ip\n"), (Lines{"! 2 a quoted cell that does "}));
    EXPECT_EQ(read("indicator,type\n\"192.0.2.1,ip\n192.0.2.2,ip\n192.0.2.3,ip\n"),
              (Lines{"! 2 a quoted cell that does ", "ip 192.0.2.2 @3", "ip 192.0.2.3 @4"}));
}

// One stray quote costs its own line, not those behind it.
TEST(CsvList, AnOpenQuoteEndsAfterAHundredLines) {
    std::string text = "indicator,type\n\"192.0.2.1,ip\n";
    for (int i = 0; i < 250; ++i) {
        text += "198.51.100." + std::to_string(i) + ",ip\n";
    }
    const Lines lines = read(text + "\"x\ny\",color\n");
    ASSERT_EQ(lines.size(), 252u);
    EXPECT_EQ(lines[0], "! 2 a quoted cell that does ");
    EXPECT_EQ(lines[1], "ip 198.51.100.0 @3");
    EXPECT_EQ(lines[250], "ip 198.51.100.249 @252");
    EXPECT_EQ(lines[251], "! 253 unknown type \"color\"");
}

TEST(JsonList, ACutObjectDoesNotSwallowTheNext) {
    EXPECT_EQ(read("{\"value\":\"192.0.2.1\"\n{\"value\":\"192.0.2.2\"}\n"
                   "{\"value\":\n\"192.0.2.3\",\"more\":\n{\"a\":1}}\n,\n"),
              (Lines{"! 1 a JSON object that does ", "ip 192.0.2.2 @2", "ip 192.0.2.3 @3"}));
}

TEST(JsonList, ObjectsALine) {
    EXPECT_EQ(
        read("{\"value\":\"192.0.2.1\",\"Type\":\"ip-dst\",\"valid_until\":1798675200,"
             "\"tags\":[\"c2\",\"vn\"]}\n"
             "{\"indicator\":\"evil\\u002eexample\",\"description\":\"x\"}\n"
             "{\"domain\":\"b.example\"}\n{\"other\":1}\n{broken\n}\n"),
        (Lines{"ip 192.0.2.1 @1 until 2026-12-31 (c2; vn)", "domain evil.example @2 (x)",
               "domain b.example @3", "! 4 an object without an ind", "! 5 not a JSON object"}));
}

TEST(JsonList, WarningListsAreOneObject) {
    EXPECT_EQ(read("{\n  \"name\": \"x\",\n  \"type\": \"hostname\",\n"
                   "  \"list\": [\".bank.example\", \"cdn.example\"]\n}\n"),
              (Lines{"domain bank.example @1", "domain cdn.example @1"}));
    EXPECT_EQ(read("{\"type\":\"cidr\",\"list\":[\"192.0.2.0/24\",\"bad\"]}"),
              (Lines{"ip 192.0.2.0/24 @1", "! 1 no known kind of indicat"}));
    EXPECT_EQ(read("{\"type\":\"string\",\"list\":[\"a.example\"]}"),
              (Lines{"domain a.example exact @1"}));
    EXPECT_EQ(read("{\"type\":\"regex\",\"list\":[\"a\"]}"),
              (Lines{"! 1 a list of type \"regex\" i"}));
}

TEST(AnyList, TheCutOfTheBytesDoesNotMatter) {
    for (const std::string_view text :
         {std::string_view("# gac.level: high\r\n192.0.2.1\r\n\r\nevil.example\r\nbad\r\n"),
          std::string_view("indicator,note\n\"192.0.2.1\",\"a\nb\"\nevil.example,c\n"),
          std::string_view("{\"value\":\"192.0.2.1\"}\n{\n\"value\":\"evil.example\"\n}\n")}) {
        const auto whole = read(text);
        for (std::size_t piece = 1; piece < 12; ++piece) {
            EXPECT_EQ(read(text, piece), whole) << piece;
        }
    }
}

TEST(ListTime, ReadsTheUsualForms) {
    EXPECT_EQ(parse_list_time("2026-12-31"), at("2026-12-31T00:00:00Z"));
    EXPECT_EQ(parse_list_time("2026-12-31 01:02:03 UTC"), at("2026-12-31T01:02:03Z"));
    EXPECT_EQ(parse_list_time("1798675200"), at("2026-12-31T00:00:00Z"));
    EXPECT_EQ(parse_list_time("1798675200000"), at("2026-12-31T00:00:00Z"));
    EXPECT_FALSE(parse_list_time("soon"));
}

TEST(IndicatorBuilder, CountsByListAndKind) {
    std::vector<ListFault> faults;
    const auto set = build({{"feeds/a.txt", "192.0.2.1\n192.0.2.0/24\nevil.example\nnothing\n"},
                            {"feeds/b.csv.gz", "md5\n44d88612fea8a8f36de82e1278abb02f\n"},
                            {"other/a.txt", "198.51.100.1\n"},
                            {"allow/c.txt", "# gac.name: Cho phép\n203.0.113.1\n", true}},
                           &faults);
    ASSERT_EQ(set->lists().size(), 4u);
    EXPECT_EQ(set->lists()[0].name, "a");
    EXPECT_EQ(set->lists()[0].entries, 3u);
    EXPECT_EQ(set->lists()[0].refused, 1u);
    EXPECT_EQ(set->lists()[0].by_type[0], 2u);
    EXPECT_EQ(set->lists()[1].name, "b");
    EXPECT_EQ(set->lists()[2].name, "other/a");
    EXPECT_EQ(set->lists()[3].name, "Cho phép");
    EXPECT_TRUE(set->lists()[3].allow);
    EXPECT_EQ(set->entries(), 6u);
    ASSERT_EQ(faults.size(), 1u);
    EXPECT_EQ(faults[0].path, "feeds/a.txt");
    EXPECT_EQ(faults[0].line, 4u);
}

TEST(IndicatorBuilder, TakesBackWhatIsNoList) {
    IndicatorBuilder builder;
    builder.begin("good.txt", false);
    builder.feed("192.0.2.1\n");
    EXPECT_TRUE(builder.end());
    builder.begin("page.html", false);
    builder.feed(
        "<html>\n<body>\nnot "
        "found\n<p>198.51.100.1\n</body>\n</html>\nx\ny\nz\nw\nv\n198.51.100.0/24\n");
    const auto ended = builder.end();
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().message(),
              "page.html: 11 of 12 lines are no indicators; line 1: no known kind of indicator");
    builder.begin("half.txt", false);
    builder.feed("203.0.113.1\nevil.exa");
    builder.abandon();
    builder.begin("last.txt", false);
    builder.feed("203.0.113.7\n");
    EXPECT_TRUE(builder.end());
    const auto set = builder.finish();
    EXPECT_EQ(set->entries(), 2u);
    ASSERT_EQ(set->lists().size(), 2u);
    EXPECT_EQ(set->lists()[1].name, "last");
    Observable ip{IndicatorType::Ip, "198.51.100.1", *base::IpAddress::parse("198.51.100.1")};
    EXPECT_TRUE(set->find(ip, at("2026-01-01T00:00:00Z")).empty());
    ip.ip = *base::IpAddress::parse(ip.text = "203.0.113.7");
    EXPECT_EQ(set->find(ip, at("2026-01-01T00:00:00Z")).size(), 1u);
}

TEST(IndicatorBuilder, HoldsItsLimits) {
    IndicatorBuilder builder({.lists_max = 2, .entries_max = 3});
    for (const char* text : {"192.0.2.1\n192.0.2.2\n", "192.0.2.3\n192.0.2.4\n"}) {
        builder.begin("x.txt", false);
        builder.feed(text);
        EXPECT_EQ(builder.end().has_value(), text[8] == '1');
    }
    builder.begin("y.txt", false);
    builder.feed("192.0.2.5\n");
    EXPECT_TRUE(builder.end());
    builder.begin("z.txt", false);
    EXPECT_FALSE(builder.end());
    EXPECT_EQ(builder.finish()->entries(), 3u);
}

}  // namespace
}  // namespace gac::detect::ioc
