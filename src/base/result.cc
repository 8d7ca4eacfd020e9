#include "base/result.h"

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace gac::base {

std::string_view name_of(Code code) {
    switch (code) {
        case Code::InvalidArgument:
            return "invalid_argument";
        case Code::NotFound:
            return "not_found";
        case Code::AlreadyExists:
            return "already_exists";
        case Code::Conflict:
            return "conflict";
        case Code::Unauthenticated:
            return "unauthenticated";
        case Code::PermissionDenied:
            return "permission_denied";
        case Code::LimitExceeded:
            return "limit_exceeded";
        case Code::Unavailable:
            return "unavailable";
        case Code::StorageFull:
            return "storage_full";
        case Code::Corrupt:
            return "corrupt";
        case Code::Io:
            return "io";
        case Code::Internal:
            return "internal";
    }
    return "internal";
}

std::string Error::message() const { return where.empty() ? text : where + ": " + text; }

std::unexpected<Error> fail(Code code, std::string text, std::string where) {
    return std::unexpected(Error{code, std::move(text), std::move(where)});
}

std::unexpected<Error> fail_errno(std::string_view what, int error_number) {
    Code code = Code::Io;
    switch (error_number) {
        case ENOSPC:
        case EDQUOT:
            code = Code::StorageFull;
            break;
        case ENOENT:
            code = Code::NotFound;
            break;
        case EEXIST:
            code = Code::AlreadyExists;
            break;
        case EACCES:
        case EPERM:
            code = Code::PermissionDenied;
            break;
        case EAGAIN:
            code = Code::Unavailable;
            break;
        default:
            break;
    }
    return fail(code, fmt::format("{}: {}", what, std::generic_category().message(error_number)));
}

Error at(std::string_view where, Error error) {
    error.where =
        error.where.empty() ? std::string(where) : fmt::format("{}: {}", where, error.where);
    return error;
}

}  // namespace gac::base
