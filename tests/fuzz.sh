#!/usr/bin/env bash
# Each fuzz target for SECONDS from its corpus, under AddressSanitizer and UndefinedBehaviorSanitizer.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/setup.sh
seconds=$1 passed=0 failed=0
build_preset fuzz
for source in $(git ls-files -- 'src/*_fuzz.cc'); do
    name=$(basename "$source" .cc)
    mkdir -p "fuzz/corpus/$name" "build/fuzz/found/$name"
    if "build/fuzz/bin/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
            -artifact_prefix="build/fuzz/found/$name/" "build/fuzz/found/$name" "fuzz/corpus/$name" >"build/fuzz/$name.log" 2>&1; then
        passed=$((passed + 1)); say "$name: $(grep -oE 'number_of_executed_units: [0-9]+' "build/fuzz/$name.log")"
    else
        failed=$((failed + 1)); tail -20 "build/fuzz/$name.log" >&2; say "$name FAILED"
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
