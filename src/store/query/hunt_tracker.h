// One thread's work of a hunt: units, one after the other. Rows are looked at only where a value
// holds something.
#pragma once

#include <cstdint>
#include <memory>
#include <tuple>
#include <vector>

#include "base/result.h"
#include "store/query/hunt_indexes.h"
#include "store/query/hunt_tallies.h"
#include "store/query/run.h"

namespace gac::store::query {

class HuntTracker {
public:
    HuntTracker(const Context& context, const Hunter& hunter, const HuntQuestion& question,
                HuntIndexes& indexes);

    // Gives the bytes read.
    Result<std::uint64_t> run(const UnitPlace& place);

    HuntTallies& tallies() { return tallies_; }

private:
    // A row in which something stands.
    struct Hit {
        std::uint32_t what = 0;
        std::uint32_t row = 0;
        std::uint32_t find = 0;  // place in the block's finds
        bool operator<(const Hit& other) const {
            return std::tie(what, row) < std::tie(other.what, other.row);
        }
    };

    void add_hits(std::size_t from, std::uint32_t row);
    Result<> look_at_block(BlockReader& reader, std::uint32_t block);
    Result<bool> look_at_numbers(Column& column, std::uint32_t role, const RowSet* among,
                                 const AddressFilter* filter);
    Result<> look_at_column(BlockReader& reader, Column& column, std::uint32_t role,
                            const RowSet* among);
    Result<> look_closely(BlockReader& reader);
    void look_at_chunks(const UnitPlace& place);
    Result<> tally(Unit& unit);

    const Context& context_;
    const Hunter& hunter_;
    const HuntQuestion& question_;
    HuntIndexes& indexes_;
    std::unique_ptr<HunterEye> eye_;
    HuntTallies tallies_;
    const Name host_;
    Name source_, drill_;
    PlanNode plan_;

    // Of the unit at hand.
    std::vector<Find> finds_;
    std::vector<Hit> hits_;
    RowSet closely_;
    std::vector<event::ValueRef> values_;
    std::vector<std::uint32_t> maybe_;
    std::vector<base::TimePoint> times_;  // by row
    std::vector<event::EventId> ids_;
};

}  // namespace gac::store::query
