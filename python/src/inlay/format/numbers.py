"""Numbers that a layer cannot have. The C++ library refuses files with them, in the same words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Optional

import numpy as np

from .records import LayerRecord

TRANSFORM_SIZES = "a multiple of 32, at most 65536, whose prime factors are 2, 3 and 5"


def is_transform_size(samples: object) -> bool:
    """Whether a Fourier transform can have this number of samples, one of `TRANSFORM_SIZES`."""
    if type(samples) is not int or not 0 < samples <= 1 << 16 or samples % 32:
        return False
    for prime in (2, 3, 5):
        while samples % prime == 0:
            samples //= prime
    return samples == 1


def refused_number(layer: LayerRecord) -> tuple[str, str] | None:
    """The member of a layer that has a number which it cannot have, and an error message; None for others."""
    check = _CHECKS.get(layer.type)
    found = check(layer) if check else None
    return None if found is None else (found[0], f"expected {found[1]}, found {found[2]}")


# The member, what was expected, and what was found. None if the numbers can be used.
_Found = Optional[tuple[str, str, object]]


def _above(layer: LayerRecord, name: str, least: float) -> _Found:
    value = float(layer.options[name])
    with np.errstate(over="ignore"):
        if np.float32(value) > np.float32(least):
            return None
    return name, f"a number above {least:.9g}", f"{value:.9g}"


def _within(layer: LayerRecord, name: str, most: int) -> _Found:
    value = layer.integer(name)
    return None if 2 <= value <= most else (name, f"a whole number from 2 to {most}", value)


def _transform(layer: LayerRecord) -> _Found:
    samples = layer.integer("samples")
    return None if is_transform_size(samples) else ("samples", TRANSFORM_SIZES, samples)


def _overlap_add(layer: LayerRecord) -> _Found:
    if not layer.options.get("spread") or layer.integer("hop") >= 2:
        return None
    return "hop", "a hop of at least 2 samples, over which work can be spread", layer.integer("hop")


def _gain_computer(layer: LayerRecord) -> _Found:
    knee = float(layer.options["knee"])
    wrong = None if knee >= 0 else ("knee", "a width in dB, not negative", f"{knee:.9g}")
    return _above(layer, "ratio", 0.0) or wrong


def _table_shaper(layer: LayerRecord) -> _Found:
    return _within(layer, "points", 1 << 16) or _above(layer, "high", float(layer.options["low"]))


def _parametric_equalizer(layer: LayerRecord) -> _Found:
    return _within(layer, "bands", 1024) or _above(layer, "sample_rate", 0.0)


def _biquad(layer: LayerRecord) -> _Found:
    a1, a2 = layer.tensors["coefficients"].reshape(-1, 5)[:, 3:].astype(np.float64).T
    wrong = np.flatnonzero(~((np.abs(a2) < 1) & (np.abs(a1) < 1 + a2)))
    if not len(wrong):
        return None
    place, first = f"coefficients.data[{5 * wrong[0] + 3}]", wrong[0]
    expected = "a stable filter, whose poles are inside of the unit circle"
    return place, expected, f"a1 = {a1[first]:.9g}, a2 = {a2[first]:.9g}"


def _one_pole(layer: LayerRecord) -> _Found:
    values = ((name, at, each) for name in ("rise", "fall") for at, each in enumerate(layer.tensors[name]))
    for name, at, each in values:
        if not 0 <= each < 1:
            return f"{name}.data[{at}]", "a smoothing coefficient of at least 0 and below 1", f"{each:.9g}"
    return None


_CHECKS: dict[str, Callable[[LayerRecord], _Found]] = {
    **dict.fromkeys(("rfft", "irfft"), _transform),
    "overlap_add": _overlap_add,
    "gain_computer": _gain_computer,
    "table_shaper": _table_shaper,
    "parametric_equalizer": _parametric_equalizer,
    "biquad": _biquad,
    "one_pole": _one_pole,
}
