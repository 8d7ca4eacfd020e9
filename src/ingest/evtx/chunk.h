// One chunk of a Windows event log (EVTX): 64 KiB that hold records in binary XML and the templates
// and names that they share. Gives each record as the JSON object that the public tools write for
// it: {"Event": {"System": ..., "EventData": ...}}. A record that cannot be read never loses the
// next: the reader looks for the next record's mark. See docs/formats/evtx.md for the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace gac::ingest::evtx {

inline constexpr std::size_t kChunkBytes = 64 * 1024;
inline constexpr std::size_t kFileHeaderBytes = 4096;
inline constexpr std::string_view kFileMark{"ElfFile\0", 8};
inline constexpr std::string_view kChunkMark{"ElfChnk\0", 8};

struct RecordCounts {
    std::uint64_t records = 0;
    std::uint64_t bad = 0;            // handed out with what could be read of them
    std::uint64_t skipped_bytes = 0;  // that belong to no record
};

// One record where it lies in its chunk.
struct Record {
    std::uint64_t number = 0;
    std::uint64_t written = 0;  // 100 ns since 1601
    std::size_t begin = 0;
    std::size_t end = 0;
    bool whole = false;  // both of its sizes agree
};

class ChunkReader {
public:
    ChunkReader();
    ~ChunkReader();
    ChunkReader(const ChunkReader&) = delete;
    ChunkReader& operator=(const ChunkReader&) = delete;

    // The bytes must live until the next begin(). They may be fewer than a chunk (a file cut
    // short).
    // `dirty`: Windows had not finished with the file, so the chunk may hold more than its head
    // says.
    void begin(std::string_view chunk, bool dirty = false);
    // Replaces `json` by the next record; false when there is none. A bad one has "parse.error"
    // beside what its head says.
    bool next(std::string& json);
    const RecordCounts& counts() const { return counts_; }

    // The same in two steps: finding a record is cheap. render() says what is wrong with a bad one;
    // the text lives for ever.
    bool find_next(Record& record);
    const char* render(const Record& record, std::string& json);

    struct Impl;  // for the reader of records as events
    Impl& impl() { return *impl_; }

private:
    std::unique_ptr<Impl> impl_;
    std::string_view chunk_;
    std::size_t at_ = 0;
    std::size_t free_ = 0;  // behind the records that the head speaks of
    bool dirty_ = false;
    std::uint64_t last_number_ = 0;
    RecordCounts counts_;
};

}  // namespace gac::ingest::evtx
