// Finds which of many patterns can match one text, in one pass: hash tables for whole values, the
// part after the last backslash, and other beginnings and ends by length; a multi-literal scan for
// what may stand anywhere. Patterns and text are folded. Immutable once built; any thread, each
// with its own Scratch.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "detect/sigma/gram_scan.h"
#include "detect/sigma/leaf.h"
#include "detect/sigma/teddy.h"

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

    void grow(Scratch& scratch) const {
        if (database_ != nullptr) {
            scratch.grow_for(database_);
        }
    }
    // Appends the numbers (places in the list) of those that stand in the text, each once.
    void scan(std::string_view text, const Scratch& scratch, std::vector<std::uint32_t>& out) const;

private:
    LiteralScan() = default;
    Result<> compile(const std::vector<std::string>& list, std::size_t cased);
    std::optional<Teddy> few_;
    hs_database* database_ = nullptr;  // of many
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
    GramScan literals_;
    std::vector<Literal> found_;           // sorted by number
    std::vector<std::uint32_t> found_at_;  // number -> first in found_
};

}  // namespace gac::detect::sigma
