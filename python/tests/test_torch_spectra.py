"""Networks on spectra: inlay.torch.SpectralNetwork, and the operations on axes that such networks have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from spectral_models import GTCRN, randomised
from torch import Tensor, nn
from torch.nn import functional

import inlay
from inlay.check import reference
from inlay.cpp.types import types
from inlay.errors import ExportError
from inlay.format import read_model
from inlay.inspect.analysis import analyse

BINS = 17


class Net(nn.Module):
    """Layers, and a function of spectra (batch, bins, frames, 2) and of the layers."""

    def __init__(self, function: Callable[..., Tensor], *layers: nn.Module) -> None:
        super().__init__()
        self.function, self.layers = function, nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, *self.layers)


def exported(network: nn.Module, path: Path, n_fft: int = 32, hop: int = 16) -> list[str]:
    """The types of the layers between the transforms. The file reproduces the module, in numpy."""
    model = inlay.torch.SpectralNetwork(randomised(network), n_fft, hop)
    inlay.export_torch(model, path / "model.json")
    error, limit = reference.check_error(reference.load(path / "model.json"))
    assert error <= limit
    (layer,) = read_model(path / "model.json").layers
    assert layer.type == "overlap_add"
    return [inner.type for inner in layer.chains["layers"][0]][1:-1]


def test_a_network_that_changes_nothing_gives_the_signal_late(tmp_path: Path) -> None:
    for n_fft, hop in ((32, 16), (64, 32), (512, 256)):
        x = torch.rand(2, 1, 3 * n_fft + 5)
        y = inlay.torch.SpectralNetwork(nn.Identity(), n_fft, hop)(x)
        assert y.shape == x.shape and not y[..., : n_fft - hop].any()
        torch.testing.assert_close(y[..., n_fft - 1 :], x[..., : 1 - n_fft])
    assert exported(nn.Identity(), tmp_path) == []


def test_spread_work_is_a_hop_later(tmp_path: Path) -> None:
    network = randomised(GTCRN(5, 8, BINS, 4))
    at_once, spread = (inlay.torch.SpectralNetwork(network, 32, 16, spread=s) for s in (False, True))
    x = torch.rand(2, 1, 200)
    torch.testing.assert_close(spread(x)[..., 16:], at_once(x)[..., :-16])
    assert not spread(x)[..., :16].any()
    inlay.export_torch(spread, tmp_path / "model.json")
    error, limit = reference.check_error(reference.load(tmp_path / "model.json"))
    assert error <= limit
    (layer,) = read_model(tmp_path / "model.json").layers
    assert layer.options == {"window": 32, "hop": 16, "spread": True}
    assert analyse([layer]).latency == 31 + 16
    (layer_type,) = types([layer], None)
    assert layer_type.name == "SpreadOverlapAdd" and layer_type.arguments[0] == 16


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_fft": 100}, "n_fft: expected a multiple of 32, at most 65536, whose prime factors are 2, 3"),
        ({"n_fft": 64, "hop_length": 65}, "hop_length: expected an integer from 1 to n_fft, found the int"),
        ({"n_fft": 64, "hop_length": 1, "spread": True}, "hop_length: expected an integer from 2 to"),
        ({"n_fft": 64, "hop_length": 32, "window": torch.ones(32)}, "window: expected a tensor of 64"),
    ],
)
def test_its_arguments_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ExportError, match=message):
        inlay.torch.SpectralNetwork(nn.Identity(), **options)


def test_it_can_be_trained() -> None:
    model = inlay.torch.SpectralNetwork(GTCRN(5, 8, BINS, 4), 32, 16)
    model(torch.rand(2, 1, 400)).square().mean().backward()
    assert all(p.grad is not None for p in model.parameters())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_shape_of_gtcrn(dtype: torch.dtype, tmp_path: Path) -> None:
    network = GTCRN(5, 8, BINS, 4).to(dtype)
    exported(network, tmp_path)
    assert read_model(tmp_path / "model.json").check.dtype == str(dtype)[6:]


def planes(x: Tensor) -> Tensor:
    return x.permute(0, 3, 2, 1)  # (batch, 2, frames, bins)


def spectra(x: Tensor) -> Tensor:
    return x.permute(0, 3, 2, 1)


def both_ways(x: Tensor, gru: nn.Module, out: nn.Module) -> Tensor:
    frames = x.transpose(1, 2)
    made = out(gru(frames.reshape(-1, BINS, 2))[0])
    return made.reshape(frames.shape).transpose(1, 2)


def over_time(x: Tensor, gru: nn.Module) -> Tensor:
    return gru(x.reshape(BINS, -1, 2))[0].reshape(x.shape)


def of_frames(x: Tensor, gru: nn.Module, out: nn.Module) -> Tensor:
    frames = x.transpose(1, 2).flatten(2)
    return out(gru(frames)[0]).unflatten(2, (BINS, 2)).transpose(1, 2)


def strided(x: Tensor, down: nn.Module, up: nn.Module) -> Tensor:
    return spectra(up(functional.pad(down(planes(x)), (0, 0, 2, 0))))


def constants(x: Tensor) -> Tensor:
    return torch.tanh(-(2 - x / 3)) * 0.5 + torch.arange(2.0).to(x)


def shifted(x: Tensor) -> Tensor:
    return torch.cat([x.roll(3, 1)[:, :9].flip(1), functional.pad(x, (0, 0, 0, 0, 2, 0))[:, :8]], 1)


def energies(x: Tensor) -> Tensor:
    return x * torch.sqrt((x**2).sum(-1, keepdim=True) + 1e-3) + x.abs().mean(1, keepdim=True)


def deep_filtered(x: Tensor, out: nn.Module, taps: int = 3) -> Tensor:
    """The sum of products of the present spectrum and those before with complex coefficients."""
    past = functional.pad(x, (0, 0, taps - 1, 0)).unfold(2, taps, 1)  # (batch, bins, frames, 2, taps)
    given = torch.tanh(out(x.transpose(1, 2).flatten(2))).unflatten(2, (BINS, 2, taps)).transpose(1, 2)
    (real, imag), (a, b) = past.unbind(3), given.unbind(3)
    return torch.stack([(real * a - imag * b).sum(-1), (real * b + imag * a).sum(-1)], -1)


def late(x: Tensor) -> Tensor:
    return x - functional.pad(x, (0, 0, 2, 0))[:, :, :-2]


CASES: dict[str, tuple[Any, ...]] = {
    "deep filtering": (deep_filtered, nn.Linear(34, 102)),
    "late": (late,),
    "both ways": (both_ways, nn.GRU(2, 3, batch_first=True, bidirectional=True), nn.Linear(6, 2)),
    "both ways, wide": (both_ways, nn.GRU(2, 5, batch_first=True, bidirectional=True), nn.Linear(10, 2)),
    "lstm both ways": (both_ways, nn.LSTM(2, 2, batch_first=True, bidirectional=True), nn.Linear(4, 2)),
    "two levels": (over_time, nn.GRU(2, 2, 2, batch_first=True)),
    "lstm": (over_time, nn.LSTM(2, 2, batch_first=True)),
    "of frames": (of_frames, nn.GRU(34, 5, batch_first=True), nn.Linear(5, 34)),
    "strided": (
        strided,
        nn.Sequential(nn.Conv2d(2, 6, (1, 3), (1, 2), groups=2), nn.BatchNorm2d(6), nn.PReLU(6), nn.ELU()),
        nn.ConvTranspose2d(6, 2, (3, 3), (1, 2), (2, 0), groups=2),
    ),
    "spread": (
        lambda x, conv: spectra(conv(functional.pad(planes(x), (0, 0, 4, 0)))),
        nn.Conv2d(2, 2, (3, 3), padding=(0, 2), dilation=(2, 2), groups=2, bias=False),
    ),
    "depthwise": (
        strided,
        nn.Sequential(nn.Conv2d(2, 6, (1, 3), (1, 2), groups=2), nn.BatchNorm2d(6)),
        nn.Sequential(
            nn.ConvTranspose2d(6, 6, (3, 5), (1, 2), (2, 1), groups=6), nn.BatchNorm2d(6), nn.Conv2d(6, 2, 1)
        ),
    ),
    "more groups": (
        strided,
        nn.Conv2d(2, 10, (1, 4), (1, 3), groups=2),
        nn.Sequential(
            nn.ConvTranspose2d(10, 10, (3, 5), (1, 3), (2, 0), groups=5), nn.ReLU(), nn.Conv2d(10, 2, 1)
        ),
    ),
    "constants": (constants,),
    "shifted": (shifted,),
    "energies": (energies,),
    "norm": (
        lambda x, norm: norm(x.transpose(1, 2)).transpose(1, 2),
        nn.LayerNorm((BINS, 2)),
    ),
    "norm of each bin": (lambda x, norm: norm(x), nn.LayerNorm(2)),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_operations(case: tuple[Any, ...], tmp_path: Path) -> None:
    torch.manual_seed(1)
    exported(Net(*case), tmp_path)


def test_what_only_moves_values_costs_one_gather(tmp_path: Path) -> None:
    assert exported(Net(shifted), tmp_path) == ["gather"]


REFUSED: dict[str, tuple[Any, str]] = {
    "frames": (lambda x: x + x.flip(2), "an operation that mixes or selects frames"),
    "mean": (lambda x: x - x.mean(2, keepdim=True), "a mean over frames"),
    "power": (lambda x: x**3, "a power of 3"),
    "quotient": (lambda x: x / x, "a quotient of two signals"),
    "cumsum": (lambda x: x.cumsum(1), r"cumsum\(\) is not supported in a network on spectra"),
    "in place": (lambda x: x.mul_(2), r"mul_\(\) is not supported"),
    "ones": (lambda x: functional.pad(x, (0, 0, 0, 0, 1, 0), value=1.0)[:, :BINS], "padding with other values"),
    "shape": (lambda x: x[:, :9], "gives .* for spectra"),
    "before": (
        lambda x: spectra(nn.Conv2d(2, 2, (3, 1), padding=(1, 0))(planes(x))),
        "only a causal one without a stride over frames",
    ),
    "backwards": (
        lambda x: nn.GRU(2, 1, batch_first=True, bidirectional=True)(x.reshape(BINS, -1, 2))[0].reshape(x.shape),
        "both directions of time",
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_refusals(case: tuple[Any, str], tmp_path: Path) -> None:
    function, message = case
    with pytest.raises(ExportError, match=message) as raised:
        exported(Net(function), tmp_path)
    assert "test_torch_spectra.py" in str(raised.value) or "gives" in message
