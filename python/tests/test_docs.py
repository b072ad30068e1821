"""The code and the examples in the documentation."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from inlay.check import reference
from inlay.format import read_model
from inlay.inspect.analysis import analyse


_NAMES = ("amp", "layers", "tcn", "wavenet", "driven", "filmed", "normalised")
_WRITTEN = {f"{name}.json" for name in _NAMES}


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)


def test_from_pytorch_runs(
    docs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = docs / "from-pytorch.md"
    monkeypatch.chdir(tmp_path)
    exec("\n".join(blocks(page, "python")), {})
    assert capsys.readouterr().out == "".join(blocks(page, "text"))
    assert {path.name for path in tmp_path.iterdir()} == _WRITTEN
    for path in tmp_path.iterdir():
        error, limit = reference.check_error(reference.load(path))
        assert error <= limit


def test_from_onnx_runs(docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnx")
    monkeypatch.chdir(tmp_path)
    exec("\n".join(blocks(docs / "from-onnx.md", "python")), {})
    root = reference.load(tmp_path / "amp.json")
    error, limit = reference.check_error(root)
    assert error <= limit
    assert [layer["type"] for layer in root["layers"]] == ["conv1d", "tanh", "conv1d"]


def test_state_spaces_runs(docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec("\n".join(blocks(docs / "state-spaces.md", "python")), {})
    error, limit = reference.check_error(reference.load(tmp_path / "compressor.json"))
    assert error <= limit


def test_spectra_runs(docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec("\n".join(blocks(docs / "spectra.md", "python")), {})
    error, limit = reference.check_error(reference.load(tmp_path / "denoiser.json"))
    assert error <= limit
    assert analyse(read_model(tmp_path / "denoiser.json").layers).latency == 511


def test_rave_runs(docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec("\n".join(blocks(docs / "rave.md", "python")), {})
    error, limit = reference.check_error(reference.load(tmp_path / "decoder.json"))
    assert error <= limit
    latency = analyse(read_model(tmp_path / "decoder.json").layers).latency
    (shown,) = re.findall("latency +([0-9]+) frames", (docs / "rave.md").read_text("utf-8"))
    assert latency == int(shown)


def test_file_format_example(docs: Path, tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    (example,) = blocks(docs / "file-format.md", "json")
    root = json.loads(example)
    jsonschema.validate(root, reference.load(docs / "inlay-model.schema.json"))
    assert reference.check_error(root)[0] == 0.0
    (tmp_path / "example.json").write_text(example)
    assert len(read_model(tmp_path / "example.json").layers) == 2
