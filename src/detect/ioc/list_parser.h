// List files as they come: one indicator a line, hosts files, CSV with a header, JSON objects. One
// pass, any cut of the bytes, nothing allocated for a line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "detect/ioc/recognise.h"

namespace gac::detect::ioc {

// What a list says of itself in comments "# gac.KEY: VALUE" before its first entry.
struct ListHeader {
    std::string name, title, description;
    std::vector<std::string> tags;
    event::Level level = event::Level::Medium;
    bool allow = false;
    bool exact = false;      // domains: no subdomains
    bool url_below = false;  // URLs: everything below their path too
    std::optional<IndicatorType> type;
    std::optional<base::TimePoint> valid_until;
};

struct ParsedEntry {
    const Recognised* what = nullptr;
    std::uint32_t line = 0;
    bool exact = false;  // domains
    std::optional<base::TimePoint> valid_until;
    std::string_view note;
};

class ListSink {
public:
    virtual void entry(const ParsedEntry& entry) = 0;
    virtual void refused(std::uint32_t line, std::string_view why) = 0;

protected:
    ~ListSink() = default;
};

class ListParser {
public:
    ListParser(ListSink& sink, const IndicatorLimits& limits, bool allow);
    ~ListParser();
    void feed(std::string_view bytes);
    void finish();
    const ListHeader& header() const;
    std::uint32_t lines() const;
    bool broken() const;  // not text at all; the reason was given to the sink

private:
    class State;
    std::unique_ptr<State> state_;
};

// "2026-12-31T00:00:00Z", "2026-12-31 00:00:00", "2026-12-31", or seconds since 1970.
std::optional<base::TimePoint> parse_list_time(std::string_view text);

}  // namespace gac::detect::ioc
