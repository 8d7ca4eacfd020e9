#include "ingest/unpack.h"

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace gac::ingest {

namespace {

constexpr std::size_t kPackedBytes = 128 * 1024;
constexpr std::uint64_t kXzMemoryMax = 256ull << 20;

// The file itself, with a buffer so that its first bytes can be looked at.
class Packed {
public:
    explicit Packed(base::Fd file) : file_(std::move(file)), buffer_(kPackedBytes) {}

    std::string_view rest() const { return {buffer_.data() + begin_, end_ - begin_}; }
    void use(std::size_t bytes) { begin_ += bytes; }
    // More bytes behind rest(); false at the end of the file.
    Result<bool> fill() {
        if (begin_ > 0) {
            std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
            end_ -= begin_;
            begin_ = 0;
        }
        GAC_TRY(read, base::read_some(file_, std::span(buffer_).subspan(end_)));
        end_ += read;
        return read > 0;
    }
    const base::Fd& file() const { return file_; }

private:
    base::Fd file_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

class Plain final : public ByteSource {
public:
    explicit Plain(Packed packed) : packed_(std::move(packed)) {}

    Result<std::size_t> read(std::span<char> into) override {
        if (const std::string_view rest = packed_.rest(); !rest.empty()) {
            const std::size_t bytes = std::min(rest.size(), into.size());
            std::memcpy(into.data(), rest.data(), bytes);
            packed_.use(bytes);
            return bytes;
        }
        return base::read_some(packed_.file(), into);
    }

private:
    Packed packed_;
};

class Gzip final : public ByteSource {
public:
    explicit Gzip(Packed packed) : packed_(std::move(packed)) {
        good_ = inflateInit2(&stream_, 15 + 16) == Z_OK;  // gzip wrapper only
    }
    ~Gzip() override { inflateEnd(&stream_); }
    Gzip(const Gzip&) = delete;
    Gzip& operator=(const Gzip&) = delete;

    Result<std::size_t> read(std::span<char> into) override {
        if (!good_) {
            return fail(Code::Internal, "gzip could not be set up");
        }
        stream_.next_out = reinterpret_cast<Bytef*>(into.data());
        stream_.avail_out = static_cast<uInt>(into.size());
        while (stream_.avail_out == into.size()) {
            if (packed_.rest().empty()) {
                GAC_TRY(more, packed_.fill());
                if (!more) {
                    if (inside_) {
                        return fail(Code::Corrupt, "gzip data is cut short");
                    }
                    return 0;
                }
            }
            if (!inside_) {
                // Behind a part: another one, or padding that gzip itself ignores too.
                if (packed_.rest()[0] != '\x1f') {
                    return 0;
                }
                inflateReset(&stream_);
                inside_ = true;
            }
            const std::string_view rest = packed_.rest();
            stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest.data()));
            stream_.avail_in = static_cast<uInt>(rest.size());
            const int status = inflate(&stream_, Z_NO_FLUSH);
            packed_.use(rest.size() - stream_.avail_in);
            if (status == Z_STREAM_END) {
                inside_ = false;
            } else if (status != Z_OK && status != Z_BUF_ERROR) {
                return fail(Code::Corrupt, "gzip data is damaged");
            }
        }
        return into.size() - stream_.avail_out;
    }

private:
    Packed packed_;
    z_stream stream_{};
    bool good_ = false;
    bool inside_ = true;
};

class Xz final : public ByteSource {
public:
    explicit Xz(Packed packed) : packed_(std::move(packed)) {
        good_ = lzma_stream_decoder(&stream_, kXzMemoryMax, LZMA_CONCATENATED) == LZMA_OK;
    }
    ~Xz() override { lzma_end(&stream_); }
    Xz(const Xz&) = delete;
    Xz& operator=(const Xz&) = delete;

    Result<std::size_t> read(std::span<char> into) override {
        if (!good_) {
            return fail(Code::Internal, "xz could not be set up");
        }
        stream_.next_out = reinterpret_cast<std::uint8_t*>(into.data());
        stream_.avail_out = into.size();
        while (stream_.avail_out == into.size() && !ended_) {
            bool more = true;
            if (packed_.rest().empty()) {
                GAC_TRY(filled, packed_.fill());
                more = filled;
            }
            const std::string_view rest = packed_.rest();
            stream_.next_in = reinterpret_cast<const std::uint8_t*>(rest.data());
            stream_.avail_in = rest.size();
            const lzma_ret status = lzma_code(&stream_, more ? LZMA_RUN : LZMA_FINISH);
            packed_.use(rest.size() - stream_.avail_in);
            if (status == LZMA_STREAM_END) {
                ended_ = true;
            } else if (status == LZMA_MEMLIMIT_ERROR) {
                return fail(Code::LimitExceeded, "xz data wants more than 256 MiB of memory");
            } else if (status == LZMA_BUF_ERROR && !more) {
                return fail(Code::Corrupt, "xz data is cut short");
            } else if (status != LZMA_OK && status != LZMA_BUF_ERROR) {
                return fail(Code::Corrupt, "xz data is damaged");
            }
        }
        return into.size() - stream_.avail_out;
    }

private:
    Packed packed_;
    lzma_stream stream_ = LZMA_STREAM_INIT;
    bool good_ = false;
    bool ended_ = false;
};

class Zstd final : public ByteSource {
public:
    explicit Zstd(Packed packed) : packed_(std::move(packed)), stream_(ZSTD_createDStream()) {}
    ~Zstd() override { ZSTD_freeDStream(stream_); }
    Zstd(const Zstd&) = delete;
    Zstd& operator=(const Zstd&) = delete;

    Result<std::size_t> read(std::span<char> into) override {
        ZSTD_outBuffer out{into.data(), into.size(), 0};
        while (out.pos == 0) {
            if (packed_.rest().empty()) {
                GAC_TRY(more, packed_.fill());
                if (!more) {
                    if (wanted_ != 0) {
                        return fail(Code::Corrupt, "zstd data is cut short");
                    }
                    return 0;
                }
            }
            const std::string_view rest = packed_.rest();
            ZSTD_inBuffer in{rest.data(), rest.size(), 0};
            wanted_ = ZSTD_decompressStream(stream_, &out, &in);
            packed_.use(in.pos);
            if (ZSTD_isError(wanted_) != 0U) {
                return fail(Code::Corrupt,
                            fmt::format("zstd data is damaged: {}", ZSTD_getErrorName(wanted_)));
            }
        }
        return out.pos;
    }

private:
    Packed packed_;
    ZSTD_DStream* stream_;
    std::size_t wanted_ = 0;  // 0: a part has ended
};

}  // namespace

Result<std::unique_ptr<ByteSource>> unpack(base::Fd file) {
    Packed packed(std::move(file));
    while (packed.rest().size() < 6) {
        GAC_TRY(more, packed.fill());
        if (!more) {
            break;
        }
    }
    const std::string_view head = packed.rest();
    if (head.starts_with("\x1f\x8b")) {
        return std::make_unique<Gzip>(std::move(packed));
    }
    if (head.starts_with(std::string_view("\xfd"
                                          "7zXZ\0",
                                          6))) {
        return std::make_unique<Xz>(std::move(packed));
    }
    if (head.starts_with("\x28\xb5\x2f\xfd")) {
        return std::make_unique<Zstd>(std::move(packed));
    }
    return std::make_unique<Plain>(std::move(packed));
}

}  // namespace gac::ingest
