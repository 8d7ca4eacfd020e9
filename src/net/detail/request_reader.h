// One request out of bytes as they come. Wraps Beast's parser, which is slow to compile, in a plain
// type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "net/http.h"

namespace gac::net::detail {

// A request that cannot be read any further: what to answer before closing.
struct Refusal {
    int status = 400;
    std::string_view message;
};

class RequestReader {
public:
    explicit RequestReader(std::uint32_t header_bytes_max);
    ~RequestReader();

    // Takes some of `bytes` and says how many; what it leaves must come again with more behind it.
    // Stops at the end of the head, and at the end of the request.
    std::size_t feed(std::string_view bytes);
    const std::optional<Refusal>& refusal() const { return refusal_; }

    bool head_done() const;
    bool done() const;
    Request head() const;  // all but the body; once head_done
    Request take();        // once done

    void limit_body(std::uint64_t bytes);
    std::optional<std::uint64_t> content_length() const;
    std::size_t body_size() const;
    bool has_body() const;  // announced by the head
    bool keep_alive() const;
    bool wants_continue() const;  // Expect: 100-continue
    bool is_http_10() const;

private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
    std::optional<Refusal> refusal_;
};

}  // namespace gac::net::detail
