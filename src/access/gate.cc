#include "access/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>

#include "access/audit.h"
#include "base/log.h"
#include "db/session.h"

namespace gac::access {

namespace {

using enum Permission;
using Set = std::uint32_t;
static_assert(kPermissionCount <= 32);

constexpr Set bit(Permission permission) { return Set{1} << static_cast<unsigned>(permission); }

constexpr Set set_of(std::initializer_list<Permission> permissions) {
    Set set = 0;
    for (const Permission permission : permissions) {
        set |= bit(permission);
    }
    return set;
}

constexpr Set kAll = (Set{1} << kPermissionCount) - 1;
constexpr Set kViews =
    set_of({AlertsView, EventsSearch, RulesView, SourcesView, UnitsView, UsersView});

// The table: role -> permissions, in the order of Role.
constexpr std::array<Set, 6> kRoleGrants = {
    kAll & ~bit(Ingest),                                                    // Admin
    kViews | set_of({AlertsHandle, RulesEdit, SourcesEdit, UnitsEdit}),     // Coordinator
    kViews | set_of({AlertsHandle, SourcesEdit}),                           // Analyst
    set_of({AlertsView, AlertsHandle, RulesView, SourcesView, UnitsView}),  // UnitOfficer
    set_of({AlertsView, AlertsHandle, RulesView, SourcesView, UnitsView}),  // OperatorDesk
    kViews | set_of({AuditView}),                                           // Auditor
};

// token scope -> permissions, in the order of TokenScope.
constexpr std::array<Set, 3> kTokenGrants = {
    set_of({Ingest}),
    kViews,
    kAll,
};

// What is meaningful only for the whole province: never for somebody who is bound to a unit.
constexpr Set kProvinceOnly = set_of({EventsSearch, RulesEdit, UnitsEdit, UsersView, UsersManage,
                                      TokensManage, AuditView, SystemManage});

constexpr std::array<std::string_view, kPermissionCount> kNames = {
    "alerts_view",  "alerts_handle", "events_search", "rules_view",    "rules_edit",
    "sources_view", "sources_edit",  "units_view",    "units_edit",    "users_view",
    "users_manage", "tokens_manage", "audit_view",    "system_manage", "ingest"};

constexpr base::Duration kDenialWindow = base::Duration::minutes(1);
constexpr std::size_t kDenialsMax = 1000;

bool bound_to_unit(const Actor& actor) {
    switch (actor.kind) {
        case Actor::Kind::System:
            return false;
        case Actor::Kind::Token:
            return actor.unit.has_value();
        case Actor::Kind::User:
            return actor.role == Role::UnitOfficer || actor.role == Role::OperatorDesk;
    }
    return true;
}

Set granted(const Actor& actor) {
    Set set = 0;
    switch (actor.kind) {
        case Actor::Kind::System:
            return kAll;
        case Actor::Kind::Token:
            set = kTokenGrants[static_cast<std::size_t>(actor.scope)];
            break;
        case Actor::Kind::User:
            set = kRoleGrants[static_cast<std::size_t>(actor.role)];
            break;
    }
    return bound_to_unit(actor) ? set & ~kProvinceOnly : set;
}

}  // namespace

std::string_view name_of(Permission permission) {
    return kNames[static_cast<std::size_t>(permission)];
}

bool grants(Role role, Permission permission) {
    return (kRoleGrants[static_cast<std::size_t>(role)] & bit(permission)) != 0;
}

bool grants(TokenScope scope, Permission permission) {
    return (kTokenGrants[static_cast<std::size_t>(scope)] & bit(permission)) != 0;
}

bool Scope::allows(const std::optional<UnitId>& unit) const {
    return everything_ || (unit && std::ranges::find(units_, *unit) != units_.end());
}

std::string Scope::where(std::string_view column, std::vector<db::Arg>& args) const {
    if (everything_) {
        return "1 = 1";
    }
    if (units_.empty()) {
        return "1 = 0";
    }
    std::string text = fmt::format("{} IN (", column);
    for (std::size_t i = 0; i < units_.size(); ++i) {
        text += i == 0 ? "?" : ", ?";
        args.emplace_back(units_[i]);
    }
    return text + ")";
}

Gate::Gate(db::Database& database, Audit& audit, const base::Clock& clock)
    : database_(database), audit_(audit), clock_(clock) {}
Gate::~Gate() = default;

std::vector<Permission> Gate::permissions_of(const Actor& actor) {
    std::vector<Permission> permissions;
    const Set set = granted(actor);
    for (int i = 0; i < kPermissionCount; ++i) {
        if ((set & (Set{1} << static_cast<unsigned>(i))) != 0) {
            permissions.push_back(static_cast<Permission>(i));
        }
    }
    return permissions;
}

Result<Scope> Gate::require(const Actor& actor, Permission permission, const Object& object) {
    if ((granted(actor) & bit(permission)) == 0) {
        audit_denial(actor, permission, object);
        return fail(Code::PermissionDenied,
                    fmt::format("needs the permission {}", name_of(permission)));
    }
    GAC_TRY(scope, scope_of(actor));
    if (object.unit && !scope.allows(object.unit)) {
        audit_denial(actor, permission, object);
        return fail(Code::PermissionDenied, "belongs to another unit");
    }
    return scope;
}

Result<Scope> Gate::scope_of(const Actor& actor) {
    Scope scope;
    if (!bound_to_unit(actor)) {
        scope.everything_ = true;
        return scope;
    }
    if (!actor.unit) {
        return scope;
    }
    GAC_CHECK(database_.read([&](db::Session& session) {
        return session.each(
            "WITH RECURSIVE own(id) AS (SELECT ? UNION SELECT l.predecessor_id FROM unit_lineage l "
            "JOIN own ON l.successor_id = own.id WHERE (SELECT count(*) FROM unit_lineage m "
            "WHERE m.predecessor_id = l.predecessor_id) = 1) SELECT id FROM own",
            {*actor.unit},
            [&](const db::RowView& row) { scope.units_.push_back(row.id<UnitId>(0)); });
    }));
    return scope;
}

// A denial is a denial even when it cannot be written down: the failure is logged, not returned.
void Gate::audit_denial(const Actor& actor, Permission permission, const Object& object) {
    const base::TimePoint now = clock_.now();
    const std::string key = fmt::format("{}/{}/{}/{}", name_of(actor.kind), actor.id.text(),
                                        name_of(permission), object.kind);
    std::uint64_t repeated = 0;
    const bool write = denials_.with([&](std::vector<Denial>& denials) {
        const auto known = std::ranges::find(denials, key, &Denial::key);
        if (known == denials.end()) {
            if (denials.size() >= kDenialsMax) {
                denials.erase(std::ranges::min_element(denials, {}, &Denial::first));
            }
            denials.push_back({key, now, 0});
            return true;
        }
        if (now - known->first < kDenialWindow) {
            ++known->repeated;
            return false;
        }
        repeated = known->repeated;
        *known = {key, now, 0};
        return true;
    });
    if (!write) {
        return;
    }
    const auto written = audit_.append(
        actor, {.action = "access.denied",
                .object_kind = object.kind,
                .object_id = std::string(object.id),
                .unit = object.unit,
                .detail = detail_json({{"permission", name_of(permission)},
                                       {"repeated_before", std::to_string(repeated)}})});
    if (!written) {
        base::log_error("access", "denial not audited: {}", written.error().message());
    }
}

}  // namespace gac::access
