#include "store/segment/bits.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

#include "store/bytes.h"

namespace gac::store {

void put_bits(std::string& out, std::span<const std::uint64_t> values, std::uint32_t width) {
    if (width == 0) {
        return;
    }
    const std::size_t begin = out.size();
    const std::size_t bytes = bytes_of_bits(values.size(), width);
    out.resize(begin + bytes + kBitsPadding);
    char* to = out.data() + begin;
    if (width == 64) {
        std::memcpy(to, values.data(), values.size_bytes());
    } else {
        std::uint64_t word = 0;
        std::uint32_t used = 0;
        for (const std::uint64_t value : values) {
            word |= value << used;
            used += width;
            if (used >= 64) {
                std::memcpy(to, &word, sizeof word);
                to += sizeof word;
                used -= 64;
                word = used == 0 ? 0 : value >> (width - used);
            }
        }
        std::memcpy(to, &word, sizeof word);
    }
    out.resize(begin + bytes);
}

namespace {

template <class T, std::uint32_t kWidth>
void unpack_fixed(const char* from, T* out, std::size_t count) {
    constexpr std::uint64_t kMask = (std::uint64_t{1} << kWidth) - 1;
    std::size_t i = 0;
    // Eight numbers are kWidth whole bytes: shifts and offsets are constants of the loop.
    for (; i + 8 <= count; i += 8, from += kWidth) {
        for (std::uint32_t k = 0; k < 8; ++k) {
            std::uint64_t word = 0;
            std::memcpy(&word, from + k * kWidth / 8, sizeof word);
            out[i + k] = static_cast<T>((word >> (k * kWidth % 8)) & kMask);
        }
    }
    for (std::uint64_t k = 0; i < count; ++i, ++k) {
        out[i] = static_cast<T>(read_bits(from, k, kWidth));
    }
}

template <class T>
void unpack_any(const char* from, std::uint32_t width, std::span<T> out) {
    switch (width) {
        case 0:
            std::ranges::fill(out, T{0});
            return;
#define GAC_WIDTH(n)                                      \
    case n:                                               \
        unpack_fixed<T, n>(from, out.data(), out.size()); \
        return;
            GAC_WIDTH(1)
            GAC_WIDTH(2)
            GAC_WIDTH(3)
            GAC_WIDTH(4)
            GAC_WIDTH(5)
            GAC_WIDTH(6)
            GAC_WIDTH(7)
            GAC_WIDTH(8)
            GAC_WIDTH(9)
            GAC_WIDTH(10)
            GAC_WIDTH(11)
            GAC_WIDTH(12)
            GAC_WIDTH(13)
            GAC_WIDTH(14)
            GAC_WIDTH(15)
            GAC_WIDTH(16)
            GAC_WIDTH(17)
            GAC_WIDTH(18)
            GAC_WIDTH(19)
            GAC_WIDTH(20)
            GAC_WIDTH(21)
            GAC_WIDTH(22)
            GAC_WIDTH(23)
            GAC_WIDTH(24)
#undef GAC_WIDTH
        default:
            for (std::size_t i = 0; i < out.size(); ++i) {
                out[i] = static_cast<T>(read_bits(from, i, width));
            }
    }
}

std::uint32_t bits_of(std::uint64_t value) {
    return static_cast<std::uint32_t>(64 - std::countl_zero(value));
}

struct Frames {
    std::vector<std::int64_t> lowest;
    std::vector<std::uint32_t> widths;
    std::uint64_t bits = 0;
};

// What the numbers cost when `stride` a place is taken off.
Frames frames_of(std::span<const std::uint64_t> numbers, std::uint64_t stride) {
    Frames out;
    for (std::size_t begin = 0; begin < numbers.size(); begin += kFrame) {
        const std::size_t end = std::min(numbers.size(), begin + kFrame);
        std::int64_t low = std::numeric_limits<std::int64_t>::max();
        std::int64_t high = std::numeric_limits<std::int64_t>::min();
        for (std::size_t i = begin; i < end; ++i) {
            const auto rest = static_cast<std::int64_t>(numbers[i] - stride * i);
            low = std::min(low, rest);
            high = std::max(high, rest);
        }
        const auto span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
        out.lowest.push_back(low);
        out.widths.push_back(usable_width(bits_of(span)));
        out.bits += std::uint64_t{out.widths.back()} * (end - begin);
    }
    return out;
}

}  // namespace

void unpack_bits(const char* from, std::uint32_t width, std::span<std::uint32_t> out) {
    unpack_any(from, width, out);
}

void unpack_bits(const char* from, std::uint32_t width, std::span<std::uint64_t> out) {
    unpack_any(from, width, out);
}

// divisor varint, base zigzag, stride varint, lowest reference zigzag, width of references u8, a
// width u8 a frame, references, frames. Each run of bits ends with a whole byte.
// All arithmetic is modulo 2^64, so any span of numbers fits.
void PackedNumbers::encode(std::span<const std::int64_t> values, std::string& out) {
    const std::int64_t low = std::ranges::min(values);
    thread_local std::vector<std::uint64_t> numbers;
    numbers.resize(values.size());
    std::uint64_t divisor = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        numbers[i] = static_cast<std::uint64_t>(values[i]) - static_cast<std::uint64_t>(low);
        if (divisor != 1 && (divisor == 0 || numbers[i] % divisor != 0)) {
            divisor = std::gcd(divisor, numbers[i]);
        }
    }
    if (divisor > 1) {
        for (std::uint64_t& number : numbers) {
            number /= divisor;
        }
    } else {
        divisor = 1;
    }
    std::uint64_t stride = 0;
    Frames frames = frames_of(numbers, 0);
    if (numbers.back() > numbers.front() && numbers.back() < std::uint64_t{1} << 62) {
        const std::uint64_t step = (numbers.back() - numbers.front()) / (numbers.size() - 1);
        if (step > 0) {
            Frames sloped = frames_of(numbers, step);
            if (sloped.bits < frames.bits) {
                frames = std::move(sloped);
                stride = step;
            }
        }
    }
    const auto [low_reference, high_reference] = std::ranges::minmax(frames.lowest);
    const std::uint32_t reference_width = usable_width(bits_of(
        static_cast<std::uint64_t>(high_reference) - static_cast<std::uint64_t>(low_reference)));
    put_varint(out, divisor);
    put_varint(out, zigzag(low));
    put_varint(out, stride);
    put_varint(out, zigzag(low_reference));
    put(out, static_cast<std::uint8_t>(reference_width));
    for (const std::uint32_t width : frames.widths) {
        put(out, static_cast<std::uint8_t>(width));
    }
    thread_local std::vector<std::uint64_t> rest;
    rest.clear();
    for (const std::int64_t reference : frames.lowest) {
        rest.push_back(static_cast<std::uint64_t>(reference)
                       - static_cast<std::uint64_t>(low_reference));
    }
    put_bits(out, rest, reference_width);
    for (std::size_t frame = 0; frame < frames.widths.size(); ++frame) {
        const std::size_t begin = frame * kFrame;
        const std::size_t end = std::min(numbers.size(), begin + kFrame);
        rest.resize(end - begin);
        for (std::size_t i = begin; i < end; ++i) {
            rest[i - begin] =
                numbers[i] - stride * i - static_cast<std::uint64_t>(frames.lowest[frame]);
        }
        put_bits(out, rest, frames.widths[frame]);
    }
}

bool PackedNumbers::open(base::Reader& in, std::string_view whole, std::uint32_t count) {
    divisor_ = in.read_varint();
    base_ = static_cast<std::uint64_t>(unzigzag(in.read_varint()));
    stride_ = in.read_varint();
    const auto low_reference = static_cast<std::uint64_t>(unzigzag(in.read_varint()));
    const std::uint32_t reference_width = in.read<std::uint8_t>();
    const std::size_t frames = (std::size_t{count} + kFrame - 1) / kFrame;
    const std::string_view widths = in.take(frames);
    if (in.failed() || reference_width != usable_width(reference_width) || reference_width > 64) {
        return false;
    }
    const std::size_t references_at = in.position();
    in.skip(bytes_of_bits(frames, reference_width));
    const std::size_t data_at = in.position();
    count_ = count;
    std::size_t bytes = 0;
    for (std::size_t frame = 0; frame < frames; ++frame) {
        const auto width = static_cast<std::uint8_t>(widths[frame]);
        if (width > 64 || width != usable_width(width)) {
            return false;
        }
        starts_.push_back(static_cast<std::uint32_t>(bytes));
        widths_.push_back(width);
        bytes += bytes_of_bits(std::min<std::size_t>(kFrame, count - frame * kFrame), width);
    }
    in.skip(bytes);
    if (in.failed()) {
        return false;
    }
    references_.resize(frames);
    unpack_bits(whole.data() + references_at, reference_width, references_);
    for (std::uint64_t& reference : references_) {
        reference += low_reference;
    }
    data_ = whole.data() + data_at;
    return true;
}

void PackedNumbers::unpack(std::vector<std::int64_t>& out) const {
    out.resize(count_);
    std::uint64_t frame_values[kFrame];
    for (std::size_t frame = 0; frame < starts_.size(); ++frame) {
        const std::size_t begin = frame * kFrame;
        const std::size_t n = std::min<std::size_t>(kFrame, count_ - begin);
        unpack_bits(data_ + starts_[frame], widths_[frame], std::span(frame_values, n));
        for (std::size_t i = 0; i < n; ++i) {
            out[begin + i] = static_cast<std::int64_t>(
                base_ + divisor_ * (stride_ * (begin + i) + references_[frame] + frame_values[i]));
        }
    }
}

}  // namespace gac::store
