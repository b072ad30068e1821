#!/usr/bin/env bash
# Lines of include/ that the tests run, by folder and by file.
#   bash tests/coverage.sh    builds with Clang into build/coverage and writes build/coverage/lines.txt and html/
# Safe to run again. JOBS=n limits parallel compilers.
set -euo pipefail
cd "$(dirname "$0")/.."
required=(clang llvm cmake ninja-build python3 libgtest-dev nlohmann-json3-dev libeigen3-dev libxsimd-dev)
optional=(libsamplerate0-dev)
. tests/packages.sh
install_missing "tests of these are skipped" clang++ cmake ninja llvm-cov llvm-profdata

build=build/coverage
cmake -S . -B "$build" -G Ninja -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=None -DINLAY_BUILD_BENCH=OFF \
  -DINLAY_BUILD_EXAMPLES=OFF -DINLAY_WITH_ONNXRUNTIME=OFF -DINLAY_WITH_LIBTORCH=OFF \
  -DINLAY_COMPILED_OPTIONS= -DINLAY_COMPILED_DISPATCH=OFF "-DINLAY_TEST_SUITES=unit;host;plugin" \
  -DCMAKE_CXX_FLAGS="-O1 -fprofile-instr-generate -fcoverage-mapping" > /dev/null
cmake --build "$build" -j "${JOBS:-$(nproc)}"

profiles=$PWD/$build/profiles
rm -rf "$profiles"
LLVM_PROFILE_FILE="$profiles/%p.profraw" ctest --test-dir "$build" -j "${JOBS:-$(nproc)}" --output-on-failure > "$build/tests.log" ||
  { tail -n 40 "$build/tests.log"; exit 1; }
find "$profiles" -name '*.profraw' > "$profiles/list"
llvm-profdata merge -sparse -f "$profiles/list" -o "$build/merged.profdata"

mapfile -t programs < <(find "$build/tests" -type f -name '*_test' -executable)
objects=("${programs[0]}")
for program in "${programs[@]:1}"; do objects+=(-object "$program"); done
ignored='(/usr/|/tests/)'
llvm-cov export -summary-only -ignore-filename-regex="$ignored" -instr-profile="$build/merged.profdata" "${objects[@]}" > "$build/summary.json"
llvm-cov show -format=html -output-dir="$build/html" -ignore-filename-regex="$ignored" -instr-profile="$build/merged.profdata" "${objects[@]}" 2> /dev/null
python3 - "$build/summary.json" << 'PY' | tee "$build/lines.txt"
import collections, json, sys
files = [(f["filename"].split("/include/inlay/")[1], f["summary"]["lines"]) for f in json.load(open(sys.argv[1]))["data"][0]["files"]
         if "/include/inlay/" in f["filename"]]
folders = collections.defaultdict(lambda: [0, 0])
for name, lines in files:
    for key in (name.split("/")[0] if "/" in name else ".", "all"):
        folders[key][0] += lines["covered"]
        folders[key][1] += lines["count"]
print("Files below 95%:")
for name, lines in sorted(files, key=lambda f: f[1]["percent"]):
    if lines["percent"] < 95: print(f"  {lines['percent']:5.1f}%  {lines['covered']:4} of {lines['count']:4}  {name}")
print("\n| folder | lines | run by the tests |\n|---|---|---|")
for folder, (covered, count) in sorted(folders.items()): print(f"| {folder} | {count} | {100 * covered / count:.1f}% |")
PY
