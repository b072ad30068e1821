"""The output of `inlay predict` for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..format import Chain
from ..inspect.analysis import analyse
from .machines import Machine
from .memory import memory
from .predict import Budget, Prediction, largest, predict


def prediction_table(
    layers: Chain, machines: Sequence[Machine], *, sample_rate: float, engine: str, block: int
) -> str:
    """What a network costs on each machine: time, share of a core, and memory."""
    analysis = analyse(layers)
    in_flash = all(on.microcontroller for on in machines)
    memories = ("weights, in flash", "state, in RAM") if in_flash else ("weights", "state")
    lines = [
        f"{analysis.parameters} parameters, {analysis.macs} multiply-accumulates a frame, {_calls(engine, block)}",
        "",
        *_columns(
            [
                "machine",
                "ns a frame",
                f"of a core at {sample_rate / 1000:g} kHz",
                *memories,
                "",
            ],
            (
                [
                    on.name,
                    *_cost(predict(layers, on, engine=engine, block=block), sample_rate),
                    *_bytes(layers, on),
                ]
                + [_source(on, engine)]
                for on in machines
            ),
        ),
    ]
    return "\n".join(lines)


def budget_table(budget: Budget, *, engine: str, block: int) -> str:
    """The largest networks that fit a budget."""
    on = budget.machine
    rows = []
    for kind, size, prediction in largest(budget, engine=engine, block=block):
        cost = ["-", "-"] if prediction is None else _cost(prediction, budget.sample_rate)
        rows.append([kind, str(size) if size else "none fits", *cost])
    head = ["network", "largest N", "ns a frame", "of a core"]
    title = f"{100 * budget.share:.4g}% of a core of {on.name} ({on.title}) at {budget.sample_rate / 1000:g} kHz, {_calls(engine, block)}"
    return "\n".join([title, "", *_columns(head, rows)])


def _calls(engine: str, block: int) -> str:
    return f"{engine}, " + ("frame by frame" if block == 1 else f"buffers of {block}")


def _cost(prediction: Prediction, sample_rate: float) -> list[str]:
    share, error = prediction.share(sample_rate), prediction.error
    time = prediction.nanoseconds
    within = "untested" if error is None else f"±{error:.0%}"
    return [
        f"{time:.4g} {within}" if time < 1000 else f"{time:.0f} {within}",
        f"{share:.2%}",
    ]


def _bytes(layers: Chain, on: Machine) -> list[str]:
    return [_size(each) for each in memory(layers, on.lanes)]


def _size(count: float) -> str:
    return f"{count / 1024:.1f} KiB"


def _source(on: Machine, engine: str) -> str:
    other = "" if on.engine(engine) == engine else f", as {on.engine(engine)}"
    return on.title + other + ("" if on.measured else ", estimated")


def _columns(
    head: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]
) -> list[str]:
    table = [list(head), *(list(row) for row in rows)]
    widths = [max(len(row[c]) for row in table) for c in range(len(head))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in table
    ]
