"""A plot of what networks of each kind cost, by their size."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..errors import ExportError
from ..inspect.plots import matplotlib
from .machines import Machine
from .predict import KINDS, predict

_SIZES = (2, 3, 4, 6, 8, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128)


def plot_kinds(
    machines: Sequence[Machine],
    path: str | os.PathLike[str],
    *,
    sample_rate: float,
    engine: str,
    block: int,
) -> None:
    """Draws the share of a core of each kind of network against its size, a panel for each machine.

    The file's ending is .png, .svg or .pdf. Raises ExportError if matplotlib is missing.
    """
    figure_of, canvas_of = matplotlib()
    shown = list(machines)
    figure = figure_of(figsize=(4.6 * len(shown), 4.4), constrained_layout=True)
    canvas_of(figure)
    panels = figure.subplots(1, len(shown), squeeze=False, sharey=True)[0]
    for on, panel in zip(shown, panels):
        for kind, network in KINDS.items():
            costs = [predict(network(n), on, engine=engine, block=block) for n in _SIZES]
            panel.loglog(_SIZES, [cost.share(sample_rate) for cost in costs], label=kind)
        panel.axhline(1, color="black", linewidth=0.8)
        panel.set(title=on.title, xlabel="N", xticks=[2, 4, 8, 16, 32, 64, 128])
        panel.set_xticklabels(["2", "4", "8", "16", "32", "64", "128"])
        panel.minorticks_off()
        panel.grid(alpha=0.3)
    panels[0].set(ylabel=f"share of a core at {sample_rate / 1000:g} kHz")
    panels[0].legend(fontsize=8)
    try:
        figure.savefig(path, dpi=120)
    except ValueError as error:
        raise ExportError(f"{os.fspath(path)}: {error}") from error
