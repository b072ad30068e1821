"""Each refusal names the child, what was found, what is supported and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

import inlay
from inlay import load_torch


PAD = nn.ConstantPad1d
REFUSED = {
    "2 (Conv2d): this kind of module is not supported, only nn.Sequential, Linear": nn.Sequential(
        nn.Linear(1, 1), nn.Tanh(), nn.Conv2d(1, 1, 1)
    ),
    "forward() is made of these; for layers on spectra use inlay.torch.SpectralNetwork": nn.Sequential(
        nn.Linear(1, 1), nn.Conv2d(1, 1, 1)
    ),
    "1.0 (Transformer": nn.Sequential(
        nn.Tanh(), nn.Sequential(nn.TransformerEncoderLayer(4, 1, 4))
    ),
    "1 (CELU): this kind of module is not supported": nn.Sequential(nn.Linear(1, 4), nn.CELU()),
    "1 (GroupNorm): a normalisation by the statistics of all frames, those of the future as well, is"
    " not supported, only by those of the channels of each frame; make each frame an": nn.Sequential(
        nn.Conv1d(1, 4, 1), nn.GroupNorm(2, 4)
    ),
    "1 (InstanceNorm1d): a normalisation by the statistics of all frames is not supported, only by"
    " fixed ones, or by those of the channels of each frame; use BatchNorm1d, or": nn.Sequential(
        nn.Conv1d(1, 4, 1), nn.InstanceNorm1d(4)
    ),
    "1 (LayerNorm): normalized_shape=(100, 4) is not supported, only the channels, as a stream has"
    " no number of frames; normalise over the last axis of": nn.Sequential(
        nn.Linear(1, 4), nn.LayerNorm((100, 4))
    ),
    "1 (LayerNorm): eps: expected at least 1.17549435e-38, as silence has no variance, found 0": (
        nn.Sequential(nn.Linear(1, 4), nn.LayerNorm(4, eps=0.0))
    ),
    "1 (LayerNorm): takes 3 channels, but is given 4": nn.Sequential(
        nn.Linear(1, 4), nn.LayerNorm(3)
    ),
    "the module (RNNCell): this kind of module": nn.RNNCell(1, 1),
    "the module has no layer": nn.Sequential(nn.Dropout()),
    "padding=(4,) is not supported, only padding that adds no frames, or whose frames are cropped at"
    " the end; use padding='same', whose latency is 2, or put nn.ConstantPad1d((4, 0), 0.0)": (
        nn.Conv1d(1, 1, 3, dilation=2, padding=4)
    ),
    "padding=(5,) is not supported": nn.Conv1d(1, 1, 3, dilation=2, padding=5),
    "0 (ConstantPad1d): padding=(2, 1), value=0.0 is not supported, only zeros on the left, or as"
    " many on both sides as the next layer looks over": (
        nn.Sequential(PAD((2, 1), 0.0), nn.Conv1d(1, 1, 3))
    ),
    "0 (ConstantPad1d): padding=(2, 0), value=1.0 is not": nn.Sequential(
        PAD((2, 0), 1.0), nn.Conv1d(1, 1, 3)
    ),
    "0 (ConstantPad1d): padding=(5, 0) is not supported, only what makes 1 (Conv1d), or the layers up"
    " to the output, causal; use (4, 0)": nn.Sequential(PAD((5, 0), 0.0), nn.Conv1d(1, 1, 3, dilation=2)),
    "0 (ConstantPad1d): padding by itself is not supported, only right before a Conv1d": (
        nn.Sequential(PAD((2, 0), 0.0), nn.Tanh(), nn.Linear(1, 1))
    ),
    "1 (ConstantPad1d): padding by itself": nn.Sequential(nn.Linear(1, 1), PAD((2, 0), 0.0)),
    "2 (LSTM): a start delayed by the unpadded 0 (Conv1d) is not supported, only a start at the"
    " first frame, as in a stream; put nn.ConstantPad1d((2, 0), 0.0) before 0 (Conv1d)": nn.Sequential(
        nn.Conv1d(1, 1, 3), nn.Tanh(), nn.LSTM(1, 1)
    ),
    "1 (RNN): a start delayed by the unpadded 0": nn.Sequential(nn.Conv1d(1, 1, 3), nn.RNN(1, 1)),
    "1 (ConstantPad1d): a start delayed by the unpadded 0": nn.Sequential(
        nn.Conv1d(1, 1, 3), PAD((1, 0), 0.0), nn.Conv1d(1, 1, 3)
    ),
    "0 (Conv1d): padding_mode='circular' is not supported, only zeros": nn.Sequential(
        nn.Conv1d(1, 1, 3, padding=2, padding_mode="circular")
    ),
    "2 (LSTM): a start delayed by 1 (Conv1d), which looks ahead, is not supported, only a start at"
    " the first frame, as in a stream; put nn.ConstantPad1d((2, 0), 0.0) before 1 (Conv1d) in place"
    " of its padding": nn.Sequential(
        nn.Linear(1, 1), nn.Conv1d(1, 1, 3, padding=1), nn.LSTM(1, 1)
    ),
    "1 (Upsample): a start delayed by 0 (ConvTranspose1d), which leaves out frames, is not": (
        nn.Sequential(
            nn.ConvTranspose1d(1, 1, 4, 2, padding=1), nn.Upsample(scale_factor=2, mode="linear")
        )
    ),
    "1 (Conv1d): a start delayed by the unpadded 0 (Conv1d)": nn.Sequential(
        nn.Conv1d(1, 1, 2), nn.Conv1d(1, 1, 4, stride=2)
    ),
    "the module (ConvTranspose1d): dilation=2 is not supported": (
        nn.ConvTranspose1d(1, 1, 4, 2, dilation=2)
    ),
    "the module (ConvTranspose1d): groups=2 is not supported": (
        nn.ConvTranspose1d(2, 2, 4, 2, groups=2)
    ),
    "1 (ConvTranspose1d): a start delayed by the unpadded 0 (Conv1d)": nn.Sequential(
        nn.Conv1d(1, 1, 3), nn.ConvTranspose1d(1, 1, 4, 2)
    ),
    "1 (MaxPool1d): padding=1 is not supported, only padding=0": nn.Sequential(
        nn.Linear(1, 1), nn.MaxPool1d(2, padding=1)
    ),
    "1 (MaxPool1d): dilation=2 is not supported": nn.Sequential(
        nn.Linear(1, 1), nn.MaxPool1d(2, dilation=2)
    ),
    "1 (MaxPool1d): ceil_mode=True is not supported": nn.Sequential(
        nn.Linear(1, 1), nn.MaxPool1d(2, ceil_mode=True)
    ),
    "1 (MaxPool1d): return_indices=True is not supported": nn.Sequential(
        nn.Linear(1, 1), nn.MaxPool1d(2, return_indices=True)
    ),
    "1 (Upsample): align_corners=True is not supported": nn.Sequential(
        nn.Linear(1, 1), nn.Upsample(scale_factor=2, mode="linear", align_corners=True)
    ),
    "1 (Upsample): mode='cubic' is not supported": nn.Sequential(
        nn.Linear(1, 1), nn.Upsample(scale_factor=2, mode="cubic")
    ),
    "1 (Upsample): size=None, scale_factor=1.5 is not supported": nn.Sequential(
        nn.Linear(1, 1), nn.Upsample(scale_factor=1.5)
    ),
    "1 (AvgPool1d): padding=1 is not supported": nn.Sequential(
        nn.Linear(1, 1), nn.AvgPool1d(2, padding=1)
    ),
    "1 (AvgPool1d): ceil_mode=True is not supported": nn.Sequential(
        nn.Linear(1, 1), nn.AvgPool1d(2, ceil_mode=True)
    ),
    "the module (LSTM): bidirectional=True is not supported": nn.LSTM(1, 1, bidirectional=True),
    "the module (GRU): bidirectional=True is not supported": nn.GRU(1, 1, bidirectional=True),
    "the module (RNN): bidirectional=True is not supported": nn.RNN(1, 1, bidirectional=True),
    "1 (Softmax): dim=1 is not supported, only a softmax over the channels; with signals laid out"
    " as NLC that is dim=-1": nn.Sequential(nn.Linear(1, 2), nn.Softmax(dim=1)),
    "1 (Softmax): dim=-1 is not supported, only a softmax over the channels; with signals laid out"
    " as NCL that is dim=1": nn.Sequential(nn.Conv1d(1, 2, 1), nn.Softmax(dim=-1)),
    "1 (Softmax): dim=None": nn.Sequential(nn.Linear(1, 2), nn.Softmax()),
    "the module (BatchNorm1d): track_running_stats=False is not": nn.BatchNorm1d(
        2, track_running_stats=False
    ),
    "1 (Linear): takes 2 channels, but is given 3": nn.Sequential(nn.Linear(1, 3), nn.Linear(2, 1)),
    "1 (RNN): takes 2 channels, but is given 3": nn.Sequential(nn.Linear(1, 3), nn.RNN(2, 1)),
    "1 (PReLU): takes 2 channels, but is given 3": nn.Sequential(nn.Linear(1, 3), nn.PReLU(2)),
    "does not say how many channels it takes; pass check_input": nn.Tanh(),
    "parameters are torch.float32, torch.float64; supported are all torch.float32 or all": (
        nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1).double())
    ),
    "parameters are torch.float16": nn.Linear(1, 1).half(),
    "uninitialised (lazy) parameters; run it once": nn.LazyLinear(2),
}

REFUSED_ARGUMENTS: dict[str, dict[str, Any]] = {
    "check_input: expected [frames, 2], found [9, 3]": {"check_input": np.zeros((9, 3))},
    "check_input: expected [frames, 2], found [9]": {"check_input": np.zeros(9)},
    "check_input: 5 frames are too few; the model's receptive field is 5": {
        "check_input": np.zeros((5, 2))
    },
    "check.input: holds NaN or infinite values": {"check_input": np.full((9, 2), np.nan)},
    "check_input: expected an array of numbers, [frames, channels], found the str 'x'": {
        "check_input": "x"
    },
    "check_input: expected an array of numbers, [frames, channels], found a list": {
        "check_input": [[1.0], [1.0, 2.0]]
    },
    "check_condition: expected an array of numbers, [frames, channels], found a dict": {
        "check_condition": {}
    },
    "sample_rate: expected a positive number of Hz, found the int 0": {"sample_rate": 0},
    "sample_rate: expected a positive number of Hz, found the str '48k'": {"sample_rate": "48k"},
    "tolerance: expected a positive number, found the float -1.0": {"tolerance": -1.0},
    "metadata: expected a dict, found a list": {"metadata": ["a name"]},
    "metadata: cannot be written as JSON": {"metadata": {"when": object()}},
    "metadata: cannot be written as JSON: Out of range": {"metadata": {"loss": float("nan")}},
}


@pytest.mark.parametrize("message", REFUSED)
def test_module_is_refused(message: str, tmp_path: Path) -> None:
    with pytest.raises(inlay.ExportError) as caught:
        inlay.export_torch(REFUSED[message], tmp_path / "model.json")
    assert message in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("message", REFUSED_ARGUMENTS)
def test_argument_is_refused(message: str, tmp_path: Path) -> None:
    module = nn.Conv1d(2, 1, 5)
    with pytest.raises(inlay.ExportError) as caught:
        inlay.export_torch(module, tmp_path / "model.json", **REFUSED_ARGUMENTS[message])
    assert message in str(caught.value)
    assert not list(tmp_path.iterdir())


NO_MODULES: dict[str, Any] = {
    "module: expected a torch.nn.Module, found the int 3": 3,
    "found None": None,
    "found the class Linear; make one of it: Linear(...)": nn.Linear,
    "found the str 'amp.pt'; inlay.load_torch() reads TorchScript": "amp.pt",
    "found a OrderedDict; for a state dict, make the module and": nn.Linear(1, 1).state_dict(),
}


@pytest.mark.parametrize("message", NO_MODULES)
def test_what_is_no_module_is_refused(message: str, tmp_path: Path) -> None:
    with pytest.raises(inlay.ExportError) as caught:
        inlay.export_torch(NO_MODULES[message], tmp_path / "model.json")
    assert message in str(caught.value)


def test_a_path_that_is_none_is_refused() -> None:
    message = "path: expected the file to write, a str or a path, found the int 3"
    with pytest.raises(inlay.ExportError, match=message):
        inlay.export_torch(nn.Linear(1, 1), 3)  # type: ignore[arg-type]
    with pytest.raises(inlay.ExportError, match=message):
        inlay.export_keras("model.keras", 3)  # type: ignore[arg-type]
    message = "source: expected a TorchScript file or package.module:factory, found the int 3"
    with pytest.raises(inlay.ExportError, match=message):
        load_torch(3)  # type: ignore[arg-type]


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    options = {"sample_rate": np.int64(48000), "tolerance": np.float32(1e-4)}
    inlay.export_torch(nn.Linear(1, 1), tmp_path / "model.json", **options)
    assert '"sample_rate": 48000,' in (tmp_path / "model.json").read_text()


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Linear(1, 2), nn.Linear(2, 1))
    nn.init.constant_(module[1].weight, float("inf"))
    with pytest.raises(
        inlay.ExportError, match=r"1 \(Linear\): weight with NaN or infinite values"
    ):
        inlay.export_torch(module, tmp_path / "model.json")


def test_a_negative_variance_is_refused(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Linear(1, 3), nn.BatchNorm1d(3, eps=1e-3))
    module[1].running_var[2] = -1.0
    message = (
        r"1 \(BatchNorm1d\): running_var\[2\]: expected a variance that with epsilon 0.001 is above"
        " 0, found -1"
    )
    with pytest.raises(inlay.ExportError, match=message):
        inlay.export_torch(module, tmp_path / "model.json")


def test_a_failed_export_leaves_the_file_and_the_module_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text("precious")
    module = nn.Linear(1, 1).train()
    with pytest.raises(inlay.ExportError):
        inlay.export_torch(module, path, metadata={"when": object()})
    assert path.read_text() == "precious"
    assert module.training
    assert list(tmp_path.iterdir()) == [path]


def test_a_parametrization_that_pytorch_ignores_is_refused(tmp_path: Path) -> None:
    layer = nn.LSTM(1, 3, batch_first=True)
    spectral_norm(layer, "weight_hh_l0")
    with torch.no_grad():
        layer.parametrizations.weight_hh_l0.original.mul_(2.0)
    used = zip(layer._flat_weights_names, layer._flat_weights)
    if all(torch.equal(getattr(layer, name), weight) for name, weight in used):
        pytest.skip("this version computes with it")
    with pytest.raises(inlay.ExportError, match="0 .*: a parametrization of weight_hh_l0,"):
        inlay.export_torch(nn.Sequential(layer, nn.Linear(3, 1)), tmp_path / "model.json")
