// What stands inside a chunk once parsed, and who parses and renders it; shared by the two halves
// of the reader. Private to evtx.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ingest/evtx/chunk.h"
#include "ingest/evtx/values.h"

namespace gac::ingest::evtx {

inline constexpr std::string_view kRecordMark{"**\0\0", 4};
inline constexpr std::size_t kRecordHead = 24;
inline constexpr std::size_t kRecordsBegin = 512;
inline constexpr std::size_t kElementsMax = 20'000;    // of one fragment
inline constexpr std::size_t kDepthMax = 64;           // of elements, fragments included
inline constexpr std::size_t kJsonBytesMax = 8 << 20;  // of one record
inline constexpr std::size_t kHexBytesMax = 4'096;     // shown of a bad record

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

struct ChunkReader::Impl {
    struct Kept {
        std::unique_ptr<Tree> tree;  // none: it could not be read
        Fault fault = nullptr;
    };
    std::string_view chunk;
    std::unordered_map<std::uint32_t, Kept> templates;     // by offset
    std::unordered_map<std::uint32_t, std::string> names;  // by offset
    std::size_t elements_left = 0;
    std::vector<std::uint32_t> open_templates;  // being parsed: a template may not hold itself

    void begin_record() {
        elements_left = kElementsMax;
        open_templates.clear();
    }
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

}  // namespace gac::ingest::evtx
