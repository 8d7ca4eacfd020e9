#include "ingest/input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "ingest/evtx/chunk.h"
#include "ingest/evtx/input.h"
#include "ingest/json/text.h"
#include "ingest/unpack.h"

namespace gac::ingest {

namespace {

constexpr std::size_t kReadBytes = 128 * 1024;
constexpr std::string_view kBlanks = " \t\r\n";

std::size_t skip_blanks(std::string_view text, std::size_t at) {
    const std::size_t found = text.find_first_not_of(kBlanks, at);
    return found == std::string_view::npos ? text.size() : found;
}

// Where an object of a stream ends.
struct End {
    std::size_t at = 0;  // behind it
    enum class Kind : std::uint8_t { Whole, Cut, Open } kind = Kind::Open;
};

// A line that begins with '{' where no value may begin says that the object before was cut off:
// without this one broken record would swallow the rest of the file.
bool starts_anew(std::string_view text, std::size_t line_feed, std::size_t from) {
    if (line_feed + 1 >= text.size() || text[line_feed + 1] != '{') {
        return false;
    }
    const std::size_t before = text.find_last_not_of(kBlanks, line_feed);
    return before != std::string_view::npos && before >= from
           && !std::string_view(",[:{").contains(text[before]);
}

End object_end(std::string_view text, std::size_t from) {
    std::size_t depth = 0;
    bool inside = false;
    for (std::size_t at = from; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '\n') {
            if (starts_anew(text, at, from)) {
                return {at, End::Kind::Cut};
            }
        } else if (inside) {
            if (c == '\\') {
                ++at;
            } else if (c == '"') {
                inside = false;
            }
        } else if (c == '"') {
            inside = true;
        } else if (c == '{' || c == '[') {
            ++depth;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            return {at + 1, End::Kind::Whole};
        }
    }
    return {text.size(), End::Kind::Open};
}

class FileInput final : public Input {
public:
    FileInput(std::string path, std::unique_ptr<ByteSource> source, std::size_t frame_bytes_max)
        : path_(std::move(path)), source_(std::move(source)), frame_bytes_max_(frame_bytes_max) {}

    Result<> start();
    bool is_evtx() const { return pending().starts_with(evtx::kFileMark); }
    std::unique_ptr<Input> as_evtx(bool chunks) && {
        return make_evtx_input(std::move(path_), std::move(source_), pending(), chunks);
    }
    Result<bool> next(Frame& frame) override;
    std::uint64_t bytes_read() const override { return bytes_read_; }

private:
    std::string_view pending() const {
        return std::string_view(buffer_.data() + begin_, end_ - begin_);
    }
    Result<bool> fill();  // false: the source has ended
    bool take(std::size_t bytes, std::size_t used, bool truncated, Frame& frame);
    Result<bool> next_line(Frame& frame);
    Result<bool> next_object(Frame& frame);
    Result<bool> next_between();
    bool is_lines() const;

    std::string path_;
    std::unique_ptr<ByteSource> source_;
    std::size_t frame_bytes_max_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t scanned_ = 0;  // of pending(): no line feed in it
    std::uint64_t bytes_read_ = 0;
    bool ended_ = false;
    bool lines_ = true;
    bool skipping_ = false;  // the rest of an over-long line
};

Result<bool> FileInput::fill() {
    if (ended_) {
        return false;
    }
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    // Half of the buffer's use is read at once, so that a long object is not looked at too often.
    const std::size_t want = std::max(kReadBytes, end_);
    if (buffer_.size() < end_ + want) {
        buffer_.resize(end_ + want);
    }
    auto read = source_->read({buffer_.data() + end_, want});
    if (!read) {
        return std::unexpected(base::at(path_, std::move(read).error()));
    }
    ended_ = *read == 0;
    end_ += *read;
    bytes_read_ += *read;
    return !ended_;
}

bool FileInput::take(std::size_t bytes, std::size_t used, bool truncated, Frame& frame) {
    frame = {pending().substr(0, bytes), truncated};
    begin_ += used;
    scanned_ = 0;
    return true;
}

// The first object fits into one line, and the next line begins another: one object a line. JSON
// never has a '{' behind a '}' inside a value, so this cannot be a piece of something larger.
bool FileInput::is_lines() const {
    const std::string_view text = pending();
    const std::size_t first = skip_blanks(text, 0);
    if (first >= text.size() || (text[first] != '{' && text[first] != '[')) {
        return true;
    }
    if (text[first] == '[') {
        const std::size_t second = skip_blanks(text, first + 1);
        return second < text.size() && text[second] != '{' && text[second] != ']';
    }
    const std::size_t line_end = text.find('\n', first);
    if (line_end == std::string_view::npos) {
        return false;
    }
    const std::size_t last = text.find_last_not_of(kBlanks, line_end);
    const std::size_t next = skip_blanks(text, line_end);
    return text[last] == '}' && object_end(text, first).at == last + 1
           && (next >= text.size() || text[next] == '{');
}

Result<> FileInput::start() {
    for (;;) {
        GAC_TRY(more, fill());
        const std::string_view text = pending();
        const std::size_t first = skip_blanks(text, 0);
        const bool decided =
            text.find('\n', first) != std::string_view::npos || text.size() > frame_bytes_max_;
        if (!more || decided) {
            break;
        }
    }
    if (pending().starts_with("\xEF\xBB\xBF")) {
        begin_ += 3;
    }
    if (pending().starts_with("\xFF\xFE") || pending().starts_with("\xFE\xFF")) {
        return fail(Code::InvalidArgument, "is UTF-16 text; convert it to UTF-8", path_);
    }
    lines_ = is_lines();
    return {};
}

Result<bool> FileInput::next(Frame& frame) {
    return lines_ ? next_line(frame) : next_object(frame);
}

Result<bool> FileInput::next_line(Frame& frame) {
    for (;;) {
        const std::string_view text = pending();
        const std::size_t line_end = text.find('\n', scanned_);
        const bool found = line_end != std::string_view::npos;
        if (!found && !ended_ && text.size() <= frame_bytes_max_ + 1) {
            scanned_ = text.size();
            GAC_CHECK(fill());
            continue;
        }
        if (!found && text.empty()) {
            return false;
        }
        const std::size_t used = found ? line_end + 1 : text.size();
        std::string_view line = text.substr(0, found ? line_end : text.size());
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        const bool was_skipping = skipping_;
        skipping_ = !found && !ended_;
        const bool blank = line.empty()
                           || (static_cast<unsigned char>(line[0]) <= ' '
                               && line.find_first_not_of(kBlanks) == std::string_view::npos);
        if (was_skipping || blank) {
            begin_ += used;
            scanned_ = 0;
            continue;
        }
        return take(std::min(line.size(), frame_bytes_max_), used,
                    skipping_ || line.size() > frame_bytes_max_, frame);
    }
}

// To the next value: blanks, commas, the brackets of an array around all, record separators.
Result<bool> FileInput::next_between() {
    for (;;) {
        const std::string_view text = pending();
        const std::size_t next = text.find_first_not_of(" \t\r\n,[]\x1e");
        if (next != std::string_view::npos) {
            begin_ += next;
            scanned_ = 0;
            return true;
        }
        begin_ = end_;
        GAC_TRY(more, fill());
        if (!more) {
            return false;
        }
    }
}

Result<bool> FileInput::next_object(Frame& frame) {
    for (;;) {
        GAC_TRY(more, next_between());
        if (!more) {
            return false;
        }
        if (pending()[0] != '{') {
            // Something else between the objects: kept as a line, for the decoder to mark.
            auto line = next_line(frame);
            return line;
        }
        const std::string_view text = pending();
        const End end = object_end(text, 0);
        switch (end.kind) {
            case End::Kind::Whole:
                return take(std::min(end.at, frame_bytes_max_), end.at, end.at > frame_bytes_max_,
                            frame);
            case End::Kind::Cut:
                // Cut within its first line: a file of lines, of which this one is broken.
                lines_ = text.find('\n') == end.at;
                return take(std::min(end.at, frame_bytes_max_), end.at, end.at > frame_bytes_max_,
                            frame);
            case End::Kind::Open:
                break;
        }
        if (ended_) {
            return take(std::min(text.size(), frame_bytes_max_), text.size(),
                        text.size() > frame_bytes_max_, frame);
        }
        if (text.size() > 64 * frame_bytes_max_) {
            // No end in sight: hand out its beginning and go on line by line.
            lines_ = true;
            return take(frame_bytes_max_, text.size(), true, frame);
        }
        GAC_CHECK(fill());
    }
}

}  // namespace

Result<std::unique_ptr<Input>> Input::open(const std::string& path, std::size_t frame_bytes_max,
                                           bool evtx_chunks) {
    base::Fd fd;
    if (path == "-") {
        fd = base::Fd(::dup(STDIN_FILENO));
        if (!fd) {
            return base::fail_errno("cannot read standard input", errno);
        }
    } else {
        GAC_TRY(opened, base::open_file(path, O_RDONLY | O_CLOEXEC));
        fd = std::move(opened);
        struct stat info{};
        if (::fstat(fd.get(), &info) == 0 && S_ISDIR(info.st_mode)) {
            return fail(Code::InvalidArgument, "is a folder", path);
        }
    }
    auto source = unpack(std::move(fd));
    if (!source) {
        return std::unexpected(base::at(path, std::move(source).error()));
    }
    auto input = std::make_unique<FileInput>(path, *std::move(source),
                                             std::max<std::size_t>(frame_bytes_max, 1));
    GAC_CHECK(input->start());
    if (input->is_evtx()) {
        return std::move(*input).as_evtx(evtx_chunks);
    }
    return input;
}

std::vector<std::string> input_files(const std::vector<std::string>& paths) {
    namespace fs = std::filesystem;
    std::vector<std::string> out;
    for (const std::string& path : paths) {
        std::error_code fault;
        if (path == "-" || !fs::is_directory(path, fault)) {
            out.push_back(path);
            continue;
        }
        std::vector<std::string> files;
        auto entry = fs::recursive_directory_iterator(path, fault);
        for (; !fault && entry != fs::recursive_directory_iterator(); entry.increment(fault)) {
            std::error_code ignored;
            if (entry->is_regular_file(ignored)) {
                files.push_back(entry->path().string());
            }
        }
        std::ranges::sort(files);
        std::ranges::move(files, std::back_inserter(out));
        if (fault) {
            out.push_back(path);
        }
    }
    return out;
}

}  // namespace gac::ingest
