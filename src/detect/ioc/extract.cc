#include "detect/ioc/extract.h"

#include <algorithm>
#include <span>

#include "base/text.h"
#include "detect/ioc/canonical.h"
#include "detect/ioc/text_scan.h"

namespace gac::detect {

IndicatorPlan::IndicatorPlan(const event::ProfileSet& profiles, const IndicatorOptions& options)
    : parts_(std::make_unique<Parts>()) {
    parts_->options = options;
    const event::Profile generic;  // of a set without any
    const std::span<const event::Profile> all =
        profiles.all().empty() ? std::span(&generic, 1) : profiles.all();
    for (const event::Profile& profile : all) {
        std::vector<ioc::Role>& roles = parts_->roles.emplace_back();
        for (const ioc::Asked& asked : ioc::kAsked) {
            if (asked.role == ioc::Role::Text && !options.text) {
                continue;
            }
            for (const event::FieldId own : profile.resolve(asked.name)) {
                const std::size_t at = event::index_of(own);
                if (own == event::field::Overflow) {
                    continue;
                }
                if (at >= roles.size()) {
                    roles.resize(at + 1, ioc::Role::None);
                }
                if (roles[at] == ioc::Role::None) {
                    roles[at] = asked.role;
                }
            }
        }
    }
}

IndicatorPlan::~IndicatorPlan() = default;

bool IndicatorPlan::reads_texts() const { return parts_->options.text; }

std::vector<event::FieldId> IndicatorPlan::fields() const {
    std::vector<event::FieldId> all;
    for (const auto& roles : parts_->roles) {
        for (std::uint32_t at = 0; at < roles.size(); ++at) {
            if (roles[at] != ioc::Role::None) {
                all.push_back(event::FieldId{at});
            }
        }
    }
    std::ranges::sort(all);
    const auto rest = std::ranges::unique(all);
    all.erase(rest.begin(), rest.end());
    return all;
}

namespace ioc {

namespace {

bool is_path(std::string_view url) { return url.starts_with('/') && !url.starts_with("//"); }

class Sight {
public:
    Sight(const IndicatorPlan::Parts& plan, const event::EventRef& event)
        : plan_(plan), event_(event) {}

    std::vector<Sighted> run() {
        const auto& roles = plan_.roles_of(event_.head().profile);
        bool text = false;
        for (const event::Field& field : event_.fields()) {
            const Role role = plan_.role_of(roles, field.id);
            if (role != Role::None) {
                text = text || role == Role::Text;
                field_ = field.id;
                value(role, field.value);
            }
        }
        if (plan_.options.text && !text) {
            field_ = event::field::Original;
            take(Role::Text, event_.head().raw);
        }
        for (const Part& host : hosts_) {
            for (const Part& path : paths_) {
                found_.clear();
                observe_url(host.value + path.value, found_);
                field_ = host.field;
                keep(host.value);
                field_ = path.field;
                keep(path.value);
            }
        }
        return std::move(sighted_);
    }

private:
    struct Part {
        event::FieldId field;
        std::string value;
    };
    static constexpr std::size_t kPartsMax = 8;

    void value(Role role, const event::ValueRef& value) {
        if (value.type() == event::Type::List) {
            for (const event::ValueRef& part : value.list()) {
                if (part.type() != event::Type::List) {
                    this->value(role, part);
                }
            }
        } else if (value.type() == event::Type::Ip) {
            if (role == Role::Address || role == Role::AddressList || role == Role::Host) {
                found_.clear();
                observe_ip(value.ip(), found_);
                keep(value.ip().text());
            }
        } else if (value.is_string()) {
            std::string unescaped;
            take(role, value.text(unescaped));
        }
    }

    void take(Role role, std::string_view text) {
        found_.clear();
        if (role == Role::Host) {
            if (hosts_.size() < kPartsMax && is_host(base::trim(text))) {
                hosts_.push_back({field_, std::string(base::trim(text))});
            }
        } else if ((role == Role::Url || role == Role::UrlPath) && is_path(text)) {
            if (paths_.size() < kPartsMax) {
                paths_.push_back({field_, std::string(text)});
            }
        }
        observe_value(role, text, plan_.options, found_);
        keep(text);
    }

    static bool is_host(std::string_view text) {
        std::string domain;
        return address_of(text) || canonical_domain(text.substr(0, text.find(':')), domain);
    }

    // The observables found in a value join those of the event.
    void keep(std::string_view text) {
        std::size_t most = plan_.options.matched_value_bytes_max;
        if (text.size() > most) {
            while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0U) == 0x80U) {
                --most;
            }
            text = text.substr(0, most);
        }
        for (const Observable& observable : found_) {
            const auto same = [&](const Sighted& known) {
                return known.observable.type == observable.type
                       && known.observable.schemeless == observable.schemeless
                       && known.observable.text == observable.text;
            };
            auto known = std::ranges::find_if(sighted_, same);
            if (known == sighted_.end()) {
                known = sighted_.insert(sighted_.end(), Sighted{observable, {}});
            }
            known->fields.push_back({std::string(event::name_of(field_)), std::string(text)});
        }
    }

    const IndicatorPlan::Parts& plan_;
    const event::EventRef& event_;
    event::FieldId field_{};
    std::vector<Observable> found_;  // in the value at hand
    std::vector<Sighted> sighted_;
    std::vector<Part> hosts_, paths_;
};

}  // namespace

void observe_value(Role role, std::string_view text, const IndicatorOptions& options,
                   std::vector<Observable>& out) {
    std::string canonical;
    switch (role) {
        case Role::None:
        case Role::UrlPath:
            break;
        case Role::Host:
        case Role::Address:
            observe_address(text, out);
            break;
        case Role::AddressList:
            each_part(text, [&](std::string_view part) { observe_address(part, out); });
            break;
        case Role::Url:
            if (!is_path(text)) {
                observe_url(text, out);
            }
            break;
        case Role::Hash:
            observe_hash(text, out);
            break;
        case Role::Email:
            observe_email(text, out);
            break;
        case Role::Ja3:
            if (canonical_hex(base::trim(text), canonical) && canonical.size() == 32) {
                observe(IndicatorType::Ja3, canonical, out);
            }
            break;
        case Role::File:
            if (canonical_file(text, canonical)) {
                observe(IndicatorType::FileName, canonical, out);
            }
            break;
        case Role::Mutex:
            if (canonical_mutex(text, canonical)) {
                observe(IndicatorType::Mutex, canonical, out);
            }
            break;
        case Role::Text:
            scan_text(text,
                      {.bytes_max = options.text_bytes_max,
                       .observables_max = options.text_observables_max},
                      out);
            break;
    }
}

std::vector<Sighted> sight(const event::EventRef& event, const IndicatorPlan::Parts& plan) {
    return Sight(plan, event).run();
}

}  // namespace ioc
}  // namespace gac::detect
