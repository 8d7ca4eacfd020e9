// All settings of the server, from one YAML file (gac.yaml), overridden by GAC_… variables and then
// by options. Every key stands once, in the table of config.cc, with its meaning and default: the
// loader, `gac config check`, `gac config show` and the manual all read that table.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace gac::app {

// A file that the server follows (tail -F).
struct FollowedFile {
    std::string path;
    std::string source;
    std::string profile;  // empty: by shape
    std::string format;   // empty: the profile's
};

struct Config {
    std::filesystem::path data = "var/data";
    std::string http = "127.0.0.1:8443";
    std::string syslog = "127.0.0.1:5514";
    std::string syslog_tls;       // empty: off
    std::string tls_certificate;  // empty: self-signed, made on first start
    std::string tls_key;
    std::string zone = "Asia/Ho_Chi_Minh";
    std::string log_level = "info";
    std::vector<std::string> rules;  // files or folders beside the shipped ones
    bool shipped_rules = true;
    std::vector<std::string> indicators;   // files or folders of indicator lists
    std::vector<std::string> allow_lists;  // of what is no indicator whatever the others say
    bool hunt_new_indicators = true;
    std::int64_t hunt_days = 0;  // 0 = everything kept
    bool indicators_in_text = false;
    bool drill = true;            // play the sample night on first start
    std::int64_t shards = 0;      // 0: one a core
    std::int64_t queue_mib = 32;  // all shards together
    std::int64_t sync_ms = 20;    // group commit
    std::int64_t memtable_mib = 48;
    std::int64_t disk_reserve_mib = 256;  // refuse new events below this much free space
    std::int64_t event_bytes_max = 1 << 20;
    std::int64_t ingest_body_mib = 64;
    std::int64_t retention_level = 0;  // of the information system; 0: months as below
    std::int64_t retention_months = 0;
    std::vector<std::string> retention_by_source;  // "firewall=12"
    std::int64_t retention_gib_max = 0;
    std::string disk_full = "refuse";
    bool merge = true;
    std::int64_t merge_mib_per_second = 64;
    std::int64_t merge_level = 9;  // zstd
    std::vector<FollowedFile> follow;
};

// Reads `path` over the defaults; an error names file, line and key. Unknown keys are errors.
Result<Config> load_config(const std::filesystem::path& path);

// GAC_HTTP, GAC_DATA ... over what is there: the key in capitals.
Result<> apply_environment(Config& config);

// One key set from text, as an option does it.
Result<> set_key(Config& config, std::string_view key, std::string_view text);

// The whole file with every key, its meaning and the value in force.
std::string render_config(const Config& config);

}  // namespace gac::app
