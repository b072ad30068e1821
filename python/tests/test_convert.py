"""Files of RTNeural, AIDA-X and Proteus: their conversion, and the refusal of damaged files."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from conftest import REPOSITORY
from other_files import damaged, numbers, proteus, rtneural, written

from inlay import ExportError
from inlay.check import reference
from inlay.other.export import export_json
from inlay.inspect.opened import open_model

FIXTURES = REPOSITORY.parent / "shared" / "fixtures"


def fixture(path: str) -> Path:
    if not (FIXTURES / path).exists():
        pytest.skip("the files of other libraries are not in the repository")
    return FIXTURES / path


def converted(source: Path, folder: Path, **options: Any) -> Any:
    export_json(source, folder / "model.json", **options)
    opened = open_model(folder / "model.json")
    error, limit = opened.error()
    assert error <= limit
    assert "reference in NumPy" in opened.model.check.source
    return opened.root


RTNEURAL = {
    "dense": ("dense_x_python.csv", "dense_y_python.csv"),
    "conv": ("conv_x_python.csv", "conv_y_python.csv"),
    "gru_1d": ("gru_1d_x_python.csv", "gru_1d_y_python.csv"),
    "lstm_1d": ("lstm_1d_x_python.csv", "lstm_1d_y_python.csv"),
    "lstm": ("lstm_x_python.csv", "lstm_y_python.csv"),
    "full_model": ("dense_x_python.csv", "full_model_y_computed.csv"),
}


@pytest.mark.parametrize("name", RTNEURAL)
def test_rtneural(name: str, tmp_path: Path) -> None:
    root = converted(fixture(f"rtneural/{name}.json"), tmp_path)
    x, y = (np.loadtxt(fixture(f"rtneural/{file}"), ndmin=2) for file in RTNEURAL[name])
    assert np.abs(reference.evaluate(root["layers"], x) - y).max() < 1e-6


def column(values: list[float]) -> reference.Signal:
    return np.array(values, np.float64)[:, np.newaxis]


DIALECTS = {"aida_x_lstm12": ["scale", "residual", "scale"], "proteus_lstm40": ["residual"]}


@pytest.mark.parametrize("name", DIALECTS)
def test_dialects(name: str, tmp_path: Path) -> None:
    root = converted(fixture(f"rtneural_dialects/{name}.json"), tmp_path)
    golden = json.loads(fixture(f"rtneural_dialects/{name}.golden.json").read_text())
    assert [layer["type"] for layer in root["layers"]] == DIALECTS[name]
    found = reference.evaluate(root["layers"], column(golden["input"]))
    assert np.abs(found - column(golden["output"])).max() < 1e-6


def test_every_layer_of_rtneural(tmp_path: Path) -> None:
    root = converted(written(rtneural(), tmp_path), tmp_path)
    types = "dense elu dense conv1d tanh batchnorm1d batchnorm1d prelu prelu prelu gru lstm softmax"
    assert [layer["type"] for layer in root["layers"]] == [*types.split(), "dense"]


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("inputs", [1, 3])
def test_proteus_is_what_pytorch_computes(kind: str, inputs: int, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    source = proteus(kind, inputs, levels=2)
    root = converted(written(source, tmp_path), tmp_path)
    state = {name: torch.tensor(value) for name, value in source["state_dict"].items()}
    recurrent = getattr(torch.nn, kind)(inputs, 3, 2, batch_first=True)
    linear = torch.nn.Linear(3, 1)
    for module, prefix in ((recurrent, "rec."), (linear, "lin.")):
        module.load_state_dict(
            {name[4:]: value for name, value in state.items() if name.startswith(prefix)}
        )
    x = np.random.default_rng(2).uniform(-1, 1, (64, inputs)).astype(np.float32)
    with torch.no_grad():
        y = linear(recurrent(torch.from_numpy(x)[None])[0])[0].numpy() + x[:, :1]
    signal, knobs = x[:, :1].astype(float), x[:, 1:].astype(float)
    assert np.abs(reference.evaluate(root["layers"], signal, knobs) - y).max() < 1e-5
    assert ("condition" in root["check"]) == (inputs > 1)


def test_a_file_that_fails_its_own_test_is_refused(tmp_path: Path) -> None:
    root = json.loads(fixture("rtneural_dialects/aida_x_lstm12.json").read_text())
    root["output_batch"][7] += 2e-4
    with pytest.raises(ExportError, match="output_batch: the network is off by 0.0002"):
        export_json(written(root, tmp_path), tmp_path / "model.json")


def test_sample_rates_and_names(tmp_path: Path) -> None:
    source = rtneural() | {"metadata": {"author": "me", "samplerate": 44100}}
    root = converted(written(source, tmp_path), tmp_path, metadata={"name": "an amp"})
    assert root["sample_rate"] == 44100
    assert root["metadata"] == {"author": "me", "samplerate": 44100, "name": "an amp"}
    root = converted(written(source | {"samplerate": "48000"}, tmp_path), tmp_path)
    assert root["sample_rate"] == 48000
    root = converted(written(source | {"samplerate": "48000"}, tmp_path), tmp_path, sample_rate=1)
    assert root["sample_rate"] == 1


def test_a_gain_that_is_too_low_is_silence(tmp_path: Path) -> None:
    root = converted(written(rtneural() | {"out_gain": -90.0}, tmp_path), tmp_path)
    assert root["layers"][-1] == {"type": "scale", "size": 2, "scale": 0.0}


def test_damaged_files(tmp_path: Path) -> None:
    """Files with one defect each are refused; files named valid are converted."""
    for path in fixture("malformed").glob("*.json"):
        if path.name.startswith("valid"):
            export_json(path, tmp_path / "model.json")
            continue
        with pytest.raises(ExportError):
            export_json(path, tmp_path / "damaged.json")


def layer(index: int, **changes: Any) -> Callable[[Any], Any]:
    return lambda root: root["layers"][index].update(changes)


def kernel(row: Any) -> Callable[[Any], Any]:
    def change(root: Any) -> None:
        root["layers"][0]["weights"][0][0] = row

    return change


REFUSED: dict[str, Callable[[Any], Any]] = {
    "layers[0].type: expected": layer(0, type="conv2d"),
    "layers[0].activation: expected": layer(0, activation="swish"),
    "layers[0].weights[0][0]: expected 4 numbers, found an array of 3": kernel([1, 2, 3]),
    "NaN is not a number in JSON": kernel([1, float("nan"), 3, 4]),
    "layers[0].weights[0][0][3]: expected a number in the range": kernel([1, 2, 3, 1e39]),
    "layers[0].weights[0][0][0]: expected a finite number, found true": kernel([True, 2, 3, 4]),
    "layers[0].weights: expected 1 or 2 arrays": layer(0, weights=[]),
    "layers[0].shape: expected an array that is not empty": layer(0, shape=[]),
    "layers[0].shape[0]: expected an integer": layer(0, shape=[4.5]),
    "layers[2].groups: expected a divisor of 4": layer(2, groups=3),
    "layers[2].strides: expected 1": layer(2, strides=[2]),
    "layers[2].kernel_size: missing": lambda root: root["layers"][2].pop("kernel_size"),
    "layers[3].shape[0]: expected 4, the channels of its input": layer(3, shape=[5]),
    "layers[3].epsilon: missing": lambda root: root["layers"][3].pop("epsilon"),
    "layers[3].weights[1][0]: expected a variance that with epsilon -5 is above 0, found 1": layer(
        3, epsilon=-5.0
    ),
    "layers[3].weights[1][2]: expected a variance that with epsilon 0.01 is above 0, found -3": (
        lambda root: root["layers"][3]["weights"].__setitem__(1, [1, 2, -3, 4])
    ),
    'layers[8].activation: expected "" or "tanh"': layer(8, activation="relu"),
    "unknown kind of file": lambda root: root.pop("in_shape"),
    "layers: expected at least one layer": lambda root: root["layers"].clear(),
    "in_skip: expected an integer from 0 to 1, found 2": lambda root: root.update(in_skip=2),
    "in_gain: expected 0 for a model of several": lambda root: root.update(in_gain=-6),
    "out_gain: expected a finite number": lambda root: root.update(out_gain="loud"),
    "samplerate: expected a sample rate": lambda root: root.update(samplerate="fast"),
    "an inlay model file already": lambda root: root.update(format="inlay"),
}


@pytest.mark.parametrize("message", REFUSED)
def test_refuses(message: str, tmp_path: Path) -> None:
    root = rtneural()
    REFUSED[message](root)
    with pytest.raises(ExportError) as caught:
        export_json(written(root, tmp_path), tmp_path / "model.json")
    assert message in str(caught.value)
    assert not (tmp_path / "model.json").exists()


REFUSED_PROTEUS: dict[str, Callable[[Any], Any]] = {
    "model_data.model: expected": lambda root: root["model_data"].update(model="GatedConvNet"),
    "model_data.unit_type: expected": lambda root: root["model_data"].update(unit_type="lstm"),
    "model_data.skip: expected": lambda root: root["model_data"].update(skip=2),
    "model_data.hidden_size: expected": lambda root: root["model_data"].update(hidden_size=0),
    "state_dict.rec.weight_ih_l0: expected 16 rows": lambda root: root["model_data"].update(
        hidden_size=4
    ),
    "state_dict.rec.weight_ih_l1: missing": lambda root: root["model_data"].update(num_layers=2),
    "state_dict.rec.bias_hh_l0: missing": lambda root: root["state_dict"].pop("rec.bias_hh_l0"),
    "state_dict.lin.bias: missing": lambda root: root["state_dict"].pop("lin.bias"),
    "state_dict.more: expected no tensor": lambda root: root["state_dict"].update(more=[1]),
    "model_data.output_size: expected 1": lambda root: (
        root["model_data"].update(output_size=2),
        root["state_dict"].update({"lin.weight": numbers(2, 3), "lin.bias": numbers(2)}),
    ),
}


@pytest.mark.parametrize("message", REFUSED_PROTEUS)
def test_refuses_proteus(message: str, tmp_path: Path) -> None:
    root = proteus()
    REFUSED_PROTEUS[message](root)
    with pytest.raises(ExportError) as caught:
        export_json(written(root, tmp_path), tmp_path / "model.json")
    assert message in str(caught.value)


@pytest.mark.parametrize("make", [rtneural, proteus])
def test_only_export_errors_come_of_damage(make: Callable[[], Any], tmp_path: Path) -> None:
    chance = random.Random(5)
    text = json.dumps(make())
    sources = [text[: chance.randrange(len(text))] for _ in range(20)]
    extras = {"in_skip": 1, "in_gain": 0, "out_gain": 1.5, "samplerate": 1, "metadata": {"a": 1}}
    for _ in range(200):
        root = make() | (extras if make is rtneural else {})
        sources.append(json.dumps(damaged(root, chance)))
    sources += ["", "[]", "null", "[" * 100000, "1" * 5000, '"\\ud800"']
    for source in sources:
        (tmp_path / "source.json").write_text(source)
        try:
            export_json(tmp_path / "source.json", tmp_path / "model.json")
            open_model(tmp_path / "model.json")
        except ExportError:
            pass
