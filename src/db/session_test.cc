#include "db/session.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "db/migrations.h"

namespace gac::db {
namespace {

namespace fs = std::filesystem;

class Folder {
public:
    Folder() {
        std::string pattern = (fs::temp_directory_path() / "gac_db_XXXXXX").string();
        path_ = mkdtemp(pattern.data());
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    fs::path operator/(const char* name) const { return path_ / name; }

private:
    fs::path path_;
};

const base::FakeClock kClock{{1'700'000'000'000'000}};

std::unique_ptr<Database> open_plain(const fs::path& file) {
    auto opened = Database::open(file, kClock, {.migrate = false});
    EXPECT_TRUE(opened) << opened.error().message();
    return std::move(*opened);
}

std::int64_t count(Database& database, const char* sql) {
    const auto result = database.read([&](Session& session) { return session.number(sql); });
    EXPECT_TRUE(result) << result.error().message();
    return result.value_or(-1);
}

void make_table(Database& database) {
    ASSERT_TRUE(database.transact([](Session& session) {
        return session.run("CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b TEXT) STRICT");
    }));
}

TEST(Database, KeepsWhatWasCommittedAndDropsWhatFailed) {
    Folder folder;
    {
        auto database = open_plain(folder / "c.db");
        make_table(*database);
        ASSERT_TRUE(database->transact([](Session& session) {
            return session.run("INSERT INTO t VALUES (?, ?)", {1, "một"});
        }));
        const Result<> failed = database->transact([](Session& session) -> Result<> {
            GAC_CHECK(session.run("INSERT INTO t VALUES (2, 'hai')"));
            return fail(Code::Conflict, "thought better of it");
        });
        EXPECT_EQ(failed.error().code, Code::Conflict);
        EXPECT_EQ(count(*database, "SELECT count(*) FROM t"), 1);
    }
    auto database = open_plain(folder / "c.db");
    EXPECT_EQ(count(*database, "SELECT count(*) FROM t"), 1);
}

TEST(Database, FileIsReadableByTheOwnerOnly) {
    Folder folder;
    auto database = open_plain(folder / "c.db");
    make_table(*database);
    for (const char* name : {"c.db", "c.db-wal"}) {
        struct stat status{};
        ASSERT_EQ(stat((folder / name).c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0777U, 0600U) << name;
    }
}

TEST(Database, GivesEveryTypeBackAsItWasBound) {
    Folder folder;
    auto database = open_plain(folder / "c.db");
    ASSERT_TRUE(database->transact([](Session& session) {
        return session.run(
            "CREATE TABLE v (id TEXT, i INTEGER, r REAL, t TEXT, b BLOB, n TEXT, f INTEGER) "
            "STRICT");
    }));
    const auto id = base::AlertId::make(kClock.now());
    const std::string bytes("\0\xff\x01", 3);
    const std::optional<std::int64_t> nothing;
    ASSERT_TRUE(database->transact([&](Session& session) {
        return session.run(
            "INSERT INTO v VALUES (?, ?, ?, ?, ?, ?, ?)",
            {id, INT64_MIN, 0.5, std::string_view{}, Arg::blob(bytes), nothing, true});
    }));
    const auto same = database->read([&](Session& session) {
        return session.first("SELECT * FROM v WHERE id = ?", {id}, [&](const RowView& row) {
            EXPECT_EQ(row.id<base::AlertId>(0), id);
            EXPECT_EQ(row.integer(1), INT64_MIN);
            EXPECT_EQ(row.real(2), 0.5);
            EXPECT_FALSE(row.is_null(3));
            EXPECT_EQ(row.text(3), "");
            EXPECT_EQ(row.text(4), bytes);
            EXPECT_TRUE(row.is_null(5));
            EXPECT_EQ(row.maybe_id<base::AlertId>(5), std::nullopt);
            EXPECT_TRUE(row.truth(6));
            return true;
        });
    });
    ASSERT_TRUE(same);
    EXPECT_TRUE(same->has_value());
}

TEST(Database, TextThatLooksLikeSqlStaysText) {
    Folder folder;
    auto database = open_plain(folder / "c.db");
    make_table(*database);
    const std::string evil = "'); DROP TABLE t; --";
    ASSERT_TRUE(database->transact(
        [&](Session& session) { return session.run("INSERT INTO t VALUES (1, ?)", {evil}); }));
    const auto back = database->read([&](Session& session) {
        return session.first("SELECT b FROM t WHERE b = ?", {evil},
                             [](const RowView& row) { return row.string(0); });
    });
    ASSERT_TRUE(back);
    EXPECT_EQ(back->value_or(""), evil);
}

TEST(Database, ErrorsSayWhatKindTheyAre) {
    Folder folder;
    auto database = open_plain(folder / "c.db");
    make_table(*database);
    const auto run = [&](const char* sql) {
        const auto result = database->transact([&](Session& session) { return session.run(sql); });
        return result ? Code::NotFound : result.error().code;
    };
    EXPECT_EQ(run("INSERT INTO t VALUES (1, 'a')"), Code::NotFound);
    EXPECT_EQ(run("INSERT INTO t VALUES (1, 'b')"), Code::AlreadyExists);
    EXPECT_EQ(run("INSERT INTO t VALUES ('x', 'b')"), Code::InvalidArgument);
    EXPECT_EQ(run("SELECT \"no such column\" FROM t"), Code::Internal);
    EXPECT_EQ(count(*database, "SELECT count(*) FROM t"), 1);
}

TEST(Database, FullStorageIsSaidAndTheOldRowsStay) {
    Folder folder;
    auto database = open_plain(folder / "c.db");
    make_table(*database);
    ASSERT_TRUE(database->transact([](Session& session) {
        return session.each("PRAGMA max_page_count = 16", {}, [](const RowView&) {});
    }));
    const std::string big(200'000, 'x');
    const auto full = database->transact(
        [&](Session& session) { return session.run("INSERT INTO t VALUES (1, ?)", {big}); });
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, Code::StorageFull);
    EXPECT_TRUE(database->transact(
        [&](Session& session) { return session.run("INSERT INTO t VALUES (2, 'small')"); }));
}

TEST(Database, ReaderSeesOneStateWhileTheWriterGoesOn) {
    Folder folder;
    auto database = open_plain(folder / "c.db");
    make_table(*database);
    const auto both =
        database->read([&](Session& session) -> Result<std::pair<std::int64_t, std::int64_t>> {
            GAC_TRY(before, session.number("SELECT count(*) FROM t"));
            EXPECT_TRUE(database->transact(
                [](Session& writer) { return writer.run("INSERT INTO t VALUES (7, 'x')"); }));
            GAC_TRY(after, session.number("SELECT count(*) FROM t"));
            return std::pair(before, after);
        });
    ASSERT_TRUE(both);
    EXPECT_EQ(both->first, 0);
    EXPECT_EQ(both->second, 0);
    EXPECT_EQ(count(*database, "SELECT count(*) FROM t"), 1);
}

TEST(Database, ReadersCannotWrite) {
    Folder folder;
    auto database = open_plain(folder / "c.db");
    make_table(*database);
    EXPECT_FALSE(database->read(
        [](Session& session) { return session.run("INSERT INTO t VALUES (1, 'x')"); }));
}

TEST(Database, ManyThreadsLoseNothing) {
    Folder folder;
    auto database = open_plain(folder / "c.db");
    make_table(*database);
    std::atomic<int> failures{0};
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&, thread] {
            for (int i = 0; i < 50; ++i) {
                const int key = thread * 1000 + i;
                const auto written = database->transact([&](Session& session) {
                    return session.run("INSERT INTO t VALUES (?, ?)", {key, "x"});
                });
                const auto seen = database->read([&](Session& session) {
                    return session.number("SELECT count(*) FROM t WHERE a = ?", {key});
                });
                failures += written && seen && *seen == 1 ? 0 : 1;
            }
        });
    }
    threads.clear();
    EXPECT_EQ(failures, 0);
    EXPECT_EQ(count(*database, "SELECT count(*) FROM t"), 200);
}

TEST(Database, SameQueryInsideItselfWorks) {
    Folder folder;
    auto database = open_plain(folder / "c.db");
    make_table(*database);
    ASSERT_TRUE(database->transact(
        [](Session& session) { return session.run("INSERT INTO t VALUES (1, 'a'), (2, 'b')"); }));
    int pairs = 0;
    ASSERT_TRUE(database->read([&](Session& session) {
        constexpr const char* kAll = "SELECT a FROM t";
        return session.each(kAll, {}, [&](const RowView&) {
            EXPECT_TRUE(session.each(kAll, {}, [&](const RowView&) { ++pairs; }));
        });
    }));
    EXPECT_EQ(pairs, 4);
}

TEST(Database, StatementCacheIsBounded) {
    Folder folder;
    auto database = open_plain(folder / "c.db");
    ASSERT_TRUE(database->read([](Session& session) -> Result<> {
        for (int i = 0; i < 1000; ++i) {
            GAC_TRY(value, session.number("SELECT " + std::to_string(i)));
            EXPECT_EQ(value, i);
        }
        return {};
    }));
}

constexpr Migration kFirst{1, "0001_a", "CREATE TABLE a (x INTEGER) STRICT;"};
constexpr Migration kSecond{2, "0002_b",
                            "CREATE TABLE b (x INTEGER) STRICT; INSERT INTO a VALUES (5);"};

Result<int> migrate_with(Database& database, std::vector<Migration> known) {
    // migrate() wants to be outside a transaction; end the one that transact() began.
    return database.transact([&](Session& session) -> Result<int> {
        GAC_CHECK(session.run("COMMIT"));
        auto result = migrate(session, known, kClock.now());
        GAC_CHECK(session.run("BEGIN"));
        return result;
    });
}

TEST(Migrations, RunOnceInOrder) {
    Folder folder;
    auto database = open_plain(folder / "c.db");
    EXPECT_EQ(migrate_with(*database, {kFirst}).value(), 1);
    EXPECT_EQ(migrate_with(*database, {kFirst, kSecond}).value(), 1);
    EXPECT_EQ(migrate_with(*database, {kFirst, kSecond}).value(), 0);
    EXPECT_EQ(count(*database, "SELECT x FROM a"), 5);
}

TEST(Migrations, NewerDatabaseIsRefused) {
    Folder folder;
    auto database = open_plain(folder / "c.db");
    ASSERT_TRUE(migrate_with(*database, {kFirst, kSecond}));
    const auto older = migrate_with(*database, {kFirst});
    ASSERT_FALSE(older);
    EXPECT_EQ(older.error().code, Code::Conflict);
    EXPECT_NE(older.error().text.find("newer gac"), std::string::npos);
}

TEST(Migrations, ChangedMigrationIsRefused) {
    Folder folder;
    auto database = open_plain(folder / "c.db");
    ASSERT_TRUE(migrate_with(*database, {kFirst}));
    const auto changed = migrate_with(*database, {{1, "0001_a", "CREATE TABLE a (y INTEGER);"}});
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().code, Code::Corrupt);
}

TEST(Migrations, FailedOneLeavesTheVersionBefore) {
    Folder folder;
    auto database = open_plain(folder / "c.db");
    const auto broken = migrate_with(
        *database, {kFirst, {2, "0002_b", "INSERT INTO a VALUES (1); SELECT nonsense;"}});
    ASSERT_FALSE(broken);
    EXPECT_NE(broken.error().message().find("0002_b"), std::string::npos);
    EXPECT_EQ(count(*database, "SELECT count(*) FROM a"), 0);
    EXPECT_EQ(migrate_with(*database, {kFirst, kSecond}).value(), 1);
}

std::string schema_of(Database& database) {
    std::string all;
    EXPECT_TRUE(database.read([&](Session& session) {
        return session.each(
            "SELECT type, name, coalesce(sql, '') FROM sqlite_master ORDER BY type, name", {},
            [&](const RowView& row) {
                all += row.string(0) + " " + row.string(1) + " " + row.string(2) + "\n";
            });
    }));
    return all;
}

TEST(Migrations, EveryEarlierVersionArrivesAtTheSameSchema) {
    const auto all = migrations();
    ASSERT_GE(all.size(), 4U);
    Folder folder;
    auto whole = Database::open(folder / "whole.db", kClock);
    ASSERT_TRUE(whole) << whole.error().message();
    const std::string wanted = schema_of(**whole);
    for (std::size_t had = 0; had < all.size(); ++had) {
        EXPECT_EQ(all[had].version, static_cast<int>(had) + 1);
        const fs::path file = folder / ("from" + std::to_string(had) + ".db").c_str();
        {
            auto database = open_plain(file);
            ASSERT_TRUE(
                migrate_with(*database, {all.begin(), all.begin() + static_cast<long>(had)}));
        }
        auto upgraded = Database::open(file, kClock);
        ASSERT_TRUE(upgraded) << upgraded.error().message();
        EXPECT_EQ(schema_of(**upgraded), wanted) << "from version " << had;
        const auto foreign = (*upgraded)->read([](Session& session) {
            return session.number("SELECT count(*) FROM pragma_foreign_key_check");
        });
        EXPECT_EQ(foreign.value_or(-1), 0);
    }
}

TEST(Database, FileThatIsNoDatabaseIsRefusedByName) {
    Folder folder;
    std::ofstream(folder / "c.db") << std::string(4096, 'z');
    const auto opened = Database::open(folder / "c.db", kClock);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::Corrupt);
    EXPECT_NE(opened.error().message().find("c.db"), std::string::npos);
}

}  // namespace
}  // namespace gac::db
