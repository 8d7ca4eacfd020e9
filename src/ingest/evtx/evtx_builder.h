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

inline EvtxBuilder::Values sample_values(std::string_view image) {
    return {{ValueType::UInt16, raw(std::uint16_t{4688})},
            {ValueType::String, utf16_of("Security")},
            {ValueType::String, utf16_of(image)},
            {ValueType::Null, {}},
            {ValueType::String, utf16_of("one")},
            {ValueType::HexInt64, raw(std::uint64_t{0x3e7})}};
}

}  // namespace gac::ingest::evtx
