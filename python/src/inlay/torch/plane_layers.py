"""What PyTorch's functions are for planes: layers of inlay."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..format import Array, Chain, LayerRecord, Option
from ..network.graph import Node, add, layers, multiply, part
from ..network.records import affine, plain
from .arrays import array_of
from .planes import (
    HANDLERS,
    Handler,
    Plane,
    arranged,
    channels_of,
    gathered,
    in_any_order,
    is_whole,
    laid_out,
    moved,
    others_than,
    padding_of,
    place,
    plane,
    settled,
    time_of,
)
from .records import records_of


def _handles(*names: str) -> Any:
    def register(handler: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(names, handler))
        return handler

    return register


# Fewer features than these are faster one after the other, with the outputs of a layer in the lanes of registers.
_LANES = 8


def each_feature(count: int, kind: str, chain: Chain) -> list[LayerRecord]:
    """A chain for each of `count` features; the chain itself if there is one."""
    if count == 1:
        return list(chain)
    return [LayerRecord(kind, {"features": count}, chains={"layers": [chain]})]


def _tensors(kernel: Tensor | Array, bias: Tensor | None) -> dict[str, Array]:
    given = {"kernel": kernel, "bias": bias}
    return {
        name: array_of(tensor) if isinstance(tensor, Tensor) else tensor
        for name, tensor in given.items()
        if tensor is not None
    }


@_handles("linear")
def _linear(func: Any, x: Plane, weight: Tensor, bias: Tensor | None = None) -> Plane:
    time, last = time_of(x), x.dim() - 1
    others = others_than(x, time, last)
    node = arranged(x, [*others, last], time)
    options = {"in": weight.shape[1], "out": weight.shape[0]}
    dense = LayerRecord("dense", options, _tensors(weight.T, bias))
    count = node.channels // weight.shape[1]
    kind = "along_features" if count >= _LANES else "per_feature"
    made = layers(node, each_feature(count, kind, [dense]))
    return laid_out(func(x, weight, bias), time, [*others, last], made)


# Pointwise functions


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


@_handles("dropout", "feature_dropout", "to", "type_as", "float", "double")
def _unchanged(func: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
    return x if isinstance(x, Plane) else func(x, *args, **kwargs)


@_handles("pad", "constant_pad_nd")
def _pad(func: Any, x: Plane, pad: Any, mode: Any = "constant", value: float | None = None) -> Any:
    if mode not in ("constant", 0, 0.0) or value:
        place().refuse("padding with other values", "only with zeros", "use zeros")
    return moved(func, (x, pad), {})


@_handles("leaky_relu", "elu")
def _sloped(func: Any, x: Plane, alpha: float | None = None, *args: Any, **kwargs: Any) -> Plane:
    given = kwargs.get("negative_slope", kwargs.get("alpha", alpha))
    module = nn.LeakyReLU() if func.__name__ == "leaky_relu" else nn.ELU()
    if given is not None:
        module = type(module)(given)
    return _pointwise(x, module(x), lambda channels: records_of(module, channels)[0])


@_handles("prelu")
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


@_handles("pow")
def _power(func: Any, x: Plane, exponent: Any) -> Plane:
    if exponent not in (2, 0.5):
        place().refuse(f"a power of {exponent}", "only 2 and 0.5", "use one of them")
    return _activation("square" if exponent == 2 else "sqrt")(func, x, exponent)


# Sums and products


def _binary(name: str, x: Any, y: Any) -> Plane:
    result = {"add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv}[name](x, y)
    if isinstance(x, Plane) and isinstance(y, Plane):
        if name == "div":
            place().refuse("a quotient of two signals", "only sums and products of them", "train it without")
        if name == "sub":
            y = _scaled(y, -1.0, 0.0, -_plain(y))
        return _of_two(name, x, y, result)
    if isinstance(y, Plane):
        if name == "div":
            place().refuse("a number over a signal", "only a signal over a number", "train it without")
        return _scaled(y, -1.0 if name == "sub" else 1.0, x, result) if name != "mul" else _scaled(y, x, 0.0, result)
    if name in ("mul", "div"):
        return _scaled(x, y if name == "mul" else 1 / y, 0.0, result)
    return _scaled(x, 1.0, y if name == "add" else -y, result)


def _plain(x: Tensor) -> Tensor:
    return x.as_subclass(Tensor)


def _of_two(name: str, x: Plane, y: Plane, result: Tensor) -> Plane:
    codes = [each.codes.expand(result.shape) for each in (x, y)]
    x, y = (plane(_plain(each).expand(result.shape), code, each.node) for each, code in zip((x, y), codes))
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
        over = np.broadcast_to(each.astype(array_of(_plain(x)).dtype), tuple(x.shape))
        frames = over.transpose(time, *axes).reshape(x.shape[time], -1)
        if (frames != frames[0]).any():
            place().refuse("a constant that changes with the frames", "only one for all frames", "train it without")
        rows.append(frames[0][np.argsort(order)])
    return laid_out(result, time, axes, _affine(node, *rows), order)


def _affine(node: Node, scale: Array, shift: Array) -> Node:
    """scale x + shift for each channel. A convolution right before it takes both."""
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


# The tensors that have the scale and the shift of a layer's output.
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


@_handles("neg", "negative")
def _negative(func: Any, x: Plane) -> Plane:
    return _scaled(x, -1.0, 0.0, func(x))


@_handles("mean", "sum")
def _mean(func: Any, x: Plane, dim: Any = None, keepdim: bool = False, **kwargs: Any) -> Plane:
    """A dense layer of ones."""
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
    kernel = np.tile(np.eye(size, dtype=array_of(_plain(x)).dtype), (count, 1))
    if func.__name__ == "mean":
        kernel /= count
    made = layers(node, [LayerRecord("dense", {"in": node.channels, "out": size}, {"kernel": kernel})])
    return _summed(func, x, over, keepdim, time, kept, made)


# The sum of fewer pieces than these, of more values, is no dense layer.
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


# Normalisation


@_handles("batch_norm")
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


@_handles("layer_norm")
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


# Convolutions

# More groups than these are one kernel with zeros.
_MOST_GROUPS = 4


def _two(extent: Any) -> tuple[int, int]:
    found = extent if isinstance(extent, (tuple, list)) else (extent,)
    return int(found[0]), int(found[-1])


def _convolution(
    x: Plane, weight: Tensor, bias: Tensor | None, given: dict[str, Any], phases: int, features: int
) -> tuple[Node, Any]:
    """A convolution over frames and features, and its channels by [feature][channel].

    x: (1, channels, frames, features), its features padded already. weight: [out, in / groups, taps, span]. A position
    gives `phases` neighbouring features, of which `features` are taken: an output channel is [group][phase][channel].
    """
    groups, (stride_time, stride) = given["groups"], _two(given["stride"])
    dilation, spread = _two(given["dilation"])
    outs, ins, taps, span = weight.shape
    zeros = padding_of(x, 2)
    if stride_time != 1 or zeros + given["padding"] != (taps - 1) * dilation:
        place().refuse(
            f"a convolution over frames with {zeros + given['padding']} zeros in front, and a stride of {stride_time}",
            "only a causal one without a stride over frames",
            f"pad {(taps - 1) * dilation} frames in front, and none behind",
        )
    numbers = channels_of(x, [3, 1], 2)  # [feature][channel]
    if span == stride == groups == 1:
        numbers, weight = _as_neighbours(numbers, weight)
        ins, span = weight.shape[1], weight.shape[3]
    weight = _spread(weight, spread)
    span = weight.shape[3]
    depthwise = ins == 1 < groups
    alone = depthwise or groups > _MOST_GROUPS  # one layer for all groups
    if alone and not depthwise:
        weight, ins = _block_diagonal(weight, groups), ins * groups
    padding, rows = _padding_named(numbers, span, stride)
    options: dict[str, Option] = {"features": len(rows), "kernel_size_time": taps}
    options |= {"kernel_size_features": span, "dilation": dilation, "stride": stride, "padding": padding}
    if depthwise:  # a channel that has several outputs is repeated
        chosen = [rows.repeat(outs // groups, axis=1)]
        tensors = [_tensors(weight[:, 0].permute(1, 2, 0), bias)]
        record = LayerRecord("depthwise_conv2d", {"channels": outs} | options)
    else:
        count = 1 if alone else groups
        chosen = np.split(rows, count, axis=1)
        biases: Sequence[Tensor | None] = [None] * count if bias is None else bias.chunk(count)
        tensors = [_tensors(w.permute(2, 3, 1, 0), b) for w, b in zip(weight.chunk(count), biases)]
        record = LayerRecord("conv2d", {"in": ins, "out": outs // count} | options)
    within = groups // len(chosen)  # groups of a layer
    channels = np.arange(record.channels_out).reshape(-1, within, phases, outs // groups // phases)
    channels = channels.transpose(0, 2, 1, 3).reshape(-1, outs // len(chosen) // phases)[:features]
    unused = [] if within > 1 or channels.size == record.channels_out else [_first(record, channels.size)]
    made = [layers(gathered(x.node, piece), [replace(record, tensors=own), *unused]) for piece, own in zip(chosen, tensors)]
    joined = made[0] if len(made) == 1 else Node("cat", sum(each.channels for each in made), tuple(made))
    return joined, np.concatenate([channels + g * made[0].channels for g in range(len(made))], axis=1)


def _first(layer: LayerRecord, count: int) -> LayerRecord:
    """The first channels of what a layer gives."""
    return LayerRecord("slice", {"in": layer.channels_out, "begin": 0, "out": count})


def _spread(weight: Tensor, by: int) -> Tensor:
    """A kernel with zeros between its features."""
    wide = weight.new_zeros(*weight.shape[:3], (weight.shape[3] - 1) * by + 1)
    wide[..., ::by] = weight
    return wide


def _padding_named(numbers: Any, span: int, stride: int) -> tuple[str, Any]:
    """The padding of "conv2d", and the channels without the zeros that it makes. numbers: [feature][channel]."""
    known = np.flatnonzero((numbers >= 0).any(axis=1))
    rows = numbers[known[0] : known[-1] + 1] if len(known) else numbers
    positions = -(-len(rows) // stride)
    zeros = max((positions - 1) * stride + span - len(rows), 0)
    before = zeros // 2
    same = len(numbers) == len(rows) + zeros and len(known) and known[0] == before and zeros
    return ("same", rows) if same else ("valid", numbers)


def _as_neighbours(numbers: Any, weight: Tensor) -> tuple[Any, Tensor]:
    """A kernel of several features for one of a single one, whose channels are those of neighbouring features.

    numbers: [feature][channel], weight: [out, in, taps, 1]. The same ones if there are no neighbours among them.
    """
    features, ins = numbers.shape
    middle = features // 2
    if features < 3:
        return numbers, weight
    column = {number: at for at, number in enumerate(numbers[middle])}
    before = [column.get(number) for number in numbers[middle + 1]]  # where it was for the feature before
    chains = [[at] for at in range(ins) if before[at] is None]
    for chain in chains:
        while (found := [at for at in range(ins) if before[at] == chain[-1]]) and len(chain) < ins:
            chain.append(found[0])
    span = len(chains[0]) if chains else 0
    if span < 2 or any(len(chain) != span for chain in chains) or span * len(chains) != ins:
        return numbers, weight
    order = np.array(chains).T[::-1]  # [place of the kernel][channel]
    windows = numbers[:, order]
    wide = np.concatenate([windows[:, 0], windows[-1, 1:]])
    if any((windows[:, j] != wide[j : j + features]).any() for j in range(span)):
        return numbers, weight
    return wide, weight[..., 0][:, order.reshape(-1)].reshape(len(weight), span, -1, weight.shape[2]).permute(0, 2, 3, 1)


def _block_diagonal(weight: Tensor, groups: int) -> Tensor:
    """The weight of a convolution of one group."""
    outs, ins = weight.shape[:2]
    whole = weight.new_zeros(outs, ins * groups, *weight.shape[2:])
    for g in range(groups):
        rows = slice(g * outs // groups, (g + 1) * outs // groups)
        whole[rows, g * ins : (g + 1) * ins] = weight[rows]
    return whole


def _padded(x: Plane, before: int, behind: int) -> Plane:
    """Zeros around the features; fewer features if a number is negative."""
    codes = functional.pad(x.codes, (before, behind))
    return plane(torch.zeros_like(codes), codes, x.node)


@_handles("conv2d")
def _conv2d(
    func: Any,
    x: Plane,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Plane:
    result = func(x, weight, bias, stride, padding, dilation, groups)
    if isinstance(padding, str):
        place().refuse(f"padding={padding!r}", "only numbers", "give the zeros as numbers")
    in_front, around = _two(padding)
    given = {"stride": stride, "padding": in_front, "dilation": dilation, "groups": groups}
    made, numbers = _convolution(_padded(x, around, around), weight, bias, given, 1, result.shape[3])
    return laid_out(result, 2, [3, 1], made, numbers)


@_handles("conv_transpose2d")
def _conv_transpose2d(
    func: Any,
    x: Plane,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Plane:
    """A convolution whose position p gives the features from p step on, the phases, from the features around p."""
    result = func(x, weight, bias, stride, padding, output_padding, groups, dilation)
    (step_time, step), (crop_time, crop) = _two(stride), _two(padding)
    taps, zeros = weight.shape[2], padding_of(x, 2)
    if step_time != 1 or crop_time != zeros:
        place().refuse(
            f"a transposed convolution over frames with {zeros} zeros in front, and padding={(crop_time, crop)}",
            "only a causal one without a stride over frames",
            "pad as many frames in front as its padding",
        )
    turned = torch.stack([w.transpose(0, 1) for w in weight.flip(2).chunk(groups)])  # [group, out, in, taps, span]
    turned = _spread(turned.flatten(0, 1), _two(dilation)[1]).reshape(*turned.shape[:4], -1)
    # Feature o of the output is the sum of x[f] w[o + crop - f step].
    span, features = turned.shape[4], result.shape[3]
    first, last = -((span - 1 - crop) // step), (step - 1 + crop) // step  # of the features that a position reads
    phased = turned.new_zeros(groups, step, *turned.shape[1:4], last - first + 1)
    for phase in range(step):
        for at in range(first, last + 1):
            tap = phase + crop - at * step
            if 0 <= tap < span:
                phased[:, phase, ..., at - first] = turned[..., tap]
    biases = None if bias is None else bias.reshape(groups, 1, -1).expand(-1, step, -1).flatten()
    positions = -(-features // step)
    given = {"stride": (1, 1), "padding": (taps - 1) * _two(dilation)[0] - zeros, "groups": groups}
    given["dilation"] = (_two(dilation)[0], 1)
    wide = _padded(x, -first, positions + last - x.shape[3])
    made, numbers = _convolution(wide, phased.flatten(0, 2), biases, given, step, features)
    return laid_out(result, 2, [3, 1], made, numbers)


# Recurrent layers


def _recurrent(kind: type[nn.RNNBase]) -> Handler:
    def handle(
        func: Any,
        x: Plane,
        state: Any,
        weights: Sequence[Tensor],
        bias: bool,
        levels: int,
        dropout: float,
        training: bool,
        bidirectional: bool,
        batch_first: bool,
    ) -> tuple[Any, ...]:
        states = state if isinstance(state, (tuple, list)) else [state]
        if any(isinstance(each, Plane) or bool(each.any()) for each in states):
            place().refuse("a state to start from", "only one of zeros", "leave it out")
        if levels > 1 and bidirectional:
            place().refuse("several levels in both directions", "only one level", "use one module for each level")
        result = func(x, state, weights, bias, levels, dropout, training, bidirectional, batch_first)
        hidden = result[0].shape[2] // (2 if bidirectional else 1)
        shape = (x.shape[2], hidden, levels, bias)
        per_direction = len(weights) // (2 if bidirectional else 1)
        ways = [
            _filled(kind, shape, weights[d * per_direction : (d + 1) * per_direction])
            for d in range(2 if bidirectional else 1)
        ]
        chains = [records_of(way, x.shape[2]) for way in ways]
        return recurrent(x, result[0], 1 if batch_first else 0, time_of(x), chains), *result[1:]

    return handle


def recurrent(x: Plane, result: Tensor, along: int, time: int, chains: Sequence[Chain]) -> Plane:
    """A recurrent layer of three axes, the last one the channels, along one of the others. There is a chain for each
    direction."""
    across = 1 - along
    node = arranged(x, [across, along, 2] if time not in (0, 1) else [1 - time, 2], time)
    if time == along:
        if len(chains) > 1:
            place().refuse("both directions of time", "only forward in time", "train it with bidirectional=False")
        made = layers(node, each_feature(x.shape[across], "per_feature", chains[0]))
        return laid_out(result, time, [across, 2], made)
    made, numbers = _along_features(node, x.shape[along], chains)
    return laid_out(result, time, [along, 2], made, numbers)


def _along_features(node: Node, features: int, ways: Sequence[Chain]) -> tuple[Node, Any]:
    """Recurrent layers along features, the second of two in reverse, and their channels by [feature][channel]."""
    if len(ways) == 1:
        made = layers(node, each_feature(features, "along_features", ways[0]))
        return made, np.arange(made.channels).reshape(features, -1)
    taken = np.arange(node.channels).reshape(features, -1)
    both = np.concatenate([taken, taken[::-1]], axis=1)
    if len(ways[0]) == 1 and 2 * ways[0][0].integer("out") <= _LANES:
        # One layer, in registers that either would leave half empty.
        one = [_side_by_side(ways[0][0], ways[1][0])]
        made = layers(gathered(node, both), each_feature(features, "along_features", one))
        near, far = np.split(np.arange(made.channels).reshape(features, -1), 2, axis=1)
    else:
        pieces = [
            layers(gathered(node, order), each_feature(features, "along_features", way))
            for order, way in zip(np.split(both, 2, axis=1), ways)
        ]
        made = Node("cat", sum(piece.channels for piece in pieces), tuple(pieces))
        near, far = np.arange(made.channels).reshape(2, features, -1)
    return made, np.concatenate([near, far[::-1]], axis=1)


def _side_by_side(first: LayerRecord, second: LayerRecord) -> LayerRecord:
    """A recurrent layer that is two: its inputs and units are theirs, those of the second behind those of the first."""
    units = first.integer("out")

    def joined(name: str) -> Array:
        shape = first.tensors[name].shape
        a, b = (each.tensors[name].reshape(-1, shape[-1] // units, units) for each in (first, second))  # [.][gate][unit]
        if name.endswith("kernel"):
            a, b = np.concatenate([a, 0 * a]), np.concatenate([0 * b, b])
            shape = (2 * shape[0], *shape[1:])
        return np.concatenate([a, b], axis=2).reshape(*shape[:-1], -1)

    options = first.options | {"in": 2 * first.integer("in"), "out": 2 * units}
    return replace(first, options=options, tensors={name: joined(name) for name in first.tensors})


def _filled(kind: type[nn.RNNBase], shape: tuple[int, int, int, bool], weights: Sequence[Tensor]) -> nn.RNNBase:
    inputs, hidden, levels, bias = shape
    module = kind(inputs, hidden, levels, bias=bias).to(weights[0].dtype)  # type: ignore[arg-type]
    for parameter, weight in zip(module._flat_weights, weights):
        parameter.data = weight.detach()
    return module


HANDLERS["gru"] = _recurrent(nn.GRU)
HANDLERS["lstm"] = _recurrent(nn.LSTM)
