// One request while it is handled: what was asked, by whom, and with which parameters.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/gate.h"
#include "access/sessions.h"
#include "api/api.h"
#include "base/result.h"
#include "base/time.h"
#include "net/http.h"

namespace gac::api {

struct Call {
    net::Request& request;
    access::Actor actor;
    std::string cookie;                            // of a session
    std::optional<access::Authenticated> session;  // signed in with a cookie
    std::vector<std::string> path;                 // values of {…}, in order
    std::vector<std::pair<std::string, std::string>> query;

    std::string_view parameter(std::string_view name) const;  // empty when absent
    bool has_parameter(std::string_view name) const;
    // InvalidArgument with the parameter's name as place.
    Result<std::int64_t> number(std::string_view name, std::int64_t otherwise, std::int64_t least,
                                std::int64_t most) const;
    Result<std::optional<bool>> truth(std::string_view name) const;
    Result<std::optional<base::TimePoint>> time(std::string_view name, base::TimePoint now) const;
    // The version in If-Match: "3", W/"3" or 3; nothing for *. Ask whether the header is there
    // first.
    Result<std::optional<std::int64_t>> expected_version() const;
    // Unknown parameters are errors: a mistyped filter must not show everything.
    Result<> only(std::initializer_list<std::string_view> names) const;
};

// Answers.
net::Response json_response(std::string body, int status = 200);
net::Response no_content();

struct Problem {
    int status = 500;
    std::string code;
    std::string message;
    std::string where = {};
    std::optional<std::int64_t> retry_after_s = std::nullopt;
    std::string extra = {};  // further members of the error, as JSON: "\"accepted\":3"
};
net::Response problem_response(const Problem& problem, std::string_view request_id);
// 428: a change without If-Match.
net::Response version_missing(const Call& call);
// 412: somebody was faster; `current` is the object as it stands, as JSON.
net::Response version_differs(const Call& call, const Error& error, std::string_view current);
// The one place where codes become statuses. Faults of our own are logged with the request's id and
// hidden.
net::Response error_response(const Error& error, std::string_view request_id);
Problem problem_of(const Error& error);

}  // namespace gac::api
