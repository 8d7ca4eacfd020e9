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
#include "store/segment/block_words.h"
#include "store/segment/encode.h"
#include "store/segment/shaper.h"

namespace gac::store {

using event::ValueRef;

namespace {

constexpr std::size_t kWriteAtOnce = 1u << 20;
constexpr int kFooterLevel = 3;
constexpr std::uint32_t kShapeRowsMin = 4;     // in a block, for a new shape to be kept
constexpr std::uint32_t kOwnColumnsFrom = 32;  // rows of a block whose variables have own columns

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

// One column of the block at hand.
struct Gathered {
    std::uint32_t key = 0;
    std::uint32_t occurrence = 0;
    TypeCode type{};
    bool span = false;         // its values are parts of event.original
    bool free = false;         // rows without a shape have it
    bool wanted = false;       // by the index, span or not
    std::uint32_t pieces = 0;  // kinds of pieces that its values are, where these bound words
    std::uint32_t present = 0;
    std::vector<std::uint32_t> rows;  // only where the block has rows without a shape
    std::vector<ValueRef> values;
    std::vector<std::uint8_t> of_shapes;
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
                                                              : TypeCode::Integer,
               false);
        }
    }
    std::uint32_t of(std::uint32_t key, std::uint32_t occurrence, TypeCode type, bool span) {
        const std::size_t place =
            (std::size_t{key} * kTypeCodes + static_cast<std::size_t>(type)) * 2 + (span ? 1 : 0);
        if (occurrence > 0) {
            const auto [found, added] = repeated_.try_emplace({occurrence, place}, used_);
            return added ? make(key, occurrence, type, span) : found->second;
        }
        if (place >= first_.size()) {
            first_.resize(std::max(place + 1, first_.size() * 2), 0);
        }
        if (first_[place] == 0) {
            first_[place] = used_ + 1;
            return make(key, occurrence, type, span);
        }
        return first_[place] - 1;
    }
    Gathered& operator[](std::uint32_t place) { return columns_[place]; }
    Gathered& head(System column) { return columns_[static_cast<std::size_t>(column)]; }
    std::span<Gathered> all() { return std::span(columns_).first(used_); }

private:
    std::uint32_t make(std::uint32_t key, std::uint32_t occurrence, TypeCode type, bool span) {
        if (used_ == columns_.size()) {
            columns_.emplace_back();
        }
        Gathered& column = columns_[used_];
        column.key = key;
        column.occurrence = occurrence;
        column.type = type;
        column.span = span;
        column.free = false;
        column.wanted = false;
        column.pieces = 0;
        column.present = 0;
        column.rows.clear();
        column.values.clear();
        column.of_shapes.clear();
        return used_++;
    }

    std::vector<Gathered> columns_;
    std::uint32_t used_ = 0;
    std::vector<std::uint32_t> first_;  // by key, type, span: place in columns_ + 1
    std::map<std::pair<std::uint32_t, std::size_t>, std::uint32_t> repeated_;
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

// A shape of the block at hand.
struct PlacedShape {
    std::uint32_t shape = Shaper::kFree;  // of the shaper
    std::uint32_t rows = 0;
    bool whole = false;                  // its one variable is event.original
    bool pooled = false;                 // its variables lie in the pool
    bool apart = false;                  // no word reaches over its pieces
    std::vector<std::uint32_t> columns;  // of each field
    struct Taken {
        std::uint32_t field, column;
    };
    std::vector<Taken> taken;  // fields whose values are gathered
    std::vector<std::vector<ValueRef>> variables;
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
    void find_shapes();
    void place_shapes();
    bool indexed() const { return options_.index != nullptr; }
    void gather_heads();
    void gather();
    Shaper::Row row_of(std::uint32_t row) const {
        const event::EventHead& head = events_.heads()[row];
        return {.event = events_[row],
                .numbers = std::span(numbers_).subspan(head.first_field, head.field_count)};
    }
    ColumnEntry put_column(const ColumnBytes& bytes, const Gathered& column);
    Result<> put_variables(BlockEntry& block);
    void keep_distinct(std::vector<ValueRef>& values) const;
    void add_to_index();
    Result<> put_shapes();
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

    Shaper shaper_;
    std::vector<std::uint32_t> numbers_;       // of the names of all fields of the block
    std::vector<std::uint32_t> shapes_;        // of each row, the shaper's
    std::vector<std::uint32_t> places_;        // of each row: its place in placed_
    std::vector<std::string_view> variables_;  // of all rows
    std::vector<std::uint32_t> variables_at_;  // where each row's begin
    std::vector<PlacedShape> placed_;
    std::size_t placed_used_ = 0;
    bool any_free_ = false;
    std::vector<ValueRef> pool_;
    BlockWords words_;                      // of the block at hand
    std::vector<event::FieldId> names_of_;  // by the segment's number of the name
    std::vector<WrittenBlock::Column> written_columns_;
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

void Writer::find_shapes() {
    numbers_.clear();
    for (const event::Field& field : events_.fields()) {
        numbers_.push_back(fields_.number(event::index_of(field.id), [&] {
            names_of_.push_back(field.id);
            return event::name_of(field.id);
        }));
    }
    shapes_.clear();
    variables_.clear();
    variables_at_.clear();
    std::vector<std::uint32_t> counts;
    const auto count = [&](std::uint32_t shape) {
        if (shape != Shaper::kFree) {
            counts.resize(std::max<std::size_t>(counts.size(), shaper_.size()));
            ++counts[shape];
        }
    };
    for (std::uint32_t row = 0; row < events_.size(); ++row) {
        variables_at_.push_back(static_cast<std::uint32_t>(variables_.size()));
        shapes_.push_back(shaper_.find(row_of(row), variables_));
        count(shapes_.back());
    }
    const auto rare = [&](std::uint32_t shape) {
        return shape != Shaper::kFree && !shaper_.kept(shape) && counts[shape] < kShapeRowsMin;
    };
    for (std::uint32_t row = 0; row < events_.size(); ++row) {
        if (rare(shapes_[row]) && !shaper_.is_whole(shapes_[row])) {
            shapes_[row] = shaper_.whole(row_of(row));
            count(shapes_[row]);
        }
    }
    for (std::uint32_t& shape : shapes_) {
        shape = rare(shape) ? Shaper::kFree : shape;
    }
}

// Gives the shapes of the block places in the order of their first rows.
void Writer::place_shapes() {
    placed_used_ = 0;
    places_.clear();
    std::vector<std::uint32_t> place_of(shaper_.size() + 1, 0);  // + 1; the last: no shape
    for (const std::uint32_t shape : shapes_) {
        std::uint32_t& place = place_of[std::min(shape, shaper_.size())];
        if (place == 0) {
            if (placed_used_ == placed_.size()) {
                placed_.emplace_back();
            }
            place = static_cast<std::uint32_t>(++placed_used_);
            PlacedShape& placed = placed_[place - 1];
            placed.shape = shape;
            placed.rows = 0;
            placed.whole = shape == Shaper::kFree || shaper_.is_whole(shape);
            placed.columns.clear();
            placed.taken.clear();
        }
        ++placed_[place - 1].rows;
        places_.push_back(place - 1);
    }
    any_free_ = place_of.back() != 0;
    for (std::uint32_t place = 0; place < placed_used_; ++place) {
        PlacedShape& placed = placed_[place];
        placed.pooled = placed.whole || placed.rows < kOwnColumnsFrom;
        if (placed.shape == Shaper::kFree) {
            continue;
        }
        const Shape& shape = shaper_.shape(placed.shape);
        placed.apart = words_end_at_pieces(shape);
        placed.variables.resize(std::max<std::size_t>(placed.variables.size(), shape.variables));
        for (auto& values : placed.variables) {
            values.clear();
        }
        for (const ShapeField& field : shape.fields) {
            const std::uint32_t number =
                columns_.of(field.key, field.occurrence, field.type, !field.stored);
            Gathered& column = columns_[number];
            column.of_shapes.resize(placed_used_);
            column.of_shapes[place] = 1;
            column.present += placed.rows;
            placed.columns.push_back(number);
        }
        if (indexed() && placed.apart && !placed.whole) {
            words_.add_literals(shape);
            for (const Piece& piece : shape.pieces) {
                if (piece.is_field()) {
                    columns_[placed.columns[piece.index]].pieces |= piece_bit(piece.kind);
                }
            }
        }
    }
    for (Gathered& column : columns_.all().subspan(kSystemColumns)) {
        column.wanted =
            indexed() && options_.index->wants(names_of_[column.key - kFirstFieldColumn]);
    }
    for (PlacedShape& placed : std::span(placed_).first(placed_used_)) {
        for (std::uint32_t field = 0; field < placed.columns.size(); ++field) {
            const std::uint32_t number = placed.columns[field];
            if (!columns_[number].span || columns_[number].wanted) {
                placed.taken.push_back({field, number});
            }
        }
    }
}

void Writer::gather_heads() {
    const auto fill = [&](System which, auto&& value_of) {
        Gathered& column = columns_.head(which);
        column.present = events_.size();
        column.of_shapes.assign(placed_used_, 1);
        for (std::uint32_t row = 0; row < events_.size(); ++row) {
            column.values.emplace_back(std::int64_t{value_of(events_.heads()[row], row)});
        }
    };
    using Head = event::EventHead;
    fill(System::Time, [](const Head& head, std::uint32_t) { return head.time.us; });
    fill(System::Received, [](const Head& head, std::uint32_t) {
        return wrapping_sub(head.received.us, head.time.us);
    });
    fill(System::Id,
         [&](const Head&, std::uint32_t row) { return static_cast<std::int64_t>(ids_[row]); });
    fill(System::Source, [&](const Head& head, std::uint32_t) {
        return sources_.number(static_cast<std::uint32_t>(head.source),
                               [&] { return names_.sources->source_name(head.source); });
    });
    fill(System::Profile, [&](const Head& head, std::uint32_t) {
        return profiles_.number(static_cast<std::uint32_t>(head.profile),
                                [&] { return (*names_.profiles)[head.profile].name; });
    });
    fill(System::Flags, [](const Head& head, std::uint32_t) {
        return (head.parse_failed ? kFlagParseFailed : 0) | (head.drill ? kFlagDrill : 0);
    });
}

void Writer::gather() {
    pool_.clear();
    for (std::uint32_t row = 0; row < events_.size(); ++row) {
        PlacedShape& placed = placed_[places_[row]];
        const event::EventRef event = events_[row];
        const auto fields = event.fields();
        if (indexed() && (placed.whole || !placed.apart)) {
            words_.add(event.head().raw);
        }
        if (placed.whole) {
            pool_.emplace_back(event.head().raw);
        } else {
            const std::string_view* text = variables_.data() + variables_at_[row];
            const std::uint32_t count = shaper_.shape(placed.shape).variables;
            for (std::uint32_t i = 0; i < count; ++i) {
                (placed.pooled ? pool_ : placed.variables[i]).emplace_back(text[i]);
                if (placed.pooled && placed.apart && indexed()) {
                    words_.add(text[i]);
                }
            }
        }
        if (placed.shape == Shaper::kFree) {
            for (std::size_t i = 0; i < fields.size(); ++i) {
                const std::uint32_t number = numbers_[event.head().first_field + i];
                Gathered& column =
                    columns_[columns_.of(kFirstFieldColumn + number, occurrences_.next(number, row),
                                         code_of(fields[i].value.type()), false)];
                column.free = true;
                ++column.present;
                column.rows.push_back(row);
                column.values.push_back(fields[i].value);
            }
            continue;
        }
        const event::Field* const first = fields.data();
        for (const auto [field, number] : placed.taken) {
            Gathered& column = columns_[number];
            if (any_free_) {
                column.rows.push_back(row);
            }
            column.values.push_back(first[field].value);
        }
    }
}

ColumnEntry Writer::put_column(const ColumnBytes& bytes, const Gathered& column) {
    const ColumnEntry entry{
        .key = column.key,
        .occurrence = column.occurrence,
        .type = column.type,
        .encoding = bytes.encoding,
        .packing = bytes.packing,
        .present = column.present,
        .offset = written_ + buffer_.size(),
        .stored_bytes = static_cast<std::uint32_t>(bytes.stored.size()),
        .raw_bytes = bytes.raw_bytes,
        .checksum = XXH3_64bits(bytes.stored.data(), bytes.stored.size()),
        .min = bytes.min,
        .max = bytes.max,
    };
    buffer_ += bytes.stored;
    return entry;
}

Result<> Writer::put_variables(BlockEntry& block) {
    const auto put_texts = [&](std::uint32_t key, std::uint32_t occurrence,
                               std::vector<ValueRef>& values) -> Result<> {
        const auto count = static_cast<std::uint32_t>(values.size());
        const ColumnBytes bytes = encoder_.encode(
            {.type = TypeCode::String, .rows = {}, .values = values, .shapes = {}, .of_shapes = {}},
            count);
        Gathered column;
        column.key = key;
        column.occurrence = occurrence;
        column.type = TypeCode::String;
        column.present = count;
        block.variables.push_back(put_column(bytes, column));
        keep_distinct(values);
        return flush(kWriteAtOnce);
    };
    if (!pool_.empty()) {
        GAC_CHECK(put_texts(kPoolKey, 0, pool_));
    }
    for (std::uint32_t place = 0; place < placed_used_; ++place) {
        PlacedShape& placed = placed_[place];
        if (!placed.pooled) {
            const std::uint32_t count = shaper_.shape(placed.shape).variables;
            for (std::uint32_t i = 0; i < count; ++i) {
                GAC_CHECK(put_texts(kFirstShapeKey + place, i, placed.variables[i]));
                if (indexed() && placed.apart) {
                    words_.add_pieces(piece_bit(Piece::Kind::Field), placed.variables[i]);
                }
            }
        }
    }
    return {};
}

// Of the column that was encoded last: each value once, where the encoder knows.
void Writer::keep_distinct(std::vector<ValueRef>& values) const {
    const std::span<const std::uint32_t> first = encoder_.distinct();
    if (!first.empty()) {
        for (std::size_t i = 0; i < first.size(); ++i) {
            values[i] = values[first[i]];  // ascending
        }
        values.resize(first.size());
    }
}

void Writer::add_to_index() {
    written_columns_.clear();
    for (const Gathered& column : columns_.all().subspan(kSystemColumns)) {
        words_.add_pieces(column.pieces, column.values);
        written_columns_.push_back({.field = names_of_[column.key - kFirstFieldColumn],
                                    .in_raw = column.span,
                                    .values = column.values});
    }
    options_.index->add({.number = static_cast<std::uint32_t>(footer_.blocks.size() - 1),
                         .events = events_,
                         .ids = ids_,
                         .entry = footer_.blocks.back(),
                         .columns = written_columns_,
                         .words = words_.text()});
}

Result<> Writer::put_block() {
    columns_.begin();
    words_.begin();
    occurrences_.begin();
    BlockEntry block;
    block.rows = events_.size();
    block.time_min = block.time_max = events_.heads().front().time;
    block.id_min = block.id_max = ids_.front();
    for (std::uint32_t i = 0; i < block.rows; ++i) {
        const base::TimePoint time = events_.heads()[i].time;
        block.time_min = std::min(block.time_min, time);
        block.time_max = std::max(block.time_max, time);
        block.id_min = std::min(block.id_min, ids_[i]);
        block.id_max = std::max(block.id_max, ids_[i]);
    }
    find_shapes();
    place_shapes();
    gather_heads();
    gather();
    for (Gathered& column : columns_.all()) {
        column.of_shapes.resize(placed_used_);
        ColumnBytes bytes;
        if (column.key == static_cast<std::uint32_t>(System::Raw)) {
            column.present = block.rows;
            std::vector<std::uint32_t> numbers;
            for (std::uint32_t place = 0; place < placed_used_; ++place) {
                const std::uint32_t shape = placed_[place].shape;
                numbers.push_back(shape == Shaper::kFree ? 0 : shaper_.keep(shape) + 1);
            }
            bytes = encoder_.encode_shaped(numbers, places_);
        } else if (column.span) {
            bytes = encoder_.encode_span(column.present, column.of_shapes, block.rows);
        } else {
            if (!column.free) {
                column.rows.clear();
            }
            bytes = encoder_.encode({.type = column.type,
                                     .rows = column.rows,
                                     .values = column.values,
                                     .shapes = places_,
                                     .of_shapes = column.of_shapes},
                                    block.rows);
            keep_distinct(column.values);
        }
        block.columns.push_back(put_column(bytes, column));
        GAC_CHECK(flush(kWriteAtOnce));
    }
    GAC_CHECK(put_variables(block));
    shaper_.end_block();
    SegmentSummary& sum = footer_.summary;
    const bool first = sum.rows == 0;
    sum.rows += block.rows;
    sum.time_min = first ? block.time_min : std::min(sum.time_min, block.time_min);
    sum.time_max = first ? block.time_max : std::max(sum.time_max, block.time_max);
    sum.id_min = first ? block.id_min : std::min(sum.id_min, block.id_min);
    sum.id_max = first ? block.id_max : std::max(sum.id_max, block.id_max);
    footer_.blocks.push_back(std::move(block));
    if (indexed()) {
        add_to_index();
    }
    return {};
}

Result<> Writer::put_shapes() {
    const std::string plain = encode_shapes(shaper_.kept_shapes());
    std::string packed(ZSTD_compressBound(plain.size()), '\0');
    const std::size_t n =
        ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), kFooterLevel);
    GAC_ASSERT(ZSTD_isError(n) == 0);
    packed.resize(n);
    return put(kShapeSection, packed);
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
    GAC_CHECK(put_shapes());
    if (indexed()) {
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
    const auto earlier = [](const Row& a, const Row& b) {
        return a.time != b.time ? a.time < b.time : a.id < b.id;
    };
    if (!std::ranges::is_sorted(rows_, earlier)) {
        std::ranges::sort(rows_, earlier);
    }
}

Result<> ChunkStream::next(const BlockLimits& limits, event::EventBatch& out,
                           std::vector<event::EventId>& ids) {
    std::size_t whole = 0;
    for (; at_ < rows_.size() && out.size() < limits.rows_max; ++at_) {
        const Row& row = rows_[at_];
        const Chunk& chunk = *chunks_[row.chunk];
        const std::size_t bytes = chunk.bytes_of(row.row);
        whole += bytes;
        // The text is a part of the bytes: most often these tell enough.
        const auto too_much_text = [&] {
            return out.raw_bytes() + bytes > limits.text_bytes_max
                   && out.raw_bytes() + chunk.raw_bytes_of(row.row) > limits.text_bytes_max;
        };
        if (!out.empty() && (whole > limits.bytes_max || too_much_text())) {
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
