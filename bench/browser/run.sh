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
[[ ! -e $build/package/inlay-relaxed.wasm ]] || { printf 'inlay-relaxed.wasm: '; node $here/node.mjs "$build/package" sizes inlay-relaxed.wasm; }
printf 'Node:       '; node $here/node.mjs "$build/package" start
node $here/node.mjs "$build/package" load "${models[@]}"
printf 'Chromium:   '; python3 $here/chromium.py "$build/package" start

: > "$build/times"
for ((round = 0; round < rounds; ++round)); do
  for isa in sse2 avx2; do echo "native-$isa $("$build/native-$isa" "${models[@]}")" >> "$build/times"; done
  echo "node $(node $here/node.mjs "$build/package" speed "${models[@]}")" >> "$build/times"
  for module in inlay inlay-relaxed; do
    [[ ! -e $build/package/$module.wasm ]] || echo "chromium-$module $(python3 $here/chromium.py "$build/package" speed $module.wasm)" >> "$build/times"
  done
done
printf '\nNanoseconds a sample, blocks of 128, the shortest of %d rounds\n' "$rounds"
awk '{ for (i = 2; i <= NF; ++i) if (!(($1, i) in best) || $i < best[$1, i]) best[$1, i] = $i; if (!($1 in seen)) { seen[$1]; name[++names] = $1 } }
  function row(title, a, b,  i, line) { line = sprintf("%-36s", title); for (i = 2; i <= 4; ++i) line = line sprintf("%12.2f", best[a, i] / (b ? best[b, i] : 1)); print line }
  END { printf "%-36s%12s%12s%12s\n", "", "LSTM 20", "A1 standard", "A2"
    for (n = 1; n <= names; ++n) row(name[n], name[n])
    for (n = 3; n <= names; ++n) for (m = 1; m <= 2; ++m) row(name[n] " / " name[m], name[n], name[m]) }' "$build/times"

printf '\nIn an AudioContext\n'
python3 $here/chromium.py "$build/package" real-time "$seconds"
