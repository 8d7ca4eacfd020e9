#include "app/history.h"

#include <filesystem>

#include <fmt/format.h>

#include "base/time.h"

namespace gac::app {

Result<History> History::open(const std::string& data,
                              std::shared_ptr<const event::ProfileSet> profiles, unsigned threads) {
    const DataFolder folder(data);
    if (!std::filesystem::is_directory(folder.events())) {
        return fail(Code::NotFound, fmt::format("{} holds no event history", data), "--data");
    }
    History history;
    std::filesystem::path events = folder.events();
    auto lock = DataLock::take(data);
    if (lock) {
        history.lock_.emplace(*std::move(lock));
    } else if (lock.error().code == Code::Conflict) {  // a server is writing it
        GAC_TRY(made, HistoryCopy::make(folder));
        history.copy_.emplace(std::move(made));
        events = history.copy_->folder();
    } else {
        return std::unexpected(std::move(lock).error());
    }
    GAC_TRY(store, store::Store::open(
                       {.folder = events, .search_threads = threads, .merging = {.on = false}},
                       std::move(profiles), std::make_shared<store::SourceNameTable>()));
    history.store_ = std::move(store);
    return history;
}

Result<store::TimeRange> read_range(const std::string& from, const std::string& to,
                                    base::TimePoint now) {
    store::TimeRange range;
    const auto bound = [&](const std::string& text, const char* option,
                           base::TimePoint& to_set) -> Result<> {
        if (!text.empty()) {
            auto time = base::parse_time_argument(text, now);
            if (!time) {
                return std::unexpected(base::at(option, std::move(time).error()));
            }
            to_set = *time;
        }
        return {};
    };
    GAC_CHECK(bound(from, "--from", range.from));
    GAC_CHECK(bound(to, "--to", range.to));
    return range;
}

Result<store::Query> read_query(const std::string& text, const std::string& from,
                                const std::string& to) {
    const base::TimePoint now = base::SystemClock{}.now();
    auto query = store::parse(text, now);
    if (!query) {
        return fail(Code::InvalidArgument, fmt::format("{}\n{}", query.error().message(),
                                                       store::with_caret(text, query.error())));
    }
    GAC_TRY(range, read_range(from, to, now));
    query->range = range;
    return query;
}

}  // namespace gac::app
