#include <algorithm>
#include <array>

#include "response/alerts.h"

namespace gac::response {

namespace {

constexpr std::array<std::string_view, 3> kStatuses = {"new", "acknowledged", "closed"};
constexpr std::array<std::string_view, 5> kVerdicts = {"true", "false", "benign_true", "duplicate",
                                                       "drill"};
constexpr std::array<std::string_view, 5> kActions = {"acknowledge", "assign", "close", "reopen",
                                                      "note"};

template <class E, std::size_t N>
std::optional<E> find_name(const std::array<std::string_view, N>& names, std::string_view name) {
    const auto found = std::ranges::find(names, name);
    return found == names.end() ? std::nullopt
                                : std::optional(static_cast<E>(found - names.begin()));
}

}  // namespace

std::string_view name_of(Status status) { return kStatuses[static_cast<std::size_t>(status)]; }
std::optional<Status> parse_status(std::string_view name) {
    return find_name<Status>(kStatuses, name);
}

std::string_view name_of(Verdict verdict) { return kVerdicts[static_cast<std::size_t>(verdict)]; }
std::optional<Verdict> parse_verdict(std::string_view name) {
    return find_name<Verdict>(kVerdicts, name);
}

std::optional<Action::Kind> parse_action(std::string_view name) {
    return find_name<Action::Kind>(kActions, name);
}

std::optional<event::Level> parse_level(std::string_view name) {
    for (const auto level : {event::Level::Informational, event::Level::Low, event::Level::Medium,
                             event::Level::High, event::Level::Critical}) {
        if (event::name_of(level) == name) {
            return level;
        }
    }
    return std::nullopt;
}

std::string Alert::label() const { return "CB-" + std::to_string(number); }

}  // namespace gac::response
