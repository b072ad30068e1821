#!/usr/bin/env bash
# Builds the package into a folder: inlay.wasm, the JavaScript files, and the page.
#   bash examples/web/build.sh [FOLDER]        default: build/web
# Needs emscripten and the headers of nlohmann/json (Debian: apt-get install emscripten nlohmann-json3-dev).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=${1:-$root/build/web}
command -v emcc > /dev/null || { echo "examples/web/build.sh: please install: emscripten (name of Debian's package)" >&2; exit 77; }
export NODE_PATH=${NODE_PATH:-/usr/share/nodejs} # Debian's emscripten finds its parts of Node there

compile() {
  local headers
  headers=$(mktemp -d)
  # A cross-compiler must not see all of /usr/include, only this package.
  for folder in /usr/include /usr/local/include; do
    [[ ! -d $folder/nlohmann ]] || ln -sfn "$folder/nlohmann" "$headers/nlohmann"
  done
  emcc -std=c++20 -O3 -DNDEBUG -msimd128 -fwasm-exceptions -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -I"$root/include" -isystem "$headers" \
    "$here/src/inlay.cpp" -o "$out/inlay.wasm" --no-entry -sSTANDALONE_WASM -sALLOW_MEMORY_GROWTH \
    -sTOTAL_STACK=262144 -sINITIAL_MEMORY=1048576
  rm -r "$headers"
}
mkdir -p "$out"
if [[ ! -e $out/inlay.wasm || -n $(find "$here/src/inlay.cpp" "$here/build.sh" "$root/include" -newer "$out/inlay.wasm" -print -quit) ]]; then
  compile
fi
cp "$here/package.json" "$here/README.md" "$here"/src/*.js "$here"/src/*.d.ts "$here"/page/* "$out"
cp "$root/LICENSE" "$root/examples/amp/amp.json" "$root/examples/amp/guitar.wav" "$out"
echo "$out"
