#!/usr/bin/env bash
# Prints the instructions per sample of a program in QEMU: those of twice the samples less those of the samples, divided
# by the samples. What the program does before and after cancels out. The count is exact, whatever else the machine does.
#
#   bash bench/instructions/count.sh SAMPLES EMULATOR ARGUMENT...
#
# In the arguments, @ stands for the number of samples. Examples:
#
#   count.sh 6400 qemu-aarch64 -L /usr/aarch64-linux-gnu build/subjects lstm/20 frame @
#   count.sh 6400 qemu-system-arm -M mps2-an500 -nographic -semihosting-config enable=on,arg=lstm,arg=@ -kernel lstm.elf
#
# The output of the program is shown on stderr if it fails.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
samples=$1 emulator=$2
shift 2

build=${INLAY_COUNT_BUILD:-${TMPDIR:-/tmp}/inlay-instructions}
plugin=$build/count.so
mkdir -p "$build"
if [ ! "$plugin" -nt "$here/count.c" ]; then
  gcc -Wall -Wextra -O2 -shared -fPIC -o "$plugin.$$" "$here/count.c"
  mv "$plugin.$$" "$plugin"
fi

# Prints the instructions of one run.
count() {
  local log
  log=$(mktemp)
  if ! "$emulator" -plugin "$plugin" "$@" </dev/null >"$log" 2>&1; then
    cat "$log" >&2
    rm "$log"
    return 1
  fi
  sed -n 's/^instructions //p' "$log"
  rm "$log"
}
once=$(count "${@//@/$samples}")
twice=$(count "${@//@/$((2 * samples))}")
awk -v once="$once" -v twice="$twice" -v samples="$samples" 'BEGIN { printf "%.1f\n", (twice - once) / samples }'
