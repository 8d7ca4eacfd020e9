// JSON text as it is said, without a tree in between. Commas are its business; balance is the
// caller's.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace gac::api {

class JsonWriter {
public:
    JsonWriter& open_object();
    JsonWriter& close_object();
    JsonWriter& open_array();
    JsonWriter& close_array();
    JsonWriter& key(std::string_view name);

    JsonWriter& value(std::string_view text);
    JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    JsonWriter& value(std::same_as<bool> auto truth) { return raw(truth ? "true" : "false"); }
    JsonWriter& value(std::integral auto number)
        requires(!std::same_as<decltype(number), bool>)
    {
        return raw(std::to_string(number));
    }
    JsonWriter& value(double number);
    JsonWriter& value(base::TimePoint time) { return value(base::format_rfc3339(time)); }
    JsonWriter& null() { return raw("null"); }
    template <class T>
    JsonWriter& value(const std::optional<T>& maybe) {
        return maybe ? value(*maybe) : null();
    }
    JsonWriter& raw(std::string_view json);  // already JSON

    template <class T>
    JsonWriter& field(std::string_view name, const T& what) {
        return key(name).value(what);
    }

    std::string take() { return std::move(out_); }

private:
    void comma();
    std::string out_;
    bool comma_due_ = false;
};

}  // namespace gac::api
