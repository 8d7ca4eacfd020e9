#include "detect/correlate/windows_file.h"

#include <cstring>
#include <unordered_map>

#include <fmt/format.h>

#include "base/reader.h"
#include "detect/correlate/hash.h"

namespace gac::detect::correlate {

namespace {

constexpr std::string_view kMagic = "GACWND01";
constexpr std::size_t kEntriesMax = 1'000'001;
constexpr std::uint64_t kSumSeed = 0x6761632d77696e64;

template <class T>
void put(T value, std::string& out) {
    static_assert(std::is_integral_v<T>);
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    out.append(bytes, sizeof(T));
}

void put_text(std::string_view text, std::string& out) {
    put(static_cast<std::uint32_t>(text.size()), out);
    out.append(text);
}

}  // namespace

void save_windows(std::span<const sigma::Correlation> rules, std::uint64_t seed, std::uint64_t mark,
                  std::span<const Group* const> groups, std::string& out) {
    const std::size_t begin = out.size();
    out.append(kMagic);
    put(seed, out);
    put(mark, out);
    put(static_cast<std::uint32_t>(rules.size()), out);
    for (const sigma::Correlation& rule : rules) {
        put_text(rule.text_key, out);
    }
    put(static_cast<std::uint64_t>(groups.size()), out);
    std::string window;
    for (const Group* group : groups) {
        put(group->correlation, out);
        put(group->hash, out);
        put(group->touched.us, out);
        put_text(group->texts, out);
        window.clear();
        group->window.save(window);
        put_text(window, out);
    }
    put(hash_of(std::string_view(out).substr(begin), kSumSeed), out);
}

std::optional<std::uint64_t> seed_of_saved(std::string_view bytes) {
    if (!bytes.starts_with(kMagic)) {
        return std::nullopt;
    }
    base::Reader in(bytes.substr(kMagic.size()));
    const auto seed = in.read<std::uint64_t>();
    return in.failed() ? std::nullopt : std::optional(seed);
}

Result<LoadedWindows> load_windows(std::string_view bytes,
                                   std::span<const sigma::Correlation> rules,
                                   const Limits& limits) {
    const auto damaged = [](std::string_view what) {
        return fail(Code::Corrupt, fmt::format("saved windows: {}", what));
    };
    if (bytes.size() < kMagic.size() + sizeof(std::uint64_t) || !bytes.starts_with(kMagic)) {
        return damaged("not of this version");
    }
    const std::string_view body = bytes.substr(0, bytes.size() - sizeof(std::uint64_t));
    base::Reader sum(bytes.substr(body.size()));
    if (sum.read<std::uint64_t>() != hash_of(body, kSumSeed)) {
        return damaged("the checksum is wrong");
    }
    base::Reader in(body.substr(kMagic.size()));
    if (in.read<std::uint64_t>() != limits.correlation_seed) {
        return damaged("made with another seed");
    }
    LoadedWindows out;
    out.mark = in.read<std::uint64_t>();
    std::unordered_map<std::string_view, std::uint32_t> known;
    for (std::uint32_t i = 0; i < rules.size(); ++i) {
        known.emplace(rules[i].text_key, i);
    }
    constexpr std::uint32_t kNone = 0xffff'ffff;
    std::vector<std::uint32_t> now;  // by number in the file
    const auto rule_count = in.read<std::uint32_t>();
    for (std::uint32_t i = 0; i < rule_count && !in.failed(); ++i) {
        const auto found = known.find(in.take(in.read<std::uint32_t>()));
        now.push_back(found == known.end() ? kNone : found->second);
    }
    const auto group_count = in.read<std::uint64_t>();
    for (std::uint64_t i = 0; i < group_count && !in.failed(); ++i) {
        const auto number = in.read<std::uint32_t>();
        const auto hash = in.read<std::uint64_t>();
        const auto touched = in.read<std::int64_t>();
        const std::string_view texts = in.take(in.read<std::uint32_t>());
        const std::string_view window = in.take(in.read<std::uint32_t>());
        if (in.failed() || number >= now.size()) {
            break;
        }
        if (now[number] == kNone) {
            continue;
        }
        auto group = std::make_unique<Group>(rules[now[number]], now[number]);
        group->hash = hash;
        group->touched.us = touched;
        group->texts = texts;
        base::Reader part(window);
        if (!group->window.load(part, kEntriesMax) || !part.done()) {
            return damaged("a window is damaged");
        }
        out.groups.push_back(std::move(group));
    }
    if (in.failed() || !in.done()) {
        return damaged("cut short");
    }
    return out;
}

}  // namespace gac::detect::correlate
