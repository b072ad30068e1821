"""Converts normalisations."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..format import LayerRecord
from .opened import Operation
from .operands import Value, signal_of, weights_of
from .signal import Signal


def batchnorm(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = signal_of(op, inputs[0])
    x.require_whole(op)
    x.require_channel(op, 1)
    names = ("gamma", "beta", "mean", "variance")
    tensors = {name: weights_of(op, v) for name, v in zip(names, inputs[1:])}
    return x.then(
        [
            LayerRecord(
                "batchnorm1d",
                {"size": x.channels, "epsilon": float(op.get("epsilon", 1e-5))},
                tensors,
            )
        ]
    )


def _normalised(op: Operation, value: Value) -> Signal:
    """The signal of a norm over its channels."""
    x = signal_of(op, value)
    x.require_whole(op)
    axis = op.get("axis", -1) % len(x.shape)
    x.require_channel(op, axis)
    if axis != len(x.shape) - 1 and not op.get("one_axis"):
        op.refuse(
            f"axis={op.get('axis')}", "only the channels, on the last axis", "transpose before it"
        )
    return x


def layer_norm(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = _normalised(op, inputs[0])
    tensors = {n: weights_of(op, v) for n, v in zip(("gamma", "beta"), inputs[1:]) if v is not None}
    return x.then(
        [
            LayerRecord(
                "layer_norm",
                {"size": x.channels, "epsilon": float(op.get("epsilon", 1e-5))},
                tensors,
            )
        ]
    )


def rms_norm(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = _normalised(op, inputs[0])
    tensors = {"gamma": weights_of(op, inputs[1])} if len(inputs) > 1 else {}
    options = {"size": x.channels, "epsilon": float(op.get("epsilon", 1e-5))}
    return x.then([LayerRecord("rms_norm", options, tensors)])


def group_norm(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = signal_of(op, inputs[0])
    x.require_whole(op)
    if x.frames > 1 and x.time != 0:
        op.refuse(
            "a norm over time",
            "only over the channels of each frame, as a stream has no end",
            "use LayerNorm, or a cumulative norm, and train again",
        )
    x.require_channel(op, 1)
    groups = int(op.get("num_groups", 0))
    tensors = {}
    for name, value in zip(("gamma", "beta"), inputs[1:]):
        weights = weights_of(op, value)
        tensors[name] = np.repeat(weights, x.channels // len(weights))
    options = {"size": x.channels, "groups": groups, "epsilon": float(op.get("epsilon", 1e-5))}
    return x.then([LayerRecord("group_norm", options, tensors)])


def instance_norm(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    op.refuse(
        "a norm over time",
        "only over the channels of each frame, as a stream has no end",
        "use LayerNorm or a BatchNorm with fixed statistics, and train again",
    )
