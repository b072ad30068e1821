#!/usr/bin/env bash
# Checks that the C and C++ files have the format of .clang-format. `tests/style.sh --fix` formats them.
# Other versions of clang-format format differently.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v clang-format-19 > /dev/null; then
  echo "skipped: needs clang-format-19"
  exit 77
fi
# Tracked and new files, without ignored files.
mapfile -d '' -t files < <(git ls-files -z --cached --others --exclude-standard -- '*.h' '*.hpp' '*.ipp' '*.c' '*.cpp')
if [[ ${1:-} == --fix ]]; then
  clang-format-19 -i "${files[@]}"
  exit
fi
if ! printf '%s\0' "${files[@]}" | xargs -0 -n 16 -P "$(nproc)" clang-format-19 --dry-run --Werror; then
  echo "tests/style.sh --fix formats them"
  exit 1
fi
