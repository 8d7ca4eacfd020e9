#include <zlib.h>
#include <zstd.h>

#include <memory>

#include <fmt/format.h>

#include "base/text.h"
#include "net/http.h"

namespace gac::net {

namespace {

constexpr std::size_t kStep = 256 * 1024;

std::unexpected<Error> too_large(std::size_t bytes_max) {
    return fail(Code::LimitExceeded,
                fmt::format("the body unpacks to more than {} bytes", bytes_max), "body");
}

struct Inflater {
    z_stream stream{};
    bool ready = false;
    explicit Inflater(int window_bits) { ready = inflateInit2(&stream, window_bits) == Z_OK; }
    ~Inflater() {
        if (ready) {
            inflateEnd(&stream);
        }
    }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
};

// Several gzip members one after the other are one body, as gzip itself has it.
Result<std::string> inflate_all(std::string_view body, int window_bits, std::size_t bytes_max) {
    Inflater inflater(window_bits);
    if (!inflater.ready) {
        return fail(Code::Internal, "zlib could not start");
    }
    z_stream& stream = inflater.stream;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream.avail_in = static_cast<uInt>(body.size());
    std::string out;
    for (;;) {
        const std::size_t before = out.size();
        out.resize(before + kStep);
        stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
        stream.avail_out = kStep;
        const int code = inflate(&stream, Z_NO_FLUSH);
        out.resize(before + (kStep - stream.avail_out));
        if (out.size() > bytes_max) {
            return too_large(bytes_max);
        }
        if (code == Z_STREAM_END) {
            if (stream.avail_in == 0) {
                return out;
            }
            if (inflateReset(&stream) != Z_OK) {
                return fail(Code::Internal, "zlib could not go on");
            }
        } else if (code != Z_OK || (stream.avail_in == 0 && stream.avail_out != 0)) {
            return fail(Code::InvalidArgument,
                        code == Z_OK || code == Z_BUF_ERROR
                            ? "the packed body is cut short"
                            : fmt::format("the packed body is damaged: {}",
                                          stream.msg != nullptr ? stream.msg : "bad data"),
                        fmt::format("byte {}", stream.total_in));
        }
    }
}

Result<std::string> unzstd(std::string_view body, std::size_t bytes_max) {
    const std::unique_ptr<ZSTD_DCtx, decltype([](ZSTD_DCtx* c) { ZSTD_freeDCtx(c); })> context(
        ZSTD_createDCtx());
    if (!context) {
        return fail(Code::Internal, "zstd could not start");
    }
    // A frame may ask for gigabytes of window.
    ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, 27);
    ZSTD_inBuffer in{body.data(), body.size(), 0};
    std::string out;
    std::size_t left = 1;
    while (in.pos < in.size || left != 0) {
        const std::size_t before = out.size();
        out.resize(before + kStep);
        ZSTD_outBuffer to{out.data() + before, kStep, 0};
        const std::size_t in_before = in.pos;
        left = ZSTD_decompressStream(context.get(), &to, &in);
        out.resize(before + to.pos);
        if (ZSTD_isError(left) != 0) {
            return fail(Code::InvalidArgument,
                        fmt::format("the packed body is damaged: {}", ZSTD_getErrorName(left)),
                        fmt::format("byte {}", in.pos));
        }
        if (out.size() > bytes_max) {
            return too_large(bytes_max);
        }
        if (left != 0 && in.pos == in_before && to.pos == 0) {
            return fail(Code::InvalidArgument, "the packed body is cut short",
                        fmt::format("byte {}", in.pos));
        }
    }
    return out;
}

}  // namespace

Result<std::string> unpack(std::string_view encoding, std::string body, std::size_t bytes_max) {
    const std::string name = base::ascii_lower(base::trim(encoding));
    if (name.empty() || name == "identity") {
        return body;
    }
    if (name == "gzip" || name == "x-gzip") {
        return inflate_all(body, 15 + 16, bytes_max);
    }
    if (name == "deflate") {
        return inflate_all(body, 15, bytes_max);
    }
    if (name == "zstd") {
        return unzstd(body, bytes_max);
    }
    return fail(Code::InvalidArgument,
                fmt::format("content encoding '{}' is not known; gzip, deflate and zstd are", name),
                "Content-Encoding");
}

}  // namespace gac::net
