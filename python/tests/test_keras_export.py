"""The export of each of Keras's layers: from files of a real Keras, and from stand-ins, live and saved
in the formats of Keras 2 and Keras 3."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import REPOSITORY

import inlay
from inlay.check import reference
from inlay.format import read_model

pytest.importorskip("h5py")
import keras_models as fake
from keras_models import Json, Layer, Model, Signal

FIXTURES = REPOSITORY / ".." / "shared" / "fixtures" / "keras"
NAMES = sorted(path.name.removesuffix(".io.json") for path in FIXTURES.glob("*.io.json"))

KERAS_2, KERAS_3 = fake.hard_sigmoid2, fake.hard_sigmoid3


@pytest.fixture(autouse=True)
def keras_3() -> Iterator[None]:
    fake.HARD_SIGMOID["of"] = KERAS_3
    yield


def evaluated(root: Json, signal: Signal) -> Signal:
    """The reference's output of a written file, in the frames that Keras gives too."""
    output = reference.evaluate(root["layers"], signal.astype(np.float64))
    times, _ = reference.arrivals(root["layers"], len(signal))
    found: Signal = output[times >= root["check"]["skip"]]
    return found


def assert_reproduced(path: Path) -> Json:
    read_model(path)
    root = reference.load(path)
    error, limit = reference.check_error(root)
    assert error <= limit
    return root


# Files that a real Keras saved.


@pytest.mark.skipif(not NAMES, reason="the files that Keras saved are not here")
@pytest.mark.parametrize("kind", ["keras", "h5"])
@pytest.mark.parametrize("name", NAMES)
def test_saved_model_is_reproduced(name: str, kind: str, tmp_path: Path) -> None:
    inlay.export_keras(FIXTURES / f"{name}.{kind}", tmp_path / "model.json")
    root = assert_reproduced(tmp_path / "model.json")
    expected = json.loads((FIXTURES / f"{name}.io.json").read_text())
    output = evaluated(root, np.asarray(expected["input"]))
    np.testing.assert_allclose(output, np.asarray(expected["output"]), rtol=0, atol=1e-5)
    check = root["check"]
    assert (check["skip"], check["stride"]) == (expected.get("skip", 0), expected.get("stride", 1))
    assert (check["dtype"], check["tolerance"]) == ("float32", 1e-5)
    assert check["source"] == "inlay's NumPy reference, for a model of Keras 3.9.2"


@pytest.mark.skipif(not NAMES, reason="the files that Keras saved are not here")
def test_functional_models_become_combinators(tmp_path: Path) -> None:
    inlay.export_keras(FIXTURES / "tcn_functional.keras", tmp_path / "model.json")
    block, _, dense = reference.load(tmp_path / "model.json")["layers"]
    assert [[layer["type"] for layer in branch] for branch in block["branches"]] == [
        ["conv1d", "prelu"],
        ["conv1d"],
    ]
    assert "bias" not in block["branches"][1][0]
    assert dense["type"] == "dense"


# Models of every layer.


class Maker:
    """Makes layers with random weights."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(1)

    def weights(self, **shapes: tuple[int, ...]) -> dict[str, Signal]:
        return {
            name: self._random.uniform(-0.7, 0.7, shape).astype(np.float32)
            for name, shape in shapes.items()
        }

    def layer(self, kind: str, config: Json, takes: Any = (), **shapes: Any) -> Layer:
        name = config.pop("name", kind.lower())
        return Layer(kind, name, config, self.weights(**shapes), list(takes))

    def dense(self, inputs: int, units: int, takes: Any = (), **config: Any) -> Layer:
        use_bias = config.setdefault("use_bias", True)
        bias = {"bias": (units,)} if use_bias else {}
        config |= {"units": units, "kernel_initializer": {"class_name": "Zeros", "config": {}}}
        return self.layer("Dense", config, takes, kernel=(inputs, units), **bias)

    def conv1d(self, shape: tuple[int, int, int], takes: Any = (), **config: Any) -> Layer:
        taps, inputs, filters = shape
        groups = config.get("groups", 1)
        config = self.convolution([taps], config) | {"filters": filters}
        kernel = (taps, inputs // groups, filters)
        return self.layer("Conv1D", config, takes, kernel=kernel, bias=(filters,))

    def convolution(self, kernel_size: list[int], config: Json) -> Json:
        ones = [1] * len(kernel_size)
        defaults = {"kernel_size": kernel_size, "strides": ones, "dilation_rate": ones}
        same = {"padding": "causal", "data_format": "channels_last", "use_bias": True}
        return {**defaults, **same, "activation": "linear", **config}

    def conv2d(self, shape: tuple[int, int, int, int], **config: Any) -> Layer:
        config = self.convolution(list(shape[:2]), {"padding": "valid", "groups": 1} | config)
        config |= {"filters": shape[-1]}
        return self.layer("Conv2D", config, kernel=shape, bias=shape[-1:])

    def transposed(self, shape: tuple[int, int, int], **config: Any) -> Layer:
        taps, filters, _ = shape
        config = self.convolution([taps], {"padding": "valid", "output_padding": None} | config)
        config |= {"filters": filters}
        return self.layer("Conv1DTranspose", config, kernel=shape, bias=(filters,))

    def recurrent(self, kind: str, inputs: int, units: int, **config: Any) -> Layer:
        gates = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}[kind]
        width = gates * units
        shapes: Json = {"kernel": (inputs, width), "recurrent_kernel": (units, width)}
        if config.setdefault("use_bias", True):
            shapes["bias"] = (2, width) if config.get("reset_after") else (width,)
        if kind != "SimpleRNN":
            config.setdefault("recurrent_activation", "sigmoid")
        defaults = {"units": units, "activation": "tanh", "return_sequences": True}
        quiet = {"dropout": 0.1, "stateful": False, "unroll": True, "go_backwards": False}
        layer = self.layer(kind, {**defaults, **quiet, **config}, **shapes)
        layer.cell = "cell"
        return layer

    def batch_normalization(self, channels: int, **config: Any) -> Layer:
        config = {"axis": -1, "epsilon": 1e-3, "momentum": 0.99, **config}
        names = [
            *(["gamma"] if config.get("scale", True) else []),
            *(["beta"] if config.get("center", True) else []),
            *("moving_mean", "moving_variance"),
        ]
        layer = self.layer("BatchNormalization", config, **dict.fromkeys(names, (channels,)))
        layer.weights["moving_variance"] += 1.0
        return layer

    def norm(self, kind: str, channels: int, names: str = "gamma beta", **config: Any) -> Layer:
        config = {"axis": -1, "epsilon": 1e-3, **config}
        return self.layer(kind, config, **dict.fromkeys(names.split(), (channels,)))

    def of_each_frame(self, inner: Layer) -> Layer:
        entry = {"class_name": inner.kind, "config": {"name": inner.name, **inner.config}}
        return self.layer("TimeDistributed", {"layer": entry})

    def pool(self, kind: str, size: int, stride: int | None) -> Layer:
        strides = stride if stride is None else [stride]
        config = {"pool_size": [size], "strides": strides, "padding": "valid"}
        return self.layer(kind, {**config, "data_format": "channels_last"})

    def chain(self, shape: list[Any], *layers: Layer) -> Model:
        for index, layer in enumerate(layers):
            layer.name = f"{layer.kind.lower()}_{index}"
        return Model(shape, list(layers), sequential=True)

    def named(self, name: str, layer: Layer) -> Layer:
        layer.name = name
        return layer


Make = Callable[[Maker], Model]
T = None  # any number of frames


def graph(shape: list[Any], **layers: Layer) -> Model:
    for name, layer in layers.items():
        layer.name = name
    return Model(shape, list(layers.values()))


RECURRENT = {
    f"{kind} {' '.join(f'{key}={value}' for key, value in config.items())}": (kind, config)
    for kind, configs in {
        "LSTM": [{}, {"use_bias": False}, {"recurrent_activation": "hard_sigmoid"}],
        "GRU": [
            *(
                {"reset_after": after, "use_bias": bias}
                for after in (0 == 0, 0 == 1)
                for bias in (True, False)
            ),
            {"reset_after": True, "recurrent_activation": "hard_sigmoid"},
        ],
        "SimpleRNN": [{}, {"activation": "relu"}, {"use_bias": False}],
    }.items()
    for config in configs
}

CHAINS: dict[str, Make] = {
    "dense": lambda m: m.chain([T, T, 3], m.dense(3, 5)),
    "dense without bias": lambda m: m.chain([T, T, 3], m.dense(3, 5, use_bias=False)),
    "dense of features": lambda m: m.chain([T, T, 4, 3], m.dense(3, 2, activation="tanh")),
    "frames as a batch": lambda m: m.chain(
        [T, 3], m.dense(3, 4), m.layer("PReLU", {"shared_axes": None}, alpha=(4,))
    ),
    "conv1d": lambda m: m.chain([T, T, 2], m.conv1d((3, 2, 4), dilation_rate=[2])),
    "conv1d grouped": lambda m: m.chain([T, T, 4], m.conv1d((3, 4, 6), groups=2)),
    "conv1d of one tap": lambda m: m.chain([T, T, 2], m.conv1d((1, 2, 3), padding="same")),
    "conv1d valid twice": lambda m: m.chain(
        *([T, T, 1], m.conv1d((3, 1, 2), padding="valid")),
        m.conv1d((2, 2, 2), padding="valid", dilation_rate=[4]),
    ),
    "conv1d strided twice": lambda m: m.chain(
        *([T, T, 1], m.conv1d((3, 1, 2), padding="valid", strides=[3])),
        m.conv1d((2, 2, 2), padding="valid", strides=[2]),
    ),
    "conv1d strided and causal": lambda m: m.chain([T, T, 1], m.conv1d((5, 1, 2), strides=[2])),
    "conv1d behind zeros": lambda m: m.chain(
        *([T, T, 1], m.layer("ZeroPadding1D", {"padding": [4, 0]})),
        *(m.conv1d((3, 1, 2), padding="valid", dilation_rate=[2]), m.recurrent("LSTM", 2, 2)),
    ),
    "depthwise": lambda m: m.chain(
        [T, T, 2],
        m.layer(
            "DepthwiseConv1D",
            m.convolution([3], {"padding": "valid", "depth_multiplier": 2}),
            *((),),
            **{"kernel": (3, 2, 2), "bias": (4,)},
        ),
    ),
    "separable": lambda m: m.chain(
        [T, T, 2],
        m.layer(
            "SeparableConv1D",
            m.convolution([3], {"depth_multiplier": 2, "filters": 3, "activation": "tanh"}),
            *((),),
            **{"depthwise_kernel": (3, 2, 2), "pointwise_kernel": (1, 4, 3), "bias": (3,)},
        ),
    ),
    "transposed": lambda m: m.chain([T, T, 2], m.transposed((5, 3, 2), strides=[2])),
    "transposed and cropped": lambda m: m.chain(
        *([T, T, 2], m.transposed((5, 3, 2), strides=[2])),
        m.layer("Cropping1D", {"cropping": [0, 3]}),
    ),
    "transposed, as long as its stride": lambda m: m.chain(
        [T, T, 2], m.transposed((3, 1, 2), strides=[3], padding="same"), m.conv1d((3, 1, 1))
    ),
    "down and up": lambda m: m.chain(
        *([T, T, 1], m.conv1d((4, 1, 2), padding="valid", strides=[4])),
        *(m.recurrent("GRU", 2, 2), m.transposed((4, 1, 2), strides=[4])),
    ),
    "upsampling": lambda m: m.chain([T, T, 2], m.layer("UpSampling1D", {"size": 3}), m.dense(2, 1)),
    "max pool": lambda m: m.chain([T, T, 2], m.pool("MaxPooling1D", 3, 2)),
    "average pool": lambda m: m.chain([T, T, 2], m.pool("AveragePooling1D", 2, None)),
    "a memory behind whole strides": lambda m: m.chain(
        [T, T, 2], m.pool("MaxPooling1D", 2, 2), m.recurrent("LSTM", 2, 3)
    ),
    "cropped": lambda m: m.chain(
        [T, T, 2], m.layer("Cropping1D", {"cropping": [2, 0]}), m.dense(2, 2)
    ),
    "conv2d": lambda m: m.chain(
        [T, T, 7, 2],
        m.conv2d((2, 3, 2, 3), strides=[1, 2], dilation_rate=[3, 1], activation="relu"),
    ),
    "conv2d same over the features": lambda m: m.chain(
        [T, T, 7, 1], m.conv2d((1, 4, 1, 2), padding="same", strides=[1, 2])
    ),
    "conv2d causal by zeros": lambda m: m.chain(
        *([T, T, 6, 1], m.layer("ZeroPadding2D", {"padding": [[2, 0], [1, 1]]})),
        *(m.conv2d((3, 3, 1, 2)), m.batch_normalization(2)),
        *(m.layer("PReLU", {"shared_axes": [1]}, alpha=(1, 6, 2)),),
        *(m.layer("TimeDistributed", {"layer": {"class_name": "Flatten", "config": {}}}),),
        m.recurrent("GRU", 12, 2),
    ),
    "depthwise conv2d": lambda m: m.chain(
        *([T, T, 6, 2], m.layer("ZeroPadding2D", {"padding": [[2, 0], [1, 1]]})),
        m.layer(
            "DepthwiseConv2D",
            m.convolution([3, 3], {"padding": "valid", "depth_multiplier": 2, "activation": "tanh"}),
            *((),),
            **{"kernel": (3, 3, 2, 2), "bias": (4,)},
        ),
    ),
    "depthwise conv2d of a frame": lambda m: m.chain(
        [T, T, 5, 3],
        m.layer(
            "DepthwiseConv2D",
            m.convolution([1, 2], {"padding": "same", "depth_multiplier": 1}),
            *((),),
            **{"kernel": (1, 2, 3, 1), "bias": (3,)},
        ),
    ),
    "prelu of channels": lambda m: m.chain(
        [T, T, 3, 2], m.layer("PReLU", {"shared_axes": [1, 2]}, alpha=(1, 1, 2))
    ),
    "prelu of one slope": lambda m: m.chain(
        [T, T, 3], m.layer("PReLU", {"shared_axes": [1, 2]}, alpha=(1, 1))
    ),
    "relabelled": lambda m: m.chain(
        *([T, T, 6], m.layer("Reshape", {"target_shape": [-1, 6, 1]})),
        *(m.conv2d((1, 2, 1, 1)), m.layer("Permute", {"dims": [1, 3, 2]})),
        *(m.layer("Reshape", {"target_shape": [-1, 5]}), m.dense(5, 1)),
    ),
    "reshape of a fixed length": lambda m: m.chain(
        [T, 128, 6], m.layer("Reshape", {"target_shape": [128, -1]}), m.dense(6, 2)
    ),
    "batch normalization without scale": lambda m: m.chain(
        [T, T, 3], m.batch_normalization(3, scale=False, axis=[2])
    ),
    "batch normalization without center": lambda m: m.chain(
        [T, T, 3], m.batch_normalization(3, center=False, axis=2)
    ),
    "layer normalization": lambda m: m.chain([T, T, 3], m.norm("LayerNormalization", 3)),
    "layer normalization without scale and center": lambda m: m.chain(
        [T, T, 3], m.norm("LayerNormalization", 3, names="", scale=False, center=False, axis=[2])
    ),
    "layer normalization of features": lambda m: m.chain(
        [T, T, 4, 3], m.norm("LayerNormalization", 3)
    ),
    "rms normalization": lambda m: m.chain([T, T, 3], m.norm("RMSNormalization", 3, "scale")),
    "group normalization of each frame": lambda m: m.chain(
        [T, T, 6], m.of_each_frame(m.norm("GroupNormalization", 6, "", groups=3, scale=False, center=False))
    ),
    "what does nothing": lambda m: m.chain(
        *([T, T, 2], m.layer("Dropout", {"rate": 0.5, "seed": 3, "noise_shape": None})),
        *(m.dense(2, 2), m.layer("SpatialDropout1D", {"rate": 0.5, "seed": None})),
        *(m.layer("GaussianNoise", {"stddev": 1.0, "seed": None}), m.layer("Identity", {})),
    ),
    "rescaling with an offset": lambda m: m.chain(
        [T, T, 2], m.layer("Rescaling", {"scale": 0.25, "offset": -0.5})
    ),
    "glu": lambda m: m.chain(
        [T, T, 2],
        *(m.dense(2, 6, activation="glu"), m.layer("Activation", {"activation": "mish"})),
        m.dense(3, 2),
    ),
    "rescaling": lambda m: m.chain([T, T, 2], m.layer("Rescaling", {"scale": 0.25, "offset": 0.0})),
    "leaky relu": lambda m: m.chain([T, T, 2], m.layer("LeakyReLU", {"negative_slope": 0.3})),
    "elu": lambda m: m.chain([T, T, 2], m.layer("ELU", {"alpha": 0.7})),
    "softmax": lambda m: m.chain([T, T, 3], m.layer("Softmax", {"axis": 2})),
    "an activation that is a layer": lambda m: m.chain(
        [T, T, 2],
        m.dense(2, 3, activation={"class_name": "ELU", "config": {"name": "e", "alpha": 0.5}}),
    ),
    **{
        f"relu {numbers}": (
            lambda m, numbers=numbers: m.chain(
                [T, T, 2], m.layer("ReLU", {"threshold": 0.0, **numbers})
            )
        )
        for numbers in (
            {"max_value": None, "negative_slope": 0.0},
            {"max_value": None, "negative_slope": 0.1},
            {"max_value": 0.5, "negative_slope": 0.0},
            {"max_value": 0.5, "negative_slope": 0.1},
        )
    },
    **{
        f"activation {name}": (
            lambda m, name=name: m.chain(
                [T, T, 2],
                m.dense(2, 4, activation=name),
                m.layer("Activation", {"activation": name}),
            )
        )
        for name in fake.FUNCTIONS
    },
    **{
        name: (
            lambda m, kind=kind, config=config: m.chain(
                [T, T, 2], m.recurrent(kind, 2, 3, **config)
            )
        )
        for name, (kind, config) in RECURRENT.items()
    },
}


def wavenet(m: Maker, blocks: int, gated: bool, sums_in_a_row: bool) -> Model:
    """Residual blocks whose skips are added up at the end."""
    layers = {"first": m.conv1d((1, 1, 3))}
    x, skips = "first", []
    for k in range(blocks):
        layers[f"a{k}"] = m.conv1d((2, 3, 4), [x], dilation_rate=[2**k], activation="tanh")
        inside = f"a{k}"
        if gated:
            layers[f"b{k}"] = m.conv1d((2, 3, 4), [x], activation="sigmoid")
            layers[f"gate{k}"] = m.layer("Multiply", {}, [f"a{k}", f"b{k}"])
            inside = f"gate{k}"
        layers[f"skip{k}"] = m.conv1d((1, 4, 2), [inside])
        skips.append(f"skip{k}")
        if k < blocks - 1:
            layers[f"r{k}"] = m.conv1d((1, 4, 3), [inside])
            layers[f"x{k}"] = m.layer("Add", {}, [f"r{k}", x])
            x = f"x{k}"
    if sums_in_a_row:
        sum_ = skips[0]
        for k, skip in enumerate(skips[1:]):
            layers[f"sum{k}"] = m.layer("Add", {}, [sum_, skip])
            sum_ = f"sum{k}"
    else:
        layers["sum"] = m.layer("Add", {}, skips)
    layers["head"] = m.dense(2, 1, activation="tanh")
    return graph([T, T, 1], **layers)


GRAPHS: dict[str, Make] = {
    "residual": lambda m: graph(
        [T, T, 2], a=m.dense(2, 2), join=m.layer("Add", {}, ["input", "a"])
    ),
    "parallel of three": lambda m: graph(
        *([T, T, 2],),
        a=m.dense(2, 2, activation="tanh"),
        b=m.conv1d((3, 2, 2), ["input"]),
        join=m.layer("Add", {}, ["a", "b", "input"]),
        c=m.dense(2, 1),
    ),
    "twice": lambda m: graph([T, T, 2], join=m.layer("Add", {}, ["input", "input"])),
    "a branch within a branch": lambda m: graph(
        *([T, T, 2],),
        a=m.dense(2, 2),
        b=m.conv1d((2, 2, 2)),
        inner=m.layer("Add", {}, ["b", "a"]),
        join=m.layer("Add", {}, ["inner", "input"]),
        again=m.layer("Add", {}, ["join", "join"]),
    ),
    "valid beside cropped": lambda m: graph(
        *([T, T, 2],),
        a=m.conv1d((3, 2, 2), padding="valid", dilation_rate=[3]),
        crop=m.layer("Cropping1D", {"cropping": [6, 0]}, ["input"]),
        join=m.layer("Add", {}, ["a", "crop"]),
    ),
    "zeros before branches": lambda m: graph(
        *([T, T, 2],),
        pad=m.layer("ZeroPadding1D", {"padding": [2, 0]}),
        a=m.conv1d((3, 2, 2), ["pad"], padding="valid"),
        b=m.conv1d((3, 2, 2), ["pad"], padding="valid"),
        join=m.layer("Subtract", {}, ["a", "b"]),
    ),
    "average": lambda m: graph(
        [T, T, 2], a=m.dense(2, 2), join=m.layer("Average", {}, ["input", "a"])
    ),
    "concatenate": lambda m: graph(
        *([T, T, 2],),
        a=m.dense(2, 3),
        join=m.layer("Concatenate", {"axis": -1}, ["a", "input"]),
        b=m.dense(5, 1),
    ),
    "concatenate features": lambda m: graph(
        *([T, T, 3, 2],),
        a=m.dense(2, 2),
        join=m.layer("Concatenate", {"axis": 2}, ["a", "input"]),
        b=m.conv2d((1, 6, 2, 1)),
    ),
    "gate": lambda m: graph(
        *([T, T, 2],),
        a=m.conv1d((3, 2, 3), activation="tanh"),
        b=m.conv1d((3, 2, 3), ["input"], activation="sigmoid"),
        join=m.layer("Multiply", {}, ["a", "b"]),
        c=m.dense(3, 1),
    ),
    "gate of the input": lambda m: graph(
        *([T, T, 2],),
        a=m.dense(2, 2, activation="sigmoid"),
        join=m.layer("Multiply", {}, ["input", "a"]),
    ),
    "wavenet": lambda m: wavenet(m, 3, gated=True, sums_in_a_row=False),
    "wavenet with skips of their own": lambda m: wavenet(m, 2, gated=False, sums_in_a_row=True),
    "times a number": lambda m: graph([T, T, 2], a=m.layer("Multiply", {}, ["input", 0.5])),
}


def made(name: str) -> Model:
    return {**CHAINS, **GRAPHS}[name](Maker())


def expected_of(model: Model, root: Json) -> Signal:
    """The model's output for the check's input, in the frames of a stream."""
    signal = reference.tensor(root["check"]["input"])
    frames = model.run(signal.reshape(len(signal), *(model.shape[2:] or model.shape[1:])))
    flat = frames.reshape(len(frames), -1)
    return flat[: root["check"]["output"]["shape"][0]]


def assert_exported(model: Model, path: Path) -> Json:
    root = assert_reproduced(path)
    output = reference.tensor(root["check"]["output"])
    np.testing.assert_allclose(output, expected_of(model, root), rtol=0, atol=1e-5)
    return root


@pytest.mark.parametrize("name", [*CHAINS, *GRAPHS])
def test_live_model_is_reproduced(name: str, tmp_path: Path) -> None:
    model = made(name)
    inlay.export_keras(model, tmp_path / "model.json", sample_rate=48000, metadata={"name": name})
    root = assert_exported(model, tmp_path / "model.json")
    assert root["check"]["source"] == "Keras"
    assert (root["sample_rate"], root["metadata"]) == (48000, {"name": name})


@pytest.mark.parametrize("name", [*CHAINS, *GRAPHS])
def test_keras_3_file_is_reproduced(name: str, tmp_path: Path) -> None:
    fake.save_keras3(made(name), tmp_path / "model.keras")
    inlay.export_keras(tmp_path / "model.keras", tmp_path / "model.json")
    assert_exported(made(name), tmp_path / "model.json")


@pytest.mark.parametrize("name", [*CHAINS, *(name for name in GRAPHS if "number" not in name)])
def test_keras_2_file_is_reproduced(name: str, tmp_path: Path) -> None:
    fake.save_keras2(made(name), tmp_path / "model.h5")
    inlay.export_keras(str(tmp_path / "model.h5"), str(tmp_path / "model.json"))
    fake.HARD_SIGMOID["of"] = KERAS_2
    root = assert_exported(made(name), tmp_path / "model.json")
    assert root["check"]["source"].endswith("for a model of Keras 2.15.0")


def types(path: Path) -> list[str]:
    return [layer["type"] for layer in reference.load(path)["layers"]]


def test_what_branches_become(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    for name, expected in {
        "residual": ["residual"],
        "parallel of three": ["parallel", "dense"],
        "twice": ["scale"],
        "concatenate": ["concat", "dense"],
        "gate": ["concat", "gate", "dense"],
        "wavenet": [
            *("conv1d", "pad", "residual_skip", "residual_skip", "split", "parallel"),
            *("dense", "tanh"),
        ],
    }.items():
        inlay.export_keras(made(name), path)
        assert types(path) == expected
    inlay.export_keras(made("gate"), path)
    gate = reference.load(path)["layers"][1]
    assert (gate["activation"][0]["type"], gate["gate"][0]["type"]) == ("tanh", "sigmoid")


def test_skip_and_stride(tmp_path: Path) -> None:
    for name, expected in {
        "conv1d valid twice": (6, 1),
        "conv1d strided twice": (5, 6),
        "conv1d strided and causal": (0, 2),
        "transposed": (0, 1),
        "down and up": (3, 1),
        "max pool": (2, 2),
        "valid beside cropped": (6, 1),
    }.items():
        inlay.export_keras(made(name), tmp_path / "model.json")
        check = reference.load(tmp_path / "model.json")["check"]
        assert (check["skip"], check["stride"]) == expected, name


# Sources: files of each kind, and live models.


def lstm_amp() -> Model:
    m = Maker()
    return m.chain([T, T, 1], m.recurrent("LSTM", 1, 4), m.dense(4, 1))


def test_configuration_and_weights_in_files_of_their_own(tmp_path: Path) -> None:
    model, path = lstm_amp(), tmp_path / "model.json"
    with fake.h5py.File(tmp_path / "2.weights.h5", "w") as file:
        fake.save_weights2(file, model)
    with fake.h5py.File(tmp_path / "3.weights.h5", "w") as file:
        fake.save_container(file, model, names=True)
    (tmp_path / "2.json").write_text(json.dumps(fake.config2(model)))
    config = {"class_name": "Sequential", "config": model.get_config()}
    (tmp_path / "3.json").write_text(json.dumps(config))
    for version in "23":
        weights = tmp_path / f"{version}.weights.h5"
        inlay.export_keras(tmp_path / f"{version}.json", path, weights=weights)
        assert_exported(model, path)


def test_groups_without_names_are_found_by_their_class(tmp_path: Path) -> None:
    m = Maker()
    layers = [m.dense(1, 2), m.recurrent("LSTM", 2, 2), m.dense(2, 2), m.recurrent("LSTM", 2, 3)]
    model = m.chain([T, T, 1], *layers)
    fake.save_keras3(model, tmp_path / "model.keras", names=False)
    inlay.export_keras(tmp_path / "model.keras", tmp_path / "model.json")
    assert_exported(model, tmp_path / "model.json")


def test_the_first_keras_files_of_tensorflow(tmp_path: Path) -> None:
    """Files of Keras 2.12 and 2.13, whose groups have other names."""
    model = lstm_amp()
    (tmp_path / "config.json").write_text(json.dumps(fake.config2(model)))
    with fake.h5py.File(tmp_path / "model.weights.h5", "w") as file:
        fake.save_container(file, model, False, "_layer_checkpoint_dependencies")
    inlay.export_keras(
        tmp_path / "config.json", tmp_path / "model.json", weights=tmp_path / "model.weights.h5"
    )
    assert_exported(model, tmp_path / "model.json")


def nested() -> Model:
    m = Maker()
    inner = Model(
        [T, T, 2],
        [m.dense(2, 2, activation="tanh"), m.layer("PReLU", {"shared_axes": [1]}, alpha=(1, 2))],
    )
    in_chain = m.named("dense_in_chain", m.dense(2, 2))
    chain = Model([T, T, 2], [in_chain], sequential=True, name="chain")
    layers = [
        *(m.dense(1, 2), Layer("Functional", "inner", {}, model=inner)),
        Layer("Sequential", "chain", {}, model=chain),
        m.named("last", m.dense(2, 1)),
    ]
    layers[0].name = "first"
    return Model([T, T, 1], layers)


def test_models_within_a_model(tmp_path: Path) -> None:
    model = nested()
    fake.save_keras3(nested(), tmp_path / "model.keras")
    inlay.export_keras(tmp_path / "model.keras", tmp_path / "model.json")
    assert_exported(model, tmp_path / "model.json")
    assert types(tmp_path / "model.json") == ["dense", "dense", "tanh", "prelu", "dense", "dense"]


def test_models_within_a_model_of_keras_2(tmp_path: Path) -> None:
    """All tensors of the inner model are in its group, the trained ones first."""
    m = Maker()
    inner = [m.named("inner_dense", m.dense(1, 2)), m.named("inner_norm", m.batch_normalization(2))]
    chain = Model([T, T, 1], inner, sequential=True, name="chain")
    outer = Layer("Sequential", "chain", {}, model=chain)
    model = Model([T, T, 1], [outer, m.dense(2, 1)], sequential=True)
    config = {"class_name": "Sequential", "config": {"name": "outer", "layers": []}}
    dense = fake.entry2(model.layers[1])
    config["config"]["layers"] = [
        {"class_name": "Sequential", "config": fake.config2(chain)["config"]},
        dense,
    ]
    inner_entry = config["config"]["layers"][0]["config"]
    given = {"class_name": "InputLayer", "config": {"batch_input_shape": [T, T, 1], "name": "in"}}
    config["config"]["layers"].insert(0, given)
    assert inner_entry["name"] == "chain"
    outer.weights = {
        f"{layer.name}/{key}": value for layer in inner for key, value in layer.weights.items()
    }
    with fake.h5py.File(tmp_path / "model.h5", "w") as file:
        file.attrs["model_config"], file.attrs["keras_version"] = json.dumps(config), "2.9.0"
        group = file.create_group("model_weights")
        own = group.create_group("chain")
        own.attrs["weight_names"] = np.array([f"{path}:0".encode() for path in outer.weights])
        for path, values in outer.weights.items():
            own[f"{path}:0"] = values
        last = group.create_group("dense")
        last.attrs["weight_names"] = np.array([b"dense/kernel:0", b"dense/bias:0"])
        for key, values in model.layers[1].weights.items():
            last[f"dense/{key}:0"] = values
    inlay.export_keras(tmp_path / "model.h5", tmp_path / "model.json")
    outer.weights = {}
    assert_exported(model, tmp_path / "model.json")


@pytest.mark.parametrize(
    "version, kind", [("2.15.0", "hard_sigmoid_keras2"), ("3.0.0", "hard_sigmoid")]
)
def test_the_version_decides_about_hard_sigmoid(version: str, kind: str, tmp_path: Path) -> None:
    m = Maker()
    layer = m.layer("Activation", {"activation": "hard_sigmoid"})
    model = m.chain([T, T, 2], m.recurrent("GRU", 2, 2, recurrent_activation="hard_sigmoid"), layer)
    fake.save_keras2(model, tmp_path / "model.h5", version)
    inlay.export_keras(tmp_path / "model.h5", tmp_path / "model.json")
    gru, activation = reference.load(tmp_path / "model.json")["layers"]
    assert (gru["recurrent_activation"], activation["type"]) == (kind, kind)


def test_float64(tmp_path: Path) -> None:
    m = Maker()
    layer = m.dense(2, 3, dtype="float64", activation="tanh")
    layer.weights = {name: values.astype(np.float64) / 3 for name, values in layer.weights.items()}
    fake.save_keras3(m.chain([T, T, 2], layer), tmp_path / "model.keras")
    inlay.export_keras(tmp_path / "model.keras", tmp_path / "model.json")
    check = assert_reproduced(tmp_path / "model.json")["check"]
    assert (check["dtype"], check["tolerance"]) == ("float64", 1e-12)


def test_long_lists_of_names_are_cut_by_keras(tmp_path: Path) -> None:
    fake.save_keras2(lstm_amp(), tmp_path / "model.h5")
    with fake.h5py.File(tmp_path / "model.h5", "a") as file:
        group = file["model_weights/lstm_0"]
        names = list(group.attrs["weight_names"])
        del group.attrs["weight_names"]
        group.attrs["weight_names0"], group.attrs["weight_names1"] = names[:2], names[2:]
    inlay.export_keras(tmp_path / "model.h5", tmp_path / "model.json")
    assert_exported(lstm_amp(), tmp_path / "model.json")


def test_operators_of_keras_2(tmp_path: Path) -> None:
    model = made("residual")
    fake.save_keras2(model, tmp_path / "model.h5")
    with fake.h5py.File(tmp_path / "model.h5", "a") as file:
        config = json.loads(file.attrs["model_config"])
        join = config["config"]["layers"][-1]
        join["class_name"] = "TFOpLambda"
        join["config"]["function"] = "__operators__.add"
        join["inbound_nodes"] = [["input", 0, 0, {"y": ["a", 0, 0], "name": None}]]
        join["inbound_nodes"] = [join["inbound_nodes"]]
        file.attrs["model_config"] = json.dumps(config)
    inlay.export_keras(tmp_path / "model.h5", tmp_path / "model.json")
    assert types(tmp_path / "model.json") == ["residual"]
    assert_exported(model, tmp_path / "model.json")


def test_check_input_and_tolerance(tmp_path: Path) -> None:
    signal = np.linspace(-2, 2, 60).reshape(20, 3)
    inlay.export_keras(made("dense"), tmp_path / "model.json", check_input=signal, tolerance=1e-4)
    check = assert_reproduced(tmp_path / "model.json")["check"]
    assert check["input"]["shape"] == [20, 3]
    assert check["tolerance"] == 1e-4


def test_a_model_that_was_trained_on_short_signals_is_checked_on_a_longer_one(
    tmp_path: Path,
) -> None:
    m = Maker()
    model = m.chain([T, 4, 2], m.conv1d((3, 2, 1)))
    fake.save_keras3(model, tmp_path / "model.keras")
    inlay.export_keras(tmp_path / "model.keras", tmp_path / "model.json")
    assert_exported(model, tmp_path / "model.json")


class Fixed(Model):
    """A model that takes batches of one shape only."""

    def predict(self, batch: Signal, **options: object) -> Signal:
        wanted = [size or found for size, found in zip(self.shape, batch.shape)]
        assert list(batch.shape) == wanted
        return super().predict(batch, **options)


@pytest.mark.parametrize("shape", [[T, 300, 2], [3, 64, 2], [5, T, 2]])
def test_live_models_of_fixed_shapes(shape: list[Any], tmp_path: Path) -> None:
    model = Fixed(shape, [Maker().recurrent("GRU", 2, 2, reset_after=True)], sequential=True)
    inlay.export_keras(model, tmp_path / "model.json")
    check = assert_exported(model, tmp_path / "model.json")["check"]
    assert check["source"] == "Keras"
    assert shape[1] in (None, check["input"]["shape"][0])


def test_a_live_model_of_too_few_frames_is_checked_by_the_reference(tmp_path: Path) -> None:
    model = Fixed([T, 4, 2], [Maker().conv1d((7, 2, 1))], sequential=True)
    inlay.export_keras(model, tmp_path / "model.json")
    check = assert_exported(model, tmp_path / "model.json")["check"]
    assert check["source"].startswith("inlay's NumPy reference")


def test_a_stateful_live_model_starts_from_zero(tmp_path: Path) -> None:
    model = Model([1, T, 1], [Maker().recurrent("LSTM", 1, 2, stateful=True)], sequential=True)
    resets = []
    model.layers[0].stateful = True
    model.layers[0].reset_states = lambda: resets.append(1)  # type: ignore[method-assign]
    inlay.export_keras(model, tmp_path / "model.json")
    assert_exported(model, tmp_path / "model.json")
    assert len(resets) == 2


def test_a_live_model_with_code_of_its_own_is_found_out(tmp_path: Path) -> None:
    class Louder(Model):
        def predict(self, batch: Signal, **options: object) -> Signal:
            return 1.01 * super().predict(batch, **options)

    model = Louder([T, T, 2], [Maker().dense(2, 2)], sequential=True)
    with pytest.raises(inlay.ExportError, match="differ from the model by .* code of its own"):
        inlay.export_keras(model, tmp_path / "model.json")
    assert not list(tmp_path.iterdir())


def test_reading_a_file_imports_no_framework(tmp_path: Path) -> None:
    fake.save_keras3(lstm_amp(), tmp_path / "model.keras")
    script = (
        "import sys, inlay\n"
        f"inlay.export_keras({str(tmp_path / 'model.keras')!r}, {str(tmp_path / 'm.json')!r})\n"
        "assert not {'torch', 'tensorflow', 'keras', 'jax'} & set(sys.modules)\n"
    )
    environment = {"PYTHONPATH": str(REPOSITORY / "python" / "src")}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)
