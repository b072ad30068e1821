"""Modules that torch.fx cannot follow, and torch.jit.trace can: they ask for tensors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import inlay
import test_torch_published
from inlay.check import reference
from inlay.torch import forward as forward_module
from inlay.torch.place import Unfollowed
from inlay.torch.traced import TracedForward
from test_torch_forward import Conditioned, Lambda, exported, shape_of


@torch.jit.script
def fused_gate(a: Tensor, b: Tensor) -> Tensor:
    return torch.tanh(a) * torch.sigmoid(b)


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.utils.weight_norm(nn.Conv1d(2, 4, 3))
        self.act = nn.LeakyReLU(0.1)

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.conv(functional.pad(x, (2, 0))).chunk(2, 1)
        return self.act(fused_gate(a, b))


class Amp(nn.Module):
    """With a function in TorchScript, an LSTM that keeps its state, and a skip."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(1, 2, 1)
        self.layers = nn.ModuleList([Block(), Block()])
        self.lstm = nn.LSTM(2, 3, batch_first=True)
        self.last = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 1))
        self.hidden: Any = None

    def forward(self, x: Tensor) -> Any:
        assert isinstance(x, Tensor) and bool(torch.isfinite(x).all())
        y = self.first(x)
        for block in self.layers:
            y = block(y) + y
        made, self.hidden = self.lstm(y.transpose(1, 2), self.hidden)
        return self.last(made).transpose(1, 2) + x[:, :, -made.shape[1] :], self.hidden


def test_is_exported(tmp_path: Path) -> None:
    module = Amp()
    root = exported(module, tmp_path)
    block = "residual(conv1d gate(tanh | sigmoid) leaky_relu)"
    assert shape_of(root["layers"]) == f"residual(conv1d {block} {block} lstm dense tanh dense)"
    assert module.hidden is None and module.training
    x = torch.randn(1, 1, 333) / 2
    with torch.no_grad():
        expected = module.eval()(x)[0][0].T.numpy()
    found = reference.evaluate(root["layers"], x[0].T.numpy().astype(float))
    assert np.abs(found - expected).max() < 1e-5


def test_condition(tmp_path: Path) -> None:
    def filmed(s: Any, x: Tensor, knobs: Tensor) -> Tensor:
        assert isinstance(knobs, Tensor)
        a, b = s.film(knobs).unsqueeze(1).chunk(2, dim=-1)
        return s.last(torch.tanh(s.first(x) * a + b))

    module = Conditioned(
        filmed, first=nn.Linear(1, 3), film=nn.Linear(2, 6), last=nn.Linear(3, 1)
    )
    root = exported(module, tmp_path, check_condition=[[0.25, 0.75]])
    assert shape_of(root["layers"]) == "dense film(dense) tanh dense"


def test_a_batch_norm_is_left_as_it_was(tmp_path: Path) -> None:
    def forward(s: Any, x: Tensor) -> Tensor:
        assert isinstance(x, Tensor)
        return s.norm(s.conv(x))

    module = Lambda(forward, conv=nn.Conv1d(1, 2, 1), norm=nn.BatchNorm1d(2))
    exported(module, tmp_path)
    assert torch.equal(module.norm.running_mean, torch.zeros(2))


# Kinds of models whose traces have other operations than their code.
ALSO = [
    "Automated-GuitarAmpModelling, RecNet",
    "Neural Amp Modeler, LSTM",
    "micro-tcn, causal",
    "NablAFx, GCN with FiLM",
    "NablAFx, LSTM with knobs",
    "NablAFx, grey box with knobs",
    "a study, S4D by FFT",
]


@pytest.mark.parametrize("name", ALSO)
def test_gives_what_torch_fx_does(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow = forward_module.trace

    def fails(module: nn.Module, *others: Any) -> Any:
        if not isinstance(module, TracedForward):
            raise Unfollowed("not now")
        return follow(module, *others)

    monkeypatch.setattr(forward_module, "trace", fails)
    test_torch_published.test_is_exported_as_it_is(name, tmp_path)


def branch(x: Tensor) -> Tensor:
    return x if x.abs().max() > 100 else 2 * x


def kept_number(x: Tensor) -> Tensor:
    return x * x.mean().item()


def hidden_branch(x: Tensor) -> Tensor:
    assert isinstance(x, Tensor)
    return x if max(x.storage().tolist()) > 2 else 2 * x


def compared(x: Tensor) -> Tensor:
    assert isinstance(x, Tensor)
    return torch.where(x > 0, x, 2 * x)


REFUSED = {
    "the module (Lambda), line ": branch,
    "test_torch_traced.py: `return x if x.abs().max() > 100 else 2 * x`: control flow or a number that"
    " depends on the values of a signal is not supported, only what depends on its shape;": branch,
    "`return x * x.mean().item()`: control flow or a number that depends on": kept_number,
    "gives for a signal of another level or length what the exported layers do not": hidden_branch,
    "`return torch.where(x > 0, x, 2 * x)`: operator.gt is not supported": compared,
}


@pytest.mark.parametrize("message", REFUSED)
def test_is_refused(message: str, tmp_path: Path) -> None:
    function = REFUSED[message]
    module = Lambda(lambda s, x: function(s.dense(x)), dense=nn.Linear(1, 2, bias=False))
    nn.init.constant_(module.dense.weight, 0.9)
    with pytest.raises(inlay.ExportError) as caught:
        inlay.export_torch(module, tmp_path / "model.json")
    assert message in str(caught.value)
