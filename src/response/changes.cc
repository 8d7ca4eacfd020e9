#include "response/changes.h"

#include <fmt/format.h>

#include <algorithm>

#include "db/session.h"

namespace gac::response {

namespace {
constexpr int kPageMax = 5000;
}

Result<ChangePage> ChangeFeed::since(const Scope& scope, std::int64_t after_seq, int limit) {
    std::vector<db::Arg> args;
    // What belongs to nobody in particular (rules, the drill's removal) is for everybody.
    const std::string sql = fmt::format(
        "SELECT seq, time, kind, object_id, unit_id FROM changes WHERE ({} OR kind IN "
        "('rule.changed', "
        "'drill.removed')) AND seq > ? ORDER BY seq LIMIT ?",
        scope.where("unit_id", args));
    args.emplace_back(after_seq);
    args.emplace_back(std::clamp(limit, 1, kPageMax));
    return database_.read([&](db::Session& session) -> Result<ChangePage> {
        ChangePage page;
        GAC_TRY(oldest, session.number("SELECT min(seq) FROM changes"));
        GAC_TRY(newest, session.number("SELECT max(seq) FROM changes"));
        // Also when the client knows more than we do: then it comes from another database.
        page.gap = after_seq + 1 < oldest || after_seq > newest;
        GAC_CHECK(session.each(sql, args, [&](const db::RowView& row) {
            page.changes.push_back({row.integer(0), row.time(1), row.string(2), row.string(3),
                                    row.maybe_id<UnitId>(4)});
        }));
        const bool more =
            page.changes.size() == static_cast<std::size_t>(std::clamp(limit, 1, kPageMax));
        page.last_seq = more ? page.changes.back().seq : newest;
        return page;
    });
}

Result<std::int64_t> ChangeFeed::last_seq() {
    return database_.read(
        [](db::Session& session) { return session.number("SELECT max(seq) FROM changes"); });
}

std::uint64_t ChangeFeed::listen(Listener listener) {
    return listeners_.with([&](std::vector<Entry>& entries) {
        const std::uint64_t id = next_listener_++;
        entries.push_back({id, std::make_shared<Listener>(std::move(listener))});
        return id;
    });
}

void ChangeFeed::forget(std::uint64_t listener) {
    listeners_.with([&](std::vector<Entry>& entries) {
        std::erase_if(entries, [&](const Entry& entry) { return entry.id == listener; });
    });
}

Result<> ChangeFeed::write(db::Session& session, std::vector<Change>& changes) {
    if (changes.empty()) {
        return {};
    }
    GAC_TRY(last, session.number("SELECT max(seq) FROM changes"));
    const base::TimePoint now = clock_.now();
    for (Change& change : changes) {
        change.seq = ++last;
        change.time = now;
        GAC_CHECK(session.run(
            "INSERT INTO changes (seq, time, kind, object_id, unit_id) VALUES (?, ?, ?, ?, ?)",
            {change.seq, change.time, change.kind, change.id, change.unit}));
    }
    GAC_CHECK(session.run("DELETE FROM changes WHERE seq <= ?", {last - kKept}));
    return {};
}

// Called outside the lock, so that a listener may be forgotten by another thread meanwhile.
void ChangeFeed::tell(std::span<const Change> changes) {
    if (changes.empty()) {
        return;
    }
    const std::vector<Entry> entries =
        listeners_.with([](const std::vector<Entry>& all) { return all; });
    for (const Entry& entry : entries) {
        (*entry.call)(changes);
    }
}

}  // namespace gac::response
