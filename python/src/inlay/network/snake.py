"""Recognises activations that modules compute step by step: x + sin(alpha x)^2 / beta of BigVGAN's
SnakeBeta, and the softsign x / (1 + |x|) of Neural Amp Modeler.
"""

from __future__ import annotations

import numpy as np

from ..format import Array, LayerRecord
from .graph import Node
from .records import scale_before


def snake(x: Node, wave: Node, dtype: str) -> LayerRecord | None:
    """The one layer for the sum of two values, None if it is no snake."""
    found = steps(x, wave)
    if found is None:
        return None
    alpha, found = factor(found, x.channels, dtype)
    if [record.type for record in found[:2]] != ["sine", "square"]:
        return None
    inverse, rest = factor(found[2:], x.channels, dtype)
    if rest:
        return None
    alpha = np.asarray(alpha * found[0].options["omega"], dtype)
    beta = np.divide(1, inverse, out=np.zeros_like(inverse), where=inverse != 0)
    tensors = {"alpha": alpha}
    if not np.allclose(alpha, beta, rtol=8 * np.finfo(dtype).eps, atol=0):
        tensors["beta"] = beta
    return LayerRecord("snake", {"size": x.channels}, tensors)


def is_softsign(x: Node, divisor: Node) -> bool:
    """Whether a quotient of two values is x / (1 + |x|)."""
    found = steps(x, divisor)
    if found is None or [record.type for record in found] != ["abs", "affine"]:
        return False
    return all(bool((tensor == 1).all()) for tensor in found[1].tensors.values())


def steps(source: Node, sink: Node) -> list[LayerRecord] | None:
    """The layers from one value to another, None if there are other operations between them."""
    records: list[LayerRecord] = []
    while sink is not source:
        if sink.kind != "layers":
            return None
        records = [*sink.records, *records]
        (sink,) = sink.inputs
    return records


def factor(
    records: list[LayerRecord], channels: int, dtype: str
) -> tuple[Array, list[LayerRecord]]:
    """The factors of a first layer that only multiplies, and the layers behind it."""
    scale = scale_before(records[0], dtype) if records else None
    return (np.ones(channels, dtype), records) if scale is None else (scale, records[1:])
