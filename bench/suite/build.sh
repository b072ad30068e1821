# Builds benchmarks, with the other libraries that are there. Source this file.

# build_benchmarks PREFIX: calls `build_with CMAKE_OPTION...`, which builds into $build and writes $log/configure and
# $log/build. If that fails with the other libraries, it is repeated without one, without the other, and without both:
# their options are PREFIX_LIBTORCH and PREFIX_ONNXRUNTIME. Sets `compared` to the libraries that are there. Starts from
# nothing if the compiler or the folder has changed. Exits with status 1 if nothing can be built.
build_benchmarks() {
  local prefix=$1 without peer peers built=false
  if [[ $(cat "$build/compiler" 2> /dev/null) != "$CXX $PWD" ]]; then rm -rf "$build"; fi
  mkdir -p "$out" "$log"
  echo "$CXX $PWD" > "$build/compiler"
  for without in "" ONNXRUNTIME LIBTORCH "LIBTORCH ONNXRUNTIME"; do
    peers=("-D${prefix}_LIBTORCH=ON" "-D${prefix}_ONNXRUNTIME=ON")
    for peer in $without; do peers+=("-D${prefix}_$peer=OFF"); done
    build_with "${peers[@]}" && built=true && break
    grep -qsE "compares? with: ." "$log/configure" || break
    echo "That failed (see $log): trying without other libraries"
  done
  $built || { tail -n 30 "$log/configure" "$log/build" >&2; exit 1; }
  compared=$(sed -nE 's/.*compares? with: //p' "$log/configure")
  echo "Comparing with: ${compared:-nothing else, since no other library is there}"
}
