#include "store/merge/merge.h"

#include <xxhash.h>

#include <algorithm>
#include <limits>
#include <map>

#include "store/query/plan.h"

namespace gac::store {

namespace {

constexpr std::uint32_t kRowsAtOnce = 4096;  // copied out of a block
constexpr int kFreshLevel = 1;

// What the disk takes is counted against the pace.
class PacedDisk final : public Disk {
public:
    PacedDisk(Disk& disk, Pace& pace) : disk_(disk), pace_(pace) {}
    Result<base::Fd> create(const std::filesystem::path& path) override {
        return disk_.create(path);
    }
    Result<> write(const base::Fd& fd, std::span<const std::string_view> parts) override {
        std::uint64_t bytes = 0;
        for (const std::string_view part : parts) {
            bytes += part.size();
        }
        GAC_CHECK(pace_.step(bytes));
        return disk_.write(fd, parts);
    }
    Result<> sync(const base::Fd& fd) override { return disk_.sync(fd); }
    Result<> rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
        return disk_.rename(from, to);
    }
    Result<> remove(const std::filesystem::path& path) override { return disk_.remove(path); }
    Result<> sync_folder(const std::filesystem::path& folder) override {
        return disk_.sync_folder(folder);
    }

private:
    Disk& disk_;
    Pace& pace_;
};

// Numbers of sources, ascending by name, over all inputs.
class SourceRanks {
public:
    explicit SourceRanks(std::span<const std::shared_ptr<const Segment>> inputs) {
        for (const auto& segment : inputs) {
            for (const std::string& name : segment->source_names()) {
                ranks_.emplace(name, 0);
            }
        }
        std::uint32_t rank = 0;
        for (auto& [name, number] : ranks_) {
            number = rank++;
        }
    }
    std::vector<std::uint32_t> of(const Segment& segment) const {
        std::vector<std::uint32_t> ranks;
        for (const std::string& name : segment.source_names()) {
            ranks.push_back(ranks_.at(name));
        }
        return ranks;
    }

private:
    std::map<std::string, std::uint32_t> ranks_;
};

Result<Partitions::Counts> count_rows(std::span<const std::shared_ptr<const Segment>> inputs,
                                      const SourceRanks& ranks, const MergeRules& rules) {
    Partitions::Counts counts;
    for (const auto& segment : inputs) {
        const auto rank = ranks.of(*segment);
        GAC_TRY(fd, segment->open_data());
        for (std::uint32_t block = 0; block < segment->blocks().size(); ++block) {
            BlockReader reader(segment, fd, block);
            GAC_TRY(times, reader.numbers(System::Time));
            GAC_TRY(sources, reader.numbers(System::Source));
            std::int64_t day = std::numeric_limits<std::int64_t>::min();
            std::map<std::uint32_t, std::uint64_t>* of_day = nullptr;
            for (std::uint32_t row = 0; row < reader.rows(); ++row) {
                const auto source = static_cast<std::uint64_t>(sources[row]);
                if (source >= rank.size()) {
                    return fail(Code::Corrupt, "a row names a source that is not in the footer",
                                segment->path().string());
                }
                const std::int64_t today = day_of({times[row]}, rules.day_offset);
                if (today != day || of_day == nullptr) {
                    day = today;
                    of_day = &counts[day];
                }
                ++(*of_day)[rank[source]];
            }
        }
    }
    return counts;
}

void forget(const RewriteParts& parts, std::span<const std::shared_ptr<const Segment>> made) {
    for (const auto& segment : made) {
        static_cast<void>(parts.disk.remove(segment->path()));  // the error that led here is told
    }
}

}  // namespace

MergeInput merge_input(const Segment& segment, const MergeRules& rules) {
    const SegmentSummary& summary = segment.summary();
    return {.rows = summary.rows,
            .time_min = summary.time_min,
            .time_max = summary.time_max,
            .created = summary.created,
            .fresh = summary.order == kOrderTime,
            .only_source = segment.source_names().size() == 1 && summary.rows >= rules.own_rows
                               ? segment.source_names().front()
                               : std::string()};
}

Result<std::vector<std::shared_ptr<const Segment>>> merge_segments(
    const RewriteParts& parts, std::span<const std::shared_ptr<const Segment>> inputs,
    const MergeRules& rules, const MergeShape& shape) {
    const SourceRanks ranks(inputs);
    GAC_TRY(counts, count_rows(inputs, ranks, rules));
    const Partitions partitions(counts, rules);
    RowSorter sorter(parts.folder, parts.names, parts.pace, shape.sort_bytes);
    const query::Name host = query::resolve("host.name", *parts.names.profiles);
    SegmentSummary summary;
    summary.order = kOrderSource;
    summary.sequence_first = std::numeric_limits<std::uint64_t>::max();
    std::string scratch;
    for (const auto& segment : inputs) {
        summary.sequence_first =
            std::min(summary.sequence_first, segment->summary().sequence_first);
        summary.sequence_last = std::max(summary.sequence_last, segment->summary().sequence_last);
        const auto rank = ranks.of(*segment);
        GAC_TRY(fd, segment->open_data());
        for (std::uint32_t block = 0; block < segment->blocks().size(); ++block) {
            BlockReader reader(segment, fd, block);
            GAC_TRY(times, reader.numbers(System::Time));
            GAC_TRY(sources, reader.numbers(System::Source));
            std::uint64_t read = 0;
            for (std::uint32_t from = 0; from < reader.rows(); from += kRowsAtOnce) {
                std::vector<std::uint32_t> rows;
                for (std::uint32_t row = from; row < std::min(from + kRowsAtOnce, reader.rows());
                     ++row) {
                    rows.push_back(row);
                }
                std::vector<event::EventId> ids;
                event::EventBatch& batch = sorter.fill();
                GAC_CHECK(reader.materialize(rows, batch, ids));
                std::vector<RowKey> keys;
                for (std::uint32_t i = 0; i < rows.size(); ++i) {
                    const std::uint32_t source = rank[static_cast<std::size_t>(sources[rows[i]])];
                    const base::TimePoint time{times[rows[i]]};
                    const std::string_view text =
                        query::value_of(host, batch[i], parts.names, scratch).text(scratch);
                    keys.push_back(
                        {.partition = partitions.of(day_of(time, rules.day_offset), source),
                         .source = source,
                         .host = text.empty() ? 0 : XXH3_64bits(text.data(), text.size()),
                         .time = time.us,
                         .id = ids[i]});
                }
                GAC_CHECK(sorter.keep(std::move(keys)));
            }
            for (const ColumnEntry& column : reader.entry().columns) {
                read += column.stored_bytes;
            }
            GAC_CHECK(parts.pace.step(read));
        }
    }
    GAC_CHECK(sorter.finish());
    PacedDisk disk(parts.disk, parts.pace);
    std::vector<std::shared_ptr<const Segment>> made;
    std::uint64_t rows_made = 0;
    auto done = [&]() -> Result<> {
        while (!sorter.done()) {
            const auto rows = sorter.read_partition();
            SegmentOptions options{.limits = shape.limits,
                                   .compression_level = shape.compression_level};
            options.name = parts.next_name();
            GAC_TRY(path, write_segment(parts.folder, summary, *rows, parts.names, options, disk));
            GAC_TRY(segment, Segment::open(path, parts.names));
            rows_made += segment->summary().rows;
            made.push_back(std::move(segment));
        }
        return {};
    }();
    std::uint64_t rows_read = 0;
    for (const auto& segment : inputs) {
        rows_read += segment->summary().rows;
    }
    if (done && rows_made != rows_read) {
        done = fail(Code::Internal, "merged segments do not hold as many rows as their inputs");
    }
    if (!done) {
        forget(parts, made);
        return std::unexpected(std::move(done).error());
    }
    return made;
}

Result<std::shared_ptr<const Segment>> rewrite_without(
    const RewriteParts& parts, const std::shared_ptr<const Segment>& segment,
    std::span<const RowSet> gone, const MergeShape& shape,
    const std::function<void(const event::EventRef&)>& each) {
    class Left final : public RowStream {
    public:
        Left(const RewriteParts& parts, std::shared_ptr<const Segment> segment, base::Fd fd,
             std::span<const RowSet> gone, const std::function<void(const event::EventRef&)>& each)
            : parts_(parts),
              segment_(std::move(segment)),
              fd_(std::move(fd)),
              gone_(gone),
              each_(each) {}

        Result<> next(const BlockLimits& limits, event::EventBatch& out,
                      std::vector<event::EventId>& ids) override {
            // Old blocks are taken as they are: their rows were within limits when written, and
            // what is left of one is not joined with the next.
            for (; ids.empty() && block_ < segment_->blocks().size(); advance()) {
                if (!reader_) {
                    reader_.emplace(segment_, fd_, block_);
                    GAC_CHECK(take_out());
                }
                std::vector<std::uint32_t> rows;
                for (; row_ < reader_->rows() && rows.size() < limits.rows_max; ++row_) {
                    if (!gone_[block_].has(row_)) {
                        rows.push_back(row_);
                    }
                }
                GAC_CHECK(reader_->materialize(rows, out, ids));
            }
            return {};
        }
        // Rows behind the last block that has any left.
        Result<> drain() {
            for (; block_ < segment_->blocks().size(); ++block_) {
                reader_.emplace(segment_, fd_, block_);
                GAC_CHECK(take_out());
            }
            return {};
        }

    private:
        void advance() {
            if (row_ >= reader_->rows()) {
                reader_.reset();
                ++block_;
                row_ = 0;
            }
        }
        Result<> take_out() {
            std::vector<std::uint32_t> rows;
            gone_[block_].for_each([&](std::uint32_t row) { rows.push_back(row); });
            event::EventBatch batch;
            std::vector<event::EventId> ids;
            GAC_CHECK(reader_->materialize(rows, batch, ids));
            batch.set_ids(std::move(ids));
            for (std::uint32_t i = 0; i < batch.size(); ++i) {
                each_(batch[i]);
            }
            return parts_.pace.step(reader_->bytes_read());
        }

        const RewriteParts& parts_;
        std::shared_ptr<const Segment> segment_;
        base::Fd fd_;
        std::span<const RowSet> gone_;
        const std::function<void(const event::EventRef&)>& each_;
        std::optional<BlockReader> reader_;
        std::uint32_t block_ = 0;
        std::uint32_t row_ = 0;
    };
    GAC_TRY(fd, segment->open_data());
    Left left(parts, segment, std::move(fd), gone, each);
    std::uint64_t removed = 0;
    for (const RowSet& rows : gone) {
        removed += rows.count();
    }
    if (removed == segment->summary().rows) {
        GAC_CHECK(left.drain());
        return std::shared_ptr<const Segment>();
    }
    PacedDisk disk(parts.disk, parts.pace);
    const bool merged = segment->summary().order == kOrderSource;
    SegmentOptions options{.limits = shape.limits,
                           .compression_level = merged ? shape.compression_level : kFreshLevel};
    options.limits.rows_max = kBlockRowsMax;
    options.name = parts.next_name();
    SegmentSummary summary;
    summary.sequence_first = segment->summary().sequence_first;
    summary.sequence_last = segment->summary().sequence_last;
    summary.order = segment->summary().order;
    GAC_TRY(path, write_segment(parts.folder, summary, left, parts.names, options, disk));
    auto made = Segment::open(path, parts.names);
    if (made && (*made)->summary().rows + removed != segment->summary().rows) {
        made = fail(Code::Internal, "a rewritten segment does not hold the rows that are left");
    }
    if (!made) {
        static_cast<void>(parts.disk.remove(path));  // the error is told
    }
    return made;
}

}  // namespace gac::store
