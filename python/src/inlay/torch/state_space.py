"""State-space layers to train: S4D, LRU, S6 and Mamba. docs/state-spaces.md shows them."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..arguments import refuse
from ..format import Array, LayerRecord

DISCRETISATIONS = ("zoh", "bilinear")


def _check_sizes(**sizes: int | None) -> None:
    for name, size in sizes.items():
        if size is not None and size < 1:
            refuse(name, "an integer of at least 1", size)


def _check_steps(dt_min: float, dt_max: float) -> None:
    if not dt_min > 0:
        refuse("dt_min", "a number above 0", dt_min)
    if not dt_max >= dt_min:
        refuse("dt_max", f"a number of at least dt_min, {dt_min}", dt_max)


class S4D(nn.Module):
    """A diagonal state-space layer: each channel is a sum of complex one-pole filters of its own.

    x' = A x + B u in continuous time, y = 2 Re(C x) + D u, with B = 1, sampled with a step dt that
    is trained for each channel. Takes and returns (batch, frames, channels). The poles start as
    S4D-Lin: -1/2 + i pi n.

    Args:
        size: the number of channels.
        states: complex states of a channel; each stands for a conjugate pair, so that the state
            size of the paper is twice as large.
        dt_min, dt_max: the range of the first steps, in time constants per frame.
        discretisation: "zoh" (zero-order hold) or "bilinear".
    """

    def __init__(
        self,
        size: int,
        states: int = 8,
        *,
        dt_min: float = 1e-3,
        dt_max: float = 1e-1,
        discretisation: str = "zoh",
    ) -> None:
        super().__init__()
        _check_sizes(size=size, states=states)
        _check_steps(dt_min, dt_max)
        if discretisation not in DISCRETISATIONS:
            refuse("discretisation", " or ".join(DISCRETISATIONS), discretisation)
        self.size, self.states, self.discretisation = size, states, discretisation
        low, high = math.log(dt_min), math.log(dt_max)
        self.log_dt = nn.Parameter(torch.rand(size) * (high - low) + low)
        self.log_a_real = nn.Parameter(torch.full((size, states), math.log(0.5)))
        self.a_imag = nn.Parameter(math.pi * torch.arange(states).float().repeat(size, 1))
        self.c = nn.Parameter(torch.randn(size, states, 2))
        self.d = nn.Parameter(torch.ones(size))

    def discrete(self) -> tuple[Tensor, Tensor]:
        """a and c of s' = a s + u, y = 2 Re(c s'), complex [size, states]."""
        pole = torch.complex(-torch.exp(self.log_a_real), self.a_imag)
        dt = torch.exp(self.log_dt).unsqueeze(1)
        c = torch.view_as_complex(self.c)
        if self.discretisation == "bilinear":
            a = (1 + pole * dt / 2) / (1 - pole * dt / 2)
            return a, c * dt / (1 - pole * dt / 2)
        a = torch.exp(pole * dt)
        return a, c * (a - 1) / pole

    def forward(self, u: Tensor) -> Tensor:
        """The layer's output for u, (batch, frames, channels), from silence."""
        a, c = self.discrete()
        frames = u.shape[1]
        # Powers of the rounded a, as a recursion with it has them.
        log_a = torch.log(a.to(torch.complex128)).unsqueeze(-1)
        powers = torch.exp(log_a * torch.arange(frames, device=u.device))
        kernel = 2 * torch.einsum("hn,hnl->lh", c.to(powers.dtype), powers).real.to(u.dtype)
        length = 2 * frames
        spectrum = torch.fft.rfft(kernel, length, dim=0) * torch.fft.rfft(u, length, dim=1)
        y: Tensor = torch.fft.irfft(spectrum, length, dim=1)[:, :frames] + self.d * u
        return y

    def records(self) -> list[LayerRecord]:
        """The discretised layer as inlay's file has it."""
        return [s4d_record(*self.discrete(), self.d)]


class LRU(nn.Module):
    """A linear recurrent unit: complex one-pole filters of mixtures of the channels, mixed again.

    x' = lambda x + gamma B u, y = Re(C x') + D u, with |lambda| = exp(-exp(nu_log)) below 1. Takes
    and returns (batch, frames, channels). Not affine: put layers around it.

    Args:
        inputs: the number of input channels.
        states: the number of complex states.
        outputs: the number of output channels; default: as many as inputs.
        r_min, r_max: the range of |lambda| at the start.
        max_phase: the largest angle of lambda at the start, in radians per frame.
    """

    def __init__(
        self,
        inputs: int,
        states: int,
        outputs: int | None = None,
        *,
        r_min: float = 0.0,
        r_max: float = 1.0,
        max_phase: float = 2 * math.pi,
    ) -> None:
        super().__init__()
        _check_sizes(inputs=inputs, states=states, outputs=outputs)
        if not 0 <= r_min <= 1:
            refuse("r_min", "a radius from 0 to 1", r_min)
        if not r_min <= r_max <= 1:
            refuse("r_max", f"a radius from r_min, {r_min}, to 1", r_max)
        outputs = inputs if outputs is None else outputs
        self.inputs, self.states, self.outputs = inputs, states, outputs
        of_square = torch.rand(states) * (r_max**2 - r_min**2) + r_min**2
        self.nu_log = nn.Parameter(torch.log(-0.5 * torch.log(of_square.clamp(1e-12, 1 - 1e-7))))
        self.theta_log = nn.Parameter(torch.log(max_phase * torch.rand(states).clamp_min(1e-7)))
        radius = torch.exp(-torch.exp(self.nu_log.detach()))
        self.gamma_log = nn.Parameter(0.5 * torch.log(1 - radius**2))
        self.b = nn.Parameter(torch.randn(states, inputs, 2) / math.sqrt(2 * inputs))
        self.c = nn.Parameter(torch.randn(outputs, states, 2) / math.sqrt(states))
        self.d = nn.Parameter(torch.randn(outputs, inputs) / math.sqrt(inputs))

    def forward(self, u: Tensor) -> Tensor:
        """The layer's output for u, (batch, frames, inputs), from silence."""
        poles, b, c = self.discrete()
        x = u.to(b.dtype) @ b.T
        power, shift = poles, 1
        while shift < x.shape[1]:  # doubles the number of past frames that are summed
            x = x + power * nn.functional.pad(x, (0, 0, shift, 0))[:, : x.shape[1]]
            power, shift = power * power, 2 * shift
        y: Tensor = (x @ c.T).real + u @ self.d.T
        return y

    def discrete(self) -> tuple[Tensor, Tensor, Tensor]:
        """lambda [states], gamma B [states, inputs] and C [outputs, states], complex."""
        poles = torch.polar(torch.exp(-torch.exp(self.nu_log)), torch.exp(self.theta_log))
        b = torch.exp(self.gamma_log).unsqueeze(1) * torch.view_as_complex(self.b)
        return poles, b, torch.view_as_complex(self.c)

    def records(self) -> list[LayerRecord]:
        """The layer as inlay's file has it."""
        return [lru_record(*self.discrete(), self.d)]


class S6(nn.Module):
    """A selective state-space layer: one-pole filters of each channel that depend on the signal.

    (r, B, C) = x_proj(u), delta = softplus(dt_proj(r)), h' = exp(delta A) h + delta B u,
    y = C h' + D u, with A = -exp(A_log). Takes and returns (batch, frames, channels). The poles
    start as S4D-Real: A = -1, ..., -states. The names of the parameters are those of mamba_ssm.

    Args:
        size: the number of channels.
        states: the states of a channel.
        rank: the width of the projection that delta is made from; default: size / 16, rounded up.
        dt_min, dt_max: the range of the first steps, in time constants per frame.
    """

    def __init__(
        self,
        size: int,
        states: int = 16,
        *,
        rank: int | None = None,
        dt_min: float = 1e-3,
        dt_max: float = 1e-1,
    ) -> None:
        super().__init__()
        _check_sizes(size=size, states=states, rank=rank)
        _check_steps(dt_min, dt_max)
        rank = math.ceil(size / 16) if rank is None else rank
        self.x_proj = nn.Linear(size, rank + 2 * states, bias=False)
        self.dt_proj = nn.Linear(rank, size)
        nn.init.uniform_(self.dt_proj.weight, -(rank**-0.5), rank**-0.5)
        step = torch.exp(torch.rand(size) * math.log(dt_max / dt_min) + math.log(dt_min))
        with torch.no_grad():  # softplus(bias) = step
            self.dt_proj.bias.copy_(step + torch.log(-torch.expm1(-step)))
        self.A_log = nn.Parameter(torch.arange(1, states + 1).float().log().repeat(size, 1))
        self.D = nn.Parameter(torch.ones(size))

    def forward(self, u: Tensor) -> Tensor:
        """The layer's output for u, (batch, frames, channels), from silence."""
        rank, states = self.dt_proj.in_features, self.A_log.shape[1]
        low, b, c = self.x_proj(u).split([rank, states, states], dim=-1)
        delta = nn.functional.softplus(self.dt_proj(low))
        decay = torch.exp(delta.unsqueeze(-1) * -torch.exp(self.A_log))
        h = (delta * u).unsqueeze(-1) * b.unsqueeze(-2)
        shift, frames = 1, u.shape[1]
        while shift < frames:  # doubles the number of past frames that are summed
            silence = (0, 0, 0, 0, shift, 0)
            h = h + decay * nn.functional.pad(h, silence)[:, :frames]
            decay = decay * nn.functional.pad(decay, silence)[:, :frames]
            shift *= 2
        y: Tensor = (h * c.unsqueeze(-2)).sum(-1) + self.D * u
        return y

    def records(self) -> list[LayerRecord]:
        """The layer as inlay's file has it."""
        return [s6_record(self.x_proj, self.dt_proj, self.A_log, self.D)]


class Mamba(S6):
    """A Mamba block: a gate of a short convolution and a selective state-space layer.

    (x, z) = in_proj(u), y = out_proj(S6(silu(conv1d(x))) * silu(z)). Takes and returns (batch,
    frames, channels). A network puts a norm before it and adds its input. The parameters are those
    of mamba_ssm's Mamba, so that load_state_dict takes its weights.

    Args:
        size: the number of channels.
        states: the states of a channel.
        expand: the channels inside of it are expand * size.
        taps: the length of the convolution in frames.
        rank: the width of the projection that delta is made from; default: size / 16, rounded up.
        dt_min, dt_max: the range of the first steps, in time constants per frame.
    """

    def __init__(
        self,
        size: int,
        states: int = 16,
        *,
        expand: int = 2,
        taps: int = 4,
        rank: int | None = None,
        dt_min: float = 1e-3,
        dt_max: float = 1e-1,
    ) -> None:
        _check_sizes(size=size, expand=expand, taps=taps)
        inside = expand * size
        rank = math.ceil(size / 16) if rank is None else rank
        super().__init__(inside, states, rank=rank, dt_min=dt_min, dt_max=dt_max)
        self.in_proj = nn.Linear(size, 2 * inside, bias=False)
        self.conv1d = nn.Conv1d(inside, inside, taps, groups=inside, padding=taps - 1)
        self.out_proj = nn.Linear(inside, size, bias=False)

    def forward(self, u: Tensor) -> Tensor:
        """The block's output for u, (batch, frames, channels), from silence."""
        x, z = self.in_proj(u).chunk(2, dim=-1)
        x = self.conv1d(x.transpose(1, 2))[..., : u.shape[1]].transpose(1, 2)
        y: Tensor = self.out_proj(super().forward(nn.functional.silu(x)) * nn.functional.silu(z))
        return y


def s6_record(project: nn.Linear, step: nn.Linear, a_log: Tensor, d: Tensor) -> LayerRecord:
    """The record of a selective layer with mamba_ssm's x_proj, dt_proj, A_log and D."""
    size, states = a_log.shape
    tensors = {
        "kernel": _array(project.weight.T),
        "step_kernel": _array(step.weight.T),
        "step_bias": _array(step.bias),
        "a": _array(-torch.exp(a_log)),
        "d": _array(d),
    }
    return LayerRecord("s6", {"size": size, "states": states, "rank": step.in_features}, tensors)


def s4d_record(a: Tensor, c: Tensor, d: Tensor) -> LayerRecord:
    """The record of s' = a s + u, y = 2 Re(c s') + d u. a, c: [channels, states]; d: [channels]."""
    size, states = a.shape
    tensors = {
        "a_real": _array(a.real),
        "a_imag": _array(a.imag),
        "c_real": _array(c.real),
        "c_imag": _array(c.imag),
        "d": _array(d),
    }
    return LayerRecord("s4d", {"size": size, "states": states}, tensors)


def lru_record(poles: Tensor, b: Tensor, c: Tensor, d: Tensor) -> LayerRecord:
    """The record of x' = poles x + b u, y = Re(c x') + d u, with the shapes of PyTorch's weights."""
    outputs, inputs = d.shape
    tensors = {
        "lambda_real": _array(poles.real),
        "lambda_imag": _array(poles.imag),
        "b": _array(torch.cat([b.real, b.imag]).T),
        "c": _array(torch.cat([c.real, -c.imag], 1).T),
        "d": _array(d.T),
    }
    return LayerRecord("lru", {"in": inputs, "states": len(poles), "out": outputs}, tensors)


def _array(tensor: Tensor) -> Array:
    return tensor.detach().cpu().contiguous().numpy()
