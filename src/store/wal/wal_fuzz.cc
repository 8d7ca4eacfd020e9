// Log files and records out of any bytes: an error or events, never a crash; and events that were
// read can be written and read again.
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "store/bytes.h"
#include "store/testing.h"
#include "store/wal/log_file.h"

namespace {

using namespace gac;
using namespace gac::store;

std::string text_of(const event::EventBatch& batch) {
    std::string out;
    for (std::uint32_t row = 0; row < batch.size(); ++row) {
        const event::EventHead& head = batch.heads()[row];
        out += std::to_string(head.time.us) + " " + std::to_string(head.received.us)
               + std::string(head.raw) + (head.drill ? "d" : "-") + (head.parse_failed ? "f" : "-");
        for (const event::Field& field : batch[row].fields()) {
            out += ' ';
            out += event::name_of(field.id);
            field.value.append_json(out);
        }
        out += '\n';
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static testing::TemporaryFolder folder;
    static const Names names{.profiles = testing::no_profiles(folder),
                             .sources = std::make_shared<SourceNameTable>()};
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (const auto scan = scan_log(log_header({.number = 1, .salt = 7}) + std::string(bytes))) {
        static_cast<void>(plan_replay({*scan}, 0));
    }
    static_cast<void>(scan_log(bytes));

    if (size < 1) {
        return 0;
    }
    const std::string_view payload = bytes.substr(1);
    std::string record;
    put(record, kRecordMagic);
    put(record, static_cast<std::uint32_t>(payload.size()));
    put(record, std::uint64_t{1});
    put(record, std::uint64_t{0});
    put(record, std::uint64_t{1});
    put(record, std::uint32_t{data[0]});
    put(record, std::uint32_t{0});
    put(record, std::uint64_t{0});
    record += payload;
    if (event::field_count() > event::kFieldNamesMax / 2) {
        return 0;  // names are for ever: this process has seen enough of them
    }
    const auto chunk = Chunk::decode(record, names);
    if (!chunk || (*chunk)->rows() == 0) {
        return 0;
    }
    event::EventBatch batch;
    for (std::uint32_t row = 0; row < (*chunk)->rows(); ++row) {
        (*chunk)->view(row, batch);
    }
    batch.set_first_id(1);
    auto again = Chunk::encode(batch, names);
    GAC_ASSERT(again.has_value());
    (*again)->place(1, 0, 7);
    GAC_ASSERT(checksum_holds((*again)->record(), 7));
    const auto read = Chunk::decode(std::string((*again)->record()), names);
    GAC_ASSERT(read.has_value());
    event::EventBatch second;
    for (std::uint32_t row = 0; row < (*read)->rows(); ++row) {
        (*read)->view(row, second);
    }
    GAC_ASSERT(text_of(batch) == text_of(second));
    return 0;
}
