#include "store/manifest.h"

#include <xxhash.h>

#include <charconv>

#include <fmt/format.h>

#include "base/file.h"

namespace gac::store {

namespace {

constexpr std::string_view kFirstLine = "gac manifest 1";
constexpr std::size_t kManifestMax = 256u << 20;

bool is_file_name(std::string_view name) {
    return !name.empty() && name.size() < 256
           && name.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz-._")
                  == std::string_view::npos
           && name.front() != '.';
}

std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    return fault == std::errc{} && end == text.data() + text.size() ? std::optional(value)
                                                                    : std::nullopt;
}

Result<Manifest> decode_copy(std::string_view text) {
    const auto broken = [](std::string_view what) {
        return fail(Code::Corrupt, fmt::format("the list of segments is damaged: {}", what));
    };
    constexpr std::string_view kChecksum = "checksum ";
    const std::size_t last = text.rfind(kChecksum);
    if (last == std::string_view::npos || !text.ends_with('\n')) {
        return broken("it is cut short");
    }
    const std::string_view checksum =
        text.substr(last + kChecksum.size(), text.size() - last - kChecksum.size() - 1);
    text = text.substr(0, last);
    if (checksum != fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()))) {
        return broken("its checksum differs");
    }
    Manifest manifest;
    bool first = true;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) {
            return broken("a line is cut short");
        }
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end + 1);
        if (first) {
            if (line != kFirstLine) {
                return broken(fmt::format("\"{}\" is no version that this program reads", line));
            }
            first = false;
            continue;
        }
        const std::size_t blank = line.find(' ');
        const std::string_view key = line.substr(0, blank);
        const std::string_view value =
            blank == std::string_view::npos ? std::string_view() : line.substr(blank + 1);
        if (key == "segment" || key == "removed") {
            if (!is_file_name(value)) {
                return broken(fmt::format("\"{}\" is no file name", value));
            }
            (key == "segment" ? manifest.segments : manifest.removed).emplace_back(value);
            continue;
        }
        const auto number = number_of(value);
        if (!number) {
            return broken(fmt::format("line \"{}\"", line));
        }
        if (key == "sealed_through") {
            manifest.sealed_through = *number;
        } else if (key == "id_next") {
            manifest.id_next = *number;
        } else if (key == "file_next") {
            manifest.file_next = *number;
        } else {
            return broken(fmt::format("unknown key \"{}\"", key));
        }
    }
    return first ? Result<Manifest>(broken("it is empty")) : Result<Manifest>(std::move(manifest));
}

}  // namespace

std::string encode_manifest(const Manifest& manifest) {
    std::string text = fmt::format("{}\nsealed_through {}\nid_next {}\nfile_next {}\n", kFirstLine,
                                   manifest.sealed_through, manifest.id_next, manifest.file_next);
    for (const std::string& name : manifest.segments) {
        text += fmt::format("segment {}\n", name);
    }
    for (const std::string& name : manifest.removed) {
        text += fmt::format("removed {}\n", name);
    }
    text += fmt::format("checksum {:016x}\n", XXH3_64bits(text.data(), text.size()));
    return text + text;
}

Result<Manifest> decode_manifest(std::string_view text) {
    auto first = decode_copy(text.substr(0, text.size() / 2));
    auto second = decode_copy(text.substr(text.size() / 2));
    auto& good = first ? first : second;
    if (good) {
        good->half_damaged = !first || !second;
    }
    return std::move(good);
}

Result<std::optional<Manifest>> read_manifest(const std::filesystem::path& folder) {
    const auto path = folder / kManifestName;
    auto text = base::read_file(path, kManifestMax);
    if (!text) {
        if (text.error().code == Code::NotFound) {
            return std::optional<Manifest>();
        }
        return std::unexpected(std::move(text).error());
    }
    auto manifest = decode_manifest(*text);
    if (!manifest) {
        return std::unexpected(base::at(path.string(), std::move(manifest).error()));
    }
    return std::optional(std::move(*manifest));
}

Result<> write_manifest(Disk& disk, const std::filesystem::path& folder, const Manifest& manifest) {
    return write_file(disk, folder / kManifestName, encode_manifest(manifest));
}

}  // namespace gac::store
