#include "detect/sigma/items.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "detect/sigma/encode.h"

namespace gac::detect::sigma {

namespace {

enum class Shape : std::uint8_t { Whole, Contains, StartsWith, EndsWith };

std::string place(const Yaml& node) { return fmt::format("line {}", node.line); }

template <class... Args>
std::unexpected<Error> refuse(const Yaml& node, fmt::format_string<Args...> text, Args&&... args) {
    return fail(Code::InvalidArgument, fmt::format(text, std::forward<Args>(args)...), place(node));
}

// What the modifiers of a key ask for; steps that change text are kept in their order.
struct Modifiers {
    bool all = false;
    bool cased = false;
    bool neq = false;
    bool exists = false;
    bool re = false;
    bool cidr = false;
    bool fieldref = false;
    bool expand = false;
    RegexFlags flags;
    std::optional<CompareOp> compare;
    std::optional<Part> part;
    std::vector<std::string> steps;  // contains startswith endswith windash base64 … wide …
};

bool is_step(std::string_view name) {
    static constexpr std::array<std::string_view, 10> kSteps = {
        "contains",     "startswith", "endswith", "windash", "base64",
        "base64offset", "wide",       "utf16le",  "utf16be", "utf16"};
    return std::ranges::find(kSteps, name) != kSteps.end();
}

std::optional<CompareOp> compare_of(std::string_view name) {
    if (name == "gt") return CompareOp::Gt;
    if (name == "gte") return CompareOp::Gte;
    if (name == "lt") return CompareOp::Lt;
    if (name == "lte") return CompareOp::Lte;
    return std::nullopt;
}

std::optional<Part> part_named(std::string_view name) {
    if (name == "minute") return Part::Minute;
    if (name == "hour") return Part::Hour;
    if (name == "day") return Part::Day;
    if (name == "week") return Part::Week;
    if (name == "month") return Part::Month;
    if (name == "year") return Part::Year;
    return std::nullopt;
}

// Splits "field|a|b"; "\|" is a bar inside the field's name.
std::pair<std::string, std::vector<std::string>> split_key(std::string_view key) {
    std::vector<std::string> parts(1);
    for (std::size_t i = 0; i < key.size(); ++i) {
        if (key[i] == '\\' && i + 1 < key.size() && key[i + 1] == '|') {
            parts.back().push_back(key[++i]);
        } else if (key[i] == '|') {
            parts.emplace_back();
        } else {
            parts.back().push_back(key[i]);
        }
    }
    std::string field = std::move(parts.front());
    parts.erase(parts.begin());
    return {std::move(field), std::move(parts)};
}

Result<Modifiers> read_modifiers(const Yaml& key, const std::vector<std::string>& names) {
    Modifiers out;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string& name = names[i];
        if (name == "all") {
            out.all = true;
        } else if (name == "cased") {
            out.cased = true;
        } else if (name == "neq") {
            out.neq = true;
        } else if (name == "exists") {
            out.exists = true;
        } else if (name == "expand") {
            out.expand = true;
        } else if (name == "re" || name == "cidr" || name == "fieldref") {
            if (i != 0 && name != "fieldref") {
                return refuse(key, "modifier \"{}\" must stand first", name);
            }
            (name == "re" ? out.re : name == "cidr" ? out.cidr : out.fieldref) = true;
        } else if (out.re && (name == "i" || name == "ignorecase")) {
            out.flags.ignore_case = true;
        } else if (out.re && (name == "m" || name == "multiline")) {
            out.flags.multiline = true;
        } else if (out.re && (name == "s" || name == "dotall")) {
            out.flags.dot_matches_newline = true;
        } else if (const auto op = compare_of(name)) {
            if (out.compare) {
                return refuse(key, "two comparisons in one item");
            }
            out.compare = op;
        } else if (const auto part = part_named(name)) {
            if (out.part) {
                return refuse(key, "two parts of a time in one item");
            }
            out.part = part;
        } else if (is_step(name)) {
            out.steps.push_back(name);
        } else if (name.empty()) {
            return refuse(key, "empty modifier in \"{}\"", key.text);
        } else {
            return refuse(key, "unknown modifier \"{}\"", name);
        }
    }
    if (out.exists && names.size() > 1) {
        return refuse(key, "modifier \"exists\" must stand alone");
    }
    const int kinds = int{out.re} + int{out.cidr} + int{out.fieldref}
                      + int{out.compare.has_value() || out.part.has_value()};
    if (kinds > 1) {
        return refuse(key, "modifiers of \"{}\" exclude each other", key.text);
    }
    const auto positional = [](const std::string& s) {
        return s == "contains" || s == "startswith" || s == "endswith";
    };
    if ((out.re || out.fieldref) && !std::ranges::all_of(out.steps, positional)) {
        return refuse(key, "modifiers of \"{}\" exclude each other", key.text);
    }
    if ((out.cidr || out.compare || out.part) && !out.steps.empty()) {
        return refuse(key, "modifiers of \"{}\" exclude each other", key.text);
    }
    return out;
}

// %name% by every value of its list; \% is a percent sign. A text without placeholders is itself.
Result<std::vector<std::string>> expand(const Yaml& node, const std::string& text,
                                        ItemContext& context) {
    std::vector<std::string> done{std::string()};
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '%') {
            for (std::string& form : done) {
                form.push_back('%');
            }
            i += 2;
            continue;
        }
        const std::size_t end = text[i] == '%' ? text.find('%', i + 1) : std::string::npos;
        if (end == std::string::npos || end == i + 1) {
            for (std::string& form : done) {
                form.push_back(text[i]);
            }
            ++i;
            continue;
        }
        const std::string name = text.substr(i + 1, end - i - 1);
        const auto* lists = context.placeholders;
        const auto found = lists == nullptr ? decltype(lists->end()){} : lists->find(name);
        if (lists == nullptr || found == lists->end()) {
            return refuse(node, "placeholder %{}% has no list", name);
        }
        if (done.size() * std::max<std::size_t>(found->second.size(), 1) > context.values_max) {
            return refuse(node, "placeholders give more than {} values", context.values_max);
        }
        if (found->second.empty()) {
            context.warnings.push_back(fmt::format("the list of placeholder %{}% is empty", name));
        }
        std::vector<std::string> next;
        for (const std::string& form : done) {
            for (const std::string& value : found->second) {
                next.push_back(form + value);
            }
        }
        done = std::move(next);
        i = end + 1;
    }
    return done;
}

// A pattern, or exact bytes (after an encoding), on its way through the steps.
Result<std::vector<Pattern>> apply_steps(const Yaml& node, const Modifiers& modifiers,
                                         std::vector<Pattern> forms, const ItemContext& context) {
    for (const std::string& step : modifiers.steps) {
        std::vector<Pattern> next;
        for (Pattern& form : forms) {
            if (step == "contains" || step == "startswith" || step == "endswith") {
                if (step != "startswith") {
                    form.any_run_before();
                }
                if (step != "endswith") {
                    form.any_run_after();
                }
                next.push_back(std::move(form));
                continue;
            }
            if (step == "windash") {
                if (!windash_forms(form, context.expansion_max, next)) {
                    return refuse(node, "windash gives more than {} forms", context.expansion_max);
                }
                continue;
            }
            if (form.has_wildcard()) {
                return refuse(node, "modifier \"{}\" does not take wildcards", step);
            }
            const std::string bytes = form.plain();
            if (step == "base64") {
                next.push_back(Pattern::literal(base64(bytes)));
            } else if (step == "base64offset") {
                for (std::size_t shift = 0; shift < 3; ++shift) {
                    next.push_back(Pattern::literal(base64_at_offset(bytes, shift)));
                }
            } else if (auto wide = utf16(bytes, step == "utf16be", step == "utf16")) {
                next.push_back(Pattern::literal(*wide));
            } else {
                return refuse(node, "value is not UTF-8");
            }
        }
        forms = std::move(next);
    }
    return forms;
}

Relation relation_of(const std::vector<std::string>& steps) {
    Relation relation = Relation::Equals;
    for (const std::string& step : steps) {
        relation = step == "contains"     ? Relation::Contains
                   : step == "startswith" ? Relation::StartsWith
                                          : Relation::EndsWith;
    }
    return relation;
}

// "contains", "startswith" and "endswith" free a side of a regular expression: its anchor goes.
std::string without_anchors(std::string text, const std::vector<std::string>& steps) {
    for (const std::string& step : steps) {
        if (step != "startswith" && text.starts_with('^')) {
            text.erase(0, 1);
        }
        if (step != "endswith" && text.ends_with('$')) {
            std::size_t slashes = 0;
            while (slashes + 1 < text.size() && text[text.size() - 2 - slashes] == '\\') {
                ++slashes;
            }
            if (slashes % 2 == 0) {
                text.pop_back();
            }
        }
    }
    return text;
}

// The tests of one value: any of them satisfies it.
Result<std::vector<Test>> read_value(const Yaml& node, const Modifiers& modifiers, bool keyword,
                                     ItemContext& context) {
    if (!node.is_scalar()) {
        return refuse(node, "a value must be a text, number, boolean or null");
    }
    Test test;
    test.cased = modifiers.cased;
    const auto one = [&]() -> Result<std::vector<Test>> {
        std::vector<Test> out;
        out.push_back(std::move(test));
        return out;
    };
    if (modifiers.exists) {
        const auto truth = node.boolean();
        if (!truth) {
            return refuse(node, "\"exists\" takes true or false");
        }
        test.kind = TestKind::Exists;
        test.truth = *truth;
        return one();
    }
    if (modifiers.compare || modifiers.part) {
        const auto number = node.number() ? node.number() : number_of(node.text);
        if (!number) {
            return refuse(node, "\"{}\" is not a number", node.text);
        }
        test.kind = modifiers.part ? TestKind::TimePart : TestKind::Compare;
        test.part = modifiers.part.value_or(Part::Hour);
        test.op = modifiers.compare.value_or(CompareOp::Eq);
        test.number = *number;
        return one();
    }
    if (node.is_null()) {
        if (keyword) {
            return refuse(node, "null is no keyword");
        }
        if (modifiers.re || modifiers.cidr || modifiers.fieldref || !modifiers.steps.empty()) {
            return refuse(node, "null does not take modifiers");
        }
        test.kind = TestKind::Null;
        return one();
    }
    if (modifiers.fieldref) {
        test.kind = TestKind::FieldRef;
        test.relation = relation_of(modifiers.steps);
        test.text = node.text;
        if (test.text.empty()) {
            return refuse(node, "fieldref names no field");
        }
        return one();
    }
    if (modifiers.cidr) {
        const auto prefix = base::IpPrefix::parse(node.text);
        if (!prefix) {
            return refuse(node, "\"{}\" is not an IP network", node.text);
        }
        if (prefix->had_host_bits()) {
            context.warnings.push_back(
                fmt::format("network {} has host bits; they are ignored", node.text));
        }
        test.kind = TestKind::Cidr;
        test.prefix = *prefix;
        return one();
    }
    const bool plain_scalar =
        modifiers.steps.empty() && !keyword && !modifiers.re && !modifiers.expand;
    if (plain_scalar) {
        if (const auto truth = node.boolean()) {
            test.kind = TestKind::Bool;
            test.truth = *truth;
            test.text = *truth ? "true" : "false";
            test.cased = false;
            return one();
        }
        if (const auto number = node.number()) {
            test.kind = TestKind::Number;
            test.number = *number;
            test.text = node.text;
            test.cased = false;
            return one();
        }
    }
    std::vector<std::string> texts{node.text};
    if (modifiers.expand) {
        GAC_TRY(expanded, expand(node, node.text, context));
        texts = std::move(expanded);
    }
    std::vector<Test> out;
    for (const std::string& text : texts) {
        if (modifiers.re) {
            test.kind = TestKind::Regex;
            test.cased = false;
            test.flags = modifiers.flags;
            test.text = without_anchors(text, modifiers.steps);
            auto regex = Regex::compile(test.text, test.flags);
            if (!regex) {
                return std::unexpected(base::at(place(node), std::move(regex).error()));
            }
            test.regex = *regex;
            out.push_back(test);
            continue;
        }
        std::vector<Pattern> forms;
        forms.push_back(Pattern::parse(text));
        GAC_TRY(done, apply_steps(node, modifiers, std::move(forms), context));
        for (Pattern& pattern : done) {
            if (keyword) {
                pattern.any_run_before();
                pattern.any_run_after();
            }
            Test form = test;
            form.kind = TestKind::Text;
            form.pattern = modifiers.cased ? std::move(pattern) : pattern.folded();
            out.push_back(std::move(form));
        }
    }
    return out;
}

Result<Expr> make_item(const Yaml& key, std::string field, const Modifiers& modifiers,
                       const std::vector<const Yaml*>& values, ItemContext& context,
                       std::vector<Item>& items) {
    const bool keyword = field.empty();
    if (keyword
        && (modifiers.exists || modifiers.cidr || modifiers.fieldref || modifiers.compare
            || modifiers.part)) {
        return refuse(key, "\"{}\" needs a field", key.text);
    }
    std::vector<std::vector<Test>> groups;
    for (const Yaml* value : values) {
        GAC_TRY(tests, read_value(*value, modifiers, keyword, context));
        context.values += tests.size();
        if (context.values > context.values_max) {
            return refuse(*value, "rule has more than {} values", context.values_max);
        }
        if (modifiers.all || groups.empty()) {
            groups.push_back(std::move(tests));
        } else {
            std::ranges::move(tests, std::back_inserter(groups.front()));
        }
    }
    if (values.empty()) {
        if (keyword) {
            return refuse(key, "empty list of keywords");
        }
        Test null;
        null.kind = TestKind::Null;
        groups.push_back({null});
    } else if (values.size() > 1
               && std::ranges::any_of(values, [](const Yaml* v) { return v->is_null(); })) {
        context.warnings.push_back(fmt::format("null stands in the list of \"{}\"", key.text));
    }
    std::vector<Expr> parts;
    for (std::vector<Test>& group : groups) {
        Item item;
        item.field = field;
        item.any = std::move(group);
        items.push_back(std::move(item));
        parts.push_back(Expr::leaf(static_cast<std::uint32_t>(items.size() - 1)));
    }
    Expr expr = parts.size() == 1 ? std::move(parts.front())
                                  : Expr::join(Expr::Kind::And, std::move(parts));
    return modifiers.neq ? Expr::negate(std::move(expr)) : std::move(expr);
}

Result<Expr> read_map(const Yaml& node, ItemContext& context, std::vector<Item>& items) {
    if (node.pairs.empty()) {
        return refuse(node, "empty selection");
    }
    std::vector<Expr> parts;
    for (std::size_t i = 0; i < node.pairs.size(); ++i) {
        const auto& [key, value] = node.pairs[i];
        if (!key.is_scalar()) {
            return refuse(key, "a field name must be text");
        }
        for (std::size_t j = 0; j < i; ++j) {
            if (node.pairs[j].key.text == key.text) {
                return refuse(key, "\"{}\" stands twice in one selection", key.text);
            }
        }
        auto [field, names] = split_key(key.text);
        GAC_TRY(modifiers, read_modifiers(key, names));
        std::vector<const Yaml*> values;
        if (value.is_sequence()) {
            for (const Yaml& one : value.items) {
                values.push_back(&one);
            }
        } else if (value.is_map()) {
            return refuse(value, "\"{}\" must be a value or a list of values", key.text);
        } else {
            values.push_back(&value);
        }
        GAC_TRY(expr, make_item(key, std::move(field), modifiers, values, context, items));
        parts.push_back(std::move(expr));
    }
    return parts.size() == 1 ? std::move(parts.front())
                             : Expr::join(Expr::Kind::And, std::move(parts));
}

}  // namespace

Result<Expr> read_selection(const Yaml& node, ItemContext& context, std::vector<Item>& items) {
    if (node.is_map()) {
        return read_map(node, context, items);
    }
    std::vector<const Yaml*> keywords;
    std::vector<Expr> parts;
    if (node.is_scalar()) {
        keywords.push_back(&node);
    } else if (node.items.empty()) {
        return refuse(node, "empty selection");
    }
    for (const Yaml& element : node.items) {
        if (element.is_map()) {
            GAC_TRY(expr, read_map(element, context, items));
            parts.push_back(std::move(expr));
        } else if (element.is_scalar()) {
            keywords.push_back(&element);
        } else {
            return refuse(element, "a list inside a list");
        }
    }
    if (!keywords.empty()) {
        GAC_TRY(expr, make_item(node, {}, Modifiers{}, keywords, context, items));
        parts.push_back(std::move(expr));
    }
    return parts.size() == 1 ? std::move(parts.front())
                             : Expr::join(Expr::Kind::Or, std::move(parts));
}

}  // namespace gac::detect::sigma
