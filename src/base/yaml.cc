#include "base/yaml.h"

#include <yaml.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <unordered_map>

#include <fmt/format.h>

namespace gac::base {

namespace {

std::string place(int line) { return fmt::format("line {}", line); }

int line_at(const yaml_mark_t& mark) { return static_cast<int>(mark.line) + 1; }

std::string_view view(const yaml_char_t* text) {
    return text == nullptr ? std::string_view{} : reinterpret_cast<const char*>(text);
}

// Events of one stream, made into trees.
class Builder {
public:
    Builder(std::string_view text, const YamlLimits& limits) : text_(text), limits_(limits) {
        yaml_parser_initialize(&parser_);
        yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                     text.size());
    }
    ~Builder() { yaml_parser_delete(&parser_); }
    Builder(const Builder&) = delete;
    Builder& operator=(const Builder&) = delete;

    Result<std::vector<Yaml>> run() {
        for (;;) {
            yaml_event_t event;
            if (yaml_parser_parse(&parser_, &event) == 0) {
                return fail(
                    Code::InvalidArgument,
                    fmt::format("not YAML: {}",
                                parser_.problem == nullptr ? "unknown fault" : parser_.problem),
                    place(fault_line()));
            }
            const bool end = event.type == YAML_STREAM_END_EVENT;
            auto taken = take(event);
            yaml_event_delete(&event);
            if (!taken) {
                return std::unexpected(std::move(taken).error());
            }
            if (end) {
                return std::move(documents_);
            }
        }
    }

private:
    struct Open {
        Yaml node;
        Yaml key;  // of a map whose value has not come yet
        bool has_key = false;
        std::string anchor;
    };

    // Bytes that are no UTF-8 have an offset alone.
    int fault_line() const {
        if (parser_.error != YAML_READER_ERROR) {
            return line_at(parser_.problem_mark);
        }
        const std::string_view before = text_.substr(0, parser_.problem_offset);
        return static_cast<int>(std::ranges::count(before, '\n')) + 1;
    }

    Result<> take(const yaml_event_t& event) {
        const int line = line_at(event.start_mark);
        switch (event.type) {
            case YAML_DOCUMENT_START_EVENT:
                stack_.clear();
                anchors_.clear();
                root_ = Yaml{};
                return {};
            case YAML_DOCUMENT_END_EVENT:
                if (!root_.is_null()) {
                    documents_.push_back(std::move(root_));
                }
                return {};
            case YAML_ALIAS_EVENT: {
                const auto found = anchors_.find(std::string(view(event.data.alias.anchor)));
                if (found == anchors_.end()) {
                    return fail(Code::InvalidArgument, "an alias without its anchor, or inside it",
                                place(line));
                }
                const Extent extent = extent_of(found->second);
                GAC_CHECK(count(extent.nodes, line));
                GAC_CHECK(copy(extent.bytes, line));
                if (stack_.size() + extent.depth > limits_.depth_max) {
                    return too_deep(line);
                }
                add(found->second);
                return {};
            }
            case YAML_SCALAR_EVENT: {
                const auto& scalar = event.data.scalar;
                GAC_CHECK(count(1, line));
                Yaml node;
                node.line = line;
                node.quoted = scalar.plain_implicit == 0;
                node.text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
                if (scalar.anchor != nullptr) {
                    GAC_CHECK(copy(node.text.size(), line));
                    anchors_[std::string(view(scalar.anchor))] = node;
                }
                add(std::move(node));
                return {};
            }
            case YAML_SEQUENCE_START_EVENT:
                return open(Yaml::Kind::Sequence, line, event.data.sequence_start.anchor);
            case YAML_MAPPING_START_EVENT:
                return open(Yaml::Kind::Map, line, event.data.mapping_start.anchor);
            case YAML_SEQUENCE_END_EVENT:
            case YAML_MAPPING_END_EVENT:
                return close(line);
            case YAML_NO_EVENT:
            case YAML_STREAM_START_EVENT:
            case YAML_STREAM_END_EVENT:
                return {};
        }
        return {};
    }

    struct Extent {
        std::size_t nodes = 1;
        std::size_t bytes = 0;
        std::size_t depth = 0;  // of a scalar none
    };
    static Extent extent_of(const Yaml& node) {
        Extent out{.bytes = node.text.size()};
        const auto take_in = [&](const Yaml& inner) {
            const Extent more = extent_of(inner);
            out.nodes += more.nodes;
            out.bytes += more.bytes;
            out.depth = std::max(out.depth, more.depth);
        };
        for (const Yaml& item : node.items) {
            take_in(item);
        }
        for (const auto& [key, value] : node.pairs) {
            take_in(key);
            take_in(value);
        }
        out.depth += node.is_scalar() ? 0 : 1;
        return out;
    }
    Result<> count(std::size_t nodes, int line) {
        nodes_ += nodes;
        if (nodes_ > limits_.nodes_max) {
            return fail(Code::LimitExceeded,
                        fmt::format("more than {} YAML nodes", limits_.nodes_max), place(line));
        }
        return {};
    }
    // What anchors and aliases copy is bounded too: few nodes may hold much text.
    Result<> copy(std::size_t bytes, int line) {
        copied_ += bytes;
        if (copied_ > limits_.copied_bytes_max) {
            return fail(Code::LimitExceeded,
                        fmt::format("aliases stand for more than {} bytes of text",
                                    limits_.copied_bytes_max),
                        place(line));
        }
        return {};
    }
    Result<> too_deep(int line) const {
        return fail(Code::LimitExceeded,
                    fmt::format("YAML nested deeper than {}", limits_.depth_max), place(line));
    }
    Result<> open(Yaml::Kind kind, int line, const yaml_char_t* anchor) {
        if (stack_.size() >= limits_.depth_max) {
            return too_deep(line);
        }
        GAC_CHECK(count(1, line));
        Open entry;
        entry.node.kind = kind;
        entry.node.line = line;
        entry.anchor = view(anchor);
        stack_.push_back(std::move(entry));
        return {};
    }
    Result<> close(int line) {
        Open done = std::move(stack_.back());
        stack_.pop_back();
        if (!done.anchor.empty()) {
            const Extent extent = extent_of(done.node);
            GAC_CHECK(count(extent.nodes, line));
            GAC_CHECK(copy(extent.bytes, line));
            anchors_[done.anchor] = done.node;
        }
        add(std::move(done.node));
        return {};
    }
    void add(Yaml node) {
        if (stack_.empty()) {
            root_ = std::move(node);
            return;
        }
        Open& top = stack_.back();
        if (top.node.is_sequence()) {
            top.node.items.push_back(std::move(node));
        } else if (!top.has_key) {
            top.key = std::move(node);
            top.has_key = true;
        } else {
            top.node.pairs.push_back({std::move(top.key), std::move(node)});
            top.has_key = false;
        }
    }

    std::string_view text_;
    const YamlLimits& limits_;
    yaml_parser_t parser_;
    std::size_t nodes_ = 0;
    std::size_t copied_ = 0;
    std::vector<Open> stack_;
    std::unordered_map<std::string, Yaml> anchors_;
    Yaml root_;
    std::vector<Yaml> documents_;
};

}  // namespace

bool Yaml::is_null() const {
    return is_scalar() && !quoted
           && (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL");
}

std::optional<bool> Yaml::boolean() const {
    if (!is_scalar() || quoted) {
        return std::nullopt;
    }
    if (text == "true" || text == "True" || text == "TRUE") {
        return true;
    }
    if (text == "false" || text == "False" || text == "FALSE") {
        return false;
    }
    return std::nullopt;
}

std::optional<double> Yaml::number() const {
    if (!is_scalar() || quoted || text.empty()) {
        return std::nullopt;
    }
    const char* begin = text.data();
    const char* end = begin + text.size();
    if (text.starts_with("0x") || text.starts_with("0o")) {
        std::uint64_t whole = 0;
        const auto [at, fault] = std::from_chars(begin + 2, end, whole, text[1] == 'x' ? 16 : 8);
        return fault == std::errc{} && at == end ? std::optional(static_cast<double>(whole))
                                                 : std::nullopt;
    }
    if (*begin == '+' && !text.starts_with("+-")) {
        ++begin;
    }
    // from_chars takes "inf", "nan" and hexadecimal floats only with letters: core numbers have
    // none but an exponent's.
    for (const char* c = begin; c != end; ++c) {
        if (!((*c >= '0' && *c <= '9') || *c == '.' || *c == '-' || *c == '+'
              || ((*c == 'e' || *c == 'E') && c != begin))) {
            return std::nullopt;
        }
    }
    double value = 0;
    const auto [at, fault] = std::from_chars(begin, end, value);
    return fault == std::errc{} && at == end ? std::optional(value) : std::nullopt;
}

const Yaml* Yaml::find(std::string_view key) const {
    for (const auto& [name, value] : pairs) {
        if (name.is_scalar() && name.text == key) {
            return &value;
        }
    }
    return nullptr;
}

Result<std::vector<Yaml>> parse_yaml(std::string_view text, const YamlLimits& limits) {
    return Builder(text, limits).run();
}

int line_of(const Error& error) {
    return error.where.starts_with("line ") ? std::atoi(error.where.c_str() + 5) : 0;
}

}  // namespace gac::base
