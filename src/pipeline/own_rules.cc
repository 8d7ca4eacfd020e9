#include "pipeline/own_rules.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include <fmt/format.h>

#include "base/text.h"
#include "base/uuid.h"

namespace gac::pipeline {

namespace {

constexpr std::string_view kChecked = "console:rule.yml";  // no file has such a path

void add_fault(RuleCheck& check, int line, std::string reason) {
    check.faults.push_back({.path = std::string(kChecked),
                            .id = check.id,
                            .title = check.title,
                            .reason = std::move(reason),
                            .line = line});
}

// What an own rule is beyond loading: one document, named by a UUID.
void check_shape(const detect::RuleText& text, RuleCheck& check) {
    const auto outlines = detect::outline(text);
    if (!outlines) {
        return;  // no YAML: compiling has said so
    }
    std::vector<detect::RuleOutline> rules;
    std::ranges::copy_if(*outlines, std::back_inserter(rules), &detect::RuleOutline::is_rule);
    if (rules.empty()) {
        return add_fault(check, 0, "holds no rule");
    }
    check.id = rules.front().id;
    check.title = rules.front().title;
    if (outlines->size() > 1) {
        add_fault(check, (*outlines)[1].line, "holds more than one document");
    }
    if (!base::Uuid::parse(check.id)) {
        add_fault(check, rules.front().line, "its id is no UUID");
    }
}

std::string next_version(const RulePack& pack) {
    std::uint64_t last = 0;
    for (const PackVersion& one : pack.versions) {
        std::uint64_t number = 0;
        const char* end = one.version.data() + one.version.size();
        if (std::from_chars(one.version.data(), end, number).ptr == end) {
            last = std::max(last, number);
        }
    }
    return std::to_string(last + 1);
}

}  // namespace

Result<RuleCheck> OwnRules::check(std::string_view text) const {
    std::vector<detect::RuleText> all = rules_.loading()->texts;
    all.push_back({.path = std::string(kChecked), .yaml = std::string(text)});
    std::vector<detect::RuleFault> faults;
    GAC_TRY(set, detect::compile(all, rules_.compile_options(), &faults));
    RuleCheck out;
    std::ranges::copy_if(faults, std::back_inserter(out.faults),
                         [](const detect::RuleFault& one) { return one.path == kChecked; });
    check_shape(all.back(), out);
    out.loads = std::ranges::all_of(out.faults, &detect::RuleFault::warning)
                && std::ranges::any_of(set->rules(),
                                       [](const auto& rule) { return rule->path == kChecked; });
    return out;
}

Result<RuleCheck> OwnRules::add(std::string_view text, std::string_view by) {
    return turn_.with([&](Turn&) -> Result<RuleCheck> {
        GAC_TRY(checked, check(text));
        if (!checked.loads) {
            return checked;
        }
        GAC_TRY(texts, own_texts());
        const std::string path = base::Uuid::parse(checked.id)->text() + ".yml";
        // A file of this name is of a rule that is refused today, or its id would be taken.
        std::erase_if(texts, [&](const detect::RuleText& one) { return one.path == path; });
        texts.push_back({.path = path, .yaml = std::string(text)});
        GAC_CHECK(write(std::move(texts), by));
        return checked;
    });
}

Result<> OwnRules::remove(std::string_view id, std::string_view by) {
    return turn_.with([&](Turn&) -> Result<> {
        GAC_TRY(texts, own_texts());
        const auto holds = [&](const detect::RuleText& text) {
            const auto rules = detect::outline(text);
            return rules && std::ranges::any_of(*rules, [&](const detect::RuleOutline& rule) {
                       return base::equal_ignoring_ascii_case(rule.id, id);
                   });
        };
        const auto found = std::ranges::find_if(texts, holds);
        if (found == texts.end()) {
            return fail(Code::NotFound, "no rule of this id was written in the console", "id");
        }
        if (detect::outline(*found)->size() > 1) {
            return fail(Code::Conflict, "its file holds other rules too", "id");
        }
        texts.erase(found);
        if (texts.empty()) {
            return rules_.packs().remove(kPack, "");  // a pack without rules is none
        }
        return write(std::move(texts), by);
    });
}

Result<std::vector<detect::RuleText>> OwnRules::own_texts() const {
    for (const std::filesystem::path& folder : rules_.packs().in_force()) {
        if (folder.parent_path().filename() == kPack) {
            const std::filesystem::path paths[] = {folder};
            GAC_TRY(texts, detect::read_rules(paths));
            for (detect::RuleText& text : texts) {
                if (!text.unreadable.empty()) {
                    return fail(Code::Io, text.unreadable, text.path);
                }
                text.path.erase(0, folder.native().size() + 1);
            }
            return texts;
        }
    }
    return std::vector<detect::RuleText>();
}

Result<> OwnRules::write(std::vector<detect::RuleText> texts, std::string_view by) const {
    const RulePacks& packs = rules_.packs();
    PackImport wanted{.name = std::string(kPack), .version = "1", .origin = "console"};
    if (const auto pack = packs.find(kPack)) {
        wanted.version = next_version(*pack);
        std::size_t kept = pack->versions.size();
        for (auto old = pack->versions.rbegin();
             old != pack->versions.rend() && kept >= RulePacks::kVersionsMax; ++old) {
            if (old->version != pack->version) {
                GAC_CHECK(packs.remove(kPack, old->version));
                --kept;
            }
        }
    }
    PackChange change{.name = wanted.name, .version = wanted.version};
    change.loaded = texts.size();
    wanted.texts = std::move(texts);
    return packs.import(wanted, change, by, clock_.now());
}

}  // namespace gac::pipeline
