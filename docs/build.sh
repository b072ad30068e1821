#!/usr/bin/env bash
# Builds the documentation as a site in build/site, without network.
#   bash docs/build.sh
# Needs mkdocs and mkdocs-material (Debian: apt-get install mkdocs mkdocs-material), and emscripten for the page that plays
# a model. build/site/index.html is the first page.
set -euo pipefail
cd "$(dirname "$0")/.."
if [[ ! -x /usr/bin/mkdocs && -z "$(command -v mkdocs)" ]] || [[ ! -d /usr/share/mkdocs/themes/material ]]; then
  echo "docs/build.sh: please install: mkdocs mkdocs-material (names of Debian and Ubuntu packages)" >&2
  exit 77
fi
mkdocs=/usr/bin/mkdocs # the system's: it is the one that has the system's theme
[[ -x $mkdocs ]] || mkdocs=mkdocs
if command -v emcc > /dev/null; then
  bash examples/web/build.sh build/web > /dev/null
else
  echo "docs/build.sh: no emscripten: the site has no page that plays a model" >&2
fi
rm -rf build/site-source
python3 docs/site/stage.py build/site-source
"$mkdocs" build --quiet --strict --config-file build/site-source/mkdocs.yml --site-dir "$PWD/build/site"
python3 docs/site/check_built.py build/site
echo "build/site/index.html"
