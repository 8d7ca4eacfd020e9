#include "ingest/json/reader.h"

#include <simdjson.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/json_text.h"
#include "ingest/core/scan.h"
#include "ingest/json/text.h"

namespace gac::ingest {

namespace ondemand = simdjson::ondemand;

namespace {

constexpr std::size_t kEventsOfFrameMax = 10'000;
constexpr std::size_t kCollectedMax = 65'536;  // values of open arrays of objects
constexpr std::string_view kTooManyElements =
    "array with more elements than an event may hold: the rest is in the original only";

constexpr std::string_view kBlanks = " \t\r\n";

std::size_t skip_blanks(std::string_view text, std::size_t at) {
    const std::size_t found = text.find_first_not_of(kBlanks, at);
    return found == std::string_view::npos ? text.size() : found;
}

// A value inside an array of objects, until the array ends.
struct Collected {
    event::FieldId id{};
    std::uint32_t order = 0;  // of arrival
    event::ValueRef value;
};

bool by_id_then_order(const Collected& a, const Collected& b) {
    return a.id != b.id ? event::index_of(a.id) < event::index_of(b.id) : a.order < b.order;
}

std::string_view trim_end(std::string_view text) {
    while (!text.empty() && kBlanks.contains(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

}  // namespace

struct JsonReader::Impl {
    explicit Impl(NameTree& tree) : names(tree) {
        const auto node = [&](std::string_view key) { return names.child(0, key).node; };
        channel = node("Channel");
        event_id = node("EventID");
        winlog = node("winlog");
        event_data = node("event_data");
        timestamp = node("@timestamp");
        evtx = node("Event");
        evtx_system = names.child(evtx, "System").node;
    }

    NameTree& names;
    ondemand::parser parser;
    Writer* writer = nullptr;
    std::string_view text;             // what is being read; in the arena
    std::vector<Collected> collected;  // fields of the arrays of objects that are open
    std::vector<event::ValueRef> scalars;
    std::size_t arrays_open = 0;
    std::uint32_t next_order = 0;
    simdjson::error_code error = simdjson::SUCCESS;
    std::size_t read_bytes = 0;  // of `text`, by the object

    // Top-level names that tell shapes apart.
    std::uint32_t channel, event_id, winlog, event_data, timestamp, evtx, evtx_system;
    bool has_channel = false, has_event_id = false, has_winlog = false, has_event_data = false,
         has_timestamp = false, has_evtx = false;

    // Behind a scalar stands a comma or the end of what holds it. The iterator itself would let
    // ["key": 1] pass and lose its place. A token reaches up to the next one.
    bool is_followed_by(std::string_view token, char close) const {
        const auto from = static_cast<std::size_t>(token.data() - text.data());
        const std::size_t next = from + token.size();
        return from < text.size() && next > from && next < text.size()
               && (text[next] == ',' || text[next] == close);
    }

    bool failed(simdjson::error_code code) {
        error = code;
        return false;
    }

    bool read(std::string_view json, Writer& to);
    bool document(std::string_view json);
    bool object(ondemand::object& object, std::uint32_t node, unsigned depth);
    bool value(ondemand::value& value, const NameTree::Name& name, unsigned depth);
    bool array(ondemand::value& value, const NameTree::Name& name, unsigned depth);
    bool elements(ondemand::value& value, const NameTree::Name& name, unsigned depth,
                  std::size_t& kept);
    bool scalar(std::string_view token, event::ValueRef& out);
    event::ValueRef string(std::string_view body);
    bool number(std::string_view token, event::ValueRef& out);
    void emit(event::FieldId id, event::ValueRef value);
    void last_wins(std::size_t from);
    void join(std::size_t from);
    void note(std::uint32_t parent, std::uint32_t node);
};

// Which shape this is, told by the names that stand at the top.
void JsonReader::Impl::note(std::uint32_t parent, std::uint32_t node) {
    if (parent == NameTree::kRoot) {
        has_channel |= node == channel;
        has_event_id |= node == event_id;
        has_winlog |= node == winlog;
        has_event_data |= node == event_data;
        has_timestamp |= node == timestamp;
    } else if (parent == evtx) {
        has_evtx |= node == evtx_system;
    }
}

bool JsonReader::Impl::read(std::string_view json, Writer& to) {
    writer = &to;
    names.begin_event();
    collected.clear();
    scalars.clear();
    arrays_open = 0;
    next_order = 0;
    error = simdjson::SUCCESS;
    has_channel = has_event_id = has_winlog = has_event_data = has_timestamp = has_evtx = false;
    return document(json);
}

bool JsonReader::Impl::document(std::string_view json) {
    text = json;
    read_bytes = json.size();
    ondemand::document document;
    const simdjson::padded_string_view padded(json.data(), json.size(),
                                              json.size() + base::Arena::kPadding);
    if (const auto code = parser.iterate(padded).get(document)) {
        return failed(code);
    }
    ondemand::object root;
    if (const auto code = document.get_object().get(root)) {
        return failed(code);
    }
    if (!object(root, NameTree::kRoot, 1)) {
        return false;
    }
    const char* rest = nullptr;
    if (document.current_location().get(rest) == simdjson::SUCCESS && rest >= json.data()
        && rest < json.data() + json.size()) {
        read_bytes = static_cast<std::size_t>(rest - json.data());
    }
    return true;
}

bool JsonReader::Impl::object(ondemand::object& object, std::uint32_t node, unsigned depth) {
    for (auto item : object) {
        ondemand::field field;
        if (const auto code = std::move(item).get(field)) {
            return failed(code);
        }
        const char* raw_key = field.key().raw();
        bool has_escapes = false;
        const auto from = static_cast<std::size_t>(raw_key - text.data());
        const std::size_t length =
            from < text.size() ? string_length(text, from, has_escapes) : std::string_view::npos;
        if (length == std::string_view::npos) {
            return failed(simdjson::UNCLOSED_STRING);
        }
        std::string_view key = text.substr(from, length);
        if (has_escapes) {
            key = unescape(key, writer->batch().arena());
        }
        const NameTree::Name name = names.child(node, key);
        if (depth <= 2) {
            note(node, name.node);
        }
        if (!name.wanted && !name.below) {
            continue;  // skipped by the iterator, unparsed
        }
        if (!value(field.value(), name, depth)) {
            return false;
        }
    }
    return true;
}

bool JsonReader::Impl::value(ondemand::value& value, const NameTree::Name& name, unsigned depth) {
    const std::string_view token = value.raw_json_token();
    if (token.empty()) {
        return failed(simdjson::EMPTY);
    }
    if (token[0] == '{' || token[0] == '[') {
        if (depth >= kDepthMax) {
            const auto from = static_cast<std::size_t>(token.data() - text.data());
            const std::size_t end = value_end(text, from);
            if (end == std::string_view::npos) {
                return failed(simdjson::INCOMPLETE_ARRAY_OR_OBJECT);
            }
            if (name.wanted) {
                emit(name.field, event::ValueRef(text.substr(from, end - from)));
            }
            return true;
        }
        if (token[0] == '[') {
            return array(value, name, depth);
        }
        if (!name.below) {
            return true;
        }
        ondemand::object inner;
        if (const auto code = value.get_object().get(inner)) {
            return failed(code);
        }
        return object(inner, name.node, depth + 1);
    }
    if (!is_followed_by(token, '}')) {
        return failed(simdjson::TAPE_ERROR);
    }
    if (!name.wanted) {
        return true;
    }
    event::ValueRef out;
    if (!scalar(trim_end(token), out)) {
        return false;
    }
    emit(name.field, out);
    return true;
}

bool JsonReader::Impl::scalar(std::string_view token, event::ValueRef& out) {
    switch (token[0]) {
        case '"':
            if (token.size() < 2 || token.back() != '"') {
                return failed(simdjson::STRING_ERROR);
            }
            out = string(token.substr(1, token.size() - 2));
            return true;
        case 't':
            out = event::ValueRef(true);
            return token == "true" || failed(simdjson::T_ATOM_ERROR);
        case 'f':
            out = event::ValueRef(false);
            return token == "false" || failed(simdjson::F_ATOM_ERROR);
        case 'n':
            out = event::ValueRef();
            return token == "null" || failed(simdjson::N_ATOM_ERROR);
        default:
            return number(token, out);
    }
}

event::ValueRef JsonReader::Impl::string(std::string_view body) {
    if (writer->lazy_texts()) {
        return base::find_backslash(body) == std::string_view::npos
                   ? event::ValueRef(body)
                   : event::ValueRef::escaped(body);
    }
    return event::ValueRef(unescape(body, writer->batch().arena()));
}

bool JsonReader::Impl::number(std::string_view token, event::ValueRef& out) {
    const std::string_view digits = token.substr(token[0] == '-' ? 1 : 0);
    const bool whole = !digits.empty() && std::ranges::all_of(digits, is_digit);
    if (whole) {
        // Digits are kept as they are when a number would lose some: 64 bits and more, "007".
        const bool plain = digits.size() == 1 || digits[0] != '0';
        const auto integer = plain ? parse_integer(token) : std::nullopt;
        out = integer ? event::ValueRef(*integer) : event::ValueRef(token);
        return true;
    }
    if (digits.empty() || !is_digit(digits[0])) {
        return failed(simdjson::NUMBER_ERROR);
    }
    double number = 0;
    const char* end = token.data() + token.size();
    const auto [stop, fault] = std::from_chars(token.data(), end, number);
    if (stop != end || fault == std::errc::invalid_argument || digits.back() == '.') {
        return failed(simdjson::NUMBER_ERROR);
    }
    // Beyond what a double holds the text says more than infinity or zero.
    out = fault == std::errc{} ? event::ValueRef(number) : event::ValueRef(token);
    return true;
}

bool JsonReader::Impl::array(ondemand::value& value, const NameTree::Name& name, unsigned depth) {
    const std::size_t scalars_from = scalars.size();
    const std::size_t collected_from = collected.size();
    std::size_t kept = 0;
    ++arrays_open;
    if (!elements(value, name, depth, kept)) {
        return false;
    }
    --arrays_open;
    const auto list = std::span(scalars).subspan(scalars_from);
    if (name.wanted && (!list.empty() || collected.size() == collected_from)) {
        const auto copy = writer->batch().arena().copy(
            std::span<const event::ValueRef>(list.data(), list.size()));
        emit(name.field, event::ValueRef(std::span<const event::ValueRef>(copy)));
    }
    scalars.resize(scalars_from);
    join(collected_from);
    if (arrays_open == 0) {
        for (std::size_t i = collected_from; i < collected.size(); ++i) {
            writer->put(collected[i].id, collected[i].value);
        }
        collected.resize(collected_from);
    }
    return true;
}

// Arrays inside arrays are one list: a test on a field asks for any element.
bool JsonReader::Impl::elements(ondemand::value& value, const NameTree::Name& name, unsigned depth,
                                std::size_t& kept) {
    ondemand::array array;
    if (const auto code = value.get_array().get(array)) {
        return failed(code);
    }
    for (auto item : array) {
        ondemand::value element;
        if (const auto code = std::move(item).get(element)) {
            return failed(code);
        }
        if (++kept > kElementsMax) {
            writer->fault(kTooManyElements);
            continue;
        }
        const std::string_view token = element.raw_json_token();
        if (token.empty()) {
            return failed(simdjson::EMPTY);
        }
        if (token[0] == '[' && depth + 1 < kDepthMax) {
            if (!elements(element, name, depth + 1, kept)) {
                return false;
            }
        } else if (token[0] == '{' || token[0] == '[') {
            const std::size_t from = collected.size();
            if (!this->value(element, name, depth + 1)) {
                return false;
            }
            last_wins(from);
        } else if (!is_followed_by(token, ']')) {
            return failed(simdjson::TAPE_ERROR);
        } else if (name.wanted) {
            event::ValueRef out;
            if (!scalar(trim_end(token), out)) {
                return false;
            }
            scalars.push_back(out);
        }
    }
    return true;
}

void JsonReader::Impl::emit(event::FieldId id, event::ValueRef value) {
    if (arrays_open == 0) {
        writer->put(id, value);
    } else if (collected.size() < kCollectedMax) {
        collected.push_back({id, next_order++, value});
    } else {
        writer->fault(kTooManyElements);
    }
}

// Within one element a name stands once.
void JsonReader::Impl::last_wins(std::size_t from) {
    const auto begin = collected.begin() + static_cast<std::ptrdiff_t>(from);
    std::sort(begin, collected.end(), by_id_then_order);
    auto to = begin;
    for (auto it = begin; it != collected.end(); ++it) {
        if (it + 1 == collected.end() || (it + 1)->id != it->id) {
            *to++ = *it;
        }
    }
    collected.erase(to, collected.end());
}

// Values of one name, collected over the elements, become one list, in the elements' order.
void JsonReader::Impl::join(std::size_t from) {
    const auto begin = collected.begin() + static_cast<std::ptrdiff_t>(from);
    if (collected.end() - begin < 2) {
        return;
    }
    std::sort(begin, collected.end(), by_id_then_order);
    auto to = begin;
    for (auto group = begin; group != collected.end();) {
        auto end = group;
        const std::size_t scalars_from = scalars.size();
        for (; end != collected.end() && end->id == group->id; ++end) {
            if (end->value.type() == event::Type::List) {
                const auto inner = end->value.list();
                scalars.insert(scalars.end(), inner.begin(), inner.end());
            } else {
                scalars.push_back(end->value);
            }
        }
        Collected joined = *group;
        if (end - group > 1) {
            const auto copy = writer->batch().arena().copy(
                std::span<const event::ValueRef>(scalars).subspan(scalars_from));
            joined.value = event::ValueRef(std::span<const event::ValueRef>(copy));
        }
        scalars.resize(scalars_from);
        *to++ = joined;
        group = end;
    }
    collected.erase(to, collected.end());
}

JsonReader::JsonReader(NameTree& names) : impl_(std::make_unique<Impl>(names)) {}
JsonReader::~JsonReader() = default;

bool JsonReader::read_into(std::string_view text, Writer& writer) {
    const Writer::Saved before = writer.save();
    if (impl_->read(writer.copy_padded(text), writer)
        && skip_blanks(text, impl_->read_bytes) == text.size()) {
        return true;
    }
    writer.restore(before);
    return false;
}

void JsonReader::choose_profile(Writer& writer) const {
    const ShapeProfiles& shapes = writer.shapes();
    if (impl_->has_evtx) {
        writer.use_profile(shapes.evtx ? shapes.evtx : shapes.windows);
    } else if ((impl_->has_winlog || impl_->has_event_data) && shapes.winlogbeat) {
        writer.use_profile(shapes.winlogbeat);
    } else if (impl_->has_channel && impl_->has_event_id) {
        writer.use_profile(shapes.windows);
    } else if (impl_->has_timestamp && shapes.ecs) {
        writer.use_profile(shapes.ecs);
    } else {
        writer.use_profile(shapes.json);
    }
}

void JsonReader::decode(Writer& writer) {
    const std::string_view whole = writer.raw();
    std::size_t at = whole.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    at = skip_blanks(whole, at);
    const auto finish = [&](std::string_view part) {
        bool good = impl_->read(part, writer);
        if (!good
            && (impl_->error == simdjson::UTF8_ERROR
                || impl_->error == simdjson::UNESCAPED_CHARS)) {
            good = impl_->read(writer.copy_padded(repair_json(part)), writer);
        }
        if (good) {
            choose_profile(writer);
            writer.time_from_fields();
        } else {
            writer.fail(writer.copy(
                fmt::format("not a JSON object: {}", simdjson::error_message(impl_->error))));
        }
        return good;
    };
    if (at < whole.size() && whole[at] != '[') {
        const std::string_view part = whole.substr(at);
        bool good = finish(part);
        std::size_t end = impl_->read_bytes;
        if (!good) {
            // Perhaps an object with something else behind it.
            end = value_end(part, 0);
            good = end != std::string_view::npos && skip_blanks(part, end) < part.size()
                   && finish(writer.copy_padded(part.substr(0, end)));
        }
        if (!good || skip_blanks(part, end) >= part.size()) {
            writer.end();
            return;
        }
    }
    // Several objects: an array of them, or one behind the other.
    const bool is_array = at < whole.size() && whole[at] == '[';
    at += is_array ? 1 : 0;
    for (std::size_t events = 0;; ++events) {
        at = skip_blanks(whole, at);
        while (at < whole.size() && (whole[at] == ',' || (is_array && whole[at] == ']'))) {
            at = skip_blanks(whole, at + 1);
        }
        if (at >= whole.size()) {
            if (events == 0) {  // "[]"
                writer.fail("JSON array without events");
                writer.end();
            }
            return;
        }
        std::size_t end = value_end(whole, at);
        if (end == std::string_view::npos || end == at || events >= kEventsOfFrameMax) {
            end = whole.size();
        }
        const std::string_view part = whole.substr(at, end - at);
        writer.begin_part(part);
        finish(writer.copy_padded(part));
        writer.end();
        at = end;
    }
}

}  // namespace gac::ingest
