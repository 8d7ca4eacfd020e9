#include "detect/sigma/parse.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "detect/sigma/condition.h"
#include "detect/sigma/items.h"

namespace gac::detect::sigma {

namespace {

std::string place(const Yaml& node) { return fmt::format("line {}", node.line); }

template <class... Args>
std::unexpected<Error> refuse(const Yaml& node, fmt::format_string<Args...> text, Args&&... args) {
    return fail(Code::InvalidArgument, fmt::format(text, std::forward<Args>(args)...), place(node));
}

std::string text_of(const Yaml& root, std::string_view key) {
    const Yaml* node = root.find(key);
    return node != nullptr && node->is_scalar() && !node->is_null()
               ? std::string(base::trim(node->text))
               : std::string();
}

std::vector<std::string> texts_of(const Yaml& root, std::string_view key) {
    std::vector<std::string> out;
    const Yaml* node = root.find(key);
    if (node == nullptr || node->is_null()) {
        return out;
    }
    if (node->is_scalar()) {
        out.push_back(node->text);
    }
    for (const Yaml& item : node->items) {
        if (item.is_scalar()) {
            out.push_back(item.text);
        }
    }
    return out;
}

Result<Source> read_source(const Yaml& root) {
    const Yaml* node = root.find("logsource");
    if (node == nullptr) {
        return refuse(root, "rule has no logsource");
    }
    if (!node->is_map()) {
        return refuse(*node, "logsource must be a map");
    }
    Source source{text_of(*node, "product"), text_of(*node, "category"), text_of(*node, "service")};
    if (source.product.empty() && source.category.empty() && source.service.empty()) {
        return refuse(*node, "logsource states neither product nor category nor service");
    }
    return source;
}

Result<std::shared_ptr<event::RuleInfo>> read_info(const Yaml& root, const std::string& path) {
    auto info = std::make_shared<event::RuleInfo>();
    info->title = text_of(root, "title");
    if (info->title.empty()) {
        return refuse(root, "rule has no title");
    }
    info->title_vi = text_of(root, "title_vi");
    info->description = text_of(root, "description");
    info->description_vi = text_of(root, "description_vi");
    info->id = text_of(root, "id");
    if (info->id.empty()) {
        info->id = text_of(root, "name");
    }
    if (info->id.empty()) {
        info->id = std::filesystem::path(path).stem().string();
    }
    info->path = path;
    info->tags = texts_of(root, "tags");
    info->false_positives = texts_of(root, "falsepositives");
    info->false_positives_vi = texts_of(root, "falsepositives_vi");
    info->author = text_of(root, "author");
    info->license = text_of(root, "license");
    info->maturity = text_of(root, "status");
    info->date = text_of(root, "date");
    info->modified = text_of(root, "modified");
    info->references = texts_of(root, "references");
    if (const Yaml* related = root.find("related")) {
        for (const Yaml& one : related->items) {
            if (one.is_map()) {
                info->related.emplace_back(text_of(one, "id"), text_of(one, "type"));
            }
        }
    }
    if (const Yaml* level = root.find("level"); level != nullptr && !level->is_null()) {
        static constexpr event::Level kLevels[] = {event::Level::Informational, event::Level::Low,
                                                   event::Level::Medium, event::Level::High,
                                                   event::Level::Critical};
        const auto* const found = std::ranges::find_if(kLevels, [&](event::Level l) {
            return base::equal_ignoring_ascii_case(event::name_of(l), level->text);
        });
        if (found == std::end(kLevels)) {
            return refuse(*level,
                          "level must be informational, low, medium, high or critical, not \"{}\"",
                          level->text);
        }
        info->level = *found;
    }
    return info;
}

// The selections and the condition of a detection or filter section.
Result<Expr> read_detection(const Yaml& section, std::vector<Item>& items,
                            const CompileOptions& options, std::vector<std::string>& warnings) {
    if (!section.is_map()) {
        return refuse(section, "detection must be a map");
    }
    ItemContext context;
    context.placeholders = &options.placeholders;
    context.expansion_max = options.limits.expansion_max;
    context.values_max = options.limits.values_per_rule_max;
    Selections selections;
    const Yaml* condition = nullptr;
    for (const auto& [key, value] : section.pairs) {
        if (key.text == "condition") {
            condition = &value;
            continue;
        }
        if (key.text == "timeframe" || key.text == "rules") {
            continue;
        }
        if (std::ranges::any_of(selections, [&](const auto& s) { return s.first == key.text; })) {
            return refuse(key, "selection \"{}\" stands twice", key.text);
        }
        GAC_TRY(expr, read_selection(value, context, items));
        expr.selection = key.text;
        selections.emplace_back(key.text, std::move(expr));
    }
    std::ranges::move(context.warnings, std::back_inserter(warnings));
    if (condition == nullptr) {
        return refuse(section, "detection has no condition");
    }
    std::vector<const Yaml*> conditions;
    if (condition->is_sequence()) {
        for (const Yaml& one : condition->items) {
            conditions.push_back(&one);
        }
    } else {
        conditions.push_back(condition);
    }
    std::vector<Expr> parts;
    for (const Yaml* one : conditions) {
        if (!one->is_scalar()) {
            return refuse(*one, "a condition must be text");
        }
        auto expr = parse_condition(one->text, selections, options.limits.nesting_max);
        if (!expr) {
            Error error = std::move(expr).error();
            error.where = place(*one);
            return std::unexpected(std::move(error));
        }
        parts.push_back(*std::move(expr));
    }
    if (parts.empty()) {
        return refuse(*condition, "empty condition");
    }
    return parts.size() == 1 ? std::move(parts.front())
                             : Expr::join(Expr::Kind::Or, std::move(parts));
}

Result<base::Duration> read_timespan(const Yaml& node) {
    std::int64_t count = 0;
    const char* begin = node.text.data();
    const char* end = begin + node.text.size();
    const auto [at, fault] = std::from_chars(begin, end, count);
    std::int64_t unit = 0;
    if (fault == std::errc{} && at + 1 == end) {
        switch (*at) {
            case 's':
                unit = 1;
                break;
            case 'm':
                unit = 60;
                break;
            case 'h':
                unit = 3'600;
                break;
            case 'd':
                unit = 86'400;
                break;
            case 'w':
                unit = 604'800;
                break;
            case 'M':
                unit = 2'629'746;
                break;
            case 'y':
                unit = 31'556'952;
                break;
            default:
                break;
        }
    }
    if (unit == 0 || count <= 0 || count > 1'000'000'000 / unit) {
        return refuse(node, "timespan must be a number with s, m, h, d, w, M or y, not \"{}\"",
                      node.text);
    }
    return base::Duration::seconds(count * unit);
}

Result<CorrelationType> read_type(const Yaml& node) {
    static constexpr std::pair<std::string_view, CorrelationType> kTypes[] = {
        {"event_count", CorrelationType::EventCount},
        {"value_count", CorrelationType::ValueCount},
        {"temporal", CorrelationType::Temporal},
        {"temporal_ordered", CorrelationType::TemporalOrdered},
        {"ordered_temporal", CorrelationType::TemporalOrdered},
        {"value_sum", CorrelationType::ValueSum},
        {"value_avg", CorrelationType::ValueAvg},
        {"value_percentile", CorrelationType::ValuePercentile},
        {"value_median", CorrelationType::ValuePercentile},
    };
    for (const auto& [name, type] : kTypes) {
        if (name == node.text) {
            return type;
        }
    }
    return refuse(node, "unknown correlation type \"{}\"", node.text);
}

std::optional<CompareOp> op_named(std::string_view name) {
    if (name == "gt") return CompareOp::Gt;
    if (name == "gte") return CompareOp::Gte;
    if (name == "lt") return CompareOp::Lt;
    if (name == "lte") return CompareOp::Lte;
    if (name == "eq") return CompareOp::Eq;
    if (name == "neq") return CompareOp::Neq;
    return std::nullopt;
}

Result<> read_correlation_condition(const Yaml& node, Correlation& out,
                                    const CompileOptions& options) {
    const bool temporal =
        out.type == CorrelationType::Temporal || out.type == CorrelationType::TemporalOrdered;
    if (node.is_scalar()) {
        if (out.type != CorrelationType::Temporal) {
            return refuse(node, "only a temporal correlation takes a condition over rule names");
        }
        Selections selections;
        for (std::size_t i = 0; i < out.rules.size(); ++i) {
            selections.emplace_back(out.rules[i], Expr::leaf(static_cast<std::uint32_t>(i)));
        }
        auto expr = parse_condition(node.text, selections, options.limits.nesting_max);
        if (!expr) {
            Error error = std::move(expr).error();
            error.where = place(node);
            return std::unexpected(std::move(error));
        }
        out.expression = *std::move(expr);
        out.has_expression = true;
        out.names = out.rules;
        return {};
    }
    if (!node.is_map()) {
        return refuse(node, "condition must be a map like {{gte: 10}}");
    }
    for (const auto& [key, value] : node.pairs) {
        if (key.text == "field") {
            if (value.is_scalar()) {
                out.fields.push_back(value.text);
            }
            for (const Yaml& one : value.items) {
                out.fields.push_back(one.text);
            }
            continue;
        }
        if (key.text == "percentile") {
            const auto number = value.number();
            if (!number || *number < 0 || *number > 100) {
                return refuse(value, "percentile must be a number from 0 to 100");
            }
            out.percentile = *number;
            continue;
        }
        const auto op = op_named(key.text);
        if (!op) {
            return refuse(key, "unknown key \"{}\" in a correlation's condition", key.text);
        }
        const auto number = value.number() ? value.number() : number_of(value.text);
        if (!number) {
            return refuse(value, "\"{}\" is not a number", value.text);
        }
        out.conditions.emplace_back(*op, *number);
    }
    out.has_condition = !out.conditions.empty();
    if (!out.has_condition && !temporal) {
        return refuse(node, "condition has no gt, gte, lt, lte, eq or neq");
    }
    return {};
}

Result<Correlation> read_correlation(const Yaml& root, const Yaml& section, const std::string& path,
                                     const CompileOptions& options) {
    Correlation out;
    GAC_TRY(info, read_info(root, path));
    out.info = std::move(info);
    out.info->kind = event::DetectionKind::Correlation;
    out.name = text_of(root, "name");
    out.line = root.line;
    if (!section.is_map()) {
        return refuse(section, "correlation must be a map");
    }
    const auto need = [&](std::string_view key) -> Result<const Yaml*> {
        const Yaml* node = section.find(key);
        if (node == nullptr) {
            return refuse(section, "correlation has no {}", key);
        }
        return node;
    };
    GAC_TRY(type, need("type"));
    GAC_TRY(kind, read_type(*type));
    out.type = kind;
    GAC_TRY(timespan_node, need("timespan"));
    GAC_TRY(timespan, read_timespan(*timespan_node));
    out.timespan = timespan;
    GAC_TRY(rules_node, need("rules"));
    out.rules = texts_of(section, "rules");
    if (out.rules.empty()) {
        return refuse(*rules_node, "correlation refers to no rule");
    }
    out.group_by = texts_of(section, "group-by");
    for (const Yaml* holder : {&section, &root}) {
        if (const Yaml* generate = holder->find("generate")) {
            const auto truth = generate->boolean();
            if (!truth) {
                return refuse(*generate, "generate must be true or false");
            }
            out.generate = *truth;
        }
    }
    if (const Yaml* aliases = section.find("aliases"); aliases != nullptr && !aliases->is_null()) {
        for (const auto& [alias, fields] : aliases->pairs) {
            std::vector<std::pair<std::string, std::string>> mapped;
            for (const auto& [rule, field] : fields.pairs) {
                mapped.emplace_back(rule.text, field.text);
            }
            if (mapped.empty()) {
                return refuse(fields, "alias \"{}\" must map rules to fields", alias.text);
            }
            out.aliases.emplace_back(alias.text, std::move(mapped));
        }
    }
    const Yaml* condition = section.find("condition");
    if (condition != nullptr) {
        GAC_CHECK(read_correlation_condition(*condition, out, options));
    }
    const bool temporal =
        out.type == CorrelationType::Temporal || out.type == CorrelationType::TemporalOrdered;
    if (!temporal && !out.has_condition) {
        return refuse(section, "correlation has no condition");
    }
    const bool counts_values = !temporal && out.type != CorrelationType::EventCount;
    if (counts_values && out.fields.empty()) {
        return refuse(section, "correlation \"{}\" needs condition.field", type->text);
    }
    if (counts_values && out.type != CorrelationType::ValueCount && out.fields.size() != 1) {
        return refuse(section, "correlation \"{}\" takes one field", type->text);
    }
    return out;
}

Result<Filter> read_filter(const Yaml& root, const Yaml& section, const std::string& path,
                           const CompileOptions& options, std::vector<std::string>& warnings) {
    Filter out;
    out.title = text_of(root, "title");
    out.id = text_of(root, "id");
    out.path = path;
    out.line = root.line;
    if (!path.starts_with(kExceptionPath) || root.find("logsource") != nullptr) {
        GAC_TRY(source, read_source(root));
        out.source = std::move(source);
    }
    if (!section.is_map()) {
        return refuse(section, "filter must be a map");
    }
    out.rules = texts_of(section, "rules");
    if (out.rules.size() == 1 && base::equal_ignoring_ascii_case(out.rules.front(), "any")) {
        out.rules.clear();
    }
    GAC_TRY(expr, read_detection(section, out.items, options, warnings));
    // What a reader of an explanation sees of it inside the rule.
    out.condition = Expr::join(Expr::Kind::And, {});
    out.condition.children.push_back(std::move(expr));
    out.condition.selection = path.starts_with(kExceptionPath) ? path : "filter " + out.title;
    if (const Yaml* condition = section.find("condition");
        condition != nullptr && condition->is_scalar()
        && !base::ascii_lower(condition->text).contains("not ")) {
        warnings.emplace_back(
            "the filter's condition is joined by \"and\" as written; it has no \"not\"");
    }
    return out;
}

}  // namespace

Result<Document> read_document(const Yaml& root, const std::string& path,
                               const CompileOptions& options, std::vector<std::string>& warnings) {
    if (!root.is_map()) {
        return refuse(root, "a rule must be a map");
    }
    if (const Yaml* action = root.find("action")) {
        return refuse(*action, "\"action: {}\" (rules in several parts) is not supported",
                      action->text);
    }
    if (const Yaml* section = root.find("correlation")) {
        GAC_TRY(correlation, read_correlation(root, *section, path, options));
        return Document(std::move(correlation));
    }
    if (const Yaml* section = root.find("filter")) {
        GAC_TRY(filter, read_filter(root, *section, path, options, warnings));
        return Document(std::move(filter));
    }
    const Yaml* section = root.find("detection");
    if (section == nullptr) {
        return refuse(root, "rule has no detection");
    }
    Rule rule;
    GAC_TRY(info, read_info(root, path));
    rule.info = std::move(info);
    rule.name = text_of(root, "name");
    rule.line = root.line;
    GAC_TRY(source, read_source(root));
    rule.source = std::move(source);
    rule.info->product = rule.source.product;
    rule.info->category = rule.source.category;
    rule.info->service = rule.source.service;
    GAC_TRY(expr, read_detection(*section, rule.items, options, warnings));
    rule.condition = std::move(expr);
    return Document(std::move(rule));
}

}  // namespace gac::detect::sigma
