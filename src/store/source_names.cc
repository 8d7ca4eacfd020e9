#include "store/source_names.h"

#include <unordered_map>
#include <vector>

#include "base/snapshot.h"

namespace gac::store {

struct SourceNameTable::Table {
    struct Names {
        std::unordered_map<std::string, std::uint32_t> ids;
        std::vector<std::string> names;
    };
    base::Guarded<Names> names;
};

SourceNameTable::SourceNameTable() : table_(std::make_unique<Table>()) {
    source_id("unknown");
    source_id("_overflow");
}

SourceNameTable::~SourceNameTable() = default;

event::SourceId SourceNameTable::source_id(std::string_view name) {
    return table_->names.with([&](Table::Names& table) {
        if (const auto found = table.ids.find(std::string(name)); found != table.ids.end()) {
            return event::SourceId{found->second};
        }
        if (table.names.size() >= kNamesMax) {
            return event::SourceId{1};
        }
        const auto id = static_cast<std::uint32_t>(table.names.size());
        table.names.emplace_back(name);
        table.ids.emplace(name, id);
        return event::SourceId{id};
    });
}

std::string SourceNameTable::source_name(event::SourceId id) const {
    return table_->names.with([&](const Table::Names& table) {
        const auto index = static_cast<std::size_t>(id);
        return index < table.names.size() ? table.names[index] : std::string("unknown");
    });
}

}  // namespace gac::store
