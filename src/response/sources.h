// The register of log sources: who feeds us, how it goes, and who has fallen silent. The pipeline
// adds its counts every few seconds; a source appears when its first event does. Silent: nothing
// received for longer than the expected silence that somebody set, or else 5 minutes and four times
// its own usual pause. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/gate.h"
#include "base/result.h"
#include "base/time.h"
#include "response/changes.h"

namespace gac::access {
class Audit;
}

namespace gac::response {

// What came from one source since the last report. Times are of receiving, by our clock.
struct SourceReport {
    std::string name;
    std::string kind;  // "syslog", "http", "file", "sample"
    std::string profile, format;
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
    std::uint64_t parse_failures = 0;
    base::TimePoint first_received, last_received;
    std::string
        failure_sample;  // a line that no decoder took, when there was one; at most 2000 bytes kept
    std::string failure_reason;
    bool drill = false;
};

enum class SourceState : std::uint8_t { Active, Silent, Snoozed, Disabled };
std::string_view name_of(SourceState state);  // "active", "silent", "snoozed", "disabled"

struct Source {
    std::string name, kind, profile, format, note;
    std::optional<UnitId> unit;
    base::TimePoint created;
    base::TimePoint first_event, last_event;  // received
    std::uint64_t events = 0, bytes = 0, parse_failures = 0;
    base::Duration usual_gap;                        // learned
    std::optional<base::Duration> expected_silence;  // set by somebody
    std::optional<base::TimePoint> snoozed_until;
    base::Duration silent_after;  // in force
    SourceState state = SourceState::Active;
    std::string failure_sample, failure_reason;
    bool enabled = true;  // false: its silence is of no interest
    bool drill = false;   // never silent, counted nowhere
    std::int64_t version = 1;
};

// Only what is set changes.
struct SourceChange {
    std::optional<std::optional<UnitId>> unit;
    std::optional<std::optional<base::Duration>> expected_silence;
    std::optional<std::optional<base::TimePoint>> snoozed_until;  // at most 30 days ahead
    std::optional<bool> enabled;
    std::optional<std::string> note;
};

class SourceBook {
public:
    SourceBook(db::Database& database, access::Audit& audit, const base::Clock& clock,
               ChangeFeed& feed)
        : database_(database), audit_(audit), clock_(clock), feed_(feed) {}

    Result<> report(std::span<const SourceReport> reports);
    Result<std::vector<Source>> list(const Scope& scope);  // by name, state as of now
    Result<Source> find(const Scope& scope, std::string_view name);
    Result<std::vector<Source>> silent(const Scope& scope);
    Result<Source> update(const Scope& scope, const Actor& who, std::string_view name,
                          std::int64_t expected_version, const SourceChange& change,
                          std::string_view why);
    Result<std::int64_t> remove_drill(const Actor& who);

private:
    db::Database& database_;
    access::Audit& audit_;
    const base::Clock& clock_;
    ChangeFeed& feed_;
};

}  // namespace gac::response
