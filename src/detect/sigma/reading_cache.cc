#include "detect/sigma/reading_cache.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <xxhash.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "base/file.h"
#include "detect/sigma/archive.h"

namespace gac::detect::sigma {

// Found by their arguments, so not in an unnamed namespace.

template <>
inline constexpr auto kLast<Expr::Kind> = Expr::Kind::Constant;
template <>
inline constexpr auto kLast<CompareOp> = CompareOp::Lte;
template <>
inline constexpr auto kLast<CorrelationType> = CorrelationType::ValuePercentile;
template <>
inline constexpr auto kLast<event::Level> = event::Level::Critical;
template <>
inline constexpr auto kLast<event::DetectionKind> = event::DetectionKind::Indicator;

template <class A>
void pass(A& archive, Expr& expr) {
    const typename A::Nesting nesting(archive);
    pass_all(archive, expr.kind, expr.truth, expr.need, expr.item, expr.children, expr.selection);
    if constexpr (A::kLoads) {
        if (expr.kind == Expr::Kind::Not && expr.children.size() != 1) {
            archive.fail();
        }
    }
}

template <class A>
void pass(A& archive, Source& source) {
    pass_all(archive, source.product, source.category, source.service);
}

template <class A>
void pass(A& archive, base::Duration& duration) {
    pass(archive, duration.us);
}

template <class A>
void pass(A& archive, std::shared_ptr<event::RuleInfo>& shared) {
    if constexpr (A::kLoads) {
        shared = std::make_shared<event::RuleInfo>();
    }
    event::RuleInfo& info = *shared;
    // Who adds a member adds it here.
    static_assert(sizeof(std::string) != 32 || sizeof(event::RuleInfo) == 584);
    pass_all(archive, info.id, info.title, info.title_vi, info.description, info.description_vi,
             info.level, info.tags, info.false_positives, info.false_positives_vi, info.author,
             info.license, info.maturity, info.date, info.modified, info.references, info.related,
             info.product, info.category, info.service, info.path, info.kind);
}

template <class A>
void pass(A& archive, Rule& rule) {
    pass_all(archive, rule.info, rule.name, rule.line, rule.source, rule.condition);
}

template <class A>
void pass(A& archive, Correlation& rule) {
    pass_all(archive, rule.info, rule.name, rule.line, rule.type, rule.rules, rule.group_by,
             rule.timespan, rule.aliases, rule.generate, rule.conditions, rule.has_condition,
             rule.fields, rule.percentile, rule.names, rule.expression, rule.has_expression,
             rule.text_key);
}

template <class A>
void pass(A& archive, Filter& filter) {
    pass_all(archive, filter.id, filter.title, filter.path, filter.line, filter.source,
             filter.rules, filter.condition);
}

template <class A>
void pass(A& archive, Document& document) {
    auto kind = static_cast<std::uint8_t>(document.index());
    pass(archive, kind);
    if constexpr (A::kLoads) {
        if (kind == 1) {
            document = Correlation{};
        } else if (kind == 2) {
            document = Filter{};
        } else {
            document = Rule{};
        }
    }
    std::visit([&](auto& value) { pass(archive, value); }, document);
}

template <class A>
void pass(A& archive, RuleFault& fault) {
    pass_all(archive, fault.path, fault.id, fault.title, fault.reason, fault.line, fault.warning);
}

namespace {

constexpr std::uint64_t kMagic = 0x3265'6c75'5263'6147ull;  // "GacRule2"
constexpr std::size_t kFileBytesMax = 512 << 20;

// Another program may read the same text otherwise.
std::uint64_t program_mark() {
    std::error_code fault;
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", fault);
    const auto time = std::filesystem::last_write_time(program, fault).time_since_epoch().count();
    const auto size = std::filesystem::file_size(program, fault);
    return static_cast<std::uint64_t>(time) * 31 + size;
}

std::uint64_t mark_of(const CompileOptions& options) {
    std::string all;
    Saver saver(all);
    std::uint64_t program = program_mark();
    CompileLimits limits = options.limits;
    pass_all(saver, program, limits.values_per_rule_max, limits.expansion_max, limits.nesting_max,
             limits.yaml_nodes_max);
    std::vector<std::pair<std::string, std::vector<std::string>>> lists(
        options.placeholders.begin(), options.placeholders.end());
    std::ranges::sort(lists);
    pass(saver, lists);
    return XXH3_64bits(all.data(), all.size());
}

// Behind it: sizes of the items, sizes of the entries, items, entries. An entry begins with its
// key, how many items it names, and their numbers; the rest is the reading.
struct FileHead {
    std::uint64_t magic = kMagic;
    std::uint64_t made_for = 0;
    std::uint64_t checksum = 0;  // of what follows
    std::uint32_t items = 0;
    std::uint32_t entries = 0;
};

// The whole file in pages of two megabytes where the system has them: with the small ones, touching
// them for the first time costs more than reading the file. None: it is no plain file, or too big.
std::shared_ptr<const char> read_whole(const std::filesystem::path& path, std::size_t& size) {
    // Whatever stands in the file's place must not make us wait.
    auto file = base::open_file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    struct stat about{};
    if (!file || ::fstat(file->get(), &about) != 0 || !S_ISREG(about.st_mode) || about.st_size <= 0
        || static_cast<std::size_t>(about.st_size) > kFileBytesMax) {
        return nullptr;
    }
    size = static_cast<std::size_t>(about.st_size);
    constexpr std::size_t kPage = std::size_t{2} << 20;
    const bool large = size > kPage / 2;
    const std::size_t room = large ? (size + kPage - 1) / kPage * kPage : size;
    auto* memory = static_cast<char*>(large ? std::aligned_alloc(kPage, room) : std::malloc(room));
    if (memory == nullptr) {
        return nullptr;
    }
    std::shared_ptr<char> owner(memory, [](char* at) { std::free(at); });
    if (large) {
        (void)::madvise(memory, room, MADV_HUGEPAGE);  // a wish
    }
    std::size_t have = 0;
    while (have < size) {
        const auto more = base::read_some(*file, std::span(memory + have, size - have));
        if (!more || *more == 0) {
            return nullptr;
        }
        have += *more;
    }
    return owner;
}

template <class T>
void append_plain(const T& value, std::string& out) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

bool names_only(const Expr& expr, std::size_t items) {
    return (expr.kind != Expr::Kind::Item || expr.item < items)
           && std::ranges::all_of(expr.children,
                                  [&](const Expr& child) { return names_only(child, items); });
}

// Conditions ask for no item that is not there.
bool fits(const Reading::Part& part) {
    if (!part.document) {
        return true;
    }
    if (const auto* rule = std::get_if<Rule>(&*part.document)) {
        return names_only(rule->condition, part.items.size());
    }
    if (const auto* filter = std::get_if<Filter>(&*part.document)) {
        return names_only(filter->condition, part.items.size());
    }
    const auto& correlation = std::get<Correlation>(*part.document);
    return !correlation.has_expression
           || names_only(correlation.expression, correlation.names.size());
}

}  // namespace

ReadingCache::ReadingCache(std::filesystem::path file, const CompileOptions& options)
    : file_(std::move(file)) {
    if (!file_.empty()) {
        made_for_ = mark_of(options);
        if (!load()) {
            items_.clear();
            entries_.clear();
            bytes_.reset();
        }
    }
}

ReadingCache::Key ReadingCache::key_of(const RuleText& text) {
    const XXH64_hash_t seed = XXH3_64bits(text.path.data(), text.path.size());
    const std::string& mark = text.stamp.empty() ? text.yaml : text.stamp;
    const XXH128_hash_t hash = XXH3_128bits_withSeed(mark.data(), mark.size(), seed);
    return {hash.low64, hash.high64};
}

bool ReadingCache::load() {
    std::size_t size = 0;
    bytes_ = read_whole(file_, size);
    FileHead head;
    if (!bytes_ || size < sizeof head) {
        return false;
    }
    std::string_view rest(bytes_.get(), size);
    std::memcpy(&head, rest.data(), sizeof head);
    rest.remove_prefix(sizeof head);
    if (head.magic != kMagic || head.made_for != made_for_
        || head.checksum != XXH3_64bits(rest.data(), rest.size())) {
        return false;
    }
    const std::size_t counts = std::size_t{head.items} + head.entries;
    if (rest.size() / sizeof(std::uint32_t) < counts) {
        return false;
    }
    const char* sizes = rest.data();
    rest.remove_prefix(counts * sizeof(std::uint32_t));
    const auto next = [&](std::string_view& out) {
        std::uint32_t bytes = 0;
        std::memcpy(&bytes, sizes, sizeof bytes);
        sizes += sizeof bytes;
        out = rest.substr(0, bytes);
        rest.remove_prefix(out.size());
        return out.size() == bytes;
    };
    items_.resize(head.items);
    for (std::string_view& item : items_) {
        if (!next(item)) {
            return false;
        }
    }
    entries_.reserve(head.entries);
    next_.reserve(head.entries);
    for (std::uint32_t i = 0; i < head.entries; ++i) {
        std::string_view whole;
        if (!next(whole)) {
            return false;
        }
        Loader loader(whole);
        Key key;
        pass_all(loader, key.low, key.high);
        std::uint32_t numbers = 0;
        pass(loader, numbers);
        Entry entry;
        entry.numbers = loader.take(std::size_t{numbers} * sizeof(std::uint32_t));
        if (loader.failed() || entry.numbers.size() != numbers * sizeof(std::uint32_t)) {
            return false;
        }
        entry.bytes = loader.take(whole.size());
        entries_.emplace(key, std::move(entry));
    }
    return rest.empty();
}

std::optional<Reading> ReadingCache::find(const RuleText& text) {
    if (entries_.empty()) {
        return std::nullopt;
    }
    const Key key = key_of(text);
    const auto found = entries_.find(key);
    if (found == entries_.end()) {
        return std::nullopt;
    }
    Loader loader(found->second.bytes);
    Loader numbers(found->second.numbers);
    Reading out;
    out.parts.resize(pass_count(loader, 0));
    for (Reading::Part& part : out.parts) {
        std::uint32_t count = 0;
        pass_all(loader, part.document, part.faults, count);
        part.items.resize(numbers.count(count));
        for (std::uint32_t& number : part.items) {
            pass(numbers, number);
            if (number >= items_.size()) {
                return std::nullopt;
            }
        }
        if (!fits(part)) {
            return std::nullopt;
        }
    }
    if (!loader.done() || !numbers.done()) {
        return std::nullopt;
    }
    next_.emplace_back(key, found->second);
    return out;
}

void ReadingCache::keep(const RuleText& text, Reading& reading) {
    if (file_.empty()) {
        return;
    }
    changed_ = true;
    Entry entry;
    Saver saver(entry.own_bytes);
    pass_count(saver, reading.parts.size());
    for (Reading::Part& part : reading.parts) {
        auto count = static_cast<std::uint32_t>(part.items.size());
        pass_all(saver, part.document, part.faults, count);
        std::ranges::copy(part.items, std::back_inserter(entry.own_numbers));
    }
    next_.emplace_back(key_of(text), std::move(entry));
}

void ReadingCache::save(const ItemTable& items) const {
    if (!changed_) {
        return;
    }
    // Items that no entry names any more are left behind.
    constexpr std::uint32_t kNone = 0xffff'ffff;
    std::vector<std::uint32_t> renumbered(items.size(), kNone);
    std::vector<std::uint32_t> sizes;
    std::string kept;
    std::string entries;
    std::vector<std::uint32_t> entry_sizes;
    std::vector<std::uint32_t> numbers;
    for (const auto& [key, entry] : next_) {
        numbers = entry.own_numbers;
        if (!entry.numbers.empty()) {
            numbers.resize(entry.numbers.size() / sizeof(std::uint32_t));
            std::memcpy(numbers.data(), entry.numbers.data(), entry.numbers.size());
        }
        const std::size_t before = entries.size();
        append_plain(key.low, entries);
        append_plain(key.high, entries);
        append_plain(static_cast<std::uint32_t>(numbers.size()), entries);
        for (const std::uint32_t number : numbers) {
            if (renumbered[number] == kNone) {
                renumbered[number] = static_cast<std::uint32_t>(sizes.size());
                sizes.push_back(static_cast<std::uint32_t>(items[number].size()));
                kept += items[number];
            }
            append_plain(renumbered[number], entries);
        }
        entries += entry.bytes;
        entries += entry.own_bytes;
        entry_sizes.push_back(static_cast<std::uint32_t>(entries.size() - before));
    }
    std::string body;
    for (const auto* list : {&sizes, &entry_sizes}) {
        body.append(reinterpret_cast<const char*>(list->data()),
                    list->size() * sizeof(std::uint32_t));
    }
    body += kept;
    body += entries;
    FileHead head;
    head.made_for = made_for_;
    head.items = static_cast<std::uint32_t>(sizes.size());
    head.entries = static_cast<std::uint32_t>(entry_sizes.size());
    head.checksum = XXH3_64bits(body.data(), body.size());
    std::string whole;
    append_plain(head, whole);
    whole += body;
    std::error_code fault;
    std::filesystem::create_directories(file_.parent_path(), fault);
    (void)base::write_file_atomic(file_, whole, 0600);  // without it the next load is as slow
}

}  // namespace gac::detect::sigma
