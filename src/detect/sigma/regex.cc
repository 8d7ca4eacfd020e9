#include "detect/sigma/regex.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace gac::detect::sigma {

struct Regex::Engine {
    explicit Engine(const std::string& pattern, const re2::RE2::Options& options)
        : expression(pattern, options) {}
    re2::RE2 expression;
};

namespace {

constexpr int kNeedleBytesMin = 3;
constexpr std::size_t kNeedlesMax = 64;

re2::RE2::Options options_of(const RegexFlags& flags) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_never_capture(true);
    options.set_case_sensitive(!flags.ignore_case);
    options.set_dot_nl(flags.dot_matches_newline);
    options.set_max_mem(8 << 20);
    return options;
}

// The n of ".{n,}" or "(.){n,}" as the whole expression. A search for it would keep hundreds of
// automaton states alive at every sign of a long text.
std::optional<std::size_t> pure_length(std::string_view pattern) {
    for (const std::string_view head : {".{", "(.){", "(?:.){"}) {
        if (pattern.starts_with(head) && pattern.ends_with(",}")) {
            const std::string_view digits =
                pattern.substr(head.size(), pattern.size() - head.size() - 2);
            std::size_t n = 0;
            const auto [end, fault] =
                std::from_chars(digits.data(), digits.data() + digits.size(), n);
            if (fault == std::errc{} && end == digits.data() + digits.size() && n > 0) {
                return n;
            }
        }
    }
    return std::nullopt;
}

std::vector<std::string> needles_of(const std::string& pattern, const re2::RE2::Options& options) {
    re2::FilteredRE2 filter(kNeedleBytesMin);
    int id = 0;
    if (filter.Add(pattern, options, &id) != re2::RE2::NoError) {
        return {};
    }
    std::vector<std::string> needles;
    filter.Compile(&needles);
    // When the expression can pass with none of its literals found, they prove nothing.
    std::vector<int> passing;
    filter.AllPotentials({}, &passing);
    if (!passing.empty() || needles.size() > kNeedlesMax) {
        return {};
    }
    return needles;
}

}  // namespace

// In this language ^ and $ are the ends of the text unless the pattern says (?m).
Regex::Regex(std::string_view pattern, const RegexFlags& flags)
    : pattern_((flags.multiline ? "(?m)" : "") + std::string(pattern)), flags_(flags) {}
Regex::~Regex() = default;

const Regex::Engine& Regex::engine() const {
    std::call_once(built_,
                   [&] { engine_ = std::make_unique<Engine>(pattern_, options_of(flags_)); });
    return *engine_;
}

Result<std::shared_ptr<const Regex>> Regex::compile(std::string_view pattern,
                                                    const RegexFlags& flags) {
    std::shared_ptr<Regex> regex(new Regex(pattern, flags));
    if (!regex->engine().expression.ok()) {
        return fail(Code::InvalidArgument,
                    "invalid regular expression: " + regex->engine().expression.error());
    }
    Known& known = regex->known_;
    if (const auto signs = pure_length(pattern); signs && !flags.dot_matches_newline) {
        known.line_signs_min = *signs;
        known.bytes_min = *signs;
    } else {
        known.needles = needles_of(regex->pattern_, options_of(flags));
        if (!known.needles.empty()) {
            known.bytes_min =
                std::ranges::min(known.needles, {}, [](const auto& n) { return n.size(); }).size();
        }
    }
    return std::shared_ptr<const Regex>(std::move(regex));
}

std::shared_ptr<const Regex> Regex::of_known(std::string_view pattern, const RegexFlags& flags,
                                             Known known) {
    std::shared_ptr<Regex> regex(new Regex(pattern, flags));
    regex->known_ = std::move(known);
    return regex;
}

bool Regex::search(std::string_view text) const {
    if (text.size() < known_.bytes_min) {
        return false;
    }
    if (known_.line_signs_min > 0) {
        std::size_t signs = 0;
        for (std::size_t i = 0; i < text.size();) {
            // A byte that is not UTF-8 is matched by no dot, like a line's end.
            const std::size_t length = base::code_point_length(text, i);
            const bool breaks =
                text[i] == '\n' || (length == 1 && static_cast<unsigned char>(text[i]) >= 0x80);
            signs = breaks ? 0 : signs + 1;
            if (signs >= known_.line_signs_min) {
                return true;
            }
            i += length;
        }
        return false;
    }
    return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), engine().expression);
}

}  // namespace gac::detect::sigma
