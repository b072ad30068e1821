"""Converts sums, products and powers of signals and constants."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..format import Array, LayerRecord
from ..network.graph import Node, add, layers, multiply
from ..network.records import affine, plain
from ..network.snake import factor, snake, steps
from .opened import Operation
from .operands import Value, signal_of
from .signal import Signal


def require_alike(op: Operation, a: Signal, b: Signal) -> None:
    if a.start != b.start and not (a.held or b.held):
        op.refuse(
            f"joining frames {a.start} and {b.start} of the stream",
            "only the same frames",
            "crop the first frames of the longer signal, with a Slice",
        )
    if len(a.times) != len(b.times):
        op.refuse(
            "joining signals of different rates",
            "only of one",
            "change the rate before or behind the branches",
        )
    if a.held or b.held or a.frames == b.frames == 1:  # which axis is the time may be known of one of them only
        places = [len(s.shape) - s.channel for s in (a, b) if s.channel is not None]
        aligned = len(set(places)) < 2
    else:
        aligned = a.frames == b.frames and len(a.shape) - a.time == len(b.shape) - b.time
    if not aligned:
        op.refuse(
            f"joining shapes {list(a.shape)} and {list(b.shape)}",
            "only those with their axes in one order",
            "transpose one",
        )


def vector(op: Operation, x: Signal, constant: Array, shape: Any) -> Array:
    """A constant as one number for each channel."""
    if tuple(shape) != x.shape:
        if len(shape) == len(x.shape) or x.channels > 1:
            op.refuse(
                f"a constant of shape {list(constant.shape)} with a signal of {list(x.shape)}",
                "only one number for each channel",
                "give it the shape of the channels",
            )
        op.refuse(
            f"from shape {list(x.shape)} to {list(shape)}",
            "only what keeps the axes",
            "leave it out",
        )
    wide = np.broadcast_to(constant.astype(np.float32), x.shape)
    kept = [x.channel] if x.is_last else [x.time, x.channel]
    frames = wide[tuple(slice(None) if a in kept else 0 for a in range(wide.ndim))]
    if x.channel is not None and x.channel < x.time:
        frames = frames.T
    frames = frames.reshape(x.frames, x.channels)
    if constant.size > x.channels and (frames != frames[0]).any():
        op.refuse(
            "a constant that changes over time", "only one number for each channel", "leave it out"
        )
    return np.array(frames[0])


def _given(x: Signal, kinds: tuple[str, ...], name: str, tensor: Array) -> Signal | None:
    """The signal with a tensor more in the layer before, if that is of these kinds and has none yet."""
    node, records = x.node, x.node.records
    if (
        node.kind != "layers"
        or records[-1].type not in kinds
        or {name, "beta"} & set(records[-1].tensors)
    ):
        return None
    last = replace(records[-1], tensors={**records[-1].tensors, name: tensor})
    return replace(x, node=layers(node.inputs[0], [*records[:-1], last]))


def _shifted(x: Signal, shift: Array) -> Signal:
    found = _given(x, ("dense", "conv1d"), "bias", shift) or _given(
        x, ("layer_norm", "group_norm"), "beta", shift
    )
    return found or x.then([affine(np.ones_like(shift), shift)])


def _scaled(x: Signal, scale: Array) -> Signal:
    found = _given(x, ("layer_norm", "rms_norm", "group_norm"), "gamma", scale)
    if found:
        return found
    if (scale == scale[0]).all():
        return x.then([plain("scale", x.channels, scale=float(scale[0]))])
    return x.then([affine(scale, np.zeros_like(scale))])


def _widened(op: Operation, x: Signal, channels: int) -> Node:
    """A signal of one channel as several equal ones."""
    if x.channels == channels:
        return x.node
    if x.channels != 1:
        op.refuse(
            f"joining {x.channels} and {channels} channels",
            "only as many, or one",
            "give them as many",
        )
    kernel = np.ones((1, channels), np.float32)
    return layers(x.node, [LayerRecord("dense", {"in": 1, "out": channels}, {"kernel": kernel})])


def _pair(op: Operation, inputs: list[Value], shape: Any) -> tuple[Signal, list[Node]]:
    signals = [signal_of(op, v) for v in inputs]
    for other in signals:
        other.require_whole(op)
        require_alike(op, signals[0], other)
    x = max(signals, key=lambda s: (not s.held, s.channels, len(s.shape)))
    return x, [_widened(op, s, x.channels) for s in signals]


def added(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    signals = [v for v in inputs if isinstance(v, Signal)]
    constants = [v for v in inputs if not isinstance(v, Signal)]
    x, nodes = _pair(op, signals, shape)
    x = replace(x, node=_one_layer(*nodes) or add(nodes)) if len(nodes) > 1 else x
    for constant in constants:
        x = _shifted(x, vector(op, x, constant, shape))
    return x


def _one_layer(a: Node, b: Node, *more: Node) -> Node | None:
    """The layer that a sum stands for: snake, or a PReLU of two ReLU."""
    for x, wave in ((a, b), (b, a)) if not more else ():
        record = snake(x, wave, "float32")
        if record is not None:
            return layers(x, [record])
        if x.kind == "layers" and [r.type for r in x.records] == ["relu"]:
            found = steps(x.inputs[0], wave) or []
            if [r.type for r in found[:2]] == ["scale", "relu"] and found[0].options["scale"] == -1:
                slope, rest = factor(found[2:], x.channels, "float32")
                if not rest:
                    tensors = {"alpha": np.array(-slope, np.float32)}
                    return layers(x.inputs[0], [LayerRecord("prelu", {"size": x.channels}, tensors)])
    return None


def subtracted(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    a, b = inputs
    if isinstance(b, Signal):
        b.require_whole(op)
        b = b.then([plain("scale", b.channels, scale=-1.0)])
        return added(op, [a, b], shape)
    return added(op, [a, -b], shape)


# For the layers of a gate of x: the layer that x times this gate is.
_SELF_GATES = {("sigmoid",): "silu", ("hard_sigmoid",): "hardswish", ("softplus", "tanh"): "mish"}


def _self_gated(a: Node, b: Node) -> Node | None:
    for x, gate in ((a, b), (b, a)):
        for kinds, name in _SELF_GATES.items():
            node, found = gate, True
            for kind in kinds[::-1]:
                found = found and node.kind == "layers" and [r.type for r in node.records] == [kind]
                node = node.inputs[0] if found else node
            if found and node is x:
                return layers(x, [plain(name, x.channels)])
    return None


def multiplied(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    a, b = inputs
    if not isinstance(a, Signal) or not isinstance(b, Signal):
        x, constant = (a, b) if isinstance(a, Signal) else (b, a)
        x.require_whole(op)
        return _scaled(x, vector(op, x, constant, shape))
    x, nodes = _pair(op, inputs, shape)
    return replace(x, node=_self_gated(*nodes) or multiply(*nodes))


def divided(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    if isinstance(inputs[1], Signal):
        op.refuse(
            "a division by a signal",
            "only by constants",
            "normalise with LayerNormalization, or leave it out",
        )
    if not inputs[1].all():
        op.refuse("a division by zero", "only by other numbers", "leave it out")
    return multiplied(op, [inputs[0], 1.0 / inputs[1]], shape)
