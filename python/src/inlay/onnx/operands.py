"""What the conversion of an operation takes: signals, and constant weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..format import Array
from .opened import Operation
from .signal import Signal

Value = Any  # an array of constants, a Signal, a State, or None where there is none


def signal_of(op: Operation, value: Value) -> Signal:
    if not isinstance(value, Signal):
        op.refuse(
            "a signal as weights",
            "only constant weights",
            "export with constant weights (constant folding)",
        )
    return value


def weights_of(op: Operation, value: Value) -> Array:
    if not isinstance(value, np.ndarray):
        op.refuse(
            "weights that are computed from a signal",
            "only constant ones",
            "attention over time has no stream; use a recurrent or a convolutional layer",
        )
    return value.astype(np.float32)
