// How a command of the program is made: one file a command, each with one add_… function that
// declares its options on the root and stores what to run. Exit codes (the contract): 0 done, 1
// done with some inputs failed (said on stderr), 2 wrong use or cannot start.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <string_view>

#include "base/result.h"

namespace gac::app {

inline constexpr int kDone = 0;
inline constexpr int kSomeFailed = 1;
inline constexpr int kCannotStart = 2;

// Set by the chosen command while the command line is parsed; main runs it afterwards.
using Chosen = std::function<int()>;

// Prints "gac: message" on stderr and gives the exit code 2.
int cannot_start(const Error& error);
int cannot_start(std::string_view message);

void add_serve(CLI::App& root, Chosen& chosen);
void add_config(CLI::App& root, Chosen& chosen);
void add_user(CLI::App& root, Chosen& chosen);
void add_audit(CLI::App& root, Chosen& chosen);
void add_drill(CLI::App& root, Chosen& chosen);
void add_rules(CLI::App& root, Chosen& chosen);
void add_rule_packs(CLI::App& rules, Chosen& chosen);    // under rules
void add_rule_explain(CLI::App& rules, Chosen& chosen);  // under rules
void add_rule_preview(CLI::App& rules, Chosen& chosen);  // of "rules"
void add_detect(CLI::App& root, Chosen& chosen);
void add_decode(CLI::App& root, Chosen& chosen);
void add_ingest(CLI::App& root, Chosen& chosen);
void add_search(CLI::App& root, Chosen& chosen);
void add_hunt(CLI::App& root, Chosen& chosen);
void add_history(CLI::App& root, Chosen& chosen);
void add_backup(CLI::App& root, Chosen& chosen);
void add_export(CLI::App& root, Chosen& chosen);
void add_generate(CLI::App& root, Chosen& chosen);

}  // namespace gac::app
