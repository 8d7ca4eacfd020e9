// Which segments count: the list on the disk and the one that searches see, changed together. A
// change is durable before it shows. Files that leave the list are deleted when nobody reads them
// any more: a question that began earlier goes on over the segments that it holds. Any thread;
// changes take their turn.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/disk.h"
#include "store/manifest.h"
#include "store/segment/segment.h"

namespace gac::store {

using Segments = std::vector<std::shared_ptr<const Segment>>;

class Catalog {
public:
    // `manifest` may name files that could not be opened: they stay on the list.
    Catalog(std::filesystem::path folder, std::shared_ptr<Disk> disk, Manifest manifest,
            Segments segments);

    struct Change {
        Segments add;
        Segments remove;
        std::uint64_t sealed_through = 0;  // raises the mark
    };
    // `show` gets the new list while no other change can happen. When this fails nothing has
    // changed, and the files of `add` are deleted later.
    Result<> apply(const Change& change,
                   const std::function<void(std::shared_ptr<const Segments>)>& show);

    std::shared_ptr<const Segments> segments() const;
    std::uint64_t take_number();  // of a merged file
    // Deletes what has left the list and is read by nobody; how many files still wait.
    Result<std::size_t> sweep();
    std::size_t waiting_files() const;

private:
    std::filesystem::path folder_;
    std::shared_ptr<Disk> disk_;
    mutable std::mutex mutex_;  // over everything below, and over the file
    Manifest manifest_;
    std::shared_ptr<const Segments> segments_;
    Segments retired_;                // out of the list, file still there
    std::vector<std::string> loose_;  // names to delete that nobody has open
    bool uncertain_ = false;          // a write of the list failed: what stands on the disk is open
};

}  // namespace gac::store
