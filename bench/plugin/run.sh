#!/usr/bin/env bash
# What the parts around a model cost, and ten minutes in a JACK server without a sound card, in which a stereo amplifier
# is exchanged every second.
#   bash bench/plugin/run.sh [SECONDS]   SECONDS for each of three block sizes, 200 by default
# JOBS=n limits parallel compilers, CXX selects the compiler.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-200}
required=(cmake ninja-build nlohmann-json3-dev libxsimd-dev libbenchmark-dev jackd2 libjack-jackd2-dev)
optional=()
. tests/packages.sh
install_missing "" cmake ninja

build=build/bench-plugin
cmake -S . -B "$build" -G Ninja -DCMAKE_CXX_COMPILER="${CXX:-g++}" -DINLAY_BUILD_TESTS=OFF -DINLAY_BUILD_EXAMPLES=OFF \
  -DINLAY_WITH_ONNXRUNTIME=OFF -DINLAY_WITH_LIBTORCH=OFF > /dev/null
cmake --build "$build" -j "${JOBS:-$(nproc)}" --target plugin_costs plugin_soak

"$build/bench/plugin/plugin_costs"
printf '\nStereo WaveNet (NAM A1 standard) and an LSTM 20, exchanged every second, at 48 kHz\n\n'
export JACK_DEFAULT_SERVER=inlay-soak-$$
header=1
for block in 16 64 128; do
  jackd -R -P 70 -d dummy -r 48000 -p "$block" > "$build/jackd.log" 2>&1 &
  server=$!
  sleep 2
  "$build/bench/plugin/plugin_soak" tests/golden/nam/wavenet_a1_standard.json examples/amp/amp.json seconds="$seconds" \
    header=$header
  header=0
  kill "$server"
  wait "$server" || true
done
