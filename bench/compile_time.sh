#!/usr/bin/env bash
# Prints compile time and code size of a translation unit with ModelT<LSTM<1, 20>, Dense<20, 1>> and of one with the
# run-time model, header-only and with the compiled library, and of the parts of that library (docs/compiling.md).
# CPU seconds, the median of three. The environment variables COMPILERS and FLAGS select compilers and options.
#   bench/compile_time.sh --networks   the networks of networks/networks.hpp with $CXX: name, seconds, bytes of code
set -euo pipefail
export LC_ALL=C

bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
include=$bench/../include
flags=${FLAGS:--O3}
eigen=$(pkg-config --cflags-only-I eigen3 2>/dev/null | sed 's/-I/-isystem /' || true)
packages=('')  # compiler options that add optional packages
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

echo '#include <inlay/src_readers.hpp>' >"$work/readers.cpp"
printf '#define INLAY_SEPARATE_KERNELS\n#include <inlay/src_model.hpp>\n' >"$work/model.cpp"
printf '#define INLAY_KERNELS_SCALAR float\n#include <inlay/src_kernels.hpp>\n' >"$work/kernels.cpp"

seconds() {  # CPU seconds of a command, user and system
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
printf '%-10s %-40s %9s %12s\n' compiler "unit ($flags)" seconds 'text, bytes'
# Unit, title, and whether it is compiled with INLAY_COMPILED.
units=('engine <inlay/engine.hpp> no' 'inlay <inlay/inlay.hpp> no' 'run_time <inlay/run_time.hpp> no'
  'inlay <inlay/inlay.hpp>,~compiled yes' 'run_time <inlay/run_time.hpp>,~compiled yes'
  'readers library:~readers yes' 'model library:~Model yes' 'kernels library:~kernels,~float yes')
for compiler in ${COMPILERS:-g++ clang++}; do
  command -v "$compiler" >/dev/null || { echo "$compiler: not installed" >&2; continue; }
  for row in "${units[@]}"; do
    read -r unit name compiled <<<"$row"
    [[ $compiled == yes ]] && define=-DINLAY_COMPILED || define=
    for package in "${packages[@]}"; do
      what="${name//\~/ }${package:+, Eigen}"
      # shellcheck disable=SC2206  # flags are several words
      compile=("$compiler" -std=c++20 $flags $define -I"$include" $package -c "$work/$unit.cpp" -o "$work/$unit.o")
      if ! "${compile[@]}"; then  # also loads the files into the disk cache
        printf '%-10s %-40s %9s\n' "$compiler" "$what" failed
        status=1
        continue
      fi
      median=$(for _ in 1 2 3; do seconds "${compile[@]}"; done | sort -n | sed -n 2p)
      text=$(size "$work/$unit.o" | awk 'NR == 2 { print $1 }')
      printf '%-10s %-40s %9s %12s\n' "$compiler" "$what" "$median" "$text"
    done
  done
done
exit $status
