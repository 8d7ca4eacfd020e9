#include "store/index/dictionary.h"

#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "base/text.h"
#include "store/bytes.h"
#include "store/same_bytes.h"

namespace gac::store::index {

namespace {

constexpr std::size_t kTableMin = 256;
constexpr std::size_t kTextBytesMax = 64U << 20;  // of a dictionary
constexpr int kPackLevel = 3;
constexpr std::size_t kPageTextMax = (kValueBytesMax + 2) * kPageEntries;

constexpr unsigned kPacked = 1;  // flags of a page
constexpr unsigned kLists = 2;
constexpr unsigned kAllIp4 = 4;

std::uint64_t mix(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

// Where a hash stands in the table: told by the half of it that a slot keeps.
std::size_t place_of(std::uint64_t hash) { return hash >> 32; }

std::size_t bitmap_bytes(std::uint32_t blocks) { return (blocks + 7) / 8; }

}  // namespace

std::uint64_t address_key(const base::IpAddress& address) {
    // Order by value, so that neighbours differ by little.
    std::uint64_t high = 0;
    for (std::size_t i = 0; i < sizeof high; ++i) {
        high = high << 8 | address.bytes[i];
    }
    return address.is_v4() ? std::uint64_t{address.v4()} : high >> 1 | std::uint64_t{1} << 63;
}

std::uint64_t text_key(std::string_view text) {
    if (const auto address = base::IpAddress::parse(text)) {
        return address_key(*address);
    }
    return mix(base::fold_for_search(text));
}

std::vector<DictionaryBuilder::Keyed> DictionaryBuilder::in_order() const {
    std::vector<Keyed> order;
    for (std::uint32_t code = 0; code < entries(); ++code) {
        std::uint64_t key = 0;
        if (kind_ == ValueKind::Address) {
            base::IpAddress address;
            std::ranges::copy(value(code), address.bytes.begin());
            key = address_key(address);
        } else {
            key = text_key(value(code));
        }
        order.push_back({key, code});
    }
    std::ranges::sort(order, [](const Keyed& a, const Keyed& b) {
        return a.key != b.key ? a.key < b.key : a.code < b.code;
    });
    return order;
}

void DictionaryBuilder::grow() {
    const std::size_t size = std::max(kTableMin, table_.size() * 2);
    const auto before = std::exchange(table_, std::vector<std::uint64_t>(size, 0));
    for (const std::uint64_t slot : before) {
        if (slot != 0) {
            std::size_t at = place_of(slot) & (size - 1);
            while (table_[at] != 0) {
                at = (at + 1) & (size - 1);
            }
            table_[at] = slot;
        }
    }
}

std::uint32_t DictionaryBuilder::add(std::string_view bytes, std::uint32_t block) {
    if (std::size_t{entries()} * 2 >= table_.size()) {
        grow();
    }
    const std::uint64_t hash = mix(bytes);
    const std::size_t mask = table_.size() - 1;
    std::uint32_t code = kNone;
    std::size_t at = place_of(hash) & mask;
    for (; table_[at] != 0; at = (at + 1) & mask) {
        const std::uint64_t slot = table_[at];
        if (((slot ^ hash) >> 32) == 0) {
            const std::uint32_t known = static_cast<std::uint32_t>(slot) - 1;
            if (same_bytes(value(known), bytes)) {
                code = known;
                break;
            }
        }
    }
    if (code == kNone) {
        if (bytes.size() > kValueBytesMax || entries() >= kEntriesMax
            || bytes_.size() + bytes.size() > kTextBytesMax) {
            if (incomplete_.empty() || incomplete_.back() != block) {
                incomplete_.push_back(block);
            }
            return kNone;
        }
        code = entries();
        bytes_ += bytes;
        ends_.push_back(static_cast<std::uint32_t>(bytes_.size()));
        last_block_.push_back(0);
        table_[at] = (hash & 0xffff'ffff'0000'0000U) | (code + 1);
    }
    if (last_block_[code] != block + 1) {
        if (runs_.empty() || runs_.back().block != block) {
            runs_.push_back({block, postings_.size()});
        }
        last_block_[code] = block + 1;
        postings_.push_back(code);
    }
    return code;
}

DictionaryBuilder::Blocks DictionaryBuilder::blocks_by_entry() const {
    Blocks out;
    out.begin.assign(entries() + 1, 0);
    for (const std::uint32_t code : postings_) {
        ++out.begin[code + 1];
    }
    for (std::size_t i = 1; i < out.begin.size(); ++i) {
        out.begin[i] += out.begin[i - 1];
    }
    out.numbers.resize(postings_.size());
    std::vector<std::uint32_t> next(out.begin.begin(), out.begin.end() - 1);
    for (std::size_t r = 0; r < runs_.size(); ++r) {
        const std::size_t end = r + 1 < runs_.size() ? runs_[r + 1].begin : postings_.size();
        for (std::size_t i = runs_[r].begin; i < end; ++i) {
            out.numbers[next[postings_[i]]++] = runs_[r].block;
        }
    }
    return out;
}

std::string DictionaryBuilder::page(std::span<const Keyed> order, std::uint32_t blocks,
                                    const Blocks& of) const {
    unsigned flags = 0;
    std::string values;
    if (kind_ == ValueKind::Address) {
        bool all_ip4 = true;
        for (const Keyed& one : order) {
            all_ip4 = all_ip4 && (one.key >> 32) == 0;
        }
        flags |= all_ip4 ? kAllIp4 : 0;
        std::uint64_t before = 0;
        for (const Keyed& one : order) {
            if (all_ip4) {
                put_varint(values, one.key - before);
                before = one.key;
            } else {
                values += value(one.code);
            }
        }
    } else {
        std::string plain;
        for (const auto& [key, code] : order) {
            put_varint(plain, value(code).size());
        }
        for (const auto& [key, code] : order) {
            plain += value(code);
        }
        std::string packed(ZSTD_compressBound(plain.size()), '\0');
        const std::size_t n =
            ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), kPackLevel);
        put_varint(values, plain.size());
        if (ZSTD_isError(n) == 0 && n < plain.size() - plain.size() / 8) {
            flags |= kPacked;
            put_varint(values, n);
            values.append(packed, 0, n);
        } else {
            values += plain;
        }
    }
    std::string lists;
    for (const auto& [key, code] : order) {
        put_varint(lists, of.begin[code + 1] - of.begin[code]);
        std::uint32_t before = 0;
        for (std::uint32_t i = of.begin[code]; i < of.begin[code + 1]; ++i) {
            put_varint(lists, of.numbers[i] - before);
            before = of.numbers[i];
        }
    }
    const std::size_t width = bitmap_bytes(blocks);
    if (lists.size() < width * order.size()) {
        flags |= kLists;
    } else {
        lists.assign(width * order.size(), '\0');
        for (std::size_t place = 0; place < order.size(); ++place) {
            const std::uint32_t code = order[place].code;
            char* bits = lists.data() + width * place;
            for (std::uint32_t i = of.begin[code]; i < of.begin[code + 1]; ++i) {
                const std::uint32_t block = of.numbers[i];
                bits[block / 8] |= static_cast<char>(1U << (block % 8));
            }
        }
    }
    std::string out(1, static_cast<char>(flags));
    out += values;
    out += lists;
    return out;
}

bool DictionaryPage::read_values(base::Reader& in, ValueKind kind, std::uint32_t count,
                                 unsigned flags) {
    values_.reserve(count);
    if (kind == ValueKind::Address) {
        addresses_.resize(count);
        std::uint64_t number = 0;
        for (base::IpAddress& address : addresses_) {
            if ((flags & kAllIp4) != 0) {
                number += in.read_varint();
                if (number > 0xffff'ffffU) {
                    return false;
                }
                address = base::IpAddress::from_v4(static_cast<std::uint32_t>(number));
            } else {
                const std::string_view bytes = in.take(address.bytes.size());
                if (in.failed()) {
                    return false;
                }
                std::ranges::copy(bytes, address.bytes.begin());
            }
            values_.emplace_back(&address);
        }
        if (in.failed()) {
            return false;
        }
        return true;
    }
    const std::uint64_t plain = in.read_varint();
    if (plain > kPageTextMax) {
        return false;
    }
    text_.resize(plain);
    if ((flags & kPacked) != 0) {
        const std::string_view packed = in.take(in.read_varint());
        const std::size_t n =
            ZSTD_decompress(text_.data(), text_.size(), packed.data(), packed.size());
        if (in.failed() || ZSTD_isError(n) != 0 || n != plain) {
            return false;
        }
    } else {
        const std::string_view bytes = in.take(plain);
        if (in.failed()) {
            return false;
        }
        std::ranges::copy(bytes, text_.begin());
    }
    base::Reader text(std::string_view(text_.data(), text_.size()));
    std::vector<std::uint64_t> sizes(count);
    for (std::uint64_t& size : sizes) {
        size = text.read_varint();
    }
    for (const std::uint64_t size : sizes) {
        values_.emplace_back(text.take(size));
    }
    return !text.failed() && text.done();
}

Result<DictionaryPage> DictionaryPage::decode(ValueKind kind, std::uint32_t count,
                                              std::uint32_t blocks, std::string_view bytes) {
    DictionaryPage page;
    base::Reader in(bytes);
    const auto flags = in.read<std::uint8_t>();
    if (in.failed() || (flags & ~(kPacked | kLists | kAllIp4)) != 0
        || !page.read_values(in, kind, count, flags)) {
        return fail(Code::Corrupt, "a page of a dictionary is damaged");
    }
    page.lists_ = (flags & kLists) != 0;
    page.blocks_ = blocks;
    const std::string_view rest = in.take(in.left());
    if (!page.lists_ && rest.size() != bitmap_bytes(blocks) * count) {
        return fail(Code::Corrupt, "a page of a dictionary is damaged");
    }
    page.postings_.assign(rest.begin(), rest.end());
    return page;
}

bool DictionaryPage::read_lists() {
    base::Reader in(std::string_view(postings_.data(), postings_.size()));
    begin_.push_back(0);
    for (std::uint32_t i = 0; i < size(); ++i) {
        const std::uint64_t count = in.read_varint();
        if (count > blocks_) {
            return false;
        }
        std::uint64_t block = 0;
        for (std::uint64_t k = 0; k < count; ++k) {
            const std::uint64_t step = in.read_varint();
            if (step >= blocks_ || (block += step) >= blocks_) {
                return false;
            }
            numbers_.push_back(static_cast<std::uint32_t>(block));
        }
        begin_.push_back(static_cast<std::uint32_t>(numbers_.size()));
    }
    return !in.failed() && in.done();
}

Result<> DictionaryPage::add_blocks(std::uint32_t place, RowSet& blocks) {
    GAC_ASSERT(place < size() && blocks.rows() == blocks_);
    if (lists_) {
        if (begin_.empty() && !read_lists()) {
            begin_.clear();
            numbers_.clear();
            return fail(Code::Corrupt, "the blocks of a dictionary's page are damaged");
        }
        for (std::uint32_t i = begin_[place]; i < begin_[place + 1]; ++i) {
            blocks.set(numbers_[i]);
        }
        return {};
    }
    const std::size_t width = bitmap_bytes(blocks_);
    const char* bits = postings_.data() + width * place;
    for (std::uint32_t block = 0; block < blocks_; ++block) {
        if ((static_cast<unsigned char>(bits[block / 8]) >> (block % 8) & 1U) != 0) {
            blocks.set(block);
        }
    }
    return {};
}

}  // namespace gac::store::index
