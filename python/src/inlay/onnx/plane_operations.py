"""The operations of ONNX on frames with an axis of frequency: functions of PyTorch on planes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..format import LayerRecord
from ..network.graph import layers
from ..network.records import plain
from ..torch import plane_layers  # noqa: F401, which registers what it handles
from ..torch.plane_recurrent import recurrent
from ..torch.planes import Plane, arranged, each_feature, in_any_order, laid_out, others_than, settled
from .averages import Average
from .convert import CONVERSIONS
from .evaluate import ints, window
from .opened import Operation
from .pointwise import SMALLEST
from .recurrent_layers import recurrent_record
from .signal import Signal

if TYPE_CHECKING:
    from .planes import Step


def _value(step: Step, name: str) -> Any:
    """A plane with an axis of time in front, or a constant."""
    return settled(step.plane(name)[None], 0) if step.is_signal(name) else step.constant(name)


def _weights(step: Step, op: Operation, name: str) -> Any:
    if step.is_signal(name):
        op.refuse(
            "weights that are computed from a signal",
            "only constant ones",
            "attention has no layer; use a recurrent or a convolutional layer",
        )
    return step.constant(name)


def _binary(function: Callable[..., Any]) -> Callable[..., Any]:
    def convert(step: Step, op: Operation, given: Mapping[int, Any] = {}) -> Any:
        values = [given[at] if at in given else _value(step, name) for at, name in enumerate(op.inputs)]
        signals = [v for v in values if isinstance(v, Plane)]
        rank = max(v.dim() for v in signals)
        whole = step.arrays[op.outputs[0]].shape
        for at, value in enumerate(values):
            if isinstance(value, Plane):
                values[at] = value.reshape(1, *[1] * (rank - value.dim()), *value.shape[1:])
        if len(signals) == 1 and signals[0].shape[1:] != whole:
            values = [v.expand(1, *whole) if isinstance(v, Plane) else v for v in values]
        made = values[0]
        for value in values[1:]:
            made = function(made, value)
        return made

    return convert


def _pointwise(step: Step, op: Operation) -> Plane:
    """A layer that takes a number of channels, in any order."""
    x = _value(step, op.inputs[0])
    axes = others_than(x, 0)
    node, order = in_any_order(x, axes, 0)
    extents = (1, node.channels)
    constants = [step.constant(name) for name in op.inputs[1:]]
    if op.kind == "PRelu":
        slope = constants[0].expand(x.shape[1:]).reshape(-1)
        constants = [slope[np.argsort(order)][None]]
    given = [None if c is None else c.numpy() for c in constants]
    signal = Signal(node, extents, 0, 1 if node.channels > 1 else None, np.arange(1))
    made = CONVERSIONS[op.kind](op, [signal, *given], extents)
    return laid_out(torch.zeros(x.shape), 0, axes, made.node, order)


def averaged(step: Step, average: Average) -> Plane:
    """y = a y(t - 1) + u as a one-pole filter of u / (1 - a). The filter starts from 0, so the first value of y is
    subtracted before it and added after it."""
    u = _value(step, average.added)
    whole = average.total.outputs[0]
    x = u.reshape(1, *step.arrays[whole].shape)
    decay, start = (torch.as_tensor(each.astype(np.float32)) for each in (average.decay, average.start))
    x = x * (1 / (1 - decay)) - start
    axes = others_than(x, 0)
    node, order = in_any_order(x, axes, 0)
    poles = average.decay.astype(np.float32).reshape(-1)[np.argsort(order)]
    record = LayerRecord("one_pole", {"size": node.channels}, {"rise": poles, "fall": poles})
    return laid_out(torch.zeros(x.shape), 0, axes, layers(node, [record]), order) + start


def _quotient(step: Step, op: Operation) -> Any:
    """A division by constants, or by a positive signal: the product with its inverse."""
    if not step.is_signal(op.inputs[1]):
        return _binary(torch.div)(step, op)
    return _binary(torch.mul)(step, op, {1: _inverse(step, op, op.inputs[1])})


def _inverse(step: Step, op: Operation, name: str) -> Plane:
    """1 / x of a positive x, by its logarithm."""
    numbers, _ = step.origins.of(name)
    makers = {step.origins.maker(int(number))[0] for number in np.unique(numbers) if number > 0}
    if (numbers <= 0).any() or any(not step.is_made_by(maker, "Sqrt", "Exp") for maker in makers):
        op.refuse(
            "a division by a signal",
            "only by constants, and by the results of Sqrt and Exp, which are positive",
            "normalise with LayerNormalization, or leave it out",
        )
    x = _value(step, name)
    axes = others_than(x, 0)
    node, order = in_any_order(x, axes, 0)
    size = node.channels
    records = [plain("amplitude_to_db", size, floor=SMALLEST), plain("scale", size, scale=-1.0)]
    made = layers(node, [*records, plain("db_to_amplitude", size)])
    return laid_out(torch.zeros(x.shape), 0, axes, made, order)


def _power(step: Step, op: Operation) -> Any:
    return torch.pow(_value(step, op.inputs[0]), float(_weights(step, op, op.inputs[1])))


def _reduced(function: Callable[..., Any]) -> Callable[..., Any]:
    def convert(step: Step, op: Operation) -> Any:
        x = _value(step, op.inputs[0])
        given = step.arrays[op.inputs[1]] if len(op.inputs) > 1 else None
        axes = ints(op, "axes", given) or range(x.dim() - 1)
        over = [axis + 1 if axis >= 0 else axis for axis in axes]
        return function(x, over, bool(op.get("keepdims", 1)))

    return convert


def _matmul(step: Step, op: Operation) -> Any:
    first, second = op.inputs
    if step.is_signal(first):
        kernel = _weights(step, op, second)
        x = _value(step, first)
    else:
        kernel = step.constant(first).transpose(-1, -2)
        x = _value(step, second).transpose(-1, -2)
    if kernel.dim() > 2 and kernel.shape[:-2].numel() > 1:
        made = _grouped(x, kernel)
    else:
        made = functional.linear(x, kernel.reshape(kernel.shape[-2:]).T)
    return made if step.is_signal(first) else made.transpose(-1, -2)


def _grouped(x: Any, kernel: Tensor) -> Any:
    """A kernel of its own for each place of the axes before the last two."""
    groups = kernel.shape[-3]
    x = x.expand(*x.shape[:-3], groups, *x.shape[-2:])
    parts = [
        functional.linear(each, kernel.reshape(-1, *kernel.shape[-2:])[g].T)
        for g, each in enumerate(x.unbind(-3))
    ]
    return torch.stack(parts, -3)


def _gemm(step: Step, op: Operation) -> Any:
    x, kernel = _value(step, op.inputs[0]), _weights(step, op, op.inputs[1])
    if op.get("transA"):
        op.refuse("transA=1", "only 0", "transpose before it")
    kernel = (kernel if op.get("transB") else kernel.T) * op.get("alpha", 1.0)
    bias = None
    if len(op.inputs) > 2 and op.inputs[2]:
        bias = (_weights(step, op, op.inputs[2]) * op.get("beta", 1.0)).reshape(-1).expand(len(kernel))
    return functional.linear(x, kernel, bias)


def _as_frames(step: Step, op: Operation) -> tuple[Any, Any, Any, list[int], list[int], list[Any]]:
    """The operands of a convolution over frames and features. A kernel of one axis gets the other one, of size 1."""
    x, weight = step.plane(op.inputs[0]), _weights(step, op, op.inputs[1])
    bias = _weights(step, op, op.inputs[2]) if len(op.inputs) > 2 else None
    if weight.dim() not in (3, 4):
        op.refuse(f"a kernel of {weight.dim() - 2} axes", "only one over frames and features", "leave axes out")
    strides, dilations, pads = window(op, x, weight.shape[2:])
    if weight.dim() == 3:
        frames = x.shape[2] == 1 or bool((x.codes[0, 0, 0] != x.codes[0, 0, -1]).any())
        frames = frames and weight.shape[2] >= x.shape[2]
        at = 3 if frames else 2
        x, weight = x.unsqueeze(at), weight.unsqueeze(at)
        strides, dilations, pads = (
            [*each, one] if frames else [one, *each]
            for each, one in ((strides, 1), (dilations, 1), (pads, (0, 0)))
        )
    return x, weight, bias, strides, dilations, pads


def _conv(step: Step, op: Operation) -> Any:
    x, weight, bias, strides, dilations, ((before, behind), around) = _as_frames(step, op)
    if before or behind:
        op.refuse(
            f"padding of {before} and {behind} frames in a graph of one frame",
            "only the frames of a state before the present one",
            "put them before it with Concat",
        )
    x = functional.pad(x, [*around, 0, 0])
    return torch.conv2d(x, weight, bias, strides, 0, dilations, op.get("group", 1))


def _conv_transpose(step: Step, op: Operation) -> Any:
    x, weight, bias, strides, dilations, ((crop, _), (left, right)) = _as_frames(step, op)
    extra = [0, *(op.get("output_padding") or [0])][-2:]
    less = min(left, right)
    groups = op.get("group", 1)
    made = torch.conv_transpose2d(x, weight, bias, strides, (crop, less), extra, groups, dilations)
    return made[..., left - less : made.shape[-1] - right + less]


def _batch_norm(step: Step, op: Operation) -> Any:
    gamma, beta, mean, variance = (_weights(step, op, name) for name in op.inputs[1:])
    x = step.plane(op.inputs[0])
    return functional.batch_norm(x, mean, variance, gamma, beta, False, 0.1, op.get("epsilon", 1e-5))


def _layer_norm(step: Step, op: Operation) -> Any:
    x = _value(step, op.inputs[0])
    axis = op.get("axis", -1)
    first = axis + 1 if axis >= 0 else axis + x.dim()
    alone = op.get("one_axis") and first != x.dim() - 1
    if alone:
        x = x.movedim(first, -1)
    extents = list(x.shape[-1:] if alone else x.shape[first:])
    given = [step.constant(name) for name in op.inputs[1:]]
    weight, bias = [*given, None, None][:2]
    made = functional.layer_norm(x, extents, weight, bias, op.get("epsilon", 1e-5))
    return made.movedim(-1, first) if alone else made


def _recurrent(step: Step, op: Operation) -> Any:
    """Over frames if it starts from its own state of the frame before, and otherwise along the features of a frame."""
    given = [*op.inputs, *[""] * 8][:8]
    x, weights = step.plane(given[0]), [step.arrays[n] if n else None for n in given[1:4]]
    carried = [_carries(step, op, name, at) for at, name in enumerate(given[5:7]) if name]
    ways, units = len(weights[0]), weights[1].shape[2]  # type: ignore[arg-type, union-attr]
    if any(carried) and not (all(carried) and ways == len(x) == 1):
        op.refuse(
            "a state beside several steps or directions of a frame",
            "only one step for each frame",
            "export one frame with the state of the one before",
        )
    if not any(carried) and (len(x) == 1 or x.shape[1] != 1):
        op.refuse(
            f"an input of shape {list(x.shape)} without a state",
            "only the features of one frame, or one step with the state of the frame before",
            "make the state an input and an output of the graph",
        )
    chains = [[recurrent_record(op, x.shape[2], *weights, way)] for way in range(ways)]
    result = torch.zeros(len(x), x.shape[1], ways * units)
    made = recurrent(x, result, 0, 0 if any(carried) else 1, chains)
    return made.reshape(*made.shape[:2], ways, units).permute(0, 2, 1, 3)


def _cell(step: Step, op: Operation) -> Any:
    """Layers that cells.py found, for each row of their input."""
    rows, records = op.get("rows", 1), op.get("records")
    if len(op.outputs) > 1:
        op.refuse("several values of a layer", "only one", "take its output alone")
    x = torch.cat([_value(step, name).reshape(1, rows, -1) for name in op.inputs], 2)
    node = layers(arranged(x, [1, 2], 0), each_feature(rows, "per_feature", records))
    return laid_out(torch.zeros(1, node.channels), 0, [1], node)


def _carries(step: Step, op: Operation, name: str, at: int) -> bool:
    """Whether a start is the layer's own state of the frame before; otherwise it is zero."""
    if not step.is_signal(name):
        if step.arrays[name].any():
            op.refuse("a start other than zeros", "only zeros", "start it with zeros")
        return False
    found, ages = step.origins.of(name)
    own = step.origins.numbers.get(op.outputs[at + 1]) if len(op.outputs) > at + 1 else None
    if own is None or not np.array_equal(found, own) or (ages != 1).any():
        op.refuse(
            "a start other than its own state of the frame before",
            "only zeros and that state",
            "make the state an input and an output of the graph",
        )
    return True


_POINTWISE = (
    "Tanh Sigmoid Relu Selu HardSwish Softsign Mish Gelu Abs Exp Sqrt LeakyRelu Elu Softplus Sin Neg Clip"
    " HardSigmoid PRelu Log"
).split()

OPERATIONS: dict[str, Callable[[Any, Operation], Any]] = {
    **{
        name: _binary(function)
        for name, function in (
            ("Add", torch.add),
            ("Sum", torch.add),
            ("Sub", torch.sub),
            ("Mul", torch.mul),
        )
    },
    **dict.fromkeys(_POINTWISE, _pointwise),
    "Div": _quotient,
    "Reciprocal": lambda step, op: _inverse(step, op, op.inputs[0]),
    "Pow": _power,
    "ReduceMean": _reduced(torch.mean),
    "ReduceSum": _reduced(torch.sum),
    "MatMul": _matmul,
    "Gemm": _gemm,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "BatchNormalization": _batch_norm,
    "Cell": _cell,
    "LayerNormalization": _layer_norm,
    **dict.fromkeys(("LSTM", "GRU", "RNN"), _recurrent),
}
