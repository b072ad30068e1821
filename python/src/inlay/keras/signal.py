"""The signal between two of Keras's layers: its frames, and when they arrive.

Keras computes a whole signal at once, and a convolution without padding leaves out the first
frames. A stream has these frames, computed from the zeros before its start. So a signal of Keras
may begin some frames later than that of a stream; `Signal` holds by how many.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NoReturn

from ..errors import ExportError
from .config import Layer


@dataclass(frozen=True)
class Padding:
    """Zeros that the next layer has to use up: they are the past before the first frame."""

    place: str
    frames: int
    features: tuple[int, int]

    def refuse(self, found: str) -> NoReturn:
        raise ExportError(
            f"{self.place}: zeros {found} are not supported, only right before a Conv1D or Conv2D"
            " that uses them up; move it there or leave it out"
        )

    def take(self, layer: Layer, reach: int) -> int:
        if self.frames not in (0, reach):
            raise ExportError(
                f"{self.place}: {self.frames} zeros before the first frame are not supported, only"
                f" the (kernel_size - 1) * dilation_rate = {reach} that make {layer} causal;"
                f" use {(reach, 0)}"
            )
        return self.frames


@dataclass(frozen=True)
class Signal:
    """`shape` is that of a frame: (channels,) or (features, channels).

    `batch` and `frames` are the lengths of these axes, if they are fixed. Without `timed` there is
    no axis of frames, and every example is a frame. Keras's first frame arrives with frame `skip`
    of the model's input; a stream gives `late` frames before it.
    """

    shape: tuple[int, ...]
    timed: bool = True
    batch: int | None = None
    frames: int | None = None
    skip: int = 0
    late: int = 0
    rate: Fraction = Fraction(1)
    bursts: bool = False
    unpadded_by: str = ""
    padding: Padding | None = None

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def axes(self) -> int:
        """The number of axes of Keras's array, with the batch."""
        return 1 + self.timed + len(self.shape)

    @property
    def stride(self) -> int:
        """The frames of the model's input per frame of this signal."""
        return max(1, math.ceil(1 / self.rate))

    def padded(self, layer: Layer, reach: int, stride: int) -> Signal:
        """The signal behind a layer that sees zeros before the first frame."""
        if reach:
            self.refuse_late_start(layer)
        if reach % stride or self.late % stride:
            layer.refuse(
                f"strides={stride} with padding='causal' and {reach} frames of past",
                "only where (kernel_size - 1) * dilation_rate is a multiple of the strides",
                "train it with such a kernel_size or with padding='valid'",
            )
        frames = None if self.frames is None else -(-self.frames // stride)
        return replace(self, frames=frames, late=self.late // stride, rate=self.rate / stride)

    def unpadded(self, layer: Layer, reach: int, stride: int) -> Signal:
        """The signal behind a layer that leaves out the first frames, which lack a full past."""
        if reach == 0 and stride == 1:
            return self
        if self.bursts:
            layer.refuse(
                "leaving out frames after a Conv1DTranspose",
                "as a stream gives its frames several at a time",
                "use padding='causal'",
            )
        if self.late % stride:
            layer.refuse(
                f"strides={stride} after {self.late} frames left out by {self.unpadded_by}",
                "only after a multiple of the strides",
                f"train {self.unpadded_by} with padding='causal'",
            )
        frames = None if self.frames is None else (self.frames - reach - 1) // stride + 1
        if frames is not None and frames < 1:
            raise ExportError(f"{layer}: is given {self.frames} frames, too few for any output")
        return replace(
            self,
            frames=frames,
            skip=self.skip + int(reach / self.rate),
            late=self.late // stride + reach // stride,
            rate=self.rate / stride,
            unpadded_by=self.unpadded_by or str(layer),
        )

    def upsampled(self, layer: Layer, taps: int, stride: int) -> Signal:
        """The signal behind a transposed convolution."""
        if taps > stride:
            self.refuse_late_start(layer)
        frames = None if self.frames is None else self.frames * stride + max(taps - stride, 0)
        return replace(
            self,
            frames=frames,
            late=self.late * stride,
            rate=self.rate * stride,
            bursts=self.bursts or stride > 1,
        )

    def refuse_late_start(self, layer: Layer) -> None:
        """Raises ExportError if a layer with memory follows one that leaves out frames.

        In a stream every layer starts at the first frame, so its memory would differ.
        """
        if self.late:
            layer.refuse(
                f"a start delayed by {self.late} frames, which {self.unpadded_by} leaves out,",
                "only a start at the first frame, as in a stream",
                f"train {self.unpadded_by} with padding='causal'",
            )
