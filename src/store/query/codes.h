// Values of names over a unit, names that pipes made included. One thread.
#pragma once

#include <string>

#include "store/memory/value_bytes.h"
#include "store/query/unit.h"

namespace gac::store::query {

// Distinct values as they come.
class CodeTable {
public:
    explicit CodeTable(Codes& out) : out_(out) {}
    std::uint32_t of(const event::ValueRef& value) {
        if (value.is_null()) {
            return 0;
        }
        key_.clear();
        put_value(key_, value, {});
        const auto [place, added] = out_.keys.add(key_);
        if (added) {
            out_.values.push_back(value);
        }
        return place + 1;
    }

private:
    Codes& out_;
    std::string key_;
};

Result<Codes> codes_of(Unit& unit, const Name& name, const RowSet& rows);

// Rows of `among` that pass the plan, computed names and hunts included.
Result<RowSet> passing_rows(Unit& unit, PlanNode& node, const RowSet& among);

}  // namespace gac::store::query
