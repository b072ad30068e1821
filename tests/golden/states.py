"""Writes the state-space layers of tests/golden/torch.

    PYTHONPATH=python/src python3 tests/golden/states.py

Seeds and signals are those of generate.py. The layers are plain recursions in PyTorch, one frame after the
other, from discrete weights.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

import manifest
from generate import FOLDER, GRID, Golden, Samples, array, files, seed, write
from inlay.format import Array, LayerRecord
from inlay.torch.records import records_of


def on_grid(values: Samples) -> nn.Parameter:
    return nn.Parameter(torch.from_numpy(GRID * np.round(values / GRID)))


def poles(random: np.random.Generator, *shape: int) -> tuple[nn.Parameter, nn.Parameter]:
    """Real and imaginary parts of decaying filters, fast and slow ones."""
    radius = 1 - 10 ** random.uniform(-2.3, -0.3, shape)
    angle = random.uniform(0, np.pi, shape)
    return on_grid(radius * np.cos(angle)), on_grid(radius * np.sin(angle))


class S4D(nn.Module):
    def __init__(self, name: str, size: int, states: int) -> None:
        super().__init__()
        random = np.random.default_rng(seed(name) + 1)
        self.a_real, self.a_imag = poles(random, size, states)
        self.c_real, self.c_imag = (on_grid(random.uniform(-0.3, 0.3, (size, states))) for _ in range(2))
        self.d = on_grid(random.uniform(-1, 1, size))

    def forward(self, x: Tensor) -> Tensor:
        real, imag = torch.zeros_like(self.a_real), torch.zeros_like(self.a_real)
        y = []
        for u in x:
            real, imag = (
                self.a_real * real - self.a_imag * imag + u[:, None],
                self.a_real * imag + self.a_imag * real,
            )
            y.append(2 * (self.c_real * real - self.c_imag * imag).sum(1) + self.d * u)
        return torch.stack(y)

    def record(self) -> LayerRecord:
        size, states = self.a_real.shape
        return LayerRecord("s4d", {"size": size, "states": states}, arrays(self))


class LRU(nn.Module):
    def __init__(self, name: str, inputs: int, states: int, outputs: int) -> None:
        super().__init__()
        random = np.random.default_rng(seed(name) + 1)
        self.lambda_real, self.lambda_imag = poles(random, states)
        self.b = on_grid(random.uniform(-1, 1, (inputs, 2 * states)) / np.sqrt(inputs))
        self.c = on_grid(random.uniform(-1, 1, (2 * states, outputs)) / np.sqrt(2 * states))
        self.d = on_grid(random.uniform(-1, 1, (inputs, outputs)) / np.sqrt(inputs))

    def forward(self, x: Tensor) -> Tensor:
        real, imag = torch.zeros_like(self.lambda_real), torch.zeros_like(self.lambda_real)
        y = []
        for u in x:
            b_real, b_imag = (u @ self.b).chunk(2)
            real, imag = (
                self.lambda_real * real - self.lambda_imag * imag + b_real,
                self.lambda_real * imag + self.lambda_imag * real + b_imag,
            )
            y.append(torch.cat([real, imag]) @ self.c + u @ self.d)
        return torch.stack(y)

    def record(self) -> LayerRecord:
        options = {"in": len(self.b), "states": len(self.lambda_real), "out": self.c.shape[1]}
        return LayerRecord("lru", options, arrays(self))


class S6(nn.Module):
    def __init__(self, name: str, size: int, states: int, rank: int) -> None:
        super().__init__()
        random = np.random.default_rng(seed(name) + 1)
        self.kernel = on_grid(random.uniform(-1, 1, (size, rank + 2 * states)) / np.sqrt(size))
        self.step_kernel = on_grid(random.uniform(-1, 1, (rank, size)))
        self.step_bias = on_grid(random.uniform(-4, 1, size))
        self.a = on_grid(-(10 ** random.uniform(-1, 1, (size, states))))
        self.d = on_grid(random.uniform(-1, 1, size))

    def forward(self, x: Tensor) -> Tensor:
        rank, states = len(self.step_kernel), self.a.shape[1]
        h, y = torch.zeros_like(self.a), []
        for u in x:
            low, b, c = (u @ self.kernel).split([rank, states, states])
            delta = nn.functional.softplus(low @ self.step_kernel + self.step_bias)[:, None]
            h = torch.exp(delta * self.a) * h + delta * b * u[:, None]
            y.append(h @ c + self.d * u)
        return torch.stack(y)

    def record(self) -> LayerRecord:
        size, states = self.a.shape
        options = {"size": size, "states": states, "rank": len(self.step_kernel)}
        return LayerRecord("s6", options, arrays(self))


def arrays(module: nn.Module) -> dict[str, Array]:
    return {name: array(tensor) for name, tensor in module.named_parameters()}


def goldens() -> dict[str, Golden]:
    models = {}
    # Channels and states: whole registers, odd sizes, one channel of many states, which are then lanes.
    for size, states, frames in ((16, 8, 96), (3, 5, 128), (17, 3, 96), (1, 1, 128), (1, 64, 96), (2, 21, 96)):
        name = f"s4d_{size}_n{states}"
        models[name] = Golden(S4D(name, size, states), size, frames)
    for inputs, states, outputs in ((3, 5, 4), (8, 16, 8), (1, 17, 2)):
        name = f"lru_{inputs}_n{states}_{outputs}"
        models[name] = Golden(LRU(name, inputs, states, outputs), inputs, 96)
    for size, states, rank in ((3, 5, 2), (16, 16, 1), (17, 3, 4)):
        name = f"s6_{size}_n{states}_r{rank}"
        models[name] = Golden(S6(name, size, states, rank), size, 96)
    name = "state_spaces"
    layers = (
        *(nn.Linear(1, 8), S4D(name, 8, 4), nn.SiLU()),
        *(LRU(name, 8, 6, 8), nn.Tanh(), nn.Linear(8, 1)),
    )
    models[name] = Golden(nn.Sequential(*layers), 1)
    return models


PURPOSES = {
    "s4d_*": "S4D of so many channels; `n` is the states of each",
    "lru_*": "LRU in->out; `n` is its states",
    "s6_*": "S6 of so many channels; `n` is the states of each, `r` the rank of the step",
    "state_spaces": "network: dense 1->8, S4D, SiLU, LRU, tanh, dense 8->1",
}


def records(module: nn.Module, channels: int) -> list[LayerRecord]:
    if isinstance(module, nn.Sequential):
        made: list[LayerRecord] = []
        for layer in module:
            made += records(layer, made[-1].channels_out if made else channels)
        return made
    return [module.record()] if isinstance(module, (S4D, LRU, S6)) else records_of(module, channels)


def write_models() -> None:
    for path, module, samples in files(goldens()):
        with torch.no_grad():
            output = module(torch.from_numpy(samples.copy()))
        write(path, records(module, samples.shape[1]), samples, output)


def main() -> None:
    if not manifest.only_manifest():
        write_models()
    manifest.record(__file__, FOLDER, goldens(), PURPOSES, seed)


if __name__ == "__main__":
    main()
