"""Sums and products of planes and constants. A layer before a constant takes it into its weights."""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..format import Array, LayerRecord
from ..network.graph import Node, add, layers, multiply
from ..network.records import affine
from .arrays import array_of
from .planes import (
    HANDLERS,
    Plane,
    channels_of,
    gathered,
    handles,
    in_any_order,
    is_whole,
    laid_out,
    others_than,
    padding_of,
    place,
    plain_tensor,
    plane,
    settled,
    time_of,
)


def _binary(name: str, x: Any, y: Any) -> Plane:
    result = {"add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv}[name](x, y)
    if isinstance(x, Plane) and isinstance(y, Plane):
        if name == "div":
            place().refuse("a quotient of two signals", "only sums and products of them", "train it without")
        if name == "sub":
            y = _scaled(y, -1.0, 0.0, -plain_tensor(y))
        return _of_two(name, x, y, result)
    if isinstance(y, Plane):
        if name == "div":
            place().refuse("a number over a signal", "only a signal over a number", "train it without")
        return _scaled(y, -1.0 if name == "sub" else 1.0, x, result) if name != "mul" else _scaled(y, x, 0.0, result)
    if name in ("mul", "div"):
        return _scaled(x, y if name == "mul" else 1 / y, 0.0, result)
    return _scaled(x, 1.0, y if name == "add" else -y, result)


def _of_two(name: str, x: Plane, y: Plane, result: Tensor) -> Plane:
    codes = [each.codes.expand(result.shape) for each in (x, y)]
    x, y = (plane(plain_tensor(each).expand(result.shape), code, each.node) for each, code in zip((x, y), codes))
    time = time_of(x) if x.shape[time_of(x)] > 1 else time_of(y)
    x, y = settled(x, time), settled(y, time)
    combine = multiply if name == "mul" else lambda a, b: add([a, b])
    axes = others_than(x, time)
    first, second = (x, y) if is_whole(x) else (y, x)
    node, order = in_any_order(first, axes, time)
    other = channels_of(second, axes, time).reshape(-1)[np.argsort(order)]
    if padding_of(second, time):
        place().refuse("padding of frames by itself", "only right before a convolution", "move it there or drop it")
    return laid_out(result, time, axes, combine(node, gathered(second.node, other)), order)


def _scaled(x: Plane, scale: Any, shift: Any, result: Tensor) -> Plane:
    """scale x + shift. Both are numbers, or tensors that are the same for all frames."""
    time = time_of(x)
    axes = others_than(x, time)
    numbers = [np.asarray(array_of(each) if isinstance(each, Tensor) else each) for each in (scale, shift)]
    if result.shape != x.shape:
        place().refuse("a signal that is repeated by a constant", "only one of its own shape", "expand it before")
    node, order = in_any_order(x, axes, time)
    rows = []
    for each in numbers:
        over = np.broadcast_to(each.astype(array_of(plain_tensor(x)).dtype), tuple(x.shape))
        frames = over.transpose(time, *axes).reshape(x.shape[time], -1)
        if (frames != frames[0]).any():
            place().refuse("a constant that changes with the frames", "only one for all frames", "train it without")
        rows.append(frames[0][np.argsort(order)])
    return laid_out(result, time, axes, _affine(node, *rows), order)


def _affine(node: Node, scale: Array, shift: Array) -> Node:
    """scale x + shift for each channel. A layer of `_SCALED` right before it takes both."""
    if (scale == 1).all() and not shift.any():
        return node
    if node.kind == "cat":
        ends = np.cumsum([piece.channels for piece in node.inputs])[:-1]
        rows = zip(np.split(scale, ends), np.split(shift, ends))
        pieces = [_affine(piece, *row) for piece, row in zip(node.inputs, rows)]
        return Node("cat", node.channels, tuple(pieces))
    if node.kind == "layers":
        chain = list(node.records)
        unused = [chain.pop()] if chain[1:] and chain[-1].type == "slice" else []  # behind the first channels
        last = _scaled_record(chain[-1], scale, shift)
        if last is not None:
            return layers(node.inputs[0], [*chain[:-1], last, *unused])
    return layers(node, [affine(scale, shift)])


def _scaled_record(record: LayerRecord, scale: Array, shift: Array) -> LayerRecord | None:
    """A layer with its output times `scale` plus `shift`; None if it cannot take them."""
    if record.type in ("along_features", "per_feature"):
        (chain,) = record.chains["layers"]
        rows = _one_row(chain[-1].channels_out, scale, shift)
        last = _scaled_record(chain[-1], *rows) if rows else None
        return replace(record, chains={"layers": [[*chain[:-1], last]]}) if last else None
    if record.type not in _SCALED:
        return None
    weight, bias = _SCALED[record.type]
    out = len(scale) if record.type == "layer_norm" else record.tensors["kernel"].shape[-1]
    rows = _one_row(out, scale, shift)
    if rows is None:
        return None
    tensors = {
        weight: record.tensors.get(weight, np.ones(out, scale.dtype)) * rows[0],
        bias: record.tensors.get(bias, np.zeros(out, scale.dtype)) * rows[0] + rows[1],
    }
    return replace(record, tensors=tensors)


# The tensors that scale and shift the output of a layer.
_SCALED = dict.fromkeys(("conv2d", "depthwise_conv2d", "dense"), ("kernel", "bias")) | {"layer_norm": ("gamma", "beta")}


def _one_row(size: int, scale: Array, shift: Array) -> tuple[Array, Array] | None:
    """Scale and shift of `size` channels, if they are the same for all features."""
    rows = np.resize(scale, size), np.resize(shift, size)  # repeated or cut
    same = all((np.resize(row, each.shape) == each).all() for row, each in zip(rows, (scale, shift)))
    return rows if same else None


for _name in ("add", "sub", "mul", "div"):
    HANDLERS[_name] = lambda func, x, y, name=_name: _binary(name, x, y)
    HANDLERS["r" + _name] = lambda func, x, y, name=_name: _binary(name, y, x)
    HANDLERS["i" + _name] = HANDLERS[_name]
HANDLERS["rsub"] = lambda func, x, y: _binary("sub", y, x)
for _name, _other in (("multiply", "mul"), ("subtract", "sub"), ("true_divide", "div"), ("truediv", "div")):
    HANDLERS[_name] = HANDLERS[_other]


@handles("neg", "negative")
def _negative(func: Any, x: Plane) -> Plane:
    return _scaled(x, -1.0, 0.0, func(x))


@handles("batch_norm")
def _batch_norm(
    func: Any,
    x: Plane,
    mean: Tensor,
    variance: Tensor,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Plane:
    if training or mean is None:
        place().refuse("a normalisation by statistics of the signal", "only by fixed ones", "call eval() before")
    scale = 1 / torch.sqrt(variance.double() + eps)
    scale = scale if weight is None else scale * weight.double()
    shift = (0 if bias is None else bias.double()) - mean.double() * scale
    shape = [1, -1, *[1] * (x.dim() - 2)]
    result = func(x, mean, variance, weight, bias, False, momentum, eps)
    return _scaled(x, scale.to(x.dtype).reshape(shape), shift.to(x.dtype).reshape(shape), result)
