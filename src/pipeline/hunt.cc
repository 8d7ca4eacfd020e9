#include "pipeline/hunt.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace gac::pipeline {

namespace {

class Eye final : public store::HunterEye {
public:
    explicit Eye(const detect::IndicatorHunter& hunter) : eye_(hunter) {}

    void glance(std::uint32_t role, std::span<const event::ValueRef> values,
                std::vector<std::uint32_t>& maybe) override {
        const auto seen = eye_.glance(role, values);
        maybe.insert(maybe.end(), seen.begin(), seen.end());
    }
    bool may_begin(std::uint32_t role, std::string_view begin) const override {
        return detect::IndicatorHunter::Eye::may_begin(role, begin);
    }
    bool look(std::uint32_t role, const event::ValueRef& value,
              std::vector<store::Find>& out) override {
        found_.clear();
        const bool closely = eye_.look(role, value, found_);
        give(out);
        return closely;
    }
    void look_closely(const event::EventRef& event, std::vector<store::Find>& out) override {
        found_.clear();
        eye_.look_closely(event, found_);
        give(out);
    }

private:
    void give(std::vector<store::Find>& out) const {
        for (const detect::IndicatorFind& find : found_) {
            out.push_back({find.what, {find.from, find.to}});
        }
    }

    detect::IndicatorHunter::Eye eye_;
    std::vector<detect::IndicatorFind> found_;
};

class Hunter final : public store::Hunter {
public:
    explicit Hunter(const detect::IndicatorHunter& hunter) : hunter_(hunter) {}
    std::uint32_t role(event::ProfileId profile, event::FieldId field) const override {
        return hunter_.role(profile, field);
    }
    std::uint32_t text_role() const override { return hunter_.text_role(); }
    std::unique_ptr<store::HunterEye> eye() const override {
        return std::make_unique<Eye>(hunter_);
    }

private:
    const detect::IndicatorHunter& hunter_;
};

// The same, owning what it looks with.
class OwnHunter final : public store::Hunter {
public:
    OwnHunter(std::shared_ptr<const detect::IndicatorPlan> plan,
              std::shared_ptr<const detect::IndicatorSet> set)
        : inner_(std::move(plan), std::move(set)), hunter_(inner_) {}
    std::uint32_t role(event::ProfileId profile, event::FieldId field) const override {
        return hunter_.role(profile, field);
    }
    std::uint32_t text_role() const override { return hunter_.text_role(); }
    std::unique_ptr<store::HunterEye> eye() const override { return hunter_.eye(); }

private:
    detect::IndicatorHunter inner_;
    pipeline::Hunter hunter_;
};

void append_pair(std::string_view key, std::string_view value, std::string& out) {
    base::append_json_string(key, out);
    out += ':';
    base::append_json_string(value, out);
}

void append_span(base::TimePoint first, base::TimePoint last, std::string& out) {
    append_pair("first", base::format_rfc3339(first), out);
    out += ',';
    append_pair("last", base::format_rfc3339(last), out);
}

}  // namespace

Result<HuntReport> hunt_history(const store::EventSource& history,
                                std::shared_ptr<const detect::IndicatorPlan> plan,
                                std::shared_ptr<const detect::IndicatorSet> set,
                                std::set<std::string> disabled, const store::HuntQuestion& question,
                                const store::Budget& budget) {
    HuntReport report;
    if (set->empty()) {
        return report;
    }
    const detect::IndicatorHunter hunter(std::move(plan), std::move(set), std::move(disabled));
    GAC_TRY(answer, history.hunt(Hunter(hunter), question, budget));
    for (store::HuntAnswer::Found& found : answer.found) {
        report.findings.push_back({hunter.indicator(found.what), std::move(found)});
    }
    std::ranges::sort(report.findings, [](const HuntFinding& a, const HuntFinding& b) {
        return a.seen.count != b.seen.count           ? a.seen.count > b.seen.count
               : a.indicator.type != b.indicator.type ? a.indicator.type < b.indicator.type
                                                      : a.indicator.text < b.indicator.text;
    });
    report.events = answer.scanned_events;
    report.bytes = answer.scanned_bytes;
    report.partial = std::move(answer.partial);
    return report;
}

std::shared_ptr<const store::Hunter> make_hunter(std::shared_ptr<const detect::IndicatorPlan> plan,
                                                 std::shared_ptr<const detect::IndicatorSet> set) {
    return std::make_shared<OwnHunter>(std::move(plan), std::move(set));
}

void append_json(const HuntFinding& finding, std::string& out) {
    out += '{';
    append_pair("indicator", finding.indicator.text, out);
    out += ',';
    append_pair("type", detect::name_of(finding.indicator.type), out);
    out += fmt::format(",\"count\":{},", finding.seen.count);
    append_span(finding.seen.first, finding.seen.last, out);
    out += ",\"hosts\":[";
    const char* comma = "";
    for (const store::HuntAnswer::OnHost& host : finding.seen.hosts) {
        if (!host.host.empty()) {
            out += comma;
            base::append_json_string(host.host, out);
            comma = ",";
        }
    }
    out += "],\"sources\":[";
    comma = "";
    for (const store::HuntAnswer::OfSource& source : finding.seen.sources) {
        out += comma;
        base::append_json_string(source.source, out);
        comma = ",";
    }
    out += "],\"by_host\":[";
    comma = "";
    for (const store::HuntAnswer::OnHost& host : finding.seen.hosts) {
        out += comma;
        out += '{';
        append_pair("host", host.host, out);
        out += ',';
        append_pair("source", host.source, out);
        out += fmt::format(",\"count\":{},", host.count);
        append_span(host.first, host.last, out);
        out += ",\"events\":[";
        for (std::size_t i = 0; i < host.samples.size(); ++i) {
            out += fmt::format("{}\"{}\"", i == 0 ? "" : ",", host.samples[i].id);
        }
        out += "]}";
        comma = ",";
    }
    out += fmt::format("],\"more_hosts\":{},\"lists\":[", finding.seen.more_hosts);
    comma = "";
    for (const event::IndicatorEntry& entry : finding.indicator.entries) {
        out += comma;
        out += '{';
        append_pair("list", entry.list, out);
        out += fmt::format(",\"line\":{},", entry.line);
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
        comma = ",";
    }
    out += "]}";
}

}  // namespace gac::pipeline
