#include "ingest/evtx/walker.h"

#include <algorithm>

#include "ingest/evtx/template_key.h"

namespace gac::ingest::evtx {

void Walker::begin_chunk() {
    plans_.clear();
    own_.clear();
    if (kept_bytes_ > kKeptBytesMax) {  // no log has so many kinds of events
        kept_.clear();
        kept_bytes_ = 0;
    }
}

bool Walker::write(ChunkReader::Impl& chunk, const Record& record, Writer& writer) {
    if (!record.whole) {
        return false;
    }
    chunk_ = &chunk;
    writer_ = &writer;
    has_system_ = false;
    chunk.begin_record();
    Cursor cursor{chunk.chunk, record.begin + kRecordHead, record.end - 4};
    std::uint32_t root = 0;
    if (!fragment(cursor, NameTree::kRoot, 0, root) || root != planner_.event_node()) {
        return false;
    }
    const ShapeProfiles& shapes = writer.shapes();
    writer.use_profile(!has_system_ ? shapes.json : shapes.evtx ? shapes.evtx : shapes.windows);
    writer.time_from_fields();
    return true;
}

// The usual fragment: its head, one template with values, its end.
bool Walker::fragment(Cursor& cursor, std::uint32_t parent, std::size_t depth,
                      std::uint32_t& root) {
    // 0f u8 u8 u8, 0c u8, u32 id, u32 offset, [the definition], u32 values
    constexpr std::size_t kHead = 4 + 2 + 8;
    if (depth >= kFragmentsMax || !cursor.has(kHead + 4)) {
        return false;
    }
    const char* head = chunk_->chunk.data() + cursor.at;
    if ((head[0] & 0x0f) != static_cast<int>(Token::Fragment)
        || (head[4] & 0x0f) != static_cast<int>(Token::Template)) {
        return false;
    }
    std::uint32_t offset = 0;
    std::memcpy(&offset, head + 10, 4);
    cursor.at += kHead;
    if (offset == cursor.at) {
        std::uint32_t bytes = 0;
        Cursor size{chunk_->chunk, cursor.at + 20, cursor.end};
        if (cursor.at + 24 > cursor.end || !size.read(bytes) || !size.has(bytes)) {
            return false;
        }
        cursor.at += 24 + std::size_t{bytes};
    }
    const Plan* plan = plan_at(offset, parent, depth);
    std::uint32_t count = 0;
    if (plan == nullptr || !cursor.read(count) || !cursor.has(std::size_t{count} * 4)) {
        return false;
    }
    std::vector<evtx::Value>& values = values_[depth];
    values.resize(count);
    const char* sizes = chunk_->chunk.data() + cursor.at;
    const char* bytes = sizes + std::size_t{count} * 4;
    const char* const end = chunk_->chunk.data() + cursor.end;
    for (evtx::Value& value : values) {
        std::uint16_t size = 0;
        std::memcpy(&size, sizes, 2);
        if (size > end - bytes) {
            return false;
        }
        value.type = static_cast<std::uint8_t>(sizes[2]);
        value.bytes = {bytes, size};
        bytes += size;
        sizes += 4;
    }
    if (bytes != end && (*bytes & 0x0f) != static_cast<int>(Token::End)) {
        return false;
    }
    has_system_ |= plan->has_system;
    root = plan->root;
    return run(*plan, depth);
}

const Plan* Walker::plan_at(std::uint32_t offset, std::uint32_t parent, std::size_t depth) {
    const std::uint64_t key = std::uint64_t{parent} << 32 | offset;
    if (const auto found = plans_.find(key); found != plans_.end()) {
        return found->second;
    }
    const bool has_key = template_key(chunk_->chunk, offset, key_);
    if (has_key) {
        key_.append(reinterpret_cast<const char*>(&parent), sizeof(parent));
        if (const auto found = kept_.find(key_); found != kept_.end()) {
            return plans_.emplace(key, found->second.get()).first->second;
        }
    }
    const Tree* tree = nullptr;
    if (chunk_->template_at(offset, depth, tree) != nullptr) {
        return nullptr;  // asked again, it says why
    }
    auto made = planner_.plan(*tree, parent);
    const Plan* plan = made.get();
    if (has_key) {
        kept_bytes_ += key_.size();
        kept_.emplace(key_, std::move(made));
    } else {
        own_.push_back(std::move(made));
    }
    plans_.emplace(key, plan);
    return plan;
}

Walker::Found Walker::look(const Content& content, std::size_t depth,
                           const evtx::Value*& value) const {
    value = nullptr;
    switch (content.kind) {
        case Content::Kind::Nothing:
            return Found::Nothing;
        case Content::Kind::Constant:
            return Found::Something;
        case Content::Kind::Substitution:
            break;
    }
    if (content.slot >= values_[depth].size()) {
        return Found::Strange;
    }
    value = &values_[depth][content.slot];
    if (value->type == static_cast<std::uint8_t>(ValueType::BinXml)) {
        return Found::Strange;
    }
    return value->is_null() ? Found::Nothing : Found::Something;
}

bool Walker::put(const Target& target, const Content& content, const evtx::Value* value) {
    if (!target.wanted) {
        return true;
    }
    event::ValueRef made;
    if (value == nullptr) {
        made = event::ValueRef(writer_->copy(content.constant));
    } else if (!to_value(*value, writer_->batch().arena(), made)) {
        return false;
    }
    writer_->put(target.field, made);
    return true;
}

bool Walker::run(const Plan& plan, std::size_t depth) {
    for (const Step& step : plan.steps) {
        switch (step.kind) {
            case Step::Kind::Leaf:
                if (!leaf(plan, step, depth)) {
                    return false;
                }
                break;
            case Step::Kind::Attribute: {
                const evtx::Value* value = nullptr;
                const Found found = look(step.content, depth, value);
                if (found == Found::Strange
                    || (found == Found::Something && !put(step.target, step.content, value))) {
                    return false;
                }
                break;
            }
            case Step::Kind::List:
                if (!list(plan, step, depth)) {
                    return false;
                }
                break;
            case Step::Kind::Nested:
                if (!nested(plan, step, depth)) {
                    return false;
                }
                break;
        }
    }
    return true;
}

bool Walker::leaf(const Plan& plan, const Step& step, std::size_t depth) {
    bool attributes = false;
    const evtx::Value* value = nullptr;
    for (std::uint32_t i = 0; i < step.count; ++i) {
        const PlannedAttribute& attribute = plan.attributes[step.first + i];
        const Found found = look(attribute.content, depth, value);
        if (found == Found::Strange) {
            return false;
        }
        if (found == Found::Something) {
            attributes = true;
            if (!put(attribute.target, attribute.content, value)) {
                return false;
            }
        }
    }
    const Found found = look(step.content, depth, value);
    if (found == Found::Strange) {
        return false;
    }
    if (!attributes) {
        if (found == Found::Something) {
            return put(step.target, step.content, value);
        }
        if (step.target.wanted) {
            writer_->put(step.target.field, step.content.named
                                                ? event::ValueRef(std::string_view(""))
                                                : event::ValueRef());
        }
        return true;
    }
    if (found == Found::Nothing || !step.beside.wanted) {
        return true;
    }
    // Beside attributes a text of nothing but blanks is none.
    event::ValueRef made;
    if (value == nullptr) {
        made = event::ValueRef(writer_->copy(step.content.constant));
    } else if (!to_value(*value, writer_->batch().arena(), made)) {
        return false;
    }
    const bool plain =
        value != nullptr && (value->is_array() || !is_quoted(static_cast<ValueType>(value->type)));
    if (plain || made.string().find_first_not_of(" \t") != std::string_view::npos) {
        writer_->put(step.beside.field, made);
    }
    return true;
}

bool Walker::list(const Plan& plan, const Step& step, std::size_t depth) {
    scalars_.clear();
    for (std::uint32_t i = 0; i < step.count; ++i) {
        const Content& content = plan.members[step.first + i];
        const evtx::Value* value = nullptr;
        const Found found = look(content, depth, value);
        if (found == Found::Strange) {
            return false;
        }
        if (!step.target.wanted) {
            continue;
        }
        event::ValueRef made;
        if (found == Found::Nothing) {
            made = content.named ? event::ValueRef(std::string_view("")) : event::ValueRef();
        } else if (value == nullptr) {
            made = event::ValueRef(writer_->copy(content.constant));
        } else if (!to_value(*value, writer_->batch().arena(), made)) {
            return false;
        }
        if (made.type() == event::Type::List) {
            scalars_.insert(scalars_.end(), made.list().begin(), made.list().end());
        } else {
            scalars_.push_back(made);
        }
        if (scalars_.size() > kListMax / 2) {
            return false;
        }
    }
    if (step.target.wanted) {
        const auto copy = writer_->batch().arena().copy(std::span<const event::ValueRef>(scalars_));
        writer_->put(step.target.field, event::ValueRef(std::span<const event::ValueRef>(copy)));
    }
    return true;
}

bool Walker::nested(const Plan& plan, const Step& step, std::size_t depth) {
    if (step.content.slot >= values_[depth].size()) {
        return false;
    }
    const evtx::Value value = values_[depth][step.content.slot];
    if (value.is_null()) {
        return true;
    }
    if (value.type != static_cast<std::uint8_t>(ValueType::BinXml)) {
        return false;
    }
    const auto at = static_cast<std::size_t>(value.bytes.data() - chunk_->chunk.data());
    Cursor cursor{chunk_->chunk, at, at + value.bytes.size()};
    std::uint32_t root = 0;
    if (!fragment(cursor, step.node, depth + 1, root)) {
        return false;
    }
    const auto siblings = std::span(plan.siblings).subspan(step.first, step.count);
    return std::ranges::find(siblings, root) == siblings.end();
}

}  // namespace gac::ingest::evtx
