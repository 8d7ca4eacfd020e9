// A batch as the log keeps it and the memory table searches it: one record of bytes
// (docs/formats/wal.md) and the places of its rows. Immutable once in the table; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "event/batch.h"
#include "event/profile.h"
#include "store/source_names.h"

namespace gac::store {

// Names of this process for names on disk, and back.
struct Names {
    std::shared_ptr<const event::ProfileSet> profiles;
    std::shared_ptr<SourceNames> sources;

    event::ProfileId profile(
        std::string_view name) const;  // generic when there is none of that name (any more)
};

inline constexpr std::size_t kRecordHeader = 48;
inline constexpr std::uint32_t kRecordMagic = 0x43524347;  // "GCRC"
inline constexpr std::size_t kRecordPayloadMax = std::size_t{1} << 30;
inline constexpr std::uint32_t kRowsMax = 1U << 20;  // of one batch

struct RecordHeader {
    std::uint32_t payload_bytes = 0;
    std::uint64_t sequence = 0;
    std::uint64_t previous = 0;  // the record that stands before this one in the log's order
    event::EventId first_id = 0;
    std::uint32_t rows = 0;
    std::uint64_t checksum = 0;
};

// Nothing when the bytes do not begin with a record header.
std::optional<RecordHeader> read_record_header(std::string_view bytes);
// `record` is header and payload; `salt` stands in the log file's header, so that nobody can forge
// a record inside the text of an event.
bool checksum_holds(std::string_view record, std::uint64_t salt);

class Chunk {
public:
    static Result<std::shared_ptr<Chunk>> encode(const event::EventBatch& batch,
                                                 const Names& names);
    // A whole record out of the log; checks everything but the checksum.
    static Result<std::shared_ptr<Chunk>> decode(std::string record, const Names& names);

    // The order of writing is known only when the batch takes its place: before that the record is
    // not complete.
    void place(std::uint64_t sequence, std::uint64_t previous, std::uint64_t salt);

    std::string_view record() const { return record_; }
    std::uint64_t sequence() const { return sequence_; }
    event::EventId first_id() const { return first_id_; }
    std::uint32_t rows() const { return static_cast<std::uint32_t>(row_at_.size()); }
    base::TimePoint time_min() const { return time_min_; }
    base::TimePoint time_max() const { return time_max_; }
    base::TimePoint time_of(std::uint32_t row) const;
    std::size_t bytes_of(std::uint32_t row) const {
        return (row + 1 < row_at_.size() ? row_at_[row + 1] : record_.size()) - row_at_[row];
    }
    std::size_t raw_bytes_of(std::uint32_t row) const;
    std::uint64_t memory_bytes() const;

    // Adds the row to `out`. All bytes stay in this chunk (lists in out's arena): it must outlive
    // the batch.
    void view(std::uint32_t row, event::EventBatch& out) const;

private:
    bool index_rows(const Names& names);

    std::string record_;
    std::vector<std::uint32_t> row_at_;  // offsets into record_
    std::vector<event::FieldId> fields_;
    std::vector<event::SourceId> sources_;
    std::vector<event::ProfileId> profiles_;
    std::uint64_t sequence_ = 0;
    std::uint64_t payload_hash_ = 0;
    event::EventId first_id_ = 0;
    base::TimePoint time_min_{};
    base::TimePoint time_max_{};
};

// Copies an event with all its bytes into `out`'s arena.
void copy_event(const event::EventRef& event, event::EventBatch& out);

}  // namespace gac::store
