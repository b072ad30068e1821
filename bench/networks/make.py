"""Writes the networks of this folder: random PyTorch models with checks computed by PyTorch.

    PYTHONPATH=python/src:tests/golden python3 bench/networks/make.py
"""

from __future__ import annotations

from pathlib import Path

from generate import Golden, files
from inlay import export_torch
from torch import nn


def main() -> None:
    networks = {
        "lstm_40": Golden(nn.Sequential(nn.LSTM(1, 40), nn.Linear(40, 1)), 1),
        "centaur": Golden(nn.Sequential(nn.GRU(1, 8), nn.Linear(8, 1)), 1),
        "stn": Golden(nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2)), 4),
    }
    for path, module, samples in files(networks, Path(__file__).parent):
        name, precision, _ = path.name.split(".")
        if precision == "f32":
            export_torch(module, path.with_name(f"{name}.json"), check_input=samples)


if __name__ == "__main__":
    main()
