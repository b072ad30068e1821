"""The plots of bench/results."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Optional

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402  # after the backend is selected

from results import DEFAULT, PEERS, SAMPLE_RATE, Json, Layer

plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "inlay", "font.size": 8})

COLOURS = {
    "xsimd": "#d62728",
    "eigen": "#ff7f0e",
    "stl": "#2ca02c",
    "loop": "#8c564b",
    "auto": "#e377c2",
    "default": "#d62728",
    "libtorch": "#1f77b4",
    "onnxruntime": "#7f7f7f",
}


def colour(subject: str) -> str:
    return COLOURS.get(subject.removesuffix("-rt"), "#9467bd")


def label(subject: str) -> str:
    return PEERS.get(subject, f"inlay, {subject.removesuffix('-rt')}")


def save(figure: Any, folder: Path, name: str) -> str:
    figure.savefig(folder / name, metadata={"Date": None})
    plt.close(figure)
    return name


def layer_plot(folder: Path, times: dict[Layer, float], run_time: bool, work: str) -> Optional[str]:
    """Real-time factor against size, with a panel per layer and a line per subject."""
    found = [layer for layer in times if (layer.scalar, layer.work) == ("float", work)]
    found = [layer for layer in found if layer.name not in ("dilation", "depth")]
    found = [l for l in found if l.subject in PEERS or l.subject.endswith("-rt") == run_time]
    names = list(dict.fromkeys(layer.name for layer in found))
    if not names:
        return None
    columns = 5
    rows = -(-len(names) // columns)
    figure, panels = plt.subplots(
        rows, columns, figsize=(13, 2.6 * rows), sharey=True, squeeze=False
    )
    for panel, name in zip(panels.flat, names):
        for subject in dict.fromkeys(layer.subject for layer in found):
            line = sorted(
                (layer.size, 1e9 / SAMPLE_RATE / times[layer])
                for layer in found
                if (layer.name, layer.subject) == (name, subject)
            )
            if line:
                panel.plot(*zip(*line), ".-", color=colour(subject), label=label(subject), lw=1)
        panel.axhline(1, color="black", ls="--", lw=0.8)
        panel.set(title=name, xscale="log", yscale="log")
        ticks = sorted({layer.size for layer in found})
        panel.set_xticks(ticks[:: max(1, len(ticks) // 6)], minor=False)
        panel.set_xticks([], minor=True)
        panel.set_yticks([], minor=True)
        panel.get_xaxis().set_major_formatter("{x:.0f}")
        panel.grid(alpha=0.3)
    for panel in panels[:, 0]:
        panel.set_ylabel("real-time factor")
    for panel in panels.flat[len(names) :]:
        panel.set_axis_off()
    what = "run-time API" if run_time else "compile-time API"
    how = "frame by frame" if work == "frame" else f"blocks of {work}"
    figure.suptitle(f"{what}, {how}, float, 48 kHz, against channels; dashed: real time")
    handles, labels = legend_of(panels.flat)
    figure.legend(handles, labels, loc="lower center", ncol=len(labels))
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    api = "run-time" if run_time else "compile-time"
    return save(figure, folder, f"layers-{api}-{work}.svg")


def legend_of(panels: Iterable[Any]) -> tuple[list[Any], list[str]]:
    found: dict[str, Any] = {}
    for panel in panels:
        handles, labels = panel.get_legend_handles_labels()
        found.update(dict(zip(labels, handles)))
    return list(found.values()), list(found)


def network_plot(folder: Path, networks: Json, buffer: int = 64) -> Optional[str]:
    """The share of the deadline that the median callback takes."""
    found = [r for r in networks.get("results", []) if r["buffer"] == buffer]
    names = list(dict.fromkeys(result["network"] for result in found))
    if not names:
        return None
    shown = [DEFAULT, "stl", f"{DEFAULT}-rt", *PEERS]
    shown = [subject for subject in shown if any(r["subject"] == subject for r in found)]
    figure, panel = plt.subplots(figsize=(10, 3.6))
    deadline = 1e9 * buffer / SAMPLE_RATE
    for place, subject in enumerate(shown):
        bars = [(names.index(r["network"]), r["median"]) for r in found if r["subject"] == subject]
        at = [index + (place - len(shown) / 2 + 0.5) * 0.8 / len(shown) for index, _ in bars]
        heights = [100 * time / deadline for _, time in bars]
        what = label(subject) + (", run time" if subject.endswith("-rt") else "")
        hatch = "///" if subject.endswith("-rt") else None
        panel.bar(at, heights, 0.8 / len(shown), color=colour(subject), label=what, hatch=hatch)
    panel.axhline(100, color="black", ls="--", lw=0.8)
    panel.set_xticks(range(len(names)), names)
    panel.set(yscale="log", ylabel="% of a core in real time")
    panel.set_title(
        f"Networks in buffers of {buffer} frames at 48 kHz, median callback; dashed: all there is"
    )
    panel.grid(axis="y", alpha=0.3)
    panel.legend(ncol=len(shown), loc="upper center", bbox_to_anchor=(0.5, -0.1))
    figure.tight_layout()
    return save(figure, folder, "networks.svg")


def growth_plot(folder: Path, times: dict[Layer, float]) -> Optional[str]:
    found = [layer for layer in times if layer.scalar == "float"]
    if not any(layer.name == "dilation" for layer in found):
        return None
    figure, panels = plt.subplots(1, 2, figsize=(11, 3.8), sharey=True)
    styles = {"frame": ":", "16": "-.", "64": "-", "512": "--"}
    for panel, (name, what) in zip(panels, (("dilation", "a dilation"), ("depth", "more layers"))):
        for subject in ("default", *PEERS):
            for work, style in styles.items():
                line = sorted(
                    (layer.size, time)
                    for layer, time in times.items()
                    if (layer.name, layer.subject, layer.work) == (name, subject, work)
                    and layer.scalar == "float"
                )
                if line:
                    how = work if work == "frame" else f"blocks of {work}"
                    text = f"{PEERS.get(subject, 'inlay')}, {how}"
                    panel.plot(
                        *zip(*line), style, marker=".", color=colour(subject), label=text, lw=1
                    )
        panel.set(xscale="log", yscale="log", xlabel="receptive field, frames")
        panel.set_title(f"Conv1D 16 -> 16, kernel 3: with {what}")
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("ns for a sample")
    handles, labels = legend_of(panels)
    figure.legend(handles, labels, loc="center right")
    figure.tight_layout(rect=(0, 0, 0.8, 1))
    return save(figure, folder, "growth.svg")


def draw(folder: Path, times: dict[Layer, float], networks: Json) -> list[str]:
    """Draws all plots and returns the names of the files."""
    drawn = [network_plot(folder, networks), growth_plot(folder, times)]
    drawn += [
        layer_plot(folder, times, api, work) for work in ("frame", "64") for api in (False, True)
    ]
    return [name for name in drawn if name]
