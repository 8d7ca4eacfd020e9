// Writes one input of a feed: the group-by texts, then the value fields, in the order of the
// rule's field list.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "detect/correlation_feed.h"
#include "detect/limits.h"
#include "detect/sigma/rule.h"

namespace gac::detect::correlate {

class InputWriter {
public:
    // `seed` is seed_of(rule, ...).
    InputWriter(CorrelationFeed& feed, const sigma::Correlation& rule, std::uint64_t seed,
                const Limits& limits)
        : feed_(feed), rule_(rule), seed_(seed), limits_(limits), begin_(feed.texts.size()) {}

    void add(std::string_view text);
    // False when the value is none that the rule counts; then nothing is written.
    bool finish(CorrelationFeed::Input input);
    void drop() { feed_.texts.resize(begin_); }

private:
    void close_group();
    void shorten_group();

    CorrelationFeed& feed_;
    const sigma::Correlation& rule_;
    std::uint64_t seed_;
    const Limits& limits_;
    std::size_t begin_;
    std::size_t group_end_ = 0;
    std::size_t fields_ = 0;
    bool long_ = false;
    std::uint64_t group_hash_ = 0;
};

// The texts behind their lengths, as a feed and a window keep them.
void append_part(std::string_view part, std::string& out);
// Takes one part off the front; an empty view when there is none.
std::string_view take_part(std::string_view& parts);

}  // namespace gac::detect::correlate
