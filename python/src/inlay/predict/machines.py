"""The machines whose costs are known, from the tables that bench/predict writes."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..errors import ExportError
from .features import Numbers, Work, priced, time_of, together

_FOLDER = Path(__file__).parent / "machines"


@dataclass(frozen=True)
class Table:
    """Nanoseconds for each unit of a network's features, and how well they predict."""

    coefficients: Mapping[str, float]
    error: float
    """Nine of ten networks that were not used to fit are predicted within this relative error."""
    overlap: float
    """Nanoseconds of instructions by which the processor looks ahead. See `time_of`."""
    instructions: Mapping[str, float] | None = None
    """Nanoseconds of the instructions of each unit, if none of them waits. See `time_of`."""
    scaled: Collection[str] = ()
    """Kinds of layers whose prices are those of `Model`, or those of another machine, scaled: not tested."""

    def time(self, work: Work) -> float:
        """Nanoseconds of a network from its numbers."""
        return time_of(work, self.coefficients, self.overlap, self.instructions)

    def time_within(self, frames: Numbers) -> float:
        """Nanoseconds of layers that a combinator calls frame by frame, with nothing to look ahead to."""
        times = (priced(frames, prices) for prices in (self.coefficients, self.instructions or {}))
        return together(*times)


@dataclass(frozen=True)
class Machine:
    name: str
    title: str
    lanes: int
    """Floats in a register."""
    measured: bool
    """False if the times are estimated from counted instructions."""
    tables: Mapping[str, Table]
    """By engine ("Model", "ModelT") and work ("frame", "buffer"): "ModelT frame"."""
    also: tuple[str, ...] = ()
    """Other names, in lower case without spaces."""

    @property
    def microcontroller(self) -> bool:
        """True if weights are constants in flash. `Model` needs files and a heap: types alone run there."""
        return self.lanes == 1

    def runs(self, engine: str) -> bool:
        return engine == "ModelT" or not self.microcontroller

    def engine(self, wanted: str) -> str:
        """The engine whose tables stand for `wanted`: "Model" for types, where there are none of types.

        Raises ExportError if the engine does not run on the machine.
        """
        if not self.runs(wanted):
            raise ExportError(f"machine: {self.name} runs types alone, no {wanted}")
        return wanted if f"{wanted} frame" in self.tables else "Model"

    def table(self, engine: str, block: int) -> Table:
        return self.tables[f"{self.engine(engine)} {work_of(block)}"]


def work_of(block: int) -> str:
    """The kind of work of calls with `block` frames."""
    return "frame" if block == 1 else "buffer"


@lru_cache(maxsize=None)
def machine(name: str) -> Machine:
    """A machine by one of its names, such as "pi5" or "Raspberry Pi 5". Raises ExportError if it is not known."""
    wanted = name.lower().replace(" ", "")
    for known in names():
        root = json.loads((_FOLDER / f"{known}.json").read_text(encoding="utf-8"))
        also = tuple(root.pop("also"))
        if wanted in (known, *also):
            tables = {work: Table(**table) for work, table in root.pop("tables").items()}
            return Machine(known, tables=tables, also=also, **root)
    raise ExportError(f"machine: {name!r} is not known; known: {', '.join(names())}")


def names() -> list[str]:
    return sorted(entry.name[:-5] for entry in _FOLDER.iterdir() if entry.name.endswith(".json"))


def machines() -> Iterator[Machine]:
    return map(machine, names())
