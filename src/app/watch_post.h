// The running server: every room built bottom-up, stopped top-down. `gac serve` is this and a
// signal.
#pragma once

#include <memory>
#include <string>

#include "app/config.h"
#include "base/result.h"

namespace gac::app {

class WatchPost {
public:
    // Accepts input when it returns. Fails when something cannot start, naming what and the remedy.
    static Result<std::unique_ptr<WatchPost>> start(const Config& config);
    // Stops listening, works off what has arrived, makes it durable and raises what was found.
    ~WatchPost();

    std::string console_address() const;  // https://127.0.0.1:8443
    std::string syslog_address() const;   // 127.0.0.1:5514, empty when off
    std::string fingerprint() const;      // of the certificate
    // Certificate and rules are read again (SIGHUP).
    void reload();

private:
    struct Rooms;
    explicit WatchPost(std::unique_ptr<Rooms> rooms);
    std::unique_ptr<Rooms> rooms_;
};

}  // namespace gac::app
