// Events as text for other programs: NDJSON (one object a line, as everywhere in the product) or
// CSV (RFC 4180, a header line, columns by name). Values; one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "event/batch.h"
#include "event/profile.h"
#include "store/query.h"
#include "store/source_names.h"

namespace gac::store {

// Spreadsheet: CSV behind a byte order mark, without which it is not read as UTF-8, where a text
// that would be run as a formula has an apostrophe in front.
enum class ExportFormat : std::uint8_t { Ndjson, Csv, Spreadsheet };
// "ndjson", "csv", "spreadsheet"
std::optional<ExportFormat> parse_export_format(std::string_view name);

class Exporter {
public:
    // A query is a filter, and perhaps `fields`, which names the columns; other pipes are refused.
    static Result<Exporter> open(ExportFormat format, const Query& query,
                                 std::shared_ptr<const event::ProfileSet> profiles,
                                 SourceNames& sources);
    Exporter(Exporter&&) noexcept;
    ~Exporter();

    void begin(std::string& out);  // the header line, where there is one
    void add(const event::EventBatch& batch, std::string& out);

private:
    struct State;
    explicit Exporter(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace gac::store
