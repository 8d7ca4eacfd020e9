#include "detect/sigma/reading_cache.h"

#include <xxhash.h>

#include <algorithm>

#include "base/file.h"
#include "detect/sigma/archive.h"

namespace gac::detect::sigma {

// Found by their arguments, so not in an unnamed namespace.

template <class A>
void pass(A& archive, Pattern& pattern) {
    std::vector<Pattern::Piece> pieces = pattern.pieces();
    const std::size_t size = pass_count(archive, pieces.size());
    pieces.resize(size);
    for (Pattern::Piece& piece : pieces) {
        pass_all(archive, piece.kind, piece.text);
    }
    if constexpr (A::kLoads) {
        pattern = Pattern(std::move(pieces));
    }
}

template <class A>
void pass(A& archive, base::IpPrefix& prefix) {
    std::string text = A::kLoads ? std::string() : prefix.text();
    pass(archive, text);
    if constexpr (A::kLoads) {
        prefix = base::IpPrefix::parse(text).value_or(base::IpPrefix{});
    }
}

template <class A>
void pass(A& archive, Test& test) {
    pass_all(archive, test.kind, test.cased, test.truth, test.op, test.part, test.relation,
             test.flags.ignore_case, test.flags.multiline, test.flags.dot_matches_newline,
             test.number, test.pattern, test.text);
    if (test.kind == TestKind::Cidr) {
        pass(archive, test.prefix);
    }
    if (test.kind == TestKind::Regex) {
        Regex::Known known = test.regex ? test.regex->known() : Regex::Known{};
        pass_all(archive, known.needles, known.bytes_min, known.line_signs_min);
        if constexpr (A::kLoads) {
            test.regex = Regex::of_known(test.text, test.flags, std::move(known));
        }
    }
}

template <class A>
void pass(A& archive, Item& item) {
    pass_all(archive, item.field, item.any);
}

template <class A>
void pass(A& archive, Expr& expr) {
    pass_all(archive, expr.kind, expr.truth, expr.need, expr.item, expr.children, expr.selection);
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
    pass_all(archive, rule.info, rule.name, rule.line, rule.source, rule.items, rule.condition);
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
             filter.rules, filter.items, filter.condition);
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

template <class A>
void pass(A& archive, Reading::Part& part) {
    pass_all(archive, part.document, part.faults);
}

namespace {

constexpr std::uint64_t kMagic = 0x3165'6c75'5263'6147ull;  // "GacRule1"
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

struct FileHead {
    std::uint64_t magic = kMagic;
    std::uint64_t made_for = 0;
    std::uint64_t checksum = 0;  // of what follows
};

}  // namespace

ReadingCache::ReadingCache(std::filesystem::path file, const CompileOptions& options)
    : file_(std::move(file)) {
    if (!file_.empty()) {
        made_for_ = mark_of(options);
        load();
    }
}

ReadingCache::Key ReadingCache::key_of(const RuleText& text) {
    const XXH64_hash_t seed = XXH3_64bits(text.path.data(), text.path.size());
    const std::string& mark = text.stamp.empty() ? text.yaml : text.stamp;
    const XXH128_hash_t hash = XXH3_128bits_withSeed(mark.data(), mark.size(), seed);
    return {hash.low64, hash.high64};
}

void ReadingCache::load() {
    auto bytes = base::read_file(file_, kFileBytesMax);
    FileHead head;
    if (!bytes || bytes->size() < sizeof head) {
        return;
    }
    bytes_ = *std::move(bytes);
    std::string_view rest = bytes_;
    std::memcpy(&head, rest.data(), sizeof head);
    rest.remove_prefix(sizeof head);
    if (head.magic != kMagic || head.made_for != made_for_
        || head.checksum != XXH3_64bits(rest.data(), rest.size())) {
        return;
    }
    Key key;
    std::uint32_t size = 0;
    while (rest.size() >= sizeof key + sizeof size) {
        std::memcpy(&key, rest.data(), sizeof key);
        std::memcpy(&size, rest.data() + sizeof key, sizeof size);
        rest.remove_prefix(sizeof key + sizeof size);
        entries_.emplace(key, rest.substr(0, size));
        rest.remove_prefix(std::min<std::size_t>(size, rest.size()));
    }
    next_.reserve(bytes_.size());
}

void ReadingCache::append(const Key& key, std::string_view reading) {
    const auto size = static_cast<std::uint32_t>(reading.size());
    next_.append(reinterpret_cast<const char*>(&key), sizeof key);
    next_.append(reinterpret_cast<const char*>(&size), sizeof size);
    next_.append(reading);
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
    Loader loader(found->second);
    Reading out;
    pass(loader, out.parts);
    if (!loader.done()) {
        return std::nullopt;
    }
    append(key, found->second);
    return out;
}

void ReadingCache::keep(const RuleText& text, const Reading& reading) {
    if (file_.empty()) {
        return;
    }
    changed_ = true;
    std::string bytes;
    Saver saver(bytes);
    Reading copy = reading;
    pass(saver, copy.parts);
    append(key_of(text), bytes);
}

void ReadingCache::save() const {
    if (!changed_) {
        return;
    }
    FileHead head;
    head.made_for = made_for_;
    head.checksum = XXH3_64bits(next_.data(), next_.size());
    std::string whole(reinterpret_cast<const char*>(&head), sizeof head);
    whole += next_;
    std::error_code fault;
    std::filesystem::create_directories(file_.parent_path(), fault);
    (void)base::write_file_atomic(file_, whole, 0600);  // without it the next load is as slow
}

}  // namespace gac::detect::sigma
