#include <gtest/gtest.h>

#include <fcntl.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include <fmt/format.h>

#include "base/file.h"
#include "base/text.h"
#include "store/index/builder.h"
#include "store/index/reader.h"
#include "store/query/tree.h"
#include "store/testing.h"

namespace gac::store::index {

namespace {

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
           || static_cast<unsigned char>(c) >= 0x80;
}

// The meaning of "word", in the plainest way.
std::vector<std::string> words_of(std::string_view text) {
    const std::string folded = base::fold_for_search(text);
    std::vector<std::string> words;
    std::string word;
    for (std::size_t i = 0; i <= folded.size(); ++i) {
        if (i < folded.size() && is_letter_or_digit(folded[i])) {
            word += folded[i];
        } else if (!word.empty()) {
            const bool number = word.find_first_not_of("0123456789") == std::string::npos;
            if (!number || word.size() > kDigitsIgnored) {
                words.push_back(word);
            }
            word.clear();
        }
    }
    return words;
}

std::vector<std::uint64_t> scanned(std::string_view text) {
    std::vector<std::uint64_t> hashes;
    WordScanner().scan(text, hashes);
    return hashes;
}

std::string random_text(std::mt19937& random, std::size_t size_max) {
    static const std::string_view kParts[] = {"a",
                                              "Z",
                                              "0",
                                              "77777",
                                              "123456",
                                              " ",
                                              " ",
                                              "-",
                                              "[",
                                              "=",
                                              "Đăng",
                                              "nhập",
                                              ";",
                                              "\xCD\xBE",
                                              "\xE2\x84\xAA",
                                              "\xCC\xB8",
                                              "\xFF",
                                              "e\xCC\x81",
                                              "\xE2\x89\xAE",
                                              "x",
                                              "ssh2",
                                              "\n"};
    std::string text;
    while (text.size() < size_max) {
        text += kParts[random() % std::size(kParts)];
        if (random() % 40 == 0) {
            break;
        }
    }
    return text;
}

}  // namespace

TEST(Words, AreTheRunsOfTheFoldedText) {
    std::mt19937 random(7);
    for (int i = 0; i < 20'000; ++i) {
        const std::string text = random_text(random, random() % 300);
        std::vector<std::uint64_t> expected;
        for (const std::string& word : words_of(text)) {
            expected.push_back(word_hash(word));
        }
        ASSERT_EQ(scanned(text), expected) << base::hex(text);
    }
    // At and around the width of a step.
    for (std::size_t size = 0; size < 200; ++size) {
        EXPECT_EQ(scanned(std::string(size, 'Q')).size(), size == 0 ? 0U : 1U);
        EXPECT_EQ(scanned(std::string(size, ' ') + "end").size(), 1U);
        EXPECT_EQ(scanned(std::string(size, 'Q') + " end").size(), size == 0 ? 1U : 2U);
    }
}

// What the word filter rests on: texts that are equal but for case are equal when folded for
// search.
TEST(Words, CaseFoldingNeverHidesAWord) {
    for (char32_t c = 0x80; c < 0x11'0000; ++c) {
        if (c == 0x345 || (c >= 0xd800 && c < 0xe000)) {
            continue;  // dropped by search, a letter for case folding: left out by whole_words
        }
        std::string text;
        if (c < 0x800) {
            text = {static_cast<char>(0xc0 | (c >> 6)), static_cast<char>(0x80 | (c & 0x3f))};
        } else if (c < 0x1'0000) {
            text = {static_cast<char>(0xe0 | (c >> 12)), static_cast<char>(0x80 | (c >> 6 & 0x3f)),
                    static_cast<char>(0x80 | (c & 0x3f))};
        } else {
            text = {static_cast<char>(0xf0 | (c >> 18)), static_cast<char>(0x80 | (c >> 12 & 0x3f)),
                    static_cast<char>(0x80 | (c >> 6 & 0x3f)),
                    static_cast<char>(0x80 | (c & 0x3f))};
        }
        ASSERT_EQ(base::fold_for_search(base::fold_case(text)), base::fold_for_search(text))
            << std::hex << static_cast<std::uint32_t>(c);
    }
}

TEST(Words, OfAQuestionAreThoseThatStandWhole) {
    const auto words = [](std::string pattern, bool borders) {
        std::ranges::replace(pattern, '*', query::kAnyMark);
        std::ranges::replace(pattern, '?', query::kOneMark);
        return whole_words({.pattern = pattern, .on_word_borders = borders});
    };
    const auto hashes = [](std::vector<std::string> texts) {
        std::vector<std::uint64_t> out;
        for (const std::string& text : texts) {
            out.push_back(word_hash(text));
        }
        std::ranges::sort(out);
        return out;
    };
    EXPECT_EQ(words("Failed password", true), hashes({"failed", "password"}));
    EXPECT_EQ(words("failed password", false), hashes({}));
    EXPECT_EQ(words("a failed password b", false), hashes({"failed", "password"}));
    EXPECT_EQ(words("fail*", true), hashes({}));
    EXPECT_EQ(words("*x yy z*", true), hashes({"yy"}));
    EXPECT_EQ(words("ab?c def", true), hashes({"def"}));
    EXPECT_EQ(words("[failed]", false), hashes({"failed"}));
    EXPECT_EQ(words("port 22", true), hashes({"port"}));
    EXPECT_EQ(words("Đăng nhập", true), hashes({"dang", "nhap"}));
    EXPECT_EQ(words("10.0.0.1", true), hashes({}));
}

TEST(WordFilter, HoldsWhatWasAddedAndLittleElse) {
    WordFilterBuilder builder;
    std::mt19937_64 random(3);
    std::vector<std::uint64_t> in;
    for (int i = 0; i < 20'000; ++i) {
        in.push_back(random());
    }
    in.push_back(0);
    builder.add(in);
    builder.add(in);
    EXPECT_EQ(builder.words(), in.size());
    const std::string bytes = builder.take(1000);
    const auto lines = static_cast<std::uint32_t>(bytes.size() / kLineBytes);
    EXPECT_NEAR(static_cast<double>(bytes.size()) * 8 / static_cast<double>(in.size()), 17, 0.5);
    const auto ask = [&](std::uint64_t hash) {
        const std::uint32_t line = line_of(hash, lines);
        return ask_line(std::string_view(bytes).substr(line * kLineBytes, kLineBytes), 1000 + line,
                        hash);
    };
    for (const std::uint64_t hash : in) {
        ASSERT_EQ(ask(hash), LineSays::Maybe);
    }
    int wrong = 0;
    for (int i = 0; i < 100'000; ++i) {
        wrong += ask(random()) == LineSays::Maybe ? 1 : 0;
    }
    EXPECT_LT(wrong, 400);  // of 100,000
    EXPECT_EQ(builder.words(), 0U);
    EXPECT_TRUE(builder.take(0).empty());
}

namespace {

// An index of random events in a file of its own, and what it must answer.
struct Indexed {
    testing::TemporaryFolder folder;
    std::shared_ptr<const event::ProfileSet> profiles = testing::no_profiles(folder);
    SourceNameTable sources;
    Directory directory;
    base::Fd fd;
    std::string bytes;  // the pages stand at 100
    std::string directory_bytes;
    std::uint32_t blocks = 0;
    std::map<std::string, std::set<std::uint32_t>> word_blocks;
    // By field (addresses: none), by text of the value.
    std::map<std::optional<event::FieldId>, std::map<std::string, std::set<std::uint32_t>>>
        value_blocks;

    Indexed(std::uint32_t seed, std::uint32_t blocks_asked, std::uint32_t rows)
        : blocks(blocks_asked) {
        Builder builder(*profiles);
        testing::RandomEvents random(seed);
        for (std::uint32_t block = 0; block < blocks; ++block) {
            event::EventBatch batch;
            const std::uint32_t here = random.below(rows);
            for (std::uint32_t i = 0; i < here; ++i) {
                random.add(batch, sources);
            }
            for (std::uint32_t row = 0; row < batch.size(); ++row) {
                testing::add_row(builder, batch[row]);
                for (const std::string& word : words_of(batch[row].head().raw)) {
                    word_blocks[word].insert(block);
                }
                const auto fields = batch[row].fields();
                for (std::size_t f = 0; f < fields.size(); ++f) {
                    const auto& value = fields[f].value;
                    std::string scratch;
                    const bool entity =
                        value.type() == event::Type::Ip || fields[f].id == event::field::UserName;
                    if (entity) {
                        const auto key = value.type() == event::Type::Ip
                                             ? std::optional<event::FieldId>()
                                             : std::optional(fields[f].id);
                        value_blocks[key][std::string(value.text(scratch))].insert(block);
                    }
                }
            }
            builder.end_block();
        }
        const Builder::Sections sections = builder.finish();
        bytes = std::string(100, 'x') + sections.pages;
        directory_bytes = sections.directory;
        directory = decode_directory(sections.directory, sections.pages.size(), blocks).value();
        write();
    }
    void write() {
        const auto path = folder.path() / "index";
        static_cast<void>(base::write_file_atomic(path, bytes));
        fd = base::open_file(path, O_RDONLY).value();
    }
};

}  // namespace

TEST(Index, AnswersForEveryWordAndValue) {
    for (const std::uint32_t blocks : {1U, 3U, 40U}) {
        Indexed made(blocks, blocks, 3000);
        Reader reader(made.directory, made.fd, 100);
        std::size_t wrong = 0;
        std::size_t asked = 0;
        for (const auto& [word, where] : made.word_blocks) {
            for (std::uint32_t block = 0; block < blocks; ++block) {
                const bool may = reader.may_hold(block, word_hash(word)).value();
                ASSERT_TRUE(may || !where.contains(block)) << word;
                asked += where.contains(block) ? 0 : 1;
                wrong += may && !where.contains(block) ? 1 : 0;
            }
        }
        EXPECT_LE(wrong, asked / 100 + 5);

        for (const auto& [key, values] : made.value_blocks) {
            const DictionaryEntry* dictionary = reader.dictionary_of(key);
            ASSERT_NE(dictionary, nullptr);
            ASSERT_EQ(dictionary->entries, values.size());
            std::set<std::string> seen;
            for (std::uint32_t p = 0; p < dictionary->pages.size(); ++p) {
                auto page = reader.page(*dictionary, p).value();
                for (std::uint32_t i = 0; i < page.size(); ++i) {
                    std::string scratch;
                    const std::string text(page.values()[i].text(scratch));
                    seen.insert(text);
                    RowSet at(blocks);
                    ASSERT_TRUE(page.add_blocks(i, at));
                    std::set<std::uint32_t> got;
                    at.for_each([&](std::uint32_t block) { got.insert(block); });
                    ASSERT_EQ(got, values.at(text)) << text;
                    const std::uint64_t wanted = page.values()[i].type() == event::Type::Ip
                                                     ? address_key(page.values()[i].ip())
                                                     : text_key(text);
                    const auto pages = Reader::pages_with(*dictionary, wanted);
                    EXPECT_TRUE(pages.first <= p && p <= pages.last) << text;
                    EXPECT_LE(pages.last - pages.first, 1U);
                }
            }
            EXPECT_EQ(seen.size(), values.size());
        }
        EXPECT_EQ(made.directory.bytes() + 100, made.bytes.size());
    }
}

TEST(Index, AValueWithoutRoomMakesItsBlockIncomplete) {
    DictionaryBuilder builder(ValueKind::Text);
    EXPECT_EQ(builder.add("root", 0), 0U);
    EXPECT_EQ(builder.add(std::string(kValueBytesMax + 1, 'x'), 1), DictionaryBuilder::kNone);
    EXPECT_EQ(builder.add(std::string(kValueBytesMax + 1, 'x'), 1), DictionaryBuilder::kNone);
    EXPECT_EQ(builder.add("root", 2), 0U);
    EXPECT_EQ(builder.incomplete(), std::vector<std::uint32_t>{1});
}

// Whatever byte is wrong: the answer is right or it is an error, never "not there".
TEST(Index, AFlippedBitIsNeverAWrongAnswer) {
    Indexed made(5, 6, 500);
    std::mt19937 random(1);
    const std::string good = made.bytes;
    std::size_t told = 0;
    for (int i = 0; i < 300; ++i) {
        made.bytes = good;
        const std::size_t at = 100 + random() % (good.size() - 100);
        made.bytes[at] = static_cast<char>(made.bytes[at] ^ (1 << random() % 8));
        made.write();
        Reader reader(made.directory, made.fd, 100);
        bool damaged = false;
        for (const auto& [word, where] : made.word_blocks) {
            for (const std::uint32_t block : where) {
                const auto may = reader.may_hold(block, word_hash(word));
                damaged = damaged || !may;
                ASSERT_TRUE(!may || *may);
            }
        }
        for (const DictionaryEntry& dictionary : reader.dictionaries()) {
            for (std::uint32_t p = 0; p < dictionary.pages.size(); ++p) {
                const auto page = reader.page(dictionary, p);
                damaged = damaged || !page;
                if (!page) {
                    EXPECT_EQ(page.error().code, Code::Corrupt);
                    EXPECT_TRUE(page.error().where.starts_with("index, bytes"));
                }
            }
        }
        told += damaged ? 1 : 0;
    }
    EXPECT_GT(told, 290U);  // a line of the filter that no word falls in is not looked at
}

TEST(Index, ADirectoryCutOrTurnedIsRefusedOrHarmless) {
    Indexed made(5, 6, 500);
    const std::string& good = made.directory_bytes;
    const std::uint64_t pages = made.bytes.size() - 100;
    EXPECT_EQ(encode_directory(decode_directory(good, pages, 6).value()), good);
    EXPECT_FALSE(decode_directory(good, pages, 7));
    EXPECT_FALSE(decode_directory(good, pages - 1, 6));
    for (std::size_t cut = 0; cut < good.size(); ++cut) {
        EXPECT_FALSE(decode_directory(good.substr(0, cut), pages, 6));
    }
}

}  // namespace gac::store::index
