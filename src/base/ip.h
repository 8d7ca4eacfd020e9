// IP addresses and prefixes. One 16-byte form: an IPv4 address is kept as ::ffff:a.b.c.d, so that
// both kinds sort and hash alike; is_v4() tells them apart. An IPv4-mapped IPv6 text is therefore
// an IPv4 address.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace gac::base {

struct IpAddress {
    std::array<std::uint8_t, 16> bytes{};

    static std::optional<IpAddress> parse(
        std::string_view text);  // dotted quad or RFC 4291 text; no port, no zone
    static IpAddress from_v4(std::uint32_t host_order) {
        IpAddress address;
        address.bytes[10] = address.bytes[11] = 0xff;
        for (std::size_t i = 0; i < 4; ++i) {
            address.bytes[12 + i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
        }
        return address;
    }
    bool is_v4() const {
        static constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0,    0,
                                                                 0, 0, 0, 0, 0xff, 0xff};
        return std::memcmp(bytes.data(), kMapped.data(), kMapped.size()) == 0;
    }
    std::uint32_t v4() const {  // host order; only when is_v4()
        return std::uint32_t{bytes[12]} << 24 | std::uint32_t{bytes[13]} << 16
               | std::uint32_t{bytes[14]} << 8 | bytes[15];
    }
    std::string text() const;  // canonical (RFC 5952)
    auto operator<=>(const IpAddress&) const = default;
};

// An address and how many leading bits of it count.
class IpPrefix {
public:
    // "10.0.0.0/8", "2001:db8::/32", or a bare address (full length). Host bits are masked.
    static std::optional<IpPrefix> parse(std::string_view text);
    bool contains(const IpAddress& address) const;
    const IpAddress& address() const { return address_; }
    int bits() const { return bits_; }  // of the 128-bit form
    bool had_host_bits() const { return had_host_bits_; }
    std::string text() const;

private:
    IpAddress address_;
    int bits_ = 128;
    bool had_host_bits_ = false;
};

}  // namespace gac::base
