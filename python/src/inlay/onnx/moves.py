"""Converts the operations that move values, and those that add or leave out frames."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..network.graph import join, part
from .arithmetic import require_alike
from .evaluate import ints, pads_of, slices, split_sizes
from .opened import Operation
from .operands import Value, signal_of
from .signal import Signal, State


def relabelled(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    """A reshape that only adds and removes axes of size 1."""
    x = signal_of(op, inputs[0])
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


def squeezed(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = signal_of(op, inputs[0])
    axes = ints(op, "axes", inputs[1] if len(inputs) > 1 else None)
    if x.frames > 1 or axes is None:
        return relabelled(op, inputs, shape)
    gone = {a % len(x.shape) for a in axes}
    at = {axis: i for i, axis in enumerate(a for a in range(len(x.shape)) if a not in gone)}
    return replace(relabelled(op, inputs, shape), time=at.get(x.time, 0))


def unsqueezed(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = signal_of(op, inputs[0])
    new = {a % len(shape) for a in ints(op, "axes", inputs[1] if len(inputs) > 1 else None)}
    at = [i for i in range(len(shape)) if i not in new]
    return replace(x, time=at[x.time], channel=None if x.channel is None else at[x.channel])


def transposed(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = signal_of(op, inputs[0])
    perm = list(op.get("perm") or range(len(shape))[::-1])
    return replace(
        x, time=perm.index(x.time), channel=None if x.channel is None else perm.index(x.channel)
    )


def same(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = signal_of(op, inputs[0])
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


def sliced(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = signal_of(op, inputs[0])
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
                one_frame(op)
            x = replace(
                x, start=x.start + begin, shape=(*x.shape[:axis], end - begin, *x.shape[axis + 1 :])
            )
            x = replace(x, behind=x.behind if x.tail > 0 else None)
        else:
            x.require_channel(op, axis)
            x = replace(x, node=part(x.node, begin, end), channel=axis)
    return x


def one_frame(op: Operation) -> None:
    op.refuse(
        "one frame of the signal",
        "only an output for every frame, as a stream has no end",
        "export the network with an output for all frames, or say hop=1 or --hop 1 if the graph takes one"
        " window of the signal for each output frame",
    )


def gathered(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = signal_of(op, inputs[0])
    axis = op.get("axis", 0) % len(x.shape)
    if axis == x.time and x.frames > 1:
        if not x.window or inputs[1].size != 1 or int(inputs[1].ravel()[0]) not in (-1, x.frames - 1):
            one_frame(op)
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


def split(op: Operation, inputs: list[Value], shapes: list[Any]) -> list[Value]:
    x = signal_of(op, inputs[0])
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


def concatenated(op: Operation, inputs: list[Value], shape: Any) -> Signal:
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
        require_alike(op, x, other)
    return replace(x, node=join([s.node for s in signals]), channel=axis)


def padded(op: Operation, inputs: list[Value], shape: Any) -> Signal:
    x = signal_of(op, inputs[0])
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
