#!/usr/bin/env bash
# Installs what is missing, builds and passes every test.
#   bash tests/run.sh          what CI runs
#   bash tests/run.sh --full   also libc++, every check of UBSan, other instruction sets, Windows, ARM, RISC-V and WebAssembly, the plugin in JACK, the one in JUCE
#   bash tests/run.sh --fuzz [seconds]   only the fuzzers, for an hour or for so many seconds
# Safe to run again, and quick the second time: everything is kept in build/. JOBS=n limits the compilers at work.
set -uo pipefail
cd "$(dirname "$0")/.."

full=false fuzz_only=false
fuzz_seconds=20
case "${1:-}" in
  "") ;;
  --full) full=true ;;
  --fuzz) fuzz_only=true fuzz_seconds=${2:-3600} ;;
  *) echo "usage: bash tests/run.sh [--full | --fuzz [seconds]]" >&2; exit 2 ;;
esac
[[ $fuzz_seconds =~ ^[1-9][0-9]*$ ]] || { echo "not a number of seconds: $fuzz_seconds" >&2; exit 2; }
jobs=${JOBS:-$(nproc)}
python=/usr/bin/python3 # the system's: it is the one that has the system's PyTorch

# --- what has to be there ---------------------------------------------------------------------------
required=(g++ clang cmake ninja-build python3 libgtest-dev libbenchmark-dev nlohmann-json3-dev libeigen3-dev libxsimd-dev
  python3-pytest python3-numpy python3-jsonschema)
# Tests that need one of these are skipped, and counted as such, where it cannot be had.
optional=(ccache python3-torch libclang-rt-dev gcc-arm-none-eabi libstdc++-arm-none-eabi-newlib qemu-system-arm libclang-rt-19-dev
  clang-format-19 libsndfile1-dev libcli11-dev python3-h5py python3-matplotlib python3-pytest-xdist qemu-user
  libtorch-dev python3-onnx dpf-source pkg-config liblilv-dev lv2-dev lilv-utils sordi python3-pip python3-venv python3-wheel
  python3-yaml codespell mkdocs mkdocs-material emscripten chromium g++-aarch64-linux-gnu g++-arm-linux-gnueabihf)
command -v npm > /dev/null || optional+=(npm) # Node's own packages bring it along
$full && optional+=(clang-19 libc++-19-dev libc++abi-19-dev g++-mingw-w64-x86-64-posix wine64 jackd2 g++-riscv64-linux-gnu
  juce-modules-source libjack-jackd2-dev xvfb xauth)

. tests/packages.sh
install_missing "tests of these are skipped" g++ clang++ cmake ninja "$python"

# --- the steps --------------------------------------------------------------------------------------
steps=7
$full && steps=19
$fuzz_only && steps=1
step=0 passed=0 failed=0 skipped=0
log=build/log
mkdir -p "$log"
rm -f "$log"/hashes*
now() { printf '%(%s)T' -1; }

# step TITLE: says where we are.
step() { step=$((step + 1)); started=$(now); printf '\n[%d/%d] %s\n' "$step" "$steps" "$1"; }
done_in() { echo "      $(($(now) - started)) s"; }
# fail WHAT LOG: one failure, with the end of its log.
fail() { failed=$((failed + 1)); echo "FAILED: $1"; tail -n 40 "$2"; }

# What another checkout has compiled from the same text is not compiled again.
if command -v ccache > /dev/null; then
  export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1
  export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
fi

# build NAME [CMAKE OPTION...]: configures and builds into build/NAME. Warnings are errors. Builds only the targets $target, if set.
build() {
  local name=$1 out=build/$1
  shift
  # -Og compiles in half of -O3's time, and in half of -O0's; --full has what else there is.
  cmake -S . -B "$out" -G Ninja -DCMAKE_CXX_FLAGS_RELEASE="-Og -DNDEBUG" -DINLAY_WERROR=ON -DINLAY_BUILD_BENCH=OFF -DINLAY_BUILD_EXAMPLES=OFF "$@" \
    > "$log/$name.configure" 2>&1 || { fail "configuring $name" "$log/$name.configure"; return 1; }
  # ninja's own progress, on one line where there is a terminal.
  cmake --build "$out" -j "$jobs" --target ${target:-all} -- -k 0 2>&1 | tee "$log/$name.build" | { if [[ -t 1 ]]; then cat; else grep -E "error|FAILED" || true; fi; }
  ((PIPESTATUS[0] == 0)) || { fail "building $name" "$log/$name.build"; return 1; }
}
# tests NAME [CTEST OPTION...]: runs ctest on build/NAME and counts.
tests() {
  local name=$1 report=$PWD/$log/$1.xml
  shift
  rm -f "$report"
  if ! ctest --test-dir "build/$name" -j "$jobs" --output-on-failure --output-junit "$report" "$@" > "$log/$name.test" 2>&1; then
    sed -n '/\*\*\*Failed\|^The following tests FAILED/,$p' "$log/$name.test" | head -n 100
  fi
  count "$report" "tests of $name" "$log/$name.test"
}
# count REPORT WHAT LOG: adds the numbers of a JUnit file, ctest's or pytest's.
count() {
  local numbers
  if ! numbers=$("$python" - "$1" << 'PY'
import sys, xml.etree.ElementTree as tree
suites = list(tree.parse(sys.argv[1]).getroot().iter("testsuite"))
total = lambda key: sum(int(suite.get(key) or 0) for suite in suites)
bad, skipped = total("failures") + total("errors"), total("skipped") + total("disabled")
print(total("tests") - bad - skipped, bad, skipped)
PY
  ); then
    fail "$2" "$3"
    return
  fi
  read -r p f s <<< "$numbers"
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  echo "      $p passed, $f failed, $s skipped"
  ((p + f + s > 0)) || fail "$2: there are none" "$3"
}
# check NAME COMMAND...: one test. Status 77 means skipped.
check() {
  local name=$1 status=0
  shift
  "$@" > "$log/$name.test" 2>&1 || status=$?
  case $status in
    0) passed=$((passed + 1)) ;;
    77) skip "$name: $(tail -n 1 "$log/$name.test")" ;;
    *) fail "$name" "$log/$name.test" ;;
  esac
}
# same_outputs HASHES RECORDED...: compares the outputs of networks with the recorded ones, which hold for one compiler and
# its options.
same_outputs() {
  local hashes=$1
  shift
  if "$python" tests/hashes.py "$@" "$hashes" > "$log/hashes.test"; then
    passed=$((passed + 1))
  else
    fail "outputs differ from the recorded ones" "$log/hashes.test"
  fi
  echo "      $(tail -n 1 "$log/hashes.test")"
}
no_engines=(-DINLAY_WITH_ONNXRUNTIME=OFF -DINLAY_WITH_LIBTORCH=OFF)
skip() { skipped=$((skipped + 1)); echo "      skipped: $1"; }

# Tests that run with one of GCC and the sanitizers; with --full with both. GCC has those of numbers, on several backends.
# The sanitizers have those of files and of memory, and run every layer of fixed size from tests/realtime. --full alone has
# two that take longest to compile: their parts are in others.
if $full; then only_gcc= only_sanitized=; else
  only_full="integer_weights_run_time|rtneural_layers"
  only_gcc="$only_full|rtneural|integer_weights|activation|activation_edges|fast|math|networks_guide"
  only_gcc+="|bfloat16|auto_backend|combinators|conv1d|conv2d|dense|fir|grey_box|gru|lstm|norm|rates|recurrent_variants"
  only_gcc+="|state_space|voices|rate_corrected|guarded|oversampled"
  only_sanitized="$only_full|allocation_failure|damaged_models|formats|limits|load|nam_format|nam_row|namb|page_edge|history"
  only_sanitized+="|blocks|model|model_calls|rnn|spectra|levels|model_slot|oversampled_files|resampled"
  only_sanitized+="|resampled_files|sizes_files|smoothed_values"
fi

# One build for unit tests and fuzzers: what Clang warns of, and what the sanitizers see. Fewer backends, see
# tests/unit/support. Checks of pointers take more than half of the compile time, and AddressSanitizer sees what is done
# with invalid ones; --full has all checks. Only what a fuzzer searches counts its coverage: the library and itself.
sanitized() {
  build clang-sanitized -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=None "-DINLAY_TEST_SUITES=unit;host;plugin;realtime;compile_fail;fuzz" \
    "${no_engines[@]}" -DINLAY_COMPILED_OPTIONS=-fsanitize=fuzzer-no-link -DINLAY_COMPILED_DISPATCH=OFF -DINLAY_TEST_FEW_BACKENDS=ON \
    "-DINLAY_TEST_WITHOUT=$only_gcc" \
    "-DCMAKE_CXX_FLAGS=-O1 -g1 -fsanitize=address,undefined -fno-sanitize=null,alignment,pointer-overflow,object-size -fno-sanitize-recover=all -fno-omit-frame-pointer"
}
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

# fuzz SECONDS [OPTION...]: builds the fuzzers and runs all of them within SECONDS, not counting the build.
fuzz() {
  local seconds=$1 fuzzers=(run read typed compat) name result
  shift
  if ! echo 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }' |
    clang++ -fsanitize=fuzzer -x c++ - -o "$log/fuzzer" > "$log/fuzzer.test" 2>&1; then
    skip "clang++ has no fuzzer"
    return
  fi
  target=fuzzers sanitized || return
  rm -rf build/fuzz/seeds
  "$python" tests/fuzz/seeds.py build/fuzz/seeds > "$log/fuzz.seeds" 2>&1 || { fail "seeds of the fuzzers" "$log/fuzz.seeds"; return; }
  local together=$((jobs < ${#fuzzers[@]} ? jobs : ${#fuzzers[@]}))
  local each=$((seconds * together / ${#fuzzers[@]}))
  for name in "${fuzzers[@]}"; do mkdir -p "build/fuzz/corpus/$name"; done
  printf '%s\n' "${fuzzers[@]}" | xargs -P "$together" -I{} bash -c \
    'bash tests/fuzz/fuzz.sh build/clang-sanitized/tests/fuzz build/fuzz "$0" "$@"; echo $? > "build/fuzz/$0.result"' {} $((each > 0 ? each : 1)) "$@"
  for name in "${fuzzers[@]}"; do
    result=$(cat "build/fuzz/$name.result" 2> /dev/null)
    if [[ $result == 0 ]]; then passed=$((passed + 1)); else fail "fuzzer $name" "build/fuzz/$name.log"; fi
  done
}

# Unit tests are compiled with AVX2 and FMA, where a processor has them. -O1 compiles in two thirds of -O3's time, and gives
# the same bits if products are fused, which is what -fexpensive-optimizations does.
unit_options="-O1;-fexpensive-optimizations"
grep -q avx2 /proc/cpuinfo 2> /dev/null && grep -q fma /proc/cpuinfo && unit_options+=";-mavx2;-mfma"

if $fuzz_only; then
  step "Fuzzers, $fuzz_seconds s"
  # What they find is kept for the next time.
  fuzz "$fuzz_seconds" build/fuzz/corpus/{} build/fuzz/seeds
  done_in
  printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  exit $((failed > 0))
fi

step "g++, every test, example and benchmark"
# Engines that the host layer can run: LibTorch is a package, ONNX Runtime is one of npm.
bash tests/host/onnxruntime.sh build/onnxruntime || skip "no ONNX Runtime"
# GCC collects garbage less often if it may use more memory. Benchmarks are built for one backend: unit tests have all.
build gcc -DCMAKE_CXX_COMPILER=g++ -DCMAKE_CXX_FLAGS="--param=ggc-min-heapsize=600000" "-DINLAY_TEST_OPTIONS=$unit_options" "-DINLAY_TEST_WITHOUT=$only_sanitized" -DINLAY_BUILD_EXAMPLES=ON -DINLAY_BUILD_BENCH=ON -DINLAY_BENCH_FLAGS=-O0 -DINLAY_BENCH_SIZES=8 -DINLAY_BENCH_BACKENDS=auto \
  "-DONNXRUNTIME_ROOT=$PWD/build/onnxruntime" "-DINLAY_TEST_PYTHON=$python" &&
  INLAY_HASHES=$PWD/$log/hashes tests gcc &&
  if [[ $unit_options == *-mavx2* && $(g++ -dumpversion) == 12* && $(uname -m) == x86_64 ]]; then
    same_outputs "$log/hashes" tests/golden/hashes/gcc12-avx2.txt
  else
    skip "recorded outputs: not g++ 12 with AVX2"
  fi
done_in

step "clang++ with address and undefined-behaviour sanitizers, unit tests"
sanitized && tests clang-sanitized
done_in

step "clang++ with the thread sanitizer, host layer and parts around a model"
threaded="host_storm_test host_syscalls_test host_plugin_test plugin_storm_test" # the others start no thread
$full && export INLAY_STORM_SECONDS=60 && threaded=
target=$threaded build clang-threads -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=None "-DINLAY_TEST_SUITES=host;plugin" \
  -DINLAY_WITH_JSON=OFF -DINLAY_WITH_EIGEN=OFF -DINLAY_WITH_XSIMD=OFF "${no_engines[@]}" \
  "-DCMAKE_CXX_FLAGS=-O1 -g1 -fsanitize=thread" && tests clang-threads ${threaded:+-R "^(${threaded// /|})\."}
done_in

step "Fuzzers, $fuzz_seconds s"
fuzz "$fuzz_seconds" -seed=1 build/fuzz/seeds
done_in

step "Other processors under qemu, a few layers"
processors=(aarch64 armhf)
$full && processors+=(riscv64)
printf '%s\n' "${processors[@]}" | xargs -P "$jobs" -I{} bash -c \
  'bash tests/quick/cross.sh {} > "$0/quick-{}.log" 2>&1; echo $? > "$0/quick-{}.result"' "$log"
for processor in "${processors[@]}"; do
  check "quick-$processor" bash -c 'cat "$0.log"; exit "$(cat "$0.result")"' "$log/quick-$processor"
done
done_in

step "Python"
report=$PWD/$log/python.xml
rm -f "$report"
parallel=()
"$python" -c "import xdist" 2> /dev/null && parallel=(-n "$jobs")
INLAY_LOAD_MODELS=$PWD/build/gcc/tests/load_models "$python" -m pytest -q -p no:cacheprovider "${parallel[@]}" --junit-xml "$report" python > "$log/python.test" 2>&1 || tail -n 40 "$log/python.test"
count "$report" "tests of python" "$log/python.test"
done_in

step "WebAssembly: the package, in a headless Chromium"
if command -v emcc > /dev/null && [[ -x build/gcc/examples/inlay-render ]]; then
  if bash examples/web/build.sh build/web > "$log/web.build" 2>&1; then
    check web "$python" examples/web/test/test.py build/web build/gcc/examples/inlay-render
  else
    fail "building the package" "$log/web.build"
  fi
else
  skip "no emscripten, or no inlay-render"
fi
done_in

if $full; then
  # variant TITLE NAME TOOL [CMAKE OPTION...]: the unit tests once more, if TOOL is there.
  variant() {
    local title=$1 name=$2 tool=$3
    shift 3
    step "$title"
    if command -v "$tool" > /dev/null; then
      build "$name" -DCMAKE_CXX_FLAGS_RELEASE="-O2 -DNDEBUG" "-DINLAY_TEST_SUITES=unit;host;plugin" "${no_engines[@]}" "$@" && tests "$name"
    else
      skip "no $tool"
    fi
    done_in
  }
  variant "clang++-19, libc++" libcxx clang++-19 -DCMAKE_CXX_COMPILER=clang++-19 -DCMAKE_CXX_FLAGS=-stdlib=libc++ \
    -DINLAY_TEST_FEW_BACKENDS=ON \
    -DINLAY_FETCH_GTEST=ON # the system's GoogleTest is built against libstdc++
  variant "Every check of the undefined-behaviour sanitizer" undefined clang++ -DCMAKE_CXX_COMPILER=clang++ \
    -DINLAY_TEST_FEW_BACKENDS=ON "-DCMAKE_CXX_FLAGS=-fsanitize=undefined -fno-sanitize-recover=all"
  variant "AVX2, every test on every backend" avx2 g++ -DCMAKE_CXX_COMPILER=g++ -DCMAKE_CXX_FLAGS="-mavx2 -mfma" \
    -DINLAY_TEST_MANY_BACKENDS=ON "-DINLAY_TEST_SUITES=unit;realtime"
  variant "This machine's instruction set" native g++ -DCMAKE_CXX_COMPILER=g++ \
    -DCMAKE_CXX_FLAGS="-march=native -Wno-maybe-uninitialized -Wno-uninitialized" # in GCC's own header, bug 105593
  variant "This machine's instruction set, Clang" native-clang clang++ -DCMAKE_CXX_COMPILER=clang++ \
    -DCMAKE_CXX_FLAGS=-march=native -DINLAY_TEST_FEW_BACKENDS=ON
  # A cross-compiler must not see all of /usr/include, only the packages.
  mkdir -p build/headers
  ln -sfn /usr/include/nlohmann /usr/include/xsimd /usr/include/eigen3/Eigen build/headers/
  cross=(-DCMAKE_CXX_FLAGS="-isystem $PWD/build/headers" -DINLAY_WITH_JSON=OFF -DINLAY_WITH_EIGEN=OFF
    -DINLAY_WITH_XSIMD=OFF -DINLAY_FETCH_GTEST=ON -DINLAY_TEST_FEW_BACKENDS=ON)
  # Debian's compilers for ARM see its packages, but its files for CMake name xsimd's directory as one of x86-64.
  arm=(-DFETCHCONTENT_SOURCE_DIR_INLAY_XSIMD=/usr -DINLAY_FETCH_GTEST=ON -DINLAY_TEST_FEW_BACKENDS=ON)
  INLAY_HASHES=$PWD/$log/hashes-aarch64 \
    variant "aarch64" aarch64 aarch64-linux-gnu-g++ -DCMAKE_TOOLCHAIN_FILE="$PWD/tests/toolchains/aarch64.cmake" "${arm[@]}"
  if [[ -e $log/hashes-aarch64 && $(aarch64-linux-gnu-g++ -dumpversion) == 12* ]]; then
    same_outputs "$log/hashes-aarch64" tests/golden/hashes/gcc12-aarch64.txt
  else
    skip "recorded outputs: no tests of aarch64 by g++ 12"
  fi
  variant "32-bit ARM" armhf arm-linux-gnueabihf-g++ -DCMAKE_TOOLCHAIN_FILE="$PWD/tests/toolchains/armhf.cmake" "${arm[@]}"
  variant "Windows (mingw-w64, wine)" mingw x86_64-w64-mingw32-g++-posix \
    -DCMAKE_TOOLCHAIN_FILE="$PWD/tests/toolchains/mingw.cmake" "${cross[@]}"
  variant "WebAssembly (emscripten, Node)" wasm emcc -DCMAKE_TOOLCHAIN_FILE="$PWD/tests/toolchains/wasm.cmake" "${cross[@]}" \
    -DINLAY_WITH_JSON=ON -DINLAY_FETCH_DEPENDENCIES=OFF -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON \
    "-DINLAY_TEST_SUITES=unit;plugin" # without threads
  step "The plugin: address sanitizer, a JACK server, and a folder of its own"
  if [[ -x build/gcc/examples/plugin/bin/amp ]]; then
    target=plugin_checks build plugin-sanitized -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=None \
      -DINLAY_TEST_SUITES= "${no_engines[@]}" -DINLAY_BUILD_EXAMPLES=ON -DINLAY_COMPILED_OPTIONS= -DINLAY_COMPILED_DISPATCH=OFF \
      -DCMAKE_C_FLAGS=-fsanitize=address "-DCMAKE_CXX_FLAGS=-O1 -g1 -fsanitize=address -fno-omit-frame-pointer" &&
      tests plugin-sanitized -R 'example.plugin_(lv2|clap|vst3)$'
    check plugin-jack "$python" examples/plugin/jack_test.py build/gcc/examples/plugin/bin/amp examples/amp/amp.json build/gcc/examples/inlay-render
    check plugin-alone bash examples/plugin/alone_test.sh build/gcc build/plugin-alone
  else
    skip "the plugin was not built"
  fi
  done_in
  step "The plugin with a window, in JUCE: all formats, with JUCE's assertions and leak detector"
  if [[ -d /usr/share/juce/modules ]]; then
    target=juce_checks build juce -DCMAKE_CXX_COMPILER=g++ -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0 -DINLAY_TEST_SUITES= \
      "${no_engines[@]}" -DINLAY_BUILD_EXAMPLES=ON -DINLAY_BUILD_JUCE_EXAMPLE=ON -DINLAY_COMPILED_OPTIONS=-O1 -DINLAY_COMPILED_DISPATCH=OFF &&
      tests juce -R '^example.juce_'
  else
    skip "no JUCE"
  fi
  done_in
  step "g++ without any optional package"
  build bare -DCMAKE_CXX_COMPILER=g++ -DINLAY_WITH_EIGEN=OFF -DINLAY_TEST_SUITES="headers;consume" && tests bare
  done_in
fi

printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
((failed == 0))
