"""Models in the shapes of published projects: which are exported, to what, and why others are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import inlay
import published
from inlay.check import reference
from inlay.format import read_model
from inlay.inspect.analysis import analyse
from test_cpp import PROGRAM, load_all
from test_torch_forward import exported, shape_of

Make = Callable[[], nn.Module]

# For each model: how it is called, (N, C, L), (N, L, C), (L, N, C) or (N, L), and its layers.
FILM = "film(dense relu dense relu dense relu dense)"
GATE = "gate(tanh | sigmoid)"
EXPORTED: dict[str, tuple[Make, str, str]] = {
    "Automated-GuitarAmpModelling, LSTM": (published.SimpleRNN, "LNC", "residual(lstm dense)"),
    "Automated-GuitarAmpModelling, GRU": (
        lambda: published.SimpleRNN(kind="GRU", skip=0),
        "LNC",
        "gru dense",
    ),
    "Automated-GuitarAmpModelling, RecNet": (
        lambda: published.RecNet("LSTM", "GRU", skip=1),
        "LNC",
        "residual(residual(lstm dense) residual(gru dense))",
    ),
    "Automated-GuitarAmpModelling, GatedConvNet": (published.GatedConvNet, "LNC", ""),
    "Proteus with knobs": (
        lambda: published.SimpleRNN(3),
        "LNC",
        "parallel(lstm dense | slice)",
    ),
    "AIDA-X, ConvSimpleRNN": (
        published.ConvSimpleRNN,
        "LNC",
        "conv1d silent_until conv1d silent_until conv1d silent_until parallel(gru dense | slice)",
    ),
    "AIDA-X, a clipper before": (
        lambda: published.CubicClipRNN(1, 0x00),
        "LNC",
        "hardtanh rational gru dense",
    ),
    "AIDA-X, a clipper behind": (
        lambda: published.CubicClipRNN(2, 0x01),
        "LNC",
        "gru dense parallel(hardtanh rational | hardtanh rational)",
    ),
    "AIDA-X, a clipper beside": (lambda: published.CubicClipRNN(2, 0x11), "LNC", ""),
    "Neural Amp Modeler, WaveNet": (published.NamWaveNet, "NL", ""),
    "Neural Amp Modeler, gated": (lambda: published.NamWaveNet("gated"), "NL", ""),
    "Neural Amp Modeler, blended, with FiLM and head": (
        lambda: published.NamWaveNet("blended", film=True, head=True),
        "NL",
        "",
    ),
    "Neural Amp Modeler, LSTM": (published.NamLSTM, "NL", "lstm lstm dense"),
    "Neural Amp Modeler, ConvNet": (
        published.NamConvNet,
        "NL",
        3 * "conv1d batchnorm1d tanh " + "conv1d",
    ),
    "Neural Amp Modeler, Linear": (published.NamLinear, "NL", "conv1d"),
    "micro-tcn, causal": (lambda: published.MicroTcn(True), "NCL+", ""),
    "micro-tcn": (lambda: published.MicroTcn(False), "NCL+", ""),
    "micro-tcn, LSTM": (published.MicroLstm, "NCL+", "append_condition lstm dense tanh"),
    "steerable-nafx": (
        published.SteerableTcn,
        "NCL",
        " ".join(3 * ["parallel(conv1d prelu | conv1d conv1d)"]),
    ),
    "steerable-nafx with knobs": (
        lambda: published.SteerableTcn(2),
        "NCL+",
        " ".join(3 * ["parallel(conv1d film(dense) prelu | conv1d conv1d)"]),
    ),
    "NablAFx, TCN": (published.NablConvolutions, "NCL", ""),
    "NablAFx, TCN with FiLM": (
        lambda: published.NablConvolutions(cond_type="film", num_controls=2),
        "NCL-",
        "",
    ),
    "NablAFx, GCN": (lambda: published.NablConvolutions(gated=True), "NCL", ""),
    "NablAFx, GCN with FiLM": (
        lambda: published.NablConvolutions(gated=True, cond_type="film", num_controls=2),
        "NCL-",
        "",
    ),
    "NablAFx, LSTM": (
        published.NablLstm,
        "NCL",
        "parallel(conv1d tanh | residual(lstm dense)) tanh",
    ),
    "NablAFx, LSTM with knobs": (
        lambda: published.NablLstm(2),
        "NCL-",
        "parallel(conv1d tanh | residual(append_condition lstm dense)) tanh",
    ),
    "NablAFx, S4": (published.NablS4, "NCL", ""),
    "NablAFx, S4 with FiLM": (lambda: published.NablS4("film", 2), "NCL-", ""),
    "NablAFx, S4 with TFiLM": (lambda: published.NablS4("tfilm"), "NCL", ""),
    "NablAFx, S4 with TFiLM and knobs": (lambda: published.NablS4("tfilm", 2), "NCL-", ""),
    "NablAFx, S4 with TinyTFiLM and knobs": (lambda: published.NablS4("ttfilm", 2), "NCL-", ""),
    "NablAFx, S4 with TVFiLM": (lambda: published.NablS4("tvfilm"), "NCL", ""),
    "NablAFx, S4 with TVFiLM and knobs": (lambda: published.NablS4("tvfilm", 2), "NCL-", ""),
    "NablAFx, grey box": (
        published.NablGreyBox,
        "NCL",
        "scale dense scale sine dense sine dense scale",
    ),
    "NablAFx, grey box with knobs": (lambda: published.NablGreyBox(2), "NCL-", ""),
    "NablAFx, equalizer, gain, offset, response, low-pass": (
        lambda: published.NablProcessors(
            (published.NablEqualizer(), "static"),
            (published.NablGain(), "static"),
            (published.NablOffset(), "static"),
            (published.NablFunction(), ""),
            (published.NablResponse(), ""),
            (published.NablLowpass(clamp=False), "static"),
        ).double(),
        "NCL",
        4 * "biquad hardtanh " + "affine dense scale sine dense sine dense conv1d biquad",
    ),
    "NablAFx, compressor": (
        lambda: published.NablProcessors(
            (published.NablEqualizer(), "static"),
            (published.NablGain(), "dynamic"),
            (published.NablEqualizer(clamp=False), "static"),
            (published.NablGain(), "static"),
        ).double(),
        "NCL",
        "",
    ),
    "NablAFx, distortion with knobs": (
        lambda: published.NablProcessors(
            (published.NablEqualizer("static-cond"), "static-cond"),
            (published.NablGain(), "static-cond"),
            (published.NablOffset(), "dynamic-cond"),
            (published.NablFunction(published.Rational()), ""),
            (published.NablEqualizer("static-cond", clamp=False), "static-cond"),
            (published.NablLowpass(), "static"),
            num_controls=2,
        ).double(),
        "NCL-",
        "",
    ),
    "a study, S4D": (lambda: published.StudyModel(inlay.torch.S4D(4)), "NLC+", ""),
    "a study, LRU": (lambda: published.StudyModel(inlay.torch.LRU(4, 6, 4)), "NLC+", ""),
    "a study, S4D by FFT": (
        lambda: published.StudyModel(published.Dssm(4), transposed=True),
        "NLC+",
        "dense s4d dense tanh film(dense) dense gate(identity | softsign) dense",
    ),
    "a study, a gain of the input": (
        lambda: published.StudyModel(nn.LSTM(4, 4, batch_first=True), times_input=True),
        "NLC+",
        "",
    ),
}


def laid_out(samples: Tensor, layout: str) -> Tensor:
    """Samples [frames, channels] as the module takes them."""
    plain = layout.rstrip("+-")
    if plain == "NL":
        return samples.T
    return samples.unsqueeze(1) if plain == "LNC" else _batched(samples, plain == "NCL")


def _batched(samples: Tensor, channels_first: bool) -> Tensor:
    return (samples.T if channels_first else samples)[None]


@pytest.mark.parametrize("name", EXPORTED)
def test_is_exported_as_it_is(name: str, tmp_path: Path) -> None:
    """Beside the file's check: a signal of another length, from where the module's zeros are past."""
    make, layout, shape = EXPORTED[name]
    torch.manual_seed(len(name))
    module = make()
    knobs = torch.tensor([[0.3, 0.8]])
    options = {"check_condition": knobs} if layout[-1] in "+-" else {}
    root = exported(module, tmp_path, **options)
    if shape:
        assert shape_of(root["layers"]) == shape
    if PROGRAM.exists():
        double = ["--double"] * (next(module.parameters()).dtype == torch.float64)
        assert load_all([tmp_path / "model.json"], *double) == ["ok"]
    frames = 1000
    samples = torch.randn(frames, root["check"]["input"]["shape"][1]) / 2
    samples = samples.to(next(module.parameters()).dtype)
    knobs = knobs.to(samples.dtype)
    given = [laid_out(samples, layout)]
    if options:
        given.append(knobs[None] if layout[-1] == "+" else knobs)
    if hasattr(module, "hidden"):
        module.hidden = None
    with torch.no_grad():
        made = module.eval()(*given)
    made = made[0] if isinstance(made, tuple) else made
    expected = made.numpy().reshape(-1, 1)
    condition = np.tile(knobs.numpy().astype(float), (frames, 1)) if options else None
    found = reference.evaluate(root["layers"], samples.numpy().astype(float), condition)
    found = found[root["check"]["skip"] :]
    late = analyse(read_model(tmp_path / "model.json").layers).latency
    expected = expected[: len(expected) - late][-len(found) :]
    assert np.abs(found - expected).max() < 1e-5 * max(1.0, float(np.abs(expected).max()))


REFUSED: dict[str, tuple[Make, dict[str, Any]]] = {
    "the module (ClippedRNN), line ": (published.ClippedRNN, {}),
    "torch.gt is not supported": (published.ClippedRNN, {}),
    "pad=(7, 7) is not supported, only zeros on the left": (
        lambda: published.NablConvolutions(causal=False),
        {},
    ),
    "padding=(14, 0) is not supported, only what makes blocks.0.conv (Conv1d)": (
        lambda: published.NablConvolutions(cond_type="tfilm"),
        {},
    ),
    "cond_nn (NablTVFiLMCond): a signal with zeros in front that are padded for several layers": (
        lambda: published.NablConvolutions(cond_type="tvfilm"),
        {},
    ),
    "lstm (LSTM): a start delayed by cond_nn (NablTVFiLMCond), which waits for blocks,": (
        lambda: published.NablLstm(time_varying=True),
        {},
    ),
    "a filter whose controls change from block to block is not supported": (
        lambda: published.NablProcessors((published.NablLowpass("dynamic"), "dynamic")),
        {},
    ),
    "a filter whose controls come of knobs is not supported, only ParametricEQ": (
        lambda: published.NablProcessors(
            (published.NablLowpass("static-cond"), "static-cond"), num_controls=2
        ),
        {"check_condition": [[0.3, 0.8]]},
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_is_refused(message: str, tmp_path: Path) -> None:
    make, options = REFUSED[message]
    with pytest.raises(inlay.ExportError) as caught:
        inlay.export_torch(make(), tmp_path / "model.json", **options)
    assert message in str(caught.value)
