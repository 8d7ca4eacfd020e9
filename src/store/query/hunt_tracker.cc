#include "store/query/hunt_tracker.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "store/query/openings.h"

namespace gac::store::query {

using event::ValueRef;

namespace {

constexpr std::size_t kValuesAtOnce = 1024;

bool is_looked_at(TypeCode type) {
    return type == TypeCode::String || type == TypeCode::Ip || type == TypeCode::List;
}

}  // namespace

HuntTracker::HuntTracker(const Context& context, const Hunter& hunter, const HuntQuestion& question,
                         HuntIndexes& indexes)
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

Result<std::uint64_t> HuntTracker::run(const UnitPlace& place) {
    finds_.clear();
    hits_.clear();
    GAC_TRY(unit, open_unit(place, context_.names));
    if (BlockReader* const reader = unit->block_reader()) {
        GAC_CHECK(look_at_block(*reader, place.block));
    } else {
        look_at_chunks(place);
    }
    if (!hits_.empty()) {
        GAC_CHECK(tally(*unit));
    }
    return unit->bytes_read();
}

void HuntTracker::add_hits(std::size_t from, std::uint32_t row) {
    for (std::size_t i = from; i < finds_.size(); ++i) {
        hits_.push_back({finds_[i].what, row, static_cast<std::uint32_t>(i)});
    }
}

namespace {

// Rows for which is(row).
template <class Is>
RowSet rows_where(std::uint32_t rows, Is&& is) {
    RowSet out(rows);
    for (std::uint32_t row = 0; row < rows; row += 64) {
        std::uint64_t word = 0;
        for (std::uint32_t i = 0; i < std::min(64U, rows - row); ++i) {
            word |= std::uint64_t{is(row + i) ? 1U : 0U} << i;
        }
        out.words()[row / 64] = word;
    }
    return out;
}

Result<RowSet> rows_with_profiles(BlockReader& reader, const std::vector<bool>& good) {
    bool all_known = true;
    const auto is_good = [&](std::int64_t number) {
        const bool known = static_cast<std::uint64_t>(number) < good.size();
        all_known = all_known && known;
        return known && good[static_cast<std::size_t>(number)];
    };
    GAC_TRY(column, reader.head(System::Profile));
    std::optional<RowSet> out;
    if (!column->everywhere()) {
        all_known = false;
    } else if (column->coded()) {
        std::vector<std::uint8_t> by_code;
        for (const ValueRef& value : column->distinct()) {
            by_code.push_back(is_good(value.integer()) ? 1 : 0);
        }
        const std::span<const std::uint32_t> codes = column->codes();
        out = codes.empty() ? RowSet(reader.rows(), by_code.front() != 0)
                            : rows_where(reader.rows(), [&](std::uint32_t row) {
                                  return by_code[codes[row]] != 0;
                              });
    } else {
        const std::span<const std::int64_t> numbers = column->numbers();
        out = rows_where(reader.rows(), [&](std::uint32_t row) { return is_good(numbers[row]); });
    }
    if (!all_known) {
        return fail(Code::Corrupt, "a row names a profile that is not in the footer",
                    reader.segment().path().string());
    }
    return *std::move(out);
}

}  // namespace

// Addresses as numbers, against the few that hold something. False when it is no such column.
Result<bool> HuntTracker::look_at_numbers(Column& column, std::uint32_t role, const RowSet* among,
                                          const AddressFilter* filter) {
    const bool addresses =
        (column.entry().type == TypeCode::Ip && column.entry().encoding == Encoding::Packed)
        || (column.is_number_text() && column.number_form().is_address);
    if (filter == nullptr || !addresses) {
        return false;
    }
    std::vector<std::uint32_t> places;
    const std::span<const std::int64_t> numbers = column.numbers();
    for (std::uint32_t i = 0; i < numbers.size(); ++i) {
        if (filter->may_hold(static_cast<std::uint32_t>(numbers[i]))) {
            places.push_back(i);
        }
    }
    std::size_t next = 0;
    std::optional<Error> fault;
    column.rows_at(places, [&](std::uint32_t row) {
        const std::uint32_t index = places[next++];
        if (among != nullptr && !among->has(row)) {
            return;
        }
        const auto value = column.at(index);
        if (!value) {
            fault = value.error();
            return;
        }
        const std::size_t before = finds_.size();
        if (eye_->look(role, *value, finds_)) {
            closely_.set(row);
        }
        add_hits(before, row);
    });
    if (fault) {
        return std::unexpected(std::move(*fault));
    }
    return true;
}

Result<> HuntTracker::look_at_block(BlockReader& reader, std::uint32_t block) {
    const auto profiles = reader.segment().profiles();
    closely_ = RowSet(reader.rows());
    const std::uint32_t text = hunter_.text_role();
    std::optional<RowSet> without_text;
    if (text != Hunter::kNoRole) {
        without_text.emplace(reader.rows(), true);
    }
    // Rows whose profile gives a field that role; nothing when all profiles do.
    std::map<std::vector<bool>, RowSet> rows_by_profiles;
    const auto rows_of = [&](event::FieldId field,
                             std::uint32_t role) -> Result<std::optional<RowSet>> {
        std::vector<bool> good;
        for (const event::ProfileId profile : profiles) {
            good.push_back(hunter_.role(profile, field) == role);
        }
        if (std::ranges::all_of(good, [](bool one) { return one; })) {
            return std::optional<RowSet>();
        }
        const auto known = rows_by_profiles.find(good);
        if (known != rows_by_profiles.end()) {
            return std::optional(known->second);
        }
        GAC_TRY(rows, rows_with_profiles(reader, good));
        return std::optional(rows_by_profiles.emplace(good, std::move(rows)).first->second);
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
            HuntIndexes::Says index{.may_hold = is_looked_at(columns[number].type),
                                    .among = nullptr};
            if (index.may_hold) {
                index = indexes_.ask(reader.segment(), block, field, columns[number].type, role,
                                     *eye_, context_.on_damage);
            }
            const bool wanted = index.may_hold;
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
                const RowSet* const rows = among ? &*among : nullptr;
                GAC_TRY(numbers_seen, look_at_numbers(*column, role, rows, index.among.get()));
                if (!numbers_seen) {
                    GAC_CHECK(look_at_column(reader, *column, role, rows));
                }
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

Result<> HuntTracker::look_at_column(BlockReader& reader, Column& column, std::uint32_t role,
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
    std::optional<Openings> openings;
    if (column.entry().encoding == Encoding::Span) {
        GAC_TRY(found, Openings::of(reader, column, role, *eye_));
        openings = std::move(found);
    }
    std::uint32_t index = 0;
    const auto each = [&](std::uint32_t row) {
        const std::uint32_t at = index++;
        if (fault || (among != nullptr && !among->has(row))
            || (openings && !openings->worth_a_look(row))) {
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

Result<> HuntTracker::look_closely(BlockReader& reader) {
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

void HuntTracker::look_at_chunks(const UnitPlace& place) {
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
Result<> HuntTracker::tally(Unit& unit) {
    RowSet rows(unit.rows());
    for (const Hit& hit : hits_) {
        rows.set(hit.row);
    }
    if (plan_.kind != PlanNode::Kind::All) {
        GAC_TRY(allowed, unit.matches(plan_, rows));
        rows = std::move(allowed);
    }
    GAC_TRY(drill, unit.codes(drill_, rows));
    RowSet left(unit.rows());
    times_.resize(unit.rows());  // only the places of `left` are set
    ids_.resize(unit.rows());
    GAC_CHECK(unit.stands(rows, [&](const Unit::Stand& stand) {
        const std::uint32_t code = drill.code[stand.row];
        const auto id = static_cast<event::EventId>(stand.id);
        if ((code == 0 || !drill.values[code - 1].truth()) && question_.range.contains({stand.time})
            && id >= question_.id_begin && id < question_.id_end) {
            left.set(stand.row);
            times_[stand.row] = {stand.time};
            ids_[stand.row] = id;
        }
    }));
    if (left.empty()) {
        return {};
    }
    GAC_TRY(hosts, unit.codes(host_, left));
    GAC_TRY(sources, unit.codes(source_, left));
    std::erase_if(hits_, [&](const Hit& hit) {
        return !left.has(hit.row) || !finds_[hit.find].when.contains(times_[hit.row]);
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
        HuntTallies::One* const to = tallies_.of(hits_[i].what);
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
            const base::TimePoint time = times_[row];
            widen(to->first, to->last, to->count == 0, time, time);
            ++to->count;
            HuntAnswer::OnHost& host = on_hosts[hosts.code[row]];
            const bool newest = host.count == 0 || time > host.last;
            widen(host.first, host.last, host.count == 0, time, time);
            ++host.count;
            if (newest) {
                host.source = text_at(sources, sources.code[row]);
            }
            host.samples.push_back({time, ids_[row]});
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
    return {};
}

}  // namespace gac::store::query
