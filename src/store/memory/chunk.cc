#include "store/memory/chunk.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "base/assert.h"
#include "store/bytes.h"
#include "store/memory/value_bytes.h"

namespace gac::store {

using event::EventHead;
using event::FieldId;
using event::ValueRef;

namespace {

constexpr std::uint8_t kParseFailed = 1;
constexpr std::uint8_t kDrill = 2;

// Numbers of this process -> small numbers of the record. Batches name few different ones, so a
// table indexed by the process's number is kept between calls and only the used places are reset.
class LocalNumbers {
public:
    std::uint32_t of(std::uint32_t global) {
        if (global < local_.size() && local_.data()[global] != kNone) [[likely]] {
            return local_.data()[global];
        }
        return add(global);
    }
    const std::vector<std::uint32_t>& used() const { return used_; }
    void clear() {
        for (const std::uint32_t global : used_) {
            local_[global] = kNone;
        }
        used_.clear();
    }

private:
    static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
    std::uint32_t add(std::uint32_t global) {
        if (global >= local_.size()) {
            local_.resize(std::max<std::size_t>(global + 1, local_.size() * 2), kNone);
        }
        local_[global] = static_cast<std::uint32_t>(used_.size());
        used_.push_back(global);
        return local_[global];
    }
    std::vector<std::uint32_t> local_;
    std::vector<std::uint32_t> used_;
};

// Bytes of rows, written through a pointer: the room for a few numbers is asked for once.
class RowBytes {
public:
    // At least `bytes` from the end on; end_at() says how many were used.
    char* room(std::size_t bytes) {
        if (bytes_.size() - used_ < bytes) {
            bytes_.resize(std::max(used_ + bytes, bytes_.size() * 2));
        }
        return bytes_.data() + used_;
    }
    void end_at(const char* end) { used_ = static_cast<std::size_t>(end - bytes_.data()); }
    void append(std::string_view text) {
        char* const to = room(text.size());
        std::ranges::copy(text, to);
        end_at(to + text.size());
    }
    void clear() { used_ = 0; }
    std::string_view view() const { return {bytes_.data(), used_}; }

private:
    std::vector<char> bytes_;
    std::size_t used_ = 0;
};

struct Scratch {
    LocalNumbers fields, sources, profiles;
    RowBytes rows;
    std::string value;  // a long one
    std::vector<std::uint32_t> row_at;
};

void put_row(const event::EventRef& event, Scratch& s) {
    const EventHead& head = event.head();
    const auto fields = event.fields();
    char* to = s.rows.room(sizeof head.time.us + 1 + 5 * kVarintMax + head.raw.size());
    std::memcpy(to, &head.time.us, sizeof head.time.us);
    to += sizeof head.time.us;
    to = put_varint(to, zigzag(wrapping_sub(head.received.us, head.time.us)));
    to = put_varint(to, s.sources.of(static_cast<std::uint32_t>(head.source)));
    to = put_varint(to, s.profiles.of(static_cast<std::uint32_t>(head.profile)));
    *to++ = static_cast<char>((head.parse_failed ? kParseFailed : 0) | (head.drill ? kDrill : 0));
    to = put_varint(to, head.raw.size());
    to = std::ranges::copy(head.raw, to).out;
    s.rows.end_at(put_varint(to, fields.size()));
    for (const event::Field& field : fields) {
        to = s.rows.room(kVarintMax + kShortValueMax);
        to = put_varint(to, s.fields.of(event::index_of(field.id)));
        const bool done = put_short_value(to, field.value, head.raw);
        s.rows.end_at(to);
        if (!done) {
            s.value.clear();
            put_value(s.value, field.value, head.raw);
            s.rows.append(s.value);
        }
    }
}

// Reads rows that were made by put_row or checked by index_rows: nothing can fail.
class RowReader {
public:
    explicit RowReader(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

    template <class T>
    T read() {
        T value{};
        std::memcpy(&value, at_, sizeof value);
        at_ += sizeof value;
        return value;
    }
    std::uint64_t read_varint() {
        std::uint64_t value = read<std::uint8_t>();
        if (value >= 0x80) {
            value &= 0x7f;
            std::uint64_t byte = 0x80;
            for (unsigned shift = 7; byte >= 0x80; shift += 7) {
                byte = read<std::uint8_t>();
                value |= (byte & 0x7f) << shift;
            }
        }
        return value;
    }
    std::string_view take(std::size_t bytes) {
        const std::string_view part(at_, bytes);
        at_ += bytes;
        return part;
    }
    ValueRef read_value(std::string_view raw, base::Arena& arena) {
        switch (static_cast<std::uint8_t>(*at_)) {
            case static_cast<std::uint8_t>(TypeCode::String) | kInRaw: {
                ++at_;
                const std::uint64_t begin = read_varint();
                return ValueRef(std::string_view(raw.data() + begin, read_varint()));
            }
            case static_cast<std::uint8_t>(TypeCode::Integer):
                ++at_;
                return ValueRef(unzigzag(read_varint()));
            default: {
                base::Reader in({at_, static_cast<std::size_t>(end_ - at_)});
                const ValueRef value = store::read_value(in, raw, arena);
                at_ += in.position();
                return value;
            }
        }
    }

private:
    const char* at_;
    const char* end_;
};

using store::read_text;
std::string_view read_text(RowReader& in) { return in.take(in.read_varint()); }

// Everything before the fields of a row.
template <class In>
EventHead read_head(In& in, std::uint64_t& source, std::uint64_t& profile) {
    EventHead head;
    head.time.us = in.template read<std::int64_t>();
    head.received.us = wrapping_add(head.time.us, unzigzag(in.read_varint()));
    source = in.read_varint();
    profile = in.read_varint();
    const auto flags = in.template read<std::uint8_t>();
    head.parse_failed = (flags & kParseFailed) != 0;
    head.drill = (flags & kDrill) != 0;
    head.raw = read_text(in);
    return head;
}

}  // namespace

event::ProfileId Names::profile(std::string_view name) const {
    return profiles->find(name).value_or(event::ProfileId{0});
}

std::optional<RecordHeader> read_record_header(std::string_view bytes) {
    base::Reader in(bytes);
    RecordHeader header;
    const auto magic = in.read<std::uint32_t>();
    header.payload_bytes = in.read<std::uint32_t>();
    header.sequence = in.read<std::uint64_t>();
    header.previous = in.read<std::uint64_t>();
    header.first_id = in.read<std::uint64_t>();
    header.rows = in.read<std::uint32_t>();
    const auto reserved = in.read<std::uint32_t>();
    header.checksum = in.read<std::uint64_t>();
    if (in.failed() || magic != kRecordMagic || reserved != 0 || header.rows > kRowsMax
        || header.payload_bytes > kRecordPayloadMax || header.previous >= header.sequence) {
        return std::nullopt;
    }
    return header;
}

namespace {

std::uint64_t record_checksum(std::string_view header, std::uint64_t payload_hash,
                              std::uint64_t salt) {
    return XXH3_64bits_withSeed(header.data(), kRecordHeader - sizeof(std::uint64_t),
                                payload_hash ^ salt);
}

}  // namespace

bool checksum_holds(std::string_view record, std::uint64_t salt) {
    const auto header = read_record_header(record);
    if (!header || record.size() != kRecordHeader + header->payload_bytes) {
        return false;
    }
    const std::string_view payload = record.substr(kRecordHeader);
    return header->checksum
           == record_checksum(record, XXH3_64bits(payload.data(), payload.size()), salt);
}

Result<std::shared_ptr<Chunk>> Chunk::encode(const event::EventBatch& batch, const Names& names) {
    thread_local Scratch s;
    s.rows.clear();
    s.row_at.clear();
    s.fields.clear();
    s.sources.clear();
    s.profiles.clear();
    if (batch.empty() || batch.size() > kRowsMax) {
        return fail(Code::InvalidArgument,
                    fmt::format("a batch holds 1 to {} events, not {}", kRowsMax, batch.size()));
    }
    auto chunk = std::make_shared<Chunk>();
    chunk->time_min_ = chunk->time_max_ = batch.heads()[0].time;
    for (std::uint32_t row = 0; row < batch.size(); ++row) {
        s.row_at.push_back(static_cast<std::uint32_t>(s.rows.view().size()));
        put_row(batch[row], s);
        if (s.rows.view().size() > kRecordPayloadMax / 2) {
            return fail(Code::LimitExceeded,
                        fmt::format("a batch is larger than {} bytes", kRecordPayloadMax / 2));
        }
        const base::TimePoint time = batch.heads()[row].time;
        chunk->time_min_ = std::min(chunk->time_min_, time);
        chunk->time_max_ = std::max(chunk->time_max_, time);
    }
    std::string table;
    put_varint(table, s.fields.used().size());
    for (const std::uint32_t id : s.fields.used()) {
        chunk->fields_.push_back(FieldId{id});
        put_text(table, event::name_of(FieldId{id}));
    }
    put_varint(table, s.sources.used().size());
    for (const std::uint32_t id : s.sources.used()) {
        chunk->sources_.push_back(event::SourceId{id});
        put_text(table, names.sources->source_name(event::SourceId{id}));
    }
    put_varint(table, s.profiles.used().size());
    for (const std::uint32_t id : s.profiles.used()) {
        const auto known = id < names.profiles->all().size() ? id : 0;
        chunk->profiles_.push_back(event::ProfileId{static_cast<std::uint16_t>(known)});
        put_text(table, (*names.profiles)[chunk->profiles_.back()].name);
    }
    const std::size_t payload = table.size() + s.rows.view().size();
    GAC_ASSERT(payload <= kRecordPayloadMax);
    std::string& record = chunk->record_;
    record.reserve(kRecordHeader + payload);
    put(record, kRecordMagic);
    put(record, static_cast<std::uint32_t>(payload));
    put(record, std::uint64_t{0});  // sequence, previous: place()
    put(record, std::uint64_t{0});
    put(record, batch.first_id());
    put(record, batch.size());
    put(record, std::uint32_t{0});
    put(record, std::uint64_t{0});  // checksum: place()
    record += table;
    record += s.rows.view();
    chunk->row_at_.reserve(s.row_at.size());
    for (const std::uint32_t at : s.row_at) {
        chunk->row_at_.push_back(static_cast<std::uint32_t>(kRecordHeader + table.size() + at));
    }
    chunk->first_id_ = batch.first_id();
    chunk->payload_hash_ = XXH3_64bits(record.data() + kRecordHeader, payload);
    return chunk;
}

void Chunk::place(std::uint64_t sequence, std::uint64_t previous, std::uint64_t salt) {
    sequence_ = sequence;
    put_at(record_, 8, sequence);
    put_at(record_, 16, previous);
    put_at(record_, 40, record_checksum(record_, payload_hash_, salt));
}

Result<std::shared_ptr<Chunk>> Chunk::decode(std::string record, const Names& names) {
    const auto header = read_record_header(record);
    if (!header || record.size() != kRecordHeader + header->payload_bytes) {
        return fail(Code::Corrupt, "not a log record");
    }
    auto chunk = std::make_shared<Chunk>();
    chunk->record_ = std::move(record);
    chunk->sequence_ = header->sequence;
    chunk->first_id_ = header->first_id;
    chunk->row_at_.reserve(header->rows);
    if (!chunk->index_rows(names) || chunk->rows() != header->rows) {
        return fail(Code::Corrupt, "the log record's rows cannot be read");
    }
    return chunk;
}

bool Chunk::index_rows(const Names& names) {
    base::Reader in(record_);
    in.skip(kRecordHeader);
    const auto read_names = [&](auto use) {
        const std::uint64_t count = in.read_varint();
        for (std::uint64_t i = 0; i < count && !in.failed(); ++i) {
            use(read_text(in));
        }
    };
    // Views of names are used only after the reader has accepted them.
    std::vector<std::string_view> fields, sources, profiles;
    read_names([&](std::string_view name) { fields.push_back(name); });
    read_names([&](std::string_view name) { sources.push_back(name); });
    read_names([&](std::string_view name) { profiles.push_back(name); });
    if (in.failed()) {
        return false;
    }
    base::Arena arena(4096);
    while (!in.done()) {
        row_at_.push_back(static_cast<std::uint32_t>(in.position()));
        std::uint64_t source = 0;
        std::uint64_t profile = 0;
        const EventHead head = read_head(in, source, profile);
        const std::uint64_t count = in.read_varint();
        bool good = source < sources.size() && profile < profiles.size() && count <= in.left();
        for (std::uint64_t i = 0; good && i < count; ++i) {
            good = in.read_varint() < fields.size();
            read_value(in, head.raw, arena);
            good = good && !in.failed();
        }
        if (!good || in.failed()) {
            return false;
        }
        arena.reset();
        time_min_ = row_at_.size() == 1 ? head.time : std::min(time_min_, head.time);
        time_max_ = row_at_.size() == 1 ? head.time : std::max(time_max_, head.time);
    }
    for (const std::string_view name : fields) {
        fields_.push_back(event::intern(name));
    }
    for (const std::string_view name : sources) {
        sources_.push_back(names.sources->source_id(name));
    }
    for (const std::string_view name : profiles) {
        profiles_.push_back(names.profile(name));
    }
    return true;
}

base::TimePoint Chunk::time_of(std::uint32_t row) const {
    return {base::Reader(std::string_view(record_).substr(row_at_[row])).read<std::int64_t>()};
}

std::size_t Chunk::raw_bytes_of(std::uint32_t row) const {
    RowReader in(std::string_view(record_).substr(row_at_[row]));
    std::uint64_t source = 0;
    std::uint64_t profile = 0;
    return read_head(in, source, profile).raw.size();
}

std::uint64_t Chunk::memory_bytes() const {
    return record_.capacity() + row_at_.capacity() * sizeof(std::uint32_t)
           + fields_.capacity() * sizeof(FieldId) + sizeof(Chunk) + 64;
}

void Chunk::view(std::uint32_t row, event::EventBatch& out) const {
    RowReader in(std::string_view(record_).substr(row_at_[row]));
    std::uint64_t source = 0;
    std::uint64_t profile = 0;
    EventHead head = read_head(in, source, profile);
    head.source = sources_[source];
    head.profile = profiles_[profile];
    out.begin();
    for (std::uint64_t left = in.read_varint(); left > 0; --left) {
        const FieldId id = fields_[in.read_varint()];
        out.add(id, in.read_value(head.raw, out.arena()));
    }
    out.end(head);
}

namespace {

ValueRef copy_value(const ValueRef& value, std::string_view from_raw, std::string_view to_raw,
                    base::Arena& arena) {
    switch (value.type()) {
        case event::Type::String: {
            const std::string_view text = value.string();
            // Parts of the raw text stay parts of it.
            const std::less_equal<const char*> not_after;
            if (!text.empty() && not_after(from_raw.data(), text.data())
                && not_after(text.data() + text.size(), from_raw.data() + from_raw.size())) {
                return ValueRef(to_raw.substr(
                    static_cast<std::size_t>(text.data() - from_raw.data()), text.size()));
            }
            return ValueRef(arena.copy(text));
        }
        case event::Type::Ip:
            return ValueRef(arena.copy(std::span(&value.ip(), 1)).data());
        case event::Type::List: {
            const auto from = value.list();
            auto* to = static_cast<ValueRef*>(
                arena.allocate(from.size() * sizeof(ValueRef), alignof(ValueRef)));
            for (std::size_t i = 0; i < from.size(); ++i) {
                new (to + i) ValueRef(copy_value(from[i], from_raw, to_raw, arena));
            }
            return ValueRef(std::span<const ValueRef>(to, from.size()));
        }
        default:
            return value;
    }
}

}  // namespace

void copy_event(const event::EventRef& event, event::EventBatch& out) {
    EventHead head = event.head();
    const std::string_view from_raw = head.raw;
    head.raw = out.arena().copy(from_raw);
    out.begin();
    for (const event::Field& field : event.fields()) {
        out.add(field.id, copy_value(field.value, from_raw, head.raw, out.arena()));
    }
    out.end(head);
}

}  // namespace gac::store
