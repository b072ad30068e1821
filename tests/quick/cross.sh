#!/usr/bin/env bash
# Builds tests/quick with the cross-compiler of a toolchain file, and runs it in qemu. Status 77: one of them is missing.
#   bash tests/quick/cross.sh aarch64|armhf|riscv64
set -euo pipefail
cd "$(dirname "$0")/../.."

case "${1:-}" in
  aarch64) tools=(aarch64-linux-gnu-g++ qemu-aarch64) ;;
  armhf) tools=(arm-linux-gnueabihf-g++ qemu-arm) ;;
  riscv64) tools=(clang++-19 riscv64-linux-gnu-g++ qemu-riscv64) ;; # the second has the C++ library
  *) echo "usage: bash tests/quick/cross.sh aarch64|armhf|riscv64" >&2; exit 2 ;;
esac
for tool in "${tools[@]}"; do
  command -v "$tool" > /dev/null || { echo "no $tool"; exit 77; }
done

out=build/quick-$1
cmake -S . -B "$out" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$PWD/tests/toolchains/$1.cmake" -DCMAKE_CXX_FLAGS_RELEASE="-O1 -DNDEBUG" \
  -DINLAY_WERROR=ON -DINLAY_FETCH_DEPENDENCIES=OFF -DINLAY_WITH_ONNXRUNTIME=OFF -DINLAY_WITH_LIBTORCH=OFF \
  -DINLAY_BUILD_BENCH=OFF -DINLAY_BUILD_EXAMPLES=OFF -DINLAY_TEST_SUITES=quick -DINLAY_FETCH_GTEST=ON
cmake --build "$out" --target quick
ctest --test-dir "$out" --output-on-failure
