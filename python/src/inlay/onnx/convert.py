"""Converts the operations of an ONNX graph to layers: one function for each operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import ExportError
from ..format import Array, LayerRecord
from ..network.records import plain
from .arithmetic import added, divided, multiplied, subtracted
from .convolutions import conv, conv_transpose, pool
from .evaluate import ints, needed
from .moves import (
    concatenated,
    gathered,
    one_frame,
    padded,
    relabelled,
    same,
    sliced,
    split,
    squeezed,
    transposed,
    unsqueezed,
)
from .norms import batchnorm, group_norm, instance_norm, layer_norm, rms_norm
from .opened import Graph, Operation
from .operands import Value, signal_of, weights_of
from .pointwise import (
    activation,
    clip,
    hard_sigmoid,
    logarithm,
    pointwise_layer,
    powered,
    prelu,
    softmax,
)
from .recurrent_layers import RECURRENT, cell, recurrent
from .signal import Last, Signal, State


def convert(
    graph: Graph, output: str, given: Mapping[str, Value], arrays: Mapping[str, Array]
) -> Signal:
    """The signal `output` of a graph with these inputs. `arrays` has all values for an example."""
    values: dict[str, Value] = {**graph.constants, **given, "": None}
    for op in needed(graph, [output]):
        inputs = [values[name] for name in op.inputs]
        if op.kind in ("Shape", "Size") or not any(
            isinstance(v, (Signal, State, Last)) for v in inputs
        ):
            values.update((name, arrays[name]) for name in op.outputs if name)
            continue
        shapes = [arrays[name].shape if name in arrays else () for name in op.outputs]
        made = _converted(op, inputs, shapes)
        for name, shape, value in zip(op.outputs, shapes, made):
            values[name] = value
    found = values[output]
    if isinstance(found, Last):
        one_frame(found.op)
    if not isinstance(found, Signal):
        raise ExportError(f"the output {output!r} does not depend on the input")
    return found


def _converted(op: Operation, inputs: list[Value], shapes: list[Any]) -> list[Value]:
    first = inputs[0]
    for value in inputs:
        if isinstance(value, Last):
            one_frame(value.op)
    if any(isinstance(v, State) for v in inputs) and op.kind not in (*RECURRENT, "Concat"):
        state = next(v for v in inputs if isinstance(v, State))
        if op.kind not in _MOVES or not isinstance(first, State):
            state.refuse(op)
        return [State(state.name, shape) for shape in shapes]
    if op.kind in RECURRENT:
        return recurrent(op, inputs, shapes)
    if op.kind == "Cell":
        return cell(op, inputs, shapes)
    if op.kind == "Split":
        return split(op, inputs, shapes)
    if op.kind not in CONVERSIONS:
        op.refuse(
            "this operator on a signal",
            "only " + ", ".join(sorted(CONVERSIONS)),
            "replace it by these",
        )
    made = CONVERSIONS[op.kind](op, inputs, shapes[0])
    return [replace(made, shape=tuple(shapes[0]))]


def _dense(op: Operation, x: Signal, kernel: Array, bias: Array | None, axis: int) -> Signal:
    x.require_whole(op)
    x.require_channel(op, axis)
    tensors = {"kernel": np.ascontiguousarray(kernel)} | ({} if bias is None else {"bias": bias})
    made = x.then([LayerRecord("dense", {"in": x.channels, "out": kernel.shape[1]}, tensors)])
    return replace(made, channel=axis % len(x.shape) if kernel.shape[1] > 1 else None)


def _matmul(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    if isinstance(inputs[0], Signal):
        x, w = inputs[0], weights_of(op, inputs[1])
        axis = -1
    else:
        x, w = signal_of(op, inputs[1]), weights_of(op, inputs[0]).swapaxes(-1, -2)
        axis = -2
    if w.size != w.shape[-1] * w.shape[-2] or w.ndim < 2:
        op.refuse(f"weights of shape {list(w.shape)}", "only a matrix", "use one for all frames")
    return _dense(op, x, w.reshape(w.shape[-2:]), None, axis)


def _gemm(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x, w = signal_of(op, inputs[0]), weights_of(op, inputs[1])
    if op.get("transA"):
        op.refuse("transA=1", "only 0", "transpose before it")
    kernel = (w.T if op.get("transB") else w) * np.float32(op.get("alpha", 1.0))
    bias = None
    if len(inputs) > 2 and inputs[2] is not None:
        bias = weights_of(op, inputs[2]) * np.float32(op.get("beta", 1.0))
        bias = np.broadcast_to(bias.reshape(-1), kernel.shape[1]).copy()
    return _dense(op, x, kernel, bias, -1)


def _resized(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = signal_of(op, inputs[0])
    times = shape[x.time] // x.frames
    if any(a != b for i, (a, b) in enumerate(zip(shape, x.shape)) if i != x.time):
        op.refuse("a new number of channels", "only a higher rate", "leave it out")
    if shape[x.time] != times * x.frames or times < 1:
        op.refuse(
            f"from {x.frames} to {shape[x.time]} frames",
            "only a rate that is a whole number of times as high",
            "use a whole number, or a Conv with a stride for a lower rate",
        )
    if op.get("mode", "nearest") == "linear":  # late by one of its input's frames
        x.require_first_frame(op)
        made = x.then([plain("upsample_linear", x.channels, factor=times)])
        return replace(made, times=np.repeat(x.times, times), start=times)
    x.require_whole(op)
    made = x.then([plain("upsample_nearest", x.channels, factor=times)])
    return replace(made, times=np.repeat(x.times, times), start=x.start * times)


def _over_time(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = signal_of(op, inputs[0])
    axes = ints(op, "axes", inputs[1] if len(inputs) > 1 else None)
    if axes is None or x.time in [a % len(x.shape) for a in axes]:
        op.refuse(
            "a reduction over time",
            "only what a frame and its past give, as a stream has no end",
            "use a causal pool or a recurrent layer",
        )
    op.refuse(
        "a reduction over the channels",
        "only inside of a layer norm",
        "use a MatMul with a row of equal weights",
    )


CONVERSIONS: dict[str, Callable[[Operation, list[Value], Any], Signal]] = {
    **dict.fromkeys(("Identity", "Dropout", "Cast", "Expand", "Tile"), same),
    **dict.fromkeys(("Reshape", "Flatten"), relabelled),
    "Squeeze": squeezed,
    "Unsqueeze": unsqueezed,
    "Transpose": transposed,
    "Slice": sliced,
    "Gather": gathered,
    "Concat": concatenated,
    "Pad": padded,
    **dict.fromkeys(("Add", "Sum"), added),
    "Sub": subtracted,
    "Mul": multiplied,
    "Div": divided,
    "Pow": powered,
    "MatMul": _matmul,
    "Gemm": _gemm,
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    **dict.fromkeys(("MaxPool", "AveragePool"), pool),
    "BatchNormalization": batchnorm,
    "LayerNormalization": layer_norm,
    "RMSNormalization": rms_norm,
    "GroupNormalization": group_norm,
    "InstanceNormalization": instance_norm,
    **dict.fromkeys(("Resize", "Upsample"), _resized),
    "PRelu": prelu,
    "Softmax": softmax,
    "Clip": clip,
    "HardSigmoid": hard_sigmoid,
    "Log": logarithm,
    "LeakyRelu": activation("leaky_relu", alpha=0.01),
    "Elu": activation("elu", alpha=1.0),
    "Softplus": lambda op, inputs, shape: pointwise_layer(
        op, signal_of(op, inputs[0]), "softplus", beta=1.0, threshold=20.0
    ),
    "Neg": lambda op, inputs, shape: pointwise_layer(op, signal_of(op, inputs[0]), "scale", scale=-1.0),
    "Sin": lambda op, inputs, shape: pointwise_layer(op, signal_of(op, inputs[0]), "sine", omega=1.0),
    **{
        name.title() if name not in ("hardswish",) else "HardSwish": activation(name)
        for name in (
            "tanh",
            "sigmoid",
            "relu",
            "selu",
            "hardswish",
            "softsign",
            "mish",
            "gelu",
            "abs",
            "exp",
            "sqrt",
        )
    },
    **dict.fromkeys(("ReduceMean", "ReduceSum", "ReduceMax"), _over_time),
}


_MOVES = (
    "Identity",
    "Reshape",
    "Squeeze",
    "Unsqueeze",
    "Transpose",
    "Slice",
    "Gather",
    "Split",
    "Cast",
    "Flatten",
)
