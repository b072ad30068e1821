"""Writes the networks of architectures.py as C++ types, for measure.cpp.

    PYTHONPATH=python/src python3 bench/predict/types.py FILE.cpp NUMBER...
"""

import sys
from pathlib import Path

from architectures import model

from inlay.cpp.codegen import generate


def main():
    path, numbers = Path(sys.argv[1]), [int(number) for number in sys.argv[2:]]
    texts = [generate(model(number), "Type", namespace=f"n{number}") for number in numbers]
    added = [f"const bool n{n}_added = inlay::bench::add_type<n{n}::Type>({n});" for n in numbers]
    lines = ['#include "types.hpp"', *texts, "namespace {", *added, "}"]
    path.write_text("\n".join(lines).replace("#pragma once\n", ""), encoding="utf-8")


if __name__ == "__main__":
    main()
