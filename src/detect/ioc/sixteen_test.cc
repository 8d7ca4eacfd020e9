#include "detect/ioc/sixteen.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <random>
#include <string>

#include "base/ip.h"

namespace gac::detect::ioc {
namespace {

std::string text_of(const Sixteen& bytes) {
    std::string out(16, '?');
    bytes.store(out.data());
    return out;
}

TEST(Sixteen, ReadsWhatStandsAtTheVeryEndOfMemory) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    void* const map =
        ::mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(map, MAP_FAILED);
    char* const end = static_cast<char*>(map) + page;
    ASSERT_EQ(::mprotect(end, page, PROT_NONE), 0);
    for (std::size_t before = 1; before <= 40; ++before) {
        char* const text = end - before;
        for (std::size_t i = 0; i < before; ++i) {
            text[i] = static_cast<char>('a' + i % 26);
        }
        for (std::size_t size = 1; size <= before; ++size) {
            std::string wanted(text, std::min<std::size_t>(size, 16));
            wanted.resize(16);
            EXPECT_EQ(text_of(Sixteen::load(text, size)), wanted) << before << " " << size;
        }
    }
    ::munmap(map, 2 * page);
}

TEST(Sixteen, ReadsDottedQuadsAsTheParserDoes) {
    std::mt19937_64 random(3);
    for (int i = 0; i < 200'000; ++i) {
        std::string text;
        for (int octet = 0; octet < 4; ++octet) {
            text += (octet > 0 ? "." : "") + std::to_string(random() % (1 + random() % 300));
        }
        if (random() % 2 == 0) {  // one byte wrong, too many or missing
            const std::size_t at = random() % text.size();
            const char other = "0123456789. a:/\xff"[random() % 16];
            switch (random() % 3) {
                case 0:
                    text[at] = other;
                    break;
                case 1:
                    text.insert(at, 1, other);
                    break;
                default:
                    text.erase(at, 1);
                    break;
            }
        }
        if (text.empty() || text.size() > 15) {
            continue;
        }
        const auto got = Sixteen::load(text.data(), text.size()).dotted_quad(text.size());
        const auto wanted = base::IpAddress::parse(text);
        // The parser refuses leading zeros; whoever only glances may be laxer.
        if (wanted) {
            ASSERT_TRUE(got.has_value()) << text;
            ASSERT_EQ(*got, wanted->v4()) << text;
        } else if (got) {
            std::string back;
            for (int shift = 24; shift >= 0; shift -= 8) {
                back += (back.empty() ? "" : ".") + std::to_string(*got >> shift & 255);
            }
            ASSERT_LT(back.size(), text.size()) << text;
        }
    }
}

}  // namespace
}  // namespace gac::detect::ioc
