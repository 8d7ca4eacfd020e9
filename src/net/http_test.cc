#include "net/http.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

namespace gac::net {
namespace {

std::string gzip(std::string_view text) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&stream, text.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

std::string zstd(std::string_view text) {
    std::string out(ZSTD_compressBound(text.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
    return out;
}

TEST(Headers, CompareNamesWithoutCase) {
    Headers headers;
    headers.add("Content-Type", "a");
    headers.add("X", "1");
    headers.add("x", "2");
    EXPECT_EQ(headers["content-type"], "a");
    EXPECT_EQ(headers["X"], "1");
    EXPECT_EQ(headers["absent"], "");
    headers.set("CONTENT-TYPE", "b");
    EXPECT_EQ(headers["content-type"], "b");
    EXPECT_EQ(headers.all().size(), 3U);
}

TEST(PercentDecode, RefusesWhatIsNotText) {
    EXPECT_EQ(percent_decode("a%20b+c", false), "a b+c");
    EXPECT_EQ(percent_decode("a%20b+c", true), "a b c");
    EXPECT_EQ(percent_decode("%C4%90%C3%A0", false), "Đà");
    EXPECT_EQ(percent_decode("%", false), std::nullopt);
    EXPECT_EQ(percent_decode("%2", false), std::nullopt);
    EXPECT_EQ(percent_decode("%zz", false), std::nullopt);
    EXPECT_EQ(percent_decode("%00", false), std::nullopt);
    EXPECT_EQ(percent_decode("%ff", false), std::nullopt);
    EXPECT_EQ(percent_decode("%2f", false), "/");
}

TEST(ParseQuery, KeepsOrderAndEmptyValues) {
    const auto parsed = parse_query("a=1&b=&c&a=2&&d=x%3Dy");
    ASSERT_TRUE(parsed);
    const std::vector<std::pair<std::string, std::string>> want{
        {"a", "1"}, {"b", ""}, {"c", ""}, {"a", "2"}, {"d", "x=y"}};
    EXPECT_EQ(*parsed, want);
    EXPECT_TRUE(parse_query("")->empty());
}

TEST(ParseQuery, SaysWhichParameterIsWrong) {
    const auto parsed = parse_query("a=1&b=%f");
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().where, "query parameter 2");
    EXPECT_EQ(parse_query(std::string(300, '&') + "a&b&c", 2).error().code, Code::LimitExceeded);
}

TEST(Cookie, FindsTheOneThatWasAskedFor) {
    EXPECT_EQ(cookie("a=1; __Host-gac=xyz; b=2", "__Host-gac"), "xyz");
    EXPECT_EQ(cookie("x__Host-gac=no", "__Host-gac"), "");
    EXPECT_EQ(cookie("", "a"), "");
}

TEST(Unpack, GivesBackWhatWasPacked) {
    const std::string text = std::string(100'000, 'a') + "end";
    EXPECT_EQ(*unpack("gzip", gzip(text), 1 << 20), text);
    EXPECT_EQ(*unpack(" X-GZIP ", gzip(text), 1 << 20), text);
    EXPECT_EQ(*unpack("zstd", zstd(text), 1 << 20), text);
    EXPECT_EQ(*unpack("", text, 1), text);
    EXPECT_EQ(*unpack("gzip", gzip("a\n") + gzip("b\n"), 1 << 20), "a\nb\n");
    EXPECT_EQ(*unpack("zstd", zstd("a\n") + zstd("b\n"), 1 << 20), "a\nb\n");
    EXPECT_EQ(*unpack("gzip", gzip(""), 10), "");
}

TEST(Unpack, StopsABombAtTheLimit) {
    const std::string zeros(50 << 20, '\0');
    for (const auto& [name, packed] :
         {std::pair{"gzip", gzip(zeros)}, std::pair{"zstd", zstd(zeros)}}) {
        ASSERT_LT(packed.size(), 100'000U);
        const auto out = unpack(name, packed, 1 << 20);
        ASSERT_FALSE(out) << name;
        EXPECT_EQ(out.error().code, Code::LimitExceeded);
    }
}

TEST(Unpack, SaysThatAPackedBodyIsCutOrDamaged) {
    std::string packed = gzip(std::string(10'000, 'x') + "tail");
    EXPECT_EQ(unpack("gzip", packed.substr(0, packed.size() / 2), 1 << 20).error().code,
              Code::InvalidArgument);
    EXPECT_FALSE(unpack("gzip", "", 1 << 20));
    EXPECT_FALSE(unpack("gzip", "not gzip at all", 1 << 20));
    packed = zstd("hello");
    EXPECT_FALSE(unpack("zstd", packed.substr(0, packed.size() - 1), 1 << 20));
    EXPECT_FALSE(unpack("zstd", "", 1 << 20));
    EXPECT_FALSE(unpack("zstd", "garbage", 1 << 20));
    EXPECT_EQ(unpack("br", "x", 10).error().where, "Content-Encoding");
}

TEST(Stream, CutsAClientThatDoesNotKeepUp) {
    Stream stream(10);
    EXPECT_TRUE(stream.send("12345"));
    EXPECT_TRUE(stream.send("67890"));
    EXPECT_FALSE(stream.send("x"));
    EXPECT_TRUE(stream.closed());
    EXPECT_EQ(stream.take(), "");
    EXPECT_FALSE(stream.send("y"));
}

TEST(Responder, AnswersEvenWhenItIsForgotten) {
    int status = 0;
    {
        Responder responder([&](const Response& response) { status = response.status; });
    }
    EXPECT_EQ(status, 500);
    {
        Responder first([&](const Response& response) { status = response.status; });
        Responder second(std::move(first));
        second(Response{.status = 204});
    }
    EXPECT_EQ(status, 204);
}

}  // namespace
}  // namespace gac::net
