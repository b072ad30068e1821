"""Writes the models of tests/golden/torch that have combinators.

    PYTHONPATH=python/src python3 tests/golden/combinators.py

As in generate.py, with its seeds, weights and signals. Each class below is a combinator or a layer of
inlay written in PyTorch; signals are [frames, channels], and `condition` is the side input.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Optional

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

import manifest
from generate import FOLDER, Golden, Samples, array, files, seed, write
from inlay.format import LayerRecord, Option
from inlay.torch.records import records_of

Condition = Optional[Tensor]


def run(module: nn.Module, x: Tensor, condition: Condition) -> Tensor:
    """A layer of this file, or a PyTorch layer that takes frames."""
    return module(x, condition) if isinstance(module, Ours) else module(x)


def records(module: nn.Module, channels: int) -> list[LayerRecord]:
    return [module.record(channels)] if isinstance(module, Ours) else records_of(module, channels)


class Ours(nn.Module):
    """A layer or combinator of inlay: `forward(x, condition)`, and its record in a file."""

    def record(self, channels: int) -> LayerRecord:
        raise NotImplementedError


class Seq(nn.ModuleList):
    """A chain, which is not a layer in a file."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__(layers)

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        for layer in self:
            x = run(layer, x, condition)
        return x

    def records(self, channels: int) -> list[LayerRecord]:
        found: list[LayerRecord] = []
        for layer in self:
            found += records(layer, channels)
            channels = found[-1].channels_out
        return found


class Conv(Ours):
    """A causal convolution."""

    def __init__(
        self, inputs: int, outputs: int, taps: int, dilation: int = 1, **options: int
    ) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, taps, dilation=dilation, **options)

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        past = (self.conv.kernel_size[0] - 1) * self.conv.dilation[0]
        return self.conv(functional.pad(x.T.unsqueeze(0), (past, 0)))[0].T

    def record(self, channels: int) -> LayerRecord:
        return records_of(self.conv, channels)[0]


class Residual(Ours):
    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = Seq(*layers)

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        return x + self.layers(x, condition)

    def record(self, channels: int) -> LayerRecord:
        return LayerRecord("residual", chains={"layers": [self.layers.records(channels)]})


class Branches(Ours):
    name = ""

    def __init__(self, *branches: Seq) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def record(self, channels: int) -> LayerRecord:
        chains = [branch.records(channels) for branch in self.branches]
        return LayerRecord(self.name, chains={"branches": chains})


class Parallel(Branches):
    name = "parallel"

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        return sum(branch(x, condition) for branch in self.branches)


class Concat(Branches):
    name = "concat"

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        return torch.cat([branch(x, condition) for branch in self.branches], 1)


class Split(Branches):
    """The input of the first branch is the first `first` channels; that of the second is the rest."""

    name = "split"

    def __init__(self, first: int, a: Seq, rest: Seq) -> None:
        super().__init__(a, rest)
        self.first = first

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        a, rest = self.branches
        return torch.cat([a(x[:, : self.first], condition), rest(x[:, self.first :], condition)], 1)

    def record(self, channels: int) -> LayerRecord:
        a, rest = self.branches
        chains = [a.records(self.first), rest.records(channels - self.first)]
        return LayerRecord("split", chains={"branches": chains})


class Gate(Ours):
    name = "gate"

    def __init__(self, activation: nn.Module, gate: nn.Module) -> None:
        super().__init__()
        self.activation, self.gate = activation, gate

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        a, b = x.chunk(2, 1)
        return self.mix(a, self.activation(a), self.gate(b))

    def mix(self, a: Tensor, activated: Tensor, gate: Tensor) -> Tensor:
        return activated * gate

    def record(self, channels: int) -> LayerRecord:
        half = channels // 2
        chains = {
            "activation": [records(self.activation, half)],
            "gate": [records(self.gate, half)],
        }
        return LayerRecord(self.name, {"size": half}, chains=chains)


class Blend(Gate):
    name = "blend"

    def mix(self, a: Tensor, activated: Tensor, gate: Tensor) -> Tensor:
        return gate * activated + (1 - gate) * a


class Mixin(Ours):
    """y = x + layers(condition). The condition has `size` channels."""

    def __init__(self, size: int, *layers: nn.Module) -> None:
        super().__init__()
        self.size, self.layers = size, Seq(*layers)

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        return x + self.layers(condition, condition)

    def record(self, channels: int) -> LayerRecord:
        chains = {"layers": [self.layers.records(self.size)]}
        return LayerRecord("mixin", {"size": channels}, chains=chains)


class FiLM(Mixin):
    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        made = self.layers(condition, condition)
        if made.shape[1] == x.shape[1]:
            return x * made
        scale, shift = made.chunk(2, 1)
        return x * scale + shift

    def record(self, channels: int) -> LayerRecord:
        chains = {"layers": [self.layers.records(self.size)]}
        return LayerRecord("film", {"size": channels}, chains=chains)


class AppendCondition(Ours):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        return torch.cat([x, condition], 1)

    def record(self, channels: int) -> LayerRecord:
        return LayerRecord("append_condition", {"size": channels, "condition_size": self.size})


class ConditionedBy(Ours):
    def __init__(self, source: Seq, *layers: nn.Module) -> None:
        super().__init__()
        self.source, self.layers = source, Seq(*layers)

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        return self.layers(x, self.source(x, condition))

    def record(self, channels: int) -> LayerRecord:
        chains = {
            "source": [self.source.records(channels)],
            "layers": [self.layers.records(channels)],
        }
        return LayerRecord("conditioned_by", chains=chains)


class ResidualSkip(Ours):
    """Runs on (x, head). x has `size` channels."""

    def __init__(self, size: int, path: Seq, residual: Seq, skip: Seq) -> None:
        super().__init__()
        self.size, self.path, self.residual, self.skip = size, path, residual, skip

    def forward(self, x: Tensor, condition: Condition) -> Tensor:
        x, head = x[:, : self.size], x[:, self.size :]
        a = self.path(x, condition)
        return torch.cat([x + self.residual(a, condition), head + self.skip(a, condition)], 1)

    def record(self, channels: int) -> LayerRecord:
        path = self.path.records(self.size)
        inside = path[-1].channels_out
        chains = {
            "path": [path],
            "residual": [self.residual.records(inside)],
            "skip": [self.skip.records(inside)],
        }
        return LayerRecord("residual_skip", chains=chains)


class Strided(Ours):
    """An unpadded convolution with a stride. inlay gives the first output frame at input frame `reach`."""

    def __init__(
        self, inputs: int, outputs: int, taps: int, stride: int, dilation: int = 1, **options: int
    ) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, taps, stride, dilation=dilation, **options)

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        return self.conv(x.T.unsqueeze(0))[0].T

    def record(self, channels: int) -> LayerRecord:
        plain = records_of(self.conv, channels)[0]
        options = {**plain.options, "stride": self.conv.stride[0]}
        return LayerRecord("conv1d", options, plain.tensors)


class Transposed(Ours):
    """Removes the frames that PyTorch appends after the last input."""

    def __init__(self, inputs: int, outputs: int, taps: int, stride: int, bias: bool = True) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose1d(inputs, outputs, taps, stride, bias=bias)

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        return self.conv(x.T.unsqueeze(0))[0].T[: len(x) * self.conv.stride[0]]

    def record(self, channels: int) -> LayerRecord:
        conv = self.conv
        options: dict[str, Option] = {"in": channels, "out": conv.out_channels}
        options |= {"kernel_size": conv.kernel_size[0], "stride": conv.stride[0]}
        tensors = {"kernel": array(conv.weight.permute(2, 0, 1))}  # [in, out, tap] in PyTorch
        if conv.bias is not None:
            tensors["bias"] = array(conv.bias)
        return LayerRecord("conv_transpose1d", options, tensors)


class Pool(Ours):
    def __init__(self, name: str, taps: int, stride: int) -> None:
        super().__init__()
        self.name, self.taps, self.stride = name, taps, stride

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        pool = functional.max_pool1d if self.name == "max_pool1d" else functional.avg_pool1d
        return pool(x.T.unsqueeze(0), self.taps, self.stride)[0].T

    def record(self, channels: int) -> LayerRecord:
        options = {"size": channels, "kernel_size": self.taps, "stride": self.stride}
        return LayerRecord(self.name, options)


class TimePad(Ours):
    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.before, self.after = before, after

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        return functional.pad(x, (0, 0, self.before, self.after))

    def record(self, channels: int) -> LayerRecord:
        options = {"size": channels, "before": self.before, "after": self.after}
        return LayerRecord("time_pad", options)


class Windowed(Ours):
    """Runs its layers on each whole window and returns the last frame."""

    def __init__(self, window: int, hop: int, *layers: nn.Module) -> None:
        super().__init__()
        self.window, self.hop, self.layers = window, hop, Seq(*layers)

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        starts = range(0, len(x) - self.window + 1, self.hop)
        return torch.stack([self.layers(x[start : start + self.window])[-1] for start in starts])

    def record(self, channels: int) -> LayerRecord:
        options = {"window": self.window, "hop": self.hop}
        return LayerRecord("windowed", options, chains={"layers": [self.layers.records(channels)]})


class Plain(Ours):
    """A layer without weights: its type and options. `size` is the number of input channels."""

    def __init__(self, name: str, **options: Option) -> None:
        super().__init__()
        self.name, self.options = name, options

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        o = self.options
        if self.name == "slice":
            return x[:, o["begin"] : o["begin"] + o["out"]]
        if self.name == "pad":
            return functional.pad(x, (0, o["out"] - x.shape[1]))
        if self.name == "delay":
            return functional.pad(x, (0, 0, o["frames"], 0))[: len(x)]
        if self.name == "scale":
            return x * o["scale"]
        assert self.name == "identity"
        return x

    def record(self, channels: int) -> LayerRecord:
        size = "in" if self.name in ("slice", "pad") else "size"
        return LayerRecord(self.name, {size: channels, **self.options})


def identity() -> Seq:
    return Seq(Plain("identity"))


def wavenet_array(size: int, dilations: Sequence[int], gated: bool = False) -> list[nn.Module]:
    """Layers of a WaveNet on (x, head). The condition has one channel."""

    def path(dilation: int) -> Seq:
        wide = 2 * size if gated else size
        act = Gate(nn.Tanh(), nn.Sigmoid()) if gated else nn.Tanh()
        return Seq(
            Conv(size, wide, 3, dilation), Mixin(1, nn.Linear(1, wide, bias=False)), act
        )

    return [
        ResidualSkip(size, path(dilation), Seq(nn.Linear(size, size)), identity())
        for dilation in dilations
    ]


def wavenet(sizes: Sequence[int], dilations: Sequence[int], gated: bool = False) -> nn.Module:
    """A network like NAM's: one array per size. The head of an array is an input of the next."""
    layers: list[nn.Module] = [
        nn.Linear(1, sizes[0], bias=False),
        Plain("pad", out=2 * sizes[0]),
    ]
    for index, size in enumerate(sizes):
        layers += wavenet_array(size, dilations, gated and index == 0)
        if index + 1 < len(sizes):
            goes_on = (Seq(nn.Linear(size, sizes[index + 1], bias=False)) for _ in range(2))
            layers.append(Split(size, *goes_on))
    last = sizes[-1]
    layers += [Plain("slice", begin=last, out=last), nn.Linear(last, 1), Plain("scale", scale=0.125)]
    return ConditionedBy(identity(), *layers)


def anira_cnn(blocks: Sequence[tuple[int, int]]) -> nn.Module:
    """The CNNs of the anira paper: blocks of a causal convolution of 13 taps, PReLU with one slope,
    and a bias-free residual of one tap, for each block its outputs and its dilation."""
    layers = []
    inputs = 1
    for outputs, dilation in blocks:
        body = Seq(Conv(inputs, outputs, 13, dilation), nn.PReLU())
        layers.append(Parallel(body, Seq(nn.Linear(inputs, outputs, bias=False))))
        inputs = outputs
    return Seq(*layers)


def steps_in_one() -> nn.Module:
    """What a model that is known only at run time does in one step, and what looks like it but must not be: something
    else needs what is in between."""
    return Seq(
        *(Conv(3, 6, 3, 2), Mixin(2, nn.Linear(2, 6)), nn.PReLU(6)),
        *(Conv(6, 5, 2), Parallel(Seq(Mixin(2, nn.Linear(2, 5))), identity())),
        *(nn.Linear(5, 19), Residual(nn.Tanh())),
        Residual(Conv(19, 19, 2, 70), nn.Sigmoid()),
        *(Residual(nn.Linear(19, 19)), nn.ReLU()),
        *(nn.Linear(19, 12), Plain("slice", begin=1, out=8), nn.Tanh()),
        ResidualSkip(4, Seq(Conv(4, 4, 2)), Seq(nn.Tanh()), identity()),
        *(nn.Linear(8, 8), Residual(Conv(8, 8, 2)), Mixin(2, nn.Linear(2, 8)), nn.Tanh()),
        *(Conv(8, 3, 1), Mixin(2, nn.Linear(2, 3)), nn.Tanh(), nn.Tanh()),
    )


def rnn_2k() -> nn.Module:
    return Seq(Residual(Recurrent(nn.LSTM(1, 20)), nn.Linear(20, 1)))


class Recurrent(Ours):
    def __init__(self, layer: nn.RNNBase) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        return self.layer(x.unsqueeze(1))[0].squeeze(1)

    def record(self, channels: int) -> LayerRecord:
        return records_of(self.layer, channels)[0]


def hnn_11k() -> nn.Module:
    """The hybrid network of the anira paper: one output for each window of 150 frames."""
    return Seq(
        Windowed(
            150,
            150,
            *(TimePad(12, 12), Strided(1, 16, 12, 12), nn.ReLU()),
            *(TimePad(12, 12), Strided(16, 16, 12, 12), nn.ReLU()),
            *(Recurrent(nn.LSTM(16, 36)), nn.Linear(36, 1)),
        )
    )


class Rate(NamedTuple):
    """A model that changes the rate, and the input frames at which its output frames come."""

    module: nn.Module
    channels: int
    skip: int
    stride: int
    frames: int = 160


def rates() -> dict[str, Rate]:
    return {
        "conv1d_4_6_k5_s3_d2": Rate(Seq(Strided(4, 6, 5, 3, 2)), 4, 8, 3),
        "conv1d_1_16_k12_s12": Rate(Seq(Strided(1, 16, 12, 12)), 1, 11, 12),
        "conv1d_6_6_k3_s2_g3": Rate(Seq(Strided(6, 6, 3, 2, groups=3)), 6, 2, 2),
        "conv1d_3_20_k1_s4": Rate(Seq(Strided(3, 20, 1, 4)), 3, 0, 4),
        "conv1d_2_3_k40_s7_d2": Rate(Seq(Strided(2, 3, 40, 7, 2)), 2, 78, 7, frames=256),
        "conv_transpose1d_3_5_k4_s2": Rate(Seq(Transposed(3, 5, 4, 2)), 3, 0, 1, frames=96),
        "conv_transpose1d_4_1_k7_s3": Rate(Seq(Transposed(4, 1, 7, 3, bias=False)), 4, 0, 1, frames=96),
        "conv_transpose1d_2_17_k3_s5": Rate(Seq(Transposed(2, 17, 3, 5)), 2, 0, 1, frames=72),
        "max_pool1d_5_k3_s2": Rate(Seq(Pool("max_pool1d", 3, 2)), 5, 2, 2),
        "avg_pool1d_5_k4_s4": Rate(Seq(Pool("avg_pool1d", 4, 4)), 5, 3, 4),
        "max_pool1d_2_k90_s1": Rate(Seq(Pool("max_pool1d", 90, 1)), 2, 89, 1),
        "raised_128": Rate(
            Seq(Transposed(3, 4, 8, 4), nn.Tanh(), Transposed(4, 4, 16, 8), nn.Tanh(), Transposed(4, 1, 6, 4)),
            *(3, 0, 1),
            frames=24,
        ),
        "raised_lowered": Rate(
            Seq(Transposed(2, 3, 12, 16), Transposed(3, 2, 16, 16), Pool("max_pool1d", 4, 4), Transposed(2, 2, 2, 2)),
            *(2, 0, 1),
            frames=24,
        ),
        "down_up": Rate(
            Seq(Strided(1, 8, 4, 4), nn.Tanh(), Strided(8, 8, 2, 2), nn.Tanh(), Transposed(8, 1, 16, 8)),
            *(1, 7, 1),
        ),
        "windowed": Rate(
            Seq(Windowed(10, 3, nn.Linear(2, 5), Recurrent(nn.GRU(5, 5)), nn.Linear(5, 2))), 2, 9, 3
        ),
        "windowed_long": Rate(Seq(Windowed(100, 7, Conv(1, 4, 3), Recurrent(nn.LSTM(4, 3)))), 1, 99, 7),
        "hnn_11k": Rate(hnn_11k(), 1, 149, 150, frames=1050),
    }


def goldens() -> dict[str, tuple[Golden, int]]:
    """Each model, and the number of channels of its signal that are the condition."""
    tcn = [
        Parallel(
            Seq(Conv(i, 6, 3, d), nn.BatchNorm1d(6), nn.PReLU(6)),
            Seq(nn.Linear(i, 6, bias=False)),
        )
        for i, d in ((1, 1), (6, 10), (6, 30))
    ]
    return {
        "residual_dense": (Golden(Seq(Residual(nn.Linear(5, 5))), 5), 0),
        "residual_conv": (
            Golden(Seq(Residual(Conv(6, 4, 3, 2), nn.Tanh(), nn.Linear(4, 6))), 6),
            0,
        ),
        "residual_of_residual": (
            Golden(
                Seq(
                    nn.Linear(3, 8),
                    Residual(nn.Tanh(), Residual(nn.Linear(8, 8), nn.Tanh()), nn.Linear(8, 8)),
                    Residual(Recurrent(nn.GRU(8, 8))),
                ),
                3,
            ),
            0,
        ),
        "residual_skip": (
            Golden(
                Seq(
                    nn.Linear(3, 12),
                    ResidualSkip(6, identity(), Seq(nn.Linear(6, 6)), identity()),
                    ResidualSkip(6, Seq(Conv(6, 6, 3), nn.Tanh()), identity(), Seq(nn.Tanh())),
                ),
                3,
            ),
            0,
        ),
        "parallel": (
            Golden(
                Seq(
                    Parallel(
                        Seq(nn.Linear(3, 7)),
                        Seq(Conv(3, 7, 4), nn.Tanh()),
                        Seq(Recurrent(nn.LSTM(3, 7))),
                    )
                ),
                3,
            ),
            0,
        ),
        "concat": (
            Golden(
                Seq(
                    Concat(
                        Seq(nn.Linear(3, 5)), Seq(Conv(3, 17, 2), nn.Tanh()), Seq(nn.Linear(3, 2))
                    ),
                    nn.Linear(24, 2),
                ),
                3,
            ),
            0,
        ),
        "split": (
            Golden(Seq(Split(3, Seq(nn.Linear(3, 6)), Seq(Conv(5, 4, 3), nn.Tanh()))), 8),
            0,
        ),
        "gated": (
            Golden(Seq(Concat(Seq(Conv(3, 6, 3)), Seq(Conv(3, 6, 3))), Gate(nn.Tanh(), nn.Sigmoid())), 3),
            0,
        ),
        "gate_of_leaky_relu": (
            Golden(Seq(nn.Linear(3, 34), Gate(nn.LeakyReLU(0.25), nn.Sigmoid())), 3),
            0,
        ),
        "blend": (Golden(Seq(nn.Linear(3, 10), Blend(nn.ReLU(), nn.Sigmoid())), 3), 0),
        "delay_3": (Golden(Seq(Plain("delay", frames=3)), 3), 0),
        "delay_100": (Golden(Seq(Plain("delay", frames=100)), 2, frames=256), 0),
        "delayed_branch": (
            Golden(
                Seq(
                    Parallel(
                        Seq(Plain("delay", frames=5), nn.Linear(2, 3)),
                        Seq(nn.Linear(2, 3), Plain("delay", frames=5)),
                    )
                ),
                2,
            ),
            0,
        ),
        "slice_pad_scale": (
            Golden(
                Seq(
                    Plain("slice", begin=2, out=3),
                    Plain("pad", out=9),
                    Plain("scale", scale=0.375),
                    nn.Linear(9, 9),
                    Plain("identity"),
                ),
                7,
            ),
            0,
        ),
        "mixin": (
            Golden(
                Seq(nn.Linear(1, 5), Mixin(2, nn.Linear(2, 5, bias=False)), nn.Tanh()), 3
            ),
            2,
        ),
        "mixin_of_groups": (
            Golden(Seq(nn.Linear(1, 6), Mixin(3, Conv(3, 6, 2, groups=3)), nn.Tanh()), 4),
            3,
        ),
        "steps_in_one": (Golden(steps_in_one(), 5, frames=192), 2),
        "film": (
            Golden(Seq(Conv(2, 6, 3), FiLM(2, nn.Linear(2, 12)), nn.Tanh(), nn.Linear(6, 1)), 4),
            2,
        ),
        "film_scale": (
            Golden(Seq(nn.Linear(1, 17), FiLM(3, nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 17))), 4),
            3,
        ),
        "append_condition": (
            Golden(Seq(AppendCondition(2), Recurrent(nn.LSTM(3, 8)), nn.Linear(8, 1)), 3),
            2,
        ),
        "conditioned_by": (
            Golden(
                Seq(
                    ConditionedBy(
                        Seq(nn.Linear(2, 4), nn.Tanh()), Conv(2, 5, 3), FiLM(4, nn.Linear(4, 10))
                    )
                ),
                2,
            ),
            0,
        ),
        "microtcn": (Golden(Seq(*tcn, nn.Linear(6, 1)), 1, frames=192), 0),
        "rnn_2k": (Golden(rnn_2k(), 1, frames=192), 0),
        "cnn_1k": (Golden(anira_cnn([(32, 1), (1, 10)]), 1, frames=256), 0),
        "cnn_15k": (Golden(anira_cnn([(32, 1), (32, 10), (1, 100)]), 1, frames=1536), 0),
        "cnn_29k": (
            Golden(anira_cnn([(32, 1), (32, 10), (32, 100), (1, 1000)]), 1, frames=13440),
            0,
        ),
        "wavenet_gated": (Golden(Seq(wavenet((4, 3), (1, 2, 8), gated=True)), 1, frames=192), 0),
        "wavenet_small": (Golden(Seq(wavenet((6, 4), (1, 4, 32))), 1, frames=256), 0),
    }


# `s` is the stride.
PURPOSES = {
    "residual_dense": "x + dense(x)",
    "residual_conv": "x + layers(x), the layers narrower inside",
    "residual_of_residual": "a residual within a residual, then one around a GRU",
    "residual_skip": "layers of a WaveNet whose path or residual is the identity",
    "parallel": "sum of a dense, a convolution and an LSTM of one input",
    "concat": "outputs of three branches beside each other",
    "split": "two branches, each given a part of the channels",
    "gated": "tanh(a) * sigmoid(b) of two convolutions",
    "gate_of_leaky_relu": "gate whose activation is a leaky ReLU, of 17 channels",
    "blend": "gate * activation(x) + (1 - gate) * x",
    "delay_*": "delay by that many frames: within a block, beyond one",
    "delayed_branch": "two branches, delayed in front of a dense and behind one",
    "slice_pad_scale": "slice, pad, scale, identity",
    "mixin": "x + dense(condition), a condition of 2 channels",
    "mixin_of_groups": "x + convolution in groups of the condition",
    "steps_in_one": "steps that a run-time model joins, and neighbours that it must not join",
    "film": "x * scale + shift, both from the condition",
    "film_scale": "x * scale, from the condition",
    "append_condition": "the condition as further channels, then an LSTM",
    "conditioned_by": "the condition computed from the input",
    "microtcn": "network: three blocks of a convolution, batch normalisation, PReLU and a skip",
    "rnn_2k": "network of the anira paper: x + dense(LSTM 20)",
    "cnn_*k": "networks of the anira paper: causal convolutions of 13 taps, PReLU, residuals of one tap",
    "hnn_11k": "network of the anira paper: convolutions, LSTM, dense over windows of 150 frames",
    "wavenet_gated": "WaveNet in NAM's shape, the first array gated",
    "wavenet_small": "WaveNet in NAM's shape",
    "conv1d_*_s*": "convolution with a stride",
    "conv_transpose1d_*": "transposed convolution",
    "max_pool1d_*": "maximum of a window: short, and longer than a block",
    "avg_pool1d_*": "mean of a window",
    "raised_128": "transposed convolutions to 128 frames per input frame",
    "raised_lowered": "transposed convolutions to 256 frames per input frame, a pool, to 128",
    "down_up": "two strided convolutions, then a transposed one back to the rate of the input",
    "windowed": "layers over each window of 10 frames, by 3 frames",
    "windowed_long": "layers over each window of 100 frames, by 7 frames",
}


def export(
    module: nn.Module, side: int, path: Path, samples: Samples, skip: int = 0, stride: int = 1
) -> None:
    module.eval()
    x = torch.from_numpy(samples.copy())
    split = x.shape[1] - side
    output = module(x[:, :split], x[:, split:] if side else None)
    condition = samples[:, split:] if side else None
    options = {"condition": condition, "skip": skip, "stride": stride}
    write(path, module.records(split), samples[:, :split], output, **options)


def write_rates(models: dict[str, Rate]) -> None:
    """Writes the models that change the rate."""
    plain = {name: Golden(rate.module, rate.channels, rate.frames) for name, rate in models.items()}
    for path, module, samples in files(plain):
        rate = models[path.name.split(".")[0]]
        export(module, 0, path, samples, rate.skip, rate.stride)


def write_models() -> None:
    models = goldens()
    sides = {name: side for name, (_, side) in models.items()}
    for path, module, samples in files({name: golden for name, (golden, _) in models.items()}):
        export(module, sides[path.name.split(".")[0]], path, samples)
    write_rates(rates())


def main() -> None:
    if not manifest.only_manifest():
        write_models()
    manifest.record(__file__, FOLDER, [*goldens(), *rates()], PURPOSES, seed)


if __name__ == "__main__":
    main()
