"""The code in docs/from-keras.md, except what needs Keras itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_docs import blocks

from inlay.check import reference

h5py = pytest.importorskip("h5py")
import keras_models as fake
from test_keras_export import Maker, Model, T, lstm_amp


def save_what_the_page_has(folder: Path) -> Model:
    """Saves the files that the examples of the page read."""
    m = Maker()
    amp = m.chain([T, T, 1], m.recurrent("LSTM", 1, 20), m.dense(20, 1))
    fake.save_keras3(amp, folder / "amp.keras")
    fake.save_keras2(lstm_amp(), folder / "amp.h5")
    with h5py.File(folder / "amp.weights.h5", "w") as file:
        fake.save_container(file, amp, names=True)
    config = {"class_name": "Sequential", "config": amp.get_config()}
    (folder / "config.json").write_text(json.dumps(config))
    same = Model([T, T, 1], [m.conv1d((3, 1, 4), padding="same")])
    fake.save_keras3(same, folder / "same.keras")
    return amp


def test_from_keras_runs(
    docs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = docs / "from-keras.md"
    monkeypatch.chdir(tmp_path)
    code = {"amp": save_what_the_page_has(tmp_path)}
    exec("\n".join(code for code in blocks(page, "python") if "import keras" not in code), code)
    assert capsys.readouterr().out == "".join(blocks(page, "text"))
    written = {"amp.json", "from-h5.json", "from-config.json"}
    assert written <= {path.name for path in tmp_path.iterdir()}
    for name in written:
        error, limit = reference.check_error(reference.load(tmp_path / name))
        assert error <= limit
