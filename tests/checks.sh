#!/usr/bin/env bash
# The checks beside ctest: format, the console's lint, types, unit tests and size, and the browser tests against
# the real server. Each writes its outcome to RESULTS/checks.txt: pass|fail|skip name [reason].
set -uo pipefail
cd "$(dirname "$0")/.."
results=$1
: >"$results/checks.txt"

check() {   # check NAME COMMAND...
    local name=$1 started=$SECONDS; shift
    if "$@" >"$results/$name.log" 2>&1; then
        echo "pass $name" >>"$results/checks.txt"
        echo "[gac] $name passed ($((SECONDS - started)) s)" >&2
    else
        echo "fail $name" >>"$results/checks.txt"
        tail -40 "$results/$name.log" >&2
        echo "[gac] $name FAILED, see ${results#"$PWD"/}/$name.log" >&2
    fi
}

sources() { git ls-files -- 'src/*.h' 'src/*.cc' 'tests/*.cc'; }
format() { sources | xargs clang-format-19 --dry-run --Werror; }
in_web() { (cd web && npm run --silent "$@"); }

check format format
check web-lint in_web lint
check web-unit env VITEST_JSON="$results/vitest.json" npm --prefix web test --silent -- --reporter=default --reporter=json --outputFile="$results/vitest.json"
check web-size in_web size
check system env GAC_BIN="$PWD/build/dev/bin/gac" node --test --test-concurrency=1 --test-reporter=spec \
    --test-reporter-destination=stdout --test-reporter=junit --test-reporter-destination="$results/system.xml" \
    tests/system/*.test.mjs
check web-e2e env GAC_BIN="$PWD/build/dev/bin/gac" PLAYWRIGHT_JSON_OUTPUT_NAME="$results/playwright.json" npm --prefix web run --silent e2e -- --reporter=list,json
! grep -q '^fail' "$results/checks.txt"
