"""Of the fork of AIDA-X."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


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
