#include "detect/sigma/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <charconv>
#include <cstdlib>
#include <spanstream>
#include <unordered_map>

#include <fmt/format.h>

namespace gac::detect::sigma {

namespace {

// Thrown inside the library's callbacks, caught in parse_yaml.
struct LimitHit {
    int line;
    std::string text;
};

class Builder final : public YAML::EventHandler {
public:
    explicit Builder(const YamlLimits& limits) : limits_(limits) {}

    std::vector<Yaml> documents;

    void OnDocumentStart(const YAML::Mark&) override {
        stack_.clear();
        anchors_.clear();
        root_ = Yaml{};
        has_root_ = false;
    }
    void OnDocumentEnd() override {
        if (has_root_ && !root_.is_null()) {
            documents.push_back(std::move(root_));
        }
    }
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        Yaml node;
        node.line = mark.line + 1;
        put(std::move(node), anchor);
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end()) {  // an alias inside its own anchor
            throw LimitHit{mark.line + 1, "an alias refers to itself"};
        }
        count(size_of(found->second), mark.line + 1);
        Yaml copy = found->second;
        add(std::move(copy));
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        Yaml node;
        node.line = mark.line + 1;
        node.quoted = tag != "?";
        node.text = value;
        put(std::move(node), anchor);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(Yaml::Kind::Sequence, mark, anchor);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(Yaml::Kind::Map, mark, anchor);
    }
    void OnMapEnd() override { close(); }

private:
    struct Open {
        Yaml node;
        Yaml key;  // of a map whose value has not come yet
        bool has_key = false;
        YAML::anchor_t anchor = 0;
    };

    static std::size_t size_of(const Yaml& node) {
        std::size_t size = 1;
        for (const Yaml& item : node.items) {
            size += size_of(item);
        }
        for (const auto& [key, value] : node.pairs) {
            size += size_of(key) + size_of(value);
        }
        return size;
    }
    void count(std::size_t nodes, int line) {
        nodes_ += nodes;
        if (nodes_ > limits_.nodes_max) {
            throw LimitHit{line, fmt::format("more than {} YAML nodes", limits_.nodes_max)};
        }
    }
    void open(Yaml::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
        if (stack_.size() >= limits_.depth_max) {
            throw LimitHit{mark.line + 1,
                           fmt::format("YAML nested deeper than {}", limits_.depth_max)};
        }
        count(1, mark.line + 1);
        Open entry;
        entry.node.kind = kind;
        entry.node.line = mark.line + 1;
        entry.anchor = anchor;
        stack_.push_back(std::move(entry));
    }
    void close() {
        Open done = std::move(stack_.back());
        stack_.pop_back();
        if (done.anchor != 0) {
            anchors_[done.anchor] = done.node;
        }
        add(std::move(done.node));
    }
    void put(Yaml node, YAML::anchor_t anchor) {
        count(1, node.line);
        if (anchor != 0) {
            anchors_[anchor] = node;
        }
        add(std::move(node));
    }
    void add(Yaml node) {
        if (stack_.empty()) {
            root_ = std::move(node);
            has_root_ = true;
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

    const YamlLimits& limits_;
    std::size_t nodes_ = 0;
    std::vector<Open> stack_;
    std::unordered_map<YAML::anchor_t, Yaml> anchors_;
    Yaml root_;
    bool has_root_ = false;
};

std::string place(int line) { return fmt::format("line {}", line); }

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
    if (*begin == '+') {
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
    Builder builder(limits);
    try {
        std::ispanstream stream(std::span<const char>(text.data(), text.size()));
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const YAML::Exception& fault) {
        return fail(Code::InvalidArgument, fmt::format("not YAML: {}", fault.msg),
                    place(fault.mark.line + 1));
    } catch (const LimitHit& hit) {
        return fail(Code::LimitExceeded, hit.text, place(hit.line));
    }
    return std::move(builder.documents);
}

int line_of(const Error& error) {
    return error.where.starts_with("line ") ? std::atoi(error.where.c_str() + 5) : 0;
}

}  // namespace gac::detect::sigma
