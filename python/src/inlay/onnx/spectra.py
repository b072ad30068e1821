"""Puts the short-time Fourier transform of a signal around the layers of a graph of spectra."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ExportError
from ..format import Array, Chain, LayerRecord
from ..format.numbers import TRANSFORM_SIZES, is_transform_size

#: The values of a window of `size` samples, by name.
WINDOWS: dict[str, Callable[[int], Array]] = {
    "sqrt_hann": lambda size: np.sin(np.pi * np.arange(size) / size),
    "hann": lambda size: np.sin(np.pi * np.arange(size) / size) ** 2,
    "vorbis": lambda size: np.sin(np.pi / 2 * np.sin(np.pi * (np.arange(size) + 0.5) / size) ** 2),
    "ones": np.ones,
}
_HOPS = 32  # of a check


@dataclass(frozen=True)
class Transform:
    """Frames of n_fft samples, one every `hop`, times `window`; and back, times `back`, where frames are added up."""

    n_fft: int
    hop: int
    window: Array
    back: Array

    @staticmethod
    def of(given: Mapping[str, Any]) -> Transform:
        """From n_fft, hop, and a window's name or its values. Raises ExportError."""
        unknown = set(given) - {"n_fft", "hop", "window"}
        if unknown or "n_fft" not in given:
            raise ExportError(f"stft: expected n_fft, hop and window, found {', '.join(map(str, given)) or 'nothing'}")
        n_fft = given["n_fft"]
        hop = given.get("hop", n_fft // 2 if isinstance(n_fft, int) else None)
        if not is_transform_size(n_fft):
            raise ExportError(f"stft: expected an n_fft of {TRANSFORM_SIZES}, found {n_fft}")
        if not isinstance(hop, int) or not 0 < hop <= n_fft:
            raise ExportError(f"stft: expected a hop from 1 to n_fft, found {hop}")
        name = given.get("window", "sqrt_hann")
        if isinstance(name, str):
            if name not in WINDOWS:
                raise ExportError(f"stft: expected a window of {', '.join(WINDOWS)}, found {name!r}")
            window = WINDOWS[name](n_fft)
        else:
            window = np.asarray(name, np.float64)
            if window.shape != (n_fft,):
                raise ExportError(f"stft: expected a window of {n_fft} values, found the shape {list(window.shape)}")
        sums = np.zeros(hop)
        np.add.at(sums, np.arange(n_fft) % hop, window**2)
        if sums.min() < 1e-6 * sums.max():
            raise ExportError(
                f"stft: a hop of {hop} leaves samples out with this window; expected a shorter one, such as {n_fft // 2}"
            )
        return Transform(n_fft, hop, window, window / sums[np.arange(n_fft) % hop])

    @property
    def samples(self) -> int:
        """Samples that a check has at least."""
        return self.n_fft + _HOPS * self.hop

    def order(self, shape: Sequence[int], name: str) -> Array:
        """Where re(0), im(0), re(1), ... are in a frame of this shape. Raises ExportError."""
        bins = self.n_fft // 2 + 1
        wide = [size for size in shape if size != 1]
        if wide not in ([bins, 2], [2, bins]):
            raise ExportError(
                f"stft: expected {name!r} with an axis of {bins} bins for n_fft={self.n_fft}, and one of 2, the real and"
                f" the imaginary part; it has the shape {list(shape)}"
            )
        return np.arange(2 * bins) if wide[0] == bins else np.arange(2 * bins).reshape(2, bins).T.ravel()

    def around(self, layers: Chain, order: Array, order_after: Array) -> list[LayerRecord]:
        """The layers with the transforms before and after them."""
        first, last = (
            LayerRecord(kind, {"samples": self.n_fft}, {"window": window.astype(np.float32)})
            for kind, window in (("rfft", self.window), ("irfft", self.back))
        )
        chain = [first, *_gather(np.argsort(order)), *layers, *_gather(order_after), last]
        return [LayerRecord("overlap_add", {"window": self.n_fft, "hop": self.hop}, chains={"layers": [chain]})]

    def frames(self, signal: Array, order: Array) -> Array:
        """The spectra of a signal [samples], in the order of a graph. Frame m ends with the last sample of hop m."""
        late = np.concatenate([np.zeros(self.n_fft - self.hop), signal])
        starts = range(0, len(signal) - self.hop + 1, self.hop)
        spectra = np.fft.rfft(np.stack([late[at : at + self.n_fft] for at in starts]) * self.window)
        return np.stack([spectra.real, spectra.imag], -1).reshape(len(spectra), -1)[:, np.argsort(order)]

    def added(self, frames: Array, order: Array, samples: int) -> Array:
        """The signal of spectra, n_fft - 1 samples late."""
        parts = frames[:, order].reshape(len(frames), -1, 2)
        made = np.fft.irfft(parts[..., 0] + 1j * parts[..., 1], self.n_fft) * self.back
        sums = np.zeros(samples + self.n_fft)
        for at, frame in enumerate(made):
            end = (at + 1) * self.hop - 1
            sums[end : end + self.n_fft] += frame
        return sums[:samples]


def _gather(numbers: Array) -> list[LayerRecord]:
    if (np.diff(numbers) == 1).all():
        return []
    options = {"in": len(numbers), "out": len(numbers)}
    return [LayerRecord("gather", options, {"index": numbers.astype(np.float64)})]
