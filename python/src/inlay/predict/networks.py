"""Networks from sizes alone: their layers have weights, but of no meaning."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..errors import ExportError
from ..format import Array, Chain, LayerRecord

_RANDOM = np.random.default_rng(1)


def _weights(*shape: int) -> Array:
    """Random values that keep a signal's level about as it is."""
    inputs = max(1, int(np.prod(shape[:-1])))
    return _RANDOM.normal(0, 1 / np.sqrt(inputs), shape).astype(np.float32)


def dense(inputs: int, outputs: int, bias: bool = True) -> LayerRecord:
    tensors = {"kernel": _weights(inputs, outputs)}
    if bias:
        tensors["bias"] = 0.1 * _weights(outputs)
    return LayerRecord("dense", {"in": inputs, "out": outputs}, tensors)


def conv1d(inputs: int, outputs: int, kernel: int = 3, dilation: int = 1) -> LayerRecord:
    options = {
        "in": inputs,
        "out": outputs,
        "kernel_size": kernel,
        "dilation": dilation,
        "groups": 1,
    }
    tensors = {"kernel": _weights(kernel, inputs, outputs), "bias": 0.1 * _weights(outputs)}
    return LayerRecord("conv1d", options, tensors)


def lstm(inputs: int, units: int) -> LayerRecord:
    return _recurrent("lstm", inputs, units, 4, (4 * units,), recurrent_activation="sigmoid")


def gru(inputs: int, units: int) -> LayerRecord:
    options = {"reset_after": True, "recurrent_activation": "sigmoid"}
    return _recurrent("gru", inputs, units, 3, (2, 3 * units), **options)


def rnn(inputs: int, units: int) -> LayerRecord:
    return _recurrent("rnn", inputs, units, 1, (units,), activation="tanh")


def _recurrent(
    name: str, inputs: int, units: int, gates: int, bias: tuple[int, ...], **options: Any
) -> LayerRecord:
    tensors = {
        "kernel": _weights(inputs, gates * units),
        "recurrent_kernel": _weights(units, gates * units),
        "bias": 0.1 * _weights(*bias),
    }
    return LayerRecord(name, {"in": inputs, "out": units, **options}, tensors)


_NUMBERS: Mapping[str, Mapping[str, float]] = {
    "leaky_relu": {"alpha": 0.01},
    "elu": {"alpha": 1.0},
    "softplus": {"beta": 1.0, "threshold": 20.0},
    "hardtanh": {"min": -1.0, "max": 1.0},
    "sine": {"omega": 1.0},
}


def pointwise(name: str, size: int) -> LayerRecord:
    """An activation function."""
    tensors = {"prelu": {"alpha": _weights(size)}, "snake": {"alpha": np.ones(size, np.float32)}}
    return LayerRecord(name, {"size": size, **_NUMBERS.get(name, {})}, tensors.get(name, {}))


def residual(*layers: LayerRecord) -> LayerRecord:
    return LayerRecord("residual", chains={"layers": [list(layers)]})


def gated(size: int, gate: str = "sigmoid") -> LayerRecord:
    """The gate of a gated linear unit: `size` channels, scaled by a function of as many others."""
    chains = {"activation": [[pointwise("identity", size)]], "gate": [[pointwise(gate, size)]]}
    return LayerRecord("gate", {"size": size}, chains=chains)


def norm(name: str, size: int, groups: int = 1) -> LayerRecord:
    tensors = {"gamma": np.ones(size, np.float32)}
    if name != "rms_norm":
        tensors["beta"] = np.zeros(size, np.float32)
    options = {"size": size, "epsilon": 1e-5}
    if name == "group_norm":
        options["groups"] = groups
    return LayerRecord(name, options, tensors)


def min_gru(inputs: int, units: int) -> LayerRecord:
    tensors = {"kernel": _weights(inputs, 2 * units), "bias": 0.1 * _weights(2 * units)}
    return LayerRecord("min_gru", {"in": inputs, "out": units, "candidate": "linear"}, tensors)


def s4d(size: int, states: int = 16) -> LayerRecord:
    poles = _poles(size, states)
    tensors = {
        "a_real": poles.real,
        "a_imag": poles.imag,
        "c_real": _weights(size, states),
        "c_imag": _weights(size, states),
        "d": _weights(size),
    }
    return LayerRecord("s4d", {"size": size, "states": states}, tensors)


def lru(inputs: int, states: int, outputs: int | None = None) -> LayerRecord:
    """A linear recurrent unit, by default with as many outputs as states."""
    outputs = outputs or states
    poles = _poles(states)
    tensors = {
        "lambda_real": poles.real,
        "lambda_imag": poles.imag,
        "b": 0.1 * _weights(inputs, 2 * states),
        "c": _weights(2 * states, outputs),
        "d": _weights(inputs, outputs),
    }
    return LayerRecord("lru", {"in": inputs, "states": states, "out": outputs}, tensors)


def _poles(*shape: int) -> Array:
    """Complex poles within the unit circle."""
    return 0.9 * np.exp(1j * _RANDOM.uniform(0, 1, shape)).astype(np.complex64)


def s6(size: int, states: int = 16, rank: int | None = None) -> LayerRecord:
    """The core of Mamba, by default with a rank of a sixteenth of its channels."""
    rank = rank or math.ceil(size / 16)
    tensors = {
        "kernel": _weights(size, rank + 2 * states),
        "step_kernel": _weights(rank, size),
        "step_bias": np.full(size, -3, np.float32),
        "a": -np.ones((size, 1), np.float32) * np.arange(1, states + 1, dtype=np.float32),
        "d": np.ones(size, np.float32),
    }
    return LayerRecord("s6", {"size": size, "states": states, "rank": rank}, tensors)


def mamba(size: int, inside: int, states: int, rank: int) -> list[LayerRecord]:
    filtered = [depthwise(inside, 4), pointwise("silu", inside), s6(inside, states, rank)]
    return [
        dense(size, 2 * inside, bias=False),
        LayerRecord("split", chains={"branches": [filtered, [pointwise("identity", inside)]]}),
        gated(inside, "silu"),
        dense(inside, size, bias=False),
    ]


def depthwise(channels: int, kernel: int) -> LayerRecord:
    options = {"in": channels, "out": channels, "kernel_size": kernel, "dilation": 1}
    tensors = {"kernel": _weights(kernel, 1, channels), "bias": 0.1 * _weights(channels)}
    return LayerRecord("conv1d", {**options, "groups": channels}, tensors)


def biquad(size: int, sections: int = 1) -> LayerRecord:
    """Low-pass filters."""
    section = np.array([0.01, 0.02, 0.01, -1.7, 0.74])
    coefficients = np.broadcast_to(section, (size, sections, 5)).copy()
    return LayerRecord("biquad", {"size": size, "sections": sections}, {"coefficients": coefficients})


def one_pole(size: int) -> LayerRecord:
    tensors = {"rise": np.full(size, 0.9, np.float32), "fall": np.full(size, 0.99, np.float32)}
    return LayerRecord("one_pole", {"size": size}, tensors)


def table_shaper(size: int, points: int = 33) -> LayerRecord:
    options = {"size": size, "points": points, "interpolation": "cubic", "low": -1.0, "high": 1.0}
    values = np.tanh(np.linspace(-2, 2, points)).astype(np.float32)
    return LayerRecord("table_shaper", options, {"values": values})


def equalizer(size: int, bands: int = 3, hop: int = 64) -> list[LayerRecord]:
    """A parametric equaliser with parameters from its own signal, so that they change."""
    options = {"size": size, "bands": bands, "hop": hop, "sample_rate": 48000.0}
    controls = [dense(size, 3 * bands), pointwise("sigmoid", 3 * bands)]
    chains = {"source": [controls], "layers": [[LayerRecord("parametric_equalizer", options)]]}
    return [LayerRecord("conditioned_by", chains=chains)]


def compressor(size: int) -> list[LayerRecord]:
    """A compressor whose gain is that of its own signal."""
    gain = [
        LayerRecord("amplitude_to_db", {"size": size, "floor": 1e-3}),
        LayerRecord("gain_computer", {"size": size, "threshold": -24.0, "ratio": 4.0, "knee": 6.0}),
        one_pole(size),
        LayerRecord("db_to_amplitude", {"size": size}),
        LayerRecord("scale", {"size": size, "scale": 2.0}),
    ]
    layers = [LayerRecord("film", {"size": size}, chains={"layers": [gain]})]
    chains = {"source": [[pointwise("identity", size)]], "layers": [layers]}
    return [LayerRecord("conditioned_by", chains=chains)]


def wavenet(
    channels: int, *, dilations: int = 10, kernel: int = 3, activation: str = "tanh"
) -> list[LayerRecord]:
    """Neural Amp Modeler's WaveNet: a stack of `channels` channels, then one of half of them."""
    half = max(1, channels // 2)
    layers = [
        dense(1, channels, bias=False),
        LayerRecord("pad", {"in": channels, "out": 2 * channels}),
        *_stack(channels, dilations, kernel, activation),
        LayerRecord("split", chains={"branches": [[dense(channels, half, bias=False)]] * 2}),
        *_stack(half, dilations, kernel, activation),
        LayerRecord("slice", {"in": 2 * half, "begin": half, "out": half}),
        dense(half, 1),
    ]
    source = [pointwise("identity", 1)]
    return [LayerRecord("conditioned_by", chains={"source": [source], "layers": [layers]})]


def _stack(channels: int, dilations: int, kernel: int, activation: str) -> list[LayerRecord]:
    return [
        LayerRecord(
            "residual_skip",
            chains={
                "path": [
                    [
                        conv1d(channels, channels, kernel, 2**i),
                        _mixin(channels),
                        pointwise(activation, channels),
                    ]
                ],
                "residual": [[dense(channels, channels)]],
                "skip": [[pointwise("identity", channels)]],
            },
        )
        for i in range(dilations)
    ]


def _mixin(channels: int) -> LayerRecord:
    layers = [dense(1, channels, bias=False)]
    return LayerRecord("mixin", {"size": channels}, chains={"layers": [layers]})


_SIZED: Mapping[str, Callable[[int, int], LayerRecord]] = {
    "dense": dense,
    "conv1d": conv1d,
    "lstm": lstm,
    "gru": gru,
    "rnn": rnn,
    "min_gru": min_gru,
    "lru": lru,
    # These keep the number of channels.
    "s4d": s4d,
    "s6": s6,
    "biquad": biquad,
}
_NORMS = "layer_norm", "rms_norm"
_ACTIVATIONS = (
    "elu gelu gelu_tanh hard_sigmoid hardswish hardtanh leaky_relu mish prelu relu selu sigmoid silu"
    " sine snake softmax softplus softsign tanh"
).split()


def parse(line: str) -> list[LayerRecord]:
    """The layers of a line such as "lstm 20, dense 1", "conv1d 16 k3 d2, tanh" or "wavenet 16".

    A layer reads the channels of the one before it. The first one reads one channel, or as many as
    a first item such as "in 2" says. The size of "lru" is that of its states and of its outputs, those
    of "s4d" and "s6" are states of each channel, that of "biquad" is the number of sections.
    """
    layers: list[LayerRecord] = []
    channels = 1
    for index, item in enumerate(line.split(",")):
        words = item.split()
        if index == 0 and len(words) == 2 and words[0] == "in":
            channels = _number(words[1], item)
            continue
        layers += _parsed(words, channels, item)
        channels = layers[-1].channels_out
    if not layers:
        raise ExportError(f"{line!r} has no layers")
    return layers


def _parsed(words: list[str], channels: int, item: str) -> Chain:
    name, *rest = words or [""]
    if name in _ACTIVATIONS and not rest:
        return [pointwise(name, channels)]
    if name in _NORMS and not rest:
        return [norm(name, channels)]
    if name in (*_SIZED, "wavenet") and rest:
        size, options = _number(rest[0], item), _options(rest[1:], item)
        if name == "conv1d":
            return [conv1d(channels, size, options.get("k", 3), options.get("d", 1))]
        if not options and name == "wavenet" and channels == 1:
            return wavenet(size)
        if not options and name != "wavenet":
            return [_SIZED[name](channels, size)]
    known = ", ".join([*(f"{name} SIZE" for name in _SIZED), "wavenet CHANNELS", *_NORMS, *_ACTIVATIONS])
    raise ExportError(
        f"{item.strip()!r} is not a layer; known: {known}; conv1d also takes k3 (kernel) and d2 (dilation)"
    )


def _options(words: list[str], item: str) -> dict[str, int]:
    return {word[0]: _number(word[1:], item) for word in words if word[0] in "kd"}


def _number(text: str, item: str) -> int:
    if not text.isdigit() or not 0 < int(text) <= 4096:
        raise ExportError(f"{item.strip()!r}: {text!r} is not a number from 1 to 4096")
    return int(text)
