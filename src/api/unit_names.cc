#include "api/unit_names.h"

namespace gac::api {

namespace {
constexpr std::int64_t kFreshUs = 5'000'000;
}

std::shared_ptr<const UnitNames::Names> UnitNames::fresh() {
    const std::int64_t now = base::monotonic_us();
    const auto known = known_.with([&](Known& all) {
        const bool old = all.at_us == 0 || now - all.at_us > kFreshUs;
        if (old) {
            all.at_us = now;  // the others go on with what there is while this thread asks
        }
        return std::pair{all.names, old};
    });
    if (!known.second) {
        return known.first;
    }
    const auto scope = gate_.require(access::Actor::system("api"), access::Permission::UnitsView);
    if (!scope) {
        return known.first;
    }
    const auto units = units_.list(*scope, true);
    if (!units) {
        return known.first;
    }
    auto names = std::make_shared<Names>();
    for (const access::Unit& unit : *units) {
        names->emplace(unit.id, unit.name);
    }
    known_.with([&](Known& all) { all.names = names; });
    return names;
}

void UnitNames::write(JsonWriter& json, const std::optional<base::UnitId>& unit) {
    if (!unit) {
        json.null();
        return;
    }
    const auto names = fresh();
    const auto found = names->find(*unit);
    json.open_object().field("id", unit->text());
    json.field("name", found == names->end() ? unit->text() : found->second).close_object();
}

}  // namespace gac::api
