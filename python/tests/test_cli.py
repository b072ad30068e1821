"""The command `inlay`: its output and its exit status."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest
from conftest import REPOSITORY
from other_files import proteus, rtneural, written

from inlay.check import reference
from inlay.cli import main

PACKAGE = Path(__file__).parents[1] / "src"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A small model file."""
    path = tmp_path / "amp.json"
    source = written(rtneural() | {"samplerate": "48000"}, tmp_path)
    assert main(["export", str(source), "-o", str(path), "--name", "an amp"]) == 0
    return path


def changed(model: Path, change: Callable[[Any], Any]) -> Path:
    root = reference.load(model)
    change(root)
    path = model.with_name("changed.json")
    path.write_text(json.dumps(root))
    return path


def inlay(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "inlay", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(PACKAGE)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, **options)


def test_info(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(model)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "name             an amp" in lines
    assert "sample rate      48000 Hz" in lines
    assert "receptive field  unbounded (recurrent)" in lines
    (conv1d,) = (line for line in lines if "conv1d" in line)
    assert conv1d.split() == (
        "[3] conv1d 4 -> 4 kernel_size 3, dilation 2, groups 2 28 24 112".split()
    )
    assert lines[-1].split() == ["total", "268", "197", "1072"]


def test_info_for_machines(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json", str(model)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["sample_rate"], found["parameters"], found["macs"]) == (48000, 268, 197)
    assert (found["receptive_field"], found["latency"], found["rate"]) == (
        None,
        0,
        {"in": 1, "out": 1},
    )
    assert found["layers"][0]["tensors"] == {"kernel": [2, 4], "bias": [4]}
    assert found["layers"][0]["place"] == "layers[0]"
    assert sum(layer["parameters"] for layer in found["layers"]) == found["parameters"]


def test_verify(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(model)]) == 0
    assert "limit 1e-05: passed" in capsys.readouterr().out
    spoilt = changed(model, lambda root: root["check"]["output"]["data"].__setitem__(3, 0.9))
    assert main(["verify", str(spoilt)]) == 1
    assert "FAILED" in capsys.readouterr().out


@pytest.mark.parametrize(
    "name", ["keras/full", "torch/film.f64", "torch/down_up.f32", "torch/windowed.f32"]
)
def test_verify_golden_files(name: str) -> None:
    path = REPOSITORY / "tests" / "golden" / f"{name}.json"
    if not path.exists():
        pytest.skip("the golden files are only in the repository")
    assert main(["verify", str(path)]) == 0


DIFFERENCES: dict[str, Callable[[Any], Any]] = {
    "sample_rate: 48000.0, none": lambda root: root.pop("sample_rate"),
    "metadata.name: an amp, another": lambda root: root["metadata"].update(name="another"),
    "layers[1].alpha: 1.0, 0.5": lambda root: root["layers"][1].update(alpha=0.5),
    "layers[4].type: tanh, relu": lambda root: root["layers"][4].update(type="relu"),
    "layers[0].bias: only in the first": lambda root: root["layers"][0].pop("bias"),
    "layers[0].bias: 1 of 4 values, by 2 at most": lambda root: root["layers"][0]["bias"][
        "data"
    ].__setitem__(2, root["layers"][0]["bias"]["data"][2] + 2),
    "layers: 14 layers, 15 layers": lambda root: root["layers"].append(
        {"type": "residual", "layers": [{"type": "tanh", "size": 2}]}
    ),
    "check.tolerance: 1e-05, 0.001": lambda root: root["check"].update(tolerance=1e-3),
}


@pytest.mark.parametrize("line", DIFFERENCES)
def test_diff(line: str, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", str(model), str(model)]) == 0
    capsys.readouterr()
    assert main(["diff", str(model), str(changed(model, DIFFERENCES[line]))]) == 1
    assert capsys.readouterr().out == line + "\n"


def test_diff_of_layers_within_layers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = []
    for name, inputs in (("one", 2), ("other", 3)):
        source = written(proteus(inputs=inputs), tmp_path)
        paths.append(str(tmp_path / f"{name}.json"))
        assert main(["export", str(source), "-o", paths[-1]]) == 0
    capsys.readouterr()
    assert main(["diff", *paths]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "layers[0].layers[0].condition_size: 1, 2" in lines
    assert "layers[0].layers[1].kernel: shape [2, 12], [3, 12]" in lines


def test_codegen(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["codegen", str(model)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("// amp.json: generated by `inlay codegen`") and "#pragma once" in text
    assert "using Amp = " in text
    other = model.rename(model.with_name("2-my amp.json"))
    assert main(["codegen", str(other)]) == 0
    assert "using Model2MyAmp = " in capsys.readouterr().out
    model = other.rename(model)
    header = model.with_name("amp.hpp")
    options = ["--weights", "--namespace", "amps", "--backend", "LoopBackend"]
    assert main(["codegen", str(model), "--name", "Amp", *options, "-o", str(header)]) == 0
    assert capsys.readouterr().out == ""
    assert "bool set_weights(Amp& model) noexcept {" in header.read_text()


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_plot(ending: str, model: Path) -> None:
    pytest.importorskip("matplotlib")
    # At 2 kHz, so that a sweep of a second is short.
    slow = changed(model, lambda root: root.update(sample_rate=2000))
    image = model.with_suffix(f".{ending}")
    assert main(["plot", str(slow), "-o", str(image)]) == 0
    assert image.read_bytes()[:5] in (b"\x89PNG\r", b"<?xml")


@pytest.mark.parametrize("name", ["down_up", "film", "conv1d_3_20_k1_s4"])
def test_plots_of_other_networks(name: str, tmp_path: Path) -> None:
    """Networks of other rates, with several inputs, and with side channels."""
    pytest.importorskip("matplotlib")
    path = REPOSITORY / "tests" / "golden" / "torch" / f"{name}.f32.json"
    if not path.exists():
        pytest.skip("the golden files are only in the repository")
    assert main(["plot", str(path), "-o", str(tmp_path / "plot.png")]) == 0


def test_plot_without_matplotlib(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    assert main(["plot", str(model), "-o", "plot.png"]) == 2
    assert capsys.readouterr().err == "inlay: plot needs matplotlib, which is not installed\n"


BAD: dict[str, tuple[str, str]] = {
    "no JSON": ("{", "not a JSON file: Expecting property name"),
    "another format": ('{"layers": []}', 'not an inlay model file: it has no "format": "inlay"'),
    "another version": ('{"format": "inlay", "version": 2}', "version: expected 1, found 2"),
    "no check": ('{"format": "inlay", "version": 1}', "check: missing"),
    "an array": ("[]", "not an inlay model file"),
    "nothing": ("", "not a JSON file: Expecting value at line 1, column 1"),
    "not a number": ("[NaN]", "not a JSON file: NaN is not a number in JSON"),
    "nested without end": ("[" * 100000, "not a JSON file: nested too deeply"),
}


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("command", ["info", "verify", "codegen", "plot -o x.png"])
def test_bad_files(
    command: str, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, message = BAD[what]
    path = tmp_path / "bad.json"
    path.write_text(text)
    name, *options = command.split()
    assert main([name, str(path), *options]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"inlay: {path}: {message}") and error.count("\n") == 1


BAD_MEMBERS: dict[str, Callable[[Any], Any]] = {
    "author: unknown member": lambda root: root.update(author="me"),
    "layers[0]: expected a layer": lambda root: root["layers"].__setitem__(0, 1),
    "layers[0].type: missing": lambda root: root["layers"][0].pop("type"),
    "layers[0] (dense).out: 4.0 is not an integer": lambda root: root["layers"][0].update(out=4.0),
    "layers[0] (dense).in: True is not an integer": lambda root: root["layers"][0].update(
        {"in": True}
    ),
    "layers[0].kernel.data: expected 8 numbers": lambda root: root["layers"][0]["kernel"][
        "data"
    ].pop(),
    "layers[0].kernel.data: holds something": lambda root: root["layers"][0]["kernel"][
        "data"
    ].__setitem__(0, "1"),
    "layers[0].kernel.shape: [2, -4] is not": lambda root: root["layers"][0]["kernel"].update(
        shape=[2, -4]
    ),
    "layers[1] (elu).alpha: 'a' is not a finite number": lambda root: root["layers"][1].update(
        alpha="a"
    ),
    "layers[1].alpha: expected a value, found null": lambda root: root["layers"][1].update(
        alpha=None
    ),
    "check.dtype: 'float16'": lambda root: root["check"].update(dtype="float16"),
    "check.input: expected an object": lambda root: root["check"].update(input=[1]),
    "check.condition: expected 0 channels, found 1": lambda root: root["check"].update(
        condition={"shape": [128, 1], "data": [0] * 128}
    ),
    "check.output: 128 frames cannot come": lambda root: root["check"].update(skip=1),
    "sample_rate: expected a number": lambda root: root.update(sample_rate="48000"),
}


@pytest.mark.parametrize("message", BAD_MEMBERS)
def test_bad_members(message: str, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = changed(model, BAD_MEMBERS[message])
    capsys.readouterr()
    assert main(["info", str(path)]) == 2
    assert capsys.readouterr().err.startswith(f"inlay: {path}: {message}")


def test_prewarm_is_kept(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = changed(model, lambda root: root.update(prewarm=480))
    assert main(["verify", str(path)]) == 0
    assert main(["info", str(path)]) == 0
    assert "prewarm          480 frames, 10 ms" in capsys.readouterr().out
    assert main(["diff", str(model), str(path)]) == 1
    assert capsys.readouterr().out == "prewarm: 0, 480\n"


def test_a_check_has_to_be_longer_than_the_receptive_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signal = {"shape": [4, 1], "data": [0] * 4}
    check = {"source": "by hand", "dtype": "float32", "skip": 0, "stride": 1, "tolerance": 1e-5}
    delay = {"type": "delay", "size": 1, "frames": 4}
    root = {"format": "inlay", "version": 1, "layers": [delay]}
    path = written(root | {"check": check | {"input": signal, "output": signal}}, tmp_path)
    assert main(["verify", str(path)]) == 2
    assert "4 frames are not more than the receptive field of 5" in capsys.readouterr().err


EXPORTS = {
    "no such file": (["missing.json"], "missing.json: No such file or directory"),
    "no known kind": ([__file__], "unknown kind of file: expected Keras, TorchScript, ONNX or JSON"),
    "weights": (["{json}", "--weights", "w.h5"], "--weights goes with a Keras"),
    "state dict": (["{json}", "--state-dict", "w.pt"], "--state-dict goes with"),
    "sample rate": (["{json}", "--sample-rate", "0"], "0 is not a positive number of Hz"),
    "text for a sample rate": (
        ["{json}", "--sample-rate", "x"],
        "x is not a positive number of Hz",
    ),
    "no such folder": (["{json}", "-o", "/nowhere/amp.json"], "No such file or directory"),
}


@pytest.mark.parametrize("what", EXPORTS)
def test_what_cannot_be_exported(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, message = EXPORTS[what]
    source = str(written(rtneural(), tmp_path))
    given = [argument.replace("{json}", source) for argument in arguments]
    try:
        status = main(["export", "-o", str(tmp_path / "amp.json"), *given])
    except SystemExit as ended:
        status = int(ended.code or 0)
    assert status == 2
    error = capsys.readouterr().err
    assert error.startswith("inlay: ") and message in error and error.count("\n") == 1


def test_pytorch_and_keras_are_found_by_content(tmp_path: Path) -> None:
    """The right exporter is called. The exporters have tests of their own."""
    from inlay.export import _kind

    (tmp_path / "model").write_bytes(b"\x89HDF\r\n\x1a\n")
    assert _kind(str(tmp_path / "model")) == "keras"
    (tmp_path / "config").write_text(' {"class_name": "Sequential", "config": {}}')
    assert _kind(str(tmp_path / "config")) == "keras"
    assert _kind(str(written(proteus(), tmp_path))) == "json"
    assert _kind("package.module:factory") == "torch"


def test_as_a_program(model: Path) -> None:
    assert inlay("verify", model).returncode == 0
    spoilt = changed(model, lambda root: root["check"]["output"]["data"].__setitem__(3, 0.9))
    assert inlay("verify", spoilt).returncode == 1
    for arguments in (["verify", "missing"], ["what"], [], ["info"], ["plot", model]):
        ended = inlay(*arguments)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr.startswith("inlay: ") and ended.stderr.count("\n") == 1
    assert inlay("--help").returncode == 0


def test_a_broken_pipe_is_silent(model: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "inlay", "info", "--json", str(model)]
    environment = os.environ | {"PYTHONPATH": str(PACKAGE)}
    ended = subprocess.run(
        command, env=environment, stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert ended.stderr == b""


def test_the_documented_output(
    docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pages, example = [
        docs / "python.md",
        docs / "predict.md",
    ], REPOSITORY / "examples" / "amp" / "amp.json"
    if not pages[0].exists() or not example.exists():
        pytest.skip("the documents are only in the repository")
    (tmp_path / "amp.json").write_bytes(example.read_bytes())
    monkeypatch.chdir(tmp_path)
    text = "".join(page.read_text("utf-8") for page in pages)
    shown = re.findall(r"^```console\n\$ inlay (.*)\n((?s:.)*?)^```", text, re.M)
    assert len(shown) == 7
    for command, output in shown:
        assert main(shlex.split(command)) == 0
        assert capsys.readouterr().out == output
