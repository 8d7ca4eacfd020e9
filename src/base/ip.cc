#include "base/ip.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

#include <fmt/format.h>

namespace gac::base {

namespace {

std::optional<std::uint32_t> parse_v4(std::string_view text) {
    std::uint32_t value = 0;
    std::size_t at = 0;
    for (int part = 0; part < 4; ++part) {
        if (part > 0) {
            if (at >= text.size() || text[at] != '.') {
                return std::nullopt;
            }
            ++at;
        }
        std::uint32_t octet = 0;
        const std::size_t start = at;
        while (at < text.size() && text[at] >= '0' && text[at] <= '9' && at - start < 3) {
            octet = octet * 10 + static_cast<std::uint32_t>(text[at] - '0');
            ++at;
        }
        if (at == start || octet > 255) {
            return std::nullopt;
        }
        value = (value << 8) | octet;
    }
    return at == text.size() ? std::optional(value) : std::nullopt;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    if (const auto v4 = parse_v4(text)) {
        return from_v4(*v4);
    }
    if (text.size() < 2 || text.size() > 45 || text.find(':') == std::string_view::npos) {
        return std::nullopt;
    }
    char buffer[46];
    std::memcpy(buffer, text.data(), text.size());
    buffer[text.size()] = '\0';
    IpAddress address;
    if (inet_pton(AF_INET6, buffer, address.bytes.data()) != 1) {
        return std::nullopt;
    }
    return address;
}

std::string IpAddress::text() const {
    if (is_v4()) {
        return fmt::format("{}.{}.{}.{}", bytes[12], bytes[13], bytes[14], bytes[15]);
    }
    char buffer[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, bytes.data(), buffer, sizeof buffer);
    return buffer;
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
    IpPrefix prefix;
    const std::size_t slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) {
        return std::nullopt;
    }
    prefix.address_ = *address;
    if (slash != std::string_view::npos) {
        const std::string_view digits = text.substr(slash + 1);
        int bits = 0;
        const auto [end, fault] =
            std::from_chars(digits.data(), digits.data() + digits.size(), bits);
        const int most = address->is_v4() ? 32 : 128;
        if (fault != std::errc{} || end != digits.data() + digits.size() || bits < 0
            || bits > most) {
            return std::nullopt;
        }
        prefix.bits_ = address->is_v4() ? bits + 96 : bits;
    }
    for (int bit = prefix.bits_; bit < 128; ++bit) {
        auto& byte = prefix.address_.bytes[static_cast<std::size_t>(bit / 8)];
        const auto mask = static_cast<std::uint8_t>(0x80u >> (bit % 8));
        if ((byte & mask) != 0) {
            prefix.had_host_bits_ = true;
            byte = static_cast<std::uint8_t>(byte & ~mask);
        }
    }
    return prefix;
}

bool IpPrefix::contains(const IpAddress& address) const {
    const auto whole = static_cast<std::size_t>(bits_ / 8);
    if (std::memcmp(address.bytes.data(), address_.bytes.data(), whole) != 0) {
        return false;
    }
    const int rest = bits_ % 8;
    if (address.is_v4() != address_.is_v4()) {
        return false;
    }
    if (rest == 0) {
        return true;
    }
    const auto mask = static_cast<std::uint8_t>(0xff00u >> rest);
    return (address.bytes[whole] & mask) == (address_.bytes[whole] & mask);
}

std::string IpPrefix::text() const {
    return fmt::format("{}/{}", address_.text(), address_.is_v4() ? bits_ - 96 : bits_);
}

}  // namespace gac::base
