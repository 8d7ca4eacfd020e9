// Rule text from strangers: compiling never crashes, and what was compiled answers as the reference
// does.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/assert.h"
#include "detect/engine.h"
#include "detect/sigma/parts.h"
#include "detect/sigma/reference.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gac;
    std::vector<detect::RuleText> texts(1);
    texts[0].path = "fuzz.yml";
    texts[0].yaml.assign(reinterpret_cast<const char*>(data), size);
    detect::CompileOptions options;
    options.match_unknown_sources = true;
    options.limits.values_per_rule_max = 2'000;
    options.limits.yaml_nodes_max = 20'000;
    std::vector<detect::RuleFault> faults;
    const auto set = detect::compile(texts, options, &faults);
    if (!set) {
        return 0;
    }
    event::EventBatch batch;
    for (const char* text : {"C:\\Windows\\cmd.exe /c a", "", "12"}) {
        batch.begin();
        for (const char* name : {"Image", "CommandLine", "A", "B", "EventID"}) {
            batch.add_copy(event::intern(name), text);
        }
        event::EventHead head;
        head.raw = batch.arena().copy(std::string_view(text));
        batch.end(head);
    }
    detect::Engine engine(*set);
    std::vector<event::Detection> out;
    engine.match(batch, out);
    const auto& rules = (*set)->parts().rules;
    for (std::uint32_t row = 0; row < batch.size(); ++row) {
        for (std::uint32_t rule = 0; rule < rules.size(); ++rule) {
            bool fast = false;
            for (const event::Detection& hit : out) {
                fast = fast || (hit.row == row && hit.rule == rules[rule].rule.info);
            }
            GAC_ASSERT(
                rules[rule].silent
                || fast == detect::sigma::reference_matches((*set)->parts(), rule, batch[row]));
        }
    }
    return 0;
}
