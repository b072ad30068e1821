#!/usr/bin/env bash
# Runs one fuzzer: bash tests/fuzz/fuzz.sh PROGRAMS BUILD NAME SECONDS [libFuzzer's options, folders of inputs]
# What makes it fail is left in BUILD/failures/NAME, and the command that repeats the failure is printed.
set -uo pipefail
programs=$1 build=$2 name=$3 seconds=$4
shift 4
failures=$build/failures/$name
mkdir -p "$failures"
rm -f "$failures"/*
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
# Mutations are repaired by loading them: what is being loaded if that crashes.
export INLAY_FUZZ_REPAIR=$failures/repair.json
program=$programs/fuzz_$name
# The limits are far above what any small file may ask for with the build's limits (CMakeLists.txt).
"$program" -max_total_time="$seconds" -max_len=12000 -timeout=20 -rss_limit_mb=2048 -malloc_limit_mb=256 -reload=0 \
  -artifact_prefix="$failures/" -print_final_stats=1 "$@" > "$build/$name.log" 2>&1
result=$?
if ((result == 0)); then
  rm -f "$INLAY_FUZZ_REPAIR"
  echo "      $name: $(grep -oE '#[0-9]+\s+DONE\s+cov: [0-9]+ ft: [0-9]+' "$build/$name.log" | tr -s '\t ' ' ')"
  exit 0
fi
echo "FAILED: fuzzer $name: $(grep SUMMARY "$build/$name.log" | tail -n 1)"
for input in "$failures"/*-*; do
  [[ -s $input ]] && rm -f "$INLAY_FUZZ_REPAIR" && echo "      again with: $program $input"
done
[[ -s $INLAY_FUZZ_REPAIR ]] && echo "      again with: $programs/fuzz_run $INLAY_FUZZ_REPAIR"
exit 1
