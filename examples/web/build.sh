#!/usr/bin/env bash
# Builds the package into a folder: inlay.wasm, the JavaScript files, and the page.
#   bash examples/web/build.sh [FOLDER]        default: build/web
# Needs emscripten and the headers of nlohmann/json (Debian: apt-get install emscripten nlohmann-json3-dev). With clang-19
# it also makes inlay-relaxed.wasm, which is faster in browsers that have relaxed SIMD.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=${1:-$root/build/web}
command -v emcc > /dev/null || { echo "examples/web/build.sh: please install: emscripten (name of Debian's package)" >&2; exit 77; }
export NODE_PATH=${NODE_PATH:-/usr/share/nodejs} # Debian's emscripten finds its parts of Node there

# Tiles have the length of a browser's blocks.
options=(-std=c++20 -O3 -DNDEBUG -DINLAY_TILE_FRAMES=128 -msimd128 -fwasm-exceptions -Wall -Wextra -Wpedantic -Wconversion
  -Wshadow -Werror)
stack=262144 memory=1048576

compile() {
  emcc "${options[@]}" -I"$root/include" -isystem "$headers" "$here/src/inlay.cpp" -o "$out/inlay.wasm" --no-entry \
    -sSTANDALONE_WASM -sALLOW_MEMORY_GROWTH -sTOTAL_STACK=$stack -sINITIAL_MEMORY=$memory
}

# The same with relaxed SIMD, which has fused multiply-adds. Debian's emscripten is too old for it, but not its libraries.
# Without loop strength reduction, as emscripten compiles: it would turn distances that loads include into additions.
sysroot=/usr/share/emscripten/cache/sysroot
compile_relaxed() {
  local libraries=$sysroot/lib/wasm32-emscripten
  clang++-19 -target wasm32-unknown-emscripten --sysroot=$sysroot -isystem $sysroot/include/c++/v1 \
    -isystem $sysroot/include/compat -D_LIBCPP_ABI_VERSION=2 -fno-threadsafe-statics -fvisibility=hidden \
    "${options[@]}" -mrelaxed-simd -mllvm -disable-lsr -I"$root/include" -isystem "$headers" "$here/src/inlay.cpp" -c -o "$headers/inlay.o"
  wasm-ld-14 -o "$out/inlay-relaxed.wasm" $libraries/crt1_reactor.o "$headers/inlay.o" -L$libraries -lstandalonewasm-memgrow \
    -lc++-except -lc++abi-except -lunwind-except -lc -ldlmalloc -lcompiler_rt -lc --import-undefined --strip-all -O2 \
    --entry=_initialize --export=free -z stack-size=$stack --initial-memory=$memory --max-memory=2147483648
}

# current FILE: whether nothing that it is made of is newer.
current() { [[ -e $1 && -z $(find "$here/src/inlay.cpp" "$here/build.sh" "$root/include" -newer "$1" -print -quit) ]]; }

mkdir -p "$out"
headers=$(mktemp -d)
trap 'rm -r "$headers"' EXIT
# A cross-compiler must not see all of /usr/include, only this package.
for folder in /usr/include /usr/local/include; do
  [[ ! -d $folder/nlohmann ]] || ln -sfn "$folder/nlohmann" "$headers/nlohmann"
done
current "$out/inlay.wasm" || compile
if command -v clang++-19 > /dev/null && command -v wasm-ld-14 > /dev/null && [[ -d $sysroot ]]; then
  current "$out/inlay-relaxed.wasm" || compile_relaxed
fi
cp "$here/package.json" "$here/README.md" "$here"/src/*.js "$here"/src/*.d.ts "$here"/page/* "$out"
cp "$root/LICENSE" "$root/examples/amp/amp.json" "$root/examples/amp/guitar.wav" "$out"
echo "$out"
