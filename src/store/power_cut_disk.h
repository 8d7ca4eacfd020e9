// For tests: a disk whose power goes. Everything is done on the real disk at once, so that the
// store sees what a running system would see; beside it stands what would be left if the power went
// now. Of a file that is what was written before its last fsync for certain, and of later writes
// any sectors; of a folder the names as of its last sync, and of later changes any. A rename is one
// change. One disk is one life of a machine: after the cut every call fails, and left_behind()
// makes a folder as the next start could find it. Only files made through it are known to it; the
// folder is taken as durable as it stands when the disk is made. Any thread.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "store/disk.h"

namespace gac::store::testing {

class PowerCutDisk final : public Disk {
public:
    static constexpr std::size_t kSector = 512;

    // The power goes at the change with number `cut_at`, counted from 1.
    PowerCutDisk(std::filesystem::path folder, std::uint64_t cut_at)
        : folder_(std::move(folder)), cut_at_(cut_at) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
            Node node;
            node.folder = entry.is_directory();
            if (!node.folder) {
                node.durable = read(entry.path());
                node.now = node.durable;
            }
            names_[entry.path()] = add(entry.path(), std::move(node));
        }
        durable_names_ = names_;
    }

    std::uint64_t changes() const {
        const std::lock_guard lock(mutex_);
        return changes_;
    }
    bool is_cut() const {
        const std::lock_guard lock(mutex_);
        return cut_;
    }
    void cut() {
        const std::lock_guard lock(mutex_);
        cut_ = true;
    }

    Result<base::Fd> create(const std::filesystem::path& path) override {
        const std::lock_guard lock(mutex_);
        const bool last = goes_now();
        if (cut_ && !last) {
            return dead();
        }
        auto fd = Disk::create(path);
        if (fd) {
            name(path, add(path, {}));
        }
        return last ? Result<base::Fd>(dead()) : std::move(fd);
    }
    Result<> write(const base::Fd& fd, std::span<const std::string_view> parts) override {
        const std::lock_guard lock(mutex_);
        const bool last = goes_now();
        if (cut_ && !last) {
            return dead();
        }
        const off_t at = ::lseek(fd.get(), 0, SEEK_CUR);
        auto done = Disk::write(fd, parts);
        if (Node* node = node_of(fd); node != nullptr && done) {
            std::string bytes;
            for (const std::string_view part : parts) {
                bytes += part;
            }
            node->now.resize(
                std::max(node->now.size(), static_cast<std::size_t>(at) + bytes.size()));
            node->now.replace(static_cast<std::size_t>(at), bytes.size(), bytes);
            node->pending.push_back({static_cast<std::size_t>(at), std::move(bytes), false});
        }
        return last ? Result<>(dead()) : std::move(done);
    }
    Result<> sync(const base::Fd& fd) override {
        const std::lock_guard lock(mutex_);
        if (goes_now() || cut_) {
            return dead();
        }
        if (Node* node = node_of(fd)) {
            node->durable = node->now;
            node->pending.clear();
        }
        return {};  // the real disk need not
    }
    Result<> truncate(const base::Fd& fd, std::uint64_t size) override {
        const std::lock_guard lock(mutex_);
        const bool last = goes_now();
        if (cut_ && !last) {
            return dead();
        }
        auto done = Disk::truncate(fd, size);
        if (Node* node = node_of(fd); node != nullptr && done) {
            node->now.resize(size);
            node->pending.push_back({size, {}, true});
        }
        return last ? Result<>(dead()) : std::move(done);
    }
    Result<> rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
        const std::lock_guard lock(mutex_);
        const bool last = goes_now();
        if (cut_ && !last) {
            return dead();
        }
        auto done = Disk::rename(from, to);
        if (done) {
            const std::uint64_t node = names_.at(from);
            names_.erase(from);
            names_[to] = node;
            changes_of_names_.push_back({{{from, 0}, {to, node}}});
        }
        return last ? Result<>(dead()) : std::move(done);
    }
    Result<> link(const std::filesystem::path& from, const std::filesystem::path& to) override {
        const std::lock_guard lock(mutex_);
        const bool last = goes_now();
        if (cut_ && !last) {
            return dead();
        }
        auto done = Disk::link(from, to);
        if (done) {
            name(to, names_.at(from));
        }
        return last ? Result<>(dead()) : std::move(done);
    }
    Result<> remove(const std::filesystem::path& path) override {
        const std::lock_guard lock(mutex_);
        const bool last = goes_now();
        if (cut_ && !last) {
            return dead();
        }
        auto done = Disk::remove(path);
        if (const auto found = names_.find(path); done && found != names_.end()) {
            const std::uint64_t node = found->second;
            names_.erase(found);
            if (std::ranges::none_of(names_, [&](const auto& n) { return n.second == node; })) {
                std::erase_if(living_, [&](const auto& l) { return l.second == node; });
            }
            changes_of_names_.push_back({{{path, 0}}});
        }
        return last ? Result<>(dead()) : std::move(done);
    }
    Result<> make_folder(const std::filesystem::path& folder) override {
        const std::lock_guard lock(mutex_);
        const bool last = goes_now();
        if (cut_ && !last) {
            return dead();
        }
        auto done = Disk::make_folder(folder);
        for (auto path = folder; path != folder_ && !names_.contains(path);
             path = path.parent_path()) {
            name(path, add(path, {.folder = true}));
        }
        return last ? Result<>(dead()) : std::move(done);
    }
    Result<> sync_folder(const std::filesystem::path& folder) override {
        const std::lock_guard lock(mutex_);
        if (goes_now() || cut_) {
            return dead();
        }
        std::erase_if(changes_of_names_, [&](const Change& change) {
            if (change.names.front().first.parent_path() != folder) {
                return false;
            }
            apply(change, durable_names_);
            return true;
        });
        return {};
    }

    // What the next start finds, one of many possibilities. In place of the folder.
    void left_behind(std::mt19937& random) {
        const std::lock_guard lock(mutex_);
        cut_ = true;
        const auto below = [&random](std::uint32_t n) {
            return static_cast<std::uint32_t>(random() % n);
        };
        auto names = durable_names_;
        const std::uint32_t mode = below(4);  // none, all, the first ones, any
        const std::size_t first = below(static_cast<std::uint32_t>(changes_of_names_.size()) + 1);
        for (std::size_t i = 0; i < changes_of_names_.size(); ++i) {
            if (mode == 1 || (mode == 2 && i < first) || (mode == 3 && below(2) == 0)) {
                apply(changes_of_names_[i], names);
            }
        }
        std::map<std::uint64_t, std::string> contents;
        for (const auto& [path, number] : names) {
            if (!nodes_.at(number).folder && !contents.contains(number)) {
                contents[number] = torn(nodes_.at(number), random);
            }
        }
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        std::map<std::uint64_t, std::filesystem::path> made;
        for (const auto& [path, number] : names) {  // folders before what is in them
            if (!std::filesystem::exists(path.parent_path())) {
                continue;  // the folder's own name was lost
            }
            if (nodes_.at(number).folder) {
                std::filesystem::create_directory(path);
            } else if (const auto other = made.find(number); other != made.end()) {
                std::filesystem::create_hard_link(other->second, path);
            } else {
                std::ofstream(path, std::ios::binary) << contents[number];
                made[number] = path;
            }
        }
    }

private:
    struct Write {
        std::size_t at = 0;
        std::string bytes;
        bool truncates = false;  // to `at`
    };
    struct Node {
        bool folder = false;
        std::string durable;
        std::string now;
        std::vector<Write> pending;
    };
    struct Change {  // of names in one folder; number 0: the name goes
        std::vector<std::pair<std::filesystem::path, std::uint64_t>> names;
    };
    using Names = std::map<std::filesystem::path, std::uint64_t>;

    static std::string read(const std::filesystem::path& path) {
        std::ifstream in(path, std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(in), {});
    }
    // Numbers of its own: the real disk gives the number of a deleted file to a new one.
    std::uint64_t add(const std::filesystem::path& path, Node node) {
        struct stat info{};
        ::stat(path.c_str(), &info);
        nodes_.push_back(std::move(node));
        return living_[info.st_ino] = nodes_.size() - 1;
    }
    static void apply(const Change& change, Names& names) {
        for (const auto& [path, number] : change.names) {
            if (number == 0) {
                names.erase(path);
            } else {
                names[path] = number;
            }
        }
    }
    // Of every unsynced write any sectors; the file may have its new length all the same.
    static std::string torn(const Node& node, std::mt19937& random) {
        const std::uint32_t mode = static_cast<std::uint32_t>(random() % 5);
        std::string bytes = node.durable;
        std::size_t writes = node.pending.size();
        if (mode == 0 || writes == 0) {
            return bytes;
        }
        if (mode == 2) {  // the first ones, the last of them cut
            writes = 1 + random() % writes;
        }
        for (std::size_t i = 0; i < writes; ++i) {
            const Write& write = node.pending[i];
            if (write.truncates) {
                if (mode == 1 || mode == 2 || random() % 2 == 0) {
                    bytes.resize(write.at);
                }
                continue;
            }
            std::size_t end = write.at + write.bytes.size();
            if (mode == 2 && i + 1 == writes) {
                const std::size_t cut = write.at + random() % (write.bytes.size() + 1);
                end = cut == end ? end : std::max(write.at, cut / kSector * kSector);
            }
            bytes.resize(std::max(bytes.size(), end));  // what is lost reads as zeros
            for (std::size_t at = write.at; at < end;) {
                const std::size_t next = std::min(end, (at / kSector + 1) * kSector);
                if (mode == 1 || mode == 2 || (mode == 3 && random() % 4 != 0)) {
                    bytes.replace(at, next - at, write.bytes, at - write.at, next - at);
                }
                at = next;
            }
        }
        return bytes;
    }

    bool goes_now() {  // counts; the change that is under way may come to be or not
        if (cut_ || ++changes_ != cut_at_) {
            return false;
        }
        cut_ = true;
        return true;
    }
    static std::unexpected<Error> dead() { return fail(Code::Io, "the power is off", "disk"); }
    Node* node_of(const base::Fd& fd) {
        struct stat info{};
        ::fstat(fd.get(), &info);
        const auto found = living_.find(info.st_ino);
        return found == living_.end() ? nullptr : &nodes_[found->second];
    }
    void name(const std::filesystem::path& path, std::uint64_t number) {
        names_[path] = number;
        changes_of_names_.push_back({{{path, number}}});
    }

    const std::filesystem::path folder_;
    const std::uint64_t cut_at_;
    mutable std::mutex mutex_;
    std::uint64_t changes_ = 0;
    bool cut_ = false;
    std::vector<Node> nodes_{{}};  // number 0 is none
    std::map<ino_t, std::uint64_t> living_;
    Names names_;
    Names durable_names_;
    std::vector<Change> changes_of_names_;  // since the last sync of their folder
};

}  // namespace gac::store::testing
