"""FractionalDelay in PyTorch, to be trained there, and as the Python package inlay knows it.

    python3 examples/custom_layer/fractional_delay.py
    inlay info echoes.json --layers examples/custom_layer/fractional_delay.py
"""

import inlay
import numpy as np
import torch
from torch import nn


def evaluate(x, delay, size, longest):
    """The plain formula in NumPy, which `inlay verify` runs: linear interpolation, silence before the start."""
    t = np.arange(-longest - 1, len(x))
    silence = np.zeros(longest + 1)
    now = t[longest + 1 :]
    return np.stack([np.interp(now - d, t, [*silence, *c]) for c, d in zip(x.T, delay)], axis=1)


@inlay.register_layer(
    "fractional_delay",
    evaluate=evaluate,
    options=("size", "longest"),
    tensors={"delay": "size"},
    receptive_field=lambda size, longest: longest + 2,
    cpp="FractionalDelay",
    header="fractional_delay.hpp",
)
class FractionalDelay(nn.Module):
    """Delays each channel by a trained number of frames, from 0 to `longest`."""

    def __init__(self, size, longest):
        super().__init__()
        self.size, self.longest = size, longest
        self.delay = nn.Parameter(torch.rand(size) * longest)

    def forward(self, x):  # (batch, frames, channels)
        past = self.longest + 1
        padded = nn.functional.pad(x, (0, 0, past, 0))
        whole = self.delay.detach().floor().clamp(0, self.longest)
        frame = torch.arange(past, past + x.shape[1], device=x.device)[:, None] - whole.long()
        newer, older = (padded.gather(1, at.expand(len(x), -1, -1)) for at in (frame, frame - 1))
        return newer + (self.delay - whole) * (older - newer)


if __name__ == "__main__":
    echoes = nn.Sequential(nn.Linear(1, 4), FractionalDelay(4, 32), nn.Tanh(), nn.Linear(4, 1))
    inlay.export_torch(echoes, "echoes.json", sample_rate=48000)
