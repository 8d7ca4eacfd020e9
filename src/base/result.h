// Expected failure as a value. Every function that bad input, a gone peer or a full disk can fail
// returns Result<T>; GAC_TRY passes an error on. Broken promises of our own use GAC_ASSERT
// (base/assert.h).
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace gac::base {

// What a caller may branch on. The HTTP layer maps these to status codes in one place.
enum class Code : std::uint8_t {
    InvalidArgument,  // the input is wrong; the same input will always be wrong
    NotFound,
    AlreadyExists,
    Conflict,  // version or state changed meanwhile
    Unauthenticated,
    PermissionDenied,
    LimitExceeded,  // a named limit was hit
    Unavailable,    // try again later (queue full, peer gone)
    StorageFull,
    Corrupt,  // stored bytes are not what was written
    Io,
    Internal,
};

std::string_view name_of(Code code);

// `text` is lower case, says what and which, and has no full stop. `where` is the place: a file,
// line, column, field or option; empty when there is none.
struct [[nodiscard]] Error {
    Code code = Code::Internal;
    std::string text;
    std::string where;

    // "where: text", or just the text.
    std::string message() const;
};

template <class T = void>
using Result = std::expected<T, Error>;

std::unexpected<Error> fail(Code code, std::string text, std::string where = {});

// The error of the last failed system call, with its number's text and the code that fits it.
std::unexpected<Error> fail_errno(std::string_view what, int error_number);

// Adds a place in front of the error's own, e.g. the file name around "line 3".
Error at(std::string_view where, Error error);

}  // namespace gac::base

namespace gac {
using base::Code;
using base::Error;
using base::fail;
using base::Result;
}  // namespace gac

#define GAC_JOIN_INNER(a, b) a##b
#define GAC_JOIN(a, b) GAC_JOIN_INNER(a, b)

// GAC_TRY(name, expression): declares `name` from a Result<T>, or returns its error.
#define GAC_TRY(name, ...)                                                  \
    auto GAC_JOIN(name, _result) = (__VA_ARGS__);                           \
    if (!GAC_JOIN(name, _result)) {                                         \
        return std::unexpected(std::move(GAC_JOIN(name, _result)).error()); \
    }                                                                       \
    auto name = *std::move(GAC_JOIN(name, _result))

// GAC_CHECK(expression): for Result<void>.
#define GAC_CHECK(...)                                          \
    if (auto gac_checked = (__VA_ARGS__); !gac_checked) {       \
        return std::unexpected(std::move(gac_checked).error()); \
    }                                                           \
    static_assert(true)
