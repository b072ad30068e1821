"""Convolutions of one channel with many taps, which C++ computes as a `FIR`.

The lengths are those of `include/inlay/core/fir_plan.hpp`.
"""

from __future__ import annotations

from ..format import LayerRecord

_LEAST, _PARTS, _TWO_PARTS = 128, 225, 3073
_STEP, _HEAD, _SMALL, _LARGE = 16, 128, 64, 512


def is_fir(layer: LayerRecord) -> bool:
    """Whether a layer is a long filter of one channel."""
    ones = ("in", "out", "dilation", "groups", "stride")
    return (
        layer.type == "conv1d"
        and all(int(layer.options.get(name, 1)) == 1 for name in ones)
        and int(layer.options["kernel_size"]) >= _LEAST
    )


def fir_macs(taps: int) -> int:
    """The multiply-adds of a frame: `FIR<taps>::computed_macs`."""
    if taps < _PARTS:
        return -(-taps // _STEP) * _STEP
    end = taps if taps < _TWO_PARTS else 2 * _LARGE
    parts = [(_SMALL, end - _HEAD)] + ([(_LARGE, taps - end)] if taps > end else [])
    return _HEAD + sum(4 * -(-own // size) + 5 * (size.bit_length() - 1) for size, own in parts)
