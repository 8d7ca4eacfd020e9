// Query strings and packed bodies from strangers. What decodes is UTF-8 without NUL, and encoding
// it again and decoding gives the same; nothing unpacks beyond its limit.
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/text.h"
#include "net/http.h"

namespace {

std::string encode(std::string_view text) {
    std::string out;
    for (const char c : text) {
        out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gac;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto parsed = net::parse_query(text)) {
        std::string again;
        for (const auto& [name, value] : *parsed) {
            GAC_ASSERT(base::is_utf8(name) && base::is_utf8(value));
            GAC_ASSERT(!name.contains('\0') && !value.contains('\0'));
            again += (again.empty() ? "" : "&") + encode(name) + "=" + encode(value);
        }
        const auto twice = net::parse_query(again);
        GAC_ASSERT(twice && *twice == *parsed);
    } else {
        GAC_ASSERT(!parsed.error().where.empty());
    }
    static_cast<void>(net::cookie(text, "a"));
    constexpr std::size_t kLimit = 1U << 16U;
    for (const char* encoding : {"gzip", "zstd", "deflate"}) {
        const auto out = net::unpack(encoding, std::string(text), kLimit);
        GAC_ASSERT(!out || out->size() <= kLimit);
    }
    return 0;
}
