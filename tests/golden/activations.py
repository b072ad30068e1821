"""Writes the activations and normalisations of tests/golden/torch for which PyTorch has no class.

    PYTHONPATH=python/src python3 tests/golden/activations.py

Seeds and signals are those of generate.py. Each layer is a module here, with its formula in PyTorch
functions.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

import manifest
from generate import FOLDER, Golden, array, files, seed, write
from inlay.format import LayerRecord


class Snake(nn.Module):
    def __init__(self, alpha: list[float]) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.tensor(alpha))

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.sin(self.alpha * x) ** 2 / self.alpha

    def record(self) -> LayerRecord:
        return LayerRecord("snake", {"size": len(self.alpha)}, {"alpha": array(self.alpha)})


class SnakeBeta(Snake):
    def __init__(self, alpha: list[float], beta: list[float]) -> None:
        super().__init__(alpha)
        self.beta = nn.Parameter(torch.tensor(beta))

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.sin(self.alpha * x) ** 2 / self.beta

    def record(self) -> LayerRecord:
        tensors = {"alpha": array(self.alpha), "beta": array(self.beta)}
        return LayerRecord("snake", {"size": len(self.alpha)}, tensors)


class Sine(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(30.0 * x)

    def record(self) -> LayerRecord:
        return LayerRecord("sine", {"size": 3, "omega": 30.0})


class Affine(nn.Module):
    def __init__(self, scale: list[float], shift: list[float]) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale))
        self.shift = nn.Parameter(torch.tensor(shift))

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * x + self.shift

    def record(self) -> LayerRecord:
        return LayerRecord("affine", {"size": 5}, {"scale": array(self.scale), "shift": array(self.shift)})


class Elementary(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.exp(torch.sqrt(torch.abs(x))) ** 2

    def record(self) -> list[LayerRecord]:
        return [LayerRecord(name, {"size": 3}) for name in ("abs", "sqrt", "exp", "square")]


class Rational(nn.Module):
    """Coefficients [degree + 1, channels] and [degree, channels]; one channel counts for all."""

    def __init__(self, size: int, version: str, numerator: list[list[float]], denominator: list[list[float]]) -> None:
        super().__init__()
        self.size, self.version = size, version
        self.numerator = nn.Parameter(torch.tensor(numerator))
        self.denominator = nn.Parameter(torch.tensor(denominator))

    def forward(self, x: Tensor) -> Tensor:
        over = sum(a * x**k for k, a in enumerate(self.numerator))
        terms = [b * x**k for k, b in enumerate(self.denominator, 1)]
        under = sum(torch.abs(term) for term in terms) if self.version == "A" else torch.abs(sum(terms))
        return over / (1 + under)

    def record(self) -> LayerRecord:
        degrees = {"numerator_degree": len(self.numerator) - 1, "denominator_degree": len(self.denominator)}
        tensors = {"numerator": array(self.numerator), "denominator": array(self.denominator)}
        return LayerRecord("rational", {"size": self.size, **degrees, "version": self.version}, tensors)


class LeakyHardtanh(nn.Module):
    numbers = {"min": -1.5, "max": 2.0, "min_slope": 0.125, "max_slope": 0.3}

    def forward(self, x: Tensor) -> Tensor:
        low, high, min_slope, max_slope = self.numbers.values()
        above = torch.where(x > high, (x - high) * max_slope + high, x)
        return torch.where(x < low, (x - low) * min_slope + low, above)

    def record(self) -> LayerRecord:
        return LayerRecord("leaky_hardtanh", {"size": 3, **self.numbers})


class FastTanh(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        a, s = torch.abs(x), x * x
        over = 2.45550750702956 + 2.45550750702956 * a + (0.893229853513558 + 0.821226666969744 * a) * s
        return x * over / (2.44506634652299 + (2.44506634652299 + s) * torch.abs(x + 0.814642734961073 * x * a))

    def record(self) -> LayerRecord:
        return LayerRecord("fast_tanh", {"size": 3})


class Scale(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return 0.3 * x

    def record(self) -> LayerRecord:
        return LayerRecord("scale", {"size": 3, "scale": 0.3})


class Norm(nn.Module):
    """Base of normalisations with a gamma, and a beta if there is one."""

    kind, epsilon = "", 1e-5

    def __init__(self, gamma: list[float], beta: list[float] | None = None) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.tensor(gamma))
        self.beta = None if beta is None else nn.Parameter(torch.tensor(beta))

    def record(self) -> LayerRecord:
        tensors = {"gamma": array(self.gamma)} | ({} if self.beta is None else {"beta": array(self.beta)})
        return LayerRecord(self.kind, {"size": len(self.gamma), "epsilon": self.epsilon}, tensors)


class RMSNorm(Norm):
    kind = "rms_norm"

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + self.epsilon) * self.gamma


class CumulativeNorm(Norm):
    """Its sums are in double precision. Cumulative sums of floats would be less precise than the layer."""

    kind, epsilon = "cumulative_norm", 1e-8

    def forward(self, x: Tensor) -> Tensor:
        y = x.double()
        values = torch.arange(1, len(y) + 1)[:, None] * y.shape[1]
        mean = y.sum(1, keepdim=True).cumsum(0) / values
        variance = (y * y).sum(1, keepdim=True).cumsum(0) / values - mean**2
        z = (y - mean) / torch.sqrt(variance + self.epsilon) * self.gamma
        return (z if self.beta is None else z + self.beta).to(x.dtype)


def goldens() -> dict[str, Golden]:
    return {
        "snake_5": Golden(Snake([0.25, 1.0, -0.75, 3.5, 40.0]), 5, peak=6.0),
        "snake_beta_5": Golden(SnakeBeta([0.25, 1.0, -0.75, 3.5, 8.0], [1.0, 0.5, 3.0, -2.0, 0.125]), 5, peak=6.0),
        "sine_3": Golden(Sine(), 3),
        "affine_5": Golden(Affine([0.5, -1.0, 2.25, 1.0, 0.0], [1.0, 0.25, 0.0, -3.5, 0.75]), 5, peak=6.0),
        "affine_5_one": Golden(Affine([-1.0], [2.0]), 5, peak=6.0),
        "elementary_3": Golden(Elementary(), 3, peak=6.0),
        "rational_5": Golden(
            Rational(
                *(5, "A"),
                [[0.0, 0.25, 0.5, -0.25, 0.125], [1.0, 0.75, -0.5, 2.0, 1.0], [0.5, 0.25, 0.0, -0.125, 1.5]],
                [[0.0, -0.25, 0.5, 1.0, -2.0], [0.5, -0.25, 0.125, 1.5, -0.5]],
            ),
            5,
            peak=6.0,
        ),
        "rational_17_one": Golden(
            Rational(
                *(17, "A"),
                [[0.03125], [0.609375], [0.5], [0.234375], [0.015625], [-0.0625]],
                [[0.0], [-0.25], [0.0], [0.125]],
            ),
            17,
            peak=6.0,
        ),
        "rational_3_b": Golden(
            Rational(3, "B", [[0.25], [1.0], [0.5], [0.125]], [[0.5], [-0.75], [0.25]]), 3, peak=6.0
        ),
        "rms_norm_19": Golden(RMSNorm([0.5 + 0.0625 * c for c in range(19)]), 19, frames=96),
        "cumulative_norm_6": Golden(CumulativeNorm([0.5, 1.0, -1.5, 2.0, 1.0, 0.75], [0.25, 0.0, -1.0, 0.5, 0.0, 1.0]), 6),
        "cumulative_norm_1": Golden(CumulativeNorm([1.0]), 1),
        "leaky_hardtanh_3": Golden(LeakyHardtanh(), 3, peak=6.0),
        "fast_tanh_3": Golden(FastTanh(), 3, peak=6.0),
        "scale_3": Golden(Scale(), 3, peak=6.0),
    }


PURPOSES = {
    "snake_5": "x + sin^2(alpha x) / alpha, an alpha for each channel",
    "snake_beta_5": "x + sin^2(alpha x) / beta, an alpha and a beta for each channel",
    "sine_3": "sin(30 x)",
    "affine_5": "scale x + shift, of each channel",
    "affine_5_one": "2 - x",
    "elementary_3": "network: abs, sqrt, exp, square",
    "rational_5": "rational function of each channel, version A, degrees 2 and 2",
    "rational_17_one": "one rational function of all channels, version A, degrees 5 and 4",
    "rational_3_b": "one rational function of all channels, version B, degrees 3 and 3",
    "rms_norm_19": "division by the root mean square of the channels, with gamma",
    "cumulative_norm_6": "normalisation by mean and variance of all frames so far, with gamma and beta",
    "cumulative_norm_1": "normalisation by mean and variance of all frames so far, without beta",
    "leaky_hardtanh_3": "-1.5 to 2, slopes 0.125 and 0.3 beyond",
    "fast_tanh_3": "NAM's Fasttanh",
    "scale_3": "0.3 x",
}


def write_models() -> None:
    for path, module, samples in files(goldens()):
        record = module.record()
        records = record if isinstance(record, list) else [record]
        write(path, records, samples, module(torch.from_numpy(samples.copy())))


def main() -> None:
    if not manifest.only_manifest():
        write_models()
    manifest.record(__file__, FOLDER, goldens(), PURPOSES, seed)


if __name__ == "__main__":
    main()
