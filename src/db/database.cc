#include <fcntl.h>
#include <sys/stat.h>

#include <condition_variable>
#include <mutex>
#include <vector>

#include "base/assert.h"
#include "base/file.h"
#include "base/log.h"
#include "db/migrations.h"
#include "db/sqlite.h"

namespace gac::db {

namespace {

class OwnSession final : public Session {
public:
    using Session::Connection;
    using Session::connection_;
};

// A transaction inside a transaction of the same thread would wait for itself for ever.
thread_local int writing_here = 0;

}  // namespace

struct Database::State {
    std::filesystem::path file;
    OwnSession writer;
    std::vector<std::unique_ptr<OwnSession>> readers;
    std::mutex write_lock;
    std::mutex reader_lock;
    std::condition_variable reader_back;
    std::vector<OwnSession*> free_readers;

    Session* writing() { return &writer; }
};

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& file,
                                                 const base::Clock& clock, const Options& options) {
    {
        // Made by us with the right mode before SQLite would make it with the umask's; -wal and
        // -shm inherit it.
        GAC_TRY(made, base::open_file(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    }
    auto state = std::make_unique<State>();
    state->file = file;
    GAC_CHECK(state->writer.connection_->open(file, false, options));
    if (options.migrate) {
        auto migrated = db::migrate(state->writer, migrations(), clock.now());
        if (!migrated) {
            return std::unexpected(base::at(file.string(), std::move(migrated).error()));
        }
        if (*migrated > 0) {
            base::log_info("db", "schema brought up to date by {} migrations", *migrated);
        }
    }
    for (int i = 0; i < options.readers; ++i) {
        auto reader = std::make_unique<OwnSession>();
        GAC_CHECK(reader->connection_->open(file, true, options));
        state->free_readers.push_back(reader.get());
        state->readers.push_back(std::move(reader));
    }
    return std::unique_ptr<Database>(new Database(std::move(state)));
}

const std::filesystem::path& Database::file() const { return state_->file; }

Result<> Database::checkpoint() {
    GAC_ASSERT(writing_here == 0);
    const std::lock_guard lock(state_->write_lock);
    return state_->writer.each("PRAGMA wal_checkpoint(TRUNCATE)", {}, [](const RowView&) {});
}

Result<> Database::copy_to(const std::filesystem::path& file) {
    GAC_ASSERT(writing_here == 0);
    {
        const std::lock_guard lock(state_->write_lock);
        GAC_CHECK(state_->writer.run("VACUUM INTO ?", {file.string()}));
    }
    GAC_TRY(fd, base::open_file(file, O_RDWR));
    if (::fchmod(fd.get(), 0600) != 0) {
        return base::fail_errno(file.string(), errno);
    }
    GAC_CHECK(base::sync_data(fd));
    return base::sync_folder(file.parent_path());
}

Result<Database::Lease> Database::begin_write() {
    GAC_ASSERT(writing_here == 0);
    state_->write_lock.lock();
    writing_here = 1;
    Lease lease(state_.get(), &state_->writer, true);
    // IMMEDIATE: waits for another process here, not in the middle.
    if (auto begun = state_->writer.run("BEGIN IMMEDIATE"); !begun) {
        return std::unexpected(std::move(begun).error());
    }
    return lease;
}

Result<Database::Lease> Database::begin_read() {
    OwnSession* reader = nullptr;
    {
        std::unique_lock lock(state_->reader_lock);
        state_->reader_back.wait(lock, [&] { return !state_->free_readers.empty(); });
        reader = state_->free_readers.back();
        state_->free_readers.pop_back();
    }
    Lease lease(state_.get(), reader, false);
    if (auto begun = reader->run("BEGIN"); !begun) {
        return std::unexpected(std::move(begun).error());
    }
    return lease;
}

Database::Lease::~Lease() {
    if (state == nullptr) {
        return;
    }
    sqlite3* handle = session->connection_->handle.get();
    if (sqlite3_get_autocommit(handle) == 0) {
        // A failed rollback leaves nothing to do: SQLite has rolled back by itself then.
        (void)session->run(writes ? "ROLLBACK" : "COMMIT");
    }
    if (writes) {
        writing_here = 0;
        state->write_lock.unlock();
        return;
    }
    {
        const std::lock_guard lock(state->reader_lock);
        state->free_readers.push_back(static_cast<OwnSession*>(session));
    }
    state->reader_back.notify_one();
}

Result<> Database::Lease::commit() {
    if (auto done = session->run("COMMIT"); !done) {
        return std::unexpected(std::move(done).error());
    }
    return {};
}

}  // namespace gac::db
