#include "event/detection.h"

namespace gac::event {

std::string_view name_of(Level level) {
    switch (level) {
        case Level::Informational:
            return "informational";
        case Level::Low:
            return "low";
        case Level::Medium:
            return "medium";
        case Level::High:
            return "high";
        case Level::Critical:
            return "critical";
    }
    return "medium";
}

std::string_view name_of(DetectionKind kind) {
    switch (kind) {
        case DetectionKind::Sigma:
            return "sigma";
        case DetectionKind::Correlation:
            return "correlation";
        case DetectionKind::Indicator:
            return "indicator";
    }
    return "sigma";
}

}  // namespace gac::event
