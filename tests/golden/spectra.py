"""Writes the models of tests/golden/torch that work on frames and spectra.

    PYTHONPATH=python/src python3 tests/golden/spectra.py

As in combinators.py. Each class below is a layer of inlay written in PyTorch.
"""

from __future__ import annotations

import sys

import torch
from torch import Tensor, nn
from torch.nn import functional

import manifest
from combinators import Concat, Condition, Conv, Ours, Parallel, Plain, Recurrent, Seq, export
from generate import FOLDER, Golden, array, files, seed
from inlay.format import LayerRecord
from inlay.torch import SpectralNetwork

sys.path.append(str(manifest.REPOSITORY / "python" / "tests"))
from spectral_models import GTCRN  # noqa: E402


def as_complex(x: Tensor) -> Tensor:
    return torch.view_as_complex(x.reshape(len(x), -1, 2).contiguous())


def as_channels(x: Tensor) -> Tensor:
    return torch.view_as_real(x).reshape(len(x), -1)


class Transform(Ours):
    """A Fourier transform of each frame, with a window."""

    name = ""

    def __init__(self, size: int, window: bool = True) -> None:
        super().__init__()
        self.size = size
        values = (1 + torch.arange(size) * 5 % 8) / 8  # not symmetric, and exact in both types
        self.window = nn.Parameter(values) if window else None

    def windowed(self, x: Tensor) -> Tensor:
        return x if self.window is None else x * self.window

    def record(self, channels: int) -> LayerRecord:
        tensors = {} if self.window is None else {"window": array(self.window)}
        return LayerRecord(self.name, {"samples": self.size}, tensors)


class RFFT(Transform):
    name = "rfft"

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        return as_channels(torch.fft.rfft(self.windowed(x)))


class IRFFT(Transform):
    name = "irfft"

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        return self.windowed(torch.fft.irfft(as_complex(x), self.size))


class ComplexProduct(Ours):
    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        a, b = x.chunk(2, 1)
        return as_channels(as_complex(a) * as_complex(b))

    def record(self, channels: int) -> LayerRecord:
        return LayerRecord("complex_product", {"bins": channels // 4})


class Magnitude(Ours):
    def __init__(self, epsilon: float) -> None:
        super().__init__()
        self.epsilon = epsilon

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        return torch.sqrt(as_complex(x).abs() ** 2 + self.epsilon)

    def record(self, channels: int) -> LayerRecord:
        return LayerRecord("magnitude", {"bins": channels // 2, "epsilon": self.epsilon})


class Gather(Ours):
    """Channels by their numbers; -1 is a channel of zeros."""

    def __init__(self, *index: int) -> None:
        super().__init__()
        self.index = torch.tensor(index)

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        return functional.pad(x, (0, 1))[:, self.index]

    def record(self, channels: int) -> LayerRecord:
        options = {"in": channels, "out": len(self.index)}
        return LayerRecord("gather", options, {"index": self.index.numpy().astype("float64")})


class Features(Ours):
    """Layers for the features of a frame: along them, or over time for each."""

    def __init__(self, name: str, features: int, *layers: nn.Module) -> None:
        super().__init__()
        self.name, self.features, self.layers = name, features, Seq(*layers)

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        planes = x.reshape(len(x), self.features, -1)
        if self.name == "along_features":
            return torch.stack([self.layers(frame) for frame in planes]).reshape(len(x), -1)
        return torch.cat([self.layers(planes[:, f]) for f in range(self.features)], 1)

    def record(self, channels: int) -> LayerRecord:
        inner = self.layers.records(channels // self.features)
        return LayerRecord(self.name, {"features": self.features}, chains={"layers": [inner]})


class OverlapAdd(Ours):
    """Layers on frames of `window` samples; their output frames are added up."""

    def __init__(self, window: int, hop: int, *layers: nn.Module) -> None:
        super().__init__()
        self.window, self.hop, self.layers = window, hop, Seq(*layers)

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        padded = functional.pad(x[:, 0], (self.window - self.hop, 0))
        frames = self.layers(padded.unfold(0, self.window, self.hop))
        # A frame's last sample belongs to the last sample of its hop, and is heard `size - 1` samples later.
        size, count = frames.shape[1], len(frames)
        sums = x.new_zeros(len(x) + size)
        for index, frame in enumerate(frames):
            heard = (index + 1) * self.hop - 1
            sums = sums + functional.pad(frame, (heard, len(sums) - heard - size))
        assert count == len(x) // self.hop
        return sums[: len(x), None]

    def record(self, channels: int) -> LayerRecord:
        options = {"window": self.window, "hop": self.hop}
        return LayerRecord("overlap_add", options, chains={"layers": [self.layers.records(self.window)]})


class Exported(Ours):
    """A network that the package exports."""

    def __init__(self, network: nn.Module, n_fft: int, hop: int) -> None:
        super().__init__()
        self.model = SpectralNetwork(network, n_fft, hop)

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        return self.model(x.T[None])[0].T

    def record(self, channels: int) -> LayerRecord:
        return self.model.record()


def masked(size: int, units: int) -> list[nn.Module]:
    """A spectrum times a mask that a recurrent network computes from its magnitudes."""
    bins = size // 2 + 1
    mask = Seq(
        *(Magnitude(1e-3), nn.Linear(bins, units), nn.Tanh()),
        *(Recurrent(nn.GRU(units, units)), nn.Linear(units, 2 * bins)),
    )
    return [RFFT(size), Concat(Seq(Plain("identity")), mask), ComplexProduct(), IRFFT(size)]


def goldens() -> dict[str, Golden]:
    return {
        "rfft_32": Golden(Seq(RFFT(32)), 32, 24),
        "rfft_160": Golden(Seq(RFFT(160, window=False)), 160, 6),
        "irfft_32": Golden(Seq(IRFFT(32)), 34, 24),
        "irfft_96": Golden(Seq(IRFFT(96, window=False)), 98, 7),
        "complex_product_5": Golden(Seq(ComplexProduct()), 20),
        "magnitude_5": Golden(Seq(Magnitude(1e-3)), 10),
        "gather_5_7": Golden(Seq(Gather(4, 0, -1, 0, 2, 3, -1)), 5),
        "along_features": Golden(
            Seq(Features("along_features", 70, Recurrent(nn.GRU(2, 5)), nn.Linear(5, 3))), 140, 9
        ),
        "per_feature": Golden(
            Seq(Features("per_feature", 5, Recurrent(nn.GRU(3, 4)), Conv(4, 2, 3, 2))), 15, 100
        ),
        "spectral_mask": Golden(Seq(OverlapAdd(64, 16, *masked(64, 8))), 1, 400),
        "spectral_gtcrn": Golden(Seq(Exported(GTCRN(5, 8, 17, 4), 32, 16)), 1, 900),
        "overlap_add_learned": Golden(
            Seq(
                nn.Linear(1, 1),
                OverlapAdd(40, 9, nn.Linear(40, 12), nn.Tanh(), nn.Linear(12, 20)),
                nn.Tanh(),
            ),
            *(1, 300),
        ),
        "overlap_add_beside": Golden(
            Seq(
                Parallel(
                    Seq(Plain("delay", frames=11)),
                    Seq(OverlapAdd(12, 4, nn.Linear(12, 12), nn.Tanh())),
                )
            ),
            *(1, 200),
        ),
    }


PURPOSES = {
    "gather_*": "channels by their numbers, some twice, some zero",
    "along_features": "a GRU along the features of each frame, more than a block has",
    "per_feature": "a GRU and a convolution over time for each feature, with the same weights",
    "rfft_*": "Fourier transform of the channels of each frame",
    "irfft_*": "its inverse",
    "complex_product_*": "product of two spectra",
    "magnitude_*": "magnitudes of a spectrum",
    "spectral_mask": "network: short-time Fourier transform, a mask from its magnitudes by a GRU, and back",
    "spectral_gtcrn": "network: the shape of GTCRN with fewer bins and channels, as the package exports it",
    "overlap_add_learned": "frames of 40 samples, by 9, to frames of 20, between layers of samples",
    "overlap_add_beside": "a delay beside frames with the same latency",
}


def main() -> None:
    if not manifest.only_manifest():
        for path, module, samples in files(goldens()):
            export(module, 0, path, samples)
    manifest.record(__file__, FOLDER, [*goldens()], PURPOSES, seed)


if __name__ == "__main__":
    main()
