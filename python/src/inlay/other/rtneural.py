"""Reads RTNeural's JSON, which has "in_shape" and "layers", and AIDA-X's additions to it."""

from __future__ import annotations

import numpy as np

from ..errors import ExportError
from ..format import Chain, LayerRecord, Option
from ..format.validation import unusable_variance
from ..inspect.opened import reproduce
from .node import Node

_ACTIVATIONS = ("tanh", "relu", "sigmoid", "softmax", "elu")
_QUIETEST_DECIBELS = -90.0
_SELF_TEST_TOLERANCE = 1e-4


def rtneural_layers(root: Node) -> list[LayerRecord]:
    """The file's layers. Raises ExportError, naming the place, if there is no counterpart in inlay."""
    channels = width = root["in_shape"].last().whole()
    layers: list[LayerRecord] = []
    for node in root["layers"].items():
        found = _layer(node, width)
        layers += found
        width = found[-1].channels_out if found else width
    if not layers:
        root["layers"].fail("at least one layer")
    return _with_gains(root, layers, channels, width)


def rtneural_sample_rate(root: Node) -> float | None:
    """AIDA-X's sample rate: a number, or a number as text, at the root or in the metadata."""
    for node in (root, root.get("metadata", {})):
        if isinstance(node.value, dict) and "samplerate" in node:
            return _hertz(node["samplerate"])
    return None


def _hertz(node: Node) -> float:
    try:
        value = float(node.value) if isinstance(node.value, str) else node.number()
    except ValueError:
        value = 0.0
    return value if 0 < value < 1e9 else node.fail("a sample rate in Hz")


def _with_gains(
    root: Node, layers: list[LayerRecord], channels_in: int, channels_out: int
) -> list[LayerRecord]:
    """y = out_gain (model(u) + in_skip u) with u = in_gain x."""
    if root.get("in_skip", 0).whole(0, 1):
        if channels_in != 1 or channels_out != 1:
            root["in_skip"].fail(f"0 for a model of {channels_in} -> {channels_out} channels")
        layers = [LayerRecord("residual", chains={"layers": [layers]})]
    if "in_gain" in root and channels_in > 1 and root["in_gain"].number() != 0:
        root["in_gain"].fail("0 for a model of several input channels")
    if channels_in == channels_out == 1 and "input_batch" in root and "output_batch" in root:
        _refuse_other_output(root, layers)
    before = _gain(root.get("in_gain", 0), channels_in)
    return [*before, *layers, *_gain(root.get("out_gain", 0), channels_out)]


def _refuse_other_output(root: Node, layers: Chain) -> None:
    """Raises ExportError if the network fails the file's own test, which is without gains."""
    frames = len(root["input_batch"].items())
    if frames == 0:
        root["input_batch"].fail("a signal")
    signal = root["input_batch"].tensor(frames)[:, np.newaxis]
    expected = root["output_batch"].tensor(frames)[:, np.newaxis]
    error = np.abs(reproduce(layers, signal) - expected).max()
    limit = _SELF_TEST_TOLERANCE * max(1.0, float(np.abs(expected).max()))
    if not error <= limit:
        raise ExportError(
            f"output_batch: the network is off by {error:.3g} from it, allowed are {limit:.3g}"
        )


def _gain(node: Node, size: int) -> list[LayerRecord]:
    decibels = node.number()
    if decibels == 0:
        return []
    if decibels > 200:
        node.fail("a gain of at most 200 dB")
    scale = 0.0 if decibels <= _QUIETEST_DECIBELS else 10.0 ** (decibels / 20.0)
    return [LayerRecord("scale", {"size": size, "scale": scale})]


def _layer(node: Node, inputs: int) -> list[LayerRecord]:
    """A layer and its activation, if it has one."""
    kind = node["type"].one_of(*_KINDS)
    outputs = node["shape"].last()
    outputs.whole()
    return _KINDS[kind](node, inputs, outputs)


def _arrays(node: Node, *counts: int) -> list[Node]:
    arrays = node["weights"].items()
    if len(arrays) not in counts:
        node["weights"].fail(f"{' or '.join(map(str, counts))} arrays")
    return arrays


def _activation(node: Node, size: int) -> list[LayerRecord]:
    name = node.get("activation", "").one_of("", "linear", *_ACTIVATIONS)
    if name in ("", "linear"):
        return []
    options: dict[str, Option] = {"size": size}
    return [LayerRecord(name, options | ({"alpha": 1.0} if name == "elu" else {}))]


def _dense(node: Node, inputs: int, outputs: Node) -> list[LayerRecord]:
    size = outputs.whole()
    kernel, *bias = _arrays(node, 1, 2)
    tensors = {"kernel": kernel.tensor(inputs, size)}
    if bias:
        tensors["bias"] = bias[0].tensor(size)
    return [
        LayerRecord("dense", {"in": inputs, "out": size}, tensors),
        *_activation(node, size),
    ]


def _conv1d(node: Node, inputs: int, outputs: Node) -> list[LayerRecord]:
    size, groups = outputs.whole(), node.get("groups", 1).whole()
    if inputs % groups or size % groups:
        node["groups"].fail(f"a divisor of {inputs} and {size} channels")
    for name in ("strides", "stride"):
        if name in node and node[name].value not in (1, [1], [1, 1]):
            node[name].fail("1")
    taps = node["kernel_size"].last().whole()
    options: dict[str, Option] = {"in": inputs, "out": size, "kernel_size": taps}
    options |= {"dilation": node["dilation"].last().whole(), "groups": groups}
    kernel, bias = _arrays(node, 2)
    tensors = {
        "kernel": kernel.tensor(taps, inputs // groups, size),
        "bias": bias.tensor(size),
    }
    return [LayerRecord("conv1d", options, tensors), *_activation(node, size)]


def _recurrent(node: Node, inputs: int, outputs: Node) -> list[LayerRecord]:
    kind, size = node["type"].text(), outputs.whole()
    node.get("activation", "").one_of("", "tanh")
    gates = {"lstm": 4, "gru": 3}[kind] * size
    kernel, recurrent_kernel, bias = _arrays(node, 3)
    options: dict[str, Option] = {
        "in": inputs,
        "out": size,
        "recurrent_activation": "sigmoid",
    }
    tensors = {
        "kernel": kernel.tensor(inputs, gates),
        "recurrent_kernel": recurrent_kernel.tensor(size, gates),
        "bias": bias.tensor(gates) if kind == "lstm" else bias.tensor(2, gates),
    }
    return [LayerRecord(kind, options | ({"reset_after": True} if kind == "gru" else {}), tensors)]


def _same_width(inputs: int, outputs: Node) -> int:
    if outputs.whole() != inputs:
        outputs.fail(f"{inputs}, the channels of its input")
    return inputs


def _batchnorm(node: Node, inputs: int, outputs: Node) -> list[LayerRecord]:
    size = _same_width(inputs, outputs)
    arrays = _arrays(node, 2, 4)
    names = ("gamma", "beta", "mean", "variance")[-len(arrays) :]
    tensors = {name: array.tensor(size) for name, array in zip(names, arrays)}
    epsilon = node["epsilon"].number()
    refused = unusable_variance(tensors["variance"], epsilon)
    if refused is not None:
        index, message = refused
        raise ExportError(f"{arrays[-1].items()[index].place}: {message}")
    options: dict[str, Option] = {"size": size, "epsilon": epsilon}
    return [LayerRecord("batchnorm1d", options, tensors)]


def _prelu(node: Node, inputs: int, outputs: Node) -> list[LayerRecord]:
    size = _same_width(inputs, outputs)
    (alpha,) = _arrays(node, 1)
    items = alpha.items()
    if len(items) == 1 and isinstance(items[0].value, list):
        alpha = items[0]
    slopes = 1 if len(alpha.items()) == 1 else size
    return [LayerRecord("prelu", {"size": size}, {"alpha": alpha.tensor(slopes)})]


def _only_activation(node: Node, inputs: int, outputs: Node) -> list[LayerRecord]:
    return _activation(node, _same_width(inputs, outputs))


_KINDS = {
    "dense": _dense,
    "time-distributed-dense": _dense,
    "conv1d": _conv1d,
    "lstm": _recurrent,
    "gru": _recurrent,
    "batchnorm": _batchnorm,
    "prelu": _prelu,
    "activation": _only_activation,
}
