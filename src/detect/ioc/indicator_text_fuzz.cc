// A text and the values of fields, of any bytes: what the quick glance passes over holds nothing
// that the close look would find; canonical forms are stable.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>

#include "detect/ioc/canonical.h"
#include "detect/ioc/extract.h"
#include "detect/ioc/glance.h"

namespace {

using namespace gac;
using namespace gac::detect;

void check_forms(std::string_view text) {
    std::string once;
    std::string twice;
    if (ioc::canonical_domain(text, once)
        && (!ioc::canonical_domain(once, twice) || once != twice)) {
        std::abort();
    }
    if (ioc::canonical_url(text, once) && (!ioc::canonical_url(once, twice) || once != twice)) {
        std::abort();
    }
    if (ioc::canonical_email(text, once) && (!ioc::canonical_email(once, twice) || once != twice)) {
        std::abort();
    }
    if (ioc::canonical_file(text, once) && (!ioc::canonical_file(once, twice) || once != twice)) {
        std::abort();
    }
}

// A set that holds everything that the event holds: then the glance must call the event.
std::shared_ptr<const IndicatorSet> set_of(const std::vector<ioc::Sighted>& sighted) {
    IndicatorBuilder builder;
    builder.begin("fuzz.csv", false);
    builder.feed("value,type\n");
    for (const ioc::Sighted& one : sighted) {
        std::string cell;
        for (const char c : one.observable.text) {
            cell += c;
            if (c == '"') {
                cell += c;
            }
        }
        builder.feed("\"" + cell + "\"," + std::string(name_of(one.observable.type)) + "\n");
    }
    return builder.end() ? builder.finish() : nullptr;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1 || size > 2048) {
        return 0;
    }
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    check_forms(text);
    static const char* const kFields[] = {
        "source.address",     "url.full",           "url.domain", "Hashes",
        "email.from.address", "process.executable", "url.path",   "message",
        "tls.client.ja3",     "dns.answers.data",   "mutex.name"};
    static const IndicatorPlan plan({}, {.text = true});
    event::EventBatch batch;
    batch.begin();
    // The text, cut at line ends, over the fields from the first byte's on.
    std::size_t field = data[0];
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        batch.add_copy(event::intern(kFields[field++ % std::size(kFields)]),
                       text.substr(at, end - at));
        at = end + 1;
    }
    batch.end({});
    const auto sighted = ioc::sight(batch[0], plan.parts());
    const auto set = set_of(sighted);
    if (set == nullptr || set->empty()) {
        return 0;
    }
    bool found = false;
    for (const ioc::Sighted& one : sighted) {
        found = found || !set->find(one.observable, {}).empty();
    }
    ioc::Glance glance(plan.parts());
    if (found && glance.run(batch, set->parts()).empty()) {
        std::abort();
    }
    return 0;
}
