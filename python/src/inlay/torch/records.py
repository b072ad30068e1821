"""Converts PyTorch layers to records of the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import singledispatch
from typing import Any

import numpy as np
from torch import Tensor, nn

from ..format import Array, LayerRecord, Option
from ..network.records import gate, plain
from .modules import NORMS, array_of, epsilon_of, one, upsampling_of


@singledispatch
def records_of(module: nn.Module, channels: int) -> list[LayerRecord]:
    """The records of a module whose input has `channels` channels."""
    raise NotImplementedError(type(module).__name__)


def _weights(
    module: nn.Linear | nn.Conv1d | nn.ConvTranspose1d, kernel: Tensor
) -> dict[str, Array]:
    tensors = {"kernel": array_of(kernel)}
    if module.bias is not None:
        tensors["bias"] = array_of(module.bias)
    return tensors


@records_of.register
def _linear_records(module: nn.Linear, channels: int) -> list[LayerRecord]:
    options: dict[str, Option] = {"in": channels, "out": module.out_features}
    return [LayerRecord("dense", options, _weights(module, module.weight.T))]


@records_of.register
def _conv1d_records(module: nn.Conv1d, channels: int) -> list[LayerRecord]:
    options: dict[str, Option] = {
        "in": channels,
        "out": module.out_channels,
        "kernel_size": module.kernel_size[0],
        "dilation": module.dilation[0],
        "groups": module.groups,
    }
    if module.stride[0] > 1:
        options["stride"] = module.stride[0]
    # PyTorch has [out, in/groups, tap], the file [tap, in/groups, out]. Both end with the present.
    return [LayerRecord("conv1d", options, _weights(module, module.weight.permute(2, 1, 0)))]


@records_of.register
def _conv_transpose1d_records(module: nn.ConvTranspose1d, channels: int) -> list[LayerRecord]:
    options: dict[str, Option] = {
        "in": channels,
        "out": module.out_channels,
        "kernel_size": module.kernel_size[0],
        "stride": module.stride[0],
    }
    kernel = module.weight.permute(2, 0, 1)  # from [in, out, tap]
    return [LayerRecord("conv_transpose1d", options, _weights(module, kernel))]


@records_of.register
def _upsample_records(module: nn.Upsample, channels: int) -> list[LayerRecord]:
    kind = "upsample_linear" if module.mode == "linear" else "upsample_nearest"
    return [plain(kind, channels, factor=upsampling_of(module))]


@records_of.register(nn.MaxPool1d)
@records_of.register(nn.AvgPool1d)
def _pool_records(module: nn.MaxPool1d, channels: int) -> list[LayerRecord]:
    name = "max_pool1d" if isinstance(module, nn.MaxPool1d) else "avg_pool1d"
    extents = {"kernel_size": one(module.kernel_size), "stride": one(module.stride)}
    return [plain(name, channels, **extents)]


def _levels(
    module: nn.RNNBase,
    kind: str,
    convert: Callable[[Array, Array, Array], tuple[Array, Array, Array]],
    **options: Option,
) -> list[LayerRecord]:
    """One record per level. `convert` turns kernel, recurrent kernel and bias into the file's layout."""
    records = []
    for level in range(module.num_layers):
        kernel, recurrent_kernel, bias = convert(*_recurrent_weights(module, level))
        sizes: dict[str, Option] = {"in": len(kernel), "out": len(recurrent_kernel)}
        tensors = {"kernel": kernel, "recurrent_kernel": recurrent_kernel, "bias": bias}
        if module.proj_size > 0:
            sizes["units"] = module.hidden_size
            tensors["projection"] = array_of(getattr(module, f"weight_hr_l{level}").T)
        records.append(LayerRecord(kind, sizes | options, tensors))
    return records


def started(records: Sequence[LayerRecord], states: Sequence[Tensor]) -> list[LayerRecord]:
    """The levels of a recurrent layer that starts from states, [levels, size] each: h, and for an LSTM c."""
    made = []
    for level, record in enumerate(records):
        rows = [array_of(state[level]) for state in states]
        initial = dict(zip(("initial_hidden", "initial_cell"), rows))
        made.append(replace(record, tensors={**record.tensors, **initial}))
    return made


def _one_bias(kernel: Array, recurrent: Array, bias: Array) -> tuple[Array, Array, Array]:
    """Adds the two biases. PyTorch's gates are in the file's order already."""
    return kernel, recurrent, bias.sum(axis=0)


def _gates_zrn(kernel: Array, recurrent: Array, bias: Array) -> tuple[Array, Array, Array]:
    def zrn(gates_rzn: Array) -> Array:
        r, z, n = np.split(gates_rzn, 3, axis=1)
        return np.concatenate([z, r, n], axis=1)

    return zrn(kernel), zrn(recurrent), zrn(bias)


@records_of.register
def _lstm_records(module: nn.LSTM, channels: int) -> list[LayerRecord]:
    kind = "projected_lstm" if module.proj_size > 0 else "lstm"
    return _levels(module, kind, _one_bias, recurrent_activation="sigmoid")


@records_of.register
def _gru_records(module: nn.GRU, channels: int) -> list[LayerRecord]:
    return _levels(module, "gru", _gates_zrn, reset_after=True, recurrent_activation="sigmoid")


@records_of.register
def _rnn_records(module: nn.RNN, channels: int) -> list[LayerRecord]:
    return _levels(module, "rnn", _one_bias, activation=module.nonlinearity)


def _recurrent_weights(module: nn.RNNBase, level: int) -> tuple[Array, Array, Array]:
    """One level's kernel [in, gates*out], recurrent kernel [out, gates*out], biases [2, gates*out].

    The first row of the biases belongs to the input, the second to the state.
    """
    kernel = array_of(getattr(module, f"weight_ih_l{level}").T)
    recurrent_kernel = array_of(getattr(module, f"weight_hh_l{level}").T)
    if not module.bias:
        return kernel, recurrent_kernel, np.zeros((2, kernel.shape[1]), kernel.dtype)
    rows = [getattr(module, f"bias_{of}_l{level}") for of in ("ih", "hh")]
    return kernel, recurrent_kernel, np.stack([array_of(row) for row in rows])


def _norm_records(module: Any, channels: int) -> list[LayerRecord]:
    name = "layer_norm" if isinstance(module, nn.LayerNorm) else "rms_norm"
    options = {"size": channels, "epsilon": epsilon_of(module)}
    return [LayerRecord(name, options, _gamma_and_beta(module))]


for _kind in NORMS:
    records_of.register(_kind, _norm_records)


def _gamma_and_beta(module: Any) -> dict[str, Array]:
    """The weight and the bias of a normalisation, as far as it has them."""
    found = {"gamma": module.weight, "beta": getattr(module, "bias", None)}
    return {name: array_of(tensor) for name, tensor in found.items() if tensor is not None}


@records_of.register
def _group_norm_records(module: nn.GroupNorm, channels: int) -> list[LayerRecord]:
    options = {"size": channels, "groups": module.num_groups, "epsilon": module.eps}
    return [LayerRecord("group_norm", options, _gamma_and_beta(module))]


@records_of.register(nn.BatchNorm1d)
@records_of.register(nn.InstanceNorm1d)
def _batchnorm_records(
    module: nn.BatchNorm1d | nn.InstanceNorm1d, channels: int
) -> list[LayerRecord]:
    tensors = _gamma_and_beta(module)
    assert module.running_mean is not None and module.running_var is not None
    tensors |= {
        "mean": array_of(module.running_mean),
        "variance": array_of(module.running_var),
    }
    return [LayerRecord("batchnorm1d", {"size": channels, "epsilon": module.eps}, tensors)]


@records_of.register
def _prelu_records(module: nn.PReLU, channels: int) -> list[LayerRecord]:
    return [LayerRecord("prelu", {"size": channels}, {"alpha": array_of(module.weight)})]


# Numbers are written as floats: the C++ reader takes integers for sizes.
@records_of.register
def _leaky_relu_records(module: nn.LeakyReLU, channels: int) -> list[LayerRecord]:
    return [plain("leaky_relu", channels, alpha=float(module.negative_slope))]


@records_of.register
def _elu_records(module: nn.ELU, channels: int) -> list[LayerRecord]:
    return [plain("elu", channels, alpha=float(module.alpha))]


@records_of.register
def _softplus_records(module: nn.Softplus, channels: int) -> list[LayerRecord]:
    beta, threshold = float(module.beta), float(module.threshold)
    return [plain("softplus", channels, beta=beta, threshold=threshold)]


@records_of.register
def _hardtanh_records(module: nn.Hardtanh, channels: int) -> list[LayerRecord]:
    return [plain("hardtanh", channels, min=float(module.min_val), max=float(module.max_val))]


@records_of.register
def _gelu_records(module: nn.GELU, channels: int) -> list[LayerRecord]:
    return [plain({"none": "gelu", "tanh": "gelu_tanh"}[module.approximate], channels)]


@records_of.register
def _glu_records(module: nn.GLU, channels: int) -> list[LayerRecord]:
    return [gate(plain("identity", channels // 2), plain("sigmoid", channels // 2))]


_NAMES: dict[type[nn.Module], str] = {
    nn.Tanh: "tanh",
    nn.Sigmoid: "sigmoid",
    nn.Hardsigmoid: "hard_sigmoid",
    nn.ReLU: "relu",
    nn.SiLU: "silu",
    nn.Hardswish: "hardswish",
    nn.Softsign: "softsign",
    nn.Mish: "mish",
    nn.SELU: "selu",
    nn.Softmax: "softmax",
}


def _activation_records(module: nn.Module, channels: int) -> list[LayerRecord]:
    return [plain(next(_NAMES[kind] for kind in _NAMES if isinstance(module, kind)), channels)]


for _kind in _NAMES:
    records_of.register(_kind, _activation_records)
