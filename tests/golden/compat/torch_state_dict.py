"""Writes torch_state_dict.json beside this file: PyTorch modules as users of RTNeural export them.

    python3 tests/golden/compat/torch_state_dict.py

For each module its state_dict, an input [frames, channels] and PyTorch's output for it, all float32. Weights are
multiples of 2^-10. Convolutions have zeros before the start, as in a stream. The input of the transposed convolution is
that of PyTorch, without the zeros that PyTorch inserts.
"""

from __future__ import annotations

import json
import sys
import zlib
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import manifest

FRAMES = 48
GRID = 2.0**-10


class Lstm(nn.Module):
    inputs = 2

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(2, 5, num_layers=2)
        self.dense = nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.dense(self.lstm(x)[0])


class Gru(nn.Module):
    inputs = 2

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(2, 5, num_layers=2)
        self.dense = nn.Linear(5, 3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.dense(self.gru(x)[0])


class NoBias(nn.Module):
    inputs = 1

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(1, 4, bias=False)
        self.gru = nn.GRU(4, 3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.gru(self.lstm(x)[0])[0]


class Conv(nn.Module):
    inputs = 3

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(3, 6, 3, dilation=2, groups=3)
        self.second = nn.Conv1d(6, 2, 4, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.tanh(self.first(functional.pad(x.T, (4, 0))))
        return self.second(functional.pad(y, (3, 0))).T


class ConvTranspose(nn.Module):
    inputs = 2

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.ConvTranspose1d(2, 3, 5, stride=2, dilation=3)

    def forward(self, x: Tensor) -> Tensor:
        return self.up(x.T).T


MODULES = {
    "lstm": Lstm,
    "gru": Gru,
    "no_bias": NoBias,
    "conv": Conv,
    "conv_transpose": ConvTranspose,
}


def numbers(x: Tensor) -> list:
    """Nested lists; each number is the shortest that reads back to the same float32."""
    if x.dim() == 0:
        return float(f"{x.item():.9g}")
    return [numbers(row) for row in x]


def record(name: str, kind: type[nn.Module]) -> dict:
    torch.manual_seed(zlib.crc32(name.encode()))
    module = kind()
    with torch.no_grad():
        for weights in module.parameters():
            weights.copy_((torch.rand_like(weights) * 1.2 - 0.6).div(GRID).round().mul(GRID))
        x = (torch.rand(FRAMES, module.inputs) * 2 - 1).div(GRID).round().mul(GRID)
        y = module(x)
    state_dict = {key: numbers(tensor) for key, tensor in module.state_dict().items()}
    return {"state_dict": state_dict, "input": numbers(x), "output": numbers(y)}


def write_models(path: Path) -> None:
    goldens = {name: record(name, kind) for name, kind in MODULES.items()}
    lines = [f"{json.dumps(name)}: {json.dumps(golden)}" for name, golden in goldens.items()]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    path.write_text(text)


def main() -> None:
    path = Path(__file__).with_name("torch_state_dict.json")
    origin = None
    if not manifest.only_manifest():
        write_models(path)
        origin = f"PyTorch {torch.__version__}"
    purpose = "state dicts as RTNeural's users export them, for `inlay/compat`; two LSTMs, two GRUs, both without "
    purpose += "bias, convolutions, a transposed one"
    manifest.record_file(__file__, path, purpose, origin, "float32")


if __name__ == "__main__":
    main()
