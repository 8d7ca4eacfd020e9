#include "store/query/hunt_indexes.h"

#include <algorithm>
#include <utility>

namespace gac::store::query {

HuntIndexes::HuntIndexes(std::span<const UnitPlace> places) {
    for (const UnitPlace& place : places) {
        if (place.segment && !segments_.contains(place.segment.get())) {
            segments_.emplace(place.segment.get(), std::make_unique<Entry>());
        }
    }
}

bool HuntIndexes::may_hold(const Segment& segment, std::uint32_t block, event::FieldId field,
                           TypeCode type, std::uint32_t role, HunterEye& eye,
                           const std::function<void(const Error&)>& on_damage) {
    Entry& entry = *segments_.at(&segment);
    const std::lock_guard lock(entry.mutex);
    if (!entry.opened) {
        entry.opened = true;
        if (auto done = entry.open(segment); !done) {
            entry.reader.reset();
            on_damage(done.error());
        }
    }
    if (!entry.reader) {
        return true;
    }
    const index::DictionaryEntry* const addresses = entry.reader->addresses();
    const index::DictionaryEntry* const texts = entry.reader->dictionary_of(field);
    const bool wants_addresses = type == TypeCode::Ip || type == TypeCode::List;
    const bool wants_texts = type == TypeCode::String || type == TypeCode::List;
    // A field that is no entity has no dictionary.
    if ((wants_texts && texts == nullptr) || (type == TypeCode::Ip && addresses == nullptr)) {
        return true;
    }
    return (wants_texts && entry.holds(*texts, block, role, eye, on_damage))
           || (wants_addresses && addresses != nullptr
               && entry.holds(*addresses, block, role, eye, on_damage));
}

std::uint64_t HuntIndexes::bytes_read() const {
    std::uint64_t sum = 0;
    for (const auto& [segment, entry] : segments_) {
        sum += entry->reader ? entry->reader->bytes_read() : 0;
    }
    return sum;
}

Result<> HuntIndexes::Entry::open(const Segment& segment) {
    GAC_TRY(data, segment.open_data());
    fd = std::move(data);
    GAC_TRY(found, segment.index(fd));
    index = std::move(found);
    if (index) {
        reader.emplace(index->directory, fd, index->pages);
    }
    return {};
}

bool HuntIndexes::Entry::holds(const index::DictionaryEntry& dictionary, std::uint32_t block,
                               std::uint32_t role, HunterEye& eye,
                               const std::function<void(const Error&)>& on_damage) {
    auto at = std::ranges::find_if(
        known, [&](const Known& one) { return one.dictionary == &dictionary && one.role == role; });
    if (at == known.end()) {
        auto blocks = blocks_with(dictionary, role, eye);
        if (!blocks) {
            on_damage(blocks.error());
            blocks = RowSet(index->directory.blocks, true);
        }
        at = known.insert(known.end(), {&dictionary, role, *std::move(blocks)});
    }
    return at->blocks.has(block) || std::ranges::binary_search(dictionary.incomplete, block);
}

Result<RowSet> HuntIndexes::Entry::blocks_with(const index::DictionaryEntry& dictionary,
                                               std::uint32_t role, HunterEye& eye) {
    RowSet out(index->directory.blocks);
    std::vector<std::uint32_t> maybe;
    for (std::uint32_t number = 0; number < dictionary.pages.size(); ++number) {
        GAC_TRY(page, reader->page(dictionary, number));
        maybe.clear();
        eye.glance(role, page.values(), maybe);
        for (const std::uint32_t place : maybe) {
            GAC_CHECK(page.add_blocks(place, out));
        }
    }
    return out;
}

}  // namespace gac::store::query
