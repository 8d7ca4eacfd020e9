// What waits for the threads of one lane, in turns between parties (a user, a token, an address):
// next is who has least running, and of those who was served longest ago, so that a thousand
// requests of one do not hold up the only one of another. When it is full, whoever waits with most
// gives up his newest place to one who waits with fewer. A plain value behind the lane's lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace gac::net::detail {

template <class Job>
class Turns {
public:
    struct Limits {
        std::size_t threads = 1;
        std::size_t waiting_max = 1;
        bool spares_threads = false;
    };
    struct Turn {
        std::string party;
        Job job;
    };

    explicit Turns(const Limits& limits) : limits_(limits) {}

    // False when it is full and `party` has no better claim than the others; then `job` is
    // untouched. `displaced` is who lost his place for it.
    bool add(const std::string& party, std::uint64_t ticket, Job& job,
             std::optional<Job>& displaced) {
        if (waiting_ >= limits_.waiting_max) {
            const auto own = parties_.find(party);
            const std::size_t mine = own == parties_.end() ? 0 : own->second.waiting.size();
            const auto most = longest();
            if (most == parties_.end() || most->second.waiting.size() <= mine + 1) {
                return false;
            }
            displaced = std::move(most->second.waiting.back().job);
            most->second.waiting.pop_back();
            --waiting_;
            forget_idle(most);
        }
        parties_[party].waiting.push_back({ticket, std::move(job)});
        ++waiting_;
        return true;
    }

    // Nothing when nobody may run now. What was given counts as running until done().
    std::optional<Turn> next() {
        auto best = parties_.end();
        for (auto at = parties_.begin(); at != parties_.end(); ++at) {
            if (!at->second.waiting.empty() && may_run(at->second)
                && (best == parties_.end() || before(at->second, best->second))) {
                best = at;
            }
        }
        if (best == parties_.end()) {
            return std::nullopt;
        }
        Party& party = best->second;
        Turn turn{best->first, std::move(party.waiting.front().job)};
        party.waiting.pop_front();
        --waiting_;
        ++party.running;
        ++running_;
        party.served = ++served_;
        return turn;
    }

    void done(const std::string& name) {
        const auto party = parties_.find(name);
        --party->second.running;
        --running_;
        forget_idle(party);
    }

    // Nothing when it does not wait any more.
    std::optional<Job> withdraw(const std::string& name, std::uint64_t ticket) {
        const auto party = parties_.find(name);
        if (party == parties_.end()) {
            return std::nullopt;
        }
        auto& waiting = party->second.waiting;
        for (auto at = waiting.begin(); at != waiting.end(); ++at) {
            if (at->ticket == ticket) {
                std::optional<Job> job(std::move(at->job));
                waiting.erase(at);
                --waiting_;
                forget_idle(party);
                return job;
            }
        }
        return std::nullopt;
    }

    std::size_t waiting() const { return waiting_; }
    std::size_t running() const { return running_; }

private:
    struct Waiting {
        std::uint64_t ticket;
        Job job;
    };
    struct Party {
        std::deque<Waiting> waiting;
        std::size_t running = 0;
        std::uint64_t served = 0;
    };
    using Parties = std::map<std::string, Party>;

    bool may_run(const Party& party) const {
        return !limits_.spares_threads || party.running == 0
               || party.running < limits_.threads - running_;
    }
    static bool before(const Party& one, const Party& other) {
        return std::pair(one.running, one.served) < std::pair(other.running, other.served);
    }
    typename Parties::iterator longest() {
        auto most = parties_.end();
        for (auto at = parties_.begin(); at != parties_.end(); ++at) {
            if (most == parties_.end() || at->second.waiting.size() > most->second.waiting.size()) {
                most = at;
            }
        }
        return most;
    }
    void forget_idle(typename Parties::iterator party) {
        if (party->second.waiting.empty() && party->second.running == 0) {
            parties_.erase(party);
        }
    }

    Limits limits_;
    Parties parties_;
    std::size_t waiting_ = 0;
    std::size_t running_ = 0;
    std::uint64_t served_ = 0;
};

}  // namespace gac::net::detail
