"""Sums and products of two signals, or of a signal and a constant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor

from ..format import Array, LayerRecord
from ..network.graph import add, layers, multiply
from .modules import array_of
from .place import Place
from ..network.records import affine, plain, scale_before
from ..network.snake import is_softsign, snake
from .signal import Signal, aligned, as_frames

Refuse = Callable[[str], NoReturn]


def arithmetic(
    operation: str, a: Any, b: Any, result: Tensor, place: Place, refuse: Refuse
) -> Signal:
    """The signal `a + b` and so on. `a` or `b` is a signal; `result` is PyTorch's result."""
    if isinstance(a, Signal) and isinstance(b, Signal):
        return _of_signals(operation, a, b, result, place, refuse)
    if operation == "mul":
        signal, constant = (a, b) if isinstance(a, Signal) else (b, a)
        repeated = _periodic_gain(signal, constant, result, place)
        if repeated is not None:
            return repeated
    if isinstance(a, Signal):
        with np.errstate(divide="ignore"):
            scale, shift = _TO_THE_RIGHT[operation](_frames_of(b, a, result, refuse))
        return _affine(a, scale, shift, result, place, refuse)
    if operation == "div":
        refuse("a signal as the divisor")
    sign = -1.0 if operation == "sub" else 1.0
    operation = "add" if operation == "sub" else operation
    scale, shift = _TO_THE_RIGHT[operation](_frames_of(a, b, result, refuse))
    return _affine(b, scale * sign, shift, result, place, refuse)


Affine = tuple[Array, Array]


def _with_zero(scale: Array) -> Affine:
    return scale, np.zeros_like(scale)


# For each operation, (scale, shift) of x op c.
_TO_THE_RIGHT: dict[str, Callable[[Array], Affine]] = {
    "add": lambda c: (np.ones_like(c), c),
    "sub": lambda c: (np.ones_like(c), -c),
    "mul": _with_zero,
    "div": lambda c: _with_zero(np.divide(1, c)),
}


def _frames_of(constant: Any, signal: Signal, result: Tensor, refuse: Refuse) -> Array:
    """A constant as one number per channel of the result."""
    if not isinstance(constant, (int, float, Tensor)) or isinstance(constant, bool):
        refuse(f"a {type(constant).__name__}")
    values = torch.as_tensor(constant, dtype=result.dtype, device=result.device)
    time, channel = _axes(signal, result, refuse)
    frames = as_frames(values.broadcast_to(result.shape), time, channel)
    if not bool(torch.isfinite(frames).all()):
        refuse("a constant that is NaN or infinite")
    if not torch.equal(frames, frames[:1].expand_as(frames)):
        refuse("a constant that changes from frame to frame")
    return array_of(frames[0])


# Frames of the longest period of a constant that is found.
_LONGEST_PERIOD = 64


def _periodic_gain(signal: Signal, gain: Any, result: Tensor, place: Place) -> Signal | None:
    """The product with a constant that repeats along the frames; None for other constants."""
    if not isinstance(gain, Tensor) or signal.held or signal.time is None:
        return None
    if result.shape != signal.tensor.shape:
        return None
    values = as_frames(gain.to(result).broadcast_to(result.shape), signal.time, signal.channel)
    frames, channels = values.shape
    for period in range(1, min(_LONGEST_PERIOD, frames // 2) + 1):
        if torch.equal(values[period:], values[:-period]):
            break
    else:
        return None
    if period == 1 or channels != signal.channels or not bool(torch.isfinite(values).all()):
        return None
    signal.require_whole(place)
    # Frame 0 of PyTorch's tensor is frame `start` of the stream.
    rows = np.roll(array_of(values[:period]), signal.start, axis=0)
    record = LayerRecord("periodic_gain", {"size": channels, "period": period}, {"gain": rows})
    return signal.then(result, [record])


def _axes(
    signal: Signal, result: Tensor, refuse: Refuse, framed: Signal | None = None
) -> tuple[int | None, int | None]:
    """The time and channel axes of a result that a signal was broadcast to.

    If another signal, `framed`, has the frames, the time axis is that of `framed`.
    """
    time = _behind(result, framed or signal, (framed or signal).time)
    channel = _behind(result, signal, signal.channel)
    wide = [axis for axis, extent in enumerate(result.shape) if extent > 1]
    if time is None and channel is not None and len(wide) == 2 and channel in wide:
        (time,) = set(wide) - {channel}  # a condition multiplied by ones for all frames
    elif time is not None and result.shape[time] != (framed or signal).frames:
        refuse("a constant that changes from frame to frame")
    wide = [axis for axis in wide if axis != time]
    if wide not in ([], [channel]) and not (len(wide) == 1 and signal.channels == 1):
        refuse("a constant of another shape than that of the channels")
    return time, wide[0] if wide else channel


def _behind(result: Tensor, signal: Signal, axis: int | None) -> int | None:
    """The axis of a result that an axis of a signal became. Broadcasting adds axes in front."""
    return None if axis is None else axis + result.dim() - signal.tensor.dim()


def _affine(
    signal: Signal,
    scale: Array,
    shift: Array,
    result: Tensor,
    place: Place,
    refuse: Refuse,
) -> Signal:
    if not (np.isfinite(scale).all() and np.isfinite(shift).all()):
        refuse("a divisor of 0")
    time, channel = _axes(signal, result, refuse)
    size, wide = signal.channels, len(scale)
    if wide > size:
        options = {"in": 1, "out": wide}
        record = LayerRecord("dense", options, {"kernel": scale[np.newaxis], "bias": shift})
    elif shift.any() or (scale != scale[0]).any():
        last = signal.node.records[-1] if signal.node.records else None
        gain = scale_before(last, str(shift.dtype)) if last and (scale == 1).all() else None
        if gain is not None:  # a gain and then an offset are one layer
            before = layers(signal.node.inputs[0], signal.node.records[:-1])
            signal, scale = replace(signal, node=before), gain
        record = affine(scale, shift)
    elif scale[0] != 1:
        record = plain("scale", size, scale=float(scale[0]))
    else:
        return replace(signal, tensor=result, time=time, channel=channel)
    after = signal.then(result, [record])
    return replace(after, time=time, channel=channel)


def _of_signals(
    operation: str, a: Signal, b: Signal, result: Tensor, place: Place, refuse: Refuse
) -> Signal:
    if operation == "div":
        if not is_softsign(a.node, b.node) or a.start != b.start:
            refuse("a signal as the divisor")
        return a.then(result, [plain("softsign", a.channels)])
    if a.time is not None and b.time is not None:
        if a.time - a.tensor.dim() != b.time - b.tensor.dim() or a.frames != b.frames:
            refuse("signals whose frames are not side by side")
    if operation == "mul" and a is b:
        return a.then(result, [plain("square", a.channels)])
    if operation == "add" and a.start == b.start:
        for x, wave in ((a, b), (b, a)):
            record = snake(x.node, wave.node, array_of(result).dtype.name)
            if record is not None:
                return x.then(result, [record])
    a, b = aligned([a, b], place)
    wider = a if a.channels >= b.channels else b
    framed = b if a.time is None else a
    time, channel = _axes(wider, result, refuse, framed)
    nodes = [_widened(signal, wider.channels) for signal in (a, b)]
    if operation == "sub":
        minus = plain("scale", wider.channels, scale=-1.0)
        nodes[1] = layers(nodes[1], [minus])
    node = multiply(*nodes) if operation == "mul" else add(nodes)
    stream = b if a.held else wider if wider.held == b.held else a
    silent = stream.silent and (operation == "mul" or a.held == b.held)
    made = replace(stream, tensor=result, node=node, time=time, channel=channel, silent=silent)
    return replace(made, late=a.late or b.late, behind=a.behind or b.behind)


def _widened(signal: Signal, channels: int) -> Any:
    """A value with its single channel copied to all channels."""
    if signal.channels == channels:
        return signal.node
    ones = np.ones((1, channels), str(signal.values().dtype))
    return layers(
        signal.node,
        [LayerRecord("dense", {"in": 1, "out": channels}, {"kernel": ones})],
    )
