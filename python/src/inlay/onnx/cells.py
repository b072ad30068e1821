"""Finds recurrent layers that a graph of one frame computes step by step, with states of its own.

The graph is followed from a state to its next value. What lies between is compared with the layers in
recurrences.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..format import Array
from .evaluate import OPERATORS, needed
from .opened import Graph, Operation
from .recurrences import Cone, found_in, rows_of

_KEEPS_ORDER = {"Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Cast"}
_MOVES = {*_KEEPS_ORDER, "Transpose", "Slice", "Split", "Gather"}
_PASSED = {*_MOVES, "Sigmoid", "Concat", "MatMul", "Gemm", "Add", "Sub", "Mul", "Div", "Neg"}
_SUMS = {*_PASSED, "ReduceSum", "ReduceMean"} - {"Sigmoid"}
_WITH_STATES = {"LSTM", "GRU", "RNN", "Conv", "ConvTranspose", "MaxPool", "AveragePool"}
_LARGEST = 1024  # values of a state or of an input

Cut = tuple[list[Operation], list[str]]


def with_cells(
    graph: Graph,
    states: Mapping[str, str],
    signals: set[str],
    output: str,
    arrays: Mapping[str, Array],
    *,
    rows: bool = False,
) -> Graph:
    """The graph with each such layer as one operation. `arrays` has all values for an example.

    With `rows`, only gated layers are found, also a layer that runs on each feature of a frame.
    """
    finder = _Finder(graph, states, signals, arrays, rows)
    finder.needed = {name for op in needed(graph, [output]) for name in op.outputs}
    with np.errstate(all="ignore"):
        for parts in finder.loops() if rows else [finder.parts]:
            finder.parts = parts
            while finder.next() is not None:
                pass
    return replace(graph, operations=finder.operations)


@dataclass(eq=False)
class _Part:
    """A part of a state: the names of its present value, and of its next one."""

    now: list[str]
    new: str
    size: int
    tried: bool = False


class _Finder:
    def __init__(
        self,
        graph: Graph,
        states: Mapping[str, str],
        signals: set[str],
        arrays: Mapping[str, Array],
        rows: bool = False,
    ) -> None:
        self.rows, self.largest = rows, _LARGEST * (_LARGEST if rows else 1)
        self.operations = list(graph.operations)
        self.arrays = arrays
        self.signals = signals
        self.made = {name: op for op in self.operations for name in op.outputs}
        found = [part for name, new in states.items() for part in self._parts(name, new)]
        self.parts = [part for part in found if not self._is_past(part)]

    def _parts(self, name: str, new: str) -> Iterator[_Part]:
        where = np.arange(self.arrays[name].size).reshape(self.arrays[name].shape)
        held: dict[str, Array] = {name: where}
        for op in self.operations:
            if op.kind in _MOVES and op.inputs[0] in held:
                rest = [self.arrays[n] if n else None for n in op.inputs[1:]]
                made = OPERATORS[op.kind](op, held[op.inputs[0]], *rest)
                made = made if isinstance(made, tuple) else (made,)
                held.update(zip(op.outputs, (np.asarray(m) for m in made)))
        for leaf, index in self._leaves(new, where):
            now = [n for n, at in held.items() if np.array_equal(at.ravel(), index.ravel())]
            if now and index.size <= self.largest:
                yield _Part(now, leaf, index.size)

    def _is_past(self, part: _Part) -> bool:
        """Whether it is frames before the present one, or a state of a layer that ONNX has."""
        takers = [op for op in self.operations if set(part.now) & set(op.inputs)]
        for op in list(takers):
            if op.kind == "Concat":
                takers += [later for later in self.operations if op.outputs[0] in later.inputs]
        return any(op.kind in _WITH_STATES for op in takers)

    def _leaves(self, name: str, where: Array) -> Iterator[tuple[str, Array]]:
        """The values that a value consists of, and where they are in it."""
        op = self.made.get(name)
        if op is not None and op.kind in _KEEPS_ORDER:
            yield from self._leaves(op.inputs[0], where.reshape(self.arrays[op.inputs[0]].shape))
        elif op is not None and op.kind == "Transpose":
            order = op.get("perm") or list(range(where.ndim))[::-1]
            yield from self._leaves(op.inputs[0], where.transpose(np.argsort(order)))
        elif op is not None and op.kind == "Concat":
            axis = op.get("axis", 0)
            ends = np.cumsum([self.arrays[n].shape[axis] for n in op.inputs])[:-1]
            for piece, at in zip(op.inputs, np.split(where, ends, axis)):
                yield from self._leaves(piece, at)
        else:
            yield name, where

    def loops(self) -> list[list[_Part]]:
        """The parts in groups: those that depend on each other. A part that does not depend on itself is in none."""
        whole = self.parts

        def before(part: _Part) -> set[_Part]:
            self.parts = [part]
            return {new for new in whole if self.between([new.new])[1]}

        after = {part: before(part) for part in whole}
        self.parts = whole
        groups: list[list[_Part]] = []
        for part in whole:
            group = [other for other in whole if other in after[part] and part in after[other]]
            if group and group not in groups:
                groups.append(group)
        return groups

    def next(self) -> Operation | None:
        """The next layer, in place of the operations that compute it."""
        groups = []
        for part in self.parts:
            ops, found = self.between([part.new])
            if found and not part.tried:
                groups.append((len(found), found, ops))
        for _, found, _ in sorted(groups, key=lambda group: group[0]):
            within = [p for p in self.parts if p in found]
            if any(set(self.between([p.new])[1]) - set(found) for p in within):
                continue
            cell = _cell(self, within)
            for part in within:
                part.tried = True
            if cell is not None:
                self._put(cell)
                return cell
        return None

    def _put(self, cell: Operation) -> None:
        """Puts an operation in the place of the one that gave its value."""
        kept = [cell]
        for op in self.operations:
            others = tuple("" if n in cell.outputs else n for n in op.outputs)
            if any(others):
                kept.append(op if others == op.outputs else replace(op, outputs=others))
        self.made = {name: op for op in kept for name in op.outputs if name}
        self.operations, waiting = [], set(self.made)
        while kept:  # each behind those that it takes values from
            ready = [op for op in kept if not waiting & set(op.inputs)]
            self.operations += ready or kept
            waiting -= {name for op in ready for name in op.outputs}
            kept = [op for op in kept if op not in ready] if ready else []

    def between(self, names: Sequence[str]) -> tuple[list[Operation], list[_Part]]:
        """The operations from parts of states to these values, and those parts."""
        depends: dict[str, list[_Part]] = {n: [p] for p in self.parts for n in p.now}
        for op in self.operations:
            parts = [p for n in op.inputs for p in depends.get(n, ())]
            if op.kind != "Cell":
                for name in op.outputs:
                    if name and name not in depends and parts:
                        depends[name] = list(dict.fromkeys(parts))
        wanted, ops = set(names), []
        for op in reversed(self.operations):
            if wanted & set(op.outputs) and any(n in depends for n in op.inputs):
                now = {n for p in self.parts for n in p.now}
                if not set(op.outputs) & now:
                    ops.append(op)
                    wanted |= {n for n in op.inputs if n in depends}
        return ops[::-1], [p for p in self.parts if any(p in depends.get(n, ()) for n in names)]

    def answers(self, parts: list[_Part], cut: Cut) -> Cut | None:
        """The values that the rest of the graph takes from states, with the operations that compute them.
        None if any of these is more than a sum or a product."""
        ops, front = cut
        raw = {n for part in parts for n in part.now}
        depends = raw | {n for op in self.between([p.new for p in parts])[0] for n in op.outputs}
        found: dict[str, None] = {}
        later: list[Operation] = []
        for op in self.operations:
            taken = {n for n in op.inputs if n in depends}
            if op in ops or not taken or not self.needed & set(op.outputs) or set(op.outputs) & raw:
                continue
            narrow = {n for n in taken if n not in raw and self.is_narrow(n)}
            found.update(dict.fromkeys(narrow))
            if narrow == taken:
                continue
            others = [n for n in op.inputs if n and n not in depends and n not in front]
            if op.kind not in _SUMS or any(self.depends_on_signals(n) for n in others):
                return None
            later.append(op)
            depends |= {n for n in op.outputs if n}
        found.update((p.new, None) for p in parts if p.new in self.needed and not later)
        return later, list(found)

    def is_narrow(self, name: str) -> bool:
        """Whether a value has one axis of channels."""
        return sum(size > 1 for size in self.arrays[name].shape) < 2

    def depends_on_signals(self, name: str) -> bool:
        seen, stack = set(), [name]
        while stack:
            now = stack.pop()
            if now in self.signals:
                return True
            if now in self.made and now not in seen and self.made[now].kind not in ("Shape", "Size"):
                stack += self.made[now].inputs
            seen.add(now)
        return False

    def cuts(self, ops: list[Operation], now: set[str]) -> list[Cut]:
        """Where the layer can begin: the operations between there and the next state, and the values
        that they take as the layer's input. Those with a narrow input come first."""
        inner, found = list(ops), []
        while True:
            given = {n for op in inner for n in op.outputs} | now
            taken = dict.fromkeys(n for op in inner for n in op.inputs if n and n not in given)
            front = [n for n in taken if self.depends_on_signals(n)]
            found.append((inner, front))
            passed = [self.made[n] for n in front if n in self.made and self._is_passed(n)]
            if not passed:
                return sorted(found[::-1], key=lambda cut: self.width(cut[1]))
            inner = [max(passed, key=self.operations.index), *inner]

    def width(self, names: Sequence[str]) -> int:
        return sum(self.arrays[name].size for name in names)

    def _is_passed(self, name: str) -> bool:
        op = self.made[name]
        several = sum(self.depends_on_signals(n) for n in op.inputs if n)
        return op.kind in _PASSED and (several == 1 or op.kind in ("Add", "Sub", "Concat"))


def _cell(finder: _Finder, parts: list[_Part]) -> Operation | None:
    ops, _ = finder.between([part.new for part in parts])
    kinds = {op.kind for op in ops}
    if finder.rows and not kinds & {"Sigmoid", "Tanh"}:
        return None
    if not kinds - {*_MOVES, "Concat"} or kinds - set(OPERATORS) or kinds & _WITH_STATES:
        return None
    states = [(part.now, part.new) for part in parts]
    for cut in finder.cuts(ops, {n for part in parts for n in part.now}):
        if not cut[1] or finder.width(cut[1]) > finder.largest:
            continue
        answers = None if finder.rows else finder.answers(parts, cut)
        cone: Cone | None = Cone(*cut, states, finder.arrays, answers)
        if finder.rows:
            cone = rows_of(cone)
        found = found_in(cone) if cone is not None and cone.inputs <= _LARGEST else None
        if found is not None and cone is not None:
            records, new = found
            attributes = {"records": records, "rows": cone.rows}
            return Operation(finder.made[new[0]].name, "Cell", tuple(cut[1]), new, attributes)
    return None
