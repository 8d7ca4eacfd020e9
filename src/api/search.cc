// /api/v1/search and /api/v1/fields.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "api/alert_json.h"
#include "api/body.h"
#include "api/history_question.h"
#include "api/running.h"
#include "event/field.h"
#include "store/query.h"

namespace gac::api {

namespace {

using access::Permission;

constexpr std::string_view kDefaultColumns[] = {"@timestamp",    "_source",   "host.name",
                                                "user.name",     "source.ip", "event.action",
                                                "event.outcome", "message"};
constexpr std::uint32_t kFacetValues = 10;
constexpr std::uint32_t kSummaryEvents = 1000;
constexpr std::uint32_t kSplitValues = 5;

struct Asked {
    store::Query query;
    store::Budget budget;
    std::optional<std::int64_t> buckets;
    std::string split;
    std::vector<std::string> facets;
    std::string name;  // for cancelling
};

Result<Asked> read_request(Api::State& state, const Call& call) {
    GAC_TRY(body, Body::parse(call.request, {"query", "from", "to", "limit", "cursor", "histogram",
                                             "facets", "search_id", "timeout_ms", "explain"}));
    const base::TimePoint now = state.now();
    GAC_TRY(text, body.text("query", 20'000));
    GAC_TRY(query, store::parse(text, now));
    GAC_TRY(span, read_span(body, "-24h", "now", now));
    GAC_TRY(limit, body.number("limit", 100, 1, 10'000));
    GAC_TRY(cursor, body.text_or_empty("cursor", 500));
    GAC_TRY(timeout, body.number("timeout_ms", 30'000, 1, 60'000));
    Asked asked{.query = std::move(query)};
    asked.budget.asker = std::hash<std::string>{}(call.actor.id.text());
    asked.query.range = span.range();
    asked.query.limit = static_cast<std::uint32_t>(limit);
    asked.query.cursor = std::move(cursor);
    asked.budget.time_max = base::Duration::millis(timeout);
    GAC_TRY(histogram, body.object("histogram", {"buckets", "split"}));
    if (histogram) {
        GAC_TRY(buckets, histogram->number("buckets", 100, 1, 500));
        GAC_TRY(split, histogram->text_or_empty("split", 200));
        asked.buckets = buckets;
        asked.split = std::move(split);
    }
    GAC_TRY(facets, body.texts("facets", 50, 200));
    asked.facets = std::move(facets);
    GAC_TRY(name, body.text_or_empty("search_id", 64));
    asked.name = std::move(name);
    GAC_TRY(explain, body.truth("explain", false));
    asked.query.explain = explain;
    return asked;
}

void write_cell(JsonWriter& json, const store::Cell& cell) {
    std::string text;
    store::append_json(cell, text);
    json.raw(text);
}

void write_rows(Api::State& state, JsonWriter& json, const store::Answer& answer) {
    json.key("columns").open_array();
    if (answer.columns.empty() && !answer.is_table) {
        for (const std::string_view column : kDefaultColumns) {
            json.value(column);
        }
    }
    for (const std::string& column : answer.columns) {
        json.value(column);
    }
    json.close_array().key("rows").open_array();
    const bool cells = answer.is_table || !answer.columns.empty();
    for (const auto& row : answer.rows) {
        json.open_object();
        if (!answer.is_table) {
            const auto at = static_cast<std::uint32_t>(&row - answer.rows.data());
            if (at < answer.events.size()) {
                json.field("_id", std::to_string(answer.events[at].id()));
            }
        }
        for (std::size_t i = 0; i < answer.columns.size() && i < row.size(); ++i) {
            json.key(answer.columns[i]);
            write_cell(json, row[i]);
        }
        json.close_object();
    }
    for (std::uint32_t row = 0; !cells && row < answer.events.size(); ++row) {
        write_event(state, json, answer.events[row]);
    }
    json.close_array();
}

Result<> write_histogram(Api::State& state, JsonWriter& json, const Asked& asked,
                         std::string& partial) {
    store::HistogramSpec spec;
    const base::Duration span = asked.query.range.to - asked.query.range.from;
    spec.interval = store::round_interval(span, static_cast<std::uint32_t>(*asked.buckets));
    spec.split_by = asked.split;
    spec.split_values_max = kSplitValues;
    GAC_TRY(histogram, state.backend.events.histogram(asked.query, spec, asked.budget));
    const base::TimePoint from =
        histogram.buckets.empty() ? asked.query.range.from : histogram.buckets.front().start;
    json.key("histogram").open_object().field("from", from);
    json.field("step_ms", static_cast<double>(spec.interval.us) / 1000).key("counts").open_array();
    for (const auto& bucket : histogram.buckets) {
        json.value(bucket.count);
    }
    json.close_array();
    if (!asked.split.empty()) {
        json.key("split").open_array();
        for (std::size_t i = 0; i < histogram.split_values.size(); ++i) {
            json.open_object().field("value", histogram.split_values[i]);
            json.key("counts").open_array();
            for (const auto& bucket : histogram.buckets) {
                json.value(i < bucket.split.size() ? bucket.split[i] : 0);
            }
            json.close_array().close_object();
        }
        json.close_array();
    }
    json.close_object();
    json.key("total");
    histogram.partial.empty() ? json.value(histogram.total) : json.null();
    partial = partial.empty() ? histogram.partial : partial;
    return {};
}

Result<> write_facets(Api::State& state, JsonWriter& json, const Asked& asked,
                      std::string& partial) {
    // "*" asks for whatever fields the newest matches have.
    const bool all = asked.facets.size() == 1 && asked.facets.front() == "*";
    GAC_TRY(top, all ? state.backend.events.field_summary(asked.query, kSummaryEvents, kFacetValues,
                                                          asked.budget)
                     : state.backend.events.top_values(asked.query, asked.facets, kFacetValues,
                                                       asked.budget));
    json.key("facets").open_array();
    for (const store::TopValues& facet : top) {
        json.open_object().field("field", facet.field).field("events_with", facet.events_with);
        json.field("events", facet.events).field("distinct", facet.distinct);
        json.key("values").open_array();
        for (const auto& value : facet.values) {
            json.open_object().field("value", store::text_of(value.value));
            json.field("count", value.count).close_object();
        }
        json.close_array().close_object();
        partial = partial.empty() ? facet.partial : partial;
    }
    json.close_array();
    return {};
}

void write_skips(JsonWriter& json, const store::SkipCounts& skips) {
    json.field("by_time", skips.by_time).field("by_range", skips.by_range);
    json.field("by_words", skips.by_words).field("by_value", skips.by_entity);
}

void write_explanation(JsonWriter& json, const store::Answer& answer) {
    const store::Explanation& told = *answer.explanation;
    json.key("explanation").open_object().key("plan").open_array();
    for (const std::string& step : told.plan) {
        json.value(step);
    }
    json.close_array().key("parts").open_array();
    std::uint64_t blocks = answer.skips.by_time;
    std::uint64_t read = 0;
    for (const store::Explanation::Part& part : told.parts) {
        blocks += part.blocks;
        read += part.read;
        json.open_object().field("segment", part.file).field("blocks", part.blocks);
        json.field("rows", part.rows).field("read", part.read).field("bytes", part.bytes);
        write_skips(json, part.skips);
        json.close_object();
    }
    json.close_array().field("blocks", blocks).field("read", read);
    write_skips(json, answer.skips);
    json.field("index_bytes", answer.skips.index_bytes).field("threads", told.threads);
    const auto milliseconds = [&](std::string_view name, std::int64_t us) {
        json.field(name, static_cast<double>(us) / 1000);
    };
    milliseconds("wait_ms", told.wait_us);
    milliseconds("plan_ms", told.plan_us);
    milliseconds("look_ms", told.walk_us);
    milliseconds("read_ms", told.read_us);
    json.close_object();
}

// Nothing found: it may be that nothing came.
Result<> write_silent(Api::State& state, JsonWriter& json, const access::Scope& scope,
                      const Asked& asked) {
    GAC_TRY(sources, state.backend.source_book.list(scope));
    json.key("silent_sources").open_array();
    for (const response::Source& source : sources) {
        if (!source.drill
            && (source.last_event < asked.query.range.from
                || source.first_event >= asked.query.range.to)) {
            json.value(source.name);
        }
    }
    json.close_array();
    return {};
}

Result<net::Response> search(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::EventsSearch));
    const std::int64_t begun = base::monotonic_us();
    GAC_TRY(asked, read_request(state, call));
    GAC_TRY(seen, sources_seen(state, scope));
    asked.query.only_sources = std::move(seen);
    if (const std::string list = store::hunt_list(asked.query); !list.empty()) {
        auto hunter = state.backend.hunts.hunter(list);
        if (!hunter && hunter.error().code == Code::NotFound) {
            return fail(Code::InvalidArgument,
                        fmt::format("hunt: there is no list \"{}\" in force", list), "query");
        }
        GAC_CHECK(hunter);
        asked.query.hunter = *std::move(hunter);
    }
    const Running running(state, call, asked.name, asked.budget.cancel, asked.budget.progress);
    GAC_TRY(answer, state.backend.events.search(asked.query, asked.budget));
    std::string partial = answer.partial;
    JsonWriter json;
    json.open_object();
    write_rows(state, json, answer);
    json.key("cursor");
    answer.cursor.empty() ? json.null() : json.value(answer.cursor);
    json.field("scanned_bytes", answer.scanned_bytes);
    json.field("scanned_events", answer.scanned_events);
    json.field("from", asked.query.range.from).field("to", asked.query.range.to);
    if (asked.buckets && !answer.is_table) {
        GAC_CHECK(write_histogram(state, json, asked, partial));
    }
    if (!asked.facets.empty() && !answer.is_table) {
        GAC_CHECK(write_facets(state, json, asked, partial));
    }
    if (answer.events.empty() && answer.rows.empty()) {
        GAC_CHECK(write_silent(state, json, scope, asked));
    }
    if (!answer.notes.empty()) {
        json.key("notes").open_array();
        for (const std::string& note : answer.notes) {
            json.value(note);
        }
        json.close_array();
    }
    if (answer.explanation) {
        write_explanation(json, answer);
    }
    json.key("partial");
    partial.empty() ? json.value(false) : json.value(partial);
    json.field("took_ms", static_cast<double>(base::monotonic_us() - begun) / 1000);
    return json_response(json.close_object().take());
}

Result<net::Response> cancel(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::EventsSearch));
    GAC_TRY(body, Body::parse(call.request, {"search_id"}));
    GAC_TRY(name, body.text("search_id", 64));
    const bool cancelled = state.searches.with([&](auto& all) {
        const auto found = all.find(running_name(call, name));
        return found != all.end() && found->second->stop.request_stop();
    });
    JsonWriter json;
    json.open_object().field("cancelled", cancelled);
    return json_response(json.close_object().take());
}

Result<net::Response> progress(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::EventsSearch));
    GAC_CHECK(call.only({"search_id"}));
    const std::string_view name = call.parameter("search_id");
    if (name.empty() || name.size() > 64) {
        return fail(Code::InvalidArgument, "names no search", "search_id");
    }
    const auto found = state.searches.with([&](auto& all) {
        const auto at = all.find(running_name(call, name));
        return at == all.end() ? nullptr : at->second;
    });
    JsonWriter json;
    json.open_object().field("running", found != nullptr);
    if (found) {
        const store::Progress& now = *found->progress;
        json.field("elapsed_ms",
                   static_cast<double>(base::monotonic_us() - found->begun_us) / 1000);
        json.field("bytes", now.bytes.load(std::memory_order_relaxed));
        json.field("events", now.events.load(std::memory_order_relaxed));
        json.field("blocks_done", now.units_done.load(std::memory_order_relaxed));
        json.field("blocks", now.units_all.load(std::memory_order_relaxed));
    }
    return json_response(json.close_object().take());
}

struct KnownField {
    std::string_view name, type, meaning;
};

constexpr KnownField kKnownFields[] = {
#define GAC_FIELD(identifier, name, type, meaning) {name, #type, meaning},
#include "../schema/fields.def"
#undef GAC_FIELD
};

Result<net::Response> fields(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::EventsSearch));
    GAC_CHECK(call.only({"prefix", "limit"}));
    GAC_TRY(limit, call.number("limit", 1000, 1, 5000));
    const std::string_view prefix = call.parameter("prefix");
    std::vector<std::string_view> own;
    for (std::uint32_t i = static_cast<std::uint32_t>(std::size(kKnownFields));
         i < event::field_count(); ++i) {
        const std::string_view name = event::name_of(event::FieldId{i});
        if (name.starts_with(prefix)) {
            own.push_back(name);
        }
    }
    std::ranges::sort(own);
    std::int64_t total = 0;
    JsonWriter json;
    json.open_object().key("fields").open_array();
    for (const KnownField& field : kKnownFields) {
        if (field.name.starts_with('_') || !field.name.starts_with(prefix)) {
            continue;
        }
        if (++total <= limit) {
            std::string type(field.type);
            std::ranges::transform(type, type.begin(), [](char c) {
                return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
            });
            json.open_object().field("name", field.name).field("type", type);
            json.field("meaning", field.meaning).field("known", true).close_object();
        }
    }
    for (const std::string_view name : own) {
        if (++total <= limit) {
            json.open_object().field("name", name).field("known", false).close_object();
        }
    }
    json.close_array().field("total", total);
    return json_response(json.close_object().take());
}

constexpr Route kRoutes[] = {
    {"POST", "/api/v1/search", Access::Any, search, nullptr, kSearchLane},
    {"POST", "/api/v1/search/cancel", Access::Any, cancel},
    {"GET", "/api/v1/search/progress", Access::Any, progress},
    {"GET", "/api/v1/fields", Access::Any, fields},
};

}  // namespace

std::string running_name(const Call& call, std::string_view name) {
    return fmt::format("{}/{}", call.actor.id.text(), name);
}

Running::Running(Api::State& state, const Call& call, std::string_view name,
                 std::stop_token& cancel)
    : state_(state), on_gone_(call.request.gone, Stop{running_}) {
    cancel = running_->stop.get_token();
    if (!name.empty()) {
        name_ = running_name(call, name);
        state_.searches.with([&](auto& all) { all[name_] = running_; });
    }
}

Running::Running(Api::State& state, const Call& call, std::string_view name,
                 std::stop_token& cancel, std::shared_ptr<store::Progress>& progress)
    : Running(state, call, name, cancel) {
    progress = running_->progress;
}

Running::~Running() {
    if (!name_.empty()) {
        state_.searches.with([&](auto& all) {
            const auto found = all.find(name_);
            if (found != all.end() && found->second == running_) {
                all.erase(found);
            }
        });
    }
}

std::span<const Route> search_routes() { return kRoutes; }

}  // namespace gac::api
