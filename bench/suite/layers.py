"""Prints the table of bench/layers/run.sh: every layer beside other libraries.

    python3 bench/suite/layers.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import results
from report import number, table
from results import DEFAULT, PEERS, Layer

WORKS = {"frame": "frames", "64": "64", "512": "512"}


def floors(folder: Path) -> dict[tuple[str, int], float]:
    """ns for the multiply-adds of a frame at the peak of the processor."""
    found = {}
    for run in results.rounds(folder, "layers"):
        for one in run.get("benchmarks", []):
            if "peak_share" in one:
                name, size = one["name"].split("/")[:2]
                found[name, int(size)] = one["ns"] * one["peak_share"]
    return found


def main() -> None:
    folder = Path(sys.argv[1])
    times, failed = results.read_layers(folder, {"layers": "float"})
    floor = floors(folder)
    subjects = [DEFAULT, *(peer for peer in PEERS if any(at.subject == peer for at in times))]

    def row(name: str, size: int) -> list[str]:
        layers = [Layer("float", name, size, subject, work) for subject in subjects for work in WORKS]
        cells = ("wrong" if "of the peak" in failed.get(at, "") else number(times.get(at)) for at in layers)
        return [f"{name} {size}", number(floor.get((name, size))), *cells]

    head = ["ns per frame", "floor"]
    for subject in subjects:
        title = "inlay" if subject == DEFAULT else PEERS[subject]
        head += [f"{title}, {work}" for work in WORKS.values()]
    names = dict.fromkeys((layer.name, layer.size) for layer in [*times, *failed])
    print(f"FMA peak of one core: {number(results.fma_peak(folder))} GMAC/s\n")
    print("\n".join(table(head, (row(*name) for name in sorted(names, key=lambda name: name[1])))))


if __name__ == "__main__":
    main()
