#include "store/catalog.h"

#include <algorithm>
#include <set>

#include "store/recovery.h"

namespace gac::store {

namespace {

std::string name_of(const std::shared_ptr<const Segment>& segment) {
    return segment->path().filename().string();
}

}  // namespace

Catalog::Catalog(std::filesystem::path folder, std::shared_ptr<Disk> disk, Manifest manifest,
                 Segments segments)
    : folder_(std::move(folder)),
      disk_(std::move(disk)),
      manifest_(std::move(manifest)),
      segments_(std::make_shared<const Segments>(std::move(segments))),
      loose_(manifest_.removed) {}

std::shared_ptr<const Segments> Catalog::segments() const {
    const std::lock_guard lock(mutex_);
    return segments_;
}

std::uint64_t Catalog::take_number() {
    const std::lock_guard lock(mutex_);
    const std::uint64_t number = manifest_.file_next++;
    // Until it is added it is no part of history, whichever list is written meanwhile.
    manifest_.removed.push_back(merged_name(number));
    return number;
}

std::size_t Catalog::waiting_files() const {
    const std::lock_guard lock(mutex_);
    return retired_.size() + loose_.size();
}

Result<> Catalog::apply(const Change& change,
                        const std::function<void(std::shared_ptr<const Segments>)>& show) {
    const std::lock_guard lock(mutex_);
    std::set<std::string> gone;
    for (const auto& segment : change.remove) {
        gone.insert(name_of(segment));
    }
    Manifest next = manifest_;
    std::erase_if(next.segments, [&](const std::string& name) { return gone.contains(name); });
    next.removed.insert(next.removed.end(), gone.begin(), gone.end());
    auto shown = std::make_shared<Segments>();
    for (const auto& segment : *segments_) {
        if (!gone.contains(name_of(segment))) {
            shown->push_back(segment);
        }
    }
    for (const auto& segment : change.add) {
        const std::string name = name_of(segment);
        std::erase(next.removed, name);
        std::erase(loose_, name);
        next.segments.push_back(name);
        next.id_next = std::max(next.id_next, segment->summary().id_max + 1);
        shown->push_back(segment);
    }
    for (const auto& segment : change.remove) {
        next.id_next = std::max(next.id_next, segment->summary().id_max + 1);
    }
    next.sealed_through = std::max(next.sealed_through, change.sealed_through);
    if (auto written = write_manifest(*disk_, folder_, next); !written) {
        // The new list may or may not stand on the disk now. The next one that is written says that
        // these files are not part of it.
        for (const auto& segment : change.add) {
            manifest_.removed.push_back(name_of(segment));
            loose_.push_back(name_of(segment));
        }
        uncertain_ = true;
        return written;
    }
    uncertain_ = false;
    manifest_ = std::move(next);
    segments_ = std::move(shown);
    retired_.insert(retired_.end(), change.remove.begin(), change.remove.end());
    show(segments_);
    return {};
}

Result<std::size_t> Catalog::sweep() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    std::erase_if(retired_, [&](const std::shared_ptr<const Segment>& segment) {
        if (segment.use_count() > 1) {
            return false;
        }
        names.push_back(name_of(segment));
        return true;
    });
    names.insert(names.end(), loose_.begin(), loose_.end());
    loose_ = names;  // until they are really gone
    if (names.empty()) {
        return retired_.size();
    }
    const auto folder = segment_folder(folder_);
    if (uncertain_) {
        // A file may be deleted only when the list on the disk does not name it.
        GAC_CHECK(write_manifest(*disk_, folder_, manifest_));
        uncertain_ = false;
    }
    for (const std::string& name : names) {
        GAC_CHECK(disk_->remove(folder / name));
    }
    GAC_CHECK(disk_->sync_folder(folder));
    loose_.clear();
    std::erase_if(manifest_.removed, [&](const std::string& name) {
        return std::ranges::find(names, name) != names.end();
    });
    return retired_.size();
}

}  // namespace gac::store
