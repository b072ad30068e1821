"""Writes the networks of this folder: random PyTorch models with checks computed by PyTorch.

    PYTHONPATH=python/src:tests/golden python3 bench/networks/make.py
"""

from __future__ import annotations

from pathlib import Path

import inlay
import numpy as np
import torch
from generate import Golden, files
from inlay import export_torch
from torch import Tensor, nn
from torch.nn import functional


class WaveNetLayer(nn.Module):
    """A layer of Neural Amp Modeler's WaveNets."""

    def __init__(self, size: int, kernel_size: int, dilation: int) -> None:
        super().__init__()
        self.past = (kernel_size - 1) * dilation
        self.conv = nn.Conv1d(size, size, kernel_size, dilation=dilation)
        self.mixin = nn.Conv1d(1, size, 1, bias=False)
        self.residual = nn.Conv1d(size, size, 1)

    def forward(self, x: Tensor, signal: Tensor) -> tuple[Tensor, Tensor]:
        a = self.conv(functional.pad(x, (self.past, 0))) + self.mixin(signal)
        a = functional.leaky_relu(a)
        return x + self.residual(a), a


class A2Lite(nn.Module):
    """The layers of Neural Amp Modeler's A2 with 3 channels."""

    def __init__(self) -> None:
        super().__init__()
        seven = [(6, dilation) for dilation in (1, 3, 7, 17, 41, 101, 239)]
        self.wide = nn.Conv1d(1, 3, 1, bias=False)
        self.layers = nn.ModuleList(
            WaveNetLayer(3, *sizes) for sizes in [*seven, *seven, (15, 1), (15, 13), *seven]
        )
        self.head = nn.Conv1d(3, 1, 16)

    def forward(self, signal: Tensor) -> Tensor:
        x = self.wide(signal)
        head = torch.zeros_like(x)
        for layer in self.layers:
            x, a = layer(x, signal)
            head = head + a
        return 0.1 * self.head(functional.pad(head, (15, 0)))


class S4Block(nn.Module):
    """State spaces, a mixture that the knobs scale and shift, and a shaper."""

    def __init__(self, size: int, states: int, knobs: int) -> None:
        super().__init__()
        self.states, self.mix = inlay.torch.S4D(size, states=states), nn.Linear(size, size)
        self.film = nn.Sequential(nn.Linear(knobs, 8), nn.Tanh(), nn.Linear(8, 2 * size))

    def forward(self, x: Tensor, knobs: Tensor) -> Tensor:
        scale, shift = self.film(knobs).chunk(2, -1)
        return x + torch.tanh(self.mix(self.states(x)) * scale + shift)


class S4Amp(nn.Module):
    """An amplifier with two knobs."""

    def __init__(self) -> None:
        super().__init__()
        self.wide, self.narrow = nn.Linear(1, 16), nn.Linear(16, 1)
        self.blocks = nn.ModuleList(S4Block(16, 8, 2) for _ in range(4))

    def forward(self, x: Tensor, knobs: Tensor) -> Tensor:
        x = self.wide(x)
        for block in self.blocks:
            x = block(x, knobs)
        return self.narrow(x)


class LRUBlock(nn.Module):
    """The block of the LRU paper."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.norm, self.wide = nn.LayerNorm(size), nn.Linear(size, 2 * size)
        self.lru = inlay.torch.LRU(size, size, size, r_min=0.9, r_max=0.999, max_phase=0.3)

    def forward(self, x: Tensor) -> Tensor:
        return x + functional.glu(self.wide(functional.gelu(self.lru(self.norm(x)))), -1)


def main() -> None:
    folder = Path(__file__).parent
    networks = {
        "lstm_40": Golden(nn.Sequential(nn.LSTM(1, 40), nn.Linear(40, 1)), 1),
        "centaur": Golden(nn.Sequential(nn.GRU(1, 8), nn.Linear(8, 1)), 1),
        "stn": Golden(nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2)), 4),
    }
    for path, module, samples in files(networks, folder):
        name, precision, _ = path.name.split(".")
        if precision == "f32":
            export_torch(module, path.with_name(f"{name}.json"), check_input=samples)

    # With PyTorch's first weights: those of filters are not any numbers.
    torch.manual_seed(0)
    compressor = nn.Sequential(nn.Linear(1, 16), LRUBlock(16), LRUBlock(16), nn.Linear(16, 1))
    random = np.random.default_rng(0)
    clip = random.uniform(-1, 1, (512, 1)).astype(np.float32)
    knobs = np.repeat(random.uniform(-1, 1, (4, 2)), 128, axis=0).astype(np.float32)
    export_torch(A2Lite(), folder / "a2_lite.json")
    export_torch(compressor, folder / "lru_compressor.json", check_input=clip)
    export_torch(S4Amp(), folder / "s4_amp.json", check_input=clip, check_condition=knobs)


if __name__ == "__main__":
    main()
