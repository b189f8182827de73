#!/usr/bin/env bash
# Fuzzes every target of fuzz/ for SECONDS (first argument, default 60) each, on the stable toolchain.
# A finding ends the script with an error and leaves the input in fuzz/artifacts/.
set -euo pipefail
seconds=${1:-60}
cd "$(dirname "$0")/../fuzz"

host=$(rustc -vV | sed -n 's/^host: //p')
# The coverage that cargo-fuzz would switch on through nightly flags.
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
# With --target, build scripts stay uninstrumented.
cargo build --quiet --release --locked --target "$host"

for target in targets/*.rs; do
    name=$(basename "$target" .rs)
    log="artifacts/$name.log"
    mkdir -p "corpus/$name" "artifacts/$name"
    if ! "target/$host/release/$name" -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=1024 \
        -print_final_stats=1 -artifact_prefix="artifacts/$name/" "corpus/$name" "seeds/$name" 2>"$log"; then
        tail -n 40 "$log" >&2
        echo "fuzz $name: FAILED; the input is in fuzz/artifacts/$name" >&2
        exit 1
    fi
    count=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    if ! ((${count:-0})); then
        echo "fuzz $name: FAILED; no input ran, see fuzz/$log" >&2
        exit 1
    fi
    echo "fuzz $name: $count inputs in $seconds s, no finding"
done
