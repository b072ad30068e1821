#!/usr/bin/env bash
# Measures random networks on this machine and writes its table: what `inlay predict` and inlay::predict use.
#
#   bash bench/predict/run.sh NAME TITLE ISA [PART]
#
# For example: run.sh zen4-avx2 "AMD EPYC, Zen 4, AVX2" avx2. ISA is sse2, avx2 or avx512. All 1,560 networks, 1,060 of which
# fit the table and 500 test it, are measured as `Model` and as types, whose compilation takes most of the time: 30 to 120
# seconds of one core for each ten. With PART, one network of PART. Nothing else should run while it measures, twice: the
# lesser time counts. Instructions are counted in qemu-user, which other load does not disturb.
set -euo pipefail
cd "$(dirname "$0")/../.."
name=$1 title=$2 isa=$3 part=${4:-1}
case $isa in
  sse2) lanes=4 flags=() ;;
  avx2) lanes=8 flags=(-mavx2 -mfma) ;;
  avx512) lanes=16 flags=(-march=x86-64-v4 -Wno-maybe-uninitialized) ;;
  *) echo "no such instruction set: $isa" >&2; exit 2 ;;
esac
build=build/predict/$isa-$part
python=/usr/bin/python3 # the system's: it is the one that has the system's NumPy
export PYTHONPATH=$PWD/python/src
mkdir -p "$build"

echo "[1/5] networks"
# Numbers that are divisible by three test. Those of 1240 to 1329 are for fitting alone.
mapfile -t networks < <({ seq 0 839; seq 1000 1239; seq 1240 1329 | awk '$1 % 3'; seq 1330 1749; } | awk -v part="$part" 'NR % part == 1 % part')
mapfile -t framed < <(seq 2000 2007) # framed.py
"$python" bench/predict/architectures.py "$build/networks" "${networks[@]}"
"$python" bench/predict/architectures.py "$build/framed" "${framed[@]}"
echo "[2/5] the library"
cmake -S . -B build/predict/library -DINLAY_BUILD_TESTS=OFF -DINLAY_BUILD_BENCH=OFF -DINLAY_BUILD_EXAMPLES=OFF > /dev/null
cmake --build build/predict/library --target inlay_compiled -j "$(nproc)" > /dev/null
echo "[3/5] types"
compile() { "${CXX:-g++}" -std=c++20 -O3 -DNDEBUG -DINLAY_COMPILED -Iinclude -Ibench/predict "${flags[@]}" -c "$1" -o "$2"; }
compile bench/predict/measure.cpp "$build/measure.o"
all=("${networks[@]}" "${framed[@]}")
for ((i = 0; i < ${#all[@]}; i += 5)); do
  source=$build/types_${all[i]}.cpp
  "$python" bench/predict/types.py "$source" "${all[@]:i:5}"
  if [[ ! -e ${source%.cpp}.o ]]; then
    while (($(jobs -rp | wc -l) >= $(nproc))); do wait -n; done
    echo "      types, $i of ${#all[@]}"
    compile "$source" "${source%.cpp}.o" &
  fi
done
wait
"${CXX:-g++}" "$build"/*.o build/predict/library/libinlay_compiled.a -lbenchmark -pthread -o "$build/measure"
"${CXX:-g++}" -std=c++20 -O3 -DNDEBUG -Iinclude "${flags[@]}" bench/fir/main.cpp -lbenchmark -pthread -o "$build/filters"
echo "[4/5] measuring"
twice() { # prints those lines of two runs of a command in which the word after the first $1 is less
  local words=$1
  shift
  for run in 1 2; do "$@"; done |
    awk -v words="$words" '{ key = ""; for (i = 1; i <= words; ++i) key = key " " $i; value = $(words + 1) }
      !(key in least) { order[++n] = key; least[key] = value; line[key] = $0 }
      value < least[key] { least[key] = value; line[key] = $0 }
      END { for (i = 1; i <= n; ++i) print line[order[i]] }'
}
of_filters() { "$build/filters" | awk -F'|' '$1 + 0 > 0 { split($3, ns, " "); print $1 + 0, "frame", ns[1] "\n" $1 + 0, "buffer", ns[3] }'; }
twice 2 of_filters > "bench/predict/filters/$name.txt"
measured() { twice 3 env INLAY_ISA="$isa" "$build/measure" "$build/$1" 0.02; } # the networks of a folder
measured networks > "bench/predict/measured/$name.txt"
measured framed > "bench/predict/framed/$name.txt" # tests how inner chains are priced, and is not fitted
echo "[5/5] counting instructions"
if [[ $isa != avx512 ]]; then # which QEMU does not have
  gcc -Wall -Wextra -O2 -shared -fPIC -o "$build/count.so" bench/instructions/count.c
  "$python" bench/predict/instructions.py "$build/measure" "$build/networks" "bench/predict/measured/$name.txt"
fi
"$python" bench/predict/fit.py "bench/predict/measured/$name.txt" --lanes "$lanes" --write "$name" "$title" --plot "$build/fit.png"
