"""Convolutions of planes over frames and features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..format import LayerRecord, Option
from ..network.graph import Node, layers
from .arrays import weights_of
from .planes import Plane, channels_of, gathered, handles, laid_out, padding_of, place, plane


# More groups than these are one kernel with zeros.
_MOST_GROUPS = 4


def _two(extent: Any) -> tuple[int, int]:
    found = extent if isinstance(extent, (tuple, list)) else (extent,)
    return int(found[0]), int(found[-1])


def _convolution(
    x: Plane, weight: Tensor, bias: Tensor | None, given: dict[str, Any], phases: int, features: int
) -> tuple[Node, Any]:
    """The layer of a convolution over frames and features, and its output channels as [feature][channel].

    `x` is (1, channels, frames, features), with its features padded. `weight` is [out, in / groups, taps, span]. Each
    position of the kernel gives `phases` neighbouring features, so an output channel is [group][phase][channel]. The
    first `features` of all positions are used.
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
        tensors = [weights_of(weight[:, 0].permute(1, 2, 0), bias)]
        record = LayerRecord("depthwise_conv2d", {"channels": outs} | options)
    else:
        count = 1 if alone else groups
        chosen = np.split(rows, count, axis=1)
        biases: Sequence[Tensor | None] = [None] * count if bias is None else bias.chunk(count)
        tensors = [weights_of(w.permute(2, 3, 1, 0), b) for w, b in zip(weight.chunk(count), biases)]
        record = LayerRecord("conv2d", {"in": ins, "out": outs // count} | options)
    within = groups // len(chosen)  # groups of a layer
    channels = np.arange(record.channels_out).reshape(-1, within, phases, outs // groups // phases)
    channels = channels.transpose(0, 2, 1, 3).reshape(-1, outs // len(chosen) // phases)[:features]
    unused = [] if within > 1 or channels.size == record.channels_out else [_first(record, channels.size)]
    made = [layers(gathered(x.node, piece), [replace(record, tensors=own), *unused]) for piece, own in zip(chosen, tensors)]
    joined = made[0] if len(made) == 1 else Node("cat", sum(each.channels for each in made), tuple(made))
    return joined, np.concatenate([channels + g * made[0].channels for g in range(len(made))], axis=1)


def _first(layer: LayerRecord, count: int) -> LayerRecord:
    """Keeps the first channels of a layer's output."""
    return LayerRecord("slice", {"in": layer.channels_out, "begin": 0, "out": count})


def _spread(weight: Tensor, by: int) -> Tensor:
    """A kernel with zeros between its features."""
    wide = weight.new_zeros(*weight.shape[:3], (weight.shape[3] - 1) * by + 1)
    wide[..., ::by] = weight
    return wide


def _padding_named(numbers: Any, span: int, stride: int) -> tuple[str, Any]:
    """The option `padding` of "conv2d": "same" if its zeros are those around `numbers`, [feature][channel]. With "same",
    the numbers are returned without these zeros."""
    known = np.flatnonzero((numbers >= 0).any(axis=1))
    rows = numbers[known[0] : known[-1] + 1] if len(known) else numbers
    positions = -(-len(rows) // stride)
    zeros = max((positions - 1) * stride + span - len(rows), 0)
    before = zeros // 2
    same = len(numbers) == len(rows) + zeros and len(known) and known[0] == before and zeros
    return ("same", rows) if same else ("valid", numbers)


def _as_neighbours(numbers: Any, weight: Tensor) -> tuple[Any, Tensor]:
    """Replaces a kernel of one feature, whose channels are neighbouring features, by a kernel of several features.

    `numbers` is [feature][channel], `weight` is [out, in, taps, 1]. Both are returned as they are if the channels are not
    neighbouring features.
    """
    features, ins = numbers.shape
    middle = features // 2
    if features < 3:
        return numbers, weight
    column = {number: at for at, number in enumerate(numbers[middle])}
    before = [column.get(number) for number in numbers[middle + 1]]  # the column of the same channel one feature earlier
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
    """The weight of the same convolution with one group: zeros between the groups."""
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


@handles("conv2d")
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


@handles("conv_transpose2d")
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
    """A convolution with `step` times as many channels: its position p gives the features p step to (p + 1) step - 1, the
    phases, from the input features around p."""
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
    first, last = -((span - 1 - crop) // step), (step - 1 + crop) // step  # features that a position reads, relative to it
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
