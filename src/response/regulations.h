// Dated rules of the watch (decision 11): deadlines by level now, legal ones later. Each set holds
// from a date to a date; the one in force at a moment answers. The seeded set is our default,
// marked so, and editable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/gate.h"
#include "base/result.h"
#include "base/time.h"

namespace gac::access {
class Audit;
}
namespace gac::db {
class Database;
class Session;
}  // namespace gac::db

namespace gac::response {

struct RegulationSet {
    std::string id, name;
    std::string origin;  // "default" = ours; else the document's number
    base::TimePoint valid_from;
    std::optional<base::TimePoint> valid_to;
    std::vector<std::pair<std::string, std::string>>
        values;  // "alert.acknowledge_minutes.critical" = "15"
};

class Regulations {
public:
    Regulations(db::Database& database, access::Audit& audit, const base::Clock& clock)
        : database_(database), audit_(audit), clock_(clock) {}

    Result<std::vector<RegulationSet>> list();
    // From now on: the set in force ends and a copy with these values begins.
    Result<> change(const access::Actor& who, std::string_view name,
                    const std::vector<std::pair<std::string, std::string>>& values,
                    std::string_view why);

    Result<std::optional<std::string>> value(db::Session& session, std::string_view key,
                                             base::TimePoint at);
    Result<std::optional<std::int64_t>> number(db::Session& session, std::string_view key,
                                               base::TimePoint at);

private:
    db::Database& database_;
    access::Audit& audit_;
    const base::Clock& clock_;
};

}  // namespace gac::response
