// What the store's own tests share: a folder that goes away, a disk that fails when told to, and
// random events.
#pragma once

#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "event/batch.h"
#include "event/profile.h"
#include "store/disk.h"
#include "store/index/builder.h"
#include "store/store.h"

namespace gac::store::testing {

class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "gac-store-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

// Fails as told; everything else goes to the real disk.
class FaultyDisk final : public Disk {
public:
    std::atomic<bool> full = false;      // writes put half of their bytes, then there is no room
    std::atomic<int> syncs_to_fail = 0;  // the next so many fsyncs fail with an I/O error
    std::atomic<std::uint64_t> free = ~0ULL;  // what free_bytes says
    std::atomic<int> failed_syncs = 0;

    Result<> write(const base::Fd& fd, std::span<const std::string_view> parts) override {
        if (!full) {
            return Disk::write(fd, parts);
        }
        const std::string_view half[] = {parts.front().substr(0, parts.front().size() / 2)};
        GAC_CHECK(Disk::write(fd, half));
        return fail(Code::StorageFull, "no space left on device", "write");
    }
    Result<> sync(const base::Fd& fd) override {
        if (syncs_to_fail > 0) {
            --syncs_to_fail;
            ++failed_syncs;
            return fail(Code::Io, "input/output error", "fdatasync");
        }
        return Disk::sync(fd);
    }
    Result<std::uint64_t> free_bytes(const std::filesystem::path& folder) override {
        return full            ? Result<std::uint64_t>(0)
               : free != ~0ULL ? Result<std::uint64_t>(free.load())
                               : Disk::free_bytes(folder);
    }
};

inline std::shared_ptr<const event::ProfileSet> no_profiles(const TemporaryFolder& folder) {
    const auto path = folder.path() / "profiles";
    std::filesystem::create_directories(path);
    return event::ProfileSet::load(path, base::Zone::utc()).value();
}

// Like logs: few users and hosts, many addresses, a clock that mostly goes on, and now and then
// something odd.
class RandomEvents {
public:
    explicit RandomEvents(std::uint32_t seed) : random_(seed) {}

    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }

    void add(event::EventBatch& batch, SourceNames& sources) {
        static const std::string_view kUsers[] = {"root", "admin", "Nguyễn Văn An", "svc-backup",
                                                  "ROOT"};
        static const std::string_view kTexts[] = {"Failed password for", "Accepted publickey for",
                                                  "Đăng nhập thất bại", "connection closed by",
                                                  "session opened for user"};
        time_ += below(20) == 0 ? -static_cast<std::int64_t>(below(5'000'000)) : below(2'000'000);
        const std::string_view user = kUsers[below(5)];
        const std::string_view what = kTexts[below(5)];
        const auto address =
            base::IpAddress::from_v4(0x0A000000 + below(below(2) == 0 ? 10 : 5000));
        const std::string line = std::string(what) + " " + std::string(user) + " from "
                                 + address.text() + " port " + std::to_string(below(65536));
        batch.begin();
        event::EventHead head;
        head.time.us = time_;
        head.received.us = time_ + below(1000);
        head.raw = batch.arena().copy(line);
        head.source = sources.source_id(below(3) == 0 ? "firewall" : "sshd");
        head.drill = below(10) == 0;
        head.parse_failed = below(50) == 0;
        using namespace event;
        batch.add(field::EventAction, ValueRef(head.raw.substr(0, what.size())));
        batch.add(field::UserName, ValueRef(head.raw.substr(what.size() + 1, user.size())));
        batch.add_ip(field::SourceIp, address);
        batch.add(field::SourcePort, ValueRef(static_cast<std::int64_t>(below(65536))));
        if (below(3) == 0) {
            batch.add(field::HttpStatus, ValueRef(static_cast<std::int64_t>(200 + 100 * below(4))));
        }
        if (below(4) == 0) {  // a name whose type differs from event to event
            switch (below(6)) {
                case 0:
                    batch.add(intern("odd"), ValueRef(std::string_view("5")));
                    break;
                case 1:
                    batch.add(intern("odd"), ValueRef(std::int64_t{5}));
                    break;
                case 2:
                    batch.add(intern("odd"), ValueRef(5.5));
                    break;
                case 3:
                    batch.add(intern("odd"), ValueRef(below(2) == 0));
                    break;
                case 4:
                    batch.add(intern("odd"), ValueRef());
                    break;
                default:
                    batch.add(intern("odd"), ValueRef(base::TimePoint{time_}));
                    break;
            }
        }
        if (below(30) == 0) {  // the same name twice
            batch.add_copy(field::UserName, "second");
        }
        if (below(20) == 0) {
            const ValueRef elements[] = {ValueRef(std::string_view("alpha")),
                                         ValueRef(std::int64_t{7}), ValueRef()};
            batch.add(intern("tags"),
                      ValueRef(std::span<const ValueRef>(
                                   batch.arena().copy(std::span<const ValueRef>(elements)))
                                   .first(1 + below(3))));
        }
        if (below(100) == 0) {
            batch.add_copy(intern("rare.field"), std::to_string(below(1'000'000)));
        }
        batch.end(head);
    }

    std::int64_t time() const { return time_; }

private:
    std::mt19937 random_;
    std::int64_t time_ = 1'700'000'000'000'000;
};

// The words and values of one event, as the writer of segments gives those of a block.
inline void add_row(index::Builder& builder, const event::EventRef& event) {
    builder.add_words(event.head().raw);
    for (const event::Field& field : event.fields()) {
        builder.add_values(field.id, false, std::span(&field.value, 1));
    }
}

// Reserves ids, appends, and gives the position.
inline Result<Position> put(Store& store, event::EventBatch& batch) {
    batch.set_first_id(store.reserve(batch.size()));
    return store.append(batch);
}

}  // namespace gac::store::testing
