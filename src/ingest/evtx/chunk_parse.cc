#include <algorithm>

#include "base/text.h"
#include "ingest/evtx/chunk_tree.h"

namespace gac::ingest::evtx {

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
        tree = found->second.tree.get();
        return found->second.fault;
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
        templates.emplace(offset, Kept{nullptr, fault});
        return fault;
    }
    tree = templates.emplace(offset, Kept{std::move(made), nullptr}).first->second.tree.get();
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

}  // namespace gac::ingest::evtx
