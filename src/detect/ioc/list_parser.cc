#include "detect/ioc/list_parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/text.h"

namespace gac::detect::ioc {

namespace {

constexpr std::size_t kColumnsMax = 512;
constexpr std::size_t kHostsPerLineMax = 256;

enum class Format : std::uint8_t { Unknown, Plain, Csv, Json };
enum class Column : std::uint8_t { Other, Value, Typed, Type, ValidUntil, Note, List };

struct ColumnName {
    Column column = Column::Other;
    std::optional<IndicatorType> type;
};

// Names of columns and of JSON keys alike.
ColumnName column_of(std::string_view name) {
    struct Known {
        std::string_view name;
        Column column;
    };
    static constexpr std::array kKnown = {
        Known{"indicator", Column::Value},
        Known{"value", Column::Value},
        Known{"ioc", Column::Value},
        Known{"iocvalue", Column::Value},
        Known{"indicatorvalue", Column::Value},
        Known{"observable", Column::Value},
        Known{"type", Column::Type},
        Known{"ioctype", Column::Type},
        Known{"indicatortype", Column::Type},
        Known{"datatype", Column::Type},
        Known{"validuntil", Column::ValidUntil},
        Known{"expires", Column::ValidUntil},
        Known{"expiry", Column::ValidUntil},
        Known{"expiration", Column::ValidUntil},
        Known{"expirationdate", Column::ValidUntil},
        Known{"expiresat", Column::ValidUntil},
        Known{"validto", Column::ValidUntil},
        Known{"description", Column::Note},
        Known{"comment", Column::Note},
        Known{"note", Column::Note},
        Known{"tags", Column::Note},
        Known{"threat", Column::Note},
        Known{"malware", Column::Note},
        Known{"malwareprintable", Column::Note},
        Known{"threattype", Column::Note},
        Known{"signature", Column::Note},
        Known{"list", Column::List},
    };
    static constexpr std::array<std::string_view, 28> kTyped = {
        "ip",         "ipv4",   "ipv6",         "ipaddress",  "address",  "cidr",     "prefix",
        "network",    "subnet", "domain",       "domainname", "hostname", "host",     "fqdn",
        "url",        "uri",    "md5",          "md5hash",    "sha1",     "sha1hash", "sha256",
        "sha256hash", "email",  "emailaddress", "ja3",        "ja3hash",  "mutex",    "filename",
    };
    char folded[24];
    std::size_t size = 0;
    for (const char c : name) {
        if (c == '_' || c == ' ' || c == '-' || c == '.') {
            continue;
        }
        if (size == sizeof(folded)) {
            return {};
        }
        folded[size++] = base::ascii_lower(c);
    }
    std::string_view wanted(folded, size);
    if (const auto found = std::ranges::find(kKnown, wanted, &Known::name); found != kKnown.end()) {
        return {found->column, std::nullopt};
    }
    for (const std::string_view side : {"source", "src", "destination", "dst"}) {
        if (wanted.starts_with(side) && wanted.size() > side.size()) {
            wanted.remove_prefix(side.size());
            break;
        }
    }
    if (wanted == "fqdn" || std::ranges::find(kTyped, wanted) != kTyped.end()) {
        return {Column::Typed, type_of_word(wanted).type};
    }
    return {};
}

std::string_view unquote(std::string_view text) {
    if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'')
        && text.back() == text.front()) {
        return text.substr(1, text.size() - 2);
    }
    return text;
}

// "", "-", "?" where there is nothing to say.
bool is_placeholder(std::string_view value) {
    return std::ranges::all_of(value, [](char c) { return c == '-' || c == '?' || c == '.'; });
}

std::string_view next_word(std::string_view& line) {
    const std::size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
    const std::size_t end = std::min(line.find_first_of(" \t", begin), line.size());
    const std::string_view word = line.substr(begin, end - begin);
    line.remove_prefix(end);
    return word;
}

bool is_hosts_address(std::string_view word) {
    return word == "0.0.0.0" || word == "127.0.0.1" || word == "::1" || word == "::" || word == "0"
           || word == "255.255.255.255" || word.starts_with("fe80::");
}

bool is_local_name(std::string_view word) {
    return word == "localhost" || word == "localhost.localdomain" || word == "local"
           || word == "broadcasthost" || word.starts_with("ip6-") || word == "0.0.0.0";
}

std::optional<event::Level> parse_level(std::string_view word) {
    for (const event::Level level :
         {event::Level::Informational, event::Level::Low, event::Level::Medium, event::Level::High,
          event::Level::Critical}) {
        if (event::name_of(level) == word) {
            return level;
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<base::TimePoint> parse_list_time(std::string_view text) {
    text = base::trim(text);
    if (!text.empty() && text.size() >= 9 && text.size() <= 13
        && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) {
        std::int64_t number = 0;
        std::from_chars(text.data(), text.data() + text.size(), number);
        return base::TimePoint{number * (text.size() == 13 ? 1'000 : 1'000'000)};
    }
    if (text.ends_with(" UTC")) {
        text.remove_suffix(4);
    }
    char whole[48];
    if (text.size() == 10) {
        static constexpr std::string_view kMidnight = "T00:00:00Z";
        std::memcpy(whole, text.data(), 10);
        std::memcpy(whole + 10, kMidnight.data(), kMidnight.size());
        text = {whole, 10 + kMidnight.size()};
    }
    return base::parse_rfc3339(text);
}

class ListParser::State {
public:
    State(ListSink& sink, const IndicatorLimits& limits, bool allow)
        : sink_(sink), limits_(limits) {
        header_.allow = allow;
    }

    void feed(std::string_view bytes) {
        while (!bytes.empty() && !broken_) {
            const std::size_t end = bytes.find('\n');
            if (end == std::string_view::npos) {
                keep(bytes);
                return;
            }
            if (pending_.empty() && !skipping_) {
                line(bytes.substr(0, end));
            } else {
                keep(bytes.substr(0, end));
                end_of_pending();
            }
            bytes.remove_prefix(end + 1);
        }
    }

    void finish() {
        if (!broken_ && (!pending_.empty() || skipping_)) {
            end_of_pending();
        }
        while (!broken_ && !row_.empty()) {
            give_up_row();
        }
    }

    ListSink& sink_;
    const IndicatorLimits& limits_;
    ListHeader header_;
    std::uint32_t line_ = 0;
    bool broken_ = false;

private:
    static constexpr std::uint32_t kRowLinesMax = 100;  // of a CSV row with line feeds in its cells

    struct Cell {
        std::size_t begin = 0, size = 0;  // in cells_text_
    };

    void keep(std::string_view bytes) {
        const bool object =
            format_ == Format::Json
            || (format_ == Format::Unknown
                && (pending_.empty() ? bytes : std::string_view(pending_)).starts_with('{'));
        const std::size_t most = object ? limits_.object_bytes_max : limits_.line_bytes_max;
        if (skipping_ || pending_.size() + bytes.size() > most) {
            skipping_ = true;
            pending_.clear();
            return;
        }
        pending_ += bytes;
    }

    void end_of_pending() {
        if (skipping_) {
            ++line_;
            sink_.refused(line_, "a line longer than the limit (line_bytes_max)");
            skipping_ = false;
        } else {
            line(pending_);
        }
        pending_.clear();
    }

    void line(std::string_view text) {
        ++line_;
        if (line_ == 1) {
            if (text.starts_with("\xef\xbb\xbf")) {
                text.remove_prefix(3);
            } else if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
                broken_ = true;
                sink_.refused(1, "the file is UTF-16; save it as UTF-8");
                return;
            }
        }
        if (text.size() > limits_.line_bytes_max && format_ != Format::Json
            && !text.starts_with('{')) {
            sink_.refused(line_, "a line longer than the limit (line_bytes_max)");
            return;
        }
        if (text.ends_with('\r')) {
            text.remove_suffix(1);
        }
        if (!row_.empty()) {
            continue_row(text);
            return;
        }
        const std::string_view trimmed = base::trim(text);
        if (trimmed.empty()) {
            return;
        }
        if (trimmed.front() == '#' || (trimmed.front() == ';' && format_ != Format::Csv)
            || trimmed.starts_with("//")) {
            comment(trimmed);
            return;
        }
        if (format_ == Format::Unknown) {
            detect_format(trimmed);
            if (format_ == Format::Unknown) {
                return;  // it was the header
            }
        }
        switch (format_) {
            case Format::Csv:
                row_line_ = line_;
                csv_row(text);
                break;
            case Format::Json:
                row_line_ = line_;
                json_line(trimmed);
                break;
            default:
                plain(trimmed);
        }
    }

    // A quote that nobody meant: the first line of the row is left out, the others are read anew.
    void give_up_row() {
        const std::string lines = std::exchange(row_, {});
        if (format_ == Format::Json) {
            sink_.refused(row_line_, "a JSON object that does not end");
            return;
        }
        sink_.refused(row_line_, "a quoted cell that does not end");
        line_ = row_line_;
        for (std::size_t at = lines.find('\n'); at != std::string::npos;) {
            const std::size_t end = lines.find('\n', ++at);
            line(std::string_view(lines).substr(at, end - at));
            at = end;
        }
    }

    // An object may not begin at this place of another one, so that one was cut off.
    bool begins_anew(std::string_view text) const {
        const std::size_t last = row_.find_last_not_of(" \t\r\n");
        return text.starts_with('{') && last != std::string::npos
               && !std::string_view(",[:{").contains(row_[last]);
    }

    void continue_row(std::string_view text) {
        if (format_ == Format::Json && begins_anew(text)) {
            give_up_row();
            row_line_ = line_;
            json_line(base::trim(text));
            return;
        }
        const bool csv = format_ == Format::Csv;
        const bool too_long =
            row_.size() + text.size() > (csv ? limits_.line_bytes_max : limits_.object_bytes_max);
        if (too_long && !csv) {
            sink_.refused(row_line_, "a record longer than the limit");
            row_.clear();
            return;
        }
        row_ += '\n';
        row_ += text;
        if (csv && (too_long || line_ - row_line_ >= kRowLinesMax)) {
            give_up_row();
        } else if (csv) {
            std::swap(row_, joined_);
            row_.clear();
            csv_row(joined_);
        } else if (count_braces(text); depth_ <= 0) {
            std::swap(row_, joined_);
            row_.clear();
            json_object(joined_);
        }
    }

    // ---- comments

    void comment(std::string_view text) {
        const std::size_t begin = text.find_first_not_of("#;/! \t");
        text = begin == std::string_view::npos ? std::string_view() : text.substr(begin);
        if (text.starts_with("gac.")) {
            directive(text.substr(4));
        } else if (format_ == Format::Unknown && text.size() < 4096) {
            last_comment_ = text;
        }
    }

    void directive(std::string_view text) {
        const std::size_t colon = text.find(':');
        const std::string_view key = base::trim(text.substr(0, colon));
        const std::string_view value =
            colon == std::string_view::npos ? "" : base::trim(text.substr(colon + 1));
        if (began_) {
            sink_.refused(line_, "a gac. line must stand before the first entry");
        } else if (!apply(key, value)) {
            sink_.refused(line_, fmt::format("unknown key or value: gac.{}: {}", key.substr(0, 40),
                                             value.substr(0, 80)));
        }
    }

    bool apply(std::string_view key, std::string_view value) {
        if (value.empty() || value.size() > 1000) {
            return false;
        }
        if (key == "name" || key == "title" || key == "description") {
            (key == "name"    ? header_.name
             : key == "title" ? header_.title
                              : header_.description) = value;
            return base::is_utf8(value);
        }
        if (key == "level") {
            const auto level = parse_level(value);
            header_.level = level.value_or(header_.level);
            return level.has_value();
        }
        if (key == "kind") {
            header_.allow = value == "allow" || (header_.allow && value != "block");
            return value == "allow" || value == "block";
        }
        if (key == "match") {
            header_.exact = value == "exact";
            return value == "exact" || value == "suffix";
        }
        if (key == "url") {
            header_.url_below = value == "prefix";
            return value == "exact" || value == "prefix";
        }
        if (key == "type") {
            const TypeWord word = type_of_word(value);
            header_.type = word.type;
            return word.known;
        }
        if (key == "valid_until") {
            header_.valid_until = parse_list_time(value);
            return header_.valid_until.has_value();
        }
        if (key == "tags") {
            for (std::size_t at = 0; at < value.size();) {
                const std::size_t end = std::min(value.find(',', at), value.size());
                header_.tags.emplace_back(base::trim(value.substr(at, end - at)));
                at = end + 1;
            }
            return header_.tags.size() <= 50;
        }
        return false;
    }

    // ---- what kind of file

    void detect_format(std::string_view text) {
        if (text.front() == '{') {
            format_ = Format::Json;
            return;
        }
        if (read_header(text)) {
            format_ = Format::Csv;
            header_row_ = true;
            return;
        }
        // Some feeds write their header as the last comment.
        if (!last_comment_.empty() && read_header(last_comment_) && columns_.size() > 1
            && text.contains(separator_)) {
            format_ = Format::Csv;
            return;
        }
        format_ = Format::Plain;
    }

    bool read_header(std::string_view text) {
        separator_ = ',';
        for (const char candidate : {',', ';', '\t', '|'}) {
            if (std::ranges::count(text, candidate) > std::ranges::count(text, separator_)) {
                separator_ = candidate;
            }
        }
        columns_.clear();
        value_columns_ = 0;
        if (!split_row(text)) {
            return false;
        }
        for (const Cell& cell : cells_) {
            columns_.push_back(column_of(cell_text(cell)));
            value_columns_ += columns_.back().column == Column::Value ? 1U : 0U;
        }
        return value_columns_ > 0 || std::ranges::any_of(columns_, [](const ColumnName& name) {
                   return name.column == Column::Typed;
               });
    }

    // ---- one indicator a line, and hosts files

    void plain(std::string_view text) {
        if (header_.type == IndicatorType::Mutex || header_.type == IndicatorType::FileName) {
            add(unquote(text), header_.type, std::nullopt, {});
            return;
        }
        std::string_view rest = text;
        const std::string_view word = unquote(next_word(rest));
        if (is_hosts_address(word) && !base::trim(rest).empty() && hosts(rest)) {
            return;
        }
        std::string_view why;
        if (recognise(word, header_.type, made_, why)) {
            give(std::nullopt, {});
            return;
        }
        const std::size_t cut = word.find_first_of(",;|");
        std::string_view ignored;
        if (cut != std::string_view::npos
            && recognise(base::trim(unquote(word.substr(0, cut))), header_.type, made_, ignored)) {
            give(std::nullopt, {});
            return;
        }
        sink_.refused(line_, why);
    }

    bool hosts(std::string_view rest) {
        bool any = false;
        for (std::size_t count = 0; count < kHostsPerLineMax; ++count) {
            const std::string_view name = next_word(rest);
            if (name.empty() || name.front() == '#') {
                break;
            }
            if (is_local_name(name)) {
                any = true;
                continue;
            }
            std::string_view why;
            if (!recognise(name, IndicatorType::Domain, made_, why)) {
                if (!any) {
                    return false;  // an address with something else behind it
                }
                sink_.refused(line_, why);
                continue;
            }
            any = true;
            give(std::nullopt, {});
        }
        return any;
    }

    // ---- CSV

    std::string_view cell_text(const Cell& cell) const {
        return std::string_view(cells_text_).substr(cell.begin, cell.size);
    }

    // False when a quoted cell goes on in the next line.
    bool split_row(std::string_view text) {
        cells_.clear();
        cells_text_.clear();
        for (std::size_t at = 0; cells_.size() < kColumnsMax;) {
            Cell cell{cells_text_.size(), 0};
            while (at < text.size() && text[at] == ' ') {
                ++at;
            }
            if (at < text.size() && text[at] == '"') {
                for (++at;; ++at) {
                    if (at >= text.size()) {
                        return false;
                    }
                    if (text[at] == '"') {
                        if (at + 1 >= text.size() || text[at + 1] != '"') {
                            break;
                        }
                        ++at;
                    }
                    cells_text_ += text[at];
                }
                ++at;
                at = std::min(text.find(separator_, at), text.size());
                cell.size = cells_text_.size() - cell.begin;
            } else {
                const std::size_t end = std::min(text.find(separator_, at), text.size());
                const std::string_view value = base::trim(text.substr(at, end - at));
                cells_text_ += value;
                cell.size = value.size();
                at = end;
            }
            cells_.push_back(cell);
            if (at >= text.size()) {
                return true;
            }
            ++at;
        }
        return true;
    }

    void csv_row(std::string_view text) {
        if (header_row_) {
            header_row_ = false;  // it was read when the format was told
            return;
        }
        if (!split_row(text)) {
            row_ = text;
            return;
        }
        ParsedColumns row;
        note_.clear();
        for (std::size_t i = 0; i < std::min(cells_.size(), columns_.size()); ++i) {
            take_side_column(columns_[i].column, base::trim(cell_text(cells_[i])), row);
        }
        bool any = false;
        for (std::size_t i = 0; i < std::min(cells_.size(), columns_.size()); ++i) {
            const ColumnName& name = columns_[i];
            const std::string_view value = base::trim(cell_text(cells_[i]));
            if (name.column == Column::Value && !value.empty()) {
                any = true;
                add_with_word(value, row);
            } else if (name.column == Column::Typed && value_columns_ == 0
                       && !is_placeholder(value)) {
                any = true;
                add(value, name.type, row.valid_until, note_);
            }
        }
        if (!any) {
            sink_.refused(row_line_, "a row without an indicator");
        }
    }

    struct ParsedColumns {
        std::string_view type_word;
        std::optional<base::TimePoint> valid_until;
        bool bad_time = false;
    };

    void take_side_column(Column column, std::string_view value, ParsedColumns& row) {
        if (value.empty()) {
            return;
        }
        if (column == Column::Type) {
            row.type_word = value;
        } else if (column == Column::ValidUntil) {
            row.valid_until = parse_list_time(value);
            row.bad_time = !row.valid_until;
        } else if (column == Column::Note && note_.size() < limits_.note_bytes_max) {
            note_ += note_.empty() ? "" : "; ";
            note_ += value;
        }
    }

    void add_with_word(std::string_view value, const ParsedColumns& row) {
        if (row.bad_time) {
            sink_.refused(row_line_, "a time of expiry that cannot be read");
            return;
        }
        // MISP's pairs: "domain|ip" with "evil.example|192.0.2.1".
        const std::size_t word_bar = row.type_word.find('|');
        const std::size_t value_bar = value.find('|');
        if (word_bar != std::string_view::npos && value_bar != std::string_view::npos
            && !type_of_word(row.type_word).known) {
            add_word(value.substr(0, value_bar), row.type_word.substr(0, word_bar), row);
            add_word(value.substr(value_bar + 1), row.type_word.substr(word_bar + 1), row);
            return;
        }
        if (value_bar != std::string_view::npos && word_bar != std::string_view::npos) {
            value = value.substr(0, value_bar);  // "ip-dst|port"
        }
        add_word(value, row.type_word, row);
    }

    void add_word(std::string_view value, std::string_view word, const ParsedColumns& row) {
        const TypeWord type = type_of_word(word);
        if (!type.known) {
            sink_.refused(row_line_, fmt::format("unknown type \"{}\"", word.substr(0, 40)));
            return;
        }
        add(value, type.type ? type.type : header_.type, row.valid_until, note_);
    }

    // ---- JSON

    void count_braces(std::string_view text) {
        for (std::size_t i = 0; i < text.size(); ++i) {
            const char c = text[i];
            if (in_string_) {
                if (c == '\\') {
                    ++i;
                } else if (c == '"') {
                    in_string_ = false;
                }
            } else if (c == '"') {
                in_string_ = true;
            } else if (c == '{') {
                ++depth_;
            } else if (c == '}') {
                --depth_;
            }
        }
    }

    void json_line(std::string_view text) {
        while (text.ends_with(',')) {
            text.remove_suffix(1);
        }
        depth_ = 0;
        in_string_ = false;
        count_braces(text);
        if (text.starts_with('{') && depth_ > 0) {
            row_ = text;  // it goes on in the next line
        } else if (!text.empty()) {
            json_object(text);
        }
    }

    static std::string_view string_of(const simdjson::dom::element& value) {
        std::string_view text;
        return value.get_string().get(text) == simdjson::SUCCESS ? text : std::string_view();
    }

    void json_object(std::string_view text) {
        padded_.assign(text);
        padded_.append(simdjson::SIMDJSON_PADDING, '\0');
        simdjson::dom::object object;
        if (parser_.parse(padded_.data(), text.size(), false).get_object().get(object)
            != simdjson::SUCCESS) {
            sink_.refused(row_line_, "not a JSON object");
            return;
        }
        ParsedColumns row;
        note_.clear();
        bool plain_value = false;
        bool list = false;
        std::string number;
        for (const auto& [key, value] : object) {
            const Column column = column_of(key).column;
            plain_value = plain_value || column == Column::Value;
            list = list || (column == Column::List && value.is_array());
            if (column == Column::Note && value.is_array()) {
                for (const auto& part : value.get_array().value_unsafe()) {
                    take_side_column(column, string_of(part), row);
                }
            } else if (std::int64_t seconds = 0;
                       value.is_int64() && value.get_int64().get(seconds) == simdjson::SUCCESS) {
                number = std::to_string(seconds);
                take_side_column(column, number, row);
            } else {
                take_side_column(column, string_of(value), row);
            }
        }
        bool any = false;
        for (const auto& [key, value] : object) {
            const ColumnName name = column_of(key);
            if (name.column == Column::Value) {
                any = true;
                add_with_word(base::trim(string_of(value)), row);
            } else if (name.column == Column::Typed && !plain_value && !list && value.is_string()) {
                any = true;
                add(base::trim(string_of(value)), name.type, row.valid_until, note_);
            } else if (name.column == Column::List && list) {
                any = true;
                warning_list(value, row.type_word);
            }
        }
        if (!any) {
            sink_.refused(row_line_, "an object without an indicator");
        }
    }

    // MISP's warning lists: one object that holds them all.
    void warning_list(const simdjson::dom::element& list, std::string_view word) {
        if (word == "regex" || word == "substring") {
            sink_.refused(row_line_, fmt::format("a list of type \"{}\" is not supported", word));
            return;
        }
        const bool exact = word == "string";
        const bool names = word == "hostname";
        note_.clear();
        for (const auto& value : list.get_array().value_unsafe()) {
            const std::string_view text = base::trim(string_of(value));
            std::string_view why;
            if (names ? recognise(text, IndicatorType::Domain, made_, why)
                      : recognise(text, header_.type, made_, why)) {
                give(std::nullopt, {}, exact);
            } else {
                sink_.refused(row_line_, why);
            }
        }
    }

    // ---- one entry

    void add(std::string_view value, std::optional<IndicatorType> type,
             std::optional<base::TimePoint> valid_until, std::string_view note) {
        std::string_view why;
        if (recognise(value, type, made_, why)) {
            give(valid_until, note);
        } else {
            sink_.refused(format_ == Format::Plain ? line_ : row_line_, why);
        }
    }

    void give(std::optional<base::TimePoint> valid_until, std::string_view note,
              bool exact = false) {
        began_ = true;
        made_.url_below = made_.url_below || header_.url_below;
        ParsedEntry entry;
        entry.what = &made_;
        entry.line = format_ == Format::Plain ? line_ : row_line_;
        entry.exact = (exact || header_.exact) && !made_.subdomains_only;
        entry.valid_until = valid_until ? valid_until : header_.valid_until;
        entry.note = note.substr(0, limits_.note_bytes_max);
        sink_.entry(entry);
    }

    Format format_ = Format::Unknown;
    bool began_ = false;       // an entry was given
    bool skipping_ = false;    // the rest of a line that is too long
    bool header_row_ = false;  // the line at hand is the CSV header
    std::string pending_;      // a line cut by the end of a piece
    std::string row_;          // a record that goes on in the next line
    std::uint32_t row_line_ = 0;
    std::string joined_;
    std::string last_comment_;
    char separator_ = ',';
    std::vector<ColumnName> columns_;
    std::size_t value_columns_ = 0;
    std::vector<Cell> cells_;
    std::string cells_text_;
    std::string note_;
    std::string padded_;
    int depth_ = 0;
    bool in_string_ = false;
    simdjson::dom::parser parser_;
    Recognised made_;
};

ListParser::ListParser(ListSink& sink, const IndicatorLimits& limits, bool allow)
    : state_(std::make_unique<State>(sink, limits, allow)) {}
ListParser::~ListParser() = default;
void ListParser::feed(std::string_view bytes) { state_->feed(bytes); }
void ListParser::finish() { state_->finish(); }
const ListHeader& ListParser::header() const { return state_->header_; }
std::uint32_t ListParser::lines() const { return state_->line_; }
bool ListParser::broken() const { return state_->broken_; }

}  // namespace gac::detect::ioc
