// The search language and the shape of its answers. A query is a filter, then pipes:
//     source.ip:10.0.0.0/8 and not user.name:root and "failed password" | stats count() by
//     user.name | sort -count
// docs/search.md tells the whole language. Values; any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "base/time.h"
#include "event/batch.h"

namespace gac::store {

class Hunter;

namespace query {
struct Tree;  // parsed text; private to the room
}

struct TimeRange {  // [from, to)
    base::TimePoint from{std::numeric_limits<std::int64_t>::min()};
    base::TimePoint to{std::numeric_limits<std::int64_t>::max()};
    bool contains(base::TimePoint t) const { return from <= t && t < to; }
};

struct Query {
    std::string text;                         // as typed
    std::shared_ptr<const query::Tree> tree;  // made by parse
    TimeRange range;
    // Rows of a page; a `limit` pipe can only make it smaller. Not set: 100 events, all rows of a
    // table.
    std::optional<std::uint32_t> limit;
    std::string cursor;  // Answer::cursor of the page before
    bool explain = false;
    // The list of a `hunt` pipe (hunt_list), set by the caller who knows lists.
    std::shared_ptr<const Hunter> hunter;
    // Set by access control: only these sources, whatever the text says. Not set = all.
    std::optional<std::vector<std::string>> only_sources;
};

// The empty text matches everything. An error's `where` is "column N" (characters, from 1).
Result<Query> parse(std::string_view text, base::TimePoint now);

// The name of the list that a `hunt` pipe asks for; empty when there is no such pipe.
std::string hunt_list(const Query& query);

// For the console and the terminal: the column of a parse error, and the text with a caret under
// the place.
std::optional<std::uint32_t> error_column(const Error& error);
std::string with_caret(std::string_view text, const Error& error);

// How far a question is, for those who watch it: written while it runs, read by any thread.
struct Progress {
    std::atomic<std::uint64_t> bytes = 0;   // looked at, unpacked
    std::atomic<std::uint64_t> events = 0;  // looked at or left out by an index
    std::atomic<std::uint64_t> units_done = 0;
    std::atomic<std::uint64_t> units_all = 0;  // blocks in the time range; grows while it runs
};

// How much one question may cost. What is over budget is left out and Answer::partial says why.
struct Budget {
    std::uint64_t bytes_max = 64ULL << 30;    // decoded bytes looked at
    std::uint32_t rows_max = 10'000;          // rows in the answer, whatever the query says
    std::uint32_t groups_max = 200'000;       // groups of a stats
    std::uint64_t memory_max = 256ULL << 20;  // of groups, sorted rows and distinct values
    base::Duration time_max = base::Duration::seconds(30);
    std::stop_token cancel;              // heeded within 100 ms
    std::uint64_t asker = 0;             // askers take turns; 0: nobody else's question is his
    std::shared_ptr<Progress> progress;  // optional
};

// What of history was not read for a question, and why. Blocks count only in segments that the time
// range meets at all; a block counts once, by the first reason found.
struct SkipCounts {
    std::uint64_t blocks = 0;       // of those segments
    std::uint64_t by_time = 0;      // outside the time range
    std::uint64_t by_range = 0;     // between lowest and highest value, or without such a field
    std::uint64_t by_words = 0;     // the words asked for are not in it
    std::uint64_t by_entity = 0;    // the addresses, users, hosts … asked for are not in it
    std::uint64_t index_bytes = 0;  // read of the indexes to find that out

    std::uint64_t skipped() const { return by_time + by_range + by_words + by_entity; }
    void add(const SkipCounts& other) {
        blocks += other.blocks;
        by_time += other.by_time;
        by_range += other.by_range;
        by_words += other.by_words;
        by_entity += other.by_entity;
        index_bytes += other.index_bytes;
    }
};

// Where a question looked, for those who wonder why it takes so long.
struct Explanation {
    struct Part {
        std::string file;  // of a segment, or "memory"
        std::uint64_t blocks = 0;
        std::uint64_t rows = 0;  // of those blocks
        std::uint64_t read = 0;  // blocks of which something was looked at
        std::uint64_t bytes = 0;
        SkipCounts skips;
    };
    std::vector<std::string> plan;  // in words, a step a line
    std::vector<Part> parts;        // newest first; parts outside the time range are not here
    unsigned threads = 0;
    std::int64_t wait_us = 0;  // for its turn
    std::int64_t plan_us = 0;
    std::int64_t walk_us = 0;  // looking through the blocks
    std::int64_t read_us = 0;  // reading the events of the answer
};

// One cell of a table row. monostate = no value.
using Cell = std::variant<std::monostate, std::string, std::int64_t, double, bool, base::IpAddress,
                          base::TimePoint>;
void append_json(const Cell& cell, std::string& out);
std::string text_of(const Cell& cell);

struct Answer {
    // Events (newest first unless sorted otherwise), or a table made by a stats pipe.
    bool is_table = false;
    // Table: its column names. Events: the names asked for by a `fields` pipe, or empty for all
    // fields.
    std::vector<std::string> columns;
    event::EventBatch events;  // each row's EventRef::id() is its own
    // Events with `columns`: one row an event, so that asked names need no second look-up. Table:
    // its rows.
    std::vector<std::vector<Cell>> rows;
    std::string cursor;  // empty: no further page
    std::uint64_t scanned_bytes = 0;
    std::uint64_t scanned_events = 0;
    SkipCounts skips;
    std::string partial;             // empty, or the reason why the answer is not complete
    std::vector<std::string> notes;  // figures that are estimates
    std::shared_ptr<const Explanation> explanation;  // when Query::explain
};

struct HistogramSpec {
    base::Duration interval;  // width of a bucket; buckets start at multiples of it in UTC
    std::string split_by;     // optional field
    std::uint32_t split_values_max = 8;
};

struct Histogram {
    struct Bucket {
        base::TimePoint start;
        std::uint64_t count = 0;
        std::vector<std::uint64_t>
            split;  // beside split_values; what is in none of them is in `count` alone
    };
    std::vector<Bucket> buckets;            // ascending; empty buckets inside the span are there
    std::vector<std::string> split_values;  // the most frequent first
    std::uint64_t total = 0;
    std::uint64_t scanned_bytes = 0;
    std::string partial;
};

// A width that gives at most `buckets_max` buckets over the span, from a list of round ones (1 s
// ... 7 d).
base::Duration round_interval(base::Duration span, std::uint32_t buckets_max);

struct TopValues {
    struct Value {
        Cell value;
        std::uint64_t count = 0;
    };
    std::string field;              // as asked
    std::vector<Value> values;      // most frequent first
    std::uint64_t events_with = 0;  // events that have the field
    std::uint64_t events = 0;       // events looked at
    std::uint64_t distinct = 0;
    std::uint64_t scanned_bytes = 0;
    std::string partial;
};

}  // namespace gac::store
