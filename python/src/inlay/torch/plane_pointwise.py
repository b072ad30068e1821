"""Functions of each value of a plane, and operations that leave it as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor, nn

from ..format import Array, LayerRecord
from ..network.graph import layers
from ..network.records import plain
from .arrays import array_of
from .planes import (
    HANDLERS,
    Handler,
    Plane,
    handles,
    in_any_order,
    laid_out,
    moved,
    others_than,
    place,
    time_of,
)
from .records import records_of


def _pointwise(x: Plane, result: Tensor, record: Any) -> Plane:
    """A plane after a layer that takes a number of channels, in any order."""
    time = time_of(x)
    axes = others_than(x, time)
    node, order = in_any_order(x, axes, time)
    return laid_out(result, time, axes, layers(node, [record(node.channels)]), order)


def _activation(name: str) -> Handler:
    def handle(func: Any, x: Plane, *args: Any, **kwargs: Any) -> Plane:
        return _pointwise(x, func(x, *args, **kwargs), lambda channels: plain(name, channels))

    return handle


for _name in ("tanh", "sigmoid", "relu", "abs", "exp", "sqrt", "silu", "hardswish", "softsign", "mish", "selu"):
    HANDLERS[_name] = _activation(_name)
HANDLERS["square"] = _activation("square")
HANDLERS["hardsigmoid"] = _activation("hard_sigmoid")


@handles("dropout", "feature_dropout", "to", "type_as", "float", "double")
def _unchanged(func: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
    return x if isinstance(x, Plane) else func(x, *args, **kwargs)


@handles("pad", "constant_pad_nd")
def _pad(func: Any, x: Plane, pad: Any, mode: Any = "constant", value: float | None = None) -> Any:
    if mode not in ("constant", 0, 0.0) or value:
        place().refuse("padding with other values", "only with zeros", "use zeros")
    return moved(func, (x, pad), {})


@handles("leaky_relu", "elu")
def _sloped(func: Any, x: Plane, alpha: float | None = None, *args: Any, **kwargs: Any) -> Plane:
    given = kwargs.get("negative_slope", kwargs.get("alpha", alpha))
    module = nn.LeakyReLU() if func.__name__ == "leaky_relu" else nn.ELU()
    if given is not None:
        module = type(module)(given)
    return _pointwise(x, module(x), lambda channels: records_of(module, channels)[0])


@handles("prelu")
def _prelu(func: Any, x: Plane, weight: Tensor) -> Plane:
    result = func(x, weight)
    if weight.numel() == 1:
        tensors = {"alpha": array_of(weight)}
        return _pointwise(x, result, lambda channels: LayerRecord("prelu", {"size": channels}, tensors))
    time = time_of(x)
    axes = others_than(x, time)
    node, order = in_any_order(x, axes, time)
    alpha = _per_channel(weight, x, axes)[np.argsort(order)]
    made = layers(node, [LayerRecord("prelu", {"size": node.channels}, {"alpha": alpha})])
    return laid_out(result, time, axes, made, order)


def _per_channel(weight: Tensor, x: Tensor, axes: Sequence[int]) -> Array:
    """The values of axis 1 for each channel of `axes`."""
    shape = [-1 if axis == 1 else 1 for axis in axes]
    extents = [x.shape[axis] for axis in axes]
    return array_of(weight.reshape(shape).expand(extents).reshape(-1))


@handles("pow")
def _power(func: Any, x: Plane, exponent: Any) -> Plane:
    if exponent not in (2, 0.5):
        place().refuse(f"a power of {exponent}", "only 2 and 0.5", "use one of them")
    return _activation("square" if exponent == 2 else "sqrt")(func, x, exponent)
