#include "store/wal/log_file.h"

#include <xxhash.h>

#include <charconv>

#include <fmt/format.h>

#include "store/bytes.h"

namespace gac::store {

namespace {

constexpr std::string_view kLogMagic = "GACWAL\r\n";
constexpr std::string_view kExtension = ".wal";

// How many bytes a search for the next whole record may hash, as a multiple of the file: a file
// full of things that look like headers must not take for ever.
constexpr std::size_t kResyncFactor = 4;

std::string magic_bytes() {
    std::string bytes;
    put(bytes, kRecordMagic);
    return bytes;
}

std::optional<RecordPlace> record_at(std::string_view file, std::size_t at, std::uint64_t salt,
                                     std::size_t& hashed) {
    const std::string_view rest = file.substr(at);
    const auto header = read_record_header(rest);
    if (!header || header->payload_bytes > rest.size() - kRecordHeader) {
        return std::nullopt;
    }
    const std::size_t bytes = kRecordHeader + header->payload_bytes;
    hashed += bytes;
    if (!checksum_holds(rest.substr(0, bytes), salt)) {
        return std::nullopt;
    }
    return RecordPlace{.at = at, .bytes = bytes, .header = *header};
}

}  // namespace

std::string log_header(const LogHeader& header) {
    std::string out(kLogMagic);
    put(out, kLogVersion);
    put(out, std::uint32_t{0});
    put(out, header.number);
    put(out, header.salt);
    put(out, std::uint64_t{XXH3_64bits(out.data(), out.size())});
    return out + out;
}

namespace {

std::optional<LogHeader> read_header_copy(std::string_view file) {
    base::Reader in(file);
    const std::string_view magic = in.take(kLogMagic.size());
    const auto version = in.read<std::uint32_t>();
    in.skip(sizeof(std::uint32_t));
    LogHeader header;
    header.number = in.read<std::uint64_t>();
    header.salt = in.read<std::uint64_t>();
    const std::size_t checked = in.position();
    const auto checksum = in.read<std::uint64_t>();
    if (in.failed() || magic != kLogMagic || version != kLogVersion
        || checksum != XXH3_64bits(file.data(), checked)) {
        return std::nullopt;
    }
    return header;
}

}  // namespace

std::optional<LogHeader> read_log_header(std::string_view file) {
    if (file.size() < kLogHeader) {
        return std::nullopt;
    }
    const auto first = read_header_copy(file);
    return first ? first : read_header_copy(file.substr(kLogHeaderCopy));
}

std::filesystem::path log_path(const std::filesystem::path& folder, std::uint64_t number) {
    return folder / fmt::format("{:012}{}", number, kExtension);
}

std::optional<std::uint64_t> log_number(const std::filesystem::path& path) {
    const std::string name = path.stem().string();
    std::uint64_t number = 0;
    const auto [end, fault] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (path.extension() != kExtension || fault != std::errc{}
        || end != name.data() + name.size()) {
        return std::nullopt;
    }
    return number;
}

Result<LogScan> scan_log(std::string_view file) {
    const auto header = read_log_header(file);
    if (!header) {
        return fail(Code::Corrupt, "the log file's header is damaged");
    }
    LogScan scan;
    scan.header = *header;
    scan.header_half_damaged =
        !read_header_copy(file) || !read_header_copy(file.substr(kLogHeaderCopy));
    const std::string magic = magic_bytes();
    std::size_t at = kLogHeader;
    std::size_t hashed = 0;
    while (at < file.size()) {
        if (auto place = record_at(file, at, header->salt, hashed)) {
            at += place->bytes;
            scan.records.push_back(*place);
            continue;
        }
        const std::size_t bad = at;
        std::optional<RecordPlace> next;
        for (at = file.find(magic, bad + 1); at != std::string_view::npos;
             at = file.find(magic, at + 1)) {
            if (hashed > kResyncFactor * file.size()) {
                at = std::string_view::npos;
                break;
            }
            if ((next = record_at(file, at, header->salt, hashed))) {
                break;
            }
        }
        if (!next) {
            scan.torn_bytes = file.size() - bad;
            break;
        }
        scan.damaged_bytes += at - bad;
    }
    return scan;
}

LogPlan plan_replay(const std::vector<LogScan>& files, std::uint64_t sealed_through) {
    LogPlan plan;
    std::uint64_t last = sealed_through;  // the newest sequence that is kept so far
    for (std::size_t file = 0; file < files.size(); ++file) {
        for (const RecordPlace& place : files[file].records) {
            const RecordHeader& header = place.header;
            if (header.sequence <= sealed_through) {
                continue;
            }
            // Written again into the next file after a failed fsync: the same record with the same
            // number.
            if (!plan.records.empty()
                && header.sequence == plan.records.back().place.header.sequence) {
                continue;
            }
            while (!plan.records.empty()
                   && plan.records.back().place.header.sequence > header.previous) {
                plan.records.pop_back();
            }
            last =
                plan.records.empty() ? sealed_through : plan.records.back().place.header.sequence;
            if (header.previous > last) {
                ++plan.gaps;
            }
            plan.records.push_back({.file = file, .place = place});
        }
    }
    return plan;
}

}  // namespace gac::store
