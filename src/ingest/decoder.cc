#include "ingest/decoder.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ingest/core/names.h"
#include "ingest/core/scan.h"
#include "ingest/core/times.h"
#include "ingest/core/writer.h"
#include "ingest/json/reader.h"
#include "ingest/kv/reader.h"
#include "ingest/syslog/programs.h"
#include "ingest/syslog/reader.h"
#include "ingest/web/reader.h"

namespace gac::ingest {

namespace field = event::field;

FieldChoice FieldChoice::of(std::span<const event::FieldId> fields) {
    FieldChoice choice;
    choice.all_ = false;
    for (const event::FieldId id : fields) {
        choice.add(id);
    }
    return choice;
}

void FieldChoice::add(event::FieldId id) {
    const std::uint32_t index = event::index_of(id);
    if (index >= wanted_.size()) {
        wanted_.resize(index + 1);
    }
    wanted_[index] = true;
    const std::string_view name = event::name_of(id);
    by_name_.emplace(name, id);
    for (std::size_t dot = name.find('.'); dot != std::string_view::npos;
         dot = name.find('.', dot + 1)) {
        const std::string_view prefix = name.substr(0, dot);
        const auto at = std::ranges::lower_bound(prefixes_, prefix);
        if (at == prefixes_.end() || *at != prefix) {
            prefixes_.insert(at, prefix);
        }
    }
}

std::optional<event::FieldId> FieldChoice::wanted(std::string_view name) const {
    if (all_) {
        return event::intern(name);
    }
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? std::nullopt : std::optional(found->second);
}

bool FieldChoice::wants_below(std::string_view path) const {
    return all_ || std::ranges::binary_search(prefixes_, path);
}

namespace {

enum class Format : std::uint8_t { Auto, Json, Syslog, Line, Combined, KeyValue };

struct Named {
    std::string_view name;
    Format format;
};
constexpr std::array kFormats = std::to_array<Named>({
    {"auto", Format::Auto},
    {"json", Format::Json},
    {"syslog", Format::Syslog},
    {"line", Format::Line},
    {"combined", Format::Combined},
    {"kv", Format::KeyValue},
});

constexpr auto kNames = [] {
    std::array<std::string_view, kFormats.size()> names{};
    for (std::size_t i = 0; i < names.size(); ++i) {
        names[i] = kFormats[i].name;
    }
    return names;
}();

// What the decoder itself has to see to tell times and shapes, whoever reads it afterwards.
FieldChoice with_own_needs(const Options& options) {
    FieldChoice choice = options.fields;
    if (choice.is_all()) {
        return choice;
    }
    if (options.profiles) {
        for (const event::Profile& profile : options.profiles->all()) {
            for (const event::FieldId id : profile.time_fields) {
                choice.add(id);
            }
        }
    }
    for (const std::string_view name : KeyValueReader::kTimeFields) {
        choice.add(event::intern(name));
    }
    return choice;
}

class FrameDecoder final : public Decoder {
public:
    FrameDecoder(Format format, const Options& options)
        : format_(format),
          fields_(with_own_needs(options)),
          names_(fields_),
          writer_(options, fields_),
          json_(names_),
          syslog_(names_),
          pairs_(names_) {}

    void decode(std::string_view frame, const Origin& origin, event::EventBatch& out) override;

private:
    void decode_text();
    bool decode_auto(std::string_view text);
    void write_syslog(const SyslogHeader& header);
    bool write_access(std::string_view line);

    Format format_;
    FieldChoice fields_;
    NameTree names_;
    Writer writer_;
    JsonReader json_;
    SyslogReader syslog_;
    KeyValueReader pairs_;
};

bool looks_like_json(std::string_view text) {
    // Nearly all lines of text: a letter, a digit or "<".
    if (!text.empty() && text[0] > ' ' && text[0] != '{' && text[0] != '[') {
        return false;
    }
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) {
        return false;
    }
    const std::string_view rest = text.substr(first);
    if (rest[0] == '{') {
        return true;
    }
    if (rest.starts_with("\xEF\xBB\xBF")) {
        return looks_like_json(rest.substr(3));
    }
    const std::size_t second = rest[0] == '[' ? rest.find_first_not_of(" \t\r\n", 1) : 0;
    return second != std::string_view::npos && second > 0
           && (rest[second] == '{' || rest[second] == ']');
}

void FrameDecoder::decode(std::string_view frame, const Origin& origin, event::EventBatch& out) {
    if (!writer_.begin(frame, origin, out)) {
        return;
    }
    if (format_ == Format::Json || (format_ == Format::Auto && looks_like_json(writer_.raw()))) {
        json_.decode(writer_);
        return;
    }
    decode_text();
    // Without any name of its own the event belongs to whoever sent it.
    if (!origin.peer.empty() && writer_.find(field::HostName) == nullptr
        && std::ranges::none_of(writer_.profile().host_fields,
                                [&](event::FieldId id) { return writer_.find(id) != nullptr; })) {
        writer_.text(field::HostName, writer_.copy(origin.peer));
    }
    writer_.end();
}

bool FrameDecoder::write_access(std::string_view line) {
    if (!read_access_line(line, writer_) && !read_error_line(line, writer_)) {
        return false;
    }
    writer_.use_profile(writer_.shapes().web);
    return true;
}

void FrameDecoder::write_syslog(const SyslogHeader& header) {
    const std::string_view message = header.message;
    if (!message.empty()) {
        writer_.text(field::Message, message);
    }
    std::string_view body = message;
    if (body.starts_with("@cee:")) {
        body.remove_prefix(5);
    }
    body = trim_blanks(body);
    if (body.starts_with('{') && json_.read_into(body, writer_)) {
        json_.choose_profile(writer_);
        writer_.time_from_fields();
        return;
    }
    const std::string_view program = program_of(header.tag);
    if (!program.empty() && read_program(program, message, writer_)) {
        writer_.use_profile(writer_.shapes().linux_host);
        return;
    }
    if (message.contains(" [") && write_access(message)) {
        return;
    }
    if (!pairs_.read_packet_filter(message, writer_) && KeyValueReader::looks_like(body)) {
        pairs_.read(body, writer_);
    }
    // A program's name says host; devices name a message ("%ASA-6-302013") or nothing at all, and
    // what cannot be told must not meet a Linux host's rules.
    if (!program.empty() && program[0] != '%') {
        writer_.use_profile(writer_.shapes().linux_host);
    }
}

// Finds out what a line is. False: no shape that is known.
bool FrameDecoder::decode_auto(std::string_view text) {
    // "<34>..." and "Oct 11 ..." begin nothing but syslog.
    const bool is_syslog =
        text.front() == '<'
        || (text.size() > 6 && text[3] == ' ' && month_of(text.substr(0, 3)) != 0);
    if (!is_syslog && write_access(text)) {
        return true;
    }
    if (!is_syslog && KeyValueReader::looks_like(text)) {
        return pairs_.read(text, writer_);
    }
    const SyslogHeader header = syslog_.read_header(text, writer_);
    if (!header.has_priority && !header.has_time && header.tag.empty()) {
        return false;
    }
    write_syslog(header);
    return true;
}

void FrameDecoder::decode_text() {
    std::string_view text = writer_.text();
    if (text.starts_with("\xEF\xBB\xBF")) {
        text.remove_prefix(3);
    }
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == '\0')) {
        text.remove_suffix(1);
    }
    if (text.empty()) {
        writer_.fail("nothing but a byte order mark");
        return;
    }
    switch (format_) {
        case Format::Line:
            writer_.text(field::Message, text);
            return;
        case Format::Auto:
            if (!decode_auto(text)) {
                writer_.fail("no known format: neither JSON, syslog, access log nor key=value");
            }
            return;
        case Format::Syslog: {
            const SyslogHeader header = syslog_.read_header(text, writer_);
            if (!header.has_priority && !header.has_time && header.tag.empty()) {
                writer_.fail("no syslog header: neither priority, time nor tag");
                return;
            }
            write_syslog(header);
            return;
        }
        case Format::Combined: {
            if (write_access(text)) {
                return;
            }
            const SyslogHeader header = syslog_.read_header(text, writer_);
            if ((header.has_priority || header.has_time) && write_access(header.message)) {
                return;
            }
            writer_.fail("neither an access line in common or combined format nor an error line");
            return;
        }
        case Format::KeyValue: {
            if (!KeyValueReader::looks_like(text)) {
                const SyslogHeader header = syslog_.read_header(text, writer_);
                if (header.has_priority || header.has_time) {
                    text = header.message;
                }
            }
            if (!pairs_.read(text, writer_)) {
                writer_.fail("no key=value pair");
            }
            return;
        }
        case Format::Json:
            return;
    }
}

}  // namespace

Result<std::unique_ptr<Decoder>> make_decoder(std::string_view format, const Options& options) {
    const auto* found = std::ranges::find(kFormats, format, &Named::name);
    if (found == kFormats.end()) {
        return fail(Code::InvalidArgument, fmt::format("no format \"{}\"; there are: {}", format,
                                                       fmt::join(kNames, ", ")));
    }
    return std::make_unique<FrameDecoder>(found->format, options);
}

std::span<const std::string_view> decoder_names() { return kNames; }

}  // namespace gac::ingest
