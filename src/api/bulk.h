// Elasticsearch's bulk body: a line that says what to do, then, for index, create and update, a
// line with the document. Splits it; knows nothing of what becomes of the documents.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gac::api {

enum class BulkKind : std::uint8_t { Index, Create, Update, Delete };
std::string_view name_of(BulkKind kind);

struct BulkAction {
    BulkKind kind = BulkKind::Index;
    std::string index;          // named by the action, or the path's
    std::string id;             // named by the action; may be empty
    std::string_view document;  // into the body; empty for delete
};

// Fails with "line N" as place when the body is not of this shape; then nothing of it may be taken.
Result<std::vector<BulkAction>> parse_bulk(std::string_view body, std::string_view default_index);

// The name under which an index's events are kept: without what rotation appends ("-2026.11.22",
// "-000001"), so that one sender stays one source.
std::string source_of_index(std::string_view index);

// What became of one action.
struct BulkOutcome {
    int status = 201;
    std::string_view error_type = {};
    std::string reason = {};
};
// Documents without an id are named after `id_base`, as clients expect every item to have one.
std::string render_bulk(const std::vector<BulkAction>& actions,
                        const std::vector<BulkOutcome>& outcomes, std::int64_t took_ms,
                        std::string_view id_base);

}  // namespace gac::api
