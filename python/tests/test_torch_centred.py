"""Layers that look ahead: padding on both sides, filter banks, and decoders made of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rave import Conv, DecoderV1, DecoderV2, OwnPQMF, Residual, SnakeBeta, leaky
from test_torch_forward import Lambda, exported, shape_of
from torch import Tensor, nn
from torch.nn import functional

import inlay
from inlay.check import reference
from inlay.format import read_model
from inlay.inspect.analysis import analyse
from inlay.torch import PQMF


def unit(channels: int, dilation: int) -> nn.Module:
    first = Conv(channels, channels, 3, dilation, causal=False)
    return Residual(leaky(channels), first, leaky(channels), nn.Conv1d(channels, channels, 1))


class Gated(nn.Module):
    """A block of a WaveNet."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, 2 * channels, 3, dilation=dilation, padding=dilation)
        self.residual, self.skip = nn.Conv1d(channels, channels, 1), nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        a, b = self.conv(x).chunk(2, 1)
        gated = torch.tanh(a) * torch.sigmoid(b)
        return x + self.residual(gated), self.skip(gated)


class WaveNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Gated(4, dilation) for dilation in (1, 2, 4))
        self.first, self.last = nn.Conv1d(1, 4, 1), nn.Conv1d(4, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        x, skips = self.blocks[0](x)
        for block in self.blocks[1:]:
            x, skip = block(x)
            skips = skips + skip
        return self.last(torch.relu(skips))


# Modules of one frame per input frame, with the number of channels, the latency and the structure.
SAME_RATE: dict[str, tuple[Callable[[], nn.Module], int, int, str]] = {
    "padding": (lambda: nn.Conv1d(2, 3, 5, padding=2), 2, 2, "conv1d silent_until"),
    "padding='same', even": (
        lambda: nn.Conv1d(1, 2, 4, padding="same", dilation=3),
        *(1, 5, "conv1d silent_until"),
    ),
    "ConstantPad1d": (
        lambda: nn.Sequential(nn.ConstantPad1d((3, 1), 0.0), nn.Conv1d(1, 2, 5)),
        *(1, 1, "conv1d silent_until"),
    ),
    "no bias, then another": (  # an output that is not silent by itself
        lambda: nn.Sequential(nn.Conv1d(1, 2, 3, padding=1, bias=False), nn.Conv1d(2, 1, 3, padding=1)),
        *(1, 2, "conv1d silent_until conv1d silent_until"),
    ),
    "an activation that is not silent": (
        lambda: nn.Sequential(nn.Conv1d(1, 2, 3, padding=1), nn.Sigmoid(), nn.Conv1d(2, 1, 5, padding=2)),
        *(1, 3, "conv1d silent_until sigmoid silent_until conv1d silent_until"),
    ),
    "causal behind centred": (
        lambda: nn.Sequential(nn.Conv1d(1, 2, 3, padding=1), nn.Sigmoid(), Conv(2, 1, 3, causal=True)),
        *(1, 1, "conv1d silent_until sigmoid silent_until conv1d"),
    ),
    "residual units": (
        lambda: nn.Sequential(nn.Conv1d(1, 4, 7, padding=3), unit(4, 1), unit(4, 3)),
        *(1, 7, "conv1d silent_until"),
    ),
    "branches of different latency": (
        lambda: Lambda(
            lambda s, x: torch.cat([s.a(x), s.b(x), x], 1),
            a=nn.Conv1d(1, 2, 3, padding=1),
            b=nn.Conv1d(1, 2, 9, padding=4),
        ),
        *(1, 4, "concat(conv1d silent_until delay | conv1d silent_until | delay)"),
    ),
    "down and up": (
        lambda: nn.Sequential(
            *(nn.Conv1d(1, 4, 7, padding=3), nn.Conv1d(4, 8, 8, stride=4, padding=2), unit(8, 3)),
            *(nn.LeakyReLU(0.2), nn.ConvTranspose1d(8, 1, 8, stride=4, padding=2)),
        ),
        *(1, 22, "conv1d silent_until delay conv1d conv1d silent_until"),
    ),
    "a causal stride whose frames come at another time": (
        lambda: nn.Sequential(
            *(nn.ConstantPad1d((3, 0), 0.0), nn.Conv1d(1, 2, 4, stride=2)),
            nn.ConvTranspose1d(2, 1, 2, stride=2),
        ),
        *(1, 0, "conv1d conv1d conv_transpose1d"),
    ),
    "output_padding": (
        lambda: nn.Sequential(
            nn.Conv1d(1, 2, 3, stride=3),
            nn.ConvTranspose1d(2, 1, 5, stride=3, padding=2, output_padding=2),
            nn.Conv1d(1, 1, 3, padding=1),
        ),
        *(1, 3, "conv1d conv_transpose1d silent_until conv1d silent_until"),
    ),
    "a WaveNet, whose values are carried side by side": (WaveNet, 1, 8, "conv1d concat"),
    "channels in another order, and every second one": (
        lambda: Lambda(lambda s, x: s.c(x).flip(1)[:, ::2], c=nn.Conv1d(1, 6, 3, padding=1)),
        *(1, 1, "conv1d silent_until gather gather"),
    ),
    "a stack that is added up": (
        lambda: Lambda(
            lambda s, x: torch.stack([s.a(x), s.b(x)], 0).sum(0),
            a=nn.Conv1d(1, 2, 3, padding=1),
            b=nn.Conv1d(1, 2, 5, padding=2),
        ),
        *(1, 2, "parallel(conv1d silent_until delay | conv1d silent_until)"),
    ),
    "an average of neighbours": (
        lambda: Lambda(
            lambda s, x: functional.avg_pool1d(functional.pad(s.c(x), (2, 2)), 5, 1), c=nn.Conv1d(1, 2, 1)
        ),
        *(1, 2, "conv1d avg_pool1d silent_until"),
    ),
    "a gain that alternates": (
        lambda: Lambda(
            lambda s, x: s.d(s.c(x) * torch.tensor([1.0, -0.5, 0.25] * 2000)[: x.shape[2]].to(x)),
            c=nn.Conv1d(1, 2, 3, padding=1),
            d=nn.Conv1d(2, 1, 3, padding=1),
        ),
        *(1, 2, "conv1d silent_until periodic_gain conv1d silent_until"),
    ),
}


@pytest.mark.parametrize("name", SAME_RATE)
def test_the_stream_is_late_by_the_stated_latency(name: str, tmp_path: Path) -> None:
    """All frames of PyTorch's output but the last ones, from the first one on."""
    make, channels, latency, structure = SAME_RATE[name]
    module = make().double()
    layers = exported(module, tmp_path)["layers"]
    assert shape_of(layers).startswith(structure)
    assert analyse(read_model(tmp_path / "model.json").layers).latency == latency
    x = np.random.default_rng(1).uniform(-1, 1, (240, channels))
    with torch.no_grad():
        expected = module(torch.from_numpy(x.T[None]))[0].T.numpy()
    stream = reference.evaluate(layers, x)
    late = len(stream) - latency
    np.testing.assert_allclose(stream[latency:], expected[:late], rtol=0, atol=1e-12)


def test_latency_of_several_rates_is_rounded_once(tmp_path: Path) -> None:
    """3 frames at the rate of the input, 1 of 4 and 1 of 8: 3.375."""
    module = nn.Sequential(
        *(nn.Conv1d(1, 2, 7, padding=3), nn.ConvTranspose1d(2, 2, 4, stride=4), nn.Conv1d(2, 2, 3, padding=1)),
        *(nn.ConvTranspose1d(2, 2, 2, stride=2), nn.Conv1d(2, 2, 3, padding=1)),
    )
    exported(module, tmp_path)
    assert analyse(read_model(tmp_path / "model.json").layers).latency == 4


def test_a_condition_of_a_clip_is_not_silent_before_the_start(tmp_path: Path) -> None:
    class Filmed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Conv1d(1, 4, 5, padding=2), nn.Conv1d(4, 1, 3, padding=1)
            self.film = nn.Linear(2, 8)

        def forward(self, x: Tensor, knobs: Tensor) -> Tensor:
            scale, shift = self.film(knobs).unsqueeze(-1).chunk(2, 1)
            return self.last(torch.tanh(self.first(x) * scale + shift))

    layers = exported(Filmed(), tmp_path, check_condition=[[0.3, 0.8]])["layers"]
    assert shape_of(layers) == "conv1d silent_until film(dense) tanh silent_until conv1d silent_until"


@pytest.mark.parametrize("attenuation, error", [(40, -38), (70, -55), (100, -61)])
@pytest.mark.parametrize("causal", [False, True])
def test_reconstruction(attenuation: float, error: float, causal: bool) -> None:
    """What docs/rave.md and PQMF's docstring state, in dB below white noise."""
    pqmf = PQMF(16, attenuation, causal=causal).double()
    x = torch.randn(1, 1, 16000, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    y, late = pqmf.inverse(pqmf(x)), pqmf.delay if causal else 0
    inside = slice(pqmf.delay, -pqmf.delay)
    off = (y[..., late:] - x[..., : x.shape[2] - late])[..., inside]
    found = 20 * math.log10(off.pow(2).mean().sqrt() / x.pow(2).mean().sqrt())
    assert error - 2 < found < error + 1


@pytest.mark.parametrize("bands", [2, 5, 16])
def test_bands_are_in_order(bands: int) -> None:
    """A sine in the middle of a band is in that band alone, and lower by the attenuation in all but its neighbours."""
    pqmf = PQMF(bands, 80.0).double()
    for band in range(bands):
        sine = torch.cos((band + 0.5) * math.pi / bands * torch.arange(200 * bands, dtype=torch.float64))
        level = pqmf(sine[None, None])[0, :, 50:-50].abs().amax(1)
        others = [k for k in range(bands) if abs(k - band) > 1]
        assert level.argmax() == band and all(level[k] < 2e-4 * level[band] for k in others)


PQMFS: dict[str, tuple[Callable[[bool], nn.Module], str, list[int]]] = {
    "analysis": (lambda causal: PQMF(4, 50.0, causal=causal), "conv1d periodic_gain", [0, 24]),
    "both": (
        lambda causal: Lambda(
            lambda s, x: s.pqmf.inverse(torch.tanh(s.pqmf(x))), pqmf=PQMF(4, 50.0, causal=causal)
        ),
        "conv1d periodic_gain tanh periodic_gain conv_transpose1d",
        [0, 48],
    ),
    "synthesis": (
        lambda causal: nn.Sequential(nn.Conv1d(1, 4, 1), PQMF(4, 50.0, causal=causal).synthesis),
        "conv1d periodic_gain conv_transpose1d",
        [0, 6],
    ),
}


@pytest.mark.parametrize("name", PQMFS)
@pytest.mark.parametrize("causal", [True, False])
def test_pqmf(name: str, causal: bool, tmp_path: Path) -> None:
    make, structure, latencies = PQMFS[name]
    layers = exported(make(causal), tmp_path)["layers"]
    found = shape_of([layer for layer in layers if layer["type"] != "silent_until"])
    assert found == structure and (causal == (len(layers) == len(found.split())))
    assert analyse(read_model(tmp_path / "model.json").layers).latency == latencies[not causal]


def test_synthesis_as_rave_writes_it(tmp_path: Path) -> None:
    """A convolution whose channels are reversed and interleaved gives the same as a transposed one."""
    own, ours = OwnPQMF(4, 50.0), PQMF(4, 50.0)
    bands = torch.rand(1, 4, 100) - 0.5
    found, expected = own(bands)[0, 0].detach(), ours.inverse(bands)[0, 0]
    shift = int(np.correlate(found, expected, "full").argmax()) - len(found) + 1
    inside = slice(60, -60)
    assert torch.allclose(found.roll(-shift)[inside], expected[inside], atol=1e-5)
    layers = exported(nn.Sequential(nn.Conv1d(1, 4, 1), own), tmp_path)["layers"]
    assert shape_of(layers) == "conv1d periodic_gain conv1d silent_until gather conv_transpose1d"


@pytest.mark.parametrize(
    "message, make",
    {
        "bands: expected an integer of at least 2, found the int 1": lambda: PQMF(1),
        "attenuation: expected at least 21 dB, found the int 20": lambda: PQMF(4, 20),
        "prototype: expected an odd number of taps, found a list": lambda: PQMF(4, prototype=[1, 1]),
    }.items(),
)
def test_a_pqmf_is_refused(message: str, make: Callable[[], Any]) -> None:
    with pytest.raises(inlay.ExportError) as caught:
        make()
    assert str(caught.value) == message


# Small ones, with the latency in samples: what the layers look ahead, at the rate of each.
DECODERS: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "RAVE v2": (lambda: DecoderV2(4, 3, (4, 2, 2), (1, 3)), 1136),
    "RAVE v2, causal, SnakeBeta": (
        lambda: DecoderV2(4, 3, (2, 2), (1, 3), causal=True, activation=SnakeBeta),
        16 * 3,
    ),
    "BRAVE": (lambda: DecoderV1(5, 2, (1, 2, 2, 2), (3, 9)), 16 * 7),
    "RAVE v1": (lambda: DecoderV1(5, 2, (1, 2, 2, 2), (3, 9), causal=False), 4112),
}


@pytest.mark.parametrize("name", DECODERS)
def test_decoder(name: str, tmp_path: Path) -> None:
    make, samples = DECODERS[name]
    torch.manual_seed(0)
    module = make().double()
    inlay.export_torch(module, tmp_path / "model.json")
    model = read_model(tmp_path / "model.json")
    analysis = analyse(model.layers)
    assert analysis.latency == math.ceil(samples / analysis.rate)
    layers = reference.load(tmp_path / "model.json")["layers"]
    z = np.random.default_rng(1).uniform(-1, 1, (48, model.layers[0].channels_in))
    with torch.no_grad():
        expected = module(torch.from_numpy(z.T[None]))[0].T.numpy()
    stream = reference.evaluate(layers, z)
    np.testing.assert_allclose(stream[samples:], expected[: len(stream) - samples], rtol=0, atol=1e-12)
