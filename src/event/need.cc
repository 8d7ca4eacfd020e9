#include "event/need.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace gac::event {

namespace {

Need join(Need::Kind kind, std::vector<Need> children, Need::Kind neutral, Need::Kind decisive) {
    Need out;
    std::vector<Need> parts;
    const auto add = [&](Need child) {
        if (std::ranges::find(parts, child) == parts.end()) {
            parts.push_back(std::move(child));
        }
    };
    for (Need& child : children) {
        if (child.kind == decisive) {
            out.kind = decisive;
            return out;
        }
        if (child.kind == kind) {
            for (Need& inner : child.children) {
                add(std::move(inner));
            }
        } else if (child.kind != neutral) {
            add(std::move(child));
        }
    }
    if (parts.empty()) {
        out.kind = neutral;
        return out;
    }
    if (parts.size() == 1) {
        return std::move(parts.front());
    }
    out.kind = kind;
    out.children = std::move(parts);
    return out;
}

}  // namespace

Need Need::nothing() {
    Need out;
    out.kind = Kind::Nothing;
    return out;
}

Need Need::of(ProfileId profile) {
    Need out;
    out.kind = Kind::Profile;
    out.profile = profile;
    return out;
}

Need Need::has(FieldId field) {
    Need out;
    out.kind = Kind::Has;
    out.field = field;
    return out;
}

Need Need::all(std::vector<Need> children) {
    return join(Kind::All, std::move(children), Kind::Anything, Kind::Nothing);
}

Need Need::any(std::vector<Need> children) {
    return join(Kind::Any, std::move(children), Kind::Nothing, Kind::Anything);
}

std::size_t Need::leaves() const {
    if (kind != Kind::All && kind != Kind::Any) {
        return kind == Kind::Anything || kind == Kind::Nothing ? 0 : 1;
    }
    std::size_t sum = 0;
    for (const Need& child : children) {
        sum += child.leaves();
    }
    return sum;
}

bool operator==(const Need& a, const Need& b) {
    const auto parts = [](const Need& need) {
        return std::tie(need.kind, need.profile, need.field, need.pieces, need.open_begin,
                        need.open_end, need.low, need.high, need.children);
    };
    const auto network = [](const Need& need) {
        return need.network ? need.network->text() : std::string();
    };
    return parts(a) == parts(b) && network(a) == network(b);
}

}  // namespace gac::event
