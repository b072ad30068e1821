"""Streamed: an ONNX graph with its input, condition, output and states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ExportError
from ..format import Array, LayerRecord
from ..network.graph import Node
from ..network.network import network
from .cells import with_cells
from .convert import convert
from .evaluate import folded, run
from .fuse import fused
from .layout import Layout, frequency_layout, held_layout, layout_of
from .opened import Graph
from .signal import Signal, State
from .states import ends_of, states_of

_PROBES = (1031, 16411, 65543)  # frames; longer ones for networks that look back further


@dataclass(frozen=True)
class Streamed:
    """A graph with its ends and states."""

    graph: Graph
    states: dict[str, str]
    names: tuple[str, str | None, str]
    input: Layout
    side: Layout | None
    hop: int | None
    starts: dict[str, Array]

    @staticmethod
    def of(
        graph: Graph,
        states: Mapping[str, str] | None,
        layout: str | None,
        hop: int | None,
        initial: Mapping[str, npt.ArrayLike] | None = None,
    ) -> Streamed:
        found = states_of(graph, states)
        names = ends_of(graph, found)
        signal = None if hop is not None else frequency_layout(graph, names[0], layout)
        signal = signal or layout_of(graph, names[0], layout, windows=hop is not None)
        if signal.frequency and names[1]:
            raise ExportError(
                f"input {names[1]!r}: a condition beside a frame with an axis of frequency is not supported; export the"
                " graph with one input that is no state"
            )
        if hop is not None and (found or names[1] or not signal.frames):
            raise ExportError(
                "hop: expected a graph with one input of a fixed number of frames, and without states"
            )
        side = None
        if names[1]:
            side = held_layout(graph, names[1], signal) or layout_of(graph, names[1], layout)
        if side is not None and not side.held and (
            side.frames != signal.frames or len(side.shape) < len(signal.shape)
        ):
            raise ExportError(
                f"input {names[1]!r}: a condition has to have a value for every frame of {names[0]!r}, or one for all of"
                " them; give it an axis of time of the same length, or none"
            )
        starts = {name: np.zeros([size or 1 for size in graph.inputs[name]]) for name in found}
        for name, values in (initial or {}).items():
            given = np.asarray(values, np.float64)
            if name not in starts or given.size != starts[name].size:
                raise ExportError(
                    f"initial: expected values of the shapes of the states {', '.join(map(repr, starts)) or '(none)'},"
                    f" found {name!r} of shape {list(given.shape)}"
                )
            if given.any() and not signal.frequency:
                raise ExportError("initial: expected zeros for a graph without an axis of frequency")
            starts[name] = given.reshape(starts[name].shape)
        return Streamed(graph, found, names, signal, side, hop, starts)

    def output_shape(self) -> tuple[int, ...]:
        given = {**self.starts, **self.given(np.zeros((1, self.input.channels)))}
        shape: tuple[int, ...] = run(self.graph, given, [self.names[2]])[self.names[2]].shape
        return shape

    def given(self, samples: Array) -> dict[str, Array]:
        """Samples [frames, channels], those of the condition behind them, as inputs."""
        at = self.input.channels
        found = {self.names[0]: self.input.filled(samples[:, :at])}
        if self.side is not None and self.names[1] is not None:
            found[self.names[1]] = self.side.filled(samples[:, at:])
        return found

    @property
    def _width(self) -> int:
        return self.input.channels + (self.side.channels if self.side else 0)

    def layers(self) -> tuple[Signal, Any]:
        """The output's signal and the layers that give it."""
        lengths = [self.input.frames] if self.input.frames else list(_PROBES)
        error: ExportError | None = None
        for frames in lengths:
            try:
                arrays = run(
                    self.graph,
                    {**self.starts, **self.given(np.zeros((frames, self._width)))},
                    self.wanted(),
                )
            except ExportError as found:
                if "too short" not in str(found):
                    raise
                error = found
                continue
            if self.input.frequency:
                return self._of_frequency(arrays)
            source = Node("input", self.input.channels)
            values: dict[str, Any] = {self.names[0]: self._signal(self.input, source, frames)}
            condition = None
            if self.side is not None and self.names[1] is not None:
                condition = Node("condition", self.side.channels)
                values[self.names[1]] = self._signal(self.side, condition, frames)
            values.update((name, State(name, first.shape)) for name, first in self.starts.items())
            graph = fused(self.graph)
            if frames == 1 and self.states:
                signals = {name for name in self.names[:2] if name}
                graph = with_cells(graph, self.states, signals, self.names[2], arrays)
            signal = convert(graph, self.names[2], values, arrays)
            layers = network(source, condition, signal.node)
            if not layers:
                raise ExportError("the graph has no layer to export; give it at least one")
            return self._windowed(signal, layers) if self.hop else (signal, layers)
        assert error is not None
        raise error

    def _of_frequency(self, arrays: Mapping[str, Array]) -> tuple[Signal, Any]:
        try:
            from .planes import converted
        except ModuleNotFoundError as error:
            raise ExportError(
                "a graph with an axis of frequency needs PyTorch, which is not installed: pip install torch"
            ) from error
        graph = with_cells(fused(self.graph), self.states, {self.names[0]}, self.names[2], arrays, rows=True)
        source, made = converted(graph, (self.names[0], self.names[2]), self.states, arrays, self.starts)
        layers = network(source, None, made)
        return Signal(made, (1,), 0, None, np.arange(1)), layers

    def _windowed(self, signal: Signal, layers: Any) -> tuple[Signal, Any]:
        """The stream of the windows' outputs."""
        if not signal.is_last:
            raise ExportError(
                f"hop: expected a graph that gives the last frame of a window of {self.input.frames} frames; it gives {signal.frames}"
            )
        assert self.input.frames is not None and self.hop is not None
        options = {"window": self.input.frames, "hop": self.hop}
        record = LayerRecord("windowed", options, chains={"layers": [layers]})
        late, first = divmod(self.input.frames - 1, self.hop)
        times = first + self.hop * np.arange(late + 1)
        return Signal(signal.node, (1,), 0, None, times, start=late), [record]

    def wanted(self) -> set[str]:
        """The output, and the next value of each state."""
        return {self.names[2], *self.states.values()}

    def _signal(self, layout: Layout, node: Node, frames: int) -> Signal:
        shape = layout.filled(np.zeros((frames, layout.channels))).shape
        times, window = np.arange(frames), self.hop is not None
        return Signal(
            node, shape, layout.time, layout.channel, times, window=window, held=layout.held
        )

    def evaluated(self, pieces: Iterator[Array]) -> list[Array]:
        """The outputs for pieces of a signal, with the states carried."""
        states, found = dict(self.starts), []
        graph = self._of_fixed_shapes() if self.input.frames else self.graph
        for piece in pieces:
            values = run(graph, {**states, **self.given(piece)}, self.wanted())
            for name, new in self.states.items():
                if values[new].shape != states[name].shape:
                    raise ExportError(
                        f"state {name!r}: its next value {new!r} has the shape {list(values[new].shape)}, not {list(states[name].shape)}; name the states with states= or --state"
                    )
                states[name] = values[new]
            found.append(values[self.names[2]])
        return found

    def _of_fixed_shapes(self) -> Graph:
        """The graph with what depends on the shapes of its inputs alone as constants."""
        inputs = {**self.starts, **self.given(np.zeros((self.input.frames or 1, self._width)))}
        return folded(self.graph, inputs, run(self.graph, inputs, self.wanted()))
