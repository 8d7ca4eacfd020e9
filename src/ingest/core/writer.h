// The event under construction: all decoders write through it. It owns the rules that hold for
// every format: unread fields are dropped, a name stands once (the last value wins), texts are
// UTF-8, addresses and numbers are typed, and a failure keeps the event raw.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "event/batch.h"
#include "event/field.h"
#include "event/profile.h"
#include "ingest/decoder.h"

namespace gac::ingest {

// Profiles that decoders choose by an event's shape; absent ones stay empty.
struct ShapeProfiles {
    std::optional<event::ProfileId> windows, winlogbeat, evtx, ecs, json, linux_host, web, firewall;
};

class Writer {
public:
    static constexpr std::size_t kFieldsMax = 4096;  // of one event; the rest is dropped and said

    Writer(const Options& options, const FieldChoice& fields);

    // Copies the frame (cut at the limit) into the arena. False: it was blank, there is no event.
    bool begin(std::string_view frame, const Origin& origin, event::EventBatch& out);
    // An event that has no original as text. The origin must live until end().
    void begin(const Origin& origin, event::EventBatch& out);
    // One more event of the same frame, with `part` of text() as its original.
    void begin_part(std::string_view part);

    // The frame's copy as valid UTF-8: what decoders read and point into.
    std::string_view text();
    // The frame's copy as it came (JSON finds out itself whether it is UTF-8).
    std::string_view raw() const { return raw_; }
    const Origin& origin() const { return *origin_; }
    event::EventBatch& batch() { return *batch_; }

    const event::Profile& profile() const { return *profile_; }
    const base::Zone& zone() const { return profile_->zone; }
    const ShapeProfiles& shapes() const { return shapes_; }
    // Only a source without a profile of its own is given one by shape; the first shape told stays.
    void use_profile(std::optional<event::ProfileId> id);

    bool lazy_texts() const { return lazy_texts_; }
    bool wants(event::FieldId id) const { return choice_.wants(id); }
    // Views must lie in the arena or live for ever.
    void text(event::FieldId id, std::string_view value) {
        if (wants(id)) {
            put(id, event::ValueRef(value));
        }
    }
    void integer(event::FieldId id, std::int64_t value) {
        if (wants(id)) {
            put(id, event::ValueRef(value));
        }
    }
    void digits(event::FieldId id, std::string_view value);   // Integer, or the text if it is none
    void address(event::FieldId id, std::string_view value);  // Ip, or the text
    void peer(std::string_view host);  // source.ip, or source.domain when it is a name
    void put(event::FieldId id, event::ValueRef value) {  // wanted or not
        const std::uint32_t index = event::index_of(id);
        if (index >= places_.size()) [[unlikely]] {
            grow(index);
        }
        Place& at = places_[index];
        if (at.stamp == stamp_) {
            fields_[at.at].value = value;
            return;
        }
        if (count_ >= kFieldsMax) [[unlikely]] {
            fault(kTooManyFields);
            return;
        }
        at = {stamp_, count_};
        fields_[count_++] = {id, value};
    }
    const event::ValueRef* find(event::FieldId id) const;
    // A copy with zeros behind it: a parser that runs past a broken end meets nothing that looks
    // like more of the text. raw() has them too.
    static constexpr std::size_t kZeros = 32;
    std::string_view copy_padded(std::string_view text);
    std::string_view copy(std::string_view value) { return batch_->arena().copy(value); }

    // To take back what was written since.
    struct Saved {
        std::vector<event::Field> fields;
        std::string_view fault;
    };
    Saved save() const { return {{fields_.get(), fields_.get() + count_}, fault_}; }
    void restore(const Saved& saved);

    base::TimePoint time() const { return head_.time; }
    void time(base::TimePoint time) { head_.time = time; }
    // The first of the profile's time fields that reads as a time.
    void time_from_fields();
    bool is_address_field(event::FieldId id) const;

    // The event is kept with its original and this reason (a text that lives for ever, or in the
    // arena). Fields written so far stay.
    void fault(std::string_view why);
    // Nothing of it could be read: only message and parse.error.
    void fail(std::string_view why);
    bool failed() const { return !fault_.empty(); }

    void end();

private:
    struct Place {
        std::uint32_t stamp = 0;
        std::uint32_t at = 0;
    };
    static constexpr std::string_view kTooManyFields =
        "more than 4096 fields: the rest is in the original only";

    void start(std::string_view raw);
    void clear_fields();
    void grow(std::uint32_t index);

    std::shared_ptr<const event::ProfileSet> profiles_;
    const FieldChoice& choice_;
    ShapeProfiles shapes_;
    event::Profile none_;
    std::size_t event_bytes_max_;
    bool keep_raw_;
    bool lazy_texts_;
    std::vector<std::vector<bool>> address_fields_;  // by profile, then by field

    const Origin* origin_ = nullptr;
    event::EventBatch* batch_ = nullptr;
    const event::Profile* profile_ = nullptr;
    std::string_view raw_, text_;
    event::EventHead head_;
    std::string_view fault_;
    std::unique_ptr<event::Field[]> fields_;  // kFieldsMax and one for parse.error
    std::uint32_t count_ = 0;
    std::vector<Place> places_;  // where a name stands in this event, by field
    std::uint32_t stamp_ = 0;
};

}  // namespace gac::ingest
