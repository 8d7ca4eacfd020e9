// Random rules and events out of few words, so that they meet: for holding the engine against the
// reference.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "detect/fixture.h"

namespace gac::detect::testing {

class RandomRules {
public:
    explicit RandomRules(std::uint64_t seed) : random_(seed) {}

    std::size_t below(std::size_t n) {
        return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
    }
    bool chance(std::size_t of) { return below(of) == 0; }
    template <class T>
    const T& pick(const std::vector<T>& from) {
        return from[below(from.size())];
    }

    std::string field() { return pick(kFields); }

    std::string word() {
        std::string out = pick(kWords);
        while (chance(3)) {
            out += pick(kWords);
        }
        return out;
    }

    std::string rule(std::size_t number) {
        std::string out = "title: R\nid: rule-" + std::to_string(number) + "\nlogsource:\n";
        out += pick(kSources);
        out += "detection:\n";
        const std::size_t selections = 1 + below(4);
        for (std::size_t i = 0; i < selections; ++i) {
            out += "    " + name(i) + ":\n";
            selection(out);
        }
        out += "    condition: " + condition(selections, 0) + "\n";
        return out;
    }

    Fields event() {
        Fields out;
        for (const std::string& name : kFields) {
            if (chance(3)) {
                continue;
            }
            out.emplace_back(name, value());
        }
        if (!chance(8)) {
            out.emplace_back("Channel", pick(kChannels));
        }
        if (!chance(8)) {
            static const std::vector<Value> kIds = {
                std::int64_t{1},     std::int64_t{4688},
                std::string("4688"), std::int64_t{4624},
                std::int64_t{99},    std::string("01"),
                std::int64_t{13},    nullptr,
                std::string("x"),    std::vector<std::string>{"1", "4688"}};
            out.emplace_back("EventID", pick(kIds));
        }
        return out;
    }

private:
    static std::string name(std::size_t i) { return (i == 3 ? "_s" : "s") + std::to_string(i); }

    static std::string quoted(const std::string& text) {
        std::string out = "'";
        for (const char c : text) {
            out += c;
            if (c == '\'') {
                out += c;
            }
        }
        return out + "'";
    }

    std::string pattern() {
        std::string out;
        for (std::size_t i = 0; i < 1 + below(3); ++i) {
            static const std::vector<std::string> kMarks = {"*", "?", "\\\\", "\\*", "\\"};
            out += chance(4) ? pick(kMarks) : word();
        }
        return out;
    }

    void item(std::string& out, const std::string& indent) {
        static const std::vector<std::string> kModifiers = {"",
                                                            "",
                                                            "",
                                                            "|contains",
                                                            "|contains",
                                                            "|startswith",
                                                            "|endswith",
                                                            "|endswith",
                                                            "|contains|all",
                                                            "|cased",
                                                            "|cased|contains",
                                                            "|neq",
                                                            "|re",
                                                            "|re|i",
                                                            "|exists",
                                                            "|contains|windash",
                                                            "|gt",
                                                            "|lte",
                                                            "|fieldref",
                                                            "|fieldref|endswith",
                                                            "|cidr",
                                                            "|startswith|cased",
                                                            "|endswith|neq",
                                                            "|base64offset|contains",
                                                            "|contains|cased"};
        const std::string modifier = pick(kModifiers);
        out += indent + (chance(8) ? std::string("EventID") : field()) + modifier + ":";
        if (modifier == "|exists") {
            out += chance(2) ? " true\n" : " false\n";
            return;
        }
        if (modifier == "|gt" || modifier == "|lte") {
            out += " " + std::to_string(below(20)) + "\n";
            return;
        }
        if (modifier == "|cidr") {
            out += chance(2) ? " 10.0.0.0/8\n" : " 'fe80::/16'\n";
            return;
        }
        if (modifier.starts_with("|fieldref")) {
            out += " " + field() + "\n";
            return;
        }
        const bool many = modifier.contains("all") || chance(3);
        out += "\n";
        for (std::size_t i = 0; i < (many ? 2 + below(chance(6) ? 40 : 3) : 1); ++i) {
            std::string value;
            if (modifier.starts_with("|re")) {
                static const std::vector<std::string> kRegexes = {
                    "cmd\\.exe$", "^C:",   "(?i)POWER", "a[bc]+",  "\\d{2,}",
                    "(x|y)z",     ".{4,}", "é",         "EnC|nOp", "^$"};
                value = quoted(pick(kRegexes));
            } else if (modifier.empty() && chance(8)) {
                static const std::vector<std::string> kOdd = {"null", "true", "1", "4688",
                                                              "4624", "7.5",  "''"};
                value = pick(kOdd);
            } else if (modifier.contains("base64")) {
                value = quoted(pick(kWords));
            } else {
                value = quoted(pattern());
            }
            out += indent + "    - " + value + "\n";
        }
    }

    void selection(std::string& out) {
        const std::string indent(8, ' ');
        switch (below(6)) {
            case 0:  // list of maps
                for (std::size_t i = 0; i < 1 + below(3); ++i) {
                    std::string map;
                    item(map, indent + "  ");
                    map.replace(0, indent.size() + 2, indent + "- ");
                    out += map;
                }
                return;
            case 1:  // keywords
                for (std::size_t i = 0; i < 1 + below(3); ++i) {
                    out += indent + "- " + quoted(pattern() + word()) + "\n";
                }
                return;
            default: {
                std::vector<std::string> seen;
                for (std::size_t i = 0; i < 1 + below(3); ++i) {
                    std::string one;
                    item(one, indent);
                    const std::string key = one.substr(0, one.find(':'));
                    if (std::find(seen.begin(), seen.end(), key) == seen.end()) {
                        seen.push_back(key);
                        out += one;
                    }
                }
                return;
            }
        }
    }

    std::string condition(std::size_t selections, std::size_t depth) {
        switch (depth > 2 ? 0 : below(7)) {
            case 1:
                return "not (" + condition(selections, depth + 1) + ")";
            case 2:
                return "(" + condition(selections, depth + 1) + " and "
                       + condition(selections, depth + 1) + ")";
            case 3:
                return "(" + condition(selections, depth + 1) + " or not "
                       + condition(selections, depth + 1) + ")";
            case 4:
                return chance(2) ? "1 of s*" : "all of them";
            case 5:
                return std::to_string(1 + below(selections)) + " of them";
            case 6:
                return name(below(selections)) + " and not " + condition(selections, depth + 1);
            default:
                return name(below(selections));
        }
    }

    Value value() {
        switch (below(14)) {
            case 0:
                return nullptr;
            case 1:
                return static_cast<std::int64_t>(below(20));
            case 2:
                return 7.5;
            case 3:
                return chance(2);
            case 4:
                return std::vector<std::string>{word(), word()};
            case 5:
                return std::string();
            case 6:
                return std::string(chance(2) ? "10.1.2.3" : "fe80::1");
            case 7:
                return std::vector<std::string>{};
            default:
                return word();
        }
    }

    inline static const std::vector<std::string> kFields = {
        "Image", "CommandLine", "ParentImage", "TargetObject", "User", "Q"};
    inline static const std::vector<std::string> kChannels = {
        "Security", "security", "Microsoft-Windows-Sysmon/Operational", "System", "Invented"};
    inline static const std::vector<std::string> kSources = {
        "    product: windows\n", "    product: windows\n    category: process_creation\n",
        "    product: windows\n    service: security\n",
        "    product: windows\n    category: registry_set\n", "    category: process_creation\n"};
    inline static const std::vector<std::string> kWords = {
        "a",       "ab",    "b",     "C:\\",     "\\cmd.exe", "\\CMD.exe", "cmd.exe", "power",
        "Power",   " -enc", " /nop", " \u2013x", "é",         "É",         "xz",      "yz",
        "aGVsbG8", "hello", "\\",    "12",       "3",         "\u212a",    "İ",       "\"",
        "/",       "\n",    "{}",    "SHELL",    "shell"};

    std::mt19937_64 random_;
};

}  // namespace gac::detect::testing
