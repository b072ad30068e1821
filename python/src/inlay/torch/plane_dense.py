"""Layers over the last axes of a plane, and means and sums over axes: dense layers and layer norms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from ..format import LayerRecord
from ..network.graph import Node, add, layers, part
from ..network.records import plain
from .arrays import array_of, weights_of
from .planes import (
    LANES,
    Plane,
    arranged,
    each_feature,
    handles,
    laid_out,
    others_than,
    place,
    plain_tensor,
    plane,
    time_of,
)


@handles("linear")
def _linear(func: Any, x: Plane, weight: Tensor, bias: Tensor | None = None) -> Plane:
    time, last = time_of(x), x.dim() - 1
    others = others_than(x, time, last)
    node = arranged(x, [*others, last], time)
    options = {"in": weight.shape[1], "out": weight.shape[0]}
    dense = LayerRecord("dense", options, weights_of(weight.T, bias))
    count = node.channels // weight.shape[1]
    kind = "along_features" if count >= LANES else "per_feature"
    made = layers(node, each_feature(count, kind, [dense]))
    return laid_out(func(x, weight, bias), time, [*others, last], made)


@handles("mean", "sum")
def _mean(func: Any, x: Plane, dim: Any = None, keepdim: bool = False, **kwargs: Any) -> Plane:
    """A dense layer of ones, or a sum of slices."""
    time = time_of(x)
    over = [axis % x.dim() for axis in ([dim] if isinstance(dim, int) else dim or range(x.dim()))]
    if time in over:
        place().refuse("a mean over frames", "only one over the values of a frame", "use a GRU or a filter")
    kept = others_than(x, time, *over)
    node = arranged(x, [*over, *kept], time)
    size = int(np.prod([x.shape[axis] for axis in kept], dtype=int))
    count = node.channels // size
    if 1 < count <= _FEW < size:
        made = add([part(node, at * size, (at + 1) * size) for at in range(count)])
        if func.__name__ == "mean":
            made = layers(made, [plain("scale", size, scale=1 / count)])
        return _summed(func, x, over, keepdim, time, kept, made)
    kernel = np.tile(np.eye(size, dtype=array_of(plain_tensor(x)).dtype), (count, 1))
    if func.__name__ == "mean":
        kernel /= count
    made = layers(node, [LayerRecord("dense", {"in": node.channels, "out": size}, {"kernel": kernel})])
    return _summed(func, x, over, keepdim, time, kept, made)


# A sum of at most this number of pieces, each of more values, is faster as a sum than as a dense layer.
_FEW = 8


def _summed(
    func: Any, x: Plane, over: Sequence[int], keepdim: bool, time: int, kept: Sequence[int], made: Node
) -> Plane:
    result = func(x, over, True)
    summed = laid_out(result, time, kept, made)
    if keepdim:
        return summed
    shape = [extent for axis, extent in enumerate(x.shape) if axis not in over]
    return plane(result.reshape(shape), summed.codes.reshape(shape), made)


@handles("layer_norm")
def _layer_norm(
    func: Any, x: Plane, shape: Any, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Plane:
    time, first = time_of(x), x.dim() - len(shape)
    if time >= first:
        place().refuse("a normalisation over frames", "only over values of a frame", "leave the frames out")
    inner = list(range(first, x.dim()))
    others = others_than(x, time, *inner)
    node = arranged(x, [*others, *inner], time)
    size = int(np.prod(shape))
    given = {"gamma": weight, "beta": bias}
    tensors = {name: array_of(tensor.reshape(-1)) for name, tensor in given.items() if tensor is not None}
    norm = LayerRecord("layer_norm", {"size": size, "epsilon": float(eps)}, tensors)
    made = layers(node, each_feature(node.channels // size, "along_features", [norm]))
    return laid_out(func(x, shape, weight, bias, eps), time, [*others, *inner], made)
