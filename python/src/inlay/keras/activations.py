"""Keras's activations, as attributes of layers and as layers, and other pointwise layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..format import LayerRecord
from .config import Layer, as_number, is_count
from .kind import Converted, Kind, Records, channel_axes, convert_as, trained
from .signal import Signal

_Pointwise = tuple[str, Mapping[str, float]]
# Keras's softplus has no threshold, so this one is out of reach.
_SOFTPLUS: _Pointwise = ("softplus", {"beta": 1.0, "threshold": 1e9})
_ACTIVATIONS: dict[str, tuple[_Pointwise, ...]] = {
    "linear": (),
    "tanh": (("tanh", {}),),
    "sigmoid": (("sigmoid", {}),),
    "relu": (("relu", {}),),
    "relu6": (("hardtanh", {"min": 0.0, "max": 6.0}),),
    "leaky_relu": (("leaky_relu", {"alpha": 0.2}),),
    "elu": (("elu", {"alpha": 1.0}),),
    "celu": (("elu", {"alpha": 1.0}),),
    "selu": (("selu", {}),),
    "mish": (("mish", {}),),
    "exponential": (("exp", {}),),
    "softplus": (_SOFTPLUS,),
    "softsign": (("softsign", {}),),
    "silu": (("silu", {}),),
    "swish": (("silu", {}),),
    "gelu": (("gelu", {}),),
    "hard_tanh": (("hardtanh", {"min": -1.0, "max": 1.0}),),
    "hard_silu": (("hardswish", {}),),
    "hard_swish": (("hardswish", {}),),
    "softmax": (("softmax", {}),),
    "softmax_v2": (("softmax", {}),),  # the name in some versions of Keras 2
}
_ACTIVATION_NAMES = f"{', '.join(_ACTIVATIONS)}, glu, hard_sigmoid"
_ACTIVATION_LAYERS = ("LeakyReLU", "ReLU", "ELU", "Softmax")  # activations without weights


def hard_sigmoid(layer: Layer, key: str) -> str:
    """The name of Keras's hard sigmoid in the file. Keras 3 changed the function."""
    if layer.keras is None:
        layer.refuse_attribute(
            key,
            "as nothing says which Keras it is from: hard_sigmoid is clip(0.2 x + 0.5, 0, 1) in"
            " Keras 2 and clip(x / 6 + 0.5, 0, 1) in Keras 3",
            "export the .keras or .h5 file of the whole model",
        )
    return "hard_sigmoid" if layer.keras >= 3 else "hard_sigmoid_keras2"


def activation(layer: Layer, signal: Signal) -> Converted:
    """The records of a layer's attribute `activation`, and the signal behind them."""
    if layer.config.get("activation") == "glu":
        return _glu(layer, signal)
    return _activation(layer, signal), signal


def _glu(layer: Layer, signal: Signal) -> Converted:
    half, odd = divmod(signal.size, 2)
    if odd or signal.shape[-1] != signal.size:
        layer.refuse(
            f"glu over the last axis of frames of shape {list(signal.shape)}",
            "only over an even number of channels, in frames of one axis",
            "reshape the frames to one axis before it",
        )
    kinds = {"activation": "identity", "gate": "sigmoid"}
    chains = {name: [[LayerRecord(kind, {"size": half})]] for name, kind in kinds.items()}
    return [LayerRecord("gate", {"size": half}, chains=chains)], replace(signal, shape=(half,))


def _activation(layer: Layer, signal: Signal) -> Records:
    value = layer.config.get("activation")
    if value is None:
        return []
    if isinstance(value, Mapping) and value.get("class_name") in _ACTIVATION_LAYERS:
        inner = layer.within("activation", value)
        return convert_as(POINTWISE[inner.kind], inner, signal)[0]
    if value == "hard_sigmoid":
        return _pointwise(signal, hard_sigmoid(layer, "activation"))
    if not isinstance(value, str) or value not in _ACTIVATIONS:
        layer.refuse_attribute("activation", f"only {_ACTIVATION_NAMES}", "use one of these")
    if value in ("softmax", "softmax_v2"):
        _refuse_softmax_over_part(layer, signal)
    return [
        record
        for kind, numbers in _ACTIVATIONS[value]
        for record in _pointwise(signal, kind, numbers)
    ]


def _refuse_softmax_over_part(layer: Layer, signal: Signal) -> None:
    if signal.shape[-1] != signal.size:
        layer.refuse(
            f"softmax over the last axis of frames of shape {list(signal.shape)}",
            "only over all values of a frame",
            "reshape the frames to one axis before it",
        )


def _pointwise(signal: Signal, kind: str, numbers: Mapping[str, float] | None = None) -> Records:
    return [LayerRecord(kind, {"size": signal.size, **(numbers or {})})]


def _leaky_relu(layer: Layer, signal: Signal) -> Converted:
    # Keras 2 calls it alpha.
    key = "negative_slope" if "negative_slope" in layer.config else "alpha"
    return _pointwise(signal, "leaky_relu", {"alpha": layer.number(key)}), signal


def _elu(layer: Layer, signal: Signal) -> Converted:
    return _pointwise(signal, "elu", {"alpha": layer.number("alpha", 1.0)}), signal


def _relu(layer: Layer, signal: Signal) -> Converted:
    slope = layer.number("negative_slope", 0.0)
    if layer.number("threshold", 0.0) != 0.0:
        layer.refuse_attribute(
            "threshold", "only 0, as the function would jump there", "use threshold=0"
        )
    if layer.config.get("max_value") is None:
        if slope == 0.0:
            return _pointwise(signal, "relu"), signal
        return _pointwise(signal, "leaky_relu", {"alpha": slope}), signal
    limits = {"min": 0.0, "max": layer.number("max_value")}
    if limits["max"] <= 0.0:
        layer.refuse_attribute("max_value", "only one greater than 0", "leave it out")
    if slope == 0.0:
        return _pointwise(signal, "hardtanh", limits), signal
    slopes = {"min_slope": slope, "max_slope": 0.0}
    return _pointwise(signal, "leaky_hardtanh", {**limits, **slopes}), signal


def _softmax(layer: Layer, signal: Signal) -> Converted:
    if layer.config.get("axis", -1) not in channel_axes(signal):
        layer.refuse_attribute("axis", "only the channels", "use axis=-1")
    _refuse_softmax_over_part(layer, signal)
    return _pointwise(signal, "softmax"), signal


def _prelu(layer: Layer, signal: Signal) -> Converted:
    """The slopes have the axes of the input without the batch. A shared axis has length 1."""
    shared = layer.config.get("shared_axes") or []
    if not isinstance(shared, (list, tuple)) or not all(map(is_count, shared)):
        layer.refuse_attribute("shared_axes", "only a list of axes", "use shared_axes=[1]")
    if signal.timed and 1 not in shared:
        layer.refuse_attribute(
            "shared_axes",
            "as every frame of time would have a slope of its own",
            "use shared_axes=[1]",
        )
    first = 1 + signal.timed
    slopes = tuple(
        1 if axis in shared else extent for axis, extent in enumerate(signal.shape, first)
    )
    full = ((1,) if signal.timed else ()) + slopes
    alpha = layer.tensors({"alpha": full})["alpha"]
    if alpha.size > 1:
        alpha = np.broadcast_to(alpha.reshape(slopes), signal.shape)
    return [LayerRecord("prelu", {"size": signal.size}, {"alpha": alpha.ravel()})], signal


def _rescaling(layer: Layer, signal: Signal) -> Converted:
    for key in ("scale", "offset"):
        if as_number(layer.config.get(key, 0.0)) is None:
            layer.refuse_attribute(key, "only one number", "use a Dense or a 1x1 Conv1D instead")
    scale, offset = layer.number("scale"), layer.number("offset", 0.0)
    if offset == 0.0:
        return _pointwise(signal, "scale", {"scale": scale}), signal
    tensors = {"scale": np.array([scale], np.float32), "shift": np.array([offset], np.float32)}
    return [LayerRecord("affine", {"size": signal.size}, tensors)], signal


POINTWISE: dict[str, Kind] = {
    "PReLU": Kind(_prelu, ("shared_axes",), harmless=trained("alpha")),
    "LeakyReLU": Kind(_leaky_relu, ("alpha", "negative_slope")),
    "ReLU": Kind(_relu, ("max_value", "negative_slope", "threshold")),
    "ELU": Kind(_elu, ("alpha",)),
    "Softmax": Kind(_softmax, ("axis",), harmless=("robust_masking",)),
    "Activation": Kind(activation, ("activation",)),
    "Rescaling": Kind(_rescaling, ("scale", "offset")),
}
