// What a template says, apart from where it lies in its chunk: equal keys are equal templates. Each
// chunk of a log has its own copies of the same templates, with its own offsets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gac::ingest::evtx {

// Replaces `key`. False when the template's bytes are damaged, or it holds something rare (another
// template, CDATA, references, instructions): such a one has no key.
bool template_key(std::string_view chunk, std::uint32_t offset, std::string& key);

}  // namespace gac::ingest::evtx
