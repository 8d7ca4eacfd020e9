#include "ingest/event_log.h"

#include <string>
#include <vector>

#include "ingest/core/names.h"
#include "ingest/core/writer.h"
#include "ingest/evtx/chunk.h"
#include "ingest/evtx/walker.h"
#include "ingest/json/reader.h"

namespace gac::ingest {

namespace {

// The time of an event is read whoever asks for it afterwards.
FieldChoice with_times(const Options& options) {
    FieldChoice choice = options.fields;
    if (!choice.is_all() && options.profiles) {
        for (const event::Profile& profile : options.profiles->all()) {
            for (const event::FieldId id : profile.time_fields) {
                choice.add(id);
            }
        }
    }
    return choice;
}

}  // namespace

struct EventLogDecoder::Impl {
    explicit Impl(const Options& options)
        : fields(with_times(options)),
          names(fields),
          writer(options, fields),
          json_reader(names),
          walker(names) {}

    // The rest of the chunk's records are found when they are asked for.
    const evtx::Record* record(std::uint32_t index) {
        while (records.size() <= index) {
            evtx::Record next;
            if (!chunk.find_next(next)) {
                return nullptr;
            }
            records.push_back(next);
        }
        return &records[index];
    }

    void write(const evtx::Record& record, const Origin& origin, event::EventBatch& out) {
        names.begin_event();
        writer.begin(origin, out);
        if (walker.write(chunk.impl(), record, writer)) {
            writer.end();
            return;
        }
        ++detours;
        const char* fault = chunk.render(record, json);
        writer.begin(json, origin, out);
        if (fault != nullptr) {
            writer.fault(writer.copy(std::string("EVTX: ") + fault));
        }
        json_reader.decode(writer);
    }

    FieldChoice fields;
    NameTree names;
    Writer writer;
    JsonReader json_reader;
    evtx::Walker walker;
    evtx::ChunkReader chunk;
    std::vector<evtx::Record> records;
    std::string json;
    std::uint64_t detours = 0;
};

EventLogDecoder::EventLogDecoder(const Options& options) : impl_(std::make_unique<Impl>(options)) {}
EventLogDecoder::~EventLogDecoder() = default;

void EventLogDecoder::begin(std::string_view chunk, bool dirty) {
    impl_->chunk.begin(chunk, dirty);
    impl_->walker.begin_chunk();
    impl_->records.clear();
}

void EventLogDecoder::decode(const Origin& origin, event::EventBatch& out) {
    for (std::uint32_t i = 0; const evtx::Record* record = impl_->record(i); ++i) {
        impl_->write(*record, origin, out);
    }
}

bool EventLogDecoder::decode_one(std::uint32_t record, const Origin& origin,
                                 event::EventBatch& out) {
    const evtx::Record* found = impl_->record(record);
    if (found == nullptr) {
        return false;
    }
    impl_->write(*found, origin, out);
    return true;
}

std::uint64_t EventLogDecoder::detours() const { return impl_->detours; }

}  // namespace gac::ingest
