#!/usr/bin/env bash
# Prints the widest instruction set of a build, from the compiler's own macros: isa.sh COMPILER FLAG...
macros=$("$@" -dM -E -x c++ /dev/null | cut -d' ' -f2)
while read -r macro name; do
  if grep -qx "$macro" <<< "$macros"; then isa=$name; fi
done <<< "__SSE2__ SSE2
__SSE4_1__ SSE4.1
__AVX__ AVX
__AVX2__ AVX2
__AVX512F__ AVX-512
__ARM_NEON NEON"
echo "${isa:-}"
