#include "pipeline/exception_filter.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ip.h"
#include "base/text.h"
#include "detect/rule_set.h"

namespace gac::pipeline {

namespace {

using response::ExceptionCondition;
using response::ExceptionOp;

// A JSON text is a YAML text.
std::string in_quotes(std::string_view text) {
    std::string out;
    base::append_json_string(text, out);
    return out;
}

// No sign of the value is a wildcard.
std::string escaped(std::string_view value) {
    std::string out;
    for (const char c : value) {
        if (c == '*' || c == '?' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out;
}

std::string selection_of(const ExceptionCondition& condition) {
    switch (condition.op) {
        case ExceptionOp::Equals:
            return fmt::format("{}: {}", in_quotes(condition.field),
                               in_quotes(escaped(condition.value)));
        case ExceptionOp::Cidr:
            return fmt::format("{}: {}", in_quotes(condition.field + "|cidr"),
                               in_quotes(condition.value));
        default:
            return fmt::format(
                "{}: {}",
                in_quotes(fmt::format("{}|{}", condition.field, response::name_of(condition.op))),
                in_quotes(escaped(condition.value)));
    }
}

bool holds(const ExceptionCondition& condition, std::string_view text) {
    if (condition.op == ExceptionOp::Cidr) {
        const auto network = base::IpPrefix::parse(condition.value);
        const auto address = base::IpAddress::parse(text);
        return network && address && network->contains(*address);
    }
    const std::string value = base::fold_case(text);
    const std::string wanted = base::fold_case(condition.value);
    switch (condition.op) {
        case ExceptionOp::Equals:
            return value == wanted;
        case ExceptionOp::StartsWith:
            return value.starts_with(wanted);
        case ExceptionOp::EndsWith:
            return value.ends_with(wanted);
        default:
            return value.contains(wanted);
    }
}

}  // namespace

std::string exception_path(response::ExceptionId id) {
    return std::string(detect::kExceptionPath) + id.text();
}

std::string_view exception_of_path(std::string_view path) {
    return path.starts_with(detect::kExceptionPath) ? path.substr(detect::kExceptionPath.size())
                                                    : std::string_view();
}

detect::RuleText exception_filter(const response::RuleException& exception) {
    std::string yaml =
        fmt::format("title: exception\nid: {}\nfilter:\n  rules: {}\n", exception.id.text(),
                    exception.rule_id.empty() ? std::string("any")
                                              : fmt::format("[{}]", in_quotes(exception.rule_id)));
    std::string condition;
    for (std::size_t i = 0; i < exception.conditions.size(); ++i) {
        yaml += fmt::format("  c{}:\n    {}\n", i, selection_of(exception.conditions[i]));
        condition += fmt::format("{}c{}", i == 0 ? "" : " and ", i);
    }
    if (exception.unit) {
        // As alerts find their unit: "web-1.xa.example" is also known as "web-1".
        std::string hosts;
        std::string with_domain;
        for (const std::string& host : exception.hosts) {
            hosts += fmt::format("{}{}", hosts.empty() ? "" : ", ", in_quotes(escaped(host)));
            with_domain += fmt::format("{}{}", with_domain.empty() ? "" : ", ",
                                       in_quotes(escaped(host + ".")));
        }
        // A unit without hosts has no events: its exception silences nothing.
        yaml += hosts.empty() ? std::string(
                                    "  unit:\n    host.name|exists: true\n  nobody:\n"
                                    "    host.name|exists: false\n")
                              : fmt::format(
                                    "  unit:\n    - host.name: [{0}]\n    - host.name|startswith: "
                                    "[{1}]\n    - host.ip: [{0}]\n",
                                    hosts, with_domain);
        condition += hosts.empty() ? " and unit and nobody" : " and unit";
    }
    yaml += fmt::format("  condition: not ({})\n", condition);
    return {exception_path(exception.id), std::move(yaml)};
}

bool excepts_group(const response::NewException& exception, const event::Detection& detection) {
    if (exception.rule_id != detection.rule->id) {
        return false;
    }
    return std::ranges::all_of(exception.conditions, [&](const ExceptionCondition& condition) {
        const auto found = std::ranges::find(detection.group, condition.field,
                                             [](const auto& pair) { return pair.first; });
        return found != detection.group.end() && holds(condition, found->second);
    });
}

void drop_excepted(std::span<const response::RuleException> exceptions,
                   std::vector<event::Detection>& detections) {
    if (exceptions.empty()) {
        return;
    }
    std::erase_if(detections, [&](const event::Detection& detection) {
        return detection.rule->kind == event::DetectionKind::Correlation
               && std::ranges::any_of(exceptions, [&](const response::RuleException& exception) {
                      return excepts_group(exception, detection);
                  });
    });
}

}  // namespace gac::pipeline
