#include <optional>
#include <string_view>

#include "ingest/core/scan.h"
#include "ingest/syslog/programs.h"

namespace gac::ingest {

namespace field = event::field;

namespace {

void write_kind(Writer& writer, std::string_view category, std::string_view action,
                std::string_view outcome) {
    writer.text(field::EventCategory, category);
    writer.text(field::EventAction, action);
    if (!outcome.empty()) {
        writer.text(field::EventOutcome, outcome);
    }
}

// The value of `key` (with its "=") in "logname= uid=0 tty=ssh rhost=203.0.113.9  user=root".
std::string_view pair_of(std::string_view text, std::string_view key) {
    std::size_t at = 0;
    while ((at = text.find(key, at)) != std::string_view::npos) {
        if (at == 0 || text[at - 1] == ' ') {
            const std::string_view rest = text.substr(at + key.size());
            return rest.substr(0, rest.find(' '));
        }
        at += key.size();
    }
    return {};
}

// "'name'" or "name", up to a blank, comma or the end.
std::string_view scan_name(Scan& scan) {
    if (scan.eat('\'')) {
        const auto name = scan.until('\'');
        return name ? *name : std::string_view{};
    }
    const std::string_view rest = scan.rest();
    const std::string_view name = rest.substr(0, rest.find_first_of(" ,"));
    scan.skip(name.size());
    return name;
}

// "root(uid=0)" -> "root"
std::string_view bare_user(std::string_view text) { return text.substr(0, text.find('(')); }

// The first of each name counts, as with pair_of.
void write_failure_pairs(std::string_view pairs, Writer& writer) {
    constexpr std::string_view kHost = "rhost=";
    constexpr std::string_view kUser = "user=";
    std::optional<std::string_view> host;
    std::optional<std::string_view> user;
    for (Scan scan(pairs); !scan.done();) {
        const std::string_view pair = scan.short_word();
        if (pair.starts_with(kHost) && !host) {
            host = pair.substr(kHost.size());
        } else if (pair.starts_with(kUser) && !user) {
            user = pair.substr(kUser.size());
        }
    }
    if (host && !host->empty()) {
        writer.peer(*host);
    }
    if (user && !user->empty()) {
        writer.text(field::UserName, *user);
    }
}

bool read_session(Scan scan, Writer& writer) {
    const bool opened = scan.eat("session opened for user ");
    if (!opened && !scan.eat("session closed for user ")) {
        return false;
    }
    write_kind(writer, "session", opened ? "session_opened" : "session_closed", "success");
    writer.text(field::UserName, bare_user(scan.word()));
    if (scan.eat("by ")) {
        static const event::FieldId kBy = event::intern("user.by.name");
        if (const std::string_view by = bare_user(scan.word()); !by.empty()) {
            writer.text(kBy, by);
        }
    }
    return true;
}

bool read_pam_body(std::string_view body, Writer& writer) {
    Scan scan(body);
    if (scan.eat("authentication failure;")) {
        write_kind(writer, "authentication", "pam_authentication", "failure");
        write_failure_pairs(scan.rest(), writer);
        return true;
    }
    if (scan.eat("check pass; user unknown")) {
        write_kind(writer, "authentication", "pam_unknown_user", "failure");
        return true;
    }
    if (scan.eat("password changed for ")) {
        write_kind(writer, "iam", "password_changed", "success");
        writer.text(field::UserName, scan.word());
        return true;
    }
    if (scan.eat("account ") || scan.eat("conversation failed")
        || scan.eat("auth could not identify password for ")) {
        write_kind(writer, "authentication", "pam_account", "failure");
        return true;
    }
    return read_session(scan, writer);
}

}  // namespace

// "pam_unix(sshd:auth): authentication failure; ... rhost=203.0.113.9  user=root",
// "pam_unix(sshd:session): session opened for user root(uid=0) by (uid=0)",
// "PAM 2 more authentication failures; ..."; old hosts write the body alone, behind
// "sshd(pam_unix)".
bool read_pam(std::string_view message, Writer& writer) {
    Scan scan(message);
    if (scan.eat("PAM ")) {
        const auto more = scan.number(4);
        if (more && (scan.eat(" more authentication failure"))) {
            const auto pairs = scan.until(';');
            write_kind(writer, "authentication", "pam_more_failures", "failure");
            write_failure_pairs(pairs ? scan.rest() : std::string_view{}, writer);
            return true;
        }
        return false;
    }
    if (scan.rest().starts_with("pam_")) {
        const auto module = scan.until(": ");
        if (!module || module->contains(' ')) {
            return false;
        }
    }
    return read_pam_body(scan.rest(), writer);
}

// "  admin : TTY=pts/0 ; PWD=/home/admin ; USER=root ; COMMAND=/bin/bash -c x"
// "admin : 3 incorrect password attempts ; TTY=...", "admin : user NOT in sudoers ; TTY=..."
bool read_sudo(std::string_view message, Writer& writer) {
    Scan scan(message);
    scan.blanks();
    const std::size_t command_at = message.find("COMMAND=");
    const auto user = scan.until(" : ");
    if (!user || user->contains(' ') || command_at == std::string_view::npos) {
        return read_pam(message, writer);
    }
    writer.text(field::UserName, *user);
    std::string_view outcome = "success";
    const std::string_view head =
        message.substr(static_cast<std::size_t>(scan.rest().data() - message.data()),
                       command_at - static_cast<std::size_t>(scan.rest().data() - message.data()));
    Scan parts(head);
    while (!parts.done()) {
        const auto cut = parts.until(" ; ");
        Scan part(cut ? *cut : parts.rest());
        if (!cut) {
            parts.skip(parts.rest().size());
        }
        if (part.eat("USER=")) {
            writer.text(field::UserEffectiveName, part.rest());
        } else if (part.eat("PWD=")) {
            writer.text(field::ProcessWorkingDirectory, part.rest());
        } else if (part.eat("GROUP=")) {
            writer.text(field::GroupName, part.rest());
        } else if (!part.done() && !part.rest().contains('=')) {
            outcome = "failure";  // "user NOT in sudoers", "command not allowed", "... attempts"
        }
    }
    write_kind(writer, "process", "sudo_command", outcome);
    const std::string_view command = message.substr(command_at + 8);
    writer.text(field::ProcessCommandLine, command);
    writer.text(field::ProcessExecutable, command.substr(0, command.find(' ')));
    return true;
}

// "Successful su for root by admin", "FAILED su for root by admin", "(to root) admin on pts/0",
// "+ /dev/pts/0 admin:root", "- ..."
bool read_su(std::string_view message, Writer& writer) {
    Scan scan(message);
    const bool good = scan.eat("Successful su for ");
    if (good || scan.eat("FAILED su for ") || scan.eat("FAILED SU (to ")) {
        write_kind(writer, "authentication", "su", good ? "success" : "failure");
        const std::string_view target = scan.word();
        writer.text(field::UserEffectiveName, target.substr(0, target.find(')')));
        scan.eat("by ");
        writer.text(field::UserName, scan.word());
        return true;
    }
    if (scan.eat("(to ")) {
        const auto target = scan.until(") ");
        if (!target) {
            return false;
        }
        write_kind(writer, "authentication", "su", "success");
        writer.text(field::UserEffectiveName, *target);
        writer.text(field::UserName, scan.word());
        return true;
    }
    const bool plus = scan.eat("+ ");
    if (plus || scan.eat("- ")) {
        scan.word();  // terminal
        const std::string_view pair = scan.word();
        const std::size_t cut = pair.find_first_of(":-");
        if (cut == std::string_view::npos) {
            return false;
        }
        write_kind(writer, "authentication", "su", plus ? "success" : "failure");
        writer.text(field::UserName, pair.substr(0, cut));
        writer.text(field::UserEffectiveName, pair.substr(cut + 1));
        return true;
    }
    return read_pam(message, writer);
}

// useradd, adduser, usermod, userdel, groupadd, groupdel, gpasswd, passwd, chpasswd (shadow-utils)
bool read_accounts(std::string_view message, Writer& writer) {
    Scan scan(message);
    const auto affected = [&](std::string_view action, std::string_view user) {
        write_kind(writer, "iam", action, "success");
        if (!user.empty()) {
            writer.text(field::UserName, user);
            writer.text(field::UserTargetName, user);
        }
    };
    if (scan.eat("new user: name=")) {
        affected("user_added", scan_name(scan));
        static const event::FieldId kUserId = event::intern("user.id");
        const std::string_view id = pair_of(scan.rest(), "UID=");
        writer.text(kUserId, id.substr(0, id.find(',')));
        return true;
    }
    if (scan.eat("failed adding user ")) {
        write_kind(writer, "iam", "user_added", "failure");
        writer.text(field::UserName, scan_name(scan));
        return true;
    }
    if (scan.eat("new group: name=")) {
        affected("group_added", "");
        writer.text(field::GroupName, scan_name(scan));
        return true;
    }
    if (scan.eat("group added to ")) {
        affected("group_added", "");
        if (scan.until("name=")) {
            writer.text(field::GroupName, scan_name(scan));
        }
        return true;
    }
    if (scan.eat("add ")) {
        // "add 'x' to group 'sudo'", "add 'x' to shadow group 'sudo'"
        const std::string_view user = scan_name(scan);
        if (!scan.eat(" to group ") && !scan.eat(" to shadow group ")) {
            return false;
        }
        affected("user_added_to_group", user);
        writer.text(field::GroupName, scan_name(scan));
        return true;
    }
    if (scan.eat("user ")) {
        // gpasswd: "user x added by root to group sudo", "user x removed by root from group sudo"
        const std::string_view user = scan_name(scan);
        const bool added = scan.eat(" added by ");
        if (!added && !scan.eat(" removed by ")) {
            return false;
        }
        affected(added ? "user_added_to_group" : "user_removed_from_group", user);
        if (scan.until("group ")) {
            writer.text(field::GroupName, scan_name(scan));
        }
        return true;
    }
    if (scan.eat("delete ")) {
        // userdel: "delete user 'x'"; usermod, userdel: "delete 'x' from group 'sudo'"
        if (scan.eat("user ")) {
            affected("user_deleted", scan_name(scan));
            return true;
        }
        const std::string_view user = scan_name(scan);
        if (!scan.eat(" from group ") && !scan.eat(" from shadow group ")) {
            return false;
        }
        affected("user_removed_from_group", user);
        writer.text(field::GroupName, scan_name(scan));
        return true;
    }
    if (scan.eat("removed group ") || scan.eat("group ")) {
        const std::string_view group = scan_name(scan);
        if (!scan.rest().starts_with(" owned by ") && !scan.rest().starts_with(" removed")) {
            return false;
        }
        affected("group_deleted", "");
        writer.text(field::GroupName, group);
        return true;
    }
    if (scan.eat("change user ") || scan.eat("lock user ") || scan.eat("unlock user ")) {
        const bool locked = message.starts_with("lock");
        const std::string_view user = scan_name(scan);
        const bool password = scan.rest() == " password";
        affected(locked                                            ? "user_locked"
                 : password && message.starts_with("change user ") ? "password_changed"
                                                                   : "user_changed",
                 user);
        return true;
    }
    if (scan.eat("password for ")) {
        // passwd: "password for 'x' changed by 'root'"
        const std::string_view user = scan_name(scan);
        if (!scan.eat(" changed by ")) {
            return false;
        }
        affected("password_changed", user);
        return true;
    }
    return read_pam(message, writer);
}

// "(root) CMD (/usr/bin/backup --all)"
bool read_cron(std::string_view message, Writer& writer) {
    Scan scan(message);
    if (scan.eat('(')) {
        const auto user = scan.until(") CMD (");
        if (user && scan.rest().ends_with(')')) {
            write_kind(writer, "process", "cron_command", "");
            writer.text(field::UserName, *user);
            std::string_view command = scan.rest();
            command.remove_suffix(1);
            writer.text(field::ProcessCommandLine, command);
            return true;
        }
        return false;
    }
    return read_pam(message, writer);
}

bool read_program(std::string_view program, std::string_view message, Writer& writer) {
    using Read = bool (*)(std::string_view, Writer&);
    static constexpr struct {
        std::string_view name;
        Read read;
    } kPrograms[] = {
        {"sshd", read_sshd},         {"sshd-session", read_sshd},
        {"sudo", read_sudo},         {"su", read_su},
        {"useradd", read_accounts},  {"adduser", read_accounts},
        {"usermod", read_accounts},  {"userdel", read_accounts},
        {"groupadd", read_accounts}, {"groupdel", read_accounts},
        {"groupmod", read_accounts}, {"gpasswd", read_accounts},
        {"passwd", read_accounts},   {"chpasswd", read_accounts},
        {"chage", read_accounts},    {"CRON", read_cron},
        {"cron", read_cron},         {"crond", read_cron},
    };
    for (const auto& known : kPrograms) {
        if (program.starts_with(known.name[0]) && known.name == program) {
            return known.read(message, writer);
        }
    }
    // Any program may speak through PAM: login, gdm, vsftpd, systemd.
    return (message.starts_with("pam_") || message.starts_with("session ")
            || message.starts_with("authentication failure;"))
           && read_pam(message, writer);
}

}  // namespace gac::ingest
