"""Networks on spectra in PyTorch: one of the shape of GTCRN, with random weights.

    PYTHONPATH=python/src python3 python/tests/spectral_models.py gtcrn.json    exports it

GTCRN: Rong et al., "A speech enhancement model requiring ultralow computational resources", ICASSP 2024. 23.7 k
weights; 512 samples, a hop of 256, at 16 kHz.
"""

from __future__ import annotations

import sys

import torch
from torch import Tensor, nn
from torch.nn import functional


def bands_of(low: int, bands: int, bins: int) -> Tensor:
    """Triangles [bands, bins - low] at equal distances on the ERB scale, from bin `low` to the last one."""
    erb = lambda hz: 21.4 * torch.log10(1 + 0.00437 * hz)  # noqa: E731
    position = erb(torch.linspace(0, 8000, bins))[low:]
    centres = torch.linspace(float(position[0]), float(position[-1]), bands)[:, None]
    return (1 - (position - centres).abs() / (centres[1] - centres[0])).clamp(min=0)


class Neighbours(nn.Module):
    """Each feature with the one before and the one after it, as channels."""

    def __init__(self) -> None:
        super().__init__()
        self.unfold = nn.Unfold((1, 3), padding=(0, 1))

    def forward(self, x: Tensor) -> Tensor:
        batch, channels, frames, features = x.shape
        return self.unfold(x).reshape(batch, channels * 3, frames, features)


class Attention(nn.Module):
    """A gain for each channel, from the energies so far."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gru = nn.GRU(channels, 2 * channels, batch_first=True)
        self.out = nn.Linear(2 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        energy = x.pow(2).mean(-1).transpose(1, 2)
        gain = torch.sigmoid(self.out(self.gru(energy)[0]))
        return x * gain.transpose(1, 2)[..., None]


class Strided(nn.Module):
    """A convolution along features by 2, or its transpose."""

    def __init__(self, ins: int, outs: int, groups: int, turned: bool = False, last: bool = False) -> None:
        super().__init__()
        kind = nn.ConvTranspose2d if turned else nn.Conv2d
        self.conv = kind(ins, outs, (1, 5), stride=(1, 2), padding=(0, 2), groups=groups)
        self.norm, self.act = nn.BatchNorm2d(outs), nn.Tanh() if last else nn.PReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.norm(self.conv(x)))


class Grouped(nn.Module):
    """Half of the channels through a dilated depthwise convolution; then both halves are shuffled."""

    def __init__(self, dilation: int, turned: bool, channels: int = 16) -> None:
        super().__init__()
        half, kind = channels // 2, nn.ConvTranspose2d if turned else nn.Conv2d
        self.zeros = 2 * dilation
        around = (self.zeros if turned else 0, 1)
        self.near = Neighbours()
        self.body = nn.Sequential(kind(3 * half, channels, 1), nn.BatchNorm2d(channels), nn.PReLU())
        self.depth = nn.Sequential(
            kind(channels, channels, 3, padding=around, dilation=(dilation, 1), groups=channels),
            *(nn.BatchNorm2d(channels), nn.PReLU(), kind(channels, half, 1), nn.BatchNorm2d(half)),
        )
        self.attention = Attention(half)

    def forward(self, x: Tensor) -> Tensor:
        path, kept = x.chunk(2, dim=1)
        wide = functional.pad(self.body(self.near(path)), [0, 0, self.zeros, 0])
        made = self.attention(self.depth(wide))
        return torch.stack([made, kept], dim=2).flatten(1, 2)


class Halves(nn.Module):
    """A GRU for each half of the channels."""

    def __init__(self, ins: int, outs: int, both_ways: bool) -> None:
        super().__init__()
        units = outs // (4 if both_ways else 2)
        self.first, self.second = (
            nn.GRU(ins // 2, units, batch_first=True, bidirectional=both_ways) for _ in range(2)
        )

    def forward(self, x: Tensor) -> Tensor:
        a, b = x.chunk(2, dim=-1)
        return torch.cat([self.first(a)[0], self.second(b)[0]], dim=-1)


class DualPath(nn.Module):
    """GRUs along the features of each frame, then along time for each feature."""

    def __init__(self, channels: int, features: int) -> None:
        super().__init__()
        self.along, self.over = Halves(channels, channels, True), Halves(channels, channels, False)
        self.mixed = nn.ModuleList(nn.Linear(channels, channels) for _ in range(2))
        self.norms = nn.ModuleList(nn.LayerNorm((features, channels), eps=1e-8) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        x = x.permute(0, 2, 3, 1)  # (batch, frames, features, channels)
        batch, frames, features, channels = x.shape
        within = self.mixed[0](self.along(x.reshape(-1, features, channels)))
        x = x + self.norms[0](within.reshape(batch, frames, features, channels))
        over = x.transpose(1, 2).reshape(-1, frames, channels)
        over = self.mixed[1](self.over(over)).reshape(batch, features, frames, channels)
        return (x + self.norms[1](over.transpose(1, 2))).permute(0, 3, 1, 2)


class GTCRN(nn.Module):
    """Spectra (batch, 257, frames, 2) to spectra."""

    def __init__(self, low: int = 65, bands: int = 64, bins: int = 257, channels: int = 16) -> None:
        super().__init__()
        self.low = low
        self.to_bands, self.to_bins = nn.Linear(bins - low, bands, False), nn.Linear(bands, bins - low, False)
        triangles = bands_of(low, bands, bins)
        self.to_bands.weight = nn.Parameter(triangles / triangles.sum(1, keepdim=True))
        self.to_bins.weight = nn.Parameter(triangles.T.contiguous())
        self.near = Neighbours()
        grouped = [Grouped(dilation, False, channels) for dilation in (1, 2, 5)]
        self.encoder = nn.ModuleList([Strided(9, channels, 1), Strided(channels, channels, 2), *grouped])
        features = (low + bands + 3) // 4
        self.paths = nn.Sequential(DualPath(channels, features), DualPath(channels, features))
        turned = [Grouped(dilation, True, channels) for dilation in (5, 2, 1)]
        self.decoder = nn.ModuleList(
            [*turned, Strided(channels, channels, 2, True), Strided(channels, 2, 1, True, True)]
        )

    def forward(self, spectra: Tensor) -> Tensor:
        real, imag = (part.transpose(1, 2) for part in spectra.unbind(-1))
        x = torch.stack([torch.sqrt(real**2 + imag**2 + 1e-12), real, imag], dim=1)
        x = torch.cat([x[..., : self.low], self.to_bands(x[..., self.low :])], dim=-1)
        x = self.near(x)
        kept = []
        for layer in self.encoder:
            x = layer(x)
            kept.append(x)
        x = self.paths(x)
        for layer in self.decoder:
            x = layer(x + kept.pop())
        mask = torch.cat([x[..., : self.low], self.to_bins(x[..., self.low :])], dim=-1)
        real_mask, imag_mask = mask.unbind(1)
        made = [real * real_mask - imag * imag_mask, imag * real_mask + real * imag_mask]
        return torch.stack(made, dim=-1).transpose(1, 2)


def randomised(network: nn.Module, seed: int = 1) -> nn.Module:
    """The network with random statistics of its normalisations, as of one that is trained."""
    torch.manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1)  # type: ignore[union-attr]
            module.running_var.uniform_(0.5, 2)  # type: ignore[union-attr]
    return network.eval()


if __name__ == "__main__":
    import inlay

    torch.manual_seed(0)
    inlay.export_torch(inlay.torch.SpectralNetwork(randomised(GTCRN())), sys.argv[1], sample_rate=16000)
