#!/usr/bin/env bash
# Makes docs/juce.png: the window with the trained amplifier, while a guitar plays.
#     bash screenshot.sh BUILD     BUILD: configured with INLAY_BUILD_JUCE_EXAMPLE=ON
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

cmake --build "$1" --target juce_amp_host -j 1
xvfb-run -a "$1"/examples/juce/host/juce_amp_host picture "$root"/examples/amp/{amp.json,guitar.wav} "$root"/docs/juce.png
