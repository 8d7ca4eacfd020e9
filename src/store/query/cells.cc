// Cells of answers: how they are shown.

#include <iterator>
#include <type_traits>

#include "event/value.h"
#include "store/query.h"

namespace gac::store {

namespace {

event::ValueRef view_of(const Cell& cell) {
    return std::visit(
        [](const auto& value) -> event::ValueRef {
            using T = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<T, std::monostate>) {
                return {};
            } else if constexpr (std::is_same_v<T, std::string>) {
                return event::ValueRef(std::string_view(value));
            } else if constexpr (std::is_same_v<T, base::IpAddress>) {
                return event::ValueRef(&value);
            } else {
                return event::ValueRef(value);
            }
        },
        cell);
}

}  // namespace

void append_json(const Cell& cell, std::string& out) { view_of(cell).append_json(out); }

std::string text_of(const Cell& cell) {
    std::string scratch;
    return std::string(view_of(cell).text(scratch));
}

base::Duration round_interval(base::Duration span, std::uint32_t buckets_max) {
    constexpr std::int64_t kSeconds[] = {1,      2,      5,       10,      15,      30,
                                         60,     120,    300,     600,     900,     1800,
                                         3600,   7200,   10800,   21600,   43200,   86400,
                                         172800, 604800, 1209600, 2592000, 7776000, 31536000};
    for (const std::int64_t seconds : kSeconds) {
        const base::Duration width = base::Duration::seconds(seconds);
        // One more than the quotient: a span may begin inside a bucket.
        if (span.us / width.us + 1 <= static_cast<std::int64_t>(buckets_max)) {
            return width;
        }
    }
    return base::Duration::seconds(kSeconds[std::size(kSeconds) - 1]);
}

}  // namespace gac::store
