#!/usr/bin/env bash
# Counts the instructions of inlay's layers and of two WaveNets on 64-bit ARM, in QEMU, and estimates cycles.
#
#   bash bench/instructions/run.sh          builds (two minutes), checks every output, prints three tables
#   bash bench/instructions/run.sh count    prints one: count, loops or where, see measure.py
#
# CXX and CXXFLAGS select compiler and options, BACKEND one of the backends. With EMULATOR, that of another processor,
# only `count` works. Debian's packages g++-aarch64-linux-gnu, qemu-user, libxsimd-dev, nlohmann-json3-dev and, for
# cycles, llvm-19 are needed.
set -eu
cd "$(dirname "$0")/../.."

CXX=${CXX:-aarch64-linux-gnu-g++}
BACKEND=${BACKEND:-XsimdBackend}
export EMULATOR=${EMULATOR:-qemu-aarch64}
build=${INLAY_COUNT_BUILD:-build/instructions}
mkdir -p "$build/headers"
# A cross-compiler must not see all of /usr/include, only the packages.
ln -sfn /usr/include/nlohmann /usr/include/xsimd /usr/include/eigen3/Eigen "$build/headers/"
read -ra flags <<< "-std=c++20 -O3 -DNDEBUG -Iinclude -isystem $build/headers ${CXXFLAGS:-}"
flags+=(-DINLAY_BENCH_BACKEND="$BACKEND" -DINLAY_BENCH_NAME='"counted"' -DINLAY_BENCH_HAS_BACKEND=1)

gcc -Wall -Wextra -O2 -shared -fPIC -o "$build/count.so" bench/instructions/count.c
objects=() jobs=()
for source in instructions/cases subjects/run_time instructions/main layers/reference; do
  object=$build/${source//\//_}.o
  $CXX "${flags[@]}" -c -o "$object" "bench/$source.cpp" &
  jobs+=($!)
  objects+=("$object")
done
for job in "${jobs[@]}"; do wait "$job"; done
$CXX ${CXXFLAGS:-} -static -o "$build/instructions" "${objects[@]}" # static: every address is known

for network in $($EMULATOR "$build/instructions"); do
  for block in 1 64; do
    $EMULATOR "$build/instructions" "$network" "$block" > "$build/log" || { echo "$network: wrong, $(cat "$build/log")"; exit 1; }
  done
done
for table in ${1:-count loops where}; do
  echo
  python3 bench/instructions/measure.py "$build/instructions" "$table"
done
