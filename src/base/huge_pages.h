// An allocator for large tables that are looked up at random: it asks for pages of two megabytes,
// because with the small ones each look-up also waits for its page's address, and filling the table
// waits for the kernel page by page. A wish: where the system has none, all works the same. Small
// sizes are as std::allocator's. Any thread.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <new>

namespace gac::base {

template <class T>
struct HugePages {
    using value_type = T;

    HugePages() = default;
    template <class U>
    HugePages(const HugePages<U>&) {}  // NOLINT(google-explicit-constructor): allocators convert

    T* allocate(std::size_t count) {
        const std::size_t bytes = count * sizeof(T);
        if (bytes < kPage) {
            return static_cast<T*>(::operator new(bytes));
        }
        const std::size_t room = (bytes + kPage - 1) / kPage * kPage;
        void* memory = std::aligned_alloc(kPage, room);
        if (memory == nullptr) {
            throw std::bad_alloc();
        }
        (void)::madvise(memory, room, MADV_HUGEPAGE);
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t count) {
        if (count * sizeof(T) < kPage) {
            ::operator delete(memory);
        } else {
            std::free(memory);
        }
    }
    friend bool operator==(const HugePages&, const HugePages&) { return true; }

private:
    static constexpr std::size_t kPage = std::size_t{2} << 20;
};

}  // namespace gac::base
