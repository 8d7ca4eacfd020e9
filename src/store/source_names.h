// Names of log sources and the small numbers that stand for them in events. Numbers are this
// process's own; on disk stands the name. Whoever owns the table of sources (the pipeline) gives it
// to the store through the interface; SourceNameTable is a plain one for commands and tests. Any
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "event/batch.h"

namespace gac::store {

class SourceNames {
public:
    virtual ~SourceNames() = default;
    virtual event::SourceId source_id(std::string_view name) = 0;  // adds it when new
    virtual std::string source_name(
        event::SourceId id) const = 0;  // "unknown" for a number never given
};

class SourceNameTable final : public SourceNames {
public:
    static constexpr std::uint32_t kNamesMax = 65'536;  // beyond: "_overflow", number 1

    SourceNameTable();
    ~SourceNameTable() override;
    event::SourceId source_id(std::string_view name) override;
    std::string source_name(event::SourceId id) const override;

private:
    struct Table;
    std::unique_ptr<Table> table_;
};

}  // namespace gac::store
