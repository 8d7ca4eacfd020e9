// What the HTTP interface stands on. Filled by `gac serve`; everything referred to must outlive the
// Api.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "access/audit.h"
#include "access/gate.h"
#include "access/sessions.h"
#include "access/tokens.h"
#include "access/totp.h"
#include "access/units.h"
#include "access/users.h"
#include "base/result.h"
#include "base/time.h"
#include "event/batch.h"
#include "event/profile.h"
#include "pipeline/chunk.h"
#include "pipeline/hunt_service.h"
#include "pipeline/indicator_service.h"
#include "pipeline/rule_service.h"
#include "pipeline/source_table.h"
#include "response/alerts.h"
#include "response/changes.h"
#include "response/hosts.h"
#include "response/hunts.h"
#include "response/legal_holds.h"
#include "response/rule_exceptions.h"
#include "response/rules_book.h"
#include "response/saved_searches.h"
#include "response/sources.h"
#include "store/event_source.h"
#include "store/keeping.h"
#include "store/store.h"

namespace gac::api {

// One line as its source's decoder would read it.
struct TriedLine {
    event::EventBatch events;  // as they would be kept; head.profile is the profile taken
    bool decoded = false;      // false: no decoder took it
};

// Why events would not be accepted now.
struct NotReady {
    std::string code;  // "disk_full", "starting", "stopping" ...
    std::string message;
};

struct DiskUse {
    std::uint64_t used_bytes = 0;
    std::uint64_t free_bytes = 0;
    base::TimePoint oldest;  // of the events kept; zero when there are none
};

struct Backend {
    const base::Clock& clock;
    std::shared_ptr<const event::ProfileSet> profiles;

    access::Users& users;
    access::Sessions& sessions;
    access::Tokens& tokens;
    access::Totp& totp;
    access::Units& units;
    access::Gate& gate;
    access::Audit& audit;

    response::Alerts& alerts;
    response::ChangeFeed& changes;
    response::SourceBook& source_book;
    response::RulesBook& rules_book;
    response::RuleExceptions& rule_exceptions;
    response::LegalHolds& legal_holds;
    response::SavedSearches& saved_searches;
    response::Hunts& hunt_book;

    store::EventSource& events;
    pipeline::RuleService& rules;
    pipeline::SourceTable& sources;
    pipeline::HuntService& hunts;
    pipeline::IndicatorService& indicators;

    // Pipeline::submit: takes the chunk, or says Unavailable or StorageFull and leaves it
    // untouched.
    std::function<Result<>(pipeline::Chunk&)> submit;
    // Decodes with a decoder of `format` ("auto" or "" = the profile's) and a profile ("" = by
    // shape).
    std::function<Result<TriedLine>(std::string_view line, std::string_view format,
                                    std::string_view profile)>
        try_line;
    std::vector<std::string> formats;                  // decoders by name
    std::function<std::vector<NotReady>()> not_ready;  // empty: events would be accepted
    std::function<event::EventId()> events_end;        // ids below are in history
    std::function<DiskUse()> disk_use;
    std::function<store::Stats()> history_stats;
    std::function<Result<>()> keep_events;  // after legal holds were changed
    std::function<Result<store::Removal>(const store::Query&)> preview_deletion;
    // Deletes and writes the audit trail.
    std::function<Result<store::Removal>(const access::Actor&, const store::Query&,
                                         std::string_view reason)>
        delete_events;
    // Store::visit.
    std::function<Result<>(const store::Query&,
                           const std::function<Result<bool>(const event::EventBatch&)>&)>
        visit_events;
    store::SourceNames* source_names = nullptr;  // of the events that are visited
    std::function<void()> tell_load;             // brings the gauges of what waits up to date
};

}  // namespace gac::api
