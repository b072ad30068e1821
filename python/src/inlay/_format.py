"""The inlay model file, version 1: its parts, what must hold between them, reading and writing.

The exporters build a `ModelFile` and hand it to `write_model`; nothing here knows a framework.
Shapes and layouts are those of the file: kernels are [in, out] (convolutions [tap, in/groups, out],
the oldest tap first), LSTM gates are ordered i, f, g, o and GRU gates z, r, n.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
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
PADDINGS = ("valid", "same")
RNN_ACTIVATIONS = ("tanh", "relu")

_SIZES = ("in", "out")
_OPTIONS: dict[str, tuple[str, ...]] = {
    "dense": _SIZES,
    "conv1d": (*_SIZES, "kernel_size", "dilation", "groups"),
    "conv2d": (
        *(*_SIZES, "features", "kernel_size_time", "kernel_size_features"),
        *("dilation", "stride", "padding"),
    ),
    "lstm": (*_SIZES, "recurrent_activation"),
    "gru": (*_SIZES, "reset_after", "recurrent_activation"),
    "rnn": (*_SIZES, "activation"),
    "tanh": ("size",),
    "sigmoid": ("size",),
    "hard_sigmoid": ("size",),
    "hard_sigmoid_keras2": ("size",),
    "relu": ("size",),
    "softmax": ("size",),
    "silu": ("size",),
    "gelu": ("size",),
    "gelu_tanh": ("size",),
    "hardswish": ("size",),
    "softsign": ("size",),
    "softplus": ("size", "beta", "threshold"),
    "hardtanh": ("size", "min", "max"),
    "leaky_hardtanh": ("size", "min", "max", "min_slope", "max_slope"),
    "scale": ("size", "scale"),
    "snake": ("size",),
    "leaky_relu": ("size", "alpha"),
    "elu": ("size", "alpha"),
    "prelu": ("size",),
    "batchnorm1d": ("size", "epsilon"),
    "batchnorm2d": ("channels", "features", "epsilon"),
}
# Layers that hold layers, and under which names.
_CHAINS: dict[str, tuple[str, ...]] = {
    "residual": ("layers",),
    "parallel": ("branches",),
    "concat": ("branches",),
    "split": ("branches",),
    "gate": ("activation", "gate"),
    "blend": ("activation", "gate"),
    "mixin": ("layers",),
    "film": ("layers",),
    "conditioned_by": ("source", "layers"),
    "residual_skip": ("path", "residual", "skip"),
    "windowed": ("layers",),
}
_OPTIONS |= {
    **dict.fromkeys(_CHAINS, ()),
    **dict.fromkeys(("gate", "blend", "mixin", "film", "identity"), ("size",)),
    "append_condition": ("size", "condition_size"),
    "slice": (*_SIZES, "begin"),
    "pad": _SIZES,
    "delay": ("size", "frames"),
    "conv_transpose1d": (*_SIZES, "kernel_size", "stride"),
    **dict.fromkeys(("max_pool1d", "avg_pool1d"), ("size", "kernel_size", "stride")),
    "windowed": ("window", "hop"),
    "time_pad": ("size", "before", "after"),
}
# Options that a file may leave out.
_OPTIONAL_OPTIONS: dict[str, tuple[str, ...]] = {"conv1d": ("stride",)}
_OPTIONAL_TENSORS: dict[str, tuple[str, ...]] = {
    "dense": ("bias",),
    "conv1d": ("bias",),
    "conv2d": ("bias",),
    "conv_transpose1d": ("bias",),
    "batchnorm1d": ("gamma", "beta"),
    "batchnorm2d": ("gamma", "beta"),
}


@dataclass(frozen=True)
class LayerRecord:
    """One layer as the file holds it: its type, its sizes and options, its tensors.

    `chains` are layers within the layer: for each name one chain or, for "branches", several.
    """

    type: str
    options: Mapping[str, Option] = field(default_factory=dict)
    tensors: Mapping[str, Array] = field(default_factory=dict)
    chains: Mapping[str, Sequence[Chain]] = field(default_factory=dict)

    @property
    def channels_in(self) -> int:
        """Values of a frame: two-dimensional layers have channels for each feature."""
        if self.type in _ENDS:
            return _ENDS[self.type](self)[0]
        return self._count("in") * int(self.options.get("features", 1))

    @property
    def channels_out(self) -> int:
        if self.type in _ENDS:
            return _ENDS[self.type](self)[1]
        return self._count("out") * self._features_out

    def _count(self, side: str) -> int:
        """Channels on a side of the layer, which may be alike on both."""
        named = (name for name in (side, "size", "channels") if name in self.options)
        return int(self.options[next(named, side)])

    @property
    def _features_out(self) -> int:
        features = int(self.options.get("features", 1))
        if self.type != "conv2d":
            return features
        same = self.options["padding"] == "same"
        kernel = 1 if same else int(self.options["kernel_size_features"])
        return (features - kernel) // int(self.options["stride"]) + 1


Chain = Sequence[LayerRecord]


def _ends(chain: Chain) -> tuple[int, int]:
    """Channels that a chain takes and gives."""
    return chain[0].channels_in, chain[-1].channels_out


def _all_ends(layer: LayerRecord) -> tuple[list[int], list[int]]:
    ends = [_ends(branch) for branch in layer.chains["branches"]]
    return [i for i, _ in ends], [o for _, o in ends]


def _residual_skip_ends(layer: LayerRecord) -> tuple[int, int]:
    channels = _ends(layer.chains["path"][0])[0] + _ends(layer.chains["skip"][0])[1]
    return channels, channels


def _size(layer: LayerRecord) -> int:
    return int(layer.options["size"])


# The channels of layers whose options do not say both.
_ENDS: dict[str, Callable[[LayerRecord], tuple[int, int]]] = {
    "residual": lambda layer: _ends(layer.chains["layers"][0]),
    "windowed": lambda layer: _ends(layer.chains["layers"][0]),
    "conditioned_by": lambda layer: _ends(layer.chains["layers"][0]),
    "parallel": lambda layer: (_all_ends(layer)[0][0], _all_ends(layer)[1][0]),
    "concat": lambda layer: (_all_ends(layer)[0][0], sum(_all_ends(layer)[1])),
    "split": lambda layer: (sum(_all_ends(layer)[0]), sum(_all_ends(layer)[1])),
    "residual_skip": _residual_skip_ends,
    "gate": lambda layer: (2 * _size(layer), _size(layer)),
    "blend": lambda layer: (2 * _size(layer), _size(layer)),
    "append_condition": lambda layer: (
        _size(layer),
        _size(layer) + int(layer.options["condition_size"]),
    ),
}


@dataclass(frozen=True)
class Check:
    """A short signal and what the training framework made of it.

    `input` is [frames, channels], `condition` the side channels of each of its frames, `output`
    [frames out, channels]. `output[j]` is available once
    input frame `skip + j * stride` has arrived.
    """

    source: str
    dtype: str
    input: Array
    output: Array
    tolerance: float
    skip: int = 0
    stride: int = 1
    condition: Array | None = None


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
    layers = _read_chain(root["layers"], dtype)
    plain, signals = _members(root["check"], dtype)
    check = Check(**signals, **plain)
    model = ModelFile(layers, check, root.get("sample_rate"), root.get("metadata"))
    validate(model)
    return model


def _read_chain(found: Sequence[Mapping[str, Any]], dtype: np.dtype[Any]) -> list[LayerRecord]:
    layers = []
    for layer in found:
        options, tensors = _members(layer, dtype)
        chains = {
            name: options.pop(name) for name in tuple(options) if isinstance(options[name], list)
        }
        read = {
            name: [
                _read_chain(chain, dtype) for chain in (value if name == "branches" else [value])
            ]
            for name, value in chains.items()
        }
        layers.append(LayerRecord(options.pop("type"), options, tensors, read))
    return layers


def validate(model: ModelFile) -> None:
    """Raises ExportError, naming the place, where the parts of the model do not fit together."""
    if not model.layers:
        raise ExportError("layers: empty; a model has at least one layer")
    if model.sample_rate is not None and not _positive(model.sample_rate):
        raise ExportError(f"sample_rate: {model.sample_rate!r} is not a positive number of Hz")
    _validate_chain(model.layers, "layers")
    burst = math.prod(
        int(layer.options["stride"]) for layer in model.layers if layer.type == "conv_transpose1d"
    )
    _validate_check(model.check, *_ends(model.layers), burst)


def _validate_chain(layers: Chain, where: str) -> None:
    if not layers:
        raise ExportError(f"{where}: empty; a chain has at least one layer")
    channels = None
    for index, layer in enumerate(layers):
        place = f"{where}[{index}] ({layer.type})"
        _validate_layer(layer, place)
        if channels not in (None, layer.channels_in):
            raise ExportError(f"{place}: takes {layer.channels_in} channels, is given {channels}")
        channels = layer.channels_out


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
    optional = set(_OPTIONAL_OPTIONS.get(layer.type, ()))
    if set(layer.options) - optional != set(_OPTIONS[layer.type]):
        raise ExportError(
            f"{where}: expected the options {sorted(_OPTIONS[layer.type])},"
            f" found {sorted(layer.options)}"
        )
    if set(layer.chains) != set(_CHAINS.get(layer.type, ())):
        raise ExportError(
            f"{where}: expected the layers {sorted(_CHAINS.get(layer.type, ()))},"
            f" found {sorted(layer.chains)}"
        )
    for name, chains in layer.chains.items():
        for index, chain in enumerate(chains):
            _validate_chain(chain, f"{where}.{name}" + (f"[{index}]" if len(chains) > 1 else ""))
    activation = layer.options.get("recurrent_activation", "sigmoid")
    if activation not in RECURRENT_ACTIVATIONS:
        raise ExportError(f"{where}.recurrent_activation: {activation!r} is not known")
    activation = layer.options.get("activation", "tanh")
    if activation not in RNN_ACTIVATIONS:
        raise ExportError(f"{where}.activation: {activation!r} is not known")
    for name, value in layer.options.items():
        least = 0 if name in ("begin", "before", "after") else 1
        if type(value) is int and value < least:
            raise ExportError(f"{where}.{name}: {value} is less than {least}")
        if isinstance(value, float) and not math.isfinite(value):
            raise ExportError(f"{where}.{name}: {value} is not finite")
    if layer.options.get("padding", "same") not in PADDINGS:
        raise ExportError(f"{where}.padding: {layer.options['padding']!r} is not known")
    if layer.type == "conv2d" and layer.channels_out < 1:
        raise ExportError(f"{where}.kernel_size_features: more than there are features")
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
    if layer.type == "snake":
        return {"alpha": (layer.channels_in,)}
    if layer.type in ("batchnorm1d", "batchnorm2d"):
        size = int(layer.options["size" if "size" in layer.options else "channels"])
        return dict.fromkeys(("gamma", "beta", "mean", "variance"), (size,))
    if layer.type == "conv2d":
        axes = ("kernel_size_time", "kernel_size_features", "in", "out")
        extents = tuple(int(layer.options[axis]) for axis in axes)
        return {"kernel": extents, "bias": extents[-1:]}
    if "in" not in layer.options or layer.type in ("slice", "pad"):
        return {}
    inputs, outputs = layer.channels_in, layer.channels_out
    if layer.type == "conv_transpose1d":
        return {"kernel": (int(layer.options["kernel_size"]), inputs, outputs), "bias": (outputs,)}
    if layer.type == "conv1d":
        taps, groups = int(layer.options["kernel_size"]), int(layer.options["groups"])
        return {"kernel": (taps, inputs // groups, outputs), "bias": (outputs,)}
    gates = {"dense": 1, "lstm": 4, "gru": 3, "rnn": 1}[layer.type]
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


def _validate_check(check: Check, channels_in: int, channels_out: int, burst: int) -> None:
    """`burst` is how many frames may come with one frame of input."""
    if check.dtype not in ("float32", "float64"):
        raise ExportError(f"check.dtype: {check.dtype!r} is neither float32 nor float64")
    if not _positive(check.tolerance):
        raise ExportError(f"check.tolerance: {check.tolerance!r} is not a positive number")
    if check.skip < 0 or check.stride < 1:
        raise ExportError(f"check: skip {check.skip} or stride {check.stride} is out of range")
    frames = len(check.input)
    _validate_tensor(check.input, (frames, channels_in), "check.input")
    _validate_tensor(check.output, (len(check.output), channels_out), "check.output")
    if check.condition is not None:
        _validate_tensor(check.condition, (frames, check.condition.shape[-1]), "check.condition")
    arrived = check.skip + (len(check.output) - 1) // burst * check.stride
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
    members.append(f'"layers": {_chain_text(model.layers, indent=2)}')
    members.append(f'"check": {_check_text(model.check)}')
    return "{\n" + ",\n".join("  " + member for member in members) + "\n}\n"


def _chain_text(chain: Chain, indent: int) -> str:
    layers = ",\n".join(" " * (indent + 2) + _layer_text(layer, indent + 2) for layer in chain)
    return f"[\n{layers}\n{' ' * indent}]"


def _layer_text(layer: LayerRecord, indent: int) -> str:
    plain = _plain_text({"type": layer.type} | dict(layer.options), layer.type)
    inner = indent + 2
    lines = []
    for name, chains in layer.chains.items():
        texts = [_chain_text(chain, inner) for chain in chains]
        lines.append(f'"{name}": ' + (f"[{', '.join(texts)}]" if name == "branches" else texts[0]))
    lines += _tensor_lines(layer.tensors)
    return _with_lines(plain, lines, inner)


def _check_text(check: Check) -> str:
    names = ("source", "dtype", "skip", "stride", "tolerance")
    plain = _plain_text({name: getattr(check, name) for name in names}, "check")
    signals = {"input": check.input, "condition": check.condition, "output": check.output}
    given = {name: signal for name, signal in signals.items() if signal is not None}
    return _with_lines(plain, _tensor_lines(given), indent=4)


def _tensor_lines(tensors: Mapping[str, Array]) -> list[str]:
    return [f'"{name}": {_tensor_text(value)}' for name, value in tensors.items()]


def _with_lines(plain: str, members: Sequence[str], indent: int) -> str:
    """A JSON object: its plain members on the first line, then a line for each of the others."""
    return ",\n".join([plain[:-1], *(" " * indent + member for member in members)]) + "}"


def _tensor_text(tensor: Array) -> str:
    # str of a NumPy scalar is the shortest text that reads back to the same number of its dtype.
    data = ", ".join(map(str, tensor.ravel()))
    return f'{{"shape": {list(tensor.shape)}, "data": [{data}]}}'


def _plain_text(value: object, where: str) -> str:
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise ExportError(f"{where}: cannot be written as JSON: {error}") from error
