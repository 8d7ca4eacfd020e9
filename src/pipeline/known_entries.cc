#include "pipeline/known_entries.h"

#include <algorithm>
#include <cstring>

#include "base/file.h"
#include "base/log.h"
#include "base/reader.h"
#include "base/secret.h"

namespace gac::pipeline {

namespace {

constexpr std::string_view kMagic = "GACKNOWN1\n";
constexpr std::size_t kDigestBytes = 32;
constexpr std::size_t kFileBytesMax = (std::size_t{20} << 20) * 8 + (std::size_t{64} << 20);

template <class T>
void put(std::string& out, const T* values, std::size_t count) {
    const std::size_t at = out.size();
    out.resize(at + count * sizeof(T));
    if (count > 0) {
        std::memcpy(out.data() + at, values, count * sizeof(T));
    }
}

std::string digest_of(std::string_view bytes) {
    const auto digest = base::sha256(bytes);
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

// Magic, length and text of the fingerprint, the numbers, SHA-256 of all before it.
KnownEntries KnownEntries::load(const std::filesystem::path& file) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) {
        return {};
    }
    const auto bytes = base::read_file(file, kFileBytesMax);
    const auto refuse = [&](std::string_view why) {
        base::log_warn("pipeline", "{}: {}; history is hunted for all entries again", file.string(),
                       why);
        return KnownEntries{};
    };
    if (!bytes) {
        return refuse(bytes.error().text);
    }
    const std::string_view all(*bytes);
    if (!all.starts_with(kMagic) || all.size() < kMagic.size() + 8 + kDigestBytes
        || digest_of(all.substr(0, all.size() - kDigestBytes))
               != all.substr(all.size() - kDigestBytes)) {
        return refuse("damaged");
    }
    base::Reader in(all.substr(0, all.size() - kDigestBytes));
    in.skip(kMagic.size());
    KnownEntries known;
    known.fingerprint = std::string(in.take(static_cast<std::size_t>(in.read<std::uint64_t>())));
    const std::string_view numbers = in.take(in.left());
    if (in.failed() || numbers.size() % 8 != 0) {
        return refuse("damaged");
    }
    known.numbers.resize(numbers.size() / 8);
    if (!numbers.empty()) {
        std::memcpy(known.numbers.data(), numbers.data(), numbers.size());
    }
    return known;
}

Result<> KnownEntries::save(const std::filesystem::path& file) const {
    std::string bytes(kMagic);
    const std::uint64_t size = fingerprint.size();
    put(bytes, &size, 1);
    bytes += fingerprint;
    put(bytes, numbers.data(), numbers.size());
    bytes += digest_of(bytes);
    return base::write_file_atomic(file, bytes);
}

bool NewEntries::takes(std::uint64_t entry) {
    all_.push_back(entry);
    if (std::ranges::binary_search(known_.numbers, entry)) {
        return false;
    }
    ++taken_;
    mark_ += entry * 0x9e37'79b9'7f4a'7c15U;
    return true;
}

std::vector<std::uint64_t> NewEntries::all() && {
    std::ranges::sort(all_);
    const auto rest = std::ranges::unique(all_);
    all_.erase(rest.begin(), rest.end());
    return std::move(all_);
}

}  // namespace gac::pipeline
