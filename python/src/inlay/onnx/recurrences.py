"""Recognises recurrent layers in the operations of one step, by the values that these compute.

The gates are the activations of the step. The sums before them are affine in the layer's input and its
state, so the weights are the values of these sums for unit vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import permutations

import numpy as np

from ..format import Array, LayerRecord
from .evaluate import OPERATORS
from .opened import Operation

_CLOSE = 1e-9

Values = dict[str, Array]
Function = Callable[[Array, Array], Array]
Found = tuple[list[LayerRecord], tuple[str, ...]]


def found_in(cone: Cone) -> Found | None:
    """The layer and the names of its outputs; None if the operations are no known layer."""
    of_states = {1: (_gru, _min_gru, _rnn, _linear), 2: (_lstm, _linear)}
    kinds = of_states.get(len(cone.sizes), (_linear,))
    return next((found for find in kinds if (found := find(cone))), None)


class Cone:
    """The operations between a layer's input `front`, its states and their next values.

    A state is a pair: the names of its present value, and the name of its next value. `answers` are the
    operations and the names of the values that the rest of the graph takes from linear states.
    """

    rows = 1

    def __init__(
        self,
        ops: list[Operation],
        front: list[str],
        states: Sequence[tuple[list[str], str]],
        arrays: Mapping[str, Array],
        answers: tuple[list[Operation], list[str]] | None,
    ) -> None:
        self.ops, self.front, self.answers = ops, front, answers
        self.now, self.new = [now for now, _ in states], tuple(new for _, new in states)
        self.arrays = arrays
        self.inputs = sum(arrays[name].size for name in front)
        self.sizes = [arrays[name].size for name in self.new]
        self.units = self.sizes[0]
        self.random = np.random.default_rng(1)

    def values(self, x: Array, states: Sequence[Array], given: Mapping[str, Array] = {}) -> Values:
        """The values of all operations for an input and states. Values in `given` are not computed."""
        found = dict(self.arrays)
        sizes = np.cumsum([self.arrays[name].size for name in self.front])[:-1]
        for name, value in zip(self.front, np.split(x, sizes)):
            found[name] = value.reshape(self.arrays[name].shape)
        for names, state in zip(self.now, states):
            found.update((n, state.reshape(self.arrays[n].shape)) for n in names)
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
                self.random.uniform(-1, 1, size) for size in self.sizes
            ]

    def activations(self, *kinds: str) -> list[tuple[Operation, int]]:
        """The activations of the step, each with the index of its units in the operation."""
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


class _Rows(Cone):
    """The operations for one row, where all rows are computed alike. Rows lie along the first axis longer than 1."""

    def __init__(self, whole: Cone, rows: int) -> None:
        self.ops, self.front, self.answers = whole.ops, whole.front, None
        self.now, self.new, self.whole, self.rows = whole.now, whole.new, whole, rows
        inner = {*self.front, *(n for now in self.now for n in now), *(n for op in self.ops for n in op.outputs if n)}
        self.arrays = {
            name: array.reshape(rows, -1)[0] if name in inner else array
            for name, array in whole.arrays.items()
            if name not in inner or array.size % rows == 0
        }
        self.inner = inner & set(self.arrays)
        self.inputs = whole.inputs // rows
        self.sizes = [size // rows for size in whole.sizes]
        self.units, self.random = self.sizes[0], whole.random

    def values(self, x: Array, states: Sequence[Array], given: Mapping[str, Array] = {}) -> Values:
        sizes = np.cumsum([self.arrays[name].size for name in self.front])[:-1]
        fronts = [np.tile(part, self.rows) for part in np.split(x, sizes)]
        kept = {n: np.tile(v.ravel(), self.rows).reshape(self.whole.arrays[n].shape) for n, v in given.items()}
        found = self.whole.values(np.concatenate(fronts), [np.tile(s, self.rows) for s in states], kept)
        return {n: v.reshape(self.rows, -1)[0] if n in self.inner else v for n, v in found.items()}

    def is_of_rows(self) -> bool:
        """Whether each row depends on itself alone, and all rows are computed alike."""
        x, states = next(self.whole.samples())
        made = self.whole.values(x, states)
        ends = np.cumsum([self.whole.arrays[name].size for name in self.front])[:-1]
        parts = [part.reshape(self.rows, -1) for part in np.split(x, ends)]
        pasts = [state.reshape(self.rows, -1) for state in states]
        for row in range(self.rows):
            alone = self.values(np.concatenate([part[row] for part in parts]), [past[row] for past in pasts])
            if any(not _alike(made[n].reshape(self.rows, -1)[row], alone[n].ravel()) for n in self.new):
                return False
        return True


def rows_of(cone: Cone) -> Cone | None:
    """The operations for one row, if all rows are computed alike. If there is one row, the operations as they are; None if
    rows are mixed."""
    names = [*cone.front, *cone.new]
    extents = {next((size for size in cone.arrays[name].shape[:-1] if size > 1), 1) for name in names}
    if extents == {1}:
        return cone
    (rows, *others) = extents
    if others or rows == 1 or any(cone.arrays[name].size % rows for name in names):
        return None
    found = _Rows(cone, rows)
    return found if found.is_of_rows() else None


def _alike(a: Array, b: Array) -> bool:
    limit = _CLOSE * max(1, np.abs(b).max(initial=0))
    return a.shape == b.shape and bool(np.abs(a - b).max(initial=0) <= limit)


def _float32(*arrays: Array) -> Array:
    return np.ascontiguousarray(np.concatenate(arrays, -1).astype(np.float32))


def _lstm(cone: Cone) -> Found | None:
    """c' = f c + i g, h' = o tanh(c')"""
    if cone.sizes[0] != cone.sizes[1]:
        return None
    gates, tanhs = cone.activations("Sigmoid"), cone.activations("Tanh")
    samples = [(x, s, cone.values(x, s)) for x, s in cone.samples()]
    for hidden, cell in ((0, 1), (1, 0)):
        h_new, c_new = cone.new[hidden], cone.new[cell]

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


def _made_lstm(cone: Cone, hidden: int, gates: Sequence[tuple[Operation, int]]) -> Found | None:
    found = [cone.affine(_sum_before(cone, op, at, hidden), cone.units) for op, at in gates]
    if any(f is None for f in found):
        return None
    kernel, recurrent, bias = (_float32(*(f[n] for f in found if f)) for n in range(3))
    options = {"in": cone.inputs, "out": cone.units, "recurrent_activation": "sigmoid"}
    tensors = {"kernel": kernel, "recurrent_kernel": recurrent, "bias": bias}
    return [LayerRecord("lstm", options, tensors)], (cone.new[hidden],)


def _sum_before(cone: Cone, op: Operation, at: int, hidden: int = 0) -> Function:
    """The input of an activation, as a function of the layer's input and the hidden state."""
    rest = [cone.random.uniform(-1, 1, size) for size in cone.sizes]

    def function(x: Array, h: Array) -> Array:
        states = [h if n == hidden else other for n, other in enumerate(rest)]
        return cone.part_of(cone.values(x, states), op.inputs[0], at)

    return function


def _gru(cone: Cone) -> Found | None:
    """h' = z h + (1 - z) n, n = tanh(W x + r (U h)) or tanh(W x + U (r h))"""
    gates, new = cone.activations("Sigmoid"), cone.new[0]
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
    cone: Cone,
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
    return [LayerRecord("gru", options, tensors)], (cone.new[0],)


def _min_gru(cone: Cone) -> Found | None:
    """h' = (1 - z) h + z n, where neither z nor n depend on h"""
    new = cone.new[0]
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


def _rnn(cone: Cone) -> Found | None:
    """h' = tanh(W x + U h + b), or relu"""
    new = cone.new[0]
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


def _linear(cone: Cone) -> Found | None:
    """h' = A h + B x + b of one or several states, and sums of it, as an LRU with the eigenvalues of A"""
    units, ends = sum(cone.sizes), np.cumsum(cone.sizes)[:-1]

    def function(names: Sequence[str]) -> Function:
        def values(x: Array, h: Array) -> Array:
            found = cone.values(x, np.split(h, ends))
            return np.concatenate([found[name].ravel() for name in names])

        return values

    update = cone.affine(function(cone.new), units)
    if update is None or cone.answers is None or not cone.answers[1]:
        return None
    later, names = cone.answers
    cone.ops = [*cone.ops, *later]
    output = cone.affine(function(names), units)
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
    return [*first, LayerRecord("lru", options, tensors)], tuple(names)
