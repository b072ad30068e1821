"""Writes the models of tests/golden/torch that are recurrent in other ways than LSTM, GRU and RNN, and upsampling.

    PYTHONPATH=python/src python3 tests/golden/streaming.py

As in combinators.py, with its classes and with the seeds, weights and signals of generate.py.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

import manifest
from combinators import Condition, Ours, Rate, Seq, export, write_rates
from generate import FOLDER, GRID, Golden, array, files, seed
from inlay.format import LayerRecord, Option
from inlay.torch.records import records_of, started


def trained(*shape: int) -> nn.Parameter:
    """A parameter that is not drawn by generate.py."""
    random = np.random.default_rng(shape)
    return nn.Parameter(torch.from_numpy(GRID * np.round(random.uniform(-0.9, 0.9, shape) / GRID)))


class MinGRU(Ours):
    """Feng et al. 2024, by its recurrence."""

    def __init__(self, inputs: int, units: int, positive: bool = False, start: bool = False) -> None:
        super().__init__()
        self.dense = nn.Linear(inputs, 2 * units)
        self.positive = positive
        self.start = trained(units) if start else None

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        u, v = self.dense(x).chunk(2, 1)
        z = torch.sigmoid(u)
        v = torch.where(v >= 0, v + 0.5, torch.sigmoid(v)) if self.positive else v
        h = torch.zeros_like(v[0]) if self.start is None else self.start
        y = []
        for gate, candidate in zip(z, v):
            h = torch.lerp(h, candidate, gate)
            y.append(h)
        return torch.stack(y)

    def record(self, channels: int) -> LayerRecord:
        options: dict[str, Option] = {"in": channels, "out": self.dense.out_features // 2}
        options["candidate"] = "positive" if self.positive else "linear"
        tensors = {"kernel": array(self.dense.weight.T), "bias": array(self.dense.bias)}
        if self.start is not None:
            tensors["initial_hidden"] = array(self.start)
        return LayerRecord("min_gru", options, tensors)


class Started(Ours):
    """A recurrent layer of PyTorch with states to start from, none for zeros."""

    def __init__(self, layer: nn.RNNBase, states: Sequence[nn.Parameter] = ()) -> None:
        super().__init__()
        self.layer, self.states = layer, nn.ParameterList(states)

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        states = [state[None, None] for state in self.states]
        if isinstance(self.layer, nn.LSTM) and states:
            states = [tuple(states)]
        return self.layer(x.unsqueeze(1), *states)[0].squeeze(1)

    def record(self, channels: int) -> LayerRecord:
        records = records_of(self.layer, channels)
        return started(records, [state[None] for state in self.states])[0]


class Upsample(Ours):
    """PyTorch's Upsample. A linear one is given a frame of the input later, after zeros."""

    def __init__(self, mode: str, factor: int) -> None:
        super().__init__()
        self.mode, self.factor = mode, factor

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        y = functional.interpolate(x.T.unsqueeze(0), scale_factor=self.factor, mode=self.mode)[0].T
        return y if self.mode == "nearest" else functional.pad(y, (0, 0, self.factor, 0))[: len(y)]

    def record(self, channels: int) -> LayerRecord:
        return LayerRecord(f"upsample_{self.mode}", {"size": channels, "factor": self.factor})


class SilentUntil(Ours):
    """Zeros in the first frames."""

    def __init__(self, frames: int, latency: int) -> None:
        super().__init__()
        self.options: dict[str, Option] = {"frames": frames, "latency": latency}

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        return torch.cat([torch.zeros_like(x), x[int(self.options["frames"]) :]])[-len(x) :]

    def record(self, channels: int) -> LayerRecord:
        return LayerRecord("silent_until", {"size": channels, **self.options})


class PeriodicGain(Ours):
    def __init__(self, channels: int, period: int) -> None:
        super().__init__()
        self.gain = trained(period, channels)

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        return x * torch.cat([self.gain] * len(x))[: len(x)]

    def record(self, channels: int) -> LayerRecord:
        options: dict[str, Option] = {"size": channels, "period": len(self.gain)}
        return LayerRecord("periodic_gain", options, {"gain": array(self.gain)})


class TFiLM(Ours):
    """Modulates each block by what layers of its largest values give. Given `block` - 1 frames later, after zeros."""

    def __init__(self, block: int, offset: int, *layers: nn.Module) -> None:
        super().__init__()
        self.block, self.offset, self.layers = block, offset, Seq(*layers)

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        whole = (len(x) - self.offset) // self.block
        end = self.offset + whole * self.block
        blocks = x[self.offset : end].reshape(whole, self.block, -1)
        made = self.layers(blocks.max(1).values).unsqueeze(1)
        size = x.shape[1]
        y = blocks * made[..., :size] + (made[..., size:] if made.shape[2] > size else 0)
        late = self.offset + self.block - 1
        return functional.pad(y.reshape(-1, size), (0, 0, late, self.block))[: len(x)]

    def record(self, channels: int) -> LayerRecord:
        options: dict[str, Option] = {"size": channels, "block_size": self.block, "offset": self.offset}
        return LayerRecord("tfilm", options, chains={"layers": [self.layers.records(channels)]})


class BlockControl(TFiLM):
    """What the layers give for each block, held."""

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        whole = (len(x) - self.offset) // self.block
        blocks = x[self.offset : self.offset + whole * self.block].reshape(whole, self.block, -1)
        made = self.layers(blocks.max(1).values).repeat_interleave(self.block, 0)
        late = self.offset + self.block - 1
        return functional.pad(made, (0, 0, late, self.block))[: len(x)]

    def record(self, channels: int) -> LayerRecord:
        options: dict[str, Option] = {"block_size": self.block, "offset": self.offset}
        return LayerRecord("block_control", options, chains={"layers": [self.layers.records(channels)]})


def goldens() -> dict[str, Golden]:
    return {
        "min_gru_3_5": Golden(Seq(MinGRU(3, 5)), 3),
        "min_gru_2_16": Golden(Seq(MinGRU(2, 16)), 2),
        "min_gru_positive_1_17": Golden(Seq(MinGRU(1, 17, positive=True)), 1),
        "min_gru_initial_2_5": Golden(Seq(MinGRU(2, 5, start=True)), 2),
        "projected_lstm_3_9_5": Golden(Seq(Started(nn.LSTM(3, 9, proj_size=5))), 3),
        "projected_lstm_1_33_8": Golden(Seq(Started(nn.LSTM(1, 33, proj_size=8))), 1, frames=64),
        "projected_lstm_initial_2_6_3": Golden(
            Seq(Started(nn.LSTM(2, 6, proj_size=3), [trained(3), trained(6)])), 2
        ),
        "lstm_initial_2_5": Golden(Seq(Started(nn.LSTM(2, 5), [trained(5), trained(5)])), 2),
        "gru_initial_2_5": Golden(Seq(Started(nn.GRU(2, 5), [trained(5)])), 2),
        "tfilm_3_b16": Golden(Seq(TFiLM(16, 0, Started(nn.LSTM(3, 6)))), 3, frames=200),
        "tfilm_scale_5_b70": Golden(
            Seq(nn.Linear(2, 5), TFiLM(70, 9, nn.Linear(5, 4), nn.ReLU(), Started(nn.GRU(4, 5)))), 2, frames=400
        ),
        "block_control_2_5_b16": Golden(Seq(BlockControl(16, 0, Started(nn.LSTM(2, 5)))), 2, frames=200),
        "block_control_3_b70": Golden(
            Seq(nn.Linear(2, 5), BlockControl(70, 9, Started(nn.GRU(5, 4)), nn.Linear(4, 3)), nn.Tanh()), 2, frames=400
        ),
        "silent_until_3": Golden(Seq(nn.Linear(2, 3), SilentUntil(3, 2), nn.Tanh(), SilentUntil(70, 67)), 2),
        "periodic_gain_3_p2": Golden(Seq(PeriodicGain(3, 2)), 3),
        "periodic_gain_5_p71": Golden(Seq(PeriodicGain(5, 71)), 5),
        "rnn_initial_2_5": Golden(Seq(Started(nn.RNN(2, 5), [trained(5)])), 2),
    }


def rates() -> dict[str, Rate]:
    return {
        "upsample_nearest_5_f3": Rate(Seq(Upsample("nearest", 3)), 5, 0, 1, frames=96),
        "upsample_linear_3_f4": Rate(Seq(Upsample("linear", 4)), 3, 0, 1, frames=96),
        "upsample_linear_2_f5": Rate(Seq(Upsample("linear", 5)), 2, 0, 1, frames=96),
    }


PURPOSES = {
    "block_control_2_*": "what an LSTM makes of the largest values of each block of frames; `b` is the block",
    "block_control_3_*": "network: dense, then controls for each block, from frame 9 on, an activation",
    "tfilm_scale_*": "network: dense, then scales for each block of frames, from frame 9 on; `b` is the block",
    "tfilm_*": "scales and shifts for each block of frames by an LSTM; `b` is the block",
    "silent_until_*": "network: silence until frame 3, an activation, silence until frame 70",
    "periodic_gain_*": "gains that repeat; `p` is the period",
    "min_gru_positive_*": "MinGRU in->out with a positive candidate",
    "min_gru_initial_*": "MinGRU in->out from a trained state",
    "min_gru_*": "MinGRU in->out",
    "projected_lstm_initial_*": "LSTM in->units->out with a projection, from a trained state",
    "projected_lstm_*": "LSTM in->units->out with a projection",
    "*_initial_*": "recurrent layer in->out from a trained state",
    "upsample_nearest_*": "each frame repeated; `f` is the factor",
    "upsample_linear_*": "linear interpolation, one input frame late; `f` is the factor",
}


def write_models() -> None:
    for path, module, samples in files(goldens()):
        export(module, 0, path, samples)
    write_rates(rates())


def main() -> None:
    if not manifest.only_manifest():
        write_models()
    manifest.record(__file__, FOLDER, [*goldens(), *rates()], PURPOSES, seed)


if __name__ == "__main__":
    main()
