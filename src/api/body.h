// The JSON object that a request carries, read strictly: wrong types and unknown members are errors
// that name them.
#pragma once

#include <boost/json/object.hpp>

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace gac::api {

class Body {
public:
    // An object with no other members than these. An empty body is an empty object.
    static Result<Body> parse(const net::Request& request,
                              std::initializer_list<std::string_view> members);

    bool has(std::string_view name) const { return object_.contains(name); }
    bool is_null(std::string_view name) const;  // there, and null
    // Required. At most `bytes_max` bytes.
    Result<std::string> text(std::string_view name, std::size_t bytes_max) const;
    // Empty when absent or null.
    Result<std::string> text_or_empty(std::string_view name, std::size_t bytes_max) const;
    Result<bool> truth(std::string_view name, bool otherwise) const;
    Result<std::int64_t> number(std::string_view name, std::int64_t otherwise, std::int64_t least,
                                std::int64_t most) const;
    Result<std::vector<std::string>> texts(std::string_view name, std::size_t count_max,
                                           std::size_t bytes_max) const;
    // Objects with no other members than these; empty when absent or null.
    Result<std::vector<Body>> objects(std::string_view name, std::size_t count_max,
                                      std::initializer_list<std::string_view> members) const;
    // A member that is an object itself; empty when absent or null.
    Result<std::optional<Body>> object(std::string_view name,
                                       std::initializer_list<std::string_view> members) const;

private:
    Body(boost::json::object object, std::string where)
        : object_(std::move(object)), where_(std::move(where)) {}
    static Result<Body> checked(boost::json::object object, std::string where,
                                std::initializer_list<std::string_view> members);
    std::string place(std::string_view name) const;

    boost::json::object object_;
    std::string where_;  // name of the object in the body, empty for the body itself
};

}  // namespace gac::api
