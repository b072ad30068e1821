"""The inlay model file, version 1: its parts, what must hold between them, reading and writing.

The exporters build a `ModelFile` and hand it to `write_model`; nothing here knows a framework.
Shapes and layouts are those of the file: kernels are [in, out] (convolutions [tap, in/groups, out],
the oldest tap first), LSTM gates are ordered i, f, g, o and GRU gates z, r, n.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Union

import numpy as np
import numpy.typing as npt

from .errors import ExportError

FORMAT = "inlay"
VERSION = 1
DTYPES = ("float32", "float64")

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
    "fast_tanh": ("size",),
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
    "sequential": ("layers",),
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
_NUMBERS = {"alpha", "beta", "epsilon", "scale", "threshold"}
_NUMBERS |= {"min", "max", "min_slope", "max_slope"}
_TEXTS: dict[str, tuple[str, ...]] = {
    "recurrent_activation": RECURRENT_ACTIVATIONS,
    "activation": RNN_ACTIVATIONS,
    "padding": PADDINGS,
}
_FROM_ZERO = {"begin", "before", "after"}
_LARGEST_SIZE = 2**31
_LONGEST_PREWARM = 2**24
# Options that a file may leave out.
_OPTIONAL_OPTIONS: dict[str, tuple[str, ...]] = {"conv1d": ("stride",)}
_OPTIONAL_TENSORS: dict[str, tuple[str, ...]] = {
    "dense": ("bias",),
    "conv1d": ("bias",),
    "conv2d": ("bias",),
    "conv_transpose1d": ("bias",),
    "lstm": ("initial_hidden", "initial_cell"),
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
    "sequential": lambda layer: _ends(layer.chains["layers"][0]),
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
    prewarm: int = 0
    """Frames of silence that a player runs before the first sound; the check knows nothing of it."""


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
    return model_of(inlay_root(read_json(path)))


def read_json(path: str | os.PathLike[str]) -> Any:
    """Any JSON file. Raises ExportError if it is none, OSError if there is none."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except ExportError:
        raise
    except UnicodeDecodeError as error:
        raise ExportError("not a JSON file: not UTF-8") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ExportError(f"not a JSON file: {error.msg} at {where}") from error
    except RecursionError as error:
        raise ExportError("not a JSON file: nested too deeply") from error
    except ValueError as error:
        # Python refuses integers of thousands of digits.
        raise ExportError(f"not a JSON file: {error}") from error


def _refuse_constant(name: str) -> None:
    raise ExportError(f"not a JSON file: {name} is no number in JSON")


def inlay_root(value: Any) -> dict[str, Any]:
    """A file's JSON, if it is that of an inlay model. Raises ExportError if not."""
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise ExportError(f'not an inlay model file: it has no "format": "{FORMAT}"')
    return value


def model_of(root: Mapping[str, Any]) -> ModelFile:
    """What a file's JSON says. Raises ExportError if it is not valid."""
    if type(root.get("version")) is not int or root["version"] != VERSION:
        raise ExportError(f"version: expected {VERSION}, found {root.get('version')!r}")
    _allow_only(
        root,
        "",
        ("format", "version", "sample_rate", "metadata", "prewarm", "layers", "check"),
    )
    check = _expect(root, "check", dict, "")
    dtype = _expect(check, "dtype", str, "check.")
    if dtype not in DTYPES:
        raise ExportError(f"check.dtype: {dtype!r} is neither float32 nor float64")
    model = ModelFile(
        layers=_read_chain(_expect(root, "layers", list, ""), np.dtype(dtype), "layers"),
        check=_read_check(check, np.dtype(dtype)),
        sample_rate=_expect(root, "sample_rate", float, "") if "sample_rate" in root else None,
        metadata=_expect(root, "metadata", dict, "") if "metadata" in root else None,
        prewarm=_expect(root, "prewarm", int, "") if "prewarm" in root else 0,
    )
    validate(model)
    return model


_NAMES = {
    dict: "an object",
    list: "an array",
    str: "text",
    float: "a number",
    int: "an integer",
}


def _is(value: object, kind: type) -> bool:
    """Whether a JSON value is of a kind; true is no number, and a whole number is one."""
    if kind is float:
        return type(value) in (int, float)
    return type(value) is kind


def _expect(found: Mapping[str, Any], name: str, kind: type, where: str) -> Any:
    if name not in found:
        raise ExportError(f"{where}{name}: missing")
    if not _is(found[name], kind):
        raise ExportError(f"{where}{name}: expected {_NAMES[kind]}, found {_shown(found[name])}")
    return found[name]


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _allow_only(found: Mapping[str, Any], where: str, names: Sequence[str]) -> None:
    for name in found:
        if name not in names:
            raise ExportError(f"{where}{name}: not a member that the format has")


def _read_check(found: Mapping[str, Any], dtype: np.dtype[Any]) -> Check:
    signals = ("input", "condition", "output")
    _allow_only(found, "check.", ("source", "dtype", "skip", "stride", "tolerance", *signals))
    given = {
        name: _read_tensor(_expect(found, name, dict, "check."), dtype, f"check.{name}")
        for name in signals
        if name in found or name != "condition"
    }
    for name, signal in given.items():
        if signal.ndim != 2:
            raise ExportError(
                f"check.{name}: expected [frames, channels], found {list(signal.shape)}"
            )
    return Check(
        source=_expect(found, "source", str, "check."),
        dtype=dtype.name,
        input=given["input"],
        output=given["output"],
        tolerance=_expect(found, "tolerance", float, "check."),
        skip=_expect({"skip": 0} | dict(found), "skip", int, "check."),
        stride=_expect({"stride": 1} | dict(found), "stride", int, "check."),
        condition=given.get("condition"),
    )


def _read_chain(found: Sequence[Any], dtype: np.dtype[Any], where: str) -> list[LayerRecord]:
    layers = []
    for index, layer in enumerate(found):
        if not isinstance(layer, dict):
            raise ExportError(f"{where}[{index}]: expected a layer, found {_shown(layer)}")
        layers.append(_read_layer(layer, dtype, f"{where}[{index}]"))
    return layers


def _read_layer(found: Mapping[str, Any], dtype: np.dtype[Any], where: str) -> LayerRecord:
    options: dict[str, Option] = {}
    tensors: dict[str, Array] = {}
    chains: dict[str, Sequence[Chain]] = {}
    kind = _expect(found, "type", str, f"{where}.")
    for name, value in found.items():
        place = f"{where}.{name}"
        if isinstance(value, dict):
            tensors[name] = _read_tensor(value, dtype, place)
        elif isinstance(value, list):
            chains[name] = _read_chains(value, dtype, place, several=name == "branches")
        elif value is None:
            raise ExportError(f"{place}: null is no value of a member")
        elif name != "type":
            options[name] = value
    return LayerRecord(kind, options, tensors, chains)


def _read_chains(
    found: Sequence[Any], dtype: np.dtype[Any], where: str, several: bool
) -> list[Chain]:
    if not several:
        return [_read_chain(found, dtype, where)]
    for index, branch in enumerate(found):
        if not isinstance(branch, list):
            raise ExportError(f"{where}[{index}]: expected an array, found {_shown(branch)}")
    return [_read_chain(branch, dtype, f"{where}[{index}]") for index, branch in enumerate(found)]


def _read_tensor(found: Mapping[str, Any], dtype: np.dtype[Any], where: str) -> Array:
    _allow_only(found, f"{where}.", ("shape", "data"))
    shape = _expect(found, "shape", list, f"{where}.")
    data = _expect(found, "data", list, f"{where}.")
    positive = all(type(extent) is int and extent > 0 for extent in shape)
    if not positive or not 1 <= len(shape) <= 8:
        raise ExportError(f"{where}.shape: {_shown(shape)} is not 1 to 8 positive integers")
    if len(data) != math.prod(shape):
        raise ExportError(
            f"{where}.data: expected {math.prod(shape)} numbers for shape {shape}, found {len(data)}"
        )
    if not set(map(type, data)) <= {int, float}:
        raise ExportError(f"{where}.data: holds something that is not a number")
    try:
        with np.errstate(over="ignore"):
            return np.asarray(data, dtype).reshape(shape)
    except OverflowError as error:
        raise ExportError(f"{where}.data: holds a number that is too large") from error


def validate(model: ModelFile) -> None:
    """Raises ExportError, naming the place, where the parts of the model do not fit together."""
    if not model.layers:
        raise ExportError("layers: empty; a model has at least one layer")
    if model.sample_rate is not None and not _positive(model.sample_rate):
        raise ExportError(f"sample_rate: {model.sample_rate!r} is not a positive number of Hz")
    if not 0 <= model.prewarm <= _LONGEST_PREWARM:
        raise ExportError(f"prewarm: {model.prewarm} is not from 0 to {_LONGEST_PREWARM}")
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


def _finite(value: float) -> bool:
    # False for NaN, and for an integer beyond any float.
    return abs(value) <= sys.float_info.max


def _positive(value: float) -> bool:
    return _finite(value) and value > 0


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
    for name, value in layer.options.items():
        _validate_option(name, value, f"{where}.{name}")
    for name, chains in layer.chains.items():
        if not chains:
            raise ExportError(f"{where}.{name}: empty; there is at least one branch")
        for index, chain in enumerate(chains):
            _validate_chain(chain, f"{where}.{name}" + (f"[{index}]" if name == "branches" else ""))
    _validate_inside(layer, where)
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


def _validate_option(name: str, value: Option, where: str) -> None:
    if name in _TEXTS:
        if value not in _TEXTS[name]:
            raise ExportError(f"{where}: {value!r} is not known")
    elif name == "reset_after":
        if type(value) is not bool:
            raise ExportError(f"{where}: {value!r} is neither true nor false")
    elif name in _NUMBERS:
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not _finite(value):
            raise ExportError(f"{where}: {value!r} is not a finite number")
    else:
        _validate_size(value, 0 if name in _FROM_ZERO else 1, where)


def _validate_size(value: Option, least: int, where: str) -> None:
    if type(value) is not int:
        raise ExportError(f"{where}: {value!r} is not an integer")
    if value < least:
        raise ExportError(f"{where}: {value} is less than {least}")
    if value > _LARGEST_SIZE:
        raise ExportError(f"{where}: {value} is too large")


def _validate_inside(layer: LayerRecord, where: str) -> None:
    """Raises ExportError where the sizes within a layer do not fit together."""
    if layer.type == "slice" and _option(layer, "begin") + _option(layer, "out") > _option(
        layer, "in"
    ):
        raise ExportError(f"{where}: reaches beyond the channels that it is given")
    if layer.type == "pad" and _option(layer, "out") < _option(layer, "in"):
        raise ExportError(f"{where}.out: fewer channels than it is given")
    for name, expected in _FITS.get(layer.type, lambda layer: {})(layer).items():
        found, wanted = expected
        if found != wanted:
            raise ExportError(f"{where}: {name}: expected {wanted}, found {found}")


def _option(layer: LayerRecord, name: str) -> int:
    return int(layer.options[name])


_Fits = dict[str, tuple[int, int]]


def _residual_fits(layer: LayerRecord) -> _Fits:
    inputs, outputs = _ends(layer.chains["layers"][0])
    return {"channels that its layers give": (outputs, inputs)}


def _branches_fit(layer: LayerRecord) -> _Fits:
    inputs, outputs = _all_ends(layer)
    fits = {f"channels that branch {i} takes": (n, inputs[0]) for i, n in enumerate(inputs)}
    if layer.type == "parallel":
        fits |= {f"channels that branch {i} gives": (n, outputs[0]) for i, n in enumerate(outputs)}
    return fits


def _gate_fits(layer: LayerRecord) -> _Fits:
    fits: _Fits = {}
    for name in ("activation", "gate"):
        (chain,) = layer.chains[name]
        fits[f"layers of its {name}"] = (len(chain), 1)
        fits[f"channels that its {name} takes"] = (_ends(chain)[0], _size(layer))
        fits[f"channels that its {name} gives"] = (_ends(chain)[1], _size(layer))
    return fits


def _conditioned_fits(layer: LayerRecord) -> _Fits:
    made, size = _ends(layer.chains["layers"][0])[1], _size(layer)
    if layer.type == "film" and made == 2 * size:
        return {}
    return {"channels that its layers give": (made, size)}


def _conditioned_by_fits(layer: LayerRecord) -> _Fits:
    takes, given = (_ends(layer.chains[name][0])[0] for name in ("source", "layers"))
    return {"channels that its source takes": (takes, given)}


def _residual_skip_fits(layer: LayerRecord) -> _Fits:
    path, residual, skip = (_ends(layer.chains[name][0]) for name in ("path", "residual", "skip"))
    return {
        "channels that its residual takes": (residual[0], path[1]),
        "channels that its residual gives": (residual[1], path[0]),
        "channels that its skip takes": (skip[0], path[1]),
    }


# What has to be equal within layers that hold layers: found and expected.
_FITS: dict[str, Callable[[LayerRecord], _Fits]] = {
    "residual": _residual_fits,
    "parallel": _branches_fit,
    "concat": _branches_fit,
    "split": lambda layer: {"branches": (len(layer.chains["branches"]), 2)},
    "gate": _gate_fits,
    "blend": _gate_fits,
    "mixin": _conditioned_fits,
    "film": _conditioned_fits,
    "conditioned_by": _conditioned_by_fits,
    "residual_skip": _residual_skip_fits,
}


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
        return {
            "kernel": (int(layer.options["kernel_size"]), inputs, outputs),
            "bias": (outputs,),
        }
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
    if layer.type == "lstm":
        shapes |= dict.fromkeys(("initial_hidden", "initial_cell"), (outputs,))
    return shapes


def _validate_tensor(tensor: Array, shape: Shape, where: str) -> None:
    if tensor.shape != shape:
        raise ExportError(f"{where}: expected the shape {list(shape)}, found {list(tensor.shape)}")
    if not np.isfinite(tensor).all():
        raise ExportError(f"{where}: holds NaN or infinite values")


def _validate_check(check: Check, channels_in: int, channels_out: int, burst: int) -> None:
    """`burst` is how many frames may come with one frame of input."""
    if check.dtype not in DTYPES:
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
    if model.prewarm:
        members.append(f'"prewarm": {model.prewarm}')
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
    signals = {
        "input": check.input,
        "condition": check.condition,
        "output": check.output,
    }
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
