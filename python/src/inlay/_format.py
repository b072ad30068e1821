"""The inlay model file, version 1: its parts, what must hold between them, reading and writing.

The exporters build a `ModelFile` and hand it to `write_model`; nothing here knows a framework.
Shapes and layouts are those of the file: kernels are [in, out] (convolutions [tap, in/groups, out],
the oldest tap first), LSTM gates are ordered i, f, g, o and GRU gates z, r, n.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Union

import numpy as np
import numpy.typing as npt

from .errors import ExportError

FORMAT = "inlay"
VERSION = 1

Array = npt.NDArray[np.floating[Any]]
Option = Union[bool, int, float, str]
Shape = tuple[int, ...]

RECURRENT_ACTIVATIONS = ("sigmoid", "hard_sigmoid", "hard_sigmoid_keras2")

_SIZES = ("in", "out")
_OPTIONS: dict[str, tuple[str, ...]] = {
    "dense": _SIZES,
    "conv1d": (*_SIZES, "kernel_size", "dilation", "groups"),
    "lstm": (*_SIZES, "recurrent_activation"),
    "gru": (*_SIZES, "reset_after", "recurrent_activation"),
    "tanh": ("size",),
    "sigmoid": ("size",),
    "hard_sigmoid": ("size",),
    "hard_sigmoid_keras2": ("size",),
    "relu": ("size",),
    "softmax": ("size",),
    "leaky_relu": ("size", "alpha"),
    "elu": ("size", "alpha"),
    "prelu": ("size",),
    "batchnorm1d": ("size", "epsilon"),
}
_OPTIONAL_TENSORS: dict[str, tuple[str, ...]] = {
    "dense": ("bias",),
    "conv1d": ("bias",),
    "batchnorm1d": ("gamma", "beta"),
}


@dataclass(frozen=True)
class LayerRecord:
    """One layer as the file holds it: its type, its sizes and options, its tensors."""

    type: str
    options: Mapping[str, Option]
    tensors: Mapping[str, Array] = field(default_factory=dict)

    @property
    def channels_in(self) -> int:
        return int(self.options["in" if "in" in self.options else "size"])

    @property
    def channels_out(self) -> int:
        return int(self.options["out" if "out" in self.options else "size"])


@dataclass(frozen=True)
class Check:
    """A short signal and what the training framework made of it.

    `input` is [frames, channels], `output` [frames out, channels]. `output[j]` is available once
    input frame `skip + j * stride` has arrived.
    """

    source: str
    dtype: str
    input: Array
    output: Array
    tolerance: float
    skip: int = 0
    stride: int = 1


@dataclass(frozen=True)
class ModelFile:
    """The whole file."""

    layers: Sequence[LayerRecord]
    check: Check
    sample_rate: float | None = None
    metadata: Mapping[str, Any] | None = None


def write_model(path: str | os.PathLike[str], model: ModelFile) -> None:
    """Writes the file, whole or not at all: an existing file stays as it was on failure.

    Raises ExportError where the model is not a valid inlay model.
    """
    validate(model)
    text = _model_text(model)
    target = Path(path)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def read_model(path: str | os.PathLike[str]) -> ModelFile:
    """Reads a file back, tensors in the check's dtype. Raises ExportError if it is not valid."""
    root = json.loads(Path(path).read_text(encoding="utf-8"))
    if root.get("format") != FORMAT or root.get("version") != VERSION:
        raise ExportError(f"{path}: not an inlay model file of version {VERSION}")
    dtype = np.dtype(root["check"]["dtype"])
    layers = []
    for found in root["layers"]:
        options, tensors = _members(found, dtype)
        layers.append(LayerRecord(options.pop("type"), options, tensors))
    plain, signals = _members(root["check"], dtype)
    check = Check(input=signals["input"], output=signals["output"], **plain)
    model = ModelFile(layers, check, root.get("sample_rate"), root.get("metadata"))
    validate(model)
    return model


def validate(model: ModelFile) -> None:
    """Raises ExportError, naming the place, where the parts of the model do not fit together."""
    if not model.layers:
        raise ExportError("layers: empty; a model has at least one layer")
    if model.sample_rate is not None and not _positive(model.sample_rate):
        raise ExportError(f"sample_rate: {model.sample_rate!r} is not a positive number of Hz")
    channels = model.layers[0].channels_in
    for index, layer in enumerate(model.layers):
        where = f"layers[{index}] ({layer.type})"
        _validate_layer(layer, where)
        if layer.channels_in != channels:
            raise ExportError(f"{where}: takes {layer.channels_in} channels, is given {channels}")
        channels = layer.channels_out
    _validate_check(model.check, model.layers[0].channels_in, channels)


def _members(
    found: Mapping[str, Any], dtype: np.dtype[Any]
) -> tuple[dict[str, Any], dict[str, Array]]:
    """An object's plain members and its tensors."""
    tensors = {name: value for name, value in found.items() if isinstance(value, Mapping)}
    plain = {name: value for name, value in found.items() if name not in tensors}
    return plain, {
        name: np.asarray(value["data"], dtype).reshape(value["shape"])
        for name, value in tensors.items()
    }


def _positive(value: float) -> bool:
    return math.isfinite(value) and value > 0


def _validate_layer(layer: LayerRecord, where: str) -> None:
    if layer.type not in _OPTIONS:
        raise ExportError(f"{where}: unknown layer type; known: {', '.join(_OPTIONS)}")
    if set(layer.options) != set(_OPTIONS[layer.type]):
        raise ExportError(
            f"{where}: expected the options {sorted(_OPTIONS[layer.type])},"
            f" found {sorted(layer.options)}"
        )
    activation = layer.options.get("recurrent_activation", "sigmoid")
    if activation not in RECURRENT_ACTIVATIONS:
        raise ExportError(f"{where}.recurrent_activation: {activation!r} is not known")
    for name, value in layer.options.items():
        if type(value) is int and value < 1:
            raise ExportError(f"{where}.{name}: {value} is less than 1")
        if isinstance(value, float) and not math.isfinite(value):
            raise ExportError(f"{where}.{name}: {value} is not finite")
    groups = int(layer.options.get("groups", 1))
    if layer.channels_in % groups or layer.channels_out % groups:
        raise ExportError(f"{where}.groups: {groups} does not divide the channels")
    shapes = _tensor_shapes(layer)
    for name in set(layer.tensors) - set(shapes):
        raise ExportError(f"{where}.{name}: not a tensor of this layer")
    for name, shape in shapes.items():
        if name in layer.tensors:
            _validate_tensor(layer.tensors[name], shape, f"{where}.{name}")
        elif name not in _OPTIONAL_TENSORS.get(layer.type, ()):
            raise ExportError(f"{where}.{name}: missing")


def _tensor_shapes(layer: LayerRecord) -> dict[str, Shape]:
    """The shape of every tensor that this layer may have."""
    if layer.type == "prelu":
        size = layer.channels_in
        alpha = layer.tensors.get("alpha")
        return {"alpha": (1,) if alpha is not None and alpha.shape == (1,) else (size,)}
    if layer.type == "batchnorm1d":
        return dict.fromkeys(("gamma", "beta", "mean", "variance"), (layer.channels_in,))
    if "in" not in layer.options:
        return {}
    inputs, outputs = layer.channels_in, layer.channels_out
    if layer.type == "conv1d":
        taps, groups = int(layer.options["kernel_size"]), int(layer.options["groups"])
        return {"kernel": (taps, inputs // groups, outputs), "bias": (outputs,)}
    gates = {"dense": 1, "lstm": 4, "gru": 3}[layer.type]
    bias: Shape = (gates * outputs,)
    if layer.options.get("reset_after", False):
        bias = (2, *bias)
    shapes: dict[str, Shape] = {"kernel": (inputs, gates * outputs), "bias": bias}
    if layer.type != "dense":
        shapes["recurrent_kernel"] = (outputs, gates * outputs)
    return shapes


def _validate_tensor(tensor: Array, shape: Shape, where: str) -> None:
    if tensor.shape != shape:
        raise ExportError(f"{where}: expected the shape {list(shape)}, found {list(tensor.shape)}")
    if not np.isfinite(tensor).all():
        raise ExportError(f"{where}: holds NaN or infinite values")


def _validate_check(check: Check, channels_in: int, channels_out: int) -> None:
    if check.dtype not in ("float32", "float64"):
        raise ExportError(f"check.dtype: {check.dtype!r} is neither float32 nor float64")
    if not _positive(check.tolerance):
        raise ExportError(f"check.tolerance: {check.tolerance!r} is not a positive number")
    if check.skip < 0 or check.stride < 1:
        raise ExportError(f"check: skip {check.skip} or stride {check.stride} is out of range")
    frames = len(check.input)
    _validate_tensor(check.input, (frames, channels_in), "check.input")
    _validate_tensor(check.output, (len(check.output), channels_out), "check.output")
    arrived = check.skip + (len(check.output) - 1) * check.stride
    if len(check.output) == 0 or arrived >= frames:
        raise ExportError(
            f"check.output: {len(check.output)} frames do not come out of {frames} frames of input"
            f" with skip {check.skip} and stride {check.stride}"
        )


def _model_text(model: ModelFile) -> str:
    members = [f'"format": "{FORMAT}"', f'"version": {VERSION}']
    if model.sample_rate is not None:
        members.append(f'"sample_rate": {_plain_text(model.sample_rate, "sample_rate")}')
    if model.metadata is not None:
        members.append(f'"metadata": {_plain_text(dict(model.metadata), "metadata")}')
    layers = ",\n".join("    " + _layer_text(layer) for layer in model.layers)
    members.append(f'"layers": [\n{layers}\n  ]')
    members.append(f'"check": {_check_text(model.check)}')
    return "{\n" + ",\n".join("  " + member for member in members) + "\n}\n"


def _layer_text(layer: LayerRecord) -> str:
    plain = _plain_text({"type": layer.type} | dict(layer.options), layer.type)
    return _with_tensors(plain, layer.tensors, indent=6)


def _check_text(check: Check) -> str:
    names = ("source", "dtype", "skip", "stride", "tolerance")
    plain = _plain_text({name: getattr(check, name) for name in names}, "check")
    return _with_tensors(plain, {"input": check.input, "output": check.output}, indent=4)


def _with_tensors(plain: str, tensors: Mapping[str, Array], indent: int) -> str:
    """The members of a JSON object on its first line, then one line for each of its tensors."""
    lines = [f'{" " * indent}"{name}": {_tensor_text(value)}' for name, value in tensors.items()]
    return ",\n".join([plain[:-1], *lines]) + "}"


def _tensor_text(tensor: Array) -> str:
    # str of a NumPy scalar is the shortest text that reads back to the same number of its dtype.
    data = ", ".join(map(str, tensor.ravel()))
    return f'{{"shape": {list(tensor.shape)}, "data": [{data}]}}'


def _plain_text(value: object, where: str) -> str:
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise ExportError(f"{where}: cannot be written as JSON: {error}") from error
