"""Writes the layers of grey boxes of tests/golden/torch: filters, compressors, tables, equalisers.

    PYTHONPATH=python/src python3 tests/golden/grey_box.py

Seeds and signals are those of generate.py. Each layer is a module here, frame by frame in double precision.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

import manifest
from combinators import AppendCondition, Condition, ConditionedBy, FiLM, Ours, Plain, Seq, export, identity
from generate import FOLDER, Golden, files, seed
from inlay.format import LayerRecord


class Biquad(Ours):
    """Coefficients [channels, sections, 5], in direct form I, which inlay does not use."""

    def __init__(self, coefficients: list[list[list[float]]]) -> None:
        super().__init__()
        self.coefficients = np.array(coefficients)

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        y = x.detach().double().numpy().copy()
        for channel, sections in enumerate(self.coefficients):
            for section in sections:
                y[:, channel] = direct_form(y[:, channel], section)
        return torch.from_numpy(y).to(x.dtype)

    def record(self, channels: int) -> LayerRecord:
        options = {"size": channels, "sections": self.coefficients.shape[1]}
        return LayerRecord("biquad", options, {"coefficients": self.coefficients})


def direct_form(x: np.ndarray, section: np.ndarray) -> np.ndarray:
    """Coefficients of the whole signal, or of each frame."""
    b0, b1, b2, a1, a2 = np.broadcast_to(section, (len(x), 5)).T
    y = np.zeros_like(x)
    for t in range(len(x)):
        y[t] = b0[t] * x[t]
        if t > 0:
            y[t] += b1[t] * x[t - 1] - a1[t] * y[t - 1]
        if t > 1:
            y[t] += b2[t] * x[t - 2] - a2[t] * y[t - 2]
    return y


class OnePole(Ours):
    def __init__(self, rise: list[float], fall: list[float]) -> None:
        super().__init__()
        self.rise, self.fall = (np.array(a) for a in (rise, fall))

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        frames, y = [], np.zeros(x.shape[1])
        for frame in x.detach().double().numpy():
            a = np.where(frame > y, self.rise, self.fall)
            y = a * y + (1 - a) * frame
            frames.append(y)
        return torch.from_numpy(np.stack(frames)).to(x.dtype)

    def record(self, channels: int) -> LayerRecord:
        return LayerRecord("one_pole", {"size": channels}, {"rise": self.rise, "fall": self.fall})


class AmplitudeToDB(Ours):
    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        return 20 * torch.log10(torch.abs(x).clamp(min=1e-3))

    def record(self, channels: int) -> LayerRecord:
        return LayerRecord("amplitude_to_db", {"size": channels, "floor": 1e-3})


class DBToAmplitude(Ours):
    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        return 10 ** (x / 20)

    def record(self, channels: int) -> LayerRecord:
        return LayerRecord("db_to_amplitude", {"size": channels})


class GainComputer(Ours):
    def __init__(self, threshold: float, ratio: float, knee: float) -> None:
        super().__init__()
        self.numbers = {"threshold": threshold, "ratio": ratio, "knee": knee}

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        threshold, ratio, knee = self.numbers.values()
        slope, over = 1 / ratio - 1, x - threshold
        above = torch.where(over > knee / 2, slope * over, torch.zeros_like(x))
        if knee == 0:
            return above
        return torch.where(torch.abs(over) <= knee / 2, slope * (over + knee / 2) ** 2 / (2 * knee), above)

    def record(self, channels: int) -> LayerRecord:
        return LayerRecord("gain_computer", {"size": channels, **self.numbers})


class TableShaper(Ours):
    """Linear by numpy's interp, cubic by the Catmull-Rom matrix."""

    def __init__(self, low: float, high: float, values: list[float], interpolation: str) -> None:
        super().__init__()
        self.low, self.high, self.interpolation = low, high, interpolation
        self.values = np.array(values, np.float32).astype(np.float64)

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        given, points = x.detach().double().numpy(), len(self.values)
        if self.interpolation == "linear":
            y = np.interp(given, np.linspace(self.low, self.high, points), self.values)
        else:
            position = np.clip((given - self.low) / (self.high - self.low) * (points - 1), 0, points - 1)
            i = np.minimum(position.astype(int), points - 2)
            f = position - i
            # Points beyond the ends continue the line of the last two.
            first, last = 2 * self.values[0] - self.values[1], 2 * self.values[-1] - self.values[-2]
            p = np.concatenate([[first], self.values, [last]])
            a, b, c, d = (p[i + k] for k in range(4))
            y = b + f * (c - a + f * (2 * a - 5 * b + 4 * c - d + f * (3 * (b - c) + d - a))) / 2
        return torch.from_numpy(y).to(x.dtype)

    def record(self, channels: int) -> LayerRecord:
        options = {"size": channels, "points": len(self.values), "interpolation": self.interpolation}
        options |= {"low": self.low, "high": self.high}
        return LayerRecord("table_shaper", options, {"values": self.values})


class ParametricEqualizer(Ours):
    def __init__(self, bands: int, hop: int, sample_rate: float) -> None:
        super().__init__()
        self.bands, self.hop, self.sample_rate = bands, hop, sample_rate

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        given, y = condition.detach().double().numpy(), x.detach().double().numpy().copy()
        held = given[np.arange(len(x)) // self.hop * self.hop]
        for channel in range(y.shape[1]):
            for band in range(self.bands):
                shape = "low_shelf" if band == 0 else "high_shelf" if band == self.bands - 1 else "peak"
                sections = [cookbook(shape, *row, self.sample_rate) for row in held[:, 3 * band : 3 * band + 3]]
                y[:, channel] = transposed_form(y[:, channel], np.array(sections))
        return torch.from_numpy(y).to(x.dtype)

    def record(self, channels: int) -> LayerRecord:
        options = {"size": channels, "bands": self.bands, "hop": self.hop, "sample_rate": self.sample_rate}
        return LayerRecord("parametric_equalizer", options)


def transposed_form(x: np.ndarray, sections: np.ndarray) -> np.ndarray:
    """With coefficients of each frame, which give another signal than direct form I where they change."""
    y, s1, s2 = np.zeros_like(x), 0.0, 0.0
    for t, (b0, b1, b2, a1, a2) in enumerate(sections):
        y[t] = b0 * x[t] + s1
        s1 = b1 * x[t] - a1 * y[t] + s2
        s2 = b2 * x[t] - a2 * y[t]
    return y


def cookbook(shape: str, gain: float, frequency: float, q: float, sample_rate: float) -> list[float]:
    a, w = 10 ** (gain / 40), 2 * math.pi * frequency / sample_rate
    alpha, c = math.sin(w) / (2 * q), math.cos(w)
    if shape == "peak":
        b = [1 + alpha * a, -2 * c, 1 - alpha * a]
        d = [1 + alpha / a, -2 * c, 1 - alpha / a]
    else:
        k = 2 * math.sqrt(a) * alpha
        if shape == "low_shelf":
            b = [a * (a + 1 - (a - 1) * c + k), 2 * a * (a - 1 - (a + 1) * c), a * (a + 1 - (a - 1) * c - k)]
            d = [a + 1 + (a - 1) * c + k, -2 * (a - 1 + (a + 1) * c), a + 1 + (a - 1) * c - k]
        else:
            b = [a * (a + 1 + (a - 1) * c + k), -2 * a * (a - 1 + (a + 1) * c), a * (a + 1 + (a - 1) * c - k)]
            d = [a + 1 - (a - 1) * c + k, 2 * (a - 1 - (a + 1) * c), a + 1 - (a - 1) * c - k]
    return [*(n / d[0] for n in b), d[1] / d[0], d[2] / d[0]]


def equalizer(count: int) -> list[list[float]]:
    bands = [("low_shelf", 6.0, 120.0, 0.7), ("peak", -9.0, 350.0, 2.0), ("peak", 5.0, 1800.0, 1.0)]
    bands += [("peak", -4.0, 5000.0, 4.0), ("high_shelf", 8.0, 9000.0, 0.7), ("peak", 3.0, 60.0, 6.0)]
    return [cookbook(*bands[i % 6], 48000.0) for i in range(count)]


def controller(knobs: int, bands: int) -> list[nn.Module]:
    """Gains of +-12 dB, frequencies of 100 to 1200 Hz, Qs of 0.5 to 4.5, by a dense layer and a sigmoid."""
    return [nn.Linear(knobs, 3 * bands), nn.Sigmoid(), Affine([24.0, 1100.0, 4.0] * bands, [-12.0, 100.0, 0.5] * bands)]


class Affine(Ours):
    def __init__(self, scale: list[float], shift: list[float]) -> None:
        super().__init__()
        self.scale, self.shift = torch.tensor(scale), torch.tensor(shift)

    def forward(self, x: Tensor, condition: Condition = None) -> Tensor:
        return self.scale.to(x.dtype) * x + self.shift.to(x.dtype)

    def record(self, channels: int) -> LayerRecord:
        return LayerRecord("affine", {"size": channels}, {"scale": self.scale.numpy(), "shift": self.shift.numpy()})


def compressor() -> Seq:
    """Feed-forward: the gain is computed from the level, smoothed in dB, and made a factor."""
    gain = (AmplitudeToDB(), GainComputer(-24.0, 4.0, 6.0), OnePole([0.75], [0.25]), DBToAmplitude())
    return Seq(ConditionedBy(identity(), FiLM(1, *gain, Plain("scale", scale=2.0))))


def goldens() -> dict[str, tuple[Golden, int]]:
    """Each with the number of its side channels."""
    curve = [math.tanh(x / 4) + 0.1 * math.sin(x) for x in range(-8, 9)]
    return {
        "biquad_1_s5": (Golden(Seq(Biquad([equalizer(5)])), 1, frames=400), 0),
        "biquad_3_s1": (Golden(Seq(Biquad([[s] for s in equalizer(3)])), 3, frames=200), 0),
        "biquad_2_s11": (Golden(Seq(Biquad([equalizer(11)] * 2)), 2, frames=200), 0),
        "one_pole_3": (Golden(Seq(OnePole([0.5, 0.99, 0.0], [0.9, 0.99, 0.75])), 3), 0),
        "decibels_3": (Golden(Seq(AmplitudeToDB(), Plain("scale", scale=0.125)), 3, peak=6.0), 0),
        "gain_computer_3": (
            Golden(Seq(GainComputer(1.0, 4.0, 6.0), DBToAmplitude(), GainComputer(0.5, 0.5, 0.0)), 3, peak=12.0),
            0,
        ),
        "table_shaper_2": (Golden(Seq(TableShaper(-2.0, 2.0, curve, "linear")), 2, peak=3.0), 0),
        "table_shaper_2_cubic": (Golden(Seq(TableShaper(-2.0, 1.5, curve, "cubic")), 2, peak=3.0), 0),
        "compressor": (Golden(compressor(), 1, frames=200), 0),
        "parametric_equalizer_2_b3": (
            Golden(
                Seq(
                    ConditionedBy(
                        Seq(AppendCondition(2), Plain("slice", begin=2, out=2), *controller(2, 3)),
                        ParametricEqualizer(3, 48, 24000.0),
                    )
                ),
                4,
                frames=200,
            ),
            2,
        ),
        "grey_box": (
            Golden(
                Seq(
                    Biquad([equalizer(4)]),
                    TableShaper(-2.0, 2.0, curve, "cubic"),
                    ConditionedBy(
                        Seq(AppendCondition(2), *controller(3, 5)), ParametricEqualizer(5, 64, 48000.0)
                    ),
                ),
                3,
                frames=300,
            ),
            2,
        ),
    }


PURPOSES = {
    "biquad_1_s5": "five second-order sections",
    "biquad_3_s1": "one second-order section per channel",
    "biquad_2_s11": "more sections than are computed at once",
    "one_pole_3": "smoothing with coefficients for rising and falling values",
    "decibels_3": "amplitude to dB with a floor",
    "gain_computer_3": "compressor with a knee, dB to amplitude, expander without a knee",
    "table_shaper_2": "table with linear interpolation",
    "table_shaper_2_cubic": "table with cubic interpolation",
    "compressor": "network: a feed-forward compressor",
    "parametric_equalizer_2_b3": "equaliser whose parameters are made from two knobs",
    "grey_box": "network: filters, a table, an equaliser controlled by signal and knobs",
}


def main() -> None:
    if not manifest.only_manifest():
        sides = {name: side for name, (_, side) in goldens().items()}
        models = {name: golden for name, (golden, _) in goldens().items()}
        for path, module, samples in files(models):
            export(module, sides[path.name.split(".")[0]], path, samples)
    manifest.record(__file__, FOLDER, goldens(), PURPOSES, seed)


if __name__ == "__main__":
    main()
