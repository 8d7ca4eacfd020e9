// Questions to event history that people keep, for themselves or for their unit: the text, the
// span, the columns and the view. Its owner changes and removes one; whoever may change one of
// somebody else's is decided by the caller (`Editor::Any`). A removed one can be put back for 30
// days. Everything is audited. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/gate.h"
#include "base/result.h"
#include "base/time.h"
#include "base/uuid.h"

namespace gac::access {
class Audit;
}

namespace gac::response {

using SavedSearchId = base::Id<struct SavedSearchTag>;

struct SearchText {
    std::string name;
    std::string note;
    std::string query;
    std::string span;                         // back from now: "15m", "24h", "7d"; or empty
    std::optional<base::TimePoint> from, to;  // a span that stands still
    std::vector<std::string> columns;         // empty = the usual ones
    std::string view;                         // "table", "json", "bars"...; empty = as usual
    bool shared = false;                      // with the owner's unit
};

struct SavedSearch : SearchText {
    SavedSearchId id;
    base::UserId owner;
    std::string owner_name;
    std::optional<base::UnitId> unit;
    base::TimePoint created_at;
    base::TimePoint changed_at;
    std::string changed_by;
    bool removed = false;
    std::int64_t version = 1;
};

class SavedSearches {
public:
    static constexpr std::size_t kOwnMax = 500;
    static constexpr std::size_t kNameMax = 200;
    static constexpr std::size_t kNoteMax = 2'000;
    static constexpr std::size_t kQueryMax = 20'000;
    static constexpr std::size_t kColumnsMax = 50;
    static constexpr std::size_t kColumnMax = 200;
    static constexpr base::Duration kRemovedKept = base::Duration::days(30);

    enum class Editor : std::uint8_t { Owner, Any };

    SavedSearches(db::Database& database, access::Audit& audit, const base::Clock& clock)
        : database_(database), audit_(audit), clock_(clock) {}

    // Only people keep questions: a program's token is refused.
    Result<SavedSearch> add(const access::Actor& who, const SearchText& wanted);
    // NotFound when it is not his and not shared with him; Conflict when `version` is set and is
    // not the present one; PermissionDenied for one of somebody else's unless `editor` is Any.
    Result<SavedSearch> change(const access::Actor& who, const access::Scope& scope,
                               SavedSearchId id, std::optional<std::int64_t> version,
                               const SearchText& wanted, Editor editor);
    Result<SavedSearch> remove(const access::Actor& who, const access::Scope& scope,
                               SavedSearchId id, std::optional<std::int64_t> version, bool removed,
                               Editor editor);

    // His own and what is shared with him, by name; removed ones left out.
    Result<std::vector<SavedSearch>> list(const access::Actor& who, const access::Scope& scope);
    // Also a removed one, by its owner.
    Result<SavedSearch> find(const access::Actor& who, const access::Scope& scope,
                             SavedSearchId id);

private:
    db::Database& database_;
    access::Audit& audit_;
    const base::Clock& clock_;
};

}  // namespace gac::response
