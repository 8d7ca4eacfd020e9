// Directories and pages of an index out of any bytes: an error or values that hold together, never
// a crash; a directory that was read can be written and read again.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "store/index/dictionary.h"
#include "store/index/directory.h"
#include "store/index/tokens.h"
#include "store/index/word_filter.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gac;
    using namespace gac::store;
    using namespace gac::store::index;
    if (size < 3) {
        return 0;
    }
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 3, size - 3);
    const std::uint32_t blocks = 1U + data[1];
    switch (data[0] % 4) {
        case 0: {
            const std::uint64_t pages = std::uint64_t{data[2]} << 12;
            const auto directory = decode_directory(bytes, pages, blocks);
            if (!directory) {
                break;
            }
            GAC_ASSERT(directory->first_line.size() == blocks + 1U);
            GAC_ASSERT(directory->words_offset + std::uint64_t{directory->first_line.back()} * 64
                       <= pages);
            for (const DictionaryEntry& dictionary : directory->dictionaries) {
                for (const Part& part : dictionary.pages) {
                    GAC_ASSERT(part.offset + part.bytes <= pages);
                }
            }
            const auto again = decode_directory(encode_directory(*directory), pages, blocks);
            GAC_ASSERT(again && encode_directory(*again) == encode_directory(*directory));
            break;
        }
        case 1:
        case 2: {
            const auto kind = data[0] % 4 == 1 ? ValueKind::Address : ValueKind::Text;
            const std::uint32_t count = 1U + data[2];
            auto page = DictionaryPage::decode(kind, count, blocks, bytes);
            if (!page) {
                break;
            }
            GAC_ASSERT(page->size() == count);
            std::size_t sum = 0;
            for (std::uint32_t i = 0; i < count; ++i) {
                RowSet in(blocks);
                if (!page->add_blocks(i, in)) {
                    break;
                }
                std::string scratch;
                sum += page->values()[i].text(scratch).size() + in.count();
            }
            GAC_ASSERT(sum < (std::size_t{1} << 30));
            break;
        }
        default: {
            std::vector<std::uint64_t> hashes;
            WordScanner().scan(bytes, hashes);
            WordFilterBuilder builder;
            builder.add(hashes);
            const std::string filter = builder.take(data[1]);
            const auto lines = static_cast<std::uint32_t>(filter.size() / kLineBytes);
            for (const std::uint64_t hash : hashes) {
                const std::uint32_t line = line_of(hash, lines);
                GAC_ASSERT(ask_line(std::string_view(filter).substr(line * kLineBytes, kLineBytes),
                                    data[1] + std::uint64_t{line}, hash)
                           == LineSays::Maybe);
            }
            for (const std::uint64_t hash :
                 whole_words({.pattern = bytes, .on_word_borders = true})) {
                GAC_ASSERT(std::ranges::find(hashes, hash) != hashes.end()
                           || bytes.find_first_of("\x01\x02") != std::string_view::npos);
            }
        }
    }
    return 0;
}
