#!/usr/bin/env bash
# Estimates the time of random networks on 64-bit ARM processors in QEMU, and writes the tables of these machines.
#
#   bash bench/predict/count.sh [NETWORKS]
#
# As run.sh, but with cycles estimated from counted instructions (bench/instructions); other load on the machine does not
# matter. Needs g++-aarch64-linux-gnu, qemu-user and llvm-19.
set -euo pipefail
cd "$(dirname "$0")/../.."
networks=${1:-300}
build=build/predict/aarch64
python=/usr/bin/python3 # the system's: it is the one that has the system's NumPy
export PYTHONPATH=$PWD/python/src
mkdir -p "$build/networks" "$build/filters" build/headers
# A cross-compiler must not see all of /usr/include, only the packages.
ln -sfn /usr/include/nlohmann /usr/include/xsimd /usr/include/eigen3/Eigen /usr/include/benchmark build/headers/

echo "[1/4] networks"
"$python" bench/predict/architectures.py "$build/networks" $(seq 0 $((networks - 1)))
"$python" bench/predict/filters.py "$build/filters"
echo "[2/4] the library"
cmake -S . -B build/predict/library-aarch64 -DCMAKE_TOOLCHAIN_FILE="$PWD/tests/toolchains/aarch64.cmake" \
  -DCMAKE_CXX_FLAGS="-isystem $PWD/build/headers" -DINLAY_FETCH_DEPENDENCIES=OFF -DINLAY_BUILD_TESTS=OFF -DINLAY_BUILD_BENCH=OFF -DINLAY_BUILD_EXAMPLES=OFF > /dev/null
cmake --build build/predict/library-aarch64 --target inlay_compiled -j "$(nproc)" > /dev/null
echo "[3/4] the program"
aarch64-linux-gnu-g++ -std=c++20 -O3 -DNDEBUG -DINLAY_COMPILED -Iinclude -isystem build/headers -static bench/predict/measure.cpp build/predict/library-aarch64/libinlay_compiled.a -pthread -o "$build/measure"
gcc -Wall -Wextra -O2 -shared -fPIC -o "$build/count.so" bench/instructions/count.c
echo "[4/4] counting"
"$python" bench/predict/count.py "$build/measure" "$build/networks" bench/predict/measured
"$python" bench/predict/count.py "$build/measure" "$build/filters" bench/predict/filters filters
fit() {
  "$python" bench/predict/fit.py "bench/predict/measured/$1.txt" --lanes 4 --estimated --write "$1" "$2" --also "${@:3}"
}
fit pi4 "Raspberry Pi 4, Cortex-A72 at 1.8 GHz" raspberrypi4
fit pi5 "Raspberry Pi 5, Cortex-A76 at 2.4 GHz" raspberrypi5
fit m1 "Apple M1 at 3.2 GHz" applem1
