// The event history of a data folder, opened by a command that only reads. While a server writes
// it, a moment of it is read instead.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/data_folder.h"
#include "app/history_copy.h"
#include "base/result.h"
#include "event/profile.h"
#include "store/store.h"

namespace gac::app {

class History {
public:
    // An error says "--data". `threads` look through it, 0 = one for each core.
    static Result<History> open(const std::string& data,
                                std::shared_ptr<const event::ProfileSet> profiles,
                                unsigned threads = 0);

    const store::Store& store() const { return *store_; }

private:
    History() = default;

    // In this order: the store closes before its folder goes.
    std::optional<DataLock> lock_;
    std::optional<HistoryCopy> copy_;
    std::unique_ptr<store::Store> store_;
};

// --from and --to of a command: RFC 3339 or relative; empty texts leave the range open.
Result<store::TimeRange> read_range(const std::string& from, const std::string& to,
                                    base::TimePoint now);
// A question as typed, over such a range. A fault in its text shows the place.
Result<store::Query> read_query(const std::string& text, const std::string& from,
                                const std::string& to);

}  // namespace gac::app
