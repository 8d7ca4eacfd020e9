// A list of any bytes: the cut into pieces changes nothing, and what was taken up is found again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "detect/indicators.h"
#include "detect/ioc/list_parser.h"

namespace {

using namespace gac::detect;

struct Seen final : ioc::ListSink {
    std::string lines;
    std::vector<Observable> observables;
    void entry(const ioc::ParsedEntry& entry) override {
        const ioc::Recognised& what = *entry.what;
        lines += std::to_string(entry.line) + ' ' + std::string(name_of(what.type)) + ' ';
        lines +=
            what.type == IndicatorType::Ip ? what.ip.text() + std::to_string(what.bits) : what.text;
        lines += ' ' + std::string(entry.note) + '\n';
        if (what.bits == 128 && !what.url_below && !what.subdomains_only && !entry.valid_until) {
            Observable& made = observables.emplace_back();
            made.type = what.type;
            made.ip = what.ip;
            made.text = what.type == IndicatorType::Ip ? what.ip.text() : what.text;
            made.schemeless = what.type == IndicatorType::Url && what.url.scheme_bytes == 0;
        }
    }
    void refused(std::uint32_t line, std::string_view why) override {
        lines += std::to_string(line) + " refused " + std::string(why) + '\n';
    }
};

void parse(std::string_view text, std::size_t piece, Seen& seen) {
    const IndicatorLimits limits;
    ioc::ListParser parser(seen, limits, false);
    while (!text.empty()) {
        const std::string_view part = text.substr(0, piece);
        parser.feed(part);
        text.remove_prefix(part.size());
    }
    parser.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > (16 << 10)) {
        return 0;
    }
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    Seen whole;
    Seen pieces;
    parse(text, text.size() + 1, whole);
    parse(text, 1 + size % 13, pieces);
    if (whole.lines != pieces.lines) {
        std::abort();
    }
    IndicatorBuilder builder({.list_refusals_percent_max = 100});
    builder.begin("fuzz.txt", false);
    builder.feed(text);
    if (!builder.end()) {
        return 0;
    }
    const auto set = builder.finish();
    if (set->lists().front().allow) {
        return 0;
    }
    for (const Observable& observable : whole.observables) {
        const gac::base::TimePoint before_all{-1'000'000'000'000'000};
        if (set->find(observable, before_all).empty()) {
            std::abort();
        }
    }
    return 0;
}
