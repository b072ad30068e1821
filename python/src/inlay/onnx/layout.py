"""Finds which axis of an input is the time and which one the channels, by what the input goes into."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import ExportError
from ..format import Array
from .evaluate import ints
from .opened import Graph


@dataclass(frozen=True)
class Layout:
    """The axes of an input. `frames` is None where the number of frames is dynamic."""

    shape: tuple[int | None, ...]
    time: int
    channel: int | None
    channels: int
    frames: int | None
    batch: int | None = None  # a fixed number of windows
    held: bool = False  # one value for all frames of a call
    frequency: bool = False  # all axes of an input are one frame

    def filled(self, samples: Array) -> Array:
        """Samples [frames, channels], or windows of them, as an input of the graph."""
        if self.frequency:
            return samples.reshape([size or 1 for size in self.shape])
        samples = samples[:1] if self.held else samples
        windows = samples if samples.ndim == 3 else samples[np.newaxis]
        if samples.ndim == 2 and self.batch:
            windows = np.repeat(windows, self.batch, 0)
        if self.channel is not None and self.channel < self.time:
            windows = windows.swapaxes(1, 2)
        shape = [1] * len(self.shape)
        shape[self.time] = samples.shape[-2]
        if self.channel is not None:
            shape[self.channel] = self.channels
        if len(windows) > 1:
            shape[0] = len(windows)
        return windows.reshape(shape)


def layout_of(graph: Graph, name: str, given: str | None, *, windows: bool = False) -> Layout:
    """The layout of an input; `given` has a letter for each axis, such as "NCT".

    With `windows`, the first axis may be any number of windows.
    """
    shape = graph.inputs[name]
    batch = shape[0] if windows and shape else None
    if windows:
        shape = (1, *shape[1:])
    if given is not None:
        if (
            len(given) != len(shape)
            or given.count("T") != 1
            or given.count("C") > 1
            or set(given) - set("NCT")
        ):
            raise ExportError(
                f"layout: expected {len(shape)} letters of N, C and T, such as 'NCT', found {given!r}"
            )
        time: int | None = given.index("T")
        channel = given.index("C") if "C" in given else None
    else:
        time, channel = _followed(graph, name)
        if windows and time == 0:
            time = None
        time = _time(shape, time, channel, name)
        if channel is None or channel == time:
            rest = [i for i, size in enumerate(shape) if i != time and size not in (None, 1)]
            channel = rest[0] if rest else None
    for axis, size in enumerate(shape):
        if axis not in (time, channel) and size not in (None, 1):
            raise ExportError(
                f"input {name!r} of shape {_text(shape)}: its axis {axis} is neither the time nor the channels; say layout='NCT' or --layout, with a letter for each axis"
            )
    channels = 1 if channel is None else shape[channel]
    if channels is None:
        raise ExportError(
            f"input {name!r} of shape {_text(shape)}: its channels, on axis {channel}, have to be fixed; export it with a fixed number"
        )
    assert time is not None
    fixed = batch if batch and batch > 1 else None
    return Layout(shape, time, channel if channels > 1 else None, channels, shape[time], fixed)


def frequency_layout(graph: Graph, name: str, given: str | None) -> Layout | None:
    """The layout of a graph of one frame with an axis of frequency, F in `given`; None for another graph."""
    shape = graph.inputs[name]
    wide = [axis for axis, size in enumerate(shape) if size != 1]
    if given is not None and ("F" not in given or len(given) != len(shape)):
        return None
    if None in shape or len(wide) == len(shape):
        return None
    over_both = any(
        op.kind in ("Conv", "ConvTranspose") and min(graph.constants[op.inputs[1]].shape[2:], default=1) > 1
        for op in graph.operations
        if len(op.inputs) > 1 and op.inputs[1] in graph.constants
        and graph.constants[op.inputs[1]].ndim == 4
    )
    if given is None and not (len(shape) == 4 and (len(wide) == 2 or (len(wide) == 1 and over_both))):
        return None
    count = int(np.prod([size or 1 for size in shape]))
    time = given.index("T") if given and "T" in given else shape.index(1)
    if shape[time] != 1:
        raise ExportError(
            f"input {name!r} of shape {_text(shape)}: only graphs of one frame have an axis of frequency; export the"
            " network with one frame, with its past as inputs and outputs"
        )
    return Layout(shape, time, None, count, 1, frequency=True)


def held_layout(graph: Graph, name: str, signal: Layout) -> Layout | None:
    """The layout of a condition without an axis of time; None if it has one."""
    shape = graph.inputs[name]
    wide = [axis for axis, size in enumerate(shape) if size not in (None, 1)]
    if signal.frames == 1 or len(wide) > 1 or None in shape[1:] or len(shape) == len(wide):
        return None
    if wide and shape[wide[0]] == signal.frames:
        return None
    channel = wide[0] if wide else None
    time = next(axis for axis in range(len(shape)) if axis != channel)
    return Layout(shape, time, channel, (shape[channel] or 1) if wide else 1, 1, held=True)


def _time(shape: tuple[int | None, ...], found: int | None, channel: int | None, name: str) -> int:
    if found is not None:
        return found
    rest = [i for i in range(len(shape)) if i != channel]
    dynamic = [i for i in rest if shape[i] is None and (i > 0 or len(rest) == 1)]
    if len(dynamic) == 1:
        return dynamic[0]
    wide = [i for i in rest if shape[i] not in (None, 1)]
    if len(wide) == 1:
        return wide[0]
    if rest and channel is not None and not wide:
        return rest[-1]
    further = "" if len(wide) < 2 else "; an axis of frequency beside the channels is not supported"
    raise ExportError(
        f"input {name!r} of shape {_text(shape)}: which axis is the time is not clear; say layout='NCT' or --layout, with a letter for each axis{further}"
    )


def _followed(graph: Graph, name: str) -> tuple[int | None, int | None]:
    """Time and channels, by the first layers that the input goes into."""
    axes: dict[str, list[int | None]] = {name: list(range(len(graph.inputs[name])))}
    constants = dict(graph.constants)
    channel: int | None = None
    for op in graph.operations:
        if op.kind == "Constant":
            constants[op.outputs[0]] = np.asarray(op.get("value", 0))
        at = next((n for n in op.inputs if n in axes), None)
        if at is None:
            continue
        now = axes[at]
        if op.kind in ("LSTM", "GRU", "RNN") and len(now) == 3:
            return now[0], now[2] if channel is None else channel
        if op.kind in ("Conv", "ConvTranspose", "MaxPool", "AveragePool") and len(now) == 3:
            return now[2], now[1] if channel is None else channel
        if op.kind in ("Gemm", "MatMul"):
            if channel is None:
                channel = now[-1]
            if op.kind == "Gemm":
                return now[0], channel
            axes[op.outputs[0]] = [*now[:-1], None]
        elif op.kind == "Transpose":
            perm = op.get("perm") or list(range(len(now)))[::-1]
            axes[op.outputs[0]] = [now[i] for i in perm]
        elif op.kind in ("Unsqueeze", "Squeeze"):
            where = ints(op, "axes", constants.get(op.inputs[1]) if len(op.inputs) > 1 else None)
            if where is None:
                continue
            rank = len(now) + (len(where) if op.kind == "Unsqueeze" else 0)
            chosen = {w % rank for w in where}
            if op.kind == "Squeeze":
                axes[op.outputs[0]] = [a for i, a in enumerate(now) if i not in chosen]
            else:
                rest = iter(now)
                axes[op.outputs[0]] = [None if i in chosen else next(rest) for i in range(rank)]
        elif op.kind == "Gather" and np.ndim(constants.get(op.inputs[1], [])) == 0:
            at_axis = op.get("axis", 0) % len(now)
            axes[op.outputs[0]] = [a for i, a in enumerate(now) if i != at_axis]
        elif op.kind not in ("Shape", "Reshape", "Gather", "Flatten", "Size"):
            for out in op.outputs:
                axes[out] = now
    return None, channel


def _text(shape: tuple[int | None, ...]) -> str:
    return str([size if size is not None else "?" for size in shape]).replace("'", "")
