#!/usr/bin/env bash
# Measures inlay on this machine and compares it with LibTorch and ONNX Runtime, if they are found.
#   bash bench/run.sh           everything
#   bash bench/run.sh --quick   under three minutes on two cores, once packages are installed
# Installs missing packages, builds, verifies every output, times, and writes bench/results/MACHINE/. MACHINE is the
# processor's model, its generation and the instruction set of the build; --quick writes MACHINE-quick.
# --quick measures the xsimd backend in float: layers of 8, 16 and 40 channels, options of LSTM and GRU 16 and 40, single
# frames and buffers of 64 (networks: 64 and 512), in two rounds instead of five. It leaves out the other backends and
# sizes, double precision, convolutions with an increasing receptive field, and compile times. Most of the three minutes
# are the build, 200 CPU seconds without other libraries.
# Can be run again: the build is kept in build/bench. JOBS=n limits parallel compilers, CXX selects the compiler,
# RUN="taskset -c 3" (for example) is a prefix of the timed commands.
# Without an installed ONNX Runtime, tests/host/onnxruntime.sh downloads one into build/onnxruntime, if npm is there.
# Your own ONNX Runtime: ONNXRUNTIME_ROOT=DIR with include/ and lib/, or ONNXRUNTIME_INCLUDE=DIR and
# ONNXRUNTIME_LIBRARY=FILE. Your own LibTorch: Torch_DIR=DIR with TorchConfig.cmake.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C

quick=false
case "${1:-}" in
  "") ;;
  --quick) quick=true ;;
  *) echo "usage: bash bench/run.sh [--quick]" >&2; exit 2 ;;
esac
export CXX=${CXX:-g++}
jobs=${JOBS:-$(nproc)}
python=/usr/bin/python3 # the system's Python, which has the system's PyTorch
say() { printf '\n%s\n' "$*"; }

# --- dependencies -----------------------------------------------------------------------------------
required=(g++ cmake ninja-build python3 libbenchmark-dev nlohmann-json3-dev libeigen3-dev libxsimd-dev)
optional=(libtorch-dev libonnxruntime-dev python3-torch python3-numpy python3-matplotlib)
. tests/packages.sh
. bench/suite/build.sh
install_missing "what needs them is left out" "$CXX" cmake ninja "$python"
if [[ -z ${ONNXRUNTIME_ROOT:-}${ONNXRUNTIME_INCLUDE:-} && -n $(missing_packages libonnxruntime-dev) ]]; then
  bash tests/host/onnxruntime.sh build/onnxruntime && export ONNXRUNTIME_ROOT=$PWD/build/onnxruntime
fi

# --- build ------------------------------------------------------------------------------------------
build=build/bench
out=$build/results
log=$build/log
sizes="4;8;12;16;20;24;32;40;48;64;96;128" few="8;16;32;64" quick_sizes="8;16;40"
options="8;12;16;20;24;32;40;48;64;96;128"
# A quick build has fewer sizes, unless a full build exists already.
if $quick && ! grep -qs "INLAY_BENCH_DOUBLE:BOOL=ON" "$build/CMakeCache.txt"; then
  extent=(-DINLAY_BENCH_SIZES="$quick_sizes" -DINLAY_BENCH_DOUBLE=OFF -DINLAY_BENCH_RUN_TIME=xsimd
    -DINLAY_BENCH_BACKENDS=xsimd -DINLAY_BENCH_GROWTH=OFF -DINLAY_BENCH_OPTION_SIZES="16;40"
    -DINLAY_BENCH_MORE_OPTIONS=OFF)
else
  extent=(-DINLAY_BENCH_SIZES="$sizes" -DINLAY_BENCH_DOUBLE=ON -DINLAY_BENCH_DOUBLE_SIZES="$few"
    -DINLAY_BENCH_RUN_TIME="xsimd;eigen;stl;loop" -DINLAY_BENCH_BACKENDS="xsimd;eigen;stl;loop;auto"
    -DINLAY_BENCH_GROWTH=ON -DINLAY_BENCH_OPTION_SIZES="$options" -DINLAY_BENCH_MORE_OPTIONS=ON)
fi
flags="-O3 -march=native"
"$CXX" -march=native -E -x c++ /dev/null > /dev/null 2>&1 || flags=-O3
targets=(layers networks)
$quick || targets+=(layers_double)

# build_with [CMAKE OPTION...]: builds everything. Shows ninja's progress on a terminal.
build_with() {
  cmake -S . -B "$build" -G Ninja -DINLAY_BUILD_TESTS=OFF -DINLAY_BUILD_EXAMPLES=OFF -DINLAY_BENCH_SUITE=ON \
    -DINLAY_BENCH_MORE_LAYERS=OFF -DINLAY_BENCH_FLAGS="$flags" "${extent[@]}" "$@" > "$log/configure" 2>&1 || return 1
  cmake --build "$build" -j "$jobs" --target "${targets[@]}" options 2>&1 | tee "$log/build" |
    { if [[ -t 1 ]]; then cat; else grep -E "error|FAILED" || true; fi; }
}
say "Building for this machine, $flags: minutes, the first time"
build_benchmarks INLAY_BENCH

# --- networks as files ------------------------------------------------------------------------------
# Writes inlay's files and, with PyTorch, the files of the other libraries.
prepare() {
  local program=$build/bench/$1 folder=$build/files/$1
  [[ -e $folder/done && $folder/done -nt $program && $folder/done -nt bench/suite/export.py ]] && return
  rm -rf "$folder"
  "$program" --write="$folder"
  if [[ $1 == networks ]] && ! $quick; then "$python" bench/networks/large.py "$folder" || true; fi
  if [[ -n $compared ]]; then
    "$python" bench/suite/export.py "$folder" || echo "No PyTorch for $python: other libraries have no networks"
  fi
  touch "$folder/done"
}
say "Writing the networks for other libraries"
for target in "${targets[@]}"; do prepare "$target"; done

# --- time -------------------------------------------------------------------------------------------
# time_it PROGRAM RESULT ARGUMENT...: if the program crashes, it is repeated without the other libraries.
time_it() {
  local program=$1 result=$2 status=0
  shift 2
  run_it() { ${RUN:-} "$build/bench/$program" --files="$build/files/$program" "$@" > "$log/$program.out" || status=$?; }
  run_it "$@"
  ((status == 1)) && wrong=true
  ((status < 126)) && return
  echo "$program ended with status $status: once more without other libraries" >&2
  rm -f "$result"
  run_it "$@" --only-ours
}
wrong=false
rm -f "$out"/*
if $quick; then
  rounds=2 layer_time=0.004 seconds=0.08 buffers=64,512
  opted="^(LSTM|GRU)/(16|40)/"
  cases="^[^d].*/(${quick_sizes//;/|})/(xsimd|xsimd-rt|libtorch|onnxruntime)/(frame|64)$" # without dilation and depth
else
  rounds=5 layer_time=0.01 seconds=0.5 buffers=16,64,128,512,2048 cases=. opted=.
fi
for ((round = 1; round <= rounds; round++)); do
  for target in "${targets[@]}"; do
    [[ $target == layers* ]] || continue
    say "$target, round $round of $rounds"
    time_it "$target" "$out/$target.$round.json" --benchmark_repetitions=1 --benchmark_min_time="$layer_time" \
      --benchmark_filter="$cases" --benchmark_out="$out/$target.$round.json" --benchmark_out_format=json
  done
  say "options, round $round of $rounds" # in the order of its table: compared subjects run one after the other
  ${RUN:-} "$build/bench/options" --benchmark_repetitions=1 --benchmark_enable_random_interleaving=false \
    --benchmark_min_time="$layer_time" --benchmark_filter="$opted" --benchmark_out="$out/options.$round.json" \
    --benchmark_out_format=json > "$log/options.out" || wrong=true
done
say "Networks, callback by callback"
time_it networks "$out/networks.json" --out="$out/networks.json" --seconds="$seconds" --buffers="$buffers"

# --- compile time and code size ---------------------------------------------------------------------
if ! $quick; then
  say "Compile time and size"
  CXX=$CXX FLAGS=$flags bash bench/compile_time.sh --networks > "$out/compile.txt" || true
fi

# --- results ----------------------------------------------------------------------------------------
# shellcheck disable=SC2086  # flags are several words
isa=$(bash bench/suite/isa.sh "$CXX" $flags)
quickly=()
if $quick; then quickly=(--quick); fi
"$python" bench/suite/report.py "$out" "${quickly[@]}" --isa "$isa" --flags "$flags" \
  --compiler "$("$CXX" --version | head -n 1)" --system "$(uname -sm), kernel $(uname -r | cut -d- -f1)" \
  --commit "$(git rev-parse --short HEAD 2> /dev/null || true)"
if $wrong; then echo "Some output was wrong, see above." >&2; exit 1; fi
