"""Networks from sizes alone: their layers have weights, but of no meaning."""

from __future__ import annotations

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
}
_ACTIVATIONS = (
    "elu gelu hard_sigmoid hardswish hardtanh leaky_relu mish prelu relu selu sigmoid silu sine"
    " snake softplus softsign tanh"
).split()


def parse(line: str) -> list[LayerRecord]:
    """The layers of a line such as "lstm 20, dense 1", "conv1d 16 k3 d2, tanh" or "wavenet 16".

    A layer reads the channels of the one before it. The first one reads one channel, or as many as
    a first item such as "in 2" says.
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
    if name in (*_SIZED, "wavenet") and rest:
        size, options = _number(rest[0], item), _options(rest[1:], item)
        if name == "conv1d":
            return [conv1d(channels, size, options.get("k", 3), options.get("d", 1))]
        if not options and name == "wavenet" and channels == 1:
            return wavenet(size)
        if not options and name != "wavenet":
            return [_SIZED[name](channels, size)]
    known = ", ".join([*(f"{name} SIZE" for name in _SIZED), "wavenet CHANNELS", *_ACTIVATIONS])
    raise ExportError(
        f"{item.strip()!r} is not a layer; known: {known}; conv1d also takes k3 (kernel) and d2 (dilation)"
    )


def _options(words: list[str], item: str) -> dict[str, int]:
    return {word[0]: _number(word[1:], item) for word in words if word[0] in "kd"}


def _number(text: str, item: str) -> int:
    if not text.isdigit() or not 0 < int(text) <= 4096:
        raise ExportError(f"{item.strip()!r}: {text!r} is not a number from 1 to 4096")
    return int(text)
