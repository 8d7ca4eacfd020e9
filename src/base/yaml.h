// YAML as rules and profiles need it: a light tree that remembers the line of every node and
// whether a scalar was quoted, because `4688` is a number and `'4688'` is text. Scalars are read by
// the core schema of YAML 1.2. Bounded in nodes, depth and repeated text, so that aliases cannot
// blow up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace gac::base {

struct YamlPair;

struct Yaml {
    enum class Kind : std::uint8_t { Scalar, Sequence, Map };
    Kind kind = Kind::Scalar;
    bool quoted = false;
    int line = 0;                 // 1 = first
    std::string text;             // of a scalar
    std::vector<Yaml> items;      // of a sequence
    std::vector<YamlPair> pairs;  // of a map, in order

    bool is_map() const { return kind == Kind::Map; }
    bool is_sequence() const { return kind == Kind::Sequence; }
    bool is_scalar() const { return kind == Kind::Scalar; }
    bool is_null() const;                  // plain, and empty, ~ or null
    std::optional<bool> boolean() const;   // plain true or false
    std::optional<double> number() const;  // plain integer or float; hexadecimal and octal too
    const Yaml* find(std::string_view key) const;  // of a map
};

struct YamlPair {
    Yaml key, value;
};

struct YamlLimits {
    std::size_t nodes_max = 1'000'000;
    std::size_t depth_max = 64;               // aliases counted as what they stand for
    std::size_t copied_bytes_max = 64 << 20;  // text that anchors and aliases repeat
};

// All documents of a stream; empty ones are left out. The error's `where` is "line N".
Result<std::vector<Yaml>> parse_yaml(std::string_view text, const YamlLimits& limits);

// The N of an error's "line N", or 0.
int line_of(const Error& error);

}  // namespace gac::base
