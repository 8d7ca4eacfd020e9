#include "store/export.h"

#include "event/render.h"
#include "store/memory/chunk.h"
#include "store/query/plan.h"
#include "store/query/run.h"
#include "store/query/tree.h"

namespace gac::store {

namespace {

constexpr std::string_view kUsual[] = {
    "@timestamp", "gac.source",    "host.name",      "event.action", "event.outcome",
    "user.name",  "source.ip",     "destination.ip", "process.name", "process.command_line",
    "message",    "event.original"};

void append_csv(std::string_view text, std::string& out) {
    if (text.find_first_of("\",\r\n") == std::string_view::npos) {
        out += text;
        return;
    }
    out += '"';
    for (const char c : text) {
        out += c;
        if (c == '"') {
            out += c;
        }
    }
    out += '"';
}

// Numbers may begin with a minus.
bool is_formula(const Cell& cell, std::string_view text) {
    return !text.empty() && std::string_view("=+-@\t\r").contains(text.front())
           && std::holds_alternative<std::string>(cell);
}

}  // namespace

struct Exporter::State {
    ExportFormat format;
    Names names;
    std::vector<std::string> columns;  // NDJSON: empty = all fields
    std::vector<query::Name> resolved;
};

std::optional<ExportFormat> parse_export_format(std::string_view name) {
    return name == "ndjson"        ? std::optional(ExportFormat::Ndjson)
           : name == "csv"         ? std::optional(ExportFormat::Csv)
           : name == "spreadsheet" ? std::optional(ExportFormat::Spreadsheet)
                                   : std::nullopt;
}

Exporter::Exporter(std::unique_ptr<State> state) : state_(std::move(state)) {}
Exporter::Exporter(Exporter&&) noexcept = default;
Exporter::~Exporter() = default;

Result<Exporter> Exporter::open(ExportFormat format, const Query& query,
                                std::shared_ptr<const event::ProfileSet> profiles,
                                SourceNames& sources) {
    const query::Tree& tree = *query.tree;
    if (!tree.steps.empty() || !tree.dedup.empty() || tree.stats || !tree.sort.empty()
        || tree.limit) {
        return fail(Code::InvalidArgument,
                    "an export takes a filter and perhaps | fields; tables are made by a search",
                    "query");
    }
    // The sources belong to the caller and outlive the exporter.
    auto state = std::make_unique<State>(
        State{.format = format,
              .names = {.profiles = std::move(profiles),
                        .sources = {std::shared_ptr<SourceNames>(), &sources}},
              .columns = tree.fields,
              .resolved = {}});
    if (state->columns.empty() && format != ExportFormat::Ndjson) {
        state->columns.assign(std::begin(kUsual), std::end(kUsual));
    }
    for (const std::string& column : state->columns) {
        state->resolved.push_back(query::resolve(column, *state->names.profiles));
    }
    return Exporter(std::move(state));
}

void Exporter::begin(std::string& out) {
    if (state_->format != ExportFormat::Ndjson) {
        out += state_->format == ExportFormat::Spreadsheet ? "\xEF\xBB\xBF" : "";
        for (std::size_t i = 0; i < state_->columns.size(); ++i) {
            out += i > 0 ? "," : "";
            append_csv(state_->columns[i], out);
        }
        out += "\r\n";
    }
}

void Exporter::add(const event::EventBatch& batch, std::string& out) {
    State& s = *state_;
    std::string scratch;
    for (std::uint32_t row = 0; row < batch.size(); ++row) {
        const event::EventRef event = batch[row];
        if (s.columns.empty()) {
            event::append_event_json(event, (*s.names.profiles)[event.head().profile], out,
                                     {.with_id = true});
            out += '\n';
            continue;
        }
        const bool csv = s.format != ExportFormat::Ndjson;
        out += csv ? "" : "{";
        for (std::size_t i = 0; i < s.columns.size(); ++i) {
            const Cell cell =
                query::cell_of(query::value_of(s.resolved[i], event, s.names, scratch));
            out += i > 0 ? "," : "";
            if (csv) {
                const std::string text = text_of(cell);
                append_csv(s.format == ExportFormat::Spreadsheet && is_formula(cell, text)
                               ? "'" + text
                               : text,
                           out);
            } else {
                append_json(Cell(s.columns[i]), out);
                out += ':';
                append_json(cell, out);
            }
        }
        out += csv ? "\r\n" : "}\n";
    }
}

}  // namespace gac::store
