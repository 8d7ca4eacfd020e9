// Walks a record by its plans and writes its values as fields.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "ingest/core/names.h"
#include "ingest/core/writer.h"
#include "ingest/evtx/chunk.h"
#include "ingest/evtx/chunk_tree.h"
#include "ingest/evtx/plan.h"

namespace gac::ingest::evtx {

class Walker {
public:
    explicit Walker(NameTree& names) : planner_(names) {}

    void begin_chunk();
    // Writes the record's fields, time and profile into the event that was begun. False when the
    // record has to take the way over JSON: what was written is worth nothing then.
    bool write(ChunkReader::Impl& chunk, const Record& record, Writer& writer);

private:
    static constexpr std::size_t kFragmentsMax = 4;  // inside one another
    static constexpr std::size_t kKeptBytesMax = 8 << 20;

    bool fragment(Cursor& cursor, std::uint32_t parent, std::size_t depth, std::uint32_t& root);
    bool run(const Plan& plan, std::size_t depth);
    bool leaf(const Plan& plan, const Step& step, std::size_t depth);
    bool list(const Plan& plan, const Step& step, std::size_t depth);
    bool nested(const Plan& plan, const Step& step, std::size_t depth);
    const Plan* plan_at(std::uint32_t offset, std::uint32_t parent, std::size_t depth);

    enum class Found : std::uint8_t { Nothing, Something, Strange };
    Found look(const Content& content, std::size_t depth, const evtx::Value*& value) const;
    bool put(const Target& target, const Content& content, const evtx::Value* value);

    Planner planner_;
    std::unordered_map<std::uint64_t, const Plan*> plans_;  // of the chunk, by offset and parent
    // Of all chunks, by what the template says and its parent; null: of no usual shape.
    std::unordered_map<std::string, std::unique_ptr<Plan>> kept_;
    std::size_t kept_bytes_ = 0;              // of its keys
    std::vector<std::unique_ptr<Plan>> own_;  // plans of the chunk that are not kept
    std::string key_;
    std::array<std::vector<evtx::Value>, kFragmentsMax> values_;  // of the open fragments
    std::vector<event::ValueRef> scalars_;
    ChunkReader::Impl* chunk_ = nullptr;
    Writer* writer_ = nullptr;
    bool has_system_ = false;
};

}  // namespace gac::ingest::evtx
