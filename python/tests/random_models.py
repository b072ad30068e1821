"""Small random PyTorch models of everything that inlay.export_torch supports.

    module, channels = random_model(seed)

gives a chain of layers for even seeds, and a module with its own forward() for odd ones.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

import inlay

Random = np.random.Generator


def random_model(seed: int) -> tuple[nn.Module, int]:
    """The module, in evaluation mode and float32, and its number of input channels."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    make = random_forward if seed % 2 else random_chain
    module, channels = make(random)
    randomise(module)
    return module.eval(), channels


def randomise(module: nn.Module) -> None:
    """Sets weights that keep signals at about 1 and that are not trivial."""
    for name, tensor in module.named_parameters():
        fan_in = max(1, tensor.numel() // tensor.shape[0]) if tensor.dim() > 1 else 4
        nn.init.uniform_(tensor, -1.5 / fan_in**0.5, 1.5 / fan_in**0.5)
        if name.endswith("weight_g"):
            nn.init.uniform_(tensor, 0.5, 1.0)
    for layer in module.modules():
        if isinstance(layer, (nn.BatchNorm1d, nn.InstanceNorm1d)):
            assert layer.running_mean is not None and layer.running_var is not None
            layer.running_mean.uniform_(-0.5, 0.5)
            layer.running_var.uniform_(0.5, 2)


def one_of(random: Random, *makers: Callable[[], nn.Module]) -> nn.Module:
    return makers[random.integers(len(makers))]()


def draw(random: Random, low: int, high: int) -> int:
    """A random integer from low to high, both included."""
    return int(random.integers(low, high + 1))


def chance(random: Random, probability: float) -> bool:
    return bool(random.random() < probability)


def activation(random: Random, channels: int) -> nn.Module:
    """A random activation that works on both layouts."""
    return one_of(
        random,
        nn.Tanh,
        nn.Sigmoid,
        nn.Hardsigmoid,
        nn.ReLU,
        lambda: nn.ReLU(inplace=True),
        nn.ReLU6,
        lambda: nn.LeakyReLU(float(random.uniform(0, 0.5))),
        lambda: nn.ELU(float(random.uniform(0.5, 1.5))),
        lambda: nn.Softplus(draw(random, 1, 3), draw(random, 5, 20)),
        nn.SiLU,
        lambda: nn.GELU(approximate="tanh" if chance(random, 0.5) else "none"),
        lambda: nn.Hardtanh(-float(random.uniform(0.2, 1)), float(random.uniform(0.2, 1))),
        nn.Hardswish,
        nn.Softsign,
        nn.Mish,
        nn.SELU,
        nn.PReLU,
        nn.Identity,
        lambda: nn.Dropout(0.5),
    )


def per_channel(random: Random, channels: int) -> nn.Module:
    """A random layer that needs the layout (N, C, L) when PyTorch runs it."""
    return one_of(
        random,
        lambda: nn.PReLU(channels),
        lambda: nn.BatchNorm1d(channels, eps=1e-3, affine=chance(random, 0.7)),
        lambda: nn.Softmax(dim=1),
        lambda: nn.InstanceNorm1d(channels, affine=True, track_running_stats=True),
    )


def recurrent(random: Random, inputs: int, outputs: int) -> nn.Module:
    options = {
        "num_layers": draw(random, 1, 2),
        "bias": chance(random, 0.8),
        "batch_first": chance(random, 0.5),
    }
    return one_of(
        random,
        lambda: nn.LSTM(inputs, outputs, **options),
        lambda: nn.LSTM(inputs, outputs + draw(random, 1, 4), proj_size=outputs, **options),
        lambda: nn.GRU(inputs, outputs, **options),
        lambda: nn.RNN(inputs, outputs, nonlinearity="tanh", **options),
        lambda: nn.RNN(inputs, outputs, nonlinearity="relu", **options),
    )


def state_space(random: Random, inputs: int, outputs: int) -> nn.Module:
    states = draw(random, 1, 9)
    if inputs == outputs and chance(random, 0.3):
        kind = inlay.torch.S6 if chance(random, 0.5) else inlay.torch.Mamba
        return kind(inputs, states, rank=draw(random, 1, 3))
    if inputs == outputs and chance(random, 0.5):
        kind = "zoh" if chance(random, 0.5) else "bilinear"
        return inlay.torch.S4D(inputs, states, discretisation=kind)
    return inlay.torch.LRU(inputs, states, outputs, r_max=0.99)


def convolution(random: Random, inputs: int, outputs: int, stride: int = 1) -> nn.Conv1d:
    groups = int(np.gcd(inputs, outputs)) if chance(random, 0.3) else 1
    dilation = 1 if stride > 1 else draw(random, 1, 4)
    taps = stride * draw(random, 1, 2) if stride > 1 else draw(random, 1, 4)
    layer = nn.Conv1d(
        *(inputs, outputs, taps, stride),
        dilation=dilation,
        groups=groups,
        bias=chance(random, 0.7),
    )
    return nn.utils.weight_norm(layer) if chance(random, 0.2) else layer


def reach(layer: nn.Conv1d) -> int:
    return (layer.kernel_size[0] - 1) * layer.dilation[0]


# Chains -----------------------------------------------------------------------------------------


def random_chain(random: Random) -> tuple[nn.Module, int]:
    """A random nn.Sequential with layers of both layouts."""
    channels = first = draw(random, 1, 4)
    layers: list[nn.Module] = []
    padded = chance(random, 0.7)  # otherwise no padding, and then no layer with memory can follow
    changes_rate = padded and chance(random, 0.3)
    for _ in range(draw(random, 1, 6)):
        outputs = draw(random, 1, 6)
        made, channels = _links(random, channels, outputs, padded, changes_rate)
        layers += made
    if not any(_fixes_channels(layer) for layer in layers):
        layers = [nn.Linear(first, first), *layers]
    cut = draw(random, 0, len(layers))
    if chance(random, 0.3):
        return nn.Sequential(nn.Sequential(*layers[:cut]), nn.Sequential(*layers[cut:])), first
    return nn.Sequential(*layers), first


_FIXED = (inlay.torch.S4D, inlay.torch.LRU, inlay.torch.S6)


def _fixes_channels(layer: nn.Module) -> bool:
    return isinstance(layer, (*_FIXED, nn.Linear, nn.Conv1d, nn.RNNBase, nn.ConvTranspose1d))


def _links(
    random: Random, inputs: int, outputs: int, padded: bool, changes_rate: bool
) -> tuple[list[nn.Module], int]:
    """The next layers, and the channels behind them."""
    kind = draw(random, 0, 8)
    if kind == 0:
        return [nn.Linear(inputs, outputs, bias=chance(random, 0.7))], outputs
    if kind == 1 and padded:
        return [recurrent(random, inputs, outputs)], outputs
    if kind == 8 and padded:
        return [state_space(random, inputs, outputs)], outputs
    if kind == 2 and changes_rate:
        return _rate_change(random, inputs, outputs)
    if kind in (1, 2, 3):
        layer = convolution(random, inputs, outputs)
        pad = [nn.ConstantPad1d((reach(layer), 0), 0.0)] if padded else []
        return [*pad, layer], outputs
    if kind == 4:
        # A linear layer fixes the layout, whatever stands before it.
        return [nn.Conv1d(inputs, outputs, 1), per_channel(random, outputs)], outputs
    if kind == 7:
        outputs += 1  # of one channel it would be 0, but for rounding
        norm = nn.LayerNorm(outputs, eps=1e-3, elementwise_affine=chance(random, 0.7))
        return [nn.Linear(inputs, outputs), norm], outputs
    return [nn.Linear(inputs, outputs), activation(random, outputs)], outputs


def _rate_change(random: Random, inputs: int, outputs: int) -> tuple[list[nn.Module], int]:
    stride = draw(random, 2, 4)
    if chance(random, 0.1):
        return [nn.Upsample(scale_factor=stride)], inputs
    if chance(random, 0.4):
        taps = draw(random, stride, 2 * stride)
        return [nn.ConvTranspose1d(inputs, outputs, taps, stride)], outputs
    if chance(random, 0.3):
        kind = nn.MaxPool1d if chance(random, 0.5) else nn.AvgPool1d
        return [kind(stride)], inputs
    layer = convolution(random, inputs, outputs, stride)
    pad = reach(layer) // stride * stride
    return [nn.ConstantPad1d((pad, 0), 0.0), layer], outputs


# Modules with their own forward() ---------------------------------------------------------------


def random_forward(random: Random) -> tuple[nn.Module, int]:
    kinds = (SkipAmp, Tcn, WaveNet, SideMixed, Graph, Graph, DenselyConnected)
    channels = draw(random, 1, 3)
    return kinds[random.integers(len(kinds))](random, channels), channels


class Causal(nn.Module):
    """A causal convolution, written in one of the usual ways."""

    def __init__(self, random: Random, inputs: int, outputs: int) -> None:
        super().__init__()
        self.way = draw(random, 0, 2)
        self.conv = convolution(random, inputs, outputs)
        self.past = reach(self.conv)
        if self.way == 1:
            self.conv.padding = (self.past,)

    def forward(self, x: Tensor) -> Tensor:
        if self.way == 0:
            return self.conv(functional.pad(x, (self.past, 0)))
        if self.way == 1:
            return self.conv(x)[:, :, : -self.past or None]
        return self.conv(torch.nn.functional.pad(x, (self.past, 1)))[..., :-1]


class SkipAmp(nn.Module):
    """dense(recurrent(x)) + x, on (N, L, C)"""

    def __init__(self, random: Random, channels: int) -> None:
        super().__init__()
        units = draw(random, 2, 6)
        self.recurrent = recurrent(random, channels, units)
        self.dense = nn.Linear(units, channels)
        self.gain = nn.Parameter(torch.ones(channels))
        self.way = draw(random, 0, 2)

    def forward(self, x: Tensor) -> Tensor:
        if self.recurrent.batch_first:
            states, _ = self.recurrent(x)
        else:
            states = self.recurrent(x.transpose(0, 1))[0].transpose(0, 1)
        y = self.dense(states)
        if self.way == 0:
            return y + x
        if self.way == 1:
            return torch.tanh(y * self.gain) - 0.5 * x
        return torch.add(y, x) * self.gain + 0.25


class Block(nn.Module):
    """A block of a temporal convolutional network. Without padding, its shortcut is cropped."""

    def __init__(self, random: Random, inputs: int, outputs: int, padded: bool) -> None:
        super().__init__()
        self.conv = Causal(random, inputs, outputs) if padded else None
        self.unpadded = None if padded else convolution(random, inputs, outputs)
        self.norm = nn.BatchNorm1d(outputs) if chance(random, 0.3) else None
        self.activation = activation(random, outputs)
        straight = inputs == outputs and chance(random, 0.7)
        self.shortcut = nn.Identity() if straight else nn.Conv1d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x) if self.conv is not None else self.unpadded(x)
        if self.norm is not None:
            y = self.norm(y)
        return self.activation(y) + self.shortcut(x)[..., -y.shape[-1] :]


class Tcn(nn.Module):
    def __init__(self, random: Random, channels: int) -> None:
        super().__init__()
        padded = chance(random, 0.6)
        widths = [channels, *(draw(random, 1, 5) for _ in range(draw(random, 1, 4)))]
        blocks = [Block(random, *ends, padded) for ends in zip(widths, widths[1:])]
        self.blocks = nn.ModuleList(blocks)
        self.mix = nn.Linear(widths[-1], draw(random, 1, 2))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, L)"""
        for block in self.blocks:
            x = block(x)
        return self.mix(x.transpose(1, 2)).transpose(1, 2)


class WaveNet(nn.Module):
    """Gated layers whose skips are summed, written in several ways."""

    def __init__(self, random: Random, channels: int) -> None:
        super().__init__()
        size, head, layers = draw(random, 2, 4), draw(random, 1, 5), draw(random, 1, 4)
        self.gated, self.listed = chance(random, 0.7), chance(random, 0.5)
        wide = 2 * size if self.gated else size
        self.first = nn.Conv1d(channels, size, 1)
        self.convs = nn.ModuleList(Causal(random, size, wide) for _ in range(layers))
        self.residuals = nn.ModuleList(nn.Conv1d(size, size, 1) for _ in range(layers))
        self.skips = nn.ModuleList(nn.Conv1d(size, head, 1) for _ in range(layers))
        self.shown = nn.ModuleList(nn.Conv1d(channels, wide, 1, bias=False) for _ in range(layers))
        self.shows_input = chance(random, 0.5)
        self.last = nn.Conv1d(head, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x)
        skips = []
        for conv, residual, skip, shown in zip(self.convs, self.residuals, self.skips, self.shown):
            z = conv(h) + shown(x) if self.shows_input else conv(h)
            if self.gated:
                a, b = z.chunk(2, dim=1)
                z = torch.tanh(a) * torch.sigmoid(b)
            else:
                z = torch.tanh(z)
            skips.append(skip(z))
            h = h + residual(z)
        if self.listed:
            return self.last(functional.relu(sum(skips)))
        total = skips[0]
        for one in skips[1:]:
            total = one + total
        return self.last(functional.leaky_relu(total, 0.1))


class SideMixed(nn.Module):
    """Branches that are gated, concatenated and scaled, on (N, L, C)."""

    def __init__(self, random: Random, channels: int) -> None:
        super().__init__()
        size = draw(random, 2, 5)
        self.a, self.b = nn.Linear(channels, size), nn.Linear(channels, size)
        self.memory = nn.GRU(channels, size, batch_first=True)
        self.last = nn.Linear(3 * size, 1)
        self.scale = nn.Parameter(torch.ones(size))
        self.shift = nn.Parameter(torch.ones(size))

    def forward(self, x: Tensor) -> Tensor:
        a, b = torch.sigmoid(self.a(x)), self.b(x)
        c, _ = self.memory(x)
        mixed = a * torch.tanh(b) + (1 - a) * c
        return self.last(torch.cat([mixed, functional.glu(torch.cat([b, c], -1), -1), b * c], -1))


class DenselyConnected(nn.Module):
    def __init__(self, random: Random, channels: int) -> None:
        super().__init__()
        growth = draw(random, 1, 3)
        counts = [channels + growth * i for i in range(draw(random, 1, 4))]
        self.convs = nn.ModuleList(Causal(random, count, growth) for count in counts)
        self.last = nn.Conv1d(counts[-1] + growth, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        for conv in self.convs:
            x = torch.cat((x, torch.tanh(conv(x))), dim=1)
        left, right = self.last(x).split(1, dim=1)
        return left - 0.5 * torch.relu(right)


class Graph(nn.Module):
    """A random graph on (N, C, L): sums, products, concatenations and layers of earlier values."""

    def __init__(self, random: Random, channels: int) -> None:
        super().__init__()
        size = self.size = draw(random, 1, 4)
        self.first = nn.Conv1d(channels, size, 1)
        self.layers = nn.ModuleList()
        self.plan: list[tuple[str, int, int]] = []
        for count in range(1, draw(random, 2, 8)):
            kind = ("layer", "add", "mul", "joint", "act")[random.integers(5)]
            a, b = (int(random.integers(max(0, count - 3), count)) for _ in range(2))
            self.plan.append((kind, a, b))
            self.layers.append(self._layer(random, kind, size))
        self.last = nn.Conv1d(size, 1, 1)

    @staticmethod
    def _layer(random: Random, kind: str, size: int) -> nn.Module:
        if kind == "layer":
            return Causal(random, size, size)
        if kind == "joint":
            return nn.Conv1d(2 * size, size, 1)
        return nn.Tanh()

    def forward(self, x: Tensor) -> Tensor:
        values = [self.first(x)]
        for (kind, a, b), layer in zip(self.plan, self.layers):
            if kind == "add":
                values.append(values[a] + values[b])
            elif kind == "mul":
                values.append(layer(values[a]) * torch.sigmoid(values[b]))
            elif kind == "joint":
                values.append(layer(torch.cat([values[a], values[b]], 1)))
            else:
                values.append(layer(values[a]))
        used = values[-1]
        if len(values) > 3:
            used = used + values[len(values) // 2]
        return self.last(used)
