"""The description of a class of Keras's layers, and helpers that all classes share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import ExportError
from ..format import LayerRecord
from .config import Layer
from .signal import Signal

Records = list[LayerRecord]
Converted = tuple[Records, Signal]


@dataclass(frozen=True)
class Neutral:
    """An attribute that may only have values that have no effect."""

    values: tuple[Any, ...]
    supported: str
    advice: str


@dataclass(frozen=True)
class Kind:
    """A class of Keras's layers: its conversion, and the attributes that it may have."""

    convert: Callable[[Layer, Signal], Converted]
    used: tuple[str, ...] = ()
    neutral: Mapping[str, Neutral] = field(default_factory=dict)
    harmless: tuple[str, ...] = ()
    takes_padding: bool = False


# Attributes of every layer. The input's shape comes from the layer before; dtype is checked apart.
_HARMLESS = (
    *("name", "trainable", "dtype", "activity_regularizer"),
    *("batch_input_shape", "batch_size", "input_dtype"),
)


def convert_as(kind: Kind, layer: Layer, signal: Signal) -> Converted:
    """A layer's records and its output signal."""
    refuse_attributes(layer, (*kind.used, *kind.harmless), kind.neutral)
    if signal.padding and not kind.takes_padding:
        signal.padding.refuse(f"followed by {layer}")
    return kind.convert(layer, signal)


def refuse_attributes(
    layer: Layer, known: Sequence[str], neutral: Mapping[str, Neutral] | None = None
) -> None:
    """Raises ExportError for an attribute that is unknown, or whose value cannot be exported."""
    rules = neutral or {}
    for key, value in layer.config.items():
        if key in rules:
            if not any(_same(value, allowed) for allowed in rules[key].values):
                layer.refuse_attribute(key, rules[key].supported, rules[key].advice)
        elif key not in (*_HARMLESS, *known):
            raise ExportError(
                f"{layer}: unknown attribute {key!r}={value!r}; whether it changes the output is"
                " not known, so the layer is not exported"
            )
    layer.dtype


def _same(value: object, neutral: object) -> bool:
    if isinstance(neutral, tuple):
        return isinstance(value, (list, tuple)) and tuple(value) == neutral
    return type(value) is type(neutral) and value == neutral


def channel_axes(signal: Signal) -> tuple[int, ...]:
    """The numbers that Keras may use for the last axis, counting the batch."""
    return -1, signal.axes - 1


def refuse_untimed(layer: Layer, signal: Signal) -> None:
    if not signal.timed:
        layer.refuse(
            "an input without a time axis",
            "only frames in order: (frames, channels)",
            "give the model an Input of shape (None, channels)",
        )


def channels_of(layer: Layer, signal: Signal) -> int:
    """The channels of a signal whose frames have one axis. Raises ExportError for others."""
    refuse_untimed(layer, signal)
    if len(signal.shape) != 1:
        layer.refuse(
            f"frames of shape {list(signal.shape)}",
            "only frames of one axis, the channels",
            f"put Reshape((-1, {signal.size})) before it",
        )
    return signal.shape[0]


def trained(*tensors: str) -> tuple[str, ...]:
    """The attributes that affect only the training of a layer's tensors."""
    kinds = ("initializer", "regularizer", "constraint")
    return tuple(f"{tensor}_{kind}" for tensor in tensors for kind in kinds)


CHANNELS_LAST = {
    "data_format": Neutral(
        ("channels_last",),
        "only 'channels_last'",
        "build the model with data_format='channels_last' and give it the trained weights",
    )
}
WITHOUT_LORA = {
    key: Neutral((None,), "only None", "merge it into the kernel before saving")
    for key in ("lora_rank", "lora_alpha", "quantization_config")
}
_ONE_GROUP = {"groups": Neutral((1,), "only 1", "train it with groups=1")}
