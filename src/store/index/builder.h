// The index of a segment while it is being written: rows come in their final order, block by block.
// One thread; no file of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "event/batch.h"
#include "event/profile.h"
#include "store/index/dictionary.h"
#include "store/index/directory.h"
#include "store/index/tokens.h"
#include "store/index/word_filter.h"

namespace gac::store::index {

// Which own fields are entities (addresses, users, hosts, domains, hashes, processes, files …) and
// which hold running text, over all profiles. Values of type address are always entities.
class FieldRoles {
public:
    explicit FieldRoles(const event::ProfileSet& profiles);
    bool is_entity(event::FieldId field) const { return has(entities_, field); }
    bool is_text(event::FieldId field) const { return has(texts_, field); }

private:
    static bool has(const std::vector<bool>& of, event::FieldId field) {
        return event::index_of(field) < of.size() && of[event::index_of(field)];
    }
    std::vector<bool> entities_, texts_;
};

class Builder {
public:
    explicit Builder(const event::ProfileSet& profiles) : roles_(profiles) {}

    // Rows of the block at hand; end_block closes it, also when it has none.
    void add(const event::EventRef& event);
    void end_block();

    // Of the row that was added last, beside its fields: the value's number in the dictionary of
    // its field (of addresses), for columns that keep numbers instead of values.
    // DictionaryBuilder::kNone when it is no entity or there was no room.
    std::span<const std::uint32_t> codes() const { return codes_; }

    // Appends the parts to `out`, which stands at `offset` of the file, and gives the footer's
    // section. `number_of` gives a field's place in the footer's names; nothing for a field that
    // has no value in the segment.
    template <class NumberOf>
    std::string finish(std::uint64_t offset, std::string& out, NumberOf&& number_of) {
        std::vector<Numbered> numbered;
        for (auto& [field, dictionary] : dictionaries_) {
            numbered.push_back({number_of(event::FieldId{field}), dictionary.get()});
        }
        std::vector<std::uint32_t> texts;
        for (const std::uint32_t field : text_fields_) {
            texts.push_back(number_of(event::FieldId{field}));
        }
        return finish(offset, out, std::move(numbered), std::move(texts));
    }

private:
    struct Numbered {
        std::uint32_t field;
        DictionaryBuilder* dictionary;
    };
    std::uint32_t add_value(event::FieldId field, const event::ValueRef& value);
    DictionaryBuilder& dictionary(event::FieldId field);
    std::string finish(std::uint64_t offset, std::string& out, std::vector<Numbered> numbered,
                       std::vector<std::uint32_t> text_fields);
    void put_dictionary(std::uint64_t offset, std::string& out, std::uint32_t field,
                        const DictionaryBuilder& dictionary, Directory& directory) const;

    FieldRoles roles_;
    WordScanner scanner_;
    WordFilterBuilder filter_;
    std::vector<std::uint64_t> hashes_;
    std::vector<std::uint32_t> codes_;
    std::string lines_;  // of the word filters of all blocks so far
    std::vector<std::uint32_t> first_line_{0};
    std::vector<std::uint32_t> text_fields_;
    DictionaryBuilder addresses_{ValueKind::Address};
    std::unordered_map<std::uint32_t, std::unique_ptr<DictionaryBuilder>> dictionaries_;
    std::vector<DictionaryBuilder*> by_field_;  // the same
    std::uint32_t block_ = 0;
};

// Of an address or a text as a question asks for it: equal for all values that equal it, without
// regard to case, and Vietnamese marks.
std::uint64_t address_hash(const base::IpAddress& address);
std::uint64_t text_hash(std::string_view text);

}  // namespace gac::store::index
