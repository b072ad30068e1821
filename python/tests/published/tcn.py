"""Of micro-tcn and steerable-nafx: unpadded convolutions, the residual cropped, FiLM by an MLP of knobs."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def center_crop(x: Tensor, length: int) -> Tensor:
    start = (x.shape[-1] - length) // 2
    return x[..., start : start + length]


def causal_crop(x: Tensor, length: int) -> Tensor:
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
        crop = causal_crop if self.causal else center_crop
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
            dry = causal_crop(dry, x.shape[-1])
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
