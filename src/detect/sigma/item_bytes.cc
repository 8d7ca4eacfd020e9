#include "detect/sigma/item_bytes.h"

#include <algorithm>

#include "detect/sigma/archive.h"

namespace gac::detect::sigma {

template <>
inline constexpr auto kLast<Pattern::Piece::Kind> = Pattern::Piece::Kind::OneSign;
template <>
inline constexpr auto kLast<TestKind> = TestKind::TimePart;
template <>
inline constexpr auto kLast<CompareOp> = CompareOp::Lte;
template <>
inline constexpr auto kLast<Part> = Part::Year;
template <>
inline constexpr auto kLast<Relation> = Relation::Contains;

// Found by their arguments, so not in an unnamed namespace.

template <class A>
void pass(A& archive, Pattern& pattern) {
    if constexpr (A::kLoads) {
        std::vector<Pattern::Piece> pieces(pass_count(archive, 0));
        for (Pattern::Piece& piece : pieces) {
            pass_all(archive, piece.kind, piece.text);
        }
        pattern = Pattern(std::move(pieces));
    } else {
        pass_count(archive, pattern.pieces().size());
        for (const Pattern::Piece& piece : pattern.pieces()) {
            auto kind = piece.kind;
            pass(archive, kind);
            pass_count(archive, piece.text.size());
            archive.raw(piece.text.data(), piece.text.size());
        }
    }
}

template <class A>
void pass(A& archive, base::IpPrefix& prefix) {
    std::string text = A::kLoads ? std::string() : prefix.text();
    pass(archive, text);
    if constexpr (A::kLoads) {
        prefix = base::IpPrefix::parse(text).value_or(base::IpPrefix{});
    }
}

template <class A>
void pass(A& archive, Test& test) {
    pass_all(archive, test.kind, test.cased, test.truth, test.op, test.part, test.relation,
             test.flags.ignore_case, test.flags.multiline, test.flags.dot_matches_newline,
             test.number, test.pattern, test.text);
    if (test.kind == TestKind::Cidr) {
        pass(archive, test.prefix);
    }
    if (test.kind == TestKind::Regex) {
        Regex::Known known = test.regex ? test.regex->known() : Regex::Known{};
        pass_all(archive, known.needles, known.bytes_min, known.line_signs_min);
        if constexpr (A::kLoads) {
            test.regex = Regex::of_known(test.text, test.flags, std::move(known));
        }
    }
}

namespace {

ItemHead load_head(Loader& loader) {
    ItemHead head;
    pass(loader, head.relation);
    head.field = loader.take(pass_count(loader, 0));
    return head;
}

}  // namespace

ItemHead head_of(const Item& item) {
    return {item.field, std::ranges::any_of(item.any, [](const Test& test) {
                return test.kind == TestKind::FieldRef;
            })};
}

void append_item(const Item& item, std::string& out) {
    Saver saver(out);
    ItemHead head = head_of(item);
    pass(saver, head.relation);
    pass_count(saver, head.field.size());
    saver.raw(head.field.data(), head.field.size());
    pass_count(saver, item.any.size());
    for (const Test& test : item.any) {
        pass(saver, const_cast<Test&>(test));  // saving changes nothing
    }
}

std::optional<ItemHead> head_of(std::string_view bytes) {
    Loader loader(bytes);
    const ItemHead head = load_head(loader);
    return loader.failed() ? std::nullopt : std::optional(head);
}

std::optional<Item> read_item(std::string_view bytes) {
    Loader loader(bytes);
    Item item;
    item.field = load_head(loader).field;
    pass(loader, item.any);
    return loader.done() ? std::optional(std::move(item)) : std::nullopt;
}

void ItemTable::start_with(std::vector<std::string_view> kept) { items_ = std::move(kept); }

std::uint32_t ItemTable::number_of(const Item& item) {
    if (numbers_.empty()) {
        for (std::uint32_t i = 0; i < items_.size(); ++i) {
            numbers_.emplace(items_[i], i);
        }
    }
    scratch_.clear();
    append_item(item, scratch_);
    const auto known = numbers_.find(scratch_);
    if (known != numbers_.end()) {
        return known->second;
    }
    const auto number = static_cast<std::uint32_t>(items_.size());
    items_.push_back(own_.emplace_back(scratch_));
    numbers_.emplace(items_.back(), number);
    return number;
}

}  // namespace gac::detect::sigma
