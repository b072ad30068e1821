"""PQMF: splits a signal into bands at a lower rate, and puts it together again.

The filters are one lowpass, the prototype, moved to each band by a cosine: a pseudo-quadrature mirror
filter bank (Nussbaumer, 1981). Aliases of neighbouring bands cancel; the prototype decides how much
remains. Its design is Lin's and Vaidyanathan's (1998): a Kaiser window, and the cutoff that makes the
bands add up best.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..arguments import refuse


class PQMF(nn.Module):
    """Bands of a signal: `forward` takes (batch, 1, frames) and gives (batch, bands, frames / bands).

    `inverse`, or the module `synthesis` in an `nn.Sequential`, is the way back. The number of frames
    is a multiple of `bands`. The reconstruction is not exact: with an `attenuation` of 40, 70 and
    100 dB, its error for white noise is -38, -55 and -61 dB.

    With `causal`, no output depends on later inputs, and the reconstruction is `delay` frames late.
    Otherwise it is not late in PyTorch; the exported model has this latency and says so. Bands are as
    RAVE's: odd ones change their sign with every second frame, so a higher frequency of the signal is
    a higher frequency in each band.

    Args:
        bands: their number M, at least 2.
        attenuation: of other bands, in dB, 21 or more. More of it takes longer filters.
        causal: see above.
        prototype: a lowpass of an odd number of taps in place of the designed one.

    Equation: y_k(n) = s_k(n) sum over t of 2 h(t) cos((2k + 1) pi t / (2M) + (-1)^k pi / 4) x(nM + t),
    where h(t) is the prototype, t = 0 in its middle, and s_k(n) is -1 for odd k and even n, else 1.
    Cost per frame of the signal: `taps` multiply-accumulates each way.
    """

    def __init__(
        self,
        bands: int,
        attenuation: float = 100.0,
        *,
        causal: bool = False,
        prototype: npt.ArrayLike | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(bands, int) or bands < 2:
            refuse("bands", "an integer of at least 2", bands)
        lowpass = _prototype(bands, attenuation) if prototype is None else np.asarray(prototype)
        if lowpass.ndim != 1 or len(lowpass) % 2 == 0:
            refuse("prototype", "an odd number of taps", prototype)
        self.bands, self.causal = bands, causal
        bank = torch.from_numpy(_bank(lowpass.astype(np.float64), bands))
        self.register_buffer("bank", bank.to(torch.get_default_dtype()).unsqueeze(1))
        self.bank: Tensor

    @property
    def taps(self) -> int:
        """Taps of each filter."""
        return int(self.bank.shape[2])

    @property
    def delay(self) -> int:
        """Frames of the signal by which a stream of both ways is late."""
        return self.taps - self.bands

    def forward(self, x: Tensor) -> Tensor:
        both = self.delay // 2
        x = functional.pad(x, (self.delay, 0) if self.causal else (both, both))
        y = functional.conv1d(x, self.bank, stride=self.bands)
        return y * self._signs(y)

    def inverse(self, y: Tensor) -> Tensor:
        y = y * self._signs(y)
        cropped = 0 if self.causal else self.delay // 2
        x = functional.conv_transpose1d(y, self.bands * self.bank, stride=self.bands, padding=cropped)
        return x[..., : self.bands * y.shape[2]]

    @property
    def synthesis(self) -> nn.Module:
        """`inverse` as a module."""
        return Synthesis(self)

    def _signs(self, y: Tensor) -> Tensor:
        signs = torch.ones(self.bands, y.shape[2], dtype=self.bank.dtype, device=self.bank.device)
        signs[1::2, ::2] = -1
        return signs


class Synthesis(nn.Module):
    def __init__(self, pqmf: PQMF) -> None:
        super().__init__()
        self.pqmf = pqmf

    def forward(self, y: Tensor) -> Tensor:
        return self.pqmf.inverse(y)


Filter = npt.NDArray[np.float64]


def _prototype(bands: int, attenuation: float) -> Filter:
    """A lowpass at half a band, whose transition is as wide."""
    if not attenuation >= 21:
        refuse("attenuation", "at least 21 dB", attenuation)
    width = math.pi / (2 * bands)
    taps = 2 * math.ceil((attenuation - 7.95) / (2.285 * width) / 2) + 1
    window = np.kaiser(taps, _kaiser_beta(attenuation))
    t = np.arange(taps) - taps // 2

    def lowpass(cutoff: float) -> Filter:
        return np.asarray(window * cutoff / math.pi * np.sinc(cutoff / math.pi * t))

    def error(cutoff: float) -> float:
        """How far the bands are from adding up: a lowpass that does is zero at all multiples of 2M."""
        h = lowpass(cutoff)
        return float(np.abs(np.convolve(h, h)[taps - 1 :: 2 * bands][1:]).max())

    low, high = width, 1.5 * width
    for _ in range(4):  # a finer grid around the best cutoff
        grid = np.linspace(low, high, 65)
        best = min(grid, key=error)
        low, high = best - 2 * (grid[1] - grid[0]), best + 2 * (grid[1] - grid[0])
    h = lowpass(best)
    return np.asarray(h / np.sqrt(2 * bands * np.sum(h * h)))  # the bands add up to a gain of 1


def _kaiser_beta(attenuation: float) -> float:
    if attenuation > 50:
        return 0.1102 * (attenuation - 8.7)
    return float(0.5842 * (attenuation - 21) ** 0.4 + 0.07886 * (attenuation - 21))


def _bank(lowpass: Filter, bands: int) -> Filter:
    """[bands, taps]: the prototype moved to each band, in an odd multiple of `bands` taps, so that a
    stream of frames of `bands` samples needs no further delay."""
    half = len(lowpass) // 2
    t = np.arange(-half, half + 1)
    k = np.arange(bands)[:, np.newaxis]
    bank = 2 * lowpass * np.cos((2 * k + 1) * np.pi * t / (2 * bands) + (-1.0) ** k * np.pi / 4)
    hops = math.ceil((len(lowpass) - bands) / (2 * bands))
    spare = (2 * hops + 1) * bands - len(lowpass)
    return np.pad(bank, ((0, 0), (spare // 2, spare - spare // 2)))
