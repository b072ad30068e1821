#!/usr/bin/env bash
# Prints what it costs to compile inlay, and RTNeural beside it where RTNEURAL_ROOT is a checkout of it: CPU seconds
# (the median of three), the compiler's peak memory, bytes of code, and what the project promises, "at most".
#   bench/compile_time.sh              all rows: a quarter of an hour for a compiler
#   bench/compile_time.sh PATTERN...   the rows whose names match one of these (grep -E), "^library" or "ASan"
#   bench/compile_time.sh --networks   the networks of networks/networks.hpp with $CXX: name, seconds, bytes of code
# From outside: COMPILERS="g++-13 clang++-19", FLAGS=-O2, RUNS=1 instead of three, EIGEN= to leave Eigen out.
set -euo pipefail
export LC_ALL=C

bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
include=$bench/../include
flags=${FLAGS:--O3}
read -ra optimised <<<"$flags"
runs=${RUNS:-3}
eigen=${EIGEN-$(pkg-config --cflags-only-I eigen3 2>/dev/null | sed 's/-I/-isystem /' || true)}
rtneural=${RTNEURAL_ROOT:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# measured COMMAND...: its CPU seconds and the peak memory of one of its processes in MB; its status.
measured() {
  python3 - "$@" <<'PYTHON'
import resource, subprocess, sys
status = subprocess.call(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{used.ru_utime + used.ru_stime:.2f} {used.ru_maxrss / 1024:.0f}")
sys.exit(status)
PYTHON
}
text_of() { size "$1" | awk 'NR == 2 { print $1 }'; }

if [[ ${1:-} == --networks ]]; then
  # shellcheck disable=SC2013  # a line is one word
  for network in $(sed -n 's/.*operator()<\(.*\)>("\(.*\)", .*/\2=\1/p' "$bench/networks/networks.hpp"); do
    cat >"$work/network.cpp" <<CPP
#include "networks.hpp"
using Model = inlay::bench::Networks<inlay::default_backend>::${network#*=};
std::size_t block(Model& m, const float* const* in, float* const* out, std::size_t n) { return m.process(in, out, n); }
CPP
    # shellcheck disable=SC2206  # options are several words
    compile=("${CXX:-g++}" -std=c++20 "${optimised[@]}" -I"$include" $eigen -I"$bench/networks" -c "$work/network.cpp" -o "$work/n.o")
    used=$(measured "${compile[@]}")
    printf '%s\t%s\t%s\n' "${network%%=*}" "${used% *}" "$(text_of "$work/n.o")"
  done
  exit
fi

# --- source files -----------------------------------------------------------------------------------
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
echo '#include <inlay/src_kernels.hpp>' >"$work/kernels.cpp"

cat >"$work/rtneural_engine.cpp" <<'CPP'
#include <RTNeural/RTNeural.h>
using Amp = RTNeural::ModelT<float, 1, 1, RTNeural::LSTMLayerT<float, 1, 20>, RTNeural::DenseT<float, 20, 1>>;
float frame(Amp& amp, const float* x) { return amp.forward(x); }
CPP
cp "$work/rtneural_engine.cpp" "$work/rtneural_load.cpp"
echo 'void load(Amp& amp, std::ifstream& file) { amp.parseJson(file); }' >>"$work/rtneural_load.cpp"
cat >"$work/rtneural_run_time.cpp" <<'CPP'
#include <RTNeural/RTNeural.h>
auto load(std::ifstream& file) { return RTNeural::json_parser::parseJson<float>(file); }
float frame(RTNeural::Model<float>& model, const float* x) { return model.forward(x); }
CPP

# A variant of 54 types, as AIDA-X has it: LSTM and GRU of nine sizes with one to three channels in, and a Dense.
# It is the same text for both libraries.
variant() {
  echo '#include <fstream>
#include <variant>'
  local kind in size
  for kind in LSTMLayerT GRULayerT; do
    for in in 1 2 3; do
      for size in 8 12 16 20 24 32 40 64 80; do
        echo "using $kind${in}_$size = RTNeural::ModelT<float, $in, 1, RTNeural::$kind<float, $in, $size>," \
          "RTNeural::DenseT<float, $size, 1>>;"
        echo "  , $kind${in}_$size" >>"$work/alternatives"
      done
    done
  done
  echo "using Any = std::variant<std::monostate"
  cat "$work/alternatives"
  rm "$work/alternatives"
  cat <<'CPP'
>;
template <std::size_t I = 1>
void choose(Any& any, std::size_t index) {
  if (index == I) any.emplace<I>();
  else if constexpr (I + 1 < std::variant_size_v<Any>) choose<I + 1>(any, index);
}
struct Load {
  std::ifstream& file;
  void operator()(std::monostate) const {}
  void operator()(auto& model) const {
    model.parseJson(file);
    model.reset();
  }
};
struct Run {
  const float* in;
  float* out;
  int frames;
  void operator()(std::monostate) const {}
  template <class Model>
  void operator()(Model& model) const {
    for (int t = 0; t < frames; ++t) out[t] = model.forward(in + t * Model::input_size);
  }
};
void load(Any& any, std::size_t index, std::ifstream& file) {
  choose(any, index);
  std::visit(Load{file}, any);
}
void run(Any& any, const float* in, float* out, int frames) { std::visit(Run{in, out, frames}, any); }
CPP
}
{ echo '#include <inlay/compat/rtneural.hpp>' && variant; } >"$work/variant.cpp"
{ echo '#include <RTNeural/RTNeural.h>' && variant; } >"$work/rtneural_variant.cpp"

# --- rows -------------------------------------------------------------------------------------------
status=0
declare -A sums=()
# measure NAME AT-MOST SOURCE OPTION...: a row, for $compiler; adds the seconds to the sum called ${sum[@]}, if any.
measure() {
  local name=$1 most=$2 source=$3 used i median memory text
  shift 3
  ((${#patterns[@]} == 0)) || grep -qE "${patterns[@]}" <<<"$name" || return 0
  for ((i = 0; i < runs; ++i)); do
    if ! used=$(measured "$compiler" -std=c++20 "$@" -c "$work/$source.cpp" -o "$work/$source.o" 2>"$work/errors"); then
      printf '%-10s %-56s %9s\n' "$compiler" "$name" failed
      head -n 5 "$work/errors" >&2
      return 0
    fi
    echo "$used"
  done | sort -n >"$work/used"
  if grep -q failed "$work/used"; then
    cat "$work/used"
    status=1
    return 0
  fi
  read -r median memory < <(sed -n "$(((runs + 1) / 2))p" "$work/used")
  text=$(text_of "$work/$source.o")
  printf '%-10s %-56s %9s %9s %12s %9s\n' "$compiler" "$name" "$median" "$memory" "$text" "$most"
  for i in ${sum:-}; do sums[$i]=$(awk "BEGIN { print ${sums[$i]:-0} + $median }"); done
}
# total NAME AT-MOST SUM
total() {
  [[ -n ${sums[$3]:-} ]] && printf '%-10s %-56s %9s %9s %12s %9s\n' "$compiler" "$1" "${sums[$3]}" "" "" "$2"
  unset "sums[$3]"
  return 0
}

ours=(-I"$include")
# shellcheck disable=SC2206  # options are several words
ours+=($eigen)
asan=(-O1 -g -fsanitize=address)
patterns=()
for pattern in "$@"; do patterns+=(-e "$pattern"); done

# rows_of_users: what a source file of a project costs.
rows_of_users() {
  local mode
  measure "Model<float>, compiled mode, $flags" 2 run_time "${optimised[@]}" "${ours[@]}" -DINLAY_COMPILED
  measure "Model<float>, compiled mode, -O1 ASan" 2 run_time "${asan[@]}" "${ours[@]}" -DINLAY_COMPILED
  measure "LSTM + Dense with load, compiled mode, $flags" 4 inlay "${optimised[@]}" "${ours[@]}" -DINLAY_COMPILED
  measure "LSTM + Dense with load, header-only, $flags" "" inlay "${optimised[@]}" "${ours[@]}"
  measure "LSTM + Dense, engine.hpp, $flags" 2.5 engine "${optimised[@]}" "${ours[@]}"
  measure "Model<float>, header-only, $flags" 20 run_time "${optimised[@]}" "${ours[@]}"
  for mode in -O0 -Og; do
    measure "Model<float>, header-only, $mode -g" "60, 1500" run_time "$mode" -g "${ours[@]}"
  done
  measure "Model<float>, header-only, -O1 ASan" "60, 1500" run_time "${asan[@]}" "${ours[@]}"
  measure "variant of 54 types, RTNeural's names, $flags" "RTNeural" variant "${optimised[@]}" "${ours[@]}"
  measure "variant of 54 types, compiled mode, $flags" "RTNeural" variant "${optimised[@]}" "${ours[@]}" -DINLAY_COMPILED
}

rows_of_rtneural() {
  local backend
  local common=(-I"$rtneural" -DRTNEURAL_DEFAULT_ALIGNMENT=16 -Wno-cpp)
  local -A options=([Eigen]="-DRTNEURAL_USE_EIGEN=1 -isystem $rtneural/modules/Eigen"
    [xsimd]="-DRTNEURAL_USE_XSIMD=1 -isystem $rtneural/modules/xsimd/include" [STL]="")
  for backend in Eigen xsimd STL; do
    # shellcheck disable=SC2206
    local theirs=("${common[@]}" ${options[$backend]})
    measure "RTNeural, $backend: LSTM + Dense, $flags" "" rtneural_engine "${optimised[@]}" "${theirs[@]}"
    measure "RTNeural, $backend: LSTM + Dense with parseJson, $flags" "" rtneural_load "${optimised[@]}" "${theirs[@]}"
    measure "RTNeural, $backend: Model<float>, $flags" "" rtneural_run_time "${optimised[@]}" "${theirs[@]}"
    measure "RTNeural, $backend: Model<float>, -O1 ASan" "" rtneural_run_time "${asan[@]}" "${theirs[@]}"
    measure "RTNeural, $backend: variant of 54 types, $flags" "" rtneural_variant "${optimised[@]}" "${theirs[@]}"
  done
}

# rows_of_library: the parts of inlay::compiled, with the options of .cmake/compiled.cmake and .cmake/isa.cmake.
rows_of_library() {
  local part=("${ours[@]}" -DINLAY_COMPILED -DNDEBUG -fPIC) isa scalar sum
  local -A wider=([avx2]="-mavx2 -mfma" [avx512]="-mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512cd -mfma")
  sum="one all" measure "library: readers, -O1" "" readers "${part[@]}" -O1
  sum="one all" measure "library: Model, -O3" "" model "${part[@]}" -O3 -DINLAY_HAS_AVX2_KERNELS -DINLAY_HAS_AVX512_KERNELS
  for scalar in float double; do
    sum="one all" measure "library: kernels, base, $scalar" "" kernels "${part[@]}" -O3 -DINLAY_KERNELS_SCALAR=$scalar
  done
  for isa in avx2_float avx2_double avx512_float; do
    # shellcheck disable=SC2046,SC2086  # options are several words
    sum=all measure "library: kernels, ${isa%_*}, ${isa#*_}" "" kernels "${part[@]}" -O3 ${wider[${isa%_*}]} \
      $(widest_copies "${isa%_*}") -DINLAY_WIDER_KERNELS -DINLAY_KERNELS_SCALAR="${isa#*_}"
  done
  total "library: base instruction set, sum" 60 one
  total "library: all instruction sets, sum" 150 all
}
# GCC 12 and later copies in whole registers with these.
widest_copies() {
  local bits=256
  [[ $1 == avx512 ]] && bits=512
  "$compiler" -mmove-max=$bits -E -x c++ /dev/null >/dev/null 2>&1 && echo "-mmove-max=$bits -mstore-max=$bits"
  return 0
}

printf '%-10s %-56s %9s %9s %12s %9s\n' compiler "source file" "CPU s" "peak, MB" "text, bytes" "at most"
for compiler in ${COMPILERS:-g++ clang++}; do
  command -v "$compiler" >/dev/null || { echo "$compiler: not installed" >&2; continue; }
  rows_of_users
  if [[ -n $rtneural ]]; then rows_of_rtneural; fi
  if [[ $("$compiler" -dumpmachine) == x86_64* ]]; then rows_of_library; fi
done
[[ -n $rtneural ]] || echo "RTNeural is not in it: set RTNEURAL_ROOT to a checkout"
exit $status
