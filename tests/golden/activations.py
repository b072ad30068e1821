"""Writes the activations of tests/golden/torch for which PyTorch has no class.

    PYTHONPATH=python/src python3 tests/golden/activations.py

Seeds and signals are those of generate.py. Each activation is a module here, with its formula in PyTorch
functions.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

import manifest
from generate import FOLDER, Golden, files, seed
from inlay.format import Array, Check, LayerRecord, ModelFile, write_model


class Snake(nn.Module):
    def __init__(self, alpha: list[float]) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.tensor(alpha))

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.sin(self.alpha * x) ** 2 / self.alpha

    def record(self) -> LayerRecord:
        return LayerRecord("snake", {"size": len(self.alpha)}, {"alpha": array(self.alpha)})


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


def goldens() -> dict[str, Golden]:
    return {
        "snake_5": Golden(Snake([0.25, 1.0, -0.75, 3.5, 40.0]), 5, peak=6.0),
        "leaky_hardtanh_3": Golden(LeakyHardtanh(), 3, peak=6.0),
        "fast_tanh_3": Golden(FastTanh(), 3, peak=6.0),
        "scale_3": Golden(Scale(), 3, peak=6.0),
    }


PURPOSES = {
    "snake_5": "x + sin^2(alpha x) / alpha, an alpha for each channel",
    "leaky_hardtanh_3": "-1.5 to 2, slopes 0.125 and 0.3 beyond",
    "fast_tanh_3": "NAM's Fasttanh",
    "scale_3": "0.3 x",
}


def array(tensor: Tensor) -> Array:
    return np.ascontiguousarray(tensor.detach().numpy())


def write_models() -> None:
    for path, module, samples in files(goldens()):
        check = Check(
            source=f"PyTorch {torch.__version__}",
            dtype=samples.dtype.name,
            input=samples,
            output=array(module(torch.from_numpy(samples.copy()))),
            tolerance={"float32": 1e-5, "float64": 1e-12}[samples.dtype.name],
        )
        write_model(path, ModelFile([module.record()], check))


def main() -> None:
    if not manifest.only_manifest():
        write_models()
    manifest.record(__file__, FOLDER, goldens(), PURPOSES, seed)


if __name__ == "__main__":
    main()
