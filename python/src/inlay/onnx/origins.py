"""Finds where the values of a graph of one frame come from: what its states hold, and what only moves values."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from ..format import Array
from .evaluate import OPERATORS, needed
from .opened import Graph, Operation

# For each operation that only moves values, those of its inputs that it moves; None for all.
_MOVED: dict[str, tuple[int, ...] | None] = {
    **dict.fromkeys("Identity Dropout Cast Reshape Flatten Squeeze Unsqueeze Transpose".split(), (0,)),
    **dict.fromkeys("Slice Gather Split Pad Expand Tile".split(), (0,)),
    "Concat": None,
    "ScatterND": (0, 2),
    "Where": (1, 2),
}
_CONSTANT = -1
_LONGEST = 1 << 10  # frames that a state may look back


class Origins:
    """For each value of a graph, where its elements are made.

    A value is made by an input, or by an operation that computes. `numbers` has a number for each element of a value: 0
    for a zero, -1 for another constant, and otherwise one of an element that is made.
    """

    def __init__(
        self, graph: Graph, output: str, inputs: Iterable[str], states: Mapping[str, str], arrays: Mapping[str, Array]
    ) -> None:
        self.numbers: dict[str, Array] = {}
        self.made: list[str] = []
        self._firsts: list[int] = []
        self._end = 1
        self._arrays = arrays
        self._states = dict(states)
        for name in [*inputs, *states]:
            self._make(name)
        self.operations = []
        for op in needed(graph, [output, *states.values()]):
            if op.kind not in ("Shape", "Size") and any(name in self.numbers for name in op.inputs):
                self._follow(op)

    def _make(self, name: str) -> None:
        shape = self._arrays[name].shape
        count = int(np.prod(shape))
        self.numbers[name] = np.arange(self._end, self._end + count).reshape(shape)
        self.made.append(name)
        self._firsts.append(self._end)
        self._end += count

    def _follow(self, op: Operation) -> None:
        if op.kind not in _MOVED or (op.kind == "Pad" and op.get("mode", "constant") != "constant"):
            self.operations.append(op)
            for name in filter(None, op.outputs):
                self._make(name)
            if op.kind in ("LSTM", "GRU", "RNN") and len(op.outputs) > 1 and op.outputs[0]:
                if op.outputs[1] and op.get("direction", "forward") == "forward":
                    self.numbers[op.outputs[1]] = self.numbers[op.outputs[0]][-1]
            return
        moved = _MOVED[op.kind]
        given = [
            (self._coded(name) if moved is None or at in moved else self._arrays[name]) if name else None
            for at, name in enumerate(op.inputs)
        ]
        codes = OPERATORS[op.kind](replace(op, attributes={**op.attributes, "to": 7}), *given)
        for name, found in zip(op.outputs, codes if isinstance(codes, tuple) else (codes,)):
            self.numbers[name] = np.asarray(found).astype(np.int64)

    def _coded(self, name: str) -> Array:
        if name in self.numbers:
            return self.numbers[name]
        return np.where(self._arrays[name] == 0, 0, _CONSTANT)

    def of(self, name: str) -> tuple[Array, Array]:
        """The numbers of a value's elements, and how many frames ago each was made. A state counts as what it holds."""
        found = self.numbers[name].copy()
        ages = np.zeros(found.shape, np.int64)
        for _ in range(_LONGEST):
            before, held = found.copy(), np.zeros(found.shape, bool)
            for state, new in self._states.items():
                first = int(self.numbers[state].flat[0])
                inside = (before >= first) & (before < first + self.numbers[state].size)
                found[inside] = self._coded(new).reshape(-1)[before[inside] - first]
                held |= inside
            if not held.any():
                return found, ages
            ages += held
        found[held] = 0  # nothing writes it
        return found, ages

    def started(self, name: str, starts: Mapping[str, Array]) -> Array:
        """The first values of elements that are moved from states; zeros for others."""
        found = np.zeros(self.numbers[name].shape)
        for state, values in starts.items():
            first = int(self.numbers[state].flat[0])
            inside = (self.numbers[name] >= first) & (self.numbers[name] < first + values.size)
            found[inside] = values.reshape(-1)[self.numbers[name][inside] - first]
        return found

    def maker(self, number: int) -> tuple[str, int]:
        """The value that makes an element, and where in it the element is."""
        at = bisect_right(self._firsts, number) - 1
        return self.made[at], number - self._firsts[at]
