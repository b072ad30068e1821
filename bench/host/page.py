"""Writes bench/results/MACHINE/host.md, host.json and host/*.svg from the measurements of bench/host/run.sh.

    python3 bench/host/page.py FOLDER --flags FLAGS --compiler NAME

What was not measured, or needs a Python package that is missing, is left out.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import os
import sys
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "suite"))

import results  # noqa: E402  # after the path is extended

RESULTS = Path(__file__).parent.parent / "results"
Row = dict[str, str]


def rows_of(path: Path) -> list[Row]:
    """The lines of a CSV file. Empty if there is none."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return [*lines, *("| " + " | ".join(row) + " |" for row in rows), ""]


def us(ns: str) -> str:
    value = float(ns) / 1e3
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def share(part: str, whole: float) -> str:
    return "0" if part == "0" else f"{int(part):,} ({100 * int(part) / whole:.2g} %)"


def costs(rows: list[Row]) -> list[str]:
    head = ["hop", "block", "median, ns", "slowest round's", "p99", "p99.9", "max", "ns a frame"]
    rounds: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        rounds.setdefault((row["hop"], row["block"]), []).append(row)
    cells = []
    for (hop, block), found in rounds.items():
        found.sort(key=lambda row: float(row["p50"]))
        fastest = found[0]
        numbers = [fastest["p50"], found[-1]["p50"], *(fastest[k] for k in ("p99", "p999", "max"))]
        texts = [f"{int(number):,}" for number in (hop, block, *numbers)]
        cells.append([*texts, f"{float(fastest['ns_per_sample']):.2f}"])
    return [
        "## A callback on the audio thread",
        "",
        "A session whose engine copies, one channel, as soon as the worker is done: the round with the lowest median.",
        "Rounds differ by the processors that both threads happen to run on, and what these share.",
        "",
        *table(head, cells),
    ]


def paced(rows: list[Row], overload: list[Row]) -> list[str]:
    head = ["block", "sessions", "hop", "latency", "median, µs", "p99", "p99.9", "max", "late jobs"]

    def cells(row: Row) -> list[str]:
        numbers = [row[key] for key in ("block", "sessions", "hop", "latency")]
        times = [us(row[key]) for key in ("p50", "p99", "p999", "max")]
        return [*numbers, *times, share(row["misses"], int(row["runs"]) + int(row["misses"]))]

    lines = [
        "## Callbacks in real time",
        "",
        "48 kHz. A job of 64 frames takes 20 µs, one of 2048 frames 200 µs. With two sessions and more, half of them",
        "have hops of 64 and half of 2048. One thread calls all of them in turn, and one pool runs their jobs.",
        "",
        "![Callbacks](host/paced.svg)",
        "",
        *table(head, [cells(row) for row in rows]),
    ]
    if overload:
        parts = ("before", "overload", "after")
        thirds = [
            [row["block"], row["hop"], row["p50"], row["max"]]
            + [row[f"misses_{part}"] for part in parts]
            + [row["recovery_ms"]]
            for row in overload
        ]
        head = ["block", "hop", "median, ns", "max", "late jobs before", "meanwhile", "after"]
        lines += [
            "32 sessions, whose jobs take ten times as long during the middle third of the time, which is more than",
            "there is. The last column is the time from the end of the overload until the last frame that lacked.",
            "",
            *table([*head, "recovery, ms"], thirds),
        ]
    return lines


def jack(rows: list[Row]) -> list[str]:
    head = ["frames", "hop", "a job, ms", "latency", "median, µs", "p99", "p99.9", "max"]
    cells = [
        [row[key] for key in ("block", "hop", "run_ms", "latency")]
        + [us(row[key]) for key in ("p50", "p99", "p999", "max")]
        + [row[key] for key in ("callbacks", "misses", "xruns")]
        for row in rows
    ]
    return [
        "## A client of JACK",
        "",
        "`jackd -d dummy`, and a client whose engine takes half of the time that it has.",
        "",
        "![JACK](host/jack.svg)",
        "",
        *table([*head, "callbacks", "late jobs", "xruns"], cells),
    ]


def violations(rows: list[Row]) -> list[str]:
    from analyse import ENGINES, MODELS

    def cell(engine: str, model: str, hop: str, where: str) -> str:
        for row in rows:
            if [row[key] for key in ("engine", "model", "hop", "where")] == [engine, model, hop, where]:
                kinds = [f"{float(row[key]):,.0f}" for key in ("allocations", "frees", "locks")]
                others = [f"{float(row['others']):,.0f}"] if float(row["others"]) else []
                return "0" if set(kinds + others) == {"0"} else " / ".join(kinds + others)
        return ""

    kinds_of_calls = ("allocations", "frees", "locks", "others")
    callbacks = [row for row in rows if row["where"].startswith("callback")]
    in_callbacks = sum(float(row[key]) for row in callbacks for key in kinds_of_calls)
    lines = [
        "## Calls that may block",
        "",
        "Allocations / frees / locks and unlocks that RealtimeSanitizer intercepts in a run of an engine, except the",
        "first one. In the callbacks of all sessions, those of other libraries included, there are "
        f"{in_callbacks:.0f}.",
        "The sanitizer does not see system calls without a function of the C library, such as the one that wakes a worker.",
        "",
        "![Calls](host/violations.svg)",
        "",
    ]
    for hop in dict.fromkeys(row["hop"] for row in rows):
        found = [
            [ENGINES[e]]
            + [cell(e, m, hop, "callback" if e == "inlay-callback" else "run") for m in MODELS]
            for e in ENGINES
            if e != "bypass" and any(row["engine"] == e for row in rows)
        ]
        lines += [f"Hops of {hop}:", "", *table(["", *MODELS], found)]
    return lines


def engines(path: Path, folder: Path, compact: dict[str, Any]) -> list[str]:
    import analyse

    warnings.filterwarnings("ignore")
    data = analyse.read([path])
    estimates, spreads = analyse.fit(data)
    compact["estimates"] = [rounded(asdict(e)) for e in estimates]
    compact["spreads"] = [rounded(asdict(s)) for s in spreads]
    kinds = analyse.kinds(data)
    lines = [
        "## Networks on all engines",
        "",
        "From the start of a callback until its result is there: the networks of the anira paper, the same weights on",
        f"all engines, {data.repetition.nunique()} repetitions in random order, up to {data.callback.max() + 1}",
        "callbacks in each. ns a frame, 95% confidence intervals, and in bold how many times inlay in the callback.",
        "Linear mixed models, see [analyse.py](../../host/analyse.py).",
        "",
        "ONNX Runtime and LibTorch see the past of the input again in each run, as in the paper; with *states* they",
        "keep it, as inlay does. RNN-2k always keeps its state, and HNN-11k computes a window of 150 frames for each",
        "frame. On the pool, a callback wakes another thread and waits for it.",
        "",
    ]
    drawn: list[str] = []
    try:
        import draw

        drawn = draw.engines(folder, data, estimates)
    except ImportError as error:
        print(f"No plots: {error}")
    lines += [line for name in drawn for line in (f"![Engines](host/{name})", "")]
    for kind in kinds:
        lines += [f"### {kind.capitalize()}", "", "Means of all blocks:", ""]
        lines += analyse.mean_table(estimates, kind, 0)
        lines += ["First callbacks of a network, times the later ones:", ""]
        lines += analyse.first_table(estimates, kind)
        for block in sorted({e.block for e in estimates if e.kind == kind and e.block > 0}):
            lines += [f"In blocks of {block} frames:", ""]
            lines += analyse.mean_table(estimates, kind, block)
    return [*lines, "Standard deviations:", "", *analyse.spread_table(spreads)]


def rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {k: float(f"{v:.5g}") if isinstance(v, float) else v for k, v in values.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    for name in ("flags", "compiler", "system", "commit", "isa"):
        parser.add_argument(f"--{name}", default="")
    parser.add_argument("--quick", action="store_true", help="writes MACHINE-quick")
    arguments = parser.parse_args()

    cpu, generation = results.cpu_name(), results.cpu_generation()
    name = results.machine_name(cpu, generation, arguments.isa)
    folder = RESULTS / (name + "-quick" if arguments.quick else name)
    plots = folder / "host"
    plots.mkdir(parents=True, exist_ok=True)
    for old in plots.glob("*.svg"):
        old.unlink()

    lines = [
        f"# Host layer: {', '.join(filter(None, (cpu, generation, arguments.isa)))}",
        "",
        f"{datetime.date.today().isoformat()}, inlay {arguments.commit}, {arguments.compiler}, `{arguments.flags}`,",
        f"{arguments.system}, {os.cpu_count()} processors. Made by `bash bench/host/run.sh`.",
        "",
    ]
    names = ("costs", "paced", "overload", "violations", "jack")
    found = {name: rows_of(arguments.folder / f"{name}.csv") for name in names}
    compact: dict[str, Any] = dict(found)
    context = {**vars(arguments), "folder": "", "cpu": cpu, "generation": generation}
    draw_tables(arguments.folder, plots)
    if found["costs"]:
        lines += costs(found["costs"])
    if found["paced"]:
        lines += paced(found["paced"], found["overload"])
    if found["jack"]:
        lines += jack(found["jack"])
    try:
        if found["violations"]:
            lines += violations(found["violations"])
        if (arguments.folder / "engines.csv").exists():
            lines += engines(arguments.folder / "engines.csv", plots, compact)
    except ImportError as error:
        print(f"Left out, since python3-statsmodels is missing: {error}")
    (folder / "host.md").write_text("\n".join(lines), encoding="utf-8")
    write_json(folder / "host.json", context, compact)
    print(f"\nResults: {folder.relative_to(RESULTS.parent.parent)}/host.md")


def write_json(path: Path, context: dict[str, Any], tables: dict[str, Any]) -> None:
    """Writes each table as its columns and one row a line."""
    parts = [f'"context": {json.dumps(context)}']
    for name, rows in tables.items():
        lines = [json.dumps(list(row.values())) for row in rows]
        head = json.dumps(list(rows[0])) if rows else "[]"
        parts.append(f'"{name}": [\n' + ",\n".join([head, *lines]) + "\n]")
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def draw_tables(folder: Path, plots: Path) -> None:
    try:
        import draw
        import pandas as pd
    except ImportError as error:
        print(f"No plots: {error}")
        return
    titles = {
        "paced": "Callbacks in real time that take at least so long",
        "jack": "Callbacks of a client of JACK that take at least so long",
    }
    for name, title in titles.items():
        path = folder / f"{name}.tails.csv"
        if path.exists():
            draw.tails(plots, pd.read_csv(path), title, f"{name}.svg")
    if (folder / "violations.csv").exists():
        draw.violations(plots, pd.read_csv(folder / "violations.csv"))


if __name__ == "__main__":
    main()
