#!/usr/bin/env bash
# What models cost in WebAssembly, beside the same sources compiled for this machine.
#   bash bench/browser/run.sh [ROUNDS] [SECONDS]   default: 5 rounds; 10 seconds of each model in real time
# Programs are timed in turns, and each number is the shortest of all rounds: other load can only make it longer.
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-5} seconds=${2:-10}
build=build/bench-browser
mkdir -p "$build"
bash examples/web/build.sh "$build/package" > /dev/null
here=bench/browser
models=(examples/amp/amp.json tests/golden/nam/wavenet_a1_standard.json tests/golden/nam/wavenet_a2.json)

declare -A options=([sse2]="" [avx2]="-mavx2 -mfma")
for isa in sse2 avx2; do
  program=$build/native-$isa
  # shellcheck disable=SC2086
  [[ $program -nt $here/native.cpp ]] || g++ -std=c++20 -O3 -DNDEBUG ${options[$isa]} -Iinclude $here/native.cpp -o "$program"
done

printf 'inlay.wasm: '; node $here/node.mjs "$build/package" sizes
printf 'Node:       '; node $here/node.mjs "$build/package" start
node $here/node.mjs "$build/package" load "${models[@]}"
printf 'Chromium:   '; python3 $here/chromium.py "$build/package" start

: > "$build/times"
for ((round = 0; round < rounds; ++round)); do
  for isa in sse2 avx2; do echo "native-$isa $("$build/native-$isa" "${models[@]}")" >> "$build/times"; done
  echo "node $(node $here/node.mjs "$build/package" speed "${models[@]}")" >> "$build/times"
  echo "chromium $(python3 $here/chromium.py "$build/package" speed)" >> "$build/times"
done
printf '\nNanoseconds a sample, blocks of 128, the shortest of %d rounds\n' "$rounds"
awk '{ for (i = 2; i <= NF; ++i) if (!(($1, i) in best) || $i < best[$1, i]) best[$1, i] = $i }
  function row(name,  i, line) { line = sprintf("%-12s", name); for (i = 2; i <= 4; ++i) line = line sprintf("%12.1f", best[name, i]); print line }
  function ratio(name, other,  i, line) { line = sprintf("%-24s", name " / " other); for (i = 2; i <= 4; ++i) line = line sprintf("%8.2f", best[name, i] / best[other, i]); print line }
  END { printf "%-12s%12s%12s%12s\n", "", "LSTM 20", "A1 standard", "A2"; row("native-sse2"); row("native-avx2"); row("node"); row("chromium")
    ratio("node", "native-sse2"); ratio("chromium", "native-sse2"); ratio("node", "native-avx2"); ratio("chromium", "native-avx2") }' "$build/times"

printf '\nIn an AudioContext\n'
python3 $here/chromium.py "$build/package" real-time "$seconds"
