"""Converts activations and other functions of each value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..format import LayerRecord
from ..network.records import plain
from .arithmetic import vector
from .evaluate import clip_limits
from .opened import Operation
from .operands import Value, signal_of, weights_of
from .signal import Signal


def prelu(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = signal_of(op, inputs[0])
    x.require_whole(op)
    slope = vector(op, x, weights_of(op, inputs[1]), shape)
    return x.then([LayerRecord("prelu", {"size": x.channels}, {"alpha": slope})])


def softmax(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = signal_of(op, inputs[0])
    x.require_channel(op, op.get("axis", -1))
    return pointwise_layer(op, x, "softmax")


def clip(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = signal_of(op, inputs[0])
    low, high = clip_limits(op, *[*inputs[1:], None, None][:2])
    if (low, high) == (0.0, np.inf):
        return pointwise_layer(op, x, "relu")
    largest = float(np.finfo(np.float32).max)
    return pointwise_layer(op, x, "hardtanh", min=max(low, -largest), max=min(high, largest))


SMALLEST = 1e-30  # what a logarithm is taken of, at least


def logarithm(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = pointwise_layer(op, signal_of(op, inputs[0]), "amplitude_to_db", floor=SMALLEST)
    return x.then([plain("scale", x.channels, scale=float(np.log(10) / 20))])


def hard_sigmoid(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    alpha, beta = op.get("alpha", 0.2), op.get("beta", 0.5)
    for known, name in ((1 / 6, "hard_sigmoid"), (0.2, "hard_sigmoid_keras2")):
        if abs(alpha - known) < 1e-6 and beta == 0.5:
            return pointwise_layer(op, signal_of(op, inputs[0]), name)
    op.refuse(
        f"alpha={alpha:.6g}, beta={beta:.6g}",
        "only alpha=1/6 or 0.2 with beta=0.5",
        "use one of these",
    )


def pointwise_layer(op: Operation, x: Signal, name: str, **options: Any) -> Signal:
    x.require_whole(op)
    return x.then([plain(name, x.channels, **options)])


def activation(name: str, **options: float) -> Callable[..., Signal]:
    """An activation; options without underscore are attributes with their defaults."""

    def made(op: Operation, inputs: list[Value], shape: Any) -> Signal:
        found = {key: float(op.get(key, default)) for key, default in options.items()}
        return pointwise_layer(op, signal_of(op, inputs[0]), name, **found)

    return made


def powered(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = signal_of(op, inputs[0])
    if not isinstance(inputs[1], np.ndarray) or inputs[1].size != 1 or inputs[1].item() != 2:
        op.refuse("this exponent", "only 2", "leave it out")
    return pointwise_layer(op, x, "square")
