#include "app/hit_text.h"

#include "base/text.h"
#include "base/time.h"

namespace gac::app {

namespace {

void append_pair(std::string_view key, std::string_view value, std::string& out) {
    base::append_json_string(key, out);
    out += ':';
    base::append_json_string(value, out);
}

// Lists have no title in English of their own.
const std::string& title_of(const event::Detection& hit) {
    return hit.rule->kind == event::DetectionKind::Indicator ? hit.rule->title_vi : hit.rule->title;
}

void append_indicator(const event::Detection& hit, std::string& out) {
    out += ",\"indicator\":{";
    append_pair("type", hit.indicator_type, out);
    out += ',';
    append_pair("value", hit.group.front().second, out);
    out += ",\"entries\":[";
    for (std::size_t i = 0; i < hit.entries.size(); ++i) {
        const event::IndicatorEntry& entry = hit.entries[i];
        out += i == 0 ? "{" : ",{";
        append_pair("list", entry.list, out);
        out += ',';
        append_pair("entry", entry.entry, out);
        out += ",\"line\":" + std::to_string(entry.line) + ',';
        append_pair("level", event::name_of(entry.level), out);
        if (entry.valid_until) {
            out += ',';
            append_pair("valid_until", base::format_rfc3339(*entry.valid_until), out);
        }
        if (!entry.note.empty()) {
            out += ',';
            append_pair("note", entry.note, out);
        }
        out += '}';
    }
    out += "]}";
}

}  // namespace

void append_hit(const event::Detection& hit, const std::string& file, std::uint64_t event,
                std::string& out) {
    out += '{';
    append_pair("rule", hit.rule->id, out);
    out += ',';
    append_pair("title", title_of(hit), out);
    out += ',';
    append_pair("level", event::name_of(hit.rule->level), out);
    out += ',';
    append_pair("file", file, out);
    out += ",\"event\":";
    out += std::to_string(event);
    out += ',';
    append_pair("time", base::format_rfc3339(hit.time), out);
    out += ',';
    append_pair("kind", event::name_of(hit.rule->kind), out);
    out += ",\"group\":{";
    for (std::size_t i = 0; i < hit.group.size(); ++i) {
        out += i == 0 ? "" : ",";
        append_pair(hit.group[i].first, hit.group[i].second, out);
    }
    out += "},\"count\":";
    out += std::to_string(hit.count);
    out += ",\"matched\":{";
    for (std::size_t i = 0; i < hit.matched.size(); ++i) {
        out += i == 0 ? "" : ",";
        append_pair(hit.matched[i].field, hit.matched[i].value, out);
    }
    out += '}';
    if (hit.rule->kind == event::DetectionKind::Indicator) {
        append_indicator(hit, out);
    }
    out += "}\n";
}

void append_line(const event::Detection& hit, const std::string& file, std::uint64_t event,
                 std::string& out) {
    out += base::format_rfc3339(hit.time);
    out += ' ';
    out += event::name_of(hit.rule->level);
    out += ' ';
    out += file;
    out += ':';
    out += std::to_string(event);
    out += ' ';
    out += title_of(hit);
    for (const auto& [field, value] : hit.group) {
        out += ' ' + field + '=' + value;
    }
    out += '\n';
}

}  // namespace gac::app
