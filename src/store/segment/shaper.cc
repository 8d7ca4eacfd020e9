#include "store/segment/shaper.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <functional>
#include <string>

#include "base/assert.h"
#include "event/field.h"
#include "store/same_bytes.h"
#include "store/segment/format.h"
#include "store/segment/token.h"

namespace gac::store {

using event::Type;
using event::ValueRef;

namespace {

constexpr std::size_t kTried = 16;           // shapes of a group that are tried before cutting
constexpr std::uint32_t kMadeMax = 4096;     // new shapes in a block
constexpr std::uint32_t kGroupMadeMax = 64;  // new shapes of a group in a block ...
constexpr std::uint32_t kGroupRowsEach = 6;  // ... unless each is used by so many rows
constexpr std::size_t kRawMax = 32 * 1024;   // longer lines are not cut
constexpr std::size_t kCutPiecesMax = 400;
constexpr std::size_t kFieldsMax = 4000;  // events of more have no shape

bool lies_in(std::string_view part, std::string_view whole) {
    const std::less_equal<const char*> not_after;
    return !part.empty() && not_after(whole.data(), part.data())
           && not_after(part.data() + part.size(), whole.data() + whole.size());
}

// How many bytes of `raw` are the body of a JSON string that stands for `text`; 0 = they are not.
std::size_t json_body_at(std::string_view raw, std::string_view text) {
    std::size_t at = 0;
    for (const char c : text) {
        if (at >= raw.size()) {
            return 0;
        }
        if (raw[at] == c && c != '\\' && c != '"') {
            ++at;
            continue;
        }
        char escaped = c;
        switch (c) {
            case '\n':
                escaped = 'n';
                break;
            case '\r':
                escaped = 'r';
                break;
            case '\t':
                escaped = 't';
                break;
            case '\b':
                escaped = 'b';
                break;
            case '\f':
                escaped = 'f';
                break;
            case '\\':
            case '"':
                break;
            default:
                return 0;
        }
        if (raw[at] != '\\' || at + 1 >= raw.size() || raw[at + 1] != escaped) {
            return 0;
        }
        at += 2;
    }
    return at;
}

// How many digits `text` begins with, when they are the number as it is usually written; else 0.
std::size_t digits_of(std::int64_t number, std::string_view text) {
    constexpr std::size_t kMost = 18;
    std::int64_t value = 0;
    std::size_t size = 0;
    for (; size < text.size() && is_digit(text[size]) && size <= kMost; ++size) {
        value = value * 10 + (text[size] - '0');
    }
    const bool usual = size > 0 && size <= kMost && (size == 1 || text[0] != '0');
    return usual && value == number ? size : 0;
}

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
    hash = (hash ^ value) * 0x9E3779B97F4A7C15ULL;
    return hash ^ hash >> 29;
}

std::uint64_t signature_of(const Shaper::Row& row) {
    const auto fields = row.event.fields();
    std::uint64_t hash = fields.size();
    for (std::size_t i = 0; i < fields.size(); ++i) {
        hash = mix(hash, std::uint64_t{row.numbers[i]} << 3
                             | static_cast<std::uint64_t>(fields[i].value.type()));
    }
    return hash;
}

std::uint64_t hash_of(const Shape& shape) {
    std::uint64_t hash = std::hash<std::string>()(shape.literals);
    for (const Piece& piece : shape.pieces) {
        hash = mix(hash, static_cast<std::uint64_t>(piece.kind) << 32 | piece.index);
    }
    return hash;
}

std::vector<ShapeField> fields_of(const Shaper::Row& row) {
    const auto fields = row.event.fields();
    std::vector<ShapeField> out(fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
        out[i].key = kFirstFieldColumn + row.numbers[i];
        out[i].type = code_of(fields[i].value.type());
    }
    if (fields.size() <= 32) {
        for (std::size_t i = 0; i < fields.size(); ++i) {
            for (std::size_t k = 0; k < i; ++k) {
                out[i].occurrence += row.numbers[k] == row.numbers[i] ? 1 : 0;
            }
        }
        return out;
    }
    std::unordered_map<std::uint32_t, std::uint32_t> seen;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        out[i].occurrence = seen[row.numbers[i]]++;
    }
    return out;
}

// Puts one event's pieces together.
class Cutter {
public:
    Cutter(const Shaper::Row& row, bool words)
        : row_(row), raw_(row.event.head().raw), words_(words) {}
    Shape cut();

private:
    struct Part {  // of raw, that a String field takes up
        std::size_t begin, end;
        std::uint32_t field;
        bool json;
    };
    struct Slot {  // parts of raw that pieces of fields will be; they do not overlap
        std::size_t begin, end;
        std::uint32_t field;
        Piece::Kind kind;
    };

    void find_texts();
    void find_slots();
    void find_numbers(std::size_t begin, std::size_t end);
    void cut_gap(std::size_t begin, std::size_t end);
    void cut_token(std::size_t begin, std::size_t end, bool before_field);
    void literal(std::size_t begin, std::size_t end);
    void variable(Piece::Kind kind);
    bool borders(std::size_t begin, std::size_t end) const {
        return (begin == 0 || is_separator(raw_[begin - 1]))
               && (end == raw_.size() || is_separator(raw_[end]));
    }

    const Shaper::Row& row_;
    std::string_view raw_;
    bool words_;
    std::vector<Part> parts_;
    std::vector<std::size_t> bounds_;
    std::vector<Slot> slots_;
    std::vector<bool> taken_;  // fields that have a slot
    Shape shape_;
    std::vector<std::size_t> starts_;  // of pieces
};

// Where String fields stand in raw: those that point into it, and others that are found again.
void Cutter::find_texts() {
    const auto fields = row_.event.fields();
    std::size_t from = 0;
    std::string body;
    for (std::uint32_t i = 0; i < fields.size(); ++i) {
        if (fields[i].value.type() != Type::String) {
            continue;
        }
        const std::string_view text = fields[i].value.string();
        if (lies_in(text, raw_)) {
            const auto begin = static_cast<std::size_t>(text.data() - raw_.data());
            parts_.push_back({begin, begin + text.size(), i, false});
            from = begin + text.size();
            continue;
        }
        if (text.size() < 3 || !has_json_body(text)) {
            continue;
        }
        body.clear();
        append_json_body(body, text);
        for (std::size_t at = raw_.find(body, from); at != std::string_view::npos;
             at = raw_.find(body, at + 1)) {
            if (borders(at, at + body.size())) {
                parts_.push_back({at, at + body.size(), i, body.size() != text.size()});
                from = at + body.size();
                break;
            }
        }
    }
}

void Cutter::find_slots() {
    // Escaped texts must not overlap anything: they are not the bytes of raw.
    std::erase_if(parts_, [&](const Part& part) {
        return part.json && std::ranges::any_of(parts_, [&](const Part& other) {
                   return &other != &part && other.begin < part.end && part.begin < other.end;
               });
    });
    for (const Part& part : parts_) {
        bounds_.push_back(part.begin);
        bounds_.push_back(part.end);
    }
    std::ranges::sort(bounds_);
    const auto [first, last] = std::ranges::unique(bounds_);
    bounds_.erase(first, last);
    // A part without bounds inside is the piece; of several equal ones the first field has it.
    for (const Part& part : parts_) {
        const auto next = std::ranges::upper_bound(bounds_, part.begin);
        // Sentences are cut like the rest of the line, so that they are kept once.
        const bool sentence =
            row_.event.fields()[part.field].id == event::field::Message && !part.json;
        const bool innermost = *next == part.end && !sentence;
        const bool had =
            std::ranges::any_of(slots_, [&](const Slot& slot) { return slot.begin == part.begin; });
        if (innermost && !had) {
            slots_.push_back({part.begin, part.end, part.field,
                              part.json ? Piece::Kind::Json : Piece::Kind::Field});
            taken_[part.field] = true;
        }
    }
    std::ranges::sort(slots_, {}, &Slot::begin);
    const auto texts = slots_;
    std::size_t at = 0;
    for (const Slot& slot : texts) {
        find_numbers(at, slot.begin);
        at = slot.end;
    }
    find_numbers(at, raw_.size());
    std::ranges::sort(slots_, {}, &Slot::begin);
}

// Integer and Ip fields whose text stands alone between bounds.
void Cutter::find_numbers(std::size_t begin, std::size_t end) {
    const auto fields = row_.event.fields();
    const auto cuts_bound = [&](std::size_t a, std::size_t b) {
        const auto next = std::ranges::upper_bound(bounds_, a);
        return next != bounds_.end() && *next < b;
    };
    std::string text;
    for (std::size_t at = begin; at < end;) {
        if (is_separator(raw_[at])) {
            ++at;
            continue;
        }
        std::size_t stop = at;
        while (stop < end && !is_separator(raw_[stop])) {
            ++stop;
        }
        const std::string_view token = raw_.substr(at, stop - at);
        std::int64_t number = 0;
        const auto parsed = std::from_chars(token.data(), token.data() + token.size(), number);
        const bool is_number = parsed.ptr == token.data() + token.size() && parsed.ec == std::errc()
                               && is_digit(token.front())
                               && (token.size() == 1 || token.front() != '0');
        const bool maybe_ip = !is_number && token.size() <= 15 && is_digit(token.front())
                              && std::ranges::count(token, '.') == 3;
        for (std::uint32_t i = 0; (is_number || maybe_ip) && i < fields.size(); ++i) {
            const ValueRef& value = fields[i].value;
            if (taken_[i] || value.type() != (is_number ? Type::Integer : Type::Ip)
                || (is_number && value.integer() != number)) {
                continue;
            }
            if (!is_number) {
                text.clear();
                append_address(text, value.ip());
                if (text != token) {
                    continue;
                }
            }
            if (!cuts_bound(at, stop)) {
                slots_.push_back(
                    {at, stop, i, is_number ? Piece::Kind::Number : Piece::Kind::Address});
                taken_[i] = true;
                break;
            }
        }
        at = stop;
    }
}

void Cutter::literal(std::size_t begin, std::size_t end) {
    if (begin == end) {
        return;
    }
    const std::string_view text = raw_.substr(begin, end - begin);
    // Two literals are one, unless a field begins or ends between them.
    if (!shape_.pieces.empty() && shape_.pieces.back().kind == Piece::Kind::Literal
        && !std::ranges::binary_search(bounds_, begin)) {
        shape_.pieces.back().size += static_cast<std::uint32_t>(text.size());
    } else {
        shape_.pieces.push_back({.kind = Piece::Kind::Literal,
                                 .at = static_cast<std::uint32_t>(shape_.literals.size()),
                                 .size = static_cast<std::uint32_t>(text.size())});
        starts_.push_back(begin);
    }
    shape_.literals += text;
}

void Cutter::variable(Piece::Kind kind) {
    shape_.pieces.push_back({.kind = kind, .index = shape_.variables++});
}

void Cutter::cut_token(std::size_t begin, std::size_t end, bool before_field) {
    const std::string_view token = raw_.substr(begin, end - begin);
    const bool any_digit = std::ranges::any_of(token, is_digit);
    if ((!any_digit && !words_) || before_field) {
        literal(begin, end);
        return;
    }
    const bool digits_alone = std::ranges::all_of(token, [](char c) {
        return is_digit(c) || c == '.' || c == '-' || c == '_' || c == '+' || c == '%' || c == '#';
    });
    const bool address = std::ranges::count(token, '.') == 3 && token.size() <= 15;
    if (!any_digit || !digits_alone || address) {
        starts_.push_back(begin);
        variable(Piece::Kind::Token);
        return;
    }
    for (std::size_t at = begin; at < end;) {
        std::size_t stop = at;
        const bool digit = is_digit(raw_[at]);
        while (stop < end && is_digit(raw_[stop]) == digit) {
            ++stop;
        }
        if (digit) {
            starts_.push_back(at);
            variable(Piece::Kind::Digits);
        } else {
            literal(at, stop);
        }
        at = stop;
    }
}

void Cutter::cut_gap(std::size_t begin, std::size_t end) {
    for (std::size_t at = begin; at < end;) {
        std::size_t stop = at;
        const bool separator = is_separator(raw_[at]);
        while (stop < end && is_separator(raw_[stop]) == separator) {
            ++stop;
        }
        if (separator) {
            literal(at, stop);
        } else {
            // A variable ends where a separator is; a field right behind it could not be found.
            cut_token(at, stop, stop == end && end != raw_.size());
        }
        at = stop;
    }
}

Shape Cutter::cut() {
    shape_.fields = fields_of(row_);
    taken_.assign(shape_.fields.size(), false);
    find_texts();
    find_slots();
    // Gaps end at every bound, so that each field is whole pieces.
    std::size_t at = 0;
    const auto gap_to = [&](std::size_t end) {
        while (at < end) {
            const auto next = std::ranges::upper_bound(bounds_, at);
            const std::size_t stop = next == bounds_.end() ? end : std::min(*next, end);
            cut_gap(at, stop);
            at = stop;
        }
    };
    for (const Slot& slot : slots_) {
        gap_to(slot.begin);
        starts_.push_back(slot.begin);
        shape_.pieces.push_back({.kind = slot.kind, .index = slot.field});
        at = slot.end;
    }
    gap_to(raw_.size());
    starts_.push_back(raw_.size());
    if (shape_.pieces.size() > kCutPiecesMax) {
        return whole_shape(row_);
    }
    for (const Part& part : parts_) {
        if (part.json) {
            continue;
        }
        ShapeField& field = shape_.fields[part.field];
        const auto piece_at = [&](std::size_t place) {
            return static_cast<std::uint16_t>(std::ranges::lower_bound(starts_, place)
                                              - starts_.begin());
        };
        field.begin = piece_at(part.begin);
        field.end = piece_at(part.end);
        GAC_ASSERT(starts_[field.begin] == part.begin && starts_[field.end] == part.end);
        field.stored = taken_[part.field];
    }
    return std::move(shape_);
}

}  // namespace

Shape cut_shape(const Shaper::Row& row, bool words) { return Cutter(row, words).cut(); }

Shape whole_shape(const Shaper::Row& row) {
    Shape shape;
    shape.fields = fields_of(row);
    shape.pieces.push_back({.kind = Piece::Kind::Text});
    shape.variables = 1;
    return shape;
}

bool Shaper::same_fields(const Known& known, const Row& row) const {
    const auto fields = row.event.fields();
    if (known.shape.fields.size() != fields.size()) {
        return false;
    }
    const event::Field* own = fields.data();
    const std::uint32_t* number = row.numbers.data();
    for (const ShapeField& field : known.shape.fields) {
        if (field.key != kFirstFieldColumn + *number++
            || field.type != code_of((own++)->value.type())) {
            return false;
        }
    }
    return true;
}

bool Shaper::match(const Known& known, const Row& row, std::vector<std::string_view>& variables) {
    const Shape& shape = known.shape;
    const std::string_view raw = row.event.head().raw;
    const event::Field* const fields = row.event.fields().data();
    const std::size_t before = variables.size();
    variables.resize(before + shape.variables);
    std::string_view* variable = variables.data() + before;
    const char* at = raw.data();
    const char* const end = at + raw.size();
    starts_.resize(shape.pieces.size() + 1);
    std::uint32_t* start = starts_.data();
    const auto fit = [&](const char* text, std::size_t size) {
        const bool same = size <= static_cast<std::size_t>(end - at) && same_bytes(at, text, size);
        at += same ? size : 0;
        return same;
    };
    const auto fit_literal = [&](const Piece& piece) {
        const char* const text = shape.literals.data() + piece.at;
        // Eight bytes at once where so many may be read: most literals are shorter.
        if (piece.size - 1 < 8 && end - at >= 8 && piece.at + 8 <= shape.literals.size()) {
            std::uint64_t a = 0;
            std::uint64_t b = 0;
            std::memcpy(&a, at, sizeof a);
            std::memcpy(&b, text, sizeof b);
            const bool same = (a ^ b) << (64 - 8 * piece.size) == 0;
            at += same ? piece.size : 0;
            return same;
        }
        return fit(text, piece.size);
    };
    const auto take_to = [&](const char* stop) {
        *variable++ = {at, static_cast<std::size_t>(stop - at)};
        at = stop;
        return true;
    };
    const auto fits = [&](const Piece& piece) {
        switch (piece.kind) {
            case Piece::Kind::Literal:
                return fit_literal(piece);
            case Piece::Kind::Token:
                return take_to(token_end(at, end));
            case Piece::Kind::Digits:
                return take_to(digits_end(at, end));
            case Piece::Kind::Text:
                return take_to(end);
            case Piece::Kind::Field: {
                const std::string_view text = fields[piece.index].value.string();
                if (text.data() == at && text.size() <= static_cast<std::size_t>(end - at)) {
                    at += text.size();
                    return true;
                }
                return fit(text.data(), text.size());
            }
            case Piece::Kind::Number: {
                const std::int64_t number = fields[piece.index].value.integer();
                if (const std::size_t digits = digits_of(number, {at, end}); digits != 0) {
                    at += digits;
                    return true;
                }
                char text[24];
                const auto done = std::to_chars(text, text + sizeof text, number);
                return fit(text, static_cast<std::size_t>(done.ptr - text));
            }
            case Piece::Kind::Address: {
                const base::IpAddress& ip = fields[piece.index].value.ip();
                if (ip.is_v4()) {
                    char text[16];
                    return fit(text, static_cast<std::size_t>(put_address(text, ip) - text));
                }
                const std::string text = ip.text();
                return fit(text.data(), text.size());
            }
            case Piece::Kind::Json: {
                const std::string_view text = fields[piece.index].value.string();
                const std::size_t size =
                    json_body_at({at, static_cast<std::size_t>(end - at)}, text);
                at += size;
                return size > 0 || text.empty();
            }
        }
        return false;
    };
    const auto all_fit = [&] {
        for (const Piece& piece : shape.pieces) {
            *start++ = static_cast<std::uint32_t>(at - raw.data());
            if (!fits(piece)) {
                return false;
            }
        }
        *start = static_cast<std::uint32_t>(raw.size());
        if (at != end) {
            return false;
        }
        // Fields that are made of pieces stand where the pieces do.
        const event::Field* field = fields;
        for (const ShapeField& of_shape : shape.fields) {
            const event::Field& own = *field++;
            if (of_shape.stored) {
                continue;
            }
            const std::string_view text = own.value.string();
            const char* const begin = raw.data() + starts_.data()[of_shape.begin];
            const std::size_t size = starts_.data()[of_shape.end] - starts_.data()[of_shape.begin];
            if (text.size() != size
                || (text.data() != begin && !same_bytes(text.data(), begin, size))) {
                return false;
            }
        }
        return true;
    };
    const bool good = all_fit();
    if (!good) {
        variables.resize(before);
    }
    return good;
}

std::uint32_t Shaper::add(Group& group, Known known) {
    const auto number = static_cast<std::uint32_t>(shapes_.size());
    if (!known.whole) {
        group.shapes.insert(group.shapes.begin(), {known.hash, number});
        ++group.made;
        ++group.rows;
        ++made_;
    }
    shapes_.push_back(std::move(known));
    return number;
}

std::uint32_t Shaper::find(const Row& row, std::vector<std::string_view>& variables) {
    if (row.event.fields().size() > kFieldsMax) {
        return kFree;
    }
    const std::uint64_t signature = signature_of(row);
    Group& group = groups_[signature];
    const auto use = [&](std::size_t place) {
        ++group.rows;
        const std::uint32_t number = group.shapes[place].number;
        if (place > 0) {
            std::rotate(group.shapes.begin(), group.shapes.begin() + static_cast<long>(place),
                        group.shapes.begin() + static_cast<long>(place) + 1);
        }
        return number;
    };
    for (std::size_t i = 0; i < std::min(kTried, group.shapes.size()); ++i) {
        const Known& known = shapes_[group.shapes[i].number];
        if (same_fields(known, row) && match(known, row, variables)) {
            return use(i);
        }
    }
    if (row.event.head().raw.size() > kRawMax) {
        return whole(row);
    }
    if (group.made >= kGroupMadeMax && group.rows < group.made * kGroupRowsEach) {
        if (group.words) {
            return whole(row);
        }
        group.words = true;
        group.made = group.rows = 0;
    }
    if (made_ >= kMadeMax || kept_.size() + made_ >= kShapesMax / 2) {
        return whole(row);
    }
    Known known{.shape = cut_shape(row, group.words)};
    if (known.shape.pieces.size() == 1 && known.shape.pieces.front().kind == Piece::Kind::Text) {
        return whole(row);
    }
    known.hash = hash_of(known.shape);
    for (std::size_t i = kTried; i < group.shapes.size(); ++i) {
        const Known& other = shapes_[group.shapes[i].number];
        if (group.shapes[i].hash == known.hash && other.shape == known.shape
            && match(other, row, variables)) {
            return use(i);
        }
    }
    if (!match(known, row, variables)) {  // a field stands where no cut could find it again
        return whole(row);
    }
    return add(group, std::move(known));
}

std::uint32_t Shaper::whole(const Row& row) {
    const std::uint64_t signature = signature_of(row);
    Group& group = groups_[signature];
    if (group.whole == kFree) {
        if (shapes_.size() >= kShapesMax - kMadeMax || kept_.size() >= kShapesMax / 2) {
            return kFree;
        }
        group.whole = add(group, {.shape = whole_shape(row), .whole = true});
    }
    return same_fields(shapes_[group.whole], row) ? group.whole : kFree;
}

std::uint32_t Shaper::keep(std::uint32_t number) {
    Known& known = shapes_[number];
    if (known.kept == kNotKept) {
        known.kept = static_cast<std::uint32_t>(kept_.size());
        kept_.push_back(known.shape);
    }
    return known.kept;
}

void Shaper::end_block() {
    std::vector<std::uint32_t> moved(shapes_.size(), kFree);
    std::uint32_t count = 0;
    for (std::uint32_t i = 0; i < shapes_.size(); ++i) {
        if (kept(i)) {
            moved[i] = count;
            if (count != i) {
                shapes_[count] = std::move(shapes_[i]);
            }
            ++count;
        }
    }
    shapes_.resize(count);
    for (auto entry = groups_.begin(); entry != groups_.end();) {
        Group& group = entry->second;
        for (Member& member : group.shapes) {
            member.number = moved[member.number];
        }
        std::erase_if(group.shapes, [](const Member& member) { return member.number == kFree; });
        group.whole = group.whole == kFree ? kFree : moved[group.whole];
        group.rows = group.made = 0;
        entry =
            group.shapes.empty() && group.whole == kFree ? groups_.erase(entry) : std::next(entry);
    }
    made_ = 0;
}

}  // namespace gac::store
