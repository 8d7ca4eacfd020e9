#include "store/query/match.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <charconv>

#include "base/text.h"

namespace gac::store::query {

using event::Type;
using event::ValueRef;

namespace {

constexpr char kOneCharacter = kOneMark;  // control characters fold to themselves

bool piece_at(std::string_view text, std::size_t at, std::string_view piece, std::size_t& end) {
    for (const char c : piece) {
        if (at >= text.size()) {
            return false;
        }
        if (c == kOneCharacter) {
            at += base::code_point_length(text, at);
        } else if (text[at] == c) {
            ++at;
        } else {
            return false;
        }
    }
    end = at;
    return true;
}

// The first place from `from` on.
bool find_piece(std::string_view text, std::size_t from, std::string_view piece, std::size_t& begin,
                std::size_t& end) {
    if (piece.find(kOneCharacter) == std::string_view::npos) {
        begin = text.find(piece, from);
        end = begin + piece.size();
        return begin != std::string_view::npos;
    }
    for (begin = from; begin < text.size(); ++begin) {
        if (piece_at(text, begin, piece, end)) {
            return true;
        }
    }
    return false;
}

std::optional<double> number_in(std::string_view text) {
    double number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc{} || end != text.data() + text.size() || text.empty()) {
        return std::nullopt;
    }
    return number;
}

template <class T>
bool holds(const T& left, Relation relation, const T& right) {
    switch (relation) {
        case Relation::Less:
            return left < right;
        case Relation::LessOrEqual:
            return left <= right;
        case Relation::Greater:
            return left > right;
        case Relation::GreaterOrEqual:
            return left >= right;
        case Relation::Is:
            return left == right;
        case Relation::Exists:
        case Relation::Matches:
            return true;
    }
    return false;
}

// Could this text be an address at all? Saves parsing most strings.
bool may_be_address(std::string_view text) {
    return text.size() >= 2 && text.size() <= 45 && (text.contains('.') || text.contains(':'))
           && std::ranges::all_of(text, [](char c) {
                  const char l = base::ascii_lower(c);
                  return (c >= '0' && c <= '9') || (l >= 'a' && l <= 'f') || c == '.' || c == ':';
              });
}

}  // namespace

bool is_ascii(std::string_view text) {
    unsigned char all = 0;
    for (const char c : text) {
        all |= static_cast<unsigned char>(c);
    }
    return all < 0x80;
}

std::size_t find_ignoring_case(std::string_view text, std::string_view needle, std::size_t from) {
    if (needle.empty()) {
        return from;
    }
    if (text.size() < needle.size()) {
        return std::string_view::npos;
    }
    const std::size_t last = text.size() - needle.size();  // the last place where it could begin
    const auto same = [&](std::size_t at) {
        for (std::size_t i = 0; i < needle.size(); ++i) {
            if (base::ascii_lower(text[at + i]) != needle[i]) {
                return false;
            }
        }
        return true;
    };
    std::size_t at = from;
#ifdef __SSE2__
    // Sixteen places at once: those where the first and the last character fit, in either case.
    const auto either = [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c;
    };
    const __m128i first_low = _mm_set1_epi8(needle.front());
    const __m128i first_up = _mm_set1_epi8(either(needle.front()));
    const __m128i last_low = _mm_set1_epi8(needle.back());
    const __m128i last_up = _mm_set1_epi8(either(needle.back()));
    for (; at + 16 <= last + 1; at += 16) {
        const __m128i begin = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
        const __m128i end =
            _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at + needle.size() - 1));
        const __m128i fits = _mm_and_si128(
            _mm_or_si128(_mm_cmpeq_epi8(begin, first_low), _mm_cmpeq_epi8(begin, first_up)),
            _mm_or_si128(_mm_cmpeq_epi8(end, last_low), _mm_cmpeq_epi8(end, last_up)));
        for (auto mask = static_cast<unsigned>(_mm_movemask_epi8(fits)); mask != 0;
             mask &= mask - 1) {
            const std::size_t place = at + static_cast<std::size_t>(std::countr_zero(mask));
            if (same(place)) {
                return place;
            }
        }
    }
#endif
    for (; at <= last; ++at) {
        if (same(at)) {
            return at;
        }
    }
    return std::string_view::npos;
}

Pattern::Pattern(const Test& test, bool anywhere) : anywhere_(anywhere), keep_marks_(test.quoted) {
    if (test.relation != Relation::Is) {
        return;
    }
    // `pattern` was made by the parser: characters as typed, kAnyMark and kOneMark for unescaped
    // wildcards.
    std::string piece;
    std::vector<std::string> raw;
    for (const char c : test.pattern) {
        if (c == kAnyMark) {
            raw.push_back(std::move(piece));
            piece.clear();
        } else {
            piece += c;
        }
    }
    raw.push_back(std::move(piece));
    open_begin_ = raw.size() > 1 && raw.front().empty();
    open_end_ = raw.size() > 1 && raw.back().empty();
    for (std::string& part : raw) {
        if (part.empty() && raw.size() > 1) {
            continue;
        }
        pieces_.push_back(keep_marks_ ? base::fold_case(part) : base::fold_for_search(part));
        ascii_ = ascii_ && is_ascii(pieces_.back());
    }
    if (anywhere_ && !pieces_.empty()) {
        const std::string& last = pieces_.back();
        word_begin_ = !open_begin_ && !pieces_[0].empty() && is_word_byte(pieces_[0].front());
        word_end_ = !open_end_ && !last.empty() && is_word_byte(last.back());
    }
    for (const std::string& folded : pieces_) {
        for (std::size_t at = 0; at <= folded.size();) {
            const std::size_t end = std::min(folded.find(kOneCharacter, at), folded.size());
            if (end - at > literal_.size()) {
                literal_ = folded.substr(at, end - at);
            }
            at = end + 1;
        }
    }
}

bool Pattern::matches(std::string_view text) {
    if (is_ascii(text)) {
        if (!ascii_) {
            return false;
        }
        if (!anywhere_ && pieces_.size() == 1 && !open_begin_ && !open_end_
            && literal_.size() == pieces_.front().size()) {  // equality, the usual test
            return text.size() == literal_.size() && find_ignoring_case(text, literal_, 0) == 0;
        }
        if (anywhere_ && pieces_.size() == 1 && literal_.size() == pieces_.front().size()) {
            std::size_t at = find_ignoring_case(text, literal_, 0);
            while (at != std::string_view::npos && !bordered(text, at, at + literal_.size())) {
                at = find_ignoring_case(text, literal_, at + 1);
            }
            return at != std::string_view::npos;
        }
        scratch_.assign(text);
        for (char& c : scratch_) {
            c = base::ascii_lower(c);
        }
    } else {
        scratch_ = keep_marks_ ? base::fold_case(text) : base::fold_for_search(text);
    }
    return matches_folded(scratch_);
}

// Pieces in order, each as early as possible; the first and last are tied to the ends or to borders
// of words unless open.
bool Pattern::matches_folded(std::string_view text) const {
    if (pieces_.empty()) {
        return true;  // only stars
    }
    const auto begins = [&](std::size_t at) {
        return !word_begin_ || at == 0 || !is_word_byte(text[at - 1]);
    };
    const auto ends = [&](std::size_t at) {
        return anywhere_ ? !word_end_ || at == text.size() || !is_word_byte(text[at])
                         : open_end_ || at == text.size();
    };
    const bool tied_begin = !anywhere_ && !open_begin_;
    std::size_t from = 0;  // where the next piece may begin
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
        const bool first = i == 0;
        const bool last = i + 1 == pieces_.size();
        bool placed = false;
        for (std::size_t begin = from; begin <= text.size() && !placed; ++begin) {
            std::size_t end = 0;
            if (first && tied_begin) {
                if (begin > 0 || !piece_at(text, 0, pieces_[i], end)) {
                    return false;
                }
            } else if (!find_piece(text, begin, pieces_[i], begin, end)) {
                return false;
            }
            placed = (!first || begins(begin)) && (!last || ends(end));
            from = placed ? end : from;
        }
        if (!placed) {
            return false;
        }
    }
    return true;
}

bool Matcher::matches(const ValueRef& value) {
    if (value.type() == Type::List) {
        return std::ranges::any_of(value.list(),
                                   [&](const ValueRef& element) { return matches(element); });
    }
    if (value.is_null()) {
        return false;
    }
    switch (test_.relation) {
        case Relation::Exists:
            return true;
        case Relation::Is:
            return is(value);
        case Relation::Matches:
            return test_.regex->matches(value.text(scratch_));
        default:
            return compares(value);
    }
}

bool Matcher::is_text(std::string_view text) {
    if (pattern_.matches(text)) {
        return true;
    }
    if (!anywhere_ && test_.prefix && may_be_address(text)) {
        const auto address = base::IpAddress::parse(text);
        return address && test_.prefix->contains(*address);
    }
    return false;
}

bool Matcher::is(const ValueRef& value) {
    switch (value.type()) {
        case Type::String:
            return is_text(value.string());
        case Type::Ip:
            return test_.prefix ? test_.prefix->contains(value.ip())
                                : pattern_.matches(value.text(scratch_));
        case Type::Integer:
            if (test_.integer) {
                return value.integer() == *test_.integer;
            }
            return test_.number ? static_cast<double>(value.integer()) == *test_.number
                                : pattern_.matches(value.text(scratch_));
        case Type::Float:
            return test_.number ? value.number() == *test_.number
                                : pattern_.matches(value.text(scratch_));
        case Type::Time:
            return test_.time ? value.time() == *test_.time
                              : pattern_.matches(value.text(scratch_));
        case Type::Bool:
            return pattern_.matches(value.text(scratch_));
        case Type::Null:
        case Type::List:
            return false;
    }
    return false;
}

bool Matcher::compares(const ValueRef& value) const {
    const auto address = [&](const base::IpAddress& ip) {
        return test_.prefix && holds(ip, test_.relation, test_.prefix->address());
    };
    switch (value.type()) {
        case Type::Integer:
            if (test_.integer) {
                return holds(value.integer(), test_.relation, *test_.integer);
            }
            return test_.number
                   && holds(static_cast<double>(value.integer()), test_.relation, *test_.number);
        case Type::Float:
            return test_.number && holds(value.number(), test_.relation, *test_.number);
        case Type::Time:
            return test_.time && holds(value.time(), test_.relation, *test_.time);
        case Type::Ip:
            return address(value.ip());
        case Type::String: {
            if (test_.number) {
                const auto number = number_in(value.string());
                return number && holds(*number, test_.relation, *test_.number);
            }
            if (test_.prefix && may_be_address(value.string())) {
                const auto parsed = base::IpAddress::parse(value.string());
                return parsed && address(*parsed);
            }
            if (test_.time && value.string().size() >= 19) {
                const auto time = base::parse_rfc3339(value.string());
                return time && holds(*time, test_.relation, *test_.time);
            }
            return false;
        }
        case Type::Bool:
        case Type::Null:
        case Type::List:
            return false;
    }
    return false;
}

}  // namespace gac::store::query
