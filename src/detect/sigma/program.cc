#include "detect/sigma/program.h"

#include <algorithm>
#include <limits>
#include <map>
#include <unordered_map>

#include "base/text.h"

namespace gac::detect::sigma {

namespace {

constexpr float kNever = std::numeric_limits<float>::infinity();
// A lazy item with more literals than this is cheaper to leave to the finder altogether.
constexpr std::size_t kLazyValuesMax = 24;
// Shorter words stand in too many lines to be looked for in each.
constexpr std::size_t kScannedBytesMin = 4;

bool finder_takes(const Leaf& leaf) { return std::ranges::all_of(leaf.tests, Finder::takes); }

// Made of nothing but what numbers, addresses, times and booleans are written with.
bool is_of_typed_text(const std::string& folded) {
    return folded.find_first_not_of("0123456789abcdef.:-+tz") == std::string::npos
           || std::string_view("true").contains(folded)
           || std::string_view("false").contains(folded);
}

// How often a test is likely to hold, and what looking for it costs. Only the order counts.
float score_of(const LeafTest& leaf) {
    const Test& test = *leaf.test;
    const auto by_length = [](std::size_t length) {
        return length >= 8 ? 1.0F : length >= 5 ? 3.0F : length >= 3 ? 10.0F : 60.0F;
    };
    switch (test.kind) {
        case TestKind::Text: {
            if (leaf.literal.empty() && leaf.way != LeafTest::Way::Equals) {
                return 150;
            }
            const float ordinary = leaf.ordinary ? 200.0F : 0.0F;
            const float length = by_length(leaf.literal.size());
            return ordinary + (leaf.way == LeafTest::Way::Equals ? 0.5F + length / 2 : length);
        }
        case TestKind::Regex: {
            if (test.regex->needles().empty()) {
                return 300;
            }
            float worst = 0;
            for (const std::string& needle : test.regex->needles()) {
                worst = std::max(worst, by_length(needle.size()));
            }
            return worst + 5;
        }
        case TestKind::Number:
            return 10;
        case TestKind::Bool:
            return 60;
        case TestKind::Cidr:
            return 40;
        case TestKind::Compare:
        case TestKind::TimePart:
            return 60;
        case TestKind::FieldRef:
            return 120;
        case TestKind::Exists:
            return test.truth ? 150 : kNever;
        case TestKind::Null:
            return kNever;  // holds where nothing is there to trigger on
    }
    return kNever;
}

class Builder {
public:
    explicit Builder(ProgramInput input) : in_(std::move(input)) {}

    std::unique_ptr<const Program> run() {
        out_ = std::make_unique<Program>();
        for (const ProgramInput::ItemUse& use : in_.items) {
            ProgramItem item;
            item.leaf = use.leaf;
            item.slot = use.slot;
            item.relations = use.relations;
            out_->items.push_back(std::move(item));
        }
        score_items();
        std::vector<bool> watched(in_.items.size(), false);
        for (const RouteRule& rule : in_.rules) {
            const auto entry = static_cast<std::uint32_t>(out_->rules.size());
            const std::uint32_t root = add_node(rule.condition);
            out_->rules.push_back({rule.rule, root});
            std::vector<std::uint32_t> trigger;
            if (collect(rule.condition, trigger) >= kNever) {
                out_->always.push_back(entry);
                continue;
            }
            std::ranges::sort(trigger);
            trigger.erase(std::ranges::unique(trigger).begin(), trigger.end());
            for (const std::uint32_t item : trigger) {
                out_->items[item].wakes.push_back(entry);
                watched[item] = true;
            }
        }
        add_work(watched);
        add_keywords(watched);
        return std::move(out_);
    }

private:
    // A test that many rules of the route ask for wakes many rules.
    void score_items() {
        std::unordered_map<std::uint64_t, int> popularity;
        const auto count_of = [&](const ProgramInput::ItemUse& use, const LeafTest& test) -> int& {
            return popularity[test.likeness * 0x9E3779B97F4A7C15ull + use.slot];
        };
        for (const ProgramInput::ItemUse& use : in_.items) {
            for (const LeafTest& test : use.leaf->tests) {
                if (test.test->kind == TestKind::Text) {
                    ++count_of(use, test);
                }
            }
        }
        scores_.resize(in_.items.size());
        for (std::size_t i = 0; i < in_.items.size(); ++i) {
            float score = 0;
            for (const LeafTest& test : in_.items[i].leaf->tests) {
                score += score_of(test);
                if (test.test->kind == TestKind::Text) {
                    score += 0.5F * static_cast<float>(count_of(in_.items[i], test) - 1);
                }
            }
            if (in_.items[i].leaf->source) {
                score += 400;
            }
            if (in_.items[i].slot == kKeywordSlot) {
                score += 50;
            }
            scores_[i] = score;
        }
    }

    // The best trigger of an expression: appends its items, gives its score; kNever when none.
    float collect(const Expr& expr, std::vector<std::uint32_t>& items) const {
        switch (expr.kind) {
            case Expr::Kind::Item:
                items.push_back(expr.item);
                return scores_[expr.item];
            case Expr::Kind::And: {
                float best = kNever;
                std::vector<std::uint32_t> best_items;
                for (const Expr& child : expr.children) {
                    std::vector<std::uint32_t> own;
                    const float score = collect(child, own);
                    if (score < best) {
                        best = score;
                        best_items = std::move(own);
                    }
                }
                std::ranges::copy(best_items, std::back_inserter(items));
                return best;
            }
            case Expr::Kind::Or:
            case Expr::Kind::AtLeast: {
                float sum = 0;
                for (const Expr& child : expr.children) {
                    sum += collect(child, items);
                }
                return sum;
            }
            case Expr::Kind::Not: {
                // Conditions come with negations only above items: nothing positive to wait for.
                return kNever;
            }
            case Expr::Kind::Constant:
                return expr.truth ? kNever : 0;
        }
        return kNever;
    }

    float cost_of(const Expr& expr) const {
        if (expr.kind == Expr::Kind::Item) {
            return in_.items[expr.item].leaf->cost
                   + (in_.items[expr.item].slot == kKeywordSlot ? 1'000.0F : 0.0F);
        }
        float sum = 0.1F;
        for (const Expr& child : expr.children) {
            sum += cost_of(child);
        }
        return sum;
    }

    std::uint32_t add_node(const Expr& expr) {
        Program::Node node;
        node.kind = expr.kind;
        node.truth = expr.truth;
        node.value = expr.kind == Expr::Kind::AtLeast ? expr.need : expr.item;
        std::vector<std::pair<float, const Expr*>> ordered;
        for (const Expr& child : expr.children) {
            ordered.emplace_back(cost_of(child), &child);
        }
        std::ranges::sort(ordered, {}, [](const auto& pair) { return pair.first; });
        std::vector<std::uint32_t> own;
        for (const auto& [cost, child] : ordered) {
            own.push_back(add_node(*child));
        }
        node.first = static_cast<std::uint32_t>(out_->children.size());
        node.count = static_cast<std::uint32_t>(own.size());
        std::ranges::copy(own, std::back_inserter(out_->children));
        out_->nodes.push_back(node);
        return static_cast<std::uint32_t>(out_->nodes.size() - 1);
    }

    void add_work(const std::vector<bool>& watched) {
        std::map<Slot, std::size_t> at;
        for (std::uint32_t i = 0; i < out_->items.size(); ++i) {
            ProgramItem& item = out_->items[i];
            if (item.slot == kKeywordSlot) {
                continue;
            }
            const bool takes = finder_takes(*item.leaf);
            const bool many = takes && item.leaf->item.any.size() > kLazyValuesMax;
            if (!watched[i] && !many) {
                continue;
            }
            const auto [found, added] = at.try_emplace(item.slot, out_->work.size());
            if (added) {
                out_->work.emplace_back();
                out_->work.back().slot = item.slot;
            }
            Program::SlotWork& work = out_->work[found->second];
            if (takes) {
                item.found_by_finder = true;
                work.has_finder = true;
                for (const LeafTest& test : item.leaf->tests) {
                    work.finder.add(test, i);
                }
            } else {
                work.direct.push_back(i);
            }
        }
        for (std::uint32_t i = 0; i < out_->work.size(); ++i) {
            Program::SlotWork& work = out_->work[i];
            work.finder.build();
            if (out_->work_of.size() <= work.slot) {
                out_->work_of.resize(work.slot + 1, Program::kNoWork);
            }
            out_->work_of[work.slot] = i;
        }
    }

    // The longest run of ASCII that every match of the test must hold; empty when there is none.
    // Control signs, which JSON writes in several ways, end a run, and so does the slash.
    static std::vector<std::string> raw_literals(const Test& test) {
        std::vector<std::string> out;
        const auto add = [&](std::string_view text) {
            std::string best;
            std::string run;
            const auto end = [&] {
                if (run.size() > best.size()) {
                    best = run;
                }
                run.clear();
            };
            for (const char c : text) {
                if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f
                    || c == '/') {
                    end();
                } else {
                    run.push_back(base::ascii_lower(c));
                }
            }
            end();
            out.push_back(std::move(best));
        };
        if (test.kind == TestKind::Regex) {
            for (const std::string& needle : test.regex->needles()) {
                add(needle);
            }
        } else {
            add(test.pattern.key());
        }
        return out;
    }

    // As the literal stands in JSON text.
    static std::string escaped(const std::string& literal) {
        std::string out;
        for (const char c : literal) {
            if (c == '"' || c == '\\') {
                out.push_back('\\');
            }
            out.push_back(c);
        }
        return out;
    }

    void add_keywords(const std::vector<bool>& watched) {
        std::vector<std::string> all;
        std::map<std::string, std::uint32_t> numbers;
        for (std::uint32_t i = 0; i < out_->items.size(); ++i) {
            if (out_->items[i].slot != kKeywordSlot) {
                continue;
            }
            std::vector<std::string> literals;
            for (const Test& test : out_->items[i].leaf->item.any) {
                std::vector<std::string> own = raw_literals(test);
                if (own.empty()) {
                    own.emplace_back();
                }
                std::ranges::move(own, std::back_inserter(literals));
            }
            const std::size_t shortest =
                literals.empty() ? 0 : std::ranges::min(literals, {}, &std::string::size).size();
            if (shortest < (watched[i] ? kScannedBytesMin / 2 : kScannedBytesMin)) {
                if (watched[i]) {
                    out_->blind_keyword_items.push_back(i);
                }
                continue;  // asked when the rest of its rule holds
            }
            out_->all_keyword_items.push_back(i);
            out_->items[i].found_by_finder = true;
            out_->typed_keywords =
                out_->typed_keywords || std::ranges::any_of(literals, is_of_typed_text);
            const std::size_t plain = literals.size();
            for (std::size_t k = 0; k < plain; ++k) {
                if (std::string json = escaped(literals[k]); json != literals[k]) {
                    literals.push_back(std::move(json));
                }
            }
            for (const std::string& literal : literals) {
                const auto [at, added] =
                    numbers.try_emplace(literal, static_cast<std::uint32_t>(all.size()));
                if (added) {
                    all.push_back(literal);
                    out_->keyword_items.emplace_back();
                }
                std::vector<std::uint32_t>& woken = out_->keyword_items[at->second];
                if (woken.empty() || woken.back() != i) {
                    woken.push_back(i);
                }
            }
        }
        if (all.empty()) {
            return;
        }
        out_->keyword_literals = std::move(all);
        for (const std::string& literal : out_->keyword_literals) {
            out_->keywords.add(literal);
        }
        out_->unicode_escape = out_->keywords.add("\\u");
        out_->ascii_twins = {out_->keywords.add("\u212a"), out_->keywords.add("\u017f")};
        out_->keywords.build();
    }

    ProgramInput in_;
    std::unique_ptr<Program> out_;
    std::vector<float> scores_;
};

}  // namespace

std::unique_ptr<const Program> build_program(ProgramInput input) {
    return Builder(std::move(input)).run();
}

}  // namespace gac::detect::sigma
