"""Exports PyTorch modules: `nn.Sequential` (nested ones are flattened) or a single layer.

The check stored in the file is computed by PyTorch itself, one child after the other, so that
convolutions may stand next to recurrent and dense layers although PyTorch lays their signals out
differently:

- Linear, LSTM, GRU and RNN run on (N, L, C), Conv1d and its padding on (N, C, L).
- BatchNorm1d and PReLU run on (N, C, L): they always work per channel. That is also what they do
  on the (N, C) batches of frames that a network without memory is often trained on.
- Softmax has to normalise over the channels: the last axis after Linear, LSTM, GRU and RNN, axis 1
  after Conv1d. The other activations do not care.

LSTM, GRU and RNN count as their output sequence. The module is run in evaluation mode.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import singledispatch
from typing import Any, Literal, NoReturn

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from . import _format
from ._format import Array, Check, LayerRecord, ModelFile
from ._signal import DEFAULT_TOLERANCE, check_signal
from .errors import ExportError

Layout = Literal["NLC", "NCL"]
_Modules = tuple[type[nn.Module], ...]

_DTYPES: dict[torch.dtype, str] = {torch.float32: "float32", torch.float64: "float64"}

_DROPPED: _Modules = (nn.Identity, nn.Dropout, nn.Dropout1d, nn.AlphaDropout)
_RECURRENT: _Modules = (nn.LSTM, nn.GRU, nn.RNN)
_FRAMES_FIRST: _Modules = (nn.Linear, *_RECURRENT)
_CHANNELS_FIRST: _Modules = (nn.Conv1d, nn.ConstantPad1d)
_PER_CHANNEL: _Modules = (nn.BatchNorm1d, nn.PReLU)
_ELEMENTWISE: _Modules = (
    nn.Tanh,
    nn.Sigmoid,
    nn.Hardsigmoid,
    nn.ReLU,
    nn.LeakyReLU,
    nn.ELU,
    nn.Softplus,
    nn.SiLU,
    nn.GELU,
    nn.Hardtanh,  # and nn.ReLU6, a subclass
    nn.Hardswish,
    nn.Softsign,
)
_EXPORTED: _Modules = (*_FRAMES_FIRST, *_CHANNELS_FIRST, *_PER_CHANNEL, *_ELEMENTWISE, nn.Softmax)


def export_torch(
    module: nn.Module,
    path: str | os.PathLike[str],
    *,
    sample_rate: float | None = None,
    metadata: Mapping[str, Any] | None = None,
    check_input: npt.ArrayLike | None = None,
    tolerance: float | None = None,
) -> None:
    """Writes `module` and a check of it as an inlay model file.

    The file is written whole or not at all, and the module's training flags are left as they were.

    Args:
        module: an `nn.Sequential` or one layer of: Linear, Conv1d, LSTM, GRU, RNN, BatchNorm1d,
            Tanh, Sigmoid, Hardsigmoid, ReLU, ReLU6, LeakyReLU, PReLU, ELU, Softplus, SiLU, GELU,
            Hardtanh, Hardswish, Softsign, Softmax. A left ConstantPad1d before a Conv1d makes that
            one causal; Dropout and Identity are dropped. All parameters are float32, or all are
            float64.
        path: the file to write; an existing one is replaced.
        sample_rate: the rate in Hz that the model was trained for.
        metadata: anything that JSON can hold; kept in the file, not interpreted.
        check_input: the signal of the check, [frames, channels], longer than the receptive field.
            Default: noise, a sine, some silence and a full-scale burst.
        tolerance: the largest error that loading accepts in the check, for an output within
            [-1, 1]. Default: 1e-5 for float32, 1e-12 for float64.

    Raises:
        ExportError: `module` has no exact form in the file; the message names the child.
    """
    children = list(_flatten(module))
    if not children:
        raise ExportError("the module has no layer to export; give it at least one")
    for child in children:
        _refuse_options(child.module, child)
    _refuse_padding(children)
    _refuse_late_start(children)

    dtype, device = _parameter_type(module, check_input)
    channels = _channels_in(children, check_input)
    given = _array(check_input) if isinstance(check_input, Tensor) else check_input
    signal = check_signal(
        given, channels, 1 + sum(child.reach for child in children), _DTYPES[dtype]
    )

    layers: list[LayerRecord] = []
    with _evaluation(module):
        # A copy, as the module may begin with an in-place activation.
        frames = torch.from_numpy(signal.copy()).to(device)[np.newaxis]
        for child in children:
            _refuse_width(child, frames.shape[2])
            # Run first, read the weights second: weight_norm and the like refresh them in the run.
            output = _run(child, frames)
            layers += _records(child.module, frames.shape[2])
            frames = output
        if not layers:
            raise ExportError("the module has no layer to export; padding alone is none")
        check = Check(
            source=f"PyTorch {torch.__version__}",
            dtype=_DTYPES[dtype],
            input=signal,
            output=_array(frames[0]),
            skip=sum(child.skip for child in children),
            tolerance=DEFAULT_TOLERANCE[_DTYPES[dtype]] if tolerance is None else tolerance,
        )
    _format.write_model(path, ModelFile(layers, check, sample_rate, metadata))


@dataclass(frozen=True)
class _Child:
    """A module to export, its place ("2" or "1.0"; "" for a lone layer), how its signal is laid out
    in PyTorch, and whether padding precedes it."""

    place: str
    module: nn.Module
    layout: Layout = "NLC"
    padded: bool = False

    def __str__(self) -> str:
        return f"{self.place or 'the module'} ({type(self.module).__name__})"

    @property
    def reach(self) -> int:
        """How many frames a convolution looks back: (kernel_size - 1) * dilation; else 0."""
        if not isinstance(self.module, nn.Conv1d):
            return 0
        return (self.module.kernel_size[0] - 1) * self.module.dilation[0]

    @property
    def skip(self) -> int:
        """How many frames PyTorch waits before this child's first output."""
        return 0 if self.padded else self.reach

    def refuse(self, found: str, supported: str, advice: str) -> NoReturn:
        raise ExportError(f"{self}: {found} is not supported, {supported}; {advice}")


def _flatten(module: nn.Module) -> Iterator[_Child]:
    """The children to run, in order, without Dropout and Identity."""
    children = [child for child in _leaves(module, "") if not isinstance(child.module, _DROPPED)]
    # Up to the first layer that fixes a layout, the signal is laid out as that layer wants it.
    layouts = [_layout_of(child.module) for child in children]
    layout: Layout = next((found for found in layouts if found), "NLC")
    padded = False
    for child in children:
        layout = _layout_of(child.module) or layout
        yield _Child(child.place, child.module, layout, padded)
        padded = isinstance(child.module, nn.ConstantPad1d)


def _layout_of(module: nn.Module) -> Layout | None:
    if isinstance(module, _FRAMES_FIRST):
        return "NLC"
    return "NCL" if isinstance(module, _CHANNELS_FIRST) else None


def _leaves(module: nn.Module, place: str) -> Iterator[_Child]:
    if type(module).forward is nn.Sequential.forward:
        # Not named_children(): it leaves out a module's second appearance.
        for name, submodule in module._modules.items():
            assert submodule is not None
            yield from _leaves(submodule, f"{place}.{name}" if place else name)
        return
    child = _Child(place, module)
    # A subclass may differ in how it is made (parametrisations do), not in what it computes.
    bases = [base for base in (*_EXPORTED, *_DROPPED) if isinstance(module, base)]
    if not bases:
        known = ", ".join(kind.__name__ for kind in _EXPORTED)
        child.refuse(
            "this kind of module",
            f"only nn.Sequential, {known}, Dropout and Identity",
            "replace it",
        )
    if type(module).forward is not bases[0].forward:
        child.refuse(
            "its own forward()",
            f"only that of nn.{bases[0].__name__}",
            "build the model from plain layers",
        )
    yield child


@singledispatch
def _refuse_options(module: nn.Module, child: _Child) -> None:
    """Raises ExportError where a layer has an option that no inlay layer has."""


@_refuse_options.register
def _refuse_conv1d_options(module: nn.Conv1d, child: _Child) -> None:
    if module.stride[0] != 1:
        child.refuse(f"stride={module.stride[0]}", "only stride=1", "train it without stride")
    if module.padding not in ((0,), "valid"):
        child.refuse(
            f"padding={module.padding!r}",
            "only padding=0, as padding on both sides looks ahead in time",
            f"put nn.ConstantPad1d(({child.reach}, 0), 0.0) before it and use padding=0",
        )


@_refuse_options.register
def _refuse_pad_options(module: nn.ConstantPad1d, child: _Child) -> None:
    left, right = module.padding
    if right != 0 or module.value != 0 or left < 0:
        child.refuse(
            f"padding={(left, right)}, value={module.value}",
            "only zeros on the left: a causal layer's history before the start",
            "use nn.ConstantPad1d((n, 0), 0.0)",
        )


@_refuse_options.register(nn.LSTM)
@_refuse_options.register(nn.GRU)
@_refuse_options.register(nn.RNN)
def _refuse_recurrent_options(module: nn.RNNBase, child: _Child) -> None:
    if module.bidirectional:
        child.refuse(
            "bidirectional=True",
            "only one direction, as the other runs from the signal's end",
            "train it with bidirectional=False",
        )
    if module.proj_size:
        child.refuse(
            f"proj_size={module.proj_size}",
            "only proj_size=0",
            "use a smaller hidden_size, or a Linear after it",
        )


@_refuse_options.register
def _refuse_softmax_options(module: nn.Softmax, child: _Child) -> None:
    channel_axes = (-1, 2) if child.layout == "NLC" else (1, -2)
    if module.dim not in channel_axes:
        child.refuse(
            f"dim={module.dim}",
            "only a softmax over the channels",
            f"with signals laid out as {child.layout} that is dim={channel_axes[0]}",
        )


@_refuse_options.register
def _refuse_batchnorm_options(module: nn.BatchNorm1d, child: _Child) -> None:
    if module.running_mean is None or module.running_var is None:
        child.refuse(
            "track_running_stats=False",
            "only fixed statistics",
            "train it with track_running_stats=True",
        )


def _refuse_padding(children: Sequence[_Child]) -> None:
    """Raises ExportError where padding is not what the Conv1d after it needs to be causal."""
    for child, following in zip(children, [*children[1:], None]):
        if not isinstance(child.module, nn.ConstantPad1d):
            continue
        if following is None or not isinstance(following.module, nn.Conv1d):
            child.refuse(
                "padding by itself", "only right before a Conv1d", "move it there or drop it"
            )
        found = tuple(child.module.padding)
        if found != (following.reach, 0):
            child.refuse(
                f"padding={found}",
                f"only what makes {following} causal",
                f"use ({following.reach}, 0): (kernel_size - 1) * dilation on the left",
            )


def _refuse_late_start(children: Sequence[_Child]) -> None:
    """Raises ExportError where a layer that remembers follows an unpadded convolution.

    In a stream every layer starts at the first frame. PyTorch starts what follows an unpadded
    convolution at its first full window; a memory would hold other values for ever after.
    """
    unpadded: _Child | None = None
    for child in children:
        if unpadded and isinstance(child.module, (*_RECURRENT, nn.ConstantPad1d)):
            child.refuse(
                f"a start delayed by the unpadded {unpadded}",
                "only one at the first frame, as in a stream",
                f"put nn.ConstantPad1d(({unpadded.reach}, 0), 0.0) before {unpadded}",
            )
        if child.skip:
            unpadded = unpadded or child


def _parameter_type(
    module: nn.Module, check_input: npt.ArrayLike | None
) -> tuple[torch.dtype, torch.device]:
    """The dtype and device of the weights; without weights, the dtype of an array `check_input`."""
    tensors = [*module.parameters(), *module.buffers()]
    if any(nn.parameter.is_lazy(tensor) for tensor in tensors):
        raise ExportError("the module has uninitialised (lazy) parameters; run it once before")
    tensors = [tensor for tensor in tensors if tensor.is_floating_point()]
    found = {tensor.dtype for tensor in tensors}
    if not tensors:
        double = getattr(check_input, "dtype", None) in (torch.float64, np.dtype(np.float64))
        return (torch.float64 if double else torch.float32), torch.device("cpu")
    if len(found) > 1 or not found <= _DTYPES.keys():
        names = ", ".join(sorted(map(str, found)))
        raise ExportError(
            f"the module's parameters are {names}; supported are all torch.float32 or all"
            " torch.float64; use module.float() or module.double()"
        )
    return found.pop(), tensors[0].device


@singledispatch
def _width(module: nn.Module) -> int | None:
    """The number of channels that a module takes, None where any will do."""
    return None


@_width.register
def _linear_width(module: nn.Linear) -> int | None:
    return module.in_features


@_width.register
def _conv1d_width(module: nn.Conv1d) -> int | None:
    return module.in_channels


@_width.register(nn.LSTM)
@_width.register(nn.GRU)
@_width.register(nn.RNN)
def _recurrent_width(module: nn.RNNBase) -> int | None:
    return module.input_size


@_width.register
def _batchnorm_width(module: nn.BatchNorm1d) -> int | None:
    return module.num_features


@_width.register
def _prelu_width(module: nn.PReLU) -> int | None:
    return module.num_parameters if module.num_parameters > 1 else None


def _refuse_width(child: _Child, channels: int) -> None:
    width = _width(child.module)
    if width not in (None, channels):
        raise ExportError(f"{child}: takes {width} channels, but is given {channels}")


def _channels_in(children: Sequence[_Child], check_input: npt.ArrayLike | None) -> int:
    for child in children:
        width = _width(child.module)
        if width is not None:
            return width
    if check_input is None:
        raise ExportError(
            "the module does not say how many channels it takes; pass check_input, an array of"
            " [frames, channels]"
        )
    return int([1, *np.shape(check_input)][-1])


@contextmanager
def _evaluation(module: nn.Module) -> Iterator[None]:
    """Evaluation mode, no gradients, full precision; everything is set back at the end."""
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


def _run(child: _Child, frames: Tensor) -> Tensor:
    """One child's output for `frames`, both (1, L, C)."""
    module = child.module
    if isinstance(module, _RECURRENT):
        if module.batch_first:
            return _tensor(module(frames)[0])
        return _tensor(module(frames.transpose(0, 1))[0].transpose(0, 1))
    if child.layout == "NCL" or isinstance(module, _PER_CHANNEL):
        return _tensor(module(frames.transpose(1, 2)).transpose(1, 2))
    return _tensor(module(frames))


def _tensor(value: Any) -> Tensor:
    assert isinstance(value, Tensor)
    return value


def _array(tensor: Tensor) -> Array:
    return np.ascontiguousarray(tensor.detach().cpu().numpy())


@singledispatch
def _records(module: nn.Module, channels: int) -> list[LayerRecord]:
    """What a module, given `channels` channels, is in the file."""
    raise NotImplementedError(type(module).__name__)


@_records.register
def _linear_records(module: nn.Linear, channels: int) -> list[LayerRecord]:
    tensors = {"kernel": _array(module.weight.T)}
    if module.bias is not None:
        tensors["bias"] = _array(module.bias)
    return [LayerRecord("dense", {"in": channels, "out": module.out_features}, tensors)]


@_records.register
def _conv1d_records(module: nn.Conv1d, channels: int) -> list[LayerRecord]:
    options = {
        "in": channels,
        "out": module.out_channels,
        "kernel_size": module.kernel_size[0],
        "dilation": module.dilation[0],
        "groups": module.groups,
    }
    # [out, in/groups, tap] here, [tap, in/groups, out] there; the last tap is the present in both.
    tensors = {"kernel": _array(module.weight.permute(2, 1, 0))}
    if module.bias is not None:
        tensors["bias"] = _array(module.bias)
    return [LayerRecord("conv1d", options, tensors)]


@_records.register
def _pad_records(module: nn.ConstantPad1d, channels: int) -> list[LayerRecord]:
    return []  # Every inlay convolution starts with a history of zeros.


@_records.register
def _lstm_records(module: nn.LSTM, channels: int) -> list[LayerRecord]:
    records = []
    for level in range(module.num_layers):
        kernel, recurrent_kernel, bias = _recurrent_weights(module, level)
        options: dict[str, _format.Option] = {
            "in": len(kernel),
            "out": module.hidden_size,
            "recurrent_activation": "sigmoid",
        }
        # The two biases are only ever added; PyTorch's gates are in the file's order already.
        tensors = {"kernel": kernel, "recurrent_kernel": recurrent_kernel, "bias": bias.sum(axis=0)}
        records.append(LayerRecord("lstm", options, tensors))
    return records


@_records.register
def _gru_records(module: nn.GRU, channels: int) -> list[LayerRecord]:
    def zrn(gates_rzn: Array) -> Array:
        r, z, n = np.split(gates_rzn, 3, axis=1)
        return np.concatenate([z, r, n], axis=1)

    records = []
    for level in range(module.num_layers):
        kernel, recurrent_kernel, bias = map(zrn, _recurrent_weights(module, level))
        options: dict[str, _format.Option] = {
            "in": len(kernel),
            "out": module.hidden_size,
            "reset_after": True,
            "recurrent_activation": "sigmoid",
        }
        tensors = {"kernel": kernel, "recurrent_kernel": recurrent_kernel, "bias": bias}
        records.append(LayerRecord("gru", options, tensors))
    return records


@_records.register
def _rnn_records(module: nn.RNN, channels: int) -> list[LayerRecord]:
    records = []
    for level in range(module.num_layers):
        kernel, recurrent_kernel, bias = _recurrent_weights(module, level)
        options: dict[str, _format.Option] = {
            "in": len(kernel),
            "out": module.hidden_size,
            "activation": module.nonlinearity,
        }
        tensors = {"kernel": kernel, "recurrent_kernel": recurrent_kernel, "bias": bias.sum(axis=0)}
        records.append(LayerRecord("rnn", options, tensors))
    return records


def _recurrent_weights(module: nn.RNNBase, level: int) -> tuple[Array, Array, Array]:
    """One level's kernel [in, gates*out], recurrent kernel [out, gates*out], biases [2, gates*out].

    The first row of the biases belongs to the input, the second to the state.
    """
    kernel = _array(getattr(module, f"weight_ih_l{level}").T)
    recurrent_kernel = _array(getattr(module, f"weight_hh_l{level}").T)
    if not module.bias:
        return kernel, recurrent_kernel, np.zeros((2, kernel.shape[1]), kernel.dtype)
    rows = [getattr(module, f"bias_{of}_l{level}") for of in ("ih", "hh")]
    return kernel, recurrent_kernel, np.stack([_array(row) for row in rows])


@_records.register
def _batchnorm_records(module: nn.BatchNorm1d, channels: int) -> list[LayerRecord]:
    tensors = {}
    if module.affine:
        tensors = {"gamma": _array(module.weight), "beta": _array(module.bias)}
    assert module.running_mean is not None and module.running_var is not None
    tensors |= {"mean": _array(module.running_mean), "variance": _array(module.running_var)}
    return [LayerRecord("batchnorm1d", {"size": channels, "epsilon": module.eps}, tensors)]


@_records.register
def _prelu_records(module: nn.PReLU, channels: int) -> list[LayerRecord]:
    return [LayerRecord("prelu", {"size": channels}, {"alpha": _array(module.weight)})]


@_records.register
def _leaky_relu_records(module: nn.LeakyReLU, channels: int) -> list[LayerRecord]:
    return [LayerRecord("leaky_relu", {"size": channels, "alpha": module.negative_slope})]


@_records.register
def _elu_records(module: nn.ELU, channels: int) -> list[LayerRecord]:
    return [LayerRecord("elu", {"size": channels, "alpha": module.alpha})]


# What follows turns numbers to float, as a whole one is a size in the file.
@_records.register
def _softplus_records(module: nn.Softplus, channels: int) -> list[LayerRecord]:
    numbers = {"beta": float(module.beta), "threshold": float(module.threshold)}
    return [LayerRecord("softplus", {"size": channels, **numbers})]


@_records.register
def _hardtanh_records(module: nn.Hardtanh, channels: int) -> list[LayerRecord]:
    numbers = {"min": float(module.min_val), "max": float(module.max_val)}
    return [LayerRecord("hardtanh", {"size": channels, **numbers})]


@_records.register
def _gelu_records(module: nn.GELU, channels: int) -> list[LayerRecord]:
    name = {"none": "gelu", "tanh": "gelu_tanh"}[module.approximate]
    return [LayerRecord(name, {"size": channels})]


@_records.register(nn.Tanh)
@_records.register(nn.Sigmoid)
@_records.register(nn.Hardsigmoid)
@_records.register(nn.ReLU)
@_records.register(nn.SiLU)
@_records.register(nn.Hardswish)
@_records.register(nn.Softsign)
@_records.register(nn.Softmax)
def _activation_records(module: nn.Module, channels: int) -> list[LayerRecord]:
    names: dict[type[nn.Module], str] = {
        nn.Tanh: "tanh",
        nn.Sigmoid: "sigmoid",
        nn.Hardsigmoid: "hard_sigmoid",
        nn.ReLU: "relu",
        nn.SiLU: "silu",
        nn.Hardswish: "hardswish",
        nn.Softsign: "softsign",
        nn.Softmax: "softmax",
    }
    name = next(name for kind, name in names.items() if isinstance(module, kind))
    return [LayerRecord(name, {"size": channels})]
