// The OpenSSL context in force. A connection holds the one that it began with.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include <memory>

#include "base/snapshot.h"
#include "net/detail/loops.h"
#include "net/tls.h"

namespace gac::net {

class Tls::Contexts {
public:
    std::shared_ptr<asio::ssl::context> get() const {
        return current.with([](const auto& context) { return context; });
    }
    base::Guarded<std::shared_ptr<asio::ssl::context>> current;
};

}  // namespace gac::net
