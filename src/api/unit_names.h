// Names of units, for showing beside ids; looked up again every few seconds. Any thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "access/gate.h"
#include "access/units.h"
#include "api/json_writer.h"
#include "base/snapshot.h"
#include "base/time.h"

namespace gac::api {

class UnitNames {
public:
    UnitNames(access::Units& units, access::Gate& gate) : units_(units), gate_(gate) {}

    // {"id":…,"name":…} or null.
    void write(JsonWriter& json, const std::optional<base::UnitId>& unit);

private:
    using Names = std::map<base::UnitId, std::string>;
    std::shared_ptr<const Names> fresh();

    struct Known {
        std::shared_ptr<const Names> names = std::make_shared<Names>();
        std::int64_t at_us = 0;
    };
    access::Units& units_;
    access::Gate& gate_;
    base::Guarded<Known> known_;
};

}  // namespace gac::api
