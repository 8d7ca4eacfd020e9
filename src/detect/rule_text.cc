#include "detect/rule_text.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include <fmt/format.h>

#include "base/file.h"
#include "base/yaml.h"

namespace gac::detect {

namespace {

constexpr std::size_t kFileBytesMax = 4 << 20;

std::string stamp_of(const struct stat& about) {
    // The time of change cannot be set by hand.
    const std::array<std::int64_t, 6> parts{
        static_cast<std::int64_t>(about.st_size),
        about.st_mtim.tv_sec * 1'000'000'000 + about.st_mtim.tv_nsec,
        about.st_ctim.tv_sec * 1'000'000'000 + about.st_ctim.tv_nsec,
        static_cast<std::int64_t>(about.st_ino),
        static_cast<std::int64_t>(about.st_dev),
        static_cast<std::int64_t>(about.st_mode)};
    return {reinterpret_cast<const char*>(parts.data()), sizeof parts};
}

struct CloseFolder {
    void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

// Goes through folders by their descriptors and asks for each file once: of thousands of files the
// paths are what costs.
class Lister {
public:
    explicit Lister(std::vector<RuleText>& out) : out_(out) {}

    Result<> add(const std::filesystem::path& path) {
        struct stat about{};
        if (::stat(path.c_str(), &about) != 0) {
            return fail(Code::Io, std::generic_category().message(errno), path.string());
        }
        if (!S_ISDIR(about.st_mode)) {
            put(path.string(), about);
            return {};
        }
        std::string prefix = path.string();
        if (!prefix.ends_with('/')) {
            prefix += '/';
        }
        return walk(AT_FDCWD, path.c_str(), prefix, 0);
    }

private:
    struct Entry {
        std::string name;
        bool folder = false;
        struct stat about{};
    };

    void put(std::string path, const struct stat& about) {
        out_.push_back(
            {.path = std::move(path), .yaml = {}, .stamp = stamp_of(about), .unreadable = {}});
    }

    Result<> walk(int above, const char* name, const std::string& prefix, int depth) {
        if (depth > kFoldersMax) {
            return fail(Code::LimitExceeded,
                        fmt::format("more than {} folders in each other", kFoldersMax), prefix);
        }
        // A link to a folder counts only where it was named itself.
        const int fd = ::openat(above, name,
                                O_RDONLY | O_DIRECTORY | O_CLOEXEC | (depth > 0 ? O_NOFOLLOW : 0));
        const Folder folder(fd < 0 ? nullptr : ::fdopendir(fd));
        if (!folder) {
            const int fault = errno;
            if (fd >= 0) {
                ::close(fd);
            }
            return fail(Code::Io, std::generic_category().message(fault), prefix);
        }
        std::vector<Entry> entries;
        for (;;) {
            errno = 0;
            const dirent* entry = ::readdir(folder.get());
            if (entry == nullptr) {
                if (errno != 0) {
                    return fail(Code::Io, std::generic_category().message(errno), prefix);
                }
                break;
            }
            look_at(fd, *entry, entries);
        }
        std::ranges::sort(entries, {}, &Entry::name);  // depth first: the order of the paths
        for (const Entry& entry : entries) {
            if (entry.folder) {
                GAC_CHECK(walk(fd, entry.name.c_str(), prefix + entry.name + '/', depth + 1));
            } else {
                put(prefix + entry.name, entry.about);
            }
        }
        return {};
    }

    static void look_at(int folder, const dirent& entry, std::vector<Entry>& out) {
        const std::string_view name = entry.d_name;
        if (name == "." || name == "..") {
            return;
        }
        Entry found;
        found.folder = entry.d_type == DT_DIR;
        if (entry.d_type == DT_UNKNOWN) {
            struct stat about{};
            found.folder = ::fstatat(folder, entry.d_name, &about, AT_SYMLINK_NOFOLLOW) == 0
                           && S_ISDIR(about.st_mode);
        }
        // ".yml" alone is a hidden file without an extension.
        const std::size_t dot = name.rfind('.');
        const bool rule = dot != std::string_view::npos && dot > 0
                          && (name.substr(dot) == ".yml" || name.substr(dot) == ".yaml");
        if (!found.folder
            && (!rule || ::fstatat(folder, entry.d_name, &found.about, 0) != 0
                || !S_ISREG(found.about.st_mode))) {
            return;
        }
        found.name = name;
        out.push_back(std::move(found));
    }

    static constexpr int kFoldersMax = 100;
    std::vector<RuleText>& out_;
};

}  // namespace

Result<std::string> read_rule(const std::string& path) {
    return base::read_file(path, kFileBytesMax);
}

Result<std::vector<RuleText>> read_rules(std::span<const std::filesystem::path> paths) {
    GAC_TRY(out, list_rules(paths));
    for (RuleText& file : out) {
        file.stamp.clear();
        auto text = read_rule(file.path);
        if (text) {
            file.yaml = *std::move(text);
        } else {
            file.unreadable = text.error().text;
        }
    }
    return out;
}

Result<std::vector<RuleText>> list_rules(std::span<const std::filesystem::path> paths) {
    std::vector<RuleText> out;
    Lister lister(out);
    for (const std::filesystem::path& path : paths) {
        GAC_CHECK(lister.add(path));
    }
    return out;
}

Result<Placeholders> read_placeholders(const std::filesystem::path& path) {
    GAC_TRY(text, base::read_file(path, kFileBytesMax));
    auto roots = base::parse_yaml(text, {});
    if (!roots) {
        return std::unexpected(base::at(path.string(), std::move(roots).error()));
    }
    Placeholders out;
    for (const base::Yaml& root : *roots) {
        if (!root.is_map()) {
            return fail(Code::InvalidArgument, "must be a map of names to lists",
                        fmt::format("{}:{}", path.string(), root.line));
        }
        for (const auto& [name, list] : root.pairs) {
            std::vector<std::string>& values = out[name.text];
            if (list.is_scalar() && !list.is_null()) {
                values.push_back(list.text);
            }
            for (const base::Yaml& value : list.items) {
                if (!value.is_scalar()) {
                    return fail(Code::InvalidArgument, "a list must hold texts",
                                fmt::format("{}:{}", path.string(), value.line));
                }
                values.push_back(value.text);
            }
        }
    }
    return out;
}

Result<std::vector<RuleOutline>> outline(const RuleText& text) {
    auto roots = base::parse_yaml(text.yaml, {});
    if (!roots) {
        return std::unexpected(base::at(text.path, std::move(roots).error()));
    }
    std::vector<RuleOutline> out;
    for (const base::Yaml& root : *roots) {
        RuleOutline& one = out.emplace_back();
        one.line = root.line;
        if (!root.is_map()) {
            continue;
        }
        const auto take = [&](std::string_view key, std::string& into) {
            if (const base::Yaml* node = root.find(key)) {
                into = node->text;
            }
        };
        take("id", one.id);
        take("title", one.title);
        take("status", one.status);
        one.is_rule = root.find("detection") != nullptr || root.find("correlation") != nullptr
                      || root.find("filter") != nullptr;
    }
    return out;
}

}  // namespace gac::detect
