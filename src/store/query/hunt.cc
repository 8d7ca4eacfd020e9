// Hunting: the values of all columns that a hunter asks for, block by block on all cores. Rows are
// looked at only where a value holds something.
#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>
#include <thread>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

#include "store/index/reader.h"
#include "store/query/run.h"

namespace gac::store::query {

using event::ValueRef;

namespace {

constexpr std::size_t kValuesAtOnce = 1024;
constexpr std::size_t kSourcesMax = 1'000;  // of one thing found

// A row in which something stands.
struct Hit {
    std::uint32_t what = 0;
    std::uint32_t row = 0;
    std::uint32_t find = 0;  // place in the block's finds
    bool operator<(const Hit& other) const {
        return std::tie(what, row) < std::tie(other.what, other.row);
    }
};

void widen(base::TimePoint& first, base::TimePoint& last, bool fresh, base::TimePoint a,
           base::TimePoint b) {
    first = fresh ? a : std::min(first, a);
    last = fresh ? b : std::max(last, b);
}

// What was found so far, by one thread or by all.
class Tallies {
public:
    explicit Tallies(const HuntQuestion& question) : question_(question) {}

    struct One {
        std::uint64_t count = 0;
        base::TimePoint first, last;
        std::map<std::string, HuntAnswer::OnHost, std::less<>> hosts;
        bool more_hosts = false;
        std::map<std::string, std::uint64_t, std::less<>> sources;
    };

    // Null when there are too many things already.
    One* of(std::uint32_t what) {
        const auto known = all_.find(what);
        if (known != all_.end()) {
            return &known->second;
        }
        if (all_.size() >= question_.found_max) {
            full_ = true;
            return nullptr;
        }
        return &all_[what];
    }

    void add_host(One& to, HuntAnswer::OnHost&& part) {
        auto at = to.hosts.find(part.host);
        if (at == to.hosts.end()) {
            if (to.hosts.size() >= question_.hosts_max) {
                to.more_hosts = true;
                return;
            }
            std::string host = part.host;
            to.hosts.emplace(std::move(host), std::move(part));
            return;
        }
        HuntAnswer::OnHost& known = at->second;
        if (part.last > known.last) {
            known.source = std::move(part.source);
        }
        known.count += part.count;
        widen(known.first, known.last, false, part.first, part.last);
        known.samples.insert(known.samples.end(), part.samples.begin(), part.samples.end());
        keep_newest(known.samples);
    }

    void add_source(One& to, std::string_view source, std::uint64_t count) {
        const auto at = to.sources.find(source);
        if (at != to.sources.end()) {
            at->second += count;
        } else if (to.sources.size() < kSourcesMax) {
            to.sources.emplace(source, count);
        }
    }

    void keep_newest(std::vector<HuntAnswer::Sample>& samples) const {
        std::ranges::sort(samples, std::greater<>());
        samples.resize(std::min<std::size_t>(samples.size(), question_.samples_max));
    }

    void merge(Tallies&& other) {
        full_ = full_ || other.full_;
        for (auto& [what, one] : other.all_) {
            One* const to = of(what);
            if (to == nullptr) {
                continue;
            }
            widen(to->first, to->last, to->count == 0, one.first, one.last);
            to->count += one.count;
            to->more_hosts = to->more_hosts || one.more_hosts;
            for (auto& [name, host] : one.hosts) {
                add_host(*to, std::move(host));
            }
            for (const auto& [source, count] : one.sources) {
                add_source(*to, source, count);
            }
        }
    }

    void give(HuntAnswer& answer) {
        for (auto& [what, one] : all_) {
            HuntAnswer::Found& found = answer.found.emplace_back();
            found.what = what;
            found.count = one.count;
            found.first = one.first;
            found.last = one.last;
            found.more_hosts = one.more_hosts;
            for (auto& [name, host] : one.hosts) {
                found.hosts.push_back(std::move(host));
            }
            for (const auto& [source, count] : one.sources) {
                found.sources.push_back({source, count});
            }
            std::ranges::sort(found.hosts, [](const auto& x, const auto& y) {
                return x.count != y.count ? x.count > y.count : x.host < y.host;
            });
            std::ranges::sort(found.sources, [](const auto& x, const auto& y) {
                return x.count != y.count ? x.count > y.count : x.source < y.source;
            });
        }
        std::ranges::sort(answer.found, {}, &HuntAnswer::Found::what);
        if (full_ && answer.partial.empty()) {
            answer.partial = fmt::format("more than {} things were found", question_.found_max);
        }
    }

private:
    const HuntQuestion& question_;
    std::unordered_map<std::uint32_t, One> all_;
    bool full_ = false;
};

// What the indexes of segments say: in which blocks a field holds a value that is looked for.
// Shared by all threads of a hunt; each dictionary is gone through once for each role.
class Indexes {
public:
    explicit Indexes(std::span<const UnitPlace> places) {
        for (const UnitPlace& place : places) {
            if (place.segment && !segments_.contains(place.segment.get())) {
                segments_.emplace(place.segment.get(), std::make_unique<Entry>());
            }
        }
    }

    // May values of that type in a column of the field hold something, in that block? A damaged
    // index is told once and says yes.
    bool may_hold(const Segment& segment, std::uint32_t block, event::FieldId field, TypeCode type,
                  std::uint32_t role, HunterEye& eye,
                  const std::function<void(const Error&)>& on_damage) {
        Entry& entry = *segments_.at(&segment);
        const std::lock_guard lock(entry.mutex);
        if (!entry.opened) {
            entry.opened = true;
            if (auto done = entry.open(segment); !done) {
                entry.reader.reset();
                on_damage(done.error());
            }
        }
        if (!entry.reader) {
            return true;
        }
        const index::DictionaryEntry* const addresses = entry.reader->addresses();
        const index::DictionaryEntry* const texts = entry.reader->dictionary_of(field);
        const bool wants_addresses = type == TypeCode::Ip || type == TypeCode::List;
        const bool wants_texts = type == TypeCode::String || type == TypeCode::List;
        // A field that is no entity has no dictionary.
        if ((wants_texts && texts == nullptr) || (type == TypeCode::Ip && addresses == nullptr)) {
            return true;
        }
        return (wants_texts && entry.holds(*texts, block, role, eye, on_damage))
               || (wants_addresses && addresses != nullptr
                   && entry.holds(*addresses, block, role, eye, on_damage));
    }

    std::uint64_t bytes_read() const {
        std::uint64_t sum = 0;
        for (const auto& [segment, entry] : segments_) {
            sum += entry->reader ? entry->reader->bytes_read() : 0;
        }
        return sum;
    }

private:
    struct Entry {
        struct Known {
            const index::DictionaryEntry* dictionary = nullptr;
            std::uint32_t role = 0;
            RowSet blocks;
        };
        std::mutex mutex;
        bool opened = false;
        base::Fd fd;
        std::shared_ptr<const Segment::Index> index;
        std::optional<index::Reader> reader;
        std::vector<Known> known;

        Result<> open(const Segment& segment) {
            GAC_TRY(data, segment.open_data());
            fd = std::move(data);
            GAC_TRY(found, segment.index(fd));
            index = std::move(found);
            if (index) {
                reader.emplace(index->directory, fd, index->pages);
            }
            return {};
        }

        bool holds(const index::DictionaryEntry& dictionary, std::uint32_t block,
                   std::uint32_t role, HunterEye& eye,
                   const std::function<void(const Error&)>& on_damage) {
            auto at = std::ranges::find_if(known, [&](const Known& one) {
                return one.dictionary == &dictionary && one.role == role;
            });
            if (at == known.end()) {
                auto blocks = blocks_with(dictionary, role, eye);
                if (!blocks) {
                    on_damage(blocks.error());
                    blocks = RowSet(index->directory.blocks, true);
                }
                at = known.insert(known.end(), {&dictionary, role, *std::move(blocks)});
            }
            return at->blocks.has(block)
                   || std::ranges::binary_search(dictionary.incomplete, block);
        }

        Result<RowSet> blocks_with(const index::DictionaryEntry& dictionary, std::uint32_t role,
                                   HunterEye& eye) {
            RowSet out(index->directory.blocks);
            std::vector<std::uint32_t> maybe;
            for (std::uint32_t number = 0; number < dictionary.pages.size(); ++number) {
                GAC_TRY(page, reader->page(dictionary, number));
                maybe.clear();
                eye.glance(role, page.values(), maybe);
                for (const std::uint32_t place : maybe) {
                    GAC_CHECK(page.add_blocks(place, out));
                }
            }
            return out;
        }
    };
    std::unordered_map<const Segment*, std::unique_ptr<Entry>> segments_;
};

bool is_looked_at(TypeCode type) {
    return type == TypeCode::String || type == TypeCode::Ip || type == TypeCode::List;
}

// One thread's work: units, one after the other.
class Tracker {
public:
    Tracker(const Context& context, const Hunter& hunter, const HuntQuestion& question,
            Indexes& indexes)
        : context_(context),
          hunter_(hunter),
          question_(question),
          indexes_(indexes),
          eye_(hunter.eye()),
          tallies_(question),
          host_(resolve("host.name", *context.names.profiles)) {
        source_.kind = Name::Kind::Source;
        drill_.kind = Name::Kind::Drill;
        Query all;
        all.only_sources = question.only_sources;
        plan_ = make_plan(all, *context.names.profiles).value();
    }

    // Gives the bytes read.
    Result<std::uint64_t> run(const UnitPlace& place) {
        finds_.clear();
        hits_.clear();
        std::uint64_t bytes = 0;
        if (place.segment) {
            GAC_TRY(fd, place.segment->open_data());
            BlockReader reader(place.segment, fd, place.block);
            GAC_CHECK(look_at_block(reader, place.block));
            bytes = reader.bytes_read();
        } else {
            look_at_chunks(place);
            for (const auto& chunk : place.chunks) {
                bytes += chunk->record().size();
            }
        }
        if (!hits_.empty()) {
            GAC_TRY(more, tally(place));
            bytes += more;
        }
        return bytes;
    }

    Tallies& tallies() { return tallies_; }

private:
    void add_hits(std::size_t from, std::uint32_t row) {
        for (std::size_t i = from; i < finds_.size(); ++i) {
            hits_.push_back({finds_[i].what, row, static_cast<std::uint32_t>(i)});
        }
    }

    Result<> look_at_block(BlockReader& reader, std::uint32_t block);
    Result<> look_at_column(BlockReader& reader, Column& column, std::uint32_t role,
                            const RowSet* among);
    Result<> look_closely(BlockReader& reader);
    void look_at_chunks(const UnitPlace& place);
    Result<std::uint64_t> tally(const UnitPlace& place);

    const Context& context_;
    const Hunter& hunter_;
    const HuntQuestion& question_;
    Indexes& indexes_;
    std::unique_ptr<HunterEye> eye_;
    Tallies tallies_;
    const Name host_;
    Name source_, drill_;
    PlanNode plan_;

    // Of the unit at hand.
    std::vector<Find> finds_;
    std::vector<Hit> hits_;
    RowSet closely_;
    std::vector<ValueRef> values_;
    std::vector<std::uint32_t> maybe_;
};

Result<> Tracker::look_at_block(BlockReader& reader, std::uint32_t block) {
    const auto profiles = reader.segment().profiles();
    closely_ = RowSet(reader.rows());
    const std::uint32_t text = hunter_.text_role();
    std::optional<RowSet> without_text;
    if (text != Hunter::kNoRole) {
        without_text.emplace(reader.rows(), true);
    }
    // Rows whose profile gives a field that role; nothing when all profiles do.
    std::span<const std::int64_t> profile_of;
    const auto rows_of = [&](event::FieldId field,
                             std::uint32_t role) -> Result<std::optional<RowSet>> {
        const auto is = [&](event::ProfileId p) { return hunter_.role(p, field) == role; };
        if (std::ranges::all_of(profiles, is)) {
            return std::optional<RowSet>();
        }
        if (profile_of.empty()) {
            GAC_TRY(read, reader.numbers(System::Profile));
            profile_of = read;
        }
        RowSet out(reader.rows());
        std::vector<char> good;
        for (const event::ProfileId profile : profiles) {
            good.push_back(is(profile) ? 1 : 0);
        }
        for (std::uint32_t row = 0; row < reader.rows(); ++row) {
            const auto number = static_cast<std::uint64_t>(profile_of[row]);
            if (number >= profiles.size()) {
                return fail(Code::Corrupt, "a row names a profile that is not in the footer",
                            reader.segment().path().string());
            }
            if (good[number] != 0) {
                out.set(row);
            }
        }
        return std::optional<RowSet>(std::move(out));
    };
    const auto& columns = reader.entry().columns;
    for (std::uint32_t number = kSystemColumns; number < columns.size(); ++number) {
        const event::FieldId field =
            reader.segment().field(columns[number].key - kFirstFieldColumn);
        std::vector<std::uint32_t> roles;
        for (const event::ProfileId profile : profiles) {
            const std::uint32_t role = hunter_.role(profile, field);
            if (role != Hunter::kNoRole && std::ranges::find(roles, role) == roles.end()) {
                roles.push_back(role);
            }
        }
        for (const std::uint32_t role : roles) {
            const bool wanted =
                is_looked_at(columns[number].type)
                && indexes_.may_hold(reader.segment(), block, field, columns[number].type, role,
                                     *eye_, context_.on_damage);
            if (!wanted && role != text) {
                continue;
            }
            GAC_TRY(among, rows_of(field, role));
            if (among && among->empty()) {
                continue;
            }
            GAC_TRY(column, reader.column(number));
            if (role == text) {
                RowSet has = column->everywhere() ? RowSet(reader.rows(), true) : column->present();
                if (among) {
                    has &= *among;
                }
                *without_text -= has;
            }
            if (wanted) {
                GAC_CHECK(look_at_column(reader, *column, role, among ? &*among : nullptr));
            }
        }
    }
    if (without_text && !without_text->empty()) {
        GAC_TRY(raw, reader.head(System::Raw));
        GAC_CHECK(look_at_column(reader, *raw, text, &*without_text));
    }
    if (!closely_.empty()) {
        GAC_CHECK(look_closely(reader));
    }
    return {};
}

Result<> Tracker::look_at_column(BlockReader& reader, Column& column, std::uint32_t role,
                                 const RowSet* among) {
    if (column.coded()) {
        maybe_.clear();
        eye_->glance(role, column.distinct(), maybe_);
        struct Meaning {
            std::size_t first = 0, last = 0;  // in finds_
            bool closely = false;
        };
        std::vector<Meaning> of_code;
        for (const std::uint32_t code : maybe_) {
            const std::size_t before = finds_.size();
            const bool closely = eye_->look(role, column.distinct()[code], finds_);
            if (closely || finds_.size() > before) {
                of_code.resize(column.distinct().size());
                of_code[code] = {before, finds_.size(), closely};
            }
        }
        if (of_code.empty()) {
            return {};
        }
        const auto use = [&](std::uint32_t row, std::uint32_t index) {
            const Meaning& meaning = of_code[column.code(index)];
            for (std::size_t i = meaning.first; i < meaning.last; ++i) {
                hits_.push_back({finds_[i].what, row, static_cast<std::uint32_t>(i)});
            }
            if (meaning.closely) {
                closely_.set(row);
            }
        };
        std::uint32_t index = 0;
        const auto each = [&](std::uint32_t row) {
            if (among == nullptr || among->has(row)) {
                use(row, index);
            }
            ++index;
        };
        if (column.everywhere()) {
            for (std::uint32_t row = 0; row < reader.rows(); ++row) {
                each(row);
            }
        } else {
            column.present().for_each(each);
        }
        return {};
    }
    std::vector<std::uint32_t> rows;
    const auto flush = [&] {
        maybe_.clear();
        eye_->glance(role, values_, maybe_);
        for (const std::uint32_t at : maybe_) {
            const std::size_t before = finds_.size();
            if (eye_->look(role, values_[at], finds_)) {
                closely_.set(rows[at]);
            }
            add_hits(before, rows[at]);
        }
        values_.clear();
        rows.clear();
    };
    std::optional<Error> fault;
    std::uint32_t index = 0;
    const auto each = [&](std::uint32_t row) {
        const std::uint32_t at = index++;
        if (fault || (among != nullptr && !among->has(row))) {
            return;
        }
        auto value = column.at(at);
        if (!value) {
            fault = std::move(value).error();
            return;
        }
        values_.push_back(*value);
        rows.push_back(row);
        if (values_.size() == kValuesAtOnce) {
            flush();
        }
    };
    values_.clear();
    if (column.everywhere()) {
        for (std::uint32_t row = 0; row < reader.rows(); ++row) {
            each(row);
        }
    } else {
        column.present().for_each(each);
    }
    if (fault) {
        return std::unexpected(std::move(*fault));
    }
    flush();
    return {};
}

Result<> Tracker::look_closely(BlockReader& reader) {
    std::vector<std::uint32_t> rows;
    const auto flush = [&]() -> Result<> {
        event::EventBatch events;
        std::vector<event::EventId> ids;
        GAC_CHECK(reader.materialize(rows, events, ids));
        for (std::uint32_t i = 0; i < events.size(); ++i) {
            const std::size_t before = finds_.size();
            eye_->look_closely(events[i], finds_);
            add_hits(before, rows[i]);
        }
        rows.clear();
        return {};
    };
    std::optional<Error> fault;
    closely_.for_each([&](std::uint32_t row) {
        rows.push_back(row);
        if (rows.size() == kValuesAtOnce && !fault) {
            if (auto done = flush(); !done) {
                fault = std::move(done).error();
            }
        }
    });
    if (fault) {
        return std::unexpected(std::move(*fault));
    }
    return flush();
}

void Tracker::look_at_chunks(const UnitPlace& place) {
    event::EventBatch events;
    for (const auto& chunk : place.chunks) {
        for (std::uint32_t row = 0; row < chunk->rows(); ++row) {
            chunk->view(row, events);
        }
    }
    struct OfRole {
        std::vector<ValueRef> values;
        std::vector<std::uint32_t> rows;
    };
    std::map<std::uint32_t, OfRole> roles;
    closely_ = RowSet(events.size());
    const std::uint32_t text = hunter_.text_role();
    for (std::uint32_t row = 0; row < events.size(); ++row) {
        const event::EventHead& head = events.heads()[row];
        bool has_text = text == Hunter::kNoRole;
        for (const event::Field& field : events[row].fields()) {
            const std::uint32_t role = hunter_.role(head.profile, field.id);
            if (role != Hunter::kNoRole) {
                has_text = has_text || role == text;
                roles[role].values.push_back(field.value);
                roles[role].rows.push_back(row);
            }
        }
        if (!has_text) {
            roles[text].values.emplace_back(head.raw);
            roles[text].rows.push_back(row);
        }
    }
    for (const auto& [role, of_role] : roles) {
        maybe_.clear();
        eye_->glance(role, of_role.values, maybe_);
        for (const std::uint32_t at : maybe_) {
            const std::size_t before = finds_.size();
            if (eye_->look(role, of_role.values[at], finds_)) {
                closely_.set(of_role.rows[at]);
            }
            add_hits(before, of_role.rows[at]);
        }
    }
    closely_.for_each([&](std::uint32_t row) {
        const std::size_t before = finds_.size();
        eye_->look_closely(events[row], finds_);
        add_hits(before, row);
    });
}

// Rows with finds become counts: times, hosts and sources are read for them alone.
Result<std::uint64_t> Tracker::tally(const UnitPlace& place) {
    GAC_TRY(unit, open_unit(place, context_.names));
    RowSet rows(unit->rows());
    for (const Hit& hit : hits_) {
        rows.set(hit.row);
    }
    if (plan_.kind != PlanNode::Kind::All) {
        GAC_TRY(allowed, unit->matches(plan_, rows));
        rows = std::move(allowed);
    }
    GAC_TRY(drill, unit->codes(drill_, rows));
    GAC_TRY(times, unit->times());
    GAC_TRY(ids, unit->ids());
    const auto counts = [&](std::uint32_t row) {
        const std::uint32_t code = drill.code[row];
        return (code == 0 || !drill.values[code - 1].truth())
               && question_.range.contains({times[row]})
               && static_cast<event::EventId>(ids[row]) >= question_.id_begin
               && static_cast<event::EventId>(ids[row]) < question_.id_end;
    };
    RowSet left(unit->rows());
    rows.for_each([&](std::uint32_t row) {
        if (counts(row)) {
            left.set(row);
        }
    });
    if (left.empty()) {
        return unit->bytes_read();
    }
    GAC_TRY(hosts, unit->codes(host_, left));
    GAC_TRY(sources, unit->codes(source_, left));
    std::erase_if(hits_, [&](const Hit& hit) {
        return !left.has(hit.row) || !finds_[hit.find].when.contains({times[hit.row]});
    });
    std::ranges::sort(hits_, std::less<>());
    const auto text_at = [](const Codes& codes, std::uint32_t code) {
        return code == 0 ? std::string() : text_of(cell_of(codes.values[code - 1]));
    };
    for (std::size_t i = 0; i < hits_.size();) {
        std::size_t end = i;
        while (end < hits_.size() && hits_[end].what == hits_[i].what) {
            ++end;
        }
        Tallies::One* const to = tallies_.of(hits_[i].what);
        if (to == nullptr) {
            i = end;
            continue;
        }
        std::unordered_map<std::uint32_t, HuntAnswer::OnHost> on_hosts;  // by code
        std::unordered_map<std::uint32_t, std::uint64_t> of_sources;
        std::uint32_t last_row = ~0U;
        for (; i < end; ++i) {
            const std::uint32_t row = hits_[i].row;
            if (row == last_row) {
                continue;  // two fields with the same
            }
            last_row = row;
            const base::TimePoint time{times[row]};
            widen(to->first, to->last, to->count == 0, time, time);
            ++to->count;
            HuntAnswer::OnHost& host = on_hosts[hosts.code[row]];
            const bool newest = host.count == 0 || time > host.last;
            widen(host.first, host.last, host.count == 0, time, time);
            ++host.count;
            if (newest) {
                host.source = text_at(sources, sources.code[row]);
            }
            host.samples.push_back({time, static_cast<event::EventId>(ids[row])});
            if (host.samples.size() >= 2 * std::size_t{question_.samples_max} + 16) {
                tallies_.keep_newest(host.samples);
            }
            ++of_sources[sources.code[row]];
        }
        for (auto& [code, host] : on_hosts) {
            tallies_.keep_newest(host.samples);
            host.host = text_at(hosts, code);
            tallies_.add_host(*to, std::move(host));
        }
        for (const auto& [code, count] : of_sources) {
            tallies_.add_source(*to, text_at(sources, code), count);
        }
    }
    return unit->bytes_read();
}

}  // namespace

Result<HuntAnswer> run_hunt(const Context& context, const Hunter& hunter,
                            const HuntQuestion& question, const Budget& budget) {
    std::vector<UnitPlace> places = units_of(context.history, question.range);
    std::erase_if(places, [&](const UnitPlace& place) {
        return place.id_min >= question.id_end || place.id_max < question.id_begin;
    });
    if (budget.progress) {
        budget.progress->units_all += places.size();
    }
    HuntAnswer answer;
    Tallies all(question);
    Indexes indexes(places);
    std::mutex mutex;  // over `all`, `answer` and the damage that is told
    std::atomic<std::size_t> next{0};
    std::atomic<std::uint64_t> bytes{0};
    std::atomic<std::uint64_t> events{0};
    std::atomic<bool> enough{false};
    const std::int64_t deadline_us = base::monotonic_us() + budget.time_max.us;
    const auto give_up = [&](std::string why) {
        enough = true;
        const std::lock_guard lock(mutex);
        if (answer.partial.empty()) {
            answer.partial = std::move(why);
        }
    };
    const auto work = [&] {
        Tracker tracker(context, hunter, question, indexes);
        while (!enough) {
            const std::size_t at = next.fetch_add(1);
            if (at >= places.size()) {
                break;
            }
            if (budget.cancel.stop_requested()) {
                give_up("cancelled");
                break;
            }
            if (bytes > budget.bytes_max) {
                give_up(fmt::format("more than {} bytes would have to be read", budget.bytes_max));
                break;
            }
            if (base::monotonic_us() > deadline_us) {
                give_up(fmt::format("not finished within {} ms", budget.time_max.us / 1000));
                break;
            }
            const auto read = tracker.run(places[at]);
            if (budget.progress) {
                budget.progress->bytes += read.value_or(0);
                budget.progress->events += places[at].rows;
                ++budget.progress->units_done;
            }
            if (read) {
                bytes += *read;
                events += places[at].rows;
                continue;
            }
            const std::lock_guard lock(mutex);
            context.on_damage(read.error());
            if (answer.partial.empty()) {
                answer.partial = "a damaged part was left out: " + read.error().message();
            }
        }
        const std::lock_guard lock(mutex);
        all.merge(std::move(tracker.tallies()));
    };
    const std::size_t cores = question.threads != 0
                                  ? question.threads
                                  : std::max(1U, std::thread::hardware_concurrency());
    {
        std::vector<std::jthread> helpers;
        for (std::size_t i = 1; i < std::min(cores, places.size()); ++i) {
            helpers.emplace_back(work);
        }
        work();
    }
    all.give(answer);
    answer.scanned_bytes = bytes + indexes.bytes_read();
    answer.scanned_events = events;
    return answer;
}

}  // namespace gac::store::query
