#include "ingest/evtx/chunk.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>
#include <zlib.h>

#include "base/reader.h"
#include "base/text.h"
#include "ingest/evtx/values.h"

namespace gac::ingest::evtx {

namespace {

constexpr std::string_view kRecordMark{"**\0\0", 4};
constexpr std::size_t kRecordHead = 24;
constexpr std::size_t kRecordsBegin = 512;
constexpr std::size_t kElementsMax = 20'000;    // of one fragment
constexpr std::size_t kDepthMax = 64;           // of elements, fragments included
constexpr std::size_t kJsonBytesMax = 8 << 20;  // of one record
constexpr std::size_t kHexBytesMax = 4'096;     // shown of a bad record

// Thrown by nobody: faults are texts that live for ever, passed up.
using Fault = const char*;

enum class Token : std::uint8_t {
    End = 0x00,
    OpenElement = 0x01,
    CloseStart = 0x02,
    CloseEmpty = 0x03,
    EndElement = 0x04,
    Value = 0x05,
    Attribute = 0x06,
    CData = 0x07,
    CharRef = 0x08,
    EntityRef = 0x09,
    PiTarget = 0x0a,
    PiData = 0x0b,
    Template = 0x0c,
    NormalSubstitution = 0x0d,
    OptionalSubstitution = 0x0e,
    Fragment = 0x0f,
};

// What stands inside an element or an attribute.
struct Part {
    enum class Kind : std::uint8_t { Element, Text, Value, Substitution, Template };
    Kind kind = Kind::Text;
    bool optional = false;
    std::uint32_t index = 0;  // Element: in Tree::elements; Substitution: its number;
                              // Template: in Tree::instances
    evtx::Value value;        // Value
    std::string text;         // Text: body of a JSON string
};

struct Attribute {
    std::string name;  // body of a JSON string
    std::vector<Part> parts;
};

struct Element {
    std::string name;
    std::vector<Attribute> attributes;
    std::vector<Part> parts;
};

struct Tree;

// A use of a template with its values.
struct Instance {
    const Tree* tree = nullptr;
    std::vector<evtx::Value> values;
    std::vector<std::size_t> at;  // of the values' bytes in the chunk
};

// A fragment as parsed: of a template (kept for the chunk) or of a record.
struct Tree {
    std::vector<Element> elements;
    std::vector<Part> roots;
    std::vector<Instance> instances;
};

struct Cursor {
    std::string_view chunk;
    std::size_t at = 0;
    std::size_t end = 0;

    bool has(std::size_t bytes) const { return bytes <= end - at; }
    template <class T>
    bool read(T& out) {
        if (!has(sizeof(T))) {
            return false;
        }
        std::memcpy(&out, chunk.data() + at, sizeof(T));
        at += sizeof(T);
        return true;
    }
    bool take(std::size_t bytes, std::string_view& out) {
        if (!has(bytes)) {
            return false;
        }
        out = chunk.substr(at, bytes);
        at += bytes;
        return true;
    }
};

}  // namespace

struct ChunkReader::Impl {
    std::string_view chunk;
    std::unordered_map<std::uint32_t, std::unique_ptr<Tree>> templates;  // by offset
    std::unordered_map<std::uint32_t, std::string> names;                // by offset
    std::size_t elements_left = 0;
    std::vector<std::uint32_t> open_templates;  // being parsed: a template may not hold itself

    Fault parse_fragment(Cursor& cursor, Tree& tree, bool has_dependency, std::size_t depth);
    Fault parse_parts(Cursor& cursor, Tree& tree, std::vector<Part>& parts, bool has_dependency,
                      std::size_t depth);
    Fault parse_element(Cursor& cursor, Tree& tree, bool more, bool has_dependency,
                        std::size_t depth, std::uint32_t& index);
    Fault parse_attributes(Cursor& cursor, Tree& tree, Element& element, std::size_t depth);
    Fault parse_simple(Cursor& cursor, Token token, std::vector<Part>& parts);
    Fault parse_template(Cursor& cursor, Tree& tree, std::size_t depth);
    Fault parse_name(Cursor& cursor, std::string& name);
    Fault template_at(std::uint32_t offset, std::size_t depth, const Tree*& tree);

    Fault render_record(const Tree& tree, std::string& out);

private:
    struct Child {
        std::string_view key;
        const Element* element = nullptr;
        const Instance* values = nullptr;
        const Tree* tree = nullptr;
        std::string own_key;
    };
    Fault gather(const Tree& tree, const Instance* values, const std::vector<Part>& parts,
                 std::vector<Child>& children, std::string& text, bool& has_text, bool& plain,
                 std::size_t depth);
    Fault render_element(const Child& child, std::string& out, std::size_t depth);
    Fault render_children(std::vector<Child>& children, std::string& out, std::size_t depth,
                          bool& first);
    Fault render_attribute(const Attribute& attribute, const Instance* values, std::string& out,
                           bool& empty);
    Fault nested(const evtx::Value& value, std::size_t at, const Tree*& tree, std::size_t depth);

    std::vector<std::unique_ptr<Tree>> nested_;  // fragments inside values, of the record
    friend class ChunkReader;
};

// offset 0 u32 next name, 4 u16 hash, 6 u16 signs, 8 UTF-16, then a NUL
Fault ChunkReader::Impl::parse_name(Cursor& cursor, std::string& name) {
    std::uint32_t offset = 0;
    if (!cursor.read(offset)) {
        return "name cut short";
    }
    const bool inside = offset == cursor.at;  // its first use: the name itself follows
    auto found = names.find(offset);
    if (found == names.end() || inside) {
        Cursor at{chunk, offset, chunk.size()};
        std::uint32_t next = 0;
        std::uint16_t hash = 0;
        std::uint16_t signs = 0;
        std::string_view text;
        if (offset > chunk.size() || !at.read(next) || !at.read(hash) || !at.read(signs)
            || !at.take(std::size_t{signs} * 2, text) || !at.has(2)) {
            return "name outside the chunk";
        }
        at.at += 2;
        if (inside) {
            cursor.at = at.at;
            if (cursor.at > cursor.end) {
                return "name cut short";
            }
        }
        if (found == names.end()) {
            std::string made;
            append_utf16(text, made);
            found = names.emplace(offset, std::move(made)).first;
        }
    }
    name = found->second;
    return nullptr;
}

Fault ChunkReader::Impl::parse_simple(Cursor& cursor, Token token, std::vector<Part>& parts) {
    Part part;
    switch (token) {
        case Token::Value: {
            std::uint8_t type = 0;
            std::uint16_t signs = 0;
            if (!cursor.read(type)) {
                return "value cut short";
            }
            if (type != static_cast<std::uint8_t>(ValueType::String)) {
                return "value of a type that does not stand here";
            }
            part.kind = Part::Kind::Value;
            part.value.type = type;
            if (!cursor.read(signs) || !cursor.take(std::size_t{signs} * 2, part.value.bytes)) {
                return "value cut short";
            }
            break;
        }
        case Token::CData: {
            std::uint16_t signs = 0;
            part.kind = Part::Kind::Value;
            part.value.type = static_cast<std::uint8_t>(ValueType::String);
            if (!cursor.read(signs) || !cursor.take(std::size_t{signs} * 2, part.value.bytes)) {
                return "value cut short";
            }
            break;
        }
        case Token::CharRef: {
            std::string_view unit;
            part.kind = Part::Kind::Value;
            part.value.type = static_cast<std::uint8_t>(ValueType::String);
            if (!cursor.take(2, unit)) {
                return "character cut short";
            }
            part.value.bytes = unit;
            break;
        }
        case Token::EntityRef: {
            std::string name;
            if (const Fault fault = parse_name(cursor, name)) {
                return fault;
            }
            part.text = name == "lt"     ? "<"
                        : name == "gt"   ? ">"
                        : name == "amp"  ? "&"
                        : name == "apos" ? "'"
                        : name == "quot" ? "\\\""
                                         : "&" + name + ";";
            break;
        }
        case Token::NormalSubstitution:
        case Token::OptionalSubstitution: {
            std::uint16_t number = 0;
            std::uint8_t type = 0;
            if (!cursor.read(number) || !cursor.read(type)) {
                return "substitution cut short";
            }
            part.kind = Part::Kind::Substitution;
            part.index = number;
            part.optional = token == Token::OptionalSubstitution;
            break;
        }
        default:
            return "token that is not known";
    }
    parts.push_back(std::move(part));
    return nullptr;
}

Fault ChunkReader::Impl::parse_attributes(Cursor& cursor, Tree& tree, Element& element,
                                          std::size_t depth) {
    static_cast<void>(tree);
    static_cast<void>(depth);
    std::uint32_t bytes = 0;
    if (!cursor.read(bytes) || !cursor.has(bytes)) {
        return "attributes cut short";
    }
    while (cursor.has(1)) {
        const auto raw = static_cast<std::uint8_t>(chunk[cursor.at]);
        const auto token = static_cast<Token>(raw & 0x0f);
        if (token == Token::CloseStart || token == Token::CloseEmpty) {
            return nullptr;
        }
        ++cursor.at;
        if (token == Token::Attribute) {
            Attribute attribute;
            if (const Fault fault = parse_name(cursor, attribute.name)) {
                return fault;
            }
            element.attributes.push_back(std::move(attribute));
            continue;
        }
        if (element.attributes.empty()) {
            return "attribute value without its name";
        }
        if (const Fault fault = parse_simple(cursor, token, element.attributes.back().parts)) {
            return fault;
        }
    }
    return "attributes cut short";
}

Fault ChunkReader::Impl::parse_element(Cursor& cursor, Tree& tree, bool more, bool has_dependency,
                                       std::size_t depth, std::uint32_t& index) {
    if (depth > kDepthMax) {
        return "elements nested too deep";
    }
    if (elements_left == 0) {
        return "too many elements";
    }
    --elements_left;
    std::uint16_t dependency = 0;
    std::uint32_t bytes = 0;
    if ((has_dependency && !cursor.read(dependency)) || !cursor.read(bytes)) {
        return "element cut short";
    }
    Element element;
    if (const Fault fault = parse_name(cursor, element.name)) {
        return fault;
    }
    if (more) {
        if (const Fault fault = parse_attributes(cursor, tree, element, depth)) {
            return fault;
        }
    }
    std::uint8_t raw = 0;
    if (!cursor.read(raw)) {
        return "element cut short";
    }
    const auto token = static_cast<Token>(raw & 0x0f);
    if (token == Token::CloseStart) {
        if (const Fault fault =
                parse_parts(cursor, tree, element.parts, has_dependency, depth + 1)) {
            return fault;
        }
    } else if (token != Token::CloseEmpty) {
        return "element that does not close";
    }
    index = static_cast<std::uint32_t>(tree.elements.size());
    tree.elements.push_back(std::move(element));
    return nullptr;
}

// The content of an element, up to its end.
Fault ChunkReader::Impl::parse_parts(Cursor& cursor, Tree& tree, std::vector<Part>& parts,
                                     bool has_dependency, std::size_t depth) {
    for (;;) {
        std::uint8_t raw = 0;
        if (!cursor.read(raw)) {
            return "element cut short";
        }
        const auto token = static_cast<Token>(raw & 0x0f);
        switch (token) {
            case Token::EndElement:
                return nullptr;
            case Token::OpenElement: {
                Part part;
                part.kind = Part::Kind::Element;
                if (const Fault fault = parse_element(cursor, tree, (raw & 0x40) != 0,
                                                      has_dependency, depth, part.index)) {
                    return fault;
                }
                parts.push_back(std::move(part));
                break;
            }
            case Token::PiTarget: {
                std::string name;
                if (const Fault fault = parse_name(cursor, name)) {
                    return fault;
                }
                break;
            }
            case Token::PiData: {
                std::uint16_t signs = 0;
                std::string_view text;
                if (!cursor.read(signs) || !cursor.take(std::size_t{signs} * 2, text)) {
                    return "instruction cut short";
                }
                break;
            }
            case Token::Template: {
                if (const Fault fault = parse_template(cursor, tree, depth)) {
                    return fault;
                }
                Part part;
                part.kind = Part::Kind::Template;
                part.index = static_cast<std::uint32_t>(tree.instances.size() - 1);
                parts.push_back(std::move(part));
                break;
            }
            default:
                if (const Fault fault = parse_simple(cursor, token, parts)) {
                    return fault;
                }
        }
    }
}

Fault ChunkReader::Impl::parse_fragment(Cursor& cursor, Tree& tree, bool has_dependency,
                                        std::size_t depth) {
    if (depth > kDepthMax) {
        return "fragments nested too deep";
    }
    while (cursor.has(1)) {
        std::uint8_t raw = 0;
        cursor.read(raw);
        switch (static_cast<Token>(raw & 0x0f)) {
            case Token::End:
                return nullptr;
            case Token::Fragment: {
                std::string_view version;
                if (!cursor.take(3, version)) {
                    return "fragment cut short";
                }
                break;
            }
            case Token::OpenElement: {
                Part part;
                part.kind = Part::Kind::Element;
                if (const Fault fault = parse_element(cursor, tree, (raw & 0x40) != 0,
                                                      has_dependency, depth, part.index)) {
                    return fault;
                }
                tree.roots.push_back(std::move(part));
                break;
            }
            case Token::Template: {
                if (const Fault fault = parse_template(cursor, tree, depth)) {
                    return fault;
                }
                Part part;
                part.kind = Part::Kind::Template;
                part.index = static_cast<std::uint32_t>(tree.instances.size() - 1);
                tree.roots.push_back(std::move(part));
                break;
            }
            case Token::PiTarget: {
                std::string name;
                if (const Fault fault = parse_name(cursor, name)) {
                    return fault;
                }
                break;
            }
            case Token::PiData: {
                std::uint16_t signs = 0;
                std::string_view text;
                if (!cursor.read(signs) || !cursor.take(std::size_t{signs} * 2, text)) {
                    return "instruction cut short";
                }
                break;
            }
            default:
                return "token that does not stand here";
        }
    }
    return nullptr;
}

// u8 version, u32 id, u32 offset of the definition, [the definition, at its first use],
// u32 values, each {u16 bytes, u8 type, u8 0}, then their bytes
Fault ChunkReader::Impl::parse_template(Cursor& cursor, Tree& tree, std::size_t depth) {
    std::uint8_t version = 0;
    std::uint32_t id = 0;
    std::uint32_t offset = 0;
    if (!cursor.read(version) || !cursor.read(id) || !cursor.read(offset)) {
        return "template cut short";
    }
    if (offset == cursor.at) {
        std::uint32_t bytes = 0;
        Cursor head{chunk, cursor.at + 20, cursor.end};
        if (cursor.at + 24 > cursor.end || !head.read(bytes) || !head.has(bytes)) {
            return "template cut short";
        }
        cursor.at += 24 + bytes;
    }
    Instance instance;
    if (const Fault fault = template_at(offset, depth, instance.tree)) {
        return fault;
    }
    std::uint32_t count = 0;
    if (!cursor.read(count) || !cursor.has(std::size_t{count} * 4)) {
        return "template values cut short";
    }
    std::vector<std::uint16_t> sizes(count);
    instance.values.resize(count);
    instance.at.resize(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        std::uint8_t zero = 0;
        cursor.read(sizes[i]);
        cursor.read(instance.values[i].type);
        cursor.read(zero);
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        instance.at[i] = cursor.at;
        if (!cursor.take(sizes[i], instance.values[i].bytes)) {
            return "template values cut short";
        }
    }
    tree.instances.push_back(std::move(instance));
    return nullptr;
}

// u32 next template, GUID, u32 bytes, then a fragment
Fault ChunkReader::Impl::template_at(std::uint32_t offset, std::size_t depth, const Tree*& tree) {
    if (const auto found = templates.find(offset); found != templates.end()) {
        tree = found->second.get();
        return tree == nullptr ? "template that could not be read" : nullptr;
    }
    if (std::ranges::find(open_templates, offset) != open_templates.end()) {
        return "template that holds itself";
    }
    Cursor cursor{chunk, offset, chunk.size()};
    std::string_view skipped;
    std::uint32_t bytes = 0;
    if (offset > chunk.size() || !cursor.take(20, skipped) || !cursor.read(bytes)
        || !cursor.has(bytes)) {
        return "template outside the chunk";
    }
    cursor.end = cursor.at + bytes;
    auto made = std::make_unique<Tree>();
    open_templates.push_back(offset);
    const Fault fault = parse_fragment(cursor, *made, true, depth + 1);
    open_templates.pop_back();
    if (fault != nullptr) {
        templates.emplace(offset, nullptr);
        return fault;
    }
    tree = templates.emplace(offset, std::move(made)).first->second.get();
    return nullptr;
}

// A value that is a fragment itself; its elements carry no dependency numbers.
Fault ChunkReader::Impl::nested(const evtx::Value& value, std::size_t at, const Tree*& tree,
                                std::size_t depth) {
    auto made = std::make_unique<Tree>();
    Cursor cursor{chunk, at, at + value.bytes.size()};
    if (const Fault fault = parse_fragment(cursor, *made, false, depth)) {
        return fault;
    }
    nested_.push_back(std::move(made));
    tree = nested_.back().get();
    return nullptr;
}

// Sorts the parts of an element into children and text. `plain`: the text is one value as JSON
// writes it, without quotes around it being added later.
Fault ChunkReader::Impl::gather(const Tree& tree, const Instance* values,
                                const std::vector<Part>& parts, std::vector<Child>& children,
                                std::string& text, bool& has_text, bool& plain, std::size_t depth) {
    if (depth > kDepthMax) {
        return "fragments nested too deep";
    }
    for (const Part& part : parts) {
        switch (part.kind) {
            case Part::Kind::Element: {
                Child child;
                child.element = &tree.elements[part.index];
                child.values = values;
                child.tree = &tree;
                children.push_back(std::move(child));
                break;
            }
            case Part::Kind::Text:
                text += part.text;
                has_text = true;
                plain = false;
                break;
            case Part::Kind::Value:
                append_bare(ValueType::String, part.value.bytes, text);
                has_text = true;
                plain = false;
                break;
            case Part::Kind::Template: {
                const Instance& instance = tree.instances[part.index];
                if (const Fault fault = gather(*instance.tree, &instance, instance.tree->roots,
                                               children, text, has_text, plain, depth + 1)) {
                    return fault;
                }
                break;
            }
            case Part::Kind::Substitution: {
                if (values == nullptr || part.index >= values->values.size()) {
                    return "substitution without a value";
                }
                const evtx::Value& value = values->values[part.index];
                if (value.is_null()) {
                    break;
                }
                if (value.type == static_cast<std::uint8_t>(ValueType::BinXml)) {
                    const Tree* inner = nullptr;
                    if (const Fault fault =
                            nested(value, values->at[part.index], inner, depth + 1)) {
                        return fault;
                    }
                    if (const Fault fault = gather(*inner, nullptr, inner->roots, children, text,
                                                   has_text, plain, depth + 1)) {
                        return fault;
                    }
                    break;
                }
                const auto type = static_cast<ValueType>(value.type & ~kArrayFlag);
                if (parts.size() == 1 && !has_text) {
                    // The usual case: the value alone, with the type that it has.
                    plain = value.is_array() || !is_quoted(type);
                    has_text = true;
                    if (plain ? !append_value(value, text)
                              : !append_bare(type, value.bytes, text)) {
                        return "value that does not fit its type";
                    }
                    break;
                }
                has_text = true;
                plain = false;
                if (value.is_array() || !append_bare(type, value.bytes, text)) {
                    return "value that does not fit its type";
                }
                break;
            }
        }
        if (text.size() > kJsonBytesMax) {
            return "record grows beyond the limit";
        }
    }
    return nullptr;
}

Fault ChunkReader::Impl::render_attribute(const Attribute& attribute, const Instance* values,
                                          std::string& out, bool& empty) {
    static const Tree kNone;
    std::vector<Child> children;
    std::string text;
    bool has_text = false;
    bool plain = false;
    if (const Fault fault =
            gather(kNone, values, attribute.parts, children, text, has_text, plain, 0)) {
        return fault;
    }
    empty = !has_text;
    out += plain ? text : '"' + text + '"';
    return nullptr;
}

Fault ChunkReader::Impl::render_children(std::vector<Child>& children, std::string& out,
                                         std::size_t depth, bool& first) {
    // An element <Data Name="x"> goes by its name.
    for (Child& child : children) {
        child.key = child.element->name;
        if (child.key != "Data" || child.element->attributes.empty()) {
            continue;
        }
        for (const Attribute& attribute : child.element->attributes) {
            bool empty = false;
            if (attribute.name == "Name") {
                if (const Fault fault =
                        render_attribute(attribute, child.values, child.own_key, empty)) {
                    return fault;
                }
                if (!empty && child.own_key.size() > 2 && child.own_key.front() == '"') {
                    child.key = std::string_view(child.own_key).substr(1, child.own_key.size() - 2);
                }
            }
        }
    }
    // Elements of one name become a list, where the first of them stands. Mostly none repeats.
    std::vector<std::pair<std::string_view, std::uint32_t>> order;
    order.reserve(children.size());
    for (std::uint32_t i = 0; i < children.size(); ++i) {
        order.emplace_back(children[i].key, i);
    }
    std::ranges::sort(order);
    std::vector<std::uint32_t> next(children.size(), UINT32_MAX);
    std::vector<bool> later(children.size(), false);
    for (std::size_t i = 1; i < order.size(); ++i) {
        if (order[i].first == order[i - 1].first) {
            next[order[i - 1].second] = order[i].second;
            later[order[i].second] = true;
        }
    }
    for (std::uint32_t i = 0; i < children.size(); ++i) {
        if (later[i]) {
            continue;
        }
        out += first ? "\"" : ",\"";
        first = false;
        out += children[i].key;
        out += "\":";
        const bool list = next[i] != UINT32_MAX;
        out += list ? "[" : "";
        for (std::uint32_t k = i; k != UINT32_MAX; k = next[k]) {
            out += k == i ? "" : ",";
            if (const Fault fault = render_element(children[k], out, depth + 1)) {
                return fault;
            }
        }
        out += list ? "]" : "";
    }
    return nullptr;
}

Fault ChunkReader::Impl::render_element(const Child& child, std::string& out, std::size_t depth) {
    if (depth > kDepthMax) {
        return "elements nested too deep";
    }
    if (out.size() > kJsonBytesMax) {
        return "record grows beyond the limit";
    }
    const Element& element = *child.element;
    std::vector<Child> children;
    std::string text;
    bool has_text = false;
    bool plain = false;
    if (const Fault fault = gather(*child.tree, child.values, element.parts, children, text,
                                   has_text, plain, depth)) {
        return fault;
    }
    const bool named_data = child.key != element.name;
    std::string attributes;
    for (const Attribute& attribute : element.attributes) {
        if (named_data) {
            break;
        }
        std::string value;
        bool empty = false;
        if (const Fault fault = render_attribute(attribute, child.values, value, empty)) {
            return fault;
        }
        if (!empty) {
            attributes += attributes.empty() ? "\"" : ",\"";
            attributes += attribute.name + "\":" + value;
        }
    }
    const auto put_text = [&] { out += plain ? text : '"' + text + '"'; };
    if (attributes.empty() && children.empty()) {
        if (has_text) {
            put_text();
        } else {
            out += named_data ? "\"\"" : "null";
        }
        return nullptr;
    }
    out += '{';
    bool first = true;
    if (!attributes.empty()) {
        out += "\"#attributes\":{" + attributes + '}';
        first = false;
    }
    if (has_text && (plain || text.find_first_not_of(" \t") != std::string::npos)) {
        out += first ? "\"#text\":" : ",\"#text\":";
        put_text();
        first = false;
    }
    if (const Fault fault = render_children(children, out, depth, first)) {
        return fault;
    }
    out += '}';
    return nullptr;
}

Fault ChunkReader::Impl::render_record(const Tree& tree, std::string& out) {
    nested_.clear();
    std::vector<Child> children;
    std::string text;
    bool has_text = false;
    bool plain = false;
    if (const Fault fault = gather(tree, nullptr, tree.roots, children, text, has_text, plain, 0)) {
        return fault;
    }
    if (children.empty()) {
        return "record without an element";
    }
    out += '{';
    bool first = true;
    if (const Fault fault = render_children(children, out, 0, first)) {
        return fault;
    }
    out += '}';
    return nullptr;
}

ChunkReader::ChunkReader() : impl_(std::make_unique<Impl>()) {}
ChunkReader::~ChunkReader() = default;

namespace {

// Where the records end, by a head that is whole; the chunk's end otherwise. Behind it lie the
// records of an earlier use of the bytes, which are no events of this file.
std::size_t free_space(std::string_view chunk) {
    // offset 48 u32 free space, 124 u32 CRC-32 of bytes 0 to 120 and 128 to 512
    if (chunk.size() < kRecordsBegin || !chunk.starts_with(kChunkMark)) {
        return chunk.size();
    }
    const auto bytes = [&](std::size_t from) {
        return reinterpret_cast<const unsigned char*>(chunk.data() + from);
    };
    std::uint32_t free = 0;
    std::uint32_t sum = 0;
    std::memcpy(&free, chunk.data() + 48, 4);
    std::memcpy(&sum, chunk.data() + 124, 4);
    const auto made = ::crc32(::crc32(0, bytes(0), 120), bytes(128), kRecordsBegin - 128);
    return made == sum && free >= kRecordsBegin && free <= chunk.size() ? free : chunk.size();
}

}  // namespace

void ChunkReader::begin(std::string_view chunk, bool dirty) {
    chunk_ = chunk.substr(0, kChunkBytes);
    impl_->chunk = chunk_;
    impl_->templates.clear();
    impl_->names.clear();
    impl_->nested_.clear();
    at_ = std::min(kRecordsBegin, chunk_.size());
    free_ = free_space(chunk_);
    dirty_ = dirty;
    last_number_ = 0;
}

bool ChunkReader::next(std::string& json) {
    // offset 0 "**\0\0", 4 u32 bytes, 8 u64 number, 16 u64 time written, 24 binary XML,
    // bytes - 4 u32 bytes again
    for (;;) {
        const std::size_t mark = chunk_.find(kRecordMark, at_);
        if (mark == std::string_view::npos || mark + kRecordHead + 4 > chunk_.size()) {
            return false;
        }
        std::uint32_t bytes = 0;
        std::uint32_t again = 0;
        std::uint64_t number = 0;
        std::uint64_t written = 0;
        std::memcpy(&bytes, chunk_.data() + mark + 4, 4);
        std::memcpy(&number, chunk_.data() + mark + 8, 8);
        std::memcpy(&written, chunk_.data() + mark + 16, 8);
        // A running Windows writes the record first and the head later: what goes on counting is
        // new.
        if (mark >= free_ && !(dirty_ && number == last_number_ + 1)) {
            return false;
        }
        if (bytes >= kRecordHead + 4 && bytes <= chunk_.size() - mark) {
            std::memcpy(&again, chunk_.data() + mark + bytes - 4, 4);
        }
        counts_.skipped_bytes += mark - at_;
        const bool whole = again == bytes && bytes != 0;
        if (!whole && (number == 0 || bytes > kChunkBytes || bytes < kRecordHead + 4)) {
            at_ = mark + kRecordMark.size();  // not a record at all
            counts_.skipped_bytes += kRecordMark.size();
            continue;
        }
        const std::size_t end = whole ? mark + bytes : chunk_.size();
        Tree tree;
        impl_->elements_left = kElementsMax;
        impl_->open_templates.clear();
        Cursor cursor{chunk_, mark + kRecordHead, whole ? end - 4 : end};
        json.clear();
        Fault fault =
            whole ? impl_->parse_fragment(cursor, tree, true, 0) : "record whose two sizes differ";
        if (fault == nullptr) {
            fault = impl_->render_record(tree, json);
        }
        ++counts_.records;
        last_number_ = number;
        at_ = whole ? end : mark + kRecordHead;
        if (fault != nullptr) {
            ++counts_.bad;
            std::string hex = base::hex(chunk_.substr(mark, std::min(end - mark, kHexBytesMax)));
            json = fmt::format(
                "{{\"Event\":{{\"System\":{{\"EventRecordID\":{},\"TimeCreated\":{{"
                "\"#attributes\":{{\"SystemTime\":\"{}\"}}}}}}}},\"parse.error\":\"EVTX: {}\","
                "\"evtx.record\":\"{}\"}}",
                number, filetime_text(written), fault, hex);
        }
        return true;
    }
}

}  // namespace gac::ingest::evtx
