#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "access/crypto/codec.h"
#include "access/crypto/seal.h"
#include "access/fake_access.h"
#include "base/text.h"

namespace gac::access {
namespace {

using base::Duration;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

Actor token_actor(TokenScope scope, std::optional<UnitId> unit = std::nullopt) {
    Actor actor;
    actor.kind = Actor::Kind::Token;
    actor.id = base::Uuid::make(kTestStart);
    actor.name = "t";
    actor.scope = scope;
    actor.unit = unit;
    return actor;
}

TEST(Gate, TableOfRoles) {
    EXPECT_TRUE(grants(Role::Admin, Permission::UsersManage));
    EXPECT_FALSE(grants(Role::Coordinator, Permission::UsersManage));
    EXPECT_TRUE(grants(Role::Analyst, Permission::AlertsHandle));
    EXPECT_FALSE(grants(Role::Auditor, Permission::AlertsHandle));
    EXPECT_TRUE(grants(Role::Auditor, Permission::AuditView));
    EXPECT_FALSE(grants(Role::Analyst, Permission::AuditView));
    EXPECT_TRUE(grants(Role::Coordinator, Permission::RulesEdit));
    EXPECT_FALSE(grants(Role::Analyst, Permission::RulesEdit));
    EXPECT_FALSE(grants(Role::UnitOfficer, Permission::EventsSearch));
    for (int i = 0; i < kPermissionCount; ++i) {
        const auto permission = static_cast<Permission>(i);
        EXPECT_EQ(grants(TokenScope::Ingest, permission), permission == Permission::Ingest);
    }
    EXPECT_FALSE(grants(TokenScope::Read, Permission::Ingest));
    EXPECT_FALSE(grants(TokenScope::Read, Permission::AlertsHandle));
    EXPECT_FALSE(grants(TokenScope::Read, Permission::UsersManage));
    EXPECT_TRUE(grants(TokenScope::Admin, Permission::SystemManage));
}

TEST(Gate, ScopeByRoleAndUnit) {
    FakeAccess access;
    const UnitId a = access.unit("xa-a");
    const UnitId b = access.unit("xa-b");
    const auto scope = [&](const Actor& actor) {
        return must(access.gate.require(actor, Permission::AlertsView));
    };
    for (const Role role : {Role::Admin, Role::Coordinator, Role::Analyst, Role::Auditor}) {
        // Also where the person belongs to a unit.
        EXPECT_TRUE(scope(access.actor(name_of(role), role, a)).everything()) << name_of(role);
    }
    for (const Role role : {Role::UnitOfficer, Role::OperatorDesk}) {
        const Scope own = scope(access.actor(std::string(name_of(role)) + "-a", role, a));
        EXPECT_FALSE(own.everything());
        EXPECT_TRUE(own.allows(a));
        EXPECT_FALSE(own.allows(b));
        EXPECT_FALSE(own.allows(std::nullopt));
        EXPECT_THAT(scope(access.actor(std::string(name_of(role)) + "-x", role)).units(),
                    IsEmpty());
    }
    EXPECT_TRUE(scope(token_actor(TokenScope::Read)).everything());
    EXPECT_THAT(scope(token_actor(TokenScope::Read, b)).units(), ElementsAre(b));
    // A token of one unit is no administrator of the province.
    EXPECT_FALSE(access.gate.require(token_actor(TokenScope::Admin, b), Permission::UsersManage));
    EXPECT_FALSE(access.gate.require(token_actor(TokenScope::Read, b), Permission::EventsSearch));
}

TEST(Gate, ObjectOfAnotherUnitIsDenied) {
    FakeAccess access;
    const UnitId a = access.unit("xa-a");
    const UnitId b = access.unit("xa-b");
    const Actor officer = access.actor("can-bo-a", Role::UnitOfficer, a);
    EXPECT_TRUE(access.gate.require(officer, Permission::AlertsView,
                                    {.kind = "alert", .id = "1", .unit = a}));
    const auto denied = access.gate.require(officer, Permission::AlertsView,
                                            {.kind = "alert", .id = "2", .unit = b});
    ASSERT_FALSE(denied);
    EXPECT_EQ(denied.error().code, Code::PermissionDenied);
    EXPECT_THAT(must(access.audit.list(access.all, {.action = "access.denied"})), SizeIs(1));
}

TEST(Gate, HeirSeesWhatItTookOverWholeAndNothingOfASplit) {
    FakeAccess access;
    const UnitId a = access.unit("xa-a");
    const UnitId b = access.unit("xa-b");
    const UnitId merged = access.unit("xa-ab");
    const UnitId later = access.unit("phuong-ab");
    must(access.units.succeed(access.system, {a, b}, merged, "sáp nhập 01/07/2025"));
    access.clock.advance(Duration::hours(1));
    must(access.units.succeed(access.system, {merged}, later, "đổi tên"));
    const auto units = must(access.gate.require(access.actor("mm", Role::UnitOfficer, later),
                                                Permission::AlertsView))
                           .units();
    EXPECT_THAT(units, testing::UnorderedElementsAre(a, b, merged, later));

    const UnitId district = access.unit("huyen");
    const UnitId east = access.unit("xa-dong");
    const UnitId west = access.unit("xa-tay");
    must(access.units.succeed(access.system, {district}, east, "bỏ cấp huyện"));
    must(access.units.succeed(access.system, {district}, west, "bỏ cấp huyện"));
    EXPECT_THAT(must(access.gate.require(access.actor("ee", Role::UnitOfficer, east),
                                         Permission::AlertsView))
                    .units(),
                ElementsAre(east));
    // The old unit's officer still sees the old unit, not the heir.
    EXPECT_THAT(
        must(access.gate.require(access.actor("oo", Role::UnitOfficer, a), Permission::AlertsView))
            .units(),
        ElementsAre(a));
}

TEST(Gate, DenialsAreAuditedOnceAMinute) {
    FakeAccess access;
    const Actor auditor = access.actor("kiem-toan", Role::Auditor);
    const auto rows = [&] {
        return must(access.audit.list(access.all, {.action = "access.denied"}));
    };
    for (int i = 0; i < 50; ++i) {
        EXPECT_FALSE(access.gate.require(auditor, Permission::UsersManage, {.kind = "user"}));
    }
    ASSERT_THAT(rows(), SizeIs(1));
    EXPECT_FALSE(access.gate.require(auditor, Permission::AlertsHandle));
    ASSERT_THAT(rows(), SizeIs(2));
    access.clock.advance(Duration::minutes(1));
    EXPECT_FALSE(access.gate.require(auditor, Permission::UsersManage, {.kind = "user"}));
    ASSERT_THAT(rows(), SizeIs(3));
    EXPECT_THAT(rows()[0].detail, HasSubstr("\"repeated_before\":\"49\""));
    EXPECT_EQ(rows()[0].actor_name, "kiem-toan");
}

TEST(Audit, ChainHoldsAndNamesTheFirstBrokenRow) {
    FakeAccess access;
    for (int i = 0; i < 20; ++i) {
        must(access.audit.append(access.system,
                                 {.action = "test.deed", .object_id = std::to_string(i)}));
    }
    auto check = must(access.audit.verify());
    EXPECT_EQ(check.rows, 20);
    EXPECT_EQ(check.head_seq, 20);
    EXPECT_FALSE(check.broken_seq);
    const auto tamper = [&](const char* sql) {
        must(access.database->transact([&](db::Session& session) -> Result<> {
            GAC_CHECK(session.script(
                "DROP TRIGGER IF EXISTS audit_no_update; DROP TRIGGER IF EXISTS audit_no_delete;"));
            GAC_CHECK(session.run(sql));
            return {};
        }));
        return must(access.audit.verify());
    };
    check = tamper("UPDATE audit SET object_id = 'forged' WHERE seq = 12");
    EXPECT_EQ(check.broken_seq, 12);
    EXPECT_EQ(check.rows, 11);
    EXPECT_THAT(check.reason, HasSubstr("changed"));
    check = tamper("UPDATE audit SET hash = 'x' WHERE seq = 9");
    EXPECT_EQ(check.broken_seq, 9);
    check = tamper("DELETE FROM audit WHERE seq = 5");
    EXPECT_EQ(check.broken_seq, 6);
    EXPECT_THAT(check.reason, HasSubstr("row 5 is missing"));
    check = tamper("UPDATE audit SET prev_hash = hash WHERE seq = 3");
    EXPECT_EQ(check.broken_seq, 3);
    EXPECT_THAT(check.reason, HasSubstr("does not follow"));
}

TEST(Audit, EveryColumnIsUnderTheHash) {
    for (const char* column : {"time", "actor_kind", "actor_id", "actor_name", "address", "action",
                               "object_kind", "object_id", "unit_id", "detail"}) {
        FakeAccess access;
        must(access.audit.append(access.system, {.action = "a"}));
        must(access.database->transact([&](db::Session& session) -> Result<> {
            GAC_CHECK(session.script("DROP TRIGGER audit_no_update;"));
            GAC_CHECK(
                session.run(fmt::format("UPDATE audit SET {} = {}", column,
                                        std::string_view(column) == "time" ? "time + 1" : "'zz'")));
            return {};
        }));
        // A foreign unit id that is no UUID reads as a zero one: still another text than before.
        EXPECT_EQ(must(access.audit.verify()).broken_seq, 1) << column;
    }
}

TEST(Audit, FieldsCannotFlowIntoEachOther) {
    FakeAccess access;
    must(access.audit.append(access.system, {.action = "ab", .object_kind = "c"}));
    must(access.database->transact([&](db::Session& session) -> Result<> {
        GAC_CHECK(session.script("DROP TRIGGER audit_no_update;"));
        GAC_CHECK(session.run("UPDATE audit SET action = 'a', object_kind = 'bc'"));
        return {};
    }));
    EXPECT_TRUE(must(access.audit.verify()).broken_seq);
}

TEST(Audit, DatabaseRefusesChangeAndRemoval) {
    FakeAccess access;
    must(access.audit.append(access.system, {.action = "a"}));
    for (const char* sql :
         {"UPDATE audit SET action = 'b'", "DELETE FROM audit",
          "INSERT OR REPLACE INTO audit SELECT seq, time, actor_kind, actor_id, actor_name, "
          "address, 'b', "
          "object_kind, object_id, unit_id, detail, prev_hash, hash FROM audit"}) {
        EXPECT_FALSE(access.database->transact([&](db::Session& session) {
            return session.run(sql);
        })) << sql;
    }
    EXPECT_FALSE(must(access.audit.verify()).broken_seq);
}

TEST(Audit, ListsByFilterAndCursor) {
    FakeAccess access;
    for (int i = 0; i < 10; ++i) {
        must(access.audit.append(access.system, {.action = i % 2 == 0 ? "x.even" : "x.odd",
                                                 .object_kind = "n",
                                                 .object_id = std::to_string(i)}));
        access.clock.advance(Duration::seconds(1));
    }
    EXPECT_THAT(must(access.audit.list(access.all, {.action = "x.even"})), SizeIs(5));
    EXPECT_THAT(must(access.audit.list(access.all, {.action = "x."})), SizeIs(10));
    EXPECT_THAT(must(access.audit.list(access.all, {.action = "x"})), IsEmpty());
    EXPECT_THAT(must(access.audit.list(access.all, {.object_kind = "n", .object_id = "3"})),
                SizeIs(1));
    EXPECT_THAT(must(access.audit.list(access.all, {.from = kTestStart + Duration::seconds(8)})),
                SizeIs(2));
    const auto page = must(access.audit.list(access.all, {.limit = 4}));
    ASSERT_THAT(page, SizeIs(4));
    EXPECT_EQ(page[0].seq, 10);
    EXPECT_EQ(must(access.audit.list(access.all, {.before_seq = page[3].seq})).at(0).seq, 6);
}

TEST(Users, NamesAndRulesAreChecked) {
    FakeAccess access;
    const base::Secret good{std::string(kTestPassword)};
    for (const char* name : {"", "a", "has space", "Đặng", "semi;colon", "'--"}) {
        EXPECT_EQ(access.users.add(access.system, {.name = name}, good).error().code,
                  Code::InvalidArgument)
            << name;
    }
    EXPECT_FALSE(access.users.add(access.system, {.name = "lan"}, base::Secret("short")));
    const User lan =
        must(access.users.add(access.system, {.name = "Lan.Anh", .role = Role::Analyst}, good));
    EXPECT_EQ(lan.name, "lan.anh");
    EXPECT_EQ(access.users.add(access.system, {.name = "LAN.ANH"}, good).error().code,
              Code::AlreadyExists);
    EXPECT_EQ(
        access.users.add(access.system, {.name = "minh", .unit = UnitId::make(kTestStart)}, good)
            .error()
            .code,
        Code::InvalidArgument);
    EXPECT_EQ(must(access.users.count()), 1);
    EXPECT_EQ(access.users.update(access.system, lan.id, 9, {.phone = "1"}).error().code,
              Code::Conflict);
    EXPECT_EQ(must(access.users.update(access.system, lan.id, 1, {.phone = "0900000000"})).phone,
              "0900000000");
    const auto rows = must(access.audit.list(access.all, {.object_kind = "user"}));
    ASSERT_THAT(rows, SizeIs(2));
    for (const AuditRow& row : rows) {
        EXPECT_THAT(row.detail, Not(HasSubstr("mật khẩu")));
    }
}

TEST(Users, LastAdministratorStays) {
    FakeAccess access;
    const User boss = access.add_user("boss", Role::Admin);
    EXPECT_EQ(access.users.update(access.system, boss.id, 1, {.active = false}).error().code,
              Code::Conflict);
    EXPECT_EQ(access.users.update(access.system, boss.id, 1, {.role = Role::Analyst}).error().code,
              Code::Conflict);
    access.add_user("boss2", Role::Admin);
    EXPECT_TRUE(access.users.update(access.system, boss.id, 1, {.active = false}));
}

TEST(Tokens, HaveAScopeAnEndAndALastUse) {
    FakeAccess access;
    const auto made =
        must(access.tokens.add(access.system, {.name = "winlogbeat", .scope = TokenScope::Ingest}));
    EXPECT_THAT(std::string(made.text.reveal()), testing::StartsWith("gac_ingest_"));
    EXPECT_EQ(made.text.reveal().size(), 11U + 43U);
    const Actor actor = must(access.tokens.authenticate(made.text.reveal(), "192.0.2.5"));
    EXPECT_EQ(actor.scope, TokenScope::Ingest);
    EXPECT_EQ(actor.address, "192.0.2.5");
    EXPECT_TRUE(access.gate.require(actor, Permission::Ingest));
    EXPECT_EQ(access.gate.require(actor, Permission::EventsSearch).error().code,
              Code::PermissionDenied);
    EXPECT_EQ(access.gate.require(actor, Permission::AlertsView).error().code,
              Code::PermissionDenied);
    EXPECT_EQ(must(access.tokens.list()).at(0).last_used, kTestStart);
    access.clock.advance(Duration::seconds(59));
    must(access.tokens.authenticate(made.text.reveal()));
    EXPECT_EQ(must(access.tokens.list()).at(0).last_used, kTestStart);
    access.clock.advance(Duration::seconds(1));
    must(access.tokens.authenticate(made.text.reveal()));
    EXPECT_EQ(must(access.tokens.list()).at(0).last_used, access.clock.now());

    must(access.tokens.revoke(access.system, made.token.id, "thay mới"));
    EXPECT_EQ(access.tokens.authenticate(made.text.reveal()).error().code, Code::Unauthenticated);
    EXPECT_EQ(access.tokens.revoke(access.system, made.token.id, "?").error().code, Code::Conflict);

    const auto brief = must(
        access.tokens.add(access.system, {.name = "b",
                                          .scope = TokenScope::Read,
                                          .expires = access.clock.now() + Duration::hours(1)}));
    EXPECT_TRUE(access.tokens.authenticate(brief.text.reveal()));
    access.clock.advance(Duration::hours(1));
    EXPECT_FALSE(access.tokens.authenticate(brief.text.reveal()));
    EXPECT_FALSE(access.tokens.add(access.system, {.name = "late", .expires = access.clock.now()}));
    EXPECT_FALSE(access.tokens.add(access.system, {.name = " "}));
    for (const std::string& bad :
         {std::string(), std::string("gac_"), std::string("gac_admin_") + std::string(43, 'A'),
          "gac_" + std::string(5000, 'x')}) {
        EXPECT_EQ(access.tokens.authenticate(bad).error().code, Code::Unauthenticated);
    }
}

TEST(Tokens, ScopeCannotBeRewritten) {
    FakeAccess access;
    const auto made =
        must(access.tokens.add(access.system, {.name = "t", .scope = TokenScope::Ingest}));
    std::string forged(made.text.reveal());
    forged.replace(4, 6, "admin");
    EXPECT_FALSE(access.tokens.authenticate(forged));
}

TEST(Totp, Rfc6238Vectors) {
    const std::string secret = "12345678901234567890";
    // The RFC's eight digits, their last six.
    EXPECT_EQ(totp_code(secret, 59 / 30), "287082");
    EXPECT_EQ(totp_code(secret, 1111111109 / 30), "081804");
    EXPECT_EQ(totp_code(secret, 1111111111 / 30), "050471");
    EXPECT_EQ(totp_code(secret, 1234567890 / 30), "005924");
    EXPECT_EQ(totp_code(secret, 2000000000 / 30), "279037");
    EXPECT_EQ(totp_code(secret, 20000000000 / 30), "353130");
}

struct SecondFactor : FakeAccess {
    User lan = add_user("lan", Role::Analyst);
    std::string secret;
    std::vector<std::string> recovery;

    SecondFactor() {
        const Enrolment enrolment = must(totp->enrol(system, lan.id));
        secret = parse_base32(enrolment.secret.reveal()).value_or("");
        recovery = must(totp->confirm(system, lan.id, code()));
        clock.advance(Duration::seconds(90));
    }
    std::string code(std::int64_t steps = 0) const {
        return totp_code(secret, clock.now().us / 30'000'000 + steps);
    }
};

TEST(Totp, SignInNeedsTheCode) {
    SecondFactor access;
    EXPECT_TRUE(must(access.users.find(access.lan.id)).second_factor);
    EXPECT_EQ(access.sign_in("lan").outcome, SignInOutcome::SecondFactorRequired);
    EXPECT_EQ(access.sign_in("lan", "wrong", access.code()).outcome,
              SignInOutcome::WrongCredentials);
    EXPECT_EQ(access.sign_in("lan", kTestPassword, "000000").outcome, SignInOutcome::WrongCode);
    EXPECT_EQ(access.sign_in("lan", kTestPassword, access.code()).outcome, SignInOutcome::Ok);
}

TEST(Totp, CodeWorksOnceAndWithinOneStep) {
    SecondFactor access;
    EXPECT_EQ(access.sign_in("lan", kTestPassword, access.code(-2)).outcome,
              SignInOutcome::WrongCode);
    EXPECT_EQ(access.sign_in("lan", kTestPassword, access.code(2)).outcome,
              SignInOutcome::WrongCode);
    const std::string code = access.code();
    EXPECT_EQ(
        access.sign_in("lan", kTestPassword, code.substr(0, 3) + " " + code.substr(3)).outcome,
        SignInOutcome::Ok);
    EXPECT_EQ(access.sign_in("lan", kTestPassword, code).outcome, SignInOutcome::WrongCode);
    // Nor an older one after it.
    EXPECT_EQ(access.sign_in("lan", kTestPassword, access.code(-1)).outcome,
              SignInOutcome::WrongCode);
    EXPECT_EQ(access.sign_in("lan", kTestPassword, access.code(1)).outcome, SignInOutcome::Ok);
}

TEST(Totp, GuessingCodesIsLockedOut) {
    SecondFactor access;
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(access.sign_in("lan", kTestPassword, "000000").outcome, SignInOutcome::WrongCode);
    }
    EXPECT_EQ(access.sign_in("lan", kTestPassword, access.code()).outcome,
              SignInOutcome::LockedOut);
}

TEST(Totp, AskingForTheCodeDoesNotClearTheCount) {
    SecondFactor access;
    for (int i = 0; i < 5; ++i) {
        access.sign_in("lan");
        access.sign_in("lan", "wrong");
    }
    EXPECT_EQ(access.sign_in("lan").outcome, SignInOutcome::LockedOut);
}

TEST(Totp, RecoveryCodesWorkOnceEach) {
    SecondFactor access;
    ASSERT_THAT(access.recovery, SizeIs(10));
    EXPECT_EQ(access.sign_in("lan", kTestPassword, access.recovery[0]).outcome, SignInOutcome::Ok);
    EXPECT_EQ(access.sign_in("lan", kTestPassword, access.recovery[0]).outcome,
              SignInOutcome::WrongCode);
    EXPECT_EQ(access.sign_in("lan", kTestPassword, base::ascii_lower(access.recovery[1])).outcome,
              SignInOutcome::Ok);
    EXPECT_EQ(must(access.totp->recovery_codes_left(access.lan.id)), 8);
    EXPECT_THAT(must(access.audit.list(access.all, {.action = "totp.recovery_used"})), SizeIs(2));
    const auto fresh = must(access.totp->new_recovery_codes(access.system, access.lan.id));
    EXPECT_EQ(access.sign_in("lan", kTestPassword, access.recovery[2]).outcome,
              SignInOutcome::WrongCode);
    EXPECT_EQ(access.sign_in("lan", kTestPassword, fresh[2]).outcome, SignInOutcome::Ok);
}

TEST(Totp, CountsOnlyAfterConfirming) {
    FakeAccess access;
    const User lan = access.add_user("lan", Role::Analyst);
    const Enrolment enrolment = must(access.totp->enrol(access.system, lan.id));
    EXPECT_THAT(enrolment.uri, HasSubstr("otpauth://totp/G%C3%A1c:lan?secret="));
    EXPECT_EQ(access.sign_in("lan").outcome, SignInOutcome::Ok);
    EXPECT_FALSE(access.totp->confirm(access.system, lan.id, "000000"));
    EXPECT_FALSE(access.totp->confirm(access.system, lan.id, "abc"));
    must(access.totp->enrol(access.system, lan.id));  // afresh
    EXPECT_FALSE(access.totp->new_recovery_codes(access.system, lan.id));
    must(access.totp->disable(access.system, lan.id, "đổi máy"));
    EXPECT_EQ(access.totp->disable(access.system, lan.id, "?").error().code, Code::NotFound);
}

TEST(Totp, ConfirmedOneIsNotReplacedByAskingAgain) {
    SecondFactor access;
    EXPECT_EQ(access.totp->enrol(access.system, access.lan.id).error().code, Code::Conflict);
}

TEST(Totp, CopyOfTheDatabaseAloneIsNotEnough) {
    SecondFactor access;
    auto other = must(Totp::open(*access.database, access.audit, access.clock,
                                 access.folder.path() / "other.key"));
    const auto verdict = access.database->transact(
        [&](db::Session& session) { return other->verify(session, access.lan.id, access.code()); });
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().code, Code::Corrupt);
}

TEST(SealKey, FileIsPrivateAndLasting) {
    TestFolder folder;
    const auto file = folder.path() / "seal.key";
    const std::string sealed = must(SealKey::open(file)).seal("secret", "lan");
    struct stat status{};
    ASSERT_EQ(stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    const SealKey again = must(SealKey::open(file));
    EXPECT_EQ(must(again.unseal(sealed, "lan")).reveal(), "secret");
    EXPECT_FALSE(again.unseal(sealed, "minh"));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        std::string damaged = sealed;
        damaged[i] = static_cast<char>(damaged[i] ^ 1);
        EXPECT_FALSE(again.unseal(damaged, "lan")) << i;
        EXPECT_FALSE(again.unseal(std::string_view(sealed).substr(0, i), "lan")) << i;
    }
    chmod(file.c_str(), 0640);
    const auto open = SealKey::open(file);
    ASSERT_FALSE(open);
    EXPECT_THAT(open.error().message(), HasSubstr("chmod 600"));
    chmod(file.c_str(), 0600);
    std::ofstream(file) << "short";
    EXPECT_EQ(SealKey::open(file).error().code, Code::Corrupt);
}

TEST(Codec, KnownVectors) {
    EXPECT_EQ(base64url(""), "");
    EXPECT_EQ(base64url("f"), "Zg");
    EXPECT_EQ(base64url("foobar"), "Zm9vYmFy");
    EXPECT_EQ(base64url("\xfb\xff"), "-_8");
    EXPECT_EQ(base32("foobar"), "MZXW6YTBOI");
    EXPECT_EQ(base32("fo"), "MZXQ");
    EXPECT_EQ(parse_base32("mzxw6ytboi"), "foobar");
    EXPECT_EQ(parse_base32("M1"), std::nullopt);
}

TEST(Units, HaveDatesParentsAndHeirs) {
    FakeAccess access;
    const Unit province = must(access.units.add(
        access.system, {.code = "tinh-mau", .name = "Tỉnh Mẫu", .kind = "province"}));
    const Unit commune = must(access.units.add(
        access.system,
        {.code = "xa-a", .name = "UBND xã A", .kind = "commune", .parent = province.id}));
    EXPECT_EQ(commune.parent, province.id);
    EXPECT_EQ(access.units.add(access.system, {.code = "xa-a", .name = "x"}).error().code,
              Code::AlreadyExists);
    EXPECT_FALSE(access.units.add(access.system, {.code = "Xã", .name = "x"}));
    EXPECT_FALSE(access.units.add(access.system, {.code = "x", .name = "  "}));
    EXPECT_FALSE(access.units.add(access.system, {.code = "x", .name = "x", .kind = "castle"}));
    // No circles, up or along time.
    EXPECT_FALSE(access.units.update(access.system, province.id, 1,
                                     {.parent = std::optional<UnitId>(commune.id)}));
    EXPECT_FALSE(access.units.update(access.system, province.id, 1,
                                     {.parent = std::optional<UnitId>(province.id)}));
    const UnitId heir = access.unit("xa-moi");
    must(access.units.succeed(access.system, {commune.id}, heir, "sáp nhập"));
    EXPECT_FALSE(access.units.succeed(access.system, {heir}, commune.id, "ngược"));
    EXPECT_FALSE(access.units.succeed(access.system, {heir}, heir, "chính nó"));
    const Unit ended = must(access.units.find_by_code("xa-a"));
    EXPECT_EQ(ended.valid_to, kTestStart);
    EXPECT_THAT(ended.successors, ElementsAre(heir));
    EXPECT_THAT(must(access.units.find(heir)).predecessors, ElementsAre(commune.id));
    EXPECT_THAT(must(access.units.list(access.all)), SizeIs(2));
    EXPECT_THAT(must(access.units.list(access.all, true)), SizeIs(3));
    EXPECT_EQ(access.units.update(access.system, heir, 7, {.name = "x"}).error().code,
              Code::Conflict);
    EXPECT_EQ(
        must(access.units.update(access.system, heir, 1, {.contact_phone = "0900"})).contact_phone,
        "0900");
}

}  // namespace
}  // namespace gac::access
