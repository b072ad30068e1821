#!/usr/bin/env bash
# Builds the plugin as somebody else does: in a copy of its folder, with the installed library.
#     bash alone_test.sh BUILD FOLDER     BUILD: of inlay, to install from. FOLDER: where all is put
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$1 folder=$2

rm -rf "$folder"
mkdir -p "$folder/source"
cmake --install "$build" --prefix "$folder/inlay" > "$folder/install.log"
cp "$here"/{CMakeLists.txt,formats.cmake,DistrhoPluginInfo.h,amp.cpp} "$folder/source"
cmake -S "$folder/source" -B "$folder/build" -DCMAKE_PREFIX_PATH="$(realpath "$folder/inlay")" -DCMAKE_BUILD_TYPE=Release
cmake --build "$folder/build" -j 1
for file in amp.lv2/manifest.ttl amp.clap amp.vst3/Contents/*-linux/amp.so amp; do
  ls "$folder/build/bin/"$file
done
