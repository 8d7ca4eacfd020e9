// What the tests of this room share: profiles on disk, rules from text, events from name-value
// pairs.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/text.h"
#include "detect/engine.h"
#include "event/batch.h"
#include "event/profile.h"

namespace gac::detect::testing {

using Value =
    std::variant<std::nullptr_t, std::string, std::int64_t, double, bool, std::vector<std::string>>;
using Fields = std::vector<std::pair<std::string, Value>>;

// profiles/ of the source tree.
inline std::shared_ptr<const event::ProfileSet> shipped_profiles() {
    static const auto profiles = event::ProfileSet::load(
        std::filesystem::path(GAC_SOURCE_DIR) / "profiles", base::Zone::utc());
    EXPECT_TRUE(profiles.has_value());
    return *profiles;
}

inline event::ValueRef make_text(event::EventBatch& batch, std::string_view text, bool lazy) {
    if (lazy && base::is_utf8(text)) {
        std::string json;
        base::append_json_string(text, json);
        if (json.contains('\\')) {
            const std::string_view body = std::string_view(json).substr(1, json.size() - 2);
            return event::ValueRef::escaped(batch.arena().copy(body));
        }
    }
    return event::ValueRef(batch.arena().copy(text));
}

inline event::ValueRef make_value(event::EventBatch& batch, const Value& value, bool lazy = false) {
    if (const auto* text = std::get_if<std::string>(&value)) {
        return make_text(batch, *text, lazy);
    }
    if (const auto* whole = std::get_if<std::int64_t>(&value)) {
        return event::ValueRef(*whole);
    }
    if (const auto* number = std::get_if<double>(&value)) {
        return event::ValueRef(*number);
    }
    if (const auto* truth = std::get_if<bool>(&value)) {
        return event::ValueRef(*truth);
    }
    if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
        std::vector<event::ValueRef> elements;
        for (const std::string& element : *list) {
            elements.push_back(make_text(batch, element, lazy));
        }
        const auto kept =
            batch.arena().copy(std::span<const event::ValueRef>(elements.data(), elements.size()));
        return event::ValueRef(std::span<const event::ValueRef>(kept.data(), kept.size()));
    }
    return {};
}

struct Head {
    base::TimePoint time;
    event::ProfileId profile{};
    bool json = true;   // head.raw is the event as JSON; otherwise `raw`
    bool lazy = false;  // texts with escapes stay as they stand in JSON
    std::string raw;
};

inline void add_event(event::EventBatch& batch, const Fields& fields, const Head& head = {}) {
    batch.begin();
    std::string raw = "{";
    for (const auto& [name, value] : fields) {
        const event::ValueRef made = make_value(batch, value, head.lazy);
        batch.add(event::intern(name), made);
        raw += (raw.size() > 1 ? ",\"" : "\"") + name + "\":";
        made.append_json(raw);
    }
    raw += '}';
    event::EventHead out;
    out.time = head.time;
    out.received = head.time;
    out.profile = head.profile;
    out.raw = batch.arena().copy(head.json ? raw : head.raw);
    batch.end(out);
}

inline std::shared_ptr<const RuleSet> compile_text(const std::string& yaml,
                                                   std::vector<RuleFault>* faults = nullptr,
                                                   CompileOptions options = {}) {
    if (!options.profiles) {
        options.match_unknown_sources = true;
    }
    const std::vector<RuleText> texts{{"rule.yml", yaml}};
    auto set = compile(texts, options, faults);
    EXPECT_TRUE(set.has_value());
    return set ? *set : nullptr;
}

// A rule of any log source around a detection section (indented by four).
inline std::string rule_yaml(const std::string& detection, const std::string& more = {}) {
    return "title: Test\nid: 11111111-2222-3333-4444-555555555555\nlogsource:\n    product: "
           "test\n"
           + more + "detection:\n" + detection;
}

// Whether a rule of this detection section matches this event, by the engine.
inline bool matches(const std::string& detection, const Fields& fields, const Head& head = {}) {
    std::vector<RuleFault> faults;
    const auto set = compile_text(rule_yaml(detection), &faults);
    if (!set || set->loaded() != 1) {
        ADD_FAILURE() << (faults.empty() ? "not loaded" : faults.front().reason);
        return false;
    }
    Engine engine(set);
    event::EventBatch batch;
    add_event(batch, fields, head);
    batch.set_first_id(1);
    std::vector<event::Detection> out;
    engine.match(batch, out);
    EXPECT_LE(out.size(), 1U);
    return !out.empty();
}

// Why a rule of this detection section is refused; empty when it is not.
inline std::string refusal(const std::string& detection) {
    std::vector<RuleFault> faults;
    compile_text(rule_yaml(detection), &faults);
    for (const RuleFault& fault : faults) {
        if (!fault.warning) {
            return fault.reason;
        }
    }
    return {};
}

}  // namespace gac::detect::testing
