#include "access/sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "access/crypto/codec.h"
#include "access/crypto/password.h"
#include "access/fake_access.h"

namespace gac::access {
namespace {

using base::Duration;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using enum SignInOutcome;

std::int64_t count(FakeAccess& access, const char* sql) {
    return must(access.database->read([&](db::Session& session) { return session.number(sql); }));
}

TEST(SignIn, OpensASessionThatAuthenticates) {
    FakeAccess access;
    const UnitId unit = access.unit("xa-a");
    access.add_user("lan", Role::UnitOfficer, unit);
    const auto answer = access.sign_in("LAN");
    ASSERT_EQ(answer.outcome, Ok);
    EXPECT_EQ(answer.cookie.reveal().size(), 43U);
    EXPECT_EQ(answer.expires, kTestStart + Duration::hours(24));
    const auto who = must(access.sessions.authenticate(answer.cookie.reveal(), "192.0.2.1"));
    EXPECT_EQ(who.actor.name, "lan");
    EXPECT_EQ(who.actor.role, Role::UnitOfficer);
    EXPECT_EQ(who.actor.unit, unit);
    EXPECT_EQ(who.actor.address, "192.0.2.1");
    EXPECT_EQ(who.csrf, answer.csrf);
    EXPECT_EQ(must(access.users.find_by_name("lan")).last_sign_in, kTestStart);
}

TEST(SignIn, NeitherTokenNorPasswordIsStored) {
    FakeAccess access;
    access.add_user("lan", Role::Analyst);
    const auto answer = access.sign_in("lan");
    const auto token = must(access.tokens.add(access.system, {.name = "fb"}));
    must(access.database->checkpoint());
    std::string bytes;
    {
        FILE* file = fopen((access.folder.path() / "control.db").c_str(), "rb");
        ASSERT_NE(file, nullptr);
        char buffer[4096];
        for (std::size_t read = 0; (read = fread(buffer, 1, sizeof buffer, file)) > 0;) {
            bytes.append(buffer, read);
        }
        fclose(file);
    }
    EXPECT_EQ(bytes.find(answer.cookie.reveal()), std::string::npos);
    EXPECT_EQ(bytes.find(answer.csrf), std::string::npos);
    EXPECT_EQ(bytes.find(kTestPassword), std::string::npos);
    EXPECT_EQ(bytes.find(token.text.reveal()), std::string::npos);
    EXPECT_NE(bytes.find("$argon2id$"), std::string::npos);
}

TEST(SignIn, WrongPasswordUnknownNameAndClosedAccountLookTheSame) {
    FakeAccess access;
    access.add_user("boss", Role::Admin);
    access.add_user("lan", Role::Analyst);
    const User gone = access.add_user("gone", Role::Analyst);
    must(access.users.update(access.system, gone.id, gone.version, {.active = false}));
    for (const auto& [name, password] : {std::pair("lan", "wrong"), std::pair("nobody", "wrong"),
                                         std::pair("gone", kTestPassword.data()), std::pair("", ""),
                                         std::pair("\xff\n; DROP", "x")}) {
        const auto answer = access.sign_in(name, password);
        EXPECT_EQ(answer.outcome, WrongCredentials) << name;
        EXPECT_TRUE(answer.cookie.empty());
    }
}

TEST(SignIn, UnknownNamesAreNotWrittenDown) {
    FakeAccess access;
    access.sign_in("my-secret-typed-in-the-wrong-box!", "x");
    const auto rows = must(access.audit.list(access.all, {.action = "sign_in.failed"}));
    ASSERT_THAT(rows, SizeIs(1));
    EXPECT_THAT(rows[0].detail, Not(HasSubstr("secret")));
    EXPECT_EQ(count(access, "SELECT count(*) FROM sign_in_failures WHERE subject LIKE '%secret%'"),
              0);
}

TEST(LockOut, AfterFiveWrongTriesWithGrowingPauses) {
    FakeAccess access;
    access.add_user("lan", Role::Analyst);
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(access.sign_in("lan", "wrong").outcome, WrongCredentials) << i;
    }
    Duration wait = Duration::seconds(30);
    for (int i = 0; i < 8; ++i) {
        auto answer = access.sign_in("lan");  // the right password
        EXPECT_EQ(answer.outcome, LockedOut) << i;
        EXPECT_EQ(answer.retry_after, wait) << i;
        access.clock.advance(wait - Duration{1});
        EXPECT_EQ(access.sign_in("lan").outcome, LockedOut) << i;
        access.clock.advance({1});
        EXPECT_EQ(access.sign_in("lan", "wrong", {}, "192.0.2." + std::to_string(i + 10)).outcome,
                  WrongCredentials)
            << i;
        wait = std::min(Duration{wait.us * 2}, Duration::minutes(15));
    }
    EXPECT_EQ(wait, Duration::minutes(15));
    access.clock.advance(wait);
    EXPECT_EQ(access.sign_in("lan").outcome, Ok);
    // A success starts afresh.
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(access.sign_in("lan", "wrong").outcome, WrongCredentials);
    }
    EXPECT_EQ(access.sign_in("lan").outcome, Ok);
}

TEST(LockOut, SurvivesARestartAndEndsAfterADayOfQuiet) {
    FakeAccess access;
    access.add_user("lan", Role::Analyst);
    for (int i = 0; i < 5; ++i) {
        access.sign_in("lan", "wrong");
    }
    Users users(*access.database, access.audit, access.clock, {.memory_kib = 64, .passes = 1});
    Sessions again(*access.database, access.audit, access.clock, users, *access.totp);
    const SignIn right{.name = "lan", .password = base::Secret(std::string(kTestPassword))};
    EXPECT_EQ(must(again.sign_in(right)).outcome, LockedOut);
    access.clock.advance(Duration::hours(25));
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(access.sign_in("lan", "wrong").outcome, WrongCredentials);
    }
    EXPECT_EQ(must(again.sign_in(right)).outcome, Ok);
}

TEST(LockOut, AddressThatSpraysNamesIsLockedAndOthersAreNot) {
    FakeAccess access;
    access.add_user("lan", Role::Analyst);
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(access.sign_in("name" + std::to_string(i), "wrong", {}, "198.51.100.7").outcome,
                  WrongCredentials);
    }
    EXPECT_EQ(access.sign_in("lan", kTestPassword, {}, "198.51.100.7").outcome, LockedOut);
    EXPECT_EQ(access.sign_in("lan", kTestPassword, {}, "198.51.100.8").outcome, Ok);
}

TEST(LockOut, WholeIpv6NetworkCountsAsOneAddress) {
    FakeAccess access;
    for (int i = 0; i < 20; ++i) {
        access.sign_in("name" + std::to_string(i), "wrong", {},
                       "2001:db8:0:1::" + std::to_string(i));
    }
    access.add_user("lan", Role::Analyst);
    EXPECT_EQ(access.sign_in("lan", kTestPassword, {}, "2001:db8:0:1:ffff::1").outcome, LockedOut);
    EXPECT_EQ(access.sign_in("lan", kTestPassword, {}, "2001:db8:0:2::1").outcome, Ok);
}

TEST(LockOut, TriesAtTheSameTimeDoNotSlipThrough) {
    FakeAccess access;
    access.add_user("lan", Role::Analyst);
    std::atomic<int> judged{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            for (int j = 0; j < 5; ++j) {
                judged += access.sign_in("lan", "wrong").outcome == WrongCredentials ? 1 : 0;
            }
        });
    }
    threads.clear();
    EXPECT_EQ(judged, 5);
}

TEST(LockOut, AdministratorsNewPasswordLiftsIt) {
    FakeAccess access;
    const User lan = access.add_user("lan", Role::Analyst);
    for (int i = 0; i < 5; ++i) {
        access.sign_in("lan", "wrong");
    }
    must(access.users.set_password(access.system, lan.id, base::Secret("một mật khẩu khác")));
    EXPECT_EQ(access.sign_in("lan", "một mật khẩu khác").outcome, Ok);
}

TEST(Session, EndsWhenIdleAndAtItsAbsoluteEnd) {
    FakeAccess access;
    access.add_user("lan", Role::Analyst);
    const auto alive = [&](const SignInAnswer& answer) {
        return access.sessions.authenticate(answer.cookie.reveal()).has_value();
    };
    const auto idle = access.sign_in("lan");
    const auto busy = access.sign_in("lan");
    access.clock.advance(Duration::hours(11));
    EXPECT_TRUE(alive(busy));
    access.clock.advance(Duration::hours(1));
    EXPECT_FALSE(alive(idle));
    EXPECT_TRUE(alive(busy));
    access.clock.advance(Duration::hours(11));
    EXPECT_TRUE(alive(busy));
    EXPECT_THAT(must(access.sessions.list(busy.user->id)), SizeIs(1));
    access.clock.advance(Duration::hours(1));
    EXPECT_FALSE(alive(busy));
    must(access.sessions.prune());
    EXPECT_EQ(count(access, "SELECT count(*) FROM sessions"), 0);
}

TEST(Session, EndsBySignOutRevocationAndClosing) {
    FakeAccess access;
    access.add_user("boss", Role::Admin);
    const User lan = access.add_user("lan", Role::Analyst);
    const auto a = access.sign_in("lan");
    const auto b = access.sign_in("lan");
    const auto c = access.sign_in("lan");
    must(access.sessions.sign_out(a.cookie.reveal()));
    EXPECT_EQ(access.sessions.authenticate(a.cookie.reveal()).error().code, Code::Unauthenticated);
    must(access.sessions.revoke(access.system, b.session, "máy bị mất"));
    EXPECT_FALSE(access.sessions.authenticate(b.cookie.reveal()));
    EXPECT_TRUE(access.sessions.authenticate(c.cookie.reveal()));
    must(access.users.update(access.system, lan.id, must(access.users.find(lan.id)).version,
                             {.active = false}));
    EXPECT_FALSE(access.sessions.authenticate(c.cookie.reveal()));
    EXPECT_EQ(access.sessions.revoke(access.system, b.session, "?").error().code, Code::NotFound);
}

TEST(Session, ChangedRoleHoldsAtOnce) {
    FakeAccess access;
    access.add_user("boss", Role::Admin);
    const User lan = access.add_user("lan", Role::Admin);
    const auto answer = access.sign_in("lan");
    must(access.users.update(access.system, lan.id, must(access.users.find(lan.id)).version,
                             {.role = Role::Auditor}));
    EXPECT_EQ(must(access.sessions.authenticate(answer.cookie.reveal())).actor.role, Role::Auditor);
}

TEST(Session, NewPasswordEndsTheOtherSessions) {
    FakeAccess access;
    const Actor lan = access.actor("lan", Role::Analyst);
    const auto here = access.sign_in("lan");
    const auto there = access.sign_in("lan");
    const base::Secret old{std::string(kTestPassword)};
    const base::Secret fresh("một mật khẩu khác");
    EXPECT_EQ(access.users.change_password(lan, fresh, fresh).error().code, Code::PermissionDenied);
    EXPECT_EQ(access.users.change_password(lan, old, base::Secret("short")).error().code,
              Code::InvalidArgument);
    must(access.users.change_password(lan, old, fresh, here.cookie.reveal()));
    EXPECT_TRUE(access.sessions.authenticate(here.cookie.reveal()));
    EXPECT_FALSE(access.sessions.authenticate(there.cookie.reveal()));
    EXPECT_EQ(access.sign_in("lan").outcome, WrongCredentials);
    EXPECT_EQ(access.sign_in("lan", "một mật khẩu khác").outcome, Ok);
}

TEST(Session, CsrfTokenFitsItsSessionOnly) {
    FakeAccess access;
    access.add_user("lan", Role::Analyst);
    const auto a = access.sign_in("lan");
    const auto b = access.sign_in("lan");
    EXPECT_TRUE(Sessions::check_csrf(a.cookie.reveal(), a.csrf));
    EXPECT_EQ(Sessions::check_csrf(a.cookie.reveal(), b.csrf).error().code, Code::PermissionDenied);
    EXPECT_FALSE(Sessions::check_csrf(a.cookie.reveal(), ""));
    EXPECT_FALSE(Sessions::check_csrf("", a.csrf));
}

TEST(Session, GarbageCookiesAreRefused) {
    FakeAccess access;
    for (const std::string& cookie :
         {std::string(), std::string("x"), std::string(5000, 'a'), std::string("\0\xff", 2)}) {
        EXPECT_EQ(access.sessions.authenticate(cookie).error().code, Code::Unauthenticated);
    }
}

TEST(Session, AtMostFiftyAPerson) {
    FakeAccess access;
    access.add_user("lan", Role::Analyst);
    const auto first = access.sign_in("lan");
    for (int i = 0; i < 50; ++i) {
        access.clock.advance(Duration::millis(10));
        access.sign_in("lan");
    }
    EXPECT_EQ(count(access, "SELECT count(*) FROM sessions"), 50);
    EXPECT_FALSE(access.sessions.authenticate(first.cookie.reveal()));
}

TEST(Password, HashSaysItsCostAndIsRaisedAtSignIn) {
    FakeAccess access;
    access.add_user("lan", Role::Analyst);
    const auto hash = [&] {
        return must(access.database->read([](db::Session& session) {
                   return session.first("SELECT password_hash FROM users", {},
                                        [](const db::RowView& row) { return row.string(0); });
               }))
            .value_or("");
    };
    EXPECT_THAT(hash(), testing::StartsWith("$argon2id$v=19$m=64,t=1,p=1$"));
    Users dearer(*access.database, access.audit, access.clock, {.memory_kib = 128, .passes = 2});
    Sessions sessions(*access.database, access.audit, access.clock, dearer, *access.totp);
    const SignIn right{.name = "lan", .password = base::Secret(std::string(kTestPassword))};
    EXPECT_EQ(must(sessions.sign_in(right)).outcome, Ok);
    EXPECT_THAT(hash(), testing::StartsWith("$argon2id$v=19$m=128,t=2,p=1$"));
    EXPECT_EQ(must(sessions.sign_in(right)).outcome, Ok);
}

TEST(Password, DefaultCostIsWhatWePromise) {
    const std::string hash = must(hash_password("mật khẩu rất dài", {}));
    EXPECT_THAT(hash, testing::StartsWith("$argon2id$v=19$m=65536,t=3,p=1$"));
    EXPECT_TRUE(must(verify_password(hash, "mật khẩu rất dài")));
    EXPECT_FALSE(must(verify_password(hash, "mật khẩu rất dài ")));
}

TEST(Password, Rules) {
    EXPECT_TRUE(check_password_rules("lan", "mười hai chữ"));
    EXPECT_FALSE(check_password_rules("lan", "eleven-char"));
    EXPECT_FALSE(check_password_rules("lan", "ấấấấấấấấấấấấấ"));
    EXPECT_FALSE(check_password_rules("nguyen.van.an", "Nguyen.Van.An"));
    EXPECT_FALSE(check_password_rules("lan", std::string(1025, 'x') + "y"));
    EXPECT_FALSE(check_password_rules("lan", "not utf-8 \xff\xfe at all"));
}

}  // namespace
}  // namespace gac::access
