// An item of a rule as bytes: the same for items that ask the same, so that rules can share them,
// a file can keep them, and most need never be read at all (shared_item.h).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "detect/sigma/rule.h"

namespace gac::detect::sigma {

// What can be told of an item without reading its tests.
struct ItemHead {
    std::string_view field;  // in the bytes, or in the item
    bool relation = false;   // some test is FieldRef
};
ItemHead head_of(const Item& item);

void append_item(const Item& item, std::string& out);
// None: they are damaged.
std::optional<ItemHead> head_of(std::string_view bytes);
std::optional<Item> read_item(std::string_view bytes);

// Items by number; one number for those that ask the same.
class ItemTable {
public:
    // What a file kept; its bytes outlive the table.
    void start_with(std::vector<std::string_view> kept);
    std::uint32_t number_of(const Item& item);  // adds
    std::size_t size() const { return items_.size(); }
    std::string_view operator[](std::uint32_t number) const { return items_[number]; }

private:
    std::vector<std::string_view> items_;
    std::deque<std::string> own_;  // behind those that were added
    // Made when the first item is asked for: what comes from a file alone needs none.
    std::unordered_map<std::string_view, std::uint32_t> numbers_;
    std::string scratch_;
};

}  // namespace gac::detect::sigma
