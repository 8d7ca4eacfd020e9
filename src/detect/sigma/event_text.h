// Small things that are done with the values of an event.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/text.h"
#include "event/value.h"

namespace gac::detect::sigma {

inline bool is_scalar(const event::ValueRef& value) {
    return !value.is_null() && value.type() != event::Type::List;
}

inline void fold_into(std::string_view text, std::string& out) {
    out.resize(text.size());
    if (!base::ascii_lower(text, out.data())) {
        out.clear();
        base::append_folded(text, out);
    }
}

inline void fold(std::string& text) {
    if (!base::ascii_lower(text, text.data())) {
        text = base::fold_case(text);
    }
}

// A backslash and u, and the backslash is not itself escaped: "\\\\users" is none.
inline bool has_unicode_escape(std::string_view json) {
    for (std::size_t at = json.find('\\'); at != std::string_view::npos && at + 1 < json.size();
         at = json.find('\\', at + 2)) {
        if (json[at + 1] == 'u') {
            return true;
        }
    }
    return false;
}

// Each scalar inside a value.
template <class Use>
void each_scalar(const event::ValueRef& value, Use&& use) {
    if (value.type() == event::Type::List) {
        for (const event::ValueRef& element : value.list()) {
            each_scalar(element, use);
        }
    } else if (!value.is_null()) {
        use(value);
    }
}

// At most as many bytes, and no code point in halves.
inline std::string_view cut_to(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) {
        return text;
    }
    while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xc0) == 0x80) {
        --bytes_max;
    }
    return text.substr(0, bytes_max);
}

}  // namespace gac::detect::sigma
