#include "api/history_question.h"

namespace gac::api {

namespace {

Result<std::optional<base::TimePoint>> time_member(const Body& body, std::string_view name,
                                                   std::string_view otherwise,
                                                   base::TimePoint now) {
    GAC_TRY(text, body.text_or_empty(name, 64));
    const std::string_view asked = text.empty() ? otherwise : std::string_view(text);
    if (asked.empty()) {
        return std::optional<base::TimePoint>();
    }
    auto time = base::parse_time_argument(asked, now);
    if (!time) {
        return std::unexpected(base::at(name, std::move(time).error()));
    }
    return std::optional(*time);
}

}  // namespace

Result<AskedSpan> read_span(const Body& body, std::string_view from, std::string_view to,
                            base::TimePoint now) {
    AskedSpan span;
    GAC_TRY(begin, time_member(body, "from", from, now));
    GAC_TRY(end, time_member(body, "to", to, now));
    if (begin && end && *end < *begin) {
        return fail(Code::InvalidArgument, "the span ends before it begins", "to");
    }
    span.from = begin;
    span.to = end;
    return span;
}

Result<std::optional<std::vector<std::string>>> sources_seen(Api::State& state,
                                                             const access::Scope& scope) {
    std::optional<std::vector<std::string>> seen;
    if (!scope.everything()) {
        GAC_TRY(sources, state.backend.source_book.list(scope));
        seen.emplace();
        for (const response::Source& source : sources) {
            seen->push_back(source.name);
        }
    }
    return seen;
}

}  // namespace gac::api
