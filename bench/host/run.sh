#!/usr/bin/env bash
# Measures the host layer on this machine: sessions on the audio thread and on others, with inlay's models and with
# ONNX Runtime and LibTorch, if they are found.
#   bash bench/host/run.sh           everything: three quarters of an hour once it is built. Leave the machine alone
#   bash bench/host/run.sh --quick   under two minutes once it is built: fewer sizes, sessions and callbacks
# Installs missing packages, builds in build/bench-host, verifies the output of every engine, measures, and writes
# bench/results/MACHINE/host.md, host.json and host/*.svg; --quick writes MACHINE-quick. MACHINE is as in bench/run.sh.
# What is measured: callbacks on the audio thread (callbacks.cpp), the networks of the anira paper on every engine
# (engines.cpp), calls that may block (violations.cpp, with RealtimeSanitizer of LLVM 19), a client of JACK (jack.cpp).
# JOBS=n limits parallel compilers, CXX selects the compiler, ONLY="costs paced engines violations jack" the parts.
# Your own ONNX Runtime and LibTorch: see bench/run.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export LC_ALL=C

quick=false
case "${1:-}" in
  "") ;;
  --quick) quick=true ;;
  *) echo "usage: bash bench/host/run.sh [--quick]" >&2; exit 2 ;;
esac
export CXX=${CXX:-g++}
jobs=${JOBS:-$(nproc)}
python=/usr/bin/python3 # the system's Python, which has the system's PyTorch
say() { printf '\n%s\n' "$*"; }
wants() { [[ " ${ONLY:-costs paced engines violations jack} " == *" $1 "* ]]; }

# --- dependencies -----------------------------------------------------------------------------------
required=(g++ cmake ninja-build python3 libbenchmark-dev nlohmann-json3-dev libeigen3-dev libxsimd-dev)
optional=(libtorch-dev libonnxruntime-dev python3-torch python3-onnx python3-matplotlib python3-statsmodels
  libclang-rt-19-dev jackd2 libjack-jackd2-dev)
. tests/packages.sh
. bench/suite/build.sh
install_missing "what needs them is left out" "$CXX" cmake ninja "$python"
if [[ -z ${ONNXRUNTIME_ROOT:-}${ONNXRUNTIME_INCLUDE:-} && -n $(missing_packages libonnxruntime-dev) ]]; then
  bash tests/host/onnxruntime.sh build/onnxruntime && export ONNXRUNTIME_ROOT=$PWD/build/onnxruntime
fi

# --- build ------------------------------------------------------------------------------------------
build=build/bench-host
programs=$build/bench/host
out=$build/results
log=$build/log
files=$build/files
flags="-O3 -march=native"
"$CXX" -march=native -E -x c++ /dev/null > /dev/null 2>&1 || flags=-O3
build_with() {
  cmake -S . -B "$build" -G Ninja -DINLAY_BUILD_TESTS=OFF -DINLAY_BUILD_EXAMPLES=OFF -DINLAY_BENCH_HOST=ON \
    -DINLAY_BENCH_FLAGS="$flags" "$@" > "$log/configure" 2>&1 || return 1
  cmake --build "$build" -j "$jobs" --target bench_host 2>&1 | tee "$log/build" |
    { if [[ -t 1 ]]; then cat; else grep -E "error|FAILED" || true; fi; }
}
say "Building for this machine, $flags: minutes, the first time"
build_benchmarks INLAY_WITH

"$python" bench/host/networks.py "$files"
if [[ -n $compared && ! $files/done -nt bench/host/export.py ]]; then
  say "Writing the networks for other libraries"
  "$python" bench/host/export.py "$files" || echo "No PyTorch for $python: other libraries have no networks"
  touch "$files/done"
fi

# --- measure ----------------------------------------------------------------------------------------
if $quick; then
  rounds=3 copies=4000 seconds=1 counts="1 8 32" overloaded=3 jack_seconds=3 runs=5
  engines=(blocks=64,512,2048 repetitions=2 callbacks=6 limit_s=0.1)
else
  rounds=9 copies=50000 seconds=20 counts="1 2 4 8 16 32" overloaded=30 jack_seconds=30 runs=100
  engines=()
fi
blocks="64 128 512"
# table NAME ARGUMENT...: runs `callbacks`, adds to NAME.csv and NAME.tails.csv.
table() {
  local name=$1 header=0
  shift
  [[ -s $out/$name.csv ]] || header=1
  ((header)) && echo "hop,block,sessions,share,ns" > "$out/$name.tails.csv"
  ${RUN:-} "$programs/callbacks" header=$header tail="$out/$name.tails.csv" "$@" >> "$out/$name.csv"
}
status=0

if wants costs; then
  say "What a callback costs on the audio thread"
  rm -f "$out"/costs.*
  for ((round = 1; round <= rounds; round++)); do
    for hop in 64 512 2048; do
      for block in $blocks; do table costs hop="$hop" block="$block" n=$copies; done
    done
  done
fi
if wants paced; then
  say "Callbacks in real time, with jobs of 20 and 200 µs"
  rm -f "$out"/paced.* "$out"/overload.*
  mixed=(pace=1 hop=64,2048 run_us=20,200)
  for block in $blocks; do
    for sessions in $counts; do
      ((sessions > 1)) || for hop in 64:20 2048:200; do
        table paced pace=1 hop="${hop%:*}" run_us="${hop#*:}" block=$block sessions=1 n=$((seconds * 48000 / block))
      done
      ((sessions == 1)) || table paced "${mixed[@]}" block=$block sessions=$sessions n=$((seconds * 48000 / block))
    done
    table overload "${mixed[@]}" block=$block sessions=32 overload=10 n=$((overloaded * 48000 / block))
  done
fi
if wants engines; then
  say "Networks on all engines"
  ${RUN:-} "$programs/engines" files="$files" "${engines[@]}" > "$out/engines.csv" || status=1
fi
if wants violations && [[ -e $programs/violations ]]; then
  say "Calls that may block"
  "$programs/violations" files="$files" runs=$runs > "$out/violations.csv" || status=1
fi
if wants jack && [[ -e $programs/host_jack ]] && command -v jackd > /dev/null; then
  say "A client of JACK"
  rm -f "$out"/jack.*
  echo "hop,block,sessions,share,ns" > "$out/jack.tails.csv"
  export JACK_DEFAULT_SERVER=inlay-bench-$$
  for block in $blocks; do
    jackd -R -P 70 -d dummy -r 48000 -p "$block" > "$log/jackd" 2>&1 &
    server=$!
    sleep 1
    header=$([[ -s $out/jack.csv ]] && echo 0 || echo 1)
    "$programs/host_jack" seconds=$jack_seconds header="$header" tail="$out/jack.tails.csv" >> "$out/jack.csv" ||
      echo "No results: see $log/jackd"
    kill "$server" 2> /dev/null || true
    wait "$server" || true
  done
fi

# --- results ----------------------------------------------------------------------------------------
# shellcheck disable=SC2086  # flags are several words
isa=$(bash bench/suite/isa.sh "$CXX" $flags)
quickly=()
if $quick; then quickly=(--quick); fi
"$python" bench/host/page.py "$out" "${quickly[@]}" --isa "$isa" --flags "$flags" \
  --compiler "$("$CXX" --version | head -n 1)" --system "$(uname -sm), kernel $(uname -r | cut -d- -f1)" \
  --commit "$(git rev-parse --short HEAD 2> /dev/null || true)"
if ((status)); then echo "Some engine does not work, see above." >&2; fi
exit "$status"
