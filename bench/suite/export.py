"""Exports inlay's model files for other libraries: TorchScript for LibTorch, ONNX for ONNX Runtime.

    python3 bench/suite/export.py FOLDER

For each NAME.json in FOLDER: NAME.pt, NAME.onnx, and NAME.plan.json, which describes their tensors. Networks are
written for streaming: states are inputs and outputs beside the signal, the past of a convolution is concatenated with
its input, and branches are summed without copies of channels.
"""

from __future__ import annotations

import json
import math
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

import torch
from torch import Tensor, nn
from torch.jit._freeze import freeze
from torch.jit._trace import trace
from torch.nn import functional

Json = dict[str, Any]
# A signal is a list of tensors with their channels; None is silence.
Part = tuple[Optional[Tensor], int]
Signal = list[Part]

# Layers with channels before time in both frameworks; all others have channels last.
PLANAR = {"conv1d", "conv_transpose1d", "prelu", "batchnorm1d", "windowed", "residual_skip"}


def layers_within(layers: Sequence[Json]) -> Iterator[Json]:
    for layer in layers:
        yield layer
        for value in layer.values():
            for chain in value if isinstance(value, list) and value else []:
                yield from layers_within([chain] if isinstance(chain, dict) else chain)


def ends(layers: Sequence[Json]) -> tuple[int, int]:
    """Input and output channels of a chain."""

    def end(layer: Json, side: str) -> int:
        if layer["type"] == "gate" and side == "in":
            return 2 * int(layer["size"])
        for name in (side, "size"):
            if name in layer:
                return int(layer[name])
        inner: list[Json] = layer.get("layers") or layer["branches"][0]
        return ends(inner)[side == "out"]

    return end(layers[0], "in"), end(layers[-1], "out")


class Stream(nn.Module):
    """The network of a file: `forward(x, *states)` returns y and the new states."""

    def __init__(self, layers: Sequence[Json], dtype: torch.dtype, side: int = 0) -> None:
        """`side`: the side channels, which are the last ones of `x`."""
        super().__init__()
        self.layers, self.dtype, self.side = layers, dtype, side
        types = [layer["type"] for layer in layers_within(layers)]
        self.planar = not PLANAR.isdisjoint(types)
        self.window = int(layers[0]["window"]) if types[0] == "windowed" else 0
        self.channels = ends(layers)
        self.up = math.prod(layer["stride"] for layer in layers if layer["type"] == "conv_transpose1d")
        self.shapes: list[list[int]] = []
        self.weights: dict[int, nn.Module] = {}
        self._prepare(layers, streaming=self.window == 0)
        self.holder = nn.ModuleList(self.weights.values())

    def _prepare(self, layers: Sequence[Json], streaming: bool) -> None:
        """Collects the weights of each layer and the shapes of their states, in execution order."""
        for layer in layers:
            kind = layer["type"]
            if kind in MODULES:
                self.weights[id(layer)] = MODULES[kind](layer).to(self.dtype).eval()
            if streaming and kind == "conv1d":
                past = (layer["kernel_size"] - 1) * layer["dilation"]
                self.shapes += [[1, layer["in"], past]] * (past > 0)
            if kind == "conv_transpose1d":
                self.shapes += [[1, layer["out"], layer["kernel_size"] - layer["stride"]]]
            if kind in ("s4d", "lru"):
                states = layer["states"]
                self.shapes += [[layer["size"], 2 * states, 1] if kind == "s4d" else [states, 2, 1]]
            if streaming and kind in ("lstm", "gru", "rnn"):
                self.shapes += [[1, 1, layer["out"]]] * (2 if kind == "lstm" else 1)
            if kind == "projected_lstm":
                self.shapes += [[1, 1, layer["out"]], [1, 1, layer["units"]]]
            for name in CHAINS:
                for chain in layer.get(name, []) if name == "branches" else [layer.get(name, [])]:
                    self._prepare(chain, streaming)

    def states(self) -> list[Tensor]:
        return [torch.zeros(shape, dtype=self.dtype) for shape in self.shapes]

    def example(self, frames: int) -> Tensor:
        channels = self.channels[0] + self.side
        shape = (1, channels, frames) if self.planar else (frames, 1, channels)
        return torch.randn(shape, dtype=self.dtype)

    def forward(self, x: Tensor, *states: Tensor) -> Any:
        self.given, self.next = list(states), list[Tensor]()
        signal: Signal = [(x, self.channels[0] + self.side)]
        condition = self.cut(signal, self.channels[0], self.side)
        y = self.together(self.chain(self.layers, self.cut(signal, 0, self.channels[0]), condition))
        return (y, *self.next) if self.next else y

    # --- signals ---

    @property
    def axis(self) -> int:
        return 1 if self.planar else 2

    def together(self, signal: Signal) -> Tensor:
        tensors = [tensor for tensor, _ in signal if tensor is not None]
        if len(tensors) < len(signal):
            raise NotImplementedError("silent channels beside others")
        return tensors[0] if len(tensors) == 1 else torch.cat(tensors, self.axis)

    def cut(self, signal: Signal, begin: int, count: int) -> Signal:
        """Channels [begin, begin + count), without copies of whole parts."""
        parts: Signal = []
        for tensor, size in signal:
            first, last = max(begin, 0), min(begin + count, size)
            if first < last:
                if tensor is not None and last - first < size:
                    tensor = tensor.narrow(self.axis, first, last - first)
                parts.append((tensor, last - first))
            begin -= size
        return parts

    def add(self, a: Signal, b: Signal) -> Signal:
        if all(tensor is None for tensor, _ in a):
            return b
        size = sum(size for _, size in a)
        return [(self.together(a) + self.together(b), size)]

    def run(self, layer: Json, signal: Signal) -> Tensor:
        """Runs a memoryless layer with weights, in either order of channels and time."""
        y: Tensor = self.weights[id(layer)](self.together(signal))
        return y

    # --- layers ---

    def chain(self, layers: Sequence[Json], x: Signal, condition: Signal) -> Signal:
        for layer in layers:
            pointwise = POINTWISE.get(layer["type"])
            if pointwise is None:
                x = getattr(self, layer["type"])(layer, x, condition)
            else:
                x = [(pointwise(self.together(x), layer), layer["size"])]
        return x

    def dense(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        linear, signal = self.weights[id(layer)], self.together(x)
        assert isinstance(linear, nn.Linear)
        if self.planar:
            y = functional.conv1d(signal, linear.weight.unsqueeze(2), linear.bias)
        else:
            y = linear(signal)
        return [(y, layer["out"])]

    def conv1d(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        signal = self.together(x)
        past = (layer["kernel_size"] - 1) * layer["dilation"]
        if past > 0 and self.window == 0:
            signal = torch.cat([self.given.pop(0), signal], 2)
            self.next.append(signal[:, :, -past:])
        return [(self.weights[id(layer)](signal), layer["out"])]

    def conv_transpose1d(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        late = layer["kernel_size"] - layer["stride"]  # frames that this call and the next one add to
        y = self.weights[id(layer)](self.together(x))
        y = torch.cat([y[:, :, :late] + self.given.pop(0), y[:, :, late:]], 2)
        self.next.append(y[:, :, -late:])
        y = y[:, :, :-late]
        if "bias" in layer:
            y = y + tensor(layer, "bias").to(self.dtype)[:, None]
        return [(y, layer["out"])]

    def periodic_gain(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        """A call has a whole number of periods."""
        signal, gain = self.together(x), tensor(layer, "gain").to(self.dtype)
        parts = signal.reshape(1, layer["size"], -1, layer["period"]) * gain.T.unsqueeze(1)
        return [(parts.reshape(signal.shape), layer["size"])]

    def lstm(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        signal = self.together(x)
        signal = signal.permute(2, 0, 1) if self.planar else signal
        if self.window > 0:
            y = self.weights[id(layer)](signal)[0]
        else:
            y, state = self.weights[id(layer)](signal, (self.given.pop(0), self.given.pop(0)))
            self.next += state
        return [(y.permute(1, 2, 0) if self.planar else y, layer["out"])]

    def gru(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        if self.planar:
            raise NotImplementedError("a GRU behind a convolution")
        y, state = self.weights[id(layer)](self.together(x), self.given.pop(0))
        self.next.append(state)
        return [(y, layer["out"])]

    rnn, projected_lstm = gru, lstm

    def _plain(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        return [(self.run(layer, x), layer["size"])]

    prelu = batchnorm1d = _plain

    def s4d(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        return [(self.filtered(layer, x), layer["size"])]

    def lru(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        return [(self.filtered(layer, x), layer["out"])]

    def filtered(self, layer: Json, x: Signal) -> Tensor:
        """Runs a layer of filters, which has channels before time."""
        signal = self.together(x)
        signal = signal if self.planar else signal.permute(1, 2, 0)
        y, state = self.weights[id(layer)](signal, self.given.pop(0))
        self.next.append(state)
        return y if self.planar else y.permute(2, 0, 1)

    def _channels_last(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        signal = self.together(x)
        signal = signal.transpose(1, 2) if self.planar else signal
        y = self.weights[id(layer)](signal)
        return [(y.transpose(1, 2) if self.planar else y, layer["size"])]

    layer_norm = group_norm = rms_norm = snake = _channels_last

    def film(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        values, size = self.chain(layer["layers"], condition, condition), layer["size"]
        scale = self.together(self.cut(values, 0, size))
        y = self.together(x) * scale
        if sum(count for _, count in values) > size:
            y = y + self.together(self.cut(values, size, size))
        return [(y, size)]

    def gate(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        size = layer["size"]
        a = self.chain(layer["activation"], self.cut(x, 0, size), condition)
        b = self.chain(layer["gate"], self.cut(x, size, size), condition)
        return [(self.together(a) * self.together(b), size)]

    def softmax(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        return [(torch.softmax(self.together(x), self.axis), layer["size"])]

    def identity(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        return x

    def slice(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        return self.cut(x, layer["begin"], layer["out"])

    def pad(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        return [*x, (None, layer["out"] - layer["in"])]

    # --- combinators ---

    def sequential(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        return self.chain(layer["layers"], x, condition)

    def residual(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        return self.add(x, self.chain(layer["layers"], x, condition))

    def parallel(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        first, *others = (self.chain(branch, x, condition) for branch in layer["branches"])
        for other in others:
            first = self.add(first, other)
        return first

    def concat(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        return [part for branch in layer["branches"] for part in self.chain(branch, x, condition)]

    def split(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        a, b = layer["branches"]
        at, size = ends(a)[0], sum(size for _, size in x)
        first = self.chain(a, self.cut(x, 0, at), condition)
        return first + self.chain(b, self.cut(x, at, size - at), condition)

    def conditioned_by(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        return self.chain(layer["layers"], x, self.chain(layer["source"], x, condition))

    def mixin(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        return self.add(x, self.chain(layer["layers"], condition, condition))

    def residual_skip(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        at, size = ends(layer["path"])[0], sum(size for _, size in x)
        through, head = self.cut(x, 0, at), self.cut(x, at, size - at)
        a = self.chain(layer["path"], through, condition)
        on = self.add(through, self.chain(layer["residual"], a, condition))
        return on + self.add(head, self.chain(layer["skip"], a, condition))

    def windowed(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        """Runs one window and returns the last frame. Trailing memoryless layers only run on that frame."""
        layers = layer["layers"]
        last = max(i for i, inner in enumerate(layers) if inner["type"] in ("conv1d", "lstm"))
        x = self.chain(layers[: last + 1], x, condition)
        return self.chain(layers[last + 1 :], [(self.together(x)[:, :, -1:], x[0][1])], condition)

    def time_pad(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        return [
            (functional.pad(self.together(x), (layer["before"], layer["after"])), layer["size"])
        ]


# Functions of each value.
POINTWISE: dict[str, Callable[[Tensor, Json], Tensor]] = {
    "affine": lambda x, layer: x * number(layer, "scale") + number(layer, "shift"),
    "amplitude_to_db": lambda x, layer: 20 * torch.log10(x.clamp(min=layer["floor"])),
    "db_to_amplitude": lambda x, layer: 10 ** (x / 20),
    "elu": lambda x, layer: functional.elu(x, layer["alpha"]),
    "gelu": lambda x, layer: functional.gelu(x),
    "hard_sigmoid": lambda x, layer: functional.hardsigmoid(x),
    "hardtanh": lambda x, layer: functional.hardtanh(x, layer["min"], layer["max"]),
    "leaky_relu": lambda x, layer: functional.leaky_relu(x, layer["alpha"]),
    "mish": lambda x, layer: functional.mish(x),
    "relu": lambda x, layer: torch.relu(x),
    "scale": lambda x, layer: x * layer["scale"],
    "sigmoid": lambda x, layer: torch.sigmoid(x),
    "silu": lambda x, layer: functional.silu(x),
    "softplus": lambda x, layer: functional.softplus(x, layer["beta"], layer["threshold"]),
    "tanh": lambda x, layer: torch.tanh(x),
}

CHAINS = ("layers", "branches", "path", "residual", "skip", "source")


# --- weights ---


def tensor(layer: Json, name: str) -> Tensor:
    return torch.tensor(layer[name]["data"], dtype=torch.float64).reshape(layer[name]["shape"])


def number(layer: Json, name: str) -> float:
    """The value of a tensor of one."""
    (value,) = layer[name]["data"]
    return float(value)


def fill(module: nn.Module, **values: Tensor) -> nn.Module:
    module.double()
    for name, value in values.items():
        getattr(module, name).data.copy_(value)
    return module


def make_dense(layer: Json) -> nn.Module:
    module = nn.Linear(layer["in"], layer["out"], bias="bias" in layer)
    bias = {"bias": tensor(layer, "bias")} if "bias" in layer else {}
    return fill(module, weight=tensor(layer, "kernel").T, **bias)


def make_conv1d(layer: Json) -> nn.Module:
    module = nn.Conv1d(
        *(layer["in"], layer["out"], layer["kernel_size"], layer.get("stride", 1)),
        dilation=layer["dilation"],
        groups=layer["groups"],
        bias="bias" in layer,
    )
    bias = {"bias": tensor(layer, "bias")} if "bias" in layer else {}
    return fill(module, weight=tensor(layer, "kernel").permute(2, 1, 0), **bias)


def make_conv_transpose1d(layer: Json) -> nn.Module:
    """Without its bias: frames that two calls share are added before it."""
    module = nn.ConvTranspose1d(
        layer["in"], layer["out"], layer["kernel_size"], layer["stride"], bias=False
    )
    return fill(module, weight=tensor(layer, "kernel").permute(1, 2, 0))


def make_lstm(layer: Json) -> nn.Module:
    """An "lstm", or a "projected_lstm"."""
    projected = "projection" in layer
    units = layer["units"] if projected else layer["out"]
    return fill(
        nn.LSTM(layer["in"], units, proj_size=layer["out"] if projected else 0),  # type: ignore[no-untyped-call]
        weight_ih_l0=tensor(layer, "kernel").T,
        weight_hh_l0=tensor(layer, "recurrent_kernel").T,
        bias_ih_l0=tensor(layer, "bias"),
        bias_hh_l0=torch.zeros(4 * units),
        **({"weight_hr_l0": tensor(layer, "projection").T} if projected else {}),
    )


def make_gru(layer: Json) -> nn.Module:
    """inlay has the gate order z, r, n; PyTorch has r, z, n."""

    def ordered(values: Tensor) -> Tensor:
        z, r, n = values.chunk(3, -1)
        return torch.cat([r, z, n], -1).T

    bias = tensor(layer, "bias")
    return fill(
        nn.GRU(layer["in"], layer["out"]),  # type: ignore[no-untyped-call]
        weight_ih_l0=ordered(tensor(layer, "kernel")),
        weight_hh_l0=ordered(tensor(layer, "recurrent_kernel")),
        bias_ih_l0=ordered(bias[0]),
        bias_hh_l0=ordered(bias[1]),
    )


def make_rnn(layer: Json) -> nn.Module:
    return fill(
        nn.RNN(layer["in"], layer["out"]),  # type: ignore[no-untyped-call]
        weight_ih_l0=tensor(layer, "kernel").T,
        weight_hh_l0=tensor(layer, "recurrent_kernel").T,
        bias_ih_l0=tensor(layer, "bias"),
        bias_hh_l0=torch.zeros(layer["out"]),
    )


def make_batchnorm1d(layer: Json) -> nn.Module:
    return fill(
        nn.BatchNorm1d(layer["size"], layer["epsilon"]),
        weight=tensor(layer, "gamma"),
        bias=tensor(layer, "beta"),
        running_mean=tensor(layer, "mean"),
        running_var=tensor(layer, "variance"),
    )


def make_prelu(layer: Json) -> nn.Module:
    alpha = tensor(layer, "alpha")
    return fill(nn.PReLU(len(alpha)), weight=alpha)


# Filters run in chunks of up to 64 frames. In a chunk, the response to its frames and that to the state before it are
# products with constant matrices.
CHUNK = 64


@torch.jit.script
def run_s4d(
    x: Tensor, state: Tensor, near: Tensor, late: Tensor, early: Tensor, turn: Tensor
) -> tuple[Tensor, Tensor]:
    """x: [channels, frames], state: [channels, 2 states, 1]."""
    chunk, parts = min(x.shape[1], near.shape[1]), []
    for i in range(x.shape[1] // chunk):
        part = x[:, i * chunk : (i + 1) * chunk].unsqueeze(2)
        parts.append(near[:, :chunk, :chunk] @ part + late[:, :chunk] @ state)
        state = turn[chunk] @ state + early[:, :, early.shape[2] - chunk :] @ part
    return torch.cat(parts, 1).squeeze(2), state


@torch.jit.script
def run_lru(x: Tensor, state: Tensor, near: Tensor, late: Tensor) -> tuple[Tensor, Tensor]:
    """x: [states, 2 frames], real and imaginary parts in turn; state: [states, 2, 1]."""
    chunk, parts = min(x.shape[1], near.shape[1]), []
    for i in range(x.shape[1] // chunk):
        part = x[:, i * chunk : (i + 1) * chunk].unsqueeze(2)
        filtered = near[:, :chunk, :chunk] @ part + late[:, :chunk] @ state
        parts.append(filtered)
        state = filtered[:, chunk - 2 :]
    return torch.cat(parts, 1).squeeze(2), state


def turns(poles: Tensor) -> Tensor:
    """Powers 0 to CHUNK of poles as real 2 x 2 matrices: [CHUNK + 1, ..., 2, 2]."""
    power = torch.stack([poles**k for k in range(CHUNK + 1)])
    rows = [torch.stack([power.real, -power.imag], -1), torch.stack([power.imag, power.real], -1)]
    return torch.stack(rows, -2)


def lower(values: Tensor) -> Tensor:
    """The lower triangular Toeplitz matrices [..., CHUNK, CHUNK] of responses [CHUNK, ...]."""
    at = torch.arange(CHUNK)
    distance = at[:, None] - at[None, :]
    picked = values[distance.clamp(min=0)] * (distance >= 0).reshape(CHUNK, CHUNK, *[1] * (values.dim() - 1))
    return picked.movedim((0, 1), (-2, -1))


class S4D(nn.Module):
    def __init__(self, layer: Json) -> None:
        super().__init__()
        power = turns(torch.complex(tensor(layer, "a_real"), tensor(layer, "a_imag")))
        # [channels, states, 2]: the real part of 2 c s
        c = 2 * torch.stack([tensor(layer, "c_real"), -tensor(layer, "c_imag")], -1)
        read = torch.einsum("hni,thnij->thnj", c, power)  # of what a state becomes after t frames
        kernel = read[:-1, :, :, 0].sum(2)
        if "d" in layer:
            kernel[0] += tensor(layer, "d")
        self.near = nn.Parameter(lower(kernel))
        self.late = nn.Parameter(read[1:].flatten(2).transpose(0, 1))
        self.early = nn.Parameter(power[:-1, ..., 0].flatten(2).flip(0).permute(1, 2, 0))
        states = 2 * layer["states"]
        turn = torch.zeros(CHUNK + 1, layer["size"], states, states, dtype=torch.float64)
        for n in range(layer["states"]):
            turn[:, :, 2 * n : 2 * n + 2, 2 * n : 2 * n + 2] = power[:, :, n]
        self.turn = nn.Parameter(turn)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        y, state = run_s4d(x[0], state, self.near, self.late, self.early, self.turn)
        return y.unsqueeze(0), state


class LRU(nn.Module):
    def __init__(self, layer: Json) -> None:
        super().__init__()
        power = turns(torch.complex(tensor(layer, "lambda_real"), tensor(layer, "lambda_imag")))
        states = layer["states"]
        near = lower(power[:-1]).permute(0, 3, 1, 4, 2)  # [states, frame, 2, earlier frame, 2]
        self.near = nn.Parameter(near.reshape(states, 2 * CHUNK, 2 * CHUNK))
        self.late = nn.Parameter(power[1:].transpose(0, 1).reshape(states, 2 * CHUNK, 2))
        self.b = nn.Parameter(tensor(layer, "b").T)
        self.c = nn.Parameter(tensor(layer, "c").T)
        self.d = nn.Parameter(tensor(layer, "d").T)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        states, frames = self.late.shape[0], x.shape[2]
        parts = (self.b @ x[0]).reshape(2, states, frames)
        filtered, state = run_lru(
            parts.permute(1, 2, 0).reshape(states, 2 * frames), state, self.near, self.late
        )
        parts = filtered.reshape(states, frames, 2).permute(2, 0, 1).reshape(2 * states, frames)
        return (self.c @ parts + self.d @ x[0]).unsqueeze(0), state


def make_layer_norm(layer: Json) -> nn.Module:
    module = nn.LayerNorm(layer["size"], layer["epsilon"])
    return fill(module, weight=tensor(layer, "gamma"), bias=tensor(layer, "beta"))


class GroupNorm(nn.GroupNorm):
    """Each frame on its own: frames are the batch."""

    def __init__(self, layer: Json) -> None:
        super().__init__(layer["groups"], layer["size"], layer["epsilon"])
        fill(self, weight=tensor(layer, "gamma"), bias=tensor(layer, "beta"))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


class RMSNorm(nn.Module):
    def __init__(self, layer: Json) -> None:
        super().__init__()
        self.gamma, self.epsilon = nn.Parameter(tensor(layer, "gamma")), layer["epsilon"]

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.epsilon) * self.gamma


class Snake(nn.Module):
    def __init__(self, layer: Json) -> None:
        super().__init__()
        self.alpha = nn.Parameter(tensor(layer, "alpha"))
        self.inverse = nn.Parameter(1 / self.alpha.detach())

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.sin(self.alpha * x).square() * self.inverse


MODULES = {
    "s4d": S4D,
    "lru": LRU,
    "layer_norm": make_layer_norm,
    "group_norm": GroupNorm,
    "rms_norm": RMSNorm,
    "snake": Snake,
    "rnn": make_rnn,
    "projected_lstm": make_lstm,
    "dense": make_dense,
    "conv1d": make_conv1d,
    "conv_transpose1d": make_conv_transpose1d,
    "lstm": make_lstm,
    "gru": make_gru,
    "batchnorm1d": make_batchnorm1d,
    "prelu": make_prelu,
}


# --- files ---


def save(base: Path, module: nn.Module, arguments: tuple[Tensor, ...], plan: Json) -> None:
    """Writes a module of `arguments`, a signal and states, for both libraries, and the plan of its tensors."""
    with torch.no_grad():
        traced = trace(module, arguments, check_trace=False)  # type: ignore[no-untyped-call]
        freeze(traced).save(f"{base}.pt")
        Path(f"{base}.plan.json").write_text(json.dumps(plan), encoding="utf-8")
        count = len(plan["states"])
        time = 2 if plan["planar"] else 0
        frames = "frames" if plan["up"] == 1 else "output_frames"
        axes = {} if plan["window"] else {"x": {time: "frames"}, "y": {time: frames}}
        torch.onnx.export(
            module,
            arguments,
            f"{base}.onnx",
            input_names=["x", *(f"s{i}" for i in range(count))],
            output_names=["y", *(f"n{i}" for i in range(count))],
            dynamic_axes=axes,
            opset_version=14,
        )


def export(path: Path) -> None:
    root = json.loads(path.read_text(encoding="utf-8"))
    dtype = getattr(torch, root["check"]["dtype"])
    side = root["check"]["condition"]["shape"][1] if "condition" in root["check"] else 0
    stream = Stream(root["layers"], dtype, side).eval()
    arguments = (stream.example(stream.window or 64), *stream.states())
    plan = {
        "in": stream.channels[0] + side,
        "out": stream.channels[1],
        "up": stream.up,
        "planar": stream.planar,
        "window": stream.window,
        "states": stream.shapes,
    }
    save(path.with_suffix(""), stream, arguments, plan)


def main() -> None:
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    paths = sorted(Path(sys.argv[1]).glob("*.json"))
    # Networks that have a plan were written by networks/large.py.
    paths = [path for path in paths if path.with_suffix(".plan.json") not in paths]
    paths = [path for path in paths if ".plan" not in path.name]
    for index, path in enumerate(paths):
        print(
            f"\r  {index + 1} of {len(paths)}: {path.stem:24}", end="", file=sys.stderr, flush=True
        )
        try:
            export(path)
        except Exception as error:  # reported as not exported
            first = (str(error).splitlines() or [repr(error)])[0]
            print(f"\n  {path.stem}: {first}", file=sys.stderr)
    print("\r" + 40 * " ", end="\r", file=sys.stderr)


if __name__ == "__main__":
    main()
