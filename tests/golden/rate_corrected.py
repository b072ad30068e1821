"""Writes tests/golden/rate_corrected: recurrent models at another sample rate than the trained one.

    PYTHONPATH=python/src python3 tests/golden/rate_corrected.py

As in generate.py, but the check of NAME_at_RATE_order_N is of the network at RATE / 48000 times its rate: PyTorch's
cells, whose state comes from a delay line read by Lagrange interpolation. Remove the check before loading.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

import manifest
from generate import Golden, Samples, files, seed, write
from inlay.torch.records import records_of

FOLDER = Path(__file__).parent / "rate_corrected"
TRAINED = 48000


def goldens() -> dict[str, Golden]:
    return {
        "lstm_1_8_at_96000_order_3": Golden(nn.LSTM(1, 8), 1),
        "lstm_2_17_at_52235_order_3": Golden(nn.LSTM(2, 17), 2),
        "lstm_1_8_at_176400_order_1": Golden(nn.LSTM(1, 8), 1),
        "gru_1_8_at_88200_order_3": Golden(nn.GRU(1, 8), 1),
        "gru_3_5_at_192000_order_0": Golden(nn.GRU(3, 5), 3),
        "gru_1_8_at_88200_order_5": Golden(nn.GRU(1, 8), 1),
        "rnn_2_17_at_176400_order_2": Golden(nn.RNN(2, 17), 2),
    }


PURPOSES = {
    "lstm_*": "LSTM in->out at another rate than the trained 48 kHz",
    "gru_*": "GRU in->out at another rate than the trained 48 kHz",
    "rnn_*": "RNN in->out at another rate than the trained 48 kHz",
}


def lagrange(delay: float, order: int) -> dict[int, float]:
    """The interpolation weights of past frames, as central as a feedback of one frame permits."""
    nearest = max(1, int(np.floor(delay - order / 2 + 0.5)))
    points = np.arange(nearest, nearest + order + 1, dtype=np.float64)
    weights = {}
    for point in points:
        others = points[points != point]
        weights[int(point)] = float(np.prod((delay - others) / (point - others)))
    return weights


def cell_of(layer: nn.RNNBase) -> nn.Module:
    """PyTorch's cell with the same weights."""
    kind = {nn.LSTM: nn.LSTMCell, nn.GRU: nn.GRUCell, nn.RNN: nn.RNNCell}[type(layer)]
    cell = kind(layer.input_size, layer.hidden_size).to(layer.weight_ih_l0.dtype)
    names = {name: getattr(layer, f"{name}_l0") for name in cell.state_dict()}
    cell.load_state_dict(names)
    return cell


def run(layer: nn.RNNBase, x: Tensor, delay: float, order: int) -> Tensor:
    cell, weights = cell_of(layer), lagrange(delay, order)
    has_cell_state = isinstance(layer, nn.LSTM)
    zero = torch.zeros(1 + has_cell_state, 1, layer.hidden_size, dtype=x.dtype)
    past: list[Tensor] = []
    for frame in x:
        state = sum(
            weight * (past[-point] if point <= len(past) else zero)
            for point, weight in weights.items()
        )
        state = cell(frame[None], tuple(state) if has_cell_state else state[0])
        past.append(torch.stack(state) if has_cell_state else state[None])
    return torch.stack([state[0, 0] for state in past])


def export(module: nn.RNNBase, path: Path, samples: Samples) -> None:
    module.eval()
    found = re.search(r"_at_(\d+)_order_(\d+)", path.name)
    assert found
    rate, order = (int(number) for number in found.groups())
    with torch.no_grad():
        output = run(module, torch.from_numpy(samples.copy()), rate / TRAINED, order)
    write(path, records_of(module, samples.shape[1]), samples, output)


def main() -> None:
    if not manifest.only_manifest():
        for path, module, samples in files(goldens(), FOLDER):
            export(module, path, samples)
    manifest.record(__file__, FOLDER, goldens(), PURPOSES, seed)


if __name__ == "__main__":
    main()
