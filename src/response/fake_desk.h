// For tests: a control database in a folder of its own with everything over it, and a clock that
// stands still.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/fake_access.h"
#include "response/alerts.h"
#include "response/hosts.h"
#include "response/hunts.h"
#include "response/legal_holds.h"
#include "response/regulations.h"
#include "response/rule_exceptions.h"
#include "response/rules_book.h"
#include "response/saved_searches.h"
#include "response/sources.h"

namespace gac::response {

using access::kTestStart;
using access::must;

// access::FakeAccess with the alert desk over it.
struct FakeDesk : access::FakeAccess {
    ChangeFeed feed{*database, clock};
    HostBook hosts{*database, audit, clock, feed};
    Regulations regulations{*database, audit, clock};
    Alerts alerts{*database, audit, clock, feed, hosts, regulations};
    SourceBook sources{*database, audit, clock, feed};
    RulesBook rules{*database, audit, clock, feed};
    RuleExceptions rule_exceptions{*database, audit, clock, feed};
    SavedSearches saved_searches{*database, audit, clock};
    Hunts hunt_book{*database, audit, clock};
    LegalHolds legal_holds{*database, audit, clock};
    Actor user(std::string_view name, access::Role role,
               std::optional<UnitId> unit = std::nullopt) {
        return actor(name, role, unit);
    }
    void own(std::string_view host, UnitId unit) {
        const HostRow row{.host = std::string(host), .unit = unit};
        must(hosts.set(system, std::span(&row, 1), "test"));
    }
    Scope scope_of(const Actor& actor) {
        return must(gate.require(actor, access::Permission::AlertsView));
    }
};

inline std::shared_ptr<const event::RuleInfo> test_rule(std::string_view id,
                                                        event::Level level = event::Level::High) {
    auto rule = std::make_shared<event::RuleInfo>();
    rule->id = id;
    rule->title = "Rule " + std::string(id);
    rule->title_vi = "Luật Đăng nhập " + std::string(id);
    rule->level = level;
    rule->tags = {"attack.t1110"};
    return rule;
}

inline Sighting sighting_of(std::shared_ptr<const event::RuleInfo> rule, std::string_view host,
                            std::vector<event::EventId> events, base::TimePoint time = kTestStart) {
    Sighting sighting;
    sighting.detection.rule = std::move(rule);
    sighting.detection.time = time;
    sighting.detection.events = std::move(events);
    sighting.detection.matched = {{"user.name", "root"}};
    sighting.host = host;
    sighting.source = "syslog";
    sighting.source_ip = "203.0.113.9";
    sighting.user_name = "root";
    sighting.sample = "{\"message\":\"Failed password\"}";
    return sighting;
}

}  // namespace gac::response
