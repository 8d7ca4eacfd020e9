// Indicators of compromise: addresses, prefixes, domains, URLs, hashes, e-mail addresses, JA3,
// mutexes and file names, read from lists into one immutable set that all shards share. A set is
// built aside by an IndicatorBuilder and put in place of the old one as a whole (base/snapshot.h).
// What files look like, and what goes before what: docs/indicators.md.
//
// An IndicatorSet may be used by any number of threads; a builder by one.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/time.h"
#include "event/detection.h"

namespace gac::detect {

enum class IndicatorType : std::uint8_t {
    Ip,  // an address or a prefix
    Domain,
    Url,
    Md5,
    Sha1,
    Sha256,
    Email,
    Ja3,
    Mutex,
    FileName,
};
inline constexpr std::size_t kIndicatorTypes = 10;
std::string_view name_of(IndicatorType type);  // "ip", "domain", "sha256" ...

struct IndicatorLimits {
    std::size_t lists_max = 10'000;
    std::size_t entries_max = 20'000'000;        // of all lists together
    std::size_t line_bytes_max = 64 << 10;       // a longer line is refused
    std::size_t object_bytes_max = 16 << 20;     // of one JSON object
    std::size_t faults_per_list_max = 100;       // kept with their line; all are counted
    std::size_t note_bytes_max = 256;            // of one entry; the rest is cut
    std::size_t notes_bytes_max = 64 << 20;      // of all entries; beyond, notes are left out
    std::size_t list_refusals_percent_max = 90;  // more, and the file is no list at all
};

// One list of a set, as people see it. The counters are the process's metrics: they go on counting
// when a new generation of the list is taken up.
struct IndicatorList {
    std::string name;  // of the file, or what its header says; unique within a set
    std::string path;
    bool allow = false;                           // what stands here does not hit
    std::shared_ptr<const event::RuleInfo> rule;  // id = name; what alerts say of the list
    std::uint32_t first_entry = 0;
    std::uint32_t entries = 0;
    std::uint32_t refused = 0;  // lines (or cells) that are no indicator
    std::array<std::uint32_t, kIndicatorTypes> by_type{};
    base::Counter* hits = nullptr;        // detections in which an entry of the list took part
    base::Counter* suppressed = nullptr;  // hits that an allow list kept back
    base::Counter* expired = nullptr;     // hits of entries that were valid no longer
};

// Something in a list file that was left out.
struct ListFault {
    std::string path;
    std::uint32_t line = 0;  // 1 = first; 0 = the whole file
    std::string reason;
};

// What an event holds, in the one form in which equal things are equal bytes.
struct Observable {
    IndicatorType type{};
    std::string text;         // canonical; of an address as base::IpAddress prints it
    base::IpAddress ip;       // only for Ip
    bool schemeless = false;  // a URL of which only host and path are known
};

class IndicatorSet {
public:
    class Parts;

    explicit IndicatorSet(std::unique_ptr<Parts> parts);
    ~IndicatorSet();
    IndicatorSet(const IndicatorSet&) = delete;
    IndicatorSet& operator=(const IndicatorSet&) = delete;

    std::span<const IndicatorList> lists() const;
    std::size_t entries() const;  // of all lists, allow lists included
    bool empty() const { return entries() == 0; }
    std::size_t memory_bytes() const;

    struct Match {
        const IndicatorList* list = nullptr;  // lives as long as the set
        std::string entry;                    // canonical: what the list holds, not what was seen
        std::uint32_t line = 0;               // of the list file
        std::optional<base::TimePoint> valid_until;
        std::string_view note;  // what the list says of it; lives as long as the set
    };

    // All entries that the observable is or falls under, at that time of an event; those whose
    // valid_until is not after it are left out. Empty too when an allow list holds the observable;
    // an entry that itself stands in an allow list is left out.
    std::vector<Match> find(const Observable& observable, base::TimePoint at) const;

    const Parts& parts() const { return *parts_; }

private:
    std::unique_ptr<Parts> parts_;
};

// Which entries of a reading are taken up. Each is told by a number that is the same in every
// process as long as list file and entry are the same; entries of allow lists are always taken.
class IndicatorChoice {
public:
    virtual ~IndicatorChoice() = default;
    virtual bool takes(std::uint64_t entry) = 0;
};

// Reads lists as they come, in pieces of any size, without keeping their text.
class IndicatorBuilder {
public:
    // `choice` may be null, and must outlive the builder.
    explicit IndicatorBuilder(IndicatorLimits limits = {}, IndicatorChoice* choice = nullptr);
    ~IndicatorBuilder();
    IndicatorBuilder(const IndicatorBuilder&) = delete;
    IndicatorBuilder& operator=(const IndicatorBuilder&) = delete;

    void begin(const std::string& path, bool allow);
    void feed(std::string_view bytes);
    // The list is complete. An error (a limit of the whole set, a file that is no list) takes it
    // back: the set is then built without it.
    Result<> end();
    // Takes back a list that was begun but could not be read to its end.
    void abandon();

    const std::vector<ListFault>& faults() const;
    std::shared_ptr<const IndicatorSet> finish();  // once, at the end

private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace gac::detect
