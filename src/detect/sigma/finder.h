// Finds which of many patterns can match one text, in one pass: hash tables for whole values, the
// part after the last backslash, and other beginnings and ends by length; a multi-literal scan for
// what may stand anywhere. Patterns and text are folded. Immutable once built; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "detect/sigma/leaf.h"
#include "detect/sigma/literal_scan.h"

namespace gac::detect::sigma {

class Finder {
public:
    // What a hit proves.
    struct Hit {
        std::uint32_t id = 0;
        bool exact = false;  // the test holds; otherwise it may hold
    };

    // Whether the finder can look for this test at all: caseless and cased text with a literal,
    // expressions with needles.
    static bool takes(const LeafTest& test);
    void add(const LeafTest& test, std::uint32_t id);  // the test outlives the finder
    void build();

    // Appends hits; an id may come more than once. `numbers` is scratch.
    void find(std::string_view folded, std::vector<std::uint32_t>& numbers,
              std::vector<Hit>& out) const;

private:
    struct Entry {
        std::string_view key;
        std::uint32_t id = 0;
        bool exact = true;
    };
    // Entries by the hash of their keys; equal hashes stand side by side.
    class Table {
    public:
        void add(std::string_view key, std::uint32_t id, bool exact);
        void build();
        bool empty() const { return entries_.empty(); }
        const std::vector<Entry>& entries() const { return entries_; }
        template <class Use>
        void look_up(std::string_view key, Use&& use) const;

    private:
        std::vector<Entry> entries_;
        std::vector<std::uint32_t> heads_;   // by hash & mask: index into entries_ + 1
        std::vector<std::uint64_t> hashes_;  // of entries_
        std::uint64_t mask_ = 0;
    };
    struct ByLength {
        std::size_t length = 0;
        Table table;
    };
    // Beginnings, or ends, one table for each length. The four bytes at that side, hashed, say
    // whether any of the longer ones is worth a look.
    struct Side {
        static constexpr std::size_t kProbe = 4;
        static constexpr unsigned kBits = 12;
        std::vector<ByLength> lengths;  // ascending once built
        std::vector<std::uint64_t> filter;
        void build(bool begins);
        static std::uint32_t probe(const char* bytes);
        bool may_hold(const char* bytes) const;
    };
    enum class Where : std::uint8_t { Anywhere, Begin, End };
    struct Literal {
        std::uint32_t number = 0;
        Entry entry;
        Where where = Where::Anywhere;
    };
    void add_at_side(Side& side, Where where, std::string_view key, std::uint32_t id, bool exact);

    Table whole_;
    Table after_backslash_;
    Side begins_;
    Side ends_;
    LiteralScan literals_;
    std::vector<Literal> found_;           // sorted by number
    std::vector<std::uint32_t> found_at_;  // number -> first in found_
};

}  // namespace gac::detect::sigma
