"""Rewrites recorded Keras models as inlay files, into tests/golden/keras.

    PYTHONPATH=python/src python3 tests/golden/keras.py FOLDER

FOLDER has recordings from a machine with Keras; this script only needs h5py. For each model NAME:

    NAME.h5       the whole model as Keras saves it (legacy HDF5)
    NAME.io.json  `framework`, `seed`, `input` and `output` ([frames][channels]), and `skip` and `stride` where they
                  are not 0 and 1

How they were recorded: Keras 3.9.2 on its torch backend, float32, CPU, one thread. Nothing was trained:
`keras.utils.set_random_seed(seed)`, then every weight, bias, statistic and slope random and not zero, the last Dense
scaled so that the output spans about -0.9 to 0.9. The input has 200 frames from -1 to 1: a sine plus noise, a short
silence, a short burst at full scale. The output is of `model.predict`, batch 1, every state zero at the start. A
separate float64 implementation without Keras reproduced every output within 6.4e-7.

This script reads the HDF5 files itself, to be independent of the package's Keras export.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any, Callable

import h5py
import numpy as np

import manifest
from inlay.format import Array, Check, LayerRecord, ModelFile, write_model

TARGET = Path(__file__).parent / "keras"
SOURCE = "Keras 3.9.2 (torch backend)"
TOLERANCE = 1e-5
PURPOSES = {
    "dense_stack": "dense 3->8 tanh, 8->6 ReLU, 6->5 sigmoid, 5->4 ELU, 4->4 softmax, 4->2",
    "conv_causal": "conv 1->8 k3 tanh, 8->8 k3 d4 ReLU, 8->6 k5 d16, dense 6->1",
    "conv_grouped": "conv 6->6 k3 g3, PReLU 6, dense 6->2",
    "conv_valid": "conv 2->4 k5 tanh, dense 4->1; skip 4",
    "conv_strided": "conv 2->4 k4 stride 2, dense 4->2; skip 3",
    "lstm_dense": "LSTM 1->20, dense 20->1",
    "lstm_cond": "LSTM 3->12, LSTM 12->7, dense 7->2",
    "gru_dense": "GRU 1->16, dense 16->1",
    "gru_cond": "GRU 2->9, GRU 9->8, dense 8->1",
    "gru_reset_before": "GRU 2->8 with `reset_after` false, dense 8->1",
    "lstm_hardsig": "LSTM 1->8 with hard_sigmoid gates, dense 8->1",
    "bn_prelu": "dense 4->8, batch normalisation, PReLU 8, dense 8->8, leaky ReLU 0.2, dense 8->1",
    "td_dense": "GRU 2->8, dense 8->8 tanh, dense 8->1, both dense in TimeDistributed",
    "full": "dense 1->8, tanh, conv 8->4 k3 d2, tanh, GRU 4->8, dense 8->1",
    "residual_functional": "functional model: x + dense(LSTM 20)",
    "tcn_functional": "functional model: two blocks of conv k3 (d1, d8), PReLU and a skip of one tap, then dense",
    "conv2d_valid": "conv2d 1->4 f10 k3x3 tanh, dense 32->2; skip 2",
}
# Arguments of keras.utils.set_random_seed, in this order.
SEEDS = {name: 3920 + index for index, name in enumerate(PURPOSES)}

Config = dict[str, Any]
Weights = dict[str, Array]


def dense(config: Config, weights: Weights, channels: int) -> LayerRecord:
    return LayerRecord("dense", {"in": channels, "out": config["units"]}, weights)


def conv1d(config: Config, weights: Weights, channels: int) -> LayerRecord:
    stride = config["strides"][0]
    assert config["padding"] == "valid" or (stride == 1 and config["padding"] == "causal"), config
    sizes = {"in": weights["kernel"].shape[1] * config["groups"], "out": config["filters"]}
    taps, dilation = config["kernel_size"][0], config["dilation_rate"][0]
    options = sizes | {"kernel_size": taps, "dilation": dilation, "groups": config["groups"]}
    return LayerRecord("conv1d", options | ({"stride": stride} if stride > 1 else {}), weights)


def conv2d(config: Config, weights: Weights, channels: int) -> LayerRecord:
    assert config["padding"] == "valid", config  # "same" would also look ahead in time.
    (taps, width), (dilation, _) = config["kernel_size"], config["dilation_rate"]
    assert config["strides"][0] == 1 and config["dilation_rate"][1] == 1, config
    inputs = weights["kernel"].shape[2]
    assert config["groups"] == 1 and channels % inputs == 0, config
    sizes = {"in": inputs, "out": config["filters"], "features": channels // inputs}
    kernel = {"kernel_size_time": taps, "kernel_size_features": width, "dilation": dilation}
    options = sizes | kernel | {"stride": config["strides"][1], "padding": "valid"}
    return LayerRecord("conv2d", options, weights)


def lstm(config: Config, weights: Weights, channels: int) -> LayerRecord:
    return LayerRecord("lstm", recurrent_options(config, channels), weights)


def gru(config: Config, weights: Weights, channels: int) -> LayerRecord:
    reset_after = {"reset_after": config["reset_after"]}
    return LayerRecord("gru", recurrent_options(config, channels) | reset_after, weights)


def recurrent_options(config: Config, channels: int) -> Config:
    assert config["activation"] == "tanh" and config["return_sequences"], config
    gates = config["recurrent_activation"]
    return {"in": channels, "out": config["units"], "recurrent_activation": gates}


def batchnorm1d(config: Config, weights: Weights, channels: int) -> LayerRecord:
    names = {"moving_mean": "mean", "moving_variance": "variance"}
    tensors = {names.get(name, name): tensor for name, tensor in weights.items()}
    return LayerRecord("batchnorm1d", {"size": channels, "epsilon": config["epsilon"]}, tensors)


def prelu(config: Config, weights: Weights, channels: int) -> LayerRecord:
    assert config["shared_axes"] == [1], config  # Frames share their slopes, channels do not.
    return LayerRecord("prelu", {"size": channels}, {"alpha": weights["alpha"].reshape(-1)})


def leaky_relu(config: Config, weights: Weights, channels: int) -> LayerRecord:
    return LayerRecord("leaky_relu", {"size": channels, "alpha": config["negative_slope"]})


def activation(name: str, channels: int) -> list[LayerRecord]:
    if name == "linear":
        return []
    alpha = {"alpha": 1.0} if name == "elu" else {}
    return [LayerRecord(name, {"size": channels} | alpha)]


READERS: dict[str, Callable[[Config, Weights, int], LayerRecord]] = {
    "Dense": dense,
    "Conv1D": conv1d,
    "Conv2D": conv2d,
    "LSTM": lstm,
    "GRU": gru,
    "BatchNormalization": batchnorm1d,
    "PReLU": prelu,
    "LeakyReLU": leaky_relu,
}


def layer_weights(file: h5py.File, layer: str) -> Weights:
    """A layer's tensors by their short name ("kernel"), without the names of wrappers."""
    group = file["model_weights"][layer]
    paths = [str(path) for path in group.attrs["weight_names"]]
    return {path.split("/")[-1].removesuffix(":0"): np.asarray(group[path]) for path in paths}


def records(file: h5py.File) -> list[LayerRecord]:
    """The model's layers. An activation that is an option of a Keras layer becomes a layer."""
    layers: list[LayerRecord] = []
    channels = 0
    for layer in json.loads(file.attrs["model_config"])["config"]["layers"]:
        kind, config = layer["class_name"], layer["config"]
        weights = layer_weights(file, config["name"]) if kind != "InputLayer" else {}
        if kind == "TimeDistributed":
            kind, config = config["layer"]["class_name"], config["layer"]["config"]
        if kind == "InputLayer":
            channels = math.prod(config["batch_shape"][2:])
            continue
        if kind in READERS:
            layers.append(READERS[kind](config, weights, channels))
            channels = layers[-1].channels_out
        if kind in ("Dense", "Conv1D", "Conv2D", "Activation"):
            layers += activation(config["activation"], channels)
    return layers


def residual(layers: list[LayerRecord]) -> list[LayerRecord]:
    return [LayerRecord("residual", chains={"layers": [layers]})]


def tcn(layers: list[LayerRecord]) -> list[LayerRecord]:
    """Blocks of a convolution, a PReLU and a skip of one tap, in the order of the file; then Dense."""
    *blocks, out = layers
    branches = [[blocks[i : i + 2], blocks[i + 2 : i + 3]] for i in range(0, len(blocks), 3)]
    return [*(LayerRecord("parallel", chains={"branches": b}) for b in branches), out]


# Inputs of the Add layers of the functional models.
FUNCTIONAL = {"residual_functional": residual, "tcn_functional": tcn}


def convert(folder: Path, name: str) -> None:
    recorded = json.loads((folder / f"{name}.io.json").read_text())
    assert recorded["seed"] == SEEDS[name] and recorded["framework"] == "keras 3.9.2", name
    check = Check(
        source=SOURCE,
        dtype="float32",
        input=np.asarray(recorded["input"], np.float32),
        output=np.asarray(recorded["output"], np.float32),
        tolerance=TOLERANCE,
        skip=recorded.get("skip", 0),
        stride=recorded.get("stride", 1),
    )
    with h5py.File(folder / f"{name}.h5") as file:
        layers = FUNCTIONAL.get(name, list)(records(file))
        write_model(TARGET / f"{name}.json", ModelFile(layers, check))


def main() -> None:
    if not manifest.only_manifest():
        if len(sys.argv) != 2:
            sys.exit(__doc__)
        TARGET.mkdir(exist_ok=True)
        for name in PURPOSES:
            convert(Path(sys.argv[1]), name)
    manifest.record(__file__, TARGET, PURPOSES, PURPOSES, SEEDS.__getitem__)


if __name__ == "__main__":
    main()
