// A queue of plain values in one block of memory that can also be indexed and inserted into. Grows
// by doubling, shrinks when mostly empty.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>

#include "base/assert.h"

namespace gac::detect::correlate {

template <class T>
class Ring {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    std::size_t capacity() const { return capacity_; }

    T& operator[](std::size_t i) { return items_[(head_ + i) & (capacity_ - 1)]; }
    const T& operator[](std::size_t i) const { return items_[(head_ + i) & (capacity_ - 1)]; }
    const T& back() const { return (*this)[size_ - 1]; }
    const T& front() const { return (*this)[0]; }

    void push_back(const T& item) {
        if (size_ == capacity_) {
            move_to(capacity_ == 0 ? kFirst : capacity_ * 2);
        }
        ++size_;
        (*this)[size_ - 1] = item;
    }
    void pop_front(std::size_t count) {
        GAC_ASSERT(count <= size_);
        head_ = (head_ + count) & (capacity_ - 1);
        size_ -= count;
        if (capacity_ > kSmall && size_ < capacity_ / 8) {
            move_to(capacity_ / 4);
        }
    }
    // Costs what lies behind `at`.
    void insert(std::size_t at, const T& item) {
        push_back(item);
        for (std::size_t i = size_ - 1; i > at; --i) {
            (*this)[i] = (*this)[i - 1];
        }
        (*this)[at] = item;
    }
    // For the processor's cache: where the next item will lie.
    const void* end_address() const {
        return capacity_ == 0 ? nullptr : &items_[(head_ + size_) & (capacity_ - 1)];
    }

private:
    static constexpr std::size_t kFirst = 2;
    static constexpr std::size_t kSmall = 64;

    void move_to(std::size_t capacity) {
        auto items = std::make_unique_for_overwrite<T[]>(capacity);
        for (std::size_t i = 0; i < size_; ++i) {
            items[i] = (*this)[i];
        }
        items_ = std::move(items);
        capacity_ = capacity;
        head_ = 0;
    }

    std::unique_ptr<T[]> items_;
    std::size_t capacity_ = 0;  // a power of two
    std::size_t head_ = 0;
    std::size_t size_ = 0;
};

}  // namespace gac::detect::correlate
