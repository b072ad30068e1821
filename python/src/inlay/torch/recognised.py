"""Layers of other people's code, recognised by their attributes.

Each is exported as what its attributes say. The export compares the whole network with PyTorch, so a
module that only looks like one of these is refused there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from torch import nn

from ..format import Array, LayerRecord, Option
from .arrays import array_of

# The records of a PyTorch layer for a number of channels.
Convert = Callable[[nn.Module, int], Sequence[LayerRecord]]


@dataclass(frozen=True)
class Recognised:
    """A module as layers of inlay: their records, and the layout of its signals."""

    channels: int
    channels_first: bool
    records: Callable[[Convert], Sequence[LayerRecord]]
    block: int = 1
    """The frames of a block that the module needs before it gives the first one of it."""


def recognised(module: nn.Module) -> Recognised | None:
    """The layers that a module stands for, None for modules that are not known."""
    for recognise in _ALL:
        found = recognise(module)
        if found is not None:
            return found
    return None


def _has(module: nn.Module, **kinds: type | tuple[type, ...]) -> bool:
    return all(isinstance(getattr(module, name, None), kind) for name, kind in kinds.items())


def _min_gru_in_logarithms(module: nn.Module) -> Recognised | None:
    """minGRU of minGRU-pytorch: one Linear for the candidate and the gate, and one behind it."""
    if not _has(module, to_hidden_and_gate=nn.Linear, to_out=(nn.Linear, nn.Identity)):
        return None
    product: nn.Linear = module.to_hidden_and_gate  # type: ignore[assignment]
    out: nn.Module = module.to_out  # type: ignore[assignment]

    def records(convert: Convert) -> list[LayerRecord]:
        candidate, gate = _halves(product)
        made = [_min_gru(gate, candidate, "positive")]
        return [*made, _dense(out)] if isinstance(out, nn.Linear) else made

    return Recognised(product.in_features, False, records)


def _min_gru_of_two_products(module: nn.Module) -> Recognised | None:
    """The equations as the paper has them: a Linear for the gate and one for the candidate."""
    if not _has(module, linear_z=nn.Linear, linear_h=nn.Linear) or len(list(module.children())) > 2:
        return None
    gate: nn.Linear = module.linear_z  # type: ignore[assignment]
    candidate: nn.Linear = module.linear_h  # type: ignore[assignment]
    if gate.weight.shape != candidate.weight.shape:
        return None

    def records(convert: Convert) -> list[LayerRecord]:
        return [_min_gru(_product(gate), _product(candidate), "linear")]

    return Recognised(gate.in_features, False, records)


def _tfilm(module: nn.Module) -> Recognised | None:
    """TFiLM and TinyTFiLM of NablAFx, without control parameters. `hidden_state` has to be None."""
    if not _has(module, pool=nn.MaxPool1d, lstm=nn.LSTM) or not _has(module, block_size=int):
        return None
    if getattr(module, "cond_dim", 0) or getattr(module, "hidden_state", None) is not None:
        return None
    pool: nn.MaxPool1d = module.pool  # type: ignore[assignment]
    block: int = module.block_size  # type: ignore[assignment]
    lstm: nn.LSTM = module.lstm  # type: ignore[assignment]
    before = [module.conv] if _has(module, conv=nn.Conv1d) else []
    behind = [*module.adaptor] if _has(module, adaptor=nn.Sequential) else []
    if any(extent not in (block, (block,)) for extent in (pool.kernel_size, pool.stride)):
        return None
    inner: list[nn.Module] = [*before, lstm, *behind]  # type: ignore[list-item]
    size = int(before[0].in_channels) if before else lstm.input_size

    def records(convert: Convert) -> list[LayerRecord]:
        channels, made = size, list[LayerRecord]()
        for layer in inner:
            made += convert(layer, channels)
            channels = made[-1].channels_out
        options: dict[str, Option] = {"size": size, "block_size": block, "offset": 0}
        return [LayerRecord("tfilm", options, chains={"layers": [made]})]

    return Recognised(size, True, records, block)


def _rms_norm(module: nn.Module) -> Recognised | None:
    """RMSNorm as Mamba's code and other language models have it: a class of that name.

    PyTorch's own is not recognised by its attributes.
    """
    name, package = type(module).__name__, type(module).__module__
    if not name.endswith("RMSNorm") or package.startswith("torch."):
        return None
    epsilons = (getattr(module, each, None) for each in ("eps", "epsilon", "variance_epsilon"))
    epsilon = next((each for each in epsilons if isinstance(each, float)), None)
    weights = dict(module.named_parameters())
    if epsilon is None or list(weights) != ["weight"] or weights["weight"].dim() != 1:
        return None
    size = len(weights["weight"])

    def records(convert: Convert) -> list[LayerRecord]:
        options: dict[str, Option] = {"size": size, "epsilon": epsilon}
        return [LayerRecord("rms_norm", options, {"gamma": array_of(weights["weight"])})]

    return Recognised(size, False, records)


_ALL: list[Callable[[nn.Module], Recognised | None]] = [
    _min_gru_in_logarithms,
    _min_gru_of_two_products,
    _tfilm,
    _rms_norm,
]

_Product = tuple[Array, Array]


def _product(linear: nn.Linear) -> _Product:
    """Kernel [in, out] and bias [out]."""
    kernel = array_of(linear.weight.T)
    bias = np.zeros(kernel.shape[1], kernel.dtype) if linear.bias is None else array_of(linear.bias)
    return kernel, bias


def _halves(linear: nn.Linear) -> tuple[_Product, _Product]:
    kernel, bias = _product(linear)
    kernels, biases = np.split(kernel, 2, axis=1), np.split(bias, 2)
    return (kernels[0], biases[0]), (kernels[1], biases[1])


def _min_gru(gate: _Product, candidate: _Product, of: str) -> LayerRecord:
    (w_u, b_u), (w_v, b_v) = gate, candidate
    tensors = {"kernel": np.concatenate([w_u, w_v], axis=1), "bias": np.concatenate([b_u, b_v])}
    options = {"in": len(w_u), "out": len(b_u), "candidate": of}
    return LayerRecord("min_gru", options, tensors)


def _dense(linear: nn.Linear) -> LayerRecord:
    options = {"in": linear.in_features, "out": linear.out_features}
    kernel, bias = _product(linear)
    return LayerRecord("dense", options, {"kernel": kernel, "bias": bias})
