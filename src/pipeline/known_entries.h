// Which entries of indicator lists history was hunted for already: their numbers
// (detect::IndicatorChoice) in one file, with the fingerprint of the list files they come from. A
// file that cannot be read counts as empty: then everything is hunted for again, which does no
// harm. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "detect/indicators.h"

namespace gac::pipeline {

struct KnownEntries {
    std::string fingerprint;
    std::vector<std::uint64_t> numbers;  // ascending, each once

    static KnownEntries load(const std::filesystem::path& file);
    // Takes the place of the old file as a whole.
    Result<> save(const std::filesystem::path& file) const;
};

// Takes what is not known, and notes all.
class NewEntries final : public detect::IndicatorChoice {
public:
    explicit NewEntries(const KnownEntries& known) : known_(known) {}
    bool takes(std::uint64_t entry) override;

    // Everything seen, to be known from now on.
    std::vector<std::uint64_t> all() &&;
    std::uint64_t taken() const { return taken_; }
    // Tells two sets of new entries apart, whatever their order.
    std::uint64_t mark() const { return mark_; }

private:
    const KnownEntries& known_;
    std::vector<std::uint64_t> all_;
    std::uint64_t taken_ = 0;
    std::uint64_t mark_ = 0;
};

}  // namespace gac::pipeline
