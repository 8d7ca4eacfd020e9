#include "api/bulk.h"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/stream_parser.hpp>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "api/json_writer.h"
#include "base/text.h"

namespace gac::api {

namespace json = boost::json;

namespace {

constexpr std::size_t kActionBytesMax = 16 * 1024;

// Without the line end; a line of blanks is none.
std::string_view next_line(std::string_view& rest, std::size_t& number) {
    ++number;
    const auto end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    return line;
}

std::unexpected<Error> wrong(std::size_t line, std::string text) {
    return fail(Code::InvalidArgument, std::move(text), fmt::format("line {}", line));
}

std::string text_member(const json::object& object, std::string_view name) {
    const json::value* found = object.if_contains(name);
    return found != nullptr && found->is_string()
               ? std::string(found->get_string().data(), found->get_string().size())
               : std::string();
}

Result<BulkAction> parse_action(std::string_view line, std::size_t number) {
    if (line.size() > kActionBytesMax) {
        return wrong(number, fmt::format("an action of more than {} bytes", kActionBytesMax));
    }
    json::error_code fault;
    json::parse_options options;
    options.max_depth = 8;
    std::array<unsigned char, 4096> memory{};
    json::monotonic_resource resource(memory.data(), memory.size());
    json::stream_parser parser(&resource, options);
    parser.write(line.data(), line.size(), fault);
    if (!fault) {
        parser.finish(fault);
    }
    if (fault) {
        return wrong(
            number, fmt::format("an action is expected and this is not JSON: {}", fault.message()));
    }
    const json::value value = parser.release();
    if (!value.is_object() || value.get_object().size() != 1
        || !value.get_object().begin()->value().is_object()) {
        return wrong(number, R"(an action is expected, such as {"create":{}})");
    }
    const auto& member = *value.get_object().begin();
    BulkAction action;
    bool known = false;
    for (const BulkKind kind :
         {BulkKind::Index, BulkKind::Create, BulkKind::Update, BulkKind::Delete}) {
        if (std::string_view(member.key().data(), member.key().size()) == name_of(kind)) {
            action.kind = kind;
            known = true;
        }
    }
    if (!known) {
        return wrong(number, "an action is index, create, update or delete");
    }
    action.index = text_member(member.value().get_object(), "_index");
    action.id = text_member(member.value().get_object(), "_id");
    return action;
}

bool all_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_date(std::string_view text) {
    return text.size() == 10 && all_digits(text.substr(0, 4)) && (text[4] == '.' || text[4] == '-')
           && text[7] == text[4] && all_digits(text.substr(5, 2)) && all_digits(text.substr(8));
}

}  // namespace

std::string_view name_of(BulkKind kind) {
    switch (kind) {
        case BulkKind::Index:
            return "index";
        case BulkKind::Create:
            return "create";
        case BulkKind::Update:
            return "update";
        case BulkKind::Delete:
            return "delete";
    }
    return "index";
}

Result<std::vector<BulkAction>> parse_bulk(std::string_view body, std::string_view default_index) {
    std::vector<BulkAction> actions;
    std::size_t number = 0;
    while (!body.empty()) {
        const std::string_view line = next_line(body, number);
        if (base::trim(line).empty()) {
            continue;
        }
        GAC_TRY(action, parse_action(line, number));
        if (action.index.empty()) {
            action.index = default_index;
        }
        if (action.kind != BulkKind::Delete) {
            if (body.empty()) {
                return wrong(number, "the document of this action is missing");
            }
            action.document = next_line(body, number);
            if (base::trim(action.document).empty()) {
                return wrong(number, "a document is expected");
            }
        }
        actions.push_back(std::move(action));
    }
    if (actions.empty()) {
        return fail(Code::InvalidArgument, "the body holds no action", "body");
    }
    return actions;
}

std::string source_of_index(std::string_view index) {
    for (;;) {
        const auto dash = index.rfind('-');
        if (dash == std::string_view::npos || dash == 0) {
            break;
        }
        const std::string_view tail = index.substr(dash + 1);
        if (is_date(tail) || (all_digits(tail) && tail.size() == 6)) {
            index = index.substr(0, dash);
            continue;
        }
        // A date with dashes is three parts.
        if (index.size() > 11 && index[index.size() - 11] == '-'
            && is_date(index.substr(index.size() - 10))) {
            index.remove_suffix(11);
            continue;
        }
        break;
    }
    return std::string(index);
}

std::string render_bulk(const std::vector<BulkAction>& actions,
                        const std::vector<BulkOutcome>& outcomes, std::int64_t took_ms,
                        std::string_view id_base) {
    const bool errors =
        std::ranges::any_of(outcomes, [](const BulkOutcome& one) { return one.status >= 300; });
    JsonWriter json;
    json.open_object().field("took", took_ms).field("errors", errors).key("items").open_array();
    for (std::size_t i = 0; i < actions.size(); ++i) {
        const BulkOutcome& outcome = outcomes[i];
        json.open_object().key(name_of(actions[i].kind)).open_object();
        json.field("_index", actions[i].index);
        json.field("_id", actions[i].id.empty() ? fmt::format("{}-{}", id_base, i) : actions[i].id);
        json.field("status", outcome.status);
        if (outcome.status >= 300) {
            json.key("error").open_object();
            json.field("type", outcome.error_type).field("reason", outcome.reason);
            json.close_object();
        } else {
            json.field("_version", 1).field("result", "created");
            json.key("_shards").raw(R"({"total":1,"successful":1,"failed":0})");
            json.field("_seq_no", 0).field("_primary_term", 1);
        }
        json.close_object().close_object();
    }
    return json.close_array().close_object().take();
}

}  // namespace gac::api
