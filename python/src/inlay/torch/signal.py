"""A signal in PyTorch, and the frames of a stream that its frames correspond to.

In real time a layer gives a frame as soon as its inputs have arrived. In PyTorch, a convolution
without padding leaves out the first frames, `start` of them. Zeros padded in front of the signal
stand for the silence before a stream. Zeros padded behind it let a convolution look ahead: its
output is that of one which looks back, later by as many frames. Further ones have to be cropped.

Zeros that a network pads in front of its first layer alone, for all layers together, are no silence
for the later ones, which then see what the first layer makes of zeros. PyTorch's first frames then
differ from those of a stream that has just begun, until the zeros are out of reach.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..format import Array, Chain, LayerRecord, Option
from ..network.graph import Node, layers, part
from ..network.records import look_back
from .modules import array_of
from .place import Place, Refusal

# Layers that give zeros for zeros.
_SILENT = {
    *("tanh", "relu", "leaky_relu", "prelu", "elu", "selu", "silu", "mish", "gelu", "gelu_tanh"),
    *("hardswish", "softsign", "fast_tanh", "scale", "snake", "sine", "abs", "square", "sqrt"),
    *("slice", "pad", "delay", "gate", "upsample_nearest", "gather", "silent_until"),
    "periodic_gain",
}

# Layers without memory that compute the same at all frames; those that controls may go through.
_STEADY = {"dense", "affine", "sigmoid", "exp", "softplus", "hardtanh", "tanh", "relu", "elu", "silu"}
_STEADY |= {"leaky_relu", "gelu", "softsign", "scale", "sine", "abs", "square", "sqrt", "db_to_amplitude"}

Times = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Late:
    """What delays a signal's first frame, and how to avoid it."""

    by: str
    advice: str

    @staticmethod
    def by_unpadded(place: Place, reach: int) -> Late:
        zeros = f"nn.ConstantPad1d(({reach}, 0), 0.0)"
        return Late(f"the unpadded {place}", f"put {zeros} before {place}")

    @staticmethod
    def by_blocks(place: Place) -> Late:
        return Late(f"{place}, which waits for blocks,", "put layers with a state before it")

    @staticmethod
    def by_centred(place: Place, reach: int) -> Late:
        zeros = f"nn.ConstantPad1d(({reach}, 0), 0.0)"
        return Late(f"{place}, which looks ahead,", f"put {zeros} before {place} in place of its padding")


@dataclass(frozen=True)
class Signal:
    """A tensor with a batch of one, and a description of its contents.

    `time` and `channel` are axes; `channel` is None where a single channel may be any other axis.
    `times` has, for each frame of the stream, the input frame with which it arrives. `clock` is the
    value behind the last change of the rate. The tensor's first frame is frame `start` of the stream.

    `latency` of these frames are due to layers that wait for later ones. A `silent` signal is zero in
    the stream before frame `start`, as PyTorch's padding is; with a `start` below 0, PyTorch's frames
    before frame 0 are. Frames before `settled` are others than those of a stream that has just begun.
    `behind` are zeros behind the signal that no layer looked at.

    A `held` signal is a condition for a whole clip. It is the same in all frames, so it fits any
    start and any rate. Its `time` is None until it is expanded along the frames.

    Each of the tensor's frames stands for `block` frames of the stream.
    """

    tensor: Tensor
    node: Node
    time: int | None
    channel: int | None
    times: Times
    held: bool = False
    block: int = 1
    start: int = 0
    settled: int = 0
    clock: Node | None = None
    latency: int = 0
    silent: bool = True
    late: Late | None = None
    in_front: Refusal | None = None
    behind: Refusal | None = None

    @property
    def channels(self) -> int:
        return self.node.channels

    @property
    def frames(self) -> int:
        return 1 if self.time is None else int(self.tensor.shape[self.time])

    @property
    def is_control(self) -> bool:
        """Whether layers make the signal for each block of frames."""
        return bool(self.node.records) and self.node.records[-1].type == "block_control"

    @property
    def begin(self) -> int:
        """The frame of the stream, without latency, that the tensor begins with."""
        return self.start - self.latency

    @property
    def tail(self) -> int:
        """The number of frames that the tensor has past the end of the stream."""
        if self.held:
            return 0
        return self.frames - (len(self.times) - self.start)

    def values(self) -> Array:
        """[frames, channels]"""
        return array_of(as_frames(self.tensor, self.time, self.channel))

    def arranged(self, channels_first: bool) -> Signal:
        """The signal laid out as (1, C, L) or as (1, L, C)."""
        frames = as_frames(self.tensor, self.time, self.channel)
        tensor = (frames.T if channels_first else frames).unsqueeze(0)
        time, channel = (2, 1) if channels_first else (1, 2)
        return replace(self, tensor=tensor, time=time, channel=channel)

    def then(self, tensor: Tensor, records: Chain) -> Signal:
        """The signal after layers without memory, in the same layout."""
        if self.is_control and all(map(_steady, records)):
            return replace(self, tensor=tensor, node=_for_each_block(self.node, records))
        silent = self.silent and all(record.type in _SILENT for record in records)
        return replace(self, tensor=tensor, node=layers(self.node, records), silent=silent)

    def late_by(self, frames: int, late: Late | None = None) -> Signal:
        """The signal of a layer that waits for `frames` frames and gives zeros before its first one."""
        if frames == 0:
            return self
        start, latency = self.start + frames, self.latency + frames
        return replace(self, start=start, latency=latency, silent=True, late=self.late or late)

    def delayed(self, frames: int, latency: int) -> Signal:
        """The signal delayed by `frames`: `latency` of them by a delay, others by a convolution that
        looks back."""
        if frames == 0:
            return self
        records = []
        if latency:
            records.append(LayerRecord("delay", {"size": self.channels, "frames": latency}))
        if frames > latency:
            records.append(look_back(self.channels, frames - latency, str(self.values().dtype)))
        return replace(
            self,
            node=layers(self.node, records),
            start=self.start + frames,
            settled=self.settled_behind(frames),
            latency=self.latency + latency,
        )

    def streamed(self, place: Place) -> Signal:
        """A held signal as an ordinary one, for layers with memory."""
        if self.held and (self.time is None or self.frames != len(self.times)):
            place.refuse(
                "a condition of the whole clip",
                "only layers without memory",
                "expand it to the frames of the signal first",
            )
        return replace(self, held=False)

    def settled_behind(self, reach: int) -> int:
        """`settled` behind a layer that looks `reach` frames back."""
        exact = self.settled == 0 and (self.silent or self.start >= 0)
        return 0 if exact else self.settled + reach

    def require_whole(self, place: Place) -> None:
        """Raises ExportError if there is padding in front, which only layers that look back can use."""
        if self.start < 0:
            assert self.in_front is not None
            self.in_front.throw()

    def require_settled(self, place: Place) -> None:
        """Raises ExportError if the first frames differ from those of a stream."""
        self.require_whole(place)
        if self.settled > 0:
            place.refuse(
                "a signal whose first frames depend on zeros that are padded in front of several layers",
                "only a signal as it is from a stream's first frame on",
                "pad in front of each convolution, (kernel_size - 1) * dilation zeros, and train again",
            )

    def require_first_frame(self, place: Place) -> None:
        """Raises ExportError unless the signal begins with the stream's first frame."""
        self.require_settled(place)
        if self.start > 0:
            self.refuse_late(place)

    def silenced(self, place: Place) -> Signal:
        """The signal with a stream that is zero before its first frame. Raises ExportError if that
        frame is late for another reason than latency."""
        self.require_whole(place)
        if self.start <= 0 or self.silent:
            return self
        if self.start != self.latency:
            self.refuse_late(place)
        return self.silent_until_start()

    def silent_until_start(self, latency: int = 0) -> Signal:
        """The same; `latency` is what the layer before adds to the latency."""
        if self.silent and not latency:
            return self
        options: dict[str, Option] = {"size": self.channels, "frames": self.start}
        options |= {"latency": latency} if latency else {}
        node = layers(self.node, [LayerRecord("silent_until", options)])
        return replace(self, node=node, silent=True)

    def refuse_late(self, place: Place) -> NoReturn:
        if self.behind:
            self.behind.throw()
        found, advice = "a start delayed by a crop", "leave the first frames in"
        if self.late:
            found, advice = f"a start delayed by {self.late.by}", self.late.advice
        place.refuse(found, "only a start at the first frame, as in a stream", advice)


def _steady(record: LayerRecord) -> bool:
    """Whether a layer gives the same for the same input at all frames."""
    return record.type in _STEADY or (record.type == "conv1d" and record.options["kernel_size"] == 1)


def _for_each_block(node: Node, records: Chain) -> Node:
    """Layers behind controls that are held for a block, run once for each block."""
    *before, control = node.records
    chains = {"layers": [[*control.chains["layers"][0], *records]]}
    return layers(node.inputs[0], [*before, replace(control, chains=chains)])


def as_frames(tensor: Tensor, time: int | None, channel: int | None) -> Tensor:
    """[frames, channels]; one frame where there is no axis of time."""
    if time is None:
        tensor, time, channel = tensor[None], 0, None if channel is None else channel + 1
    if channel is None:
        return tensor.reshape(tensor.shape[time], -1)
    rest = [axis for axis in range(tensor.dim()) if axis not in (time, channel)]
    moved = tensor.permute(*rest, time, channel)
    return moved.reshape(tensor.shape[time], tensor.shape[channel])


def moved(signal: Signal, result: Tensor, move: Callable[[Tensor], Tensor], place: Place) -> Signal:
    """A signal after an operation that only moves values.

    The operation is applied to the coordinates of the values, which shows where each of them went.
    """
    frame = move(_coordinates(signal.tensor, signal.time))
    channel = move(_coordinates(signal.tensor, signal.channel))
    interleaved = _interleaved(signal, result, frame.flatten(), channel.flatten(), place)
    if interleaved is not None:
        return interleaved
    along_time, first, step = _axis(frame, place)
    along_channels, begin, channel_step = _axis(channel, place)
    if signal.held:
        return _moved_held(signal, result, along_time, along_channels, begin, channel_step, place)
    if along_time is None or along_time == along_channels:
        place.refuse(
            "an operation that splits or selects the signal's frames",
            "only operations that keep the frames along one axis",
            "return the whole signal, one frame for each frame of the input",
        )
    if step != 1:
        place.refuse(
            "a slice of the frames with a step" if step > 1 else "frames in reverse order",
            "only neighbouring frames, in their order",
            f"use nn.MaxPool1d(1, stride={step})" if step > 1 else "leave the order as it is",
        )
    if _long_axes(result, along_time, along_channels):
        _refuse_repeated(place)
    channels = 1 if along_channels is None else int(result.shape[along_channels])
    chosen = range(begin, begin + channel_step * channels, channel_step)
    changed = replace(
        signal,
        tensor=result,
        node=_choice(signal, chosen) if channel_step != 1 else part(signal.node, begin, begin + channels),
        time=along_time,
        channel=along_channels,
        start=signal.start + first,
        silent=signal.silent and (first <= 0 or signal.start + first <= 0),
    )
    return changed if changed.tail > changed.latency else replace(changed, behind=None)


def _choice(signal: Signal, channels: Sequence[int]) -> Node:
    """Channels by their numbers."""
    options = {"in": signal.channels, "out": len(channels)}
    index = np.asarray(channels, signal.values().dtype)
    return layers(signal.node, [LayerRecord("gather", options, {"index": index})])


def _interleaved(
    signal: Signal, result: Tensor, frame: Tensor, channel: Tensor, place: Place
) -> Signal | None:
    """The channels of each frame as frames one after the other, in any order: frames of a transposed
    convolution. None for other operations."""
    size = signal.channels
    if signal.held or size == 1 or len(frame) != size * signal.frames:
        return None
    order = channel[:size]
    if not torch.equal(frame, torch.arange(signal.frames).repeat_interleave(size)):
        return None
    if not torch.equal(channel, order.repeat(signal.frames)) or len(_long_axes(result)) != 1:
        return None
    signal.require_settled(place)
    kernel = np.zeros((size, size, 1), signal.values().dtype)
    kernel[np.arange(size), order.numpy()] = 1
    options = {"in": size, "out": 1, "kernel_size": size, "stride": size}
    node = layers(signal.node, [LayerRecord("conv_transpose1d", options, {"kernel": kernel})])
    return replace(
        signal,
        tensor=result,
        node=node,
        time=_long_axes(result)[0],
        channel=None,
        times=np.repeat(signal.times, size),
        start=signal.start * size,
        latency=signal.latency * size,
        clock=node,
    )


def _moved_held(
    signal: Signal,
    result: Tensor,
    time: int | None,
    channel: int | None,
    begin: int,
    channel_step: int,
    place: Place,
) -> Signal:
    """The same for a held signal, which may be expanded along a new axis: the frames."""
    _require_neighbours(channel_step, place)
    others = _long_axes(result, time, channel)
    if time is None and len(others) == 1:
        time = others.pop()
    if others:
        _refuse_repeated(place)
    channels = 1 if channel is None else int(result.shape[channel])
    node = part(signal.node, begin, begin + channels)
    return replace(signal, tensor=result, node=node, time=time, channel=channel)


def _require_neighbours(channel_step: int, place: Place) -> None:
    if channel_step != 1:
        place.refuse(
            "channels in another order, or a choice of them",
            "only neighbouring channels, in their order",
            "reorder the weights of the layer before or after it",
        )


def _long_axes(tensor: Tensor, *known: int | None) -> list[int]:
    return [a for a, extent in enumerate(tensor.shape) if extent > 1 and a not in known]


def _refuse_repeated(place: Place) -> NoReturn:
    place.refuse("a signal that is repeated", "only the signal itself", "use a Linear of ones")


def _coordinates(tensor: Tensor, axis: int | None) -> Tensor:
    """For each element of a tensor, its index along an axis."""
    if axis is None:
        return torch.zeros(tensor.shape, dtype=torch.int64)
    shape = [1] * tensor.dim()
    shape[axis] = -1
    extent = tensor.shape[axis]
    return torch.arange(extent).reshape(shape).expand(tensor.shape).contiguous()


def _axis(coordinates: Tensor, place: Place) -> tuple[int | None, int, int]:
    """The axis along which coordinates change, or None; the first coordinate; the step."""
    found = None
    for axis, extent in enumerate(coordinates.shape):
        if extent > 1 and bool((coordinates.diff(dim=axis) != 0).any()):
            if found is not None:
                place.refuse(
                    "an operation that mixes frames and channels",
                    "only operations that keep them apart",
                    "use transpose or permute to change the layout of a signal",
                )
            found = axis
    first = int(coordinates.flatten()[0]) if coordinates.numel() else 0
    if found is None:
        return None, first, 1
    steps = coordinates.diff(dim=found)
    step = int(steps.flatten()[0])
    if not bool((steps == step).all()):
        place.refuse(
            "an irregular choice",
            "only neighbours in their order",
            "keep them in order",
        )
    return found, first, step


def aligned(signals: list[Signal], place: Place) -> list[Signal]:
    """The signals with the same start: those that begin earlier are delayed."""
    streams = [signal for signal in signals if not signal.held]
    if not streams:
        return signals
    first, *_ = aligned_streams = _aligned(streams, place)
    rest = iter(aligned_streams)
    return [
        replace(
            signal,
            times=first.times,
            start=first.start,
            settled=first.settled,
            latency=first.latency,
            clock=first.clock,
            in_front=first.in_front,
        )
        if signal.held
        else next(rest)
        for signal in signals
    ]


def _aligned(signals: list[Signal], place: Place) -> list[Signal]:
    latency = max(signal.latency for signal in signals)
    start = max(signal.start + latency - signal.latency for signal in signals)
    for signal in signals:
        if signal.clock is not signals[0].clock:
            place.refuse(
                "signals of different rates",
                "only signals of one rate",
                "put the stride before or behind the branches",
            )
    ahead = next((signal.behind for signal in signals if signal.behind), None)
    if ahead and any(signal.start != start for signal in signals):
        ahead.throw()
    silent = all(signal.silent for signal in signals)
    made = [
        signal.delayed(start - signal.start, latency - signal.latency) for signal in signals
    ]
    settled = max(signal.settled for signal in made)
    in_front = next((signal.in_front for signal in made if signal.in_front), None)
    return [replace(one, silent=silent, settled=settled, in_front=in_front) for one in made]
