#include "store/segment/block_shapes.h"

#include "store/segment/bits.h"
#include "store/segment/shape.h"

namespace gac::store {

namespace {

constexpr std::size_t kSetsMax = 64;  // of more shapes no sets of rows are kept

}  // namespace

bool BlockShapes::read(base::Reader& in, std::string_view bytes, std::uint32_t rows) {
    const std::uint64_t count = in.read_varint();
    if (count == 0 || count > in.left() || count > kShapesMax) {
        return false;
    }
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t number = in.read_varint();
        if (number > kShapesMax) {
            return false;
        }
        numbers_.push_back(number == 0 ? kFree : static_cast<std::uint32_t>(number - 1));
    }
    const std::uint32_t width = in.read<std::uint8_t>();
    if (in.failed() || width > 24) {
        return false;
    }
    const std::size_t at = in.position();
    in.skip(bytes_of_bits(rows, width));
    if (in.failed()) {
        return false;
    }
    code_.resize(rows);
    counts_.resize(count);
    unpack_bits(bytes.data() + at, width, code_);
    for (const std::uint32_t code : code_) {
        if (code >= count) {
            return false;
        }
        ++counts_[code];
    }
    return true;
}

const std::vector<RowSet>& BlockShapes::sets() const {
    if (sets_.empty()) {
        sets_.assign(numbers_.size(), RowSet(rows()));
        for (std::uint32_t row = 0; row < code_.size(); ++row) {
            sets_[code_[row]].set(row);
        }
    }
    return sets_;
}

RowSet BlockShapes::rows_of(std::string_view bits) const {
    RowSet out(rows());
    const auto has = [&](std::uint32_t place) {
        return (static_cast<unsigned char>(bits[place / 8]) >> (place % 8) & 1) != 0;
    };
    if (numbers_.size() <= kSetsMax) {
        for (std::uint32_t place = 0; place < count(); ++place) {
            if (has(place)) {
                out |= sets()[place];
            }
        }
        return out;
    }
    std::vector<std::uint8_t> wanted(numbers_.size());
    for (std::uint32_t place = 0; place < count(); ++place) {
        wanted[place] = has(place) ? 1 : 0;
    }
    for (std::size_t begin = 0; begin < code_.size(); begin += 64) {
        std::uint64_t word = 0;
        for (std::size_t i = begin; i < std::min(code_.size(), begin + 64); ++i) {
            word |= std::uint64_t{wanted[code_[i]]} << (i - begin);
        }
        out.words()[begin / 64] = word;
    }
    return out;
}

RowSet BlockShapes::rows_of(std::uint32_t place) const {
    if (numbers_.size() <= kSetsMax) {
        return sets()[place];
    }
    RowSet out(rows());
    for (std::uint32_t row = 0; row < code_.size(); ++row) {
        if (code_[row] == place) {
            out.set(row);
        }
    }
    return out;
}

std::span<const std::uint32_t> BlockShapes::rows_before(std::uint32_t row) const {
    if (before_.empty() || row < before_row_) {
        before_.assign(numbers_.size(), 0);
        before_row_ = 0;
    }
    for (; before_row_ < row; ++before_row_) {
        ++before_[code_[before_row_]];
    }
    return before_;
}

std::uint32_t BlockShapes::rank(std::uint32_t row) const {
    constexpr std::uint32_t kAloneMax = 64;  // from then on the whole list pays
    if (rank_.empty() && ranked_alone_ < kAloneMax) {
        ++ranked_alone_;
        return rows_before(row)[code_[row]];
    }
    if (rank_.empty()) {
        rank_.resize(code_.size());
        std::vector<std::uint32_t> next(numbers_.size());
        for (std::size_t i = 0; i < code_.size(); ++i) {
            rank_[i] = next[code_[i]]++;
        }
    }
    return rank_[row];
}

}  // namespace gac::store
