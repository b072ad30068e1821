"""A signal of an ONNX graph, and the frames of the stream that it has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from ..errors import ExportError
from ..format import Chain, LayerRecord
from ..network.graph import Node, layers
from .opened import Operation


@dataclass(frozen=True)
class Signal:
    """The axes of a value: `time`, and `channel`, which is None for a single channel.

    Its first frame is frame `start` of the stream; below 0 there are zeros in front, which a
    convolution uses up. `times` has the input frame with which each frame of the stream arrives.
    `front` and `behind` are the operations that added zeros at an end.

    With `window`, the graph takes one window of the stream, and gives the last frame of it. With `held`,
    the signal has one value for all frames, and no axis of time.
    """

    node: Node
    shape: tuple[int, ...]
    time: int
    channel: int | None
    times: npt.NDArray[np.int64]
    start: int = 0
    front: Operation | None = None
    behind: Operation | None = None
    window: bool = False
    held: bool = False

    @property
    def channels(self) -> int:
        return self.node.channels

    @property
    def frames(self) -> int:
        return 1 if self.is_last else self.shape[self.time]

    @property
    def is_last(self) -> bool:
        """Whether this is the last frame of a window. Its axis of time may be gone."""
        return self.window and self.start + 1 == len(self.times)

    @property
    def tail(self) -> int:
        """The number of frames past the end of the stream."""
        return self.frames + self.start - len(self.times)

    def then(self, records: Chain) -> Signal:
        return replace(self, node=layers(self.node, records))

    def with_zeros(self, before: int, after: int) -> Signal:
        """A window with frames of zeros as part of it."""
        node, last = self.node, self.node.records[-1] if self.node.records else None
        counts = {"before": before, "after": after}
        if last is not None and last.type == "time_pad":
            counts = {name: count + int(last.options[name]) for name, count in counts.items()}
            node = layers(node.inputs[0], node.records[:-1])
        record = LayerRecord("time_pad", {"size": self.channels, **counts})
        frames = len(self.times) + before + after
        return replace(
            self,
            node=layers(node, [record]),
            times=np.arange(frames),
            start=self.start + before,
        )

    def require_whole(self, op: Operation) -> None:
        if self.start < 0:
            assert self.front is not None
            self.front.refuse(
                f"{-self.start} zeros in front of {op}",
                "only right before a Conv or a pool, as its past",
                "move them there or leave them out",
            )

    def require_first_frame(self, op: Operation) -> None:
        """For layers with memory: they start at the first frame of a stream."""
        self.require_whole(op)
        if self.start > 0:
            op.refuse(
                f"a start delayed by {self.start} frames",
                "only a start at the stream's first frame, as its past would differ",
                "pad the layers before it on the left",
            )

    def require_channel(self, op: Operation, axis: int) -> None:
        """The axis holds the channels; a single channel may be on any axis of size 1."""
        axis %= len(self.shape)
        if self.channel == axis or (
            self.channel is None and axis != self.time and self.shape[axis] == 1
        ):
            return
        if axis == self.time:
            if self.frames == 1 and self.channels == 1:
                return
            op.refuse(
                "an operation over time",
                "only over the channels of each frame",
                "transpose before it, or leave it out",
            )
        op.refuse(
            f"an operation over axis {axis}",
            "only over the channels of each frame",
            "transpose before it",
        )

    def require_time(self, op: Operation, axis: int) -> None:
        if self.time != axis % len(self.shape) and not (self.frames == 1 and self.shape[axis] == 1):
            op.refuse(
                f"time on axis {self.time}",
                f"only on axis {axis % len(self.shape)}",
                "transpose before it",
            )


@dataclass(frozen=True)
class State:
    """A state that the graph takes as an input, before something uses it."""

    name: str
    shape: tuple[int, ...]

    def refuse(self, op: Operation) -> NoReturn:
        raise ExportError(
            f"{op}: it computes with the state {self.name!r}, which is not supported, only states that are"
            " the start of an LSTM, GRU or RNN, or the past that a Concat puts before a Conv; write the"
            " update as such a layer, or export a graph of one frame"
        )


@dataclass(frozen=True)
class Last:
    """The state of a recurrent layer after the last frame, which only the next call can take."""

    op: Operation
