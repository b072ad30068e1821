"""Checks that the parts of a model file fit together."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence

import numpy as np

from ..errors import ExportError
from .fits import fits
from .layer_types import LAYER_TYPES, Kind, LayerType, Option, OptionKind, Shape, layer_type
from .model import DTYPES, Check, ModelFile
from .numbers import refused_number
from .records import CONVOLUTIONS_2D, Array, Chain, LayerRecord, ends_of

_LARGEST_SIZE = 2**31
LONGEST_PREWARM = 2**24


def validate(model: ModelFile) -> None:
    """Raises ExportError, naming the place, if the parts of the model do not fit together."""
    if not model.layers:
        raise ExportError("layers: empty; a model has at least one layer")
    if model.sample_rate is not None and not _positive(model.sample_rate):
        raise ExportError(f"sample_rate: {model.sample_rate!r} is not a positive number of Hz")
    if not 0 <= model.prewarm <= LONGEST_PREWARM:
        raise ExportError(f"prewarm: {model.prewarm} is not from 0 to {LONGEST_PREWARM}")
    _validate_chain(model.layers, "layers")
    burst = math.prod(layer.frames_per_input for layer in model.layers)
    _validate_check(model.check, *ends_of(model.layers), burst)


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
    kind = layer_type(layer.type)
    if kind is None:
        raise ExportError(
            f"{where}: unknown layer type; known: {', '.join(LAYER_TYPES)}; a layer of your own has"
            " to be registered with inlay.register_layer()"
        )
    _validate_members(layer, kind, where)
    for name, value in layer.options.items():
        _validate_option(kind.options[name], value, f"{where}.{name}")
    for name, chains in layer.chains.items():
        if not chains:
            raise ExportError(f"{where}.{name}: empty; there is at least one branch")
        for index, chain in enumerate(chains):
            _validate_chain(chain, f"{where}.{name}" + (f"[{index}]" if name == "branches" else ""))
    _validate_inside(layer, where)
    for name, tensor in kind.tensors.items():
        if name in layer.tensors:
            _validate_tensor(layer.tensors[name], tensor.allowed(layer.options), f"{where}.{name}")
    if "variance" in kind.tensors:
        _validate_variances(layer, where)
    if layer.type == "gather":
        _validate_channel_numbers(layer, where)
    refused = refused_number(layer)
    if refused is not None:
        raise ExportError(f"{where}.{refused[0]}: {refused[1]}")


def _validate_members(layer: LayerRecord, kind: LayerType, where: str) -> None:
    """Raises ExportError if an option, a chain or a tensor is missing or unknown."""
    required = set(kind.options) - kind.optional
    if not required <= set(layer.options) <= set(kind.options):
        raise ExportError(
            f"{where}: expected the options {sorted(required)}, found {sorted(layer.options)}"
        )
    if set(layer.chains) != set(kind.chains):
        raise ExportError(
            f"{where}: expected the layers {sorted(kind.chains)}, found {sorted(layer.chains)}"
        )
    for name in layer.tensors:
        if name not in kind.tensors:
            raise ExportError(f"{where}.{name}: not a tensor of this layer")
    for name, tensor in kind.tensors.items():
        if name not in layer.tensors and not tensor.optional:
            raise ExportError(f"{where}.{name}: missing")


def _validate_option(kind: OptionKind, value: Option, where: str) -> None:
    if isinstance(kind, tuple):
        if value not in kind:
            raise ExportError(f"{where}: {value!r} is not known; known: {', '.join(kind)}")
    elif kind is Kind.FLAG:
        if type(value) is not bool:
            raise ExportError(f"{where}: {value!r} is neither true nor false")
    elif kind is Kind.NUMBER:
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not _finite(value):
            raise ExportError(f"{where}: {value!r} is not a finite number")
    else:
        _validate_size(value, 0 if kind is Kind.INDEX else 1, where)


def _validate_size(value: Option, least: int, where: str) -> None:
    if type(value) is not int:
        raise ExportError(f"{where}: {value!r} is not an integer")
    if value < least:
        raise ExportError(f"{where}: {value} is less than {least}")
    if value > _LARGEST_SIZE:
        raise ExportError(f"{where}: {value} is too large")


def _validate_inside(layer: LayerRecord, where: str) -> None:
    """Raises ExportError if the sizes within a layer do not fit together."""
    if layer.type == "slice":
        if layer.integer("begin") + layer.integer("out") > layer.integer("in"):
            raise ExportError(f"{where}: takes channels beyond the end of its input")
    if layer.type == "pad" and layer.integer("out") < layer.integer("in"):
        raise ExportError(f"{where}.out: fewer channels than its input has")
    if layer.type in CONVOLUTIONS_2D and layer.channels_out < 1:
        raise ExportError(f"{where}.kernel_size_features: more than its input has features")
    groups = int(layer.options.get("groups", 1))
    if layer.type == "conv1d" and (layer.channels_in % groups or layer.channels_out % groups):
        raise ExportError(f"{where}.groups: {groups} does not divide the channels")
    if layer.type == "group_norm" and layer.channels_in % groups:
        raise ExportError(f"{where}.groups: {groups} does not divide the channels")
    if layer.type in NORMS:
        refused = unusable_epsilon(float(layer.options["epsilon"]))
        if refused is not None:
            raise ExportError(f"{where}.epsilon: {refused}")
    for name, (found, wanted) in fits(layer).items():
        if found != wanted:
            raise ExportError(f"{where}: {name}: expected {wanted}, found {found}")


def _validate_tensor(tensor: Array, shapes: Sequence[Shape], where: str) -> None:
    if tensor.shape not in shapes:
        expected = " or ".join(str(list(shape)) for shape in shapes)
        raise ExportError(f"{where}: expected the shape {expected}, found {list(tensor.shape)}")
    if not np.isfinite(tensor).all():
        raise ExportError(f"{where}: holds NaN or infinite values")


def _validate_variances(layer: LayerRecord, where: str) -> None:
    refused = unusable_variance(layer.tensors["variance"], float(layer.options["epsilon"]))
    if refused is not None:
        index, message = refused
        raise ExportError(f"{where}.variance.data[{index}]: {message}")


def _validate_channel_numbers(layer: LayerRecord, where: str) -> None:
    numbers, last = layer.tensors["index"], layer.integer("in") - 1
    wrong = np.flatnonzero(~((numbers >= -1) & (numbers <= last) & (numbers == np.floor(numbers))))
    for index in wrong[:1]:
        expected = f"expected a whole number from -1 to {last}, a channel of the input"
        raise ExportError(f"{where}.index.data[{index}]: {expected}, found {numbers[index]:.9g}")


def unusable_variance(variances: Array, epsilon: float) -> tuple[int, str] | None:
    """The index of the first variance that cannot be used, and an error message; None if all can.

    A batch normalisation divides by sqrt(variance + epsilon). The sum has to be above 0 in float32.
    """
    most = float(np.finfo(np.float32).max)
    floats = np.clip(np.append(variances, epsilon), -most, most).astype(np.float32)
    sums = floats[:-1].astype(np.float64) + float(floats[-1])
    for index in np.flatnonzero(~(sums > 0)):
        expected = f"expected a variance that with epsilon {epsilon:.9g} is above 0"
        return int(index), f"{expected}, found {float(variances[index]):.9g}"
    return None


#: Layers that divide by a deviation of the signal, which is 0 in silence.
NORMS = ("layer_norm", "rms_norm", "group_norm", "cumulative_norm")


def unusable_epsilon(epsilon: float) -> str | None:
    """An error message for an epsilon of one of `NORMS`, None if it can be used."""
    least = float(np.finfo(np.float32).tiny)
    if epsilon >= least:
        return None
    return f"expected at least {least:.9g}, as silence has no variance, found {epsilon:.9g}"


def _validate_check(check: Check, channels_in: int, channels_out: int, burst: int) -> None:
    """`burst` is the largest number of output frames for one input frame."""
    if check.dtype not in DTYPES:
        raise ExportError(f"check.dtype: {check.dtype!r} is neither float32 nor float64")
    if not _positive(check.tolerance):
        raise ExportError(f"check.tolerance: {check.tolerance!r} is not a positive number")
    if check.skip < 0 or check.stride < 1:
        raise ExportError(f"check: skip {check.skip} or stride {check.stride} is out of range")
    frames = len(check.input)
    _validate_tensor(check.input, [(frames, channels_in)], "check.input")
    _validate_tensor(check.output, [(len(check.output), channels_out)], "check.output")
    if check.condition is not None:
        shape = (frames, check.condition.shape[-1])
        _validate_tensor(check.condition, [shape], "check.condition")
    arrived = check.skip + (len(check.output) - 1) // burst * check.stride
    if len(check.output) == 0 or arrived >= frames:
        raise ExportError(
            f"check.output: {len(check.output)} frames cannot come from {frames} frames of input"
            f" with skip {check.skip} and stride {check.stride}"
        )
