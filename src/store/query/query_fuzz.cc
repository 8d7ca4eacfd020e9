// The query parser takes any text; what it accepts means the same over rows in memory and over an
// encoded block, and "not (q)" is the opposite of q.
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

#include "base/assert.h"
#include "store/query/codes.h"
#include "store/query/plan.h"
#include "store/query/unit.h"
#include "store/segment/writer.h"
#include "store/testing.h"

namespace {

using namespace gac;
using namespace gac::store;

struct World {
    testing::TemporaryFolder folder;
    Names names{.profiles = testing::no_profiles(folder),
                .sources = std::make_shared<SourceNameTable>()};
    query::UnitPlace memory, block;

    World() {
        testing::RandomEvents random(42);
        event::EventBatch batch;
        batch.set_first_id(1);
        for (int i = 0; i < 120; ++i) {
            random.add(batch, *names.sources);
        }
        auto chunk = Chunk::encode(batch, names).value();
        chunk->place(1, 0, 1);
        memory.chunks = {chunk};
        Disk disk;
        const auto path = write_segment(folder.path(), memory.chunks, names, {}, disk).value();
        block.segment = Segment::open(path, names).value();
    }
};

std::set<std::int64_t> matches(const query::UnitPlace& place, const Names& names,
                               query::PlanNode& plan) {
    const auto unit = query::open_unit(place, names).value();
    const auto rows = query::passing_rows(*unit, plan, RowSet(unit->rows(), true)).value();
    const auto ids = unit->ids().value();
    std::set<std::int64_t> out;
    rows.for_each([&](std::uint32_t row) { out.insert(ids[row]); });
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static World world;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const base::TimePoint now{1'790'000'000'000'000};
    const auto query = parse(text, now);
    if (!query) {
        const auto column = error_column(query.error());
        GAC_ASSERT(column && *column >= 1 && *column <= size + 1);
        static_cast<void>(with_caret(text, query.error()));
        return 0;
    }
    auto made = query::make_plan(*query, *world.names.profiles);
    if (!made) {  // a hunt needs a list
        return 0;
    }
    query::PlanNode& plan = *made;
    const auto slow = matches(world.memory, world.names, plan);
    GAC_ASSERT(slow == matches(world.block, world.names, plan));
    if (!query->tree->has_pipes() && text.find_first_not_of(" \t\r\n") != std::string_view::npos) {
        const auto opposite = parse("not (" + std::string(text) + ")", now);
        if (opposite) {  // one more level may be one too many
            auto other = query::make_plan(*opposite, *world.names.profiles).value();
            GAC_ASSERT(matches(world.block, world.names, other).size() == 120 - slow.size());
        }
    }
    return 0;
}
