// For tests: a control database in a folder of its own with everything over it, and a clock that
// stands still.
#pragma once

#include <fmt/format.h>
#include <stdio.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/audit.h"
#include "access/gate.h"
#include "access/sessions.h"
#include "access/tokens.h"
#include "access/totp.h"
#include "access/units.h"
#include "access/users.h"
#include "base/assert.h"
#include "db/session.h"
#include "response/alerts.h"
#include "response/hosts.h"
#include "response/regulations.h"
#include "response/rules_book.h"
#include "response/sources.h"

namespace gac::response {

class TestFolder {
public:
    TestFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "gac_desk_XXXXXX").string();
        GAC_ASSERT(mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;
    ~TestFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

// Value of a Result that must be there.
template <class T>
T must(Result<T> result) {
    if (!result) {
        fmt::print(stderr, "{}\n", result.error().message());
    }
    GAC_ASSERT(result.has_value());
    return std::move(*result);
}
inline void must(Result<> result) {
    if (!result) {
        fmt::print(stderr, "{}\n", result.error().message());
    }
    GAC_ASSERT(result.has_value());
}

inline constexpr base::TimePoint kTestStart{1'795'000'000'000'000};  // 2026-11-18, 11:46 and 40 s

struct FakeDesk {
    TestFolder folder;
    base::FakeClock clock{kTestStart};
    std::unique_ptr<db::Database> database =
        must(db::Database::open(folder.path() / "control.db", clock));
    access::Audit audit{*database, clock};
    access::Gate gate{*database, audit, clock};
    access::Units units{*database, audit, clock};
    access::Users users{*database, audit, clock, {.memory_kib = 64, .passes = 1}};
    access::Tokens tokens{*database, audit, clock};
    std::unique_ptr<access::Totp> totp =
        must(access::Totp::open(*database, audit, clock, folder.path() / "seal.key"));
    access::Sessions sessions{*database, audit, clock, users, *totp};
    ChangeFeed feed{*database, clock};
    HostBook hosts{*database, audit, clock, feed};
    Regulations regulations{*database, audit, clock};
    Alerts alerts{*database, audit, clock, feed, hosts, regulations};
    SourceBook sources{*database, audit, clock, feed};
    RulesBook rules{*database, audit, clock, feed};
    Actor system = Actor::system("test");
    Scope all = must(gate.require(system, access::Permission::AlertsView));

    Actor user(std::string_view name, access::Role role,
               std::optional<UnitId> unit = std::nullopt) {
        const access::User made =
            must(users.add(system, {.name = std::string(name), .role = role, .unit = unit},
                           base::Secret("mật khẩu rất dài")));
        Actor actor;
        actor.kind = Actor::Kind::User;
        actor.id = made.id.uuid;
        actor.name = made.name;
        actor.role = role;
        actor.unit = unit;
        return actor;
    }
    UnitId unit(std::string_view code) {
        return must(units.add(system,
                              {.code = std::string(code), .name = "UBND " + std::string(code)}))
            .id;
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
