// Any frame as `kv`, and as `auto`: one event, its original kept, its texts UTF-8. Reading fewer
// fields gives the same values for those that are read.
#include <cstdint>
#include <string>
#include <string_view>

#include "ingest/core/fuzzing.h"

using namespace gac;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto kWhole = ingest::make_decoder("kv", {});
    static const auto kAuto = ingest::make_decoder("auto", {});
    static const auto kFew = [] {
        const event::FieldId wanted[] = {event::field::UserName, event::field::SourceIp,
                                         event::field::ProcessName, event::field::UrlPath,
                                         event::intern("srcip")};
        return ingest::make_decoder("kv", {.fields = ingest::FieldChoice::of(wanted)});
    }();
    const std::string_view frame(reinterpret_cast<const char*>(data), size);
    if (size > 64 * 1024) {
        return 0;
    }
    static event::EventBatch whole;
    static event::EventBatch few;
    // "auto" takes JSON for what it is, which may be several events.
    ingest::fuzzing::decode(**kAuto, frame, whole, false);
    ingest::fuzzing::decode(**kWhole, frame, whole, true);
    ingest::fuzzing::decode(**kFew, frame, few, true);
    // A fault in JSON inside the message goes unseen when nobody reads that value.
    if (few.empty() || frame.contains('{')) {
        return 0;
    }
    GAC_ASSERT(whole.heads()[0].time == few.heads()[0].time);
    for (const event::Field& field : few[0].fields()) {
        const event::ValueRef* full = whole[0].find(field.id);
        GAC_ASSERT(full != nullptr);
        std::string a;
        std::string b;
        full->append_json(a);
        field.value.append_json(b);
        GAC_ASSERT(a == b);
    }
    return 0;
}
