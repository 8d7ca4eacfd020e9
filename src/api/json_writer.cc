#include "api/json_writer.h"

#include <cmath>

#include <fmt/format.h>

#include "base/text.h"

namespace gac::api {

void JsonWriter::comma() {
    if (comma_due_) {
        out_ += ',';
    }
    comma_due_ = true;
}

JsonWriter& JsonWriter::open_object() {
    comma();
    out_ += '{';
    comma_due_ = false;
    return *this;
}

JsonWriter& JsonWriter::close_object() {
    out_ += '}';
    comma_due_ = true;
    return *this;
}

JsonWriter& JsonWriter::open_array() {
    comma();
    out_ += '[';
    comma_due_ = false;
    return *this;
}

JsonWriter& JsonWriter::close_array() {
    out_ += ']';
    comma_due_ = true;
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    comma();
    base::append_json_string(name, out_);
    out_ += ':';
    comma_due_ = false;
    return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
    comma();
    base::append_json_string(text, out_);
    return *this;
}

JsonWriter& JsonWriter::value(double number) {
    comma();
    out_ += std::isfinite(number) ? fmt::format("{}", number) : "null";
    return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
    comma();
    out_ += json;
    return *this;
}

}  // namespace gac::api
