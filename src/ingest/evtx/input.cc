#include "ingest/evtx/input.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "ingest/evtx/chunk.h"

namespace gac::ingest {

namespace {

constexpr std::size_t kBufferBytes = std::size_t{512} << 10;
constexpr std::size_t kFlagsAt = 120;  // in the file's head: 1 = not closed, 2 = full

class EvtxInput final : public Input {
public:
    EvtxInput(std::string path, std::unique_ptr<ByteSource> source, std::string_view begun,
              bool chunks)
        : path_(std::move(path)),
          source_(std::move(source)),
          chunks_(chunks),
          buffer_(std::max(kBufferBytes, begun.size())) {
        std::memcpy(buffer_.data(), begun.data(), begun.size());
        end_ = begun.size();
        bytes_read_ = begun.size();
    }

    Result<bool> next(Frame& frame) override {
        for (;;) {
            if (in_chunk_ && reader_.next(json_)) {
                frame = {json_, false};
                return true;
            }
            in_chunk_ = false;
            GAC_TRY(chunk, read_chunk());
            if (chunk.empty()) {
                return false;
            }
            if (chunks_) {
                frame = {chunk, false,
                         dirty_ ? Frame::Kind::DirtyEvtxChunk : Frame::Kind::EvtxChunk};
                return true;
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
            GAC_TRY(head, take(evtx::kFileHeaderBytes));
            dirty_ =
                head.size() > kFlagsAt && (static_cast<unsigned char>(head[kFlagsAt]) & 1U) != 0;
        }
        return take(evtx::kChunkBytes);
    }

    // The next bytes; fewer at the end of the file.
    Result<std::string_view> take(std::size_t wanted) {
        if (end_ - begin_ < wanted && buffer_.size() - begin_ < wanted) {
            std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
            end_ -= begin_;
            begin_ = 0;
        }
        while (end_ - begin_ < wanted) {
            auto read = source_->read({buffer_.data() + end_, buffer_.size() - end_});
            if (!read) {
                return std::unexpected(base::at(path_, std::move(read).error()));
            }
            end_ += *read;
            bytes_read_ += *read;
            if (*read == 0) {
                break;
            }
        }
        const std::string_view bytes(buffer_.data() + begin_, std::min(wanted, end_ - begin_));
        begin_ += bytes.size();
        return bytes;
    }

    std::string path_;
    std::unique_ptr<ByteSource> source_;
    bool chunks_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;  // of what was not taken yet
    std::size_t end_ = 0;
    bool first_ = true;
    bool in_chunk_ = false;
    bool dirty_ = false;
    evtx::ChunkReader reader_;
    std::string json_;
    std::uint64_t bytes_read_ = 0;
};

}  // namespace

std::unique_ptr<Input> make_evtx_input(std::string path, std::unique_ptr<ByteSource> source,
                                       std::string_view begun, bool chunks) {
    return std::make_unique<EvtxInput>(std::move(path), std::move(source), begun, chunks);
}

}  // namespace gac::ingest
