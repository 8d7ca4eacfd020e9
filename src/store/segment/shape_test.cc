// Lines of many kinds keep every byte and every field through a segment, and a literal is found in
// them wherever it stands.
#include "store/segment/shape.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "store/query/raw_search.h"
#include "store/segment/segment.h"
#include "store/segment/shaper.h"
#include "store/segment/token.h"
#include "store/segment/writer.h"
#include "store/testing.h"

namespace gac::store {

using event::ValueRef;

namespace {

// Lines out of a few templates, with all that decoders do to fields, and some that fit none.
class RandomLines {
public:
    explicit RandomLines(std::uint32_t seed) : random_(seed) {}
    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }

    void add(event::EventBatch& batch, SourceNames& sources) {
        batch.begin();
        raw_.clear();
        parts_.clear();
        switch (below(9)) {
            case 0:
                syslog(batch);
                break;
            case 1:
            case 2:
                web(batch);
                break;
            case 3:
            case 4:
                json(batch);
                break;
            case 5:
                words();
                break;
            case 6:
                noise();
                break;
            case 7:
                pairs(batch);
                break;
            default:
                overlapping();
        }
        event::EventHead head;
        head.time.us = time_ += below(3'000'000);
        head.received.us = head.time.us + below(2) * below(100'000);
        head.source = sources.source_id(below(2) == 0 ? "a" : "b");
        head.raw = batch.arena().copy(raw_);
        for (const auto& [name, begin, size] : parts_) {
            batch.add(event::intern(name), ValueRef(head.raw.substr(begin, size)));
        }
        batch.end(head);
    }

private:
    void part(std::string name, std::string_view text) {
        parts_.push_back({std::move(name), raw_.size(), text.size()});
        raw_ += text;
    }
    std::string number(std::uint32_t n) { return std::to_string(below(n)); }
    base::IpAddress ip() {
        return below(20) == 0 ? base::IpAddress::parse("2001:db8::" + number(99)).value()
                              : base::IpAddress::from_v4(0x0A000000 + below(3000));
    }

    void syslog(event::EventBatch& batch) {
        raw_ = "<" + number(190) + ">Nov 22 0" + number(9) + ":1" + number(9) + ":59 ";
        part("host", "srv-" + number(20));
        const std::uint32_t pid = below(9000);
        raw_ += " sshd[" + std::to_string(pid) + "]: ";
        batch.add(event::intern("pid"), ValueRef(static_cast<std::int64_t>(pid)));
        const std::size_t begin = raw_.size();
        raw_ += below(2) == 0 ? "Accepted password for " : "Failed password for ";
        part("user", below(5) == 0 ? "Nguyễn An" : "user" + number(30));
        const auto address = ip();
        raw_ += " from " + address.text() + " port " + number(60000);
        batch.add_ip(event::intern("ip"), address);
        parts_.push_back({"message", begin, raw_.size() - begin});
    }
    void web(event::EventBatch& batch) {
        const auto address = ip();
        batch.add_ip(event::intern("ip"), address);
        raw_ = address.text() + " - - \"";
        part("method", below(3) == 0 ? "POST" : "GET");
        raw_ += ' ';
        const std::size_t begin = raw_.size();
        part("path", "/p" + number(5));
        raw_ += '?';
        part("query", "id=" + number(1'000'000));
        parts_.push_back({"url", begin, raw_.size() - begin});
        const std::int64_t status = 200 + below(4) * 100;
        raw_ += "\" " + std::to_string(status) + " " + (below(4) == 0 ? "-" : number(50'000));
        batch.add(event::intern("status"), ValueRef(status));
        batch.add(event::intern("category"), ValueRef(std::string_view("web")));
        batch.add(event::intern("empty"), ValueRef(std::string_view("")));
    }
    void json(event::EventBatch& batch) {
        const std::string path = "C:\\dir\t" + number(4) + "\\\"tool\".exe -n " + number(5000);
        std::string body;
        append_json_body(body, path);
        const std::int64_t code = static_cast<std::int64_t>(below(5)) - 2;
        raw_ = "{\"Path\":\"" + body + "\",\"Code\":" + std::to_string(code) + ",\"Guid\":\"";
        part("guid", "deadbeef" + std::to_string(10'000'000 + below(80'000'000)));
        raw_ += "\"}";
        batch.add_copy(event::intern("Path"), path);
        batch.add(event::intern("Code"), ValueRef(code));
        if (below(3) == 0) {
            batch.add(event::intern("Code"), ValueRef(0.5));
            batch.add(event::intern("Code"), ValueRef(code));
        }
    }
    void words() {
        for (std::uint32_t i = below(6); i < 6; ++i) {
            raw_ += "w" + std::string(1 + below(3), static_cast<char>('a' + below(26))) + " ";
        }
    }
    void noise() {
        const std::uint32_t size = below(30) == 0 ? 40'000 : below(60);
        for (std::uint32_t i = 0; i < size; ++i) {
            raw_ += static_cast<char>(below(256));
        }
    }
    void pairs(event::EventBatch& batch) {
        for (int i = 0; i < 5; ++i) {
            raw_ += "k" + std::to_string(i) + "=";
            part("k" + std::to_string(i), number(i == 4 ? 3 : 1000));
            raw_ += i == 4 ? "" : " ";
        }
        if (below(3) == 0) {
            batch.add(event::intern("only" + number(40)), ValueRef(true));
            batch.add(event::intern("none"), ValueRef());
        }
    }
    void overlapping() {
        raw_ = "abc" + number(100) + " def" + number(100) + " ghi";
        parts_.push_back({"left", 0, 6});
        parts_.push_back({"right", 2, raw_.size() - 2});
        parts_.push_back({"same", 0, 6});
        parts_.push_back({"all", 0, raw_.size()});
    }

    struct Part {
        std::string name;
        std::size_t begin, size;
    };
    std::mt19937 random_;
    std::int64_t time_ = 1'700'000'000'000'000;
    std::string raw_;
    std::vector<Part> parts_;
};

std::string text_of(const event::EventRef& event) {
    std::vector<std::string> fields;
    for (const event::Field& field : event.fields()) {
        std::string text(event::name_of(field.id));
        text += std::to_string(static_cast<int>(field.value.type())) + "=";
        if (field.value.is_string()) {
            text += field.value.string();
        } else {
            field.value.append_json(text);
        }
        fields.push_back(std::move(text));
    }
    std::ranges::sort(fields);  // rows without a shape give their fields by column
    std::string out = std::to_string(event.head().time.us) + "|"
                      + std::to_string(event.head().received.us) + "|"
                      + std::string(event.head().raw);
    for (const std::string& field : fields) {
        out += "\x01" + field;
    }
    return out;
}

class ShapeTest : public ::testing::TestWithParam<std::uint32_t> {
protected:
    std::shared_ptr<const Segment> write(const event::EventBatch& batch, std::uint32_t block_rows) {
        auto chunk = Chunk::encode(batch, names).value();
        chunk->place(1, 0, 1);
        const std::vector<std::shared_ptr<Chunk>> chunks = {chunk};
        Disk disk;
        const auto path =
            write_segment(folder.path(), chunks, names, {.limits = {.rows_max = block_rows}}, disk);
        return Segment::open(path.value(), names).value();
    }
    testing::TemporaryFolder folder;
    Names names{.profiles = testing::no_profiles(folder),
                .sources = std::make_shared<SourceNameTable>()};
};

TEST_P(ShapeTest, EveryByteAndFieldComesBack) {
    RandomLines random(GetParam());
    event::EventBatch batch;
    batch.set_first_id(1);
    for (int i = 0; i < 3000; ++i) {
        random.add(batch, *names.sources);
    }
    std::map<event::EventId, std::string> expected;
    for (std::uint32_t row = 0; row < batch.size(); ++row) {
        expected[batch.id_of(row)] = text_of(batch[row]);
    }
    const auto segment = write(batch, 200 + 900 * (GetParam() % 3));
    const auto fd = segment->open_data().value();
    EXPECT_GT(segment->shapes(fd).value()->size(), 5u);
    std::size_t found = 0;
    for (std::uint32_t block = 0; block < segment->blocks().size(); ++block) {
        BlockReader reader(segment, fd, block);
        std::vector<std::uint32_t> rows;
        for (std::uint32_t row = reader.rows(); row-- > 0;) {
            rows.push_back(row);
        }
        event::EventBatch read;
        std::vector<event::EventId> ids;
        ASSERT_TRUE(reader.materialize(rows, read, ids).has_value());
        for (std::uint32_t row = 0; row < read.size(); ++row) {
            ASSERT_EQ(text_of(read[row]), expected[ids[row]]);
            ++found;
        }
    }
    EXPECT_EQ(found, expected.size());
}

TEST_P(ShapeTest, NoLineThatHoldsTheLiteralIsLeftOut) {
    RandomLines random(GetParam() + 100);
    event::EventBatch batch;
    for (int i = 0; i < 1500; ++i) {
        random.add(batch, *names.sources);
    }
    const auto segment = write(batch, 700);
    const auto fd = segment->open_data().value();
    std::uint64_t looked_at = 0;
    std::uint64_t held = 0;
    std::uint64_t all = 0;
    for (std::uint32_t block = 0; block < segment->blocks().size(); ++block) {
        BlockReader reader(segment, fd, block);
        Column& raw = *reader.head(System::Raw).value();
        std::vector<std::string> lines(reader.rows());
        for (std::uint32_t row = 0; row < lines.size(); ++row) {
            ASSERT_TRUE(reader.rebuilder().append_raw(row, lines[row], nullptr).has_value());
        }
        for (int i = 0; i < 60; ++i) {
            const std::string& line = lines[random.below(static_cast<std::uint32_t>(lines.size()))];
            if (line.empty()) {
                continue;
            }
            const std::size_t at = random.below(static_cast<std::uint32_t>(line.size()));
            std::string needle = line.substr(at, 1 + random.below(random.below(8) == 0 ? 90 : 12));
            if (!query::is_ascii(needle) || needle.find_first_of("*?\x01\x02\x03") != needle.npos) {
                continue;
            }
            const query::Test test{.relation = query::Relation::Is, .pattern = needle};
            query::Matcher matcher(test, i % 2 == 0);
            if (matcher.pattern().literal().empty()) {
                continue;
            }
            query::RawSearch search(reader, matcher.pattern());
            const auto hits = search.find(raw, RowSet(reader.rows(), true)).value();
            all += lines.size();
            looked_at += hits.maybe.count();
            for (std::uint32_t row = 0; row < lines.size(); ++row) {
                const bool holds = matcher.matches(ValueRef(std::string_view(lines[row])));
                held += holds ? 1 : 0;
                if (holds) {
                    ASSERT_TRUE(hits.sure.has(row) || hits.maybe.has(row))
                        << '"' << needle << "\" in " << lines[row];
                } else {
                    ASSERT_FALSE(hits.sure.has(row)) << '"' << needle << "\" in " << lines[row];
                }
            }
        }
    }
    EXPECT_GT(held, 50u);
    EXPECT_LT(looked_at, all / 4 * 3);
}

TEST(Token, EndsWhereEachByteByItselfSaysSo) {
    std::mt19937 random(5);
    const std::string_view usual = "abc0123456789-._%#/ :=\"";
    for (int round = 0; round < 20'000; ++round) {
        std::string text(random() % 40, '\0');
        for (char& c : text) {
            c = random() % 8 == 0 ? static_cast<char>(random() % 256)
                                  : usual[random() % usual.size()];
        }
        if (round < 256) {
            text = std::string(17, 'a') + static_cast<char>(round) + std::string(17, '1');
        }
        const char* const end = text.data() + text.size();
        const char* token = text.data();
        while (token < end && !is_separator(*token)) {
            ++token;
        }
        ASSERT_EQ(token_end(text.data(), end), token) << text;
        const char* digits = text.data();
        while (digits < end && is_digit(*digits)) {
            ++digits;
        }
        ASSERT_EQ(digits_end(text.data(), end), digits) << text;
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ShapeTest, ::testing::Values(1, 2, 3, 4, 5));

TEST(Shapes, LinesThatNeverRepeatAreKeptWhole) {
    Shaper shaper;
    std::mt19937 random(1);
    std::vector<std::string_view> variables;
    std::uint32_t cut = 0;
    for (int i = 0; i < 20'000; ++i) {
        event::EventBatch batch;
        batch.begin();
        std::string line;
        for (std::uint32_t k = 0; k < 3 + random() % 40; ++k) {
            line += static_cast<char>('a' + random() % 26);
            line += " :/=,"[random() % 5];
        }
        event::EventHead head;
        head.raw = batch.arena().copy(line);
        batch.end(head);
        const std::uint32_t shape = shaper.find({.event = batch[0], .numbers = {}}, variables);
        ASSERT_NE(shape, Shaper::kFree);
        cut += shaper.is_whole(shape) ? 0 : 1;
    }
    EXPECT_LT(cut, 300u);
    EXPECT_LT(shaper.size(), 300u);
}

}  // namespace

}  // namespace gac::store
