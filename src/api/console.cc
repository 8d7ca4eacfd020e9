#include "api/console.h"

#include <zlib.h>

#include <array>
#include <cctype>

#include <fmt/format.h>

#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"

namespace gac::api {

namespace {

constexpr std::size_t kFileBytesMax = 16U << 20U;
constexpr std::string_view kNotBuilt =
    "<!doctype html><html lang=\"vi\"><meta charset=\"utf-8\"><title>Gác</title>"
    "<p>Bảng điều khiển chưa được dựng. Chạy <code>./run</code>.</p>"
    "<p lang=\"en\">The console is not built. Run <code>./run</code>.</p></html>";

std::string type_of(std::string_view path) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kTypes{{
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json"},
        {".map", "application/json"},
        {".webmanifest", "application/manifest+json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".woff", "font/woff"},
        {".mp3", "audio/mpeg"},
        {".txt", "text/plain; charset=utf-8"},
    }};
    for (const auto& [ending, type] : kTypes) {
        if (path.ends_with(ending)) {
            return std::string(type);
        }
    }
    return "application/octet-stream";
}

std::string pack(std::string_view text) {
    z_stream stream{};
    if (deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        return {};
    }
    std::string out(deflateBound(&stream, text.size()) + 32, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    out.resize(done ? stream.total_out : 0);
    deflateEnd(&stream);
    return out;
}

bool accepts_gzip(std::string_view header) {
    while (!header.empty()) {
        std::string_view one = header.substr(0, header.find(','));
        header.remove_prefix(std::min(one.size() + 1, header.size()));
        one = base::trim(one);
        const std::string_view name = base::trim(one.substr(0, one.find(';')));
        if (base::equal_ignoring_ascii_case(name, "gzip") || name == "*") {
            return !one.contains("q=0") || one.contains("q=0.");
        }
    }
    return false;
}

}  // namespace

Result<Console> Console::load(const std::filesystem::path& folder) {
    Console console;
    std::error_code fault;
    if (!std::filesystem::is_directory(folder, fault)) {
        base::log_warn("api", "the console is not built: {} is not there", folder.string());
        console.add("/index.html", std::string(kNotBuilt), {});
        return console;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, fault)) {
        if (!entry.is_regular_file() || entry.path().extension() == ".gz"
            || entry.path().extension() == ".br") {
            continue;
        }
        GAC_TRY(bytes, base::read_file(entry.path(), kFileBytesMax));
        auto packed = base::read_file(entry.path().string() + ".gz", kFileBytesMax);
        const std::string path = "/" + entry.path().lexically_relative(folder).generic_string();
        console.add(path, std::move(bytes), packed ? *std::move(packed) : std::string());
    }
    if (fault) {
        return fail(Code::Io, fmt::format("cannot read the console: {}", fault.message()),
                    folder.string());
    }
    if (!console.files_.contains("/index.html")) {
        console.add("/index.html", std::string(kNotBuilt), {});
    }
    return console;
}

void Console::add(const std::string& path, std::string bytes, std::string packed) {
    File file;
    file.type = type_of(path);
    file.etag = fmt::format("\"{}\"", base::hex(base::sha256(bytes)).substr(0, 32));
    file.immutable = path.starts_with("/assets/");
    const bool text =
        file.type.starts_with("text/") || file.type.contains("json") || file.type.contains("svg");
    if (packed.empty() && text && bytes.size() > 1024) {
        packed = pack(bytes);
    }
    if (!packed.empty() && packed.size() < bytes.size()) {
        file.gzip = std::make_shared<const std::string>(std::move(packed));
    }
    file.plain = std::make_shared<const std::string>(std::move(bytes));
    files_[path] = std::move(file);
}

net::Response Console::answer(const net::Request& request) const {
    const auto decoded = net::percent_decode(request.path, false);
    auto found = decoded ? files_.find(*decoded) : files_.end();
    if (found == files_.end()) {
        const std::string_view last =
            decoded ? std::string_view(*decoded).substr(decoded->rfind('/') + 1) : "";
        if (!decoded || last.contains('.')) {
            net::Response response{.status = 404};
            response.headers.add("Content-Type", "text/plain; charset=utf-8");
            response.body = "there is no such file\n";
            return response;
        }
        found = files_.find("/index.html");
    }
    const File& file = found->second;
    net::Response response;
    response.headers.add("Content-Type", file.type);
    response.headers.add("ETag", file.etag);
    response.headers.add("Cache-Control",
                         file.immutable ? "public, max-age=31536000, immutable" : "no-cache");
    response.headers.add("Vary", "Accept-Encoding");
    if (request.headers["if-none-match"] == file.etag) {
        response.status = 304;
        return response;
    }
    if (file.gzip && accepts_gzip(request.headers["accept-encoding"])) {
        response.headers.add("Content-Encoding", "gzip");
        response.shared_body = file.gzip;
    } else {
        response.shared_body = file.plain;
    }
    return response;
}

}  // namespace gac::api
