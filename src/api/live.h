// The live feed: tells every open console what has changed, in order, each within what its user may
// see. One thread of its own, because telling needs SQL and changes come from threads that must not
// wait.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "access/actor.h"
#include "access/gate.h"
#include "api/api.h"
#include "base/result.h"
#include "net/http.h"
#include "response/changes.h"

namespace gac::api {

class LiveHub {
public:
    static constexpr std::size_t kClientsMax = 1000;

    explicit LiveHub(Api::State& state);
    ~LiveHub();  // closes all streams

    // Begins after `last` (the client's Last-Event-ID), or now when it has none. Unavailable when
    // too many are open.
    Result<std::shared_ptr<net::Stream>> connect(const access::Actor& actor,
                                                 const access::Scope& scope,
                                                 std::optional<std::int64_t> last);
    // Somebody signed out or lost rights: his streams end, and come back only if he may.
    void drop(const base::Uuid& actor);

private:
    struct Client {
        access::Actor actor;
        access::Scope scope;
        std::shared_ptr<net::Stream> stream;
        std::int64_t seq = 0;  // told up to here
        bool fresh = true;     // has to catch up first
        bool counts_due = true;
        std::int64_t ends_us = 0;
    };
    using Rendered = std::map<std::string, std::string>;  // event text by kind and id

    void run(const std::stop_token& stop);
    void tick(std::vector<response::Change> changes);
    void catch_up(Client& client, Rendered& rendered);
    void tell(Client& client, const response::Change& change, Rendered& rendered);
    void tell_counts(Client& client);
    void watch_sources();
    void sample_sources();
    std::string render(const Client& client, const response::Change& change);

    Api::State& state_;
    std::mutex mutex_;
    std::condition_variable_any woken_;
    std::vector<response::Change> waiting_;
    bool overrun_ = false;  // too many at once: everybody reads the database instead
    std::vector<std::unique_ptr<Client>> arriving_;
    std::set<base::Uuid> dropped_;
    std::size_t open_ = 0;
    std::vector<std::unique_ptr<Client>> clients_;  // the thread's own
    std::set<std::string> silent_;                  // sources, as last seen
    bool silent_known_ = false;
    std::int64_t next_counts_us_ = 0;
    std::int64_t next_sources_us_ = 0;
    std::int64_t next_sample_us_ = 0;
    bool counts_changed_ = false;
    std::uint64_t listener_ = 0;
    std::jthread thread_;
};

}  // namespace gac::api
