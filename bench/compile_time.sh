#!/usr/bin/env bash
# Prints how long a translation unit with ModelT<LSTM<1, 20>, Dense<20, 1>> takes to compile, and how much
# code it is, and the same of one with the run-time model. CPU seconds, the median of three. COMPILERS and FLAGS can be
# set from outside.
#   bench/compile_time.sh --networks   the networks of networks/networks.hpp with $CXX: name, seconds, bytes of code
set -euo pipefail
export LC_ALL=C

bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
include=$bench/../include
flags=${FLAGS:--O3}
eigen=$(pkg-config --cflags-only-I eigen3 2>/dev/null | sed 's/-I/-isystem /' || true)
packages=('')  # compiler options that bring optional packages in
[[ -z $eigen ]] || packages+=("$eigen")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/engine.cpp" <<'CPP'
#include <inlay/engine.hpp>
using Amp = inlay::ModelT<inlay::LSTM<1, 20>, inlay::Dense<20, 1>>;
float frame(Amp& amp, float x) { return amp.forward(x); }
void block(Amp& amp, std::span<const float> in, std::span<float> out) { amp.process(in, out); }
CPP
sed 's/engine/inlay/' "$work/engine.cpp" >"$work/inlay.cpp"
echo 'void load(Amp& amp, const std::filesystem::path& file) { amp.load(file); }' >>"$work/inlay.cpp"

cat >"$work/run_time.cpp" <<'CPP'
#include <inlay/run_time.hpp>
inlay::Model<float> load(const std::filesystem::path& file) { return inlay::Model<float>::load(file); }
void block(inlay::Model<float>& m, const float* const* in, float* const* out, std::size_t n) { m.process(in, out, n); }
CPP

seconds() {  # of one run of a command, user and system
  local TIMEFORMAT='%U %S'
  { time "$@"; } 2>&1 | awk '{ s = $1 + $2 } END { printf "%.2f\n", s }'
}

if [[ ${1:-} == --networks ]]; then
  for network in $(sed -n 's/.*operator()<\(.*\)>("\(.*\)", .*/\2=\1/p' "$bench/networks/networks.hpp"); do
    cat >"$work/network.cpp" <<CPP
#include "networks.hpp"
using Model = inlay::bench::Networks<inlay::default_backend>::${network#*=};
std::size_t block(Model& m, const float* const* in, float* const* out, std::size_t n) { return m.process(in, out, n); }
CPP
    # shellcheck disable=SC2206  # flags are several words
    compile=("${CXX:-g++}" -std=c++20 $flags -I"$include" $eigen -I"$bench/networks" -c "$work/network.cpp" -o "$work/n.o")
    used=$(seconds "${compile[@]}")
    printf '%s\t%s\t%s\n' "${network%%=*}" "$used" "$(size "$work/n.o" | awk 'NR == 2 { print $1 }')"
  done
  exit
fi

status=0
printf '%-10s %-32s %9s %12s\n' compiler "unit ($flags)" seconds 'text, bytes'
for compiler in ${COMPILERS:-g++ clang++}; do
  command -v "$compiler" >/dev/null || { echo "$compiler: not installed" >&2; continue; }
  for unit in engine inlay run_time; do
    for package in "${packages[@]}"; do
      what="<inlay/$unit.hpp>${package:+, Eigen}"
      # shellcheck disable=SC2206  # flags are several words
      compile=("$compiler" -std=c++20 $flags -I"$include" $package -c "$work/$unit.cpp" -o "$work/$unit.o")
      if ! "${compile[@]}"; then  # also brings the files into the cache
        printf '%-10s %-32s %9s\n' "$compiler" "$what" failed
        status=1
        continue
      fi
      median=$(for _ in 1 2 3; do seconds "${compile[@]}"; done | sort -n | sed -n 2p)
      text=$(size "$work/$unit.o" | awk 'NR == 2 { print $1 }')
      printf '%-10s %-32s %9s %12s\n' "$compiler" "$what" "$median" "$text"
    done
  done
done
exit $status
