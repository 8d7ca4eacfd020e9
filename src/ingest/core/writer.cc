#include "ingest/core/writer.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

#include "base/ip.h"
#include "base/text.h"
#include "ingest/core/scan.h"
#include "ingest/core/times.h"

namespace gac::ingest {

namespace field = event::field;

namespace {

constexpr std::string_view kCut = "longer than the limit of an event: cut";

bool is_blank(std::string_view text) {
    if (!text.empty() && static_cast<unsigned char>(text.front()) > ' ') {
        return false;
    }
    return text.find_first_not_of(std::string_view(" \t\r\n\0", 5)) == std::string_view::npos;
}

// Own fields of a profile that mean an address: their ECS name ends in ".ip".
std::vector<bool> address_fields_of(const event::Profile& profile) {
    std::vector<bool> out;
    for (const auto& [own, ecs] : profile.ecs_names) {
        if (ecs.ends_with(".ip")) {
            if (own >= out.size()) {
                out.resize(own + 1);
            }
            out[own] = true;
        }
    }
    return out;
}

}  // namespace

Writer::Writer(const Options& options, const FieldChoice& fields)
    : profiles_(options.profiles),
      choice_(fields),
      event_bytes_max_(std::max<std::size_t>(options.event_bytes_max, 1)),
      keep_raw_(options.keep_raw),
      lazy_texts_(options.lazy_texts),
      fields_(std::make_unique<event::Field[]>(kFieldsMax + 1)) {
    none_.name = "generic";
    if (!profiles_) {
        return;
    }
    for (const event::Profile& profile : profiles_->all()) {
        address_fields_.push_back(address_fields_of(profile));
    }
    shapes_ = {.windows = profiles_->find("windows"),
               .winlogbeat = profiles_->find("winlogbeat"),
               .evtx = profiles_->find("evtx"),
               .ecs = profiles_->find("ecs"),
               .json = profiles_->find("json"),
               .linux_host = profiles_->find("linux"),
               .web = profiles_->find("web"),
               .firewall = profiles_->find("firewall")};
}

bool Writer::begin(std::string_view frame, const Origin& origin, event::EventBatch& out) {
    origin_ = &origin;
    batch_ = &out;
    if (is_blank(frame)) {
        return false;
    }
    const bool cut = frame.size() > event_bytes_max_;
    start(copy_padded(frame.substr(0, event_bytes_max_)));
    if (cut || origin.truncated) {
        fault_ = kCut;
    }
    return true;
}

void Writer::begin(const Origin& origin, event::EventBatch& out) {
    origin_ = &origin;
    batch_ = &out;
    start({});
}

std::string_view Writer::copy_padded(std::string_view text) {
    char* to = static_cast<char*>(batch_->arena().allocate(text.size() + kZeros, 1));
    std::memcpy(to, text.data(), text.size());
    std::memset(to + text.size(), 0, kZeros);
    return {to, text.size()};
}

void Writer::begin_part(std::string_view part) {
    const std::string_view reason = fault_;
    start(part);
    fault_ = reason == kCut ? kCut : std::string_view{};
}

void Writer::start(std::string_view raw) {
    batch_->begin();
    raw_ = raw;
    text_ = {};
    fault_ = {};
    clear_fields();
    head_ = {.time = origin_->received,
             .received = origin_->received,
             .raw = keep_raw_ ? raw : std::string_view{},
             .source = origin_->source,
             .profile = origin_->profile,
             .drill = origin_->drill};
    const bool known =
        profiles_ && static_cast<std::size_t>(origin_->profile) < profiles_->all().size();
    profile_ = known ? &(*profiles_)[origin_->profile] : &none_;
}

std::string_view Writer::text() {
    if (text_.data() == nullptr) {
        text_ = base::is_ascii(raw_) || simdjson::validate_utf8(raw_.data(), raw_.size())
                    ? raw_
                    : batch_->arena().copy(base::repair_utf8(raw_));
    }
    return text_;
}

void Writer::use_profile(std::optional<event::ProfileId> id) {
    if (id && origin_->profile == event::ProfileId{} && head_.profile == event::ProfileId{}) {
        head_.profile = *id;
        profile_ = &(*profiles_)[*id];
    }
}

void Writer::grow(std::uint32_t index) {
    places_.resize(std::max<std::size_t>({index + 1, 256, places_.size() * 2}));
}

const event::ValueRef* Writer::find(event::FieldId id) const {
    const std::uint32_t index = event::index_of(id);
    if (index >= places_.size() || places_[index].stamp != stamp_) {
        return nullptr;
    }
    return &fields_[places_[index].at].value;
}

void Writer::digits(event::FieldId id, std::string_view value) {
    if (!wants(id)) {
        return;
    }
    if (const auto number = parse_integer(value)) {
        put(id, event::ValueRef(*number));
    } else {
        put(id, event::ValueRef(value));
    }
}

void Writer::address(event::FieldId id, std::string_view value) {
    if (!wants(id)) {
        return;
    }
    if (const auto ip = base::IpAddress::parse(value)) {
        put(id, event::ValueRef(batch_->arena().copy(std::span(&*ip, 1)).data()));
    } else {
        put(id, event::ValueRef(value));
    }
}

void Writer::peer(std::string_view host) {
    const bool by_address = wants(field::SourceIp);
    const bool by_name = wants(field::SourceDomain);
    if (!by_address && !by_name) {
        return;
    }
    if (const auto ip = base::IpAddress::parse(host)) {
        if (by_address) {
            put(field::SourceIp, event::ValueRef(batch_->arena().copy(std::span(&*ip, 1)).data()));
        }
    } else if (by_name) {
        put(field::SourceDomain, event::ValueRef(host));
    }
}

void Writer::time_from_fields() {
    for (const event::FieldId id : profile_->time_fields) {
        if (const event::ValueRef* value = find(id)) {
            if (const auto time = time_of(*value, profile_->zone)) {
                head_.time = *time;
                return;
            }
        }
    }
}

bool Writer::is_address_field(event::FieldId id) const {
    const auto profile = static_cast<std::size_t>(head_.profile);
    const std::uint32_t index = event::index_of(id);
    return profile < address_fields_.size() && index < address_fields_[profile].size()
           && address_fields_[profile][index];
}

void Writer::fault(std::string_view why) {
    if (fault_.empty()) {
        fault_ = why;
    }
}

void Writer::clear_fields() {
    count_ = 0;
    if (++stamp_ == 0) {
        std::ranges::fill(places_, Place{});
        stamp_ = 1;
    }
}

void Writer::restore(const Saved& saved) {
    clear_fields();
    for (const event::Field& field : saved.fields) {
        put(field.id, field.value);
    }
    fault_ = saved.fault;
}

void Writer::fail(std::string_view why) {
    clear_fields();
    text(field::Message, text());
    fault(why);
}

void Writer::end() {
    if (!fault_.empty()) {
        head_.parse_failed = true;
        if (find(field::ParseError) != nullptr) {  // a field of that name in the source
            put(field::ParseError, event::ValueRef(fault_));
        } else {
            fields_[count_++] = {field::ParseError, event::ValueRef(fault_)};
        }
    }
    batch_->add({fields_.get(), count_});
    batch_->end(head_);
}

}  // namespace gac::ingest
