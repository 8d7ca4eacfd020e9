// Hunting backwards: a list of indicators against everything kept. The store knows its columns, the
// hunter knows what a value means; between them stands only this. Values are shown once for each
// place where they are kept apart (a block's dictionary), not once for each event.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "event/batch.h"
#include "store/query.h"

namespace gac::store {

// Something that a value holds. It counts for events of [from, to) only: entries of lists end.
struct Find {
    std::uint32_t what = 0;  // the hunter's own number, the same for all threads
    TimeRange when;
};

// One thread's looking; keeps scratch memory.
class HunterEye {
public:
    virtual ~HunterEye() = default;
    // Places in `values` that may hold something, ascending, added to `maybe`; too many never
    // matter, one too few does.
    virtual void glance(std::uint32_t role, std::span<const event::ValueRef> values,
                        std::vector<std::uint32_t>& maybe) = 0;
    // May a text that begins so hold something?
    virtual bool may_begin(std::uint32_t role, std::string_view begin) const {
        static_cast<void>(role);
        static_cast<void>(begin);
        return true;
    }
    // What the value holds, added to `out`. True: together with other fields of its event it may
    // hold more, which look_closely tells.
    virtual bool look(std::uint32_t role, const event::ValueRef& value, std::vector<Find>& out) = 0;
    virtual void look_closely(const event::EventRef& event, std::vector<Find>& out) = 0;
};

// Any thread.
class Hunter {
public:
    static constexpr std::uint32_t kNoRole = 0;

    virtual ~Hunter() = default;
    // What a field of events of that profile is looked at as; kNoRole: it is not looked at.
    virtual std::uint32_t role(event::ProfileId profile, event::FieldId field) const = 0;
    // The role of texts, kNoRole when they are not asked for. An event without a field of this role
    // has its original looked at instead.
    virtual std::uint32_t text_role() const = 0;
    virtual std::unique_ptr<HunterEye> eye() const = 0;
};

struct HuntQuestion {
    TimeRange range;
    std::optional<std::vector<std::string>> only_sources;  // set by access control
    event::EventId id_begin = 0;
    event::EventId id_end = ~event::EventId{0};  // events from id_begin on, below id_end
    std::uint32_t found_max = 100'000;           // things found
    std::uint32_t hosts_max = 1'000;             // of one of them
    std::uint32_t samples_max = 5;               // events of one of them on one host
    unsigned threads = 0;                        // 0 = one for each core
};

// Events of exercises are no finds.
struct HuntAnswer {
    struct Sample {
        base::TimePoint time;
        event::EventId id = 0;
        auto operator<=>(const Sample&) const = default;
    };
    struct OnHost {
        std::string host;    // empty: the event names none
        std::string source;  // of the newest of them
        std::uint64_t count = 0;
        base::TimePoint first, last;
        std::vector<Sample> samples;  // the newest, newest first
    };
    struct OfSource {
        std::string source;
        std::uint64_t count = 0;
    };
    struct Found {
        std::uint32_t what = 0;
        std::uint64_t count = 0;  // events, each once
        base::TimePoint first, last;
        std::vector<OnHost> hosts;      // the most frequent first
        bool more_hosts = false;        // than hosts_max
        std::vector<OfSource> sources;  // the most frequent first
    };
    std::vector<Found> found;  // by `what`
    std::uint64_t scanned_events = 0;
    std::uint64_t scanned_bytes = 0;
    std::string partial;  // empty, or why not everything was looked at
};

}  // namespace gac::store
