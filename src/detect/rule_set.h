// All rules, compiled: immutable and shared by all shards, replaced as a whole. Programs for the
// routes (kinds of events) that really occur are built on first use inside the set, guarded, so any
// thread may use one set at the same time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "detect/rule_text.h"
#include "event/batch.h"
#include "event/detection.h"
#include "event/profile.h"

namespace gac::detect {

struct CompileLimits {
    std::size_t rules_max = 100'000;
    std::size_t values_per_rule_max = 200'000;  // after expansion by modifiers
    std::size_t expansion_max = 3'125;          // forms of one value: windash has 5 for each dash
    std::size_t nesting_max = 64;               // of conditions, and of YAML
    std::size_t yaml_nodes_max = 1'000'000;     // of one file
};

// A filter whose RuleText::path begins so is for any log source and may leave its own out: that is
// how exceptions that people make are written.
inline constexpr std::string_view kExceptionPath = "exception:";

struct CompileOptions {
    std::shared_ptr<const event::ProfileSet> profiles;  // none: only the generic profile
    Placeholders placeholders;                          // without its list a rule is refused
    // Rules for a log source that the event's profile cannot tell run on every event of a profile
    // without log sources ("generic"). Off: they never run there.
    bool match_unknown_sources = false;
    // Every rule reports, also those that are only there to feed a correlation: for trying rules.
    bool generate_all = false;
    // A file that keeps what was read between runs (made when it is missing). Empty: none.
    std::filesystem::path cache;
    CompileLimits limits;
};

class RuleSet {
public:
    class Parts;  // the compiled form; private to this room

    explicit RuleSet(std::unique_ptr<Parts> parts);
    ~RuleSet();
    RuleSet(const RuleSet&) = delete;
    RuleSet& operator=(const RuleSet&) = delete;

    // Loaded rules in the order of their files, correlation rules included.
    std::span<const std::shared_ptr<const event::RuleInfo>> rules() const;
    std::size_t loaded() const { return rules().size(); }
    std::size_t refused() const;

    // Own fields of events that some rule (or the routing) reads, over all profiles: what a decoder
    // must keep (decision 18). Keyword rules read all values; engines get those by
    // Engine::set_full_decoder.
    std::vector<event::FieldId> fields() const;
    // Prefixes of own names that must be kept as well, because the names below them vary
    // ("Event.UserData.").
    std::vector<std::string> field_prefixes() const;
    // Names by which a correlation rule groups events; empty for others.
    std::vector<std::string> group_by(std::string_view rule_id) const;
    // The rules that a correlation counts, whatever stands between them; empty for others.
    std::vector<std::shared_ptr<const event::RuleInfo>> behind(std::string_view rule_id) const;
    bool has_keyword_rules() const;
    bool has_correlations() const;  // then the order of events counts

    const Parts& parts() const { return *parts_; }

private:
    std::unique_ptr<Parts> parts_;
};

// A rule that cannot be used is left out and told in `faults` (may be null); it never stops the
// others. Fails only when a limit of the whole set is hit.
Result<std::shared_ptr<const RuleSet>> compile(std::span<const RuleText> texts,
                                               const CompileOptions& options,
                                               std::vector<RuleFault>* faults);

}  // namespace gac::detect
