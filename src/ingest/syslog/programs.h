// What the programs of a Linux host say, read out of the text behind the syslog tag. Each returns
// whether it knew the message; an unknown one stays a plain syslog event. Untrusted parts (user
// names that a stranger typed) are cut from the end of the line, where sshd itself writes.
#pragma once

#include <string_view>

#include "ingest/core/writer.h"

namespace gac::ingest {

// By program name (the tag without folder and pid).
bool read_program(std::string_view program, std::string_view message, Writer& writer);

bool read_sshd(std::string_view message, Writer& writer);
bool read_pam(std::string_view message, Writer& writer);  // pam_unix(sshd:auth): ...
inline constexpr std::string_view kPamLetters = "Ppacs";  // that such a message may begin with
bool read_sudo(std::string_view message, Writer& writer);
bool read_su(std::string_view message, Writer& writer);
bool read_accounts(std::string_view message,
                   Writer& writer);  // useradd, groupadd, usermod, passwd ...
bool read_cron(std::string_view message, Writer& writer);

}  // namespace gac::ingest
