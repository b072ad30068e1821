"""The model file: the schema, the round trip, refusals, and the golden files."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from networks import golden_networks

from inlay.check import reference
from inlay import ExportError
from inlay.format import Check, LayerRecord, ModelFile, read_model, write_model
from inlay.format.numbers import refused_number


@pytest.fixture(scope="session")
def schema(docs: Path) -> Any:
    jsonschema = pytest.importorskip("jsonschema")
    loaded = reference.load(docs / "inlay-model.schema.json")
    jsonschema.Draft202012Validator.check_schema(loaded)
    return jsonschema.Draft202012Validator(loaded)


def tensor(*shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(3).uniform(-1, 1, shape).astype(np.float32)


LAYERS = [
    LayerRecord("dense", {"in": 2, "out": 4}, {"kernel": tensor(2, 4), "bias": tensor(4)}),
    LayerRecord(
        "conv1d",
        {"in": 4, "out": 2, "kernel_size": 3, "dilation": 2, "groups": 2},
        {"kernel": tensor(3, 2, 2)},
    ),
    LayerRecord(
        "lstm",
        {"in": 2, "out": 3, "recurrent_activation": "hard_sigmoid"},
        {"kernel": tensor(2, 12), "recurrent_kernel": tensor(3, 12), "bias": tensor(12)},
    ),
    LayerRecord(
        "gru",
        {"in": 3, "out": 3, "reset_after": False, "recurrent_activation": "hard_sigmoid_keras2"},
        {"kernel": tensor(3, 9), "recurrent_kernel": tensor(3, 9), "bias": tensor(9)},
    ),
    LayerRecord(
        "gru",
        {"in": 3, "out": 3, "reset_after": True, "recurrent_activation": "sigmoid"},
        {"kernel": tensor(3, 9), "recurrent_kernel": tensor(3, 9), "bias": tensor(2, 9)},
    ),
    *(LayerRecord(name, {"size": 3}) for name in ("tanh", "sigmoid", "relu", "softmax")),
    *(LayerRecord(name, {"size": 3}) for name in ("hard_sigmoid", "hard_sigmoid_keras2")),
    *(LayerRecord(name, {"size": 3, "alpha": 0.3}) for name in ("leaky_relu", "elu")),
    *(LayerRecord("prelu", {"size": 3}, {"alpha": tensor(size)}) for size in (1, 3)),
    LayerRecord(
        "batchnorm1d", {"size": 3, "epsilon": 1e-3}, {"mean": tensor(3), "variance": tensor(3) ** 2}
    ),
    *(
        LayerRecord(
            "rnn",
            {"in": 3, "out": 3, "activation": name},
            {"kernel": tensor(3, 3), "recurrent_kernel": tensor(3, 3), "bias": tensor(3)},
        )
        for name in ("tanh", "relu")
    ),
    LayerRecord(
        "s4d",
        {"size": 3, "states": 2},
        {name: tensor(3, 2) for name in ("a_real", "a_imag", "c_real", "c_imag")} | {"d": tensor(3)},
    ),
    LayerRecord(
        "lru",
        {"in": 3, "states": 2, "out": 3},
        {"lambda_real": tensor(2), "lambda_imag": tensor(2)}
        | {"b": tensor(3, 4), "c": tensor(4, 3), "d": tensor(3, 3)},
    ),
    LayerRecord(
        "s6",
        {"size": 3, "states": 2, "rank": 1},
        {"kernel": tensor(3, 5), "step_kernel": tensor(1, 3), "step_bias": tensor(3)}
        | {"a": tensor(3, 2), "d": tensor(3)},
    ),
    *(LayerRecord(name, {"size": 3}) for name in ("silu", "gelu", "gelu_tanh")),
    *(LayerRecord(name, {"size": 3}) for name in ("hardswish", "softsign", "fast_tanh")),
    LayerRecord("softplus", {"size": 3, "beta": 1.5, "threshold": 20.0}),
    LayerRecord("hardtanh", {"size": 3, "min": -0.5, "max": 6.0}),
    LayerRecord(
        "leaky_hardtanh", {"size": 3, "min": -1.0, "max": 1.0, "min_slope": 0.0, "max_slope": 0.01}
    ),
    LayerRecord("scale", {"size": 3, "scale": -0.25}),
    LayerRecord("snake", {"size": 3}, {"alpha": tensor(3)}),
    LayerRecord("snake", {"size": 3}, {"alpha": tensor(3), "beta": tensor(3)}),
    *(LayerRecord(name, {"size": 3}) for name in ("selu", "mish", "abs", "exp", "sqrt", "square")),
    *(
        LayerRecord(
            name, {"size": 3, "epsilon": 1e-5}, {tensor_name: tensor(3) for tensor_name in names}
        )
        for name, names in (
            ("layer_norm", ()),
            ("layer_norm", ("gamma", "beta")),
            ("cumulative_norm", ("beta",)),
            ("rms_norm", ("gamma",)),
        )
    ),
    LayerRecord("group_norm", {"size": 3, "groups": 3, "epsilon": 1e-5}, {"gamma": tensor(3)}),
    LayerRecord("sine", {"size": 3, "omega": 30.0}),
    LayerRecord(
        "biquad", {"size": 3, "sections": 2}, {"coefficients": np.full((3, 2, 5), 0.25, np.float32)}
    ),
    LayerRecord("silent_until", {"size": 3, "frames": 5}),
    LayerRecord("silent_until", {"size": 3, "frames": 5, "latency": 2}),
    LayerRecord("periodic_gain", {"size": 3, "period": 2}, {"gain": tensor(2, 3)}),
    LayerRecord("one_pole", {"size": 3}, {"rise": abs(tensor(3)), "fall": abs(tensor(3))}),
    LayerRecord("amplitude_to_db", {"size": 3, "floor": 1e-8}),
    LayerRecord("db_to_amplitude", {"size": 3}),
    LayerRecord("gain_computer", {"size": 3, "threshold": -20.0, "ratio": 4.0, "knee": 6.0}),
    *(
        LayerRecord(
            "table_shaper",
            {"size": 3, "points": 5, "interpolation": interpolation, "low": -1.0, "high": 1.0},
            {"values": tensor(5)},
        )
        for interpolation in ("linear", "cubic")
    ),
    LayerRecord(
        "parametric_equalizer", {"size": 3, "bands": 4, "hop": 32, "sample_rate": 44100.0}
    ),
    *(LayerRecord("affine", {"size": 3}, {"scale": tensor(n), "shift": tensor(n)}) for n in (1, 3)),
    *(
        LayerRecord(
            "rational",
            {"size": 3, "numerator_degree": 3, "denominator_degree": 2, "version": version},
            {"numerator": tensor(4, count), "denominator": tensor(2, count)},
        )
        for version, count in (("A", 1), ("B", 3))
    ),
]
CONV2D = LayerRecord(
    "conv2d",
    {"in": 2, "out": 3, "features": 7, "kernel_size_time": 2, "kernel_size_features": 3}
    | {"dilation": 4, "stride": 2, "padding": "valid"},
    {"kernel": tensor(2, 3, 2, 3), "bias": tensor(3)},
)
TWO_DIMENSIONAL = [
    CONV2D,  # 7 features to 3, then to 2
    LayerRecord(
        "batchnorm2d",
        {"channels": 3, "features": 3, "epsilon": 1e-3},
        {"mean": tensor(3), "variance": tensor(3) ** 2, "gamma": tensor(3)},
    ),
    LayerRecord(
        "conv2d",
        CONV2D.options | {"in": 3, "features": 3, "padding": "same"},
        {"kernel": tensor(2, 3, 3, 3)},
    ),
    LayerRecord(
        "depthwise_conv2d",
        {"channels": 3, "features": 2, "kernel_size_time": 2, "kernel_size_features": 3}
        | {"dilation": 2, "stride": 1, "padding": "same"},
        {"kernel": tensor(2, 3, 3), "bias": tensor(3)},
    ),
]
MODEL = ModelFile(
    LAYERS,
    Check("by hand", "float32", tensor(9, 2), tensor(9, 3), tolerance=1e-5),
    sample_rate=48000,
    metadata={"name": "every layer", "knobs": [1, 2.5, None]},
)
MODEL_2D = ModelFile(
    TWO_DIMENSIONAL, Check("by hand", "float32", tensor(9, 14), tensor(9, 6), tolerance=1e-5)
)


@pytest.mark.parametrize("given", [MODEL, MODEL_2D])
def test_every_layer_passes_the_schema_and_comes_back(
    given: ModelFile, schema: Any, tmp_path: Path
) -> None:
    write_model(tmp_path / "model.json", given)
    schema.validate(reference.load(tmp_path / "model.json"))
    model = read_model(tmp_path / "model.json")
    assert (model.sample_rate, model.metadata) == (given.sample_rate, given.metadata)
    for found, written in zip(model.layers, given.layers, strict=True):
        assert (found.type, found.options) == (written.type, written.options)
        assert found.tensors.keys() == written.tensors.keys()
        for name, values in written.tensors.items():
            assert np.array_equal(found.tensors[name], values)
    assert np.array_equal(model.check.output, given.check.output)
    write_model(tmp_path / "again.json", model)
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "model.json").read_bytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_number_reads_back_to_itself(dtype: type, tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    width = np.dtype(dtype).itemsize
    numbers = random.integers(0, 256, 20000 * width, np.uint8).view(dtype)
    numbers = np.append(numbers[np.isfinite(numbers)], [0.0, -0.0, np.finfo(dtype).max])
    numbers = numbers.astype(dtype)[:, np.newaxis]
    check = Check("by hand", np.dtype(dtype).name, numbers, numbers, tolerance=1e-5)
    write_model(tmp_path / "model.json", ModelFile([LayerRecord("tanh", {"size": 1})], check))
    assert read_model(tmp_path / "model.json").check.input.tobytes() == numbers.tobytes()


def without(name: str) -> Callable[[Any], Any]:
    return lambda root: root.pop(name)


def layer_of(root: Any, name: str) -> Any:
    return next(layer for layer in root["layers"] if layer["type"] == name)


SCHEMA_REFUSES: dict[str, Callable[[Any], Any]] = {
    "no check": without("check"),
    "no layers": lambda root: root["layers"].clear(),
    "another version": lambda root: root.update(version=2),
    "an unknown member": lambda root: root.update(author="me"),
    "an unknown member in a layer": lambda root: root["layers"][0].update(dilation=1),
    "an unknown layer": lambda root: root["layers"][0].update(type="denser"),
    "a size of 0": lambda root: root["layers"][0].update({"in": 0}),
    "no kernel": lambda root: root["layers"][0].pop("kernel"),
    "no groups": lambda root: root["layers"][1].pop("groups"),
    "a flat kernel": lambda root: root["layers"][1]["kernel"].update(shape=[12]),
    "a flat bias with reset_after": lambda root: root["layers"][4].update(
        bias=root["layers"][3]["bias"]
    ),
    "two bias rows without reset_after": lambda root: root["layers"][3].update(
        bias=root["layers"][4]["bias"]
    ),
    "an unknown gate": lambda root: root["layers"][2].update(recurrent_activation="relu"),
    "an unknown activation": lambda root: layer_of(root, "rnn").update(activation="sigmoid"),
    "no min_slope": lambda root: layer_of(root, "leaky_hardtanh").pop("min_slope"),
    "a threshold that is not asked for": lambda root: layer_of(root, "silu").update(threshold=20),
    "text for a number": lambda root: root["layers"][0]["kernel"]["data"].append("1"),
    "no tolerance": lambda root: root["check"].pop("tolerance"),
}


@pytest.mark.parametrize("what", SCHEMA_REFUSES)
def test_schema_refuses(what: str, schema: Any, tmp_path: Path) -> None:
    write_model(tmp_path / "model.json", MODEL)
    root = reference.load(tmp_path / "model.json")
    SCHEMA_REFUSES[what](root)
    assert not schema.is_valid(root)


def first_layer(**changes: Any) -> ModelFile:
    return replace(MODEL, layers=[replace(LAYERS[0], **changes), *LAYERS[1:]])


def conv2d(options: dict[str, Any], **tensors: Any) -> ModelFile:
    layer = replace(CONV2D, options=CONV2D.options | options, tensors=CONV2D.tensors | tensors)
    return replace(MODEL_2D, layers=[layer, *TWO_DIMENSIONAL[1:]])


def normalised(variances: list[float], epsilon: float) -> ModelFile:
    tensors = {"mean": tensor(3), "variance": np.array(variances, np.float32)}
    layer = LayerRecord("batchnorm1d", {"size": 3, "epsilon": epsilon}, tensors)
    return ModelFile([layer], Check("by hand", "float32", tensor(9, 3), tensor(9, 3), 1e-5))


def within_a_residual(model: ModelFile) -> ModelFile:
    return replace(model, layers=[LayerRecord("residual", chains={"layers": [model.layers]})])


def check(**changes: Any) -> ModelFile:
    return replace(MODEL, check=replace(MODEL.check, **changes))


INVALID = {
    "layers: empty": replace(MODEL, layers=[]),
    "layers[0] (denser): unknown layer type": first_layer(type="denser"),
    "layers[0] (dense): expected the options": first_layer(options={"in": 2}),
    "layers[0] (dense).out: 0 is less than 1": first_layer(options={"in": 2, "out": 0}),
    "layers[0] (dense).kernel: missing": first_layer(tensors={}),
    "layers[0] (dense).gamma: not a tensor": first_layer(tensors={"gamma": tensor(4)}),
    "layers[0] (dense).kernel: expected the shape [2, 4], found [4, 2]": first_layer(
        tensors={"kernel": tensor(4, 2)}
    ),
    "layers[2] (lstm): takes 2 channels, is given 4": replace(
        MODEL, layers=[LAYERS[0], LayerRecord("tanh", {"size": 4}), *LAYERS[2:]]
    ),
    "groups: 3 does not divide": replace(
        MODEL, layers=[LAYERS[0], replace(LAYERS[1], options=LAYERS[1].options | {"groups": 3})]
    ),
    "layers[0] (conv2d).padding: 'causal' is not known": conv2d({"padding": "causal"}),
    "layers[0] (conv2d).stride: 0 is less than 1": conv2d({"stride": 0}),
    "layers[0] (conv2d).kernel_size_features: more than its input has features": conv2d(
        {"kernel_size_features": 8}
    ),
    "layers[0] (conv2d).kernel: expected the shape [2, 3, 2, 3], found [3, 2, 2, 3]": conv2d(
        {}, kernel=tensor(3, 2, 2, 3)
    ),
    "layers[1] (batchnorm2d): takes 9 channels, is given 12": conv2d({"padding": "same"}),
    "layers[1] (batchnorm2d).gamma: expected the shape [3], found [9]": replace(
        MODEL_2D,
        layers=[
            CONV2D,
            replace(TWO_DIMENSIONAL[1], tensors=TWO_DIMENSIONAL[1].tensors | {"gamma": tensor(9)}),
        ],
    ),
    "(rnn).activation: 'sigmoid' is not known": replace(
        MODEL,
        layers=[
            replace(layer, options=layer.options | {"activation": "sigmoid"})
            if layer.type == "rnn"
            else layer
            for layer in LAYERS
        ],
    ),
    "layers[0] (batchnorm1d).variance.data[1]: expected a variance that with epsilon 0.001 is above"
    " 0, found -0.5": normalised([1.0, -0.5, -2.0], 1e-3),
    "(batchnorm1d).variance.data[0]: expected a variance that with epsilon 0 is above 0, found 0": (
        normalised([0.0, 1.0, 1.0], 0.0)
    ),
    "(batchnorm1d).variance.data[2]: expected a variance that with epsilon -1 is above 0": (
        normalised([2.0, 1.5, 1.0], -1.0)
    ),
    "layers[0] (residual).layers[0] (batchnorm1d).variance.data[1]": within_a_residual(
        normalised([1.0, -1.0, 1.0], 1e-3)
    ),
    "check.dtype: 'float16'": check(dtype="float16"),
    "check.input: expected the shape [9, 2], found [9, 1]": check(input=tensor(9, 1)),
    "check.output: 9 frames cannot come from 9 frames of input with skip 1": check(skip=1),
    "check: skip 0 or stride 0 is out of range": check(stride=0),
}


@pytest.mark.parametrize("message", INVALID)
def test_invalid_model_is_not_written(message: str, tmp_path: Path) -> None:
    with pytest.raises(ExportError) as caught:
        write_model(tmp_path / "model.json", INVALID[message])
    assert message in str(caught.value)
    assert not list(tmp_path.iterdir())


TABLE = {"size": 1, "points": 5, "interpolation": "linear", "low": -1.0, "high": 1.0}
EQUALIZER = {"size": 1, "bands": 3, "hop": 8, "sample_rate": 48000.0}
CURVE = {"size": 1, "threshold": 0.0, "ratio": 2.0, "knee": 0.0}
SECTION = np.array([[[1.0, 0, 0, 0, 0], [1.0, 0, 0, -1.999, 1.0]]])
#: Members of a layer, and what is refused, None if nothing is. The words are those of docs/errors.md.
NUMBERS: list[tuple[str, dict[str, Any], dict[str, Any], str | None]] = [
    ("rfft", {"samples": 960}, {}, None),
    ("rfft", {"samples": 100}, {}, "samples: expected a multiple of 32, at most 65536, whose prime"),
    ("irfft", {"samples": 224}, {}, "samples: expected a multiple of 32, at most 65536, whose prime"),
    ("overlap_add", {"hop": 1, "spread": False}, {}, None),
    ("overlap_add", {"hop": 1, "spread": True}, {}, "hop: expected a hop of at least 2 samples, over"),
    ("gain_computer", CURVE, {}, None),
    ("gain_computer", CURVE | {"ratio": 0.0}, {}, "ratio: expected a number above 0, found 0"),
    ("gain_computer", CURVE | {"knee": -1.0}, {}, "knee: expected a width in dB, not negative, found -1"),
    ("table_shaper", TABLE, {}, None),
    ("table_shaper", TABLE | {"points": 1}, {}, "points: expected a whole number from 2 to 65536, found 1"),
    ("table_shaper", TABLE | {"high": -1.0}, {}, "high: expected a number above -1, found -1"),
    ("parametric_equalizer", EQUALIZER, {}, None),
    ("parametric_equalizer", EQUALIZER | {"bands": 1}, {}, "bands: expected a whole number from 2 to 1024"),
    ("parametric_equalizer", EQUALIZER | {"sample_rate": -1.0}, {}, "sample_rate: expected a number above"),
    ("biquad", {}, {"coefficients": SECTION[:, :1]}, None),
    ("biquad", {}, {"coefficients": SECTION}, "coefficients.data[8]: expected a stable filter, whose poles"),
    ("one_pole", {}, {"rise": np.zeros(2), "fall": np.full(2, 0.999)}, None),
    ("one_pole", {}, {"rise": np.zeros(2), "fall": np.ones(2)}, "fall.data[0]: expected a smoothing coef"),
]


@pytest.mark.parametrize(("type", "options", "tensors", "message"), NUMBERS)
def test_numbers_that_a_layer_cannot_have(
    type: str, options: dict[str, Any], tensors: dict[str, Any], message: str | None
) -> None:
    found = refused_number(LayerRecord(type, options, tensors))
    assert (": ".join(found) if found else "").startswith(message or "") and (not found) == (not message)


def test_a_negative_variance_may_be_made_up_for_by_epsilon(tmp_path: Path) -> None:
    write_model(tmp_path / "model.json", normalised([1.0, -0.5, 0.0], 0.75))
    assert read_model(tmp_path / "model.json").layers[0].tensors["variance"][1] == -0.5


def test_other_files_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text(json.dumps({"format": "inlay", "version": 2}))
    with pytest.raises(ExportError, match="version: expected 1, found 2"):
        read_model(tmp_path / "model.json")


def with_short_tensors(found: Any) -> Any:
    """The file with three numbers for each tensor: validating all of them would take a minute."""
    if isinstance(found, list):
        return [with_short_tensors(value) for value in found]
    if not isinstance(found, dict):
        return found
    short = {name: with_short_tensors(value) for name, value in found.items() if name != "data"}
    return short | ({"data": found["data"][:3]} if "data" in found else {})


def test_golden_files(schema: Any, golden_folder: Path) -> None:
    """Every golden file is valid and is reproduced by the reference."""
    for path in golden_networks(golden_folder):
        if ".f64." not in path.name:  # else the same layers with other numbers
            schema.validate(with_short_tensors(reference.load(path)))
        read_model(path)
        error, limit = reference.check_error(reference.load(path))
        assert error <= limit, path.name
    for path in golden_folder.glob("rate_corrected/*.json"):
        schema.validate(with_short_tensors(reference.load(path)))
        read_model(path)


def test_the_references_are_not_blind(golden_folder: Path) -> None:
    """The check notices a single weight that is off by a thousandth."""
    path = golden_folder / "torch" / "gru_3_5.f32.json"
    if not path.exists():
        pytest.skip("the golden files are only in the repository")
    root = reference.load(path)
    spoilt = copy.deepcopy(root)
    spoilt["layers"][0]["recurrent_kernel"]["data"][7] += 1e-3
    assert reference.check_error(spoilt)[0] > reference.check_error(root)[1]
