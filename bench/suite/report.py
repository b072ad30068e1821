"""Writes bench/results/MACHINE/ from the measurements of bench/run.sh: JSON, a Markdown page, plots.

    python3 bench/suite/report.py FOLDER --flags FLAGS --compiler NAME
"""

from __future__ import annotations

import argparse
import datetime
import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

import results
from results import DEFAULT, PEERS, SAMPLE_RATE, Json, Layer

RESULTS = Path(__file__).parent.parent / "results"


def number(value: Optional[float], digits: int = 3) -> str:
    """Formats a number with a few digits."""
    if value is None:
        return ""
    if value >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{value:.{digits}g}" if value >= 1e-3 else f"{value:.0e}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return [*lines, *("| " + " | ".join(row) + " |" for row in rows), ""]


def ratio(theirs: Optional[float], ours: Optional[float]) -> str:
    return f"{theirs / ours:.1f}" if theirs and ours else ""


def ordered(found: Iterable[str]) -> list[str]:
    """Subjects in the order of the backends: types, then run-time models, then other libraries."""
    order = ["xsimd", "eigen", "stl", "loop", "auto", "default"]

    def place(subject: str) -> tuple[int, int, str]:
        name = subject.removesuffix("-rt")
        rank = order.index(name) if name in order else len(order)
        return (2 if subject in PEERS else int(subject.endswith("-rt")), rank, subject)

    return sorted(set(found), key=place)


def title(subject: str) -> str:
    if subject == "default":
        return "inlay"
    if subject.endswith("-rt"):
        return subject.removesuffix("-rt") + ", run time"
    return PEERS.get(subject, subject)


# --- networks ---


def by_network(networks: Json) -> dict[tuple[str, int, str], Json]:
    return {(r["network"], r["buffer"], r["subject"]): r for r in networks.get("results", [])}


def slow(networks: Json) -> list[str]:
    """Networks of slow frames: latents, or spectra. There is a callback for each frame."""
    found = {key: r for key, r in by_network(networks).items() if "rate" in r}
    names = list(dict.fromkeys(name for name, _, _ in found))
    peers = [peer for peer in PEERS if any(subject == peer for _, _, subject in found)]

    def row(name: str) -> list[str]:
        ours = found[name, 1, f"{DEFAULT}-rt"]
        time = ours["median"]
        cells = [name, number(time / 1e3), number(100 * 1e-9 * time * ours["rate"], 2) + " %"]
        for peer in peers:
            theirs = found.get((name, 1, peer), {}).get("median")
            cells += [number(theirs and theirs / 1e3), ratio(theirs, time)]
        return cells

    head = ["network", "run-time model, µs a frame", "of real time"]
    for peer in peers:
        head += [f"{PEERS[peer]}, µs", "times inlay's"]
    return table(head, map(row, names)) if names else []


def summary(networks: Json, buffer: int) -> list[str]:
    found = {key: r for key, r in by_network(networks).items() if "rate" not in r}
    names = list(dict.fromkeys(name for name, _, _ in found))
    peers = [peer for peer in PEERS if any(subject == peer for _, _, subject in found)]

    def row(name: str) -> list[str]:
        def median(subject: str) -> Optional[float]:
            result = found.get((name, buffer, subject))
            return result["median"] if result else None

        ours = median(DEFAULT)
        share = ours / (1e9 * buffer / SAMPLE_RATE) if ours else None
        cells = [name, number(ours and ours / buffer), number(share and 100 * share, 2) + " %"]
        cells.append(number((median(f"{DEFAULT}-rt") or 0) / buffer or None))
        for peer in peers:
            theirs = median(peer)
            cells += [number(theirs and theirs / buffer), ratio(theirs, ours)]
        return cells

    head = ["network", f"inlay ({DEFAULT}), ns", "of real time", "run-time model, ns"]
    for peer in peers:
        head += [f"{PEERS[peer]}, ns", "times inlay's"]
    return table(head, map(row, names))


def callbacks(networks: Json) -> list[str]:
    found = by_network(networks)
    lines = []
    for name in dict.fromkeys(name for name, _, _ in found):
        lines += [f"### {name}", ""]
        rows = []
        for buffer in sorted({b for n, b, _ in found if n == name}):
            rate = next(r.get("rate", SAMPLE_RATE) for (n, *_), r in found.items() if n == name)
            deadline = 1e9 * buffer / rate
            for subject in ordered(s for n, b, s in found if (n, b) == (name, buffer)):
                result = found[name, buffer, subject]
                times = [result[key] for key in ("median", "p99", "p99.9", "max", "first")]
                tails = (result[key] for key in ("p99.9", "p99", "median"))
                worst = next(tail for tail in tails if tail is not None)
                cells = [number(time / 1e3) if time is not None else "" for time in times]
                rows.append(
                    [str(buffer), title(subject), *cells, f"{100 * worst / deadline:.2f} %"]
                )
        head = ["buffer", "", "median, µs", "p99", "p99.9", "max", "first", "tail, of the deadline"]
        lines += table(head, rows)
    return lines


def sizes(networks: Json, compiled: dict[str, tuple[float, int]]) -> list[str]:
    rows = []
    for size in networks.get("sizes", []):
        if size["subject"] == DEFAULT:
            seconds, text = compiled.get(size["network"], (None, None))
            cells = [size["weight_bytes"], size["state_bytes"], text, seconds]
            rows.append([size["network"], *(number(cell and float(cell)) for cell in cells)])
    head = ["network", "weights, bytes", "state, bytes", "code, bytes", "compile time, CPU s"]
    return table(head, rows) if rows else []


# --- layers ---


def layer_table(times: dict[Layer, float], scalar: str, work: str) -> list[str]:
    found = {
        layer: time for layer, time in times.items() if (layer.scalar, layer.work) == (scalar, work)
    }
    found = {layer: time for layer, time in found.items() if layer.name not in GROWTH}
    subjects = ordered(layer.subject for layer in found)
    if not found:
        return []

    def row(name: str, size: int) -> list[str]:
        cells = (found.get(Layer(scalar, name, size, subject, work)) for subject in subjects)
        return [f"{name} {size}", *map(number, cells)]

    names = dict.fromkeys((layer.name, layer.size) for layer in found)
    return table(["", *map(title, subjects)], (row(*name) for name in names))


# Title and number of voices of each option.
OPTIONS = {
    "fast": ("fast", 1),
    "compact": ("16-bit", 1),
    "2-voices": ("2 voices", 2),
    "4-voices": ("4 voices", 4),
}
ALONE = {1: "ratio", 2: "against two alone", 4: "against four alone"}


def option_table(times: dict[Layer, float], failed: dict[Layer, str]) -> list[str]:
    def row(name: str, size: int, work: str) -> list[str]:
        layer = Layer("float", name, size, "exact", work)
        exact = times.get(layer)
        what = f"{name} {size}" + (", per frame" if work == "frame" else "")
        cells = [what, "wrong" if layer in failed else number(exact)]
        for option, (_, voices) in OPTIONS.items():
            layer = replace(layer, subject=option)
            time = times.get(layer)
            cells.append("wrong" if layer in failed else number(time))
            cells.append(f"{time / exact / voices:.2f}" if time and exact else "")
        return cells

    layers = dict.fromkeys((layer.name, layer.size, layer.work) for layer in [*times, *failed])
    head = ["layer", "exact"]
    for what, voices in OPTIONS.values():
        head += [what, ALONE[voices]]
    return table(head, (row(*layer) for layer in layers)) if layers else []


GROWTH = {
    "dilation": "one Conv1D, 16 channels, kernel 3, with a dilation",
    "depth": "layers of it, each with twice the dilation of the one before",
}


def growth(times: dict[Layer, float]) -> list[str]:
    lines = []
    for name, what in GROWTH.items():
        found = [layer for layer in times if layer.name == name and layer.scalar == "float"]
        if not found:
            continue
        works = sorted(
            {layer.work for layer in found}, key=lambda work: 0 if work == "frame" else int(work)
        )
        shown = ("default", f"{DEFAULT}-rt", *PEERS)
        subjects = [s for s in ordered(layer.subject for layer in found) if s in shown]
        lines += [f"{what.capitalize()}; ns for a sample, by the frames that are heard:", ""]
        rows = []
        for subject in subjects:
            for work in works:
                heard = sorted({layer.size for layer in found})
                cells = (times.get(Layer("float", name, size, subject, work)) for size in heard)
                rows.append([title(subject), work, *map(number, cells)])
        lines += table(["", "work", *map(str, heard)], rows)
    return lines


# --- the page ---


def absences(networks: Json, failed: dict[Layer, str]) -> list[str]:
    why: dict[tuple[str, str], list[str]] = {}
    for one in networks.get("failed", []):
        why.setdefault((one["subject"], one["why"]), []).append(
            f"{one['network']} ({one['buffer']})"
        )
    for layer, reason in failed.items():
        why.setdefault((layer.subject, reason), []).append(
            f"{layer.name} {layer.size} {layer.scalar}"
        )

    def line(subject: str, reason: str, what: list[str]) -> str:
        names = list(dict.fromkeys(what))
        shown = ", ".join(names[:4]) + (f" and {len(names) - 4} others" if len(names) > 4 else "")
        return f"- {title(subject)}, {shown}: {first_line(reason)}"

    return [line(subject, reason, what) for (subject, reason), what in why.items()]


def first_line(text: str) -> str:
    """The first line of a text, without paths of the machine."""
    return re.sub(r"\S*/\S+", "...", text.strip().splitlines()[0])[:160]


def libraries(networks: Json) -> str:
    found = {one["name"]: one for one in networks.get("libraries", [])}

    def one(peer: str) -> str:
        if peer not in found:
            return f"{PEERS[peer]}: absent"
        size = found[peer]["bytes"] / 2**20
        return f"{PEERS[peer]} {found[peer]['version']} (library of {size:.0f} MB)"

    return "; ".join(map(one, PEERS))


def page(
    context: Json,
    times: dict[Layer, float],
    failed: dict[Layer, str],
    options: dict[Layer, float],
    options_failed: dict[Layer, str],
    networks: Json,
    compiled: dict[str, tuple[float, int]],
    plots: Sequence[str],
) -> list[str]:
    lines = [
        f"# {', '.join(filter(None, (context['cpu'], context['generation'], context['isa'])))}",
        "",
        f"{context['date']}, inlay {context['commit']}, {context['compiler']}, `{context['flags']}`,",
        f"{context['system']}, one thread.",
        f"{libraries(networks)}. FMA peak of one core: {number(context['fma_peak'])} GMAC/s.",
        "",
        "Every output was checked before it was timed. What a table compares was timed in turns, A B A B: trust the",
        "ratios more than the times. Made by `bash bench/run.sh`, see [bench](../../README.md).",
        "",
    ]
    if networks:
        lines += [
            "## Networks",
            "",
            "ns for a sample, from the median callback. HNN-11k works once in 150 frames: of its callbacks of 64, most",
            "only remember what they are given.",
            "",
        ]
        for buffer in (64, 512):
            lines += [f"In buffers of {buffer} frames:", "", *summary(networks, buffer)]
        slowly = slow(networks)
        if slowly:
            lines += ["A callback for each frame of a latent or of a spectrum:", "", *slowly]
        lines += [f"![Networks]({plot})" for plot in plots if "networks" in plot] + [""]
        lines += [
            "Weights and state are inlay's memory, padding and scratch included; code and compile time are of a",
            "translation unit with the network's `process` and nothing else.",
            "",
        ]
        lines += sizes(networks, compiled)
    grown = growth(times)
    if grown:
        lines += [
            "## Growth",
            "",
            *grown,
            *(f"![Growth]({plot})" for plot in plots if "growth" in plot),
            "",
        ]
    lines += ["## Layers", "", "ns for a frame of all channels, in the fastest round.", ""]
    lines += [f"![Layers]({plot})" for plot in plots if "layers" in plot] + [""]
    works = {layer.work: None for layer in times}
    for scalar in ("float", "double"):
        for work in works:
            rows = layer_table(times, scalar, work)
            what = "frame by frame" if work == "frame" else f"in blocks of {work}"
            lines += [f"### {scalar}, {what}", "", *rows] if rows else []
    opted = option_table(options, options_failed)
    if opted:
        lines += [
            "## Options",
            "",
            "Mathematics, weights and voices that are opt-in, see [speed](../../../docs/speed.md): float on the default",
            "backend in blocks of 64, where it does not say otherwise; ns for a frame of all voices together, in the",
            "fastest round. A ratio is to the exact layer, to two or to four of it: below 1 is a gain.",
            "",
            *opted,
        ]
    if networks:
        lines += [
            "## Callbacks",
            "",
            "The time of a callback, in µs. A percentile that fewer than ten callbacks would be beyond is left out, and",
            "the tail is the highest one that is not. `first` is the first callback of a new model. A maximum, and the",
            "99.9th percentile of what takes long, has what else the machine did meanwhile in it.",
            "",
            *callbacks(networks),
        ]
    absent = absences(networks, {**failed, **options_failed})
    if absent:
        lines += ["## Left out", "", *absent, ""]
    return lines


def draw(folder: Path, times: dict[Layer, float], networks: Json) -> list[str]:
    try:
        import plots
    except ImportError as error:
        print(f"No plots: {error}")
        return []
    return plots.draw(folder, times, networks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--flags", default="")
    parser.add_argument("--compiler", default="")
    parser.add_argument("--system", default="")
    parser.add_argument("--commit", default="")
    parser.add_argument("--isa", default="", help="the instruction set that was built for")
    parser.add_argument("--quick", action="store_true", help="writes MACHINE-quick")
    arguments = parser.parse_args()

    times, failed = results.read_layers(
        arguments.folder, {"layers": "float", "layers_double": "double"}
    )
    options, options_failed = results.read_layers(arguments.folder, {"options": "float"})
    networks = results.read(arguments.folder / "networks.json")
    compiled = results.read_compile_times(arguments.folder)
    context = {
        "cpu": results.cpu_name(),
        "generation": results.cpu_generation(),
        "isa": arguments.isa,
        "date": datetime.date.today().isoformat(),
        "compiler": arguments.compiler,
        "flags": arguments.flags,
        "system": arguments.system,
        "commit": arguments.commit,
        "fma_peak": results.fma_peak(arguments.folder),
    }
    name = results.machine_name(context["cpu"], context["generation"], context["isa"])
    folder = RESULTS / (name + "-quick" if arguments.quick else name)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    drawn = draw(folder, times, networks)
    lines = page(context, times, failed, options, options_failed, networks, compiled, drawn)
    (folder / "README.md").write_text("\n".join(lines), encoding="utf-8")
    write_json(folder / "results.json", context, times, options, networks, compiled)
    print("\nIn buffers of 64 frames:\n\n" + "\n".join(summary(networks, 64)))
    print(f"All of it: {folder.relative_to(RESULTS.parent.parent)}/README.md")
    wrong = [
        f"{one['network']} on {one['subject']}"
        for one in networks.get("failed", [])
        if is_ours(one)
    ]
    if wrong:
        sys.exit(f"Wrong output of ours: {', '.join(wrong)}")


def is_ours(failure: Json) -> bool:
    """Whether inlay's output was wrong. Unsupported networks and other libraries do not count."""
    return failure["subject"] not in PEERS and failure["why"].startswith("wrong output")


def write_json(
    path: Path,
    context: Json,
    times: dict[Layer, float],
    options: dict[Layer, float],
    networks: Json,
    compiled: dict[str, tuple[float, int]],
) -> None:
    """Writes one result per line, so that two runs can be compared with diff."""
    lists: dict[str, list[Any]] = {
        "layers": layer_records(times),
        "options": layer_records(options),
        "networks": [shortened(result) for result in networks.get("results", [])],
        "sizes": networks.get("sizes", []),
        "compiled": [
            {"network": n, "seconds": s, "text_bytes": t} for n, (s, t) in compiled.items()
        ],
        "libraries": networks.get("libraries", []),
    }
    parts = [f'"context": {json.dumps(context)}']
    parts += [f'"{name}": [\n{joined(values)}\n]' for name, values in lists.items()]
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def layer_records(times: dict[Layer, float]) -> list[Json]:
    return [{**vars(layer), "ns": float(f"{time:.4g}")} for layer, time in times.items()]


def joined(values: Iterable[Any]) -> str:
    return ",\n".join(json.dumps(value) for value in values)


def shortened(result: Json) -> Json:
    """Rounds times to 0.1 ns."""
    return {
        key: round(value, 1) if isinstance(value, float) else value for key, value in result.items()
    }


if __name__ == "__main__":
    main()
