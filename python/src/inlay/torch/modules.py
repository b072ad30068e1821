"""The PyTorch modules that can be exported, and the options that cannot."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..custom import MODULES as CUSTOM_MODULES
from ..custom import CustomLayer, custom_of
from ..errors import ExportError
from ..format import LayerRecord
from ..format.layer_types import Kind
from ..format.validation import unusable_epsilon, unusable_variance
from .arrays import array_of
from .nearest import nearest_module
from .place import Place, Refusal, place_of
from .pqmf import PQMF, Synthesis
from .controlled import controlled
from .recognised import recognised
from .state_space_modules import state_space_of

Kinds = tuple[type[nn.Module], ...]

DROPPED: Kinds = (
    nn.Identity,
    nn.Dropout,
    nn.Dropout1d,
    nn.AlphaDropout,
    nn.FeatureAlphaDropout,
)
RECURRENT: Kinds = (nn.LSTM, nn.GRU, nn.RNN)
# torch.nn has RMSNorm from version 2.4 on.
NORMS: Kinds = (nn.LayerNorm, *([nn.RMSNorm] if hasattr(nn, "RMSNorm") else []))
FRAMES_FIRST: Kinds = (nn.Linear, *NORMS, *RECURRENT)
POOLS: Kinds = (nn.MaxPool1d, nn.AvgPool1d)
WINDOWED: Kinds = (nn.Conv1d, *POOLS)
CHANNELS_FIRST: Kinds = (*WINDOWED, nn.ConvTranspose1d, nn.Upsample, nn.ConstantPad1d)
PER_CHANNEL: Kinds = (nn.BatchNorm1d, nn.PReLU, nn.InstanceNorm1d)
ELEMENTWISE: Kinds = (
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
    nn.Mish,
    nn.SELU,
)
OVER_CHANNELS: Kinds = (nn.Softmax, nn.GLU)
OVER_FRAMES: Kinds = (nn.GroupNorm, nn.InstanceNorm1d)
RELABELLING: Kinds = (nn.Flatten, nn.Unflatten)
EXPORTED: Kinds = (
    *FRAMES_FIRST,
    *CHANNELS_FIRST,
    *PER_CHANNEL,
    *ELEMENTWISE,
    *OVER_CHANNELS,
    *OVER_FRAMES,
)


def known_base(module: nn.Module) -> type[nn.Module] | None:
    """The known class that a module is an instance of, None for others.

    A subclass with a `forward` of its own is another module.
    """
    for custom in type(module).__mro__:
        if custom in CUSTOM_MODULES and issubclass(custom, nn.Module):
            return custom if type(module).forward is custom.forward else None
    if any(found(module) is not None for found in (recognised, controlled, state_space_of)):
        return type(module)
    kinds = (*EXPORTED, *DROPPED, *RELABELLING)
    base = next((kind for kind in kinds if isinstance(module, kind)), None)
    return base if base and type(module).forward is base.forward else None


def is_builtin(module: nn.Module) -> bool:
    """Whether a module is a layer of PyTorch itself, other than a container."""
    holders = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
    return type(module).__module__.startswith("torch.nn.modules") and not isinstance(
        module, holders
    )


def wants_channels_first(module: nn.Module) -> bool | None:
    """Whether a module takes channels before frames; None if it takes both layouts."""
    custom = custom_of(module)
    if custom is not None:
        return custom.channels_first
    found = recognised(module)
    if found is not None:
        return found.channels_first
    space = state_space_of(module)
    if space is not None:
        return space.channels_first
    return isinstance(module, CHANNELS_FIRST) if isinstance(module, _LAID_OUT) else None


_LAID_OUT = (*FRAMES_FIRST, *CHANNELS_FIRST)


def custom_record(
    custom: CustomLayer, module: nn.Module, place: Place, channels: int | None = None
) -> LayerRecord:
    """The record of a module that is registered as a layer.

    `channels` is the size of a layer of inlay's own whose module does not say it.
    """
    if callable(getattr(module, "record", None)):  # a module of this package that is more than a layer
        made: LayerRecord = module.record()
        return made
    optional = {name for name, tensor in custom.kind.tensors.items() if tensor.optional}
    found: dict[str, Any] = {}
    for name in (*custom.kind.options, *custom.kind.tensors):
        value = custom.member(module, name)
        if value is None and name == "size" and channels is not None:
            value = channels
        if value is not None:
            found[name] = value
        elif name not in optional:
            place.refuse(
                f"a {type(module).__name__} without an attribute {name}",
                f"only one that has all options and tensors of {custom.type}",
                f"set self.{name} in its constructor",
            )
    tensors = {
        name: array_of(torch.as_tensor(found[name])) for name in custom.kind.tensors if name in found
    }
    options = {name: _number(found[name]) for name in custom.kind.options}
    for name, kind in custom.kind.options.items():
        if type(options[name]) is not int and kind in (Kind.COUNT, Kind.INDEX):
            place.refuse(f"{name}={options[name]!r}", "only an integer", "set it to one")
    return LayerRecord(custom.type, options, tensors)


def _number(value: Any) -> Any:
    """A number of PyTorch or NumPy as a number of Python."""
    single = isinstance(value, Tensor) and value.numel() == 1
    return value.item() if single or isinstance(value, np.generic) else value


def refuse_unknown(module: nn.Module, place: Place) -> None:
    """Raises ExportError if a module of this kind cannot be exported."""
    if known_base(module) is None:
        kinds = ", ".join(dict.fromkeys(kind.__name__ for kind in EXPORTED))
        place.refuse(
            "this kind of module",
            f"only nn.Sequential, {kinds}, Dropout, Identity, those of inlay.torch, and modules whose"
            " forward() is made of these",
            nearest_module(type(module).__name__),
        )


@dataclass(frozen=True)
class Window:
    """The window of a convolution or a pool: how many frames it looks back, its stride, and the zeros
    that PyTorch adds before and behind the signal."""

    reach: int
    stride: int
    before: int = 0
    behind: int = 0


def window_of(module: nn.Module) -> Window:
    if isinstance(module, nn.Conv1d):
        reach = (module.kernel_size[0] - 1) * module.dilation[0]
        before, behind = _padding_of(module, reach)
        return Window(reach, module.stride[0], before, behind)
    assert isinstance(module, POOLS)
    extents: tuple[Any, Any] = (module.kernel_size, module.stride)
    return Window(one(extents[0]) - 1, one(extents[1]))


def _padding_of(module: nn.Conv1d, reach: int) -> tuple[int, int]:
    """The zeros before and behind the signal of a convolution that looks over `reach` frames."""
    if module.padding == "same":
        return reach // 2, reach - reach // 2
    padding = 0 if isinstance(module.padding, str) else module.padding[0]
    return padding, padding


def one(extent: int | tuple[int, ...]) -> int:
    """The number of a pool's extent, which may be a tuple of one."""
    return extent[0] if isinstance(extent, tuple) else extent


@singledispatch
def width_of(module: nn.Module) -> int | None:
    """The number of channels that a module takes, None if it takes any."""
    found = recognised(module)
    if found is not None:
        return found.channels
    beside = controlled(module)
    if beside is not None:
        return beside.channels
    space = state_space_of(module)
    if space is not None:
        return space.width
    custom = custom_of(module)
    if custom is None or (custom.is_builtin and custom.member(module, "size") is None):
        return None
    return custom_record(custom, module, place_of(module, "")).channels_in


@width_of.register
def _linear_width(module: nn.Linear) -> int | None:
    return module.in_features


@width_of.register(nn.Conv1d)
@width_of.register(nn.ConvTranspose1d)
def _conv_width(module: nn.Conv1d) -> int | None:
    return module.in_channels


@width_of.register(nn.LSTM)
@width_of.register(nn.GRU)
@width_of.register(nn.RNN)
def _recurrent_width(module: nn.RNNBase) -> int | None:
    return module.input_size


@width_of.register
def _pqmf_width(module: PQMF) -> int | None:
    return 1


@width_of.register
def _synthesis_width(module: Synthesis) -> int | None:
    return module.pqmf.bands


@width_of.register
def _batchnorm_width(module: nn.BatchNorm1d) -> int | None:
    return module.num_features


@width_of.register
def _instance_norm_width(module: nn.InstanceNorm1d) -> int | None:
    return module.num_features


@width_of.register
def _group_norm_width(module: nn.GroupNorm) -> int | None:
    return module.num_channels


def _norm_width(module: Any) -> int | None:
    return int(module.normalized_shape[-1])


for _kind in NORMS:
    width_of.register(_kind, _norm_width)


@width_of.register
def _prelu_width(module: nn.PReLU) -> int | None:
    return module.num_parameters if module.num_parameters > 1 else None


@singledispatch
def refuse_options(module: nn.Module, place: Place) -> None:
    """Raises ExportError if a layer has an option that inlay does not have."""


@refuse_options.register
def _refuse_conv1d_options(module: nn.Conv1d, place: Place) -> None:
    if window_of(module).before and module.padding_mode != "zeros":
        place.refuse(
            f"padding_mode={module.padding_mode!r}",
            "only zeros, a stream's history before its start",
            "use padding_mode='zeros'",
        )


def pads_too_much(module: nn.Conv1d, place: Place) -> Refusal:
    reach = window_of(module).reach
    return Refusal(
        place,
        f"padding={module.padding!r}",
        "only padding that adds no frames, or whose frames are cropped at the end",
        f"use padding='same', whose latency is {reach - reach // 2}, or put"
        f" nn.ConstantPad1d(({reach}, 0), 0.0) before it and use padding=0",
    )


@refuse_options.register
def _refuse_transposed_options(module: nn.ConvTranspose1d, place: Place) -> None:
    _only(place, "dilation", module.dilation[0], 1, "train it without dilation")
    _only(place, "groups", module.groups, 1, "use several of them, or groups=1")


@refuse_options.register
def _refuse_upsample_options(module: nn.Upsample, place: Place) -> None:
    if module.mode not in ("nearest", "nearest-exact", "linear"):
        place.refuse(
            f"mode={module.mode!r}", "only 'nearest' and 'linear'", "use mode='linear' or a ConvTranspose1d"
        )
    if module.size is not None or not upsampling_of(module):
        place.refuse(
            f"size={module.size}, scale_factor={module.scale_factor}",
            "only a scale_factor that is a whole number, as a stream has no length",
            "use scale_factor=2 or another whole number",
        )
    if module.mode == "linear" and module.align_corners:
        place.refuse(
            "align_corners=True",
            "only align_corners=False, as the other depends on the length of the signal",
            "train it with align_corners=False, PyTorch's default",
        )


def upsampling_of(module: nn.Upsample) -> int:
    """The factor of an Upsample, 0 if it is not a whole number."""
    given: Any = module.scale_factor
    factor = given[0] if isinstance(given, tuple) and len(given) == 1 else given
    whole = isinstance(factor, (int, float)) and factor >= 1 and factor == int(factor)
    return int(factor) if whole else 0


@refuse_options.register
def _refuse_max_pool_options(module: nn.MaxPool1d, place: Place) -> None:
    _refuse_pooling(module, place)
    _only(place, "dilation", one(module.dilation), 1, "train it without dilation")
    _only(place, "return_indices", module.return_indices, False, "leave it out")


@refuse_options.register
def _refuse_avg_pool_options(module: nn.AvgPool1d, place: Place) -> None:
    _refuse_pooling(module, place)


def _refuse_pooling(module: nn.MaxPool1d | nn.AvgPool1d, place: Place) -> None:
    _only(
        place,
        "padding",
        one(module.padding),
        0,
        "put an nn.ConstantPad1d((n, 0), 0.0) before",
    )
    _only(place, "ceil_mode", module.ceil_mode, False, "use ceil_mode=False")


def _only(place: Place, name: str, found: object, supported: object, advice: str) -> None:
    if found != supported:
        place.refuse(f"{name}={found!r}", f"only {name}={supported!r}", advice)


@refuse_options.register
def _refuse_pad_options(module: nn.ConstantPad1d, place: Place) -> None:
    left, right = module.padding
    if module.value != 0 or left < 0 or right < 0:
        pads_otherwise(module, place).throw()


def pads_otherwise(module: nn.ConstantPad1d, place: Place) -> Refusal:
    left, right = module.padding
    return Refusal(
        place,
        f"padding={(left, right)}, value={module.value}",
        "only zeros on the left, or as many on both sides as the next layer looks over",
        "use nn.ConstantPad1d((n, 0), 0.0)",
    )


@refuse_options.register(nn.LSTM)
@refuse_options.register(nn.GRU)
@refuse_options.register(nn.RNN)
def _refuse_recurrent_options(module: nn.RNNBase, place: Place) -> None:
    if module.bidirectional:
        place.refuse(
            "bidirectional=True",
            "only one direction, as the other runs from the signal's end",
            "train it with bidirectional=False",
        )
    stale = next(
        (
            name
            for name, used in zip(module._flat_weights_names, module._flat_weights)
            if not torch.equal(getattr(module, name), used)
        ),
        None,
    )
    if stale is not None:  # PyTorch before 2.1 ignores the parametrization
        place.refuse(
            f"a parametrization of {stale}, which PyTorch {torch.__version__} does not compute with,",
            "only with PyTorch 2.1 or later",
            "use torch.nn.utils.weight_norm or spectral_norm, which are hooks, or"
            " torch.nn.utils.parametrize.remove_parametrizations",
        )


@refuse_options.register
def _refuse_batchnorm_options(module: nn.BatchNorm1d, place: Place) -> None:
    if module.running_mean is None or module.running_var is None:
        place.refuse(
            "track_running_stats=False",
            "only fixed statistics",
            "train it with track_running_stats=True",
        )


def _refuse_norm_options(module: Any, place: Place) -> None:
    shape = tuple(module.normalized_shape)
    if len(shape) > 1:
        place.refuse(
            f"normalized_shape={shape}",
            "only the channels, as a stream has no number of frames",
            f"normalise over the last axis of (batch, frames, channels), {shape[-1:]}",
        )


for _kind in NORMS:
    refuse_options.register(_kind, _refuse_norm_options)


def refuse_frames(module: nn.Module, time: int | None, place: Place) -> None:
    """Raises ExportError if a module of `OVER_FRAMES` takes its statistics over all frames."""
    if isinstance(module, nn.InstanceNorm1d):
        if module.running_mean is None or module.running_var is None:
            place.refuse(
                "a normalisation by the statistics of all frames",
                "only by fixed ones, or by those of the channels of each frame",
                "use BatchNorm1d, or LayerNorm over the channels of (batch, frames, channels)",
            )
    elif time != 0:
        place.refuse(
            "a normalisation by the statistics of all frames, those of the future as well,",
            "only by those of the channels of each frame",
            "make each frame an entry of the batch, x.transpose(1, 2).reshape(-1, channels), in"
            " training and here, or use LayerNorm",
        )


_FIXED = (nn.BatchNorm1d, nn.InstanceNorm1d)


def epsilon_of(module: Any) -> float:
    """The epsilon of a normalisation. RMSNorm's is by default that of the numbers of its signal."""
    if module.eps is not None:
        return float(module.eps)
    return float(torch.finfo(torch.float32 if module.weight is None else module.weight.dtype).eps)


def refuse_values(module: nn.Module, place: Place) -> None:
    """Raises ExportError if a weight is not finite, or a variance cannot be used."""
    tensors: list[tuple[str, Tensor]] = [
        *module.named_parameters(),
        *module.named_buffers(),
    ]
    for name, tensor in tensors:
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            place.refuse(
                f"{name} with NaN or infinite values",
                "only finite weights",
                "train it again",
            )
    if isinstance(module, (*NORMS, nn.GroupNorm)):
        message = unusable_epsilon(epsilon_of(module))
        if message is not None:
            raise ExportError(f"{place}: eps: {message}")
    if isinstance(module, _FIXED) and module.running_var is not None:
        refused = unusable_variance(array_of(module.running_var), module.eps)
        if refused is not None:
            index, message = refused
            raise ExportError(f"{place}: running_var[{index}]: {message}; train it again")
