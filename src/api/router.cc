#include "api/router.h"

#include <algorithm>

namespace gac::api {

namespace {

std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> out;
    while (!path.empty()) {
        path.remove_prefix(1);  // the slash
        const std::string_view segment = path.substr(0, path.find('/'));
        out.push_back(segment);
        path.remove_prefix(segment.size());
    }
    return out;
}

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

}  // namespace

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)) {
    for (std::size_t i = 0; i < routes_.size(); ++i) {
        Pattern pattern{split(routes_[i].pattern), i, 0};
        pattern.parameters =
            static_cast<std::size_t>(std::ranges::count_if(pattern.segments, is_parameter));
        patterns_.push_back(std::move(pattern));
    }
    std::ranges::sort(patterns_, [](const Pattern& a, const Pattern& b) {
        return std::pair(a.parameters, a.route) < std::pair(b.parameters, b.route);
    });
}

Router::Match Router::find(std::string_view method, std::string_view path) const {
    Match match;
    if (!path.starts_with('/')) {
        return match;
    }
    const auto asked = split(path);
    const std::string_view wanted = method == "HEAD" ? "GET" : method;
    for (const Pattern& pattern : patterns_) {
        if (pattern.segments.size() != asked.size()) {
            continue;
        }
        bool fits = true;
        std::vector<std::string> values;
        for (std::size_t i = 0; i < asked.size() && fits; ++i) {
            if (!is_parameter(pattern.segments[i])) {
                fits = pattern.segments[i] == asked[i];
                continue;
            }
            auto value = net::percent_decode(asked[i], false);
            fits = value && !value->empty();
            if (fits) {
                values.push_back(*std::move(value));
            }
        }
        if (!fits) {
            continue;
        }
        const Route& route = routes_[pattern.route];
        if (route.method == wanted) {
            match.route = &route;
            match.path = std::move(values);
            return match;
        }
        match.allowed += match.allowed.empty() ? "" : ", ";
        match.allowed += route.method;
    }
    return match;
}

}  // namespace gac::api
