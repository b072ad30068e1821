"""Modules of inlay.torch: what they export, and that evaluation and training compute the same."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from test_torch_forward import exported, shape_of
from torch import Tensor, nn

from inlay import ExportError
from inlay.check import reference
from inlay.torch import (
    Biquad,
    BlockControl,
    Compressor,
    ControlledEqualizer,
    GainComputer,
    OnePole,
    ParametricEqualizer,
    TableShaper,
)
from inlay.torch.grey_box import equalizer_sections

MODULES: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "biquad": (lambda: Biquad(2, 3), "biquad"),
    "equalizer": (lambda: ParametricEqualizer(5, 48000.0), "biquad"),
    "smoother": (lambda: OnePole(48000.0, 0.001, 0.01), "one_pole"),
    "one coefficient": (lambda: OnePole(48000.0, 0.001, channels=2), "one_pole"),
    "linear table": (lambda: TableShaper(9, interpolation="linear"), "table_shaper"),
    "cubic table": (lambda: TableShaper(9, -0.5, 0.75, channels=2), "table_shaper"),
    "gain computer": (lambda: GainComputer(0.0, 2.0, 0.5), "gain_computer"),
    "compressor": (
        lambda: Compressor(48000.0),
        "concat(identity | amplitude_to_db gain_computer one_pole db_to_amplitude scale)"
        " gate(identity | identity)",
    ),
    "chain": (
        lambda: nn.Sequential(ParametricEqualizer(3, 44100.0), TableShaper(), nn.Conv1d(1, 1, 1)),
        "biquad table_shaper conv1d",
    ),
}


@pytest.mark.parametrize("name", MODULES)
def test_exports_what_it_computes(name: str, tmp_path: Path) -> None:
    make, shape = MODULES[name]
    assert shape_of(exported(make().eval(), tmp_path)["layers"]) == shape


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ParametricEqualizer(1, 48000.0), "bands: expected an integer of at least 2, for a"),
        (lambda: ControlledEqualizer(1, 48000.0), "bands: expected"),
        (lambda: TableShaper(interpolation="spline"), "interpolation: expected cubic or linear, found"),
        (lambda: TableShaper(1), "points: expected an integer of at least 2, found the int 1"),
        (lambda: TableShaper(low=1.0, high=1.0), "high: expected a number above low, 1.0, found"),
        (lambda: BlockControl(1, 1, 0), "block: expected an integer of at least 1, found"),
        (lambda: GainComputer(knee=0.0), "knee: expected a number above 0, found the float 0.0"),
    ],
)
def test_arguments_are_checked(make: Callable[[], nn.Module], message: str) -> None:
    with pytest.raises(ExportError, match=re.escape(message)):
        make()


class Controlled(nn.Module):
    """Parameters of both the signal and the knobs."""

    def __init__(self) -> None:
        super().__init__()
        self.controller = nn.Sequential(nn.Conv1d(3, 9, 1), nn.Sigmoid())
        self.equalizer = ControlledEqualizer(3, 48000.0, hop=48)

    def forward(self, x: Tensor, knobs: Tensor) -> Tensor:
        y: Tensor = self.equalizer(x, self.controller(torch.cat([x, knobs], 1)))
        return y


def test_exports_an_equalizer_of_signal_and_knobs(tmp_path: Path) -> None:
    knobs = np.random.default_rng(1).uniform(0, 1, (512, 2)).astype(np.float32)
    root = exported(Controlled().eval(), tmp_path, check_condition=knobs)
    text = str(root["layers"])
    assert text.count("parametric_equalizer") == 1 and "'hop': 48" in text


class Modulated(nn.Module):
    """A TVFiLM: one control of the input and of knobs for two convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.control = BlockControl(1, 5, 16, knobs=2, layers=2)
        self.convs = nn.ModuleList([nn.Conv1d(1, 3, 3), nn.Conv1d(3, 3, 3, dilation=4)])
        self.adaptors = nn.ModuleList(nn.Conv1d(5, 6, 1) for _ in range(2))
        self.last = nn.Conv1d(3, 1, 1)

    def forward(self, x: Tensor, knobs: Tensor) -> Tensor:
        control = self.control(x, knobs)
        for conv, adaptor in zip(self.convs, self.adaptors):
            scale, shift = adaptor(control).chunk(2, 1)
            padded = nn.functional.pad(x, (2 * conv.dilation[0], 0))
            x = torch.tanh(conv(padded) * scale + shift)
        return self.last(x)


def test_controls_are_computed_once_a_block(tmp_path: Path) -> None:
    """One LSTM for both layers, and what is behind it runs with it."""
    layers = exported(Modulated(), tmp_path, check_condition=[[0.3, 0.8]])["layers"]
    source = "concat(slice abs | slice) block_control(lstm lstm dense)"
    body = "slice conv1d delay film(slice) tanh silent_until conv1d film(slice) tanh conv1d"
    assert shape_of(layers) == f"append_condition conditioned_by({source} | {body})"


@pytest.mark.parametrize(
    "module", [Biquad(1, 2), ParametricEqualizer(3, 8000.0), OnePole(48000.0, 0.001)], ids=str
)
def test_training_computes_what_evaluation_does(module: nn.Module) -> None:
    x = torch.randn(2, 1, 4000) * (torch.arange(4000) < 1000)
    with torch.no_grad():
        torch.testing.assert_close(module.train()(x), module.eval()(x), rtol=0, atol=2e-4)


def test_controls_of_the_first_frame_hold_in_training() -> None:
    ranges = {"frequency": (200.0, 3000.0), "q": (0.5, 2.0)}
    equalizer = ControlledEqualizer(3, 8000.0, ranges=ranges)
    x = torch.randn(2, 1, 2000) * (torch.arange(2000) < 500)
    controls = torch.rand(2, 9, 1).expand(-1, -1, 2000)
    torch.testing.assert_close(
        equalizer.train()(x, controls), equalizer.eval()(x, controls), rtol=0, atol=2e-4
    )


def test_coefficients_are_those_of_the_cookbook() -> None:
    rows = [[6.0, -9.0, 3.0], [90.0, 800.0, 5e3], [0.7, 2.0, 1.0]]
    gain, frequency, q = torch.tensor(rows, dtype=torch.float64)
    found = equalizer_sections(gain, 2 * math.pi * frequency / 48000, q)
    shapes = ("low_shelf", "peak", "high_shelf")
    wanted = [
        reference.band(shape, g, f / 48000, s)
        for shape, g, f, s in zip(shapes, gain.tolist(), frequency.tolist(), q.tolist())
    ]
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


def test_the_guide_runs(docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = (docs / "grey-box.md").read_text("utf-8")
    names: dict[str, object] = {}
    exec("\n".join(re.findall(r"^```python\n(.*?)^```", page, re.M | re.S)), names)
    error, limit = reference.check_error(reference.load(tmp_path / "overdrive.json"))
    assert error <= limit
    lfilter = names["LFilter"]([2.0, -1.0, 0.25], [1.0, 0.5, 0.0]).eval()  # type: ignore[operator]
    exported(lfilter, tmp_path)
