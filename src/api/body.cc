#include "api/body.h"

#include <boost/json/stream_parser.hpp>

#include <algorithm>

#include <fmt/format.h>

namespace gac::api {

namespace json = boost::json;

Result<Body> Body::parse(const net::Request& request,
                         std::initializer_list<std::string_view> members) {
    if (request.body.empty()) {
        return Body({}, {});
    }
    json::parse_options options;
    options.max_depth = 32;
    json::error_code fault;
    json::stream_parser parser({}, options);
    parser.write(request.body.data(), request.body.size(), fault);
    if (!fault) {
        parser.finish(fault);
    }
    if (fault) {
        return fail(Code::InvalidArgument, fmt::format("the body is not JSON: {}", fault.message()),
                    "body");
    }
    json::value value = parser.release();
    if (!value.is_object()) {
        return fail(Code::InvalidArgument, "the body is not a JSON object", "body");
    }
    return checked(std::move(value.as_object()), {}, members);
}

Result<Body> Body::checked(json::object object, std::string where,
                           std::initializer_list<std::string_view> members) {
    for (const auto& member : object) {
        const std::string_view name(member.key().data(), member.key().size());
        if (std::ranges::find(members, name) == members.end()) {
            return fail(Code::InvalidArgument, fmt::format("there is no member '{}' here", name),
                        where.empty() ? std::string(name) : fmt::format("{}.{}", where, name));
        }
    }
    return Body(std::move(object), std::move(where));
}

std::string Body::place(std::string_view name) const {
    return where_.empty() ? std::string(name) : fmt::format("{}.{}", where_, name);
}

bool Body::is_null(std::string_view name) const {
    const json::value* found = object_.if_contains(name);
    return found != nullptr && found->is_null();
}

Result<std::string> Body::text(std::string_view name, std::size_t bytes_max) const {
    const json::value* found = object_.if_contains(name);
    if (found == nullptr || !found->is_string()) {
        return fail(Code::InvalidArgument,
                    found == nullptr ? fmt::format("'{}' is missing", name)
                                     : fmt::format("'{}' is not a text", name),
                    place(name));
    }
    const json::string& text = found->get_string();
    if (text.size() > bytes_max) {
        return fail(Code::InvalidArgument,
                    fmt::format("'{}' is longer than {} bytes", name, bytes_max), place(name));
    }
    return std::string(text.data(), text.size());
}

Result<std::string> Body::text_or_empty(std::string_view name, std::size_t bytes_max) const {
    if (!has(name) || is_null(name)) {
        return std::string();
    }
    return text(name, bytes_max);
}

Result<bool> Body::truth(std::string_view name, bool otherwise) const {
    const json::value* found = object_.if_contains(name);
    if (found == nullptr || found->is_null()) {
        return otherwise;
    }
    if (!found->is_bool()) {
        return fail(Code::InvalidArgument, fmt::format("'{}' is neither true nor false", name),
                    place(name));
    }
    return found->get_bool();
}

Result<std::int64_t> Body::number(std::string_view name, std::int64_t otherwise, std::int64_t least,
                                  std::int64_t most) const {
    const json::value* found = object_.if_contains(name);
    if (found == nullptr || found->is_null()) {
        return otherwise;
    }
    json::error_code fault;
    const auto value = found->to_number<std::int64_t>(fault);
    if (fault || value < least || value > most) {
        return fail(Code::InvalidArgument,
                    fmt::format("'{}' is not a whole number from {} to {}", name, least, most),
                    place(name));
    }
    return value;
}

Result<std::vector<std::string>> Body::texts(std::string_view name, std::size_t count_max,
                                             std::size_t bytes_max) const {
    std::vector<std::string> out;
    const json::value* found = object_.if_contains(name);
    if (found == nullptr || found->is_null()) {
        return out;
    }
    if (!found->is_array() || found->get_array().size() > count_max) {
        return fail(Code::InvalidArgument,
                    fmt::format("'{}' is not a list of at most {} texts", name, count_max),
                    place(name));
    }
    for (const json::value& one : found->get_array()) {
        if (!one.is_string() || one.get_string().size() > bytes_max) {
            return fail(Code::InvalidArgument,
                        fmt::format("'{}' holds something that is not a text of at most {} bytes",
                                    name, bytes_max),
                        place(name));
        }
        out.emplace_back(one.get_string().data(), one.get_string().size());
    }
    return out;
}

Result<std::vector<Body>> Body::objects(std::string_view name, std::size_t count_max,
                                        std::initializer_list<std::string_view> members) const {
    std::vector<Body> out;
    const json::value* found = object_.if_contains(name);
    if (found == nullptr || found->is_null()) {
        return out;
    }
    if (!found->is_array() || found->get_array().size() > count_max) {
        return fail(Code::InvalidArgument,
                    fmt::format("'{}' is not a list of at most {} objects", name, count_max),
                    place(name));
    }
    for (const json::value& one : found->get_array()) {
        const std::string where = fmt::format("{}[{}]", place(name), out.size());
        if (!one.is_object()) {
            return fail(Code::InvalidArgument, "is not an object", where);
        }
        GAC_TRY(inner, checked(one.get_object(), where, members));
        out.push_back(std::move(inner));
    }
    return out;
}

Result<std::optional<Body>> Body::object(std::string_view name,
                                         std::initializer_list<std::string_view> members) const {
    const json::value* found = object_.if_contains(name);
    if (found == nullptr || found->is_null()) {
        return std::optional<Body>();
    }
    if (!found->is_object()) {
        return fail(Code::InvalidArgument, fmt::format("'{}' is not an object", name), place(name));
    }
    GAC_TRY(inner, checked(found->get_object(), place(name), members));
    return std::optional<Body>(std::move(inner));
}

}  // namespace gac::api
