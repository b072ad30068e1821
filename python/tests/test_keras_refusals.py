"""Each refusal of a Keras model names the layer, what was found, what is supported and what to do.

Damaged files give an ExportError, too: damage by hand and random damage.
"""

from __future__ import annotations

import copy
import io
import json
import random
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import REPOSITORY

import inlay

pytest.importorskip("h5py")
import h5py
import keras_models as fake
from keras_models import Json, Layer, Model
from test_keras_export import Maker, T, graph, lstm_amp, wavenet

FIXTURES = REPOSITORY / ".." / "shared" / "fixtures" / "keras"
REFUSED_FILES = {
    "attention": "(MultiHeadAttention): this kind of layer is not supported, as it needs all of the"
    " signal before its first output; use causal convolutions",
    "bidirectional": "(Bidirectional): this kind of layer is not supported, as its second direction"
    " runs from the signal's end; train it with one direction",
    "conv_same": "layer 'conv1d' (Conv1D): padding='same' is not supported, only 'causal' or"
    " 'valid', as padding at both ends looks ahead in time; train it with padding='causal'",
    "gru_go_backwards": "layer 'gru' (GRU): go_backwards=True is not supported, only False",
    "lstm_return_last": "layer 'lstm' (LSTM): return_sequences=False is not supported, only True,",
}


@pytest.mark.skipif(not FIXTURES.exists(), reason="the files that Keras saved are not here")
@pytest.mark.parametrize("name", REFUSED_FILES)
def test_saved_model_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(inlay.ExportError) as caught:
        inlay.export_keras(FIXTURES / "refused" / f"{name}.keras", tmp_path / "model.json")
    assert REFUSED_FILES[name] in str(caught.value)
    assert not list(tmp_path.iterdir())


M = Maker()


def normalised_by(maker: Maker, variances: list[float]) -> Any:
    layer = maker.batch_normalization(len(variances))
    layer.weights["moving_variance"][:] = variances
    return layer


def one(layer: Layer, shape: list[Any] | None = None) -> Model:
    return Model(shape or [T, T, 2], [layer], sequential=True)


def plain(kind: str, **config: Any) -> Model:
    return one(M.layer(kind, config))


def rnn(kind: str, **config: Any) -> Model:
    return one(M.recurrent(kind, 2, 2, **config))


def conv(**config: Any) -> Model:
    return one(M.conv1d((3, 2, 2), **config))


def conv2d(**config: Any) -> Model:
    return one(M.conv2d((3, 3, 2, 2), **config), [T, T, 5, 2])


def transposed(**config: Any) -> Model:
    return one(M.transposed((5, 2, 2), **{"strides": [2], **config}))


def pool(**config: Any) -> Model:
    model = one(M.pool("MaxPooling1D", 2, 2))
    model.layers[0].config |= config
    return model


def pad(*zeros: int) -> Layer:
    return M.layer("ZeroPadding1D", {"padding": list(zeros)})


def with_weight(model: Model) -> Model:
    next(layer for layer in model.layers if layer.name == "x0").config["weight"] = 2
    return model


def with_skip(model: Model) -> Model:
    index = next(k for k, layer in enumerate(model.layers) if layer.name == "skip1")
    model.layers[index] = M.named("skip1", M.conv1d((1, 4, 5), model.layers[index].takes))
    return model


def taking(name: str, layer: Layer) -> Layer:
    layer.takes = [name]
    return layer


def valid(name: str = "valid", **config: Any) -> Layer:
    return M.named(name, M.conv1d((3, 2, 2), padding="valid", **config))


REFUSED: dict[str, Model] = {
    # Any layer.
    "layer 'lambda' (Lambda): this kind of layer is not supported, as it is Python code": plain(
        "Lambda", function="x"
    ),
    "layer 'unitnormalization' (UnitNormalization): this kind of layer is not supported, only"
    " Dense, Conv1D, DepthwiseConv1D,": plain("UnitNormalization", axis=-1),
    "layer 'layernormalization' (LayerNormalization): axis=1 is not supported, only the last": plain(
        "LayerNormalization", axis=1, epsilon=1e-3
    ),
    "(LayerNormalization): rms_scaling=True is not supported, only False, as Keras then": plain(
        "LayerNormalization", axis=-1, epsilon=1e-3, rms_scaling=True
    ),
    "(LayerNormalization): epsilon: expected at least 1.17549435e-38, as silence has no": plain(
        "LayerNormalization", axis=-1, epsilon=0.0, scale=False, center=False
    ),
    "(GroupNormalization): a normalisation by the statistics of all frames is not supported": plain(
        "GroupNormalization", groups=1, axis=-1, epsilon=1e-3
    ),
    "layer 'masking' (Masking): this kind of layer is not supported, as a stream has no": plain(
        "Masking", mask_value=0.0
    ),
    "(GlobalAveragePooling1D): this kind of layer is not supported, as it needs all of": plain(
        "GlobalAveragePooling1D"
    ),
    "layer 'dense' (Dense): unknown attribute 'sparsity'=0.5": one(M.dense(2, 2, sparsity=0.5)),
    "layer 'add' (Add): unknown attribute 'weight'=2": graph(
        [T, T, 2], add=M.layer("Add", {"weight": 2}, ["input", "input"])
    ),
    "layer 'dense' (Dense): dtype='mixed_float16' is not supported, only float32 or float64": one(
        M.dense(2, 2, dtype={"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}})
    ),
    "layer 'dense' (Dense): dtype='bfloat16' is not supported": one(
        M.dense(2, 2, dtype="bfloat16")
    ),
    "layer 'dense' (Dense) is float32 and layer 'second' (Dense) is float64; supported are": Model(
        *(
            [T, T, 2],
            [M.dense(2, 2, dtype="float32"), M.dense(2, 2, name="second", dtype="float64")],
        )
    ),
    "layer 'dense' (Dense): lora_rank=4 is not supported, only None; merge it": one(
        M.dense(2, 2, lora_rank=4)
    ),
    "layer 'dense' (Dense): quantization_config={'mode': 'int8'} is not": one(
        M.dense(2, 2, quantization_config={"mode": "int8"})
    ),
    "layer 'dense' (Dense): activation='log_softmax' is not supported, only linear, tanh,": one(
        M.dense(2, 2, activation="log_softmax")
    ),
    "layer 'dense' (Dense): activation={'class_name': 'function', 'config': 'mine'} is not": one(
        M.dense(2, 2, activation={"class_name": "function", "config": "mine"})
    ),
    "layer 'dense.activation' (ReLU): threshold=1.0 is not supported, only 0, as the": one(
        M.dense(2, 2, activation={"class_name": "ReLU", "config": {"threshold": 1.0}})
    ),
    "layer 'dense' (Dense): units: expected a whole number greater than 0, found 'two'": one(
        M.layer("Dense", {"units": "two", "use_bias": True})
    ),
    "layer 'dense' (Dense): its configuration has no 'units'": one(
        M.layer("Dense", {"use_bias": True})
    ),
    "layer 'dense' (Dense): kernel: expected the shape [3, 2], found [2, 2]": one(
        M.dense(2, 2), [T, T, 3]
    ),
    "the model is too large to be checked: an output depends on 1 frames, and a frame is": one(
        M.layer("Activation", {"activation": "tanh"}), [T, T, 10**40]
    ),
    "the model has no layer to export": plain("Dropout", rate=0.5),
    # Activations.
    "layer 'softmax' (Softmax): axis=1 is not supported, only the channels; use axis=-1": plain(
        "Softmax", axis=1
    ),
    "softmax over the last axis of frames of shape [5, 2] is not supported, only over all": one(
        M.layer("Activation", {"activation": "softmax"}), [T, T, 5, 2]
    ),
    "layer 'relu' (ReLU): max_value=-1.0 is not supported": plain("ReLU", max_value=-1.0),
    "layer 'prelu' (PReLU): shared_axes=None is not supported, as every frame of time would have a"
    " slope of its own; use shared_axes=[1]": plain("PReLU", shared_axes=None),
    "layer 'rescaling' (Rescaling): offset=[0.5] is not supported, only one number": plain(
        "Rescaling", scale=2.0, offset=[0.5]
    ),
    "layer 'activation' (Activation): glu over the last axis of frames of shape [3] is not": one(
        M.layer("Activation", {"activation": "glu"}), [T, T, 3]
    ),
    "layer 'rescaling' (Rescaling): scale=[1.0, 2.0] is not supported, only one number": plain(
        "Rescaling", scale=[1.0, 2.0], offset=0.0
    ),
    # Recurrent layers.
    "layer 'lstm' (LSTM): return_state=True is not supported, only False; let": rnn(
        "LSTM", return_state=True
    ),
    "layer 'lstm' (LSTM): activation='relu' is not supported, only 'tanh'": rnn(
        "LSTM", activation="relu"
    ),
    "layer 'gru' (GRU): recurrent_activation='tanh' is not supported, only 'sigmoid' or": rnn(
        "GRU", recurrent_activation="tanh"
    ),
    "layer 'gru' (GRU): go_backwards=True is not supported": rnn("GRU", go_backwards=True),
    "layer 'gru' (GRU): time_major=True is not supported": rnn("GRU", time_major=True),
    "layer 'simplernn' (SimpleRNN): activation='linear' is not supported, only 'tanh' or": rnn(
        "SimpleRNN", activation="linear"
    ),
    "layer 'lstm' (LSTM): an input without a time axis is not supported": one(
        M.recurrent("LSTM", 2, 2), [T, 2]
    ),
    "layer 'gru' (GRU): a start delayed by 2 frames, which layer 'valid' (Conv1D) leaves out, is not"
    " supported, only a start at the first frame, as in a stream; train layer 'valid' (Conv1D) with"
    " padding='causal'": Model([T, T, 2], [valid(), M.recurrent("GRU", 2, 2)]),
    "layer 'causal' (Conv1D): a start delayed by 2 frames": Model(
        [T, T, 2], [valid(), M.named("causal", M.conv1d((2, 2, 2)))]
    ),
    # Convolutions and pools.
    "(Conv1D): data_format='channels_first' is not supported, only 'channels_last'": conv(
        data_format="channels_first"
    ),
    "layer 'conv1d' (Conv1D): groups=3 does not divide its 2 channels": one(
        M.conv1d((3, 4, 6), groups=3), [T, T, 2]
    ),
    "layer 'conv1d' (Conv1D): strides=3 with padding='causal' and 2 frames of past is not": conv(
        strides=[3]
    ),
    "layer 'conv1d' (Conv1D): frames of shape [4, 2] is not supported, only frames of one axis, the"
    " channels; put Reshape((-1, 8)) before it": one(M.conv1d((3, 2, 2)), [T, T, 4, 2]),
    "layer 'second' (Conv1D): strides=3 after 2 frames left out by layer 'valid' (Conv1D)": Model(
        [T, T, 2], [valid(), valid("second", strides=[3])]
    ),
    "(Conv1DTranspose): padding='same' is not supported, only 'valid'": transposed(padding="same"),
    "(Conv1DTranspose): output_padding=1 is not supported, only None": transposed(output_padding=1),
    "(Conv1DTranspose): dilation_rate=[2] is not supported": transposed(dilation_rate=[2]),
    "(Conv1DTranspose): a start delayed by 2 frames": Model(
        [T, T, 2], [valid(), M.transposed((5, 2, 2), strides=[2])]
    ),
    "layer 'valid' (Conv1D): leaving out frames after a Conv1DTranspose is not supported": Model(
        [T, T, 2], [M.transposed((2, 2, 2), strides=[2]), valid()]
    ),
    "layer 'conv2d' (Conv2D): padding='same' is not supported, only 'causal' or 'valid'": conv2d(
        padding="same"
    ),
    "layer 'conv2d' (Conv2D): strides=[2, 1] is not supported, only 1 over time": conv2d(
        strides=[2, 1]
    ),
    "(Conv2D): dilation_rate=[1, 2] is not supported, only 1 over the features": conv2d(
        dilation_rate=[1, 2]
    ),
    "layer 'conv2d' (Conv2D): groups=2 is not supported, only 1": conv2d(groups=2),
    "layer 'conv2d' (Conv2D): frames of shape [2] is not supported, only frames of (features,": one(
        M.conv2d((3, 3, 2, 2))
    ),
    "layer 'conv2d' (Conv2D): its kernel is 3 features wide, but is given 2": one(
        M.conv2d((3, 3, 2, 2)), [T, T, 2, 2]
    ),
    "(MaxPooling1D): padding='same' is not supported, only 'valid'": pool(padding="same"),
    "(MaxPooling1D): data_format='channels_first' is not supported": pool(
        data_format="channels_first"
    ),
    # Padding and cropping.
    "layer 'zeropadding1d' (ZeroPadding1D): padding=[2, 1] is not supported, only zeros before the"
    " first frame: a causal layer's past; use (2, 0)": Model([T, T, 2], [pad(2, 1), valid()]),
    "(ZeroPadding1D): 3 zeros before the first frame are not supported, only the (kernel_size - 1) *"
    " dilation_rate = 2 that make layer 'valid' (Conv1D) causal; use (2, 0)": Model(
        [T, T, 2], [pad(3, 0), valid()]
    ),
    "(ZeroPadding1D): zeros followed by layer 'dense' (Dense) are not supported, only right": Model(
        [T, T, 2], [pad(3, 0), M.dense(2, 2)]
    ),
    "(ZeroPadding1D): zeros at the end of the model are not supported": one(pad(3, 0)),
    "layer 'conv1d' (Conv1D): padding='causal' is not supported, as zeros are added twice": Model(
        [T, T, 2], [pad(2, 0), M.conv1d((3, 2, 2))]
    ),
    "ZeroPadding2D of (1, 0) over the features is not supported, only none or that of": Model(
        *([T, T, 5, 2],),
        [
            M.layer("ZeroPadding2D", {"padding": [[2, 0], [1, 0]]}),
            M.conv2d((3, 3, 2, 2)),
        ],
    ),
    "(Cropping1D): cropping=[0, 1] is not supported, only frames at the start, as a stream has no"
    " end; use (0, 0)": plain("Cropping1D", cropping=[0, 1]),
    # Shapes.
    "(BatchNormalization): axis=1 is not supported, only the last axis, the channels": one(
        M.batch_normalization(2, axis=1)
    ),
    "(BatchNormalization): moving_variance[1]: expected a variance that with epsilon 0.001 is above"
    " 0, found -1": one(normalised_by(M, [1.0, -1.0])),
    "(BatchNormalization): renorm=True is not supported": one(
        M.batch_normalization(2, renorm=True)
    ),
    "layer 'reshape' (Reshape): target_shape=[-1, 4] is not supported, only one that keeps the time"
    " axis and the 2 values of each frame; use Reshape((-1, 2))": plain(
        "Reshape", target_shape=[-1, 4]
    ),
    "layer 'permute' (Permute): dims=[2, 1] is not supported, only those that keep time": plain(
        "Permute", dims=[2, 1]
    ),
    "layer 'permute' (Permute): dims=[1, 3, 2] is not supported": one(
        M.layer("Permute", {"dims": [1, 3, 2]}), [T, T, 3, 2]
    ),
    "layer 'flatten' (Flatten): a Flatten over time is not supported": plain("Flatten"),
    "(TimeDistributed): a LSTM for each frame is not supported, only Dense, Activation,": plain(
        "TimeDistributed", layer={"class_name": "LSTM", "config": {}}
    ),
    "the model's input shape [None, None, None] has channels of unknown number": one(
        M.dense(2, 2), [T, T, T]
    ),
    "the model's input shape [None] is not supported": one(M.dense(2, 2), [T]),
    # Graphs.
    "layer 'add' (Add): joining frames that come at different times: layer 'valid' (Conv1D) begins"
    " at frame 2 of the input,": graph(
        [T, T, 2], valid=valid(), add=M.layer("Add", {}, ["input", "valid"])
    ),
    "layer 'add' (Add): joining frames of shapes [3] and [2] is not supported, only equal": graph(
        [T, T, 2], a=M.dense(2, 3), add=M.layer("Add", {}, ["input", "a"])
    ),
    "layer 'add' (Add): a branch of another rate, which ends in layer 'up' (Conv1DTranspose),": graph(
        *([T, T, 2],),
        up=M.transposed((2, 2, 2), strides=[2]),
        second=taking("input", M.transposed((2, 2, 2), strides=[2])),
        add=M.layer("Add", {}, ["up", "second"]),
    ),
    "layer 'b' (Dense): is part of branches that do not join in one place": graph(
        *([T, T, 2],),
        a=M.dense(2, 2),
        b=M.dense(2, 2),
        c=M.dense(2, 2),
        one=M.layer("Add", {}, ["a", "c"]),
        two=M.layer("Add", {}, ["b", "one"]),
    ),
    "layer 'x0' (Add): unknown attribute 'weight'=2": with_weight(wavenet(M, 3, False, False)),
    "layer 'sum' (Add): joining frames of shapes [5] and [2]": with_skip(
        wavenet(M, 3, False, False)
    ),
    "layer 'dot' (Dot): this kind of layer is not supported": graph(
        [T, T, 2], dot=M.layer("Dot", {"axes": -1}, ["input", "input"])
    ),
    "layer 'lstm' (LSTM): a call with 2 inputs is not supported, only one with a signal": graph(
        *([T, T, 2],),
        a=M.dense(2, 2),
        lstm=Layer("LSTM", "lstm", {}, {}, ["a", "input"]),
    ),
    "layer 'concatenate' (Concatenate): axis=1 is not supported, only the channels or": graph(
        [T, T, 2], concatenate=M.layer("Concatenate", {"axis": 1}, ["input", "input"])
    ),
    "layer 'multiply' (Multiply): 3 inputs is not supported, only two": graph(
        [T, T, 2], multiply=M.layer("Multiply", {}, ["input", "input", "input"])
    ),
    "layer 'add' (Add): an operator with a number is not supported, only signal * number": graph(
        [T, T, 2], add=M.layer("Add", {}, ["input", 0.5])
    ),
    "the model: more than one layer is called 'dense'": Model([T, T, 2], [M.dense(2, 2)] * 2),
}


@pytest.mark.parametrize("message", REFUSED)
def test_model_is_refused(message: str, tmp_path: Path) -> None:
    with pytest.raises(inlay.ExportError) as caught:
        inlay.export_keras(REFUSED[message], tmp_path / "model.json")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_refused(value: float, tmp_path: Path) -> None:
    model = lstm_amp()
    model.layers[1].weights["kernel"][2] = value
    fake.save_keras2(model, tmp_path / "model.h5")
    for source in (model, tmp_path / "model.h5"):
        with pytest.raises(
            inlay.ExportError, match=r"'dense_1' \(Dense\): kernel: holds NaN or inf"
        ):
            inlay.export_keras(source, tmp_path / "model.json")


# Attributes that only affect training.
HARMLESS = {
    *(
        "name",
        "trainable",
        "seed",
        "rate",
        "stateful",
        "unroll",
        "zero_output_for_mask",
        "momentum",
    ),
    *("dropout", "recurrent_dropout", "unit_forget_bias", "synchronized", "activity_regularizer"),
}


def real_layers() -> dict[tuple[str, str], tuple[Path, int]]:
    """For every attribute of every class that a real Keras saved, a file and a layer of it."""
    found = {}
    for path in sorted(FIXTURES.glob("*.keras")):
        for index, layer in enumerate(config_of(path)["config"]["layers"]):
            for key in layer["config"]:
                found[layer["class_name"], key] = path, index
    return found


def config_of(path: Path) -> Json:
    with zipfile.ZipFile(path) as archive:
        config: Json = json.loads(archive.read("config.json"))
    return config


@pytest.mark.skipif(not FIXTURES.exists(), reason="the files that Keras saved are not here")
@pytest.mark.parametrize("kind", sorted({kind for kind, _ in real_layers()}))
def test_no_attribute_is_dropped(kind: str, tmp_path: Path) -> None:
    """Each attribute is exported, refused, or known to have no effect."""
    path, written = tmp_path / "model.keras", tmp_path / "model.json"
    for (owner, key), (original, index) in real_layers().items():
        trained = key.endswith(("_initializer", "_regularizer", "_constraint"))
        if owner != kind or trained or key in HARMLESS:
            continue
        inlay.export_keras(original, written)
        expected = written.read_text()
        config = config_of(original)
        attributes = config["config"]["layers"][index]["config"]
        was = attributes[key]
        for value in (None, True, False, 7, 0.125, "x", [7], {"class_name": "x"}):
            same = value == was or (key == "activation" and (value, was) == (None, "linear"))
            if same or (key in ("sparse", "ragged") and value is None):
                continue
            attributes[key] = value
            path.write_bytes(original.read_bytes())
            replaced("config.json", json.dumps(config).encode())(path)
            try:
                inlay.export_keras(path, written)
            except inlay.ExportError:
                continue
            assert written.read_text() != expected, f"{key}={value!r}"


# Graphs in configurations.


def edited(edit: Callable[[Json], None], path: Path) -> Path:
    """A file of Keras 3 with a Dense beside its input, whose configuration was edited."""
    model = graph([T, T, 2], a=M.dense(2, 2), add=M.layer("Add", {}, ["input", "a"]))
    fake.save_keras3(model, path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    edit(config)
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def call_twice(config: Json) -> None:
    nodes = config["config"]["layers"][1]["inbound_nodes"]
    nodes.append(copy.deepcopy(nodes[0]))


def second_input(config: Json) -> None:
    config["config"]["input_layers"].append(["knobs", 0, 0])


def second_output(config: Json) -> None:
    config["config"]["output_layers"].append(["a", 0, 0])


def loop(config: Json) -> None:
    tensor = config["config"]["layers"][1]["inbound_nodes"][0]["args"][0]
    tensor["config"]["keras_history"][0] = "add"


def unknown_input(config: Json) -> None:
    tensor = config["config"]["layers"][1]["inbound_nodes"][0]["args"][0]
    tensor["config"]["keras_history"][0] = "nobody"


def second_part(config: Json) -> None:
    tensor = config["config"]["layers"][1]["inbound_nodes"][0]["args"][0]
    tensor["config"]["keras_history"][2] = 1


def set_entry(**members: Any) -> Callable[[Json], None]:
    return lambda config: config["config"]["layers"][1].update(members)


def set_call(**arguments: Any) -> Callable[[Json], None]:
    def edit(config: Json) -> None:
        config["config"]["layers"][1]["inbound_nodes"][0]["kwargs"] = arguments

    return edit


def set_root(**members: Any) -> Callable[[Json], None]:
    return lambda config: config.update(members)


def set_model(**members: Any) -> Callable[[Json], None]:
    return lambda config: config["config"].update(members)


EDITED: dict[str, Callable[[Json], None]] = {
    "layer 'a' (Dense): calling it 2 times is not supported, only layers that are called once": (
        call_twice
    ),
    "has 2 inputs ('input', 'knobs'); only one is supported; make them channels of one": second_input,
    "has 2 outputs ('add', 'a'); only one is supported": second_output,
    "depends on itself": loop,
    "has no layer 'nobody'": unknown_input,
    "layer 'a' (Dense): output 1 of 'input' is not supported, only the first": second_part,
    "layer 'a' (Dense): the argument training=True is not supported": set_call(training=True),
    "layer 'a' (Dense): the argument mask={'class_name': '__keras_tensor__'} is not": set_call(
        mask={"class_name": "__keras_tensor__"}
    ),
    "layer 'a' (Dense): the class 'mine>Dense' of your own is not supported": set_entry(
        registered_name="mine>Dense"
    ),
    "layer 'a' (Dense): the class 'mine.layers' of your own": set_entry(module="mine.layers"),
    "layer 'a' (Dense): unknown member 'sharing'": set_entry(sharing=True),
    "layer 'a' (Dense): config: expected an object, found None": set_entry(config=None),
    "layer 'a' (Dense): inbound_nodes: expected a list, found 3": set_entry(inbound_nodes=3),
    "layer 'a' (Dense): calling it 0 times": set_entry(inbound_nodes=[]),
    "layer 'a' (Dense): has no input": set_entry(inbound_nodes=[{"args": [], "kwargs": {}}]),
    "layers[1].class_name: expected text, found 5": set_entry(class_name=5),
    "the model is a Amp; only a Sequential or a functional model is exported": set_root(
        class_name="Amp"
    ),
    "the model: the class 'mine>Functional' of your own": set_root(
        registered_name="mine>Functional"
    ),
    "the model: config: expected an object, found 'x'": set_root(config="x"),
    "the model: unknown attribute 'quantized'=True": set_model(quantized=True),
    "the model: layers: expected a list, found {}": set_model(layers={}),
    "the model: has no layers": set_model(layers=[]),
    "the model: layers[0]: expected an object, found 1": set_model(layers=[1]),
    "the model: output_layers: expected a list": set_model(output_layers=None),
}


@pytest.mark.parametrize("message", EDITED)
def test_edited_configuration_is_refused(message: str, tmp_path: Path) -> None:
    path = edited(EDITED[message], tmp_path / "model.keras")
    with pytest.raises(inlay.ExportError) as caught:
        inlay.export_keras(path, tmp_path / "model.json")
    assert message in str(caught.value)


def test_hard_sigmoid_of_an_unknown_keras_is_refused(tmp_path: Path) -> None:
    model = one(M.layer("Activation", {"activation": "hard_sigmoid"}))
    config = {"class_name": "Sequential", "config": model.get_config()}
    config["config"]["layers"].pop(0)
    config["config"]["build_input_shape"] = [None, None, 2]
    (tmp_path / "config.json").write_text(json.dumps(config))
    with h5py.File(tmp_path / "model.weights.h5", "w") as file:
        fake.save_container(file, model, names=True)
    with pytest.raises(inlay.ExportError, match="nothing says which Keras it is from"):
        inlay.export_keras(
            tmp_path / "config.json",
            tmp_path / "model.json",
            weights=tmp_path / "model.weights.h5",
        )


# Files.


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def without(member: str) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist() if name != member}
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)

    return edit


def replaced(member: str, content: bytes) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        without(member)(path)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(member, content)

    return edit


def weights_file(fill: Callable[[Any], None]) -> bytes:
    stored = io.BytesIO()
    with h5py.File(stored, "w") as file:
        fill(file)
    return stored.getvalue()


def bfloat16(file: Any) -> None:
    fake.save_container(file, lstm_amp(), True)
    file["layers/dense/vars/0"].attrs["dtype"] = "bfloat16"


def integers(file: Any) -> None:
    fake.save_container(file, lstm_amp(), True)
    del file["layers/dense/vars/0"]
    file["layers/dense/vars/0"] = np.ones((4, 1), np.int32)


def one_more(file: Any) -> None:
    fake.save_container(file, lstm_amp(), True)
    file["layers/dense/vars/2"] = np.ones(1, np.float32)


def doubles(file: Any) -> None:
    fake.save_container(file, lstm_amp(), True)
    del file["layers/dense/vars/1"]
    file["layers/dense/vars/1"] = np.full(1, 1 / 3)


DAMAGED_KERAS: dict[str, Callable[[Path], None]] = {
    "cannot be read: File is not a zip file": truncated,
    "neither a .keras file, nor an .h5 file, nor JSON; save the whole model with": (
        lambda path: path.write_bytes(b"weights") and None
    ),
    "cannot be read: No such file": lambda path: path.unlink(),
    "holds no config.json; save the whole model": without("config.json"),
    "holds no metadata.json": without("metadata.json"),
    "holds no model.weights.h5": without("model.weights.h5"),
    "config.json: not valid JSON": replaced("config.json", b"{"),
    "config.json: not valid JSON: maximum recursion": replaced("config.json", b"[" * 100000),
    "config.json: expected an object, found []": replaced("config.json", b"[]"),
    "metadata.json: not valid JSON": replaced("metadata.json", b"\xff"),
    "model.weights.h5: cannot be read: ": replaced("model.weights.h5", b"weights"),
    "layer 'lstm_0' (LSTM): expected the weights kernel, recurrent_kernel, bias, found 0": replaced(
        "model.weights.h5", weights_file(lambda file: None)
    ),
    "holds bfloat16, only float32 and float64 are read": replaced(
        "model.weights.h5", weights_file(bfloat16)
    ),
    "layer 'dense_1' (Dense): kernel: holds int32, not floating-point": replaced(
        "model.weights.h5", weights_file(integers)
    ),
    "layer 'dense_1' (Dense): expected the weights kernel, bias, found 3 tensors": replaced(
        "model.weights.h5", weights_file(one_more)
    ),
    "layer 'dense_1' (Dense): bias: holds float64, the layer is float32": replaced(
        "model.weights.h5", weights_file(doubles)
    ),
}


@pytest.mark.parametrize("message", DAMAGED_KERAS)
def test_damaged_keras_file_is_refused(message: str, tmp_path: Path) -> None:
    fake.save_keras3(lstm_amp(), tmp_path / "model.keras")
    DAMAGED_KERAS[message](tmp_path / "model.keras")
    with pytest.raises(inlay.ExportError) as caught:
        inlay.export_keras(tmp_path / "model.keras", tmp_path / "model.json")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "model.json").exists()


def in_file(edit: Callable[[Any], None]) -> Callable[[Path], None]:
    def run(path: Path) -> None:
        with h5py.File(path, "a") as file:
            edit(file)

    return run


def remove_bias(file: Any) -> None:
    names = file["model_weights/dense_1"].attrs["weight_names"]
    file["model_weights/dense_1"].attrs["weight_names"] = names[:1]


DAMAGED_H5: dict[str, Callable[[Path], None]] = {
    "cannot be read: ": truncated,
    "holds weights and no configuration; save the whole model with": in_file(
        lambda file: file.attrs.__delitem__("model_config")
    ),
    "holds no weights; save the whole model": in_file(
        lambda file: file.__delitem__("model_weights")
    ),
    "model_config: not valid JSON": in_file(
        lambda file: file.attrs.__setitem__("model_config", "{")
    ),
    "dense_1: expected the weights kernel, bias, found none": in_file(
        lambda file: file["model_weights"].__delitem__("dense_1")
    ),
    "dense_1: expected the weights kernel, bias, found dense_1/kernel:0": in_file(remove_bias),
    "cannot be read: ...": in_file(
        lambda file: file["model_weights/dense_1/dense_1"].__delitem__("bias:0")
    ),
}


@pytest.mark.parametrize("message", DAMAGED_H5)
def test_damaged_h5_file_is_refused(message: str, tmp_path: Path) -> None:
    fake.save_keras2(lstm_amp(), tmp_path / "model.h5")
    DAMAGED_H5[message](tmp_path / "model.h5")
    with pytest.raises(inlay.ExportError) as caught:
        inlay.export_keras(tmp_path / "model.h5", tmp_path / "model.json")
    assert message.removesuffix("...") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_ways_in_that_do_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    fake.save_keras3(lstm_amp(), tmp_path / "model.keras")
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "empty").write_bytes(b"")
    for message, source, options in [
        (
            "has weights of its own; leave out weights",
            tmp_path / "model.keras",
            {"weights": "w.h5"},
        ),
        ("a configuration has no weights; pass them", tmp_path / "config.json", {}),
        ("w.h5: cannot be read: No such file", tmp_path / "config.json", {"weights": "w.h5"}),
        ("a folder (a SavedModel?) is not read; save the whole model", tmp_path, {}),
        ("neither a .keras file", tmp_path / "empty", {}),
        ("a live model has its own; leave it out", lstm_amp(), {"weights": "w.h5"}),
        ("source: expected a Keras model or the path of a saved one, found a list", [], {}),
        ("expected [frames, 1], found [9, 3]", lstm_amp(), {"check_input": np.zeros((9, 3))}),
        ("sample_rate: expected a positive number of Hz", lstm_amp(), {"sample_rate": 0}),
        ("tolerance: expected a positive number", tmp_path / "model.keras", {"tolerance": -1.0}),
        ("metadata: cannot be written", tmp_path / "model.keras", {"metadata": {"when": object()}}),
        ("takes 64", Model([T, 64, 2], [M.dense(2, 2)]), {"check_input": np.zeros((9, 2))}),
    ]:
        with pytest.raises(inlay.ExportError) as caught:
            inlay.export_keras(source, path, **options)
        assert message in str(caught.value)
        assert not path.exists()


def test_without_h5py(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.save_keras3(lstm_amp(), tmp_path / "model.keras")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(inlay.ExportError, match="needs h5py, which is not installed; pip install"):
        inlay.export_keras(tmp_path / "model.keras", tmp_path / "model.json")


def test_a_model_with_code_of_its_own_is_refused(tmp_path: Path) -> None:
    class Subclassed(Model):
        def get_config(self) -> Json:
            raise NotImplementedError

    with pytest.raises(inlay.ExportError, match="the model is a Subclassed with code of its own"):
        inlay.export_keras(Subclassed([T, T, 2], [M.dense(2, 2)]), tmp_path / "model.json")


def test_a_failed_export_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text("precious")
    with pytest.raises(inlay.ExportError):
        inlay.export_keras(rnn("GRU", go_backwards=True), path)
    assert path.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [path]


# Random damage.


def disturbed(content: bytes, places: list[int], chance: random.Random) -> bytes:
    if chance.random() < 0.3:
        return content[: chance.randrange(len(content))]
    found = bytearray(content)
    for _ in range(chance.choice([1, 3, 20])):
        found[chance.choice(places)] ^= 1 << chance.randrange(8)
    return bytes(found)


def outside_of_structure(path: Path) -> list[int]:
    """The bytes of an .h5 file that hold configuration or weights.

    Damage to some other bytes crashes HDF5's own library.
    """
    content, places = path.read_bytes(), []
    with h5py.File(path) as file:
        spans = [(content.find(config := file.attrs["model_config"].encode()), len(config))]
        file.visititems(
            lambda _, item: spans.append((item.id.get_offset(), item.nbytes))
            if isinstance(item, h5py.Dataset)
            else None
        )
    for begin, length in spans:
        places += range(begin, begin + length)
    return places


@pytest.mark.parametrize("kind", ["keras", "h5"])
def test_random_damage_gives_one_sentence_or_a_model(kind: str, tmp_path: Path) -> None:
    """A flipped bit in a weight gives another weight: then the file is exported and checked."""
    path, chance = tmp_path / f"model.{kind}", random.Random(7)
    (fake.save_keras3 if kind == "keras" else fake.save_keras2)(lstm_amp(), path)
    content = path.read_bytes()
    places = list(range(len(content))) if kind == "keras" else outside_of_structure(path)
    for _ in range(200):
        path.write_bytes(disturbed(content, places, chance))
        try:
            inlay.export_keras(path, tmp_path / "model.json")
        except inlay.ExportError as error:
            assert "\n" not in str(error)


def test_random_configurations_give_one_sentence_or_a_model(tmp_path: Path) -> None:
    """Any value of a configuration is replaced by any other."""
    chance = random.Random(3)
    values = [None, True, 0, -1, 1e30, "x", [], {}, [[]], [None], {"config": {}}]

    def disturb(value: Any) -> Any:
        if chance.random() < 0.02:
            return chance.choice(values)
        if isinstance(value, dict):
            return {key: disturb(item) for key, item in value.items()}
        return [disturb(item) for item in value] if isinstance(value, list) else value

    path = tmp_path / "model.keras"
    for _ in range(200):

        def edit(config: Json) -> None:
            config["config"] = disturb(config["config"])

        edited(edit, path)
        try:
            inlay.export_keras(path, tmp_path / "model.json")
        except inlay.ExportError as error:
            assert "\n" not in str(error)
