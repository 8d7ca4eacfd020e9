#include "store/recovery.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "base/log.h"
#include "store/segment/writer.h"
#include "store/wal/log_file.h"

namespace gac::store {

namespace fs = std::filesystem;

namespace {

void note(Recovered& found, std::string file, std::string what) {
    base::log_error("store", "{}: {}", file, what);
    found.damages.push_back({.file = std::move(file), .what = std::move(what)});
}

Result<std::vector<fs::path>> files_of(const fs::path& folder) {
    std::vector<fs::path> paths;
    std::error_code fault;
    for (const auto& entry : fs::directory_iterator(folder, fault)) {
        paths.push_back(entry.path());
    }
    if (fault) {
        return fail(Code::Io, fault.message(), folder.string());
    }
    std::ranges::sort(paths);
    return paths;
}

struct LogSet {
    std::vector<fs::path> paths;
    std::vector<LogScan> scans;
};

// Whether records of that span are still in the log: then an incomplete set of segments can be made
// again.
bool log_holds(const LogSet& logs, std::uint64_t sequence) {
    return std::ranges::any_of(logs.scans, [&](const LogScan& scan) {
        return std::ranges::any_of(scan.records, [&](const RecordPlace& place) {
            return place.header.sequence == sequence;
        });
    });
}

// A store of the days before there was a list: every segment in the folder counts.
Result<> list_folder(std::span<const fs::path> paths, Recovered& found) {
    for (const fs::path& path : paths) {
        const std::string name = path.filename().string();
        const auto number = read_merged_name(name);
        const auto place = read_segment_name(name);
        if (number || place) {
            found.manifest.segments.push_back(name);
        }
        if (number) {
            found.manifest.file_next = std::max(found.manifest.file_next, *number + 1);
        }
        if (place) {
            found.manifest.sealed_through =
                std::max(found.manifest.sealed_through, place->sequence_last);
        }
    }
    found.list_stale = true;
    return {};
}

// What is in the folder but not on the list: left from making or deleting a file.
Result<> tidy(std::span<const fs::path> paths, Disk& disk, Recovered& found) {
    const std::set<std::string> listed(found.manifest.segments.begin(),
                                       found.manifest.segments.end());
    for (const fs::path& path : paths) {
        const std::string name = path.filename().string();
        if (listed.contains(name)) {
            continue;
        }
        const auto number = read_merged_name(name);
        const auto place = read_segment_name(name);
        const bool left_over =
            path.extension() == kTemporarySuffix
            || std::ranges::find(found.manifest.removed, name) != found.manifest.removed.end()
            || (number && *number >= found.manifest.file_next)
            || (place && place->sequence_last > found.manifest.sealed_through);
        if (left_over) {
            GAC_CHECK(disk.remove(path));
        } else if (number || place) {
            note(found, path.string(), "not on the list of segments, left out");
        }
    }
    return {};
}

Result<> read_segments(const fs::path& folder, Disk& disk, const Names& names, const LogSet& logs,
                       Recovered& found) {
    GAC_TRY(paths, files_of(segment_folder(folder)));
    auto manifest = read_manifest(folder);
    if (manifest && *manifest) {
        found.manifest = std::move(**manifest);
        if (found.manifest.half_damaged) {
            note(found, (folder / kManifestName).string(),
                 "one of its two copies is damaged, the other one holds");
            found.list_stale = true;
        }
        GAC_CHECK(tidy(paths, disk, found));
        if (!found.manifest.removed.empty()) {
            GAC_CHECK(disk.sync_folder(segment_folder(folder)));
            found.manifest.removed.clear();
            found.list_stale = true;
        }
    } else {
        if (!manifest) {
            note(found, (folder / kManifestName).string(),
                 manifest.error().text + "; every segment in the folder is taken");
        }
        GAC_CHECK(list_folder(paths, found));
        for (const fs::path& path : paths) {
            if (path.extension() == kTemporarySuffix) {
                GAC_CHECK(disk.remove(path));
            }
        }
    }
    std::vector<std::string> kept;
    for (const std::string& name : found.manifest.segments) {
        const fs::path path = segment_folder(folder) / name;
        auto segment = Segment::open(path, names);
        if (segment) {
            found.id_next = std::max(found.id_next, (*segment)->summary().id_max + 1);
            found.segments.push_back(std::move(*segment));
            kept.push_back(name);
            continue;
        }
        note(found, path.string(), segment.error().text);
        const auto place = read_segment_name(name);
        if (place && place->sequence_last == found.manifest.sealed_through
            && log_holds(logs, place->sequence_last)) {
            // The log still has these records: they are read from there, and sealed again.
            fs::path aside = path;
            aside += ".replaced";
            static_cast<void>(disk.rename(path, aside));  // it is off the list either way
            found.manifest.sealed_through = place->sequence_first - 1;
            found.list_stale = true;
        } else {
            kept.push_back(name);  // it is named at every start until somebody deals with it
        }
    }
    found.manifest.segments = std::move(kept);
    found.sealed_through = found.manifest.sealed_through;
    found.id_next = std::max(found.id_next, found.manifest.id_next);
    return {};
}

Result<LogSet> read_logs(const fs::path& folder, Recovered& found) {
    LogSet logs;
    GAC_TRY(paths, files_of(folder));
    for (const fs::path& path : paths) {
        const auto number = log_number(path);
        if (!number) {
            continue;
        }
        found.log_number_next = std::max(found.log_number_next, *number + 1);
        GAC_TRY(bytes, base::read_file(path, kLogFileMax));
        LogFile file{.number = *number, .sequence_max = 0, .bytes = bytes.size()};
        auto scan = scan_log(bytes);
        if (!scan) {
            // A crash between creating the file and its first fsync leaves an empty or cut one:
            // nothing was acknowledged from it.
            if (bytes.size() > kLogHeader) {
                note(found, path.string(), scan.error().text);
            }
            found.log_files.push_back(file);
            continue;
        }
        if (scan->header_half_damaged) {
            note(found, path.string(),
                 "one of the two copies of its header is damaged, the other one holds");
        }
        if (scan->damaged_bytes > 0) {
            note(found, path.string(),
                 fmt::format("{} damaged bytes were skipped", scan->damaged_bytes));
        }
        for (const RecordPlace& place : scan->records) {
            file.sequence_max = std::max(file.sequence_max, place.header.sequence);
        }
        found.sequence_last = std::max(found.sequence_last, file.sequence_max);
        found.log_files.push_back(file);
        logs.paths.push_back(path);
        logs.scans.push_back(std::move(*scan));
    }
    return logs;
}

Result<> replay(const LogSet& logs, const Names& names, Recovered& found,
                const std::function<void(std::shared_ptr<Chunk>)>& keep) {
    const LogPlan plan = plan_replay(logs.scans, found.sealed_through);
    if (plan.gaps > 0) {
        note(found, logs.paths.front().parent_path().string(),
             fmt::format("acknowledged events may be missing in {} places of the log", plan.gaps));
    }
    std::string bytes;
    std::size_t open = logs.paths.size();
    for (const LogRecord& record : plan.records) {
        if (record.file != open) {
            open = record.file;
            GAC_TRY(read, base::read_file(logs.paths[open], kLogFileMax));
            bytes = std::move(read);
        }
        if (record.place.at + record.place.bytes > bytes.size()) {
            return fail(Code::Io, "the log file got shorter while it was read",
                        logs.paths[open].string());
        }
        auto chunk = Chunk::decode(bytes.substr(record.place.at, record.place.bytes), names);
        if (!chunk) {
            note(found, logs.paths[open].string(),
                 fmt::format("record {}: {}", record.place.header.sequence, chunk.error().text));
            continue;
        }
        found.kept_last = record.place.header.sequence;
        found.id_next = std::max(found.id_next, (*chunk)->first_id() + (*chunk)->rows());
        keep(std::move(*chunk));
    }
    return {};
}

}  // namespace

fs::path segment_folder(const fs::path& folder) { return folder / "segments"; }
fs::path log_folder(const fs::path& folder) { return folder / "wal"; }

Result<Recovered> recover(const fs::path& folder, Disk& disk, const Names& names,
                          const std::function<void(std::shared_ptr<Chunk>)>& keep) {
    Recovered found;
    GAC_TRY(logs, read_logs(log_folder(folder), found));
    GAC_CHECK(read_segments(folder, disk, names, logs, found));
    found.sequence_last = std::max(found.sequence_last, found.sealed_through);
    found.kept_last = found.sealed_through;
    GAC_CHECK(replay(logs, names, found, keep));
    return found;
}

}  // namespace gac::store
