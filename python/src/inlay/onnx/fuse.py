"""Finds the layers that exporters write as several operations: GELU, softsign and norms."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .opened import Graph, Operation


def fused(graph: Graph) -> Graph:
    """The graph with the last operation of each such group as the whole group."""
    finder = _Finder(graph)
    return replace(graph, operations=[finder.whole(op) for op in graph.operations])


class _Finder:
    def __init__(self, graph: Graph) -> None:
        self.made = {name: op for op in graph.operations for name in op.outputs}
        self.constants = graph.constants

    def whole(self, op: Operation) -> Operation:
        finders = (self.layer_norm, self.rms_norm, self.group_norm, self.gelu, self.softsign)
        return next((found for find in finders if (found := find(op))), op)

    def constant(self, name: str) -> Any:
        value: Any = self.constants.get(name)
        if value is None and name in self.made and self.made[name].kind == "Constant":
            value = self.made[name].get("value", self.made[name].get("value_float"))
        return value

    def number(self, name: str) -> float | None:
        """A constant of one number."""
        value = self.constant(name)
        return float(np.ravel(value)[0]) if value is not None and np.size(value) == 1 else None

    def by(self, kind: str, name: str) -> tuple[str, ...]:
        """The inputs of the operation that gives a value, if it is of this kind."""
        op = self.made.get(name)
        return op.inputs if op is not None and op.kind == kind else ()

    def with_number(self, kind: str, name: str, number: float) -> str | None:
        """The other input of a sum or product with this number."""
        inputs = self.by(kind, name)
        for a, b in (inputs, inputs[::-1]) if len(inputs) == 2 else ():
            found = self.number(b)
            if found is not None and abs(found - number) < 1e-5 * abs(number):
                return a
        return None

    def gelu(self, op: Operation) -> Operation | None:
        """0.5 x (1 + erf(x / sqrt(2))), with the factors in any order."""
        if op.kind != "Mul":
            return None
        factors, stack = [], list(op.inputs)
        while stack and len(factors) < 4:
            name = stack.pop()
            inner = self.by("Mul", name)
            if inner and self.with_number("Add", name, 1.0) is None:
                stack += inner
            else:
                factors.append(name)
        halves = [n for n in factors if (self.number(n) or 0.0) == 0.5]
        rest = [n for n in factors if n not in halves]
        for x, shifted in (rest, rest[::-1]) if len(rest) == 2 and len(halves) == 1 else ():
            erf = self.by("Erf", self.with_number("Add", shifted, 1.0) or "")
            if erf and x in (
                self.with_number("Div", erf[0], 2**0.5),
                self.with_number("Mul", erf[0], 0.5**0.5),
            ):
                return Operation(op.name, "Gelu", (x,), op.outputs)
        return None

    def softsign(self, op: Operation) -> Operation | None:
        """x / (1 + |x|)"""
        if op.kind == "Div":
            size = self.by("Abs", self.with_number("Add", op.inputs[1], 1.0) or "")
            if size == (op.inputs[0],):
                return Operation(op.name, "Softsign", size, op.outputs)
        return None

    def layer_norm(self, op: Operation) -> Operation | None:
        """(x - mean) / sqrt(mean of its square + epsilon)"""
        if op.kind != "Div":
            return None
        centred = self.by("Sub", op.inputs[0])
        shifted = self.by("Add", (self.by("Sqrt", op.inputs[1]) or ("",))[0])
        if len(centred) != 2 or len(shifted) != 2:
            return None
        mean = self.made.get(centred[1])
        for variance, epsilon in (shifted, shifted[::-1]):
            square = (self.by("ReduceMean", variance) or ("",))[0]
            powers = self.by("Pow", square) or self.by("Mul", square)
            number = self.number(epsilon)
            if number is None or not powers or mean is None or mean.kind != "ReduceMean":
                continue
            axes = mean.get("axes")
            same = op.inputs[0] if self.by("Mul", square) else None
            if (
                mean.inputs[0] == centred[0]
                and axes == self.made[variance].get("axes")
                and axes is not None
                and (len(axes) == 1 or sorted(axes) == list(range(-len(axes), 0)))
            ):
                of_itself = self._is_centred(powers[0], centred) and (
                    same is None or powers[1] == powers[0]
                )
                if of_itself and (same is not None or self.number(powers[1]) == 2.0):
                    attributes = {"axis": min(axes), "epsilon": number, "one_axis": len(axes) == 1}
                    return Operation(
                        op.name, "LayerNormalization", (centred[0],), op.outputs, attributes
                    )
        return None

    def rms_norm(self, op: Operation) -> Operation | None:
        """x / sqrt(mean of its square + epsilon), also as a product with the reciprocal"""
        if op.kind == "Div":
            ways = [op.inputs]
        elif op.kind == "Mul":
            ways = [(a, self.inverse(b)) for a, b in (op.inputs, op.inputs[::-1])]
        else:
            return None
        for x, root in ways:
            shifted = self.by("Add", (self.by("Sqrt", root) or ("",))[0])
            for mean, epsilon in (shifted, shifted[::-1]) if len(shifted) == 2 else ():
                number = self.number(epsilon)
                square = (self.by("ReduceMean", mean) or ("",))[0]
                axes = self.made[mean].get("axes") if square else None
                of_itself = self.by("Mul", square) == (x, x) or self.with_number("Pow", square, 2) == x
                if number is not None and of_itself and axes and len(axes) == 1:
                    attributes = {"axis": axes[0], "epsilon": number, "one_axis": True}
                    return Operation(op.name, "RMSNormalization", (x,), op.outputs, attributes)
        return None

    def inverse(self, name: str) -> str:
        """What a value is one over."""
        over = self.by("Div", name)
        if over and self.number(over[0]) == 1.0:
            return over[1]
        return (self.by("Reciprocal", name) or ("",))[0]

    def group_norm(self, op: Operation) -> Operation | None:
        """A reshape to groups, an instance norm without weights, and a reshape back"""
        norm = self.by("Reshape", op.outputs[0])
        inner = self.by("InstanceNormalization", norm[0]) if norm else ()
        before = self.by("Reshape", inner[0]) if inner else ()
        shape = self.constant(before[1]) if before else None
        if shape is None or np.size(shape) != 3 or int(shape[0]) != 0 or int(shape[2]) != -1:
            return None
        scale, shift = (self.constant(name) for name in inner[1:])
        if scale is None or shift is None or (scale != 1).any() or shift.any():
            return None
        attributes = {
            "num_groups": int(shape[1]),
            "epsilon": self.made[norm[0]].get("epsilon", 1e-5),
        }
        return Operation(op.name, "GroupNormalization", before[:1], op.outputs, attributes)

    def _is_centred(self, name: str, centred: tuple[str, ...]) -> bool:
        return self.by("Sub", name) == centred
