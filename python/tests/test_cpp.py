"""Exported files in the C++ library, which loads a file only if it reproduces the check.

A file is loaded into the run-time model or, if that lacks a layer, into the type that
`inlay codegen` writes.

Needs the program load_models of tests/, at INLAY_LOAD_MODELS or where tests/run.sh builds it.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import REPOSITORY
from random_models import random_model
from test_codegen import compiled
from test_torch_centred import DECODERS, SAME_RATE

import inlay
from inlay.format import read_model
from inlay.cpp.codegen import generate
from inlay.inspect.analysis import analyse

PROGRAM = Path(os.environ.get("INLAY_LOAD_MODELS", REPOSITORY / "build/gcc/tests/load_models"))
KERAS = REPOSITORY / ".." / "shared" / "fixtures" / "keras"
FRAMES = 500

pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason="tests/load_models is not built")


def load_all(paths: list[Path], *options: str) -> list[str]:
    """One line for each file: "ok", or an error."""
    done = subprocess.run([PROGRAM, *options, *paths], capture_output=True, text=True, timeout=120)
    lines = done.stdout.splitlines()
    assert len(lines) == len(paths), done.stderr
    return lines


def refusals(lines: list[str], paths: list[Path]) -> list[str]:
    return [f"{path.name}: {line}" for path, line in zip(paths, lines) if line.startswith("wrong")]


def missing(lines: list[str], paths: list[Path]) -> list[Path]:
    """The files with a layer that the run-time model does not have."""
    return [path for path, line in zip(paths, lines) if line.startswith("missing")]


class Centred(torch.nn.Module):
    """Knobs that modulate what a centred convolution gives, which is late."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.film = torch.nn.Conv1d(1, 4, 5, padding=2), torch.nn.Linear(2, 8)
        self.last = torch.nn.Conv1d(6, 1, 1)

    def forward(self, x: torch.Tensor, knobs: torch.Tensor) -> torch.Tensor:
        scale, shift = self.film(knobs).unsqueeze(-1).chunk(2, 1)
        y = torch.tanh(self.conv(x) * scale + shift)
        return self.last(torch.cat([y, knobs.unsqueeze(-1).repeat(1, 1, x.shape[-1])], 1))


def test_knobs_go_with_a_late_signal(tmp_path: Path) -> None:
    path = tmp_path / "centred.json"
    inlay.export_torch(Centred(), path, check_condition=[[0.3, 0.8]])
    assert analyse(read_model(path).layers).latency == 2
    assert load_all([path]) == ["ok"]


def load_as_types(paths: list[Path], folder: Path) -> None:
    """Loads each file into its generated type, all in one translation unit."""
    text, calls = "#include <filesystem>\n#include <memory>\n", ""
    for number, path in enumerate(paths):
        header = generate(read_model(path), "Type", namespace=f"model{number}")
        (folder / f"model{number}.hpp").write_text(header)
        text += f'#include "model{number}.hpp"\n'
        calls += f"std::make_unique<model{number}::Type>()->load(std::filesystem::path({json.dumps(str(path))}));\n"
    program = compiled("g++", f"{text}int main() {{\n{calls}}}\n", folder, "-O0")
    done = subprocess.run([program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_facts_of_the_model() -> None:
    """`Model` and `inlay info` agree on reach, latency and multiply-accumulates of every golden model."""
    paths = sorted((REPOSITORY / "tests" / "golden" / "torch").glob("*.f32.json"))
    done = subprocess.run([PROGRAM, "--facts", *paths], capture_output=True, text=True, timeout=120)
    lines = done.stdout.splitlines()
    assert len(lines) == len(paths) > 100, done.stderr
    for path, line in zip(paths, lines):
        analysis = analyse(read_model(path).layers)
        receptive_field = -1 if analysis.receptive_field is None else analysis.receptive_field
        word, *facts = line.split()
        assert word == "ok", line
        assert [int(facts[i]) for i in (0, 1, 3)] == [receptive_field, analysis.latency, analysis.macs], path.name


def test_random_modules_of_pytorch(tmp_path: Path) -> None:
    """Random modules agree with PyTorch to 1e-5 over more than 500 frames, in frames and in buffers."""
    paths = []
    for seed in range(160):
        module, channels = random_model(seed)
        random = np.random.default_rng(seed)
        signal = random.uniform(-1, 1, (FRAMES, channels)).astype(np.float32)
        paths.append(tmp_path / f"seed_{seed}.json")
        try:
            inlay.export_torch(module, paths[-1], check_input=signal)
        except inlay.ExportError as error:
            if "check.output: holds NaN or infinite values" in str(error):  # an RNN with ReLU grows
                paths.pop()
                continue
            if "frames are too few" not in str(error):
                raise
            inlay.export_torch(module, paths[-1])
    assert len(paths) >= 158
    lines = load_all(paths)
    assert not refusals(lines, paths)
    assert lines.count("ok") >= 100
    load_as_types(missing(lines, paths)[:3], tmp_path)


@pytest.mark.parametrize("dtype, options", [(torch.float32, []), (torch.float64, ["--double"])])
def test_decoders_and_centred_layers(dtype: torch.dtype, options: list[str], tmp_path: Path) -> None:
    """From 1 to 256 samples for each frame of the latent, frame by frame and in buffers."""
    makers = {name: make for name, (make, *_) in [*DECODERS.items(), *SAME_RATE.items()]}
    paths = [tmp_path / f"{number}.json" for number in range(len(makers))]
    torch.manual_seed(0)
    for path, make in zip(paths, makers.values()):
        inlay.export_torch(make().to(dtype), path)
    assert dict(zip(makers, load_all(paths, *options))) == dict.fromkeys(makers, "ok")


@pytest.mark.skipif(not KERAS.exists(), reason="the files that Keras saved are not here")
@pytest.mark.parametrize("kind", ["keras", "h5"])
def test_what_keras_gave(kind: str, tmp_path: Path) -> None:
    """Files of Keras agree with Keras's own output, which replaces the reference's in the check."""
    pytest.importorskip("h5py")
    paths = []
    for source in sorted(KERAS.glob(f"*.{kind}")):
        run = json.loads((KERAS / f"{source.stem}.io.json").read_text())
        signal = np.asarray(run["input"], np.float32)
        path = tmp_path / f"{source.stem}.json"
        inlay.export_keras(source, path, check_input=signal.reshape(len(signal), -1))
        root = json.loads(path.read_text())
        output = np.asarray(run["output"], np.float32)
        assert root["check"]["output"]["shape"] == list(output.shape)
        root["check"]["output"]["data"] = output.ravel().tolist()
        root["check"]["tolerance"] = 1e-5
        path.write_text(json.dumps(root))
        paths.append(path)
    lines = load_all(paths)
    assert not refusals(lines, paths)
    load_as_types(missing(lines, paths), tmp_path)


def test_a_wrong_file_is_noticed(tmp_path: Path) -> None:
    module, _ = random_model(0)
    inlay.export_torch(module, tmp_path / "model.json")
    root = json.loads((tmp_path / "model.json").read_text())
    root["check"]["output"]["data"][5] += 1e-3
    (tmp_path / "model.json").write_text(json.dumps(root))
    assert load_all([tmp_path / "model.json"])[0].startswith("wrong")
