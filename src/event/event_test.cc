#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/uuid.h"
#include "event/batch.h"
#include "event/field.h"
#include "event/profile.h"

namespace gac::event {
namespace {

TEST(FieldNames, AreInternedOnce) {
    const FieldId first = intern("some.name");
    EXPECT_EQ(intern("some.name"), first);
    EXPECT_EQ(name_of(first), "some.name");
    EXPECT_EQ(intern("source.ip"), field::SourceIp);
    EXPECT_FALSE(find_field("never.seen.before"));
}

TEST(EventBatch, GivesBackWhatWasAdded) {
    EventBatch batch;
    for (int i = 0; i < 100; ++i) {
        batch.begin();
        batch.add(field::SourcePort, ValueRef(std::int64_t{i}));
        batch.add_copy(field::UserName, "user" + std::to_string(i));
        batch.add_ip(field::SourceIp, *base::IpAddress::parse("192.0.2.1"));
        EventHead head;
        head.raw = batch.arena().copy("raw");
        batch.end(head);
    }
    batch.set_first_id(1000);
    ASSERT_EQ(batch.size(), 100u);
    EXPECT_EQ(batch[42].find(field::SourcePort)->integer(), 42);
    EXPECT_EQ(batch[42].find(field::UserName)->string(), "user42");
    EXPECT_EQ(batch[42].find(field::SourceIp)->ip().text(), "192.0.2.1");
    EXPECT_EQ(batch[42].find(field::HostName), nullptr);
    EXPECT_EQ(batch[42].id(), 1042u);
    EXPECT_EQ(batch.raw_bytes(), 300u);
    batch.reset();
    EXPECT_TRUE(batch.empty());
}

TEST(EventBatch, DropsABegunEventThatNeverEnded) {
    EventBatch batch;
    batch.begin();
    batch.add_copy(field::UserName, "lost");
    batch.begin();
    batch.add_copy(field::HostName, "kept");
    batch.end({});
    EXPECT_EQ(batch[0].find(field::UserName), nullptr);
    EXPECT_EQ(batch[0].find(field::HostName)->string(), "kept");
}

TEST(ValueRef, PrintsItselfAsJson) {
    std::string out;
    const ValueRef list[] = {ValueRef(std::int64_t{1}), ValueRef(true), ValueRef(),
                             ValueRef(std::string_view("a\"b")), ValueRef(1.5)};
    ValueRef(std::span<const ValueRef>(list)).append_json(out);
    EXPECT_EQ(out, R"([1,true,null,"a\"b",1.5])");
}

class ProfileFolder : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path()
                  / ("gac-profile-" + base::Uuid::make({0}).text());
        std::filesystem::create_directories(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    void write(const std::string& name, const std::string& text) {
        std::ofstream(folder_ / name) << text;
    }

    std::filesystem::path folder_;
};

TEST_F(ProfileFolder, ResolvesAskedNamesToOwnFields) {
    write("fw.yaml",
          "name: fw\nformat: kv\nfields:\n  source.ip: srcip\n  src_ip: [srcip, src]\n"
          "logsources:\n  - {category: firewall, when: {type: traffic}}\n");
    const auto set = ProfileSet::load(folder_, base::Zone::utc());
    ASSERT_TRUE(set) << set.error().message();
    const auto id = (*set)->find("fw");
    ASSERT_TRUE(id);
    const Profile& profile = (**set)[*id];
    EXPECT_EQ(profile.resolve("source.ip"), (std::vector{intern("srcip"), field::SourceIp}));
    EXPECT_EQ(profile.resolve("unmapped"), (std::vector{intern("unmapped")}));
    EXPECT_EQ(profile.ecs_name_of(intern("srcip")), "source.ip");
    EXPECT_EQ(profile.log_sources.at(0).when.at(0).values, (std::vector<std::string>{"traffic"}));
}

TEST_F(ProfileFolder, NamesThePlaceOfAFault) {
    write("bad.yaml", "name: bad\nformat: kv\nfeilds: {}\n");
    const auto set = ProfileSet::load(folder_, base::Zone::utc());
    ASSERT_FALSE(set);
    EXPECT_NE(set.error().where.find("bad.yaml:3"), std::string::npos) << set.error().message();
}

}  // namespace
}  // namespace gac::event
