"""Layers of other projects, recognised by their attributes.

The attributes are exported. The export compares the whole network with PyTorch, so a module that has the
attributes and computes something else is refused there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

from ..format import Array, LayerRecord, Option
from .arrays import array_of

# The records of a PyTorch layer for a number of channels.
Convert = Callable[[nn.Module, int], Sequence[LayerRecord]]


@dataclass(frozen=True)
class Recognised:
    """A module as layers of inlay: their records, and the layout of its signals.

    A layer that computes each value by itself takes any number of channels and any layout: both are None.
    """

    channels: int | None
    channels_first: bool | None
    records: Callable[[Convert, int], Sequence[LayerRecord]]
    block: int = 1
    """The length of a block: the module gives the first frame of one when it has all of it."""

    @property
    def reach(self) -> int:
        return 2 * self.block


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

    def records(convert: Convert, size: int) -> list[LayerRecord]:
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

    def records(convert: Convert, size: int) -> list[LayerRecord]:
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
    width = int(before[0].in_channels) if before else lstm.input_size

    def records(convert: Convert, size: int) -> list[LayerRecord]:
        channels, made = size, list[LayerRecord]()
        for layer in inner:
            made += convert(layer, channels)
            channels = made[-1].channels_out
        options: dict[str, Option] = {"size": size, "block_size": block, "offset": 0}
        return [LayerRecord("tfilm", options, chains={"layers": [made]})]

    return Recognised(width, True, records, block)


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

    def records(convert: Convert, size: int) -> list[LayerRecord]:
        options: dict[str, Option] = {"size": size, "epsilon": epsilon}
        return [LayerRecord("rms_norm", options, {"gamma": array_of(weights["weight"])})]

    return Recognised(len(weights["weight"]), False, records)


def _rational(module: nn.Module) -> Recognised | None:
    """A Rational of rational_activations: the same function of all values."""
    if not _has(module, numerator=Tensor, denominator=Tensor, version=str):
        return None
    if module.version not in ("A", "B") or next(module.children(), None) is not None:
        return None
    over: Tensor = module.numerator  # type: ignore[assignment]
    under: Tensor = module.denominator  # type: ignore[assignment]

    def records(convert: Convert, size: int) -> list[LayerRecord]:
        options: dict[str, Option] = {"size": size, "version": str(module.version)}
        options |= {"numerator_degree": len(over) - 1, "denominator_degree": len(under)}
        tensors = {"numerator": array_of(over[:, None]), "denominator": array_of(under[:, None])}
        return [LayerRecord("rational", options, tensors)]

    return Recognised(None, None, records)


def _cubic_clip(module: nn.Module) -> Recognised | None:
    """StandardCubicClip and AsymmetricStandardCubicClip of AIDA-X's fork, with a bias.

    They clip x / alpha to c from -1 to 1, and give alpha (c - c^3 / 3). The asymmetric one has an alpha
    for values above 0 and one for those below.
    """
    if not _has(module, weight=Tensor, bias=Tensor, alpha_min=(int, float), alpha_max=(int, float)):
        return None
    weight: Tensor = module.weight  # type: ignore[assignment]
    bias: Tensor = module.bias  # type: ignore[assignment]
    if weight.numel() > 2 or bias.numel() != 1 or next(module.children(), None) is not None:
        return None

    def clip(size: int, low: float, high: float, alpha: float, bias: float) -> list[LayerRecord]:
        cubic = np.array([[bias], [1.0], [0.0], [-1 / (3 * alpha * alpha)]], str(weight.dtype)[6:])
        tensors = {"numerator": cubic, "denominator": np.zeros((1, 1), cubic.dtype)}
        options: dict[str, Option] = {"size": size, "numerator_degree": 3, "denominator_degree": 1}
        clamp = LayerRecord("hardtanh", {"size": size, "min": low, "max": high})
        return [clamp, LayerRecord("rational", options | {"version": "B"}, tensors)]

    def records(convert: Convert, size: int) -> list[LayerRecord]:
        low, high = float(module.alpha_min), float(module.alpha_max)  # type: ignore[arg-type]
        above, *below = weight.clamp(low, high).tolist()
        if not below:
            return clip(size, -above, above, above, bias.item())
        halves = [clip(size, 0.0, above, above, bias.item()), clip(size, -below[0], 0.0, below[0], 0.0)]
        return [LayerRecord("parallel", chains={"branches": halves})]

    return Recognised(None, None, records)


_ALL: list[Callable[[nn.Module], Recognised | None]] = [
    _min_gru_in_logarithms,
    _min_gru_of_two_products,
    _tfilm,
    _rms_norm,
    _rational,
    _cubic_clip,
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
