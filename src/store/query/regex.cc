#include "store/query/regex.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace gac::store::query {

namespace {

constexpr std::int64_t kMemoryMax = 4 << 20;  // of one program
constexpr int kGroupsMax = 32;

// RE2 of this age knows named groups with a P only.
std::string with_p(std::string_view pattern) {
    std::string out;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        out += pattern[i];
        if (pattern[i] == '\\' && i + 1 < pattern.size()) {
            out += pattern[++i];
        } else if (pattern.substr(i).starts_with("(?<") && i + 3 < pattern.size()
                   && pattern[i + 3] != '=' && pattern[i + 3] != '!') {
            out += "?P";
            ++i;
        }
    }
    return out;
}

}  // namespace

struct Regex::Program {
    explicit Program(const std::string& pattern, const re2::RE2::Options& options)
        : re(pattern, options) {}
    re2::RE2 re;
};

Regex::~Regex() = default;

Result<std::shared_ptr<const Regex>> Regex::compile(std::string_view pattern) {
    if (pattern.size() > kPatternMax) {
        return fail(Code::InvalidArgument,
                    fmt::format("a regular expression of more than {} bytes", kPatternMax));
    }
    re2::RE2::Options options;
    options.set_case_sensitive(false);
    options.set_log_errors(false);
    options.set_max_mem(kMemoryMax);
    std::shared_ptr<Regex> out(new Regex);
    out->pattern_ = pattern;
    out->program_ = std::make_unique<Program>(with_p(pattern), options);
    const re2::RE2& re = out->program_->re;
    if (!re.ok()) {
        const bool backreference = re.error_code() == re2::RE2::ErrorBadEscape
                                   && re.error_arg().size() == 2 && re.error_arg()[1] >= '1'
                                   && re.error_arg()[1] <= '9';
        return fail(Code::InvalidArgument, backreference
                                               ? "a regular expression has no backreferences here"
                                               : "not a regular expression: " + re.error());
    }
    if (re.NumberOfCapturingGroups() >= kGroupsMax) {
        return fail(Code::InvalidArgument, fmt::format("more than {} groups", kGroupsMax - 1));
    }
    for (const auto& [name, group] : re.NamedCapturingGroups()) {
        out->names_.emplace_back(name, group);
    }
    std::ranges::sort(out->names_, {}, [](const auto& pair) { return pair.second; });
    return std::shared_ptr<const Regex>(std::move(out));
}

Result<std::shared_ptr<const Regex>> Regex::of_template(std::string_view pattern) {
    std::string out;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const char c = pattern[i];
        if (c == '{') {
            const std::size_t end = pattern.find('}', i);
            const std::string_view name =
                end == std::string_view::npos ? "" : pattern.substr(i + 1, end - i - 1);
            const bool good = !name.empty() && std::ranges::all_of(name, [](char n) {
                return (n >= 'a' && n <= 'z') || (n >= 'A' && n <= 'Z') || (n >= '0' && n <= '9')
                       || n == '_';
            });
            if (!good) {
                return fail(Code::InvalidArgument,
                            "a '{' without a name of letters, digits and _ and its '}'");
            }
            const bool last = end + 1 == pattern.size();
            out += fmt::format("(?P<{}>{})", name, last ? "\\S+" : "\\S+?");
            if (!last && pattern[end + 1] == '{') {
                return fail(Code::InvalidArgument, "something must stand between two names");
            }
            i = end;
        } else if (c == ' ') {
            out += "\\s+";
            while (i + 1 < pattern.size() && pattern[i + 1] == ' ') {
                ++i;
            }
        } else if (static_cast<unsigned char>(c) >= 0x80) {
            out += c;
        } else {
            out += re2::RE2::QuoteMeta(re2::StringPiece(&c, 1));
        }
    }
    return compile(out);
}

bool Regex::matches(std::string_view text) const {
    return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), program_->re);
}

bool Regex::capture(std::string_view text, int group, std::string_view& out) const {
    std::array<re2::StringPiece, kGroupsMax> groups;
    if (!program_->re.Match(re2::StringPiece(text.data(), text.size()), 0, text.size(),
                            re2::RE2::UNANCHORED, groups.data(), group + 1)) {
        return false;
    }
    const re2::StringPiece& taken = groups[static_cast<std::size_t>(group)];
    if (taken.data() == nullptr) {
        return false;
    }
    out = {taken.data(), taken.size()};
    return true;
}

}  // namespace gac::store::query
