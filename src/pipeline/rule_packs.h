// Imported collections of rules and their versions, each kept whole:
//   FOLDER/<pack>/current             name of the version in force
//   FOLDER/<pack>/<version>/…         its rule files, never changed once there
//   FOLDER/<pack>/<version>/.import   when, by whom and from what it was imported
// A version is written aside and renamed into place; `current` is replaced as a whole, so a reader
// sees the old pack or the new one. Several programs may read; one imports at a time. Any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "detect/rule_set.h"
#include "pipeline/rule_archive.h"

namespace gac::pipeline {

struct PackVersion {
    std::string version;
    base::TimePoint imported_at;
    std::string imported_by;
    std::string origin;  // name of the archive or folder
    std::size_t rules = 0;
};

struct RulePack {
    std::string name;
    std::string version;                // in force
    std::vector<PackVersion> versions;  // newest import first
};

// What somebody hands in, as far as it is rules.
struct PackImport {
    std::string name;
    std::string version;
    std::string origin;
    std::vector<detect::RuleText> texts;  // paths inside the pack
    struct Skipped {
        std::string path, id, title, reason;
        int line = 0;
    };
    std::vector<Skipped> skipped;  // no rules; or deprecated, unsupported
};

struct PackChange {
    enum class Kind : std::uint8_t { Added, Changed, Removed, Refused, Skipped };
    struct Rule {
        Kind kind = Kind::Added;
        std::string id, title, path, reason;
        int line = 0;
    };
    std::string name, version;
    std::optional<std::string> previous;  // version that is in force
    std::size_t added = 0, changed = 0, removed = 0, same = 0, refused = 0, skipped = 0;
    std::size_t loaded = 0;   // rules of the new version that load
    std::vector<Rule> rules;  // all but the same ones
};
std::string_view name_of(PackChange::Kind kind);

// Sorts out the files. An empty `version`: that of version.txt, else a release's date in the
// origin's name, else the moment.
Result<PackImport> make_import(std::vector<ArchiveFile> files, std::string name,
                               std::string version, std::string origin, base::TimePoint now);

class RulePacks {
public:
    static constexpr std::size_t kPacksMax = 50;
    static constexpr std::size_t kVersionsMax = 20;

    explicit RulePacks(std::filesystem::path folder) : folder_(std::move(folder)) {}

    Result<std::vector<RulePack>> list() const;  // by name
    Result<RulePack> find(std::string_view name) const;
    // Folders of the versions in force.
    std::vector<std::filesystem::path> in_force() const;
    // Name and version of the pack that a rule file of in_force() belongs to.
    std::optional<std::pair<std::string, std::string>> pack_of(std::string_view path) const;

    // What the import would change against the version in force. `others` are the rules that are
    // loaded beside the pack and go before it.
    Result<PackChange> preview(const PackImport& wanted, std::span<const detect::RuleText> others,
                               const detect::CompileOptions& options) const;
    // Writes the version and puts it in force. AlreadyExists when there is one of this name.
    Result<> import(const PackImport& wanted, const PackChange& change, std::string_view by,
                    base::TimePoint now) const;
    // Takes away what imports that were cut off left behind. import() does it too.
    void remove_leftovers() const;
    Result<RulePack> use(std::string_view name, std::string_view version) const;
    // One version that is not in force (else Conflict), or with "" the whole pack.
    Result<> remove(std::string_view name, std::string_view version) const;

private:
    std::filesystem::path folder_;
};

}  // namespace gac::pipeline
