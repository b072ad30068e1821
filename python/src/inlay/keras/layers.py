"""The conversion of each of Keras's layers.

`KINDS` lists every attribute of a layer's configuration: those that are exported, those that need a
neutral value, and those that only affect training. Any other attribute is refused.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NoReturn

import numpy as np

from ..errors import ExportError
from ..format import Array, LayerRecord
from ..format.validation import unusable_epsilon, unusable_variance
from .activations import POINTWISE
from .config import Layer, is_count
from .convolutions import KERNELS
from .kind import (
    CHANNELS_LAST,
    Converted,
    Kind,
    Neutral,
    channel_axes,
    convert_as,
    refuse_untimed,
    trained,
)
from .recurrent import RECURRENT
from .signal import Signal


def convert(layer: Layer, signal: Signal) -> Converted:
    """A layer's records and its output signal."""
    kind = KINDS.get(layer.kind)
    if kind is None:
        refuse_kind(layer)
    return convert_as(kind, layer, signal)


def refuse_kind(layer: Layer) -> NoReturn:
    supported, advice = UNSUPPORTED.get(
        layer.kind, (f"only {', '.join(KINDS)} and models of these", "replace it")
    )
    layer.refuse("this kind of layer", supported, advice)


def _batch_normalization(layer: Layer, signal: Signal) -> Converted:
    _require_last_axis(layer, signal)
    channels = signal.shape[-1]
    names = [
        *(["gamma"] if layer.flag("scale", True) else []),
        *(["beta"] if layer.flag("center", True) else []),
        *("moving_mean", "moving_variance"),
    ]
    tensors = {
        name.removeprefix("moving_"): tensor
        for name, tensor in layer.tensors(dict.fromkeys(names, (channels,))).items()
    }
    epsilon = layer.number("epsilon")
    refused = unusable_variance(tensors["variance"], epsilon)
    if refused is not None:
        index, message = refused
        raise ExportError(f"{layer}: moving_variance[{index}]: {message}; train it again")
    if signal.size == channels:
        return [LayerRecord("batchnorm1d", {"size": channels, "epsilon": epsilon}, tensors)], signal
    options = {
        "channels": channels,
        "features": signal.size // channels,
        "epsilon": epsilon,
    }
    return [LayerRecord("batchnorm2d", options, tensors)], signal


def _epsilon(layer: Layer) -> float:
    epsilon = layer.number("epsilon")
    message = unusable_epsilon(epsilon)
    if message is not None:
        raise ExportError(f"{layer}: epsilon: {message}")
    return epsilon


def _gamma_and_beta(layer: Layer, channels: int) -> dict[str, Array]:
    flags = {"gamma": "scale", "beta": "center"}
    names = [name for name, flag in flags.items() if layer.flag(flag, True)]
    return layer.tensors(dict.fromkeys(names, (channels,)))


def _layer_normalization(layer: Layer, signal: Signal) -> Converted:
    """Features of a frame are normalised one by one: groups of the frame's values."""
    _require_last_axis(layer, signal)
    channels = signal.shape[-1]
    features = signal.size // channels
    tensors = _gamma_and_beta(layer, channels)
    options = {"size": signal.size, "epsilon": _epsilon(layer)}
    if features == 1:
        return [LayerRecord("layer_norm", options, tensors)], signal
    tensors = {name: np.tile(tensor, features) for name, tensor in tensors.items()}
    return [LayerRecord("group_norm", {**options, "groups": features}, tensors)], signal


def _rms_normalization(layer: Layer, signal: Signal) -> Converted:
    _require_last_axis(layer, signal)
    if signal.shape[-1] != signal.size:
        layer.refuse(
            f"a normalisation over the last axis of frames of shape {list(signal.shape)}",
            "only over all values of a frame",
            "reshape the frames to one axis before it",
        )
    tensors = {"gamma": layer.tensors({"scale": (signal.size,)})["scale"]}
    options = {"size": signal.size, "epsilon": _epsilon(layer)}
    return [LayerRecord("rms_norm", options, tensors)], signal


def _group_normalization(layer: Layer, signal: Signal) -> Converted:
    if signal.timed or signal.shape[-1] != signal.size:
        layer.refuse(
            "a normalisation by the statistics of all frames"
            if signal.timed
            else f"a normalisation of frames of shape {list(signal.shape)}",
            "only by those of the channels of each frame, in frames of one axis",
            "train it as TimeDistributed(GroupNormalization(...)), or use LayerNormalization",
        )
    _require_last_axis(layer, signal)
    groups = layer.config.get("groups")
    groups = signal.size if groups == -1 else layer.count("groups")
    if signal.size % groups:
        raise ExportError(f"{layer}: groups={groups} does not divide its {signal.size} channels")
    options = {"size": signal.size, "groups": groups, "epsilon": _epsilon(layer)}
    return [LayerRecord("group_norm", options, _gamma_and_beta(layer, signal.size))], signal


def _require_last_axis(layer: Layer, signal: Signal) -> None:
    axis = layer.config.get("axis", -1)
    axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    if len(axes) != 1 or axes[0] not in channel_axes(signal):
        layer.refuse_attribute("axis", "only the last axis, the channels", "use axis=-1")


def _reshape(layer: Layer, signal: Signal) -> Converted:
    refuse_untimed(layer, signal)
    target = layer.config.get("target_shape")
    axes = list(target) if isinstance(target, (list, tuple)) else []
    if len(axes) >= 2 and axes[1:].count(-1) == 1 and axes[0] == signal.frames:
        others = math.prod(axis for axis in axes[1:] if axis != -1)
        axes = [signal.size // max(others, 1) if axis == -1 else axis for axis in axes]
    frame = tuple(axes[1:])
    # The number of values in a frame stays, so the frames stay the same.
    if not frame or not all(map(is_count, frame)) or math.prod(frame) != signal.size:
        layer.refuse_attribute(
            "target_shape",
            f"only one that keeps the time axis and the {signal.size} values of each frame",
            f"use Reshape((-1, {signal.size}))",
        )
    return [], replace(signal, shape=frame)


def _permute(layer: Layer, signal: Signal) -> Converted:
    """Axes of length 1 may move anywhere: the values keep their order."""
    refuse_untimed(layer, signal)
    dims = layer.config.get("dims")
    axes = list(dims) if isinstance(dims, (list, tuple)) else []
    expected = list(range(1, 2 + len(signal.shape)))
    if not all(map(is_count, axes)) or sorted(axes) != expected:
        raise ExportError(
            f"{layer}: dims: expected the axes {expected} in some order, found {dims}"
        )
    long = [axis for axis in axes[1:] if axis > 1 and signal.shape[axis - 2] > 1]
    if axes[0] != 1 or long != sorted(long):
        layer.refuse_attribute(
            "dims",
            "only those that keep time first and the values of a frame in their order",
            "leave it out and train the layers behind it on the order that there is",
        )
    return [], replace(signal, shape=tuple(signal.shape[axis - 2] for axis in axes[1:]))


def _flatten(layer: Layer, signal: Signal) -> Converted:
    if signal.timed:
        layer.refuse(
            "a Flatten over time",
            "only one of each frame, as a stream has no end",
            f"use Reshape((-1, {signal.size})) or TimeDistributed(Flatten())",
        )
    return [], replace(signal, shape=(signal.size,))


def _time_distributed(layer: Layer, signal: Signal) -> Converted:
    refuse_untimed(layer, signal)
    inner = layer.within("layer", layer.config.get("layer"))
    if inner.kind not in _FOR_EACH_FRAME:
        layer.refuse(
            f"a {inner.kind} for each frame",
            f"only {', '.join(_FOR_EACH_FRAME)}",
            "replace it",
        )
    records, out = convert(inner, replace(signal, timed=False))
    return records, replace(out, timed=True)


def _nothing(layer: Layer, signal: Signal) -> Converted:
    return [], signal


_FOR_EACH_FRAME = (
    *("Dense", "Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "PReLU"),
    *("BatchNormalization", "LayerNormalization", "RMSNormalization", "GroupNormalization"),
    *("Flatten", "Rescaling", "Dropout"),
)


KINDS: dict[str, Kind] = {
    **KERNELS,
    **RECURRENT,
    **POINTWISE,
    "TimeDistributed": Kind(_time_distributed, ("layer",)),
    "BatchNormalization": Kind(
        _batch_normalization,
        ("axis", "epsilon", "center", "scale"),
        {
            "renorm": Neutral((False,), "only False", "train it with renorm=False"),
            "virtual_batch_size": Neutral((None,), "only None", "train it without"),
        },
        (
            *(
                "momentum",
                "synchronized",
                "renorm_clipping",
                "renorm_momentum",
                "fused",
            ),
            *trained("gamma", "beta", "moving_mean", "moving_variance"),
        ),
    ),
    "LayerNormalization": Kind(
        _layer_normalization,
        ("axis", "epsilon", "center", "scale"),
        {
            "rms_scaling": Neutral(
                (False,),
                "only False, as Keras then divides by the deviation but does not subtract the mean",
                "use RMSNormalization",
            )
        },
        trained("gamma", "beta"),
    ),
    "RMSNormalization": Kind(_rms_normalization, ("axis", "epsilon")),
    "GroupNormalization": Kind(
        _group_normalization,
        ("groups", "axis", "epsilon", "center", "scale"),
        harmless=trained("gamma", "beta"),
    ),
    "Reshape": Kind(_reshape, ("target_shape",)),
    "Permute": Kind(_permute, ("dims",)),
    "Flatten": Kind(_flatten, (), CHANNELS_LAST),
    "Identity": Kind(_nothing),
    "Dropout": Kind(_nothing, harmless=("rate", "seed", "noise_shape")),
    "SpatialDropout1D": Kind(_nothing, harmless=("rate", "seed", "noise_shape")),
    "SpatialDropout2D": Kind(_nothing, harmless=("rate", "seed", "noise_shape", "data_format")),
    "AlphaDropout": Kind(_nothing, harmless=("rate", "seed", "noise_shape")),
    "GaussianDropout": Kind(_nothing, harmless=("rate", "seed")),
    "GaussianNoise": Kind(_nothing, harmless=("stddev", "seed")),
    "ActivityRegularization": Kind(_nothing, harmless=("l1", "l2")),
}

_WHOLE_SIGNAL = "as it needs all of the signal before its first output"
_ATTENTION = (_WHOLE_SIGNAL, "use causal convolutions or a recurrent layer")
# For each class, the reason, and what to use instead.
UNSUPPORTED: dict[str, tuple[str, str]] = {
    "Bidirectional": (
        "as its second direction runs from the signal's end",
        "train it with one direction",
    ),
    **dict.fromkeys(
        ("MultiHeadAttention", "Attention", "AdditiveAttention", "GroupQueryAttention"),
        _ATTENTION,
    ),
    "Lambda": ("as it is Python code of your own", "express it with Keras's layers"),
    "Masking": ("as a stream has no masked frames", "leave it out"),
    "Embedding": ("only signals of numbers", "leave it out"),
    **dict.fromkeys(
        (
            *("GlobalAveragePooling1D", "GlobalMaxPooling1D", "GlobalAveragePooling2D"),
            *("GlobalMaxPooling2D", "RepeatVector"),
        ),
        (_WHOLE_SIGNAL, "use a causal layer in its place"),
    ),
    **dict.fromkeys(
        ("CuDNNLSTM", "CuDNNGRU"),
        ("only LSTM and GRU", "load its weights into one of these and save that"),
    ),
    "RNN": ("only LSTM, GRU and SimpleRNN", "use one of these instead of RNN(cell)"),
    "ThresholdedReLU": ("only continuous activations", "use ReLU"),
}
