#include "app/backup.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "app/history_copy.h"
#include "base/file.h"
#include "db/session.h"

namespace gac::app {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kListName = "list";
constexpr std::string_view kFirstLine = "gac backup 1";
constexpr std::size_t kListMax = 256u << 20;
constexpr std::size_t kCopyBytes = 1u << 20;

// Files and folders beside the event history; what is missing is left out.
constexpr std::string_view kSmall[] = {
    "sealing.key",         "tls.crt",      "tls.key", "follow.positions",
    "correlation.windows", "drill.played", "rules"};

class Sha256 {
public:
    Sha256() { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }
    void add(std::string_view bytes) {
        EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
    }
    std::string text() {
        std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
        unsigned size = 0;
        EVP_DigestFinal_ex(context_.get(), hash.data(), &size);
        std::string out;
        for (unsigned i = 0; i < size; ++i) {
            out += fmt::format("{:02x}", hash[i]);
        }
        return out;
    }

private:
    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

std::string sum_of(std::string_view text) {
    Sha256 sum;
    sum.add(text);
    return sum.text();
}

Result<> io_fault(const fs::path& path, const std::error_code& fault) {
    return fault ? Result<>(fail(Code::Io, fault.message(), path.string())) : Result<>();
}

// Reads a file to its end; `to` gets a synced copy when it is not empty.
Result<BackupFile> read_through(const fs::path& from, const fs::path& to) {
    GAC_TRY(in, base::open_file(from, O_RDONLY));
    base::Fd out;
    if (!to.empty()) {
        struct stat info{};
        const unsigned mode = ::fstat(in.get(), &info) == 0 ? info.st_mode & 0777u : 0600u;
        GAC_TRY(made, base::open_file(to, O_WRONLY | O_CREAT | O_TRUNC, mode));
        out = std::move(made);
    }
    BackupFile file;
    Sha256 sum;
    std::string buffer(kCopyBytes, '\0');
    for (;;) {
        GAC_TRY(n, base::read_some(in, buffer));
        if (n == 0) {
            break;
        }
        const std::string_view bytes = std::string_view(buffer).substr(0, n);
        sum.add(bytes);
        file.bytes += n;
        if (out) {
            GAC_CHECK(base::write_all(out, bytes));
        }
    }
    if (out) {
        GAC_CHECK(base::sync_data(out));
    }
    file.sha256 = sum.text();
    return file;
}

std::string encode_list(const std::vector<BackupFile>& files) {
    std::string text = fmt::format("{}\n", kFirstLine);
    for (const BackupFile& file : files) {
        text += fmt::format("{} {} {}\n", file.sha256, file.bytes, file.path);
    }
    return text + fmt::format("end {}\n", sum_of(text));
}

bool is_safe_path(std::string_view path) {
    const fs::path parsed(path);
    return !path.empty() && parsed.is_relative()
           && std::ranges::none_of(parsed, [](const fs::path& part) { return part == ".."; });
}

Result<std::vector<BackupFile>> read_list(const fs::path& folder) {
    const fs::path path = folder / kListName;
    GAC_TRY(text, base::read_file(path, kListMax));
    const auto broken = [&](std::string_view what) {
        return fail(Code::Corrupt, fmt::format("the list of the backup is damaged: {}", what),
                    path.string());
    };
    const std::size_t end = text.rfind("end ");
    if (end == std::string::npos || !text.ends_with('\n')
        || text.substr(end + 4, text.size() - end - 5) != sum_of(text.substr(0, end))) {
        return broken("its sum differs");
    }
    std::vector<BackupFile> files;
    std::string_view rest = std::string_view(text).substr(0, end);
    bool first = true;
    while (!rest.empty()) {
        const std::size_t line_end = rest.find('\n');
        const std::string_view line = rest.substr(0, line_end);
        rest.remove_prefix(line_end + 1);
        if (std::exchange(first, false)) {
            if (line != kFirstLine) {
                return broken("it is of another version");
            }
            continue;
        }
        const std::size_t a = line.find(' ');
        const std::size_t b = line.find(' ', a + 1);
        BackupFile file;
        if (a == std::string_view::npos || b == std::string_view::npos
            || std::from_chars(line.data() + a + 1, line.data() + b, file.bytes).ptr
                   != line.data() + b
            || !is_safe_path(line.substr(b + 1))) {
            return broken(line);
        }
        file.sha256 = std::string(line.substr(0, a));
        file.path = std::string(line.substr(b + 1));
        files.push_back(std::move(file));
    }
    return files;
}

bool is_segment(const BackupFile& file) { return file.path.starts_with("segments/"); }

fs::path place_of(const fs::path& root, const std::string& name, const BackupFile& file) {
    return is_segment(file) ? root / file.path : root / name / file.path;
}

bool is_backup_name(std::string_view name) {
    return name.size() == 16 && name[8] == 'T' && name[15] == 'Z';
}

// Oldest first.
Result<std::vector<std::string>> backups_in(const fs::path& root) {
    std::vector<std::string> names;
    std::error_code fault;
    for (const auto& entry : fs::directory_iterator(root, fault)) {
        const std::string name = entry.path().filename().string();
        if (is_backup_name(name) && fs::exists(entry.path() / kListName)) {
            names.push_back(name);
        }
    }
    GAC_CHECK(io_fault(root, fault));
    std::ranges::sort(names);
    return names;
}

class Maker {
public:
    Maker(const DataFolder& data, const fs::path& root, std::string name)
        : data_(data), root_(root), name_(std::move(name)), folder_(root / name_) {}

    Result<BackupReport> run() {
        std::error_code fault;
        fs::create_directories(root_ / "segments", fault);
        GAC_CHECK(io_fault(root_, fault));
        if (!fs::create_directory(folder_, fault)) {
            return fail(Code::AlreadyExists, "a backup of this second is there already",
                        folder_.string());
        }
        fs::permissions(folder_, fs::perms(0700), fault);
        for (const std::string& earlier : names_) {
            GAC_TRY(files, read_list(root_ / earlier));
            for (BackupFile& file : files) {
                if (is_segment(file)) {
                    known_.insert_or_assign(file.path, std::move(file));
                }
            }
        }
        // The database first: events that come later are judged again when the backup is started,
        // but an alert without its events would stay so.
        GAC_CHECK(copy_control());
        GAC_CHECK(copy_events());
        for (const std::string_view small : kSmall) {
            GAC_CHECK(copy_small(small));
        }
        report_.name = name_;
        for (const BackupFile& file : files_) {
            ++report_.files;
            report_.bytes += file.bytes;
        }
        GAC_CHECK(base::sync_folder(root_ / "segments"));
        GAC_CHECK(base::write_file_atomic(folder_ / kListName, encode_list(files_), 0600));
        GAC_CHECK(base::sync_folder(root_));
        return report_;
    }

    void earlier(std::vector<std::string> names) { names_ = std::move(names); }

private:
    Result<> copy(const fs::path& from, const std::string& path) {
        const fs::path to = folder_ / path;
        std::error_code fault;
        fs::create_directories(to.parent_path(), fault);
        GAC_CHECK(io_fault(to, fault));
        GAC_TRY(file, read_through(from, to));
        file.path = path;
        report_.copied_bytes += file.bytes;
        files_.push_back(std::move(file));
        return {};
    }

    Result<> copy_control() {
        if (!fs::exists(data_.control())) {
            return {};
        }
        const base::SystemClock clock;
        GAC_TRY(database, db::Database::open(data_.control(), clock, {.migrate = false}));
        const fs::path to = folder_ / "control.db";
        GAC_CHECK(database->copy_to(to));
        GAC_TRY(file, read_through(to, {}));
        file.path = "control.db";
        report_.copied_bytes += file.bytes;
        files_.push_back(std::move(file));
        return {};
    }

    Result<> copy_events() {
        if (!fs::is_directory(data_.events())) {
            return {};
        }
        // A moment of the history beside itself, so that the writer may go on; then out of it.
        GAC_TRY(moment, HistoryCopy::make(data_));
        std::error_code fault;
        for (const auto& entry : fs::recursive_directory_iterator(moment.folder(), fault)) {
            if (!entry.is_regular_file()) {
                continue;
            }
            const fs::path inside = fs::relative(entry.path(), moment.folder());
            if (inside.begin()->string() == "segments") {
                GAC_CHECK(copy_segment(entry.path(), inside.string()));
            } else if (inside.filename() != "lock") {
                GAC_CHECK(copy(entry.path(), "events/" + inside.string()));
            }
        }
        return io_fault(moment.folder(), fault);
    }

    // A segment never changes, and no name is used twice: one that an earlier backup has is taken.
    Result<> copy_segment(const fs::path& from, const std::string& path) {
        std::error_code fault;
        const std::uint64_t bytes = fs::file_size(from, fault);
        GAC_CHECK(io_fault(from, fault));
        const auto known = known_.find(path);
        if (known != known_.end() && known->second.bytes == bytes && fs::exists(root_ / path)
            && fs::file_size(root_ / path, fault) == bytes) {
            files_.push_back(known->second);
            return {};
        }
        const fs::path to = root_ / path;
        fs::path temporary = to;
        temporary += ".tmp";
        GAC_TRY(file, read_through(from, temporary));
        fs::rename(temporary, to, fault);
        GAC_CHECK(io_fault(to, fault));
        file.path = path;
        report_.copied_bytes += file.bytes;
        files_.push_back(std::move(file));
        return {};
    }

    Result<> copy_small(std::string_view name) {
        const fs::path from = data_.root() / name;
        std::error_code fault;
        if (fs::is_directory(from, fault)) {
            for (const auto& entry : fs::recursive_directory_iterator(from, fault)) {
                if (entry.is_regular_file()) {
                    GAC_CHECK(
                        copy(entry.path(), fs::relative(entry.path(), data_.root()).string()));
                }
            }
            return io_fault(from, fault);
        }
        return fs::is_regular_file(from, fault) ? copy(from, std::string(name)) : Result<>();
    }

    const DataFolder& data_;
    fs::path root_;
    std::string name_;
    fs::path folder_;
    std::vector<std::string> names_;
    std::map<std::string, BackupFile> known_;
    std::vector<BackupFile> files_;
    BackupReport report_;
};

Result<BackupReport> verify_one(const fs::path& root, const std::string& name,
                                std::set<std::string>& done) {
    GAC_TRY(files, read_list(root / name));
    BackupReport report;
    report.name = name;
    for (const BackupFile& file : files) {
        ++report.files;
        report.bytes += file.bytes;
        const fs::path path = place_of(root, name, file);
        if (!done.insert(path.string() + ' ' + file.sha256).second) {
            continue;
        }
        GAC_TRY(read, read_through(path, {}));
        if (read.bytes != file.bytes || read.sha256 != file.sha256) {
            return fail(Code::Corrupt, "is not as it was written", path.string());
        }
    }
    return report;
}

Result<> drop_old(const fs::path& root, std::uint32_t keep) {
    GAC_TRY(names, backups_in(root));
    std::error_code fault;
    while (names.size() > keep) {
        // The list first: what is left without it is no backup.
        fs::remove(root / names.front() / kListName, fault);
        GAC_CHECK(io_fault(root / names.front(), fault));
        fs::remove_all(root / names.front(), fault);
        GAC_CHECK(io_fault(root / names.front(), fault));
        names.erase(names.begin());
    }
    std::set<std::string> used;
    for (const std::string& name : names) {
        GAC_TRY(files, read_list(root / name));
        for (const BackupFile& file : files) {
            used.insert(file.path);
        }
    }
    for (const auto& entry : fs::directory_iterator(root / "segments", fault)) {
        if (!used.contains("segments/" + entry.path().filename().string())) {
            std::error_code one;
            fs::remove(entry.path(), one);
            GAC_CHECK(io_fault(entry.path(), one));
        }
    }
    return io_fault(root, fault);
}

}  // namespace

Result<BackupReport> make_backup(const DataFolder& data, const fs::path& to, base::TimePoint now,
                                 std::uint32_t keep) {
    if (!fs::exists(data.control()) && !fs::is_directory(data.events())) {
        return fail(Code::NotFound, "there is nothing to back up", data.root().string());
    }
    const base::CivilTime at = base::to_civil(now);
    std::error_code fault;
    fs::create_directories(to, fault);
    GAC_CHECK(io_fault(to, fault));
    GAC_TRY(lock, DataLock::take(to));  // one backup at a time
    Maker maker(data, to,
                fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", at.year, at.month, at.day, at.hour,
                            at.minute, at.second));
    GAC_TRY(names, backups_in(to));
    maker.earlier(std::move(names));
    GAC_TRY(report, maker.run());
    if (keep > 0) {
        GAC_CHECK(drop_old(to, keep));
    }
    return report;
}

Result<std::vector<BackupReport>> verify_backup(const fs::path& from, std::string_view name) {
    GAC_TRY(names, backups_in(from));
    if (!name.empty()) {
        std::erase_if(names, [&](const std::string& other) { return other != name; });
    }
    if (names.empty()) {
        return fail(Code::NotFound, "there is no such backup", from.string());
    }
    std::vector<BackupReport> reports;
    std::set<std::string> done;
    for (const std::string& one : names) {
        GAC_TRY(report, verify_one(from, one, done));
        reports.push_back(std::move(report));
    }
    return reports;
}

Result<BackupReport> restore_backup(const fs::path& from, std::string_view name,
                                    const DataFolder& data) {
    std::error_code fault;
    if (fs::exists(data.root()) && !fs::is_empty(data.root(), fault)) {
        return fail(Code::Conflict, "the folder is not empty: a restore never writes over anything",
                    data.root().string());
    }
    GAC_TRY(names, backups_in(from));
    const auto chosen =
        name.empty() && !names.empty() ? std::prev(names.end()) : std::ranges::find(names, name);
    if (chosen == names.end()) {
        return fail(Code::NotFound, "there is no such backup", from.string());
    }
    std::set<std::string> done;
    GAC_TRY(report, verify_one(from, *chosen, done));
    GAC_TRY(lock, DataLock::take(data.root()));
    GAC_TRY(files, read_list(from / *chosen));
    for (const BackupFile& file : files) {
        const fs::path to = data.root() / (is_segment(file) ? "events/" + file.path : file.path);
        fs::create_directories(to.parent_path(), fault);
        GAC_CHECK(io_fault(to, fault));
        GAC_TRY(copied, read_through(place_of(from, *chosen, file), to));
        if (copied.sha256 != file.sha256) {
            return fail(Code::Corrupt, "changed while it was restored",
                        place_of(from, *chosen, file).string());
        }
        GAC_CHECK(base::sync_folder(to.parent_path()));
    }
    report.copied_bytes = report.bytes;
    return report;
}

}  // namespace gac::app
