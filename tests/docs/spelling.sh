#!/usr/bin/env bash
# Checks the spelling of the documentation, of docstrings and of comments. tests/docs/words.txt lists words that are right.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! command -v codespell > /dev/null; then
  echo "skipped: needs codespell"
  exit 77
fi
mapfile -d '' -t files < <(git ls-files -z --cached --others --exclude-standard -- '*.md' '*.hpp' '*.ipp' '*.cpp' '*.py' '*.sh')
codespell --ignore-words tests/docs/words.txt "${files[@]}"
