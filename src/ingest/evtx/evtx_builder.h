// Makes small Windows event logs for tests and fuzz seeds: one chunk, its names, one template, and
// records that use it.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/evtx/chunk.h"
#include "ingest/evtx/values.h"

namespace gac::ingest::evtx {

inline std::string utf16_of(std::string_view ascii) {
    std::string out;
    for (const char c : ascii) {
        out += c;
        out += '\0';
    }
    return out;
}

template <class T>
std::string raw(T value) {
    return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

class EvtxBuilder {
public:
    using Values = std::vector<std::pair<ValueType, std::string>>;

    EvtxBuilder() : chunk_(512, '\0') { std::memcpy(chunk_.data(), "ElfChnk\0", 8); }

    // <Event><System><Provider Name="P"/><EventID>%0</EventID><Channel>%1</Channel></System>
    // <EventData><Data Name="Image">%2</Data><Data Name="Empty">%3</Data><Data>%4</Data>
    // <Data>%5</Data></EventData></Event>, all values optional.
    void add_record(std::uint64_t number, const Values& values) {
        const std::size_t start = chunk_.size();
        chunk_ += std::string("**\0\0", 4) + raw(std::uint32_t{0}) + raw(number)
                  + raw(std::uint64_t{133'500'000'000'000'000});
        chunk_ += std::string("\x0f\x01\x01\x00", 4);
        chunk_ += '\x0c';
        chunk_ += '\x01';
        chunk_ += raw(std::uint32_t{7});
        if (template_at_ == 0) {
            template_at_ = static_cast<std::uint32_t>(chunk_.size()) + 4;
            chunk_ += raw(template_at_);
            chunk_ += raw(std::uint32_t{0}) + raw(std::uint32_t{7}) + std::string(12, 'g');
            const std::size_t size_at = chunk_.size();
            chunk_ += raw(std::uint32_t{0});
            add_template();
            patch(size_at, static_cast<std::uint32_t>(chunk_.size() - size_at - 4));
        } else {
            chunk_ += raw(template_at_);
        }
        chunk_ += raw(static_cast<std::uint32_t>(values.size()));
        for (const auto& [type, bytes] : values) {
            chunk_ += raw(static_cast<std::uint16_t>(bytes.size()));
            chunk_ += static_cast<char>(type);
            chunk_ += '\0';
        }
        for (const auto& [type, bytes] : values) {
            chunk_ += bytes;
        }
        chunk_ += '\0';
        while ((chunk_.size() - start + 4) % 8 != 0) {
            chunk_ += '\0';
        }
        const auto size = static_cast<std::uint32_t>(chunk_.size() - start + 4);
        chunk_ += raw(size);
        patch(start + 4, size);
        starts_.push_back(start);
    }

    const std::string& chunk() const { return chunk_; }
    std::size_t start_of(std::size_t record) const { return starts_[record]; }
    std::string file() const {
        std::string out(kFileHeaderBytes, '\0');
        std::memcpy(out.data(), kFileMark.data(), kFileMark.size());
        std::string padded = chunk_;
        padded.resize(kChunkBytes);
        return out + padded;
    }

private:
    void patch(std::size_t at, std::uint32_t value) { std::memcpy(chunk_.data() + at, &value, 4); }
    void add_name(const std::string& name) {
        const auto known = names_.find(name);
        if (known != names_.end()) {
            chunk_ += raw(known->second);
            return;
        }
        const auto at = static_cast<std::uint32_t>(chunk_.size()) + 4;
        names_[name] = at;
        chunk_ += raw(at) + raw(std::uint32_t{0}) + raw(std::uint16_t{0})
                  + raw(static_cast<std::uint16_t>(name.size())) + utf16_of(name)
                  + std::string(2, '\0');
    }
    void open(const std::string& name, bool attributes) {
        chunk_ += attributes ? '\x41' : '\x01';
        chunk_ += raw(std::uint16_t{0xffff}) + raw(std::uint32_t{0});
        add_name(name);
    }
    void attribute(const std::string& name, const std::string& value) {
        const std::size_t size_at = chunk_.size();
        chunk_ += raw(std::uint32_t{0});
        chunk_ += '\x06';
        add_name(name);
        chunk_ += std::string("\x05\x01", 2) + raw(static_cast<std::uint16_t>(value.size()))
                  + utf16_of(value);
        patch(size_at, static_cast<std::uint32_t>(chunk_.size() - size_at - 4));
    }
    void substitution(std::uint16_t number) {
        chunk_ += '\x02';
        chunk_ += '\x0e';
        chunk_ += raw(number);
        chunk_ += '\x01';
        chunk_ += '\x04';
    }
    void add_template() {
        chunk_ += std::string("\x0f\x01\x01\x00", 4);
        open("Event", false);
        chunk_ += '\x02';
        open("System", false);
        chunk_ += '\x02';
        open("Provider", true);
        attribute("Name", "P");
        chunk_ += '\x03';
        open("EventID", false);
        substitution(0);
        open("Channel", false);
        substitution(1);
        chunk_ += '\x04';
        open("EventData", false);
        chunk_ += '\x02';
        open("Data", true);
        attribute("Name", "Image");
        substitution(2);
        open("Data", true);
        attribute("Name", "Empty");
        substitution(3);
        open("Data", false);
        substitution(4);
        open("Data", false);
        substitution(5);
        chunk_ += std::string("\x04\x04\x00", 3);
    }

    std::string chunk_;
    std::uint32_t template_at_ = 0;
    std::map<std::string, std::uint32_t> names_;
    std::vector<std::size_t> starts_;
};

// An element of a template, with what stands inside as tokens of its own.
struct Xml {
    struct Piece;
    std::string name;
    std::vector<std::pair<std::string, std::vector<Piece>>> attributes = {};
    std::vector<Piece> parts = {};

    struct Piece {
        enum class Kind : std::uint8_t {
            Text,
            Slot,
            Element,
            CData,
            Character,
            Entity,
            Instruction
        };
        Kind kind = Kind::Text;
        std::string text = {};          // Text, CData, Entity and Instruction (a name)
        std::uint16_t number = 0;       // Slot, Character
        std::vector<Xml> element = {};  // one
    };
};

inline Xml::Piece text(std::string_view value) {
    return {.kind = Xml::Piece::Kind::Text, .text = std::string(value)};
}
inline Xml::Piece slot(std::uint16_t number) {
    return {.kind = Xml::Piece::Kind::Slot, .number = number};
}
inline Xml::Piece element(Xml xml) {
    return {.kind = Xml::Piece::Kind::Element, .element = {std::move(xml)}};
}

// Chunks of any templates and records. Templates and names lie between the records.
class ChunkMaker {
public:
    using Values = std::vector<std::pair<std::uint8_t, std::string>>;

    ChunkMaker() : chunk_(512, '\0') { std::memcpy(chunk_.data(), "ElfChnk\0", 8); }

    // Gives the template's place.
    std::uint32_t define(const Xml& xml) {
        place_names(xml);
        std::string tokens("\x0f\x01\x01\x00", 4);
        write(xml, tokens);
        tokens += '\0';
        const auto at = static_cast<std::uint32_t>(chunk_.size());
        chunk_ += raw(std::uint32_t{0}) + std::string(16, 'g')
                  + raw(static_cast<std::uint32_t>(tokens.size())) + tokens;
        return at;
    }

    // A fragment with a use of the template: the body of a record or of a value.
    static std::string instance(std::uint32_t place, const Values& values) {
        std::string out("\x0f\x01\x01\x00\x0c\x01", 6);
        out += raw(std::uint32_t{7}) + raw(place) + raw(static_cast<std::uint32_t>(values.size()));
        for (const auto& [type, bytes] : values) {
            out += raw(static_cast<std::uint16_t>(bytes.size()));
            out += static_cast<char>(type);
            out += '\0';
        }
        for (const auto& [type, bytes] : values) {
            out += bytes;
        }
        return out + '\0';
    }

    void record(std::uint64_t number, const std::string& body) {
        std::string out = std::string("**\0\0", 4) + raw(std::uint32_t{0}) + raw(number)
                          + raw(std::uint64_t{133'500'000'000'000'000}) + body;
        out.resize((out.size() + 4 + 7) / 8 * 8 - 4);
        const auto size = static_cast<std::uint32_t>(out.size() + 4);
        out += raw(size);
        std::memcpy(out.data() + 4, &size, 4);
        chunk_ += out;
    }

    std::string& chunk() { return chunk_; }

private:
    void place(const std::string& name) {
        if (names_.contains(name)) {
            return;
        }
        names_[name] = static_cast<std::uint32_t>(chunk_.size());
        chunk_ += raw(std::uint32_t{0}) + raw(std::uint16_t{0})
                  + raw(static_cast<std::uint16_t>(name.size())) + utf16_of(name)
                  + std::string(2, '\0');
    }
    void place_names(const Xml& xml) {
        place(xml.name);
        for (const auto& [name, parts] : xml.attributes) {
            place(name);
        }
        for (const Xml::Piece& part : xml.parts) {
            if (part.kind == Xml::Piece::Kind::Entity
                || part.kind == Xml::Piece::Kind::Instruction) {
                place(part.text);
            }
            for (const Xml& inner : part.element) {
                place_names(inner);
            }
        }
    }
    static std::string counted(std::string_view text) {
        return raw(static_cast<std::uint16_t>(text.size())) + utf16_of(text);
    }
    void write(const Xml::Piece& piece, std::string& out) {
        using Kind = Xml::Piece::Kind;
        switch (piece.kind) {
            case Kind::Text:
                out += std::string("\x05\x01", 2) + counted(piece.text);
                break;
            case Kind::Slot:
                out += '\x0e' + raw(piece.number) + '\x01';
                break;
            case Kind::Element:
                write(piece.element.front(), out);
                break;
            case Kind::CData:
                out += '\x07' + counted(piece.text);
                break;
            case Kind::Character:
                out += '\x08' + raw(piece.number);
                break;
            case Kind::Entity:
                out += '\x09' + raw(names_[piece.text]);
                break;
            case Kind::Instruction:
                out += '\x0a' + raw(names_[piece.text]) + '\x0b' + counted("data");
                break;
        }
    }
    void write(const Xml& xml, std::string& out) {
        out += xml.attributes.empty() ? '\x01' : '\x41';
        out += raw(std::uint16_t{0xffff}) + raw(std::uint32_t{0}) + raw(names_[xml.name]);
        if (!xml.attributes.empty()) {
            std::string list;
            for (const auto& [name, parts] : xml.attributes) {
                list += '\x46' + raw(names_[name]);
                for (const Xml::Piece& part : parts) {
                    write(part, list);
                }
            }
            out += raw(static_cast<std::uint32_t>(list.size())) + list;
        }
        out += xml.parts.empty() ? '\x03' : '\x02';
        for (const Xml::Piece& part : xml.parts) {
            write(part, out);
        }
        if (!xml.parts.empty()) {
            out += '\x04';
        }
    }

    std::string chunk_;
    std::map<std::string, std::uint32_t> names_;
};

inline EvtxBuilder::Values sample_values(std::string_view image) {
    return {{ValueType::UInt16, raw(std::uint16_t{4688})},
            {ValueType::String, utf16_of("Security")},
            {ValueType::String, utf16_of(image)},
            {ValueType::Null, {}},
            {ValueType::String, utf16_of("one")},
            {ValueType::HexInt64, raw(std::uint64_t{0x3e7})}};
}

}  // namespace gac::ingest::evtx
