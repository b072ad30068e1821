"""An independent evaluation of model files, in NumPy and float64, written from the format's text.

It takes the file's JSON, not the package's records, so that it also proves what was written.
Every signal is [frames, channels].
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float64]
Json = dict[str, Any]


def load(path: Path) -> Json:
    loaded: Json = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def tensor(value: Json) -> Signal:
    return np.asarray(value["data"], np.float64).reshape(value["shape"])


def check_error(root: Json) -> tuple[float, float]:
    """The check's largest error here, and the largest one that the file's tolerance allows."""
    check = root["check"]
    expected = tensor(check["output"])
    output = evaluate(root["layers"], tensor(check["input"]))
    found = output[check["skip"] :: check["stride"]]
    assert found.shape == expected.shape
    limit = min(check["tolerance"], 1e-3) * max(1.0, float(np.abs(expected).max()))
    return float(np.abs(found - expected).max()), limit


def evaluate(layers: list[Json], signal: Signal) -> Signal:
    for layer in layers:
        signal = LAYERS[layer["type"]](layer, signal)
    return signal


def sigmoid(x: Signal) -> Signal:
    return 1.0 / (1.0 + np.exp(-x))


def hard_sigmoid(x: Signal) -> Signal:
    return np.clip(x / 6.0 + 0.5, 0.0, 1.0)


def hard_sigmoid_keras2(x: Signal) -> Signal:
    return np.clip(0.2 * x + 0.5, 0.0, 1.0)


GATES = {
    "sigmoid": sigmoid,
    "hard_sigmoid": hard_sigmoid,
    "hard_sigmoid_keras2": hard_sigmoid_keras2,
}


def bias_of(layer: Json) -> Signal | float:
    return tensor(layer["bias"]) if "bias" in layer else 0.0


def dense(layer: Json, x: Signal) -> Signal:
    return x @ tensor(layer["kernel"]) + bias_of(layer)


def conv1d(layer: Json, x: Signal) -> Signal:
    kernel, dilation = tensor(layer["kernel"]), layer["dilation"]
    taps, inputs, outputs = layer["kernel_size"], layer["in"], layer["out"]
    per_group = outputs // layer["groups"]
    y = np.zeros((len(x), outputs))
    for frame in range(len(x)):
        for tap in range(taps):
            source = frame - (taps - 1 - tap) * dilation
            if source < 0:
                continue
            for out in range(outputs):
                first = out // per_group * (inputs // layer["groups"])
                seen = x[source, first : first + inputs // layer["groups"]]
                y[frame, out] += kernel[tap, :, out] @ seen
    return y + bias_of(layer)


def lstm(layer: Json, x: Signal) -> Signal:
    kernel, recurrent, bias = (tensor(layer[n]) for n in ("kernel", "recurrent_kernel", "bias"))
    gate = GATES[layer["recurrent_activation"]]
    h = c = np.zeros(layer["out"])
    y = []
    for frame in x:
        i, f, g, o = np.split(frame @ kernel + h @ recurrent + bias, 4)
        c = gate(f) * c + gate(i) * np.tanh(g)
        h = gate(o) * np.tanh(c)
        y.append(h)
    return np.array(y)


def gru(layer: Json, x: Signal) -> Signal:
    w_z, w_r, w_n = np.split(tensor(layer["kernel"]), 3, axis=1)
    u_z, u_r, u_n = np.split(tensor(layer["recurrent_kernel"]), 3, axis=1)
    bias = tensor(layer["bias"])
    rows = bias if layer["reset_after"] else np.stack([bias, np.zeros_like(bias)])
    (b_z, c_z), (b_r, c_r), (b_n, c_n) = (rows[:, part] for part in thirds(layer["out"]))
    gate = GATES[layer["recurrent_activation"]]
    h = np.zeros(layer["out"])
    y = []
    for frame in x:
        z = gate(frame @ w_z + b_z + h @ u_z + c_z)
        r = gate(frame @ w_r + b_r + h @ u_r + c_r)
        memory = r * (h @ u_n + c_n) if layer["reset_after"] else (r * h) @ u_n
        h = z * h + (1.0 - z) * np.tanh(frame @ w_n + b_n + memory)
        y.append(h)
    return np.array(y)


def thirds(size: int) -> list[slice]:
    return [slice(k * size, (k + 1) * size) for k in range(3)]


def softmax(layer: Json, x: Signal) -> Signal:
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def batchnorm1d(layer: Json, x: Signal) -> Signal:
    deviation = np.sqrt(tensor(layer["variance"]) + layer["epsilon"])
    y = (x - tensor(layer["mean"])) / deviation
    if "gamma" in layer:
        y = y * tensor(layer["gamma"])
    return y + tensor(layer["beta"]) if "beta" in layer else y


LAYERS: dict[str, Callable[[Json, Signal], Signal]] = {
    "dense": dense,
    "conv1d": conv1d,
    "lstm": lstm,
    "gru": gru,
    "tanh": lambda layer, x: np.tanh(x),
    "sigmoid": lambda layer, x: sigmoid(x),
    "hard_sigmoid": lambda layer, x: hard_sigmoid(x),
    "hard_sigmoid_keras2": lambda layer, x: hard_sigmoid_keras2(x),
    "relu": lambda layer, x: np.maximum(x, 0.0),
    "leaky_relu": lambda layer, x: np.where(x > 0.0, x, layer["alpha"] * x),
    "elu": lambda layer, x: np.where(x > 0.0, x, layer["alpha"] * np.expm1(np.minimum(x, 0.0))),
    "prelu": lambda layer, x: np.where(x > 0.0, x, tensor(layer["alpha"]) * x),
    "softmax": softmax,
    "batchnorm1d": batchnorm1d,
}
