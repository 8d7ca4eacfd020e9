#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "base/text.h"
#include "detect/rule_set.h"
#include "detect/sigma/parse.h"
#include "detect/sigma/parts.h"
#include "detect/sigma/reading_cache.h"

namespace gac::detect {

namespace {

using namespace sigma;

class Compiler {
public:
    Compiler(const CompileOptions& options, std::vector<RuleFault>* faults)
        : options_(options), faults_(faults) {}

    Result<std::shared_ptr<const RuleSet>> run(std::span<const RuleText> texts) {
        rules_.reserve(texts.size());
        ReadingCache cache(options_.cache, options_);
        for (const RuleText& text : texts) {
            GAC_CHECK(read(text, cache));
        }
        cache.save();
        parts_ = std::make_unique<RuleSet::Parts>();
        parts_->profiles = options_.profiles;
        parts_->match_unknown_sources = options_.match_unknown_sources;
        apply_filters();
        add_rules();
        add_correlations();
        for (const auto& info : order_) {
            if (loaded_.contains(info.get())) {
                parts_->infos.push_back(info);
            }
        }
        parts_->refused = refused_;
        add_plans();
        return std::make_shared<const RuleSet>(std::move(parts_));
    }

private:
    void fault(RuleFault fault) {
        refused_ += fault.warning ? 0 : 1;
        if (faults_ != nullptr) {
            faults_->push_back(std::move(fault));
        }
    }
    void refuse(const event::RuleInfo& info, int line, std::string reason) {
        fault({info.path, info.id, info.title, std::move(reason), line});
    }

    Result<> read(const RuleText& text, ReadingCache& cache) {
        std::optional<Reading> reading = cache.find(text);
        if (!reading && text.stamp.empty()) {
            reading = read_rule_file(text, options_);
            cache.keep(text, *reading);
        } else if (!reading) {
            RuleText whole = text;
            GAC_TRY(yaml, read_rule(text.path));
            whole.yaml = std::move(yaml);
            reading = read_rule_file(whole, options_);
            cache.keep(text, *reading);
        }
        for (Reading::Part& part : reading->parts) {
            if (rules_.size() + correlations_.size() >= options_.limits.rules_max) {
                return fail(Code::LimitExceeded,
                            fmt::format("more than {} rules", options_.limits.rules_max),
                            text.path);
            }
            for (RuleFault& found : part.faults) {
                fault(std::move(found));
            }
            if (part.document) {
                take(*std::move(part.document));
            }
        }
        return {};
    }

    // A second rule of the same id or name is refused: references would be ambiguous.
    bool claim(const event::RuleInfo& info, const std::string& name, int line) {
        const std::string id = base::ascii_lower(info.id);
        for (const std::string& key : {id, name}) {
            if (!key.empty() && claimed_.contains(key)) {
                refuse(info, line, fmt::format("id or name \"{}\" is taken by another rule", key));
                return false;
            }
        }
        claimed_.insert(id);
        if (!name.empty()) {
            claimed_.insert(name);
        }
        order_.push_back(nullptr);
        return true;
    }

    void take(Document document) {
        if (auto* rule = std::get_if<Rule>(&document)) {
            if (claim(*rule->info, rule->name, rule->line)) {
                order_.back() = rule->info;
                rules_.push_back(std::move(*rule));
            }
        } else if (auto* correlation = std::get_if<Correlation>(&document)) {
            if (claim(*correlation->info, correlation->name, correlation->line)) {
                order_.back() = correlation->info;
                correlations_.push_back(std::move(*correlation));
            }
        } else {
            filters_.push_back(std::get<Filter>(std::move(document)));
        }
    }

    static bool names(const event::RuleInfo& info, const std::string& name,
                      const std::string& reference) {
        return (!name.empty() && name == reference)
               || base::equal_ignoring_ascii_case(info.id, reference);
    }

    static Expr shifted(Expr expr, std::uint32_t by) {
        if (expr.kind == Expr::Kind::Item) {
            expr.item += by;
        }
        for (Expr& child : expr.children) {
            child = shifted(std::move(child), by);
        }
        return expr;
    }

    void apply_filters() {
        const auto covers = [](const std::string& filter, const std::string& rule) {
            return filter.empty() || base::equal_ignoring_ascii_case(filter, rule);
        };
        for (const Filter& filter : filters_) {
            for (Rule& rule : rules_) {
                const bool named =
                    filter.rules.empty()
                    || std::ranges::any_of(filter.rules, [&](const std::string& reference) {
                           return names(*rule.info, rule.name, reference);
                       });
                if (!named || !covers(filter.source.product, rule.source.product)
                    || !covers(filter.source.category, rule.source.category)
                    || !covers(filter.source.service, rule.source.service)) {
                    continue;
                }
                const auto by = static_cast<std::uint32_t>(rule.items.size());
                std::ranges::copy(filter.items, std::back_inserter(rule.items));
                std::vector<Expr> both;
                both.push_back(std::move(rule.condition));
                both.push_back(shifted(filter.condition, by));
                rule.condition = Expr::join(Expr::Kind::And, std::move(both));
            }
        }
    }

    const Leaf* leaf_of(const Item& item, bool source = false) {
        leaf_key_.assign(1, source ? 's' : 'r');
        leaf_key_ += item.field;
        leaf_key_ += '\0';
        for (const Test& test : item.any) {
            test.append_key(leaf_key_);
        }
        const auto [at, added] = leaves_.try_emplace(leaf_key_, nullptr);
        if (added) {
            parts_->leaves.push_back(std::make_unique<Leaf>(item));
            parts_->leaves.back()->source = source;
            at->second = parts_->leaves.back().get();
        }
        return at->second;
    }

    void add_rules() {
        parts_->rules.reserve(rules_.size());
        for (Rule& rule : rules_) {
            DetectionRule out;
            for (const Item& item : rule.items) {
                out.leaves.push_back(leaf_of(item));
                parts_->has_keywords = parts_->has_keywords || item.is_keyword();
            }
            loaded_.insert(rule.info.get());
            out.rule = std::move(rule);
            parts_->rules.push_back(std::move(out));
        }
    }

    // What a correlation refers to.
    struct Target {
        bool is_correlation = false;
        std::uint32_t index = 0;
    };

    std::optional<Target> target_of(const std::string& reference) const {
        for (std::size_t i = 0; i < parts_->rules.size(); ++i) {
            const DetectionRule& rule = parts_->rules[i];
            if (names(*rule.rule.info, rule.rule.name, reference)) {
                return Target{false, static_cast<std::uint32_t>(i)};
            }
        }
        for (std::size_t i = 0; i < correlations_.size(); ++i) {
            if (names(*correlations_[i].info, correlations_[i].name, reference)) {
                return Target{true, static_cast<std::uint32_t>(i)};
            }
        }
        return std::nullopt;
    }

    // Correlations in an order in which every one stands after those that it refers to.
    void add_correlations() {
        enum class Mark : std::uint8_t { New, Open, Done, Refused };
        std::vector<Mark> marks(correlations_.size(), Mark::New);
        std::vector<std::uint32_t> placed(correlations_.size(), 0);
        std::vector<std::vector<Target>> targets(correlations_.size());
        const auto visit = [&](auto&& self, std::size_t i) -> bool {
            Correlation& own = correlations_[i];
            if (marks[i] == Mark::Done || marks[i] == Mark::Refused) {
                return marks[i] == Mark::Done;
            }
            const auto give_up = [&](std::string reason) {
                marks[i] = Mark::Refused;
                refuse(*own.info, own.line, std::move(reason));
                return false;
            };
            if (marks[i] == Mark::Open) {
                return false;  // a cycle: the one that opened it says so
            }
            marks[i] = Mark::Open;
            for (const std::string& reference : own.rules) {
                const auto target = target_of(reference);
                if (!target) {
                    return give_up(
                        fmt::format("refers to \"{}\", which is not a loaded rule", reference));
                }
                if (target->is_correlation && !self(self, target->index)) {
                    return give_up(fmt::format("refers to \"{}\", which {}", reference,
                                               marks[target->index] == Mark::Open
                                                   ? "refers back to it in a circle"
                                                   : "was refused"));
                }
                targets[i].push_back(*target);
            }
            marks[i] = Mark::Done;
            placed[i] = static_cast<std::uint32_t>(parts_->correlations.size());
            place(own, targets[i], placed);  // a copy: others may still refer to it
            return true;
        };
        for (std::size_t i = 0; i < correlations_.size(); ++i) {
            visit(visit, i);
        }
        // A rule that a correlation watches is silent unless one says generate.
        std::vector<bool> watched_rule(parts_->rules.size());
        std::vector<bool> loud_rule(parts_->rules.size());
        parts_->correlation_silent.resize(parts_->correlations.size());
        std::vector<bool> loud(parts_->correlations.size());
        for (std::size_t i = 0; i < correlations_.size(); ++i) {
            if (marks[i] != Mark::Done) {
                continue;
            }
            for (const Target& target : targets[i]) {
                const bool generate = parts_->correlations[placed[i]].generate;
                if (target.is_correlation) {
                    parts_->correlation_silent[placed[target.index]] = true;
                    loud[placed[target.index]] = loud[placed[target.index]] || generate;
                } else {
                    watched_rule[target.index] = true;
                    loud_rule[target.index] = loud_rule[target.index] || generate;
                }
            }
        }
        for (std::size_t i = 0; i < parts_->rules.size(); ++i) {
            parts_->rules[i].silent = watched_rule[i] && !loud_rule[i] && !options_.generate_all;
        }
        for (std::size_t i = 0; i < parts_->correlations.size(); ++i) {
            parts_->correlation_silent[i] =
                parts_->correlation_silent[i] && !loud[i] && !options_.generate_all;
        }
    }

    // Two correlations with one key mean the same, so that the windows of one go on in the other.
    static std::string key_of(const Correlation& own) {
        std::string key = fmt::format("{}\n{}\n{}\n{}\n", static_cast<int>(own.type), own.info->id,
                                      own.timespan.us, own.percentile);
        const auto add = [&](const std::vector<std::string>& texts) {
            for (const std::string& text : texts) {
                key += fmt::format("{} {}\n", text.size(), text);
            }
            key += '\n';
        };
        add(own.rules);
        add(own.group_by);
        add(own.fields);
        for (const auto& [op, number] : own.conditions) {
            key += fmt::format("{} {}\n", static_cast<int>(op), number);
        }
        for (const auto& [alias, mapped] : own.aliases) {
            for (const auto& [rule, field] : mapped) {
                add({alias, rule, field});
            }
        }
        add_expression(own.expression, key);
        return key;
    }
    static void add_expression(const Expr& expr, std::string& key) {
        key += fmt::format("({} {} {}", static_cast<int>(expr.kind), expr.item, expr.need);
        for (const Expr& child : expr.children) {
            add_expression(child, key);
        }
        key += ')';
    }

    void place(Correlation own, const std::vector<Target>& targets,
               const std::vector<std::uint32_t>& placed) {
        const auto index = static_cast<std::uint32_t>(parts_->correlations.size());
        std::vector<std::vector<std::string>> fields(own.rules.size());
        parts_->correlation_inputs.emplace_back();
        for (std::uint32_t r = 0; r < targets.size(); ++r) {
            const auto source_name = [&](const std::string& asked) {
                for (const auto& [alias, mapped] : own.aliases) {
                    for (const auto& [rule, field] : mapped) {
                        if (alias == asked && rule == own.rules[r]) {
                            return field;
                        }
                    }
                }
                return asked;
            };
            for (const std::string& field : own.group_by) {
                fields[r].push_back(source_name(field));
            }
            for (const std::string& field : own.fields) {
                fields[r].push_back(source_name(field));
            }
            const CorrelationInput input{index, r};
            if (targets[r].is_correlation) {
                parts_->correlation_inputs[placed[targets[r].index]].push_back(input);
            } else {
                parts_->rules[targets[r].index].inputs.push_back(input);
            }
        }
        own.text_key = key_of(own);
        loaded_.insert(own.info.get());
        parts_->correlation_fields.push_back(std::move(fields));
        parts_->correlations.push_back(std::move(own));
    }

    void add_plans() {
        if (options_.profiles) {
            for (const event::Profile& profile : options_.profiles->all()) {
                parts_->plans.push_back(make_plan(profile));
            }
        } else {
            static const event::Profile kGeneric;
            parts_->plans.push_back(make_plan(kGeneric));
        }
    }

    std::unique_ptr<Plan> make_plan(const event::Profile& profile) {
        auto plan = std::make_unique<Plan>(profile);
        // Thousands of rules name a few hundred sources.
        std::map<std::array<std::string_view, 3>, std::vector<Alternative>> by_source;
        std::vector<const std::vector<Alternative>*> ways;
        for (const DetectionRule& rule : parts_->rules) {
            const Source& source = rule.rule.source;
            const auto [at, added] =
                by_source.try_emplace({source.product, source.category, source.service});
            if (added) {
                at->second = alternatives(source, profile, options_.match_unknown_sources);
            }
            ways.push_back(&at->second);
        }
        std::map<std::string, std::size_t> when_uses;
        for (const event::LogSource& source : profile.log_sources) {
            for (const auto& when : source.when) {
                ++when_uses[std::string(event::name_of(when.field))];
            }
        }
        std::vector<std::pair<std::string, std::size_t>> by_use(when_uses.begin(), when_uses.end());
        std::ranges::sort(by_use, [](const auto& a, const auto& b) {
            return a.second != b.second ? a.second > b.second : a.first < b.first;
        });
        by_use.resize(std::min(by_use.size(), kRouteFieldsMax));
        std::map<std::string, std::size_t> route_fields;
        for (const auto& [name, uses] : by_use) {
            route_fields[name] = plan->route_slots.size();
            plan->route_slots.push_back(plan->binding.slot_of(name));
        }
        plan->known.resize(plan->route_slots.size());
        plan->known_texts.resize(plan->route_slots.size());
        for (std::uint32_t i = 0; i < parts_->rules.size(); ++i) {
            if (!ways[i]->empty()) {
                Plan::Use use;
                use.rule = i;
                for (const Alternative& way : *ways[i]) {
                    use.alternatives.push_back(bind(*plan, parts_->rules[i], way, route_fields));
                }
                plan->uses.push_back(std::move(use));
            }
        }
        return plan;
    }

    Plan::BoundAlternative bind(Plan& plan, const DetectionRule& rule, const Alternative& way,
                                const std::map<std::string, std::size_t>& route_fields) {
        Plan::BoundAlternative out;
        for (const Alternative::When& when : way.when) {
            const auto route = route_fields.find(when.field);
            if (route != route_fields.end()) {
                std::vector<std::uint32_t> values;
                for (const std::string& value : when.values) {
                    values.push_back(plan.add_known(route->second, base::fold_case(value)));
                }
                out.route_when.emplace_back(route->second, std::move(values));
                continue;
            }
            Item item;
            item.field = when.field;
            for (const std::string& value : when.values) {
                Test test;
                test.pattern = Pattern::literal(value).folded();
                item.any.push_back(std::move(test));
            }
            out.other_when.emplace_back(leaf_of(item, true), plan.binding.slot_of(when.field));
        }
        const auto slot_of = [&](const std::string& asked) {
            const auto renamed = way.rename.find(asked);
            return plan.binding.slot_of(renamed == way.rename.end() ? asked : renamed->second);
        };
        for (const Leaf* leaf : rule.leaves) {
            std::vector<Slot> relations;
            for (const Test& test : leaf->item.any) {
                if (leaf->relation) {
                    relations.push_back(test.kind == TestKind::FieldRef ? slot_of(test.text) : 0);
                }
            }
            out.relations.push_back(std::move(relations));
            if (leaf->item.is_keyword()) {
                out.slots.push_back(kKeywordSlot);
                continue;
            }
            const Slot slot = slot_of(leaf->item.field);
            out.slots.push_back(slot);
            const auto route = std::ranges::find(plan.route_slots, slot);
            if (route != plan.route_slots.end()) {
                for (const Test& test : leaf->item.any) {
                    for (std::string& text : route_values(test)) {
                        plan.add_known(static_cast<std::size_t>(route - plan.route_slots.begin()),
                                       std::move(text));
                    }
                }
            }
        }
        for (const CorrelationInput& input : rule.inputs) {
            std::vector<Slot> slots;
            for (const std::string& field :
                 parts_->correlation_fields[input.correlation][input.reference]) {
                slots.push_back(slot_of(field));
            }
            out.inputs.push_back(std::move(slots));
        }
        return out;
    }

    const CompileOptions& options_;
    std::vector<RuleFault>* faults_;
    std::size_t refused_ = 0;
    std::vector<Rule> rules_;
    std::vector<Correlation> correlations_;
    std::vector<Filter> filters_;
    std::set<std::string> claimed_;
    std::vector<std::shared_ptr<event::RuleInfo>> order_;
    std::set<const event::RuleInfo*> loaded_;
    std::unordered_map<std::string, const Leaf*> leaves_;
    std::string leaf_key_;
    std::unique_ptr<RuleSet::Parts> parts_;
};

}  // namespace

Result<std::shared_ptr<const RuleSet>> compile(std::span<const RuleText> texts,
                                               const CompileOptions& options,
                                               std::vector<RuleFault>* faults) {
    return Compiler(options, faults).run(texts);
}

RuleSet::RuleSet(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RuleSet::~RuleSet() = default;

std::span<const std::shared_ptr<const event::RuleInfo>> RuleSet::rules() const {
    return parts_->infos;
}

std::size_t RuleSet::refused() const { return parts_->refused; }
bool RuleSet::has_correlations() const { return !parts_->correlations.empty(); }
bool RuleSet::has_keyword_rules() const { return parts_->has_keywords; }

std::vector<event::FieldId> RuleSet::fields() const {
    std::vector<event::FieldId> out;
    for (const auto& plan : parts_->plans) {
        std::ranges::copy(plan->binding.fields(), std::back_inserter(out));
    }
    if (parts_->profiles) {
        for (const event::Profile& profile : parts_->profiles->all()) {
            std::ranges::copy(profile.time_fields, std::back_inserter(out));
        }
    }
    std::ranges::sort(out);
    out.erase(std::ranges::unique(out).begin(), out.end());
    return out;
}

std::vector<std::string> RuleSet::field_prefixes() const {
    std::vector<std::string> out;
    for (const auto& plan : parts_->plans) {
        for (const std::string& prefix : plan->binding.prefixes()) {
            if (const std::size_t star = prefix.find('*'); star != std::string::npos) {
                out.push_back(prefix.substr(0, star));
            }
        }
    }
    return out;
}

}  // namespace gac::detect
