// Random questions over random events against a reference that shares no code with the room, with
// any number of threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "store/testing.h"

namespace gac::store {

using event::ValueRef;
using testing::RandomEvents;
using testing::TemporaryFolder;

namespace {

struct Kept {
    event::EventId id;
    std::int64_t time;
    bool drill;
    std::string source, raw;
    std::multimap<std::string, std::string>
        fields;  // texts of values; elements of lists one by one
    std::multimap<std::string, double> numbers;
};

struct Question {
    std::string text;
    std::function<bool(const Kept&)> holds;
};

bool glob(std::string_view text, std::string_view pattern) {
    if (pattern.empty()) {
        return text.empty();
    }
    if (pattern[0] == '*') {
        return glob(text, pattern.substr(1)) || (!text.empty() && glob(text.substr(1), pattern));
    }
    return !text.empty() && text[0] == pattern[0] && glob(text.substr(1), pattern.substr(1));
}

// A bare word or phrase with stars at its ends only, by the book: no letter or digit beside it
// unless a star stands there.
bool word_in(std::string_view text, std::string_view word) {
    const bool open_begin = word.starts_with('*');
    const bool open_end = word.ends_with('*');
    word.remove_prefix(open_begin ? 1 : 0);
    word.remove_suffix(open_end ? 1 : 0);
    const auto of_word = [&](std::size_t at) {
        const auto c = static_cast<unsigned char>(text[at]);
        return c >= 0x80 || std::isalnum(c) != 0;
    };
    for (std::size_t at = 0; at + word.size() <= text.size(); ++at) {
        const std::size_t end = at + word.size();
        if (text.substr(at, word.size()) == word && (open_begin || at == 0 || !of_word(at - 1))
            && (open_end || end == text.size() || !of_word(end))) {
            return true;
        }
    }
    return false;
}

class Asker {
public:
    explicit Asker(std::uint32_t seed) : random_(seed) {}

    Question ask(int depth) {
        const std::uint32_t kind = below(depth <= 0 ? 8 : 11);
        if (kind >= 8) {
            Question a = ask(depth - 1);
            Question b = ask(depth - 1);
            if (kind == 8) {
                return {"not (" + a.text + ")", [a](const Kept& e) { return !a.holds(e); }};
            }
            const bool either = kind == 9;
            return {"(" + a.text + (either ? ") or (" : ") and (") + b.text + ")",
                    [a, b, either](const Kept& e) {
                        return either ? a.holds(e) || b.holds(e) : a.holds(e) && b.holds(e);
                    }};
        }
        switch (kind) {
            case 0: {
                const std::string user =
                    pick({"root", "ROOT", "adm*", "*an", "second", "nguyen van an", "nobody"});
                return field("user.name", "\"" == user         ? user
                                          : user.contains(' ') ? "nguyen*an"
                                                               : user);
            }
            case 1: {
                const std::string word =
                    pick({"failed", "publickey", "dang", "thất bại", "closed", "10.0.0.1", "fail",
                          "port 1", "ail*", "*ail*", "*ai", "clos*", "10.0.0.1*", "*by", "bai"});
                return {word.contains(' ') ? "\"" + word + "\"" : word, [word](const Kept& e) {
                            return word_in(word.contains(' ') ? base::fold_case(e.raw)
                                                              : base::fold_for_search(e.raw),
                                           word);
                        }};
            }
            case 2: {
                const auto port = static_cast<double>(below(65536));
                return {fmt::format("source.port >= {}", port), [port](const Kept& e) {
                            const auto found = e.numbers.find("source.port");
                            return found != e.numbers.end() && found->second >= port;
                        }};
            }
            case 3:
                return field("odd", pick({"5", "5.5", "true", "false", "*"}));
            case 4:
                return field("tags", pick({"alpha", "7", "*", "al*"}));
            case 5: {
                const std::string end = pick({"7", "42", "0"});
                return {"event.original:/PORT \\d*" + end + "$/",
                        [end](const Kept& e) { return e.raw.ends_with(end); }};
            }
            case 6: {
                const auto low = static_cast<double>(below(65536));
                const double high = low + below(9000);
                return {fmt::format("source.port:[{} to {}}}", low, high),
                        [low, high](const Kept& e) {
                            const auto found = e.numbers.find("source.port");
                            return found != e.numbers.end() && found->second >= low
                                   && found->second < high;
                        }};
            }
            default: {
                const std::uint32_t host = below(20);
                const std::string address = fmt::format("10.0.0.{}", host);
                return {"source.ip:" + address, [address](const Kept& e) {
                            return e.fields.find("source.ip")->second == address;
                        }};
            }
        }
    }

private:
    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
    std::string pick(std::vector<std::string> choices) {
        return choices[below(static_cast<std::uint32_t>(choices.size()))];
    }

    static Question field(const std::string& name, const std::string& pattern) {
        return {name + ":" + pattern, [name, pattern](const Kept& e) {
                    const auto [begin, end] = e.fields.equal_range(name);
                    return std::any_of(begin, end, [&](const auto& entry) {
                        return glob(base::fold_for_search(entry.second),
                                    base::fold_for_search(pattern));
                    });
                }};
    }

    std::mt19937 random_;
};

void keep_value(Kept& kept, const std::string& name, const ValueRef& value) {
    if (value.type() == event::Type::List) {
        for (const ValueRef& element : value.list()) {
            keep_value(kept, name, element);
        }
        return;
    }
    if (value.is_null()) {
        return;
    }
    std::string scratch;
    kept.fields.emplace(name, value.text(scratch));
    if (value.type() == event::Type::Integer) {
        kept.numbers.emplace(name, static_cast<double>(value.integer()));
    }
}

// Pages one after the other are the whole.
void check_pages(const Store& store, Query query, const Answer& whole) {
    query.limit = 37;
    std::uint32_t row = 0;
    do {
        const auto page = store.search(query, {}).value();
        for (std::uint32_t i = 0; i < page.events.size(); ++i, ++row) {
            ASSERT_LT(row, whole.events.size());
            ASSERT_EQ(page.events.id_of(i), whole.events.id_of(row)) << query.text;
        }
        query.cursor = page.cursor;
    } while (!query.cursor.empty());
    ASSERT_EQ(row, whole.events.size()) << query.text;
}

std::string asked(const Store& store, const TimeRange& range, const std::string& text) {
    auto query = parse(text, {});
    if (!query) {
        return query.error().message();
    }
    query->range = range;
    const auto answer = store.search(*query, {}).value();
    std::string out;
    for (const auto& row : answer.rows) {
        for (const Cell& cell : row) {
            out += text_of(cell) + ",";
        }
        out += ';';
    }
    return out;
}

double rank(std::vector<double> sorted, double fraction) {
    const auto n = static_cast<double>(sorted.size());
    const auto at = static_cast<std::size_t>(std::ceil(fraction * n - 1e-9));
    return sorted[std::max<std::size_t>(at, 1) - 1];
}

// Every pipe that makes something of many events, by hand.
void check_tables(const Store& store, const Query& query, const Question& question,
                  const std::vector<Kept>& all) {
    struct Group {
        std::vector<double> ports;
        std::set<std::string> addresses;
        const Kept* newest = nullptr;
    };
    std::map<std::string, Group> groups;
    std::map<std::int64_t, std::size_t> hours;
    std::map<std::string, std::size_t> odd_ports;  // whose last digit is odd, by that digit
    for (const Kept& kept : all) {
        if (!query.range.contains({kept.time}) || !question.holds(kept)) {
            continue;
        }
        Group& group = groups[kept.source];
        group.ports.push_back(kept.numbers.find("source.port")->second);
        group.addresses.insert(kept.fields.find("source.ip")->second);
        if (group.newest == nullptr
            || std::pair(kept.time, kept.id) > std::pair(group.newest->time, group.newest->id)) {
            group.newest = &kept;
        }
        ++hours[kept.time / 60'000'000];
        if ((kept.raw.back() - '0') % 2 == 1) {
            ++odd_ports[std::string(1, kept.raw.back())];
        }
    }
    std::string figures;
    std::string newest;
    for (auto& [source, group] : groups) {
        std::ranges::sort(group.ports);
        double sum = 0;
        for (const double port : group.ports) {
            sum += port;
        }
        figures += fmt::format("{},{},{},{},{},{},", source, group.ports.size(), sum,
                               group.ports.front(), group.ports.back(), group.addresses.size());
        figures += group.ports.size() <= 1000
                       ? fmt::format("{},{},;", rank(group.ports, 0.5), rank(group.ports, 0.95))
                       : "many;";
        newest += fmt::format("{},{},;", source, group.newest->id);
    }
    const std::string range = question.text;
    if (!figures.contains("many")) {
        EXPECT_EQ(asked(store, query.range,
                        range
                            + " | stats count(), sum(source.port), min(source.port), "
                              "max(source.port), dcount(source.ip), p50(source.port), "
                              "p95(source.port) by gac.source | sort gac.source"),
                  figures)
            << question.text;
    }
    EXPECT_EQ(asked(store, query.range,
                    range + " | dedup gac.source | sort gac.source | fields gac.source, event.id"),
              newest)
        << question.text;
    std::string minutes;
    for (const auto& [minute, count] : hours) {
        minutes += fmt::format("{},{},;", base::format_rfc3339({minute * 60'000'000}), count);
    }
    EXPECT_EQ(asked(store, query.range, range + " | stats count() by 1m"), minutes)
        << question.text;
    std::string digits;
    for (const auto& [digit, count] : odd_ports) {
        digits += fmt::format("{},{},;", digit, count);
    }
    EXPECT_EQ(asked(store, query.range,
                    range
                        + " | extract event.original /(?<digit>[0-9])$/ | where digit:/[13579]/ | "
                          "stats count() by digit | sort digit"),
              digits)
        << question.text;
}

TEST(SearchProperty, RandomQuestionsEqualTheReference) {
    for (std::uint32_t seed = 1; seed <= 4; ++seed) {
        TemporaryFolder folder;
        const auto sources = std::make_shared<SourceNameTable>();
        const auto store = Store::open({.folder = folder.path() / "events",
                                        .memory_bytes_max = 60'000 * seed,
                                        .block_rows_max = 50 * seed * seed,
                                        .disk_reserve_bytes = 1,
                                        .search_threads = seed},
                                       testing::no_profiles(folder), sources)
                               .value();
        RandomEvents random(seed);
        std::vector<Kept> all;
        event::EventBatch batch;
        for (int i = 0; i < 60; ++i) {
            batch.reset();
            for (std::uint32_t n = 1 + random.below(80); n > 0; --n) {
                random.add(batch, *sources);
            }
            ASSERT_TRUE(testing::put(*store, batch).has_value());
            for (std::uint32_t row = 0; row < batch.size(); ++row) {
                const event::EventRef event = batch[row];
                Kept& kept = all.emplace_back();
                kept.id = event.id();
                kept.time = event.head().time.us;
                kept.drill = event.head().drill;
                kept.source = sources->source_name(event.head().source);
                kept.raw = event.head().raw;
                for (const event::Field& field : event.fields()) {
                    keep_value(kept, std::string(event::name_of(field.id)), field.value);
                }
            }
        }
        Asker asker(seed * 100);
        for (int i = 0; i < 60; ++i) {
            const Question question = asker.ask(3);
            auto query = parse(question.text, {});
            ASSERT_TRUE(query.has_value()) << question.text << ": " << query.error().message();
            query->limit = 100'000;
            if (i % 3 == 0) {
                query->range = {.from = {all[all.size() / 4].time},
                                .to = {all[all.size() / 2].time}};
            }
            std::set<std::pair<std::int64_t, event::EventId>> expected;
            std::map<std::string, std::int64_t> expected_counts;
            for (const Kept& kept : all) {
                if (query->range.contains({kept.time}) && question.holds(kept)) {
                    expected.emplace(kept.time, kept.id);
                    ++expected_counts[kept.source];
                }
            }
            const auto answer = store->search(*query, {.rows_max = 100'000});
            ASSERT_TRUE(answer.has_value()) << question.text;
            ASSERT_EQ(answer->events.size(), expected.size()) << question.text << " seed " << seed;
            auto next = expected.rbegin();
            for (std::uint32_t row = 0; row < answer->events.size(); ++row, ++next) {
                ASSERT_EQ(answer->events.id_of(row), next->second) << question.text;
            }
            check_pages(*store, *query, *answer);
            check_tables(*store, *query, question, all);
            auto counting = parse(question.text + " | stats count() by gac.source", {}).value();
            counting.range = query->range;
            const auto table = store->search(counting, {}).value();
            std::map<std::string, std::int64_t> counts;
            for (const auto& row : table.rows) {
                counts[std::get<std::string>(row[0])] = std::get<std::int64_t>(row[1]);
            }
            ASSERT_EQ(counts, expected_counts) << question.text;
        }
    }
}

}  // namespace

}  // namespace gac::store
