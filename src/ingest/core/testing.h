// For this room's tests only: one frame or file decoded, as the JSON that people see.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "event/render.h"
#include "ingest/decoder.h"

namespace gac::ingest::testing {

inline std::filesystem::path source_folder() { return GAC_SOURCE_DIR; }

// Where the shared logs lie: $GAC_SHARED, or ../shared beside the checkout. Empty when absent.
inline std::filesystem::path shared_folder() {
    const char* named = std::getenv("GAC_SHARED");
    const std::filesystem::path folder =
        named != nullptr ? std::filesystem::path(named) : source_folder() / ".." / "shared";
    return std::filesystem::is_directory(folder / "data") ? folder : std::filesystem::path{};
}

inline std::shared_ptr<const event::ProfileSet> profiles() {
    static const std::shared_ptr<const event::ProfileSet> kSet = [] {
        const auto zone = base::Zone::parse("+07:00");
        auto set = event::ProfileSet::load(source_folder() / "profiles", *zone);
        return set ? *set : nullptr;
    }();
    return kSet;
}

inline base::TimePoint received() { return *base::parse_rfc3339("2026-11-22T03:00:00Z"); }

// Decodes frames with one decoder into one batch.
class Bench {
public:
    explicit Bench(std::string_view format, std::string_view profile = "generic",
                   Options options = {}) {
        options.profiles = profiles();
        decoder_ = *make_decoder(format, options);
        origin_.profile = *profiles()->find(profile);
        origin_.received = received();
    }

    Origin& origin() { return origin_; }
    event::EventBatch& batch() { return batch_; }

    Bench& feed(std::string_view frame) {
        decoder_->decode(frame, origin_, batch_);
        return *this;
    }

    // A field's text, "(none)" when the event has no such field; lists as JSON.
    std::string at(std::string_view name, std::uint32_t row = 0) const {
        const auto id = event::find_field(name);
        const event::ValueRef* value = id ? batch_[row].find(*id) : nullptr;
        if (value == nullptr) {
            return "(none)";
        }
        std::string scratch;
        if (value->type() == event::Type::List || value->is_null()) {
            value->append_json(scratch);
            return scratch;
        }
        return std::string(value->text(scratch));
    }
    event::Type type_of(std::string_view name, std::uint32_t row = 0) const {
        const auto id = event::find_field(name);
        const event::ValueRef* value = id ? batch_[row].find(*id) : nullptr;
        return value == nullptr ? event::Type::Null : value->type();
    }
    std::string profile(std::uint32_t row = 0) const {
        return (*profiles())[batch_.heads()[row].profile].name;
    }
    std::string time(std::uint32_t row = 0) const {
        return base::format_rfc3339(batch_.heads()[row].time);
    }
    bool failed(std::uint32_t row = 0) const { return batch_.heads()[row].parse_failed; }
    std::string json(std::uint32_t row = 0) const {
        std::string out;
        event::append_event_json(batch_[row], (*profiles())[batch_.heads()[row].profile], out);
        return out;
    }

private:
    std::unique_ptr<Decoder> decoder_;
    Origin origin_;
    event::EventBatch batch_;
};

}  // namespace gac::ingest::testing
