"""Exports ONNX graphs, and proves that they stream."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import cycle
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arguments import arguments, array
from ..check.signal import DEFAULT_TOLERANCE, check_signal
from ..errors import ExportError
from ..format import Array, Check, ModelFile, validate, write_model
from ..inspect.analysis import analyse
from ..inspect.opened import reproduce
from ..network.graph import Node
from ..network.network import network
from .convert import convert
from .evaluate import run
from .fuse import fused
from .layout import Layout, layout_of
from .opened import Graph, open_graph
from .signal import Signal, State
from .states import ends_of, states_of

_PROBES = (1031, 16411, 65543)  # frames; longer ones for networks that look back further
_PIECES = (64, 7, 128, 33, 96)
_AGREEMENT = 1e-5


def export_onnx(
    source: Any,
    path: str | os.PathLike[str],
    *,
    states: Mapping[str, str] | None = None,
    layout: str | None = None,
    sample_rate: float | None = None,
    metadata: Mapping[str, Any] | None = None,
    check_input: npt.ArrayLike | None = None,
    tolerance: float | None = None,
) -> None:
    """Writes an ONNX graph and a check of it as an inlay model file.

    The graph is evaluated over a signal as a whole and, where it has states, in pieces; both have to
    agree with the exported layers to 1e-5. The file is written completely or not at all.

    Args:
        source: an .onnx file, or an onnx.ModelProto.
        path: the file to write; an existing one is replaced.
        states: for each input that is a state, the output that is its next value. Default: those
            that fit by name and shape.
        layout: a letter for each axis of the input: N for the batch, C for the channels, T for the
            time. Default: found by the layers that the input goes into.
        sample_rate: the rate in Hz that the model was trained for.
        metadata: anything that JSON can hold; kept in the file, not interpreted.
        check_input: the signal of the check, [frames, channels], longer than the receptive field.
        tolerance: the largest error that loading accepts in the check, for an output within
            [-1, 1]. Default: 1e-5.

    Raises:
        ExportError: the file is damaged, or its graph has no exact form; the message names the node.
    """
    given = arguments(path, sample_rate, metadata, tolerance)
    samples = array("check_input", check_input)
    streamed = _Streamed.of(fused(open_graph(source)), states, layout)
    signal, layers = streamed.layers()
    _require_end(signal)
    traits = analyse(layers)
    channels = streamed.input.channels
    sides = streamed.side.channels if streamed.side else 0
    reach = (traits.receptive_field or 1) + signal.start
    both = check_signal(samples, channels + sides, reach, "float32")
    inputs, condition = both[:, :channels], both[:, channels:] if sides else None
    played = reproduce(layers, inputs, condition)
    skip = int(signal.times[signal.start]) if signal.start < len(signal.times) else 0
    proved = streamed.prove(both.astype(np.float64), played, signal, traits.rate)
    step = max(1, math.ceil(1 / traits.rate))
    source = "evaluation of the ONNX graph in NumPy"
    if len(proved) < len(played) - signal.start:
        source += f", and of its layers after the first {len(proved)} frames"
        proved = np.concatenate([proved, played[signal.start + len(proved) :]])
    check = Check(
        source=source,
        dtype="float32",
        input=inputs,
        condition=condition,
        output=proved.astype(np.float32),
        skip=skip,
        stride=step,
        tolerance=given.tolerance or DEFAULT_TOLERANCE["float32"],
    )
    model = ModelFile(layers, check, given.sample_rate, metadata)
    validate(model)
    write_model(path, model)


def _require_end(signal: Signal) -> None:
    if signal.tail > 0 and signal.behind is not None:
        signal.behind.refuse(
            f"an output of {signal.tail} frames past the end of the signal",
            "only what a frame and its past give, as padding behind the signal looks ahead in time",
            "pad on the left only, or crop the frames at the end",
        )
    if signal.tail < 0:
        raise ExportError(
            f"the output has {signal.frames} frames and begins at frame {signal.start} of the stream's"
            f" {len(signal.times)}; only outputs that end with the last frame are supported; crop at the start only"
        )
    if signal.start < 0:
        assert signal.front is not None
        signal.front.refuse(
            "zeros in front of the output", "only right before a Conv", "leave them out"
        )


@dataclass(frozen=True)
class _Streamed:
    """A graph with its ends and states."""

    graph: Graph
    states: dict[str, str]
    names: tuple[str, str | None, str]
    input: Layout
    side: Layout | None

    @staticmethod
    def of(graph: Graph, states: Mapping[str, str] | None, layout: str | None) -> _Streamed:
        found = states_of(graph, states)
        names = ends_of(graph, found)
        signal = layout_of(graph, names[0], layout)
        side = layout_of(graph, names[1], layout) if names[1] else None
        if side is not None and (
            side.frames != signal.frames or len(side.shape) < len(signal.shape)
        ):
            raise ExportError(
                f"input {names[1]!r}: a condition has to have a value for every frame of {names[0]!r};"
                " give it an axis of time of the same length, or export it as channels of the signal"
            )
        return _Streamed(graph, found, names, signal, side)

    def zeros(self) -> dict[str, Array]:
        return {
            name: np.zeros([size or 1 for size in self.graph.inputs[name]]) for name in self.states
        }

    def given(self, samples: Array) -> dict[str, Array]:
        """Samples [frames, channels], those of the condition behind them, as inputs."""
        at = self.input.channels
        found = {self.names[0]: self.input.filled(samples[:, :at])}
        if self.side is not None and self.names[1] is not None:
            found[self.names[1]] = self.side.filled(samples[:, at:])
        return found

    def layers(self) -> tuple[Signal, Any]:
        """The output's signal and the layers that give it."""
        lengths = [self.input.frames] if self.input.frames else list(_PROBES)
        width = self.input.channels + (self.side.channels if self.side else 0)
        error: ExportError | None = None
        for frames in lengths:
            try:
                arrays = run(
                    self.graph,
                    {**self.zeros(), **self.given(np.zeros((frames, width)))},
                    self._wanted(),
                )
            except ExportError as found:
                if "too short" not in str(found):
                    raise
                error = found
                continue
            source = Node("input", self.input.channels)
            values: dict[str, Any] = {self.names[0]: self._signal(self.input, source, frames)}
            condition = None
            if self.side is not None and self.names[1] is not None:
                condition = Node("condition", self.side.channels)
                values[self.names[1]] = self._signal(self.side, condition, frames)
            values.update((name, State(name, zeros.shape)) for name, zeros in self.zeros().items())
            signal = convert(self.graph, self.names[2], values, arrays)
            layers = network(source, condition, signal.node)
            if not layers:
                raise ExportError("the graph has no layer to export; give it at least one")
            return signal, layers
        assert error is not None
        raise error

    def _wanted(self) -> set[str]:
        return {self.names[2], *self.states.values()}

    @staticmethod
    def _signal(layout: Layout, node: Node, frames: int) -> Signal:
        shape = layout.filled(np.zeros((frames, layout.channels))).shape
        return Signal(node, shape, layout.time, layout.channel, np.arange(frames))

    def evaluated(self, pieces: Iterator[Array]) -> list[Array]:
        """The outputs for pieces of a signal, with the states carried."""
        states, found = self.zeros(), []
        for piece in pieces:
            values = run(self.graph, {**states, **self.given(piece)}, self._wanted())
            for name, new in self.states.items():
                if values[new].shape != states[name].shape:
                    raise ExportError(
                        f"state {name!r}: its next value {new!r} has the shape {list(values[new].shape)}, not {list(states[name].shape)}; name the states with states= or --state"
                    )
                states[name] = values[new]
            found.append(values[self.names[2]])
        return found

    def prove(self, samples: Array, played: Array, signal: Signal, rate: Fraction) -> Array:
        """The output of the graph, whole and in pieces, from frame `signal.start` on.

        Raises ExportError unless the layers play the same. A graph of fixed length without states gives the
        frames of its window; where that begins with all of its past, it is moved along the signal.
        """
        fixed, start = self.input.frames, signal.start

        def rows(output: Array) -> Array:
            return np.moveaxis(output, signal.time, 0).reshape(-1, played.shape[1])

        proved: list[Array] = []
        if fixed is None:
            (whole,) = self.evaluated(iter([samples]))
            proved.append(_without_tail(rows(whole), signal, played))
            self._compare("as a whole", proved[0], played[start:], start)
        if self.states:
            sizes = [fixed] if fixed else list(_PIECES)
            pieces = _pieces(samples, sizes, fixed is not None)
            proved.append(np.concatenate([rows(y) for y in self.evaluated(pieces)]))
            self._compare("in pieces", proved[-1], played[: len(proved[-1])], 0)
        elif fixed is not None:
            longer = np.zeros((len(samples) + fixed, samples.shape[1]))
            longer[: len(samples)] = samples
            given = int(signal.frames / rate)  # input frames that a window answers
            hops = range(0, len(samples), given) if start > 0 else range(1)
            windows = [rows(self.evaluated(iter([longer[at : at + fixed]]))[0]) for at in hops]
            proved.append(np.concatenate(windows)[: len(played) - start])
            self._compare("in a window", proved[0], played[start:][: len(proved[0])], start)
        return proved[0]

    def _compare(self, how: str, found: Array, expected: Array, start: int) -> None:
        if found.shape != expected.shape:
            raise ExportError(
                f"the graph, evaluated {how}, gives {len(found)} frames where a stream gives {len(expected)}; only graphs that give frames at a fixed rate can be exported"
            )
        limit = _AGREEMENT * max(1.0, float(np.abs(expected).max(initial=0)))
        wrong = ~(np.abs(found - expected) <= limit)
        if wrong.any():
            frame = int(np.argmax(wrong.any(axis=1)))
            error = float(np.abs(found - expected)[frame].max())
            advice = (
                "; the states may not be each other's: name them with states= or --state"
                if how == "in pieces"
                else ""
            )
            raise ExportError(
                f"the graph, evaluated {how}, does not stream: frame {frame + start} of its output differs by {error:.3g} from the layers{advice}"
            )


def _without_tail(found: Array, signal: Signal, played: Array) -> Array:
    """Without the frames that come after the end of the input, as those of a ConvTranspose."""
    return found[: len(played) - signal.start] if signal.tail > 0 else found


def _pieces(samples: Array, sizes: list[int], whole_only: bool) -> Iterator[Array]:
    at = 0
    for size in cycle(sizes):
        if at >= len(samples) or (whole_only and at + size > len(samples)):
            return
        yield samples[at : at + size]
        at += size
