"""Writes the table of AutoBackend from the measurements of bench/tune.sh."""

from __future__ import annotations

import argparse
import datetime
import math
import statistics
from collections import defaultdict
from itertools import groupby
from pathlib import Path

from results import cpu_name, read

DEFAULT = "xsimd"
# Another backend is chosen if it is faster by more than this factor. Less is noise, and one backend is less code.
WORTH = 1.05
# Layers of bench/layers and their inlay::Work. All other layers are `other`, of any size.
WORK = {
    "Dense": "dense",
    "Conv1D-k3": "conv1d",
    "Conv1D-k3-d8": "conv1d",
    "LSTM": "lstm",
    "GRU": "gru",
    "RNN": "rnn",
}
LARGEST = "~std::size_t{0}"

Place = tuple[str, int, str, int]  # compiler, bytes of a register, work, channels


def measured(folder: Path) -> dict[Place, dict[str, float]]:
    """The geometric mean of the median times of all cases of a place, by backend."""
    rounds: dict[tuple[Place, str, str], list[float]] = defaultdict(list)
    for path in sorted(folder.glob("*.json")):
        compiler, _, rest = path.stem.rpartition("-")
        register_bytes = int(rest.split(".")[0])
        for one in read(path).get("benchmarks", []):
            if one.get("error_occurred"):
                continue
            name, size, backend, work = one["name"].split("/")[:4]
            kind = WORK.get(name, "other")
            place = (compiler, register_bytes, kind, 0 if kind == "other" else int(size))
            case = f"{name}/{size}/{work}"
            rounds[place, backend, case].append(one["ns"])
    logs: dict[Place, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for (place, backend, _), times in rounds.items():
        logs[place][backend].append(math.log(statistics.median(times)))
    return {
        place: {backend: math.exp(statistics.mean(values)) for backend, values in of.items()}
        for place, of in logs.items()
    }


def best(times: dict[str, float]) -> str:
    name = min(times, key=lambda backend: times[backend])
    return name if times[name] * WORTH < times.get(DEFAULT, math.inf) else DEFAULT


def rows(times: dict[Place, dict[str, float]]) -> list[str]:
    """Rows of the table. Neighbouring sizes with the same backend are one row; the last row has no upper limit."""
    lines = []
    for key, places in groupby(sorted(times), key=lambda place: place[:3]):
        compiler, register_bytes, work = key
        family = "clang" if "clang" in compiler else "gcc"
        sizes = [(place[3], best(times[place])) for place in places]
        start = 0
        for i, (_, backend) in enumerate(sizes):
            last = i + 1 == len(sizes)
            if not last and sizes[i + 1][1] == backend:
                continue
            # A row begins at its first measured size and ends before the next one.
            low = 0 if start == 0 else sizes[start][0]
            high = LARGEST if last else str(sizes[i + 1][0] - 1)
            if backend != DEFAULT:
                lines.append(
                    f"    {{Compiler::{family}, {register_bytes}, 4, Work::{work}, "
                    f"{low}, {high}, BackendName::{backend}}},"
                )
            start = i + 1
    return lines


def header(lines: list[str], compilers: list[str]) -> str:
    opening = f"inline constexpr std::array<Choice, {len(lines)}> choices{{"
    table = "\n".join(["{{", *lines, "}};"]) if lines else "{};"
    return f"""\
// Written by bench/tune.sh: run it to measure again.
// {cpu_name()}, {datetime.date.today()}, {", ".join(compilers)}; float, frames and blocks of 64.
#pragma once

#include <array>
#include <cstddef>

#include "inlay/backend/choice.hpp"

namespace inlay::detail {{

{opening[:-1]}{table}

}}  // namespace inlay::detail
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("header", type=Path)
    arguments = parser.parse_args()
    times = measured(arguments.folder)
    lines = rows(times)
    arguments.header.write_text(header(lines, sorted({place[0] for place in times})))
    lost = [of[best(of)] / min(of.values()) for of in times.values()]
    print(f"{len(times)} kinds and sizes, {len(lines)} rows in the table.")
    print(f"The choice is at most {max(lost, default=1):.3f} times the time of the fastest backend.")


if __name__ == "__main__":
    main()
