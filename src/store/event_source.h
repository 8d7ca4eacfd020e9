// Where questions about event history are answered: the small interface that another back end would
// implement. Any thread; a question runs on the caller's thread and sees everything appended before
// it began.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "event/batch.h"
#include "store/hunt.h"
#include "store/query.h"
#include "store/sweep.h"

namespace gac::store {

class EventSource {
public:
    virtual ~EventSource() = default;

    virtual Result<Answer> search(const Query& query, const Budget& budget) const = 0;

    // The events with these ids in the order of `ids`, added to `out`; an id that is not kept (any
    // more) is left out. Each row's EventRef::id() tells which it is.
    virtual Result<> fetch(std::span<const event::EventId> ids, event::EventBatch& out) const = 0;

    // Of the query count its filter, its range and the pipes that filter events (extract, where,
    // hunt); the others are not applied.
    virtual Result<Histogram> histogram(const Query& query, const HistogramSpec& spec,
                                        const Budget& budget) const = 0;
    virtual Result<std::vector<TopValues>> top_values(const Query& query,
                                                      std::span<const std::string> fields,
                                                      std::uint32_t values_max,
                                                      const Budget& budget) const = 0;
    // The fields of the newest `events_max` matches with their top values, most frequent field
    // first: the field list beside the search results. Fields are named by ECS where their profile
    // has such a name.
    virtual Result<std::vector<TopValues>> field_summary(const Query& query,
                                                         std::uint32_t events_max,
                                                         std::uint32_t values_max,
                                                         const Budget& budget) const = 0;

    // Everything kept against a list: what of it stands where, since when and how often. Runs on
    // several threads; of the budget the time, the bytes and the cancelling count.
    virtual Result<HuntAnswer> hunt(const Hunter& hunter, const HuntQuestion& question,
                                    const Budget& budget) const = 0;

    // Events that somebody judges one by one, by rules for example. Of the budget the time, the
    // bytes and the cancelling count.
    virtual Result<SweepAnswer> sweep(Sweeper& sweeper, const SweepQuestion& question,
                                      const Budget& budget) const = 0;
};

}  // namespace gac::store
