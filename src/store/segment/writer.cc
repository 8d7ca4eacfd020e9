#include "store/segment/writer.h"

#include <fcntl.h>
#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "store/bytes.h"
#include "store/index/builder.h"
#include "store/segment/encode.h"

namespace gac::store {

using event::ValueRef;

namespace {

constexpr std::size_t kWriteAtOnce = 1u << 20;
constexpr int kFooterLevel = 3;

// Small numbers for names that are written in the order of their first use.
class NameList {
public:
    template <class NameOf>
    std::uint32_t number(std::uint32_t id, NameOf&& name_of) {
        if (id >= numbers_.size()) {
            numbers_.resize(std::max<std::size_t>(id + 1, numbers_.size() * 2), 0);
        }
        if (numbers_[id] == 0) {
            names_.emplace_back(name_of());
            numbers_[id] = static_cast<std::uint32_t>(names_.size());
        }
        return numbers_[id] - 1;
    }
    std::vector<std::string> take() { return std::move(names_); }

private:
    std::vector<std::uint32_t> numbers_;  // by the process's number: ours + 1
    std::vector<std::string> names_;
};

struct Gathered {
    std::uint32_t key;
    std::uint32_t occurrence;
    TypeCode type;
    std::vector<std::uint32_t> rows;
    std::vector<ValueRef> values;
};

// The columns of one block while its rows come in. Vectors are kept from block to block.
class BlockColumns {
public:
    void begin() {
        used_ = 0;
        first_.assign(first_.size(), 0);
        repeated_.clear();
        // System columns are always the first ones, in order.
        for (std::uint32_t key = 0; key < kSystemColumns; ++key) {
            of(key, 0,
               key == static_cast<std::uint32_t>(System::Raw) ? TypeCode::String
                                                              : TypeCode::Integer);
        }
    }
    Gathered& of(std::uint32_t key, std::uint32_t occurrence, TypeCode type) {
        const std::size_t place = std::size_t{key} * kTypeCodes + static_cast<std::size_t>(type);
        if (occurrence > 0) {
            const auto [found, added] = repeated_.try_emplace({occurrence, place}, used_);
            return added ? make(key, occurrence, type) : columns_[found->second];
        }
        if (place >= first_.size()) {
            first_.resize(std::max(place + 1, first_.size() * 2), 0);
        }
        if (first_[place] == 0) {
            first_[place] = used_ + 1;
            return make(key, occurrence, type);
        }
        return columns_[first_[place] - 1];
    }
    Gathered& head(System column) { return columns_[static_cast<std::size_t>(column)]; }
    std::span<const Gathered> all() const { return std::span(columns_).first(used_); }

private:
    Gathered& make(std::uint32_t key, std::uint32_t occurrence, TypeCode type) {
        if (used_ == columns_.size()) {
            columns_.emplace_back();
        }
        Gathered& column = columns_[used_++];
        column.key = key;
        column.occurrence = occurrence;
        column.type = type;
        column.rows.clear();
        column.values.clear();
        return column;
    }

    std::vector<Gathered> columns_;
    std::size_t used_ = 0;
    std::vector<std::size_t>
        first_;  // by key and type: place in columns_ + 1, for the first occurrence
    std::map<std::pair<std::uint32_t, std::size_t>, std::size_t> repeated_;
};

// How often a field has stood in the row at hand.
class Occurrences {
public:
    void begin() { marks_.assign(marks_.size(), {}); }
    std::uint32_t next(std::uint32_t field, std::uint32_t row) {
        if (field >= marks_.size()) {
            marks_.resize(std::max<std::size_t>(field + 1, marks_.size() * 2));
        }
        Mark& mark = marks_[field];
        mark = mark.row == row + 1 ? Mark{mark.row, mark.count + 1} : Mark{row + 1, 0};
        return mark.count;
    }

private:
    struct Mark {
        std::uint32_t row = 0;  // + 1
        std::uint32_t count = 0;
    };
    std::vector<Mark> marks_;
};

class Writer final : public SectionSink {
public:
    Writer(base::Fd fd, const Names& names, const SegmentOptions& options, Disk& disk)
        : fd_(std::move(fd)),
          names_(names),
          options_(options),
          disk_(disk),
          encoder_(options.compression_level) {}

    Result<> write(RowStream& rows, const SegmentSummary& summary);
    Result<> put(std::uint32_t tag, std::string_view bytes) override;

private:
    Result<> put_block();
    void gather(std::uint32_t row, const event::EventRef& event, event::EventId id);
    Result<> flush(std::size_t more_than);
    Result<> put_footer();

    base::Fd fd_;
    const Names& names_;
    const SegmentOptions& options_;
    Disk& disk_;
    ColumnEncoder encoder_;
    BlockColumns columns_;
    Occurrences occurrences_;
    event::EventBatch events_;  // of the block at hand
    std::vector<event::EventId> ids_;
    NameList fields_, sources_, profiles_;
    SegmentFooter footer_;
    std::string buffer_;
    std::uint64_t written_ = 0;
};

Result<> Writer::flush(std::size_t more_than) {
    if (buffer_.size() > more_than) {
        const std::string_view parts[] = {buffer_};
        GAC_CHECK(disk_.write(fd_, parts));
        written_ += buffer_.size();
        buffer_.clear();
    }
    return {};
}

void Writer::gather(std::uint32_t row, const event::EventRef& event, event::EventId id) {
    const event::EventHead& head = event.head();
    const auto add = [row](Gathered& column, ValueRef value) {
        column.rows.push_back(row);
        column.values.push_back(value);
    };
    const auto number = [&](System column, std::int64_t value) {
        add(columns_.head(column), ValueRef(value));
    };
    const auto source = static_cast<std::uint32_t>(head.source);
    const auto profile = static_cast<std::uint32_t>(head.profile);
    number(System::Time, head.time.us);
    number(System::Received, wrapping_sub(head.received.us, head.time.us));
    number(System::Id, static_cast<std::int64_t>(id));
    number(System::Source,
           sources_.number(source, [&] { return names_.sources->source_name(head.source); }));
    number(System::Profile,
           profiles_.number(profile, [&] { return (*names_.profiles)[head.profile].name; }));
    number(System::Flags,
           (head.parse_failed ? kFlagParseFailed : 0) | (head.drill ? kFlagDrill : 0));
    add(columns_.head(System::Raw), ValueRef(head.raw));
    for (const event::Field& field : event.fields()) {
        const std::uint32_t name =
            fields_.number(event::index_of(field.id), [&] { return event::name_of(field.id); });
        add(columns_.of(kFirstFieldColumn + name, occurrences_.next(name, row),
                        code_of(field.value.type())),
            field.value);
    }
}

Result<> Writer::put_block() {
    columns_.begin();
    occurrences_.begin();
    BlockEntry block;
    block.rows = events_.size();
    block.time_min = block.time_max = events_.heads().front().time;
    block.id_min = block.id_max = ids_.front();
    for (std::uint32_t i = 0; i < block.rows; ++i) {
        gather(i, events_[i], ids_[i]);
        const base::TimePoint time = events_.heads()[i].time;
        block.time_min = std::min(block.time_min, time);
        block.time_max = std::max(block.time_max, time);
        block.id_min = std::min(block.id_min, ids_[i]);
        block.id_max = std::max(block.id_max, ids_[i]);
    }
    for (const Gathered& column : columns_.all()) {
        const ColumnBytes bytes = encoder_.encode(
            {.type = column.type, .rows = column.rows, .values = column.values}, block.rows);
        block.columns.push_back({
            .key = column.key,
            .occurrence = column.occurrence,
            .type = column.type,
            .encoding = bytes.encoding,
            .packing = bytes.packing,
            .present = static_cast<std::uint32_t>(column.rows.size()),
            .offset = written_ + buffer_.size(),
            .stored_bytes = static_cast<std::uint32_t>(bytes.stored.size()),
            .raw_bytes = bytes.raw_bytes,
            .checksum = XXH3_64bits(bytes.stored.data(), bytes.stored.size()),
            .min = bytes.min,
            .max = bytes.max,
        });
        buffer_ += bytes.stored;
        GAC_CHECK(flush(kWriteAtOnce));
    }
    SegmentSummary& sum = footer_.summary;
    const bool first = sum.rows == 0;
    sum.rows += block.rows;
    sum.time_min = first ? block.time_min : std::min(sum.time_min, block.time_min);
    sum.time_max = first ? block.time_max : std::max(sum.time_max, block.time_max);
    sum.id_min = first ? block.id_min : std::min(sum.id_min, block.id_min);
    sum.id_max = first ? block.id_max : std::max(sum.id_max, block.id_max);
    footer_.blocks.push_back(std::move(block));
    if (options_.index != nullptr) {
        options_.index->add({.number = static_cast<std::uint32_t>(footer_.blocks.size() - 1),
                             .events = events_,
                             .ids = ids_,
                             .entry = footer_.blocks.back()});
    }
    return {};
}

Result<> Writer::put(std::uint32_t tag, std::string_view bytes) {
    GAC_ASSERT(tag >= kSectionTagMin && bytes.size() <= kSectionBytesMax);
    footer_.sections.push_back({.tag = tag,
                                .offset = written_ + buffer_.size(),
                                .bytes = static_cast<std::uint32_t>(bytes.size()),
                                .checksum = XXH3_64bits(bytes.data(), bytes.size())});
    buffer_ += bytes;
    return flush(kWriteAtOnce);
}

Result<> Writer::put_footer() {
    footer_.fields = fields_.take();
    footer_.sources = sources_.take();
    footer_.profiles = profiles_.take();
    const std::string plain = encode_footer(footer_);
    std::string packed(ZSTD_compressBound(plain.size()), '\0');
    const std::size_t n =
        ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), kFooterLevel);
    GAC_ASSERT(ZSTD_isError(n) == 0);
    packed.resize(n);
    const std::uint64_t at = written_ + buffer_.size();
    buffer_ += packed;
    std::string trailer;
    store::put(trailer, at);
    store::put(trailer, static_cast<std::uint32_t>(packed.size()));
    store::put(trailer, static_cast<std::uint32_t>(plain.size()));
    store::put(trailer, std::uint64_t{XXH3_64bits(packed.data(), packed.size())});
    store::put(trailer, std::uint64_t{XXH3_64bits(trailer.data(), trailer.size())});
    trailer += kSegmentEndMagic;
    GAC_ASSERT(trailer.size() == kSegmentTrailer);
    buffer_ += trailer;
    return flush(0);
}

Result<> Writer::write(RowStream& rows, const SegmentSummary& summary) {
    footer_.summary = summary;
    buffer_ = kSegmentMagic;
    store::put(buffer_, kSegmentVersion);
    store::put(buffer_, std::uint32_t{0});
    store::put(buffer_, summary.created.us);
    store::put(buffer_, std::uint64_t{XXH3_64bits(buffer_.data(), buffer_.size())});
    GAC_ASSERT(buffer_.size() == kSegmentHeader);
    for (;;) {
        events_.reset();
        ids_.clear();
        GAC_CHECK(rows.next(options_.limits, events_, ids_));
        GAC_ASSERT(ids_.size() == events_.size() && events_.size() <= kBlockRowsMax);
        if (events_.empty()) {
            break;
        }
        GAC_CHECK(put_block());
    }
    if (footer_.blocks.empty()) {
        return fail(Code::InvalidArgument, "a segment of no rows");
    }
    if (options_.index != nullptr) {
        GAC_CHECK(options_.index->finish(*this));
    }
    GAC_CHECK(put_footer());
    return disk_.sync(fd_);
}

}  // namespace

ChunkStream::ChunkStream(std::span<const std::shared_ptr<Chunk>> chunks) : chunks_(chunks) {
    for (std::uint32_t c = 0; c < chunks.size(); ++c) {
        for (std::uint32_t r = 0; r < chunks[c]->rows(); ++r) {
            rows_.push_back({.time = chunks[c]->time_of(r).us,
                             .id = chunks[c]->first_id() + r,
                             .chunk = c,
                             .row = r});
        }
    }
    std::ranges::sort(rows_, [](const Row& a, const Row& b) {
        return a.time != b.time ? a.time < b.time : a.id < b.id;
    });
}

Result<> ChunkStream::next(const BlockLimits& limits, event::EventBatch& out,
                           std::vector<event::EventId>& ids) {
    std::size_t whole = 0;
    for (; at_ < rows_.size() && out.size() < limits.rows_max; ++at_) {
        const Row& row = rows_[at_];
        const Chunk& chunk = *chunks_[row.chunk];
        whole += chunk.bytes_of(row.row);
        if (!out.empty()
            && (whole > limits.bytes_max
                || out.raw_bytes() + chunk.raw_bytes_of(row.row) > limits.text_bytes_max)) {
            break;
        }
        chunk.view(row.row, out);
        ids.push_back(row.id);
    }
    return {};
}

Result<std::filesystem::path> write_segment(const std::filesystem::path& folder,
                                            SegmentSummary summary, RowStream& rows,
                                            const Names& names, const SegmentOptions& options,
                                            Disk& disk) {
    summary.created = base::SystemClock().now();
    const std::filesystem::path path =
        folder / (options.name.empty() ? segment_name(summary) : options.name);
    std::filesystem::path temporary = path;
    temporary += kTemporarySuffix;
    auto done = [&]() -> Result<> {
        GAC_CHECK(disk.remove(temporary));
        GAC_TRY(fd, disk.create(temporary));
        std::optional<index::Builder> usual;
        SegmentOptions used = options;
        if (used.index == nullptr && used.indexed) {
            used.index = &usual.emplace(*names.profiles);
        }
        Writer writer(std::move(fd), names, used, disk);
        GAC_CHECK(writer.write(rows, summary));
        GAC_CHECK(disk.rename(temporary, path));
        return disk.sync_folder(folder);
    }();
    if (!done) {
        static_cast<void>(disk.remove(temporary));  // what failed first is told
        return std::unexpected(base::at(path.string(), std::move(done).error()));
    }
    return path;
}

Result<std::filesystem::path> write_segment(const std::filesystem::path& folder,
                                            std::span<const std::shared_ptr<Chunk>> chunks,
                                            const Names& names, const SegmentOptions& options,
                                            Disk& disk) {
    GAC_ASSERT(!chunks.empty());
    SegmentSummary summary;
    summary.sequence_first = chunks.front()->sequence();
    summary.sequence_last = chunks.back()->sequence();
    summary.order = kOrderTime;
    ChunkStream rows(chunks);
    return write_segment(folder, summary, rows, names, options, disk);
}

}  // namespace gac::store
