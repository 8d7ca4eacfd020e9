// Dotted field names, found by path: child("process" node, "name") is "process.name". Names are
// interned once; afterwards a look-up is one hash and one compare, without a lock. Bounded: past
// the limit names are looked up the slow way and not kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "event/field.h"
#include "ingest/decoder.h"

namespace gac::ingest {

class NameTree {
public:
    struct Name {
        event::FieldId field{};
        std::uint32_t node = 0;  // for child(); good until begin_event() for names past the limit
        bool wanted = false;     // the value itself
        bool below = false;      // something under it
    };
    static constexpr std::uint32_t kRoot = 0;
    static constexpr std::size_t kNamesMax = 32'768;

    explicit NameTree(const FieldChoice& choice);

    Name child(std::uint32_t parent, std::string_view key);
    Name node(std::uint32_t node) const;
    std::string_view path(std::uint32_t node) const;
    void begin_event() { loose_.clear(); }

private:
    struct Node {
        Name name;
        std::uint32_t parent = 0;
        std::uint64_t hash = 0;
        std::string_view key;  // in `storage_`
        std::string_view path;
        std::uint32_t next = 0;  // what was asked for after it last time
    };
    struct Loose {
        Name name;
        std::string path;
    };
    static constexpr std::uint32_t kLoose = 1u << 31;

    std::uint64_t hash_of(std::uint32_t parent, std::string_view key) const;
    Name make(std::uint32_t parent, std::string_view key, std::uint64_t hash);
    Name resolve(std::string_view path) const;
    std::string path_of(std::uint32_t parent, std::string_view key) const;
    void grow();

    const FieldChoice& choice_;
    std::uint64_t seed_;
    std::deque<std::string> storage_;
    std::vector<Node> nodes_;
    std::vector<std::uint32_t> table_;  // index of a node, 0 = empty
    std::vector<Loose> loose_;
    std::uint32_t last_ = 0;
};

// The field name for a path of the EVTX records' JSON form ({"Event": {"System": ..., "EventData":
// ...}}): the flat name that Windows and Sigma use. Other paths stay as they are.
// Event.System.Provider.#attributes.Name -> Provider_Name, Event.EventData.Threat Name ->
// ThreatName
std::string flat_windows_name(std::string_view path);

}  // namespace gac::ingest
