// Bump allocator for the bytes of one batch. Nothing is freed alone; reset() keeps the memory for
// the next batch. Every allocation may be read up to kPadding bytes past its end (vector loads),
// never written.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace gac::base {

class Arena {
public:
    static constexpr std::size_t kPadding = 64;

    explicit Arena(std::size_t chunk_bytes = 256 * 1024) : chunk_bytes_(chunk_bytes) {}
    Arena(Arena&&) noexcept = default;
    Arena& operator=(Arena&&) noexcept = default;

    void* allocate(std::size_t bytes, std::size_t align) {
        const std::size_t at = (used_ + align - 1) & ~(align - 1);
        if (chunk_ < chunks_.size() && at + bytes + kPadding <= chunks_[chunk_].bytes) {
            used_ = at + bytes;
            return chunks_[chunk_].memory.get() + at;
        }
        return allocate_slow(bytes);
    }

    std::string_view copy(std::string_view text) {
        char* to = static_cast<char*>(allocate(text.size(), 1));
        if (!text.empty()) {
            std::memcpy(to, text.data(), text.size());
        }
        return {to, text.size()};
    }

    template <class T>
    std::span<T> copy(std::span<const T> values) {
        T* to = static_cast<T*>(allocate(values.size_bytes(), alignof(T)));
        if (!values.empty()) {
            std::memcpy(static_cast<void*>(to), values.data(), values.size_bytes());
        }
        return {to, values.size()};
    }

    void reset();
    std::size_t bytes_reserved() const;

private:
    struct Chunk {
        std::unique_ptr<std::byte[]> memory;
        std::size_t bytes;
    };

    void* allocate_slow(std::size_t bytes);

    std::vector<Chunk> chunks_;
    std::size_t chunk_bytes_;
    std::size_t chunk_ = 0;
    std::size_t used_ = 0;
};

}  // namespace gac::base
