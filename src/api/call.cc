#include "api/call.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "api/json_writer.h"
#include "base/log.h"
#include "base/text.h"

namespace gac::api {

std::string_view Call::parameter(std::string_view name) const {
    for (const auto& [key, value] : query) {
        if (key == name) {
            return value;
        }
    }
    return {};
}

bool Call::has_parameter(std::string_view name) const {
    return std::ranges::any_of(query, [&](const auto& pair) { return pair.first == name; });
}

Result<std::int64_t> Call::number(std::string_view name, std::int64_t otherwise, std::int64_t least,
                                  std::int64_t most) const {
    const std::string_view text = parameter(name);
    if (text.empty()) {
        return otherwise;
    }
    std::int64_t value = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc{} || end != text.data() + text.size() || value < least || value > most) {
        return fail(Code::InvalidArgument,
                    fmt::format("'{}' is not a number from {} to {}", text, least, most),
                    std::string(name));
    }
    return value;
}

Result<std::optional<bool>> Call::truth(std::string_view name) const {
    const std::string_view text = parameter(name);
    if (text.empty()) {
        return std::optional<bool>();
    }
    if (text == "true" || text == "1") {
        return std::optional<bool>(true);
    }
    if (text == "false" || text == "0") {
        return std::optional<bool>(false);
    }
    return fail(Code::InvalidArgument, fmt::format("'{}' is neither true nor false", text),
                std::string(name));
}

Result<std::optional<base::TimePoint>> Call::time(std::string_view name,
                                                  base::TimePoint now) const {
    const std::string_view text = parameter(name);
    if (text.empty()) {
        return std::optional<base::TimePoint>();
    }
    auto parsed = base::parse_time_argument(text, now);
    if (!parsed) {
        return std::unexpected(base::at(name, std::move(parsed).error()));
    }
    return std::optional<base::TimePoint>(*parsed);
}

Result<std::optional<std::int64_t>> Call::expected_version() const {
    std::string_view text = base::trim(request.headers["if-match"]);
    if (text == "*") {
        return std::optional<std::int64_t>();
    }
    if (text.starts_with("W/")) {
        text.remove_prefix(2);
    }
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
        text = text.substr(1, text.size() - 2);
    }
    std::int64_t version = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), version);
    if (fault != std::errc{} || end != text.data() + text.size() || text.empty()) {
        return fail(Code::InvalidArgument, "is not a version such as \"3\"", "If-Match");
    }
    return std::optional<std::int64_t>(version);
}

Result<> Call::only(std::initializer_list<std::string_view> names) const {
    for (const auto& [key, value] : query) {
        if (std::ranges::find(names, key) == names.end()) {
            return fail(Code::InvalidArgument, fmt::format("there is no parameter '{}'", key), key);
        }
    }
    return {};
}

net::Response json_response(std::string body, int status) {
    net::Response response;
    response.status = status;
    response.headers.add("Content-Type", "application/json");
    response.body = std::move(body);
    return response;
}

net::Response no_content() { return net::Response{.status = 204}; }

net::Response problem_response(const Problem& problem, std::string_view request_id) {
    JsonWriter json;
    json.open_object().key("error").open_object();
    json.field("code", problem.code).field("message", problem.message);
    if (!problem.where.empty()) {
        json.field("where", problem.where);
    }
    if (problem.retry_after_s) {
        json.field("retry_after_s", *problem.retry_after_s);
    }
    json.field("request_id", request_id);
    std::string body = json.close_object().close_object().take();
    if (!problem.extra.empty()) {
        body.insert(body.size() - 2, "," + problem.extra);
    }
    net::Response response = json_response(std::move(body), problem.status);
    if (problem.retry_after_s) {
        response.headers.add("Retry-After", std::to_string(*problem.retry_after_s));
    }
    if (problem.status == 401) {
        // Basic makes browsers ask; only log shippers need to be told, and they know.
        response.headers.add("WWW-Authenticate", "Bearer");
    }
    return response;
}

net::Response version_missing(const Call& call) {
    return problem_response({428, "version_missing",
                             "say in If-Match which version the change was decided on", "If-Match"},
                            call.request.id);
}

net::Response version_differs(const Call& call, const Error& error, std::string_view current) {
    Problem problem = problem_of(error);
    problem.status = 412;
    net::Response response = problem_response(problem, call.request.id);
    response.body.insert(response.body.size() - 1, fmt::format(",\"current\":{}", current));
    return response;
}

Problem problem_of(const Error& error) {
    Problem problem{500, std::string(base::name_of(error.code)), error.text, error.where};
    switch (error.code) {
        case Code::InvalidArgument:
            problem.status = 400;
            break;
        case Code::NotFound:
            problem.status = 404;
            break;
        case Code::AlreadyExists:
        case Code::Conflict:
            problem.status = 409;
            break;
        case Code::Unauthenticated:
            problem.status = 401;
            break;
        case Code::PermissionDenied:
            problem.status = 403;
            break;
        case Code::LimitExceeded:
            problem.status = error.where == "body" ? 413 : 400;
            break;
        case Code::Unavailable:
            problem.status = 503;
            problem.retry_after_s = 1;
            break;
        case Code::StorageFull:
            problem.status = 507;
            problem.retry_after_s = 10;
            break;
        case Code::Corrupt:
        case Code::Io:
        case Code::Internal:
            break;
    }
    return problem;
}

net::Response error_response(const Error& error, std::string_view request_id) {
    Problem problem = problem_of(error);
    if (problem.status == 500) {
        base::log_error("api", "request {}: {}", request_id, error.message());
        problem.code = "internal";
        problem.message = "the server has a fault; its log names it under this request's id";
        problem.where.clear();
    }
    return problem_response(problem, request_id);
}

}  // namespace gac::api
