"""Convolutions of one channel with many taps, which C++ computes as a `FIR`.

The lengths are those of `include/inlay/core/fir_plan.hpp`.
"""

from __future__ import annotations

from ..format import LayerRecord

_LEAST, _PARTS, _TWO_PARTS = 128, 225, 3073
_HEAD, _SMALL, _LARGE = 128, 64, 512
#: Frames whose output is computed at a time.
FIR_STEP = 16


def is_fir(layer: LayerRecord) -> bool:
    """Whether a layer is a long filter of one channel."""
    ones = ("in", "out", "dilation", "groups", "stride")
    return (
        layer.type == "conv1d"
        and all(int(layer.options.get(name, 1)) == 1 for name in ones)
        and int(layer.options["kernel_size"]) >= _LEAST
    )


def _steps(taps: int) -> int:
    return -(-taps // FIR_STEP) * FIR_STEP


def _partitions(taps: int) -> list[tuple[int, int]]:
    """Sizes of partitions, and how many there are of each."""
    if taps < _PARTS:
        return []
    end = taps if taps < _TWO_PARTS else 2 * _LARGE
    parts = [(_SMALL, end - _HEAD)] + ([(_LARGE, taps - end)] if taps > end else [])
    return [(size, -(-own // size)) for size, own in parts]


def fir_macs(taps: int) -> int:
    """The multiply-adds of a frame: `FIR<taps>::computed_macs`."""
    parts = _partitions(taps)
    head = _HEAD if parts else _steps(taps)
    return head + sum(4 * count for _, count in parts) + fft_macs(taps)


def fft_macs(taps: int) -> int:
    """Those of them in FFTs: `FIR<taps>::fft_macs`."""
    return sum(5 * (size.bit_length() - 1) for size, _ in _partitions(taps))


def fir_values(taps: int) -> tuple[int, int]:
    """Values of the weights and of a state."""
    parts = _partitions(taps)
    head = _HEAD if parts else _steps(taps)
    ring = max([head + FIR_STEP, *(2 * size for size, _ in parts)])
    # Beside the spectra of the parts: a rotation of 2 size values, an FFT's table of 2 size - 16.
    weights = sum(2 * size * (count + 2) - 16 for size, count in parts)
    state = 2 * ring + sum(size * (2 * count + 5) for size, count in parts)
    return FIR_STEP + _steps(taps) + weights, 3 * FIR_STEP + state
