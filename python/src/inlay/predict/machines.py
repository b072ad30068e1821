"""The machines whose costs are known, from the tables that bench/predict writes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..errors import ExportError

_FOLDER = Path(__file__).parent / "machines"


@dataclass(frozen=True)
class Table:
    """Nanoseconds for each unit of a network's features, and how well they predict."""

    coefficients: Mapping[str, float]
    error: float
    """Nine of ten networks that were not used to fit are predicted within this relative error."""


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

    def engine(self, wanted: str) -> str:
        """The engine whose tables stand for `wanted`: "Model" for types, where there are none of types."""
        return wanted if f"{wanted} frame" in self.tables else "Model"

    def table(self, engine: str, block: int) -> Table:
        return self.tables[f"{self.engine(engine)} {work_of(block)}"]


def work_of(block: int) -> str:
    """The kind of work of calls with `block` frames."""
    return "frame" if block == 1 else "buffer"


@lru_cache(maxsize=None)
def machine(name: str) -> Machine:
    """A machine by its name. Raises ExportError if it is not known."""
    known = names()
    if name not in known:
        raise ExportError(f"machine: {name!r} is not known; known: {', '.join(known)}")
    root = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    tables = {work: Table(**table) for work, table in root.pop("tables").items()}
    return Machine(name, tables=tables, **root)


def names() -> list[str]:
    return sorted(entry.name[:-5] for entry in _FOLDER.iterdir() if entry.name.endswith(".json"))


def machines() -> Iterator[Machine]:
    return map(machine, names())
