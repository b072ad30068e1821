#!/usr/bin/env bash
# Checks that the C++ files have the format of .clang-format. `tests/style.sh --fix` formats them.
# Other versions of clang-format format differently.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v clang-format-19 > /dev/null; then
  echo "skipped: needs clang-format-19"
  exit 77
fi
# Tracked and new files, without ignored files.
mapfile -d '' -t files < <(git ls-files -z --cached --others --exclude-standard -- '*.hpp' '*.cpp')
if [[ ${1:-} == --fix ]]; then
  clang-format-19 -i "${files[@]}"
  exit
fi
status=0
for file in "${files[@]}"; do
  clang-format-19 --dry-run --Werror "$file" 2> /dev/null || { echo "not formatted: $file"; status=1; }
done
((status == 0)) || echo "tests/style.sh --fix formats them"
exit $status
