// What the store is told about keeping events: from the settings, the regulation in force and the
// legal holds. And the audit trail's lines about what went. Any thread.
#pragma once

#include <string>
#include <vector>

#include "access/actor.h"
#include "access/audit.h"
#include "app/config.h"
#include "base/result.h"
#include "base/time.h"
#include "response/legal_holds.h"
#include "response/regulations.h"
#include "store/store.h"

namespace gac::app {

// A hold as a question to the store.
Result<store::Query> query_of(const response::LegalHold& hold);

Result<std::vector<store::Query>> held_events(response::LegalHolds& holds);

// Months by the level of the settings, unless they say so themselves; and what is held.
Result<store::Keeping> read_keeping(const Config& config, db::Database& database,
                                    response::Regulations& regulations, response::LegalHolds& holds,
                                    base::TimePoint now);

Result<> audit_retention(access::Audit& audit, const store::Removal& removal);

// Deletes and writes the trail: a line before the first event goes, so that a deletion which is cut
// off is known, and one with the proof when all are gone.
Result<store::Removal> delete_events(store::Store& store, access::Audit& audit,
                                     const access::Actor& who, const store::Query& query,
                                     std::string_view reason);

}  // namespace gac::app
