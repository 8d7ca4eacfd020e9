// From lists to a set. While lists are read, an entry is a key of 16 bytes; at the end the keys go
// into tables of the right size, list by list, and their memory is given back on the way.
#include <malloc.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "detect/ioc/list_parser.h"
#include "detect/ioc/set.h"

namespace gac::detect {

namespace {

constexpr std::size_t kBlockKeys = 1 << 16;
constexpr std::size_t kPrefetchKeys = 16;

// Keys in blocks: growing copies nothing, and blocks are freed one by one.
class Keys {
public:
    void push(const ioc::Key& key) {
        if (size_ % kBlockKeys == 0) {
            blocks_.push_back(std::make_unique_for_overwrite<ioc::Key[]>(kBlockKeys));
        }
        blocks_[size_ / kBlockKeys][size_ % kBlockKeys] = key;
        ++size_;
    }
    const ioc::Key& operator[](std::size_t at) const {
        return blocks_[at / kBlockKeys][at % kBlockKeys];
    }
    void free_before(std::size_t at) {
        while (freed_ + 1 <= at / kBlockKeys) {
            blocks_[freed_++].reset();
        }
    }
    void shrink(std::size_t size) {
        size_ = size;
        blocks_.resize((size + kBlockKeys - 1) / kBlockKeys);
    }
    std::size_t size() const { return size_; }

private:
    std::vector<std::unique_ptr<ioc::Key[]>> blocks_;
    std::size_t size_ = 0;
    std::size_t freed_ = 0;
};

// An entry without a key of its own: a prefix.
constexpr bool is_keyless(const ioc::Key& key) { return key.place == 0 && key.mark == 0; }

std::size_t labels_of(std::string_view domain) {
    return static_cast<std::size_t>(std::ranges::count(domain, '.')) + 1;
}

struct HostKey {
    ioc::Key key;
    bool allow;
};

}  // namespace

class IndicatorBuilder::State final : public ioc::ListSink {
public:
    State(const IndicatorLimits& limits, IndicatorChoice* choice)
        : limits_(limits), choice_(choice) {
        parts_->note_text.assign(2, '\0');  // place 0: no note
    }

    void begin(const std::string& path, bool allow) {
        parser_ = std::make_unique<ioc::ListParser>(*this, limits_, allow);
        list_ = {};
        list_.path = path;
        list_.first_entry = static_cast<std::uint32_t>(keys_.size());
        prefixes_before_ = prefixes_.size();
        hosts_before_ = hosts_.size();
        faults_before_ = faults_.size();
        full_ = false;
        passed_over_ = 0;
    }

    void feed(std::string_view bytes) { parser_->feed(bytes); }

    Result<> end() {
        parser_->finish();
        if (full_) {
            abandon();
            return fail(
                Code::LimitExceeded,
                fmt::format("more than {} indicators in all (entries_max)", limits_.entries_max),
                list_.path);
        }
        if (parts_->lists.size() >= limits_.lists_max) {
            abandon();
            return fail(Code::LimitExceeded,
                        fmt::format("more than {} lists (lists_max)", limits_.lists_max),
                        list_.path);
        }
        const std::size_t seen = list_.entries + passed_over_ + list_.refused;
        if (seen > 0 && list_.refused * 100 > limits_.list_refusals_percent_max * seen) {
            const std::string first =
                faults_.size() > faults_before_
                    ? fmt::format("; line {}: {}", faults_[faults_before_].line,
                                  faults_[faults_before_].reason)
                    : "";
            const std::string text =
                fmt::format("{} of {} lines are no indicators{}", list_.refused, seen, first);
            abandon();
            return fail(Code::InvalidArgument, text, list_.path);
        }
        describe();
        parts_->lists.push_back(std::move(list_));
        parser_.reset();
        return {};
    }

    void abandon() {
        keys_.shrink(list_.first_entry);
        parts_->lines.resize(list_.first_entry);
        if (expiry_.size() > list_.first_entry) {
            expiry_.resize(list_.first_entry);
        }
        if (notes_.size() > list_.first_entry) {
            notes_.resize(list_.first_entry);
        }
        prefixes_.resize(prefixes_before_);
        hosts_.resize(hosts_before_);
        parser_.reset();
    }

    void entry(const ioc::ParsedEntry& entry) override {
        if (keys_.size() >= limits_.entries_max) {
            full_ = true;
            return;
        }
        const ioc::Recognised& what = *entry.what;
        if (choice_ != nullptr && !parser_->header().allow && !choice_->takes(number_of(entry))) {
            ++passed_over_;
            return;
        }
        const auto number = static_cast<std::uint32_t>(keys_.size());
        keys_.push(key_of(what, number));
        ++list_.entries;
        ++list_.by_type[static_cast<std::size_t>(what.type)];
        std::uint32_t line = std::min(entry.line, ioc::kLineMask);
        if (what.type == IndicatorType::Domain) {
            line |= what.subdomains_only ? ioc::kSubdomainsBit : entry.exact ? ioc::kExactBit : 0;
        }
        parts_->lines.push_back(line);
        if (entry.valid_until) {
            const std::int64_t seconds = entry.valid_until->us / 1'000'000;
            expiry_.resize(number, 0);
            expiry_.push_back(static_cast<std::uint32_t>(
                std::clamp<std::int64_t>(seconds, 1, std::numeric_limits<std::uint32_t>::max())));
        }
        if (!entry.note.empty()) {
            notes_.resize(number, 0);
            notes_.push_back(note(entry.note));
        }
    }

    void refused(std::uint32_t line, std::string_view why) override {
        ++list_.refused;
        if (list_.refused <= limits_.faults_per_list_max) {
            faults_.push_back({list_.path, line, std::string(why)});
        }
    }

    std::shared_ptr<const IndicatorSet> finish() {
        const std::size_t entries = keys_.size();
        parts_->lines.shrink_to_fit();
        if (!expiry_.empty()) {
            expiry_.resize(entries, 0);
            parts_->expiry = std::move(expiry_);
        }
        if (!notes_.empty()) {
            notes_.resize(entries, 0);
            parts_->notes = std::move(notes_);
        }
        note_places_ = {};
        std::size_t counts[2] = {};
        for (const IndicatorList& list : parts_->lists) {
            counts[list.allow ? 1 : 0] += list.entries;
        }
        for (const HostKey& host : hosts_) {
            ++counts[host.allow ? 1 : 0];
        }
        parts_->hits.table = ioc::Table(counts[0]);
        parts_->allowed.table = ioc::Table(counts[1]);
        std::vector<ioc::PrefixEntry> prefixes[2];
        for (const ioc::PrefixEntry& prefix : prefixes_) {
            prefixes[parts_->list_of(prefix.value).allow ? 1 : 0].push_back(prefix);
        }
        prefixes_ = {};
        parts_->hits.prefixes = ioc::PrefixIndex(std::move(prefixes[0]));
        parts_->allowed.prefixes = ioc::PrefixIndex(std::move(prefixes[1]));
        fill_tables();
        for (const HostKey& host : hosts_) {
            std::uint32_t& value =
                (host.allow ? parts_->allowed : parts_->hits).table.add(host.key);
            value = ioc::kOnlyMark;
        }
        hosts_ = {};
        keys_.shrink(0);
        malloc_trim(0);  // what was needed for building goes back to the system
        return std::make_shared<IndicatorSet>(std::move(parts_));
    }

    std::vector<ListFault> faults_;

private:
    // The same in every process: of the list's file and what the entry means.
    std::uint64_t number_of(const ioc::ParsedEntry& entry) const {
        const ioc::Recognised& what = *entry.what;
        std::uint64_t hash = XXH3_64bits(list_.path.data(), list_.path.size());
        if (what.type == IndicatorType::Ip) {
            hash = XXH3_64bits_withSeed(what.ip.bytes.data(), what.ip.bytes.size(), hash);
        } else {
            hash = XXH3_64bits_withSeed(what.text.data(), what.text.size(), hash);
        }
        const std::array<std::int64_t, 3> rest = {
            static_cast<std::int64_t>(what.type), what.bits,
            (what.subdomains_only ? 1 : 0) | (entry.exact ? 2 : 0) | (what.url_below ? 4 : 0)};
        return XXH3_64bits_withSeed(rest.data(), sizeof rest, hash);
    }

    ioc::Index& index() { return parser_->header().allow ? parts_->allowed : parts_->hits; }

    ioc::Key key_of(const ioc::Recognised& what, std::uint32_t number) {
        using enum IndicatorType;
        ioc::Index& to = index();
        to.types |= 1U << static_cast<unsigned>(what.type);
        switch (what.type) {
            case Ip:
                if (what.bits < 128) {
                    prefixes_.push_back({what.ip, static_cast<std::uint8_t>(what.bits), number});
                    return {};
                }
                return ioc::ip_key(what.ip);
            case Domain: {
                const std::size_t labels = labels_of(what.text);
                to.labels_min = std::min(to.labels_min, labels);
                to.labels_max = std::max(to.labels_max, labels + (what.subdomains_only ? 1 : 0));
                return ioc::domain_key(what.text);
            }
            case Url:
                return url_key(what, to);
            case Email:
                return ioc::email_key(what.text);
            case Mutex:
                return ioc::text_key(what.text, ioc::Tag::Mutex);
            case FileName: {
                const bool path = what.text.contains('/');
                to.file_paths = to.file_paths || path;
                return ioc::text_key(what.text, path ? ioc::Tag::FilePath : ioc::Tag::FileName);
            }
            default:
                return ioc::hex_key(what.text, ioc::hash_tag(what.type));
        }
    }

    ioc::Key url_key(const ioc::Recognised& what, ioc::Index& to) {
        const std::string_view text = what.text;
        const std::string_view host = text.substr(what.url.scheme_bytes, what.url.host_bytes);
        const auto address = base::IpAddress::parse(host);
        const ioc::Key host_key =
            ioc::url_host_key(address ? ioc::ip_key(*address) : ioc::domain_key(host));
        // Lists are mostly sorted: one mark for a run of URLs of one host.
        if (hosts_.size() == hosts_before_ || hosts_.back().key.mark != host_key.mark) {
            hosts_.push_back({host_key, parser_->header().allow});
        }
        const bool bare = what.url.scheme_bytes == 0;
        if (!what.url_below) {
            return ioc::text_key(text, bare ? ioc::Tag::UrlPath : ioc::Tag::Url);
        }
        to.url_below = true;
        std::string_view below = text.substr(0, text.find('?'));
        while (below.ends_with('/')) {
            below.remove_suffix(1);
        }
        return ioc::text_key(below, bare ? ioc::Tag::UrlPathBelow : ioc::Tag::UrlBelow);
    }

    std::uint32_t note(std::string_view text) {
        std::string& all = parts_->note_text;
        const auto known = note_places_.find(std::string(text));
        if (known != note_places_.end()) {
            return known->second;
        }
        if (all.size() + text.size() + 2 > limits_.notes_bytes_max) {
            return 0;
        }
        const auto place = static_cast<std::uint32_t>(all.size());
        all += static_cast<char>(text.size() & 0xffU);
        all += static_cast<char>(text.size() >> 8);
        all += text;
        note_places_.emplace(text, place);
        return place;
    }

    // The list is complete: its name, and what alerts will say of it.
    void describe() {
        const ioc::ListHeader& header = parser_->header();
        list_.allow = header.allow;
        const std::filesystem::path path(list_.path);
        std::string name = header.name;
        if (name.empty()) {
            std::filesystem::path stem = path.filename();
            for (const char* packed : {".gz", ".xz", ".zst"}) {
                if (stem.extension() == packed) {
                    stem = stem.stem();
                }
            }
            name = stem.stem().string();
        }
        if (names_.contains(name)) {
            name = path.parent_path().filename().string() + '/' + name;
        }
        for (int again = 2; names_.contains(name); ++again) {
            name = fmt::format("{}#{}", list_.path, again);
        }
        names_.insert(name);
        list_.name = name;
        auto rule = std::make_shared<event::RuleInfo>();
        rule->id = name;
        rule->title =
            header.title.empty() ? fmt::format("Indicator of list {}", name) : header.title;
        rule->title_vi =
            header.title.empty() ? fmt::format("Chỉ dấu trong danh sách {}", name) : header.title;
        rule->description =
            header.description.empty()
                ? fmt::format("An event holds an indicator that the list {} names.", name)
                : header.description;
        rule->description_vi =
            header.description.empty()
                ? fmt::format("Sự kiện có chỉ dấu đứng trong danh sách {}.", name)
                : header.description;
        rule->level = header.level;
        rule->tags = header.tags;
        rule->path = list_.path;
        rule->kind = event::DetectionKind::Indicator;
        list_.rule = std::move(rule);
        const std::string label = fmt::format("list=\"{}\"", base::escape_label(name));
        list_.hits = &base::counter("gac_indicator_hits_total", label,
                                    "Detections in which an entry of the list took part");
        list_.suppressed = &base::counter("gac_indicator_suppressed_total", label,
                                          "Hits that an allow list kept back");
        list_.expired = &base::counter("gac_indicator_expired_total", label,
                                       "Hits of entries that were valid no longer");
    }

    // Entries that share a key become one group.
    void fill_tables() {
        struct Shared {
            std::uint32_t* value;  // in a table that does not move any more
            std::uint32_t entry;
        };
        std::vector<Shared> shared;
        for (const IndicatorList& list : parts_->lists) {
            ioc::Table& table = (list.allow ? parts_->allowed : parts_->hits).table;
            const std::uint32_t end = list.first_entry + list.entries;
            for (std::uint32_t entry = list.first_entry; entry < end; ++entry) {
                if (entry + kPrefetchKeys < end) {
                    table.prefetch_slot(keys_[entry + kPrefetchKeys]);
                }
                if (is_keyless(keys_[entry])) {
                    continue;
                }
                std::uint32_t& value = table.add(keys_[entry]);
                if (value == ioc::Table::kNone) {
                    value = entry;
                } else {
                    shared.push_back({&value, entry});
                }
                if (entry % kBlockKeys == 0) {
                    keys_.free_before(entry);
                }
            }
        }
        std::ranges::sort(shared, [](const Shared& a, const Shared& b) {
            return std::pair(a.value, a.entry) < std::pair(b.value, b.entry);
        });
        for (std::size_t i = 0; i < shared.size();) {
            std::size_t end = i;
            while (end < shared.size() && shared[end].value == shared[i].value) {
                ++end;
            }
            const auto place = static_cast<std::uint32_t>(parts_->groups.size());
            parts_->groups.push_back(1);
            parts_->groups.push_back(*shared[i].value);
            for (std::size_t k = i; k < end; ++k) {
                if (!same(parts_->groups.back(), shared[k].entry)) {
                    parts_->groups.push_back(shared[k].entry);
                    ++parts_->groups[place];
                }
            }
            if (parts_->groups[place] > 1) {
                *shared[i].value = place | ioc::kGroupBit;
            } else {
                parts_->groups.resize(place);
            }
            i = end;
        }
        parts_->groups.shrink_to_fit();
    }

    // Nothing but the line tells the two entries of one key apart.
    bool same(std::uint32_t a, std::uint32_t b) const {
        const auto equal = [&](const std::vector<std::uint32_t>& values) {
            return values.empty() || values[a] == values[b];
        };
        return &parts_->list_of(a) == &parts_->list_of(b)
               && ((parts_->lines[a] ^ parts_->lines[b]) & ~ioc::kLineMask) == 0
               && equal(parts_->expiry) && equal(parts_->notes);
    }

    const IndicatorLimits limits_;
    IndicatorChoice* const choice_;
    std::unique_ptr<IndicatorSet::Parts> parts_ = std::make_unique<IndicatorSet::Parts>();
    Keys keys_;
    std::vector<std::uint32_t> expiry_;
    std::vector<std::uint32_t> notes_;
    std::vector<ioc::PrefixEntry> prefixes_;
    std::vector<HostKey> hosts_;  // of listed URLs
    std::unordered_map<std::string, std::uint32_t> note_places_;
    std::set<std::string, std::less<>> names_;
    std::unique_ptr<ioc::ListParser> parser_;
    IndicatorList list_;  // the one being read
    std::size_t prefixes_before_ = 0;
    std::size_t hosts_before_ = 0;
    std::size_t faults_before_ = 0;
    std::size_t passed_over_ = 0;  // not chosen
    bool full_ = false;
};

IndicatorBuilder::IndicatorBuilder(IndicatorLimits limits, IndicatorChoice* choice)
    : state_(std::make_unique<State>(limits, choice)) {}
IndicatorBuilder::~IndicatorBuilder() = default;
void IndicatorBuilder::begin(const std::string& path, bool allow) { state_->begin(path, allow); }
void IndicatorBuilder::feed(std::string_view bytes) { state_->feed(bytes); }
Result<> IndicatorBuilder::end() { return state_->end(); }
void IndicatorBuilder::abandon() { state_->abandon(); }
const std::vector<ListFault>& IndicatorBuilder::faults() const { return state_->faults_; }
std::shared_ptr<const IndicatorSet> IndicatorBuilder::finish() { return state_->finish(); }

}  // namespace gac::detect
