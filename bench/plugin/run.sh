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
# soak BLOCK MODEL MODEL [KEY=VALUE...]: in a server of its own.
soak() {
  jackd -R -P 70 -d dummy -r 48000 -p "$1" > "$build/jackd.log" 2>&1 &
  local server=$!
  sleep 2
  "$build/bench/plugin/plugin_soak" "${@:2}"
  kill "$server"
  wait "$server" || true
}
models=(tests/golden/nam/wavenet_a1_standard.json examples/amp/amp.json)
soak 16 "${models[@]}" seconds="$seconds" header=1
for block in 64 128; do soak $block "${models[@]}" seconds="$seconds"; done

printf '\nThe same with a network of one weight, exchanged three times a second: what the machine does by itself\n\n'
one=$build/one_weight.json
echo '{"in_shape": [null, null, 1], "layers": [{"type": "dense", "activation": "", "shape": [null, null, 1], "weights": [[[0.5]], [0]]}]}' > "$one"
soak 16 "$one" "$one" seconds=$((seconds / 8 + 1)) period=0.3 header=1
soak 64 "$one" "$one" seconds=$((seconds / 8 + 1)) period=0.3
