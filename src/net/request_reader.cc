#include "net/detail/request_reader.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/text.h"

namespace gac::net::detail {

namespace http = boost::beast::http;

namespace {

std::string text_of(boost::beast::string_view view) { return {view.data(), view.size()}; }

Refusal refusal_of(const boost::beast::error_code& fault) {
    if (fault == http::error::header_limit) {
        return {431, "the request's head is too large"};
    }
    if (fault == http::error::body_limit) {
        return {413, "the body is too large"};
    }
    if (fault == http::error::bad_version) {
        return {505, "only HTTP/1.0 and HTTP/1.1 are spoken"};
    }
    return {400, "this is not a well-formed HTTP request"};
}

}  // namespace

struct RequestReader::Parser {
    http::request_parser<http::string_body> beast;
};

RequestReader::RequestReader(std::uint32_t header_bytes_max) : parser_(std::make_unique<Parser>()) {
    parser_->beast.header_limit(header_bytes_max);
    // The announced length is judged by the session, once it knows whose request this is.
    parser_->beast.body_limit(boost::none);
}

RequestReader::~RequestReader() = default;

std::size_t RequestReader::feed(std::string_view bytes) {
    std::size_t taken = 0;
    const bool had_head = head_done();
    while (taken < bytes.size() && !done()) {
        boost::beast::error_code fault;
        const std::size_t n = parser_->beast.put(
            boost::asio::buffer(bytes.data() + taken, bytes.size() - taken), fault);
        taken += n;
        if (fault == http::error::need_more) {
            break;
        }
        if (fault) {
            refusal_ = refusal_of(fault);
            break;
        }
        if (!had_head && head_done()) {
            break;
        }
        if (n == 0) {
            break;
        }
    }
    return taken;
}

bool RequestReader::head_done() const { return parser_->beast.is_header_done(); }
bool RequestReader::done() const { return parser_->beast.is_done(); }

Request RequestReader::head() const {
    const auto& message = parser_->beast.get();
    Request request;
    request.method = text_of(message.method_string());
    request.target = text_of(message.target());
    const auto question = request.target.find('?');
    request.path = request.target.substr(0, question);
    if (question != std::string::npos) {
        request.query = request.target.substr(question + 1);
    }
    for (const auto& field : message) {
        request.headers.add(text_of(field.name_string()), text_of(field.value()));
    }
    return request;
}

Request RequestReader::take() {
    Request request = head();
    request.body = std::move(parser_->beast.get().body());
    return request;
}

void RequestReader::limit_body(std::uint64_t bytes) {
    parser_->beast.body_limit(bytes);
    parser_->beast.eager(true);
}

std::optional<std::uint64_t> RequestReader::content_length() const {
    const auto length = parser_->beast.content_length();
    return length ? std::optional<std::uint64_t>(*length) : std::nullopt;
}

std::size_t RequestReader::body_size() const { return parser_->beast.get().body().size(); }

bool RequestReader::has_body() const {
    return parser_->beast.chunked() || content_length().value_or(0) > 0;
}

bool RequestReader::keep_alive() const { return parser_->beast.get().keep_alive(); }

bool RequestReader::wants_continue() const {
    return http::token_list(parser_->beast.get()[http::field::expect]).exists("100-continue");
}

bool RequestReader::is_http_10() const { return parser_->beast.get().version() == 10; }

}  // namespace gac::net::detail
