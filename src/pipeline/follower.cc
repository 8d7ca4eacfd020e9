#include "pipeline/follower.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <condition_variable>
#include <mutex>

#include <fmt/format.h>

#include "base/file.h"
#include "base/log.h"

namespace gac::pipeline {

namespace {

constexpr std::size_t kReadBytesMax = 256 << 10;
constexpr std::size_t kStateBytesMax = 16 << 20;

}  // namespace

// One file. `taken` is how far its lines are durable, counted from the start of the file with this
// inode.
struct Follower::Tail {
    Followed file;
    base::Fd fd;
    ino_t inode = 0;
    std::uint64_t taken = 0;
    std::uint64_t start_at = 0;  // from the state file, for that inode
    ino_t start_inode = 0;

    void open_if_there() {
        auto opened = base::open_file(file.path, O_RDONLY);
        if (!opened) {
            return;  // waited for
        }
        struct stat status{};
        if (::fstat(opened->get(), &status) != 0) {
            return;
        }
        fd = *std::move(opened);
        inode = status.st_ino;
        const bool same =
            start_inode == inode && start_at <= static_cast<std::uint64_t>(status.st_size);
        taken = same ? start_at : 0;
    }

    // The path names another file now, or none.
    bool rotated() const {
        struct stat status{};
        return ::stat(file.path.c_str(), &status) != 0 || status.st_ino != inode;
    }

    // Hands in whole lines from `taken` on; true when there was something.
    bool read_on(Pipeline& pipeline, bool to_the_end) {
        struct stat status{};
        if (::fstat(fd.get(), &status) != 0) {
            return false;
        }
        if (static_cast<std::uint64_t>(status.st_size) < taken) {
            base::log_info("pipeline", "{} was truncated, reading from its start",
                           file.path.string());
            taken = 0;
        }
        std::string bytes(kReadBytesMax, '\0');
        const ssize_t n = ::pread(fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(taken));
        if (n <= 0) {
            return false;
        }
        bytes.resize(static_cast<std::size_t>(n));
        std::size_t whole = bytes.rfind('\n') + 1;  // npos + 1 == 0
        if (whole == 0) {
            // No line end in sight: an endless line is handed in piece by piece, the last one when
            // the file is left.
            if (bytes.size() < kReadBytesMax && !to_the_end) {
                return false;
            }
            whole = bytes.size();
        }
        bytes.resize(whole);
        const std::uint64_t end = taken + whole;
        Chunk chunk;
        chunk.source = file.source;
        chunk.format = file.format;
        chunk.peer = file.path.string();
        chunk.bytes = std::move(bytes);
        chunk.received = pipeline.clock().now();
        return hand_in(pipeline, std::move(chunk), end);
    }

    // Waits for the answer, so that a full disk stops the reading and no line is passed over.
    bool hand_in(Pipeline& pipeline, Chunk chunk, std::uint64_t end) {
        struct Answer {
            std::mutex mutex;
            std::condition_variable ready;
            bool come = false;
            bool kept = false;
        };
        const auto answer = std::make_shared<Answer>();
        chunk.done = [answer](const Receipt& receipt) {
            const std::lock_guard lock(answer->mutex);
            answer->come = true;
            answer->kept = receipt.outcome.has_value();
            answer->ready.notify_all();
        };
        if (!pipeline.submit(chunk)) {
            return false;  // full: the same lines are read again at the next look
        }
        std::unique_lock lock(answer->mutex);
        answer->ready.wait(lock, [&] { return answer->come; });
        if (!answer->kept) {
            return false;
        }
        taken = end;
        return true;
    }
};

Follower::Follower(Pipeline& pipeline, std::filesystem::path state, base::Duration poll)
    : pipeline_(pipeline), state_(std::move(state)), poll_(poll) {}

Result<std::unique_ptr<Follower>> Follower::start(Pipeline& pipeline, std::vector<Followed> files,
                                                  std::filesystem::path state,
                                                  base::Duration poll) {
    std::unique_ptr<Follower> follower(new Follower(pipeline, std::move(state), poll));
    for (Followed& file : files) {
        auto tail = std::make_unique<Tail>();
        tail->file = std::move(file);
        follower->tails_.push_back(std::move(tail));
    }
    GAC_CHECK(follower->load_positions());
    follower->thread_ =
        std::jthread([raw = follower.get()](const std::stop_token& stop) { raw->run(stop); });
    return follower;
}

Follower::~Follower() {
    thread_.request_stop();
    if (thread_.joinable()) {
        thread_.join();
    }
    save_positions();
}

// One line a file: inode, offset, path.
Result<> Follower::load_positions() {
    auto text = base::read_file(state_, kStateBytesMax);
    if (!text) {
        return text.error().code == Code::NotFound ? Result<>{} : std::unexpected(text.error());
    }
    saved_ = *text;
    std::string_view rest = saved_;
    while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        std::uint64_t inode = 0;
        std::uint64_t offset = 0;
        const char* stop = line.data() + line.size();
        const auto first = std::from_chars(line.data(), stop, inode);
        if (first.ec != std::errc{} || first.ptr == stop) {
            return fail(Code::Corrupt, "a line is not \"inode offset path\"", state_.string());
        }
        const auto second = std::from_chars(first.ptr + 1, stop, offset);
        if (second.ec != std::errc{} || second.ptr == stop) {
            return fail(Code::Corrupt, "a line is not \"inode offset path\"", state_.string());
        }
        const std::string_view path(second.ptr + 1,
                                    static_cast<std::size_t>(stop - second.ptr - 1));
        for (const auto& tail : tails_) {
            if (tail->file.path == path) {
                tail->start_inode = inode;
                tail->start_at = offset;
            }
        }
    }
    return {};
}

void Follower::save_positions() {
    std::string text;
    for (const auto& tail : tails_) {
        if (tail->fd) {
            text += fmt::format("{} {} {}\n", tail->inode, tail->taken, tail->file.path.string());
        } else if (tail->start_inode != 0) {
            text += fmt::format("{} {} {}\n", tail->start_inode, tail->start_at,
                                tail->file.path.string());
        }
    }
    if (text == saved_) {
        return;
    }
    if (const auto written = base::write_file_atomic(state_, text); !written) {
        base::log_warn("pipeline", "positions of followed files not saved: {}",
                       written.error().message());
        return;
    }
    saved_ = std::move(text);
}

void Follower::run(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    while (!stop.stop_requested()) {
        bool busy = false;
        for (const auto& tail : tails_) {
            if (!tail->fd) {
                tail->open_if_there();
            }
            if (!tail->fd) {
                continue;
            }
            const bool rotated =
                tail->rotated();  // asked before the read, so that the old file's end is not missed
            const bool read = tail->read_on(pipeline_, rotated);
            busy = busy || read;
            if (rotated && !read) {
                tail->fd.close();
                tail->start_inode = 0;
            }
        }
        save_positions();
        if (!busy) {
            std::unique_lock lock(mutex);
            wake.wait_for(lock, stop, std::chrono::microseconds(poll_.us), [] { return false; });
        }
    }
}

}  // namespace gac::pipeline
