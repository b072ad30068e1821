"""Models in the shapes of published projects, in words of our own: their modules, and what their
forward() does. Sizes are small. docs/from-pytorch.md says which of them can be exported as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

# Automated-GuitarAmpModelling (CoreAudioML): frames first, a state that is kept between calls.


class SimpleRNN(nn.Module):
    """A recurrent layer and a Linear; `skip` adds the first channels of the input."""

    def __init__(self, inputs: int = 1, kind: str = "LSTM", size: int = 6, skip: int = 1) -> None:
        super().__init__()
        self.rec = getattr(nn, kind)(inputs, size, 1)
        self.lin = nn.Linear(size, 1)
        self.skip = skip
        self.hidden: Any = None

    def forward(self, x: Tensor) -> Tensor:
        if self.skip:
            dry = x[:, :, 0 : self.skip]
            x, self.hidden = self.rec(x, self.hidden)
            return self.lin(x) + dry
        x, self.hidden = self.rec(x, self.hidden)
        return self.lin(x)

    def detach_hidden(self) -> None:
        kept = self.hidden
        several = isinstance(kept, tuple)
        self.hidden = tuple(h.clone().detach() for h in kept) if several else kept.clone().detach()


class RecNet(nn.Module):
    """Recurrent blocks in an nn.Sequential, and a skip around them all."""

    def __init__(self, *kinds: str, skip: int = 0) -> None:
        super().__init__()
        self.layers = nn.Sequential()
        for at, kind in enumerate(kinds):
            self.layers.add_module(f"block_{at}", SimpleRNN(1, kind, 5))
        self.skip = skip

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x) + x[:, :, 0 : self.skip] if self.skip else self.layers(x)


class GatedLayer(nn.Module):
    def __init__(self, inputs: int, channels: int, dilation: int, taps: int) -> None:
        super().__init__()
        self.channels, self.inputs = channels, inputs
        self.conv = nn.Conv1d(inputs, 2 * channels, taps, dilation=dilation)
        self.mix = nn.Conv1d(channels, channels, 1)
        self.past = (taps - 1) * dilation

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        padded = torch.cat((torch.zeros(x.shape[0], self.inputs, self.past), x), dim=2)
        y = self.conv(padded)
        z = torch.tanh(y[:, 0 : self.channels, :]) * torch.sigmoid(y[:, self.channels :, :])
        return self.mix(z) + x, z


class GatedBlock(nn.Module):
    def __init__(self, inputs: int, channels: int, layers: int, taps: int) -> None:
        super().__init__()
        self.channels = channels
        self.layers = nn.ModuleList(
            GatedLayer(inputs if n == 0 else channels, channels, 2**n, taps) for n in range(layers)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        z = torch.empty([x.shape[0], len(self.layers) * self.channels, x.shape[2]])
        for n, layer in enumerate(self.layers):
            x, made = layer(x)
            z[:, n * self.channels : (n + 1) * self.channels, :] = made
        return x, z


class GatedConvNet(nn.Module):
    """A WaveNet whose layers are written into one tensor, which a convolution mixes."""

    def __init__(self, channels: int = 4, blocks: int = 2, layers: int = 3) -> None:
        super().__init__()
        self.channels, self.layers = channels, layers
        self.blocks = nn.ModuleList(
            GatedBlock(1 if n == 0 else channels, channels, layers, 3) for n in range(blocks)
        )
        self.blocks.append(nn.Conv1d(channels * layers * blocks, 1, 1, 1, 0))

    def forward(self, x: Tensor) -> Tensor:
        x = x.permute(1, 2, 0)
        width = self.channels * self.layers
        z = torch.empty([x.shape[0], self.blocks[-1].in_channels, x.shape[2]])
        for n, block in enumerate(self.blocks[:-1]):
            x, made = block(x)
            z[:, n * width : (n + 1) * width, :] = made
        return self.blocks[-1](z).permute(2, 0, 1)


# The fork of AIDA-X.


class _Clamp(torch.autograd.Function):
    """A clamp whose gradient is 1 everywhere."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, low: float, high: float) -> Tensor:
        return x.clamp(min=low, max=high)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        return gradient.clone(), None, None


class ConvSimpleRNN(nn.Module):
    """Convolutions without padding, their output set back to the length of the input by zeros."""

    def __init__(self, skip: int = 1) -> None:
        super().__init__()
        self.channels, self.skip = 3, skip
        self.conv = nn.ModuleList(
            nn.Conv1d(1 if n == 0 else 3, 3, 3, dilation=2**n) for n in range(3)
        )
        self.rec = nn.GRU(3, 6, 1)
        self.lin = nn.Linear(6, 1)
        self.hidden: Any = None

    def forward(self, x: Tensor, hidden: Any = None) -> Any:
        x = x.permute(1, 2, 0)
        y = x
        for layer in self.conv:
            y = layer(y)
            missing = x.shape[2] - y.shape[2]
            y = torch.cat((torch.zeros(x.shape[0], self.channels, missing), y), dim=2)
        x = y.permute(2, 0, 1)
        dry = x[:, :, 0 : self.skip]
        if hidden:
            x, self.hidden = self.rec(x, hidden)
            return self.lin(x) + dry, self.hidden
        x, self.hidden = self.rec(x, self.hidden)
        return self.lin(x) + dry


def _cubic(x: Tensor, alpha: Tensor) -> Tensor:
    x = torch.mul(x, torch.div(1, alpha))
    below, above = torch.le(x, -1.0).type(x.type()), torch.ge(x, 1.0).type(x.type())
    between = torch.mul(x, torch.mul(torch.gt(x, -1.0), torch.lt(x, 1.0)).type(x.type()))
    curve = torch.sub(between, torch.div(torch.pow(between, 3), 3))
    return torch.mul(torch.add(torch.mul(below, -2 / 3) + torch.mul(above, 2 / 3), curve), alpha)


class CubicClip(nn.Module):
    """Its cubic clippers: with one trained range, or one for each sign."""

    def __init__(self, ranges: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.zeros(ranges)), nn.Parameter(torch.zeros(1))
        self.alpha_min, self.alpha_max = 0.1, 10

    def forward(self, x: Tensor) -> Tensor:
        alpha = _Clamp.apply(self.weight, self.alpha_min, self.alpha_max)
        if len(alpha) == 1:
            return torch.add(_cubic(x, alpha), self.bias)
        above, below = torch.gt(x, 0).type(x.type()), torch.le(x, 0).type(x.type())
        made = torch.add(_cubic(torch.mul(x, above), alpha[0]), _cubic(torch.mul(x, below), alpha[1]))
        return torch.add(made, self.bias)


class CubicClipRNN(nn.Module):
    """A clipper before a recurrent layer, behind it, or beside it."""

    def __init__(self, ranges: int, position: int) -> None:
        super().__init__()
        self.clip, self.position = CubicClip(ranges), position
        self.rec, self.lin = nn.GRU(1, 6, 1), nn.Linear(6, 1)
        self.hidden: Any = None

    def forward(self, x: Tensor) -> Tensor:
        y, self.hidden = self.rec(self.clip(x) if self.position == 0x00 else x, self.hidden)
        y = self.lin(y)
        if self.position == 0x01:
            return self.clip(y)
        return torch.add(y, self.clip(x)) if self.position == 0x11 else y


class ClippedRNN(nn.Module):
    """Another clipper in front of a recurrent layer, written with comparisons."""

    def __init__(self) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(2))
        self.rec = nn.GRU(1, 6, 1)
        self.lin = nn.Linear(6, 1)

    def forward(self, x: Tensor) -> Tensor:
        alpha = _Clamp.apply(self.alpha, 0.1, 10.0)
        above = torch.gt(x, 0).type(x.type())
        x = torch.mul(x, above) / alpha[0] + torch.mul(x, 1 - above) / alpha[1]
        return self.lin(self.rec(x)[0])


# Neural Amp Modeler: (batch, frames), zeros in front for the whole network, unpadded convolutions.


class PaddedNet(nn.Module):
    """What all networks of the trainer share: the zeros in front, and a check of the length."""

    receptive_field = 1

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("_has_sample_rate", torch.tensor(True, dtype=torch.bool))
        self.register_buffer("_sample_rate", torch.tensor(48000.0))
        self._fallback = False

    def forward(self, x: Tensor, pad_start: bool | None = None, **options: Any) -> Tensor:
        pad_start = True if pad_start is None else pad_start
        scalar = x.ndim == 1
        if scalar:
            x = x[None]
        if pad_start:
            zeros = torch.zeros((len(x), self.receptive_field - 1)).to(x.device)
            x = torch.cat((zeros, x), dim=1)
        if x.shape[1] < self.receptive_field:
            raise ValueError(f"{x.shape[1]} frames, fewer than {self.receptive_field}")
        y = self._safe(x, **options)
        return y[0] if scalar else y

    def _safe(self, x: Tensor, **options: Any) -> Tensor:
        try:
            return self._forward(x, **options)
        except NotImplementedError:
            self._fallback = True
            raise

    def _forward(self, x: Tensor) -> Tensor:
        raise AssertionError


class _Gated(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self._primary, self._secondary = nn.Tanh(), nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        a, b = x.split(x.shape[1] // 2, dim=1)
        return self._primary(a) * self._secondary(b)


class _Blended(_Gated):
    def forward(self, x: Tensor) -> Tensor:
        a, b = x.split(x.shape[1] // 2, dim=1)
        blend = self._secondary(b)
        return blend * self._primary(a) + (1 - blend) * a


class _NamFiLM(nn.Module):
    def __init__(self, condition: int, size: int, shift: bool) -> None:
        super().__init__()
        self._shift = shift
        self._film = nn.Conv1d(condition, (2 if shift else 1) * size, 1)

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        if not self._shift:
            return self._film(c) * x
        scale, shift = self._film(c).chunk(2, dim=1)
        return scale * x + shift


class _NamConv1d(nn.Conv1d):
    """A Conv1d with methods to write its weights."""


class NamLayer(nn.Module):
    def __init__(
        self, condition: int, channels: int, taps: int, dilation: int, kind: str, film: bool
    ) -> None:
        super().__init__()
        wide = 1 if kind == "plain" else 2
        self._conv = _NamConv1d(channels, wide * channels, taps, dilation=dilation)
        self._input_mixer = _NamConv1d(condition, wide * channels, 1, bias=False)
        self._activation = {"plain": nn.Tanh, "gated": _Gated, "blended": _Blended}[kind]()
        self._layer1x1 = _NamConv1d(channels, channels, 1)
        self._before = _NamFiLM(condition, channels, True) if film else None
        self._after = _NamFiLM(condition, channels, False) if film else None

    def forward(self, x: Tensor, h: Tensor, length: int) -> tuple[Tensor, Tensor]:
        def cut(frames: int, tensor: Tensor = h) -> Tensor:
            return tensor[:, :, -frames:]

        shown = x
        if self._before is not None:
            frames = min(shown.shape[2], h.shape[2])
            shown = self._before(cut(frames, shown), cut(frames))
        z = self._conv(shown)
        mixed = self._input_mixer(h)[:, :, -z.shape[2] :]
        frames = min(z.shape[2], mixed.shape[2])
        made = self._activation(z[:, :, -frames:] + mixed[:, :, -frames:])
        if self._after is not None:
            made = self._after(made, cut(made.shape[2]))
        onward = self._layer1x1(made)
        return x[:, :, -onward.shape[2] :] + onward, made[:, :, -length:]


class NamArray(nn.Module):
    def __init__(
        self, sizes: Sequence[int], dilations: Sequence[int], kind: str, film: bool, taps: int = 3
    ) -> None:
        super().__init__()
        inputs, condition, channels, head = sizes
        self._rechannel = _NamConv1d(inputs, channels, 1, bias=False)
        self._layers = nn.ModuleList(
            NamLayer(condition, channels, taps, dilation, kind, film) for dilation in dilations
        )
        self._head_rechannel = _NamConv1d(channels, head, 1, bias=True)
        self.receptive_field = 1 + (taps - 1) * sum(dilations)

    def forward(self, x: Tensor, c: Tensor, head: Tensor | None = None) -> tuple[Tensor, Tensor]:
        length = min(x.shape[2], c.shape[2]) - (self.receptive_field - 1)
        x = self._rechannel(x)
        for layer in self._layers:
            x, term = layer(x, c, length)
            head = term if head is None else head[:, :, -length:] + term
        made = self._head_rechannel(head)
        assert made.shape[2] == length
        return made, x[:, :, -length:]


class NamWaveNet(PaddedNet):
    """Two arrays of layers, the second of which takes up the head of the first."""

    def __init__(self, kind: str = "plain", film: bool = False, head: bool = False) -> None:
        super().__init__()
        arrays = [
            NamArray((1, 1, 4, 3), (1, 2, 4), kind, film),
            NamArray((4, 1, 3, 1), (8, 1), kind, film),
        ]
        self._layer_arrays = nn.ModuleList(arrays)
        self._head_scale = 0.5
        self._head = nn.Sequential(nn.ReLU(), _NamConv1d(1, 1, 2)) if head else None
        self.receptive_field = 1 + sum(a.receptive_field - 1 for a in arrays) + head

    def _forward(self, x: Tensor) -> Tensor:
        c = x[:, None, :]
        y, head = c, None
        for array in self._layer_arrays:
            head, y = array(y, c, head=head)
        head = self._head_scale * head
        made = head if self._head is None else self._head(head)
        assert made.shape[1] == 1
        return made[:, 0, :]


class _CoreLSTM(nn.LSTM):
    """An LSTM that begins with other biases."""


class NamLSTM(PaddedNet):
    """Blocks of frames with a state between them, and a start from parameters."""

    def __init__(self, inputs: int = 1, block: int = 65535) -> None:
        super().__init__()
        self._core = _CoreLSTM(inputs, 5, batch_first=True, num_layers=2)
        self._head = nn.Linear(5, 1)
        self._initial_cell = nn.Parameter(torch.zeros((2, 5)))
        self._initial_hidden = nn.Parameter(torch.zeros((2, 5)))
        self._block = block

    def _forward(self, x: Tensor, initial_state: Any = None) -> Tensor:
        n = len(x)
        state = initial_state or (
            torch.tile(self._initial_hidden[:, None], (1, n, 1)),
            torch.tile(self._initial_cell[:, None], (1, n, 1)),
        )
        if x.ndim == 2:
            x = x[:, :, None]
        parts = []
        for i in range(0, x.shape[1], self._block):
            made, state = self._core(x[:, i : i + self._block, :], state)
            parts.append(made)
        return self._head(torch.cat(parts, dim=1))[:, :, 0]


class NamConvNet(PaddedNet):
    """Named blocks behind a function that brings the channels in and checks the length."""

    def __init__(self, batchnorm: bool = True) -> None:
        super().__init__()
        net, inputs, dilations = nn.Sequential(), 1, (1, 2, 4)
        self.receptive_field = 1 + sum(dilations)
        net.add_module("expand", _Function(self._expand))
        for i, dilation in enumerate(dilations):
            block = nn.Sequential()
            block.add_module("conv", nn.Conv1d(inputs, 4, 2, dilation=dilation, bias=not batchnorm))
            if batchnorm:
                block.add_module("batchnorm", nn.BatchNorm1d(4))
            block.add_module("activation", nn.Tanh())
            net.add_module(f"block_{i}", block)
            inputs = 4
        net.add_module("head", nn.Conv1d(4, 1, 1))
        net.add_module("flatten", nn.Flatten())
        self._net = net

    def _expand(self, x: Tensor) -> Tensor:
        if x.shape[1] < self.receptive_field:
            raise ValueError("too short")
        return x[:, None, :]

    def _forward(self, x: Tensor) -> Tensor:
        return self._net(x)


class _Function(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self._function = function

    def forward(self, *inputs: Any, **options: Any) -> Any:
        return self._function(*inputs, **options)


class NamLinear(PaddedNet):
    """One long convolution: a response."""

    def __init__(self) -> None:
        super().__init__()
        self._net = nn.Conv1d(1, 1, 16, bias=False)
        self.receptive_field = 16

    def _forward(self, x: Tensor) -> Tensor:
        return self._net(x[:, None])[:, 0]


# micro-tcn and steerable-nafx: unpadded convolutions, the residual cropped, FiLM by an MLP of knobs.


def _center_crop(x: Tensor, length: int) -> Tensor:
    start = (x.shape[-1] - length) // 2
    return x[..., start : start + length]


def _causal_crop(x: Tensor, length: int) -> Tensor:
    """Without the last frame, as the projects have it: the residual is a frame late."""
    stop = x.shape[-1] - 1
    return x[..., stop - length : stop]


class TcnFiLM(nn.Module):
    """Batch norm without affine, then a scale and a shift from knobs (batch, 1, size)."""

    def __init__(self, size: int, condition: int, batch_norm: bool = True) -> None:
        super().__init__()
        if batch_norm:
            self.bn = nn.BatchNorm1d(size, affine=False)
        self.adaptor = nn.Linear(condition, 2 * size)

    def forward(self, x: Tensor, cond: Tensor) -> Tensor:
        g, b = torch.chunk(self.adaptor(cond), 2, dim=-1)
        g, b = g.permute(0, 2, 1), b.permute(0, 2, 1)
        if hasattr(self, "bn"):
            x = self.bn(x)
        return (x * g) + b


class MicroTcnBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, dilation: int, causal: bool) -> None:
        super().__init__()
        self.causal = causal
        self.conv1 = nn.Conv1d(inputs, outputs, 5, dilation=dilation, bias=False)
        self.film = TcnFiLM(outputs, 8)
        self.relu = nn.PReLU(outputs)
        self.res = nn.Conv1d(inputs, outputs, 1, groups=inputs, bias=False)

    def forward(self, x: Tensor, p: Tensor) -> Tensor:
        dry = x
        x = self.relu(self.film(self.conv1(x), p))
        crop = _causal_crop if self.causal else _center_crop
        return x + crop(self.res(dry), x.shape[-1])


class MicroTcn(nn.Module):
    def __init__(self, causal: bool) -> None:
        super().__init__()
        self.gen = nn.Sequential(
            *(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU())
        )
        self.blocks = nn.ModuleList(
            MicroTcnBlock(1 if n == 0 else 4, 4, 3**n, causal) for n in range(3)
        )
        self.output = nn.Conv1d(4, 1, 1)

    def forward(self, x: Tensor, p: Tensor) -> Tensor:
        cond = self.gen(p)
        for block in self.blocks:
            x = block(x, cond)
            skips = 0
        return torch.tanh(self.output(x + skips))


class MicroLstm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(3, 5, 1, batch_first=False)
        self.linear = nn.Linear(5, 1)

    def forward(self, x: Tensor, p: Tensor) -> Tensor:
        frames = x.size(-1)
        x = x.permute(2, 0, 1)
        if p is not None:
            p = p.permute(1, 0, 2)
            x = torch.cat((x, p.repeat(frames, 1, 1)), dim=-1)
        made, _ = self.lstm(x)
        return torch.tanh(self.linear(made)).permute(1, 2, 0)


class SteerableBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, dilation: int, condition: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, 5, dilation=dilation, padding=0, bias=True)
        if condition > 0:
            self.film = TcnFiLM(outputs, condition, batch_norm=False)
        self.act = nn.PReLU()
        self.res = nn.Conv1d(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        dry = x
        x = self.conv(x)
        if hasattr(self, "film"):
            x = self.film(x, c)
        if hasattr(self, "act"):
            x = self.act(x)
        dry = self.res(dry)
        if dry.shape[-1] != x.shape[-1]:
            dry = _causal_crop(dry, x.shape[-1])
        return x + dry


class SteerableTcn(nn.Module):
    """Of steerable-nafx: the knobs are optional, and a block without them has no FiLM."""

    def __init__(self, condition: int = 0) -> None:
        super().__init__()
        sizes = (1, 4, 4, 1)
        self.blocks = nn.ModuleList(
            SteerableBlock(i, o, 4**n, condition) for n, (i, o) in enumerate(zip(sizes, sizes[1:]))
        )

    def forward(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        for block in self.blocks:
            x = block(x, c)
        return x


# NablAFx: padding for the whole network, and FiLM, TFiLM or a state space in each block.


class _Mlp(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        activation = nn.ReLU()
        self.layers = nn.ModuleList()
        for i, o in ((inputs, 6), (6, 6), (6, outputs)):
            self.layers.append(nn.Linear(i, o))
            self.layers.append(activation)
        self.mlp = nn.Sequential(*self.layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.mlp(x)


class NablFiLM(nn.Module):
    def __init__(self, size: int, condition: int) -> None:
        super().__init__()
        self.bn = nn.BatchNorm1d(size, affine=False)
        self.adaptor = nn.Linear(condition, 2 * size)

    def forward(self, x: Tensor, cond: Tensor) -> Tensor:
        g, b = torch.chunk(self.adaptor(cond), 2, dim=-1)
        return (self.bn(x) * g.unsqueeze(-1)) + b.unsqueeze(-1)


class NablTFiLM(nn.Module):
    """A scale and a shift for each block of frames, from an LSTM of each block's maximum."""

    def __init__(self, size: int, condition: int = 0, block: int = 8) -> None:
        super().__init__()
        self.nfeatures, self.cond_dim, self.block_size = size, condition, block
        self.num_layers = 1
        self.hidden_state: Any = None
        self.pool = nn.MaxPool1d(block, stride=None)
        self.lstm = nn.LSTM(size + condition, 2 * size, batch_first=False)

    def forward(self, x: Tensor, cond: Tensor | None = None) -> Tensor:
        length = x.shape[2]
        if (length % self.block_size) != 0:
            x = functional.pad(x, (0, self.block_size - length % self.block_size))
        shape = x.shape
        steps = int(shape[-1] / self.block_size)
        down = self.pool(x)
        if self.cond_dim > 0 and cond is not None:
            down = torch.cat((down, cond.unsqueeze(-1).repeat(1, 1, steps)), dim=1)
        down = down.permute(2, 0, 1)
        if self.hidden_state is None:
            h = torch.zeros(self.num_layers, x.size(0), 2 * self.nfeatures).type_as(x)
            made, self.hidden_state = self.lstm(down, (h.detach(), h.detach()))
        else:
            made, self.hidden_state = self.lstm(down, self.hidden_state)
        made = made.permute(1, 2, 0)
        blocks = torch.reshape(x, (-1, self.nfeatures, steps, self.block_size))
        g, b = torch.chunk(torch.reshape(made, (-1, 2 * self.nfeatures, steps, 1)), 2, dim=1)
        return torch.reshape((blocks * g) + b, shape)[..., :length]


class NablTinyTFiLM(NablTFiLM):
    """The same with a bottleneck before the LSTM, and a network behind it."""

    def __init__(self, size: int, condition: int = 0, block: int = 8) -> None:
        super().__init__(size, condition, block)
        self.conv = nn.Conv1d(size, 3, 1)
        self.lstm = nn.LSTM(3 + condition, 3, batch_first=False)
        self.adaptor = nn.Sequential(nn.Conv1d(3, 5, 1), nn.ReLU(), nn.Conv1d(5, 2 * size, 1), nn.ReLU())

    def forward(self, x: Tensor, cond: Tensor | None = None) -> Tensor:
        length, block = x.shape[2], self.block_size
        x = functional.pad(x, (0, -length % block))
        down = self.conv(self.pool(x))
        if self.cond_dim > 0 and cond is not None:
            down = torch.cat((down, cond.unsqueeze(-1).repeat(1, 1, down.shape[-1])), dim=1)
        made, self.hidden_state = self.lstm(down.permute(2, 0, 1), self.hidden_state)
        g, b = self.adaptor(made.permute(1, 2, 0)).repeat_interleave(block, -1).chunk(2, dim=1)
        return ((x * g) + b)[..., :length]


class _Blocks(nn.Module):
    """What TVFiLMCond and the dynamic controllers share: an LSTM of each block's largest magnitude."""

    def __init__(self, inputs: int, knobs: int, outputs: int, block: int, layers: int = 1) -> None:
        super().__init__()
        self.block_size = block
        self.hidden_state: Any = (torch.zeros(1), torch.zeros(1))
        self.is_hidden_state_init = False
        self.pool = nn.MaxPool1d(kernel_size=block, stride=None)
        self.lstm = nn.LSTM(inputs + knobs, outputs, layers, batch_first=False)

    def sequence(self, x: Tensor, knobs: Tensor | None) -> Tensor:
        if x.shape[-1] % self.block_size != 0:
            x = functional.pad(x, [0, self.block_size - x.shape[-1] % self.block_size])
        down = self.pool(torch.abs(x))
        if knobs is not None:
            down = torch.cat((down, knobs.unsqueeze(-1).repeat(1, 1, down.shape[-1])), dim=1)
        down = down.permute(2, 0, 1)
        if self.is_hidden_state_init:
            made, self.hidden_state = self.lstm(down, self.hidden_state)
        else:
            made, self.hidden_state = self.lstm(down)
        self.is_hidden_state_init = True
        return made.permute(1, 2, 0)


class NablTVFiLMCond(_Blocks):
    def __init__(self, inputs: int, outputs: int, cond_dim: int, block: int = 8) -> None:
        super().__init__(inputs, cond_dim, outputs, block)
        self.cond_dim = cond_dim

    def forward(self, x: Tensor, cond: Tensor | None = None) -> Tensor:
        return self.sequence(x, cond if self.cond_dim > 0 else None)


class NablTVFiLMMod(nn.Module):
    def __init__(self, nfeatures: int, cond_dim: int, block: int = 8) -> None:
        super().__init__()
        self.nfeatures, self.cond_dim, self.block_size = nfeatures, cond_dim, block
        self.adaptor = nn.Conv1d(cond_dim, 2 * nfeatures, 1)

    def forward(self, x: Tensor, cond_seq: Tensor) -> Tensor:
        length, block = x.shape[-1], self.block_size
        x = functional.pad(x, [0, -length % block])
        steps = x.shape[-1] // block
        made = self.adaptor(cond_seq)[..., -steps:]
        assert steps == made.shape[-1]
        blocks = torch.reshape(x, (-1, self.nfeatures, steps, block))
        g, b = torch.chunk(torch.reshape(made, (-1, 2 * self.nfeatures, steps, 1)), 2, dim=1)
        return torch.reshape((blocks * g) + b, x.shape)[..., :length]


def _modulation(kind: str | None, size: int, condition: int) -> nn.Module | None:
    kinds = {"film": NablFiLM, "tfilm": NablTFiLM, "ttfilm": NablTinyTFiLM, "tvfilm": NablTVFiLMMod}
    return kinds[kind](size, condition) if kind else None


def _conditioning(net: Any, x: Tensor, p: Tensor | None) -> Tensor | None:
    if net.cond_type == "tvfilm":
        return net.cond_nn(x, p)
    return net.cond_nn(p) if net.cond_type == "film" else p


def _cropped(crop: Callable[[Tensor, int], Tensor], x: Tensor, length: int) -> Tensor:
    return crop(x, length) if x.shape[-1] > length else x


class NablTcnBlock(nn.Module):
    def __init__(self, inputs: int, size: int, dilation: int, causal: bool, **kind: Any) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, size, 3, dilation=dilation, bias=False)
        self.film = _modulation(kind["cond_type"], size, kind["cond_dim"])
        self.bn = nn.BatchNorm1d(size)
        self.act = nn.PReLU(size)
        self.res = nn.Conv1d(inputs, size, 1, groups=inputs, bias=False)
        self.crop = _causal_crop if causal else _center_crop

    def forward(self, x: Tensor, cond: Tensor | None = None) -> Tensor:
        dry = x
        x = self.conv(x)
        x = self.act(self.bn(x) if self.film is None else self.film(x, cond))
        return x + _cropped(self.crop, self.res(dry), x.shape[-1])


class NablGcnBlock(nn.Module):
    def __init__(self, inputs: int, size: int, dilation: int, causal: bool, **kind: Any) -> None:
        super().__init__()
        self.size = size
        self.conv = nn.Conv1d(inputs, 2 * size, 3, dilation=dilation)
        self.film = _modulation(kind["cond_type"], 2 * size, kind["cond_dim"])
        self.tanh, self.sigm = nn.Tanh(), nn.Sigmoid()
        self.mix = nn.Conv1d(size, size, 1)
        self.crop = _causal_crop if causal else _center_crop

    def forward(self, x: Tensor, cond: Tensor | None = None) -> tuple[Tensor, Tensor]:
        y = self.conv(x)
        y = y if self.film is None else self.film(y, cond)
        z = self.tanh(y[:, : self.size, :]) * self.sigm(y[:, self.size :, :])
        return self.mix(z) + _cropped(self.crop, x, z.shape[-1]), z


class NablConvolutions(nn.Module):
    """Its TCN, and with `gated` its GCN."""

    def __init__(
        self,
        gated: bool = False,
        causal: bool = True,
        cond_type: str | None = None,
        num_controls: int = 0,
        direct_path: bool = True,
    ) -> None:
        super().__init__()
        self.num_controls, self.cond_type, self.causal = num_controls, cond_type, causal
        self.gated = gated
        size, dilations = 4, (1, 2, 4)
        self.cond_dim = {"film": 6, "tvfilm": 6}.get(cond_type or "", num_controls)
        if cond_type == "film":
            self.cond_nn = _Mlp(num_controls, 6)
        if cond_type == "tvfilm":
            self.cond_nn = NablTVFiLMCond(1, 6, num_controls)
        self.direct_gain = nn.Conv1d(1, 1, 1, bias=False) if direct_path else None
        kind = {"cond_type": cond_type, "cond_dim": self.cond_dim}
        block = NablGcnBlock if gated else NablTcnBlock
        self.blocks = nn.ModuleList(
            block(1 if n == 0 else size, size, dilation, causal, **kind)
            for n, dilation in enumerate(dilations)
        )
        self.output = nn.Conv1d(size * (3 if gated else 1), 1, 1, bias=False)
        self.rf = 1 + 2 * sum(dilations)

    def forward(self, x: Tensor, p: Tensor | None = None) -> Tensor:
        past = self.rf - 1
        x = functional.pad(x, (past, 0) if self.causal else (past // 2, past // 2))
        cond = _conditioning(self, x, p)
        crop = _causal_crop if self.causal else _center_crop
        direct = None if self.direct_gain is None else self.direct_gain(x)
        made, z = x, []
        for block in self.blocks:
            if self.gated:
                made, zn = block(made, cond)
                z.append(zn)
            else:
                made = block(made, cond)
        if self.gated:
            for index, zn in enumerate(z):
                z[index] = _cropped(crop, zn, z[-1].shape[-1])
            made = torch.cat(z, dim=1)
        made = self.output(made)
        if direct is not None:
            made = _cropped(crop, direct, made.shape[-1]) + made
        return torch.tanh(made)

    def reset_states(self) -> None:
        for layer in self.modules():
            if isinstance(layer, NablTFiLM):
                layer.hidden_state = None


class NablLstm(nn.Module):
    """Knobs for the clip beside the signal, and a flag for whether there is a state."""

    def __init__(
        self, num_controls: int = 0, direct_path: bool = True, time_varying: bool = False
    ) -> None:
        super().__init__()
        self.num_controls = num_controls
        self.cond_nn = NablTVFiLMCond(1, 4, num_controls) if time_varying else None
        self.hidden_state = (torch.zeros(1), torch.zeros(1))
        self.is_hidden_state_init = False
        if direct_path:
            self.direct_gain = nn.Conv1d(1, 1, 1, bias=False)
        self.direct_path = direct_path
        self.lstm = nn.LSTM(1 + (4 if time_varying else num_controls), 5, batch_first=False)
        self.lin = nn.Linear(5, 1)

    def forward(self, x: Tensor, p: Tensor | None = None) -> Tensor:
        if self.direct_path:
            direct = torch.tanh(self.direct_gain(x)).permute(2, 0, 1)
        frames = x.size(-1)
        if self.cond_nn is not None:
            cond = self.cond_nn(x, p).repeat_interleave(self.cond_nn.block_size, dim=-1)
            x = torch.cat((x, cond[:, :, :frames]), dim=1)
        elif self.num_controls > 0 and p is not None:
            x = torch.cat((x, p.unsqueeze(-1).repeat(1, 1, frames)), dim=1)
        x = x.permute(2, 0, 1)
        if self.is_hidden_state_init:
            made, state = self.lstm(x, self.hidden_state)
        else:
            made, state = self.lstm(x)
        made = self.lin(made) + x[:, :, :1]
        out = torch.tanh(direct + made) if self.direct_path else torch.tanh(made)
        self.hidden_state = state
        self.is_hidden_state_init = True
        return out.permute(1, 2, 0)


class Dssm(nn.Module):
    """A diagonal state space, computed as a long convolution by FFT."""

    def __init__(self, size: int, states: int = 3) -> None:
        super().__init__()
        self.H, self.N = size, states
        self.log_dt = nn.Parameter(math.log(1e-2) * torch.ones(size))
        self.C = nn.Parameter(torch.view_as_real(torch.randn(size, states, dtype=torch.cfloat)))
        self.log_A_real = nn.Parameter(torch.log(0.5 * torch.ones(size, states)))
        self.A_imag = nn.Parameter(math.pi * torch.arange(states).repeat(size, 1).float())
        self.D = nn.Parameter(torch.randn(size))

    def get_kernel(self, length: int) -> Tensor:
        dt = torch.exp(self.log_dt)
        a = -torch.exp(self.log_A_real) + 1j * self.A_imag
        step = a * dt.unsqueeze(-1)
        powers = torch.exp(step.unsqueeze(-1) * torch.arange(length))
        c = torch.view_as_complex(self.C) * (torch.exp(step) - 1.0) / a
        return 2 * torch.einsum("hn, hnl -> hl", c, powers).real

    def forward(self, u: Tensor, length: Tensor | None = None) -> Tensor:
        assert u.dim() == 3
        batch, size, frames = u.size()
        assert size == self.H
        if length is None:
            length = torch.empty(batch).fill_(frames)
        assert torch.all(length <= frames)
        kernel = self.get_kernel(frames)
        out = torch.zeros_like(u)
        for i in range(batch):
            n = int(length[i])
            spectrum = torch.fft.rfft(kernel[:, :n], n=2 * n) * torch.fft.rfft(u[[i], :, :n], n=2 * n)
            y = torch.fft.irfft(spectrum, n=2 * n)[..., :n]
            out[[i], :, :n] = y + u[[i], :, :n] * self.D.unsqueeze(-1)
        return out


class NablS4Block(nn.Module):
    def __init__(self, size: int, cond_type: str | None, condition: int) -> None:
        super().__init__()
        self.linear = nn.Linear(size, size)
        self.s4 = Dssm(size)
        self.film = _modulation(cond_type, size, condition)
        self.bn = nn.BatchNorm1d(size)
        self.act1, self.act2 = nn.Tanh(), nn.PReLU(size)
        self.res = nn.Conv1d(size, size, 1, groups=size, bias=False)

    def forward(self, x: Tensor, cond: Tensor | None = None) -> Tensor:
        dry = x
        x = self.linear(x.permute(0, 2, 1)).permute(0, 2, 1)
        x = self.s4(self.act1(x))
        x = self.bn(x) if self.film is None else self.film(x, cond)
        return self.act2(x) + self.res(dry)


class NablS4(nn.Module):
    def __init__(self, cond_type: str | None = None, num_controls: int = 0) -> None:
        super().__init__()
        self.cond_type = cond_type
        if cond_type == "film":
            self.cond_nn = _Mlp(num_controls, 6)
        if cond_type == "tvfilm":
            self.cond_nn = NablTVFiLMCond(1, 6, num_controls)
        self.direct_gain = nn.Conv1d(1, 1, 1, bias=False)
        self.expand = nn.Linear(1, 4)
        condition = {"film": 6, "tvfilm": 6}.get(cond_type or "", num_controls)
        self.blocks = nn.ModuleList(NablS4Block(4, cond_type, condition) for _ in range(2))
        self.contract = nn.Linear(4, 1)

    def forward(self, x: Tensor, p: Tensor | None = None) -> Tensor:
        batch, channels, frames = x.size()
        assert channels == 1
        cond = _conditioning(self, x, p)
        direct = self.direct_gain(x)
        y = self.expand(x.view(batch, frames).unsqueeze(-1)).permute(0, 2, 1)
        for block in self.blocks:
            y = block(y, cond)
        y = self.contract(y.permute(0, 2, 1)).squeeze(-1)
        return torch.tanh(direct + y.view(batch, 1, frames))


class NablGain(nn.Module):
    """A processor of the grey boxes: a range in dB, and a control within [0, 1]."""

    num_control_params = 1

    def forward(
        self, x: Tensor, control_params: Tensor, train: bool = False
    ) -> tuple[Tensor, dict[str, Tensor]]:
        _, channels, frames = x.size()
        assert channels == 1 and control_params.size(1) == self.num_control_params
        gain_db = control_params[:, 0, :] * 24.0 - 12.0
        gain = 10 ** (gain_db.view(1, 1, -1) / 20.0)
        return x * gain, {"gain_db": gain_db}


def lfilter(x: Tensor, a: Tensor, b: Tensor, clamp: bool = True) -> Tensor:
    """What torchaudio's function of that name does for second-order sections, [batch, 3], and a0 = 1."""
    rows = []
    for row, (_, a1, a2), (b0, b1, b2) in zip(x.tolist(), a.tolist(), b.tolist()):
        x1 = x2 = y1 = y2 = 0.0
        frames = []
        for x0 in row:
            y0 = b0 * x0 + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
            x1, x2, y1, y2 = x0, x1, y0, y1
            frames.append(y0)
        rows.append(frames)
    y = torch.tensor(rows, dtype=x.dtype)
    return y.clamp(-1.0, 1.0) if clamp else y


def _section(gain: Tensor, frequency: Tensor, q: Tensor, rate: float, kind: str) -> Tensor:
    """A section of the Audio EQ Cookbook, [batch, 6]."""
    a = 10 ** (gain / 40)
    w = 2 * math.pi * frequency / rate
    alpha, c = torch.sin(w) / (2 * q), torch.cos(w)
    if kind == "low_pass":
        row = [(1 - c) / 2, 1 - c, (1 - c) / 2, 1 + alpha, -2 * c, 1 - alpha]
    elif kind == "peaking":
        row = [1 + alpha * a, -2 * c, 1 - alpha * a, 1 + alpha / a, -2 * c, 1 - alpha / a]
    else:
        s, k = 1 if kind == "low_shelf" else -1, 2 * torch.sqrt(a) * alpha
        p, m = a + 1, (a - 1) * s * c
        row = [a * (p - m + k), s * 2 * a * (a - 1 - p * s * c), a * (p - m - k)]
        row += [p + m + k, s * -2 * (a - 1 + p * s * c), p + m - k]
    return torch.cat(row, -1) / row[3]


class NablFilter(nn.Module):
    """Sections one after the other, whose parameters are controls within ranges. With dynamic controls,
    blocks are filtered one by one."""

    bands: dict[str, tuple[str, tuple[float, float]]] = {}

    def __init__(self, control_type: str = "static", clamp: bool = True, block: int = 8) -> None:
        super().__init__()
        self.sample_rate, self.block_size, self.control_type = 48000.0, block, control_type
        self.clamp = clamp
        self.param_ranges: dict[str, tuple[float, float]] = {}
        for name, (kind, ends) in self.bands.items():
            if kind != "low_pass":
                self.param_ranges[f"{name}_gain_db"] = (-12.0, 12.0)
            self.param_ranges[f"{name}_cutoff_freq"] = ends
            self.param_ranges[f"{name}_q_factor"] = (0.5, 4.0)
        self.num_control_params = len(self.param_ranges)
        if control_type.startswith("dynamic"):
            self.pool = nn.AvgPool1d(block)

    def get_param_dict(self, params: Tensor) -> dict[str, Tensor]:
        return {
            name: params[:, at, :] * (high - low) + low
            for at, (name, (low, high)) in enumerate(self.param_ranges.items())
        }

    @classmethod
    def compute_coefficients(cls, sample_rate: float, **values: Tensor) -> Tensor:
        rows = []
        for name, (kind, _) in cls.bands.items():
            frequency, q = values[f"{name}_cutoff_freq"], values[f"{name}_q_factor"]
            gain = values.get(f"{name}_gain_db", torch.zeros_like(q))
            rows.append(_section(gain, frequency, q, sample_rate, kind))
        return torch.stack(rows, 1)

    def process(self, x: Tensor, **values: Tensor) -> Tensor:
        sections, y = self.compute_coefficients(self.sample_rate, **values), x.squeeze(1)
        for index in range(sections.size(1)):
            y = lfilter(y, sections[:, index, 3:], sections[:, index, :3], self.clamp)
        return y.unsqueeze(1)

    def forward(self, x: Tensor, control_params: Tensor, train: bool = False) -> Any:
        assert control_params.size(1) == self.num_control_params
        if not self.control_type.startswith("dynamic"):
            values = self.get_param_dict(control_params)
            return self.process(x, **values), values
        made, pooled = [], self.pool(control_params)
        for block in range(x.shape[-1] // self.block_size):
            part = x[:, :, block * self.block_size : (block + 1) * self.block_size]
            made.append(self.process(part, **self.get_param_dict(pooled[:, :, block : block + 1])))
        return torch.cat(made, -1), {}


class NablEqualizer(NablFilter):
    bands = {
        "low_shelf": ("low_shelf", (20.0, 2000.0)),
        "band0": ("peaking", (20.0, 200.0)),
        "band1": ("peaking", (200.0, 2000.0)),
        "high_shelf": ("high_shelf", (4000.0, 16000.0)),
    }


class NablLowpass(NablFilter):
    bands = {"cutoff": ("low_pass", (2000.0, 12000.0))}


def _sines() -> nn.Module:
    return nn.Sequential(_Sine(1, 6, 3.0), _Sine(6, 6, 1.0), nn.Linear(6, 1))


class NablResponse(nn.Module):
    """A long filter, whose taps a sine network computes, by a product of spectra."""

    num_control_params = 0

    def __init__(self, taps: int = 40) -> None:
        super().__init__()
        self.n_taps, self.net = taps, _sines()
        self.register_buffer("coords", torch.linspace(-1, 1, taps).view(1, 1, -1))

    def extract_impulse_response(self, x: Tensor) -> Tensor:
        made = self.net(self.coords.repeat(x.size(0), 1, 1).permute(0, 2, 1))
        return made.permute(0, 2, 1).squeeze(1)

    def forward(self, x: Tensor, control_params: Any, train: bool = False) -> Any:
        assert control_params is None
        n = int(2 ** torch.ceil(torch.log2(torch.tensor(2 * x.shape[-1] - 1))))
        spectrum = torch.fft.rfft(self.extract_impulse_response(x).type_as(x), n).unsqueeze(1)
        return torch.fft.irfft(torch.fft.rfft(x, n) * spectrum, n)[..., : x.shape[-1]], {}


class NablFunction(nn.Module):
    """A processor without controls: the sine network on each sample, or another module."""

    num_control_params = 0

    def __init__(self, net: nn.Module | None = None) -> None:
        super().__init__()
        self.net, self.permutes = net or _sines(), net is None

    def forward(self, x: Tensor, control_params: Any, train: bool = False) -> Any:
        assert control_params is None
        if not self.permutes:
            return -self.net(x), {}
        return self.net(x.permute(0, 2, 1)).permute(0, 2, 1), {}


class Rational(nn.Module):
    """Of the package rational_activations: one function of all values, version A."""

    def __init__(self) -> None:
        super().__init__()
        self.version, self.degrees = "A", (4, 3)
        self.numerator, self.denominator = nn.Parameter(torch.zeros(5)), nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        flat = x.reshape(-1, 1)
        powers = flat ** torch.arange(5)
        under = 1 + (powers[:, 1:4] * self.denominator).abs().sum(1)
        return ((powers * self.numerator).sum(1) / under).reshape(x.shape)


class _NoController(nn.Module):
    def forward(self, x: Tensor) -> None:
        return None


class _StaticController(nn.Module):
    def __init__(self, count: int) -> None:
        super().__init__()
        self.control_params, self.act = nn.Parameter(torch.zeros(count)), nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        batch, _, _ = x.size()
        return self.act(self.control_params).unsqueeze(0).unsqueeze(-1).repeat(batch, 1, 1)


class _DynamicController(_Blocks):
    def __init__(self, knobs: int, count: int) -> None:
        super().__init__(1, knobs, count, 8)
        self.num_controls, self.act = knobs, nn.Sigmoid()

    def forward(self, x: Tensor, controls: Tensor | None = None) -> Tensor:
        made = self.act(self.sequence(x, controls))
        return made.repeat_interleave(self.block_size, dim=-1)[..., : x.shape[-1]]


class NablProcessors(nn.Module):
    """Its grey-box model: processors one after the other, each controlled by what the model is given."""

    def __init__(self, *processors: tuple[Any, str], num_controls: int = 0) -> None:
        super().__init__()
        self.processors, self.controllers = nn.ModuleList(), nn.ModuleList()
        self.types = [kind for _, kind in processors]
        for processor, kind in processors:
            self.processors.append(processor)
            count = processor.num_control_params
            make: dict[str, Callable[[], nn.Module]] = {
                "": _NoController,
                "static": lambda: _StaticController(count),
                "static-cond": lambda: _Controller(num_controls, count),
                "dynamic": lambda: _DynamicController(0, count),
                "dynamic-cond": lambda: _DynamicController(num_controls, count),
            }
            self.controllers.append(make[kind]())

    def forward(self, x: Tensor, controls: Tensor | None = None, train: bool = False) -> Tensor:
        given: list[Any] = []
        for kind, controller in zip(self.types, self.controllers):
            if kind == "static-cond":
                given.append(controller(controls=controls))
            elif kind == "dynamic-cond":
                given.append(controller(x=x, controls=controls))
            else:
                given.append(controller(x=x))
        for processor, control in zip(self.processors, given):
            x, _ = processor(x, control, train=train)
        return x


class NablOffset(NablGain):
    def forward(self, x: Tensor, control_params: Tensor, train: bool = False) -> Any:
        offset = control_params[:, 0, :] * 4.0 - 2.0
        return x + offset.view(1, 1, -1), {"offset": offset}


class NablGreyBox(nn.Module):
    """A gain that is trained or made from knobs, a sine network as nonlinearity, a gain."""

    def __init__(self, num_controls: int = 0) -> None:
        super().__init__()
        self.num_controls = num_controls
        self.gains = nn.ModuleList([NablGain(), NablGain()])
        if num_controls:
            self.control = nn.ModuleList([_Controller(num_controls) for _ in range(2)])
        else:
            self.control_params = nn.Parameter(torch.randn(2, 1))
        self.net = nn.Sequential(_Sine(1, 6, 3.0), _Sine(6, 6, 1.0), nn.Linear(6, 1))

    def forward(self, x: Tensor, controls: Tensor | None = None) -> Any:
        made = []
        for at, gain in enumerate(self.gains):
            if self.num_controls:
                control = self.control[at](controls)
            else:
                own = torch.sigmoid(self.control_params[at])
                control = own.unsqueeze(0).unsqueeze(-1).repeat(x.size(0), 1, 1)
            x, values = gain(x, control)
            made.append(values)
            if at == 0:
                x = self.net(x.permute(0, 2, 1)).permute(0, 2, 1)
        return x, made


class _Controller(nn.Module):
    def __init__(self, num_controls: int, count: int = 1) -> None:
        super().__init__()
        self.projection = nn.Sequential(
            nn.Linear(num_controls, 4), nn.Sigmoid(), nn.Linear(4, count), nn.Sigmoid()
        )

    def forward(self, controls: Tensor) -> Tensor:
        return self.projection(controls).unsqueeze(-1)


class _Sine(nn.Module):
    def __init__(self, inputs: int, outputs: int, omega: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs))
        self.bias = nn.Parameter(torch.randn(outputs))
        self.omega = omega

    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(self.omega * functional.linear(x, self.weight, self.bias))


# The studies of state-based networks (arXiv 2405.04124, 2408.12549), whose code is Keras: a
# projection, a state space, a Dense with tanh, FiLM by the knobs with a gate, a Dense.


class _SoftsignGate(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.dense = nn.Linear(size, 2 * size)

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.dense(x).chunk(2, dim=-1)
        return a * functional.softsign(b)


class StudyModel(nn.Module):
    """`space` takes (batch, frames, size), or with `transposed` (batch, size, frames).

    `times_input` multiplies the output by the input, as a compressor's gain."""

    def __init__(self, space: nn.Module, transposed: bool = False, times_input: bool = False) -> None:
        super().__init__()
        self.projection = nn.Linear(1, 4)
        self.space, self.transposed, self.times_input = space, transposed, times_input
        self.nonlinear = nn.Linear(4, 4)
        self.film = nn.Linear(2, 8)
        self.glu = _SoftsignGate(4)
        self.out = nn.Linear(4, 1)

    def forward(self, x: Tensor, knobs: Tensor) -> Tensor:
        y = self.projection(x)
        if self.transposed:
            y = self.space(y.transpose(-1, -2)).transpose(-1, -2)
        else:
            y = self.space(y)
            y = y[0] if isinstance(y, tuple) else y
        y = torch.tanh(self.nonlinear(y))
        a, b = self.film(knobs).chunk(2, dim=-1)
        y = self.out(self.glu(a * y + b))
        return x * y if self.times_input else y
