// Bounds-checked cursor over bytes from strangers. A read past the end sets failed() and gives
// zeros; check once at the end of a record. Little-endian unless the name says big.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace gac::base {

class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}

    template <class T>
    T read() {
        static_assert(std::is_integral_v<T>);
        T value{};
        if (sizeof(T) > left()) {
            fail();
            return value;
        }
        std::memcpy(&value, bytes_.data() + at_, sizeof(T));
        at_ += sizeof(T);
        static_assert(std::endian::native == std::endian::little);
        return value;
    }

    std::string_view take(std::size_t count) {
        if (count > left()) {
            fail();
            return {};
        }
        const std::string_view part = bytes_.substr(at_, count);
        at_ += count;
        return part;
    }

    void skip(std::size_t count) { take(count); }

    // LEB128, at most 10 bytes.
    std::uint64_t read_varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const auto byte = read<std::uint8_t>();
            value |= std::uint64_t{byte & 0x7fu} << shift;
            if ((byte & 0x80u) == 0) {
                return value;
            }
        }
        fail();
        return 0;
    }

    std::size_t left() const { return bytes_.size() - at_; }
    std::size_t position() const { return at_; }
    bool failed() const { return failed_; }
    bool done() const { return at_ == bytes_.size(); }

private:
    void fail() {
        failed_ = true;
        at_ = bytes_.size();
    }

    std::string_view bytes_;
    std::size_t at_ = 0;
    bool failed_ = false;
};

}  // namespace gac::base
