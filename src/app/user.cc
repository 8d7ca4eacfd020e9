// gac user add, gac token add: the first accounts, made on the machine itself.
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "app/command.h"
#include "app/control_desk.h"

namespace gac::app {

namespace {

struct AccountOptions {
    std::string name;
    std::string role = "analyst";
    std::string scope = "ingest";
    std::string unit;
    std::string display_name;
    std::string expires;
    std::string data;
};

// One line of standard input, without echo when it is a terminal.
base::Secret read_password() {
    const bool terminal = isatty(STDIN_FILENO) != 0;
    termios before{};
    if (terminal) {
        fmt::print(stderr, "Password: ");
        tcgetattr(STDIN_FILENO, &before);
        termios silent = before;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        tcsetattr(STDIN_FILENO, TCSANOW, &silent);
    }
    std::string line;
    for (int c = std::getchar(); c != EOF && c != '\n' && line.size() <= 1024; c = std::getchar()) {
        line += static_cast<char>(c);
    }
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
        fmt::print(stderr, "\n");
    }
    if (line.ends_with('\r')) {
        line.pop_back();
    }
    return base::Secret(std::move(line));
}

Result<std::optional<base::UnitId>> find_unit(ControlDesk& desk, const std::string& code) {
    if (code.empty()) {
        return std::nullopt;
    }
    auto unit = desk.units.find_by_code(code);
    if (!unit) {
        return std::unexpected(base::at("--unit", std::move(unit).error()));
    }
    return unit->id;
}

Result<> add_account(const AccountOptions& options) {
    const auto role = access::parse_role(options.role);
    if (!role) {
        return fail(Code::InvalidArgument,
                    fmt::format("no role \"{}\"; there are admin, coordinator, analyst, "
                                "unit_officer, operator_desk, "
                                "auditor",
                                options.role),
                    "--role");
    }
    const base::SystemClock clock;
    GAC_TRY(desk, ControlDesk::open(DataFolder(options.data), clock));
    GAC_TRY(unit, find_unit(*desk, options.unit));
    const base::Secret password = read_password();
    access::NewUser user;
    user.name = options.name;
    user.role = *role;
    user.display_name = options.display_name;
    user.unit = unit;
    GAC_TRY(added, desk->users.add(access::Actor::system("cli"), user, password));
    fmt::print("added {} with role {}\n", added.name, access::name_of(added.role));
    return {};
}

Result<> add_token_to(const AccountOptions& options) {
    const auto scope = access::parse_token_scope(options.scope);
    if (!scope) {
        return fail(Code::InvalidArgument,
                    fmt::format("no scope \"{}\"; there are ingest, read, admin", options.scope),
                    "--scope");
    }
    const base::SystemClock clock;
    GAC_TRY(desk, ControlDesk::open(DataFolder(options.data), clock));
    GAC_TRY(unit, find_unit(*desk, options.unit));
    access::NewToken token;
    token.name = options.name;
    token.scope = *scope;
    token.unit = unit;
    if (!options.expires.empty()) {
        GAC_TRY(expires, base::parse_time_argument(options.expires, clock.now()));
        token.expires = expires;
    }
    GAC_TRY(made, desk->tokens.add(access::Actor::system("cli"), token));
    fmt::print("{}\n", made.text.reveal());
    return {};
}

int report(const Result<>& done) { return done ? kDone : cannot_start(done.error()); }

}  // namespace

void add_user(CLI::App& root, Chosen& chosen) {
    const auto options = std::make_shared<AccountOptions>();
    CLI::App* user = root.add_subcommand("user", "Accounts of people");
    user->require_subcommand(1);
    CLI::App* add =
        user->add_subcommand("add", "Add an account; the password is read from standard input");
    add->add_option("name", options->name, "Log-in name")->required();
    add->add_option("--role", options->role,
                    "admin, coordinator, analyst, unit_officer, operator_desk or auditor")
        ->capture_default_str();
    add->add_option("--display-name", options->display_name, "Name on the screen");
    add->add_option("--unit", options->unit, "Code of the unit that the person belongs to");
    add->add_option("--data", options->data, "Data folder")->required();
    add->footer(
        "Examples:\n  gac user add truc1 --role analyst --data var/data\n"
        "  printf '%s\\n' \"$PASSWORD\" | gac user add quantri --role admin --data /var/lib/gac");
    add->callback(
        [options, &chosen] { chosen = [options] { return report(add_account(*options)); }; });

    const auto token_options = std::make_shared<AccountOptions>();
    CLI::App* token = root.add_subcommand("token", "API tokens of programs");
    token->require_subcommand(1);
    CLI::App* add_one = token->add_subcommand("add", "Make a token and print it once");
    add_one->add_option("name", token_options->name, "What it is for")->required();
    add_one->add_option("--scope", token_options->scope, "ingest, read or admin")
        ->capture_default_str();
    add_one->add_option("--unit", token_options->unit, "Code of the unit that it is limited to");
    add_one->add_option("--expires", token_options->expires,
                        "RFC 3339, or relative (+90d); without it never");
    add_one->add_option("--data", token_options->data, "Data folder")->required();
    add_one->footer(
        "Examples:\n  gac token add fluent-bit --scope ingest --data var/data\n"
        "  gac token add dashboard --scope read --expires +90d --data var/data");
    add_one->callback([token_options, &chosen] {
        chosen = [token_options] { return report(add_token_to(*token_options)); };
    });
}

}  // namespace gac::app
