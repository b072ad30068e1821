"""Converts the operations of an ONNX graph to layers: one function for each operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import ExportError
from ..format import Array, LayerRecord
from ..network.graph import Node, add, join, layers, multiply, part
from ..network.records import affine, plain
from ..network.snake import factor, snake, steps
from .evaluate import clip_limits, ints, needed, pads_of, slices, split_sizes, window
from .opened import Graph, Operation
from .signal import Last, Signal, State

Value = Any  # an array of constants, a Signal, a State, or None where there is none


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
        _one_frame(found.op)
    if not isinstance(found, Signal):
        raise ExportError(f"the output {output!r} does not depend on the input")
    return found


def _converted(op: Operation, inputs: list[Value], shapes: list[Any]) -> list[Value]:
    first = inputs[0]
    for value in inputs:
        if isinstance(value, Last):
            _one_frame(value.op)
    if any(isinstance(v, State) for v in inputs) and op.kind not in (*_RECURRENT, "Concat"):
        state = next(v for v in inputs if isinstance(v, State))
        if op.kind not in _MOVES or not isinstance(first, State):
            state.refuse(op)
        return [State(state.name, shape) for shape in shapes]
    if op.kind in _RECURRENT:
        return _recurrent(op, inputs, shapes)
    if op.kind == "Cell":
        return _cell(op, inputs, shapes)
    if op.kind == "Split":
        return _split(op, inputs, shapes)
    if op.kind not in CONVERSIONS:
        op.refuse(
            "this operator on a signal",
            "only " + ", ".join(sorted(CONVERSIONS)),
            "replace it by these",
        )
    made = CONVERSIONS[op.kind](op, inputs, shapes[0])
    return [replace(made, shape=tuple(shapes[0]))]


def _signal(op: Operation, value: Value) -> Signal:
    if not isinstance(value, Signal):
        op.refuse(
            "a signal as weights",
            "only constant weights",
            "export with constant weights (constant folding)",
        )
    return value


def _weights(op: Operation, value: Value) -> Array:
    if not isinstance(value, np.ndarray):
        op.refuse(
            "weights that are computed from a signal",
            "only constant ones",
            "attention over time has no stream; use a recurrent or a convolutional layer",
        )
    return value.astype(np.float32)


# Layout ------------------------------------------------------------------------------------------


def _relabelled(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    """A reshape that only adds and removes axes of size 1."""
    x = _signal(op, inputs[0])
    old = [i for i, size in enumerate(x.shape) if size > 1]
    new = [i for i, size in enumerate(shape) if size > 1]
    if [x.shape[i] for i in old] != [shape[i] for i in new]:
        op.refuse(
            f"from shape {list(x.shape)} to {list(shape)}",
            "only what adds or removes axes of size 1",
            "keep time and channels on their axes",
        )
    moved = dict(zip(old, new))
    channel = None if x.channel is None else moved.get(x.channel)
    ones = [i for i in range(len(shape)) if i != channel]
    time = moved.get(x.time, x.time if x.time in ones else (ones or [0])[0])
    return replace(x, time=time, channel=channel)


def _squeezed(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = _signal(op, inputs[0])
    axes = ints(op, "axes", inputs[1] if len(inputs) > 1 else None)
    if x.frames > 1 or axes is None:
        return _relabelled(op, inputs, shape)
    gone = {a % len(x.shape) for a in axes}
    at = {axis: i for i, axis in enumerate(a for a in range(len(x.shape)) if a not in gone)}
    return replace(_relabelled(op, inputs, shape), time=at.get(x.time, 0))


def _unsqueezed(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = _signal(op, inputs[0])
    new = {a % len(shape) for a in ints(op, "axes", inputs[1] if len(inputs) > 1 else None)}
    at = [i for i in range(len(shape)) if i not in new]
    return replace(x, time=at[x.time], channel=None if x.channel is None else at[x.channel])


def _transposed(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = _signal(op, inputs[0])
    perm = list(op.get("perm") or range(len(shape))[::-1])
    return replace(
        x, time=perm.index(x.time), channel=None if x.channel is None else perm.index(x.channel)
    )


def _same(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = _signal(op, inputs[0])
    grown = [a for a, (new, old) in enumerate(zip(shape, x.shape)) if new != old]
    if x.held and len(shape) == len(x.shape) and grown == [a for a in grown[:1] if a != x.channel]:
        return replace(x, time=(grown or [x.time])[0], held=not grown)
    if tuple(shape) != x.shape:
        op.refuse(
            f"from shape {list(x.shape)} to {list(shape)}",
            "only what keeps the shape",
            "leave it out",
        )
    return x


def _sliced(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = _signal(op, inputs[0])
    for axis, cut in enumerate(
        slices(op, len(x.shape), *[*inputs[1:], None, None, None, None][:4])
    ):
        begin, end, step = cut.indices(x.shape[axis])
        if (begin, end, step) == (0, x.shape[axis], 1):
            continue
        if step != 1:
            op.refuse(f"steps of {step}", "only steps of 1", "use a Conv with a stride")
        if axis == x.time:
            if end - begin == 1 and x.frames > 1 and not (x.window and end == x.frames):
                _one_frame(op)
            x = replace(
                x, start=x.start + begin, shape=(*x.shape[:axis], end - begin, *x.shape[axis + 1 :])
            )
            x = replace(x, behind=x.behind if x.tail > 0 else None)
        else:
            x.require_channel(op, axis)
            x = replace(x, node=part(x.node, begin, end), channel=axis)
    return x


def _one_frame(op: Operation) -> None:
    op.refuse(
        "one frame of the signal",
        "only an output for every frame, as a stream has no end",
        "export the network with an output for all frames, or say hop=1 or --hop 1 if the graph takes one"
        " window of the signal for each output frame",
    )


def _gathered(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = _signal(op, inputs[0])
    axis = op.get("axis", 0) % len(x.shape)
    if axis == x.time and x.frames > 1:
        if not x.window or inputs[1].size != 1 or int(inputs[1].ravel()[0]) not in (-1, x.frames - 1):
            _one_frame(op)
        x = replace(x, start=len(x.times) - 1)
        if inputs[1].ndim:
            return x
    index, rank = inputs[1], len(x.shape)
    if index.ndim == 0:
        kept = [a for a in range(rank) if a != axis]
        if x.shape[axis] > 1 and axis != x.time:
            x.require_channel(op, axis)
            at = int(index) % x.channels
            x = replace(x, node=part(x.node, at, at + 1), channel=None)
        return replace(
            x,
            time=kept.index(x.time) if x.time in kept else 0,
            channel=None if x.channel is None else kept.index(x.channel),
        )
    x.require_channel(op, axis)
    pieces = [part(x.node, int(i) % x.channels, int(i) % x.channels + 1) for i in index.ravel()]
    return replace(x, node=join(pieces), channel=axis)


def _split(op: Operation, inputs: list[Value], shapes: list[Any]) -> list[Value]:
    x = _signal(op, inputs[0])
    axis = op.get("axis", 0) % len(x.shape)
    x.require_channel(op, axis)
    begin, found = 0, []
    for size, shape in zip(
        split_sizes(op, x.shape[axis], inputs[1] if len(inputs) > 1 else None), shapes
    ):
        found.append(
            replace(x, node=part(x.node, begin, begin + size), channel=axis, shape=tuple(shape))
        )
        begin += size
    return found


def _concatenated(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    signals = [v for v in inputs if isinstance(v, Signal)]
    if not signals:
        next(v for v in inputs if isinstance(v, State)).refuse(op)
    axis, x = op.get("axis", 0) % len(shape), signals[0]
    if len(inputs) == 1:
        return x
    if len(signals) == 1 and (
        x.time == axis
        or (x.frames == 1 and x.channel != axis and any(isinstance(v, State) for v in inputs))
    ):
        at = next(i for i, v in enumerate(inputs) if v is x)
        for other in inputs[:at] + inputs[at + 1 :]:
            if isinstance(other, np.ndarray) and other.any():
                op.refuse(
                    "frames that are not zero",
                    "only zeros, the silence before a stream",
                    "use zeros",
                )
            if isinstance(other, State) and at != len(inputs) - 1:
                other.refuse(op)
        before = sum(v.shape[axis] for v in inputs[:at])
        return _zeros(op, replace(x, time=axis), shape, before)
    for other in inputs:
        if isinstance(other, State):
            other.refuse(op)
        if not isinstance(other, Signal):
            op.refuse(
                "constants beside the channels",
                "only signals",
                "add them as a bias of the next layer",
            )
        other.require_channel(op, axis)
        _require_alike(op, x, other)
    return replace(x, node=join([s.node for s in signals]), channel=axis)


def _padded(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = _signal(op, inputs[0])
    more = [*inputs[1:], None, None, None]
    if (
        op.get("mode", "constant") != "constant"
        or float(op.get("value", 0.0) if more[1] is None else more[1]) != 0
    ):
        op.refuse(
            f"mode={op.get('mode', 'constant')!r}",
            "only zeros, the silence before a stream",
            "pad with zeros",
        )
    for axis, (before, behind) in enumerate(pads_of(op, len(x.shape), more[0], more[2])):
        if axis != x.time:
            if before or behind:
                op.refuse(f"zeros on axis {axis}", "only on the axis of time", "leave it out")
            continue
        if before < 0:
            x = replace(x, start=x.start - before)
            before = 0
        x = _zeros(op, x, shape, before)
    return x


def _zeros(op: Operation, x: Signal, shape: Any, before: int) -> Signal:
    if before:
        x.require_first_frame(op)
    tail, more = x.tail, tuple(shape)[x.time] - x.frames - before
    if x.window and more > 0:
        return replace(x.with_zeros(0, more), shape=tuple(shape), start=x.start - before)
    x = replace(x, shape=tuple(shape), start=x.start - before, front=op if before else x.front)
    return replace(x, behind=op) if x.tail > max(tail, 0) else x


# Arithmetic --------------------------------------------------------------------------------------


def _require_alike(op: Operation, a: Signal, b: Signal) -> None:
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


def _vector(op: Operation, x: Signal, constant: Array, shape: Any) -> Array:
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
    signals = [_signal(op, v) for v in inputs]
    for other in signals:
        other.require_whole(op)
        _require_alike(op, signals[0], other)
    x = max(signals, key=lambda s: (not s.held, s.channels, len(s.shape)))
    return x, [_widened(op, s, x.channels) for s in signals]


def _added(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    signals = [v for v in inputs if isinstance(v, Signal)]
    constants = [v for v in inputs if not isinstance(v, Signal)]
    x, nodes = _pair(op, signals, shape)
    x = replace(x, node=_one_layer(*nodes) or add(nodes)) if len(nodes) > 1 else x
    for constant in constants:
        x = _shifted(x, _vector(op, x, constant, shape))
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


def _subtracted(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    a, b = inputs
    if isinstance(b, Signal):
        b.require_whole(op)
        b = b.then([plain("scale", b.channels, scale=-1.0)])
        return _added(op, [a, b], shape)
    return _added(op, [a, -b], shape)


# x times the second layer of x is the first layer.
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


def _multiplied(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    a, b = inputs
    if not isinstance(a, Signal) or not isinstance(b, Signal):
        x, constant = (a, b) if isinstance(a, Signal) else (b, a)
        x.require_whole(op)
        return _scaled(x, _vector(op, x, constant, shape))
    x, nodes = _pair(op, inputs, shape)
    return replace(x, node=_self_gated(*nodes) or multiply(*nodes))


def _divided(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    if isinstance(inputs[1], Signal):
        op.refuse(
            "a division by a signal",
            "only by constants",
            "normalise with LayerNormalization, or leave it out",
        )
    if not inputs[1].all():
        op.refuse("a division by zero", "only by other numbers", "leave it out")
    return _multiplied(op, [inputs[0], 1.0 / inputs[1]], shape)


def _power(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = _signal(op, inputs[0])
    if not isinstance(inputs[1], np.ndarray) or inputs[1].size != 1 or inputs[1].item() != 2:
        op.refuse("this exponent", "only 2", "leave it out")
    return _pointwise(op, x, "square")


# Layers ------------------------------------------------------------------------------------------


def _dense(op: Operation, x: Signal, kernel: Array, bias: Array | None, axis: int) -> Signal:
    x.require_whole(op)
    x.require_channel(op, axis)
    tensors = {"kernel": np.ascontiguousarray(kernel)} | ({} if bias is None else {"bias": bias})
    made = x.then([LayerRecord("dense", {"in": x.channels, "out": kernel.shape[1]}, tensors)])
    return replace(made, channel=axis % len(x.shape) if kernel.shape[1] > 1 else None)


def _matmul(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    if isinstance(inputs[0], Signal):
        x, w = inputs[0], _weights(op, inputs[1])
        axis = -1
    else:
        x, w = _signal(op, inputs[1]), _weights(op, inputs[0]).swapaxes(-1, -2)
        axis = -2
    if w.size != w.shape[-1] * w.shape[-2] or w.ndim < 2:
        op.refuse(f"weights of shape {list(w.shape)}", "only a matrix", "use one for all frames")
    return _dense(op, x, w.reshape(w.shape[-2:]), None, axis)


def _gemm(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x, w = _signal(op, inputs[0]), _weights(op, inputs[1])
    if op.get("transA"):
        op.refuse("transA=1", "only 0", "transpose before it")
    kernel = (w.T if op.get("transB") else w) * np.float32(op.get("alpha", 1.0))
    bias = None
    if len(inputs) > 2 and inputs[2] is not None:
        bias = _weights(op, inputs[2]) * np.float32(op.get("beta", 1.0))
        bias = np.broadcast_to(bias.reshape(-1), kernel.shape[1]).copy()
    return _dense(op, x, kernel, bias, -1)


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
            "networks with an axis of frequency are not exported yet",
        )
    return at


def _geometry(op: Operation, x: Signal, kernel: Any) -> tuple[int, int, tuple[int, int, int, int]]:
    """Taps, dilation, and the window for _windowed."""
    at = _one_axis(op, x, kernel)
    strides, dilations, pads = window(op, x, kernel)
    return kernel[at], dilations[at], ((kernel[at] - 1) * dilations[at], strides[at], *pads[at])


def _conv(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x, w = _signal(op, inputs[0]), _weights(op, inputs[1])
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
        tensors["bias"] = _weights(op, inputs[2])
    made = _windowed(op, x, LayerRecord("conv1d", options, tensors), shape, geometry)
    return replace(made, channel=1 if len(w) > 1 else None)


def _pool(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = _signal(op, inputs[0])
    taps, dilation, geometry = _geometry(op, x, op.get("kernel_shape"))
    if dilation != 1 or op.get("ceil_mode") or geometry[2] or geometry[3]:
        op.refuse("dilations, ceil_mode or pads", "only plain pools", "leave them out")
    name = {"MaxPool": "max_pool1d", "AveragePool": "avg_pool1d"}[op.kind]
    record = plain(name, x.channels, kernel_size=taps, stride=geometry[1])
    return _windowed(op, x, record, shape, geometry)


def _conv_transpose(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x, w = _signal(op, inputs[0]), _weights(op, inputs[1])
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
        tensors["bias"] = _weights(op, inputs[2])
    made = x.then([LayerRecord("conv_transpose1d", options, tensors)])
    made = replace(
        made, times=np.repeat(x.times, stride), start=x.start * stride + before, shape=tuple(shape)
    )
    return replace(made, channel=1 if w.shape[1] > 1 else None)


_RECURRENT = {"LSTM": (4, [0, 2, 3, 1]), "GRU": (3, [0, 1, 2]), "RNN": (1, [0])}


def _recurrent(op: Operation, inputs: list[Value], shapes: list[Any]) -> list[Value]:
    x, w, r, b, lengths, *states = [*inputs, *[None] * 8][:8]
    x = _signal(op, x)
    if op.get("direction", "forward") != "forward":
        op.refuse(
            f"direction={op.get('direction')!r}",
            "only 'forward', as the other direction runs from the signal's end",
            "train it in one direction",
        )
    x.require_first_frame(op)
    x.require_channel(op, 2)
    x.require_time(op, 0)
    units = r.shape[2]
    record = recurrent_record(op, x.channels, *(_weights(op, v) if v is not None else None for v in (w, r, b)))
    tensors = dict(record.tensors)
    for name, state in zip(("initial_hidden", "initial_cell"), states):
        if isinstance(state, np.ndarray) and state.any():
            if op.kind != "LSTM":
                op.refuse("a start other than zeros", "only zeros", "start it with zeros")
            tensors[name] = state.reshape(-1).astype(np.float32)
        elif isinstance(state, Signal):
            op.refuse(
                "a state computed from the signal",
                "only zeros or a state of the graph",
                "start it with zeros",
            )
    if any(name in tensors for name in ("initial_hidden", "initial_cell")):
        for name in ("initial_hidden", "initial_cell"):
            tensors.setdefault(name, np.zeros(units, np.float32))
    made = x.then([replace(record, tensors=tensors)])
    wide = None if units == 1 else 3
    sequence = replace(made, shape=tuple(shapes[0]), time=0, channel=wide)
    last: Value = Last(op)
    if x.window and len(shapes) > 1:
        last = replace(
            made,
            shape=tuple(shapes[1]),
            time=0,
            channel=None if units == 1 else 2,
            start=len(x.times) - 1,
        )
    elif x.frames == 1 and len(shapes) > 1:
        last = replace(made, shape=tuple(shapes[1]), time=0, channel=None if units == 1 else 2)
    return [sequence, last, None]


def recurrent_record(op: Operation, inputs: int, w: Any, r: Any, b: Any, way: int = 0) -> LayerRecord:
    """The layer of one direction of an LSTM, a GRU or an RNN. Of all directions: w: [way, gates * units, inputs]."""
    gates, order = _RECURRENT[op.kind]
    units = r.shape[2]
    given = [v.lower() for v in op.get("activations", [])]
    plainly = {"LSTM": ["sigmoid", "tanh", "tanh"], "GRU": ["sigmoid", "tanh"], "RNN": ["tanh"]}[
        op.kind
    ]
    given = given[: len(plainly)] if given == given[: len(plainly)] * len(w) else given
    if given not in ([], plainly) and not (op.kind == "RNN" and given == ["relu"]):
        op.refuse(f"activations={given}", f"only {plainly}", "train it with these")

    def sorted_gates(value: Array) -> Array:
        return np.concatenate([np.split(value, gates)[i] for i in order]).astype(np.float32)

    kernel, recurrent = (sorted_gates(v[way]).T for v in (w, r))
    biases = np.split(b[way], 2) if b is not None else [np.zeros(gates * units, np.float32)] * 2
    biases = [sorted_gates(bias) for bias in biases]
    tensors = {
        "kernel": np.ascontiguousarray(kernel),
        "recurrent_kernel": np.ascontiguousarray(recurrent),
        "bias": biases[0] + biases[1],
    }
    options: dict[str, Any] = {"in": inputs, "out": units}
    if op.kind == "RNN":
        options["activation"] = (given or ["tanh"])[0]
    else:
        options["recurrent_activation"] = "sigmoid"
    if op.kind == "GRU":
        options["reset_after"] = bool(op.get("linear_before_reset", 0))
        if options["reset_after"]:
            tensors["bias"] = np.stack(biases)
    return LayerRecord(op.kind.lower(), options, tensors)


def _cell(op: Operation, inputs: list[Value], shapes: list[Any]) -> list[Value]:
    """Layers that cells.py found in a graph of one frame. Its outputs are neighbouring channels."""
    for x in inputs:
        _signal(op, x).require_first_frame(op)
    whole = layers(join([x.node for x in inputs]), op.get("records"))
    found, begin = [], 0
    for shape in shapes:
        size = int(np.prod(shape))
        channel = next((a for a, n in enumerate(shape) if n > 1), None)
        time = next((a for a, n in enumerate(shape) if n == 1 and a != channel), 0)
        node = part(whole, begin, begin + size)
        found.append(
            replace(inputs[0], node=node, shape=tuple(shape), time=time, channel=channel)
        )
        begin += size
    return found


def _batchnorm(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = _signal(op, inputs[0])
    x.require_whole(op)
    x.require_channel(op, 1)
    names = ("gamma", "beta", "mean", "variance")
    tensors = {name: _weights(op, v) for name, v in zip(names, inputs[1:])}
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
    x = _signal(op, value)
    x.require_whole(op)
    axis = op.get("axis", -1) % len(x.shape)
    x.require_channel(op, axis)
    if axis != len(x.shape) - 1 and not op.get("one_axis"):
        op.refuse(
            f"axis={op.get('axis')}", "only the channels, on the last axis", "transpose before it"
        )
    return x


def _layer_norm(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = _normalised(op, inputs[0])
    tensors = {n: _weights(op, v) for n, v in zip(("gamma", "beta"), inputs[1:]) if v is not None}
    return x.then(
        [
            LayerRecord(
                "layer_norm",
                {"size": x.channels, "epsilon": float(op.get("epsilon", 1e-5))},
                tensors,
            )
        ]
    )


def _rms_norm(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = _normalised(op, inputs[0])
    tensors = {"gamma": _weights(op, inputs[1])} if len(inputs) > 1 else {}
    options = {"size": x.channels, "epsilon": float(op.get("epsilon", 1e-5))}
    return x.then([LayerRecord("rms_norm", options, tensors)])


def _group_norm(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = _signal(op, inputs[0])
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
        weights = _weights(op, value)
        tensors[name] = np.repeat(weights, x.channels // len(weights))
    options = {"size": x.channels, "groups": groups, "epsilon": float(op.get("epsilon", 1e-5))}
    return x.then([LayerRecord("group_norm", options, tensors)])


def _instance_norm(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    op.refuse(
        "a norm over time",
        "only over the channels of each frame, as a stream has no end",
        "use LayerNorm or a BatchNorm with fixed statistics, and train again",
    )


def _resized(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = _signal(op, inputs[0])
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


def _prelu(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = _signal(op, inputs[0])
    x.require_whole(op)
    slope = _vector(op, x, _weights(op, inputs[1]), shape)
    return x.then([LayerRecord("prelu", {"size": x.channels}, {"alpha": slope})])


def _softmax(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = _signal(op, inputs[0])
    x.require_channel(op, op.get("axis", -1))
    return _pointwise(op, x, "softmax")


def _clip(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = _signal(op, inputs[0])
    low, high = clip_limits(op, *[*inputs[1:], None, None][:2])
    if (low, high) == (0.0, np.inf):
        return _pointwise(op, x, "relu")
    largest = float(np.finfo(np.float32).max)
    return _pointwise(op, x, "hardtanh", min=max(low, -largest), max=min(high, largest))


SMALLEST = 1e-30  # what a logarithm is taken of, at least


def _logarithm(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = _pointwise(op, _signal(op, inputs[0]), "amplitude_to_db", floor=SMALLEST)
    return x.then([plain("scale", x.channels, scale=float(np.log(10) / 20))])


def _hard_sigmoid(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    alpha, beta = op.get("alpha", 0.2), op.get("beta", 0.5)
    for known, name in ((1 / 6, "hard_sigmoid"), (0.2, "hard_sigmoid_keras2")):
        if abs(alpha - known) < 1e-6 and beta == 0.5:
            return _pointwise(op, _signal(op, inputs[0]), name)
    op.refuse(
        f"alpha={alpha:.6g}, beta={beta:.6g}",
        "only alpha=1/6 or 0.2 with beta=0.5",
        "use one of these",
    )


def _pointwise(op: Operation, x: Signal, name: str, **options: Any) -> Signal:
    x.require_whole(op)
    return x.then([plain(name, x.channels, **options)])


def _activation(name: str, **options: float) -> Callable[..., Signal]:
    """An activation; options without underscore are attributes with their defaults."""

    def made(op: Operation, inputs: list[Value], shape: Any) -> Signal:
        found = {key: float(op.get(key, default)) for key, default in options.items()}
        return _pointwise(op, _signal(op, inputs[0]), name, **found)

    return made


def _over_time(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = _signal(op, inputs[0])
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
    **dict.fromkeys(("Identity", "Dropout", "Cast", "Expand", "Tile"), _same),
    **dict.fromkeys(("Reshape", "Flatten"), _relabelled),
    "Squeeze": _squeezed,
    "Unsqueeze": _unsqueezed,
    "Transpose": _transposed,
    "Slice": _sliced,
    "Gather": _gathered,
    "Concat": _concatenated,
    "Pad": _padded,
    **dict.fromkeys(("Add", "Sum"), _added),
    "Sub": _subtracted,
    "Mul": _multiplied,
    "Div": _divided,
    "Pow": _power,
    "MatMul": _matmul,
    "Gemm": _gemm,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    **dict.fromkeys(("MaxPool", "AveragePool"), _pool),
    "BatchNormalization": _batchnorm,
    "LayerNormalization": _layer_norm,
    "RMSNormalization": _rms_norm,
    "GroupNormalization": _group_norm,
    "InstanceNormalization": _instance_norm,
    **dict.fromkeys(("Resize", "Upsample"), _resized),
    "PRelu": _prelu,
    "Softmax": _softmax,
    "Clip": _clip,
    "HardSigmoid": _hard_sigmoid,
    "Log": _logarithm,
    "LeakyRelu": _activation("leaky_relu", alpha=0.01),
    "Elu": _activation("elu", alpha=1.0),
    "Softplus": lambda op, inputs, shape: _pointwise(
        op, _signal(op, inputs[0]), "softplus", beta=1.0, threshold=20.0
    ),
    "Neg": lambda op, inputs, shape: _pointwise(op, _signal(op, inputs[0]), "scale", scale=-1.0),
    "Sin": lambda op, inputs, shape: _pointwise(op, _signal(op, inputs[0]), "sine", omega=1.0),
    **{
        name.title() if name not in ("hardswish",) else "HardSwish": _activation(name)
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
