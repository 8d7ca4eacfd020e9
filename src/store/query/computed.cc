// Names that pipes make: extracted texts and rounded values.
#include <charconv>
#include <cmath>

#include "store/query/codes.h"
#include "store/query/plan.h"

namespace gac::store::query {

using event::Type;
using event::ValueRef;

namespace {

constexpr std::int64_t kVietnamUs = 7LL * 3600 * 1'000'000;
constexpr std::int64_t kDayUs = 24LL * 3600 * 1'000'000;
constexpr std::int64_t kFirstMonday = 4 * kDayUs;  // the epoch was a Thursday

std::int64_t floor_to(std::int64_t value, std::int64_t width) {
    const std::int64_t rest = value % width;
    return value - (rest < 0 ? rest + width : rest);
}

std::int64_t bin_start(std::int64_t time, std::int64_t width) {
    const std::int64_t shift = kVietnamUs - (width % (7 * kDayUs) == 0 ? kFirstMonday : 0);
    return floor_to(time + shift, width) - shift;
}

ValueRef rounded(const Bin& bin, const ValueRef& in) {
    switch (in.type()) {
        case Type::Time:
            return bin.time.us > 0 ? ValueRef(base::TimePoint{bin_start(in.time().us, bin.time.us)})
                                   : ValueRef();
        case Type::Integer:
            if (bin.number >= 1 && bin.number == std::floor(bin.number) && bin.number < 9e18) {
                return ValueRef(floor_to(in.integer(), static_cast<std::int64_t>(bin.number)));
            }
            return bin.number > 0
                       ? ValueRef(std::floor(static_cast<double>(in.integer()) / bin.number)
                                  * bin.number)
                       : ValueRef();
        case Type::Float:
            return bin.number > 0 ? ValueRef(std::floor(in.number() / bin.number) * bin.number)
                                  : ValueRef();
        default:
            return {};
    }
}

// Texts that are plainly numbers become numbers, so that sums and ranges work.
ValueRef read_text(std::string_view text) {
    const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
    const std::size_t point = digits.find('.');
    const std::string_view whole = digits.substr(0, point);
    const auto all_digits = [](std::string_view part) {
        return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
    };
    const bool canonical = all_digits(whole) && (whole.size() == 1 || whole[0] != '0');
    if (canonical && point == std::string_view::npos) {
        std::int64_t number = 0;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
        if (read.ec == std::errc{}) {
            return ValueRef(number);
        }
    } else if (canonical && all_digits(digits.substr(point + 1))) {
        double number = 0;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
        if (read.ec == std::errc{}) {
            return ValueRef(number);
        }
    }
    return ValueRef(text);
}

}  // namespace

ValueRef compute(const Computed& how, const ValueRef& in, std::string& scratch) {
    if (in.is_null()) {
        return {};
    }
    if (!how.regex) {
        return rounded(how.bin, in);
    }
    std::string_view taken;
    if (!how.regex->capture(in.text(scratch), how.group, taken)) {
        return {};
    }
    return read_text(taken);
}

Scope::Scope(const event::ProfileSet& profiles, const Tree* tree) : profiles_(profiles) {
    for (std::size_t i = 0; tree != nullptr && i < tree->steps.size(); ++i) {
        if (tree->steps[i].kind == Step::Kind::Extract) {
            add(tree->steps[i].extract);
        }
    }
}

void Scope::add(const Extract& extract) {
    const Name from = resolve(extract.from);
    for (const auto& [name, group] : extract.regex->names()) {
        Name made;
        made.kind = Name::Kind::Computed;
        made.asked = name;
        made.computed = std::make_shared<const Computed>(
            Computed{.from = from, .regex = extract.regex, .group = group, .bin = {}});
        made_.emplace_back(name, std::move(made));
    }
}

Name Scope::resolve(std::string_view asked) const {
    for (const auto& [name, made] : made_) {
        if (name == asked) {
            return made;
        }
    }
    return query::resolve(asked, profiles_);
}

Name Scope::resolve(const By& by) const {
    if (!by.bin) {
        return resolve(by.field);
    }
    Name made;
    made.kind = Name::Kind::Computed;
    made.asked = by.name;
    made.computed = std::make_shared<const Computed>(
        Computed{.from = resolve(by.field), .regex = nullptr, .group = 0, .bin = *by.bin});
    return made;
}

Result<Codes> codes_of(Unit& unit, const Name& name, const RowSet& rows) {
    if (name.kind != Name::Kind::Computed) {
        return unit.codes(name, rows);
    }
    const Computed& how = *name.computed;
    Codes out;
    out.code.resize(unit.rows());
    CodeTable table(out);
    if (!how.regex && how.from.kind == Name::Kind::Time && how.bin.time.us > 0) {
        GAC_TRY(times, unit.times());
        const std::int64_t width = how.bin.time.us;
        std::int64_t start = 0;
        std::uint32_t code = 0;
        rows.for_each([&](std::uint32_t row) {
            if (code == 0 || times[row] < start || times[row] - start >= width) {
                start = bin_start(times[row], width);
                code = table.of(ValueRef(base::TimePoint{start}));
            }
            out.code[row] = code;
        });
        return out;
    }
    GAC_TRY(in, codes_of(unit, how.from, rows));
    out.texts = in.texts;
    if (!out.texts) {
        out.texts = std::make_shared<base::Arena>(4096);
    }
    std::vector<std::uint32_t> translated(in.values.size() + 1, 0);
    std::string scratch;
    for (std::size_t i = 0; i < in.values.size(); ++i) {
        ValueRef value = compute(how, in.values[i], scratch);
        if (value.is_string() && !in.values[i].is_string()) {
            value = ValueRef(out.texts->copy(value.string()));
        }
        translated[i + 1] = table.of(value);
    }
    rows.for_each([&](std::uint32_t row) { out.code[row] = translated[in.code[row]]; });
    return out;
}

Result<RowSet> passing_rows(Unit& unit, PlanNode& node, const RowSet& among) {
    if (!node.computed) {
        return unit.matches(node, among);
    }
    switch (node.kind) {
        case PlanNode::Kind::And: {
            RowSet left = among;
            for (PlanNode& child : node.children) {
                if (left.empty()) {
                    break;
                }
                GAC_TRY(passed, passing_rows(unit, child, left));
                left = std::move(passed);
            }
            return left;
        }
        case PlanNode::Kind::Or: {
            RowSet rest = among;
            RowSet out(unit.rows());
            for (PlanNode& child : node.children) {
                GAC_TRY(passed, passing_rows(unit, child, rest));
                out |= passed;
                rest -= passed;
            }
            return out;
        }
        case PlanNode::Kind::Not: {
            GAC_TRY(passed, passing_rows(unit, node.children.front(), among));
            RowSet out = among;
            out -= passed;
            return out;
        }
        case PlanNode::Kind::Leaf: {
            GAC_TRY(codes, codes_of(unit, node.name, among));
            std::vector<char> good(codes.values.size() + 1, 0);
            for (std::size_t i = 0; i < codes.values.size(); ++i) {
                good[i + 1] = node.matcher->matches(codes.values[i]) ? 1 : 0;
            }
            RowSet out(unit.rows());
            among.for_each([&](std::uint32_t row) {
                if (good[codes.code[row]] != 0) {
                    out.set(row);
                }
            });
            return out;
        }
        case PlanNode::Kind::Hunt:
            return unit.passing(among, [&](const event::EventRef& event, const Names& names) {
                return passes(node, event, names);
            });
        case PlanNode::Kind::All:
        case PlanNode::Kind::Sources:
            break;
    }
    return unit.matches(node, among);
}

}  // namespace gac::store::query
