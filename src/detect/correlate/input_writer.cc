#include "detect/correlate/input_writer.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "detect/correlate/hash.h"
#include "detect/sigma/event_text.h"

namespace gac::detect::correlate {

void append_part(std::string_view part, std::string& out) {
    const auto size = static_cast<std::uint32_t>(part.size());
    const std::size_t at = out.size();
    out.resize(at + sizeof(size) + part.size());
    std::memcpy(out.data() + at, &size, sizeof(size));
    if (!part.empty()) {
        std::memcpy(out.data() + at + sizeof(size), part.data(), part.size());
    }
}

std::string_view take_part(std::string_view& parts) {
    std::uint32_t size = 0;
    if (parts.size() < sizeof(size)) {
        parts = {};
        return {};
    }
    std::memcpy(&size, parts.data(), sizeof(size));
    parts.remove_prefix(sizeof(size));
    const std::string_view part = parts.substr(0, size);
    parts.remove_prefix(part.size());
    return part;
}

void InputWriter::add(std::string_view text) {
    if (fields_ == rule_.group_by.size()) {
        close_group();
    }
    long_ = long_ || text.size() > limits_.matched_value_bytes_max;
    append_part(text, feed_.texts);
    ++fields_;
}

void InputWriter::close_group() {
    group_hash_ = hash_of({feed_.texts.data() + begin_, feed_.texts.size() - begin_}, seed_);
    if (long_) {
        shorten_group();
    }
    group_end_ = feed_.texts.size();
}

// Told apart by its whole text, shown (and kept) by its beginning.
void InputWriter::shorten_group() {
    const std::string whole = feed_.texts.substr(begin_);
    feed_.texts.resize(begin_);
    for (std::string_view rest = whole; !rest.empty();) {
        append_part(sigma::cut_to(take_part(rest), limits_.matched_value_bytes_max), feed_.texts);
    }
}

bool InputWriter::finish(CorrelationFeed::Input input) {
    using sigma::CorrelationType;
    if (fields_ == rule_.group_by.size()) {
        close_group();
    }
    const std::string_view values(feed_.texts.data() + group_end_, feed_.texts.size() - group_end_);
    switch (rule_.type) {
        case CorrelationType::ValueCount:
            input.payload = hash_of(values, seed_);
            break;
        case CorrelationType::ValueSum:
        case CorrelationType::ValueAvg:
        case CorrelationType::ValuePercentile: {
            std::string_view rest = values;
            const auto number = sigma::number_of(take_part(rest));
            if (!number || !std::isfinite(*number)) {
                drop();
                return false;
            }
            input.payload = std::bit_cast<std::uint64_t>(*number);
            break;
        }
        default:
            break;
    }
    input.group_hash = group_hash_;
    input.group_at = static_cast<std::uint32_t>(begin_);
    input.group_size = static_cast<std::uint32_t>(group_end_ - begin_);
    feed_.texts.resize(group_end_);
    feed_.inputs.push_back(input);
    return true;
}

}  // namespace gac::detect::correlate
