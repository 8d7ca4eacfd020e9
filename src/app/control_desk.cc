#include "app/control_desk.h"

namespace gac::app {

namespace {

std::unique_ptr<access::Totp> open_totp(db::Database& database, access::Audit& audit,
                                        const base::Clock& clock, const DataFolder& folder,
                                        Result<>& outcome) {
    auto totp = access::Totp::open(database, audit, clock, folder.sealing_key());
    if (!totp) {
        outcome = std::unexpected(std::move(totp).error());
        return nullptr;
    }
    return *std::move(totp);
}

}  // namespace

ControlDesk::ControlDesk(std::unique_ptr<db::Database> opened, const base::Clock& clock,
                         const DataFolder& folder, Result<>& outcome)
    : database(std::move(opened)),
      audit(*database, clock),
      gate(*database, audit, clock),
      users(*database, audit, clock),
      units(*database, audit, clock),
      tokens(*database, audit, clock),
      totp(open_totp(*database, audit, clock, folder, outcome)),
      sessions(*database, audit, clock, users, *totp),
      changes(*database, clock),
      hosts(*database, audit, clock, changes),
      regulations(*database, audit, clock),
      legal_holds(*database, audit, clock),
      rules(*database, audit, clock, changes),
      rule_exceptions(*database, audit, clock, changes),
      saved_searches(*database, audit, clock),
      hunts(*database, audit, clock),
      sources(*database, audit, clock, changes),
      alerts(*database, audit, clock, changes, hosts, regulations) {}

Result<std::unique_ptr<ControlDesk>> ControlDesk::open(const DataFolder& folder,
                                                       const base::Clock& clock) {
    std::error_code fault;
    if (std::filesystem::create_directories(folder.root(), fault)) {
        std::filesystem::permissions(folder.root(), std::filesystem::perms(0750), fault);
    }
    if (fault) {
        return fail(Code::Io, "cannot make the data folder: " + fault.message(),
                    folder.root().string());
    }
    GAC_TRY(database, db::Database::open(folder.control(), clock));
    Result<> outcome;
    std::unique_ptr<ControlDesk> desk(new ControlDesk(std::move(database), clock, folder, outcome));
    if (!outcome) {
        return std::unexpected(std::move(outcome).error());
    }
    return desk;
}

}  // namespace gac::app
