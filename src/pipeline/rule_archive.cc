#include "pipeline/rule_archive.h"

#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/file.h"
#include "base/text.h"
#include "ingest/unpack.h"

namespace gac::pipeline {

namespace {

std::string_view name_part(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool is_wanted(std::string_view path) {
    const std::string name = base::ascii_lower(name_part(path));
    return name.ends_with(".yml") || name.ends_with(".yaml") || name == "version.txt";
}

// Names come from strangers: anything that could lead elsewhere is an attack, not a mistake.
Result<> check_name(std::string_view path, const ArchiveLimits& limits) {
    const auto refuse = [&](std::string_view why) {
        return fail(Code::InvalidArgument, fmt::format("the archive is refused: {}", why),
                    base::repair_utf8(path.substr(0, limits.name_bytes_max)));
    };
    if (path.empty() || path.size() > limits.name_bytes_max) {
        return refuse("a name is empty or too long");
    }
    if (!base::is_utf8(path) || path.contains('\0') || path.contains('\\')) {
        return refuse("a name is not plain text with '/'");
    }
    if (path.front() == '/' || (path.size() > 1 && path[1] == ':')) {
        return refuse("a name is absolute");
    }
    for (std::string_view rest = path; !rest.empty();) {
        const std::string_view step = rest.substr(0, rest.find('/'));
        if (step == "..") {
            return refuse("a name leads out of the archive");
        }
        rest.remove_prefix(std::min(step.size() + 1, rest.size()));
    }
    return {};
}

// What is taken so far, and how much more may be.
class Taken {
public:
    explicit Taken(const ArchiveLimits& limits) : limits_(limits) {}

    Result<> count_entry() {
        if (++entries_ > limits_.entries_max) {
            return fail(Code::LimitExceeded,
                        fmt::format("the archive has more than {} entries", limits_.entries_max));
        }
        return {};
    }
    Result<> check_size(std::uint64_t bytes, std::string_view path) {
        if (bytes > limits_.file_bytes_max) {
            return fail(Code::LimitExceeded,
                        fmt::format("the file is larger than {} bytes", limits_.file_bytes_max),
                        std::string(path));
        }
        unpacked_ += bytes;
        if (unpacked_ > limits_.unpacked_bytes_max) {
            return fail(Code::LimitExceeded,
                        fmt::format("the archive unpacks to more than {} bytes",
                                    limits_.unpacked_bytes_max));
        }
        return {};
    }
    void add(std::string_view path, std::string text) {
        files_.push_back({std::string(path), std::move(text)});
    }
    Result<std::vector<ArchiveFile>> finish() {
        std::ranges::sort(files_, {}, &ArchiveFile::path);
        for (std::size_t i = 1; i < files_.size(); ++i) {
            if (files_[i].path == files_[i - 1].path) {
                return fail(Code::InvalidArgument, "the archive is refused: a name stands twice",
                            files_[i].path);
            }
        }
        return std::move(files_);
    }

private:
    const ArchiveLimits& limits_;
    std::size_t entries_ = 0;
    std::uint64_t unpacked_ = 0;
    std::vector<ArchiveFile> files_;
};

std::unexpected<Error> damaged(std::string_view what) {
    return fail(Code::InvalidArgument, fmt::format("the archive is damaged: {}", what));
}

// ---- zip ----------------------------------------------------------------------------------------
// APPNOTE.TXT 4.3: entries, then the central directory, then its end record:
//   offset size  end record        offset size  directory entry        offset size  local header
//   0      4     PK\5\6            0      4     PK\1\2                  0      4     PK\3\4
//   10     2     entries           8      2     flags                   26     2     name length
//   12     4     directory bytes   10     2     method                  28     2     extra length
//   16     4     directory offset  16     4     CRC-32
//                                  20     4     packed bytes
//                                  24     4     bytes
//                                  28 30 32     name, extra, comment lengths
//                                  38     4     attributes (mode in the upper half)
//                                  42     4     offset of the local header

class Zip {
public:
    Zip(std::string_view bytes, const ArchiveLimits& limits)
        : bytes_(bytes), limits_(limits), taken_(limits) {}

    Result<std::vector<ArchiveFile>> read() {
        const auto end = find_end();
        if (!end) {
            return damaged("a zip without its directory");
        }
        const std::uint32_t entries = u16(*end + 10);
        std::uint64_t at = u32(*end + 16);
        if (entries == 0xffff || at == 0xffff'ffff) {
            return fail(Code::InvalidArgument, "archives in the zip64 format are not read");
        }
        for (std::uint32_t i = 0; i < entries; ++i) {
            if (!holds(at, 46) || bytes_.substr(at, 4) != "PK\x01\x02") {
                return damaged("the zip's directory is cut short");
            }
            GAC_CHECK(taken_.count_entry());
            const std::uint64_t name_bytes = u16(at + 28);
            if (!holds(at + 46, name_bytes)) {
                return damaged("the zip's directory is cut short");
            }
            GAC_CHECK(take(at, bytes_.substr(at + 46, name_bytes)));
            at += 46 + name_bytes + u16(at + 30) + u16(at + 32);
        }
        return taken_.finish();
    }

private:
    bool holds(std::uint64_t at, std::uint64_t size) const {
        return at <= bytes_.size() && size <= bytes_.size() - at;
    }
    std::uint32_t byte(std::uint64_t at) const {
        return static_cast<unsigned char>(bytes_[static_cast<std::size_t>(at)]);
    }
    std::uint32_t u16(std::uint64_t at) const { return byte(at) | byte(at + 1) << 8; }
    std::uint32_t u32(std::uint64_t at) const { return u16(at) | u16(at + 2) << 16; }

    std::optional<std::uint64_t> find_end() const {
        constexpr std::size_t kEndBytes = 22;
        constexpr std::size_t kCommentMax = 0xffff;
        if (bytes_.size() < kEndBytes) {
            return std::nullopt;
        }
        const std::size_t last = bytes_.size() - kEndBytes;
        const std::size_t first = last > kCommentMax ? last - kCommentMax : 0;
        for (std::size_t at = last + 1; at-- > first;) {
            if (bytes_.substr(at, 4) == "PK\x05\x06") {
                return at;
            }
        }
        return std::nullopt;
    }

    Result<> take(std::uint64_t entry, std::string_view name) {
        GAC_CHECK(check_name(name, limits_));
        constexpr std::uint32_t kLinkMode = 0120000;
        constexpr std::uint32_t kKindMask = 0170000;
        const std::uint32_t mode = u32(entry + 38) >> 16;
        if (name.ends_with('/') || (mode & kKindMask) == kLinkMode || !is_wanted(name)) {
            return {};
        }
        const std::uint32_t flags = u16(entry + 8);
        const std::uint32_t method = u16(entry + 10);
        if ((flags & 1U) != 0 || (method != 0 && method != 8)) {
            return fail(Code::InvalidArgument, "is encrypted or packed in a way that is not read",
                        std::string(name));
        }
        const std::uint64_t packed = u32(entry + 20);
        const std::uint64_t size = u32(entry + 24);
        const std::uint64_t local = u32(entry + 42);
        GAC_CHECK(taken_.check_size(size, name));
        if (!holds(local, 30) || bytes_.substr(local, 4) != "PK\x03\x04") {
            return damaged("an entry is not where the zip's directory says");
        }
        const std::uint64_t start = local + 30 + u16(local + 26) + u16(local + 28);
        if (!holds(start, packed)) {
            return damaged("an entry reaches behind the end of the zip");
        }
        const std::string_view body = bytes_.substr(start, packed);
        std::string text;
        if (method == 0) {
            text = body;
        } else {
            GAC_TRY(inflated, inflate_raw(body, size));
            text = std::move(inflated);
        }
        const auto sum =
            ::crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size()));
        if (text.size() != size || sum != u32(entry + 16)) {
            return damaged(fmt::format("{} is not what was packed", name));
        }
        taken_.add(name, std::move(text));
        return {};
    }

    static Result<std::string> inflate_raw(std::string_view packed, std::uint64_t size) {
        z_stream stream{};
        if (inflateInit2(&stream, -15) != Z_OK) {
            return fail(Code::Internal, "inflate could not be set up");
        }
        // One byte more than stated shows an entry that lies about its size.
        std::string out(static_cast<std::size_t>(size) + 1, '\0');
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
        stream.avail_in = static_cast<uInt>(packed.size());
        stream.next_out = reinterpret_cast<Bytef*>(out.data());
        stream.avail_out = static_cast<uInt>(out.size());
        const int status = ::inflate(&stream, Z_FINISH);
        const std::size_t made = out.size() - stream.avail_out;
        inflateEnd(&stream);
        if (status != Z_STREAM_END || made != size) {
            return damaged("an entry does not unpack to its size");
        }
        out.resize(made);
        return out;
    }

    std::string_view bytes_;
    const ArchiveLimits& limits_;
    Taken taken_;
};

// ---- tar ----------------------------------------------------------------------------------------
// POSIX ustar: blocks of 512 bytes; name 0..99, size 124..135 (octal), checksum 148..155, kind 156,
// prefix 345..499. Kind x: pax records for the next entry ("27 path=…\n"); L: its long name.

class Tar {
public:
    Tar(std::string_view bytes, const ArchiveLimits& limits)
        : bytes_(bytes), limits_(limits), taken_(limits) {}

    static bool looks_like(std::string_view bytes) {
        return bytes.size() >= 512 && bytes.substr(257, 5) == "ustar";
    }

    Result<std::vector<ArchiveFile>> read() {
        std::string long_name;
        for (std::size_t at = 0; at + 512 <= bytes_.size();) {
            const std::string_view header = bytes_.substr(at, 512);
            if (header.find_first_not_of('\0') == std::string_view::npos) {
                break;
            }
            const auto size = octal(header.substr(124, 12));
            if (!size || !checks(header)) {
                return damaged("a tar header");
            }
            at += 512;
            if (*size > bytes_.size() - at) {
                return damaged("a tar entry is cut short");
            }
            GAC_CHECK(taken_.count_entry());
            const std::string_view body = bytes_.substr(at, static_cast<std::size_t>(*size));
            at += static_cast<std::size_t>((*size + 511) / 512 * 512);
            const char kind = header[156];
            if (kind == 'L') {
                long_name = text_of(body);
            } else if (kind == 'x') {
                long_name = pax_path(body).value_or(long_name);
            } else if (kind != 'g') {
                GAC_CHECK(take(kind, long_name.empty() ? name_of(header) : long_name, body));
                long_name.clear();
            }
            if (at > bytes_.size()) {
                break;
            }
        }
        return taken_.finish();
    }

private:
    static std::string text_of(std::string_view field) {
        return std::string(field.substr(0, field.find('\0')));
    }
    static std::string name_of(std::string_view header) {
        const std::string name = text_of(header.substr(0, 100));
        const std::string prefix = text_of(header.substr(345, 155));
        return prefix.empty() ? name : prefix + "/" + name;
    }
    static std::optional<std::uint64_t> octal(std::string_view field) {
        std::uint64_t value = 0;
        bool any = false;
        for (const char c : field) {
            if (c >= '0' && c <= '7') {
                value = value * 8 + static_cast<std::uint64_t>(c - '0');
                any = true;
            } else if (any || c != ' ') {
                return c == ' ' || c == '\0' ? std::optional(value) : std::nullopt;
            }
        }
        return value;
    }
    static bool checks(std::string_view header) {
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < header.size(); ++i) {
            sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(header[i]);
        }
        return octal(header.substr(148, 8)) == sum;
    }
    static std::optional<std::string> pax_path(std::string_view records) {
        while (!records.empty()) {
            std::size_t length = 0;
            std::size_t digits = 0;
            while (digits < records.size() && digits < 9 && records[digits] >= '0'
                   && records[digits] <= '9') {
                length = length * 10 + static_cast<std::size_t>(records[digits++] - '0');
            }
            if (length <= digits + 1 || length > records.size()) {
                return std::nullopt;
            }
            std::string_view record = records.substr(digits + 1, length - digits - 1);
            if (record.starts_with("path=")) {
                record.remove_prefix(5);
                return std::string(record.substr(0, record.find('\n')));
            }
            records.remove_prefix(length);
        }
        return std::nullopt;
    }

    Result<> take(char kind, std::string_view name, std::string_view body) {
        while (name.starts_with("./")) {
            name.remove_prefix(2);
        }
        if (name.empty()) {
            return {};  // the folder itself
        }
        GAC_CHECK(check_name(name, limits_));
        if ((kind != '0' && kind != '\0') || !is_wanted(name)) {
            return {};
        }
        GAC_CHECK(taken_.check_size(body.size(), name));
        taken_.add(name, std::string(body));
        return {};
    }

    std::string_view bytes_;
    const ArchiveLimits& limits_;
    Taken taken_;
};

bool is_packed(std::string_view bytes) {
    return bytes.starts_with("\x1f\x8b") || bytes.starts_with("\x28\xb5\x2f\xfd")
           || bytes.starts_with(
               "\xfd"
               "7zXZ");
}

// Through a file in memory, because unpackers read files.
Result<std::string> unpacked(std::string_view bytes, const ArchiveLimits& limits) {
    base::Fd file(::memfd_create("rules", MFD_CLOEXEC));
    if (!file) {
        return base::fail_errno("a file in memory", errno);
    }
    GAC_CHECK(base::write_all(file, bytes));
    if (::lseek(file.get(), 0, SEEK_SET) != 0) {
        return base::fail_errno("a file in memory", errno);
    }
    GAC_TRY(source, ingest::unpack(std::move(file)));
    std::string out;
    std::vector<char> buffer(256U << 10U);
    for (;;) {
        GAC_TRY(read, source->read(buffer));
        if (read == 0) {
            return out;
        }
        if (out.size() + read > limits.unpacked_bytes_max) {
            return fail(Code::LimitExceeded,
                        fmt::format("the archive unpacks to more than {} bytes",
                                    limits.unpacked_bytes_max));
        }
        out.append(buffer.data(), read);
    }
}

Result<std::vector<ArchiveFile>> read_folder(const std::filesystem::path& folder,
                                             const ArchiveLimits& limits) {
    namespace fs = std::filesystem;
    Taken taken(limits);
    std::error_code fault;
    for (auto entry = fs::recursive_directory_iterator(folder, fault);
         !fault && entry != fs::recursive_directory_iterator(); entry.increment(fault)) {
        std::error_code ignored;
        const bool link = entry->is_symlink(ignored);
        if (entry->is_directory(ignored) && !link
            && entry->path().filename().string().starts_with('.')) {
            entry.disable_recursion_pending();
            continue;
        }
        const std::string path = entry->path().lexically_relative(folder).generic_string();
        if (link || !entry->is_regular_file(ignored) || !is_wanted(path)) {
            continue;
        }
        GAC_CHECK(taken.count_entry());
        GAC_CHECK(check_name(path, limits));
        GAC_TRY(text, base::read_file(entry->path(), limits.file_bytes_max));
        GAC_CHECK(taken.check_size(text.size(), path));
        taken.add(path, std::move(text));
    }
    if (fault) {
        return fail(Code::Io, fault.message(), folder.string());
    }
    return taken.finish();
}

}  // namespace

Result<std::vector<ArchiveFile>> unpack_rules(std::string_view bytes, const ArchiveLimits& limits) {
    if (bytes.size() > limits.packed_bytes_max) {
        return fail(Code::LimitExceeded,
                    fmt::format("the archive is larger than {} bytes", limits.packed_bytes_max));
    }
    if (bytes.starts_with("PK\x03\x04") || bytes.starts_with("PK\x05\x06")) {
        return Zip(bytes, limits).read();
    }
    if (is_packed(bytes)) {
        auto plain = unpacked(bytes, limits);
        if (!plain) {
            Error error = std::move(plain).error();
            error.code = error.code == Code::Corrupt ? Code::InvalidArgument : error.code;
            return std::unexpected(std::move(error));
        }
        if (Tar::looks_like(*plain)) {
            return Tar(*plain, limits).read();
        }
    } else if (Tar::looks_like(bytes)) {
        return Tar(bytes, limits).read();
    }
    return fail(Code::InvalidArgument,
                "is no archive of rules: a zip, tar, tar.gz, tar.xz or tar.zst is expected");
}

Result<std::vector<ArchiveFile>> read_rule_archive(const std::filesystem::path& path,
                                                   const ArchiveLimits& limits) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) {
        return read_folder(path, limits);
    }
    GAC_TRY(bytes, base::read_file(path, limits.packed_bytes_max));
    auto files = unpack_rules(bytes, limits);
    if (!files) {
        return std::unexpected(base::at(path.string(), std::move(files).error()));
    }
    return files;
}

}  // namespace gac::pipeline
