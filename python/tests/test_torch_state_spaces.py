"""State-space layers: inlay's own modules, and modules with the attributes of public ones."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import inlay
from inlay import ExportError
from inlay.check import reference


def exported(module: nn.Module, path: Path) -> list[dict[str, Any]]:
    """The layers that are written; the reference reproduces the module with them."""
    inlay.export_torch(module, path / "model.json")
    root = reference.load(path / "model.json")
    error, limit = reference.check_error(root)
    assert error <= limit
    return list(root["layers"])


def kinds(layers: list[dict[str, Any]]) -> list[str]:
    return [layer["type"] for layer in layers]


@pytest.mark.parametrize("discretisation", ["zoh", "bilinear"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_s4d(discretisation: str, dtype: torch.dtype, tmp_path: Path) -> None:
    torch.manual_seed(1)
    layer = inlay.torch.S4D(5, 7, discretisation=discretisation).to(dtype)
    assert kinds(exported(layer, tmp_path)) == ["s4d"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: inlay.torch.S4D(0), "size: expected an integer of at least 1, found the int 0"),
        (lambda: inlay.torch.S4D(1, dt_min=0.0), "dt_min: expected a number above 0, found"),
        (lambda: inlay.torch.S6(16, dt_min=0.2), "dt_max: expected a number of at least dt_min, 0.2, found"),
        (lambda: inlay.torch.Mamba(16, taps=0), "taps: expected an integer of at least 1, found the int 0"),
        (lambda: inlay.torch.LRU(1, 4, r_min=0.9, r_max=0.5), "r_max: expected a radius from r_min, 0.9, to 1"),
        (lambda: inlay.torch.LRU(1, 4, r_min=2.0), "r_min: expected a radius from 0 to 1, found"),
    ],
)
def test_arguments_are_checked(make: Callable[[], nn.Module], message: str) -> None:
    with pytest.raises(ExportError, match=re.escape(message)):
        make()


def test_lru(tmp_path: Path) -> None:
    torch.manual_seed(1)
    assert kinds(exported(inlay.torch.LRU(3, 9, 5), tmp_path)) == ["lru"]
    assert kinds(exported(inlay.torch.LRU(3, 9, r_min=0.9, r_max=0.999), tmp_path)) == ["lru"]


def test_discretisation() -> None:
    """The impulse response of a slow filter is that of continuous time, sampled."""
    for discretisation in ("zoh", "bilinear"):
        layer = inlay.torch.S4D(1, 1, discretisation=discretisation).double()
        with torch.no_grad():
            layer.log_dt.fill_(math.log(1e-3))
            layer.a_imag.fill_(2.0)
            layer.d.zero_()
            impulse = torch.zeros(1, 3000, 1, dtype=torch.float64)
            impulse[0, 0] = 1
            found = layer(impulse)[0, :, 0].numpy()
            c = torch.view_as_complex(layer.c).item()
        time = 1e-3 * (np.arange(3000) + 0.5)  # a hold lasts from frame to frame
        expected = 2e-3 * (c * np.exp((-0.5 + 2j) * time)).real
        assert np.abs(found[1:] - expected[1:]).max() < 2e-6 + 1e-3 * np.abs(expected).max()


def test_all_can_be_trained() -> None:
    torch.manual_seed(2)
    last = (inlay.torch.S6(2, 3), inlay.torch.Mamba(2, 3), inlay.torch.LRU(2, 4, 1))
    net = nn.Sequential(inlay.torch.S4D(2, 4), nn.Tanh(), *last)
    signal = torch.randn(3, 40, 2)
    net(signal).square().mean().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in net.parameters())


def test_in_a_forward(tmp_path: Path) -> None:
    class Amp(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wide, self.narrow = nn.Linear(1, 6), nn.Linear(6, 1)
            self.states = inlay.torch.S4D(6, 4)

        def forward(self, x: Tensor) -> Tensor:
            wide = self.wide(x)
            return self.narrow(wide + torch.tanh(self.states(wide)))

    layers = exported(Amp(), tmp_path)
    assert kinds(layers) == ["dense", "residual", "dense"]


class Kernel(nn.Module):
    """The kernel of a diagonal state-space layer, with the names of state-spaces/s4."""

    def __init__(self, size: int, states: int) -> None:
        super().__init__()
        self.C = nn.Parameter(torch.randn(size, states, 2))
        self.log_dt = nn.Parameter(torch.linspace(-4.5, -2.5, size))
        self.log_A_real = nn.Parameter(torch.full((size, states), -0.7))
        self.register_buffer("A_imag", math.pi * torch.arange(states).float().repeat(size, 1))

    def forward(self, frames: int) -> Tensor:
        pole = torch.complex(-self.log_A_real.exp(), self.A_imag)
        step = pole * self.log_dt.exp()[:, None]
        weights = torch.view_as_complex(self.C) * (step.exp() - 1) / pole
        response = (step[..., None] * torch.arange(frames)).exp()
        return 2 * (weights[..., None] * response).sum(1).real


class PublicS4D(nn.Module):
    def __init__(self, size: int, states: int, transposed: bool, activation: nn.Module) -> None:
        super().__init__()
        self.transposed, self.activation = transposed, activation
        self.D = nn.Parameter(torch.randn(size))
        self.kernel = Kernel(size, states)
        self.dropout = nn.Identity()
        self.output_linear = nn.Sequential(nn.Conv1d(size, 2 * size, 1), nn.GLU(dim=-2))

    def forward(self, u: Tensor) -> tuple[Tensor, None]:
        u = u if self.transposed else u.mT
        frames = u.shape[-1]
        spectrum = torch.fft.rfft(u, 2 * frames) * torch.fft.rfft(self.kernel(frames), 2 * frames)
        y = torch.fft.irfft(spectrum, 2 * frames)[..., :frames] + u * self.D[:, None]
        y = self.output_linear(self.dropout(self.activation(y)))
        return (y if self.transposed else y.mT), None


@pytest.mark.parametrize("transposed", [True, False])
def test_the_s4d_of_state_spaces(transposed: bool, tmp_path: Path) -> None:
    torch.manual_seed(3)
    layer = PublicS4D(4, 6, transposed, nn.GELU())
    assert kinds(exported(layer, tmp_path)) == ["s4d", "gelu", "dense", "gate"]

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.layer, self.decoder = nn.Linear(1, 4), layer, nn.Linear(4, 1)

        def forward(self, x: Tensor) -> Tensor:
            x = self.encoder(x)
            z, _ = self.layer(x.transpose(1, 2) if transposed else x)
            return self.decoder(z.transpose(1, 2) if transposed else z)

    assert kinds(exported(Net(), tmp_path))[1] == "s4d"


def test_an_s4d_with_another_activation_is_refused(tmp_path: Path) -> None:
    with pytest.raises(inlay.ExportError, match="inlay.torch.S4D"):
        inlay.export_torch(PublicS4D(4, 6, True, nn.Tanh()), tmp_path / "model.json")


class PublicLRU(nn.Module):
    """The names of public ports of the LRU. `parts`: B and C are two real matrices each."""

    def __init__(self, inputs: int, states: int, outputs: int, parts: bool) -> None:
        super().__init__()
        self.nu_log = nn.Parameter(torch.linspace(-3, 0, states))
        self.theta_log = nn.Parameter(torch.linspace(-2, 1, states))
        self.gamma_log = nn.Parameter(torch.linspace(-1, 0, states))
        b = torch.randn(states, inputs, dtype=torch.cfloat)
        c = torch.randn(outputs, states, dtype=torch.cfloat)
        if parts:
            self.B_re, self.B_im = nn.Parameter(b.real.clone()), nn.Parameter(b.imag.clone())
            self.C_re, self.C_im = nn.Parameter(c.real.clone()), nn.Parameter(c.imag.clone())
            self.D = nn.Parameter(torch.randn(outputs))
        else:
            self.B, self.C = nn.Parameter(b), nn.Parameter(c)
            self.D = nn.Parameter(torch.randn(outputs, inputs))

    def forward(self, u: Tensor) -> Tensor:
        parts = hasattr(self, "B_re")
        b = torch.complex(self.B_re, self.B_im) if parts else self.B
        c = torch.complex(self.C_re, self.C_im) if parts else self.C
        poles = torch.polar((-self.nu_log.exp()).exp(), self.theta_log.exp())
        drive = (u.to(torch.cfloat) @ b.T) * self.gamma_log.exp()
        state, states = torch.zeros(len(poles), dtype=torch.cfloat), []
        for frame in drive.unbind(1):
            state = self.advance(poles, state) + frame
            states.append(state)
        direct = u * self.D if parts else u @ self.D.T
        return (torch.stack(states, 1) @ c.T).real + direct

    def advance(self, poles: Tensor, state: Tensor) -> Tensor:
        return poles * state


@pytest.mark.parametrize("parts", [True, False])
def test_a_public_lru(parts: bool, tmp_path: Path) -> None:
    torch.manual_seed(4)
    assert kinds(exported(PublicLRU(3, 6, 3, parts), tmp_path)) == ["lru"]


def test_an_lru_with_another_equation_is_refused(tmp_path: Path) -> None:
    """A product with the sum of the states, as `Lambda @ state` computes it for vectors."""

    class Summing(PublicLRU):
        def advance(self, poles: Tensor, state: Tensor) -> Tensor:
            return (poles * state).sum(-1, keepdim=True) * 0.1

    torch.manual_seed(4)
    with pytest.raises(inlay.ExportError, match="other numbers than the module"):
        inlay.export_torch(Summing(3, 6, 3, False), tmp_path / "model.json")


def test_a_wrong_discretisation_is_refused() -> None:
    with pytest.raises(inlay.ExportError, match="zoh or bilinear"):
        inlay.torch.S4D(2, discretisation="euler")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_s6(dtype: torch.dtype, tmp_path: Path) -> None:
    torch.manual_seed(5)
    assert kinds(exported(inlay.torch.S6(5, 3, rank=2).to(dtype), tmp_path)) == ["s6"]


class PublicMamba(nn.Module):
    """The names of Mamba in mamba_ssm, mamba.py and mamba-minimal; a scan frame by frame."""

    def __init__(self, size: int, states: int, rank: int, bias: bool = False) -> None:
        super().__init__()
        inside = 2 * size
        self.in_proj = nn.Linear(size, 2 * inside, bias=bias)
        self.conv1d = nn.Conv1d(inside, inside, 4, groups=inside, padding=3)
        self.x_proj = nn.Linear(inside, rank + 2 * states, bias=False)
        self.dt_proj = nn.Linear(rank, inside)
        self.A_log = nn.Parameter(torch.rand(inside, states))
        self.D = nn.Parameter(torch.randn(inside))
        self.out_proj = nn.Linear(inside, size, bias=bias)

    def forward(self, hidden_states: Tensor, inference_params: None = None) -> Tensor:
        x, z = self.in_proj(hidden_states).chunk(2, dim=-1)
        x = nn.functional.silu(self.conv1d(x.mT)[..., : x.shape[1]]).mT
        states = self.A_log.shape[1]
        low, b, c = self.x_proj(x).split([self.dt_proj.in_features, states, states], -1)
        delta = nn.functional.softplus(self.dt_proj(low))
        h = torch.zeros_like(self.A_log)
        y = []
        for t in range(x.shape[1]):
            step = delta[:, t, :, None]
            h = (step * -self.A_log.exp()).exp() * h + step * b[:, t, None] * x[:, t, :, None]
            y.append(self.read(h, c[:, t, None]))
        return self.out_proj((torch.stack(y, 1) + self.D * x) * nn.functional.silu(z))

    def read(self, h: Tensor, c: Tensor) -> Tensor:
        return (h * c).sum(-1)


MAMBA = ["dense", "split", "gate", "dense"]


@pytest.mark.parametrize("bias", [True, False])
def test_a_public_mamba(bias: bool, tmp_path: Path) -> None:
    torch.manual_seed(6)
    layers = exported(PublicMamba(3, 5, 2, bias), tmp_path)
    assert kinds(layers) == MAMBA
    assert kinds(layers[1]["branches"][0]) == ["conv1d", "silu", "s6"]


def test_mamba(tmp_path: Path) -> None:
    """Loads the weights of a public one, and computes the same."""
    torch.manual_seed(6)
    public, own = PublicMamba(3, 5, 2), inlay.torch.Mamba(3, 5, rank=2)
    own.load_state_dict(public.state_dict())
    signal = torch.randn(2, 50, 3)
    assert torch.allclose(own(signal), public(signal), atol=1e-5)
    assert kinds(exported(own, tmp_path)) == MAMBA


def test_a_network_of_mamba(tmp_path: Path) -> None:
    class RMSNorm(nn.Module):
        def __init__(self, size: int) -> None:
            super().__init__()
            self.eps, self.weight = 1e-5, nn.Parameter(torch.rand(size))

        def forward(self, x: Tensor) -> Tensor:
            return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm, self.mixer = RMSNorm(4), PublicMamba(4, 3, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.mixer(self.norm(x)) + x

    torch.manual_seed(7)
    net = nn.Sequential(nn.Linear(1, 4), Block(), Block(), RMSNorm(4), nn.Linear(4, 1))
    found = kinds(exported(net, tmp_path))
    assert "residual" in found and "rms_norm" in found


def test_a_mamba_with_another_equation_is_refused(tmp_path: Path) -> None:
    class Other(PublicMamba):
        def read(self, h: Tensor, c: Tensor) -> Tensor:
            return (h * c).mean(-1)

    torch.manual_seed(6)
    with pytest.raises(inlay.ExportError, match="other numbers than the module"):
        inlay.export_torch(Other(3, 5, 2), tmp_path / "model.json")
