#include "store/query/memory_unit.h"

#include <utility>

#include "store/query/codes.h"

namespace gac::store::query {

using event::ValueRef;

namespace {

class MemoryUnit final : public Unit {
public:
    MemoryUnit(std::vector<std::shared_ptr<Chunk>> chunks, const Names& names)
        : chunks_(std::move(chunks)), names_(names) {
        std::vector<event::EventId> ids;
        for (const auto& chunk : chunks_) {
            for (std::uint32_t row = 0; row < chunk->rows(); ++row) {
                chunk->view(row, events_);
                ids.push_back(chunk->first_id() + row);
                ids_.push_back(static_cast<std::int64_t>(ids.back()));
                times_.push_back(events_.heads().back().time.us);
            }
            bytes_ += chunk->record().size();
        }
        events_.set_ids(std::move(ids));
    }

    std::uint32_t rows() const override { return events_.size(); }
    std::uint64_t bytes_read() const override { return bytes_; }
    Result<std::span<const std::int64_t>> times() override {
        return std::span<const std::int64_t>(times_);
    }
    Result<std::span<const std::int64_t>> ids() override {
        return std::span<const std::int64_t>(ids_);
    }

    Result<RowSet> matches(PlanNode& node, const RowSet& among) override {
        RowSet out(rows());
        among.for_each([&](std::uint32_t row) {
            if (passes(node, events_[row], names_)) {
                out.set(row);
            }
        });
        return out;
    }

    Result<RowSet> passing(
        const RowSet& among,
        const std::function<bool(const event::EventRef&, const Names&)>& test) override {
        RowSet out(rows());
        among.for_each([&](std::uint32_t row) {
            if (test(events_[row], names_)) {
                out.set(row);
            }
        });
        return out;
    }

    Result<Codes> codes(const Name& name, const RowSet& rows_asked) override {
        Codes out;
        out.code.resize(rows());
        CodeTable table(out);
        std::string scratch;
        rows_asked.for_each([&](std::uint32_t row) {
            ValueRef value = value_of(name, events_[row], names_, scratch);
            if (name.kind == Name::Kind::Source) {
                value = ValueRef(texts_.copy(value.string()));
            }
            out.code[row] = table.of(value);
        });
        return out;
    }

    Result<> materialize(std::span<const std::uint32_t> rows_asked, event::EventBatch& out,
                         std::vector<event::EventId>& ids) override {
        for (const std::uint32_t row : rows_asked) {
            copy_event(events_[row], out);
            ids.push_back(events_.id_of(row));
        }
        return {};
    }

private:
    std::vector<std::shared_ptr<Chunk>> chunks_;
    const Names& names_;
    event::EventBatch events_;  // views into chunks_
    std::vector<std::int64_t> times_, ids_;
    base::Arena texts_{4096};
    std::uint64_t bytes_ = 0;
};

}  // namespace

std::unique_ptr<Unit> open_memory_unit(std::vector<std::shared_ptr<Chunk>> chunks,
                                       const Names& names) {
    return std::make_unique<MemoryUnit>(std::move(chunks), names);
}

}  // namespace gac::store::query
