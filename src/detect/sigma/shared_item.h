// An item that all rules which ask the same of the same name share. Of thousands of rules only
// those of the routes that occur are ever asked, so that its tests are read, and made ready for
// evaluation, when they are first needed. Immutable but for that; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>

#include "detect/sigma/item_bytes.h"
#include "detect/sigma/leaf.h"

namespace gac::detect::sigma {

class SharedItem {
public:
    // `name` is the number of the field's name among all that rules ask for, `number` its own.
    SharedItem(std::uint32_t number, std::uint32_t name, Item item, bool source = false)
        : number_(number),
          name_(name),
          keyword_(item.is_keyword()),
          relation_(head_of(item).relation),
          source_(source),
          item_(std::make_unique<Item>(std::move(item))) {}
    // The bytes outlive it.
    SharedItem(std::uint32_t number, std::uint32_t name, const ItemHead& head,
               std::string_view bytes)
        : number_(number),
          name_(name),
          keyword_(head.field.empty()),
          relation_(head.relation),
          bytes_(bytes) {}

    std::uint32_t number() const { return number_; }
    std::uint32_t name() const { return name_; }
    bool is_keyword() const { return keyword_; }
    bool has_relation() const { return relation_; }
    // An item whose kept bytes turn out to be damaged has no tests: it never holds.
    const Leaf& leaf() const {
        std::call_once(once_, [this] {
            if (!item_) {
                item_ = std::make_unique<Item>(read_item(bytes_).value_or(Item{}));
            }
            auto leaf = std::make_unique<Leaf>(std::move(*item_));
            leaf->source = source_;
            leaf_ = std::move(leaf);
            item_.reset();
        });
        return *leaf_;
    }

private:
    std::uint32_t number_;
    std::uint32_t name_;
    bool keyword_;
    bool relation_;
    bool source_ = false;
    std::string_view bytes_;
    mutable std::once_flag once_;
    mutable std::unique_ptr<Item> item_;  // until it is made ready
    mutable std::unique_ptr<const Leaf> leaf_;
};

}  // namespace gac::detect::sigma
