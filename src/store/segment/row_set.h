// A set of rows of one block. A plain value.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace gac::store {

class RowSet {
public:
    RowSet() = default;
    explicit RowSet(std::uint32_t rows, bool full = false)
        : words_((rows + 63) / 64, full ? ~std::uint64_t{0} : 0), rows_(rows) {
        trim();
    }

    std::uint32_t rows() const { return rows_; }
    bool has(std::uint32_t row) const { return (words_[row / 64] >> (row % 64) & 1) != 0; }
    void set(std::uint32_t row) { words_[row / 64] |= std::uint64_t{1} << (row % 64); }
    void clear(std::uint32_t row) { words_[row / 64] &= ~(std::uint64_t{1} << (row % 64)); }
    std::vector<std::uint64_t>& words() { return words_; }
    const std::vector<std::uint64_t>& words() const { return words_; }
    // After words() were written from outside: no bits behind the last row.
    void trim() {
        if (rows_ % 64 != 0) {
            words_.back() &= (std::uint64_t{1} << (rows_ % 64)) - 1;
        }
    }

    bool empty() const {
        for (const std::uint64_t word : words_) {
            if (word != 0) {
                return false;
            }
        }
        return true;
    }
    std::uint32_t count() const {
        std::uint32_t sum = 0;
        for (const std::uint64_t word : words_) {
            sum += static_cast<std::uint32_t>(std::popcount(word));
        }
        return sum;
    }

    RowSet& operator&=(const RowSet& other) {
        for (std::size_t i = 0; i < words_.size(); ++i) {
            words_[i] &= other.words_[i];
        }
        return *this;
    }
    RowSet& operator|=(const RowSet& other) {
        for (std::size_t i = 0; i < words_.size(); ++i) {
            words_[i] |= other.words_[i];
        }
        return *this;
    }
    RowSet& operator-=(const RowSet& other) {
        for (std::size_t i = 0; i < words_.size(); ++i) {
            words_[i] &= ~other.words_[i];
        }
        return *this;
    }

    template <class F>
    void for_each(F&& use) const {
        for (std::size_t i = 0; i < words_.size(); ++i) {
            for (std::uint64_t word = words_[i]; word != 0; word &= word - 1) {
                use(static_cast<std::uint32_t>(i * 64
                                               + static_cast<std::size_t>(std::countr_zero(word))));
            }
        }
    }

private:
    std::vector<std::uint64_t> words_;
    std::uint32_t rows_ = 0;
};

}  // namespace gac::store
