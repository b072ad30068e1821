"""Of Automated-GuitarAmpModelling (CoreAudioML): frames first, a state that is kept between calls."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


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
