"""Of NablAFx: its processors, controllers and grey boxes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .nablafx import Blocks


class NablGain(nn.Module):
    """A processor of the grey boxes: a range in dB, and a control within [0, 1]."""

    num_control_params = 1

    def forward(
        self, x: Tensor, control_params: Tensor, train: bool = False
    ) -> tuple[Tensor, dict[str, Tensor]]:
        _, channels, frames = x.size()
        assert channels == 1 and control_params.size(1) == self.num_control_params
        gain_db = control_params[:, 0, :] * 24.0 - 12.0
        gain = 10 ** (gain_db.view(1, 1, -1) / 20.0)
        return x * gain, {"gain_db": gain_db}


def lfilter(x: Tensor, a: Tensor, b: Tensor, clamp: bool = True) -> Tensor:
    """What torchaudio's function of that name does for second-order sections, [batch, 3], and a0 = 1."""
    rows = []
    for row, (_, a1, a2), (b0, b1, b2) in zip(x.tolist(), a.tolist(), b.tolist()):
        x1 = x2 = y1 = y2 = 0.0
        frames = []
        for x0 in row:
            y0 = b0 * x0 + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
            x1, x2, y1, y2 = x0, x1, y0, y1
            frames.append(y0)
        rows.append(frames)
    y = torch.tensor(rows, dtype=x.dtype)
    return y.clamp(-1.0, 1.0) if clamp else y


def _section(gain: Tensor, frequency: Tensor, q: Tensor, rate: float, kind: str) -> Tensor:
    """A section of the Audio EQ Cookbook, [batch, 6]."""
    a = 10 ** (gain / 40)
    w = 2 * math.pi * frequency / rate
    alpha, c = torch.sin(w) / (2 * q), torch.cos(w)
    if kind == "low_pass":
        row = [(1 - c) / 2, 1 - c, (1 - c) / 2, 1 + alpha, -2 * c, 1 - alpha]
    elif kind == "peaking":
        row = [1 + alpha * a, -2 * c, 1 - alpha * a, 1 + alpha / a, -2 * c, 1 - alpha / a]
    else:
        s, k = 1 if kind == "low_shelf" else -1, 2 * torch.sqrt(a) * alpha
        p, m = a + 1, (a - 1) * s * c
        row = [a * (p - m + k), s * 2 * a * (a - 1 - p * s * c), a * (p - m - k)]
        row += [p + m + k, s * -2 * (a - 1 + p * s * c), p + m - k]
    return torch.cat(row, -1) / row[3]


class NablFilter(nn.Module):
    """Sections one after the other, whose parameters are controls within ranges. With dynamic controls,
    blocks are filtered one by one."""

    bands: dict[str, tuple[str, tuple[float, float]]] = {}

    def __init__(self, control_type: str = "static", clamp: bool = True, block: int = 8) -> None:
        super().__init__()
        self.sample_rate, self.block_size, self.control_type = 48000.0, block, control_type
        self.clamp = clamp
        self.param_ranges: dict[str, tuple[float, float]] = {}
        for name, (kind, ends) in self.bands.items():
            if kind != "low_pass":
                self.param_ranges[f"{name}_gain_db"] = (-12.0, 12.0)
            self.param_ranges[f"{name}_cutoff_freq"] = ends
            self.param_ranges[f"{name}_q_factor"] = (0.5, 4.0)
        self.num_control_params = len(self.param_ranges)
        if control_type.startswith("dynamic"):
            self.pool = nn.AvgPool1d(block)

    def get_param_dict(self, params: Tensor) -> dict[str, Tensor]:
        return {
            name: params[:, at, :] * (high - low) + low
            for at, (name, (low, high)) in enumerate(self.param_ranges.items())
        }

    @classmethod
    def compute_coefficients(cls, sample_rate: float, **values: Tensor) -> Tensor:
        rows = []
        for name, (kind, _) in cls.bands.items():
            frequency, q = values[f"{name}_cutoff_freq"], values[f"{name}_q_factor"]
            gain = values.get(f"{name}_gain_db", torch.zeros_like(q))
            rows.append(_section(gain, frequency, q, sample_rate, kind))
        return torch.stack(rows, 1)

    def process(self, x: Tensor, **values: Tensor) -> Tensor:
        sections, y = self.compute_coefficients(self.sample_rate, **values), x.squeeze(1)
        for index in range(sections.size(1)):
            y = lfilter(y, sections[:, index, 3:], sections[:, index, :3], self.clamp)
        return y.unsqueeze(1)

    def forward(self, x: Tensor, control_params: Tensor, train: bool = False) -> Any:
        assert control_params.size(1) == self.num_control_params
        if not self.control_type.startswith("dynamic"):
            values = self.get_param_dict(control_params)
            return self.process(x, **values), values
        made, pooled = [], self.pool(control_params)
        for block in range(x.shape[-1] // self.block_size):
            part = x[:, :, block * self.block_size : (block + 1) * self.block_size]
            made.append(self.process(part, **self.get_param_dict(pooled[:, :, block : block + 1])))
        return torch.cat(made, -1), {}


class NablEqualizer(NablFilter):
    bands = {
        "low_shelf": ("low_shelf", (20.0, 2000.0)),
        "band0": ("peaking", (20.0, 200.0)),
        "band1": ("peaking", (200.0, 2000.0)),
        "high_shelf": ("high_shelf", (4000.0, 16000.0)),
    }


class NablLowpass(NablFilter):
    bands = {"cutoff": ("low_pass", (2000.0, 12000.0))}


def _sines() -> nn.Module:
    return nn.Sequential(_Sine(1, 6, 3.0), _Sine(6, 6, 1.0), nn.Linear(6, 1))


class NablResponse(nn.Module):
    """A long filter, whose taps a sine network computes, by a product of spectra."""

    num_control_params = 0

    def __init__(self, taps: int = 40) -> None:
        super().__init__()
        self.n_taps, self.net = taps, _sines()
        self.register_buffer("coords", torch.linspace(-1, 1, taps).view(1, 1, -1))

    def extract_impulse_response(self, x: Tensor) -> Tensor:
        made = self.net(self.coords.repeat(x.size(0), 1, 1).permute(0, 2, 1))
        return made.permute(0, 2, 1).squeeze(1)

    def forward(self, x: Tensor, control_params: Any, train: bool = False) -> Any:
        assert control_params is None
        n = int(2 ** torch.ceil(torch.log2(torch.tensor(2 * x.shape[-1] - 1))))
        spectrum = torch.fft.rfft(self.extract_impulse_response(x).type_as(x), n).unsqueeze(1)
        return torch.fft.irfft(torch.fft.rfft(x, n) * spectrum, n)[..., : x.shape[-1]], {}


class NablFunction(nn.Module):
    """A processor without controls: the sine network on each sample, or another module."""

    num_control_params = 0

    def __init__(self, net: nn.Module | None = None) -> None:
        super().__init__()
        self.net, self.permutes = net or _sines(), net is None

    def forward(self, x: Tensor, control_params: Any, train: bool = False) -> Any:
        assert control_params is None
        if not self.permutes:
            return -self.net(x), {}
        return self.net(x.permute(0, 2, 1)).permute(0, 2, 1), {}


class Rational(nn.Module):
    """Of the package rational_activations: one function of all values, version A."""

    def __init__(self) -> None:
        super().__init__()
        self.version, self.degrees = "A", (4, 3)
        self.numerator, self.denominator = nn.Parameter(torch.zeros(5)), nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        flat = x.reshape(-1, 1)
        powers = flat ** torch.arange(5)
        under = 1 + (powers[:, 1:4] * self.denominator).abs().sum(1)
        return ((powers * self.numerator).sum(1) / under).reshape(x.shape)


class _NoController(nn.Module):
    def forward(self, x: Tensor) -> None:
        return None


class _StaticController(nn.Module):
    def __init__(self, count: int) -> None:
        super().__init__()
        self.control_params, self.act = nn.Parameter(torch.zeros(count)), nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        batch, _, _ = x.size()
        return self.act(self.control_params).unsqueeze(0).unsqueeze(-1).repeat(batch, 1, 1)


class _DynamicController(Blocks):
    def __init__(self, knobs: int, count: int) -> None:
        super().__init__(1, knobs, count, 8)
        self.num_controls, self.act = knobs, nn.Sigmoid()

    def forward(self, x: Tensor, controls: Tensor | None = None) -> Tensor:
        made = self.act(self.sequence(x, controls))
        return made.repeat_interleave(self.block_size, dim=-1)[..., : x.shape[-1]]


class NablProcessors(nn.Module):
    """Its grey-box model: processors one after the other, each controlled by what the model is given."""

    def __init__(self, *processors: tuple[Any, str], num_controls: int = 0) -> None:
        super().__init__()
        self.processors, self.controllers = nn.ModuleList(), nn.ModuleList()
        self.types = [kind for _, kind in processors]
        for processor, kind in processors:
            self.processors.append(processor)
            count = processor.num_control_params
            make: dict[str, Callable[[], nn.Module]] = {
                "": _NoController,
                "static": lambda: _StaticController(count),
                "static-cond": lambda: _Controller(num_controls, count),
                "dynamic": lambda: _DynamicController(0, count),
                "dynamic-cond": lambda: _DynamicController(num_controls, count),
            }
            self.controllers.append(make[kind]())

    def forward(self, x: Tensor, controls: Tensor | None = None, train: bool = False) -> Tensor:
        given: list[Any] = []
        for kind, controller in zip(self.types, self.controllers):
            if kind == "static-cond":
                given.append(controller(controls=controls))
            elif kind == "dynamic-cond":
                given.append(controller(x=x, controls=controls))
            else:
                given.append(controller(x=x))
        for processor, control in zip(self.processors, given):
            x, _ = processor(x, control, train=train)
        return x


class NablOffset(NablGain):
    def forward(self, x: Tensor, control_params: Tensor, train: bool = False) -> Any:
        offset = control_params[:, 0, :] * 4.0 - 2.0
        return x + offset.view(1, 1, -1), {"offset": offset}


class NablGreyBox(nn.Module):
    """A gain that is trained or made from knobs, a sine network as nonlinearity, a gain."""

    def __init__(self, num_controls: int = 0) -> None:
        super().__init__()
        self.num_controls = num_controls
        self.gains = nn.ModuleList([NablGain(), NablGain()])
        if num_controls:
            self.control = nn.ModuleList([_Controller(num_controls) for _ in range(2)])
        else:
            self.control_params = nn.Parameter(torch.randn(2, 1))
        self.net = nn.Sequential(_Sine(1, 6, 3.0), _Sine(6, 6, 1.0), nn.Linear(6, 1))

    def forward(self, x: Tensor, controls: Tensor | None = None) -> Any:
        made = []
        for at, gain in enumerate(self.gains):
            if self.num_controls:
                control = self.control[at](controls)
            else:
                own = torch.sigmoid(self.control_params[at])
                control = own.unsqueeze(0).unsqueeze(-1).repeat(x.size(0), 1, 1)
            x, values = gain(x, control)
            made.append(values)
            if at == 0:
                x = self.net(x.permute(0, 2, 1)).permute(0, 2, 1)
        return x, made


class _Controller(nn.Module):
    def __init__(self, num_controls: int, count: int = 1) -> None:
        super().__init__()
        self.projection = nn.Sequential(
            nn.Linear(num_controls, 4), nn.Sigmoid(), nn.Linear(4, count), nn.Sigmoid()
        )

    def forward(self, controls: Tensor) -> Tensor:
        return self.projection(controls).unsqueeze(-1)


class _Sine(nn.Module):
    def __init__(self, inputs: int, outputs: int, omega: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs))
        self.bias = nn.Parameter(torch.randn(outputs))
        self.omega = omega

    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(self.omega * functional.linear(x, self.weight, self.bias))
