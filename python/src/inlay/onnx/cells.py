"""Finds recurrent layers that a graph of one frame computes step by step, with states of its own.

The graph is followed from a state to its next value. What lies between is known by its values: the
gates are the activations in it, and the sums before them are affine in the layer's input and the
state, so that weights are read from their values for unit vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np

from ..format import Array, LayerRecord
from .evaluate import OPERATORS, needed
from .opened import Graph, Operation

_KEEPS_ORDER = {"Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Cast"}
_MOVES = {*_KEEPS_ORDER, "Transpose", "Slice", "Split", "Gather"}
_PASSED = {*_MOVES, "Sigmoid", "Concat", "MatMul", "Gemm", "Add", "Sub", "Mul", "Div", "Neg"}
_SUMS = {*_PASSED, "ReduceSum", "ReduceMean"} - {"Sigmoid"}
_WITH_STATES = {"LSTM", "GRU", "RNN", "Conv", "ConvTranspose", "MaxPool", "AveragePool"}
_LARGEST = 1024  # values of a state or of an input
_CLOSE = 1e-9

Values = dict[str, Array]
Function = Callable[[Array, Array], Array]
Cut = tuple[list[Operation], list[str]]


def with_cells(
    graph: Graph,
    states: Mapping[str, str],
    signals: set[str],
    output: str,
    arrays: Mapping[str, Array],
) -> Graph:
    """The graph with each such layer as one operation. `arrays` has all values for an example."""
    finder = _Finder(graph, states, signals, arrays)
    finder.needed = {name for op in needed(graph, [output]) for name in op.outputs}
    with np.errstate(all="ignore"):
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
    ) -> None:
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
            if now and index.size <= _LARGEST:
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
        """The values, computed from states by sums and products, that the rest of the graph needs. With
        the operations that compute them; None if there are other operations."""
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


class _Cone:
    """The operations between a layer's input, its states and their next values."""

    def __init__(self, finder: _Finder, parts: list[_Part], cut: Cut) -> None:
        self.finder, self.cut = finder, cut
        self.ops, self.front = cut
        self.parts, self.arrays = parts, finder.arrays
        self.inputs, self.units = finder.width(self.front), parts[0].size
        self.random = np.random.default_rng(1)

    def values(self, x: Array, states: Sequence[Array], given: Mapping[str, Array] = {}) -> Values:
        """All values in between, for an input and states; those `given` are kept."""
        found = dict(self.arrays)
        sizes = np.cumsum([self.arrays[name].size for name in self.front])[:-1]
        for name, value in zip(self.front, np.split(x, sizes)):
            found[name] = value.reshape(self.arrays[name].shape)
        for part, state in zip(self.parts, states):
            found.update((n, state.reshape(self.arrays[n].shape)) for n in part.now)
        found.update(given)
        for op in self.ops:
            made = OPERATORS[op.kind](op, *(found[n] if n else None for n in op.inputs))
            for name, value in zip(op.outputs, made if isinstance(made, tuple) else (made,)):
                if name not in given:
                    found[name] = np.asarray(value)
        return found

    def samples(self) -> Iterator[tuple[Array, list[Array]]]:
        for _ in range(3):
            yield self.random.normal(size=self.inputs), [
                self.random.uniform(-1, 1, part.size) for part in self.parts
            ]

    def activations(self, *kinds: str) -> list[tuple[Operation, int]]:
        """The activations in between, each with the index of its units in the operation."""
        return [
            (op, at)
            for op in self.ops
            if op.kind in kinds and self.arrays[op.outputs[0]].size % self.units == 0
            for at in range(self.arrays[op.outputs[0]].size // self.units)
        ]

    def part_of(self, values: Values, name: str, at: int) -> Array:
        return values[name].ravel()[at * self.units : (at + 1) * self.units]

    def affine(self, function: Function, units: int) -> tuple[Array, Array, Array] | None:
        """Weights of the input, weights of a state of `units`, and a bias; None if it is not affine."""
        x, h = np.zeros(self.inputs), np.zeros(units)
        bias = function(x, h)
        rows = [function(row, h) - bias for row in np.eye(self.inputs)]
        more = [function(x, row) - bias for row in np.eye(units)]
        kernel = np.array(rows).reshape(self.inputs, -1)
        recurrent = np.array(more).reshape(units, -1)
        for x, _ in self.samples():
            h = self.random.uniform(-1, 1, units)
            made, wanted = function(x, h), x @ kernel + h @ recurrent + bias
            if not _alike(made, wanted):
                return None
        return kernel, recurrent, bias


def _alike(a: Array, b: Array) -> bool:
    limit = _CLOSE * max(1, np.abs(b).max(initial=0))
    return a.shape == b.shape and bool(np.abs(a - b).max(initial=0) <= limit)


def _cell(finder: _Finder, parts: list[_Part]) -> Operation | None:
    ops, _ = finder.between([part.new for part in parts])
    kinds = {op.kind for op in ops}
    if not kinds - {*_MOVES, "Concat"} or kinds - set(OPERATORS) or kinds & _WITH_STATES:
        return None
    for cut in finder.cuts(ops, {n for part in parts for n in part.now}):
        cone = _Cone(finder, parts, cut)
        if not cone.front or cone.inputs > _LARGEST:
            continue
        for find in (_gru, _min_gru, _rnn, _linear) if len(parts) == 1 else (_lstm, _linear):
            found = find(cone)
            if found is not None:
                records, new = found
                name = finder.made[new[0]].name
                return Operation(name, "Cell", tuple(cone.front), new, {"records": records})
    return None


Found = tuple[list[LayerRecord], tuple[str, ...]]


def _float32(*arrays: Array) -> Array:
    return np.ascontiguousarray(np.concatenate(arrays, -1).astype(np.float32))


def _lstm(cone: _Cone) -> Found | None:
    """c' = f c + i g, h' = o tanh(c')"""
    if len(cone.parts) != 2 or cone.parts[0].size != cone.parts[1].size:
        return None
    gates, tanhs = cone.activations("Sigmoid"), cone.activations("Tanh")
    samples = [(x, s, cone.values(x, s)) for x, s in cone.samples()]
    for hidden, cell in ((0, 1), (1, 0)):
        h_new, c_new = cone.parts[hidden].new, cone.parts[cell].new

        def fits(function: Callable[[Array, Values], bool]) -> bool:
            return all(function(states[cell], values) for _, states, values in samples)

        for f, i in permutations(gates, 2):
            for g in tanhs:

                def cell_fits(c: Array, v: Values) -> bool:
                    gf, gi, gg = (cone.part_of(v, op.outputs[0], at) for op, at in (f, i, g))
                    return _alike(v[c_new].ravel(), gf * c + gi * gg)

                if not fits(cell_fits):
                    continue
                for o in gates:

                    def hidden_fits(c: Array, v: Values) -> bool:
                        opening = cone.part_of(v, o[0].outputs[0], o[1])
                        return _alike(v[h_new].ravel(), opening * np.tanh(v[c_new].ravel()))

                    if fits(hidden_fits):
                        return _made_lstm(cone, hidden, (i, f, g, o))
    return None


def _made_lstm(cone: _Cone, hidden: int, gates: Sequence[tuple[Operation, int]]) -> Found | None:
    found = [cone.affine(_sum_before(cone, op, at, hidden), cone.units) for op, at in gates]
    if any(f is None for f in found):
        return None
    kernel, recurrent, bias = (_float32(*(f[n] for f in found if f)) for n in range(3))
    options = {"in": cone.inputs, "out": cone.units, "recurrent_activation": "sigmoid"}
    tensors = {"kernel": kernel, "recurrent_kernel": recurrent, "bias": bias}
    return [LayerRecord("lstm", options, tensors)], (cone.parts[hidden].new,)


def _sum_before(cone: _Cone, op: Operation, at: int, hidden: int = 0) -> Function:
    """What an activation is taken of, as a function of the input and the hidden state."""
    rest = [cone.random.uniform(-1, 1, part.size) for part in cone.parts]

    def function(x: Array, h: Array) -> Array:
        states = [h if n == hidden else other for n, other in enumerate(rest)]
        return cone.part_of(cone.values(x, states), op.inputs[0], at)

    return function


def _gru(cone: _Cone) -> Found | None:
    """h' = z h + (1 - z) n, n = tanh(W x + r (U h)) or tanh(W x + U (r h))"""
    gates, new = cone.activations("Sigmoid"), cone.parts[0].new
    samples = [(s[0], cone.values(x, s)) for x, s in cone.samples()]
    for z, r in permutations(gates, 2):
        for n in cone.activations("Tanh"):
            for sign in (1, -1):

                def fits(h: Array, v: Values) -> bool:
                    keep = cone.part_of(v, z[0].outputs[0], z[1])
                    keep = keep if sign > 0 else 1 - keep
                    made = cone.part_of(v, n[0].outputs[0], n[1])
                    return _alike(v[new].ravel(), keep * h + (1 - keep) * made)

                if all(fits(h, v) for h, v in samples):
                    return _made_gru(cone, z, r, n, sign)
    return None


def _made_gru(
    cone: _Cone,
    z: tuple[Operation, int],
    r: tuple[Operation, int],
    n: tuple[Operation, int],
    sign: int,
) -> Found | None:
    def candidate(reset: Array) -> Function:
        def function(x: Array, h: Array) -> Array:
            name = r[0].outputs[0]
            opening = cone.values(x, [h])[name].copy().ravel()
            opening[r[1] * cone.units : (r[1] + 1) * cone.units] = reset
            given = {name: opening.reshape(cone.arrays[name].shape)}
            return cone.part_of(cone.values(x, [h], given), n[0].inputs[0], n[1])

        return function

    units = cone.units
    update = cone.affine(_sum_before(cone, *z), units)
    reset = cone.affine(_sum_before(cone, *r), units)
    closed = cone.affine(candidate(np.zeros(units)), units)
    opened = cone.affine(candidate(np.ones(units)), units)
    if update is None or reset is None or closed is None or opened is None:
        return None
    if closed[1].any() or not _alike(closed[0], opened[0]):
        return None
    x, half = np.zeros(cone.inputs), cone.random.uniform(0.2, 0.8, units)
    h = cone.random.uniform(-1, 1, units)
    made = candidate(half)(x, h)
    later = opened[2] - closed[2]
    after = _alike(made, closed[2] + half * (h @ opened[1] + later))
    if not after and not _alike(made, opened[2] + (half * h) @ opened[1]):
        return None
    kernel = _float32(sign * update[0], reset[0], closed[0])
    recurrent = _float32(sign * update[1], reset[1], opened[1])
    bias = _float32(sign * update[2], reset[2], closed[2] if after else opened[2])
    if after:
        bias = np.stack([bias, _float32(np.zeros(2 * units), later)])
    options = {"in": cone.inputs, "out": units, "reset_after": after}
    options["recurrent_activation"] = "sigmoid"
    tensors = {"kernel": kernel, "recurrent_kernel": recurrent, "bias": bias}
    return [LayerRecord("gru", options, tensors)], (cone.parts[0].new,)


def _min_gru(cone: _Cone) -> Found | None:
    """h' = (1 - z) h + z n, where neither z nor n depend on h"""
    new = cone.parts[0].new
    for op, at in cone.activations("Sigmoid"):
        gate = cone.affine(_sum_before(cone, op, at), cone.units)
        if gate is None or gate[1].any():
            continue
        for sign in (1, -1):

            def candidate(x: Array, h: Array) -> Array:
                v = cone.values(x, [h])
                z = cone.part_of(v, op.outputs[0], at)
                z = z if sign > 0 else 1 - z
                return (v[new].ravel() - (1 - z) * h) / z

            found = cone.affine(candidate, cone.units)
            if found is not None and np.abs(found[1]).max() < _CLOSE:
                options = {"in": cone.inputs, "out": cone.units, "candidate": "linear"}
                tensors = {
                    "kernel": _float32(sign * gate[0], found[0]),
                    "bias": _float32(sign * gate[2], found[2]),
                }
                return [LayerRecord("min_gru", options, tensors)], (new,)
    return None


def _rnn(cone: _Cone) -> Found | None:
    """h' = tanh(W x + U h + b), or relu"""
    new = cone.parts[0].new
    samples = [cone.values(x, s) for x, s in cone.samples()]
    for op, at in cone.activations("Tanh", "Relu"):
        if all(_alike(v[new].ravel(), cone.part_of(v, op.outputs[0], at)) for v in samples):
            found = cone.affine(_sum_before(cone, op, at), cone.units)
            if found is not None:
                options = {"in": cone.inputs, "out": cone.units, "activation": op.kind.lower()}
                names = ("kernel", "recurrent_kernel", "bias")
                tensors = {name: _float32(f) for name, f in zip(names, found)}
                return [LayerRecord("rnn", options, tensors)], (new,)
    return None


def _linear(cone: _Cone) -> Found | None:
    """h' = A h + B x + b of one or several states, and sums of it, as an LRU with the eigenvalues of A"""
    units, new = sum(part.size for part in cone.parts), tuple(part.new for part in cone.parts)
    ends = np.cumsum([part.size for part in cone.parts])[:-1]

    def function(names: Sequence[str]) -> Function:
        def values(x: Array, h: Array) -> Array:
            found = cone.values(x, np.split(h, ends))
            return np.concatenate([found[name].ravel() for name in names])

        return values

    update = cone.affine(function(new), units)
    answers = cone.finder.answers(cone.parts, cone.cut)
    if update is None or answers is None or not answers[1]:
        return None
    cone.ops = [*cone.ops, *answers[0]]
    output = cone.affine(function(answers[1]), units)
    poles, vectors = np.linalg.eig(update[1].T)
    if output is None or np.linalg.cond(vectors) > 1e4 or (np.abs(poles) > 1).any():
        return None
    inverse = np.linalg.inv(vectors)
    # The output is C h' + D x where it can be, and else of the state before, h = inverse of A (h' - B x).
    mixed, direct = vectors.T @ output[1], output[0]
    if (np.abs(poles) < 1e-6).any():
        return None
    mixed = mixed / poles[:, np.newaxis]
    direct = direct - (update[0] @ inverse.T @ mixed).real
    size = len(output[2])
    first: list[LayerRecord] = []
    kernel = update[0]
    if update[2].any() or output[2].any():
        both = [np.concatenate([u, o], -1) for u, o in zip(update, output)]
        tensors = {"kernel": _float32(both[0]), "bias": _float32(both[2])}
        first = [LayerRecord("dense", {"in": cone.inputs, "out": units + size}, tensors)]
        kernel = np.eye(units + size)[:, :units]
        straight = np.eye(units + size)[:, units:]
        direct = straight - (kernel @ inverse.T @ mixed).real
    kept = poles.imag >= 0
    driven = (kernel @ inverse.T)[:, kept]
    mixed = (mixed * np.where(poles.imag > 0, 2.0, 1.0)[:, np.newaxis])[kept]
    options = {"in": len(kernel), "states": int(kept.sum()), "out": size}
    tensors = {
        "lambda_real": _float32(poles[kept].real),
        "lambda_imag": _float32(poles[kept].imag),
        "b": _float32(driven.real, driven.imag),
        "c": np.concatenate([mixed.real, -mixed.imag]).astype(np.float32),
        "d": _float32(np.where(np.abs(direct) < _CLOSE, 0.0, direct)),
    }
    return [*first, LayerRecord("lru", options, tensors)], tuple(answers[1])
