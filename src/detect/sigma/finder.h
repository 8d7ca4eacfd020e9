// Finds which of many patterns can match one text, in one pass: hash tables for whole values, the
// part after the last backslash, and other beginnings and ends by length; a multi-literal scan for
// what may stand anywhere. Patterns and text are folded. Immutable once built; any thread, each
// with its own Scratch.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "detect/sigma/gram_scan.h"
#include "detect/sigma/test.h"

struct hs_database;
struct hs_scratch;

namespace gac::detect::sigma {

// Working memory of the literal scan: one for each thread, for all finders that it uses.
class Scratch {
public:
    Scratch() = default;
    ~Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    hs_scratch* get() const { return scratch_; }
    void grow_for(const hs_database* database);

private:
    hs_scratch* scratch_ = nullptr;
};

// Literals anywhere in a long text, ignoring the case of ASCII letters.
class LiteralScan {
public:
    // Many routes look for the same: equal lists share one scan.
    // The last `cased` literals are looked for as they are.
    static Result<std::shared_ptr<const LiteralScan>> shared(const std::vector<std::string>& list,
                                                             std::size_t cased);
    ~LiteralScan();
    LiteralScan(const LiteralScan&) = delete;
    LiteralScan& operator=(const LiteralScan&) = delete;

    void grow(Scratch& scratch) const { scratch.grow_for(database_); }
    // Appends the numbers (places in the list) of those that stand in the text, each once.
    void scan(std::string_view text, const Scratch& scratch, std::vector<std::uint32_t>& out) const;

private:
    LiteralScan() = default;
    hs_database* database_ = nullptr;
};

class Finder {
public:
    // What a hit proves.
    struct Hit {
        std::uint32_t id = 0;
        bool exact = false;  // the test holds; otherwise it may hold
    };

    // Whether the finder can look for this test at all: caseless and cased text with a literal,
    // expressions with needles.
    static bool takes(const Test& test);
    void add(const Test& test, std::uint32_t id);
    void build();

    // Appends hits; an id may come more than once. `numbers` is scratch.
    void find(std::string_view folded, std::vector<std::uint32_t>& numbers,
              std::vector<Hit>& out) const;

private:
    struct Entry {
        std::string key;
        std::uint32_t id = 0;
        bool exact = true;
    };
    // Entries by the hash of their keys; equal hashes stand side by side.
    class Table {
    public:
        void add(std::string key, std::uint32_t id, bool exact);
        void build();
        bool empty() const { return entries_.empty(); }
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
    enum class Where : std::uint8_t { Anywhere, Begin, End };
    struct Literal {
        std::uint32_t number = 0;
        Entry entry;
        Where where = Where::Anywhere;
    };
    void add_at_side(std::vector<ByLength>& side, Where where, std::string key, std::uint32_t id,
                     bool exact);

    Table whole_;
    Table after_backslash_;
    std::vector<ByLength> begins_;
    std::vector<ByLength> ends_;
    GramScan literals_;
    std::vector<Literal> found_;           // sorted by number
    std::vector<std::uint32_t> found_at_;  // number -> first in found_
};

}  // namespace gac::detect::sigma
