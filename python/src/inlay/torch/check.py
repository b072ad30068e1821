"""The check of a file, and the comparison of the exported layers with PyTorch."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import numpy as np
import torch

from ..check import reference
from ..errors import ExportError
from ..format import Array, Chain, Check, ModelFile, chain_text, validate
from .place import Place
from .signal import Signal

# The error allowed relative to the peak, and the smallest error allowed.
_AGREEMENT = {"float32": (1e-4, 2e-6), "float64": (1e-9, 1e-13)}


def require_complete(signal: Signal, place: Place) -> None:
    """Raises ExportError if there is padding at either end of the output."""
    signal.require_whole(place)
    if signal.tail > signal.latency and signal.behind:
        signal.behind.throw()


def check_of(
    signal: Signal,
    output: Array,
    samples: Array,
    condition: Array | None,
    rate: Fraction,
    tolerance: float,
) -> Check:
    """The check for PyTorch's `output` [frames, channels], whose frames `signal` describes.

    `rate` is the number of output frames per input frame.
    """
    first = max(signal.start, signal.settled)
    # A check has all of the frames that arrive together.
    while 0 < first < len(signal.times) and signal.times[first] == signal.times[first - 1]:
        first += 1
    rows = output[first - signal.start : len(signal.times) - signal.start]
    if len(rows) == 0:
        raise ExportError("check_input: too short, as the module gives no output for it")
    return Check(
        source=f"PyTorch {torch.__version__}",
        dtype=str(samples.dtype),
        input=samples,
        condition=condition,
        output=rows,
        skip=int(signal.times[first]),
        stride=math.ceil(1 / rate),
        tolerance=tolerance,
    )


def verify(model: ModelFile) -> None:
    """Raises ExportError if the reference's output for the file differs from PyTorch's."""
    validate(model)
    check = model.check
    found = _evaluated(model.layers, check)[: len(check.output)]
    expected = check.output.astype(np.float64)
    peak = float(np.abs(expected).max())
    of_peak, least = _AGREEMENT[check.dtype]
    error = float(np.abs(found - expected).max()) if found.shape == expected.shape else np.inf
    if not error <= max(of_peak * peak, least):
        raise ExportError(
            f"the exported layers give other numbers than the module: off by {error:.3g} at a peak"
            f" of {peak:.3g}; a hook or an operation in place that changes a signal cannot be"
            " exported; if there is none, this is a bug: please report it with the module"
        )


def _evaluated(layers: Chain, check: Check) -> Array:
    """The rows of the check in the reference evaluation."""
    read = json.loads(chain_text(layers, indent=0))
    condition = None if check.condition is None else check.condition.astype(np.float64)
    with np.errstate(all="ignore"):
        output = reference.evaluate(read, check.input.astype(np.float64), condition)
    times, rate = reference.arrivals(read, len(check.input))
    step = max(1, int(check.stride * min(rate, Fraction(1))))
    return np.asarray(output[times >= check.skip][::step])
