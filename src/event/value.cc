#include "event/value.h"

#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "base/json_text.h"
#include "base/text.h"

namespace gac::event {

std::string_view ValueRef::text(std::string& scratch) const {
    switch (type_) {
        case Type::String:
            if (escaped_) {
                base::unescape_json(escaped_body(), scratch);
                return scratch;
            }
            return string();
        case Type::Integer:
            scratch.clear();
            fmt::format_to(std::back_inserter(scratch), "{}", integer_);
            return scratch;
        case Type::Float:
            scratch.clear();
            fmt::format_to(std::back_inserter(scratch), "{}", float_);
            return scratch;
        case Type::Bool:
            return integer_ != 0 ? "true" : "false";
        case Type::Ip:
            scratch = ip_->text();
            return scratch;
        case Type::Time:
            scratch = base::format_rfc3339(time());
            return scratch;
        case Type::Null:
        case Type::List:
            return {};
    }
    return {};
}

void ValueRef::append_json(std::string& out) const {
    std::string scratch;
    switch (type_) {
        case Type::Null:
            out += "null";
            return;
        case Type::Float:
            if (!std::isfinite(float_)) {
                out += "null";
                return;
            }
            [[fallthrough]];
        case Type::Integer:
        case Type::Bool:
            out += text(scratch);
            return;
        case Type::String:
        case Type::Ip:
        case Type::Time:
            base::append_json_string(text(scratch), out);
            return;
        case Type::List: {
            out += '[';
            bool first = true;
            for (const ValueRef& element : list()) {
                if (!first) {
                    out += ',';
                }
                first = false;
                element.append_json(out);
            }
            out += ']';
            return;
        }
    }
}

}  // namespace gac::event
