"""Converts convolutions and pools along the time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..format import LayerRecord
from ..network.records import plain
from .evaluate import window
from .opened import Operation
from .operands import Value, signal_of, weights_of
from .signal import Signal


def _windowed(
    op: Operation, x: Signal, record: LayerRecord, shape: Any, geometry: tuple[int, int, int, int]
) -> Signal:
    """A convolution or a pool: (frames that it looks back, stride, zeros before, zeros behind)."""
    reach, stride, before, behind = geometry
    if x.window:
        if behind:
            x, behind = x.with_zeros(0, behind), 0
        x = replace(x, start=x.start - before)
        if -x.start > reach or (x.start < 0 and x.start % stride):
            x = x.with_zeros(-x.start, 0)
        before = 0
    if before:
        x.require_first_frame(op)
    start = x.start - before
    first = start // stride + reach // stride
    zeros = op if before else x.front or op
    if start % stride:
        op.refuse(
            f"{-start} frames in front of a stride of {stride}",
            "only a multiple of the stride",
            f"pad {reach // stride * stride} zeros on the left",
        )
    if first < 0:
        zeros.refuse(
            f"{-start} zeros in front of {op}",
            f"only the (kernel - 1) * dilation = {reach} that make it causal",
            f"use {reach}",
        )
    times = x.times
    if stride > 1:
        at = np.arange(len(times))
        times = times[(at - reach) % stride == 0]
    made = replace(x.then([record]), times=times, start=first, shape=tuple(shape), front=None)
    return replace(made, behind=(op if behind else x.behind) if made.tail > 0 else None)


def _one_axis(op: Operation, x: Signal, kernel: Any) -> int:
    """The index of the time among the axes behind the channels; all others have size 1."""
    x.require_channel(op, 1)
    if x.time < 2:
        x.require_time(op, 2 if len(kernel) == 1 else x.time)
    at = max(x.time - 2, 0)
    if any(k != 1 or x.shape[i + 2] != 1 for i, k in enumerate(kernel) if i != at):
        op.refuse(
            f"a kernel of {list(kernel)}",
            "only along the time",
            "export a network with an axis of frequency with one frame, with its past as inputs and outputs",
        )
    return at


def _geometry(op: Operation, x: Signal, kernel: Any) -> tuple[int, int, tuple[int, int, int, int]]:
    """Taps, dilation, and the window for _windowed."""
    at = _one_axis(op, x, kernel)
    strides, dilations, pads = window(op, x, kernel)
    return kernel[at], dilations[at], ((kernel[at] - 1) * dilations[at], strides[at], *pads[at])


def conv(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x, w = signal_of(op, inputs[0]), weights_of(op, inputs[1])
    taps, dilation, geometry = _geometry(op, x, w.shape[2:])
    options: dict[str, Any] = {
        "in": x.channels,
        "out": len(w),
        "kernel_size": taps,
        "dilation": dilation,
        "groups": op.get("group", 1),
    }
    if geometry[1] > 1:
        options["stride"] = geometry[1]
    tensors = {
        "kernel": np.ascontiguousarray(w.reshape(len(w), w.shape[1], taps).transpose(2, 1, 0))
    }
    if len(inputs) > 2 and inputs[2] is not None:
        tensors["bias"] = weights_of(op, inputs[2])
    made = _windowed(op, x, LayerRecord("conv1d", options, tensors), shape, geometry)
    return replace(made, channel=1 if len(w) > 1 else None)


def pool(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = signal_of(op, inputs[0])
    taps, dilation, geometry = _geometry(op, x, op.get("kernel_shape"))
    if dilation != 1 or op.get("ceil_mode") or geometry[2] or geometry[3]:
        op.refuse("dilations, ceil_mode or pads", "only plain pools", "leave them out")
    name = {"MaxPool": "max_pool1d", "AveragePool": "avg_pool1d"}[op.kind]
    record = plain(name, x.channels, kernel_size=taps, stride=geometry[1])
    return _windowed(op, x, record, shape, geometry)


def conv_transpose(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x, w = signal_of(op, inputs[0]), weights_of(op, inputs[1])
    taps, dilation, (_, stride, before, _) = _geometry(op, x, w.shape[2:])
    if dilation != 1 or any(op.get("output_padding") or [0]):
        op.refuse("dilations or output_padding", "only without", "train it without")
    groups = op.get("group", 1)
    if groups > 1:
        wide = np.zeros((groups, len(w) // groups, groups, *w.shape[1:]), np.float32)
        wide[range(groups), :, range(groups)] = w.reshape(groups, -1, *w.shape[1:])
        w = wide.reshape(len(w), groups * w.shape[1], *w.shape[2:])
    x.require_whole(op)
    if taps > stride:
        x.require_first_frame(op)
    options = {"in": x.channels, "out": w.shape[1], "kernel_size": taps, "stride": stride}
    tensors = {"kernel": np.ascontiguousarray(w.transpose(2, 0, 1))}
    if len(inputs) > 2 and inputs[2] is not None:
        tensors["bias"] = weights_of(op, inputs[2])
    made = x.then([LayerRecord("conv_transpose1d", options, tensors)])
    made = replace(
        made, times=np.repeat(x.times, stride), start=x.start * stride + before, shape=tuple(shape)
    )
    return replace(made, channel=1 if w.shape[1] > 1 else None)
