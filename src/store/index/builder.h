// The index of a segment while it is being written: rows come in their final order, block by block.
// One thread; no file of its own.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/batch.h"
#include "event/profile.h"
#include "store/index/dictionary.h"
#include "store/index/directory.h"
#include "store/index/tokens.h"
#include "store/index/word_filter.h"
#include "store/segment/writer.h"

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

class Builder final : public IndexBuilder {
public:
    explicit Builder(const event::ProfileSet& profiles) : roles_(profiles) {}

    // For the writer of segments.
    bool wants(event::FieldId field) const override { return roles_.is_entity(field); }
    void add(const WrittenBlock& block) override;
    Result<> finish(SectionSink& out) override;

    // What the block at hand holds; end_block closes it, also when it holds nothing.
    void add_words(std::string_view text);
    void add_values(event::FieldId field, bool in_raw, std::span<const event::ValueRef> values);
    void end_block();

    struct Sections {
        std::string pages;
        std::string directory;
    };
    Sections finish();

private:
    void add_value(event::FieldId field, const event::ValueRef& value);
    DictionaryBuilder& dictionary(event::FieldId field);
    void put_dictionary(std::string& pages, std::optional<event::FieldId> field,
                        const DictionaryBuilder& dictionary, Directory& directory) const;

    FieldRoles roles_;
    WordScanner scanner_;
    WordFilterBuilder filter_;
    std::vector<std::uint64_t> hashes_;
    std::string lines_;  // of the word filters of all blocks so far
    std::vector<std::uint32_t> first_line_{0};
    std::vector<event::FieldId> text_fields_;
    DictionaryBuilder addresses_{ValueKind::Address};
    std::map<std::uint32_t, DictionaryBuilder> dictionaries_;  // by index of the field
    std::vector<DictionaryBuilder*> by_field_;                 // the same
    std::uint32_t block_ = 0;
};

}  // namespace gac::store::index
