#include "pipeline/rule_packs.h"

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <map>
#include <set>

#include "base/file.h"
#include "base/text.h"
#include "base/uuid.h"

namespace gac::pipeline {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNameMax = 64;
constexpr std::size_t kToldMax = 10'000;
constexpr std::size_t kNoteBytesMax = 4096;
// A pack is written aside under such a name. One that is older than this was left by a process that
// ended on the way; a younger one may be another's work.
constexpr const char* kAside = ".new-";
constexpr std::chrono::minutes kLeftoverAge{10};

// Letters, digits, '.', '-', '_'; not hidden, so it is no path either.
Result<> check_word(std::string_view word, std::string_view what) {
    const bool fits = !word.empty() && word.size() <= kNameMax && word.front() != '.'
                      && word.front() != '-' && word != "current"
                      && std::ranges::all_of(word, [](char c) {
                             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                                    || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
                         });
    if (!fits) {
        return fail(
            Code::InvalidArgument,
            fmt::format("a {} has 1 to {} letters, digits, dots, hyphens and underlines and "
                        "begins with a letter or digit",
                        what, kNameMax),
            std::string(what));
    }
    return {};
}

// "r2025-10-01" or "2025-10-01" somewhere in the text.
std::string release_date(std::string_view text) {
    constexpr std::string_view kShape = "0000-00-00";
    for (std::size_t at = 0; at + kShape.size() <= text.size(); ++at) {
        bool fits = true;
        for (std::size_t i = 0; i < kShape.size() && fits; ++i) {
            const char c = text[at + i];
            fits = kShape[i] == '0' ? c >= '0' && c <= '9' : c == '-';
        }
        if (fits) {
            return std::string(text.substr(at, kShape.size()));
        }
    }
    return {};
}

std::string moment_name(base::TimePoint now) {
    std::string out;
    for (const char c : base::format_rfc3339(now).substr(0, 19)) {
        if (c != ':' && c != '-') {
            out += c;
        }
    }
    return out + "Z";
}

// Older and unfinished rules lie in folders of these names in the public collection.
bool is_left_out(const detect::RuleOutline& rule) {
    const std::string status = base::ascii_lower(rule.status);
    return status == "deprecated" || status == "unsupported";
}

std::string note_of(const PackImport& wanted, std::size_t rules, std::string_view by,
                    base::TimePoint now) {
    const auto line = [](std::string_view text) {
        std::string out(text);
        std::ranges::replace_if(out, [](char c) { return c == '\n' || c == '\r'; }, ' ');
        return out;
    };
    return fmt::format("{}\n{}\n{}\n{}\n", base::format_rfc3339(now), rules, line(by),
                       line(wanted.origin));
}

PackVersion read_note(const fs::path& folder) {
    PackVersion out;
    out.version = folder.filename().string();
    const auto text = base::read_file(folder / ".import", kNoteBytesMax);
    std::string_view rest = text ? std::string_view(*text) : std::string_view();
    std::array<std::string_view, 4> lines;
    for (std::string_view& line : lines) {
        line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    }
    out.imported_at = base::parse_rfc3339(lines[0]).value_or(base::TimePoint{});
    std::from_chars(lines[1].data(), lines[1].data() + lines[1].size(), out.rules);
    out.imported_by = lines[2];
    out.origin = lines[3];
    return out;
}

std::string current_of(const fs::path& pack) {
    const auto text = base::read_file(pack / "current", kNoteBytesMax);
    const std::string version(text ? base::trim(*text) : std::string_view());
    return check_word(version, "version") ? version : std::string();
}

std::vector<fs::path> folders_in(const fs::path& folder) {
    std::vector<fs::path> out;
    std::error_code fault;
    for (auto entry = fs::directory_iterator(folder, fault);
         !fault && entry != fs::directory_iterator(); entry.increment(fault)) {
        std::error_code ignored;
        if (entry->is_directory(ignored) && !entry->is_symlink(ignored)
            && check_word(entry->path().filename().string(), "name")) {
            out.push_back(entry->path());
        }
    }
    std::ranges::sort(out);
    return out;
}

Result<> make_folder(const fs::path& folder) {
    std::error_code fault;
    fs::create_directories(folder, fault);
    if (fault) {
        return fail(Code::Io, fault.message(), folder.string());
    }
    return {};
}

Result<> write_files(const fs::path& folder, const std::vector<detect::RuleText>& texts) {
    for (const detect::RuleText& text : texts) {
        const fs::path file = folder / text.path;
        GAC_CHECK(make_folder(file.parent_path()));
        GAC_TRY(fd, base::open_file(file, O_WRONLY | O_CREAT | O_EXCL));
        GAC_CHECK(base::write_all(fd, text.yaml));
    }
    return {};
}

// Everything of the file system that was written before, at once: a pack is thousands of files.
Result<> sync_file_system(const fs::path& folder) {
    GAC_TRY(fd, base::open_file(folder, O_RDONLY | O_DIRECTORY));
    if (::syncfs(fd.get()) != 0) {
        return base::fail_errno("write the pack to disk", errno);
    }
    return {};
}

// Rules of a version by key: id, or path where there is none.
struct Known {
    std::string id, title, path;
    std::string_view text;
};
std::map<std::string, Known> rules_of(std::span<const detect::RuleText> texts) {
    std::map<std::string, Known> out;
    for (const detect::RuleText& text : texts) {
        const auto rules = detect::outline(text);
        for (const detect::RuleOutline& rule : rules.value_or(std::vector<detect::RuleOutline>())) {
            if (rule.is_rule) {
                out.try_emplace(rule.id.empty() ? text.path : base::ascii_lower(rule.id),
                                Known{rule.id, rule.title, text.path, text.yaml});
            }
        }
    }
    return out;
}

}  // namespace

std::string_view name_of(PackChange::Kind kind) {
    constexpr std::array<std::string_view, 5> kNames = {"added", "changed", "removed", "refused",
                                                        "skipped"};
    return kNames.at(static_cast<std::size_t>(kind));
}

Result<PackImport> make_import(std::vector<ArchiveFile> files, std::string name,
                               std::string version, std::string origin, base::TimePoint now) {
    GAC_CHECK(check_word(name, "name"));
    PackImport out;
    out.name = std::move(name);
    out.origin = std::move(origin);
    std::string stated;
    for (ArchiveFile& file : files) {
        if (base::ascii_lower(file.path).ends_with("version.txt")) {
            stated = stated.empty() ? release_date(file.text) : stated;
            continue;
        }
        detect::RuleText text{std::move(file.path), std::move(file.text)};
        const auto rules = detect::outline(text);
        if (!rules) {
            // Its reason is told with the refused ones when it is compiled.
            out.texts.push_back(std::move(text));
            continue;
        }
        const bool any = std::ranges::any_of(*rules, &detect::RuleOutline::is_rule);
        const bool wanted = std::ranges::any_of(*rules, [](const detect::RuleOutline& rule) {
            return rule.is_rule && !is_left_out(rule);
        });
        if (wanted) {
            out.texts.push_back(std::move(text));
            continue;
        }
        PackImport::Skipped skipped{.path = text.path, .reason = "is no rule"};
        if (any) {
            const detect::RuleOutline& rule =
                *std::ranges::find_if(*rules, &detect::RuleOutline::is_rule);
            skipped = {text.path, rule.id, rule.title,
                       fmt::format("its status is {}", base::ascii_lower(rule.status)), rule.line};
        }
        out.skipped.push_back(std::move(skipped));
    }
    if (out.texts.empty()) {
        return fail(Code::InvalidArgument, "holds no rules", out.origin);
    }
    stated = stated.empty() ? release_date(out.origin) : stated;
    out.version = !version.empty()  ? std::move(version)
                  : !stated.empty() ? stated
                                    : moment_name(now);
    GAC_CHECK(check_word(out.version, "version"));
    return out;
}

Result<std::vector<RulePack>> RulePacks::list() const {
    std::vector<RulePack> out;
    for (const fs::path& pack : folders_in(folder_)) {
        RulePack one;
        one.name = pack.filename().string();
        one.version = current_of(pack);
        for (const fs::path& version : folders_in(pack)) {
            one.versions.push_back(read_note(version));
        }
        std::ranges::sort(one.versions, [](const PackVersion& a, const PackVersion& b) {
            return a.imported_at != b.imported_at ? a.imported_at > b.imported_at
                                                  : a.version > b.version;
        });
        if (!one.versions.empty()) {
            out.push_back(std::move(one));
        }
    }
    return out;
}

Result<RulePack> RulePacks::find(std::string_view name) const {
    GAC_TRY(all, list());
    const auto found = std::ranges::find(all, name, &RulePack::name);
    if (found == all.end()) {
        return fail(Code::NotFound, fmt::format("there is no pack \"{}\"", name), "name");
    }
    return std::move(*found);
}

std::vector<fs::path> RulePacks::in_force() const {
    std::vector<fs::path> out;
    for (const fs::path& pack : folders_in(folder_)) {
        std::error_code ignored;
        const std::string version = current_of(pack);
        if (!version.empty() && fs::is_directory(pack / version, ignored)) {
            out.push_back(pack / version);
        }
    }
    return out;
}

std::optional<std::pair<std::string, std::string>> RulePacks::pack_of(std::string_view path) const {
    const std::string root = folder_.string() + "/";
    if (folder_.empty() || !path.starts_with(root)) {
        return std::nullopt;
    }
    path.remove_prefix(root.size());
    const std::string_view name = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(name.size() + 1, path.size()));
    return std::pair{std::string(name), std::string(path.substr(0, path.find('/')))};
}

Result<PackChange> RulePacks::preview(const PackImport& wanted,
                                      std::span<const detect::RuleText> others,
                                      const detect::CompileOptions& options) const {
    PackChange out;
    out.name = wanted.name;
    out.version = wanted.version;
    const auto tell = [&](PackChange::Rule rule) {
        if (out.rules.size() < kToldMax) {
            out.rules.push_back(std::move(rule));
        }
    };
    std::vector<detect::RuleText> before;
    if (const std::string version = current_of(folder_ / wanted.name); !version.empty()) {
        out.previous = version;
        const fs::path folder[] = {folder_ / wanted.name / version};
        GAC_TRY(texts, detect::read_rules(folder));
        before = std::move(texts);
    }

    std::vector<detect::RuleText> all(others.begin(), others.end());
    const std::string prefix = wanted.name + ":";  // no path of the others begins so
    for (const detect::RuleText& text : wanted.texts) {
        all.push_back({prefix + text.path, text.yaml});
    }
    std::vector<detect::RuleFault> faults;
    GAC_TRY(set, detect::compile(all, options, &faults));
    out.loaded = static_cast<std::size_t>(std::ranges::count_if(
        set->rules(), [&](const auto& rule) { return rule->path.starts_with(prefix); }));
    std::set<std::string> refused;
    for (detect::RuleFault& fault : faults) {
        if (fault.warning || !fault.path.starts_with(prefix)) {
            continue;
        }
        ++out.refused;
        std::string path = fault.path.substr(prefix.size());
        refused.insert(fault.id.empty() ? path : base::ascii_lower(fault.id));
        tell({PackChange::Kind::Refused, std::move(fault.id), std::move(fault.title),
              std::move(path), std::move(fault.reason), fault.line});
    }
    const auto old_rules = rules_of(before);
    const auto new_rules = rules_of(wanted.texts);
    for (const auto& [key, rule] : new_rules) {
        const auto old = old_rules.find(key);
        if (refused.contains(key)) {
            continue;  // told above
        }
        if (old == old_rules.end()) {
            ++out.added;
            tell({PackChange::Kind::Added, rule.id, rule.title, rule.path, {}, 0});
        } else if (old->second.text != rule.text) {
            ++out.changed;
            tell({PackChange::Kind::Changed, rule.id, rule.title, rule.path, {}, 0});
        } else {
            ++out.same;
        }
    }
    for (const auto& [key, rule] : old_rules) {
        if (!new_rules.contains(key)) {
            ++out.removed;
            const std::string root = (folder_ / wanted.name / *out.previous).string() + "/";
            tell({PackChange::Kind::Removed,
                  rule.id,
                  rule.title,
                  rule.path.substr(root.size()),
                  {},
                  0});
        }
    }
    out.skipped = wanted.skipped.size();
    for (const PackImport::Skipped& one : wanted.skipped) {
        tell({PackChange::Kind::Skipped, one.id, one.title, one.path, one.reason, one.line});
    }
    return out;
}

Result<> RulePacks::import(const PackImport& wanted, const PackChange& change, std::string_view by,
                           base::TimePoint now) const {
    GAC_CHECK(check_word(wanted.name, "name"));
    GAC_CHECK(check_word(wanted.version, "version"));
    if (change.loaded == 0) {
        return fail(Code::InvalidArgument, "none of its rules can be loaded", wanted.origin);
    }
    const fs::path pack = folder_ / wanted.name;
    std::error_code ignored;
    if (fs::exists(pack / wanted.version, ignored)) {
        return fail(Code::AlreadyExists,
                    fmt::format("pack {} has a version {} already: use it, remove it, or give this "
                                "one another name",
                                wanted.name, wanted.version),
                    "version");
    }
    if (!fs::exists(pack, ignored) && folders_in(folder_).size() >= kPacksMax) {
        return fail(Code::LimitExceeded, fmt::format("there are {} packs already", kPacksMax));
    }
    if (folders_in(pack).size() >= kVersionsMax) {
        return fail(Code::LimitExceeded, fmt::format("pack {} has {} versions: remove old ones",
                                                     wanted.name, kVersionsMax));
    }
    remove_leftovers();
    const fs::path aside = pack / (kAside + base::Uuid::make(now).text());
    GAC_CHECK(make_folder(aside));
    const auto write = [&]() -> Result<> {
        GAC_CHECK(write_files(aside, wanted.texts));
        GAC_CHECK(
            base::write_file_atomic(aside / ".import", note_of(wanted, change.loaded, by, now)));
        GAC_CHECK(sync_file_system(aside));
        std::error_code fault;
        fs::rename(aside, pack / wanted.version, fault);
        if (fault) {
            return fail(Code::Io, fault.message(), (pack / wanted.version).string());
        }
        GAC_CHECK(base::sync_folder(pack));
        return base::write_file_atomic(pack / "current", wanted.version + "\n");
    };
    auto done = write();
    fs::remove_all(aside, ignored);
    if (!done && current_of(pack) != wanted.version) {
        fs::remove_all(pack / wanted.version, ignored);
        fs::remove(pack, ignored);  // of a first import, which leaves it empty
    }
    return done;
}

void RulePacks::remove_leftovers() const {
    for (const fs::path& pack : folders_in(folder_)) {
        std::error_code fault;
        std::vector<fs::path> old;
        for (auto entry = fs::directory_iterator(pack, fault);
             !fault && entry != fs::directory_iterator(); entry.increment(fault)) {
            std::error_code unknown;
            const auto changed = entry->last_write_time(unknown);
            if (!unknown && entry->path().filename().string().starts_with(kAside)
                && changed < fs::file_time_type::clock::now() - kLeftoverAge) {
                old.push_back(entry->path());
            }
        }
        for (const fs::path& folder : old) {
            fs::remove_all(folder, fault);
        }
        if (!old.empty()) {
            fs::remove(pack, fault);  // when nothing else is in it
        }
    }
}

Result<RulePack> RulePacks::use(std::string_view name, std::string_view version) const {
    GAC_TRY(pack, find(name));
    if (std::ranges::find(pack.versions, version, &PackVersion::version) == pack.versions.end()) {
        return fail(Code::NotFound, fmt::format("pack {} has no version \"{}\"", name, version),
                    "version");
    }
    GAC_CHECK(
        base::write_file_atomic(folder_ / pack.name / "current", std::string(version) + "\n"));
    return find(name);
}

Result<> RulePacks::remove(std::string_view name, std::string_view version) const {
    GAC_TRY(pack, find(name));
    std::error_code fault;
    if (version.empty()) {
        // First out of force, so that nobody reads a half.
        fs::remove(folder_ / pack.name / "current", fault);
        if (!fault) {
            fs::remove_all(folder_ / pack.name, fault);
        }
    } else {
        if (std::ranges::find(pack.versions, version, &PackVersion::version)
            == pack.versions.end()) {
            return fail(Code::NotFound, fmt::format("pack {} has no version \"{}\"", name, version),
                        "version");
        }
        if (version == pack.version) {
            return fail(Code::Conflict, "this version is in force: put another one in force first",
                        "version");
        }
        fs::remove_all(folder_ / pack.name / version, fault);
    }
    if (fault) {
        return fail(Code::Io, fault.message(), (folder_ / pack.name).string());
    }
    return {};
}

}  // namespace gac::pipeline
