#include "ingest/core/names.h"

#include <cstring>

#include "base/time.h"

namespace gac::ingest {

namespace {

constexpr std::uint64_t kMix = 0x9E3779B97F4A7C15ull;

inline std::uint64_t load(const char* from, std::size_t bytes) {
    std::uint64_t value = 0;
    std::memcpy(&value, from, bytes);
    return value;
}

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    const std::uint64_t product = (a ^ b) * kMix;
    return product ^ (product >> 29);
}

// For names, which are short: cheaper than a call of memcmp.
bool equal(std::string_view a, std::string_view b) {
    const std::size_t size = a.size();
    if (size != b.size()) {
        return false;
    }
    if (size >= 8) {
        for (std::size_t at = 0; at + 8 < size; at += 8) {
            if (load(a.data() + at, 8) != load(b.data() + at, 8)) {
                return false;
            }
        }
        return load(a.data() + size - 8, 8) == load(b.data() + size - 8, 8);
    }
    for (std::size_t at = 0; at < size; ++at) {
        if (a[at] != b[at]) {
            return false;
        }
    }
    return true;
}

// Removes every `part` of the path: "Provider.#attributes.Name" without ".#attributes".
void drop(std::string& text, std::string_view part) {
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at)) {
        text.erase(at, part.size());
    }
}

}  // namespace

NameTree::NameTree(const FieldChoice& choice)
    // The seed keeps a sender from inventing names that all fall into one place of the table.
    : choice_(choice),
      seed_(static_cast<std::uint64_t>(base::monotonic_us()) * kMix
            ^ reinterpret_cast<std::uintptr_t>(this)) {
    nodes_.push_back({.name = {.node = kRoot, .below = true}});
    table_.assign(1024, 0);
}

std::uint64_t NameTree::hash_of(std::uint32_t parent, std::string_view key) const {
    std::uint64_t hash = seed_ ^ (std::uint64_t{parent} << 32) ^ key.size();
    const char* p = key.data();
    std::size_t left = key.size();
    for (; left >= 8; left -= 8, p += 8) {
        hash = mix(hash, load(p, 8));
    }
    if (left > 0) {
        hash = mix(hash, key.size() >= 8 ? load(key.data() + key.size() - 8, 8) : load(p, left));
    }
    return mix(hash, key.size());
}

NameTree::Name NameTree::child(std::uint32_t parent, std::string_view key) {
    // A source writes its names in the same order every time.
    const std::uint32_t guess = nodes_[last_].next;
    if (const Node& node = nodes_[guess];
        guess != 0 && node.parent == parent && equal(node.key, key)) {
        last_ = guess;
        return node.name;
    }
    const std::uint64_t hash = hash_of(parent, key);
    const std::size_t mask = table_.size() - 1;
    for (std::size_t at = hash & mask; table_[at] != 0; at = (at + 1) & mask) {
        const Node& node = nodes_[table_[at]];
        if (node.hash == hash && node.parent == parent && equal(node.key, key)) {
            nodes_[last_].next = table_[at];
            last_ = table_[at];
            return node.name;
        }
    }
    return make(parent, key, hash);
}

NameTree::Name NameTree::node(std::uint32_t node) const {
    return (node & kLoose) != 0 ? loose_[node & ~kLoose].name : nodes_[node].name;
}

std::string_view NameTree::path(std::uint32_t node) const {
    return (node & kLoose) != 0 ? std::string_view(loose_[node & ~kLoose].path) : nodes_[node].path;
}

std::string NameTree::path_of(std::uint32_t parent, std::string_view key) const {
    std::string out(path(parent));
    if (parent != kRoot) {
        out += '.';
    }
    out += key;
    return out;
}

NameTree::Name NameTree::resolve(std::string_view path) const {
    const std::string flat = flat_windows_name(path);
    Name name;
    if (const auto id = choice_.wanted(flat)) {
        name.field = *id;
        name.wanted = true;
    }
    // Below Event everything is renamed, so that its prefix says nothing about what is wanted.
    name.below = choice_.is_all() || choice_.wants_below(path) || path == "Event"
                 || path.starts_with("Event.");
    return name;
}

NameTree::Name NameTree::make(std::uint32_t parent, std::string_view key, std::uint64_t hash) {
    std::string path = path_of(parent, key);
    Name name = resolve(path);
    if (nodes_.size() >= kNamesMax || (parent & kLoose) != 0) {
        name.node = kLoose | static_cast<std::uint32_t>(loose_.size());
        loose_.push_back({name, std::move(path)});
        return name;
    }
    name.node = static_cast<std::uint32_t>(nodes_.size());
    const std::string& kept = storage_.emplace_back(std::move(path));
    const auto whole = std::string_view(kept);
    nodes_.push_back({.name = name,
                      .parent = parent,
                      .hash = hash,
                      .key = whole.substr(whole.size() - key.size()),
                      .path = whole});
    if (nodes_.size() * 2 > table_.size()) {
        grow();
    } else {
        const std::size_t mask = table_.size() - 1;
        std::size_t at = hash & mask;
        while (table_[at] != 0) {
            at = (at + 1) & mask;
        }
        table_[at] = name.node;
    }
    return name;
}

void NameTree::grow() {
    table_.assign(table_.size() * 2, 0);
    const std::size_t mask = table_.size() - 1;
    for (std::uint32_t i = 1; i < nodes_.size(); ++i) {
        std::size_t at = nodes_[i].hash & mask;
        while (table_[at] != 0) {
            at = (at + 1) & mask;
        }
        table_[at] = i;
    }
}

std::string flat_windows_name(std::string_view path) {
    std::string out(path);
    std::string_view rest = path;
    const auto eat = [&](std::string_view word) {
        if (!rest.starts_with(word)) {
            return false;
        }
        rest.remove_prefix(word.size());
        return true;
    };
    if (!eat("Event.")) {
        return out;
    }
    if (eat("System.")) {
        // Attributes become Element_Attribute; an element's own text keeps the element's name.
        out = rest;
        drop(out, ".#text");
        drop(out, "#attributes.");
        drop(out, "@");
        for (char& c : out) {
            c = c == '.' ? '_' : c;
        }
        return out;
    }
    if (eat("UserData.")) {
        // One element wraps the record's own ones.
        const std::size_t wrapper = rest.find('.');
        if (wrapper == std::string_view::npos) {
            return out;
        }
        rest.remove_prefix(wrapper + 1);
    } else if (!eat("EventData.")) {
        return out;
    }
    if (rest.empty()) {
        return out;
    }
    out = rest;
    drop(out, ".#text");
    std::erase(out, ' ');
    return out.empty() ? std::string(path) : out;
}

}  // namespace gac::ingest
