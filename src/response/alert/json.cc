#include "response/alert/json.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "base/text.h"

namespace gac::response {

namespace {

void append_pair(std::string_view first, std::string_view second, std::string& out) {
    out += out.size() > 1 ? ",[" : "[";
    base::append_json_string(first, out);
    out += ',';
    base::append_json_string(second, out);
    out += ']';
}

std::string text_of(const boost::json::value& value) {
    const auto* text = value.if_string();
    return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

// What is no list gives an empty one: a damaged cell must not hide the alert.
boost::json::array array_of(std::string_view text) {
    boost::system::error_code error;
    boost::json::value value =
        boost::json::parse(boost::json::string_view(text.data(), text.size()), error);
    if (error || !value.is_array()) {
        return {};
    }
    return std::move(value.get_array());
}

template <class T>
std::vector<T> read_pairs(std::string_view text) {
    std::vector<T> pairs;
    for (const boost::json::value& item : array_of(text)) {
        const auto* pair = item.if_array();
        if (pair != nullptr && pair->size() == 2) {
            pairs.push_back({text_of((*pair)[0]), text_of((*pair)[1])});
        }
    }
    return pairs;
}

}  // namespace

std::string to_json(const std::vector<std::string>& list) {
    std::string out = "[";
    for (const std::string& item : list) {
        out += out.size() > 1 ? "," : "";
        base::append_json_string(item, out);
    }
    return out + "]";
}

std::string to_json(const std::vector<std::pair<std::string, std::string>>& pairs) {
    std::string out = "[";
    for (const auto& [first, second] : pairs) {
        append_pair(first, second, out);
    }
    return out + "]";
}

std::string to_json(const std::vector<event::Matched>& matched) {
    std::string out = "[";
    for (const event::Matched& one : matched) {
        append_pair(one.field, one.value, out);
    }
    return out + "]";
}

std::vector<std::string> list_from_json(std::string_view text) {
    std::vector<std::string> list;
    for (const boost::json::value& item : array_of(text)) {
        list.push_back(text_of(item));
    }
    return list;
}

std::vector<std::pair<std::string, std::string>> pairs_from_json(std::string_view text) {
    return read_pairs<std::pair<std::string, std::string>>(text);
}

std::vector<event::Matched> matched_from_json(std::string_view text) {
    return read_pairs<event::Matched>(text);
}

}  // namespace gac::response
