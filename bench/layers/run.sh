#!/usr/bin/env bash
# Every layer beside LibTorch and ONNX Runtime, frame by frame and in buffers of 64 and 512: a table of Markdown.
#   bash bench/layers/run.sh [SIZE...]   channels, 16 and 32 by default; twenty minutes of one core, most of it the build
# Every output is verified before it is timed. RUN="taskset -c 3" (for example) is a prefix of the timed commands, ROUNDS=n
# the number of processes that time each layer. Other libraries are found as bench/run.sh finds them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export LC_ALL=C CXX=${CXX:-g++}
. bench/suite/build.sh

sizes=("${@:-}")
if [[ -z ${sizes[0]} ]]; then sizes=(16 32); fi
build=build/bench-layers
out=$build/results
log=$build/log
python=/usr/bin/python3

build_with() {
  cmake -S . -B "$build" -G Ninja -DINLAY_BUILD_TESTS=OFF -DINLAY_BUILD_EXAMPLES=OFF -DINLAY_BUILD_BENCH=ON \
    -DINLAY_BENCH_SUITE=ON -DINLAY_BENCH_GROWTH=OFF -DINLAY_BENCH_BACKENDS=xsimd -DINLAY_BENCH_RUN_TIME=xsimd \
    -DINLAY_BENCH_SIZES="$(IFS=";"; echo "${sizes[*]}")" "$@" > "$log/configure" 2>&1 || return 1
  cmake --build "$build" -j "${JOBS:-$(nproc)}" --target layers > "$log/build" 2>&1
}
build_benchmarks INLAY_BENCH

files=$build/files
rm -rf "$files" "$out"/*
"$build/bench/layers" --write="$files"
if [[ -n $compared ]]; then "$python" bench/suite/export.py "$files"; fi
for ((round = 1; round <= ${ROUNDS:-3}; round++)); do
  for size in "${sizes[@]}"; do
    # Exit status 1: an output was wrong. The table says so.
    ${RUN:-} "$build/bench/layers" --files="$files" --benchmark_repetitions=1 --benchmark_min_time=0.02 \
      --benchmark_filter="/$size/(xsimd|libtorch|onnxruntime)/(frame|64|512)$" \
      --benchmark_out="$out/layers.$size-$round.json" --benchmark_out_format=json > "$log/layers.out" || (($? == 1))
  done
done
"$python" bench/suite/layers.py "$out"
