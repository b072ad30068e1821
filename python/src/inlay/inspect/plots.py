"""Plots of a model: static curve, step response, and the spectrogram of a sweep, which shows
harmonics and aliasing."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..check.reference import Signal, evaluate
from ..errors import ExportError
from .opened import Opened

_ASSUMED_RATE = 48000.0
_SINE_HZ = 50.0
_LEVELS = (0.1, 0.3, 1.0)
_SWEEP_SECONDS = 1.0
_SWEEP_LEVEL = 0.5
_WINDOW = 1024
_HOP = 256
_DECIBELS = 100.0


def plot_model(opened: Opened, path: str | os.PathLike[str], title: str) -> None:
    """Draws a model into a .png, .svg or .pdf file.

    The first input is driven and the first output is drawn. All other inputs and the side channels
    are held at their mean in the check. Raises ExportError if matplotlib is missing or does not
    know the file's ending.
    """
    figure_of, canvas_of = matplotlib()
    figure = figure_of(figsize=(13, 4.2), constrained_layout=True)
    canvas_of(figure)
    subject = _Subject(opened)
    step, curve, sweep = figure.subplots(1, 3)
    _draw_curve(curve, subject)
    _draw_step(step, subject)
    _draw_sweep(figure, sweep, subject)
    assumed = "" if opened.model.sample_rate else " (assumed)"
    figure.suptitle(f"{title}, {subject.rate_in:g} Hz{assumed}")
    try:
        figure.savefig(path, dpi=120)
    except ValueError as error:
        raise ExportError(f"{os.fspath(path)}: {error}") from error


def matplotlib() -> tuple[Callable[..., Any], Callable[..., Any]]:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ExportError("plot needs matplotlib, which is not installed") from error
    return Figure, FigureCanvasAgg


@dataclass(frozen=True)
class _Subject:
    """A model with one input and one output."""

    opened: Opened

    @property
    def rate_in(self) -> float:
        return float(self.opened.model.sample_rate or _ASSUMED_RATE)

    @property
    def rate_out(self) -> float:
        return self.rate_in * float(self.opened.analysis.rate)

    def settled(self) -> int:
        """The frames of silence after which a model is at rest, or nearly so."""
        reach = self.opened.analysis.receptive_field
        return int(0.1 * self.rate_in) if reach is None else reach

    def __call__(self, x: Signal) -> Signal:
        """The first output for a signal at the first input."""
        check = self.opened.model.check
        others = np.tile(check.input.mean(0), (len(x), 1)).astype(np.float64)
        others[:, 0] = x
        condition = None
        if check.condition is not None:
            condition = np.tile(check.condition.mean(0), (len(x), 1)).astype(np.float64)
        with np.errstate(all="ignore"):
            output: Signal = evaluate(self.opened.root["layers"], others, condition)[:, 0]
        if not np.isfinite(output).all():
            raise ExportError("the model gives NaN or infinite values, which cannot be drawn")
        return output


def _draw_curve(axes: Any, subject: _Subject) -> None:
    """Output over input for one period of a slow sine. A model with memory gives a loop."""
    axes.set_title(f"Static curve, sine of {_SINE_HZ:g} Hz")
    axes.set_xlabel("input")
    axes.set_ylabel("output")
    axes.grid(alpha=0.3)
    if not subject.opened.analysis.one_to_one:
        axes.text(0.5, 0.5, "none: not one frame out\nfor each in", ha="center", va="center")
        return
    period = max(8, round(subject.rate_in / _SINE_HZ))
    before = -(-subject.settled() // period) * period
    sine = np.sin(2 * np.pi * np.arange(before + period) / period)
    late = subject.opened.analysis.latency
    for level in reversed(_LEVELS):
        x = level * sine
        y = subject(np.concatenate([x, x[: late + 1]]))[late:]
        axes.plot(x[-period:], y[before : before + period], label=f"amplitude {level:g}")
    axes.legend()


def _draw_step(axes: Any, subject: _Subject) -> None:
    """The response to a step from 0 to half of full scale."""
    axes.set_title("Step of 0.5")
    axes.set_xlabel("time (ms)")
    axes.set_ylabel("output")
    axes.grid(alpha=0.3)
    before = subject.settled()
    reach = subject.opened.analysis.receptive_field
    after = int(0.02 * subject.rate_in) if reach is None else max(64, 2 * reach)
    step = np.concatenate([np.zeros(before), np.full(after, 0.5)])
    y = subject(step)
    time = np.arange(len(y)) / subject.rate_out - before / subject.rate_in
    shown = time >= -0.1 * after / subject.rate_in
    axes.plot(1000 * time[shown], y[shown])


def _draw_sweep(figure: Any, axes: Any, subject: _Subject) -> None:
    """The spectrogram of a sweep: rising lines are harmonics, falling lines are aliases."""
    top = subject.rate_in / 2
    axes.set_title(f"Sweep of amplitude {_SWEEP_LEVEL:g}, 0 to {top / 1000:g} kHz")
    axes.set_xlabel("frequency of the input (kHz)")
    axes.set_ylabel("frequency of the output (kHz)")
    time = np.arange(int(_SWEEP_SECONDS * subject.rate_in)) / subject.rate_in
    sweep = _SWEEP_LEVEL * np.sin(np.pi * top / _SWEEP_SECONDS * time**2)
    levels = _spectrogram(subject(sweep))
    image = axes.imshow(
        levels.T,
        origin="lower",
        aspect="auto",
        extent=(0, top / 1000, 0, subject.rate_out / 2000),
        vmin=levels.max() - _DECIBELS,
        vmax=levels.max(),
        cmap="magma",
    )
    figure.colorbar(image, ax=axes, label="level (dB of full scale)")


def _spectrogram(y: Signal) -> npt.NDArray[np.float64]:
    """The spectrogram in decibels, [frames, frequencies]. A sine of amplitude 1 is at 0 dB."""
    y = np.pad(y, (0, max(0, _WINDOW - len(y))))
    window = np.hanning(_WINDOW)
    starts = range(0, len(y) - _WINDOW + 1, _HOP)
    frames = np.stack([y[start : start + _WINDOW] * window for start in starts])
    amplitudes = np.abs(np.fft.rfft(frames, axis=1)) * 2 / window.sum()
    return np.asarray(20 * np.log10(np.maximum(amplitudes, 1e-12)))
