"""Converts TorchScript modules to plain modules.

In a scripted module, PyTorch's layers and `nn.Sequential` still have their attributes. A `forward`
of the user exists only as TorchScript: see script_forward.py.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from torch import nn
from torch.jit._script import ScriptModule

from .place import Place
from .script_forward import ScriptForward

_CONVOLUTION = (
    "in_channels",
    "out_channels",
    "kernel_size",
    "stride",
    "padding",
    "dilation",
)
_RECURRENT = (
    "input_size",
    "hidden_size",
    "num_layers",
    "bias",
    "batch_first",
    "bidirectional",
)

# The arguments of the constructors. A `bias` tensor means bias=True.
_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "Linear": ("in_features", "out_features", "bias"),
    "Conv1d": (*_CONVOLUTION, "groups", "padding_mode", "bias"),
    "ConvTranspose1d": (*_CONVOLUTION, "groups", "output_padding", "bias"),
    "LSTM": (*_RECURRENT, "proj_size"),
    "GRU": _RECURRENT,
    "RNN": (*_RECURRENT, "nonlinearity"),
    "LayerNorm": ("normalized_shape", "eps", "elementwise_affine"),
    "GroupNorm": ("num_groups", "num_channels", "eps", "affine"),
    "InstanceNorm1d": ("num_features", "eps", "affine", "track_running_stats"),
    "BatchNorm1d": ("num_features", "eps", "affine", "track_running_stats"),
    "MaxPool1d": (
        "kernel_size",
        "stride",
        "padding",
        "dilation",
        "return_indices",
        "ceil_mode",
    ),
    "AvgPool1d": ("kernel_size", "stride", "padding", "ceil_mode"),
    "Upsample": ("size", "scale_factor", "mode", "align_corners"),
    "ConstantPad1d": ("padding", "value"),
    "PReLU": ("num_parameters",),
    "LeakyReLU": ("negative_slope",),
    "ELU": ("alpha",),
    "Softplus": ("beta", "threshold"),
    "Hardtanh": ("min_val", "max_val"),
    "GELU": ("approximate",),
    "Softmax": ("dim",),
    "GLU": ("dim",),
    "Flatten": ("start_dim", "end_dim"),
    **dict.fromkeys(("Tanh", "Sigmoid", "Hardsigmoid", "ReLU", "ReLU6", "SiLU", "Hardswish"), ()),
    **dict.fromkeys(("Softsign", "Mish", "SELU", "Dropout", "Identity"), ()),
}


# Containers without a forward() of their own.
_HOLDERS = ("ModuleList", "ModuleDict")


def from_script(module: nn.Module) -> nn.Module:
    """The module as a plain one; a module that is not TorchScript stays as it is."""
    return _plain(module, "") if isinstance(module, ScriptModule) else module


def _plain(module: Any, path: str) -> nn.Module:
    name = str(module.original_name)
    place = Place(f"{path or 'the module'} (TorchScript {name})")
    of_pytorch = module._c._type().qualified_name().startswith("__torch__.torch.nn.modules.")
    if of_pytorch and name == "Sequential":
        children = module.named_children()
        return nn.Sequential(
            OrderedDict((key, _plain(child, f"{path}.{key}".strip("."))) for key, child in children)
        )
    if not of_pytorch or name in _HOLDERS:
        held = {
            key: _plain(child, f"{path}.{key}".strip(".")) for key, child in module.named_children()
        }
        return ScriptForward(module, held, place)
    if name not in _ARGUMENTS:
        place.refuse(
            "this kind of module",
            f"only nn.Sequential, {', '.join(_ARGUMENTS)} and modules of these",
            "replace it",
        )
    try:
        arguments = {argument: _argument(module, argument) for argument in _ARGUMENTS[name]}
    except AttributeError:
        place.refuse(
            "a traced layer, which has lost its options",
            "only scripted ones",
            "use torch.jit.script(module) in place of torch.jit.trace",
        )
    made: nn.Module = getattr(nn, name)(**arguments)
    for key, tensor in [*module.named_parameters(), *module.named_buffers()]:
        kept = nn.Parameter(tensor.detach()) if key in dict(made.named_parameters()) else tensor
        setattr(made, key, kept)
    return made.train(module.training)


def _argument(module: Any, name: str) -> Any:
    value = getattr(module, name, None) if name == "bias" else getattr(module, name)
    return value if name != "bias" or isinstance(value, bool) else value is not None
