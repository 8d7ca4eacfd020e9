#include "response/desk_fixture.h"

#include "access/audit.h"
#include "base/assert.h"
#include "base/uuid.h"
#include "db/session.h"

namespace gac::response {

namespace {

std::filesystem::path make_folder() {
    auto folder =
        std::filesystem::temp_directory_path() / ("gac-desk-" + base::Uuid::make({0}).text());
    std::filesystem::create_directories(folder);
    return folder;
}

std::unique_ptr<db::Database> open_database(const std::filesystem::path& folder,
                                            const base::Clock& clock) {
    auto opened = db::Database::open(folder / "control.db", clock);
    GAC_ASSERT(opened.has_value());
    return *std::move(opened);
}

}  // namespace

struct DeskFixture::Parts {
    std::filesystem::path folder;
    std::unique_ptr<db::Database> database;
    access::Audit audit;
    ChangeFeed feed;
    HostBook hosts;
    Regulations regulations;
    RulesBook rules;
    RuleExceptions rule_exceptions;
    SourceBook sources;
    Alerts alerts;

    explicit Parts(const base::Clock& clock)
        : folder(make_folder()),
          database(open_database(folder, clock)),
          audit(*database, clock),
          feed(*database, clock),
          hosts(*database, audit, clock, feed),
          regulations(*database, audit, clock),
          rules(*database, audit, clock, feed),
          rule_exceptions(*database, audit, clock, feed),
          sources(*database, audit, clock, feed),
          alerts(*database, audit, clock, feed, hosts, regulations) {}
};

DeskFixture::DeskFixture(const base::Clock& clock) : parts_(std::make_unique<Parts>(clock)) {}

DeskFixture::~DeskFixture() {
    const std::filesystem::path folder = parts_->folder;
    parts_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
}

const std::filesystem::path& DeskFixture::folder() const { return parts_->folder; }
Alerts& DeskFixture::alerts() { return parts_->alerts; }
SourceBook& DeskFixture::sources() { return parts_->sources; }
RuleExceptions& DeskFixture::rule_exceptions() { return parts_->rule_exceptions; }
RulesBook& DeskFixture::rules() { return parts_->rules; }
HostBook& DeskFixture::hosts() { return parts_->hosts; }

std::int64_t DeskFixture::number(std::string_view sql) {
    const auto found =
        parts_->database->read([&](db::Session& session) { return session.number(sql); });
    GAC_ASSERT(found.has_value());
    return *found;
}

}  // namespace gac::response
