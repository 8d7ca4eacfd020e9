#include "api/alert_json.h"

#include <array>

#include <fmt/format.h>

#include "event/render.h"

namespace gac::api {

namespace {

constexpr std::array<std::string_view, 5> kVerdicts{"true_positive", "false_positive", "benign",
                                                    "duplicate", "drill"};

// What one alert is about, in a few words.
std::string key_of(const response::Alert& alert) {
    std::string key;
    for (const auto& [field, value] : alert.group) {
        key += key.empty() ? value : ", " + value;
    }
    return key.empty() ? alert.host : key;
}

std::string summary_of(const response::Alert& alert) {
    std::string summary;
    const auto add = [&](std::string_view text) {
        if (!text.empty()) {
            summary += summary.empty() ? "" : " · ";
            summary += text;
        }
    };
    add(alert.host);
    add(alert.user_name);
    add(alert.source_ip);
    return summary;
}

JsonWriter& text_or_null(JsonWriter& json, std::string_view name, std::string_view text) {
    json.key(name);
    return text.empty() ? json.null() : json.value(text);
}

template <class T, class Parse>
Result<std::vector<T>> words(std::string_view list, std::string_view name, Parse&& parse) {
    std::vector<T> out;
    while (!list.empty()) {
        const std::string_view word = list.substr(0, list.find(','));
        list.remove_prefix(std::min(word.size() + 1, list.size()));
        const std::optional<T> value = parse(word);
        if (!value) {
            return fail(Code::InvalidArgument, fmt::format("'{}' is not a {}", word, name),
                        std::string(name));
        }
        out.push_back(*value);
    }
    return out;
}

Result<> take_status(response::AlertFilter& filter, std::string_view value) {
    if (value == "open") {
        filter.status = {response::Status::New, response::Status::Acknowledged};
        return {};
    }
    GAC_TRY(status, words<response::Status>(value, "status", response::parse_status));
    filter.status = std::move(status);
    return {};
}

Result<> take_person(response::AlertFilter& filter, const Call& call, std::string_view value) {
    if (value == "none") {
        filter.unassigned = true;
        return {};
    }
    const auto user = value == "me" ? call.actor.user() : base::UserId::parse(value);
    if (!user) {
        return fail(Code::InvalidArgument,
                    value == "me" ? "a token is nobody in person"
                                  : fmt::format("'{}' is no user's id", value),
                    "assignee");
    }
    filter.assignee = user;
    return {};
}

Result<> take_unit(response::AlertFilter& filter, std::string_view value) {
    if (value == "none") {
        filter.without_unit = true;
        return {};
    }
    filter.unit = base::UnitId::parse(value);
    if (!filter.unit) {
        return fail(Code::InvalidArgument, fmt::format("'{}' is no unit's id", value), "unit");
    }
    return {};
}

Result<> take_truth(std::string_view name, std::string_view value, std::optional<bool>& into) {
    if (value != "true" && value != "false" && value != "any") {
        return fail(Code::InvalidArgument, fmt::format("'{}' is not true, false or any", value),
                    std::string(name));
    }
    into = value == "any" ? std::optional<bool>() : value == "true";
    return {};
}

}  // namespace

std::string_view contract_word(response::Verdict verdict) {
    return kVerdicts[static_cast<std::size_t>(verdict)];
}

std::optional<response::Verdict> parse_contract_verdict(std::string_view word) {
    for (std::size_t i = 0; i < kVerdicts.size(); ++i) {
        if (kVerdicts[i] == word) {
            return static_cast<response::Verdict>(i);
        }
    }
    return response::parse_verdict(word);
}

void write_alert_members(Api::State& state, JsonWriter& json, const response::Alert& alert) {
    json.field("id", alert.id.text()).field("number", alert.number);
    json.field("version", alert.version).field("rule_id", alert.rule_id);
    json.field("rule_title", alert.rule_title).field("rule_title_vi", alert.rule_title_vi);
    json.field("kind", event::name_of(alert.kind)).field("level", event::name_of(alert.level));
    json.field("status", response::name_of(alert.status));
    json.key("verdict");
    alert.verdict ? json.value(contract_word(*alert.verdict)) : json.null();
    text_or_null(json, "comment", alert.comment);
    json.key("unit");
    state.units.write(json, alert.unit);
    json.field("safety_level", alert.safety_level);
    text_or_null(json, "host", alert.host);
    text_or_null(json, "source", alert.source);
    text_or_null(json, "source_ip", alert.source_ip);
    text_or_null(json, "user_name", alert.user_name);
    json.field("key", key_of(alert)).field("summary", summary_of(alert));
    json.field("count", alert.count).field("grouped", alert.grouped);
    json.field("first", alert.first_seen).field("last", alert.last_seen);
    json.field("raised", alert.created).field("updated", alert.updated);
    json.field("due", alert.due).key("due_kind");
    alert.due ? json.value("acknowledge") : json.null();
    json.key("assignee");
    if (alert.assignee) {
        json.open_object().field("id", alert.assignee->text()).field("name", alert.assignee_name);
        json.close_object();
    } else {
        json.null();
    }
    json.field("acknowledged_at", alert.acknowledged_at);
    text_or_null(json, "acknowledged_by", alert.acknowledged_by);
    json.field("closed_at", alert.closed_at);
    text_or_null(json, "closed_by", alert.closed_by);
    json.field("drill", alert.drill);
}

void write_alert(Api::State& state, JsonWriter& json, const response::Alert& alert) {
    json.open_object();
    write_alert_members(state, json, alert);
    json.close_object();
}

void write_hour(JsonWriter& json, const response::HourCount& hour) {
    json.open_object().field("hour", hour.hour);
    for (std::size_t level = 0; level < hour.by_level.size(); ++level) {
        json.field(event::name_of(static_cast<event::Level>(level)), hour.by_level[level]);
    }
    json.close_object();
}

void write_event(Api::State& state, JsonWriter& json, const event::EventRef& event) {
    std::string text;
    event::append_event_json(event, (*state.backend.profiles)[event.head().profile], text,
                             {.with_id = true});
    JsonWriter own;
    own.open_object().field("_id", std::to_string(event.id()));
    own.field("_source", state.backend.sources.name(event.head().source));
    std::string out = own.take();
    if (event.head().drill) {
        out += R"(,"_drill":true)";
    }
    if (text.size() > 2) {
        out += ',';
    }
    out.append(text, 1);
    json.raw(out);
}

Result<response::AlertFilter> alert_filter_of(
    Api::State& state, const Call& call,
    const std::vector<std::pair<std::string, std::string>>& values) {
    response::AlertFilter filter;
    filter.drill = false;
    const base::TimePoint now = state.now();
    const auto take_time = [&](const std::string& name, const std::string& value,
                               std::optional<base::TimePoint>& into) -> Result<> {
        auto time = base::parse_time_argument(value, now);
        if (!time) {
            return std::unexpected(base::at(name, std::move(time).error()));
        }
        into = *time;
        return {};
    };
    for (const auto& [name, value] : values) {
        if (value.empty()) {
            continue;
        }
        if (name == "status") {
            GAC_CHECK(take_status(filter, value));
        } else if (name == "level") {
            GAC_TRY(level, words<event::Level>(value, "level", response::parse_level));
            filter.level = std::move(level);
        } else if (name == "unit") {
            GAC_CHECK(take_unit(filter, value));
        } else if (name == "rule") {
            filter.rule_id = value;
        } else if (name == "host") {
            filter.host = value;
        } else if (name == "source") {
            filter.source = value;
        } else if (name == "assignee") {
            GAC_CHECK(take_person(filter, call, value));
        } else if (name == "verdict") {
            filter.verdict = parse_contract_verdict(value);
            if (!filter.verdict) {
                return fail(Code::InvalidArgument, fmt::format("'{}' is not a verdict", value),
                            "verdict");
            }
        } else if (name == "overdue") {
            std::optional<bool> overdue;
            GAC_CHECK(take_truth("overdue", value, overdue));
            filter.overdue = overdue.value_or(false);
        } else if (name == "drill") {
            GAC_CHECK(take_truth("drill", value, filter.drill));
        } else if (name == "q") {
            filter.text = value;
        } else if (name == "from") {
            GAC_CHECK(take_time(name, value, filter.seen_from));
        } else if (name == "to") {
            GAC_CHECK(take_time(name, value, filter.seen_to));
        } else if (name == "updated_after") {
            GAC_CHECK(take_time(name, value, filter.updated_after));
        }
    }
    return filter;
}

}  // namespace gac::api
