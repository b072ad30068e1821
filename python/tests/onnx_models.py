"""PyTorch networks with states, and their ONNX graphs, for the tests of inlay.export_onnx."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spectral_models import GTCRN, randomised

onnx = pytest.importorskip("onnx")


def graph_of(
    module: nn.Module, inputs: Any, names: list[str], outputs: list[str], **axes: Any
) -> Any:
    """The ModelProto of a module. `axes` has the dynamic axis of inputs, such as x=2."""
    file = io.BytesIO()
    dynamic = {name: {axis: f"{name}_frames"} for name, axis in axes.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            inputs,
            file,
            opset_version=13,
            input_names=names,
            output_names=outputs,
            dynamic_axes=dynamic,
        )
    return onnx.load_from_string(file.getvalue())


class StatefulLSTM(nn.Module):
    """An LSTM whose states are inputs and outputs; `kind` may be GRU or RNN as well."""

    def __init__(self, kind: type[nn.RNNBase] = nn.LSTM, inputs: int = 1, levels: int = 1) -> None:
        super().__init__()
        self.recurrent = kind(inputs, 12, num_layers=levels, batch_first=True)
        self.dense = nn.Linear(12, 1)

    def forward(self, x: Tensor, *states: Tensor) -> Any:
        given = states if len(states) > 1 else states[0] if states else None
        y, last = self.recurrent(x, given)
        return (self.dense(y), *(last if isinstance(last, tuple) else (last,)))


class CachedTcn(nn.Module):
    """A temporal convolutional network whose pasts are inputs and outputs."""

    def __init__(self, size: int = 6) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv1d(1 if i == 0 else size, size, 3, dilation=2**i) for i in range(3)
        )
        self.mix = nn.Conv1d(size, 1, 1)

    @property
    def pasts(self) -> list[tuple[int, int, int]]:
        return [(1, conv.in_channels, 2 * conv.dilation[0]) for conv in self.convs]

    def forward(self, x: Tensor, *caches: Tensor) -> Any:
        new = []
        for index, (conv, cache) in enumerate(zip(self.convs, caches)):
            joint = torch.cat([cache, x], dim=2)
            new.append(joint[:, :, -cache.shape[2] :])
            y = torch.tanh(conv(joint))
            x = y if index == 0 else x + y
        return (self.mix(x), *new)


class FixedTcn(nn.Module):
    """Convolutions without padding: the output is shorter than the input."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(1, 8, 5),
            nn.Tanh(),
            nn.Conv1d(8, 8, 3, dilation=4),
            nn.PReLU(8),
            nn.Conv1d(8, 1, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


# Published networks, with random weights ----------------------------------------------------------


class AniraCnn(nn.Module):
    """The CNNs of the anira paper, by the outputs and the dilation of each block. Without padding."""

    BLOCKS = {
        "1k": [(32, 1), (1, 10)],
        "15k": [(32, 1), (32, 10), (1, 100)],
        "29k": [(32, 1), (32, 10), (32, 100), (1, 1000)],
    }

    def __init__(self, size: str) -> None:
        super().__init__()
        blocks = self.BLOCKS[size]
        inputs = [1, *(outputs for outputs, _ in blocks)]
        self.convs = nn.ModuleList(
            nn.Conv1d(before, outputs, 13, dilation=dilation)
            for before, (outputs, dilation) in zip(inputs, blocks)
        )
        self.slopes = nn.ModuleList(nn.PReLU() for _ in blocks)
        self.straight = nn.ModuleList(
            nn.Conv1d(before, outputs, 1, bias=False)
            for before, (outputs, _) in zip(inputs, blocks)
        )

    def forward(self, x: Tensor) -> Tensor:
        for conv, slope, straight in zip(self.convs, self.slopes, self.straight):
            x = slope(conv(x)) + straight(x)[..., 12 * conv.dilation[0] :]
        return x


class AniraHybrid(nn.Module):
    """The hybrid network of the anira paper: (windows, 1, 150) to (windows, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv1d(1, 16, 12, 12), nn.Conv1d(16, 16, 12, 12)
        self.lstm, self.dense = nn.LSTM(16, 36, batch_first=True), nn.Linear(36, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(nn.functional.pad(x, (12, 12)))
        x = self.second(nn.functional.pad(x, (12, 12)))
        return self.dense(self.lstm(x.transpose(1, 2))[0][:, -1])


class AniraLstm(nn.Module):
    """The stateful network of the anira paper, whose exporters write zeros as its first state."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.dense = nn.LSTM(1, 20), nn.Linear(20, 1)

    def forward(self, x: Tensor) -> Tensor:
        y, _ = self.lstm(x, (torch.zeros(1, 1, 20), torch.zeros(1, 1, 20)))
        return self.dense(y) + x[:, :, 0:1]


class NamWaveNet(nn.Module):
    """The WaveNet of Neural Amp Modeler without padding: arrays of (channels, head, taps, dilations)."""

    STANDARD = [(16, 8, 3, [1, 2, 4, 8, 16]), (8, 1, 3, [1, 2, 4, 8])]
    NANO = [(4, 2, 3, [1, 2, 4, 8, 16]), (2, 1, 3, [32, 64, 128])]

    class Layer(nn.Module):
        def __init__(self, channels: int, taps: int, dilation: int, gated: bool) -> None:
            super().__init__()
            wide = channels * (2 if gated else 1)
            self.conv = nn.Conv1d(channels, wide, taps, dilation=dilation)
            self.mixin = nn.Conv1d(1, wide, 1, bias=False)
            self.mix, self.gated = nn.Conv1d(channels, channels, 1), gated

        def forward(self, x: Tensor, condition: Tensor, frames: int) -> tuple[Tensor, Tensor]:
            z = self.conv(x)
            z = z + self.mixin(condition)[:, :, -z.shape[2] :]
            if self.gated:
                z = torch.tanh(z[:, : z.shape[1] // 2]) * torch.sigmoid(z[:, z.shape[1] // 2 :])
            else:
                z = torch.tanh(z)
            return x[:, :, -z.shape[2] :] + self.mix(z), z[:, :, -frames:]

    def __init__(self, arrays: Any, gated: bool = False) -> None:
        super().__init__()
        self.arrays, inputs = nn.ModuleList(), 1
        for index, (channels, head, taps, dilations) in enumerate(arrays):
            layers = [self.Layer(channels, taps, dilation, gated) for dilation in dilations]
            first = nn.Conv1d(inputs, channels, 1, bias=False)
            last = nn.Conv1d(channels, head, 1, bias=index + 1 == len(arrays))
            self.arrays.append(nn.ModuleList([first, nn.ModuleList(layers), last]))
            inputs = channels

    def forward(self, x: Tensor) -> Tensor:
        condition, head = x, None
        for first, layers, last in self.arrays:
            past = sum((layer.conv.kernel_size[0] - 1) * layer.conv.dilation[0] for layer in layers)
            frames = x.shape[2] - past
            x = first(x)
            for layer in layers:
                x, term = layer(x, condition, frames)
                head = term if head is None else head[:, :, -frames:] + term
            head = last(head)
        return 0.02 * head


class MaskLstms(nn.Module):
    """The masks of DTLN: two LSTM layers with one packed state, (1, 2, units, 2)."""

    def __init__(self, bins: int = 17, units: int = 9) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.LSTM(bins, units), nn.LSTM(units, units)])
        self.dense, self.shape = nn.Linear(units, bins), (1, 2, units, 2)

    def forward(self, x: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        y, found = x.transpose(0, 1), []
        for index, layer in enumerate(self.layers):
            y, (h, c) = layer(y, (memory[None, :, index, :, 0], memory[None, :, index, :, 1]))
            found.append(torch.stack([h[0], c[0]], -1))
        return torch.sigmoid(self.dense(y.transpose(0, 1))), torch.stack(found, 1)


class FrequencyCaches(nn.Module):
    """A frame of a spectrum through convolutions over time and frequency, as those of GTCRN: (1, bins,
    1, 2) with a cache of frames (1, channels, 2, bins)."""

    def __init__(self, bins: int = 33) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, (3, 3), stride=(1, 2), padding=(0, 1))
        self.back = nn.ConvTranspose2d(4, 2, (1, 3), stride=(1, 2), padding=(0, 1))
        self.act, self.shape = nn.PReLU(), (1, 3, 2, bins)

    def forward(self, spectrum: Tensor, cache: Tensor) -> tuple[Tensor, Tensor]:
        x = spectrum.permute(0, 3, 2, 1)
        size = torch.sqrt(x[:, :1] ** 2 + x[:, 1:] ** 2 + 1e-12)
        past = torch.cat([cache, torch.cat([size, x], 1)], 2)
        mask = self.back(self.act(self.conv(past)))
        return (mask * x).permute(0, 3, 2, 1), past[:, :, 1:]


class DeepFilter(nn.Module):
    """A frame of a spectrum (1, 1, bins, 2), and one state for all: the frames before it, and what is computed of them,
    as DPDFNet has. Complex coefficients of five frames, two frames late; a gain for the bins above."""

    def __init__(self, bins: int = 17, low: int = 11, taps: int = 5) -> None:
        super().__init__()
        self.low, self.shapes = low, [(taps, bins, 2), (2, taps, low, 2), (2, 1, bins, 2)]
        self.coefficients = nn.Linear(2 * bins, taps * low * 2)
        self.gain, self.conv = nn.Linear(2 * bins, bins), nn.Conv2d(2, 2, (3, 3), padding=(0, 1), groups=2)
        self.size = sum(int(np.prod(shape)) for shape in self.shapes)

    def start(self) -> Tensor:
        return torch.zeros(self.size)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        sizes = [int(np.prod(shape)) for shape in self.shapes]
        past, filters, seen = (s.view(n) for s, n in zip(state.split(sizes), self.shapes))
        past = torch.cat([past[1:], x[0]])
        wide = torch.cat([seen, x[0, :, None]])
        near = torch.relu(self.conv(wide[:, 0].permute(2, 0, 1)[None])).permute(0, 2, 3, 1)
        made = torch.tanh(self.coefficients(near.flatten(2))).view(1, *self.shapes[1][1:])
        filters = torch.cat([filters, made])
        a, b, (real, imag) = filters[0, ..., 0], filters[0, ..., 1], past[:, : self.low].unbind(-1)
        low = torch.stack([(real * a - imag * b).sum(0), (real * b + imag * a).sum(0)], -1)
        high = past[2] * torch.sigmoid(self.gain(near.flatten(2)))[0, 0, :, None]
        state = torch.cat([past.reshape(-1), filters[1:].reshape(-1), wide[1:].reshape(-1)])
        return torch.cat([low, high[self.low :]])[None, None], state


class StepOfDPDFNet(nn.Module):
    """A frame of a spectrum (1, 1, bins, 2) through a network of the shape of DPDFNet, with one state for all: levels of
    bands in dB without their averages, convolutions, a dual path of GRUs, gains of bands, and a deep filter.

    DPDFNet: Rika et al., "DPDFNet: Boosting DeepFilterNet2 via Dual-Path RNN", 2025.
    """

    def __init__(self, bins: int = 17, bands: int = 8, low: int = 8, channels: int = 4, units: int = 6) -> None:
        super().__init__()
        self.filter = DeepFilter(bins, low)
        self.bands, self.low = bands, low
        self.register_buffer("to_bands", torch.rand(bins, bands) + 0.1)
        self.first = nn.Sequential(
            nn.Conv2d(1, channels, 3, padding=(0, 1), bias=False), nn.BatchNorm2d(channels), nn.ReLU()
        )
        self.down = nn.Sequential(
            nn.Conv2d(channels, channels, (1, 3), (1, 2), (0, 1), groups=channels, bias=False),
            nn.Conv2d(channels, channels, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(),
        )  # fmt: skip
        self.along = nn.GRU(channels, channels, batch_first=True, bidirectional=True)
        self.cells = nn.ModuleList([nn.GRUCell(channels, channels), nn.GRUCell(units, units)])
        self.mixed = nn.ModuleList([nn.Linear(2 * channels, channels), nn.Linear(channels, channels)])
        self.norms = nn.ModuleList([nn.LayerNorm(channels), nn.LayerNorm(channels)])
        size = channels * bands // 2
        self.groups = nn.ModuleList(nn.Linear(size // 2 + low, units // 2) for _ in range(2))
        self.back = nn.Linear(units, size)
        self.up = nn.ModuleList(nn.Conv2d(channels, channels, (1, 3), padding=(0, 1)) for _ in range(2))
        self.out = nn.Sequential(nn.Conv2d(channels, 1, (1, 3), padding=(0, 1)), nn.Sigmoid())
        self.shapes = [(1, 1, bands), (1, 1, low), (1, 1, 2, bands), (bands // 2, channels), (1, units)]
        self.shapes += [(2, bins, 2), (self.filter.size,)]
        self.size = sum(int(np.prod(shape)) for shape in self.shapes)

    def start(self) -> Tensor:
        levels = torch.linspace(-60, -90, self.bands), torch.linspace(0.001, 0.0001, self.low)
        return torch.cat([*levels, torch.zeros(self.size - self.bands - self.low)])

    @staticmethod
    def cell(gru: nn.GRUCell, x: Tensor, h: Tensor) -> Tensor:
        a = nn.functional.linear(x, gru.weight_ih, gru.bias_ih).chunk(3, 1)
        b = nn.functional.linear(h, gru.weight_hh, gru.bias_hh).chunk(3, 1)
        r, z = torch.sigmoid(a[0] + b[0]), torch.sigmoid(a[1] + b[1])
        n = torch.tanh(a[2] + r * b[2])
        return n + z * (h - n)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        sizes = [int(np.prod(shape)) for shape in self.shapes]
        held = [s.view(n) for s, n in zip(state.split(sizes), self.shapes)]
        power = (x[..., 0] ** 2 + x[..., 1] ** 2) @ self.to_bands
        levels = 10 * torch.log10(power + 1e-10)
        held[0] = 0.98 * held[0] + (1 - 0.98) * levels
        spectrum = x[:, :, : self.low]
        held[1] = 0.98 * held[1] + (1 - 0.98) * torch.sqrt(spectrum[..., 0] ** 2 + spectrum[..., 1] ** 2 + 1e-12)
        scale = torch.sqrt(held[1] + 1e-12)
        spectrum = torch.stack([spectrum[..., 0] / scale, spectrum[..., 1] / scale], -1)
        wide = torch.cat([held[2], ((levels - held[0]) / 40)[None]], 2)
        first = self.first(wide)
        deep = self.down(first)
        y = deep.permute(0, 2, 3, 1)[0]
        y = y + self.norms[0](self.mixed[0](self.along(y)[0]))
        held[3] = self.cell(self.cells[0], y[0], held[3])
        y = y + self.norms[1](self.mixed[1](held[3]))[None]
        both = torch.cat([*(each.flatten() for each in (y, spectrum))])[None].chunk(2, 1)
        held[4] = self.cell(self.cells[1], torch.cat([f(half) for f, half in zip(self.groups, both)], 1), held[4])
        y = y + self.back(held[4]).view(y.shape)
        y = y.permute(2, 0, 1)[None]
        y = torch.stack([up(y) for up in self.up], -1).flatten(3)
        gain = self.out(y + first)[:, 0] @ self.to_bands.T
        past = torch.cat([held[5], x[0]])
        made, rest = self.filter(past[None, :1] * gain[..., None], held[6])
        parts = [*held[:2], wide[:, :, 1:], *held[3:5], past[1:], rest]
        return made, torch.cat([each.reshape(-1) for each in parts])


class StepOfGTCRN(nn.Module):
    """One frame of the network of spectral_models.py, with the caches of its convolutions over time (encoder or decoder,
    1, channels, frames, features), of its attention, and of its GRUs along time, written as the published one does."""

    def __init__(self, network: GTCRN) -> None:
        super().__init__()
        self.net = network
        channels, features = network.encoder[1].conv.out_channels, network.paths[0].norms[0].normalized_shape[0]
        self.caches = [(2, 1, channels, 16, features), (2, 3, 1, 1, channels), (2, 1, features, channels)]

    @staticmethod
    def grouped(block: Any, x: Tensor, cache: Tensor, state: Tensor) -> tuple[Tensor, ...]:
        path, kept = x.chunk(2, dim=1)
        wide = torch.cat([cache, block.body(block.near(path))], 2)
        made = block.depth(wide)
        y, state = block.attention.gru(made.pow(2).mean(-1).transpose(1, 2), state)
        gain = torch.sigmoid(block.attention.out(y)).transpose(1, 2)
        made = made * gain[..., None]
        return torch.stack([made, kept], dim=2).flatten(1, 2), wide[:, :, 1:], state

    @staticmethod
    def dual_path(block: Any, x: Tensor, cache: Tensor) -> tuple[Tensor, Tensor]:
        x = x.permute(0, 2, 3, 1)
        x = x + block.norms[0](block.mixed[0](block.along(x[0]))[None])
        over, states = [], []
        halves = zip((block.over.first, block.over.second), x.transpose(1, 2)[0].chunk(2, -1), cache.chunk(2, -1))
        for gru, half, state in halves:
            made = gru(half, state.contiguous())
            over.append(made[0])
            states.append(made[1])
        made = block.mixed[1](torch.cat(over, -1))[None].transpose(1, 2)
        return (x + block.norms[1](made)).permute(0, 3, 1, 2), torch.cat(states, -1)

    def forward(self, mix: Tensor, conv: Tensor, tra: Tensor, inter: Tensor) -> tuple[Tensor, ...]:
        net, places = self.net, [(0, 2), (2, 6), (6, 16)]
        real, imag = mix[..., 0].permute(0, 2, 1), mix[..., 1].permute(0, 2, 1)
        x = torch.stack([torch.sqrt(real**2 + imag**2 + 1e-12), real, imag], dim=1)
        x = torch.cat([x[..., : net.low], net.to_bands(x[..., net.low :])], dim=-1)
        x, kept = net.near(x), []
        for at, layer in enumerate(net.encoder):
            if at < 2:
                x = layer(x)
            else:
                a, b = places[at - 2]
                x, conv[0, :, :, a:b], tra[0, at - 2] = self.grouped(layer, x, conv[0, :, :, a:b], tra[0, at - 2])
            kept.append(x)
        for at in range(2):
            x, inter[at] = self.dual_path(net.paths[at], x, inter[at])
        for at, layer in enumerate(net.decoder):
            x = x + kept.pop()
            if at < 3:
                a, b = places[2 - at]
                x, conv[1, :, :, a:b], tra[1, at] = self.grouped(layer, x, conv[1, :, :, a:b], tra[1, at])
            else:
                x = layer(x)
        mask = torch.cat([x[..., : net.low], net.to_bins(x[..., net.low :])], dim=-1)
        spectrum = mix.permute(0, 3, 2, 1)
        real = spectrum[:, 0] * mask[:, 0] - spectrum[:, 1] * mask[:, 1]
        imag = spectrum[:, 1] * mask[:, 0] + spectrum[:, 0] * mask[:, 1]
        return torch.stack([real, imag], dim=1).permute(0, 3, 2, 1), conv, tra, inter


def step_of_gtcrn(*sizes: int) -> tuple[GTCRN, Any]:
    """A network of these sizes, and the graph of its step."""
    torch.manual_seed(3)
    network = randomised(GTCRN(*sizes))
    step = StepOfGTCRN(network)
    bins = network.to_bins.out_features + network.low
    given = torch.zeros(1, bins, 1, 2), *(torch.zeros(shape) for shape in step.caches)
    names = ["conv_cache", "tra_cache", "inter_cache"]
    return network, graph_of(step, given, ["mix", *names], ["enh", *(name + "_out" for name in names)])


# Layers that are written step by step, one frame in a call ----------------------------------------


class Step(nn.Module):
    """A recurrent layer of one frame: (1, inputs) and its states (1, units) to its output and states."""

    STATES = {"lstm": 2, "complex": 2}

    def __init__(self, kind: str, inputs: int = 2, units: int = 5) -> None:
        super().__init__()
        gates = {"lstm": 4, "min_gru": 2}.get(kind, 3 if "gru" in kind else 1)
        self.kind, self.inputs, self.units = kind, inputs, units
        self.states = self.STATES.get(kind, 1)
        self.of_input = nn.Linear(inputs, gates * units)
        self.of_state = nn.Linear(units, gates * units, bias=kind == "gru")
        self.joint = nn.Linear(inputs + units, gates * units)
        self.decay = nn.Parameter(torch.zeros(units))
        self.turn = nn.Parameter(torch.zeros(units))

    def forward(self, x: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        h = states[0]
        made: tuple[Tensor, ...] = getattr(self, "_" + self.kind)(x, *states)
        assert made[0].shape == h.shape
        return made

    def _lstm(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, ...]:
        f, o, i, g = self.joint(torch.cat([x, h], 1)).chunk(4, 1)
        c = torch.sigmoid(i) * torch.tanh(g) + torch.sigmoid(f) * c
        return torch.sigmoid(o) * torch.tanh(c), c

    def _gru(self, x: Tensor, h: Tensor) -> tuple[Tensor, ...]:
        (r, z, n), (a, b, m) = self.of_input(x).chunk(3, 1), self.of_state(h).chunk(3, 1)
        z, n = torch.sigmoid(z + b), torch.tanh(n + torch.sigmoid(r + a) * m)
        return (n + z * (h - n),)

    def _early_gru(self, x: Tensor, h: Tensor) -> tuple[Tensor, ...]:
        a, b, n = self.of_input(x).chunk(3, 1)
        wz, wr, wn = self.of_state.weight.chunk(3, 0)
        z, r = torch.sigmoid(torch.cat([a + h @ wz.T, b + h @ wr.T], 1)).chunk(2, 1)
        return (z * torch.tanh(n + (r * h) @ wn.T) + (1 - z) * h,)

    def _min_gru(self, x: Tensor, h: Tensor) -> tuple[Tensor, ...]:
        z, n = self.of_input(x).chunk(2, 1)
        z = torch.sigmoid(z)
        return (h + z * (n - h),)

    def _rnn(self, x: Tensor, h: Tensor) -> tuple[Tensor, ...]:
        return (torch.tanh(self.of_input(x) + self.of_state(h)),)

    def _average(self, x: Tensor, h: Tensor) -> tuple[Tensor, ...]:
        a = torch.sigmoid(self.decay)
        return (a * h + (1 - a) * self.of_input(x),)

    def _complex(self, x: Tensor, real: Tensor, imag: Tensor) -> tuple[Tensor, ...]:
        size, u = 0.98 * torch.sigmoid(self.decay), self.of_input(x)
        a, b = size * torch.cos(self.turn), size * torch.sin(self.turn)
        return a * real - b * imag + u, b * real + a * imag


class StateSpaceStep(nn.Module):
    """A diagonal state-space layer of one frame between dense layers: complex states (1, size, count), as
    real and imaginary parts. With `late`, the output is that of the states before."""

    def __init__(self, late: bool, size: int = 3, count: int = 4) -> None:
        super().__init__()
        self.first, self.last, self.late = nn.Linear(2, size), nn.Linear(size, 1), late
        self.shape = (1, size, count)
        self.decay, self.turn, self.real, self.imag = (
            nn.Parameter(torch.zeros(self.shape)) for _ in range(4)
        )
        self.d = nn.Parameter(torch.zeros(size))

    def forward(self, x: Tensor, real: Tensor, imag: Tensor) -> tuple[Tensor, ...]:
        u = self.first(x)
        size = 0.95 * torch.sigmoid(self.decay)
        a, b = size * torch.cos(self.turn), size * torch.sin(self.turn)
        new = a * real - b * imag + u[..., None], b * real + a * imag
        shown = (real, imag) if self.late else new
        y = 2 * (self.real * shown[0] - self.imag * shown[1]).sum(-1) + self.d * u
        return (self.last(torch.tanh(y)), *new)


class TwoSteps(nn.Module):
    """Two such layers whose states are packed in one: (1, 2, units, states), between dense layers."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(3, 2), nn.Linear(5, 1)
        self.steps = nn.ModuleList([Step(kind, 2), Step(kind, 5)])
        self.shape = (1, 2, 5, self.steps[0].states)

    def forward(self, x: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        y, found = torch.tanh(self.first(x[:, 0])), []
        for index, step in enumerate(self.steps):
            y, *more = step(y, *(memory[:, index, :, n] for n in range(self.shape[3])))
            found.append(torch.stack([y, *more], -1))
        return self.last(y)[:, None], torch.stack(found, 1)


class RandomSteps(nn.Module):
    """A random chain for one frame, (1, inputs), with the states of its recurrent layers (1, units)."""

    def __init__(self, random: np.random.Generator) -> None:
        super().__init__()
        self.inputs = size = int(random.integers(1, 4))
        self.layers = nn.ModuleList()
        self.states: list[int] = []
        for _ in range(int(random.integers(2, 6))):
            units = int(random.integers(2, 7))
            kind = random.choice([*KINDS_OF_STEPS, "dense", "norm", "groups"])
            if kind in KINDS_OF_STEPS:
                layer: nn.Module = Step(kind, size, units)
                self.states += [units] * layer.states
            elif kind == "dense":
                layer = nn.Sequential(nn.Linear(size, units), nn.Tanh())
            elif kind == "norm":
                layer = nn.Sequential(nn.Linear(size, units), nn.LayerNorm(units, eps=1e-3))
            else:
                units = 2 * units
                layer = nn.Sequential(
                    nn.Conv1d(size, units, 1), nn.GroupNorm(2, units, eps=1e-3), nn.SiLU()
                )
            self.layers.append(layer)
            size = units
        self.last = nn.Linear(size, 1)

    def forward(self, x: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        found: list[Tensor] = []
        for layer in self.layers:
            if isinstance(layer, Step):
                made = layer(x, *states[len(found) : len(found) + layer.states])
                found += made
                x = made[0]
            elif isinstance(layer[0], nn.Conv1d):
                x = layer(x[:, :, None])[:, :, 0]
            else:
                x = layer(x)
        return (self.last(x), *found)


KINDS_OF_STEPS = ["lstm", "gru", "early_gru", "min_gru", "rnn", "average", "complex"]
