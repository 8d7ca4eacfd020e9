// Files of rules: documents, faults with their lines, filters, routing by the shipped profiles.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "detect/fixture.h"

namespace gac::detect::testing {
namespace {

using namespace std::string_literals;

RuleFault fault_of(const std::string& yaml) {
    std::vector<RuleFault> faults;
    compile_text(yaml, &faults);
    return faults.empty() ? RuleFault{} : faults.front();
}

TEST(Load, FaultsNameTheLine) {
    const RuleFault broken = fault_of("title: T\nlogsource: [a\n");
    EXPECT_TRUE(broken.reason.contains("not YAML"));
    EXPECT_GE(broken.line, 2);
    const RuleFault modifier =
        fault_of(rule_yaml("    sel:\n        A: x\n        B|magic: y\n    condition: sel\n"));
    EXPECT_EQ(modifier.line, 8);
    EXPECT_EQ(modifier.id, "11111111-2222-3333-4444-555555555555");
    const RuleFault condition =
        fault_of(rule_yaml("    sel:\n        A: x\n    condition: selx\n"));
    EXPECT_EQ(condition.line, 8);
    EXPECT_EQ(fault_of("title: T\nid: x\nlogsource:\n    product: p\n").reason,
              "rule has no detection");
    EXPECT_TRUE(fault_of("id: x\nlogsource:\n    product: p\ndetection:\n    a:\n        B: c\n"
                         "    condition: a\n")
                    .reason.contains("no title"));
    EXPECT_TRUE(fault_of("title: T\naction: global\n---\ntitle: U\n").reason.contains("action"));
}

TEST(Load, AFileMayHoldSeveralDocuments) {
    std::vector<RuleFault> faults;
    const auto set = compile_text(
        "title: A\nid: a\nlogsource: {product: test}\ndetection: {s: {X: 1}, condition: s}\n---\n"
        "title: Bad\nid: b\nlogsource: {product: test}\ndetection: {s: {X: 1}, condition: t}\n---\n"
        "title: C\nid: c\nlogsource: {product: test}\ndetection: {s: {X: 1}, condition: s}\n---\n"
        "title: Again\nid: C\nlogsource: {product: test}\ndetection: {s: {X: 1}, condition: s}\n",
        &faults);
    EXPECT_EQ(set->loaded(), 2U);
    EXPECT_EQ(set->refused(), 2U);
    ASSERT_EQ(faults.size(), 2U);
    EXPECT_EQ(faults[0].id, "b");
    EXPECT_TRUE(faults[1].reason.contains("taken"));
    EXPECT_EQ(set->rules()[1]->id, "c");
}

TEST(Load, KeepsWhatIsSaidOfARule) {
    const auto set = compile_text(
        "title: A\ntitle_vi: B\nid: a\nstatus: test\ndescription: d\ndescription_vi: e\n"
        "level: critical\ntags: [attack.t1110]\nfalsepositives: [one, two]\ndate: 2026-11-22\n"
        "custom: {any: thing}\nlogsource: {product: test, category: c, service: s}\n"
        "detection: {s: {X: 1}, condition: s}\n");
    const event::RuleInfo& info = *set->rules()[0];
    EXPECT_EQ(info.title_vi, "B");
    EXPECT_EQ(info.description_vi, "e");
    EXPECT_EQ(info.level, event::Level::Critical);
    EXPECT_EQ(info.tags, std::vector<std::string>{"attack.t1110"});
    EXPECT_EQ(info.false_positives.size(), 2U);
    EXPECT_EQ(info.service, "s");
}

TEST(Load, AliasesOfYamlAreBounded) {
    std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
    for (char c = 'b'; c < 'j'; ++c) {
        const std::string before(1, static_cast<char>(c - 1));
        bomb += std::string(1, c) + ": &" + c + " [";
        for (int i = 0; i < 9; ++i) {
            bomb += "*" + before + ",";
        }
        bomb += "*" + before + "]\n";
    }
    EXPECT_TRUE(fault_of(bomb).reason.contains("nodes"));
    EXPECT_FALSE(fault_of(std::string(5'000, '[')).reason.empty());
}

TEST(Load, FiltersNarrowTheirRules) {
    const std::string rule =
        "title: A\nname: a\nid: id-a\nlogsource: {product: test}\n"
        "detection: {s: {X: 1}, condition: s}\n---\n"
        "title: B\nname: b\nid: id-b\nlogsource: {product: test}\n"
        "detection: {s: {X: 1}, condition: s}\n---\n"
        "title: F\nid: f\nlogsource: {product: test}\nfilter:\n    rules: [a]\n"
        "    selection: {User: admin}\n    condition: not selection\n";
    Engine engine(compile_text(rule));
    event::EventBatch batch;
    add_event(batch, {{"X", std::int64_t{1}}, {"User", "ADMIN"s}});
    add_event(batch, {{"X", std::int64_t{1}}, {"User", "other"s}});
    std::vector<event::Detection> out;
    engine.match(batch, out);
    ASSERT_EQ(out.size(), 3U);
    EXPECT_EQ(out[0].rule->id, "id-b");
}

TEST(Load, ReadsFoldersInOrder) {
    const auto folder =
        std::filesystem::temp_directory_path() / ("gac_load_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder / "sub");
    std::ofstream(folder / "b.yml") << "b";
    std::ofstream(folder / "sub" / "a.yaml") << "a";
    std::ofstream(folder / "note.txt") << "no rule";
    const std::vector<std::filesystem::path> paths{folder};
    const auto texts = read_rules(paths);
    ASSERT_TRUE(texts.has_value());
    ASSERT_EQ(texts->size(), 2U);
    EXPECT_EQ((*texts)[0].yaml, "b");
    const std::vector<std::filesystem::path> missing{folder / "nobody"};
    EXPECT_FALSE(read_rules(missing).has_value());
    std::filesystem::remove_all(folder);
}

// The order decides which of two rules with one id is refused: that of the paths, step by step.
TEST(Load, ListsFoldersInTheOrderOfPaths) {
    const auto folder =
        std::filesystem::temp_directory_path() / ("gac_list_" + std::to_string(::getpid()));
    std::vector<std::filesystem::path> wanted;
    for (const char* name : {"a-b/x.yml", "a/y.yml", "a/b/z.yaml", "a.yml", "b.yml", "B.yml"}) {
        std::filesystem::create_directories((folder / name).parent_path());
        std::ofstream(folder / name) << "x";
        wanted.push_back(folder / name);
    }
    std::ofstream(folder / ".yml") << "hidden";
    std::filesystem::create_directory(folder / "folder.yml");
    std::filesystem::create_symlink(folder / "b.yml", folder / "link.yml");
    wanted.push_back(folder / "link.yml");
    std::filesystem::create_directory_symlink(folder / "a", folder / "linked");  // is not followed
    std::filesystem::create_symlink(folder / "nobody", folder / "broken.yml");
    std::ranges::sort(wanted);
    const std::vector<std::filesystem::path> paths{folder};
    const auto found = list_rules(paths);
    ASSERT_TRUE(found.has_value());
    std::vector<std::filesystem::path> names;
    for (const RuleText& text : *found) {
        names.emplace_back(text.path);
        EXPECT_FALSE(text.stamp.empty());
    }
    EXPECT_EQ(names, wanted);
    std::filesystem::remove_all(folder);
}

TEST(Load, AFileThatCannotBeReadIsAFaultOfItsOwn) {
    const auto folder =
        std::filesystem::temp_directory_path() / ("gac_unread_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "a.yml")
        << "title: A\nid: a\nlogsource: {product: test}\ndetection: {s: {X: 1}, condition: s}\n";
    std::ofstream(folder / "b.yml") << std::string(5 << 20, ' ');  // more than a rule file may have
    const std::vector<std::filesystem::path> paths{folder};
    for (const auto& texts : {read_rules(paths), list_rules(paths)}) {
        ASSERT_TRUE(texts.has_value());
        std::vector<RuleFault> faults;
        const auto set = compile(*texts, {}, &faults);
        ASSERT_TRUE(set.has_value());
        EXPECT_EQ((*set)->loaded(), 1U);
        ASSERT_EQ(faults.size(), 1U);
        EXPECT_EQ(faults[0].path, folder / "b.yml");
        EXPECT_TRUE(faults[0].reason.contains("larger than"));
    }
    std::filesystem::remove_all(folder);
}

// Rules of Windows log sources against events in the shapes of several collectors.
class Shapes : public ::testing::Test {
protected:
    bool fires(const std::string& rule, const std::string& profile, const Fields& fields) {
        CompileOptions options;
        options.profiles = shipped_profiles();
        Engine engine(compile_text(rule, nullptr, options));
        event::EventBatch batch;
        add_event(batch, fields, {.profile = *options.profiles->find(profile)});
        std::vector<event::Detection> out;
        engine.match(batch, out);
        return !out.empty();
    }
    const std::string process_ =
        "title: P\nid: p\nlogsource: {product: windows, category: process_creation}\n"
        "detection:\n    s:\n        Image|endswith: '\\cmd.exe'\n        ParentImage|endswith: "
        "'\\word.exe'\n    condition: s\n";
};

TEST_F(Shapes, ProcessRulesServeSysmonAndSecurity) {
    const Fields sysmon = {{"Channel", "Microsoft-Windows-Sysmon/Operational"s},
                           {"EventID", std::int64_t{1}},
                           {"Image", "C:\\cmd.exe"s},
                           {"ParentImage", "C:\\WORD.exe"s}};
    EXPECT_TRUE(fires(process_, "windows", sysmon));
    const Fields security = {{"Channel", "security"s},
                             {"EventID", "4688"s},
                             {"NewProcessName", "C:\\cmd.exe"s},
                             {"ParentProcessName", "C:\\word.exe"s}};
    EXPECT_TRUE(fires(process_, "windows", security));
    Fields other = sysmon;
    other[1].second = std::int64_t{3};
    EXPECT_FALSE(fires(process_, "windows", other));
    EXPECT_FALSE(fires(process_, "linux", sysmon));
    EXPECT_FALSE(fires(process_, "generic", sysmon));
}

TEST_F(Shapes, WinlogbeatOfBothVersions) {
    EXPECT_TRUE(fires(process_, "winlogbeat",
                      {{"log_name", "Microsoft-Windows-Sysmon/Operational"s},
                       {"event_id", std::int64_t{1}},
                       {"event_data.Image", "C:\\cmd.exe"s},
                       {"event_data.ParentImage", "C:\\word.exe"s}}));
    EXPECT_TRUE(fires(process_, "winlogbeat",
                      {{"winlog.channel", "Security"s},
                       {"winlog.event_id", "4688"s},
                       {"winlog.event_data.NewProcessName", "C:\\cmd.exe"s},
                       {"winlog.event_data.ParentProcessName", "C:\\word.exe"s}}));
}

TEST_F(Shapes, RegistryDeleteReadsTheEventType) {
    const std::string rule =
        "title: R\nid: r\nlogsource: {product: windows, category: registry_delete}\n"
        "detection:\n    s:\n        TargetObject|contains: '\\Run\\'\n    condition: s\n";
    Fields fields = {{"Channel", "Microsoft-Windows-Sysmon/Operational"s},
                     {"EventID", std::int64_t{12}},
                     {"EventType", "DeleteValue"s},
                     {"TargetObject", "HKLM\\Run\\x"s}};
    EXPECT_TRUE(fires(rule, "windows", fields));
    fields[2].second = "CreateKey"s;
    EXPECT_FALSE(fires(rule, "windows", fields));
}

TEST_F(Shapes, CategoryAndServiceTogetherNeedBoth) {
    const std::string rule =
        "title: R\nid: r\n"
        "logsource: {product: windows, category: process_creation, service: security}\n"
        "detection:\n    s:\n        Image|endswith: '\\cmd.exe'\n    condition: s\n";
    EXPECT_TRUE(fires(rule, "windows",
                      {{"Channel", "Security"s},
                       {"EventID", std::int64_t{4688}},
                       {"NewProcessName", "C:\\cmd.exe"s}}));
    EXPECT_FALSE(fires(rule, "windows",
                       {{"Channel", "Microsoft-Windows-Sysmon/Operational"s},
                        {"EventID", std::int64_t{1}},
                        {"Image", "C:\\cmd.exe"s}}));
}

TEST_F(Shapes, ProductAloneIsAnyEventOfTheProfile) {
    const std::string rule =
        "title: R\nid: r\nlogsource: {product: windows}\n"
        "detection:\n    k: mimikatz\n    condition: k\n";
    EXPECT_TRUE(fires(rule, "windows", {{"Anything", "xx Mimikatz"s}}));
    EXPECT_FALSE(fires(rule, "linux", {{"Anything", "xx Mimikatz"s}}));
}

TEST_F(Shapes, InventedChannelsShareOneProgram) {
    CompileOptions options;
    options.profiles = shipped_profiles();
    const auto set = compile_text(process_, nullptr, options);
    Engine engine(set);
    const auto profile = *options.profiles->find("windows");
    event::EventBatch batch;
    for (int i = 0; i < 2'000; ++i) {
        add_event(batch,
                  {{"Channel", "Invented" + std::to_string(i)}, {"EventID", std::int64_t{i}}},
                  {.profile = profile});
    }
    std::vector<event::Detection> out;
    engine.match(batch, out);
    EXPECT_TRUE(out.empty());
    EXPECT_EQ(set->fields().empty(), false);
    EXPECT_LT(engine.programs(), 5U);
}

}  // namespace
}  // namespace gac::detect::testing
