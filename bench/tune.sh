#!/usr/bin/env bash
# Measures the fastest backend for each kind of layer and writes include/inlay/backend/auto_table.hpp, the table of
# AutoBackend. Builds and runs bench/layers for each compiler and instruction set; about twenty minutes of two cores.
#   bash bench/tune.sh [FOLDER]   keeps builds and measurements in FOLDER, by default build/tune
# COMPILERS="g++ clang++-19" selects the compilers, RUN="taskset -c 3" (for example) is a prefix of the timed commands.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C

folder=${1:-build/tune}
rounds=5
sizes="8;16;20;32;40;64"
declare -A sets=([16]="" [32]="-mavx2 -mfma" [64]="-march=native")
grep -qs avx512f /proc/cpuinfo || unset "sets[64]"
grep -qs avx2 /proc/cpuinfo || unset "sets[32]"
[[ $(uname -m) == x86_64 ]] || sets=([16]="-march=native")

configurations=()
for compiler in ${COMPILERS:-g++ clang++}; do
  command -v "$compiler" > /dev/null || { echo "no $compiler: left out"; continue; }
  for bytes in "${!sets[@]}"; do
    echo "Building with $compiler ${sets[$bytes]}"
    cmake -S . -B "$folder/$compiler-$bytes" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" -DINLAY_BUILD_TESTS=OFF \
      -DINLAY_BUILD_EXAMPLES=OFF -DINLAY_BUILD_BENCH=ON -DINLAY_BENCH_MORE_LAYERS=OFF -DINLAY_BENCH_SIZES="$sizes" \
      -DINLAY_BENCH_BACKENDS="xsimd;eigen;stl" \
      -DINLAY_BENCH_FLAGS="-O3 ${sets[$bytes]}" > /dev/null
    cmake --build "$folder/$compiler-$bytes" --target layers > "$folder/$compiler-$bytes.build"
    configurations+=("$compiler-$bytes")
  done
done

# In turns, so that other load on the machine affects all configurations.
rm -f "$folder"/*.json
for ((round = 1; round <= rounds; round++)); do
  for configuration in "${configurations[@]}"; do
    echo "Round $round of $rounds: $configuration"
    ${RUN:-} "$folder/$configuration/bench/layers" --benchmark_repetitions=1 --benchmark_min_time=0.005 \
      --benchmark_filter='/(xsimd|eigen|stl)/(frame|64)$' --benchmark_out="$folder/$configuration.$round.json" \
      --benchmark_out_format=json > "$folder/$configuration.out"
  done
done
/usr/bin/python3 bench/suite/tune.py "$folder" include/inlay/backend/auto_table.hpp
