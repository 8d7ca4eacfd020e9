// The control database with everything that works on it, built bottom-up and torn down in reverse.
// One a process.
#pragma once

#include <memory>

#include "access/audit.h"
#include "access/gate.h"
#include "access/sessions.h"
#include "access/tokens.h"
#include "access/totp.h"
#include "access/units.h"
#include "access/users.h"
#include "app/data_folder.h"
#include "base/time.h"
#include "db/session.h"
#include "response/alerts.h"
#include "response/changes.h"
#include "response/hosts.h"
#include "response/hunts.h"
#include "response/legal_holds.h"
#include "response/regulations.h"
#include "response/rule_exceptions.h"
#include "response/rules_book.h"
#include "response/saved_searches.h"
#include "response/sources.h"

namespace gac::app {

class ControlDesk {
public:
    static Result<std::unique_ptr<ControlDesk>> open(const DataFolder& folder,
                                                     const base::Clock& clock);

    std::unique_ptr<db::Database> database;
    access::Audit audit;
    access::Gate gate;
    access::Users users;
    access::Units units;
    access::Tokens tokens;
    std::unique_ptr<access::Totp> totp;
    access::Sessions sessions;
    response::ChangeFeed changes;
    response::HostBook hosts;
    response::Regulations regulations;
    response::LegalHolds legal_holds;
    response::RulesBook rules;
    response::RuleExceptions rule_exceptions;
    response::SavedSearches saved_searches;
    response::Hunts hunts;
    response::SourceBook sources;
    response::Alerts alerts;

private:
    ControlDesk(std::unique_ptr<db::Database> opened, const base::Clock& clock,
                const DataFolder& folder, Result<>& outcome);
};

}  // namespace gac::app
