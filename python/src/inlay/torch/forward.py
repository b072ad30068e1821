"""Finds out how a module is called: the layout of its signals, and their channels."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..check.signal import default_signal
from ..errors import ExportError
from ..format import Array
from ..network.graph import Node
from .chunks import ChunkLength, chunk_lengths, one_chunk
from .modules import DROPPED, RECURRENT, array_of, width_of
from .place import InChunks, Place, Unfollowed, Unknown, Valued, place_of
from .run import attributes_kept, reach_bound
from .script_forward import ScriptForward
from .sequential import children_of, run_children
from .signal import Signal, as_frames
from .states import KeptStates
from .trace import trace
from .traced import traced

# Lengths of the test signal. The second is for modules that look back further than expected.
_PROBES = (64, 4096)
# Clips of a batch that is larger than what a module may cut from an axis.
_MANY = 257

_CHANNELS_UNKNOWN = (
    "the module does not say how many channels it takes; pass check_input, an array of"
    " [frames, channels]"
)


@dataclass(frozen=True)
class Layout:
    """The axes of a tensor. `channel` is None for (N, L), which has one channel."""

    time: int
    channel: int | None

    def tensor(self, samples: torch.Tensor) -> torch.Tensor:
        if self.channel is None:
            return samples.T
        batch = 3 - self.time - self.channel
        return (samples if self.time < self.channel else samples.T).unsqueeze(batch)


_FRAMES_FIRST = Layout(0, 2)
# (N, L, C), (N, C, L), (N, L) and (L, N, C), in the order in which they are tried.
_LAYOUTS = (Layout(1, 2), Layout(2, 1), Layout(1, None), _FRAMES_FIRST)


@dataclass(frozen=True)
class ClipLayout:
    """The shape of a condition for a whole clip: the axis of its channels, all others 1 long."""

    dims: int
    channel: int | None

    def tensor(self, row: torch.Tensor) -> torch.Tensor:
        return row.reshape([-1 if axis == self.channel else 1 for axis in range(self.dims)])


# (N, C), (N, 1, C), (N, C, 1) and, for a single knob, (N,).
_CLIP_LAYOUTS = (ClipLayout(2, 1), ClipLayout(3, 2), ClipLayout(3, 1), ClipLayout(1, None))


class Forward:
    """A module, its layout, and its signal and condition."""

    def __init__(
        self,
        module: nn.Module,
        given: npt.NDArray[Any] | None,
        side: npt.NDArray[Any] | None,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        self.module, self.dtype, self.device = module, dtype, device
        self.children = children_of(module)
        self.side = side
        self.states = KeptStates()
        self.chunk: ChunkLength | None = None
        self.by_run = False  # whether the module is followed by torch.jit.trace
        self.layout = _LAYOUTS[0]
        self.clip: ClipLayout | None = None
        self.channels = 0
        self._refuse_inputs()
        self.widths = list(self._widths())
        self.guessed = given is None and self.widths == [1] and not self._known_widths()
        if given is not None and given.ndim == 2 and (self.children is None or not self.widths):
            self.widths = [given.shape[1]]
        self.condition = None if side is None else Node("condition", side.shape[1])

    def _refuse_inputs(self) -> None:
        """Raises ExportError if a condition is missing, or given to a module without one."""
        if self.children is not None and all(isinstance(c, DROPPED) for c, _ in self.children):
            raise ExportError("the module has no layer to export; give it at least one")
        inputs = 1 if self.children is not None else len(_required(self.module))
        place = place_of(self.module, "")
        if inputs not in (1, 2):
            raise ExportError(
                f"{place}: forward() takes {inputs} inputs; supported are a signal, and a condition"
                " beside it"
            )
        if inputs == 2 and self.side is None:
            raise ExportError(
                f"{place}: forward() takes a condition beside its signal; pass check_condition, an"
                " array of [frames, channels] to check it with, or of [1, channels] where the"
                " condition is one for the whole clip"
            )
        if self.children is not None and self.side is not None:
            raise ExportError(f"check_condition: {place} takes no second input")
        if self.side is not None and (self.side.ndim != 2 or not len(self.side)):
            shape = list(self.side.shape)
            raise ExportError(f"check_condition: expected [frames, channels], found {shape}")

    def _widths(self) -> Iterator[int]:
        """The channels that the module may take: those of its layers, the first layer first."""
        widths = self._known_widths()
        if self.children is not None:
            yield from widths[:1]
            return
        fewer = [] if self.side is None else [width - self.side.shape[1] for width in widths]
        yield from dict.fromkeys(width for width in [*widths, *fewer, 1] if width > 0)

    def _known_widths(self) -> list[int]:
        children = [child for child, _ in self.children or []] or list(self.module.modules())
        return [width for width in map(width_of, children) if width is not None]

    def probe(self) -> Signal:
        """Finds layout and channels by tracing the module with a test signal.

        A module that gives its layers chunk by chunk is followed as if all frames were one chunk. The
        comparison of its output, which is computed in chunks, shows whether that is the same.
        """
        try:
            return self._probe_all()
        except InChunks as error:
            for self.chunk in chunk_lengths(self.module):
                try:
                    return self._probe_all()
                except ExportError:
                    self.chunk = None
            raise error

    def _probe_all(self) -> Signal:
        if not self.widths:
            raise ExportError(_CHANNELS_UNKNOWN)
        error: ExportError | None = None
        furthest = -1
        for least in _PROBES:
            frames = least + reach_bound(self.module)
            for self.clip, self.channels, self.layout in self._ways():
                try:
                    signal = self._probe(frames)
                    if self._is_unusual() and not self._takes_batches(frames):
                        continue
                except ExportError as found:
                    if self._is_unusual():
                        continue
                    progress = getattr(found, "progress", 0)
                    if progress > furthest:
                        error, furthest = found, progress
                else:
                    self._refuse_changing_clip()
                    return signal
        assert error is not None
        if self.guessed:
            raise ExportError(f"{error}; {_CHANNELS_UNKNOWN}") from error
        raise error

    def _ways(self) -> Iterator[tuple[ClipLayout | None, int, Layout]]:
        """The ways in which the module may be called, the likeliest first."""
        clips: tuple[ClipLayout | None, ...] = (None,)
        if self.condition is not None:
            single = self.condition.channels == 1
            found = tuple(clip for clip in _CLIP_LAYOUTS if clip.channel is not None or single)
            one_row = self.side is not None and len(self.side) == 1
            clips = (*found, None) if one_row else (None, *found)
        layouts = _LAYOUTS if self.children is None else _LAYOUTS[:1]
        for clip, channels, layout in product(clips, self.widths, layouts):
            if layout.channel is not None or channels == 1:
                yield clip, channels, layout

    def _is_unusual(self) -> bool:
        """Whether the layout is (L, N, C), and no layer of the module asks for it."""
        return self.layout == _FRAMES_FIRST and next(self._recurrent_along_axis_0(), None) is None

    def _takes_batches(self, frames: int) -> bool:
        """Whether axis 1 is a batch for the module. In a batch of one, a slice of it would do nothing."""
        one = self._signals(_noise(frames, self.channels), None)[0].tensor
        many = one * torch.linspace(0, 1, _MANY, dtype=one.dtype, device=one.device)[:, None]
        if self.side is not None:
            return False
        try:
            with attributes_kept(self.module):
                made, expected = self.module(many), self.module(one)
        except Exception:  # the module's own code can raise anything
            return False
        same = isinstance(made, torch.Tensor) and made.shape[1:2] == (_MANY,)
        return same and torch.allclose(made[:, -1:], expected, rtol=1e-4, atol=1e-5)

    def _refuse_changing_clip(self) -> None:
        """Raises ExportError if the module takes one condition per clip, but the given one changes."""
        if self.clip is None or self.side is None or (self.side == self.side[0]).all():
            return
        raise ExportError(
            f"check_condition: {place_of(self.module, '')} takes one condition for the whole clip;"
            f" expected [1, {self.side.shape[1]}], found {len(self.side)} different frames"
        )

    def warn_of_layout(self, stacklevel: int) -> None:
        """Warns if the layout is (L, N, C) only because of a recurrent layer."""
        if self.children is not None or self.layout != _FRAMES_FIRST or self._is_unusual():
            return
        place = next(self._recurrent_along_axis_0())
        warnings.warn(
            f"{place} has batch_first=False, so the module was exported as one of (frames, batch,"
            " channels); if you trained it on (batch, frames, channels), the layer ran along the"
            " batch: make it with batch_first=True and train again",
            stacklevel=stacklevel + 1,
        )

    def _recurrent_along_axis_0(self) -> Iterator[Place]:
        for path, layer in self.module.named_modules():
            if isinstance(layer, RECURRENT) and not layer.batch_first:
                yield place_of(layer, path)

    def _probe(self, frames: int) -> Signal:
        samples = _noise(frames, self.channels)
        beside = None if self.side is None else np.resize(self.side, (frames, self.side.shape[1]))
        return self.trace(samples, beside)

    def trace(self, samples: Array, beside: Array | None) -> Signal:
        """The traced output for an input [frames, channels]."""
        with one_chunk(self.chunk):
            return self._trace(samples, beside)

    def _trace(self, samples: Array, beside: Array | None) -> Signal:
        self.source = Node("input", self.channels)
        signals = self._signals(samples, beside)
        if self.children is not None:
            return run_children(signals[0], self.children)
        if self.by_run:
            return self._trace_of_a_run(signals)
        try:
            return trace(self.module, signals, self.states)
        except Unfollowed as unfollowed:
            if isinstance(self.module, ScriptForward):
                raise
            try:
                signal = self._trace_of_a_run(signals)
            except Exception as error:  # the module's own code can raise anything
                told = isinstance(error, ExportError) and not isinstance(unfollowed, Unknown)
                if told or isinstance(error, Valued):
                    raise
                raise unfollowed from None
        self.by_run = True
        return signal

    def _trace_of_a_run(self, signals: list[Signal]) -> Signal:
        run = traced(self.module, [signal.tensor for signal in signals])
        return trace(run, signals, self.states)

    def _signals(self, samples: Array, beside: Array | None) -> list[Signal]:
        """The inputs of `forward`."""
        signals = [self._signal(samples, self.source, self.layout)]
        if beside is not None:
            assert self.condition is not None
            layout = _LAYOUTS[0] if self.layout.channel is None else self.layout
            signals.append(self._signal(beside, self.condition, self.clip or layout))
        return signals

    def _signal(self, samples: Array, node: Node, layout: Layout | ClipLayout) -> Signal:
        values = torch.from_numpy(np.array(samples)).to(self.device, self.dtype)
        times = np.arange(len(samples))
        if isinstance(layout, ClipLayout):
            tensor = layout.tensor(values[0])
            return Signal(tensor, node, None, layout.channel, times, held=True)
        return Signal(layout.tensor(values), node, layout.time, layout.channel, times)

    def output(self, signal: Signal, samples: Array, beside: Array | None) -> Array:
        """The output of the module itself, [frames, channels]; `signal` is the traced output."""
        if self.children is not None:
            return signal.values()
        inputs = [given.tensor for given in self._signals(samples, beside)]
        with attributes_kept(self.module):
            self.states.set_to_zeros()
            script = self.module if isinstance(self.module, ScriptForward) else None
            result = script.original(*inputs) if script else self.module(*inputs)
        result = result[0] if isinstance(result, (tuple, list)) else result
        if result.shape != signal.tensor.shape:
            raise ExportError(
                f"{place_of(self.module, '')}: gives a tensor {tuple(result.shape)}, but traced one"
                f" of {tuple(signal.tensor.shape)}; this is a bug: please report it"
            )
        return array_of(as_frames(result, signal.time, signal.channel))


def _noise(frames: int, channels: int) -> Array:
    return default_signal(channels, frames)[:frames]


def _required(module: nn.Module) -> list[str]:
    """The inputs of `forward` that have no default."""
    if isinstance(module, ScriptForward):
        return module.required()
    parameters = inspect.signature(module.forward).parameters.values()
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in plain and p.default is p.empty]
