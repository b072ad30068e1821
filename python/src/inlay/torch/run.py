"""Runs a module: evaluation mode, precision, kept attributes, length of the signal."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..custom import custom_of
from ..errors import ExportError
from ..inspect.analysis import analyse
from .modules import WINDOWED, custom_record, window_of
from .place import place_of
from .controlled import controlled
from .recognised import recognised
from .spectral import SpectralNetwork

DTYPES: dict[torch.dtype, str] = {torch.float32: "float32", torch.float64: "float64"}


def parameter_type(
    module: nn.Module, check_input: npt.NDArray[Any] | None
) -> tuple[torch.dtype, torch.device]:
    """The dtype and device of the weights. Without weights, the dtype is that of `check_input`."""
    tensors = [*module.parameters(), *module.buffers()]
    if any(nn.parameter.is_lazy(tensor) for tensor in tensors):
        raise ExportError("the module has uninitialised (lazy) parameters; run it once before")
    tensors = [tensor for tensor in tensors if tensor.is_floating_point()]
    found = {tensor.dtype for tensor in tensors}
    if not tensors:
        double = check_input is not None and check_input.dtype == np.float64
        return (torch.float64 if double else torch.float32), torch.device("cpu")
    if len(found) > 1 or not found <= DTYPES.keys():
        names = ", ".join(sorted(map(str, found)))
        raise ExportError(
            f"the module's parameters are {names}; supported are all torch.float32 or all"
            " torch.float64; use module.float() or module.double()"
        )
    return found.pop(), tensors[0].device


@contextmanager
def evaluation(module: nn.Module) -> Iterator[None]:
    """Evaluation mode, no gradients, full precision. Everything is restored at the end."""
    flags = {child: child.training for child in module.modules()}
    precision = torch.get_float32_matmul_precision()
    set_precision: Callable[[str], None] = torch.set_float32_matmul_precision
    module.eval()
    # A GPU's shortened products (TF32, also cuDNN's default) would miss the check's tolerance.
    set_precision("highest")
    try:
        with torch.no_grad(), torch.backends.cudnn.flags(enabled=False):
            yield
    finally:
        set_precision(precision)
        for child, training in flags.items():
            child.training = training


@contextmanager
def attributes_kept(module: nn.Module) -> Iterator[None]:
    """Restores the attributes that `forward` changes, such as a stored state."""
    attributes = [(child, dict(child.__dict__), dict(child._buffers)) for child in module.modules()]
    try:
        yield
    finally:
        for child, kept, buffers in attributes:
            child.__dict__.clear()
            child.__dict__.update(kept)
            child._buffers.clear()
            child._buffers.update(buffers)


def reach_bound(module: nn.Module) -> int:
    """An upper bound of the frames that all convolutions and pools look back together."""
    known = [recognised(child) or controlled(child) for child in module.modules()]
    within = {
        inner
        for child, found in zip(module.modules(), known)
        if found is not None
        for inner in child.modules()
    }
    plainly = (child for child in module.modules() if child not in within)
    windows = [window_of(child) for child in plainly if isinstance(child, WINDOWED)]
    reach = sum(window.reach for window in windows) * math.prod(w.stride for w in windows)
    reach += sum(found.reach for found in known if found is not None)
    return reach + sum(map(_custom_reach, module.modules()))


def _custom_reach(module: nn.Module) -> int:
    custom = custom_of(module)
    if custom is None:
        return 0
    if isinstance(module, SpectralNetwork):
        return module.reach
    record = custom_record(custom, module, place_of(module, ""), 1 if custom.is_builtin else None)
    return (analyse([record]).receptive_field or 1) - 1
