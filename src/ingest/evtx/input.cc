#include "ingest/evtx/input.h"

#include <algorithm>
#include <vector>

#include "ingest/evtx/chunk.h"

namespace gac::ingest {

namespace {

constexpr std::size_t kFlagsAt = 120;  // in the file's head: 1 = not closed, 2 = full

class EvtxInput final : public Input {
public:
    EvtxInput(std::string path, std::unique_ptr<ByteSource> source, std::string_view begun)
        : path_(std::move(path)), source_(std::move(source)), buffer_(begun.begin(), begun.end()) {
        bytes_read_ = begun.size();
    }

    Result<bool> next(Frame& frame) override {
        for (;;) {
            if (in_chunk_ && reader_.next(json_)) {
                frame = {json_, false};
                return true;
            }
            if (in_chunk_) {
                used_ += evtx::kChunkBytes;
                in_chunk_ = false;
            }
            GAC_TRY(chunk, read_chunk());
            if (chunk.empty()) {
                return false;
            }
            reader_.begin(chunk, dirty_);
            in_chunk_ = true;
        }
    }

    std::uint64_t bytes_read() const override { return bytes_read_; }

private:
    // The next chunk, or what is left of it at the end of a file cut short.
    Result<std::string_view> read_chunk() {
        if (first_) {
            first_ = false;
            GAC_CHECK(fill(evtx::kFileHeaderBytes));
            if (buffer_.size() > kFlagsAt) {
                dirty_ = (static_cast<unsigned char>(buffer_[kFlagsAt]) & 1U) != 0;
            }
            used_ = evtx::kFileHeaderBytes;
        }
        GAC_CHECK(fill(used_ + evtx::kChunkBytes));
        if (used_ >= buffer_.size()) {
            return std::string_view();
        }
        return std::string_view(buffer_.data() + used_,
                                std::min(evtx::kChunkBytes, buffer_.size() - used_));
    }

    Result<> fill(std::size_t wanted) {
        if (used_ > 0) {
            const std::size_t gone = std::min(used_, buffer_.size());
            buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(gone));
            wanted -= gone;
            used_ -= gone;
        }
        while (buffer_.size() < wanted) {
            const std::size_t have = buffer_.size();
            buffer_.resize(std::max(wanted, have + (std::size_t{256} << 10)));
            auto read = source_->read({buffer_.data() + have, buffer_.size() - have});
            if (!read) {
                return std::unexpected(base::at(path_, std::move(read).error()));
            }
            buffer_.resize(have + *read);
            bytes_read_ += *read;
            if (*read == 0) {
                break;
            }
        }
        return {};
    }

    std::string path_;
    std::unique_ptr<ByteSource> source_;
    std::vector<char> buffer_;
    std::size_t used_ = 0;  // of the buffer, before the chunk at hand
    bool first_ = true;
    bool in_chunk_ = false;
    bool dirty_ = false;
    evtx::ChunkReader reader_;
    std::string json_;
    std::uint64_t bytes_read_ = 0;
};

}  // namespace

std::unique_ptr<Input> make_evtx_input(std::string path, std::unique_ptr<ByteSource> source,
                                       std::string_view begun) {
    return std::make_unique<EvtxInput>(std::move(path), std::move(source), begun);
}

}  // namespace gac::ingest
