"""A stand-in for Keras: models that run and that save themselves.

The layers compute whole signals, [frames, ...], as Keras's documentation defines, and do not use
inlay. Models have the interface of a live Keras model that the exporter uses, and can be written as
Keras 3 and Keras 2 write them.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.floating[Any]]
Weights = dict[str, Signal]
Json = dict[str, Any]
Shape = list[Any]


@dataclass
class Layer:
    """A layer of a model, its inputs, and its entry in a configuration of Keras 3."""

    kind: str
    name: str
    config: Json
    weights: Weights = field(default_factory=dict)
    takes: list[Any] = field(default_factory=list)
    model: Model | None = None
    cell: str = ""
    stateful: bool = False

    def get_weights(self) -> list[Signal]:
        return list(self.weights.values())

    def reset_states(self) -> None:
        """Does nothing: every run starts from zero."""


class Model:
    """A functional model or, with `sequential`, a chain; `shape` is [batch, frames, channels...]."""

    def __init__(
        self, shape: Shape, layers: list[Layer], *, sequential: bool = False, name: str = "model"
    ) -> None:
        self.shape, self.name, self.sequential = shape, name, sequential
        self.layers = layers
        for layer, before in zip(layers, [Layer("", "input", {}), *layers]):
            layer.takes = layer.takes or [before.name]
        self.output = layers[-1].name

    def get_config(self) -> Json:
        if self.sequential:
            return {"name": self.name, "layers": [self._input3(), *map(entry3, self.layers)]}
        entries = [{**self._input3(), "name": "input", "inbound_nodes": []}]
        for layer in self.layers:
            entries.append({**entry3(layer), "name": layer.name, "inbound_nodes": [node3(layer)]})
        ends = {"input_layers": [["input", 0, 0]], "output_layers": [[self.output, 0, 0]]}
        return {"name": self.name, "trainable": True, "layers": entries, **ends}

    def _input3(self) -> Json:
        config = {"batch_shape": self.shape, "dtype": "float32", "sparse": False, "name": "input"}
        return {"module": "keras.layers", "class_name": "InputLayer", "config": config}

    def predict(self, batch: Signal, **options: object) -> Signal:
        if len(self.shape) == 2:
            return self.run(batch.astype(np.float64)).astype(np.float32)
        return np.stack([self.run(x.astype(np.float64)) for x in batch]).astype(np.float32)

    def run(self, x: Signal) -> Signal:
        signals: dict[str, Any] = {"input": x}
        for layer in self.layers:
            taken = [
                signals[name] if isinstance(name, str) else float(name) for name in layer.takes
            ]
            if layer.model:
                signals[layer.name] = layer.model.run(taken[0])
            else:
                signals[layer.name] = RUN[layer.kind](layer.config, layer.weights, *taken)
        return signals[self.output]


def entry3(layer: Layer) -> Json:
    if layer.model:
        kind = "Sequential" if layer.model.sequential else "Functional"
        return {"module": "keras", "class_name": kind, "config": layer.model.get_config()}
    config = {"name": layer.name, "trainable": True, **layer.config}
    return {"module": "keras.layers", "class_name": layer.kind, "config": config}


def node3(layer: Layer) -> Json:
    def tensor(name: object) -> object:
        if not isinstance(name, str):
            return name
        config = {"dtype": "float32", "keras_history": [name, 0, 0]}
        return {"class_name": "__keras_tensor__", "config": config}

    tensors = [tensor(name) for name in layer.takes]
    return {"args": [tensors] if len(tensors) > 1 else tensors, "kwargs": {}}


def save_keras3(model: Model, path: Path, version: str = "3.9.2", names: bool = True) -> None:
    kind = "Sequential" if model.sequential else "Functional"
    config = {"module": "keras", "class_name": kind, "config": model.get_config()}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": version}))
        archive.writestr("config.json", json.dumps(config))
        stored = io.BytesIO()
        with h5py.File(stored, "w") as file:
            save_container(file, model, names)
        archive.writestr("model.weights.h5", stored.getvalue())


def save_container(group: Any, model: Model, names: bool, container: str = "layers") -> None:
    used: dict[str, int] = {}
    for layer in model.layers:
        kind = {"Conv1D": "conv1d", "LSTM": "lstm", "GRU": "gru"}.get(layer.kind)
        kind = kind or "".join("_" + c.lower() if c.isupper() else c for c in layer.kind)[1:]
        if layer.model:
            kind = "sequential" if layer.model.sequential else "functional"
        used[kind] = used.get(kind, -1) + 1
        own = group.create_group(f"{container}/{kind}" + (f"_{used[kind]}" if used[kind] else ""))
        outer = own.create_group("vars")
        if names:
            outer.attrs["name"] = layer.name
        if layer.model:
            save_container(own, layer.model, names, container)
        tensors = own.create_group(f"{layer.cell}/vars") if layer.cell else outer
        for index, values in enumerate(layer.weights.values()):
            tensors[str(index)] = values


def entry2(layer: Layer) -> Json:
    """The entry for Keras 2, which has other names for some attributes."""
    config = {"name": layer.name, "trainable": True, "dtype": "float32", **layer.config}
    if layer.kind == "LeakyReLU":
        config["alpha"] = config.pop("negative_slope")
    return {"class_name": layer.kind, "config": config}


def config2(model: Model) -> Json:
    if model.sequential:
        entries = [entry2(layer) for layer in model.layers]
        entries[0]["config"]["batch_input_shape"] = model.shape
        return {"class_name": "Sequential", "config": {"name": model.name, "layers": entries}}
    given = {"batch_input_shape": model.shape, "dtype": "float32", "sparse": False}
    given |= {"ragged": False, "name": "input"}
    entries = [{"class_name": "InputLayer", "config": given, "name": "input", "inbound_nodes": []}]
    for layer in model.layers:
        nodes = [[[name, 0, 0, {}] for name in layer.takes]]
        entries.append({**entry2(layer), "name": layer.name, "inbound_nodes": nodes})
    ends = {"input_layers": [["input", 0, 0]], "output_layers": [[model.output, 0, 0]]}
    return {
        "class_name": "Functional",
        "config": {"name": model.name, "layers": entries, **ends},
    }


def save_weights2(group: Any, model: Model) -> None:
    group.attrs["layer_names"] = np.array([layer.name.encode() for layer in model.layers])
    group.attrs["backend"] = b"tensorflow"
    group.attrs["keras_version"] = b"2.15.0"
    for layer in model.layers:
        own = group.create_group(layer.name)
        inner = f"{layer.name}/{layer.kind.lower()}_cell" if layer.cell else layer.name
        paths = [f"{inner}/{name}:0" for name in layer.weights]
        own.attrs["weight_names"] = np.array([path.encode() for path in paths])
        for path, values in zip(paths, layer.weights.values()):
            own[path] = values


def save_keras2(model: Model, path: Path, version: str | None = "2.15.0") -> None:
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config2(model)).encode()
        if version is not None:
            file.attrs["keras_version"] = version
        save_weights2(file.create_group("model_weights"), model)


# The computations of Keras's layers.


def sigmoid(x: Signal) -> Signal:
    return 1 / (1 + np.exp(-x))


def softmax(x: Signal) -> Signal:
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


FUNCTIONS: dict[str, Any] = {
    "linear": lambda x: x,
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "relu": lambda x: np.where(x > 0, x, 0),
    "relu6": lambda x: np.minimum(np.maximum(x, 0), 6),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "elu": lambda x: np.where(x > 0, x, np.exp(x) - 1),
    "celu": lambda x: np.where(x > 0, x, np.exp(x) - 1),
    "selu": lambda x: 1.05070098 * np.where(x > 0, x, 1.67326324 * (np.exp(x) - 1)),
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "mish": lambda x: x * np.tanh(np.log(1 + np.exp(x))),
    "exponential": np.exp,
    "glu": lambda x: np.split(x, 2, -1)[0] * sigmoid(np.split(x, 2, -1)[1]),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "silu": lambda x: x * sigmoid(x),
    "swish": lambda x: x * sigmoid(x),
    "hard_tanh": lambda x: np.minimum(np.maximum(x, -1), 1),
    "hard_silu": lambda x: x * np.minimum(np.maximum(x + 3, 0), 6) / 6,
    "hard_swish": lambda x: x * np.minimum(np.maximum(x + 3, 0), 6) / 6,
    "softmax": softmax,
}


def activate(config: Json, x: Signal) -> Signal:
    value = config.get("activation", "linear")
    if isinstance(value, dict):
        return RUN[value["class_name"]](value["config"], {}, x)
    return FUNCTIONS[value](x)


def one(value: Any) -> int:
    return value[0] if isinstance(value, list) else value


def dense(config: Json, w: Weights, x: Signal) -> Signal:
    return activate(config, x @ w["kernel"] + w.get("bias", 0.0))


def padded(config: Json, x: Signal, reach: int) -> Signal:
    if config["padding"] == "causal":
        return np.concatenate([np.zeros((reach, *x.shape[1:])), x])
    return x


def conv1d(config: Json, w: Weights, x: Signal) -> Signal:
    kernel, groups = w["kernel"], config.get("groups", 1)
    (taps, inputs, filters), d = kernel.shape, one(config["dilation_rate"])
    x, s = padded(config, x, (taps - 1) * d), one(config["strides"])
    y = []
    for begin in range(0, len(x) - (taps - 1) * d, s):
        seen = x[begin : begin + (taps - 1) * d + 1 : d]
        outs = []
        for g in range(groups):
            part = seen[:, g * inputs : (g + 1) * inputs]
            each = filters // groups
            outs.append(np.tensordot(part, kernel[:, :, g * each : (g + 1) * each], 2))
        y.append(np.concatenate(outs))
    return activate(config, np.array(y) + w.get("bias", 0.0))


def depthwise(config: Json, w: Weights, x: Signal, kernel: str = "kernel") -> Signal:
    taps, inputs, multiplier = w[kernel].shape
    d, s = one(config["dilation_rate"]), one(config["strides"])
    x = padded(config, x, (taps - 1) * d)
    y = [
        np.einsum("ki,kim->im", x[t : t + (taps - 1) * d + 1 : d], w[kernel]).ravel()
        for t in range(0, len(x) - (taps - 1) * d, s)
    ]
    return np.array(y)


def depthwise_conv1d(config: Json, w: Weights, x: Signal) -> Signal:
    return activate(config, depthwise(config, w, x) + w.get("bias", 0.0))


def separable_conv1d(config: Json, w: Weights, x: Signal) -> Signal:
    y = depthwise(config, w, x, "depthwise_kernel") @ w["pointwise_kernel"][0]
    return activate(config, y + w.get("bias", 0.0))


def conv1d_transpose(config: Json, w: Weights, x: Signal) -> Signal:
    kernel, s = w["kernel"], one(config["strides"])
    taps, filters, _ = kernel.shape
    y = np.zeros((len(x) * s + max(taps - s, 0), filters))
    for t, value in enumerate(x):
        y[t * s : t * s + taps] += kernel @ value
    return activate(config, y + w.get("bias", 0.0))


def conv2d(config: Json, w: Weights, x: Signal) -> Signal:
    kernel, (d, _), (_, s) = w["kernel"], config["dilation_rate"], config["strides"]
    taps, width, _, filters = kernel.shape
    if config["padding"] == "same":
        positions = -(-x.shape[1] // s)
        zeros = max((positions - 1) * s + width - x.shape[1], 0)
        x = np.pad(x, ((0, 0), (zeros // 2, zeros - zeros // 2), (0, 0)))
    frames, positions = len(x) - (taps - 1) * d, (x.shape[1] - width) // s + 1
    y = np.zeros((frames, positions, filters))
    for t in range(frames):
        for p in range(positions):
            seen = x[t : t + (taps - 1) * d + 1 : d, p * s : p * s + width]
            y[t, p] = np.tensordot(seen, kernel, 3)
    return activate(config, y + w.get("bias", 0.0))


def depthwise_conv2d(config: Json, w: Weights, x: Signal) -> Signal:
    """Each output is that of a Conv2D with zeros for the other channels."""
    taps, width, inputs, multiplier = w["kernel"].shape
    wide = w["kernel"][:, :, :, None, :] * np.eye(inputs)[:, :, None]
    return conv2d(config, {**w, "kernel": wide.reshape(taps, width, inputs, -1)}, x)


def pool(function: Any) -> Any:
    def run(config: Json, w: Weights, x: Signal) -> Signal:
        size, stride = one(config["pool_size"]), one(config["strides"] or config["pool_size"])
        return np.array([function(x[t : t + size]) for t in range(0, len(x) - size + 1, stride)])

    return run


def hard_sigmoid2(x: Signal) -> Signal:
    return np.clip(0.2 * x + 0.5, 0, 1)


def hard_sigmoid3(x: Signal) -> Signal:
    return np.clip(x / 6 + 0.5, 0, 1)


HARD_SIGMOID = {"of": hard_sigmoid3}
"""That of the Keras which the test is about."""
FUNCTIONS["hard_sigmoid"] = lambda x: HARD_SIGMOID["of"](x)


def lstm(config: Json, w: Weights, x: Signal) -> Signal:
    gate, units = FUNCTIONS[config["recurrent_activation"]], config["units"]
    h = c = np.zeros(units)
    y = []
    for frame in x:
        z = frame @ w["kernel"] + h @ w["recurrent_kernel"] + w.get("bias", 0.0)
        i, f, g, o = np.split(z, 4)
        c = gate(f) * c + gate(i) * np.tanh(g)
        h = gate(o) * np.tanh(c)
        y.append(h)
    return np.array(y)


def gru(config: Json, w: Weights, x: Signal) -> Signal:
    gate, units = FUNCTIONS[config["recurrent_activation"]], config["units"]
    after = config.get("reset_after", False)
    bias = w.get("bias", np.zeros((2, 3 * units)) if after else np.zeros(3 * units))
    b, c = bias if after else (bias, np.zeros(3 * units))
    h = np.zeros(units)
    y = []
    for frame in x:
        a, r_kernel = frame @ w["kernel"] + b, w["recurrent_kernel"]
        z, r = np.split(gate((a + h @ r_kernel + c)[: 2 * units]), 2)
        u, k = r_kernel[:, 2 * units :], c[2 * units :]
        memory = r * (h @ u + k) if after else (r * h) @ u
        h = z * h + (1 - z) * np.tanh(a[2 * units :] + memory)
        y.append(h)
    return np.array(y)


def simple_rnn(config: Json, w: Weights, x: Signal) -> Signal:
    h = np.zeros(config["units"])
    y = []
    for frame in x:
        h = activate(config, frame @ w["kernel"] + h @ w["recurrent_kernel"] + w.get("bias", 0.0))
        y.append(h)
    return np.array(y)


def batch_normalization(config: Json, w: Weights, x: Signal) -> Signal:
    y = (x - w["moving_mean"]) / np.sqrt(w["moving_variance"] + config["epsilon"])
    return y * w.get("gamma", 1.0) + w.get("beta", 0.0)


def normalised(w: Weights, x: Signal, mean: Any, variance: Any, epsilon: float) -> Signal:
    gamma = w.get("gamma", w.get("scale", 1.0))
    return (x - mean) / np.sqrt(variance + epsilon) * gamma + w.get("beta", 0.0)


def layer_normalization(config: Json, w: Weights, x: Signal) -> Signal:
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return normalised(w, x, mean, variance, config["epsilon"])


def rms_normalization(config: Json, w: Weights, x: Signal) -> Signal:
    return normalised(w, x, 0.0, (x * x).mean(-1, keepdims=True), config["epsilon"])


def group_normalization(config: Json, w: Weights, x: Signal) -> Signal:
    """Of one frame, as TimeDistributed gives it."""
    groups = len(x) if config["groups"] == -1 else config["groups"]
    parts = x.reshape(groups, -1)
    mean, variance = (np.repeat(of, parts.shape[1]) for of in (parts.mean(1), parts.var(1)))
    return normalised(w, x, mean, variance, config["epsilon"])


def relu(config: Json, w: Weights, x: Signal) -> Signal:
    y = np.where(x > 0, x, config["negative_slope"] * x)
    return y if config["max_value"] is None else np.minimum(y, config["max_value"])


def time_distributed(config: Json, w: Weights, x: Signal) -> Signal:
    inner = config["layer"]
    return np.array([RUN[inner["class_name"]](inner["config"], w, frame) for frame in x])


def pad1d(config: Json, w: Weights, x: Signal) -> Signal:
    return np.pad(x, (tuple(config["padding"]), (0, 0)))


def pad2d(config: Json, w: Weights, x: Signal) -> Signal:
    return np.pad(x, (*map(tuple, config["padding"]), (0, 0)))


def crop(config: Json, w: Weights, x: Signal) -> Signal:
    first, last = config["cropping"]
    return x[first : len(x) - last]


def nothing(config: Json, w: Weights, x: Signal) -> Signal:
    return x


RUN: dict[str, Any] = {
    "Dense": dense,
    "Conv1D": conv1d,
    "DepthwiseConv1D": depthwise_conv1d,
    "SeparableConv1D": separable_conv1d,
    "Conv1DTranspose": conv1d_transpose,
    "Conv2D": conv2d,
    "DepthwiseConv2D": depthwise_conv2d,
    "MaxPooling1D": pool(lambda frames: frames.max(0)),
    "AveragePooling1D": pool(lambda frames: frames.mean(0)),
    "UpSampling1D": lambda c, w, x: np.repeat(x, one(c["size"]), axis=0),
    "LSTM": lstm,
    "GRU": gru,
    "SimpleRNN": simple_rnn,
    "BatchNormalization": batch_normalization,
    "LayerNormalization": layer_normalization,
    "RMSNormalization": rms_normalization,
    "GroupNormalization": group_normalization,
    "PReLU": lambda c, w, x: np.where(x > 0, x, w["alpha"] * x),
    "LeakyReLU": lambda c, w, x: np.where(x > 0, x, c["negative_slope"] * x),
    "ELU": lambda c, w, x: np.where(x > 0, x, c["alpha"] * (np.exp(x) - 1)),
    "ReLU": relu,
    "Softmax": lambda c, w, x: softmax(x),
    "Activation": lambda c, w, x: activate(c, x),
    "Rescaling": lambda c, w, x: c["scale"] * x + c["offset"],
    "TimeDistributed": time_distributed,
    "Reshape": lambda c, w, x: x.reshape(c["target_shape"]),
    "Permute": lambda c, w, x: x.transpose([dim - 1 for dim in c["dims"]]),
    "Flatten": lambda c, w, x: x.ravel(),
    "ZeroPadding1D": pad1d,
    "ZeroPadding2D": pad2d,
    "Cropping1D": crop,
    "Dropout": nothing,
    "SpatialDropout1D": nothing,
    "GaussianNoise": nothing,
    "Identity": nothing,
    "Add": lambda c, w, *x: sum(x),
    "Subtract": lambda c, w, a, b: a - b,
    "Multiply": lambda c, w, a, b: a * b,
    "Average": lambda c, w, *x: sum(x) / len(x),
    "Concatenate": lambda c, w, *x: np.concatenate(x, axis=c["axis"] - (c["axis"] > 0)),
}
