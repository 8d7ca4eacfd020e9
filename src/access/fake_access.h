// For tests: a control database in a folder of its own with the whole room over it, and a clock
// that stands still.
#pragma once

#include <fmt/format.h>
#include <stdio.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "access/audit.h"
#include "access/gate.h"
#include "access/sessions.h"
#include "access/tokens.h"
#include "access/totp.h"
#include "access/units.h"
#include "access/users.h"
#include "base/assert.h"
#include "db/session.h"

namespace gac::access {

class TestFolder {
public:
    TestFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "gac_test_XXXXXX").string();
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

inline constexpr base::TimePoint kTestStart{1'795'000'000'000'000};  // 2026-11-18
inline constexpr std::string_view kTestPassword = "mật khẩu rất dài";

struct FakeAccess {
    TestFolder folder;
    base::FakeClock clock{kTestStart};
    std::unique_ptr<db::Database> database =
        must(db::Database::open(folder.path() / "control.db", clock, {.durable = false}));
    Audit audit{*database, clock};
    Gate gate{*database, audit, clock};
    Units units{*database, audit, clock};
    Users users{*database, audit, clock, {.memory_kib = 64, .passes = 1}};
    Tokens tokens{*database, audit, clock};
    std::unique_ptr<Totp> totp =
        must(Totp::open(*database, audit, clock, folder.path() / "seal.key"));
    Sessions sessions{*database, audit, clock, users, *totp};
    Actor system = Actor::system("test");
    Scope all = must(gate.require(system, Permission::AlertsView));

    User add_user(std::string_view name, Role role, std::optional<UnitId> unit = std::nullopt) {
        return must(users.add(system, {.name = std::string(name), .role = role, .unit = unit},
                              base::Secret(std::string(kTestPassword))));
    }
    Actor actor(std::string_view name, Role role, std::optional<UnitId> unit = std::nullopt) {
        const User made = add_user(name, role, unit);
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
    SignInAnswer sign_in(std::string_view name, std::string_view password = kTestPassword,
                         std::string_view code = {}, std::string_view address = "192.0.2.1") {
        return must(sessions.sign_in({.name = std::string(name),
                                      .password = base::Secret(std::string(password)),
                                      .code = std::string(code),
                                      .address = std::string(address),
                                      .user_agent = "test"}));
    }
};

}  // namespace gac::access
