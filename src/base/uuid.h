// UUIDs of our own making: version 7 (RFC 9562 section 5.7), so that ids sort by the time they were
// made. Id<Tag> makes ids of different things different types.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace gac::base {

struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    static Uuid make(TimePoint now);  // monotonic within this process; any thread
    static std::optional<Uuid> parse(std::string_view text);
    std::string text() const;  // 36 characters, lower case
    auto operator<=>(const Uuid&) const = default;
};

template <class Tag>
struct [[nodiscard]] Id {
    Uuid uuid;

    static Id make(TimePoint now) { return {Uuid::make(now)}; }
    static std::optional<Id> parse(std::string_view text) {
        const auto uuid = Uuid::parse(text);
        return uuid ? std::optional(Id{*uuid}) : std::nullopt;
    }
    std::string text() const { return uuid.text(); }
    auto operator<=>(const Id&) const = default;
};

using UserId = Id<struct UserTag>;
using UnitId = Id<struct UnitTag>;
using TokenId = Id<struct TokenTag>;
using AlertId = Id<struct AlertTag>;

}  // namespace gac::base
