"""Of the studies of state-based networks (arXiv 2405.04124, 2408.12549), whose code is Keras: a projection,
a state space, a Dense with tanh, FiLM by the knobs with a gate, a Dense.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


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
