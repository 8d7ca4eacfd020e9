#include "store/index/builder.h"

#include <algorithm>

#include "store/bytes.h"

namespace gac::store::index {

namespace {

// By ECS name (and the names of Sysmon's hashes): where analysts look for one value among very many
// events, and what lists of indicators are about. Whole URLs are left out: nearly all differ.
constexpr std::string_view kEntities[] = {
    "user.name",
    "user.id",
    "user.domain",
    "user.email",
    "user.target.name",
    "user.effective.name",
    "source.user.name",
    "destination.user.name",
    "source.user.email",
    "related.user",
    "host.name",
    "host.hostname",
    "host.ip",
    "observer.name",
    "source.ip",
    "source.address",
    "source.domain",
    "source.nat.ip",
    "destination.ip",
    "destination.address",
    "destination.domain",
    "destination.nat.ip",
    "client.ip",
    "client.address",
    "client.domain",
    "server.ip",
    "server.address",
    "server.domain",
    "network.forwarded_ip",
    "related.ip",
    "related.hosts",
    "related.hash",
    "url.domain",
    "dns.question.name",
    "dns.answers.name",
    "dns.answers.data",
    "dns.resolved_ip",
    "tls.client.server_name",
    "tls.client.ja3",
    "tls.server.ja3s",
    "file.hash.md5",
    "file.hash.sha1",
    "file.hash.sha256",
    "process.hash.md5",
    "process.hash.sha1",
    "process.hash.sha256",
    "process.parent.hash.md5",
    "process.parent.hash.sha1",
    "process.parent.hash.sha256",
    "dll.hash.md5",
    "dll.hash.sha1",
    "dll.hash.sha256",
    "hash.md5",
    "hash.sha1",
    "hash.sha256",
    "email.attachments.file.hash.md5",
    "email.attachments.file.hash.sha1",
    "email.attachments.file.hash.sha256",
    "Hashes",
    "Hash",
    "email.from.address",
    "email.sender.address",
    "email.reply_to.address",
    "email.to.address",
    "email.cc.address",
    "file.name",
    "file.path",
    "process.executable",
    "process.name",
    "process.parent.executable",
    "process.parent.name",
    "dll.path",
    "email.attachments.file.name",
    "mutex.name",
};

constexpr std::string_view kTexts[] = {"message"};

constexpr std::size_t kWordsAtOnce = 32 * 1024;
constexpr std::size_t kFetchAhead = 12;

std::string_view bytes_of(const base::IpAddress& address) {
    return {reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()};
}

}  // namespace

FieldRoles::FieldRoles(const event::ProfileSet& profiles) {
    const auto mark = [](std::vector<bool>& in, event::FieldId field) {
        const std::uint32_t at = event::index_of(field);
        if (at >= in.size()) {
            in.resize(at + 1);
        }
        in[at] = true;
    };
    const auto mark_all = [&](std::span<const std::string_view> names, std::vector<bool>& in) {
        for (const std::string_view name : names) {
            mark(in, event::intern(name));
            for (const event::Profile& profile : profiles.all()) {
                for (const event::FieldId own : profile.resolve(name)) {
                    mark(in, own);
                }
            }
        }
    };
    mark_all(kEntities, entities_);
    mark_all(kTexts, texts_);
}

DictionaryBuilder& Builder::dictionary(event::FieldId field) {
    const std::uint32_t at = event::index_of(field);
    if (at >= by_field_.size()) {
        by_field_.resize(at + 1, nullptr);
    }
    if (by_field_[at] == nullptr) {
        by_field_[at] = &dictionaries_.try_emplace(at, ValueKind::Text).first->second;
    }
    return *by_field_[at];
}

void Builder::add_value(event::FieldId field, const event::ValueRef& value) {
    if (value.type() == event::Type::Ip) {
        addresses_.add(bytes_of(value.ip()), block_);
    } else if (value.is_string()) {
        if (roles_.is_entity(field)) {
            dictionary(field).add(value.string(), block_);
        }
    } else if (value.type() == event::Type::List) {
        for (const event::ValueRef& element : value.list()) {
            add_value(field, element);
        }
    }
}

void Builder::add_words(std::string_view text) {
    // Piece by piece, so that what a piece needs stays in the caches.
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at + kWordsAtOnce), text.size());
        hashes_.clear();
        scanner_.scan_new(text.substr(at, end - at), hashes_);
        filter_.add(hashes_);
        at = end;
    }
}

void Builder::add_values(event::FieldId field, bool in_raw,
                         std::span<const event::ValueRef> values) {
    const bool is_text = roles_.is_text(field);
    if (is_text && std::ranges::find(text_fields_, field) == text_fields_.end()) {
        text_fields_.push_back(field);
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
        const event::ValueRef& value = values[i];
        if (i + kFetchAhead < values.size() && values[i + kFetchAhead].type() == event::Type::Ip) {
            __builtin_prefetch(&values[i + kFetchAhead].ip());  // they lie far apart
        }
        add_value(field, value);
        if (is_text && !in_raw && value.is_string()) {
            add_words(value.string());
        }
    }
}

void Builder::end_block() {
    lines_ += filter_.take(first_line_.back());
    first_line_.push_back(static_cast<std::uint32_t>(lines_.size() / kLineBytes));
    scanner_.forget();
    ++block_;
}

void Builder::put_dictionary(std::string& pages, std::optional<event::FieldId> field,
                             const DictionaryBuilder& dictionary, Directory& directory) const {
    if (dictionary.entries() == 0) {
        return;  // whatever came was too long for it: its blocks are read
    }
    DictionaryEntry entry;
    entry.field = field;
    entry.entries = dictionary.entries();
    entry.incomplete = dictionary.incomplete();
    dictionary.each_page(block_, [&](std::uint64_t key, const std::string& page) {
        entry.keys.push_back(key);
        entry.pages.push_back({.offset = pages.size(),
                               .bytes = static_cast<std::uint32_t>(page.size()),
                               .check = check_of(page)});
        pages += page;
    });
    directory.dictionaries.push_back(std::move(entry));
}

Builder::Sections Builder::finish() {
    Sections out;
    Directory directory;
    directory.blocks = block_;
    directory.first_line = first_line_;
    directory.text_fields = text_fields_;
    out.pages = std::move(lines_);
    put_dictionary(out.pages, std::nullopt, addresses_, directory);
    for (const auto& [field, dictionary] : dictionaries_) {
        put_dictionary(out.pages, event::FieldId{field}, dictionary, directory);
    }
    out.directory = encode_directory(directory);
    return out;
}

void Builder::add(const WrittenBlock& block) {
    add_words(block.words);
    for (const WrittenBlock::Column& column : block.columns) {
        add_values(column.field, column.in_raw, column.values);
    }
    end_block();
}

Result<> Builder::finish(SectionSink& out) {
    const Sections sections = finish();
    GAC_CHECK(out.put(kPagesSection, sections.pages));
    return out.put(kDirectorySection, sections.directory);
}

}  // namespace gac::store::index
