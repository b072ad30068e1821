"""Evaluates ONNX operations in NumPy and float64: one function for each operator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from math import erf
from typing import Any

import numpy as np

from ..errors import ExportError
from .opened import LARGEST_TENSOR, Graph, Operation, as_float64

Array = np.ndarray[Any, Any]
_Erf = np.vectorize(erf, otypes=[float])


def run(graph: Graph, given: Mapping[str, Array], wanted: Iterable[str] = ()) -> dict[str, Array]:
    """All values of the graph for these inputs."""
    values: dict[str, Array] = {**graph.constants, **given}
    with np.errstate(all="ignore"):
        for op in needed(graph, wanted):
            try:
                found = OPERATORS[op.kind](op, *(values[n] if n else None for n in op.inputs))
            except (
                ValueError,
                IndexError,
                TypeError,
                KeyError,
                AttributeError,
                ZeroDivisionError,
                OverflowError,
            ) as error:
                shapes = [list(values[n].shape) for n in op.inputs if n in values]
                raise ExportError(
                    f"{op}: cannot be evaluated for inputs of shapes {shapes}: {error}"
                ) from error
            for name, value in zip(op.outputs, found if isinstance(found, tuple) else (found,)):
                values[name] = np.asarray(value)
    return values


def needed(graph: Graph, wanted: Iterable[str] = ()) -> list[Operation]:
    """The operations that these values depend on; by default, the outputs."""
    names = set(wanted) or set(graph.outputs)
    found = []
    for op in reversed(graph.operations):
        if names & set(op.outputs):
            if op.kind not in OPERATORS and op.kind != "Cell":
                op.refuse(
                    "this operator",
                    "only " + ", ".join(sorted(OPERATORS)),
                    "replace it by these, or leave it to the code around the model",
                )
            found.append(op)
            names |= set(op.inputs)
    return found[::-1]


def folded(graph: Graph, inputs: Iterable[str], values: Mapping[str, Array]) -> Graph:
    """The graph with the values that do not depend on its inputs, but for their shapes, as constants."""
    depending, operations = set(inputs), []
    for op in graph.operations:
        if op.kind not in ("Shape", "Size") and depending & set(op.inputs):
            operations.append(op)
            depending |= set(op.outputs) - {""}
    rest = {name: value for name, value in values.items() if name not in depending}
    return replace(graph, operations=operations, constants={**graph.constants, **rest})


def _limited(shape: Iterable[Any]) -> tuple[int, ...]:
    sizes = tuple(int(size) for size in shape)
    if any(size < 0 for size in sizes) or np.prod([float(size) for size in sizes]) > LARGEST_TENSOR:
        raise ValueError(f"the shape {list(sizes)} is too large")
    return sizes


def ints(op: Operation, name: str, given: Array | None, default: Any = None) -> Any:
    """Integers that were an attribute in older versions of ONNX and are an input in newer ones."""
    value = op.get(name, default) if given is None else given
    return None if value is None else [int(v) for v in np.ravel(value)]


def _constant(op: Operation) -> Array:
    for name in ("value", "value_float", "value_int", "value_floats", "value_ints"):
        if name in op.attributes:
            return as_float64(np.asarray(op.attributes[name]))
    raise ValueError("it has no value")


def new_shape(op: Operation, x: Array, shape: Array) -> Array:
    sizes = [
        x.shape[i] if s == 0 and not op.get("allowzero") else int(s)
        for i, s in enumerate(np.ravel(shape))
    ]
    return x.reshape(sizes)


def slices(op: Operation, rank: int, starts: Any, ends: Any, axes: Any, steps: Any) -> list[slice]:
    starts, ends = ints(op, "starts", starts), ints(op, "ends", ends)
    axes = ints(op, "axes", axes) or list(range(len(starts)))
    steps = ints(op, "steps", steps) or [1] * len(starts)
    found = [slice(None)] * rank
    for start, end, axis, step in zip(starts, ends, axes, steps):
        stop = None if step < 0 and end < -(1 << 30) else end
        found[axis] = slice(start, stop, step)
    return found


def _slice(
    op: Operation,
    x: Array,
    starts: Any = None,
    ends: Any = None,
    axes: Any = None,
    steps: Any = None,
) -> Array:
    return x[tuple(slices(op, x.ndim, starts, ends, axes, steps))]


def _scatter(op: Operation, x: Array, at: Array, new: Array) -> Array:
    if op.get("reduction", "none") != "none":
        raise ValueError(f"reduction={op.get('reduction')!r} is not supported")
    y = x.copy()
    y[tuple(np.moveaxis(at.astype(int), -1, 0))] = new
    return y


def pads_of(op: Operation, rank: int, pads: Any, axes: Any = None) -> list[tuple[int, int]]:
    found = ints(op, "pads", pads, op.get("paddings"))
    of = [a % rank for a in ints(op, "", axes)] if axes is not None else list(range(rank))
    widths = [(0, 0)] * rank
    for i, axis in enumerate(of):
        widths[axis] = (found[i], found[i + len(of)])
    return widths


def _pad(op: Operation, x: Array, pads: Any = None, value: Any = None, axes: Any = None) -> Array:
    widths = pads_of(op, x.ndim, pads, axes)
    _limited(size + max(0, a) + max(0, b) for size, (a, b) in zip(x.shape, widths))
    crop = tuple(slice(max(0, -a), size - max(0, -b)) for size, (a, b) in zip(x.shape, widths))
    widths = [(max(0, a), max(0, b)) for a, b in widths]
    mode = op.get("mode", "constant")
    if mode == "constant":
        filler = op.get("value", 0.0) if value is None else value.item()
        return np.pad(x[crop], widths, constant_values=filler)
    return np.pad(x[crop], widths, mode=mode)


def split_sizes(op: Operation, size: int, split: Any) -> list[int]:
    given = ints(op, "split", split)
    if given is not None:
        return given
    each = -(-size // len(op.outputs))
    return [min(each, size - i * each) for i in range(len(op.outputs))]


def _split(op: Operation, x: Array, split: Any = None) -> tuple[Array, ...]:
    axis = op.get("axis", 0)
    sizes = split_sizes(op, x.shape[axis], split)
    return tuple(np.split(x, np.cumsum(sizes)[:-1], axis))


def _squeeze(op: Operation, x: Array, axes: Any = None) -> Array:
    found = ints(op, "axes", axes)
    return np.squeeze(x, None if found is None else tuple(found))


def window(
    op: Operation, x: Any, kernel: Any
) -> tuple[list[int], list[int], list[tuple[int, int]]]:
    """Strides, dilations and pads of a convolution or a pool, for each axis behind the channels."""
    axes = len(kernel)
    strides = op.get("strides") or [1] * axes
    dilations = op.get("dilations") or [1] * axes
    pads = op.get("pads") or [0] * (2 * axes)
    kind = op.get("auto_pad", "NOTSET")
    if kind in ("SAME_UPPER", "SAME_LOWER"):
        both = []
        for size, k, s, d in zip(x.shape[2:], kernel, strides, dilations):
            total = max(0, (-(-size // s) - 1) * s + (k - 1) * d + 1 - size)
            less, more = total // 2, total - total // 2
            both.append((less, more) if kind == "SAME_UPPER" else (more, less))
        return strides, dilations, both
    return strides, dilations, list(zip(pads[:axes], pads[axes:]))


def _windows(op: Operation, x: Array, kernel: Any, filler: float) -> Any:
    """For each tap, its index and the padded signal seen by it."""
    strides, dilations, pads = window(op, x, kernel)
    x = np.pad(x, [(0, 0), (0, 0), *pads], constant_values=filler)
    sizes = [
        (n - (k - 1) * d - 1) // s + 1
        for n, k, s, d in zip(x.shape[2:], kernel, strides, dilations)
    ]
    if min(sizes) < 1:
        raise ValueError("too short for the kernel")
    for tap in np.ndindex(*kernel):
        at = (
            slice(t * d, t * d + (n - 1) * s + 1, s)
            for t, d, n, s in zip(tap, dilations, sizes, strides)
        )
        yield tap, x[(slice(None), slice(None), *at)]


def _conv(op: Operation, x: Array, w: Array, b: Any = None) -> Array:
    groups, y = op.get("group", 1), 0.0
    wide, n = w.shape[1], len(w) // groups
    for tap, seen in _windows(op, x, w.shape[2:], 0.0):
        parts = [
            np.einsum(
                "oc,nc...->no...",
                w[(slice(g * n, g * n + n), slice(None), *tap)],
                seen[:, g * wide : (g + 1) * wide],
            )
            for g in range(groups)
        ]
        y = y + np.concatenate(parts, 1)
    return y if b is None else y + b.reshape(-1, *[1] * (x.ndim - 2))


def _conv_transpose(op: Operation, x: Array, w: Array, b: Any = None) -> Array:
    axes, groups = x.ndim - 2, op.get("group", 1)
    if groups > 1:
        pairs = zip(np.split(x, groups, 1), np.split(w, groups))
        each = replace(op, attributes={**op.attributes, "group": 1})
        y = np.concatenate([_conv_transpose(each, a, kernel) for a, kernel in pairs], 1)
        return y if b is None else y + b.reshape(-1, *[1] * axes)
    strides, dilations, _ = window(op, x, w.shape[2:])
    pads, extra = op.get("pads") or [0] * (2 * axes), op.get("output_padding") or [0] * axes
    spans = [
        (n - 1) * s + (k - 1) * d + 1 for n, k, s, d in zip(x.shape[2:], w.shape[2:], strides, dilations)
    ]
    y = np.zeros((x.shape[0], w.shape[1], *_limited(n + e for n, e in zip(spans, extra))))
    for tap in np.ndindex(*w.shape[2:]):
        at = tuple(
            slice(t * d, t * d + (n - 1) * s + 1, s)
            for t, d, n, s in zip(tap, dilations, x.shape[2:], strides)
        )
        y[(slice(None), slice(None), *at)] += np.einsum("co,nc...->no...", w[(..., *tap)], x)
    cropped = (slice(first, n - last) for first, last, n in zip(pads[:axes], pads[axes:], y.shape[2:]))
    y = y[(slice(None), slice(None), *cropped)]
    return y if b is None else y + b.reshape(-1, *[1] * axes)


def _max_pool(op: Operation, x: Array) -> Array:
    return np.max([seen for _, seen in _windows(op, x, op.get("kernel_shape"), -np.inf)], axis=0)


def _average_pool(op: Operation, x: Array) -> Array:
    return np.mean([seen for _, seen in _windows(op, x, op.get("kernel_shape"), 0.0)], axis=0)


def sigmoid(x: Array) -> Array:
    return 0.5 + 0.5 * np.tanh(0.5 * x)


def _recurrent(
    op: Operation,
    x: Array,
    w: Array,
    r: Array,
    b: Any = None,
    lengths: Any = None,
    h: Any = None,
    c: Any = None,
    p: Any = None,
) -> tuple[Array, ...]:
    if (
        p is not None
        or lengths is not None
        or op.get("layout")
        or op.get("clip")
        or op.get("input_forget")
    ):
        op.refuse(
            "layout=1, lengths, peepholes, clip or input_forget",
            "only without",
            "export it without",
        )
    found = []
    for way in range(len(w)):
        turned = way == 1 or op.get("direction") == "reverse"
        start = [None if state is None else state[way] for state in (h, c)]
        y, *last = _one_way(op, x[::-1] if turned else x, w[way], r[way], None if b is None else b[way], *start)
        found.append((y[::-1] if turned else y, *last))
    y, h, c = (np.stack(each) for each in zip(*found))
    return (y.swapaxes(0, 1), h, c)[: 3 if op.kind == "LSTM" else 2]


def _one_way(op: Operation, x: Array, w: Array, r: Array, b: Any, h: Any, c: Any) -> tuple[Array, ...]:
    """All steps of a direction, its last hidden state, and its last cell state."""
    units, batch = r.shape[1], x.shape[1]
    wb, rb = np.split(b, 2) if b is not None else np.zeros((2, len(w)))
    h = np.zeros((batch, units)) if h is None else h
    c = np.zeros((batch, units)) if c is None else c
    found = []
    for frame in x @ w.T + wb:
        if op.kind == "LSTM":
            i, o, f, g = np.split(frame + h @ r.T + rb, 4, -1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        elif op.kind == "GRU":
            z, reset = np.split(
                sigmoid(frame[:, : 2 * units] + h @ r[: 2 * units].T + rb[: 2 * units]), 2, -1
            )
            if op.get("linear_before_reset"):
                n = reset * (h @ r[2 * units :].T + rb[2 * units :])
            else:
                n = (reset * h) @ r[2 * units :].T + rb[2 * units :]
            h = z * h + (1 - z) * np.tanh(frame[:, 2 * units :] + n)
        else:
            made = frame + h @ r.T + rb
            h = (
                np.maximum(made, 0)
                if (op.get("activations") or ["Tanh"])[0].lower() == "relu"
                else np.tanh(made)
            )
        found.append(h)
    return np.stack(found), h, c


def _batchnorm(op: Operation, x: Array, *stats: Array) -> Array:
    gamma, beta, mean, variance = (s.reshape(-1, *[1] * (x.ndim - 2)) for s in stats)
    return (x - mean) / np.sqrt(variance + op.get("epsilon", 1e-5)) * gamma + beta


def _layer_norm(op: Operation, x: Array, gamma: Any = None, beta: Any = None) -> Array:
    axes = tuple(range(op.get("axis", -1) % x.ndim, x.ndim))
    y = x - x.mean(axes, keepdims=True)
    y = y / np.sqrt((y * y).mean(axes, keepdims=True) + op.get("epsilon", 1e-5))
    y = y if gamma is None else y * gamma
    return y if beta is None else y + beta


def _rms_norm(op: Operation, x: Array, gamma: Any = None) -> Array:
    axes = tuple(range(op.get("axis", -1) % x.ndim, x.ndim))
    y = x / np.sqrt((x * x).mean(axes, keepdims=True) + op.get("epsilon", 1e-5))
    return y if gamma is None else y * gamma


def _instance_norm(op: Operation, x: Array, gamma: Array, beta: Array) -> Array:
    axes = tuple(range(2, x.ndim))
    y = x - x.mean(axes, keepdims=True)
    y = y / np.sqrt((y * y).mean(axes, keepdims=True) + op.get("epsilon", 1e-5))
    gamma, beta = (tensor.reshape(-1, *[1] * (x.ndim - 2)) for tensor in (gamma, beta))
    return y * gamma + beta


def _group_norm(op: Operation, x: Array, gamma: Array, beta: Array) -> Array:
    groups = op.get("num_groups")
    ones = np.ones(groups)
    y = _instance_norm(op, x.reshape(len(x), groups, -1), ones, 0 * ones).reshape(x.shape)
    more = x.shape[1] // len(gamma)  # one for each group, in older versions
    gamma, beta = (
        np.repeat(tensor, more).reshape(-1, *[1] * (x.ndim - 2)) for tensor in (gamma, beta)
    )
    return y * gamma + beta


def _resize(
    op: Operation, x: Array, roi: Any = None, scales: Any = None, sizes: Any = None
) -> Array:
    older = scales is None and sizes is None  # the first two versions have no other inputs
    scales = roi if older else scales
    new = sizes if sizes is not None and sizes.size else np.floor(np.array(x.shape) * scales)
    for axis, (size, frames) in enumerate(zip(_limited(new), x.shape)):
        if size == frames:
            continue
        mode, default = op.get("mode", "nearest"), "asymmetric" if older else "half_pixel"
        how = op.get("coordinate_transformation_mode", default)
        at = np.arange(size)
        if how == "asymmetric":
            at = at * (frames / size)
        elif "half_pixel" in how:
            at = (at + 0.5) * (frames / size) - 0.5
        else:
            raise ValueError(f"coordinate_transformation_mode={how!r} is not supported")
        if mode == "nearest":
            rounds = {"floor": np.floor, "ceil": np.ceil}
            rounds["round_prefer_ceil"] = lambda v: np.floor(v + 0.5)
            default = "floor" if older else ""
            near = rounds.get(op.get("nearest_mode", default), lambda v: np.ceil(v - 0.5))(at)
            x = np.take(x, np.clip(near, 0, frames - 1).astype(int), axis)
        elif mode == "linear":
            at = np.clip(at, 0, frames - 1)
            low = np.minimum(at.astype(int), max(frames - 2, 0))
            share = (at - low).reshape(-1, *[1] * (x.ndim - 1 - axis))
            high = np.minimum(low + 1, frames - 1)
            x = np.take(x, low, axis) * (1 - share) + np.take(x, high, axis) * share
        else:
            raise ValueError(f"mode={mode!r} is not supported")
    return x


def _reduce(function: Any) -> Any:
    def reduce(op: Operation, x: Array, axes: Any = None) -> Array:
        found = ints(op, "axes", axes)
        return function(
            x, axis=None if found is None else tuple(found), keepdims=bool(op.get("keepdims", 1))
        )

    return reduce


def _softmax(op: Operation, x: Array) -> Array:
    y = np.exp(x - x.max(op.get("axis", -1), keepdims=True))
    return y / y.sum(op.get("axis", -1), keepdims=True)


def clip_limits(op: Operation, low: Any, high: Any) -> tuple[float, float]:
    return (
        float(op.get("min", -np.inf) if low is None else low),
        float(op.get("max", np.inf) if high is None else high),
    )


def _gemm(op: Operation, a: Array, b: Array, c: Any = 0.0) -> Array:
    a, b = (a.T if op.get("transA") else a), (b.T if op.get("transB") else b)
    return op.get("alpha", 1.0) * (a @ b) + op.get("beta", 1.0) * (0.0 if c is None else c)


def _divide(op: Operation, a: Array, b: Array) -> Array:
    return a // b if a.dtype.kind == "i" and b.dtype.kind == "i" else a / b


def _cast(op: Operation, x: Array) -> Array:
    kinds = {1: np.float64, 10: np.float64, 11: np.float64, 6: np.int32, 7: np.int64, 9: np.bool_}
    return x.astype(kinds[op.get("to")])


def selu(op: Operation, x: Array) -> Array:
    alpha, gamma = op.get("alpha", 1.67326319217681884765625), op.get(
        "gamma", 1.05070102214813232421875
    )
    return gamma * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _unary(function: Callable[[Array], Any]) -> Callable[..., Any]:
    return lambda op, x, *rest: function(x)


OPERATORS: dict[str, Callable[..., Any]] = {
    "Constant": _constant,
    **dict.fromkeys(("LSTM", "GRU", "RNN"), _recurrent),
    **dict.fromkeys(("Identity", "Dropout"), _unary(lambda x: x)),
    "Shape": lambda op, x: np.array(x.shape[op.get("start", 0) : op.get("end")], np.int64),
    "Size": lambda op, x: np.array(x.size),
    "ConstantOfShape": lambda op, s: np.full(
        _limited(s), np.ravel(as_float64(np.asarray(op.get("value", 0.0))))[0]
    ),
    "Cast": _cast,
    "Reshape": new_shape,
    "Flatten": lambda op, x: x.reshape(int(np.prod(x.shape[: op.get("axis", 1)])), -1),
    "Transpose": lambda op, x: np.transpose(x, op.get("perm")),
    "Squeeze": _squeeze,
    "Unsqueeze": lambda op, x, a=None: np.expand_dims(x, tuple(ints(op, "axes", a))),
    "Expand": lambda op, x, s: x * np.ones(_limited(s), x.dtype),
    "Tile": lambda op, x, r: np.tile(x, _limited(r)),
    "Concat": lambda op, *x: np.concatenate(x, op.get("axis")),
    "Gather": lambda op, x, i: np.take(x, i.astype(int), op.get("axis", 0)),
    "Slice": _slice,
    "ScatterND": _scatter,
    "Split": _split,
    "Pad": _pad,
    "Range": lambda op, a, b, c: np.arange(a, min(b, a + LARGEST_TENSOR), c),
    "Equal": lambda op, a, b: a == b,
    "Where": lambda op, c, a, b: np.where(c, a, b),
    "Add": lambda op, a, b: a + b,
    "Sub": lambda op, a, b: a - b,
    "Mul": lambda op, a, b: a * b,
    "Div": _divide,
    "Sum": lambda op, *x: sum(x[1:], x[0]),
    "Pow": lambda op, a, b: a**b,
    "MatMul": lambda op, a, b: a @ b,
    "Gemm": _gemm,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "MaxPool": _max_pool,
    "AveragePool": _average_pool,
    "BatchNormalization": _batchnorm,
    "LayerNormalization": _layer_norm,
    "RMSNormalization": _rms_norm,
    "InstanceNormalization": _instance_norm,
    "GroupNormalization": _group_norm,
    **dict.fromkeys(("Resize", "Upsample"), _resize),
    "ReduceMean": _reduce(np.mean),
    "ReduceSum": _reduce(np.sum),
    "ReduceMax": _reduce(np.max),
    "Softmax": _softmax,
    "Clip": lambda op, x, low=None, high=None: np.clip(x, *clip_limits(op, low, high)),
    "Tanh": _unary(np.tanh),
    "Sigmoid": _unary(sigmoid),
    "Relu": _unary(lambda x: np.maximum(x, 0)),
    "LeakyRelu": lambda op, x: np.where(x > 0, x, op.get("alpha", 0.01) * x),
    "PRelu": lambda op, x, a: np.where(x > 0, x, a * x),
    "Elu": lambda op, x: np.where(x > 0, x, op.get("alpha", 1.0) * np.expm1(np.minimum(x, 0))),
    "Selu": selu,
    "HardSigmoid": lambda op, x: np.clip(op.get("alpha", 0.2) * x + op.get("beta", 0.5), 0, 1),
    "HardSwish": _unary(lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
    "Softplus": _unary(lambda x: np.logaddexp(0, x)),
    "Softsign": _unary(lambda x: x / (1 + abs(x))),
    "Mish": _unary(lambda x: x * np.tanh(np.logaddexp(0, x))),
    "Erf": _unary(_Erf),
    "Gelu": _unary(lambda x: 0.5 * x * (1 + _Erf(x / 2**0.5))),
    **{
        k: _unary(f)
        for k, f in (
            ("Abs", np.abs),
            ("Exp", np.exp),
            ("Sqrt", np.sqrt),
            ("Neg", np.negative),
            ("Sin", np.sin),
            ("Cos", np.cos),
            ("Log", np.log),
            ("Reciprocal", np.reciprocal),
            ("Floor", np.floor),
            ("Ceil", np.ceil),
        )
    },
}
