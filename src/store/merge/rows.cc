#include "store/merge/rows.h"

#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <queue>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/file.h"

namespace gac::store {

namespace {

constexpr std::size_t kFrameBytes = 256u << 10;  // of a run's batch, about
constexpr std::uint32_t kFrameRows = 2048;
constexpr int kRunLevel = 1;

struct FrameHead {
    std::uint32_t rows;
    std::uint32_t packed_bytes;
    std::uint32_t record_bytes;
    std::uint32_t unused;
    std::uint64_t checksum;  // of the packed bytes
};

Result<> write_at(const base::Fd& fd, const void* bytes, std::size_t size) {
    return base::write_all(fd, {static_cast<const char*>(bytes), size});
}

Result<> read_at(const base::Fd& fd, std::uint64_t at, void* to, std::size_t size) {
    auto* bytes = static_cast<char*>(to);
    while (size > 0) {
        const ssize_t n = ::pread(fd.get(), bytes, size, static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return base::fail_errno("read", n < 0 ? errno : EIO);
        }
        bytes += n;
        at += static_cast<std::uint64_t>(n);
        size -= static_cast<std::size_t>(n);
    }
    return {};
}

// One sorted run while it is read.
struct Run {
    base::Fd fd;
    std::uint64_t bytes = 0;
    std::uint64_t at = 0;
    std::vector<RowKey> keys;
    std::shared_ptr<Chunk> chunk;
    std::uint32_t row = 0;

    const RowKey& key() const { return keys[row]; }
};

}  // namespace

struct RowSorter::State {
    std::filesystem::path folder;
    const Names& names;
    Pace& pace;
    std::size_t memory_bytes;

    // Coming in.
    struct Place {
        RowKey key;
        std::uint32_t batch, row;
    };
    std::deque<event::EventBatch> batches;
    std::vector<Place> places;
    std::size_t held_bytes = 0;

    // Going out.
    std::vector<Run> runs;
    struct Later {
        const std::vector<Run>* runs;
        bool operator()(std::size_t a, std::size_t b) const {
            return (*runs)[b].key() < (*runs)[a].key();
        }
    };
    std::priority_queue<std::size_t, std::vector<std::size_t>, Later> heap{Later{&runs}};

    Result<> spill();
    Result<> put_frame(Run& run, event::EventBatch& view, std::span<const RowKey> keys);
    Result<bool> load(Run& run);
};

RowSorter::RowSorter(std::filesystem::path folder, const Names& names, Pace& pace,
                     std::size_t memory_bytes)
    : state_(new State{.folder = std::move(folder),
                       .names = names,
                       .pace = pace,
                       .memory_bytes = memory_bytes}) {}
RowSorter::~RowSorter() = default;

event::EventBatch& RowSorter::fill() { return state_->batches.emplace_back(); }

Result<> RowSorter::keep(std::vector<RowKey> keys) {
    State& s = *state_;
    const auto number = static_cast<std::uint32_t>(s.batches.size() - 1);
    event::EventBatch& batch = s.batches.back();
    GAC_ASSERT(keys.size() == batch.size());
    for (std::uint32_t row = 0; row < keys.size(); ++row) {
        s.places.push_back({keys[row], number, row});
    }
    s.held_bytes += batch.arena().bytes_reserved() + batch.fields().size() * sizeof(event::Field)
                    + batch.size() * (sizeof(event::EventHead) + sizeof(State::Place));
    return s.held_bytes >= s.memory_bytes ? s.spill() : Result<>();
}

Result<> RowSorter::State::spill() {
    if (places.empty()) {
        return {};
    }
    std::ranges::sort(places, {}, &Place::key);
    Run run;
    GAC_TRY(fd, base::open_file(folder, O_RDWR | O_TMPFILE, 0600));
    run.fd = std::move(fd);
    event::EventBatch view;
    std::vector<RowKey> keys;
    std::size_t bytes = 0;
    for (const Place& place : places) {
        const event::EventRef event = batches[place.batch][place.row];
        view.begin();
        view.add(event.fields());
        view.end(event.head());
        keys.push_back(place.key);
        bytes += event.head().raw.size() + event.fields().size() * sizeof(event::Field);
        if (keys.size() == kFrameRows || bytes >= kFrameBytes) {
            GAC_CHECK(put_frame(run, view, keys));
            view.reset();
            keys.clear();
            bytes = 0;
        }
    }
    if (!keys.empty()) {
        GAC_CHECK(put_frame(run, view, keys));
    }
    runs.push_back(std::move(run));
    places.clear();
    batches.clear();
    held_bytes = 0;
    return {};
}

Result<> RowSorter::State::put_frame(Run& run, event::EventBatch& view,
                                     std::span<const RowKey> keys) {
    GAC_TRY(chunk, Chunk::encode(view, names));
    chunk->place(1, 0, 0);  // a record is read only with its place in an order
    const std::string_view record = chunk->record();
    std::string packed(ZSTD_compressBound(record.size()), '\0');
    const std::size_t n =
        ZSTD_compress(packed.data(), packed.size(), record.data(), record.size(), kRunLevel);
    GAC_ASSERT(ZSTD_isError(n) == 0);
    packed.resize(n);
    const FrameHead head{.rows = static_cast<std::uint32_t>(keys.size()),
                         .packed_bytes = static_cast<std::uint32_t>(n),
                         .record_bytes = static_cast<std::uint32_t>(record.size()),
                         .unused = 0,
                         .checksum = XXH3_64bits(packed.data(), packed.size())};
    GAC_CHECK(write_at(run.fd, &head, sizeof head));
    GAC_CHECK(write_at(run.fd, keys.data(), keys.size_bytes()));
    GAC_CHECK(write_at(run.fd, packed.data(), packed.size()));
    const std::uint64_t bytes = sizeof head + keys.size_bytes() + packed.size();
    run.bytes += bytes;
    return pace.step(bytes);
}

// Reads the run's next frame; false at its end.
Result<bool> RowSorter::State::load(Run& run) {
    run.chunk.reset();
    if (run.at == run.bytes) {
        return false;
    }
    FrameHead head{};
    GAC_CHECK(read_at(run.fd, run.at, &head, sizeof head));
    run.keys.resize(head.rows);
    run.row = 0;
    const std::size_t key_bytes = head.rows * sizeof(RowKey);
    GAC_CHECK(read_at(run.fd, run.at + sizeof head, run.keys.data(), key_bytes));
    std::string packed(head.packed_bytes, '\0');
    GAC_CHECK(read_at(run.fd, run.at + sizeof head + key_bytes, packed.data(), packed.size()));
    std::string record(head.record_bytes, '\0');
    if (head.checksum != XXH3_64bits(packed.data(), packed.size())
        || ZSTD_decompress(record.data(), record.size(), packed.data(), packed.size())
               != record.size()) {
        return fail(Code::Corrupt, "a temporary file of sorting is damaged", folder.string());
    }
    run.at += sizeof head + key_bytes + packed.size();
    GAC_TRY(chunk, Chunk::decode(std::move(record), names));
    run.chunk = std::move(chunk);
    GAC_CHECK(pace.step(sizeof head + key_bytes + packed.size()));
    return true;
}

Result<> RowSorter::finish() {
    State& s = *state_;
    GAC_CHECK(s.spill());
    s.batches.shrink_to_fit();
    std::vector<State::Place>().swap(s.places);
    for (std::size_t i = 0; i < s.runs.size(); ++i) {
        GAC_TRY(more, s.load(s.runs[i]));
        if (more) {
            s.heap.push(i);
        }
    }
    return {};
}

bool RowSorter::done() const { return state_->heap.empty(); }

std::uint32_t RowSorter::partition() const {
    return state_->runs[state_->heap.top()].key().partition;
}

std::unique_ptr<RowStream> RowSorter::read_partition() {
    class Stream final : public RowStream {
    public:
        explicit Stream(State& state)
            : state_(state), partition_(state.runs[state.heap.top()].key().partition) {}

        Result<> next(const BlockLimits& limits, event::EventBatch& out,
                      std::vector<event::EventId>& ids) override {
            held_.clear();
            std::size_t text = 0;
            std::size_t whole = 0;
            while (!state_.heap.empty() && ids.size() < limits.rows_max) {
                const std::size_t number = state_.heap.top();
                Run& run = state_.runs[number];
                if (run.key().partition != partition_) {
                    break;
                }
                text += run.chunk->raw_bytes_of(run.row);
                whole += run.chunk->bytes_of(run.row);
                if (!ids.empty() && (text > limits.text_bytes_max || whole > limits.bytes_max)) {
                    break;
                }
                run.chunk->view(run.row, out);
                ids.push_back(run.key().id);
                state_.heap.pop();
                if (++run.row == run.keys.size()) {
                    held_.push_back(run.chunk);  // rows of `out` point into it
                    GAC_TRY(more, state_.load(run));
                    if (!more) {
                        continue;
                    }
                }
                state_.heap.push(number);
            }
            return {};
        }

    private:
        State& state_;
        std::uint32_t partition_;
        std::vector<std::shared_ptr<Chunk>> held_;
    };
    return std::make_unique<Stream>(*state_);
}

}  // namespace gac::store
