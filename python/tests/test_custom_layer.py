"""Layers of the user: exported from PyTorch, shown, verified, and written as C++."""

from __future__ import annotations

import json
import runpy
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import REPOSITORY
from test_codegen import RUN, compiled, constants
from torch import Tensor, nn

import inlay
from inlay import custom
from inlay.check import reference
from inlay.cli import main
from inlay.cpp.codegen import generate
from inlay.format import read_model
from inlay.format.layer_types import REGISTERED

EXAMPLE = REPOSITORY / "examples" / "custom_layer"


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Removes the layers that a test registered."""
    registries: list[dict[Any, Any]] = [custom.LAYERS, custom.MODULES, REGISTERED]
    before = [dict(registry) for registry in registries]
    yield
    for registry, kept in zip(registries, before):
        registry.clear()
        registry.update(kept)


@pytest.fixture
def delay_type() -> Any:
    return runpy.run_path(str(EXAMPLE / "fractional_delay.py"))["FractionalDelay"]


def with_weights(layers: list[Any], delay_type: Any) -> nn.Sequential:
    """The network of echoes.json with its weights."""
    send, delay, _, mix = layers
    made = nn.Sequential(
        nn.Linear(1, 4), delay_type(delay["size"], delay["longest"]), nn.Tanh(), nn.Linear(4, 1)
    )
    for module, layer in ((made[0], send), (made[3], mix)):
        module.weight.data = torch.from_numpy(reference.tensor(layer["kernel"]).T).float()
        module.bias.data = torch.from_numpy(reference.tensor(layer["bias"])).float()
    made[1].delay.data = torch.from_numpy(reference.tensor(delay["delay"])).float()
    return made


def test_the_example_is_exported(delay_type: Any, tmp_path: Path) -> None:
    """The exported layers equal those of the C++ example's file, and the checks agree."""
    expected = reference.load(EXAMPLE / "echoes.json")
    signal = reference.tensor(expected["check"]["input"])
    module = with_weights(expected["layers"], delay_type)
    inlay.export_torch(module, tmp_path / "echoes.json", check_input=signal, tolerance=1e-6)
    found = reference.load(tmp_path / "echoes.json")
    assert found["layers"] == expected["layers"]
    assert found["check"]["input"] == expected["check"]["input"]
    outputs = [reference.tensor(root["check"]["output"]) for root in (found, expected)]
    assert np.abs(outputs[0] - outputs[1]).max() < 1e-6


@pytest.mark.parametrize("source", ["examples/custom_layer/fractional_delay.py", "own_layers"])
def test_commands_know_it(
    source: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    module = (EXAMPLE / "fractional_delay.py").read_text()
    (tmp_path / "own_layers.py").write_text(module)
    monkeypatch.chdir(tmp_path)
    layers = ["--layers", str(REPOSITORY / source) if "/" in source else source]
    echoes = str(EXAMPLE / "echoes.json")
    assert main(["info", echoes, *layers]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "receptive field  34 frames, 0.708 ms" in lines
    row = "[1] fractional_delay 4 -> 4 longest 32 4 4 16"
    assert row in [" ".join(line.split()) for line in lines]
    assert main(["verify", echoes, *layers]) == 0
    assert ": passed" in capsys.readouterr().out
    assert main(["codegen", echoes, "--name", "Echoes", *layers]) == 0
    text = capsys.readouterr().out
    assert '#include "fractional_delay.hpp"' in text
    assert "inlay::Dense<1, 4>, FractionalDelay<4, 32>, inlay::Tanh<4>," in " ".join(text.split())


def test_a_wrong_check_is_seen(delay_type: Any, tmp_path: Path) -> None:
    root = reference.load(EXAMPLE / "echoes.json")
    root["layers"][1]["delay"]["data"][1] += 0.01
    (tmp_path / "echoes.json").write_text(json.dumps(root))
    assert main(["verify", str(tmp_path / "echoes.json")]) == 1


def test_without_registration_it_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(EXAMPLE / "echoes.json")]) == 2
    error = capsys.readouterr().err
    assert "layers[1] (fractional_delay): unknown layer type" in error
    assert "inlay.register_layer()" in error


@pytest.mark.parametrize("source", ["no_such_layers", "no_such_layers.py"])
def test_layers_that_cannot_be_imported(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(EXAMPLE / "echoes.json"), "--layers", source]) == 2
    assert f"inlay: {source}: cannot be imported:" in capsys.readouterr().err


class Mixed(nn.Module):
    """A module that uses the layer in its forward()."""

    def __init__(self, delay: nn.Module) -> None:
        super().__init__()
        self.delay = delay

    def forward(self, x: Tensor) -> Tensor:
        return x + 0.5 * self.delay(x)


def test_it_stands_in_a_forward(delay_type: Any, tmp_path: Path) -> None:
    inlay.export_torch(Mixed(delay_type(2, 5)), tmp_path / "model.json")
    root = reference.load(tmp_path / "model.json")
    assert [layer["type"] for layer in root["layers"]] == ["residual"]
    error, limit = reference.check_error(root)
    assert error <= limit


def test_weights_become_arrays(delay_type: Any) -> None:
    text = generate(read_model(EXAMPLE / "echoes.json"), "Echoes", weights=True)
    assert "delay[4] = {0.0f, 7.25f, 18.5f, 32.0f};" in text


def test_the_header_compiles(delay_type: Any, tmp_path: Path) -> None:
    """The C++ type has the same properties as the analysis, and reproduces the check."""
    model = read_model(EXAMPLE / "echoes.json")
    header = generate(model, "Echoes", weights=True, check=True)
    shutil.copy(EXAMPLE / "fractional_delay.hpp", tmp_path)
    text = "#include <cmath>\n#include <iterator>\n" + header.replace("#pragma once", "")
    text += "#include <inlay/predict.hpp>\n" + constants("Echoes", model.layers) + RUN
    check = "echoes_weights::check"
    text += (
        "int main() {\nstatic Echoes model;\nif (!set_weights(model)) return 1;\n"
        f"return reproduces(model, {check}::input, {check}::input, {check}::output,"
        f" {check}::limit[0]) ? 0 : 2;\n}}\n"
    )
    assert subprocess.run([compiled("g++", text, tmp_path, "-O0")], check=False).returncode == 0


class Widening(nn.Module):
    """A layer with channels first, other output channels, and a number."""

    def __init__(self, gain: float = 2.0) -> None:
        super().__init__()
        self.gain = gain
        self.weight = nn.Parameter(torch.rand(1, 3))
        setattr(self, "in", 1)
        self.out = 3

    def forward(self, x: Tensor) -> Tensor:
        return self.gain * self.weight[0, :, None] * x


def register_widening(**options: Any) -> None:
    arguments: dict[str, Any] = {
        "evaluate": lambda x, weight, gain, **sizes: gain * x @ weight,
        "options": ("in", "out"),
        "numbers": ("gain",),
        "tensors": {"weight": "in out"},
        "channels_first": True,
    }
    inlay.register_layer("widening", **(arguments | options))(Widening)


def test_other_channels(tmp_path: Path) -> None:
    register_widening()
    inlay.export_torch(nn.Sequential(Widening(), nn.Linear(3, 2)), tmp_path / "model.json")
    root = reference.load(tmp_path / "model.json")
    assert (root["layers"][0]["in"], root["layers"][0]["out"]) == (1, 3)
    assert root["layers"][0]["gain"] == 2.0


class Shorter(Widening):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x)[..., 1:]


def test_refusals_in_a_network(tmp_path: Path) -> None:
    def refused(module: nn.Module) -> str:
        with pytest.raises(inlay.ExportError) as caught:
            inlay.export_torch(module, tmp_path / "model.json")
        return str(caught.value)

    register_widening()
    module = nn.Sequential(nn.Linear(1, 2), Widening())
    assert "1 (Widening): takes 1 channels, but is given 2" in refused(module)
    module = nn.Sequential(nn.Linear(1, 1), Widening())
    del module[1].gain
    assert "(Widening): a Widening without an attribute gain" in refused(module)
    module = nn.Sequential(nn.Linear(1, 1), Widening())
    module[1].out = 3.5
    assert "(Widening): out=3.5 is not supported, only an integer" in refused(module)
    register_widening(evaluate=lambda x, **rest: x)
    assert "widening: evaluate: expected [128, 3] values, found [128, 1]" in refused(
        nn.Sequential(Widening())
    )
    register_widening()
    inlay.register_layer(
        "shorter",
        evaluate=lambda x, **rest: x,
        options=("in", "out"),
        tensors={"weight": "in out"},
        channels_first=True,
    )(Shorter)
    assert "an output of shape [1, 3, 63] is not supported, only [1, 3, 64]" in refused(
        nn.Sequential(Shorter())
    )


REFUSED: dict[str, dict[str, Any]] = {
    "type: expected a name of small letters, digits and underscores, found the str 'My Layer'": {
        "type": "My Layer"
    },
    "type: inlay has a layer 'dense' already": {"type": "dense"},
    "evaluate: expected a function, found the int 3": {"evaluate": 3},
    "options: expected size, or in and out, among them": {"options": ("longest",)},
    "options: expected names of options other than type, stride": {"options": ("size", "stride")},
    "tensors: delay: expected extents made of size, found the str 'sizes'": {
        "tensors": {"delay": "sizes"}
    },
    "tensors: delay: expected a shape, such as 'size', found the int 4": {"tensors": {"delay": 4}},
}


@pytest.mark.parametrize("message", REFUSED)
def test_argument_is_refused(message: str) -> None:
    arguments: dict[str, Any] = {"type": "own", "evaluate": lambda x, **rest: x}
    with pytest.raises(inlay.ExportError) as caught:
        inlay.register_layer(**(arguments | REFUSED[message]))
    assert message in str(caught.value)


# Modules that compute a layer of inlay's own.


class CumulativeNorm(nn.Module):
    """The cLN of Conv-TasNet, on (batch, channels, frames)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.rand(1, channels, 1) + 0.5)
        self.bias = nn.Parameter(torch.rand(1, channels, 1))
        self.eps = 1e-8

    def forward(self, x: Tensor) -> Tensor:
        count = torch.arange(1, x.shape[2] + 1, dtype=x.dtype) * x.shape[1]
        mean = x.sum(1, keepdim=True).cumsum(2) / count
        variance = (x * x).sum(1, keepdim=True).cumsum(2) / count - mean**2
        return (x - mean) / torch.sqrt(variance + self.eps) * self.gain + self.bias


class Rational(nn.Module):
    """A Rational of the package rational_activations, for any number of channels."""

    def __init__(self, version: str) -> None:
        super().__init__()
        self.version = version
        self.numerator = nn.Parameter(torch.tensor([0.1, 1.0, 0.5, 0.25]))
        self.denominator = nn.Parameter(torch.tensor([0.5, -0.75]))

    def forward(self, x: Tensor) -> Tensor:
        over = sum(a * x**k for k, a in enumerate(self.numerator))
        terms = [b * x**k for k, b in enumerate(self.denominator, 1)]
        a = self.version == "A"
        return over / (1 + (sum(map(torch.abs, terms)) if a else torch.abs(sum(terms))))


class HandmadeRMSNorm(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(size) + 0.5)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.weight


def register_modules() -> None:
    inlay.register_module(
        "cumulative_norm",
        channels_first=True,
        size=lambda module: module.gain.numel(),
        epsilon="eps",
        gamma=lambda module: module.gain.flatten(),
        beta=lambda module: module.bias.flatten(),
    )(CumulativeNorm)
    inlay.register_module(
        "rational",
        numerator_degree=lambda module: len(module.numerator) - 1,
        denominator_degree=lambda module: len(module.denominator),
        numerator=lambda module: module.numerator[:, None],
        denominator=lambda module: module.denominator[:, None],
    )(Rational)
    inlay.register_module(
        "rms_norm", size=lambda module: len(module.weight), epsilon=1e-6, gamma="weight"
    )(HandmadeRMSNorm)


def test_modules_of_layers(tmp_path: Path) -> None:
    register_modules()
    module = nn.Sequential(
        *(nn.Conv1d(1, 4, 1), CumulativeNorm(4), nn.Linear(4, 3), Rational("A")),
        *(HandmadeRMSNorm(3), Rational("B")),
    )
    inlay.export_torch(module, tmp_path / "model.json")
    root = reference.load(tmp_path / "model.json")
    error, limit = reference.check_error(root)
    assert error <= limit
    types = "conv1d cumulative_norm dense rational rms_norm rational".split()
    assert [layer["type"] for layer in root["layers"]] == types
    assert [layer.get("version") for layer in root["layers"]][3::2] == ["A", "B"]


def test_a_module_that_computes_something_else(tmp_path: Path) -> None:
    inlay.register_module("rms_norm", size=3, epsilon=1e-6)(HandmadeRMSNorm)  # without its weight
    module = nn.Sequential(nn.Linear(1, 3), HandmadeRMSNorm(3))
    with pytest.raises(inlay.ExportError, match="give other numbers than the module"):
        inlay.export_torch(module, tmp_path / "model.json")
    assert not list(tmp_path.iterdir())


REFUSED_MODULES: dict[str, Any] = {
    "type: expected one of dense, conv1d,": lambda: inlay.register_module("residual"),
    "type: expected one of dense": lambda: inlay.register_module("norm"),
    "eps: expected one of size, epsilon, gamma, found": lambda: inlay.register_module(
        "rms_norm", eps=1e-6
    ),
}


@pytest.mark.parametrize("message", REFUSED_MODULES)
def test_registration_of_a_module_is_refused(message: str) -> None:
    with pytest.raises(inlay.ExportError) as caught:
        REFUSED_MODULES[message]()
    assert message in str(caught.value)
