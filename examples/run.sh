#!/usr/bin/env bash
# Builds inlay-render, plays a guitar through a trained amplifier, and compares the output with PyTorch's.
#
#     bash examples/run.sh
#
# Installs missing packages on Debian and Ubuntu, as root or with sudo. CXX selects another compiler.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/examples
amp=$root/examples/amp
export CXX=${CXX:-c++}

# --- dependencies ----------------------------------------------------------------------------------
has_header() { # asks the compiler, which also finds headers that apt did not install
  printf '#if !__has_include(<%s>)\n#error\n#endif\n' "$1" | "$CXX" -std=c++20 -E -x c++ - >/dev/null 2>&1
}
find_missing() {
  missing=()
  command -v "$CXX" >/dev/null || missing+=(g++)
  command -v cmake >/dev/null || missing+=(cmake)
  command -v make >/dev/null || missing+=(make)
  has_header nlohmann/json.hpp || missing+=(nlohmann-json3-dev)
  has_header xsimd/xsimd.hpp || missing+=(libxsimd-dev)
  has_header sndfile.h || missing+=(libsndfile1-dev)
  has_header CLI/CLI.hpp || missing+=(libcli11-dev)
}
give_up() {
  echo "examples/run.sh: please install: ${missing[*]} (names of Debian and Ubuntu packages)" >&2
  exit 2
}

find_missing
if ((${#missing[@]})); then
  command -v apt-get >/dev/null || give_up
  if ((EUID == 0)); then
    as_root=(env)
  elif command -v sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; then
    as_root=(sudo)
  else
    give_up
  fi
  echo "Installing ${missing[*]}"
  apt_get=("${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -qq -y)
  { "${apt_get[@]}" update && "${apt_get[@]}" install --no-install-recommends "${missing[@]}"; } >&2 || give_up
  find_missing
  ((${#missing[@]} == 0)) || give_up
fi

# --- build -----------------------------------------------------------------------------------------
# The program only runs on this machine, so it may use the processor's full instruction set.
native=-march=native
"$CXX" "$native" -E -x c++ /dev/null >/dev/null 2>&1 || native=
# Starts a new build folder if it was moved or made with another compiler.
stamp="$root $CXX $native"
if [[ $(cat "$build/stamp" 2>/dev/null) != "$stamp" ]]; then
  echo "Building inlay-render for this machine (Release, -O3 $native): one or two minutes"
  rm -rf "$build"
fi
mkdir -p "$build"
log=$build/build.log
if ! { cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS="$native" \
    -DINLAY_BUILD_TESTS=OFF -DINLAY_BUILD_BENCH=OFF -DINLAY_BUILD_EXAMPLES=ON -DINLAY_WITH_EIGEN=OFF &&
  cmake --build "$build" --target inlay-render --parallel; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "examples/run.sh: the build failed; all of its output is in $log" >&2
  exit 1
fi
echo "$stamp" >"$build/stamp"

# --- render ----------------------------------------------------------------------------------------
"$build/examples/inlay-render" "$amp/amp.json" "$amp/guitar.wav" "$build/guitar_amp.wav" \
  --compare "$amp/guitar_reference.flac"
