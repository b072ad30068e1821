"""Decoders of the shapes of RAVE v1, v2 and BRAVE: a latent, upsampled to bands, and a filter bank."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import inlay
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import weight_norm

from inlay.torch import PQMF

Activation = Callable[[int], nn.Module]


class Conv(nn.Conv1d):
    """A convolution that keeps the number of frames: centred, or causal."""

    def __init__(self, ins: int, outs: int, kernel: int, dilation: int = 1, *, causal: bool) -> None:
        super().__init__(ins, outs, kernel, dilation=dilation)
        reach = (kernel - 1) * dilation
        self.zeros = (reach, 0) if causal else (reach // 2, reach - reach // 2)

    def forward(self, x: Tensor) -> Tensor:
        padded = functional.pad(x, self.zeros)
        return functional.conv1d(padded, self.weight, self.bias, 1, 0, self.dilation, 1)


class Residual(nn.Module):
    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x) + x


class SnakeBeta(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.rand(channels, 1) + 0.5)
        self.beta = nn.Parameter(torch.rand(channels, 1) + 0.5)

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.sin(self.alpha * x) ** 2 / (self.beta + 1e-9)


def leaky(channels: int) -> nn.Module:
    return nn.LeakyReLU(0.2)


def upsampling(ins: int, outs: int, ratio: int, *, causal: bool) -> nn.Module:
    if ratio == 1:
        return weight_norm(Conv(ins, outs, 3, causal=causal))
    return weight_norm(nn.ConvTranspose1d(ins, outs, 2 * ratio, stride=ratio, padding=ratio // 2))


class OwnPQMF(nn.Module):
    """The way back of RAVE's own filter bank: a convolution to as many channels, whose values are frames."""

    def __init__(self, bands: int, attenuation: float) -> None:
        super().__init__()
        bank = PQMF(bands, attenuation).bank[:, 0]
        self.bands = bands
        self.conv = nn.Conv1d(bands, bands, bank.shape[1] // bands, bias=False)
        polyphase = bank.flip(1).reshape(bands, -1, bands).permute(2, 0, 1)
        self.conv.weight.data.copy_(bands * polyphase)

    def forward(self, y: Tensor) -> Tensor:
        signs = torch.ones_like(y)
        signs[..., 1::2, ::2] = -1
        taps = self.conv.kernel_size[0]
        x = self.conv(functional.pad(y * signs, ((taps - 1) // 2, taps // 2)))
        x = x.flip(1).permute(0, 2, 1)
        x = x.reshape(x.shape[0], x.shape[1], -1, self.bands).permute(0, 2, 1, 3)
        return x.reshape(x.shape[0], x.shape[1], -1)


class DecoderV2(nn.Module):
    """RAVE v2's, with its amplitude modulation."""

    def __init__(
        self,
        latents: int,
        capacity: int,
        ratios: Sequence[int],
        dilations: Sequence[int],
        *,
        bands: int = 16,
        attenuation: float = 100.0,
        causal: bool = False,
        activation: Activation = leaky,
    ) -> None:
        super().__init__()
        channels = capacity * 2 ** len(ratios)
        layers: list[nn.Module] = [weight_norm(Conv(latents, channels, 3, causal=causal))]
        for ratio in ratios:
            layers.append(activation(channels))
            layers.append(upsampling(channels, channels // 2, ratio, causal=causal))
            channels //= 2
            for dilation in dilations:
                first = weight_norm(Conv(channels, channels, 3, dilation, causal=causal))
                second = weight_norm(nn.Conv1d(channels, channels, 1))
                inner = (activation(channels), first, activation(channels), second)
                layers.append(Residual(*inner))
        layers += [activation(channels), weight_norm(Conv(channels, 2 * bands, 7, causal=causal))]
        self.net = nn.Sequential(*layers)
        self.pqmf = PQMF(bands, attenuation, causal=causal)

    def forward(self, z: Tensor) -> Tensor:
        wave, amplitude = self.net(z).chunk(2, 1)
        return self.pqmf.inverse(torch.tanh(wave * torch.sigmoid(amplitude)))


class DecoderV1(nn.Module):
    """RAVE v1's and BRAVE's, without its noise: BRAVE is `latents` 128, `capacity` 32, ratios 1, 2, 2, 2,
    dilations 3, 9, 27, 36, an `attenuation` of 40, and causal."""

    def __init__(
        self,
        latents: int,
        capacity: int,
        ratios: Sequence[int],
        dilations: Sequence[int],
        *,
        bands: int = 16,
        attenuation: float = 40.0,
        causal: bool = True,
    ) -> None:
        super().__init__()
        channels = capacity * 2 ** len(ratios)
        layers: list[nn.Module] = [weight_norm(Conv(latents, channels, 7, causal=causal))]
        for ratio in ratios:
            layers += [leaky(channels), upsampling(channels, channels // 2, ratio, causal=causal)]
            channels //= 2
            for dilation in dilations:
                both = [weight_norm(Conv(channels, channels, 3, d, causal=causal)) for d in (dilation, 1)]
                layers.append(Residual(leaky(channels), both[0], leaky(channels), both[1]))
        self.net = nn.Sequential(*layers)
        self.wave = weight_norm(Conv(channels, bands, 7, causal=causal))
        self.loudness = weight_norm(Conv(channels, 1, 3, causal=causal))
        self.pqmf = PQMF(bands, attenuation, causal=causal)

    def forward(self, z: Tensor) -> Tensor:
        x = self.net(z)
        loudness = 2 * torch.sigmoid(self.loudness(x)) ** 2.3 + 1e-7
        return self.pqmf.inverse(torch.tanh(self.wave(x)) * loudness)


if __name__ == "__main__":
    torch.manual_seed(0)
    brave = DecoderV1(128, 32, (1, 2, 2, 2), (3, 9, 27, 36))
    inlay.export_torch(brave.eval(), sys.argv[1], sample_rate=48000)
