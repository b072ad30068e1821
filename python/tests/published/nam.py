"""Of Neural Amp Modeler: (batch, frames), zeros in front for the whole network, unpadded convolutions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn


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
