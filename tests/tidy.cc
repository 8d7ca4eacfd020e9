// The house rules that a machine can check: layers (src/LAYERS), banned constructs with their
// replacement, length of lines and files, headers nobody includes. Prints each breach as file:line:
// what, and fails if there is any.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLineColumnsMax = 120;
constexpr std::size_t kFileLinesMax = 800;

struct Ban {
    std::string_view text;
    std::string_view instead;
};

constexpr Ban kBans[] = {
    {"std::regex", "use RE2"},
    {"using namespace std;", "name what you use"},
    {"<iostream>", "use fmt and base/log.h"},
    {"std::endl", "use \\n"},
    {"std::system(", "no shell; call the library"},
    {" ::system(", "no shell; call the library"},
    {"= system(", "no shell; call the library"},
    {"popen(", "no shell; call the library"},
    {"sprintf(", "use fmt"},
    {"strcpy(", "use std::string"},
    {"std::function<void()> &&", "pass by value"},
    {".detach()", "own the thread and join it"},
};

int breaches = 0;

void report(const fs::path& path, std::size_t line, std::string_view what) {
    fmt::print("{}:{}: {}\n", path.string(), line, what);
    ++breaches;
}

std::map<std::string, std::set<std::string>> read_layers(const fs::path& file) {
    std::map<std::string, std::set<std::string>> layers;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
        const std::size_t colon = line.find(':');
        if (line.starts_with('#') || colon == std::string::npos) {
            continue;
        }
        std::set<std::string> allowed;
        std::istringstream right(line.substr(colon + 1));
        for (std::string room; right >> room;) {
            allowed.insert(room);
        }
        std::istringstream left(line.substr(0, colon));
        for (std::string room; left >> room;) {
            layers[room] = allowed;
            layers[room].insert(room);
        }
    }
    return layers;
}

std::optional<std::string> included(std::string_view line) {
    constexpr std::string_view kInclude = "#include \"";
    if (!line.starts_with(kInclude)) {
        return std::nullopt;
    }
    line.remove_prefix(kInclude.size());
    return std::string(line.substr(0, line.find('"')));
}

void check_include(const fs::path& path, std::size_t number, const std::string& room,
                   const std::string& target,
                   const std::map<std::string, std::set<std::string>>& layers) {
    const std::size_t slash = target.find('/');
    if (slash == std::string::npos) {
        report(path, number, "include by full path from src/");
        return;
    }
    const std::string other = target.substr(0, slash);
    if (other == "..") {
        return;  // schema/*.def
    }
    const auto own = layers.find(room);
    if (own == layers.end()) {
        report(path, number, fmt::format("room '{}' does not stand in src/LAYERS", room));
        return;
    }
    if (!own->second.contains(other)) {
        report(path, number,
               fmt::format("room '{}' may not include room '{}' (src/LAYERS)", room, other));
    } else if (other != room && target.find('/', slash + 1) != std::string::npos) {
        report(path, number, fmt::format("'{}' is private to room '{}'", target, other));
    }
}

void check_file(const fs::path& path, const std::string& room,
                const std::map<std::string, std::set<std::string>>& layers,
                std::set<std::string>& used) {
    std::ifstream in(path);
    std::size_t number = 0;
    bool guarded = path.extension() != ".h";
    for (std::string line; std::getline(in, line);) {
        ++number;
        guarded = guarded || line == "#pragma once";
        if (line.size() > kLineColumnsMax && line.find("http") == std::string::npos
            && path.extension() != ".inc") {
            std::size_t columns = 0;
            for (const char c : line) {
                columns += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
            }
            if (columns > kLineColumnsMax) {
                report(path, number, fmt::format("line has {} columns", columns));
            }
        }
        if (line.ends_with(' ') || line.ends_with('\t') || line.ends_with('\r')) {
            report(path, number, "blank at the end of the line");
        }
        for (const Ban& ban : kBans) {
            if (line.find(ban.text) != std::string::npos) {
                report(path, number, fmt::format("'{}' is banned: {}", ban.text, ban.instead));
            }
        }
        if (line.find("TODO") != std::string::npos && line.find("TODO(#") == std::string::npos) {
            report(path, number, "a TODO names its issue: TODO(#123)");
        }
        if (const auto target = included(line)) {
            used.insert(*target);
            check_include(path, number, room, *target, layers);
        }
    }
    if (number > kFileLinesMax) {
        report(path, number, fmt::format("file has {} lines: split it", number));
    }
    if (!guarded) {
        report(path, 1, "header without #pragma once");
    }
}

}  // namespace

int main(int argc, char** argv) {
    const fs::path root = argc > 1 ? argv[1] : ".";
    const auto layers = read_layers(root / "src" / "LAYERS");
    std::set<std::string> used;
    std::vector<std::string> headers;
    std::size_t files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(root / "src")) {
        const fs::path& path = entry.path();
        if (path.extension() != ".h" && path.extension() != ".cc") {
            continue;
        }
        const fs::path relative = path.lexically_relative(root / "src");
        check_file(path, relative.begin()->string(), layers, used);
        if (path.extension() == ".h") {
            headers.push_back(relative.generic_string());
        }
        ++files;
    }
    for (const std::string& header : headers) {
        if (!used.contains(header)) {
            report(root / "src" / header, 1, "nobody includes this header");
        }
    }
    fmt::print("tidy: {} files, {} breaches\n", files, breaches);
    return breaches == 0 && files > 0 ? 0 : 1;
}
