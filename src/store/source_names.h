// Names of log sources and the small numbers that stand for them in events. Numbers are this process's own; on
// disk stands the name. Names are never forgotten. Any thread; name_of takes no lock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "event/batch.h"

namespace gac::store {

inline constexpr std::uint32_t kSourcesMax = 65'536;
inline constexpr event::SourceId kUnknownSource{0};    // "unknown": an event whose source nobody set
inline constexpr event::SourceId kOverflowSource{1};   // "_overflow": stands for names beyond kSourcesMax

class SourceNames {
public:
    SourceNames();
    ~SourceNames();
    SourceNames(const SourceNames&) = delete;
    SourceNames& operator=(const SourceNames&) = delete;

    event::SourceId intern(std::string_view name);
    std::optional<event::SourceId> find(std::string_view name) const;   // never adds
    std::string_view name_of(event::SourceId id) const;                 // "unknown" for a number never given
    std::uint32_t size() const;                                         // ids in use are [0, size())

private:
    struct Table;
    std::unique_ptr<Table> table_;
};

}  // namespace gac::store
