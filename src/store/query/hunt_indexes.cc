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

HuntIndexes::Says HuntIndexes::ask(const Segment& segment, std::uint32_t block,
                                   event::FieldId field, TypeCode type, std::uint32_t role,
                                   HunterEye& eye,
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
        return {};
    }
    const index::DictionaryEntry* const addresses = entry.reader->addresses();
    const index::DictionaryEntry* const texts = entry.reader->dictionary_of(field);
    // A field that is no entity has no dictionary.
    const bool wants_texts = type == TypeCode::String || type == TypeCode::List;
    if ((wants_texts && texts == nullptr) || (type == TypeCode::Ip && addresses == nullptr)) {
        return {};
    }
    if (type != TypeCode::List) {
        return entry.ask(type == TypeCode::Ip ? *addresses : *texts, block, role, eye, on_damage);
    }
    return {.may_hold = entry.ask(*texts, block, role, eye, on_damage).may_hold
                        || (addresses != nullptr
                            && entry.ask(*addresses, block, role, eye, on_damage).may_hold),
            .among = nullptr};
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

HuntIndexes::Says HuntIndexes::Entry::ask(const index::DictionaryEntry& dictionary,
                                          std::uint32_t block, std::uint32_t role, HunterEye& eye,
                                          const std::function<void(const Error&)>& on_damage) {
    auto at = std::ranges::find_if(
        known, [&](const Known& one) { return one.dictionary == &dictionary && one.role == role; });
    if (at == known.end()) {
        auto seen = look_through(dictionary, role, eye);
        if (!seen) {
            on_damage(seen.error());
            seen = Known{&dictionary, role, RowSet(index->directory.blocks, true), nullptr};
        }
        at = known.insert(known.end(), *std::move(seen));
    }
    if (std::ranges::binary_search(dictionary.incomplete, block)) {
        return {};
    }
    return {.may_hold = at->blocks.has(block), .among = at->among};
}

Result<HuntIndexes::Entry::Known> HuntIndexes::Entry::look_through(
    const index::DictionaryEntry& dictionary, std::uint32_t role, HunterEye& eye) {
    Known out{&dictionary, role, RowSet(index->directory.blocks), nullptr};
    AddressFilter among;
    std::vector<std::uint32_t> maybe;
    for (std::uint32_t number = 0; number < dictionary.pages.size(); ++number) {
        GAC_TRY(page, reader->page(dictionary, number));
        maybe.clear();
        eye.glance(role, page.values(), maybe);
        for (const std::uint32_t place : maybe) {
            GAC_CHECK(page.add_blocks(place, out.blocks));
            const event::ValueRef& value = page.values()[place];
            const auto address = value.type() == event::Type::Ip
                                     ? std::optional(value.ip())
                                     : base::IpAddress::parse(value.string());
            if (address && address->is_v4()) {
                among.add(address->v4());
            }
        }
    }
    out.among = std::make_shared<const AddressFilter>(std::move(among));
    return out;
}

}  // namespace gac::store::query
