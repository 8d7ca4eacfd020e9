#include "app/config.h"

#include <yaml-cpp/yaml.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <variant>

#include <fmt/format.h>

#include "base/file.h"
#include "base/text.h"

namespace gac::app {

namespace {

using Member = std::variant<std::string Config::*, std::filesystem::path Config::*, bool Config::*,
                            std::int64_t Config::*, std::vector<std::string> Config::*>;

struct Key {
    std::string_view name;
    Member member;
    std::string_view meaning;
    std::int64_t least = 0;
    std::int64_t most = 0;
};

const std::array kKeys = {
    Key{"data", &Config::data,
        "folder of the event history, the control database, keys and certificates"},
    Key{"http", &Config::http,
        "address and port of the console and the HTTP interface (TLS); port 0 picks a free one"},
    Key{"syslog", &Config::syslog,
        "address and port for syslog over UDP and TCP; empty switches it off"},
    Key{"syslog_tls", &Config::syslog_tls,
        "address and port for syslog over TLS (RFC 5425); empty switches it off"},
    Key{"tls_certificate", &Config::tls_certificate,
        "PEM certificate chain; empty: self-signed, made on first start"},
    Key{"tls_key", &Config::tls_key, "PEM private key of that certificate"},
    Key{"zone", &Config::zone, "time zone of sources that do not state one"},
    Key{"log_level", &Config::log_level, "debug, info, warn or error"},
    Key{"rules", &Config::rules, "files or folders of Sigma rules to load beside the shipped ones"},
    Key{"shipped_rules", &Config::shipped_rules, "load the rules that come with the program"},
    Key{"indicators", &Config::indicators,
        "files or folders of indicator lists (docs/indicators.md); changes are taken up as they "
        "come"},
    Key{"allow_lists", &Config::allow_lists,
        "files or folders of lists of what never counts as an indicator"},
    Key{"indicators_in_text", &Config::indicators_in_text,
        "look for indicators in message texts as well, also in forms like hxxp and [.]"},
    Key{"hunt_new_indicators", &Config::hunt_new_indicators,
        "hold what is new in the lists against the history, and open alerts for what is found"},
    Key{"hunt_days", &Config::hunt_days, "how many days back that goes; 0: everything that is kept",
        0, 36500},
    Key{"drill", &Config::drill, "play the sample night as a drill on the first start"},
    Key{"shards", &Config::shards, "worker threads for decoding and detection; 0: one a core", 0,
        256},
    Key{"queue_mib", &Config::queue_mib, "input waiting for a worker, all together, in MiB", 1,
        65536},
    Key{"sync_ms", &Config::sync_ms,
        "longest wait before events are forced to disk and acknowledged, in ms", 1, 1000},
    Key{"memtable_mib", &Config::memtable_mib,
        "newest events held in memory before a segment is written, in MiB", 1, 16384},
    Key{"disk_reserve_mib", &Config::disk_reserve_mib,
        "below this much free space new events are refused, in MiB", 1, 1 << 20},
    Key{"event_bytes_max", &Config::event_bytes_max,
        "longest event in bytes; longer ones are cut and marked", 1024, 64 << 20},
    Key{"ingest_body_mib", &Config::ingest_body_mib,
        "largest body of one ingest request, unpacked, in MiB", 1, 1024},
    Key{"retention_level", &Config::retention_level,
        "level (1 to 5) of the information system: events are kept as many months as the "
        "regulation in force says for it; 0: as retention_months says",
        0, 5},
    Key{"retention_months", &Config::retention_months,
        "months (of 31 days) that events are kept; 0: by retention_level, or for ever", 0, 1200},
    Key{"retention_by_source", &Config::retention_by_source,
        "sources that are kept longer or shorter: source=months, 0 months for ever"},
    Key{"retention_gib_max", &Config::retention_gib_max,
        "largest size of the event history, in GiB: beyond, the oldest events go; 0: no limit", 0,
        1 << 20},
    Key{"disk_full", &Config::disk_full,
        "what happens when the disk is full: refuse (new events), or oldest-first (delete the "
        "oldest that are not under legal hold)"},
    Key{"merge", &Config::merge, "merge segments in the background"},
    Key{"merge_mib_per_second", &Config::merge_mib_per_second,
        "how much merging may read and write, in MiB a second; 0: no limit", 0, 65536},
    Key{"merge_level", &Config::merge_level, "zstd level of merged segments", 1, 19},
};

const Key* find_key(std::string_view name) {
    for (const Key& key : kKeys) {
        if (key.name == name) {
            return &key;
        }
    }
    return nullptr;
}

Result<> assign(Config& config, const Key& key, std::string_view text) {
    if (const auto* member = std::get_if<std::string Config::*>(&key.member)) {
        config.*(*member) = std::string(text);
    } else if (const auto* path = std::get_if<std::filesystem::path Config::*>(&key.member)) {
        config.*(*path) = std::string(text);
    } else if (const auto* list = std::get_if<std::vector<std::string> Config::*>(&key.member)) {
        (config.*(*list)).emplace_back(text);
    } else if (const auto* truth = std::get_if<bool Config::*>(&key.member)) {
        const std::string word = base::ascii_lower(text);
        if (word != "true" && word != "false") {
            return fail(Code::InvalidArgument,
                        fmt::format("key \"{}\" takes true or false, not \"{}\"", key.name, text));
        }
        config.*(*truth) = word == "true";
    } else {
        std::int64_t number = 0;
        const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (fault != std::errc{} || end != text.data() + text.size() || number < key.least
            || number > key.most) {
            return fail(Code::InvalidArgument,
                        fmt::format("key \"{}\" takes a whole number from {} to {}, not \"{}\"",
                                    key.name, key.least, key.most, text));
        }
        config.*std::get<std::int64_t Config::*>(key.member) = number;
    }
    return {};
}

std::string place(const std::filesystem::path& path, const YAML::Mark& mark) {
    return fmt::format("{}:{}", path.string(), mark.line + 1);
}

Result<FollowedFile> read_followed(const YAML::Node& node, const std::filesystem::path& path) {
    FollowedFile file;
    if (!node.IsMap()) {
        return fail(Code::InvalidArgument,
                    "key \"follow\" takes a list of {path, source, profile, format}",
                    place(path, node.Mark()));
    }
    for (const auto& entry : node) {
        const auto name = entry.first.as<std::string>();
        const auto value = entry.second.as<std::string>();
        if (name == "path") {
            file.path = value;
        } else if (name == "source") {
            file.source = value;
        } else if (name == "profile") {
            file.profile = value;
        } else if (name == "format") {
            file.format = value;
        } else {
            return fail(Code::InvalidArgument, fmt::format("unknown key \"follow.{}\"", name),
                        place(path, entry.first.Mark()));
        }
    }
    if (file.path.empty() || file.source.empty()) {
        return fail(Code::InvalidArgument, "each entry of \"follow\" needs path and source",
                    place(path, node.Mark()));
    }
    return file;
}

Result<> read_entry(Config& config, const std::string& name, const YAML::Node& value,
                    const std::filesystem::path& path) {
    if (name == "follow") {
        for (const auto& element : value) {
            GAC_TRY(file, read_followed(element, path));
            config.follow.push_back(std::move(file));
        }
        return {};
    }
    const Key* key = find_key(name);
    if (key == nullptr) {
        return fail(Code::InvalidArgument,
                    fmt::format("unknown key \"{}\"; gac config show lists all", name));
    }
    if (value.IsSequence()
        && std::holds_alternative<std::vector<std::string> Config::*>(key->member)) {
        for (const auto& element : value) {
            GAC_CHECK(assign(config, *key, element.as<std::string>()));
        }
        return {};
    }
    if (!value.IsScalar() && !value.IsNull()) {
        return fail(Code::InvalidArgument, fmt::format("key \"{}\" takes one value", name));
    }
    return assign(config, *key, value.IsNull() ? "" : value.as<std::string>());
}

}  // namespace

Result<Config> load_config(const std::filesystem::path& path) {
    GAC_TRY(text, base::read_file(path, 1 << 20));
    Config config;
    try {
        const YAML::Node root = YAML::Load(text);
        if (root.IsNull()) {
            return config;
        }
        if (!root.IsMap()) {
            return fail(Code::InvalidArgument, "the file must hold keys and values",
                        place(path, root.Mark()));
        }
        for (const auto& entry : root) {
            auto read = read_entry(config, entry.first.as<std::string>(), entry.second, path);
            if (!read) {
                Error error = std::move(read).error();
                if (error.where.empty()) {
                    error.where = place(path, entry.first.Mark());
                }
                return std::unexpected(std::move(error));
            }
        }
    } catch (const YAML::Exception& fault) {
        return fail(Code::InvalidArgument, fault.msg, place(path, fault.mark));
    }
    return config;
}

Result<> apply_environment(Config& config) {
    for (const Key& key : kKeys) {
        std::string name = "GAC_";
        for (const char c : key.name) {
            name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        }
        if (const char* value = std::getenv(name.c_str())) {
            auto done = assign(config, key, value);
            if (!done) {
                return std::unexpected(base::at(name, std::move(done).error()));
            }
        }
    }
    return {};
}

Result<> set_key(Config& config, std::string_view key, std::string_view text) {
    const Key* found = find_key(key);
    if (found == nullptr) {
        return fail(Code::InvalidArgument, fmt::format("unknown key \"{}\"", key));
    }
    return assign(config, *found, text);
}

std::string render_config(const Config& config) {
    std::string out;
    for (const Key& key : kKeys) {
        out += fmt::format("# {}\n{}:", key.meaning, key.name);
        if (const auto* member = std::get_if<std::string Config::*>(&key.member)) {
            out += fmt::format(" \"{}\"\n", config.*(*member));
        } else if (const auto* path = std::get_if<std::filesystem::path Config::*>(&key.member)) {
            out += fmt::format(" \"{}\"\n", (config.*(*path)).string());
        } else if (const auto* truth = std::get_if<bool Config::*>(&key.member)) {
            out += fmt::format(" {}\n", config.*(*truth));
        } else if (const auto* number = std::get_if<std::int64_t Config::*>(&key.member)) {
            out += fmt::format(" {}\n", config.*(*number));
        } else {
            const auto& list = config.*std::get<std::vector<std::string> Config::*>(key.member);
            out += list.empty() ? " []\n" : "\n";
            for (const std::string& element : list) {
                out += fmt::format("  - \"{}\"\n", element);
            }
        }
    }
    out +=
        "# files to follow, as tail -F does; profile and format are by shape when left "
        "out\nfollow:";
    out += config.follow.empty() ? " []\n" : "\n";
    for (const FollowedFile& file : config.follow) {
        out +=
            fmt::format("  - {{path: \"{}\", source: \"{}\", profile: \"{}\", format: \"{}\"}}\n",
                        file.path, file.source, file.profile, file.format);
    }
    return out;
}

}  // namespace gac::app
