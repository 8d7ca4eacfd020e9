// gac rules add, list, use, remove: imported collections of rules in a data folder. A running
// server takes up the change within a second.
#include "pipeline/rule_packs.h"

#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "access/audit.h"
#include "app/command.h"
#include "app/content.h"
#include "app/control_desk.h"
#include "base/text.h"

namespace gac::app {

namespace {

using pipeline::PackChange;

struct PackOptions {
    std::string path, data, name, version;
    std::vector<std::string> beside;  // rules that go before
    bool preview = false;
    bool json = false;
};

// "sigma_all_rules.zip" is the public collection; else the file's own name.
std::string default_name(const std::filesystem::path& path) {
    std::string stem =
        path.filename().empty() ? path.parent_path().filename().string() : path.filename().string();
    for (const std::string_view end : {".zip", ".zst", ".gz", ".xz", ".tgz", ".tar"}) {
        if (stem.ends_with(end)) {
            stem.resize(stem.size() - end.size());
        }
    }
    stem = base::ascii_lower(stem);
    if (stem.starts_with("sigma")) {
        return "sigmahq";
    }
    std::erase_if(stem, [](char c) {
        return !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-'
                 || c == '_');
    });
    return stem.substr(0, 64);
}

void print_change(const PackChange& change) {
    for (const PackChange::Rule& rule : change.rules) {
        if (rule.kind == PackChange::Kind::Refused) {
            std::printf("refused %s:%d: %s: %s\n", rule.path.c_str(), rule.line,
                        rule.title.empty() ? "(no title)" : rule.title.c_str(),
                        rule.reason.c_str());
        } else if (rule.kind == PackChange::Kind::Removed
                   || rule.kind == PackChange::Kind::Changed) {
            std::printf("%s %s: %s\n", std::string(pipeline::name_of(rule.kind)).c_str(),
                        rule.path.c_str(), rule.title.c_str());
        }
    }
}

void print_change_json(const PackChange& change) {
    for (const PackChange::Rule& rule : change.rules) {
        std::string line = "{";
        const auto add = [&](std::string_view key, std::string_view value) {
            line += line.size() == 1 ? "" : ",";
            base::append_json_string(key, line);
            line += ':';
            base::append_json_string(value, line);
        };
        add("change", pipeline::name_of(rule.kind));
        add("id", rule.id);
        add("title", rule.title);
        add("path", rule.path);
        add("reason", rule.reason);
        std::printf("%s,\"line\":%d}\n", line.c_str(), rule.line);
    }
}

Result<> audit_pack(ControlDesk& desk, std::string_view action, const std::string& name,
                    std::string_view version, std::string_view previous) {
    return desk.audit.append(
        access::Actor::system("cli"),
        {.action = action,
         .object_kind = "rule_pack",
         .object_id = name,
         .detail = access::detail_json({{"version", version}, {"previous", previous}})});
}

// What is loaded beside the pack: the shipped rules, those named, and the other packs.
Result<std::vector<detect::RuleText>> rules_beside(const Content& content,
                                                   const PackOptions& options,
                                                   const pipeline::RulePacks& packs,
                                                   std::string_view name) {
    std::vector<std::filesystem::path> paths = {content.folder / "rules"};
    paths.insert(paths.end(), options.beside.begin(), options.beside.end());
    for (const std::filesystem::path& pack : packs.in_force()) {
        if (pack.parent_path().filename() != name) {
            paths.push_back(pack);
        }
    }
    return detect::read_rules(paths);
}

Result<int> add_pack(const PackOptions& options) {
    GAC_TRY(content, Content::load());
    const base::SystemClock clock;
    const DataFolder folder(options.data);
    GAC_TRY(desk, ControlDesk::open(folder, clock));
    const pipeline::RulePacks packs(folder.rules());
    const std::filesystem::path path(options.path);
    const std::string name = options.name.empty() ? default_name(path) : options.name;
    GAC_TRY(files, pipeline::read_rule_archive(path));
    GAC_TRY(wanted,
            pipeline::make_import(std::move(files), name, options.version,
                                  path.filename().empty() ? path.parent_path().filename().string()
                                                          : path.filename().string(),
                                  clock.now()));
    GAC_TRY(beside, rules_beside(content, options, packs, name));
    detect::CompileOptions compile_options;
    compile_options.profiles = content.profiles;
    GAC_TRY(placeholders, content.placeholders({}));
    compile_options.placeholders = std::move(placeholders);
    GAC_TRY(change, packs.preview(wanted, beside, compile_options));
    options.json ? print_change_json(change) : print_change(change);
    std::fflush(stdout);
    if (!options.preview) {
        GAC_CHECK(packs.import(wanted, change, "cli", clock.now()));
        GAC_CHECK(audit_pack(*desk, "rule_pack.import", name, change.version,
                             change.previous.value_or("")));
    }
    fmt::print(stderr,
               "{} {} {}{}: {} added, {} changed, {} removed, {} same, {} refused, {} skipped\n",
               options.preview ? "would import" : "imported", name, change.version,
               change.previous ? " over " + *change.previous : "", change.added, change.changed,
               change.removed, change.same, change.refused, change.skipped);
    return change.refused == 0 ? kDone : kSomeFailed;
}

Result<int> list_packs(const PackOptions& options) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(options.data, ignored)) {
        return fail(Code::NotFound, "there is no such data folder",
                    std::filesystem::path(options.data).string());
    }
    const pipeline::RulePacks packs(DataFolder(options.data).rules());
    GAC_TRY(all, packs.list());
    for (const pipeline::RulePack& pack : all) {
        for (const pipeline::PackVersion& one : pack.versions) {
            const bool in_force = one.version == pack.version;
            const std::string at = base::format_rfc3339(one.imported_at);
            if (!options.json) {
                fmt::print("{} {:<16} {:<20} {:>6} rules  {}  by {} from {}\n",
                           in_force ? '*' : ' ', pack.name, one.version, one.rules, at,
                           one.imported_by, one.origin);
                continue;
            }
            std::string line = "{";
            for (const auto& [key, value] :
                 {std::pair<std::string_view, std::string_view>{"pack", pack.name},
                  {"version", one.version},
                  {"imported_at", at},
                  {"imported_by", one.imported_by},
                  {"origin", one.origin}}) {
                base::append_json_string(key, line);
                line += ':';
                base::append_json_string(value, line);
                line += ',';
            }
            fmt::print("{}\"rules\":{},\"in_force\":{}}}\n", line, one.rules, in_force);
        }
    }
    return kDone;
}

Result<int> use_pack(const PackOptions& options) {
    const base::SystemClock clock;
    const DataFolder folder(options.data);
    GAC_TRY(desk, ControlDesk::open(folder, clock));
    const pipeline::RulePacks packs(folder.rules());
    GAC_TRY(before, packs.find(options.name));
    GAC_TRY(after, packs.use(options.name, options.version));
    GAC_CHECK(audit_pack(*desk, "rule_pack.use", options.name, options.version, before.version));
    fmt::print(stderr, "pack {}: version {} is in force, before it was {}\n", after.name,
               after.version, before.version);
    return kDone;
}

Result<int> remove_pack(const PackOptions& options) {
    const base::SystemClock clock;
    const DataFolder folder(options.data);
    GAC_TRY(desk, ControlDesk::open(folder, clock));
    GAC_CHECK(pipeline::RulePacks(folder.rules()).remove(options.name, options.version));
    GAC_CHECK(audit_pack(*desk, "rule_pack.remove", options.name, options.version, ""));
    fmt::print(stderr, "removed {}{}{}\n", options.name, options.version.empty() ? "" : " ",
               options.version);
    return kDone;
}

Chosen run(Result<int> (*command)(const PackOptions&), std::shared_ptr<PackOptions> options) {
    return [command, options = std::move(options)] {
        const auto code = command(*options);
        return code ? *code : cannot_start(code.error());
    };
}

}  // namespace

void add_rule_packs(CLI::App& rules, Chosen& chosen) {
    const auto options = std::make_shared<PackOptions>();
    const auto data = [&](CLI::App* command) {
        command->add_option("--data", options->data, "Data folder of the server")->required();
    };
    CLI::App* add = rules.add_subcommand("add", "Import a collection of rules, or a newer version");
    add->add_option("path", options->path,
                    "zip, tar, tar.gz, tar.xz, tar.zst or folder, e.g. a Sigma release")
        ->required();
    data(add);
    add->add_option("--name", options->name,
                    "Name of the pack (default: sigmahq for sigma*, else the file's name)");
    add->add_option("--release", options->version,
                    "Name of the version (default: the release date, else the moment)");
    add->add_option("--rules", options->beside,
                    "Rules of your own that the server loads too, to find double ids");
    add->add_flag("--preview", options->preview,
                  "Only say what would be added, changed, removed, refused (default: off)");
    add->add_flag("--json", options->json, "One JSON object a rule that changes (default: off)");
    add->footer(
        "Examples:\n  gac rules add sigma_all_rules.zip --data var --preview\n"
        "  gac rules add sigma_all_rules.zip --data var --name sigmahq");
    add->callback([=, &chosen] { chosen = run(add_pack, options); });

    CLI::App* list =
        rules.add_subcommand("list", "Imported packs and their versions; * = in force");
    data(list);
    list->add_flag("--json", options->json, "One JSON object a version (default: off)");
    list->footer("Examples:\n  gac rules list --data var\n  gac rules list --data var --json");
    list->callback([=, &chosen] { chosen = run(list_packs, options); });

    CLI::App* use = rules.add_subcommand("use", "Put another kept version of a pack in force");
    use->add_option("pack", options->name, "Name of the pack")->required();
    use->add_option("version", options->version, "One of gac rules list")->required();
    data(use);
    use->footer(
        "Examples:\n  gac rules use sigmahq 2026-10-01 --data var\n"
        "  gac rules use own 20261122T101500Z --data var");
    use->callback([=, &chosen] { chosen = run(use_pack, options); });

    CLI::App* remove = rules.add_subcommand("remove", "Remove a pack, or a version not in force");
    remove->add_option("pack", options->name, "Name of the pack")->required();
    remove->add_option("version", options->version, "Only this version (default: the whole pack)");
    data(remove);
    remove->footer(
        "Examples:\n  gac rules remove sigmahq 2026-10-01 --data var\n"
        "  gac rules remove own --data var");
    remove->callback([=, &chosen] { chosen = run(remove_pack, options); });
}

}  // namespace gac::app
