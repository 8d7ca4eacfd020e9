// Sorting more rows than memory holds. Rows go in in any order; what does not fit is written to
// nameless temporary files in sorted runs (batches of packed log records), and comes out again
// merged. Needs about `memory_bytes` and a few hundred KiB a run. One thread.
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "base/result.h"
#include "event/batch.h"
#include "store/memory/chunk.h"
#include "store/segment/writer.h"

namespace gac::store {

// Told of every piece of work; makes it slower, or stops it with an error.
class Pace {
public:
    virtual ~Pace() = default;
    virtual Result<> step(std::uint64_t bytes) = 0;  // read or written
};

struct RowKey {
    std::uint32_t partition = 0;
    std::uint32_t source = 0;  // ascending by name
    std::uint64_t host = 0;    // rows of one host stand together; a hash, so in no special order
    std::int64_t time = 0;
    event::EventId id = 0;
    auto operator<=>(const RowKey&) const = default;
};

class RowSorter {
public:
    RowSorter(std::filesystem::path folder, const Names& names, Pace& pace,
              std::size_t memory_bytes);
    ~RowSorter();
    RowSorter(const RowSorter&) = delete;
    RowSorter& operator=(const RowSorter&) = delete;

    // An empty batch to fill; then keep() takes it over with one key a row.
    event::EventBatch& fill();
    Result<> keep(std::vector<RowKey> keys);

    // No more rows come: they can be read now, partition by partition.
    Result<> finish();
    bool done() const;
    std::uint32_t partition() const;  // of the next row
    // The rows of that partition, to its end. One at a time.
    std::unique_ptr<RowStream> read_partition();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace gac::store
