"""How combinators call the layers that they hold, if not as they are called themselves.

`include/inlay/predict/inner_calls.hpp` has the same for types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..inspect.analysis import LayerAnalysis

Within = Sequence[LayerAnalysis]


@dataclass(frozen=True)
class InnerCalls:
    """The calls of a combinator, and the values that it moves between them."""

    tiles: bool | None
    """True: the layers run in tiles, as in buffers. False: frame by frame. None: as the combinator is called."""
    runs: Fraction = Fraction(1)
    """Runs of the layers per frame of the combinator."""
    frames: int = 1
    """Frames of a run."""
    moved: float = 0
    """Values that are moved for each frame of the combinator."""
    copied: float = 0
    """Values that are copied one by one for each run."""
    shifted: float = 0
    """Values that are copied in registers for each run."""


def _overlap_add(layer: LayerAnalysis, within: Within) -> InnerCalls:
    made = layer.record.chains["layers"][0][-1].channels_out
    runs = Fraction(1, layer.record.integer("hop"))
    return InnerCalls(False, runs, moved=2, shifted=layer.record.integer("window") + made)


def _block_control(layer: LayerAnalysis, within: Within) -> InnerCalls:
    runs = Fraction(1, layer.record.integer("block_size"))
    return InnerCalls(False, runs, moved=_values(layer))


def _tfilm(layer: LayerAnalysis, within: Within) -> InnerCalls:
    """The input is compared, and enters a history, which is read."""
    runs = Fraction(1, layer.record.integer("block_size"))
    return InnerCalls(False, runs, moved=2 * _values(layer))


def _windowed(layer: LayerAnalysis, within: Within) -> InnerCalls:
    channels, window = layer.record.channels_in, layer.record.integer("window")
    runs = Fraction(1, layer.record.integer("hop"))
    made = sum(
        each.record.channels_out * each.per_frame * each.traits.rate / (layer.per_frame * runs)
        for each in within
        if each.depth == layer.depth + 1
    )
    return InnerCalls(True, runs, window, moved=channels, copied=window * channels + float(made))


def _along_features(layer: LayerAnalysis, within: Within) -> InnerCalls:
    return InnerCalls(True, frames=layer.record.integer("features"), copied=_values(layer))


def _per_feature(layer: LayerAnalysis, within: Within) -> InnerCalls:
    return InnerCalls(None, frames=layer.record.integer("features"))


def _values(layer: LayerAnalysis) -> int:
    return layer.record.channels_in + layer.record.channels_out


#: By the type of the combinator.
INNER_CALLS: Mapping[str, Callable[[LayerAnalysis, Within], InnerCalls]] = {
    "overlap_add": _overlap_add,
    "block_control": _block_control,
    "tfilm": _tfilm,
    "windowed": _windowed,
    "along_features": _along_features,
    "per_feature": _per_feature,
}
