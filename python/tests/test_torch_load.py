"""load_torch: modules from TorchScript files and from factories."""

from __future__ import annotations

from pathlib import Path
from typing import Optional, Tuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import inlay
from inlay.check import reference
from inlay.torch.export import load_torch

FACTORY = """
from torch import nn
import torch

class Amp(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(1, 3, batch_first=True)
        self.dense = nn.Linear(3, 1)

    def forward(self, x):
        return self.dense(self.gru(x)[0]) + x

def broken():
    raise RuntimeError("no such luck")

def text():
    return "amp"

ready = nn.Tanh()
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "amps_for_a_test.py").write_text(FACTORY)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def types(path: Path) -> list[str]:
    root = reference.load(path)
    error, limit = reference.check_error(root)
    assert error <= limit
    return [layer["type"] for layer in root["layers"]]


def test_factory_and_weights(package: Path) -> None:
    amp = load_torch("amps_for_a_test:Amp")
    nn.init.constant_(amp.dense.bias, 0.75)
    torch.save(amp.state_dict(), package / "weights.pt")
    again = load_torch("amps_for_a_test:Amp", package / "weights.pt")
    assert float(again.dense.bias) == 0.75
    inlay.export_torch(again, package / "amp.json")
    assert types(package / "amp.json") == ["residual"]
    assert isinstance(load_torch("amps_for_a_test:ready"), nn.Tanh)


LAYERS = {
    "sequential": lambda: nn.Sequential(
        *(nn.Conv1d(1, 2, 3, dilation=2, bias=False), nn.Tanh(), nn.LeakyReLU(0.3), nn.PReLU()),
        *(nn.Softplus(2, 8), nn.BatchNorm1d(2, eps=0.1), nn.Dropout(), nn.GELU("tanh")),
        nn.Sequential(nn.Hardtanh(-2.0, 1.0), nn.ELU(0.5), nn.Softmax(1), nn.ReLU6()),
    ),
    "pools": lambda: nn.Sequential(
        *(nn.ConstantPad1d((2, 0), 0.0), nn.Conv1d(1, 2, 3), nn.MaxPool1d(2), nn.AvgPool1d(2)),
        *(nn.ConvTranspose1d(2, 1, 4, 4), nn.Identity(), nn.Softsign()),
    ),
    "glu": lambda: nn.Sequential(nn.Linear(1, 4), nn.GLU()),
    "lstm": lambda: nn.LSTM(1, 2, 2, batch_first=True),
    "gru": lambda: nn.GRU(1, 2, bias=False),
    "rnn": lambda: nn.RNN(1, 2, nonlinearity="relu"),
}


@pytest.mark.parametrize("name", LAYERS)
def test_torchscript_is_what_it_was_made_of(name: str, tmp_path: Path) -> None:
    module = LAYERS[name]().eval()
    torch.jit.save(torch.jit.script(module), tmp_path / "module.pt")
    inlay.export_torch(module, tmp_path / "plain.json")
    inlay.export_torch(load_torch(str(tmp_path / "module.pt")), tmp_path / "script.json")
    types(tmp_path / "script.json")
    assert (tmp_path / "script.json").read_text() == (tmp_path / "plain.json").read_text()
    inlay.export_torch(torch.jit.script(module), tmp_path / "direct.json")
    assert (tmp_path / "direct.json").read_text() == (tmp_path / "plain.json").read_text()


class ScriptedAmp(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(1, 4, batch_first=True)
        self.dense = nn.Linear(4, 1)
        self.gain = nn.Parameter(torch.rand(1))

    def forward(
        self, x: Tensor, state: Optional[Tensor] = None, mix: float = 0.5
    ) -> Tuple[Tensor, Tensor]:
        y, state = self.gru(x, state)
        if x.shape[-1] == 1 and not self.training:
            y = self.dense(y) * self.gain
        return y + mix * x, state


class ScriptedBlock(nn.Module):
    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(4, 8, 3, dilation=dilation)
        self.residual, self.skip = nn.Conv1d(4, 4, 1), nn.Conv1d(4, 2, 1)
        self.past = 2 * dilation

    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        a, b = self.conv(functional.pad(x, (self.past, 0))).chunk(2, dim=1)
        z = torch.tanh(a) * torch.sigmoid(b)
        return x + self.residual(z), self.skip(z)


class ScriptedWaveNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(1, 4, 1)
        self.blocks = nn.ModuleList([ScriptedBlock(dilation) for dilation in (1, 2, 4)])
        self.last = nn.Sequential(nn.ReLU(), nn.Conv1d(2, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        skips = torch.zeros_like(x[:, :2])
        for block in self.blocks:
            x, skip = block(x)
            skips = skips + skip
        return self.last(skips)


class ScriptedTcn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.shortcut = nn.Conv1d(1, 4, 3), nn.Conv1d(1, 4, 1)
        self.dense = nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = functional.leaky_relu(self.conv(x), 0.2)
        y = y + self.shortcut(x)[:, :, -y.shape[2] :]
        return self.dense(y.transpose(1, 2)).permute(0, 2, 1)


class ScriptedCausal(nn.Conv1d):
    def forward(self, x: Tensor) -> Tensor:
        past = (self.kernel_size[0] - 1) * self.dilation[0]
        return self._conv_forward(functional.pad(x, (past, 0)), self.weight, self.bias)


@pytest.mark.parametrize(
    "module", [ScriptedAmp(), ScriptedWaveNet(), ScriptedTcn(), ScriptedCausal(1, 3, 3)]
)
def test_a_forward_in_torchscript_is_what_it_was(module: nn.Module, tmp_path: Path) -> None:
    torch.jit.save(torch.jit.script(module), tmp_path / "module.pt")
    inlay.export_torch(module, tmp_path / "plain.json")
    script = load_torch(str(tmp_path / "module.pt"))
    inlay.export_torch(script, tmp_path / "script.json")
    types(tmp_path / "script.json")
    assert (tmp_path / "script.json").read_text() == (tmp_path / "plain.json").read_text()


class ScriptedSpectrum(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.fft.irfft(torch.fft.rfft(x))


class ScriptedCosine(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cos(x)


REFUSED_SCRIPTS = {
    "the module (TorchScript ScriptedSpectrum): aten::fft_rfft, line": ScriptedSpectrum(),
    "the module (TorchScript ScriptedCosine): torch.cos is not supported": ScriptedCosine(),
    "1 (TorchScript CELU): this kind of module": nn.Sequential(
        nn.Linear(1, 4), nn.CELU()
    ),
}


@pytest.mark.parametrize("message", REFUSED_SCRIPTS)
def test_torchscript_is_refused(message: str, tmp_path: Path) -> None:
    script = torch.jit.script(REFUSED_SCRIPTS[message])
    signal = np.linspace(-1, 1, 40, dtype=np.float32)[:, np.newaxis]
    with pytest.raises(inlay.ExportError) as caught:
        inlay.export_torch(script, tmp_path / "model.json", check_input=signal)
    assert message in str(caught.value)


def test_a_traced_layer_has_forgotten_its_options(tmp_path: Path) -> None:
    module = torch.jit.trace(nn.Sequential(nn.LeakyReLU(0.3)), torch.zeros(1, 4, 1))
    with pytest.raises(inlay.ExportError, match=r"0 \(TorchScript LeakyReLU\): a traced layer"):
        inlay.export_torch(module, tmp_path / "model.json")


SOURCES = {
    "no/such/file.pt": "no such file; give a TorchScript file, or package.module:factory",
    "no_such_package_anywhere:make": "cannot be imported: No module named",
    "amps_for_a_test:Ampere": "cannot be imported: module 'amps_for_a_test' has no attribute",
    "amps_for_a_test:broken": "cannot be called without arguments: RuntimeError('no such luck')",
    "amps_for_a_test:text": "gives a str, not a torch.nn.Module",
    "torch.nn:Linear": "cannot be called without arguments: TypeError",
}


@pytest.mark.parametrize("source", SOURCES)
def test_source_is_refused(source: str, package: Path) -> None:
    with pytest.raises(inlay.ExportError) as caught:
        load_torch(source)
    assert str(caught.value).startswith(source)
    assert SOURCES[source] in str(caught.value)


def test_files_of_another_kind_are_refused(package: Path) -> None:
    torch.save(nn.Linear(1, 1).state_dict(), package / "weights.pt")
    with pytest.raises(inlay.ExportError, match="not a TorchScript file"):
        load_torch(str(package / "weights.pt"))
    with pytest.raises(inlay.ExportError, match="not the weights of amps_for_a_test:Amp"):
        load_torch("amps_for_a_test:Amp", package / "weights.pt")
    (package / "text.pt").write_text("text")
    with pytest.raises(inlay.ExportError, match="not a TorchScript file"):
        load_torch(str(package / "text.pt"))
    with pytest.raises(inlay.ExportError, match="not the weights of"):
        load_torch("amps_for_a_test:Amp", package / "text.pt")
