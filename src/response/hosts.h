// Which machine belongs to which unit: host names and addresses, filled by administrators, the API
// and the sample night. Names are compared without case; a name is also found by its first label.
// Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/gate.h"
#include "base/result.h"
#include "base/snapshot.h"
#include "base/time.h"
#include "response/changes.h"

namespace gac::access {
class Audit;
}

namespace gac::response {

struct HostRow {
    std::string host;  // name or address, lower case
    std::optional<UnitId> unit;
    int safety_level = 0;  // of the system it belongs to (cấp độ) 1..5; 0 = not known
    std::string note;
    bool drill = false;  // goes with the drill
    base::TimePoint updated;
};

struct HostOwner {
    std::optional<UnitId> unit;
    int safety_level = 0;
};

class HostBook {
public:
    HostBook(db::Database& database, access::Audit& audit, const base::Clock& clock,
             ChangeFeed& feed);
    ~HostBook();

    // Adds or replaces. Alerts that were raised before keep their unit.
    Result<> set(const Actor& who, std::span<const HostRow> rows, std::string_view why);
    Result<> remove(const Actor& who, std::string_view host, std::string_view why);
    Result<std::vector<HostRow>> list(const Scope& scope, std::string_view text = {},
                                      int limit = 1000);

    // By name, else by address; from memory, refreshed within the session's state.
    Result<HostOwner> resolve(db::Session& session, std::string_view host, std::string_view ip);

private:
    struct Table;
    db::Database& database_;
    access::Audit& audit_;
    const base::Clock& clock_;
    ChangeFeed& feed_;
    base::Snapshot<Table> table_;
};

}  // namespace gac::response
