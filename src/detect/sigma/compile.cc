#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "detect/rule_set.h"
#include "detect/sigma/item_bytes.h"
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
        parts_ = std::make_unique<RuleSet::Parts>();
        parts_->rules.reserve(texts.size());
        order_.reserve(texts.size());
        claimed_.reserve(texts.size() * 2);
        ReadingCache cache(options_.cache, options_);
        table_.start_with(cache.items());
        parts_->kept = cache.memory();
        for (const RuleText& text : texts) {
            GAC_CHECK(read(text, cache));
        }
        cache.save(table_);
        parts_->profiles = options_.profiles;
        parts_->match_unknown_sources = options_.match_unknown_sources;
        apply_filters();
        for (const DetectionRule& rule : parts_->rules) {
            parts_->has_keywords =
                parts_->has_keywords || std::ranges::any_of(rule.items, &SharedItem::is_keyword);
        }
        add_correlations();
        parts_->infos.reserve(order_.size());
        for (const auto& info : order_) {
            if (!unplaced_.contains(info.get())) {
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
        if (!text.unreadable.empty()) {
            fault({text.path, {}, {}, text.unreadable, 0});
            return {};
        }
        std::optional<Reading> reading = cache.find(text);
        if (!reading) {
            if (text.stamp.empty()) {
                reading = read_rule_file(text, options_);
            } else {
                RuleText whole = text;
                auto yaml = read_rule(text.path);
                if (!yaml) {
                    fault({text.path, {}, {}, yaml.error().text, 0});
                    return {};
                }
                whole.yaml = *std::move(yaml);
                reading = read_rule_file(whole, options_);
            }
            std::ranges::for_each(reading->parts, [&](Reading::Part& part) { share_items(part); });
            cache.keep(text, *reading);
        }
        for (Reading::Part& part : reading->parts) {
            if (parts_->rules.size() + correlations_.size() >= options_.limits.rules_max) {
                return fail(Code::LimitExceeded,
                            fmt::format("more than {} rules", options_.limits.rules_max),
                            text.path);
            }
            for (RuleFault& found : part.faults) {
                fault(std::move(found));
            }
            if (part.document) {
                take(*std::move(part.document), part.items);
            }
        }
        return {};
    }

    // A second rule of the same id or name is refused: references would be ambiguous.
    bool claim(const event::RuleInfo& info, const std::string& name, int line) {
        std::string id = base::ascii_lower(info.id);
        for (const std::string* key : {&std::as_const(id), &name}) {
            if (!key->empty() && claimed_.contains(*key)) {
                refuse(info, line, fmt::format("id or name \"{}\" is taken by another rule", *key));
                return false;
            }
        }
        claimed_.insert(std::move(id));
        if (!name.empty()) {
            claimed_.insert(name);
        }
        return true;
    }

    // Items into the table; those that no rule had before are known without their bytes.
    void share_items(Reading::Part& part) {
        if (!part.document) {
            return;
        }
        auto* rule = std::get_if<Rule>(&*part.document);
        auto* filter = std::get_if<Filter>(&*part.document);
        if (rule == nullptr && filter == nullptr) {
            return;
        }
        for (Item& item : std::exchange(rule != nullptr ? rule->items : filter->items, {})) {
            const std::uint32_t number = table_.number_of(item);
            by_number_.resize(table_.size(), nullptr);
            if (by_number_[number] == nullptr) {
                by_number_[number] = add_item(std::move(item));
            }
            part.items.push_back(number);
        }
    }

    std::uint32_t name_number(std::string_view field) {
        const auto found = names_.find(field);
        if (found != names_.end()) {
            return found->second;
        }
        const auto number = static_cast<std::uint32_t>(name_texts_.size());
        names_.emplace(name_texts_.emplace_back(field), number);
        return number;
    }

    const SharedItem* add_item(Item item, bool source = false) {
        const std::uint32_t name = name_number(item.field);
        return &parts_->items.emplace_back(static_cast<std::uint32_t>(parts_->items.size()), name,
                                           std::move(item), source);
    }

    std::vector<const SharedItem*> items_of(const std::vector<std::uint32_t>& numbers) {
        by_number_.resize(table_.size(), nullptr);
        std::vector<const SharedItem*> out;
        out.reserve(numbers.size());
        for (const std::uint32_t number : numbers) {
            const SharedItem*& item = by_number_[number];
            if (item == nullptr) {
                const std::string_view bytes = table_[number];
                const ItemHead head = head_of(bytes).value_or(ItemHead{});
                item = &parts_->items.emplace_back(static_cast<std::uint32_t>(parts_->items.size()),
                                                   name_number(head.field), head, bytes);
            }
            out.push_back(item);
        }
        return out;
    }

    void take(Document document, const std::vector<std::uint32_t>& items) {
        if (auto* rule = std::get_if<Rule>(&document)) {
            if (claim(*rule->info, rule->name, rule->line)) {
                order_.push_back(rule->info);
                DetectionRule& added = parts_->rules.emplace_back();
                added.rule = std::move(*rule);
                added.items = items_of(items);
            }
        } else if (auto* correlation = std::get_if<Correlation>(&document)) {
            if (claim(*correlation->info, correlation->name, correlation->line)) {
                order_.push_back(correlation->info);
                unplaced_.insert(correlation->info.get());
                correlations_.push_back(std::move(*correlation));
            }
        } else {
            filters_.emplace_back(std::get<Filter>(std::move(document)), items_of(items));
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
        for (const auto& [filter, items] : filters_) {
            for (DetectionRule& filtered : parts_->rules) {
                Rule& rule = filtered.rule;
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
                const auto by = static_cast<std::uint32_t>(filtered.items.size());
                std::ranges::copy(items, std::back_inserter(filtered.items));
                std::vector<Expr> both;
                both.push_back(std::move(rule.condition));
                both.push_back(shifted(filter.condition, by));
                rule.condition = Expr::join(Expr::Kind::And, std::move(both));
            }
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
        unplaced_.erase(own.info.get());
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
        // Thousands of rules name a few hundred sources.
        std::map<std::array<std::string_view, 3>, std::pair<std::uint32_t, std::uint32_t>>
            by_source;
        routed_.assign(parts_->items.size() * kRouteFieldsMax, false);
        for (std::uint32_t i = 0; i < parts_->rules.size(); ++i) {
            const DetectionRule& rule = parts_->rules[i];
            const Source& source = rule.rule.source;
            const auto [at, added] =
                by_source.try_emplace({source.product, source.category, source.service});
            if (added) {
                at->second.first = static_cast<std::uint32_t>(plan->ways.size());
                for (Alternative& way :
                     alternatives(source, profile, options_.match_unknown_sources)) {
                    add_way(*plan, std::move(way), route_fields);
                    ++at->second.second;
                }
            }
            const auto [first, count] = at->second;
            if (count > 0) {
                plan->uses.push_back(
                    {i, first, count, static_cast<std::uint32_t>(plan->inputs.size())});
                for (std::uint32_t way = first; way < first + count; ++way) {
                    bind(*plan, rule, plan->ways[way]);
                }
            }
        }
        return plan;
    }

    void add_way(Plan& plan, Alternative way,
                 const std::map<std::string, std::size_t>& route_fields) {
        Plan::Way& out = plan.ways.emplace_back();
        out.slots.resize(name_texts_.size(), Plan::kNoSlot);
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
            out.other_when.emplace_back(source_item(std::move(item)),
                                        plan.binding.slot_of(when.field));
        }
        out.rename = std::move(way.rename);
    }

    const SharedItem* source_item(Item item) {
        std::string key;
        append_item(item, key);
        const SharedItem*& known = source_items_[key];
        if (known == nullptr) {
            known = add_item(std::move(item), true);
        }
        return known;
    }

    // Every name that the rule asks for in this way gets its slot.
    void bind(Plan& plan, const DetectionRule& rule, Plan::Way& way) {
        const auto slot_of = [&](const std::string& asked) {
            const auto renamed = way.rename.find(asked);
            return plan.binding.slot_of(renamed == way.rename.end() ? asked : renamed->second);
        };
        for (const SharedItem* item : rule.items) {
            if (item->has_relation()) {
                for (const Test& test : item->leaf().item.any) {
                    if (test.kind == TestKind::FieldRef) {
                        slot_of(test.text);
                    }
                }
            }
            if (item->is_keyword()) {
                continue;
            }
            Slot& slot = way.slots[item->name()];
            if (slot == Plan::kNoSlot) {
                slot = slot_of(name_texts_[item->name()]);
            }
            for (std::size_t field = 0; field < plan.route_slots.size(); ++field) {
                if (plan.route_slots[field] == slot
                    && !routed_[item->number() * kRouteFieldsMax + field]) {
                    routed_[item->number() * kRouteFieldsMax + field] = true;
                    add_routed(plan, field, item->leaf().item);
                }
            }
        }
        for (const CorrelationInput& input : rule.inputs) {
            std::vector<Slot>& slots = plan.inputs.emplace_back();
            for (const std::string& field :
                 parts_->correlation_fields[input.correlation][input.reference]) {
                slots.push_back(slot_of(field));
            }
        }
    }

    static void add_routed(Plan& plan, std::size_t field, const Item& item) {
        for (const Test& test : item.any) {
            for (std::string& text : route_values(test)) {
                plan.add_known(field, std::move(text));
            }
        }
    }

    const CompileOptions& options_;
    std::vector<RuleFault>* faults_;
    std::size_t refused_ = 0;
    std::vector<Correlation> correlations_;
    std::vector<std::pair<Filter, std::vector<const SharedItem*>>> filters_;
    std::unordered_set<std::string> claimed_;
    std::vector<std::shared_ptr<event::RuleInfo>> order_;
    std::unordered_set<const event::RuleInfo*> unplaced_;  // correlations
    ItemTable table_;
    std::vector<const SharedItem*> by_number_;  // of the table
    std::unordered_map<std::string, const SharedItem*> source_items_;
    std::deque<std::string> name_texts_;  // that rules ask for, by number
    std::unordered_map<std::string_view, std::uint32_t> names_;
    std::vector<bool> routed_;  // by item and routing field, of the plan being made
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
