"""State-space modules that are exported: inlay's own, and public ones, known by their attributes.

No public package is imported. An export compares the layers with the module's own output, so that a
module with the same attributes and another equation is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..format import LayerRecord
from ..network.records import gate
from .state_space import LRU, S4D, S6, lru_record, s4d_record, s6_record


@dataclass(frozen=True)
class StateSpace:
    """How a state-space module is called, and its layers in a file."""

    width: int
    """Channels of its input."""
    records: Callable[[], list[LayerRecord]]
    channels_first: bool = False
    """Whether it takes (batch, channels, frames), and not (batch, frames, channels)."""
    gives_state: bool = False
    """Whether it returns a tuple of its output and a state."""
    supported: str = ""
    """If it is known, but in a form that cannot be exported: the forms that can."""


def state_space_of(module: nn.Module) -> StateSpace | None:
    """What is known of a module; None if it is not a state-space layer that can be exported."""
    if isinstance(module, S4D):
        return StateSpace(module.size, module.records) if _own_forward(module, S4D) else None
    if isinstance(module, LRU):
        return StateSpace(module.inputs, module.records) if _own_forward(module, LRU) else None
    if type(module).forward is S6.forward:
        assert isinstance(module, S6)
        return StateSpace(len(module.D), module.records)
    return _public_s4d(module) or _bare_s4d(module) or _public_lru(module) or _mamba(module)


def _own_forward(module: nn.Module, kind: type[nn.Module]) -> bool:
    return type(module).forward is kind.forward


def _tensors(module: nn.Module, *names: str) -> list[Tensor] | None:
    """The parameters or buffers of these names, None if one is missing."""
    found = {**module._parameters, **module._buffers}
    tensors = [found[name] for name in names if isinstance(found.get(name), Tensor)]
    return tensors if len(tensors) == len(names) else None  # type: ignore[return-value]


def _public_s4d(module: nn.Module) -> StateSpace | None:
    """S4D of models/s4/s4d.py of state-spaces/s4: filters, GELU, and a gated linear unit."""
    kernel, skip = module._modules.get("kernel"), _tensors(module, "D")
    if kernel is None or skip is None or not isinstance(getattr(module, "transposed", None), bool):
        return None
    parts = _tensors(kernel, "log_dt", "C", "log_A_real", "A_imag")
    if parts is None:
        return None
    size, mixed = len(parts[0]), module._modules.get("output_linear")
    activation = module._modules.get("activation")
    supported = ""
    if type(activation) is not nn.GELU or not _is_mixture(mixed):
        supported = "only one with activation nn.GELU() and output_linear of Conv1d and GLU(dim=-2)"

    def records() -> list[LayerRecord]:
        from .records import records_of  # which imports this module

        layers = [_of_kernel(*parts, skip[0])]
        channels = size
        linear, gate = mixed  # type: ignore[misc]
        for each in (activation, linear, gate):
            assert isinstance(each, nn.Module)
            layers += records_of(each, channels)
            channels = layers[-1].channels_out
        return _without_taps(layers)

    first = bool(module.transposed)
    return StateSpace(size, records, first, gives_state=True, supported=supported)


def _of_kernel(log_dt: Tensor, c: Tensor, log_a_real: Tensor, a_imag: Tensor, d: Tensor) -> LayerRecord:
    """The filters of state-spaces/s4: poles in continuous time, by zero-order hold; c as real pairs."""
    pole = torch.complex(-torch.exp(log_a_real), a_imag)
    a = torch.exp(pole * torch.exp(log_dt).unsqueeze(1))
    return s4d_record(a, torch.view_as_complex(c) * (a - 1) / pole, d)


def _bare_s4d(module: nn.Module) -> StateSpace | None:
    """The filters of state-spaces/s4 without anything behind them, as DSSM of NablAFx."""
    parts = _tensors(module, "log_dt", "C", "log_A_real", "A_imag", "D")
    if parts is None or next(module.children(), None) is not None:
        return None
    if parts[1].dim() != 3 or parts[1].shape[-1] != 2 or parts[4].shape != parts[0].shape:
        return None
    return StateSpace(len(parts[0]), lambda: [_of_kernel(*parts)], channels_first=True)


def _without_taps(layers: list[LayerRecord]) -> list[LayerRecord]:
    """The layers, with convolutions of one tap as dense ones."""
    made = []
    for layer in layers:
        if layer.type == "conv1d":
            tensors = {**layer.tensors, "kernel": layer.tensors["kernel"][0]}
            layer = LayerRecord("dense", {n: layer.options[n] for n in ("in", "out")}, tensors)
        made.append(layer)
    return made


def _is_mixture(module: Any) -> bool:
    """Whether a module is a convolution of one tap, then a gated linear unit of its channels."""
    if not isinstance(module, nn.Sequential) or len(module) != 2:
        return False
    linear, gate = module
    plain = isinstance(linear, nn.Conv1d) and (linear.kernel_size, linear.groups) == ((1,), 1)
    return plain and isinstance(gate, nn.GLU) and gate.dim in (-2, 1)


def _public_lru(module: nn.Module) -> StateSpace | None:
    """LRU of the public ports: nu_log, theta_log, gamma_log, and B, C, D, complex or in two parts."""
    poles = _tensors(module, "nu_log", "theta_log", "gamma_log")
    skip = _tensors(module, "D")
    b, c = _complex(module, "B"), _complex(module, "C")
    if poles is None or skip is None or b is None or c is None:
        return None
    states, inputs = b.shape
    if poles[0].shape != (states,) or c.shape[1] != states:
        return None
    direct = skip[0]
    if direct.dim() == 1 and c.shape[0] == inputs:
        direct = torch.diag(direct)
    if direct.shape != (c.shape[0], inputs):
        return None

    def records() -> list[LayerRecord]:
        nu_log, theta_log, gamma_log = poles
        of_state = torch.polar(torch.exp(-torch.exp(nu_log)), torch.exp(theta_log))
        return [lru_record(of_state, torch.exp(gamma_log).unsqueeze(1) * b, c, direct)]

    return StateSpace(inputs, records)


def _mamba(module: nn.Module) -> StateSpace | None:
    """Mamba of mamba_ssm, mamba.py and mamba-minimal, whose names inlay's own has, too."""
    found = module._modules
    linear = [found.get(name) for name in ("in_proj", "x_proj", "dt_proj", "out_proj")]
    conv, parts = found.get("conv1d"), _tensors(module, "A_log", "D")
    if parts is None or not isinstance(conv, nn.Conv1d) or parts[0].dim() != 2:
        return None
    if not all(isinstance(each, nn.Linear) for each in linear):
        return None
    enter, project, step, leave = linear
    inside, states = parts[0].shape
    shapes = [(each.in_features, each.out_features) for each in linear]  # type: ignore[union-attr]
    size, rank = shapes[0][0], shapes[2][0]
    expected = [(size, 2 * inside), (inside, rank + 2 * states), (rank, inside), (inside, size)]
    depthwise = conv.in_channels == conv.out_channels == conv.groups == inside
    plain = (conv.stride, conv.dilation) == ((1,), (1,))
    biases = step.bias is not None and project.bias is None  # type: ignore[union-attr]
    if shapes != expected or not (depthwise and plain and biases):
        return None

    def records() -> list[LayerRecord]:
        from .records import records_of  # which imports this module

        silu, same = (LayerRecord(kind, {"size": inside}) for kind in ("silu", "identity"))
        selective = s6_record(project, step, *parts)  # type: ignore[arg-type]
        filtered = [*records_of(conv, inside), silu, selective]
        return [
            *records_of(enter, size),  # type: ignore[arg-type]
            LayerRecord("split", chains={"branches": [filtered, [same]]}),
            gate(same, silu),
            *records_of(leave, inside),  # type: ignore[arg-type]
        ]

    return StateSpace(size, records)


def _complex(module: nn.Module, name: str) -> Tensor | None:
    """A complex matrix, which may be two real ones: B, or B_re and B_im."""
    whole = _tensors(module, name)
    if whole is not None and whole[0].is_complex() and whole[0].dim() == 2:
        return whole[0].detach()
    for real, imag in (("re", "im"), ("real", "imag")):
        parts = _tensors(module, f"{name}_{real}", f"{name}_{imag}")
        if parts is not None and parts[0].dim() == 2:
            return torch.complex(parts[0].detach(), parts[1].detach())
    return None
