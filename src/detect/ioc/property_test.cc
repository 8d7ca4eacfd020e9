// Random lists against random observables, and the answer of a matcher so plain that it needs no
// proof: every entry is compared with every observable, one by one.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "detect/ioc/canonical.h"
#include "detect/ioc/fixture.h"
#include "detect/ioc/prefixes.h"

namespace gac::detect::ioc {
namespace {

using namespace testing;
using Random = std::mt19937_64;

std::string random_ip(Random& random) {
    if (random() % 4 == 0) {
        const auto address = base::IpAddress::parse("2001:db8:" + std::to_string(random() % 4)
                                                    + "::" + std::to_string(random() % 8));
        return address->text();
    }
    return "10." + std::to_string(random() % 3) + '.' + std::to_string(random() % 4) + '.'
           + std::to_string(random() % 8);
}

std::string random_prefix(Random& random) {
    const std::string ip = random_ip(random);
    return ip + '/' + std::to_string(ip.contains(':') ? 1 + random() % 128 : 1 + random() % 32);
}

std::string random_domain(Random& random) {
    // Names end on both sides of what is read at once: 16, 32 and 64 bytes.
    static const std::string_view kLabels[] = {"a",   "b",     "evil",
                                               "www", "xn--a", "a-label-as-long-as-a-name"};
    std::string out;
    for (auto n = 1 + random() % 3; n > 0; --n) {
        out += kLabels[random() % std::size(kLabels)];
        out += '.';
    }
    return out + (random() % 2 == 0 ? "example" : "test");
}

std::string random_url(Random& random) {
    static const std::string_view kPaths[] = {"/", "/a", "/a/b", "/a/b/c?d=1", "/a/b?e"};
    return (random() % 2 == 0 ? "http://" : "https://")
           + (random() % 4 == 0 ? "10.0.0." + std::to_string(random() % 8) : random_domain(random))
           + std::string(kPaths[random() % 5]);
}

std::string random_hash(Random& random) {
    static constexpr std::size_t kDigits[] = {32, 40, 64};
    return std::string(kDigits[random() % 3], "0123456789abcdef"[random() % 16]);
}

struct Entry {
    std::string text;  // canonical, as a match tells it
    std::string list;
    bool exact = false;
    std::int64_t until_s = 0;
};

constexpr std::int64_t kNow = 1'780'000'000;

bool is_below(std::string_view name, std::string_view parent) {
    return name.size() > parent.size() && name.ends_with(parent)
           && name[name.size() - parent.size() - 1] == '.';
}

bool holds(const Entry& entry, const std::string& type, const std::string& seen) {
    const std::string_view text = entry.text;
    if (type == "ip" && text.contains('/') && !text.contains("://")) {
        const auto prefix = base::IpPrefix::parse(text);
        const auto ip = base::IpAddress::parse(seen);
        return prefix && ip->is_v4() == !text.contains(':') && prefix->contains(*ip);
    }
    if (type == "domain" && text.starts_with("*.")) {
        return is_below(seen, text.substr(2));
    }
    if (type == "domain") {
        return seen == text || (!entry.exact && is_below(seen, text));
    }
    if (type == "url" && text.ends_with("/*")) {
        std::string_view below = text;
        below.remove_suffix(2);
        const std::string_view bare = std::string_view(seen).substr(0, seen.find('?'));
        return bare.starts_with(below) && bare.size() > below.size() && bare[below.size()] == '/';
    }
    return text == seen;
}

// The kind of an entry, by its look; the random values of different kinds never look alike.
std::string kind_of(std::string_view text) {
    if (text.contains("://")) {
        return "url";
    }
    if (text.contains('@')) {
        return "email";
    }
    const std::string_view bare = text.substr(0, text.find('/'));
    if (base::IpAddress::parse(bare)) {
        return "ip";
    }
    return text.contains('.')  ? "domain"
           : text.size() == 32 ? "md5"
           : text.size() == 40 ? "sha1"
                               : "sha256";
}

TEST(IndicatorProperty, EqualsThePlainMatcher) {
    Random random(20261122);
    std::uint64_t hits_seen = 0;
    for (int round = 0; round < 150; ++round) {
        std::vector<TestList> lists;
        std::vector<Entry> listed;
        std::vector<Entry> allowed;
        for (int i = 0; i < 4; ++i) {
            TestList list;
            list.path = "list" + std::to_string(i) + ".csv";
            list.allow = i == 3;
            const bool exact = random() % 3 == 0;
            list.text = exact ? "# gac.match: exact\n" : "";
            list.text += "indicator,valid_until\n";
            for (auto n = random() % 40; n > 0; --n) {
                Entry entry;
                entry.list = "list" + std::to_string(i);
                entry.exact = exact;
                switch (random() % 8) {
                    case 0:
                        entry.text = random_ip(random);
                        break;
                    case 1:
                        entry.text = base::IpPrefix::parse(random_prefix(random))->text();
                        break;
                    case 2:
                    case 3:
                        entry.text = (random() % 6 == 0 ? "*." : "") + random_domain(random);
                        break;
                    case 4:
                        entry.text = random_url(random);
                        break;
                    case 5:
                        entry.text = random_url(random);
                        entry.text.resize(entry.text.find('?') == std::string::npos
                                              ? entry.text.size()
                                              : entry.text.find('?'));
                        entry.text += entry.text.ends_with('/') ? "*" : "/*";
                        break;
                    case 6:
                        entry.text = random_hash(random);
                        break;
                    default:
                        entry.text =
                            "u" + std::to_string(random() % 4) + '@' + random_domain(random);
                }
                std::string until;
                if (random() % 3 == 0) {
                    entry.until_s = kNow + static_cast<std::int64_t>(random() % 3) - 1;
                    until = std::to_string(entry.until_s);
                }
                list.text += entry.text + ',' + until + '\n';
                if (base::IpPrefix::parse(entry.text)) {  // a whole prefix is an address
                    const auto prefix = *base::IpPrefix::parse(entry.text);
                    entry.text = prefix.bits() == 128 ? prefix.address().text() : entry.text;
                }
                (list.allow ? allowed : listed).push_back(entry);
            }
            lists.push_back(std::move(list));
        }
        std::vector<ListFault> faults;
        const auto set = build(lists, &faults);
        ASSERT_TRUE(faults.empty()) << faults[0].path << ':' << faults[0].line << faults[0].reason;

        const auto valid = [](const Entry& entry) {
            return entry.until_s == 0 || kNow < entry.until_s;
        };
        const auto is_allowed = [&](const std::string& type, const std::string& seen) {
            return std::ranges::any_of(allowed, [&](const Entry& entry) {
                return valid(entry) && kind_of(entry.text) == type && holds(entry, type, seen);
            });
        };
        const auto expect = [&](const std::string& type, const std::string& seen,
                                std::map<std::string, std::set<std::string>>& into) {
            if (is_allowed(type, seen)) {
                return;
            }
            for (const Entry& entry : listed) {
                std::string own = entry.text.starts_with("*.") ? entry.text.substr(2) : entry.text;
                if (valid(entry) && kind_of(entry.text) == type && holds(entry, type, seen)
                    && !(type == "domain" && own != seen && is_allowed(type, own))) {
                    into[type + ' ' + seen].insert(entry.list + ':' + entry.text);
                }
            }
        };

        event::EventBatch batch;
        std::vector<std::map<std::string, std::set<std::string>>> wanted;
        for (int row = 0; row < 60; ++row) {
            Values values;
            auto& want = wanted.emplace_back();
            const auto host = [&](const std::string& text) {
                expect(base::IpAddress::parse(text) ? "ip" : "domain", text, want);
            };
            const std::string ip = random_ip(random);
            const std::string name = random_domain(random);
            values.emplace_back("source.ip", ip);
            values.emplace_back("dns.question.name", name);
            expect("ip", ip, want);
            host(name);
            const std::string url = random_url(random);
            values.emplace_back("url.full", url);
            expect("url", url, want);
            const std::size_t begin = url.find("://") + 3;
            host(url.substr(begin, url.find('/', begin) - begin));
            const std::string hash = random_hash(random);
            values.emplace_back("file.hash.sha256", hash);
            expect(kind_of(hash), hash, want);
            const std::string mail =
                "u" + std::to_string(random() % 4) + '@' + random_domain(random);
            values.emplace_back("email.from.address", mail);
            expect("email", mail, want);
            host(mail.substr(mail.find('@') + 1));
            add_event(batch, values, "generic", {kNow * 1'000'000});
        }
        std::vector<std::map<std::string, std::set<std::string>>> got(wanted.size());
        for (const event::Detection& hit : match(set, batch)) {
            ++hits_seen;
            auto& texts =
                got[hit.row][std::string(hit.indicator_type) + ' ' + hit.group.front().second];
            for (const std::string& entry : entries(hit)) {
                texts.insert(entry);
            }
        }
        for (std::size_t row = 0; row < wanted.size(); ++row) {
            ASSERT_EQ(got[row], wanted[row]) << "round " << round << " row " << row;
        }
    }
    EXPECT_GT(hits_seen, 10'000u);
}

TEST(PrefixIndex, GivesAllPrefixesAroundAnAddress) {
    Random random(5);
    for (int round = 0; round < 300; ++round) {
        std::vector<PrefixEntry> entries;
        for (std::uint32_t i = 0; i < 1 + random() % 60; ++i) {
            const auto prefix = *base::IpPrefix::parse(random_prefix(random));
            entries.push_back({prefix.address(), static_cast<std::uint8_t>(prefix.bits()), i});
        }
        const PrefixIndex index(entries);
        for (int i = 0; i < 100; ++i) {
            auto address = *base::IpAddress::parse(random_ip(random));
            if (i == 0) {
                address = *base::IpAddress::parse("255.255.255.255");
            } else if (i == 1) {
                address = *base::IpAddress::parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
            } else if (i == 2) {
                address = *base::IpAddress::parse("::");
            }
            std::set<std::uint32_t> wanted;
            for (const PrefixEntry& entry : entries) {
                const int v4_bits = entry.bits - 96;
                const bool v4 = entry.address.is_v4() && entry.bits >= 96;
                const auto prefix = base::IpPrefix::parse(
                    entry.address.text() + '/' + std::to_string(v4 ? v4_bits : entry.bits));
                if (v4 == address.is_v4() && prefix->contains(address)) {
                    wanted.insert(entry.value);
                }
            }
            std::set<std::uint32_t> got;
            for (auto at = index.longest(address); at != PrefixIndex::kNone;
                 at = index.parent_of(at)) {
                got.insert(index.entry(at).value);
            }
            ASSERT_EQ(got, wanted) << address.text();
        }
    }
}

}  // namespace
}  // namespace gac::detect::ioc
