#include "store/query/raw_search.h"

#include <algorithm>

#include "base/text.h"
#include "store/segment/token.h"

namespace gac::store::query {

namespace {

constexpr std::size_t kNeedleMax = 62;
constexpr std::size_t kValuesMax = 512;  // more distinct values are any text

std::string folded(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        c = base::ascii_lower(c);
    }
    return out;
}

}  // namespace

RawSearch::RawSearch(BlockReader& block, const Pattern& pattern)
    : block_(block),
      pattern_(pattern),
      needle_(pattern.literal().substr(0, kNeedleMax)),
      whole_(pattern.is_literal_search() && pattern.literal().size() <= kNeedleMax) {}

// Each pass takes how many characters were read before the piece, and gives how many may have been
// read after it: none, or more when a part of the literal ends (or begins) there. True when all of
// it has been read.
bool RawSearch::pass_literal(std::string_view text, Reach in, Reach& out) const {
    const std::size_t size = needle_.size();
    const auto same = [&](std::size_t at, std::size_t from, std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) {
            const char c = text[at + i];
            if (static_cast<unsigned char>(c) < 0x80 && base::ascii_lower(c) != needle_[from + i]) {
                return false;
            }
        }
        return true;
    };
    if (!is_ascii(text)) {  // folding may change how long it is
        return true;
    }
    for (std::size_t read = 1; read < size; ++read) {
        if ((in >> read & 1) == 0) {
            continue;
        }
        const std::size_t n = std::min(size - read, text.size());
        if (same(0, read, n)) {
            if (read + n == size) {
                return true;
            }
            out |= Reach{1} << (read + n);
        }
    }
    for (std::size_t at = 0; at < text.size(); ++at) {
        const std::size_t n = std::min(size, text.size() - at);
        if (same(at, 0, n)) {
            if (n == size) {
                return true;
            }
            out |= Reach{1} << n;
        }
    }
    return false;
}

// The piece is any text of such characters.
template <class InClass>
bool RawSearch::pass_class(InClass&& has, Reach in, Reach& out) const {
    const std::size_t size = needle_.size();
    for (std::size_t read = 0; read < size; ++read) {
        if (read > 0 && (in >> read & 1) == 0) {
            continue;
        }
        out |= read > 0 ? Reach{1} << read : 0;
        for (std::size_t next = read; has(needle_[next]);) {
            if (++next == size) {
                // Inside the piece alone: only where the piece's values are not looked at.
                if (read > 0) {
                    return true;
                }
                break;
            }
            out |= Reach{1} << next;
        }
    }
    return false;
}

Result<bool> RawSearch::pass_values(Column& column, bool json, Reach in, Reach& out) {
    auto& values = values_[json ? 1 : 0][&column];
    if (values.empty()) {
        for (const event::ValueRef& value : column.distinct()) {
            std::string text;
            if (value.type() == event::Type::Integer) {
                append_number(text, value.integer());
            } else if (value.type() == event::Type::Ip) {
                append_address(text, value.ip());
            } else if (json) {
                append_json_body(text, value.string());
            } else {
                text = value.string();
            }
            values.push_back(is_ascii(text) ? folded(text) : std::move(text));
        }
    }
    const std::string_view needle = needle_;
    for (const std::string& value : values) {
        if (!is_ascii(value)) {
            return true;
        }
        for (std::size_t read = 1; read < needle.size(); ++read) {
            if ((in >> read & 1) == 0) {
                continue;
            }
            const std::size_t n = std::min(needle.size() - read, value.size());
            if (needle.substr(read, n) == std::string_view(value).substr(0, n)) {
                if (read + n == needle.size()) {
                    return true;
                }
                out |= Reach{1} << (read + n);
            }
        }
        const std::size_t longest = std::min(needle.size() - 1, value.size());
        for (std::size_t n = 1; n <= longest; ++n) {
            if (std::string_view(value).substr(value.size() - n) == needle.substr(0, n)) {
                out |= Reach{1} << n;
            }
        }
    }
    return false;
}

Result<bool> RawSearch::pass(const Step& step, Reach in, Reach& out) {
    using Kind = Piece::Kind;
    if (step.kind == Kind::Literal) {
        return pass_literal(step.literal, in, out);
    }
    const auto digits = [](char c) { return is_digit(c) || c == '-'; };
    const auto address = [](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'f') || c == '.' || c == ':';
    };
    const auto alone = [&](auto&& has) {  // the whole literal in a piece that is not looked at
        return std::ranges::all_of(needle_, has);
    };
    Column& column = *step.column;
    const bool json = step.kind == Kind::Json;
    if (column.coded() && column.distinct().size() <= kValuesMax) {
        return pass_values(column, json, in, out);
    }
    if (column.is_number_text() && !json) {
        Reach middle = 0;
        Reach end = 0;
        const auto hexadecimal = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };
        const auto form = column.number_form();
        bool found = pass_literal(form.prefix, in, middle);
        const auto pass_number = [&](auto&& has) {
            return alone(has) || pass_class(has, middle, end);
        };
        found = found
                || (form.is_hex       ? pass_number(hexadecimal)
                    : form.is_address ? pass_number(address)
                                      : pass_number(digits));
        return found || pass_literal(form.suffix, end, out);
    }
    if (step.kind == Kind::Number || step.kind == Kind::Digits) {
        return (!column.paged() && !column.coded() && alone(digits)) || pass_class(digits, in, out);
    }
    if (step.kind == Kind::Address) {
        return (!column.coded() && alone(address)) || pass_class(address, in, out);
    }
    if (step.kind == Kind::Token) {
        return pass_class([](char c) { return !is_separator(c); }, in, out);
    }
    return pass_class([](char) { return true; }, in, out);
}

Result<bool> RawSearch::may_cross(const std::vector<Step>& steps, std::size_t begin,
                                  std::size_t end) {
    Reach reach = 0;
    for (std::size_t i = begin; i < end; ++i) {
        Reach after = 0;
        GAC_TRY(found, pass(steps[i], reach, after));
        if (found) {
            return true;
        }
        reach = after;
    }
    return false;
}

// A hit that has neighbours inside the same literal: its borders are known.
bool RawSearch::in_literal_for_sure(std::string_view text) const {
    if (!whole_ || !is_ascii(text)) {
        return false;
    }
    for (std::size_t at = find_ignoring_case(text, needle_, 0); at != std::string_view::npos;
         at = find_ignoring_case(text, needle_, at + 1)) {
        if (at > 0 && at + needle_.size() < text.size()
            && pattern_.bordered(text, at, at + needle_.size())) {
            return true;
        }
    }
    return false;
}

// The places (codes, or indices) of the column's values that hold the literal.
Result<const RawSearch::Inside*> RawSearch::inside(Column& column, bool json) {
    const auto [known, added] = inside_[json ? 1 : 0].try_emplace(&column);
    Inside& out = known->second;
    if (!added) {
        return &out;
    }
    if (column.coded()) {
        std::string text;
        const auto distinct = column.distinct();
        for (std::uint32_t i = 0; i < distinct.size(); ++i) {
            text.clear();
            if (distinct[i].type() == event::Type::Integer) {
                append_number(text, distinct[i].integer());
            } else if (distinct[i].type() == event::Type::Ip) {
                append_address(text, distinct[i].ip());
            } else if (json) {
                append_json_body(text, distinct[i].string());
            } else {
                text = distinct[i].string();
            }
            if (!is_ascii(text) || find_ignoring_case(text, needle_, 0) != std::string_view::npos) {
                out.places.push_back(i);
            }
        }
        return &out;
    }
    if (!column.paged()) {
        return &out;  // told by may_cross
    }
    std::string_view needle = needle_;
    if (json) {
        // Values lie unescaped. A letter behind a backslash may be the first one of the literal.
        if (needle.find_first_of("\\\"") != std::string_view::npos) {
            out.anywhere = true;
            return &out;
        }
        needle.remove_prefix(std::string_view("nrtbf").contains(needle.front()) ? 1 : 0);
        if (needle.empty()) {
            out.anywhere = true;
            return &out;
        }
    }
    for (std::size_t number = 0; number < column.pages(); ++number) {
        GAC_TRY(page, column.page(number));
        if (!is_ascii(page->text)) {
            for (std::uint32_t i = 0; i < page->count; ++i) {
                if (!is_ascii(page->value(i))
                    || find_ignoring_case(page->value(i), needle, 0) != std::string_view::npos) {
                    out.places.push_back(page->first + i);
                }
            }
            continue;
        }
        std::uint32_t value = 0;
        for (std::size_t at = find_ignoring_case(page->text, needle, 0);
             at != std::string_view::npos;) {
            while (page->ends[value] <= at) {
                ++value;
            }
            if (at + needle.size() <= page->ends[value]) {
                out.places.push_back(page->first + value);
                at = page->ends[value];
            } else {
                ++at;
            }
            at = at >= page->text.size() ? std::string_view::npos
                                         : find_ignoring_case(page->text, needle, at);
        }
    }
    return &out;
}

Result<> RawSearch::add_inside(const Step& step, const RowSet& rows, RowSet& out) {
    Column& column = *step.column;
    GAC_TRY(hits, inside(column, step.kind == Piece::Kind::Json));
    if (hits->anywhere) {
        out |= rows;
        return {};
    }
    if (hits->places.empty()) {
        return {};
    }
    GAC_TRY(shapes, block_.rebuilder().shapes());
    if (step.pool && !column.coded()) {
        for (const std::uint32_t index : hits->places) {
            GAC_TRY(row, block_.rebuilder().pool_row(index));
            if (rows.has(row)) {
                out.set(row);
            }
        }
        return {};
    }
    std::optional<Error> fault;
    const bool of_shape = step.kind < Piece::Kind::Field && !step.pool;
    rows.for_each([&](std::uint32_t row) {
        std::uint32_t index = 0;
        if (step.pool) {
            auto at = block_.rebuilder().pool_place(row);
            if (!at) {
                fault = std::move(at).error();
                return;
            }
            index = *at + step.index;
        } else {
            index = of_shape ? shapes->rank(row) : column.index_of(row);
        }
        const std::uint32_t value = column.coded() ? column.code(index) : index;
        if (std::ranges::binary_search(hits->places, value)) {
            out.set(row);
        }
    });
    if (fault) {
        return std::unexpected(std::move(*fault));
    }
    return {};
}

Result<RawHits> RawSearch::find(const Column& column, const RowSet& among) {
    Rebuilder& rebuilder = block_.rebuilder();
    GAC_TRY(shapes, rebuilder.shapes());
    RawHits out{.sure = RowSet(shapes->rows()), .maybe = RowSet(shapes->rows())};
    for (std::uint32_t place = 0; place < shapes->count(); ++place) {
        RowSet rows = shapes->rows_of(place);
        rows &= among;
        if (rows.empty()) {
            continue;
        }
        GAC_TRY(source, rebuilder.source(place));
        const auto [begin, end] = rebuilder.pieces_of(*source, column);
        const auto steps = std::span(source->steps).subspan(begin, end - begin);
        if (std::ranges::any_of(steps, [&](const Step& step) {
                return step.kind == Piece::Kind::Literal && in_literal_for_sure(step.literal);
            })) {
            out.sure |= rows;
            continue;
        }
        GAC_TRY(crosses, may_cross(source->steps, begin, end));
        if (crosses) {
            out.maybe |= rows;
            continue;
        }
        for (const Step& step : steps) {
            if (step.column != nullptr) {
                GAC_CHECK(add_inside(step, rows, out.maybe));
            }
        }
    }
    return out;
}

}  // namespace gac::store::query
