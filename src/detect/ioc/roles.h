// Which fields hold observables, and what kind. Names are ECS (or the ones Sysmon uses); profiles
// say which own fields they mean.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace gac::detect::ioc {

enum class Role : std::uint8_t {
    None,
    Address,      // an IP address or a name
    AddressList,  // several, between ';', ',' or blanks
    Host,         // Address; with UrlPath it makes a URL
    Url,          // absolute, or only a path
    UrlPath,
    Hash,  // bare hex, or "SHA1=…,MD5=…"
    Email,
    Ja3,
    File,
    Mutex,
    Text,  // only when texts are asked for
};

struct Asked {
    std::string_view name;
    Role role;
};

// A field that is asked for twice has the first of its roles.
inline constexpr std::array kAsked = {
    Asked{"url.domain", Role::Host},
    Asked{"source.ip", Role::Address},
    Asked{"destination.ip", Role::Address},
    Asked{"source.address", Role::Address},
    Asked{"destination.address", Role::Address},
    Asked{"source.domain", Role::Address},
    Asked{"destination.domain", Role::Address},
    Asked{"source.nat.ip", Role::Address},
    Asked{"destination.nat.ip", Role::Address},
    Asked{"client.ip", Role::Address},
    Asked{"client.address", Role::Address},
    Asked{"client.domain", Role::Address},
    Asked{"server.ip", Role::Address},
    Asked{"server.address", Role::Address},
    Asked{"server.domain", Role::Address},
    Asked{"host.ip", Role::Address},
    Asked{"network.forwarded_ip", Role::AddressList},
    Asked{"related.ip", Role::Address},
    Asked{"related.hosts", Role::Address},
    Asked{"related.hash", Role::Hash},
    Asked{"dns.question.name", Role::Address},
    Asked{"dns.answers.name", Role::Address},
    Asked{"dns.answers.data", Role::AddressList},
    Asked{"dns.resolved_ip", Role::Address},
    Asked{"tls.client.server_name", Role::Address},
    Asked{"url.full", Role::Url},
    Asked{"url.original", Role::Url},
    Asked{"url.path", Role::UrlPath},
    Asked{"http.request.referrer", Role::Url},
    Asked{"file.hash.md5", Role::Hash},
    Asked{"file.hash.sha1", Role::Hash},
    Asked{"file.hash.sha256", Role::Hash},
    Asked{"process.hash.md5", Role::Hash},
    Asked{"process.hash.sha1", Role::Hash},
    Asked{"process.hash.sha256", Role::Hash},
    Asked{"process.parent.hash.md5", Role::Hash},
    Asked{"process.parent.hash.sha1", Role::Hash},
    Asked{"process.parent.hash.sha256", Role::Hash},
    Asked{"dll.hash.md5", Role::Hash},
    Asked{"dll.hash.sha1", Role::Hash},
    Asked{"dll.hash.sha256", Role::Hash},
    Asked{"hash.md5", Role::Hash},
    Asked{"hash.sha1", Role::Hash},
    Asked{"hash.sha256", Role::Hash},
    Asked{"email.attachments.file.hash.md5", Role::Hash},
    Asked{"email.attachments.file.hash.sha1", Role::Hash},
    Asked{"email.attachments.file.hash.sha256", Role::Hash},
    Asked{"Hashes", Role::Hash},
    Asked{"Hash", Role::Hash},
    Asked{"email.from.address", Role::Email},
    Asked{"email.sender.address", Role::Email},
    Asked{"email.reply_to.address", Role::Email},
    Asked{"email.to.address", Role::Email},
    Asked{"email.cc.address", Role::Email},
    Asked{"user.email", Role::Email},
    Asked{"source.user.email", Role::Email},
    Asked{"tls.client.ja3", Role::Ja3},
    Asked{"tls.server.ja3s", Role::Ja3},
    Asked{"file.name", Role::File},
    Asked{"file.path", Role::File},
    Asked{"process.executable", Role::File},
    Asked{"process.name", Role::File},
    Asked{"process.parent.executable", Role::File},
    Asked{"dll.path", Role::File},
    Asked{"email.attachments.file.name", Role::File},
    Asked{"mutex.name", Role::Mutex},
    Asked{"message", Role::Text},
};

}  // namespace gac::detect::ioc
