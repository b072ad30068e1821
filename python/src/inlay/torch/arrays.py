"""Tensors as arrays."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from ..format import Array


def array_of(tensor: Tensor) -> Array:
    return np.ascontiguousarray(tensor.detach().cpu().numpy())
