#include "store/query/probe.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "store/index/builder.h"
#include "store/index/reader.h"
#include "store/index/tokens.h"

namespace gac::store::query {

using event::FieldId;
using event::ValueRef;
using index::DictionaryEntry;

namespace {

constexpr std::int64_t kNumbersTried = 64;  // between least and greatest of a small number

// The index of one segment, for one question.
class Prober {
public:
    Prober(const Segment& segment, const Names& names,
           const std::function<void(const Error&)>& on_damage)
        : segment_(segment),
          names_(names),
          on_damage_(on_damage),
          count_(static_cast<std::uint32_t>(segment.blocks().size())) {}

    std::vector<Skip> run(PlanNode& node, const RowSet& asked);
    std::uint64_t index_bytes() const { return reader_ ? reader_->bytes_read() : 0; }

private:
    std::vector<Skip> all(PlanNode& node, const RowSet& asked);
    std::vector<Skip> any(PlanNode& node, const RowSet& asked);
    std::vector<Skip> leaf(PlanNode& node, const RowSet& asked);
    std::vector<Skip> own(PlanNode& node, const RowSet& asked);
    std::vector<Skip> small_numbers(System column, const RowSet& asked,
                                    const std::function<bool(std::int64_t)>& passes);
    Skip own_block(PlanNode& node, const std::vector<bool>& wanted, const BlockEntry& block,
                   std::uint32_t number);

    // Does the block lack one of the words?
    bool lacks_word(const std::vector<std::uint64_t>& words, std::uint32_t block);
    // Blocks in which the dictionary knows a value that passes; nothing when it cannot tell.
    std::optional<RowSet> blocks_with(Matcher& matcher, const DictionaryEntry& dictionary);
    Result<RowSet> by_key(Matcher& matcher, const DictionaryEntry& dictionary,
                          const std::vector<std::uint64_t>& keys);
    Result<RowSet> by_values(Matcher& matcher, const DictionaryEntry& dictionary);
    Result<> add_passing(Matcher& matcher, const DictionaryEntry& dictionary, std::uint32_t number,
                         RowSet& blocks);

    index::Reader* reader();
    void damaged(Error error) {
        on_damage_(base::at(segment_.path().string(), std::move(error)));
        broken_ = true;
    }

    const Segment& segment_;
    const Names& names_;
    const std::function<void(const Error&)>& on_damage_;
    std::uint32_t count_;
    bool opened_ = false;
    bool broken_ = false;  // then everything may be there
    base::Fd fd_;
    std::shared_ptr<const Segment::Index> index_;
    std::optional<index::Reader> reader_;
    // Of the leaf at hand, once asked for.
    struct Known {
        const DictionaryEntry* dictionary;
        std::optional<RowSet> blocks;
    };
    std::vector<Known> known_;
    std::optional<std::vector<std::uint64_t>> words_;
};

index::Reader* Prober::reader() {
    if (!opened_) {
        opened_ = true;
        auto fd = segment_.open_data();
        if (!fd) {
            broken_ = true;  // whoever reads the block tells
            return nullptr;
        }
        fd_ = *std::move(fd);
        auto found = segment_.index(fd_);
        if (!found) {
            on_damage_(found.error());
            broken_ = true;
        } else if (*found) {
            index_ = *found;
            reader_.emplace(index_->directory, fd_, index_->pages);
        }
    }
    return reader_ && !broken_ ? &*reader_ : nullptr;
}

std::vector<Skip> Prober::run(PlanNode& node, const RowSet& asked) {
    switch (node.kind) {
        case PlanNode::Kind::And:
            return all(node, asked);
        case PlanNode::Kind::Or:
            return any(node, asked);
        case PlanNode::Kind::Leaf:
            return leaf(node, asked);
        case PlanNode::Kind::Sources: {
            const auto& names = segment_.source_names();
            return small_numbers(System::Source, asked, [&](std::int64_t number) {
                return static_cast<std::size_t>(number) >= names.size()
                       || std::ranges::binary_search(node.sources,
                                                     names[static_cast<std::size_t>(number)]);
            });
        }
        case PlanNode::Kind::All:
        case PlanNode::Kind::Not:
        case PlanNode::Kind::Hunt:
            break;
    }
    return std::vector<Skip>(count_, Skip::None);
}

std::vector<Skip> Prober::all(PlanNode& node, const RowSet& asked) {
    std::vector<Skip> out(count_, Skip::None);
    RowSet rest = asked;
    for (PlanNode& child : node.children) {
        const std::vector<Skip> one = run(child, rest);
        for (std::uint32_t block = 0; block < count_; ++block) {
            if (rest.has(block) && one[block] != Skip::None) {
                out[block] = one[block];
                rest.clear(block);
            }
        }
    }
    return out;
}

std::vector<Skip> Prober::any(PlanNode& node, const RowSet& asked) {
    std::vector<Skip> out(count_, Skip::None);
    RowSet rest = asked;  // that no child wants yet
    for (PlanNode& child : node.children) {
        const std::vector<Skip> one = run(child, rest);
        for (std::uint32_t block = 0; block < count_; ++block) {
            if (rest.has(block)) {
                out[block] = one[block];
                if (one[block] == Skip::None) {
                    rest.clear(block);
                }
            }
        }
    }
    return out;
}

std::vector<Skip> Prober::small_numbers(System column, const RowSet& asked,
                                        const std::function<bool(std::int64_t)>& passes) {
    std::vector<Skip> out(count_, Skip::None);
    asked.for_each([&](std::uint32_t block) {
        const ColumnEntry& entry =
            segment_.blocks()[block].columns[static_cast<std::size_t>(column)];
        if (entry.min > entry.max || entry.min < 0 || entry.max - entry.min >= kNumbersTried) {
            return;
        }
        for (std::int64_t number = entry.min; number <= entry.max; ++number) {
            if (passes(number)) {
                return;
            }
        }
        out[block] = Skip::Range;
    });
    return out;
}

std::vector<Skip> Prober::leaf(PlanNode& node, const RowSet& asked) {
    Matcher& matcher = *node.matcher;
    known_.clear();
    words_.reset();
    std::vector<Skip> out(count_, Skip::None);
    const auto flag = [&](std::int64_t bit) {
        return small_numbers(System::Flags, asked, [&matcher, bit](std::int64_t number) {
            return matcher.matches(ValueRef((number & bit) != 0));
        });
    };
    switch (node.name.kind) {
        case Name::Kind::Own:
            return own(node, asked);
        case Name::Kind::Time:
            asked.for_each([&](std::uint32_t number) {
                const BlockEntry& block = segment_.blocks()[number];
                const ColumnEntry times{
                    .type = TypeCode::Time, .min = block.time_min.us, .max = block.time_max.us};
                out[number] = excluded(times, matcher.test()) ? Skip::Range : Skip::None;
            });
            return out;
        case Name::Kind::Source:
            return small_numbers(System::Source, asked, [&](std::int64_t number) {
                const auto& names = segment_.source_names();
                const auto at = static_cast<std::size_t>(number);
                return at >= names.size() || matcher.matches(ValueRef(std::string_view(names[at])));
            });
        case Name::Kind::Profile:
            return small_numbers(System::Profile, asked, [&](std::int64_t number) {
                const auto profiles = segment_.profiles();
                const auto at = static_cast<std::size_t>(number);
                return at >= profiles.size()
                       || matcher.matches(
                           ValueRef(std::string_view((*names_.profiles)[profiles[at]].name)));
            });
        case Name::Kind::Drill:
            return flag(kFlagDrill);
        case Name::Kind::ParseFailed:
            return flag(kFlagParseFailed);
        case Name::Kind::Raw:
            if (matcher.test().relation == Relation::Is) {
                words_ = index::whole_words({.pattern = matcher.test().pattern,
                                             .on_word_borders = true,
                                             .quoted = matcher.test().quoted});
                asked.for_each([&](std::uint32_t block) {
                    out[block] = lacks_word(*words_, block) ? Skip::Words : Skip::None;
                });
            }
            return out;
        case Name::Kind::Received:
        case Name::Kind::Id:
        case Name::Kind::Computed:
            return out;
    }
    return out;
}

bool Prober::lacks_word(const std::vector<std::uint64_t>& words, std::uint32_t block) {
    for (const std::uint64_t word : words) {
        index::Reader* const index = reader();
        if (index == nullptr) {
            return false;
        }
        auto may = index->may_hold(block, word);
        if (!may) {
            // One line is bad: the others are good.
            on_damage_(base::at(segment_.path().string(), std::move(may).error()));
        } else if (!*may) {
            return true;
        }
    }
    return false;
}

std::vector<Skip> Prober::own(PlanNode& node, const RowSet& asked) {
    // Keys of columns that the name can mean here.
    std::vector<bool> wanted(segment_.fields().size(), false);
    for (const event::ProfileId profile : segment_.profiles()) {
        for (const FieldId field : node.name.own(profile)) {
            for (std::size_t i = 0; i < wanted.size(); ++i) {
                wanted[i] = wanted[i] || segment_.fields()[i] == field;
            }
        }
    }
    std::vector<Skip> out(count_, Skip::None);
    asked.for_each([&](std::uint32_t block) {
        out[block] = own_block(node, wanted, segment_.blocks()[block], block);
    });
    return out;
}

Skip Prober::own_block(PlanNode& node, const std::vector<bool>& wanted, const BlockEntry& block,
                       std::uint32_t number) {
    Matcher& matcher = *node.matcher;
    const Test& test = matcher.test();
    Skip why = Skip::Range;
    const auto in_dictionary = [&](const DictionaryEntry& dictionary) {
        auto known = std::ranges::find(known_, &dictionary, &Known::dictionary);
        if (known == known_.end()) {
            known_.push_back({&dictionary, blocks_with(matcher, dictionary)});
            known = known_.end() - 1;
        }
        return !known->blocks || known->blocks->has(number)
               || std::ranges::binary_search(dictionary.incomplete, number);
    };
    for (const ColumnEntry& column : block.columns) {
        if (column.key < kFirstFieldColumn || !wanted[column.key - kFirstFieldColumn]
            || column.type == TypeCode::Null || excluded(column, test)) {
            continue;
        }
        if (matcher.exists_only()
            || (column.type != TypeCode::String && column.type != TypeCode::Ip)) {
            return Skip::None;
        }
        index::Reader* const index = reader();
        if (index == nullptr) {
            return Skip::None;
        }
        const FieldId field = segment_.field(column.key - kFirstFieldColumn);
        const DictionaryEntry* const dictionary =
            column.type == TypeCode::Ip ? index->addresses() : index->dictionary_of(field);
        if (dictionary != nullptr) {
            if (in_dictionary(*dictionary)) {
                return Skip::None;
            }
            why = Skip::Entity;
            continue;
        }
        const auto& texts = index->directory().text_fields;
        const bool plain_text =
            test.relation == Relation::Is && (!test.prefix || searched_for_parts(node.name.asked));
        if (column.type == TypeCode::String && plain_text
            && std::ranges::find(texts, field) != texts.end()) {
            if (!words_) {
                words_ = index::whole_words(
                    {.pattern = test.pattern, .on_word_borders = true, .quoted = test.quoted});
            }
            if (lacks_word(*words_, number)) {
                why = why == Skip::Range ? Skip::Words : why;
                continue;
            }
        }
        return Skip::None;
    }
    return why;
}

std::optional<RowSet> Prober::blocks_with(Matcher& matcher, const DictionaryEntry& dictionary) {
    const Test& test = matcher.test();
    const bool equality = is_equality(test);
    const bool marks = test.quoted && !is_ascii(test.text);
    auto found = [&]() -> Result<RowSet> {
        if (!equality || (dictionary.field && marks)) {
            return by_values(matcher, dictionary);
        }
        std::vector<std::uint64_t> keys;
        if (dictionary.field) {
            keys.push_back(index::text_key(test.text));
        }
        if (test.prefix) {
            keys.push_back(index::address_key(test.prefix->address()));
        }
        return by_key(matcher, dictionary, keys);
    }();
    if (!found) {
        damaged(std::move(found).error());
        return std::nullopt;
    }
    return *std::move(found);
}

Result<RowSet> Prober::by_key(Matcher& matcher, const DictionaryEntry& dictionary,
                              const std::vector<std::uint64_t>& keys) {
    RowSet blocks(count_);
    for (const std::uint64_t key : keys) {
        const auto pages = index::Reader::pages_with(dictionary, key);
        for (std::uint32_t number = pages.first; number <= pages.last; ++number) {
            GAC_CHECK(add_passing(matcher, dictionary, number, blocks));
        }
    }
    return blocks;
}

Result<> Prober::add_passing(Matcher& matcher, const DictionaryEntry& dictionary,
                             std::uint32_t number, RowSet& blocks) {
    GAC_TRY(page, reader_->page(dictionary, number));
    for (std::uint32_t i = 0; i < page.size(); ++i) {
        if (matcher.matches(page.values()[i])) {
            GAC_CHECK(page.add_blocks(i, blocks));
        }
    }
    return {};
}

Result<RowSet> Prober::by_values(Matcher& matcher, const DictionaryEntry& dictionary) {
    RowSet blocks(count_);
    for (std::uint32_t number = 0; number < dictionary.pages.size(); ++number) {
        GAC_CHECK(add_passing(matcher, dictionary, number, blocks));
    }
    return blocks;
}

}  // namespace

SegmentProbe probe(const Segment& segment, PlanNode& plan, const Names& names,
                   const std::function<void(const Error&)>& on_damage) {
    Prober prober(segment, names, on_damage);
    SegmentProbe out;
    out.blocks =
        prober.run(plan, RowSet(static_cast<std::uint32_t>(segment.blocks().size()), true));
    out.index_bytes = prober.index_bytes();
    return out;
}

Probes::Probes(PlanNode plan, const Names& names, std::function<void(const Error&)> on_damage)
    : plan_(std::move(plan)),
      useful_(plan_.kind != PlanNode::Kind::All && plan_.kind != PlanNode::Kind::Not),
      names_(names),
      on_damage_(std::move(on_damage)) {}

SkipCounts Probes::look(const UnitPlace& place) {
    SkipCounts out;
    if (!place.segment || !useful_) {
        return out;
    }
    Entry* entry = nullptr;
    {
        const std::lock_guard lock(mutex_);
        auto& kept = entries_[place.segment.get()];
        if (!kept) {
            kept = std::make_unique<Entry>();
        }
        entry = kept.get();
    }
    std::call_once(entry->once, [&] {
        PlanNode plan = plan_;  // matchers keep scratch memory
        entry->probe = probe(*place.segment, plan, names_, on_damage_);
        out.index_bytes = entry->probe.index_bytes;
    });
    switch (entry->probe.blocks[place.block]) {
        case Skip::None:
            break;
        case Skip::Range:
            out.by_range = 1;
            break;
        case Skip::Words:
            out.by_words = 1;
            break;
        case Skip::Entity:
            out.by_entity = 1;
            break;
    }
    return out;
}

}  // namespace gac::store::query
