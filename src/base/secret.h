// A password, key or token: prints as *** and zeroes itself.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace gac::base {

class Secret {
public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}
    Secret(const Secret&) = default;
    Secret& operator=(const Secret&) = default;
    Secret(Secret&& other) noexcept;
    Secret& operator=(Secret&& other) noexcept;
    ~Secret() { wipe(); }

    std::string_view reveal() const { return value_; }
    bool empty() const { return value_.empty(); }

private:
    void wipe();
    std::string value_;
};

// Time independent of where the two differ.
bool equal_in_constant_time(std::string_view a, std::string_view b);
std::string random_bytes(std::size_t count);
std::string sha256(std::string_view bytes);  // 32 raw bytes

}  // namespace gac::base
