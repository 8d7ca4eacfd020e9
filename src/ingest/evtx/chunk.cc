#include "ingest/evtx/chunk.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <zlib.h>

#include "base/reader.h"
#include "base/text.h"
#include "ingest/evtx/chunk_tree.h"

namespace gac::ingest::evtx {

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

bool ChunkReader::find_next(Record& record) {
    // offset 0 "**\0\0", 4 u32 bytes, 8 u64 number, 16 u64 time written, 24 binary XML,
    // bytes - 4 u32 bytes again
    for (;;) {
        const std::size_t mark = chunk_.find(kRecordMark, at_);
        if (mark == std::string_view::npos || mark + kRecordHead + 4 > chunk_.size()) {
            return false;
        }
        std::uint32_t bytes = 0;
        std::uint32_t again = 0;
        std::memcpy(&bytes, chunk_.data() + mark + 4, 4);
        std::memcpy(&record.number, chunk_.data() + mark + 8, 8);
        std::memcpy(&record.written, chunk_.data() + mark + 16, 8);
        // A running Windows writes the record first and the head later: what goes on counting is
        // new.
        if (mark >= free_ && !(dirty_ && record.number == last_number_ + 1)) {
            return false;
        }
        if (bytes >= kRecordHead + 4 && bytes <= chunk_.size() - mark) {
            std::memcpy(&again, chunk_.data() + mark + bytes - 4, 4);
        }
        counts_.skipped_bytes += mark - at_;
        record.whole = again == bytes && bytes != 0;
        if (!record.whole
            && (record.number == 0 || bytes > kChunkBytes || bytes < kRecordHead + 4)) {
            at_ = mark + kRecordMark.size();  // not a record at all
            counts_.skipped_bytes += kRecordMark.size();
            continue;
        }
        record.begin = mark;
        record.end = record.whole ? mark + bytes : chunk_.size();
        ++counts_.records;
        last_number_ = record.number;
        at_ = record.whole ? record.end : mark + kRecordHead;
        return true;
    }
}

const char* ChunkReader::render(const Record& record, std::string& json) {
    Tree tree;
    impl_->begin_record();
    Cursor cursor{chunk_, record.begin + kRecordHead, record.whole ? record.end - 4 : record.end};
    json.clear();
    Fault fault = record.whole ? impl_->parse_fragment(cursor, tree, true, 0)
                               : "record whose two sizes differ";
    if (fault == nullptr) {
        fault = impl_->render_record(tree, json);
    }
    if (fault == nullptr) {
        return nullptr;
    }
    ++counts_.bad;
    const std::string hex =
        base::hex(chunk_.substr(record.begin, std::min(record.end - record.begin, kHexBytesMax)));
    json = fmt::format(
        "{{\"Event\":{{\"System\":{{\"EventRecordID\":{},\"TimeCreated\":{{"
        "\"#attributes\":{{\"SystemTime\":\"{}\"}}}}}}}},\"parse.error\":\"EVTX: {}\","
        "\"evtx.record\":\"{}\"}}",
        record.number, filetime_text(record.written), fault, hex);
    return fault;
}

bool ChunkReader::next(std::string& json) {
    Record record;
    if (!find_next(record)) {
        return false;
    }
    render(record, json);
    return true;
}

}  // namespace gac::ingest::evtx
