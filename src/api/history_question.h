// What all questions to history have in common: their span, and whose events they may see.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/body.h"
#include "api/state.h"
#include "store/query.h"

namespace gac::api {

struct AskedSpan {
    std::optional<base::TimePoint> from, to;  // nothing: open on that side

    store::TimeRange range() const {
        store::TimeRange out;
        out.from = from.value_or(out.from);
        out.to = to.value_or(out.to);
        return out;
    }
};

// The members "from" and "to". What is absent or empty is taken from here; where that is empty,
// too, the side is open.
Result<AskedSpan> read_span(const Body& body, std::string_view from, std::string_view to,
                            base::TimePoint now);

// The sources whose events may be seen; nothing: all of them. History knows sources, not units.
Result<std::optional<std::vector<std::string>>> sources_seen(Api::State& state,
                                                             const access::Scope& scope);

}  // namespace gac::api
