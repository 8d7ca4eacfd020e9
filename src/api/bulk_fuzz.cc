// Bulk bodies from strangers: either refused with a place, or every document stands in the body and
// every action has its item in the answer, which is JSON.
#include <boost/json/parse.hpp>

#include <cstdint>
#include <string_view>

#include "api/bulk.h"
#include "base/assert.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gac;
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    const auto actions = api::parse_bulk(body, "default");
    if (!actions) {
        GAC_ASSERT(actions.error().code == Code::InvalidArgument);
        GAC_ASSERT(!actions.error().where.empty());
        return 0;
    }
    GAC_ASSERT(!actions->empty());
    for (const api::BulkAction& action : *actions) {
        const bool inside =
            action.document.data() >= body.data()
            && action.document.data() + action.document.size() <= body.data() + body.size();
        GAC_ASSERT(action.kind == api::BulkKind::Delete || (inside && !action.document.empty()));
        GAC_ASSERT(!action.document.contains('\n'));
        const std::string source = api::source_of_index(action.index);
        GAC_ASSERT(action.index.starts_with(source));
        GAC_ASSERT(api::source_of_index(source) == source);
    }
    const std::vector<api::BulkOutcome> outcomes(actions->size());
    boost::json::error_code fault;
    const auto answer = boost::json::parse(api::render_bulk(*actions, outcomes, 1, "id"), fault);
    GAC_ASSERT(!fault);
    GAC_ASSERT(answer.at("items").as_array().size() == actions->size());
    return 0;
}
