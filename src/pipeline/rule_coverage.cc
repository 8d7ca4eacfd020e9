#include "pipeline/rule_coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/text.h"

namespace gac::pipeline {

namespace {

// In the order of the matrix for companies.
constexpr std::array<std::string_view, 16> kTactics = {
    "reconnaissance",     "resource-development", "initial-access", "execution",
    "persistence",        "privilege-escalation", "stealth",        "defense-evasion",
    "defense-impairment", "credential-access",    "discovery",      "lateral-movement",
    "collection",         "command-and-control",  "exfiltration",   "impact"};

bool digits(std::string_view text, std::size_t count) {
    return text.size() == count
           && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// "attack.t1059.001" -> "T1059.001".
std::optional<std::string> technique_of(std::string_view tag) {
    const std::string name = base::ascii_lower(tag);
    if (!name.starts_with("attack.t")) {
        return std::nullopt;
    }
    const std::string_view number = std::string_view(name).substr(8);
    const bool plain = digits(number, 4);
    const bool sub = number.size() == 8 && digits(number.substr(0, 4), 4) && number[4] == '.'
                     && digits(number.substr(5), 3);
    return plain || sub ? std::optional("T" + std::string(number)) : std::nullopt;
}

// "attack.credential_access" -> "credential-access"; only ATT&CK's own.
std::optional<std::string> tactic_of(std::string_view tag) {
    std::string name = base::ascii_lower(tag);
    if (!name.starts_with("attack.")) {
        return std::nullopt;
    }
    name.erase(0, 7);
    std::ranges::replace(name, '_', '-');
    return std::ranges::find(kTactics, name) == kTactics.end() ? std::nullopt : std::optional(name);
}

void append(std::string_view name, std::string_view value, std::string& out) {
    base::append_json_string(name, out);
    out += ':';
    base::append_json_string(value, out);
}

}  // namespace

RuleCoverage cover(std::span<const std::shared_ptr<const event::RuleInfo>> rules,
                   const std::set<std::string>& disabled,
                   const std::map<std::string, std::uint64_t, std::less<>>& hits) {
    RuleCoverage out;
    std::map<std::string, CoveredTechnique> techniques;
    std::map<std::string, CoverageCounts> tactics;
    for (const auto& rule : rules) {
        std::set<std::string> own_techniques;
        std::set<std::string> own_tactics;
        for (const std::string& tag : rule->tags) {
            if (auto technique = technique_of(tag)) {
                own_techniques.insert(*std::move(technique));
            } else if (auto tactic = tactic_of(tag)) {
                own_tactics.insert(*std::move(tactic));
            }
        }
        const auto known = hits.find(rule->id);
        const auto count = [&](CoverageCounts& counts) {
            ++counts.rules;
            counts.enabled += disabled.contains(rule->id) ? 0 : 1;
            counts.hits += known == hits.end() ? 0 : known->second;
        };
        ++out.rules;
        out.rules_without_technique += own_techniques.empty() ? 1 : 0;
        for (const std::string& tactic : own_tactics) {
            count(tactics[tactic]);
        }
        for (const std::string& id : own_techniques) {
            CoveredTechnique& technique = techniques[id];
            technique.id = id;
            technique.rule_ids.push_back(rule->id);
            count(technique.counts);
            for (const std::string& tactic : own_tactics) {
                if (std::ranges::find(technique.tactics, tactic) == technique.tactics.end()) {
                    technique.tactics.push_back(tactic);
                }
            }
        }
    }
    for (const std::string_view tactic : kTactics) {
        if (const auto found = tactics.find(std::string(tactic)); found != tactics.end()) {
            out.tactics.push_back({found->first, found->second});
        }
    }
    for (auto& [id, technique] : techniques) {
        std::ranges::sort(technique.tactics);
        out.techniques.push_back(std::move(technique));
    }
    return out;
}

std::string navigator_layer(const RuleCoverage& coverage, base::TimePoint now) {
    // Parents that have no rules of their own still show what stands under them.
    struct Cell {
        std::size_t enabled = 0;
        std::size_t rules = 0;
        std::uint64_t hits = 0;
        bool parent = false;
    };
    std::map<std::string, Cell> cells;
    for (const CoveredTechnique& technique : coverage.techniques) {
        Cell& cell = cells[technique.id];
        cell.enabled += technique.counts.enabled;
        cell.rules += technique.counts.rules;
        cell.hits += technique.counts.hits;
        if (const auto dot = technique.id.find('.'); dot != std::string::npos) {
            Cell& parent = cells[technique.id.substr(0, dot)];
            parent.parent = true;
            parent.enabled += technique.counts.enabled;
            parent.rules += technique.counts.rules;
            parent.hits += technique.counts.hits;
        }
    }
    std::size_t most = 1;
    for (const auto& [id, cell] : cells) {
        most = std::max(most, cell.enabled);
    }
    std::string out = "{";
    append("name", "Gác", out);
    out += R"(,"versions":{"navigator":"5.1.0","layer":"4.5"},)";
    append("domain", "enterprise-attack", out);
    out += ',';
    append("description",
           fmt::format("Luật phát hiện đang bật theo kỹ thuật ATT&CK / enabled detection rules by "
                       "technique, {}",
                       base::format_rfc3339(now)),
           out);
    out += R"(,"sorting":3,"layout":{"layout":"side","showID":true,"showName":true},)";
    out += R"("hideDisabled":false,"techniques":[)";
    bool first = true;
    for (const auto& [id, cell] : cells) {
        out += first ? "{" : ",{";
        first = false;
        append("techniqueID", id, out);
        out += fmt::format(R"(,"score":{},"enabled":true,"showSubtechniques":{},)", cell.enabled,
                           cell.parent);
        append(
            "comment",
            fmt::format("{} luật, {} đang bật, {} lần gặp / {} rules, {} enabled, {} hits",
                        cell.rules, cell.enabled, cell.hits, cell.rules, cell.enabled, cell.hits),
            out);
        out += '}';
    }
    out += fmt::format(
        R"(],"gradient":{{"colors":["#ffffff","#8ec843"],"minValue":0,"maxValue":{}}}}})", most);
    return out;
}

}  // namespace gac::pipeline
