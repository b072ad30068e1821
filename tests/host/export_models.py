"""Writes small models and their reference signals for the tests of engines.

    python3 tests/host/export_models.py FOLDER onnx    NAME.onnx, with python3-onnx
    python3 tests/host/export_models.py FOLDER torch   NAME.pt, with python3-torch

NAME.bin: input and output in float32, channel after channel. NumPy computes the output in double
precision.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

PAST, HOP = 6, 64  # of the convolutional network
UNITS = 16

random = np.random.default_rng(1)


def weights(*shape: int) -> Array:
    return random.uniform(-0.5, 0.5, shape).astype(np.float32)


# Convolutions as [out, in, kernel], with their dilations.
conv = [
    (weights(8, 1, 3), weights(8), 1),
    (weights(8, 8, 3), weights(8), 2),
    (weights(1, 8, 1), weights(1), 1),
]
# Gates in PyTorch's order: input, forget, cell, output.
lstm = [weights(4 * UNITS, 1), weights(4 * UNITS, UNITS), weights(4 * UNITS), weights(4 * UNITS)]
rnn = [weights(UNITS, 1), weights(UNITS, UNITS), weights(UNITS), weights(UNITS)]
head = (weights(1, UNITS), weights(1))
mix = (weights(3, 2), weights(3))


# --- references: [channels, frames] to [channels, frames] ---


def run_conv(x: Array) -> Array:
    for kernel, bias, dilation in conv:
        past = (kernel.shape[2] - 1) * dilation
        padded = np.pad(x, ((0, 0), (past, 0)))
        frames = x.shape[1]
        x = bias[:, None] + sum(
            kernel[:, :, k] @ padded[:, k * dilation : k * dilation + frames]
            for k in range(kernel.shape[2])
        )
        x = np.tanh(x) if kernel.shape[2] > 1 else x
    return x


def run_windows(x: Array) -> Array:
    """The convolutional network on windows of one signal that starts after zeros."""
    return run_conv(np.pad(x, ((0, 0), (PAST, 0))))[:, PAST:]


def run_lstm(x: Array) -> Array:
    def sigmoid(v: Array) -> Array:
        return 1 / (1 + np.exp(-v))

    w, r, bw, br = (value.astype(np.float64) for value in lstm)
    h, c, y = np.zeros(UNITS), np.zeros(UNITS), []
    for frame in x.T:
        i, f, g, o = np.split(w @ frame + r @ h + bw + br, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        y.append(head[0] @ h + head[1])
    return np.array(y).T


def run_rnn(x: Array) -> Array:
    w, r, bw, br = (value.astype(np.float64) for value in rnn)
    h, y = np.zeros(UNITS), []
    for frame in x.T:
        h = np.tanh(w @ frame + r @ h + bw + br)
        y.append(head[0] @ h + head[1])
    return np.array(y).T


def run_mix(x: Array) -> Array:
    return np.tanh(mix[0] @ x + mix[1][:, None])


REFERENCES = {
    "cnn": (1, 20 * HOP, run_windows),
    "lstm": (1, 16 * 1000, run_lstm),
    "rnn": (1, 16 * 1000, run_rnn),
    "mix": (2, 32 * 10, run_mix),
}


def write_references(folder: Path) -> None:
    for name, (channels, frames, run) in REFERENCES.items():
        x = np.random.default_rng(2).uniform(-1, 1, (channels, frames)).astype(np.float32)
        y = run(x.astype(np.float64)).astype(np.float32)
        (folder / f"{name}.bin").write_bytes(x.tobytes() + y.tobytes())


# --- ONNX ---


def write_onnx(folder: Path) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    def save(
        name: str,
        nodes: list[Any],
        inputs: dict[str, list[Any]],
        outputs: dict[str, list[Any]],
        constants: dict[str, Array],
        kind: int = TensorProto.FLOAT,
    ) -> None:
        def infos(tensors: dict[str, list[Any]]) -> list[Any]:
            return [helper.make_tensor_value_info(n, kind, shape) for n, shape in tensors.items()]

        initial = [numpy_helper.from_array(value, n) for n, value in constants.items()]
        graph = helper.make_graph(nodes, name, infos(inputs), infos(outputs), initial)
        opset = helper.make_opsetid("", 14)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=7)
        onnx.checker.check_model(model)
        onnx.save(model, str(folder / f"{name}.onnx"))

    node = helper.make_node
    f32 = np.float32

    def conv_nodes(pad: bool) -> tuple[list[Any], dict[str, Array]]:
        nodes, constants, x = [], dict[str, Array](), "x"
        for i, (kernel, bias, dilation) in enumerate(conv):
            last = i == len(conv) - 1
            constants |= {f"w{i}": kernel, f"b{i}": bias}
            past = (kernel.shape[2] - 1) * dilation
            pads = [past if pad else 0, 0]
            y = "y" if last else f"c{i}"
            nodes.append(node("Conv", [x, f"w{i}", f"b{i}"], [y], dilations=[dilation], pads=pads))
            if not last:
                x = f"t{i}"
                nodes.append(node("Tanh", [y], [x]))
        return nodes, constants

    nodes, constants = conv_nodes(pad=False)
    save("cnn", nodes, {"x": [1, 1, PAST + HOP]}, {"y": [1, 1, HOP]}, constants)
    inner = {"x": ["batch", 1, "frames"]}, {"y": ["batch", 1, "frames_out"]}
    save("cnn_open", nodes, *inner, constants)
    nodes, constants = conv_nodes(pad=True)
    save("cnn_padded", nodes, {"x": [1, 1, PAST + HOP]}, {"y": [1, 1, PAST + HOP]}, constants)

    def ordered(values: Array) -> Array:
        """ONNX has the gate order input, output, forget, cell."""
        i, f, g, o = np.split(values, 4)
        return np.concatenate([i, o, f, g])

    save(
        "lstm",
        [
            node("LSTM", [*"xwrb", "", *"hc"], ["all", "h_out", "c_out"], hidden_size=UNITS),
            node("Reshape", ["all", "shape"], ["rows"]),
            node("MatMul", ["rows", "head"], ["product"]),
            node("Add", ["product", "bias"], ["y"]),
        ],
        {"x": ["frames", 1, 1], "h": [1, 1, UNITS], "c": [1, 1, UNITS]},
        {"y": ["frames", 1, 1], "h_out": [1, 1, UNITS], "c_out": [1, 1, UNITS]},
        {
            "w": ordered(lstm[0])[None],
            "r": ordered(lstm[1])[None],
            "b": np.concatenate([ordered(lstm[2]), ordered(lstm[3])])[None],
            "shape": np.array([-1, 1, UNITS], np.int64),
            "head": np.ascontiguousarray(head[0].T),
            "bias": head[1],
        },
    )

    nodes = [node("Conv", ["x", "w", "b"], ["m"]), node("Tanh", ["m"], ["y"])]
    constants = {"w": mix[0][:, :, None], "b": mix[1]}
    save("mix", nodes, {"x": [1, 2, 32]}, {"y": [1, 3, 32]}, constants)
    nodes = [
        node("MatMul", ["x", "w"], ["p"]),
        node("Add", ["p", "b"], ["m"]),
        node("Tanh", ["m"], ["y"]),
    ]
    constants = {"w": np.ascontiguousarray(mix[0].T), "b": mix[1]}
    save("mix_last", nodes, {"x": [32, 1, 2]}, {"y": [32, 1, 3]}, constants)

    save(
        "knobs",
        [
            node("Split", ["knobs"], ["gain", "offset"], axis=1),
            node("Mul", ["audio", "gain"], ["p"]),
            node("Add", ["p", "offset"], ["y"]),
            node("ReduceMax", ["y"], ["level"], axes=[1, 2], keepdims=0),
        ],
        {"audio": [1, 1, 48], "knobs": [1, 2]},
        {"y": [1, 1, 48], "level": [1]},
        {},
    )
    save(
        "count",
        [node("Add", ["x", "s"], ["y"]), node("Add", ["s", "one"], ["s_out"])],
        {"x": [1, 1, 4], "s": [1]},
        {"y": [1, 1, 4], "s_out": [1]},
        {"one": np.ones(1, f32)},
    )
    nodes = [node("AveragePool", ["x"], ["y"], kernel_shape=[2], strides=[2])]
    save("half_rate", nodes, {"x": [1, 1, 64]}, {"y": [1, 1, 32]}, {})
    nodes = [node("Identity", ["x"], ["y"])]
    save("double", nodes, {"x": [1, 1, 4]}, {"y": [1, 1, 4]}, {}, TensorProto.DOUBLE)


# --- TorchScript ---


def write_torch(folder: Path) -> None:
    import torch
    from torch import Tensor, nn

    warnings.filterwarnings("ignore")

    def fill(module: nn.Module, *values: Array) -> nn.Module:
        for parameter, value in zip(module.parameters(), values):
            parameter.data = torch.from_numpy(value.copy())
        return module

    def conv1d(kernel: Array, bias: Array, dilation: int = 1) -> nn.Module:
        outs, ins, size = kernel.shape
        return fill(nn.Conv1d(ins, outs, size, dilation=dilation), kernel, bias)

    class Cnn(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            a, b, c = (conv1d(*layer) for layer in conv)
            self.layers = nn.Sequential(a, nn.Tanh(), b, nn.Tanh(), c)

        def forward(self, x: Tensor) -> Tensor:
            return self.layers(x)

    class Wide(nn.Module):
        """Large enough for several threads."""

        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(nn.Conv1d(1, 64, 3), nn.Tanh(), nn.Conv1d(64, 1, 3))

        def forward(self, x: Tensor) -> Tensor:
            return self.layers(x)

    class Cache(nn.Module):
        """The network with its past as a state, which is a view of the input."""

        def __init__(self) -> None:
            super().__init__()
            self.cnn = Cnn()

        def forward(self, x: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
            return self.cnn(torch.cat([past, x], 2)), x[:, :, -6:]

    class Lstm(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = fill(nn.LSTM(1, UNITS), *lstm)
            self.head = fill(nn.Linear(UNITS, 1), *head)

        def forward(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            y, (h, c) = self.lstm(x, (h, c))
            return self.head(y), h, c

    class Rnn(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = fill(nn.RNN(1, UNITS), *rnn)
            self.head = fill(nn.Linear(UNITS, 1), *head)

        def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
            y, h = self.rnn(x, h)
            return self.head(y), h

    class Inside(Rnn):
        """The recurrent network with its state inside."""

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("h", torch.zeros(1, 1, UNITS))

        def forward(self, x: Tensor) -> Tensor:
            y, self.h = self.rnn(x, self.h)
            return self.head(y)

    class Mix(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = conv1d(mix[0][:, :, None], mix[1])

        def forward(self, x: Tensor) -> Tensor:
            return torch.tanh(self.conv(x))

    class MixLast(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.dense = fill(nn.Linear(2, 3), *mix)

        def forward(self, x: Tensor) -> Tensor:
            return torch.tanh(self.dense(x))

    class Knobs(nn.Module):
        def forward(self, audio: Tensor, knobs: Tensor) -> tuple[Tensor, Tensor]:
            y = audio * knobs[0, 0] + knobs[0, 1]
            return y, y.amax([1, 2])

    class Count(nn.Module):
        def forward(self, x: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
            return x + s, s + 1

    class InPlace(nn.Module):
        def forward(self, x: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
            y = x + s
            return y, s.add_(1)

    class Default(nn.Module):
        def forward(self, x: Tensor, gain: float = 2.0) -> Tensor:
            return x * gain

    class Lists(nn.Module):
        def forward(self, x: Tensor) -> list[Tensor]:
            return [x, x]

    class Tuples(nn.Module):
        def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> Tensor:
            return x + state[0]

    class Double(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.double()

    class Grows(nn.Module):
        def forward(self, x: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
            return x, torch.cat([s, s])

    models: dict[str, nn.Module] = {
        "cnn": Cnn(),
        "wide": Wide(),
        "cache": Cache(),
        "lstm": Lstm(),
        "rnn": Rnn(),
        "inside": Inside(),
        "mix": Mix(),
        "mix_last": MixLast(),
        "knobs": Knobs(),
        "count": Count(),
        "in_place": InPlace(),
        "default": Default(),
        "lists": Lists(),
        "tuples": Tuples(),
        "double": Double(),
        "grows": Grows(),
    }
    for name, model in models.items():
        torch.jit.script(model.eval()).save(str(folder / f"{name}.pt"))
    example = torch.zeros(1, 1, PAST + HOP)
    torch.jit.trace(models["cnn"], example).save(str(folder / "cnn_traced.pt"))
    frozen = torch.jit.freeze(torch.jit.script(models["cnn"]))
    frozen.save(str(folder / "cnn_frozen.pt"))


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    write_references(folder)
    {"onnx": write_onnx, "torch": write_torch}[sys.argv[2]](folder)


if __name__ == "__main__":
    main()
