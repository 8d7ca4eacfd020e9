// Exceptions as detection understands them: for detection rules a Sigma filter, compiled into the
// rules, so that excepted events feed no correlation either; for correlation rules a look at the
// group of what they found. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "detect/rule_text.h"
#include "event/detection.h"
#include "response/rule_exceptions.h"

namespace gac::pipeline {

// Path of an exception's text, and back ("" when the path is none).
std::string exception_path(response::ExceptionId id);
std::string_view exception_of_path(std::string_view path);

// The filter that leaves out what the conditions (and the unit's hosts) name.
detect::RuleText exception_filter(const response::RuleException& exception);

// Whether an exception from a correlation rule covers what it found. Its conditions speak of the
// group-by fields alone.
bool excepts_group(const response::NewException& exception, const event::Detection& detection);

// Takes out what exceptions from correlation rules cover.
void drop_excepted(std::span<const response::RuleException> exceptions,
                   std::vector<event::Detection>& detections);

}  // namespace gac::pipeline
