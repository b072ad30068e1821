#!/usr/bin/env bash
# Puts ONNX Runtime for Linux on x86-64 into FOLDER/include and FOLDER/lib, once: 150 MB from the npm registry. Exits with
# status 1, without a message, if it cannot be had.
#   bash tests/host/onnxruntime.sh FOLDER
set -euo pipefail
folder=${1:?usage: bash tests/host/onnxruntime.sh FOLDER}
[[ -e $folder/lib/libonnxruntime.so && -e $folder/include/onnxruntime_cxx_api.h ]] && exit
[[ $(uname -sm) == "Linux x86_64" ]] && command -v npm > /dev/null || exit 1

# ONNX Runtime 1.29, from a package for Unity, which has libraries for every system, and headers for iOS.
package=com.github.asus4.onnxruntime@0.4.9
library=package/Plugins/Linux/x64/libonnxruntime.so
headers=package/Plugins/iOS~/onnxruntime.xcframework/ios-arm64/onnxruntime.framework/Headers

mkdir -p "$folder"
temporary=$(mktemp -d "$folder/download.XXXXXX")
trap 'rm -rf "$temporary"' EXIT
npm pack --silent --pack-destination "$temporary" "$package" > /dev/null 2>&1 || exit 1
tar -xzf "$temporary"/*.tgz -C "$temporary" "$library" "$headers" 2> /dev/null || exit 1
mkdir -p "$folder/include" "$folder/lib"
cp -r "$temporary/$headers/." "$folder/include"
mv -f "$temporary/$library" "$folder/lib/libonnxruntime.so.1" # its soname
ln -sf libonnxruntime.so.1 "$folder/lib/libonnxruntime.so"
