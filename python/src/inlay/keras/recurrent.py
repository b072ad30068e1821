"""Keras's recurrent layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ..format import Array, LayerRecord, Option
from .activations import hard_sigmoid
from .config import Layer
from .kind import WITHOUT_LORA, Converted, Kind, Neutral, channels_of, trained
from .signal import Signal


def _recurrent_tensors(layer: Layer, inputs: int, gates: int, rows: int = 1) -> dict[str, Array]:
    """Kernel, recurrent kernel and bias, which may have two rows; a missing bias is zeros."""
    units = layer.count("units")
    shapes = {
        "kernel": (inputs, gates * units),
        "recurrent_kernel": (units, gates * units),
    }
    bias = (gates * units,) if rows == 1 else (rows, gates * units)
    if layer.flag("use_bias"):
        return layer.tensors({**shapes, "bias": bias})
    return {**layer.tensors(shapes), "bias": np.zeros(bias, layer.dtype)}


def _recurrent_activation(layer: Layer) -> str:
    value = layer.text("recurrent_activation")
    if value == "hard_sigmoid":
        return hard_sigmoid(layer, "recurrent_activation")
    if value != "sigmoid":
        layer.refuse_attribute(
            "recurrent_activation",
            "only 'sigmoid' or 'hard_sigmoid'",
            "train it with one of these",
        )
    return value


def _refuse_other_than_tanh(layer: Layer) -> None:
    if layer.text("activation") != "tanh":
        layer.refuse_attribute("activation", "only 'tanh'", "train it with activation='tanh'")


def _recurrent_signals(layer: Layer, signal: Signal) -> tuple[int, Signal]:
    """The input channels of a recurrent layer, and its output signal."""
    inputs = channels_of(layer, signal)
    if not layer.flag("return_sequences", False):
        layer.refuse(
            "return_sequences=False",
            "only True, as a stream has no last frame",
            "build the model with return_sequences=True and give it the trained weights; its last"
            " frame is the same",
        )
    signal.refuse_late_start(layer)
    return inputs, replace(signal, shape=(layer.count("units"),))


def _lstm(layer: Layer, signal: Signal) -> Converted:
    inputs, out = _recurrent_signals(layer, signal)
    _refuse_other_than_tanh(layer)
    options: dict[str, Option] = {"in": inputs, "out": out.size}
    options["recurrent_activation"] = _recurrent_activation(layer)
    return [LayerRecord("lstm", options, _recurrent_tensors(layer, inputs, 4))], out


def _gru(layer: Layer, signal: Signal) -> Converted:
    inputs, out = _recurrent_signals(layer, signal)
    _refuse_other_than_tanh(layer)
    # The first versions of Keras 2 did not have this attribute.
    reset_after = layer.flag("reset_after", False)
    tensors = _recurrent_tensors(layer, inputs, 3, rows=2 if reset_after else 1)
    options = {"in": inputs, "out": out.size, "reset_after": reset_after}
    activation = {"recurrent_activation": _recurrent_activation(layer)}
    return [LayerRecord("gru", {**options, **activation}, tensors)], out


def _simple_rnn(layer: Layer, signal: Signal) -> Converted:
    inputs, out = _recurrent_signals(layer, signal)
    activation = layer.text("activation")
    if activation not in ("tanh", "relu"):
        layer.refuse_attribute("activation", "only 'tanh' or 'relu'", "train it with one of these")
    options: dict[str, Option] = {
        "in": inputs,
        "out": out.size,
        "activation": activation,
    }
    return [LayerRecord("rnn", options, _recurrent_tensors(layer, inputs, 1))], out


def _recurrent(
    convert_layer: Callable[[Layer, Signal], Converted],
    *used: str,
    harmless: Sequence[str] = (),
) -> Kind:
    neutral = {
        "return_state": Neutral((False,), "only False", "let the layer give its sequence alone"),
        "go_backwards": Neutral(
            (False,),
            "only False, as it runs from the signal's end",
            "train it with False",
        ),
        "time_major": Neutral((False,), "only False", "build the model with time_major=False"),
        **WITHOUT_LORA,
    }
    # A stateful layer continues where the last call ended, as a stream does.
    # Dropout is off after training. Layers that make masks are refused.
    nothing = ("stateful", "unroll", "implementation", "zero_output_for_mask", "seed")
    names = ("units", "activation", "use_bias", "return_sequences", *used)
    in_training = trained("kernel", "recurrent", "bias")
    off = ("dropout", "recurrent_dropout", "enable_caching_device")
    return Kind(convert_layer, names, neutral, (*nothing, *off, *in_training, *harmless))


RECURRENT: dict[str, Kind] = {
    "LSTM": _recurrent(_lstm, "recurrent_activation", harmless=("unit_forget_bias",)),
    "GRU": _recurrent(_gru, "recurrent_activation", "reset_after"),
    "SimpleRNN": _recurrent(_simple_rnn),
}
