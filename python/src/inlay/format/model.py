"""A model file as a whole: layers, check, sample rate, metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .records import Array, LayerRecord

FORMAT = "inlay"
VERSION = 1
DTYPES = ("float32", "float64")


@dataclass(frozen=True)
class Check:
    """A short input signal and the output that the training framework computed for it.

    `input` is [frames, channels], `condition` the side channels of each of its frames, `output`
    [frames out, channels]. `output[j]` is available once input frame `skip + j * stride` has
    arrived.
    """

    source: str
    dtype: str
    input: Array
    output: Array
    tolerance: float
    skip: int = 0
    stride: int = 1
    condition: Array | None = None


@dataclass(frozen=True)
class ModelFile:
    """The whole file. `prewarm` is the number of silent frames that a player runs before the first
    sound; the check starts without them."""

    layers: Sequence[LayerRecord]
    check: Check
    sample_rate: float | None = None
    metadata: Mapping[str, Any] | None = None
    prewarm: int = 0
