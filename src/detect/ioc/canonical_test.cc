#include "detect/ioc/canonical.h"

#include <gtest/gtest.h>

#include <random>

#include "detect/ioc/text_scan.h"

namespace gac::detect::ioc {
namespace {

std::string domain(std::string_view text) {
    std::string out;
    return canonical_domain(text, out) ? out : "-";
}

std::string url(std::string_view text) {
    std::string out;
    return canonical_url(text, out) ? out : "-";
}

std::string email(std::string_view text) {
    std::string out;
    return canonical_email(text, out) ? out : "-";
}

std::string mutex(std::string_view text) {
    std::string out;
    return canonical_mutex(text, out) ? out : "-";
}

std::string meant(std::string_view text) {
    std::string out(text);
    refang(text, out);
    return out;
}

TEST(CanonicalDomain, FoldsCaseAndDropsTheLastDot) {
    EXPECT_EQ(domain("WWW.Evil.Example."), "www.evil.example");
    EXPECT_EQ(domain("_ldap._tcp.dc.example"), "_ldap._tcp.dc.example");
    EXPECT_EQ(domain("máy-chủ.vn"), "xn--my-ch-xqa0294c.vn");
    EXPECT_EQ(domain("xn--my-ch-xqa0294c.vn"), domain("MÁY-CHỦ.vn"));
}

TEST(CanonicalDomain, RefusesWhatIsNoName) {
    for (const char* text : {"", ".", "a..b", ".a", "a b.c", "a/b.c", "a..", "a.b:80"}) {
        EXPECT_EQ(domain(text), "-") << text;
    }
    EXPECT_EQ(domain(std::string(63, 'a') + ".b"), std::string(63, 'a') + ".b");
    EXPECT_EQ(domain(std::string(64, 'a') + ".b"), "-");
    std::string longest;
    for (int i = 0; i < 50; ++i) {
        longest += "abcd.";
    }
    EXPECT_EQ(domain(longest + "abc").size(), 253u);
    EXPECT_EQ(domain(longest + "abcd"), "-");
}

TEST(CanonicalUrl, BringsEqualUrlsIntoOneForm) {
    const std::string wanted = "http://evil.example/a/b?q=1";
    for (const char* text :
         {"HTTP://EVIL.example/a/b?q=1", "http://evil.example:80/a/b?q=1#part",
          "http://user:pw@evil.example/a/b?q=1", "http://evil.example./a/b?q=1",
          "http://evil.example/%61/%62?q=1", "http://evil.example/x/../a/./b?q=1",
          "http://evil.example/a/./x/../b?q=%31", "http://evil.example:0080/a/b?q=1"}) {
        EXPECT_EQ(url(text), wanted) << text;
    }
    EXPECT_EQ(url("http://evil.example"), "http://evil.example/");
    EXPECT_EQ(url("https://evil.example:443?x"), "https://evil.example/?x");
    EXPECT_EQ(url("http://evil.example:8080/"), "http://evil.example:8080/");
    EXPECT_EQ(url("http://[2001:DB8::1]:80/x"), "http://[2001:db8::1]/x");
    EXPECT_EQ(url("http://evil.example/a%2fb%c3%a9 é%zz"),
              "http://evil.example/a%2Fb%C3%A9%20%C3%A9%25zz");
    EXPECT_EQ(url("http://evil.example/a/b/.."), "http://evil.example/a/");
    EXPECT_EQ(url("http://evil.example/../../a"), "http://evil.example/a");
    EXPECT_EQ(url("evil.example/a"), "evil.example/a");
    EXPECT_EQ(url("//evil.example/a"), "evil.example/a");
    EXPECT_EQ(url("evil.example/r?u=http://other.example/"),
              "evil.example/r?u=http://other.example/");
}

TEST(CanonicalUrl, RefusesWhatHasNoHost) {
    for (const char* text : {"", "/a/b", "http://", "http:///a", "http://a b/",
                             "http://a:99999999/", "http://a:x/", "http://[zz]/"}) {
        EXPECT_EQ(url(text), "-") << text;
    }
}

TEST(CanonicalUrl, CanonicalAgainChangesNothing) {
    std::mt19937_64 random(7);
    const std::string_view letters = "ab.%2fF/\\?#:@[]-~ {}é\x01";
    for (int i = 0; i < 20'000; ++i) {
        std::string text = i % 2 == 0 ? "http://h.example/" : "h.example/";
        for (auto n = random() % 24; n > 0; --n) {
            text += letters[random() % letters.size()];
        }
        std::string once;
        std::string twice;
        if (canonical_url(text, once)) {
            ASSERT_TRUE(canonical_url(once, twice)) << text << " -> " << once;
            ASSERT_EQ(once, twice) << text;
        }
    }
}

TEST(CanonicalEmail, ReadsNamesAndMailtoAround) {
    EXPECT_EQ(email("Tên <User@Phish.Example>"), "user@phish.example");
    EXPECT_EQ(email("mailto:a.b@c.example?subject=x"), "a.b@c.example");
    EXPECT_EQ(email("a@b@c.example"), "-");
    EXPECT_EQ(email("@c.example"), "-");
    EXPECT_EQ(email("nobody"), "-");
}

TEST(CanonicalMutex, DropsTheNamespaceAndKeepsCase) {
    EXPECT_EQ(mutex("Global\\Evil.Mutex"), "Evil.Mutex");
    EXPECT_EQ(mutex("\\Sessions\\1\\BaseNamedObjects\\Local\\Evil"), "Evil");
    EXPECT_EQ(mutex("evil"), "evil");
    EXPECT_EQ(mutex("  "), "-");
}

TEST(Refang, UndoesTheUsualForms) {
    EXPECT_EQ(meant("hxxps://bad[.]example/x"), "https://bad.example/x");
    EXPECT_EQ(meant("hXXp[:]//bad(dot)example"), "http://bad.example");
    EXPECT_EQ(meant("user[at]bad{.}example"), "user@bad.example");
    EXPECT_EQ(meant("198[.]51[.]100[.]7"), "198.51.100.7");
    EXPECT_EQ(meant("evil\\.example"), "evil.example");
    EXPECT_EQ(meant("meow://bad[.]example"), "meow://bad.example");
    std::string untouched = "kept";
    EXPECT_FALSE(refang("https://good.example/x", untouched));
    EXPECT_EQ(untouched, "kept");
}

std::vector<std::string> found_in(std::string_view text) {
    std::vector<Observable> found;
    scan_text(text, {}, found);
    std::vector<std::string> out;
    for (const Observable& one : found) {
        out.push_back(std::string(name_of(one.type)) + ' ' + one.text);
    }
    return out;
}

TEST(TextScan, FindsWhatPeopleWrite) {
    using Found = std::vector<std::string>;
    EXPECT_EQ(found_in("Kết nối tới 198[.]51[.]100[.]7:8080, sau đó hxxp://bad[.]example/a.php."),
              (Found{"ip 198.51.100.7", "url http://bad.example/a.php", "domain bad.example"}));
    EXPECT_EQ(found_in("from=<user(at)phish[.]example> (2001:db8::1)"),
              (Found{"email user@phish.example", "domain phish.example", "ip 2001:db8::1"}));
    EXPECT_EQ(
        found_in("dst=evil.example srv:www.evil.example md5:44d88612fea8a8f36de82e1278abb02f"),
        (Found{"domain evil.example", "domain www.evil.example",
               "md5 44d88612fea8a8f36de82e1278abb02f"}));
    EXPECT_EQ(found_in("version 1.2.3 of foo.bar() at 10:20:30, 3.14"), (Found{"domain foo.bar"}));
    EXPECT_TRUE(found_in("").empty());
    EXPECT_TRUE(found_in("a.b .. :: @ [] () 1.2.3").empty());
}

TEST(TextScan, StopsAtItsLimits) {
    std::string text;
    for (int i = 0; i < 5000; ++i) {
        text += "h" + std::to_string(i) + ".example=";
    }
    std::vector<Observable> found;
    scan_text(text, {.bytes_max = 64 << 10, .observables_max = 100}, found);
    EXPECT_EQ(found.size(), 100u);
    found.clear();
    scan_text("first.example second.example", {.bytes_max = 14, .observables_max = 100}, found);
    EXPECT_EQ(found.size(), 1u);
}

}  // namespace
}  // namespace gac::detect::ioc
