#include "store/query/unit.h"

#include <fcntl.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "store/bytes.h"
#include "store/query/codes.h"
#include "store/query/kernels.h"
#include "store/query/memory_unit.h"
#include "store/query/raw_search.h"

namespace gac::store::query {

using event::FieldId;
using event::ValueRef;

namespace {

constexpr std::uint32_t kMemoryUnitRows = 4096;  // small batches are looked at together
constexpr std::uint32_t kFewRows = 64;           // that are looked at one by one

Result<> keep_on(const Watch* watch) {
    return watch != nullptr && watch->stopped() ? Result<>(fail(Code::Unavailable, "stopped"))
                                                : Result<>();
}

Result<> match_pages(Column& column, Matcher& matcher, const RowSet& among, const Watch* watch,
                     RowSet& out) {
    // Rows by page; the rows of a sparse column are listed first.
    std::vector<std::uint32_t> row_of;
    if (!column.everywhere()) {
        column.present().for_each([&](std::uint32_t row) { row_of.push_back(row); });
    }
    const auto row_at = [&](std::uint32_t index) { return row_of.empty() ? index : row_of[index]; };
    const auto wanted = [&](std::uint32_t index) { return among.has(row_at(index)); };
    Pattern& pattern = matcher.pattern();
    const bool by_page = matcher.test().relation == Relation::Is && pattern.is_literal_search();
    std::uint32_t first = 0;
    for (std::size_t number = 0; number < column.pages(); ++number) {
        const std::uint32_t count = column.page_count(number);
        const std::uint32_t begin = first;
        first += count;
        bool any = false;
        for (std::uint32_t i = begin; i < begin + count && !any; ++i) {
            any = wanted(i);
        }
        if (!any) {
            continue;
        }
        GAC_CHECK(keep_on(watch));
        GAC_TRY(page, column.page(number));
        if (by_page && is_ascii(page->text)) {
            std::uint32_t value = 0;
            for (std::size_t at = find_ignoring_case(page->text, pattern.literal(), 0);
                 at != std::string_view::npos;) {
                while (page->ends[value] <= at) {
                    ++value;
                }
                const std::size_t from = value == 0 ? 0 : page->ends[value - 1];
                const std::string_view text = page->value(value);
                if (at + pattern.literal().size() <= page->ends[value]
                    && pattern.bordered(text, at - from, at - from + pattern.literal().size())) {
                    if (wanted(begin + value)) {
                        out.set(row_at(begin + value));
                    }
                    at = page->ends[value];  // one hit in a text is enough
                } else {
                    ++at;  // it reaches over the end of its text, or is a part of a word
                }
                at = at >= page->text.size()
                         ? std::string_view::npos
                         : find_ignoring_case(page->text, pattern.literal(), at);
            }
            continue;
        }
        for (std::uint32_t i = 0; i < count; ++i) {
            if (wanted(begin + i) && matcher.matches(ValueRef(page->value(i)))) {
                out.set(row_at(begin + i));
            }
        }
    }
    return {};
}

// Texts that are put together out of other columns: only where the pattern may match.
Result<> match_made(BlockReader& reader, Column& column, Matcher& matcher, const RowSet& among,
                    const Watch* watch, RowSet& out) {
    RowSet maybe = among;
    if (!column.everywhere()) {
        maybe &= column.present();
    }
    if (matcher.test().relation == Relation::Is && !matcher.pattern().literal().empty()) {
        RawSearch search(reader, matcher.pattern());
        GAC_TRY(hits, search.find(column, maybe));
        out |= hits.sure;
        maybe = std::move(hits.maybe);
    }
    std::string text;
    std::optional<Error> fault;
    std::uint32_t rows = 0;
    maybe.for_each([&](std::uint32_t row) {
        if (fault) {
            return;
        }
        text.clear();
        auto done = rows++ % 1024 == 0 ? keep_on(watch) : Result<>();
        if (done) {
            done = reader.rebuilder().append_text(column, row, text);
        }
        if (!done) {
            fault = std::move(done).error();
        } else if (matcher.matches(ValueRef(std::string_view(text)))) {
            out.set(row);
        }
    });
    if (fault) {
        return std::unexpected(std::move(*fault));
    }
    return {};
}

Result<> match_column(BlockReader& reader, Column& column, Matcher& matcher, const RowSet& among,
                      const Watch* watch, RowSet& out) {
    GAC_CHECK(keep_on(watch));
    if (match_packed(column, matcher, among, out)) {
        return {};
    }
    if (column.paged()) {
        return column.entry().encoding == Encoding::Text
                   ? match_pages(column, matcher, among, watch, out)
                   : match_made(reader, column, matcher, among, watch, out);
    }
    std::optional<Error> fault;
    const auto passes = [&](std::uint32_t index) {
        auto value = column.at(index);
        if (!value) {
            fault = std::move(value).error();
        }
        return value && matcher.matches(*value);
    };
    Places places;
    if (number_places(column, places)) {
        std::vector<char> good;
        for (const std::uint32_t index : places.first) {
            good.push_back(passes(index) ? 1 : 0);
        }
        for_present(column, among, [&](std::uint32_t row, std::uint32_t index) {
            if (good[places.of_index[index]] != 0) {
                out.set(row);
            }
        });
    } else {
        for_present(column, among, [&](std::uint32_t row, std::uint32_t index) {
            if (passes(index)) {
                out.set(row);
            }
        });
    }
    if (fault) {
        return std::unexpected(std::move(*fault));
    }
    return {};
}

// Codes of the rows of `among` that have the column.
Result<> add_codes(Column& column, const RowSet& among, CodeTable& table, Codes& out) {
    constexpr std::uint32_t kUnknown = 0xffff'ffff;
    std::vector<std::uint32_t> code_of;  // of a value's number in the column
    std::optional<Error> fault;
    const auto translate = [&](std::uint32_t number, std::uint32_t index) {
        std::uint32_t& code = code_of[number];
        if (code == kUnknown) {
            const auto value = column.at(index);
            code = value ? table.of(*value) : 0;
            if (!value) {
                fault = value.error();
            }
        }
        return code;
    };
    Places places;
    if (column.coded()) {
        code_of.assign(column.distinct().size(), kUnknown);
        const std::span<const std::uint32_t> codes = column.codes();
        for_present(column, among, [&](std::uint32_t row, std::uint32_t index) {
            out.code[row] = translate(codes.empty() ? 0 : codes[index], index);
        });
    } else if (number_places(column, places)) {
        code_of.assign(places.first.size(), kUnknown);
        for_present(column, among, [&](std::uint32_t row, std::uint32_t index) {
            out.code[row] = translate(places.of_index[index], index);
        });
    } else {
        code_of.resize(1);
        for_present(column, among, [&](std::uint32_t row, std::uint32_t index) {
            code_of[0] = kUnknown;
            out.code[row] = translate(0, index);
        });
    }
    if (fault) {
        return std::unexpected(std::move(*fault));
    }
    return {};
}

class BlockUnit final : public Unit {
public:
    BlockUnit(std::shared_ptr<const Segment> segment, base::Fd fd, std::uint32_t block,
              const Names& names, const Watch* watch)
        : names_(names),
          watch_(watch),
          fd_(std::move(fd)),
          reader_(std::move(segment), fd_, block) {}

    std::uint32_t rows() const override { return reader_.rows(); }
    std::uint64_t bytes_read() const override { return reader_.bytes_read(); }
    BlockReader* block_reader() override { return &reader_; }
    Result<std::span<const std::int64_t>> times() override { return reader_.numbers(System::Time); }
    Result<std::span<const std::int64_t>> ids() override { return reader_.numbers(System::Id); }
    Result<> stands(const RowSet& of, const std::function<void(Stand)>& use) override;
    Result<RowSet> matches(PlanNode& node, const RowSet& among) override;
    Result<RowSet> passing(
        const RowSet& among,
        const std::function<bool(const event::EventRef&, const Names&)>& test) override;
    Result<Codes> codes(const Name& name, const RowSet& rows_asked) override;
    Result<std::optional<ValueCounts>> value_counts(const Name& name) override {
        return count_values(reader_, name);
    }
    Result<> materialize(std::span<const std::uint32_t> rows_asked, event::EventBatch& out,
                         std::vector<event::EventId>& ids) override {
        return reader_.materialize(rows_asked, out, ids);
    }

private:
    // Rows whose profile reads a name by the same own fields.
    struct Share {
        std::span<const FieldId> own;
        RowSet rows;
    };
    Result<std::vector<Share>> shares(const Name& name, const RowSet& among);
    Result<RowSet> leaf(PlanNode& node, const RowSet& among);
    std::unexpected<Error> unknown_profile() const {
        return fail(Code::Corrupt, "a row names a profile that is not in the footer",
                    reader_.segment().path().string());
    }
    Result<std::optional<RowSet>> few_of_leaf(PlanNode& node, const RowSet& among);
    Result<bool> row_passes(const Name& name, Matcher& matcher, std::uint32_t row);
    Result<RowSet> system_leaf(PlanNode& node, const RowSet& among);
    Result<RowSet> sources(const PlanNode& node, const RowSet& among);
    // One value a row of a thing that every event has.
    template <class F>
    Result<> system_values(Name::Kind kind, const RowSet& among, F&& use);

    const Names& names_;
    const Watch* watch_;
    base::Fd fd_;
    BlockReader reader_;
};

Result<RowSet> BlockUnit::matches(PlanNode& node, const RowSet& among) {
    switch (node.kind) {
        case PlanNode::Kind::All:
            return among;
        case PlanNode::Kind::And: {
            RowSet left = among;
            for (PlanNode& child : node.children) {
                if (left.empty()) {
                    break;
                }
                GAC_TRY(passed, matches(child, left));
                left = std::move(passed);
            }
            return left;
        }
        case PlanNode::Kind::Or: {
            RowSet rest = among;
            RowSet out(rows());
            for (PlanNode& child : node.children) {
                if (rest.empty()) {
                    break;
                }
                GAC_TRY(passed, matches(child, rest));
                out |= passed;
                rest -= passed;
            }
            return out;
        }
        case PlanNode::Kind::Not: {
            GAC_TRY(passed, matches(node.children.front(), among));
            RowSet out = among;
            out -= passed;
            return out;
        }
        case PlanNode::Kind::Sources:
            return sources(node, among);
        case PlanNode::Kind::Leaf:
            return node.name.kind == Name::Kind::Own ? leaf(node, among) : system_leaf(node, among);
        case PlanNode::Kind::Hunt:
            break;  // answered above the unit
    }
    return RowSet(rows());
}

Result<std::vector<BlockUnit::Share>> BlockUnit::shares(const Name& name, const RowSet& among) {
    std::vector<Share> out;
    const auto& profiles = reader_.segment().profiles();
    if (!profiles.empty() && std::ranges::all_of(profiles, [&](event::ProfileId profile) {
            return std::ranges::equal(name.own(profile), name.own(profiles.front()));
        })) {
        out.push_back({name.own(profiles.front()), among});
        return out;
    }
    GAC_TRY(column, reader_.head(System::Profile));
    if (column->entry().encoding == Encoding::Constant) {
        const auto number = static_cast<std::uint64_t>(column->distinct().front().integer());
        if (number >= profiles.size()) {
            return unknown_profile();
        }
        out.push_back({name.own(profiles[number]), among});
        return out;
    }
    GAC_TRY(numbers, reader_.numbers(System::Profile));
    // Profiles that read the name alike share their rows.
    std::vector<std::size_t> share_of;
    for (const event::ProfileId profile : profiles) {
        const auto own = name.own(profile);
        const auto same = std::ranges::find_if(
            out, [&](const Share& share) { return std::ranges::equal(share.own, own); });
        share_of.push_back(static_cast<std::size_t>(same - out.begin()));
        if (same == out.end()) {
            out.push_back({own, RowSet(rows())});
        }
    }
    bool known = true;
    among.for_each([&](std::uint32_t row) {
        const auto number = static_cast<std::uint64_t>(numbers[row]);
        if (number < share_of.size()) {
            out[share_of[number]].rows.set(row);
        } else {
            known = false;
        }
    });
    if (!known) {
        return unknown_profile();
    }
    std::erase_if(out, [](const Share& share) { return share.rows.empty(); });
    return out;
}

// Rows of which some field that the name can mean passes, when they are few: which of these
// fields counts is then looked at row by row, so that nothing has to be known of all the others.
Result<std::optional<RowSet>> BlockUnit::few_of_leaf(PlanNode& node, const RowSet& among) {
    Matcher& matcher = *node.matcher;
    RowSet maybe(rows());
    std::vector<FieldId> fields;
    for (const event::ProfileId profile : reader_.segment().profiles()) {
        for (const FieldId own : node.name.own(profile)) {
            if (std::ranges::find(fields, own) == fields.end()) {
                fields.push_back(own);
            }
        }
    }
    for (const FieldId field : fields) {
        for (const std::uint32_t number : reader_.columns_of(field)) {
            const ColumnEntry& entry = reader_.entry().columns[number];
            if (entry.type == TypeCode::Null || excluded(entry, matcher.test())) {
                continue;
            }
            GAC_TRY(column, reader_.column(number));
            if (column->paged()) {
                return std::optional<RowSet>();  // texts are looked at once, in the rows that count
            }
            GAC_CHECK(match_column(reader_, *column, matcher, among, watch_, maybe));
        }
    }
    if (maybe.count() > kFewRows) {
        return std::optional<RowSet>();
    }
    RowSet out(rows());
    std::optional<Error> fault;
    maybe.for_each([&](std::uint32_t row) {
        auto passes = row_passes(node.name, matcher, row);
        if (!passes) {
            fault = std::move(passes).error();
        } else if (*passes) {
            out.set(row);
        }
    });
    if (fault) {
        return std::unexpected(std::move(*fault));
    }
    return std::optional(std::move(out));
}

Result<bool> BlockUnit::row_passes(const Name& name, Matcher& matcher, std::uint32_t row) {
    GAC_TRY(profile, reader_.head(System::Profile));
    GAC_TRY(value, profile->at_row(row));
    const auto profiles = reader_.segment().profiles();
    const auto number = static_cast<std::uint64_t>(value.integer());
    if (number >= profiles.size()) {
        return unknown_profile();
    }
    for (const FieldId own : name.own(profiles[number])) {
        bool had = false;
        for (const std::uint32_t place : reader_.columns_of(own)) {
            if (reader_.entry().columns[place].type == TypeCode::Null) {
                continue;
            }
            GAC_TRY(column, reader_.column(place));
            if (column->has(row)) {
                had = true;
                GAC_TRY(here, column->at_row(row));
                if (matcher.matches(here)) {
                    return true;
                }
            }
        }
        if (had) {
            return false;  // the first field that the row has counts
        }
    }
    return false;
}

Result<RowSet> BlockUnit::leaf(PlanNode& node, const RowSet& among) {
    Matcher& matcher = *node.matcher;
    if (is_equality(matcher.test())) {
        GAC_TRY(few, few_of_leaf(node, among));
        if (few) {
            return *std::move(few);
        }
    }
    RowSet out(rows());
    GAC_TRY(all_shares, shares(node.name, among));
    for (Share& share : all_shares) {
        RowSet& rest = share.rows;
        for (const FieldId own : share.own) {
            const auto columns = reader_.columns_of(own);
            // With one own field left nobody asks which rows had it: a column that cannot match is
            // not read.
            const bool last = own == share.own.back();
            RowSet had(rows());
            for (const std::uint32_t number : columns) {
                const ColumnEntry& entry = reader_.entry().columns[number];
                if (entry.type == TypeCode::Null) {
                    continue;
                }
                if (last && excluded(entry, matcher.test())) {
                    continue;
                }
                GAC_TRY(column, reader_.column(number));
                RowSet here = rest;
                if (!column->everywhere()) {
                    here &= column->present();
                }
                if (matcher.exists_only()) {
                    out |= here;
                } else {
                    GAC_CHECK(match_column(reader_, *column, matcher, here, watch_, out));
                }
                had |= here;
            }
            rest -= had;
            if (rest.empty()) {
                break;
            }
        }
    }
    return out;
}

template <class F>
Result<> BlockUnit::system_values(Name::Kind kind, const RowSet& among, F&& use) {
    const auto per_row = [&](System which, auto make) -> Result<> {
        GAC_TRY(numbers, reader_.numbers(which));
        among.for_each([&](std::uint32_t row) { use(row, make(row, numbers[row])); });
        return {};
    };
    switch (kind) {
        case Name::Kind::Time:
            return per_row(System::Time, [](std::uint32_t, std::int64_t n) {
                return ValueRef(base::TimePoint{n});
            });
        case Name::Kind::Received: {
            GAC_TRY(times, reader_.numbers(System::Time));
            return per_row(System::Received, [times](std::uint32_t row, std::int64_t n) {
                return ValueRef(base::TimePoint{wrapping_add(times[row], n)});
            });
        }
        case Name::Kind::Id:
            return per_row(System::Id, [](std::uint32_t, std::int64_t n) { return ValueRef(n); });
        case Name::Kind::Drill:
            return per_row(System::Flags, [](std::uint32_t, std::int64_t n) {
                return ValueRef((n & kFlagDrill) != 0);
            });
        case Name::Kind::ParseFailed:
            return per_row(System::Flags, [](std::uint32_t, std::int64_t n) {
                return ValueRef((n & kFlagParseFailed) != 0);
            });
        case Name::Kind::Source: {
            const auto& names = reader_.segment().source_names();
            return per_row(System::Source, [&names](std::uint32_t, std::int64_t n) {
                return static_cast<std::uint64_t>(n) < names.size()
                           ? ValueRef(std::string_view(names[static_cast<std::size_t>(n)]))
                           : ValueRef();
            });
        }
        case Name::Kind::Profile: {
            const auto profiles = reader_.segment().profiles();
            return per_row(System::Profile, [&, profiles](std::uint32_t, std::int64_t n) {
                return static_cast<std::uint64_t>(n) < profiles.size()
                           ? ValueRef(std::string_view(
                                 (*names_.profiles)[profiles[static_cast<std::size_t>(n)]].name))
                           : ValueRef();
            });
        }
        case Name::Kind::Raw: {
            GAC_TRY(column, reader_.head(System::Raw));
            std::optional<Error> fault;
            among.for_each([&](std::uint32_t row) {
                auto value = column->at(row);
                if (value) {
                    use(row, *value);
                } else {
                    fault = std::move(value).error();
                }
            });
            if (fault) {
                return std::unexpected(std::move(*fault));
            }
            return {};
        }
        case Name::Kind::Own:
        case Name::Kind::Computed:
            break;
    }
    return {};
}

Result<RowSet> BlockUnit::system_leaf(PlanNode& node, const RowSet& among) {
    RowSet out(rows());
    if (node.name.kind == Name::Kind::Raw) {
        GAC_TRY(column, reader_.head(System::Raw));
        if (node.matcher->exists_only()) {
            return among;
        }
        GAC_CHECK(match_column(reader_, *column, *node.matcher, among, watch_, out));
        return out;
    }
    if (node.name.kind == Name::Kind::Time) {
        const ColumnEntry times{.type = TypeCode::Time,
                                .min = reader_.entry().time_min.us,
                                .max = reader_.entry().time_max.us};
        if (excluded(times, node.matcher->test())) {
            return out;
        }
    }
    GAC_CHECK(system_values(node.name.kind, among, [&](std::uint32_t row, const ValueRef& value) {
        if (node.matcher->matches(value)) {
            out.set(row);
        }
    }));
    return out;
}

Result<RowSet> BlockUnit::sources(const PlanNode& node, const RowSet& among) {
    RowSet out(rows());
    std::map<const char*, bool> known;  // names are few and live in the segment
    GAC_CHECK(
        system_values(Name::Kind::Source, among, [&](std::uint32_t row, const ValueRef& value) {
            if (value.is_null()) {
                return;
            }
            const auto [found, added] = known.try_emplace(value.string().data(), false);
            if (added) {
                found->second = std::ranges::binary_search(node.sources, value.string());
            }
            if (found->second) {
                out.set(row);
            }
        }));
    return out;
}

Result<> BlockUnit::stands(const RowSet& of, const std::function<void(Stand)>& use) {
    if (of.count() > kFewRows) {
        return Unit::stands(of, use);
    }
    GAC_TRY(times, reader_.head(System::Time));
    GAC_TRY(ids, reader_.head(System::Id));
    std::optional<Error> fault;
    of.for_each([&](std::uint32_t row) {
        const auto time = times->at_row(row);
        const auto id = ids->at_row(row);
        if (time && id) {
            use({.row = row, .time = time->integer(), .id = id->integer()});
        } else {
            fault = time ? id.error() : time.error();
        }
    });
    if (fault) {
        return std::unexpected(std::move(*fault));
    }
    return {};
}

Result<RowSet> BlockUnit::passing(
    const RowSet& among, const std::function<bool(const event::EventRef&, const Names&)>& test) {
    constexpr std::size_t kAtOnce = 1024;
    RowSet out(rows());
    std::vector<std::uint32_t> wanted;
    among.for_each([&](std::uint32_t row) { wanted.push_back(row); });
    for (std::size_t begin = 0; begin < wanted.size(); begin += kAtOnce) {
        GAC_CHECK(keep_on(watch_));
        const auto some =
            std::span(wanted).subspan(begin, std::min(kAtOnce, wanted.size() - begin));
        event::EventBatch events;
        std::vector<event::EventId> ids;
        GAC_CHECK(reader_.materialize(some, events, ids));
        for (std::uint32_t i = 0; i < events.size(); ++i) {
            if (test(events[i], names_)) {
                out.set(some[i]);
            }
        }
    }
    return out;
}

Result<Codes> BlockUnit::codes(const Name& name, const RowSet& rows_asked) {
    Codes out;
    out.code.resize(rows());
    CodeTable table(out);
    if (name.kind != Name::Kind::Own) {
        // Neighbours are often the same value.
        const char* last_text = nullptr;
        std::uint32_t last_code = 0;
        GAC_CHECK(
            system_values(name.kind, rows_asked, [&](std::uint32_t row, const ValueRef& value) {
                if (value.is_string() && value.string().data() == last_text) {
                    out.code[row] = last_code;
                    return;
                }
                out.code[row] = last_code = table.of(value);
                last_text = value.is_string() ? value.string().data() : nullptr;
            }));
        return out;
    }
    GAC_TRY(all_shares, shares(name, rows_asked));
    for (Share& share : all_shares) {
        RowSet& rest = share.rows;
        for (const FieldId own : share.own) {
            RowSet had(rows());
            // Of a field that stands twice the last one wins: columns of later occurrences come
            // later.
            std::vector<std::uint32_t> columns(reader_.columns_of(own).begin(),
                                               reader_.columns_of(own).end());
            std::ranges::sort(columns, {}, [&](std::uint32_t n) {
                return std::pair(reader_.entry().columns[n].occurrence, n);
            });
            for (const std::uint32_t number : columns) {
                if (reader_.entry().columns[number].type == TypeCode::Null) {
                    continue;
                }
                GAC_CHECK(keep_on(watch_));
                GAC_TRY(column, reader_.column(number));
                GAC_CHECK(add_codes(*column, rest, table, out));
                RowSet here = rest;
                if (!column->everywhere()) {
                    here &= column->present();
                }
                had |= here;
            }
            rest -= had;
            if (rest.empty()) {
                break;
            }
        }
    }
    return out;
}

}  // namespace

Result<> Unit::stands(const RowSet& of, const std::function<void(Stand)>& use) {
    GAC_TRY(all_times, times());
    GAC_TRY(all_ids, ids());
    of.for_each(
        [&](std::uint32_t row) { use({.row = row, .time = all_times[row], .id = all_ids[row]}); });
    return {};
}

bool excluded(const ColumnEntry& column, const Test& test) {
    std::int64_t value = 0;
    if (column.type == TypeCode::Integer && test.integer) {
        value = *test.integer;
    } else if (column.type == TypeCode::Time && test.time) {
        value = test.time->us;
    } else {
        return false;
    }
    switch (test.relation) {
        case Relation::Is:
            return value < column.min || value > column.max;
        case Relation::Less:
            return column.min >= value;
        case Relation::LessOrEqual:
            return column.min > value;
        case Relation::Greater:
            return column.max <= value;
        case Relation::GreaterOrEqual:
            return column.max < value;
        case Relation::Exists:
        case Relation::Matches:
            return false;
    }
    return false;
}

Result<std::unique_ptr<Unit>> open_unit(const UnitPlace& place, const Names& names,
                                        const Watch* watch) {
    if (!place.segment) {
        return open_memory_unit(place.chunks, names);
    }
    GAC_TRY(fd, place.segment->open_data());
    return std::make_unique<BlockUnit>(place.segment, std::move(fd), place.block, names, watch);
}

std::vector<UnitPlace> units_of(const History& history, const TimeRange& range, SkipCounts* skips) {
    std::vector<UnitPlace> out;
    const auto overlaps = [&](base::TimePoint min, base::TimePoint max) {
        return max >= range.from && min < range.to;
    };
    UnitPlace group;
    const auto finish_group = [&] {
        if (group.rows > 0) {
            out.push_back(std::move(group));
        }
        group = {};
    };
    for (const auto& chunk : history.chunks) {
        if (!overlaps(chunk->time_min(), chunk->time_max())) {
            continue;
        }
        const event::EventId id_last = chunk->first_id() + chunk->rows() - 1;
        const bool first = group.rows == 0;
        group.time_min = first ? chunk->time_min() : std::min(group.time_min, chunk->time_min());
        group.time_max = first ? chunk->time_max() : std::max(group.time_max, chunk->time_max());
        group.id_min = first ? chunk->first_id() : std::min(group.id_min, chunk->first_id());
        group.id_max = std::max(group.id_max, id_last);
        group.rows += chunk->rows();
        group.chunks.push_back(chunk);
        if (group.rows >= kMemoryUnitRows) {
            finish_group();
        }
    }
    finish_group();
    for (const auto& segment : *history.segments) {
        if (!overlaps(segment->summary().time_min, segment->summary().time_max)) {
            continue;
        }
        for (std::uint32_t block = 0; block < segment->blocks().size(); ++block) {
            const BlockEntry& entry = segment->blocks()[block];
            const bool wanted = overlaps(entry.time_min, entry.time_max);
            if (skips != nullptr) {
                ++skips->blocks;
                skips->by_time += wanted ? 0 : 1;
            }
            if (wanted) {
                out.push_back({.time_min = entry.time_min,
                               .time_max = entry.time_max,
                               .id_min = entry.id_min,
                               .id_max = entry.id_max,
                               .rows = entry.rows,
                               .segment = segment,
                               .block = block,
                               .chunks = {}});
            }
        }
    }
    std::ranges::sort(out, [](const UnitPlace& a, const UnitPlace& b) {
        return a.time_max != b.time_max ? a.time_max > b.time_max : a.id_max > b.id_max;
    });
    return out;
}

}  // namespace gac::store::query
