"""Functions as modules, such as nn.LeakyReLU(0.2) for torch.nn.functional.leaky_relu(x, 0.2)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn


_LARGEST = float(torch.finfo(torch.float32).max)


def _one(extent: Any) -> Any:
    return extent[0] if isinstance(extent, (tuple, list)) else extent


def _matmul(weight: Any) -> nn.Module | None:
    right = isinstance(weight, Tensor) and weight.dim() == 2
    return _linear(weight.T) if right else None


def _linear(weight: Tensor, bias: Tensor | None = None) -> nn.Module:
    outputs, inputs = weight.shape
    return _with_weights(nn.Linear(inputs, outputs, bias=bias is not None), weight, bias)


def _conv1d(
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> nn.Module:
    outputs, inputs, taps = weight.shape
    options: dict[str, Any] = {"stride": _one(stride), "padding": _one(padding)}
    options |= {"dilation": _one(dilation), "groups": groups, "bias": bias is not None}
    return _with_weights(nn.Conv1d(inputs * groups, outputs, taps, **options), weight, bias)


def _conv_transpose1d(
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> nn.Module:
    inputs, outputs, taps = weight.shape
    options = {
        "stride": _one(stride),
        "padding": _one(padding),
        "dilation": _one(dilation),
    }
    options |= {
        "output_padding": _one(output_padding),
        "groups": groups,
        "bias": bias is not None,
    }
    module = nn.ConvTranspose1d(inputs, outputs * groups, taps, **options)
    return _with_weights(module, weight, bias)


def _interpolate(
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> nn.Module | None:
    return None if antialias else nn.Upsample(size, scale_factor, mode, align_corners)


def _with_weights(module: nn.Module, weight: Tensor, bias: Tensor | None) -> nn.Module:
    module.weight = nn.Parameter(weight.detach())
    if bias is not None:
        module.bias = nn.Parameter(bias.detach())
    return module


def _norm(module: Any, weight: Tensor | None, bias: Tensor | None = None) -> nn.Module:
    """A normalisation without weights, given these."""
    for name, tensor in (("weight", weight), ("bias", bias)):
        setattr(module, name, None if tensor is None else nn.Parameter(tensor.detach()))
    return cast(nn.Module, module)


def _layer_norm(
    normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> nn.Module:
    return _norm(nn.LayerNorm(normalized_shape, eps, elementwise_affine=False), weight, bias)


def _group_norm(
    num_groups: int, weight: Tensor, bias: Any = None, eps: float = 1e-5
) -> nn.Module | None:
    if weight is None:
        return None
    return _norm(nn.GroupNorm(num_groups, len(weight), eps, affine=False), weight, bias)


def _rms_norm(normalized_shape: Any, weight: Any = None, eps: float | None = None) -> nn.Module:
    return _norm(nn.RMSNorm(normalized_shape, eps, elementwise_affine=False), weight)


def _prelu(weight: Tensor) -> nn.Module:
    return _with_weights(nn.PReLU(weight.numel()), weight, None)


def _softmax(
    dim: int | None = None, _stacklevel: int = 3, dtype: object = None
) -> nn.Module | None:
    return nn.Softmax(dim) if dtype is None else None


def _softplus(beta: float = 1, threshold: float = 20) -> nn.Module:
    return nn.Softplus(beta, threshold)  # type: ignore[arg-type]


def _clamp(min: float | None = None, max: float | None = None) -> nn.Module | None:
    """A bound on one side alone leaves the other at the largest number of a float."""
    if min == 0 and max is None:
        return nn.ReLU()
    if min is None and max is None:
        return None
    low, high = -_LARGEST if min is None else min, _LARGEST if max is None else max
    if not all(isinstance(bound, (int, float)) for bound in (low, high)):
        return None
    right = math.isfinite(low) and math.isfinite(high) and low < high
    return nn.Hardtanh(low, high) if right else None


def _plain(kind: Callable[[], nn.Module]) -> Callable[..., nn.Module]:
    def made(inplace: bool = False) -> nn.Module:
        return kind()

    return made


_CLAMP: dict[str, Callable[..., nn.Module | None]] = {
    **dict.fromkeys(("clamp", "clip"), _clamp),
    "clamp_min": lambda min: _clamp(min=min),
    "clamp_max": lambda max: _clamp(max=max),
}

# Each takes the arguments of the function without the first one.
MODULES: dict[str, Callable[..., nn.Module | None]] = {
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "hardsigmoid": _plain(nn.Hardsigmoid),
    "relu": _plain(nn.ReLU),
    "relu6": _plain(nn.ReLU6),
    "leaky_relu": lambda negative_slope=0.01, inplace=False: nn.LeakyReLU(negative_slope),
    "elu": lambda alpha=1.0, inplace=False: nn.ELU(alpha),
    "prelu": _prelu,
    "softplus": _softplus,
    "silu": _plain(nn.SiLU),
    "gelu": lambda approximate="none": nn.GELU(approximate=approximate),
    "hardtanh": lambda min_val=-1.0, max_val=1.0, inplace=False: nn.Hardtanh(min_val, max_val),
    "hardswish": _plain(nn.Hardswish),
    "softsign": nn.Softsign,
    "mish": _plain(nn.Mish),
    "selu": _plain(nn.SELU),
    "softmax": _softmax,
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "group_norm": _group_norm,
    "linear": _linear,
    "matmul": _matmul,
    "conv1d": _conv1d,
    "conv_transpose1d": _conv_transpose1d,
    **dict.fromkeys(("interpolate", "upsample"), _interpolate),
    "max_pool1d": nn.MaxPool1d,
    "avg_pool1d": nn.AvgPool1d,
    **_CLAMP,
}
