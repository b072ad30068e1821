"""Tensors as arrays."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from ..format import Array


def array_of(tensor: Tensor) -> Array:
    return np.ascontiguousarray(tensor.detach().cpu().numpy())


def weights_of(kernel: Tensor | Array, bias: Tensor | None) -> dict[str, Array]:
    """The tensors of a layer; a bias of None is left out."""
    given = {"kernel": kernel, "bias": bias}
    return {
        name: array_of(tensor) if isinstance(tensor, Tensor) else tensor
        for name, tensor in given.items()
        if tensor is not None
    }
