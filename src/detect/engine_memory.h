// What one engine remembers: of the event at hand, and of the profiles and routes of events before.
// Plain values of one thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "detect/sigma/parts.h"
#include "event/batch.h"

namespace gac::detect::sigma {

inline constexpr std::uint32_t kNoFeed = 0xffff'ffff;

// What is known of one slot of the event at hand; valid while its stamp is the event's.
struct SlotState {
    std::uint32_t stamp = 0;
    std::uint32_t rank = 0;
    const event::Field* field = nullptr;
    std::uint32_t text_stamp = 0;
    std::uint32_t folded_stamp = 0;
    std::string_view text;
    std::string_view folded;
    std::string text_memory;    // behind `text` of a value that is no string
    std::string folded_memory;  // behind `folded`
};

inline constexpr std::int64_t kRouteNumbers = 65'536;
inline constexpr std::uint32_t kNoRoute = 0xffff'ffff;

// Route ids of values seen before.
struct RouteMemory {
    std::vector<std::uint32_t> numbers = std::vector<std::uint32_t>(kRouteNumbers, kNoRoute);
    std::array<std::pair<std::string, std::uint32_t>, 64> texts;
    RouteMemory() {
        for (auto& [text, id] : texts) {
            id = kNoRoute;
        }
    }
};

// What one engine knows of one profile.
struct ProfileState {
    const Plan* plan = nullptr;
    // By FieldId: where its feeds begin in `feeds`, and how many; kNoFeed in `first` = not looked
    // up yet.
    struct FeedRange {
        std::uint32_t first = kNoFeed;
        std::uint32_t count = 0;
    };
    std::vector<FeedRange> ranges;
    std::vector<Binding::Feed> feeds;
    std::vector<SlotState> slots;
    std::vector<RouteMemory> routes;  // by routing field
    std::unordered_map<std::uint64_t, const Program*> programs;
    std::uint64_t last_key = 0;  // of last_program, if there is one
    const Program* last_program = nullptr;
};

}  // namespace gac::detect::sigma
