// Bytes of one frame become an event. A decoder is a plain function with memory for its caches: no
// threads, no sockets, no clock. It never fails, never throws and never keeps the bytes: what it
// cannot read becomes a raw event with parse.error and head.parse_failed. One decoder serves one
// thread at a time; make one for each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "event/batch.h"
#include "event/field.h"
#include "event/profile.h"

namespace gac::ingest {

// Where a frame came from. The profile "generic" (id 0) lets the decoder pick one by the event's
// shape: windows, winlogbeat, evtx, ecs, linux, web, firewall, where the set has them.
struct Origin {
    event::SourceId source{};
    event::ProfileId profile{};
    base::TimePoint received;
    std::string_view peer;   // the sender's address as text; becomes host.name's stand-in only when
                             // the event names no host; may be empty
    bool truncated = false;  // the framer cut it
    bool drill = false;
};

// Which fields somebody will read (decision 18): all, or those that the rules need. Values of
// other fields are not decoded.
class FieldChoice {
public:
    static FieldChoice all() { return FieldChoice{}; }
    static FieldChoice of(std::span<const event::FieldId> fields);

    bool is_all() const { return all_; }
    bool wants(event::FieldId id) const {
        return all_ || (event::index_of(id) < wanted_.size() && wanted_[event::index_of(id)]);
    }
    // The id of a name that somebody reads; interns only when all are wanted.
    std::optional<event::FieldId> wanted(std::string_view name) const;
    // Some wanted name begins with `path` and a dot, so that an object of that name is worth a
    // look.
    bool wants_below(std::string_view path) const;
    void add(event::FieldId id);

private:
    bool all_ = true;
    std::vector<bool> wanted_;  // by index_of(FieldId)
    std::unordered_map<std::string_view, event::FieldId> by_name_;
    std::vector<std::string_view> prefixes_;  // proper dotted prefixes of wanted names, sorted
};

struct Options {
    std::shared_ptr<const event::ProfileSet> profiles;  // none: no mapping, times in UTC
    FieldChoice fields;
    bool keep_raw = true;                   // head.raw
    bool lazy_texts = false;                // JSON strings may be left escaped, see event/value.h
    std::size_t event_bytes_max = 1 << 20;  // a longer frame is cut, and marked
};

class Decoder {
public:
    virtual ~Decoder() = default;
    // Appends exactly one event; none for a blank frame, several for a JSON array.
    virtual void decode(std::string_view frame, const Origin& origin, event::EventBatch& out) = 0;
};

// `format`: a name of decoder_names().
Result<std::unique_ptr<Decoder>> make_decoder(std::string_view format, const Options& options);

// auto, json, syslog, line, combined, kv
std::span<const std::string_view> decoder_names();

}  // namespace gac::ingest
