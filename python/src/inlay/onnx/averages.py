"""Finds recursive averages of a graph of one frame with an axis of frequency: y = a y(t - 1) + u."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..format import Array
from .opened import Operation
from .origins import Origins


@dataclass(frozen=True, eq=False)
class Average:
    """The operations of the sum and of the product a y(t - 1), a and the first value of each element, the name of u."""

    total: Operation
    product: Operation
    decay: Array
    start: Array
    added: str


def averages_in(origins: Origins, arrays: dict[str, Array], starts: dict[str, Array]) -> list[Average]:
    """All of them. `starts` has the first value of each state."""
    by = {name: op for op in origins.operations for name in op.outputs}
    found = []
    for op in origins.operations:
        for first, added in (op.inputs, op.inputs[::-1]) if op.kind == "Add" else ():
            product = by.get(first)
            average = _average(op, product, added, origins, arrays, starts) if product else None
            if average:
                found.append(average)
                break
    return found


def _average(
    total: Operation,
    product: Operation,
    added: str,
    origins: Origins,
    arrays: dict[str, Array],
    starts: dict[str, Array],
) -> Average | None:
    (output,) = total.outputs
    shape = arrays[output].shape
    if product.kind != "Mul" or arrays[product.outputs[0]].size != arrays[output].size:
        return None
    for past, factor in (product.inputs, product.inputs[::-1]):
        if past not in origins.numbers or factor in origins.numbers:
            continue
        numbers, ages = origins.of(past)
        decay = np.broadcast_to(arrays[factor], arrays[product.outputs[0]].shape).reshape(shape)
        same = np.array_equal(numbers.ravel(), origins.numbers[output].ravel())
        if same and (ages == 1).all() and (decay >= 0).all() and (decay < 1).all():
            return Average(total, product, decay, origins.started(past, starts).reshape(shape), added)
    return None
