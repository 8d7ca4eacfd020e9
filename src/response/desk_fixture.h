// For tests of the rooms above: a control database in a temporary folder with the alert desk on it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "base/time.h"
#include "response/alerts.h"
#include "response/hosts.h"
#include "response/regulations.h"
#include "response/rule_exceptions.h"
#include "response/rules_book.h"
#include "response/sources.h"

namespace gac::response {

class DeskFixture {
public:
    explicit DeskFixture(const base::Clock& clock);
    ~DeskFixture();  // removes the folder

    const std::filesystem::path& folder() const;
    Alerts& alerts();
    SourceBook& sources();
    RulesBook& rules();
    RuleExceptions& rule_exceptions();
    HostBook& hosts();
    // First column of the first row.
    std::int64_t number(std::string_view sql);

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace gac::response
