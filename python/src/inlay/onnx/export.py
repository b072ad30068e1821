"""Exports ONNX graphs, and proves that they stream."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arguments import arguments, array
from ..check.signal import DEFAULT_TOLERANCE, check_signal
from ..errors import ExportError
from ..format import Array, Check, LayerRecord, ModelFile, validate, write_model
from ..inspect.analysis import analyse
from ..inspect.opened import reproduce
from ..network.graph import Node
from ..network.network import network
from .cells import with_cells
from .convert import convert
from .evaluate import folded, run
from .fuse import fused
from .layout import Layout, frequency_layout, held_layout, layout_of
from .opened import Graph, open_graph
from .signal import Signal, State
from .spectra import Transform
from .states import ends_of, states_of

_PROBES = (1031, 16411, 65543)  # frames; longer ones for networks that look back further
_PIECES = (64, 7, 128, 33, 96)
_AGREEMENT = 1e-5
_FEWEST = 48  # frames of a check with an axis of frequency
_MOST_WINDOWS = 200  # that are evaluated, of a graph of windows


def export_onnx(
    source: Any,
    path: str | os.PathLike[str],
    *,
    states: Mapping[str, str] | None = None,
    layout: str | None = None,
    hop: int | None = None,
    stft: Mapping[str, Any] | None = None,
    initial: Mapping[str, npt.ArrayLike] | None = None,
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
        hop: for a graph that gives one output frame for a window of the signal: the frames from one
            window to the next, 1 for an output frame for every frame.
        stft: for a graph from a spectrum to a spectrum: the transforms to put around it, so that the
            file takes and gives a signal. "n_fft", the samples of a frame; "hop", from frame to frame,
            default: n_fft // 2; "window", "sqrt_hann" (the default), "hann", "vorbis", "ones", or n_fft
            values. Output frames are added up as torch.istft does.
        initial: the first values of states, by the names of their inputs, for recursive averages of a
            graph with an axis of frequency. Default: zeros.
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
    if hop is not None and (not isinstance(hop, int) or hop < 1):
        raise ExportError(f"hop: expected an integer from 1, found {hop!r}")
    transform = None if stft is None else Transform.of(stft)
    streamed = _Streamed.of(open_graph(source), states, layout, hop, initial)
    signal, layers = streamed.layers()
    _require_end(signal)
    if transform is not None:
        if not streamed.input.frequency:
            raise ExportError("stft: expected a graph of one frame of a spectrum, (1, bins, 1, 2)")
        model = _of_spectra(streamed, transform, layers, samples, given, metadata)
        validate(model)
        write_model(path, model)
        return
    traits = analyse(layers)
    channels = streamed.input.channels
    sides = streamed.side.channels if streamed.side else 0
    reach = (traits.receptive_field or 1) + signal.start
    fewest = {"fewest": _FEWEST} if streamed.input.frequency else {}
    both = check_signal(samples, channels + sides, reach, "float32", **fewest)
    if streamed.side is not None and streamed.side.held:
        both[:, channels:] = both[0, channels:]
    inputs, condition = both[:, :channels], both[:, channels:] if sides else None
    played = reproduce(layers, inputs, condition)
    skip = int(signal.times[signal.start]) if signal.start < len(signal.times) else 0
    proved = streamed.prove(both.astype(np.float64), layers, played, signal)
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


def _of_spectra(
    streamed: _Streamed, transform: Transform, layers: Any, samples: Any, given: Any, metadata: Any
) -> ModelFile:
    """The model with the transforms around its layers."""
    before = transform.order(streamed.input.shape, streamed.names[0])  # type: ignore[arg-type]
    after = transform.order(streamed.output_shape(), streamed.names[2])
    audio = check_signal(samples, 1, transform.samples, "float32")
    frames = transform.frames(audio[:, 0].astype(np.float64), before)
    played = reproduce(layers, frames)
    proved = streamed.prove(frames, layers, played, Signal(Node("input", 1), (1,), 0, None, np.arange(1)))
    output = transform.added(proved, after, len(audio))[:, np.newaxis].astype(np.float32)
    check = Check(
        source="evaluation of the ONNX graph in NumPy, between the transforms",
        dtype="float32",
        input=audio,
        output=output,
        tolerance=given.tolerance or DEFAULT_TOLERANCE["float32"],
    )
    return ModelFile(transform.around(layers, before, after), check, given.sample_rate, metadata)


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
    hop: int | None
    starts: dict[str, Array]

    @staticmethod
    def of(
        graph: Graph,
        states: Mapping[str, str] | None,
        layout: str | None,
        hop: int | None,
        initial: Mapping[str, npt.ArrayLike] | None = None,
    ) -> _Streamed:
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
        return _Streamed(graph, found, names, signal, side, hop, starts)

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
                    self._wanted(),
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

    def _wanted(self) -> set[str]:
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
            values = run(graph, {**states, **self.given(piece)}, self._wanted())
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
        return folded(self.graph, inputs, run(self.graph, inputs, self._wanted()))

    def prove(self, samples: Array, layers: Any, played: Array, signal: Signal) -> Array:
        """The output of the graph, whole and in pieces, from frame `signal.start` on.

        Raises ExportError unless the layers play the same.
        """
        fixed, start = self.input.frames, signal.start

        def rows(output: Array) -> Array:
            return np.moveaxis(output, signal.time, 0).reshape(-1, played.shape[1])

        proved: list[Array] = []
        if self.hop is not None:
            proved.append(self._proved_hops(samples, played[start:], start))
        elif fixed is None:
            (whole,) = self.evaluated(iter([samples]))
            proved.append(_without_tail(rows(whole), signal, played))
            self._compare("as a whole", proved[0], played[start:], start)
        if self.states:
            sizes = [fixed] if fixed else list(_PIECES)
            pieces = _pieces(samples, sizes, fixed is not None)
            proved.append(np.concatenate([rows(y) for y in self.evaluated(pieces)]))
            self._compare("in pieces", proved[-1], played[: len(proved[-1])], 0)
        elif fixed is not None and self.hop is None:
            proved.append(self._proved_windows(samples, layers, played, signal, rows))
        return proved[0]

    def _proved_windows(
        self, samples: Array, layers: Any, played: Array, signal: Signal, rows: Any
    ) -> Array:
        """The output of a graph of fixed length without states, in windows along the signal.

        The first window is the stream's start. Of later ones, those frames are the stream's that have
        all of their past in the window; all of them are what the layers give for the window alone.
        """
        fixed, start, traits = self.input.frames, signal.start, analyse(layers)
        assert fixed is not None
        channels = self.input.channels
        longer = np.zeros((len(samples) + fixed, samples.shape[1]))
        longer[: len(samples)] = samples
        longer[len(samples) :, channels:] = samples[-1, channels:]

        def output(at: int) -> Array:
            return rows(self.evaluated(iter([longer[at : at + fixed]]))[0])

        first = output(0)
        proved = [first]
        past = max(start, (traits.receptive_field or fixed + 1) - 1)
        if traits.rate != 1 or past >= fixed:
            hops = range(fixed, min(len(samples), 4 * fixed), fixed)
        else:
            hops = range(fixed - past, len(samples), fixed - past)
            proved += [output(at)[past - start :] for at in hops]
        whole = np.concatenate(proved)[: len(played) - start]
        self._compare("in windows", whole, played[start:][: len(whole)], start)
        for at in list(hops)[: 0 if start > 0 else 3]:
            window = longer[at : at + fixed]
            side = window[:, channels:] if self.side else None
            alone = reproduce(layers, window[:, :channels], side)[start:]
            self._compare(f"in a window from frame {at}", output(at), alone, start)
        return whole

    def _proved_hops(self, samples: Array, played: Array, start: int) -> Array:
        """The output of a graph of windows, with windows of the signal as its batch."""
        fixed, hop = self.input.frames, self.hop
        assert fixed is not None and hop is not None
        found, rows = played.copy(), range(0, len(played), max(1, len(played) // _MOST_WINDOWS))
        batch = self.input.batch or len(rows)
        for first in range(0, len(rows), batch):
            some = rows[first : first + batch]
            windows = np.zeros((batch, fixed, samples.shape[1]))
            windows[: len(some)] = [samples[at * hop : at * hop + fixed] for at in some]
            given = {self.names[0]: self.input.filled(windows)}
            made = run(self.graph, given, self._wanted())[self.names[2]]
            found[some] = made.reshape(batch, -1)[: len(some)]
        self._compare("in windows", found, played, start)
        return found

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
