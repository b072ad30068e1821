"""The plots of bench/host."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Optional

sys.path.insert(0, str(Path(__file__).parent.parent / "suite"))

import numpy as np  # noqa: E402  # after the path is extended
import pandas as pd  # noqa: E402
from analyse import ENGINES, HOP, MODELS, Estimate, kinds  # noqa: E402
from plots import legend_of, plt, save  # noqa: E402

COLOURS = {
    "inlay-callback": "#d62728",
    "inlay-pool": "#ff7f0e",
    "inlay-model-pool": "#e377c2",
    "onnxruntime": "#7f7f7f",
    "onnxruntime-carry": "#7f7f7f",
    "libtorch": "#1f77b4",
    "libtorch-carry": "#1f77b4",
    "bypass": "#2ca02c",
}


def style(engine: str) -> dict[str, Any]:
    dashed = "--" if engine.endswith("-carry") else "-"
    return {"color": COLOURS[engine], "ls": dashed, "lw": 1, "label": ENGINES[engine]}


def panels_of(count: int, height: float = 3.4) -> tuple[Any, Any]:
    figure, panels = plt.subplots(
        1, count, figsize=(max(2.6 * count + 0.6, 8.5), height), sharey=True, squeeze=False
    )
    return figure, panels[0]


def finish(figure: Any, panels: Any, title: str, folder: Path, name: str) -> str:
    handles, labels = legend_of(panels)
    columns = min(len(labels), 4)
    figure.legend(handles, labels, loc="lower center", ncol=columns)
    figure.suptitle(title)
    figure.tight_layout(rect=(0, 0.05 + 0.045 * -(-len(labels) // columns), 1, 1))
    return save(figure, folder, name)


def means(folder: Path, estimates: list[Estimate], kind: str) -> Optional[str]:
    """ns a frame against the block, with confidence intervals."""
    found = [e for e in estimates if e.kind == kind and e.block > 0 and not e.first]
    models = [model for model in MODELS if any(e.model == model for e in found)]
    if not models:
        return None
    figure, panels = panels_of(len(models))
    for panel, model in zip(panels, models):
        for engine in ENGINES:
            line = sorted(
                (e.block, e.mean, e.mean - e.low, e.high - e.mean)
                for e in found
                if e.model == model and e.engine == engine
            )
            if line:
                x, y, low, high = zip(*line)
                panel.errorbar(x, y, (low, high), marker=".", capsize=2, **style(engine))
        panel.set(title=model, xscale="log", yscale="log", xlabel="frames of a callback")
        ticks = sorted({e.block for e in found})
        panel.set_xticks(ticks[:: max(1, len(ticks) // 4)], minor=False)
        panel.set_xticks([], minor=True)
        panel.get_xaxis().set_major_formatter("{x:.0f}")
        panel.axhline(1e9 / 48000, color="black", ls=":", lw=0.8)
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("ns a frame")
    title = f"From a callback's start to its result, {kind}: means, 95%; dotted: real time"
    return finish(figure, panels, title, folder, f"engines-{kind.replace(' ', '-')}.svg")


def firsts(folder: Path, estimates: list[Estimate], kind: str) -> Optional[str]:
    found = {(e.model, e.engine, e.first): e for e in estimates if (e.kind, e.block) == (kind, 0)}
    models = [model for model in MODELS if any(model == name for name, _, _ in found)]
    if not models:
        return None
    figure, panel = plt.subplots(figsize=(10, 3.6))
    shown = [engine for engine in ENGINES if any(engine == name for _, name, _ in found)]
    for place, engine in enumerate(shown):
        for index, model in enumerate(models):
            first, later = (found.get((model, engine, which)) for which in (True, False))
            if first is None or later is None:
                continue
            at = index + (place - len(shown) / 2 + 0.5) * 0.8 / len(shown)
            interval = [[first.mean - first.low], [first.high - first.mean]]
            scaled = np.array(interval) / later.mean
            look = {**style(engine), "fmt": "o" if not engine.endswith("-carry") else "s"}
            look.pop("ls")
            panel.errorbar([at], [first.mean / later.mean], scaled, capsize=2, ms=3, **look)
    panel.axhline(1, color="black", ls="--", lw=0.8)
    panel.set_xticks(range(len(models)), models)
    panel.set(ylabel="first callback, times later ones")
    panel.grid(axis="y", alpha=0.3)
    title = f"First callbacks of a network, {kind}: means of all blocks, 95%"
    return finish(figure, [panel], title, folder, "engines-first.svg")


def callbacks(folder: Path, data: pd.DataFrame, block: int = 512) -> Optional[str]:
    """The share of callbacks that take at least so long."""
    rows = data[(data.hop == HOP) & (data.callback > 0)]
    blocks = rows.block.unique()
    if not len(blocks):
        return None
    rows = rows[rows.block == (block if block in blocks else blocks[0])]
    models = [model for model in MODELS if (rows.model == model).any()]
    figure, panels = panels_of(len(models))
    for panel, model in zip(panels, models):
        for engine in ENGINES:
            ms = np.sort(rows[(rows.model == model) & (rows.engine == engine)].ns)[::-1] / 1e6
            if len(ms):  # ten points for each power of ten
                above = np.unique(np.geomspace(1, len(ms), 1 + int(10 * np.log10(len(ms)))).round())
                panel.plot(ms[above.astype(int) - 1], above / len(ms), **style(engine))
        panel.set(title=model, xscale="log", yscale="log", xlabel="ms")
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("share of callbacks")
    title = f"Callbacks with a run of {HOP} frames that take at least so long"
    return finish(figure, panels, title, folder, "engines-callbacks.svg")


def engines(folder: Path, data: pd.DataFrame, estimates: list[Estimate]) -> list[str]:
    drawn = [means(folder, estimates, kind) for kind in kinds(data)]
    drawn += [firsts(folder, estimates, f"hops of {HOP}"), callbacks(folder, data)]
    return [name for name in drawn if name]


def violations(folder: Path, found: pd.DataFrame) -> Optional[str]:
    """Calls in a run that may block."""
    rows = found[found["where"].isin(["run", "callback"])].copy()
    alone = rows.engine == "inlay-callback"  # the callback is the run
    rows = rows[(rows["where"] == "run") | alone]
    rows = rows[rows.hop == rows.hop.max()]
    models = [model for model in MODELS if (rows.model == model).any()]
    if not models:
        return None
    shades = {"allocations": 1.0, "frees": 0.65, "locks": 0.35}
    shown = [e for e in ENGINES if rows[rows.engine == e][list(shades)].to_numpy().any()]
    figure, panels = panels_of(len(models), 3)
    for panel, model in zip(panels, models):
        for place, engine in enumerate(shown):
            row = rows[(rows.model == model) & (rows.engine == engine)]
            for index, (kind, alpha) in enumerate(shades.items()):
                height = float(row[kind].iloc[0]) if len(row) else np.nan
                label = ENGINES[engine] if index == 0 else None
                at = place + (index - 1) * 0.27
                panel.bar([at], [height], 0.25, color=COLOURS[engine], alpha=alpha, label=label)
        panel.set(title=model, yscale="symlog")
        panel.set_xticks([])
        panel.grid(axis="y", alpha=0.3)
    panels[0].set_ylim(bottom=0)
    panels[0].set_ylabel("calls a run")
    title = f"Allocations, frees and locks (dark to light) in a run of {rows.hop.max()} frames"
    return finish(figure, panels, title, folder, "violations.svg")


def tails(folder: Path, found: pd.DataFrame, title: str, name: str) -> Optional[str]:
    """The share of callbacks that take at least so long, with a panel for each block."""
    blocks = sorted(found.block.unique())
    if not blocks:
        return None
    figure, panels = panels_of(len(blocks))
    sessions = sorted(found.sessions.unique())
    hops = sorted(found.hop.unique())
    map_ = plt.get_cmap("viridis")
    for panel, block in zip(panels, blocks):
        for (hop, count), rows in found[found.block == block].groupby(["hop", "sessions"]):
            colour = map_(0.9 * sessions.index(count) / max(1, len(sessions) - 1))
            what = [f"hop {hop}"] if len(hops) > 1 else []
            what += [f"{count} sessions"] if len(sessions) > 1 else []
            look = "-" if hop == hops[0] else "--"
            label = ", ".join(what) or "callbacks"
            panel.plot(rows.ns / 1e3, rows.share, look, color=colour, label=label, lw=1)
        panel.axvline(block / 48e-3, color="black", ls=":", lw=0.8)
        panel.set(title=f"blocks of {block}", xscale="log", yscale="log", xlabel="µs")
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("share of callbacks")
    return finish(figure, panels, title + "; dotted: a block's duration", folder, name)
