"""Keras's dense layers, convolutions, pools and padding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import ExportError
from ..format import Array, LayerRecord, Option
from .activations import activation
from .config import Layer, is_count
from .kind import (
    CHANNELS_LAST,
    WITHOUT_LORA,
    Converted,
    Kind,
    Neutral,
    channels_of,
    refuse_untimed,
    trained,
)
from .signal import Padding, Signal


def _with_bias(layer: Layer, shapes: dict[str, tuple[int, ...]], size: int) -> dict[str, Array]:
    if layer.flag("use_bias"):
        shapes["bias"] = (size,)
    return layer.tensors(shapes)


def _then_activation(layer: Layer, record: LayerRecord, signal: Signal) -> Converted:
    records, out = activation(layer, signal)
    return [record, *records], out


def _dense(layer: Layer, signal: Signal) -> Converted:
    inputs, units = signal.shape[-1], layer.count("units")
    tensors = _with_bias(layer, {"kernel": (inputs, units)}, units)
    out = replace(signal, shape=(*signal.shape[:-1], units))
    if signal.size == inputs:
        return _then_activation(
            layer, LayerRecord("dense", {"in": inputs, "out": units}, tensors), out
        )
    # A Dense on frames with features has the same weights at every feature: a 1 x 1 convolution.
    tensors["kernel"] = tensors["kernel"][np.newaxis, np.newaxis]
    options = {"in": inputs, "out": units, "features": signal.size // inputs}
    one_tap = {
        "kernel_size_time": 1,
        "kernel_size_features": 1,
        "dilation": 1,
        "stride": 1,
    }
    record = LayerRecord("conv2d", {**options, **one_tap, "padding": "valid"}, tensors)
    return _then_activation(layer, record, out)


def _conv1d(layer: Layer, signal: Signal) -> Converted:
    inputs, filters = channels_of(layer, signal), layer.count("filters")
    groups = layer.count("groups") if "groups" in layer.config else 1
    if inputs % groups or filters % groups:
        raise ExportError(f"{layer}: groups={groups} does not divide its {inputs} channels")
    shape = layer.counts("kernel_size", 1)[0], inputs // groups, filters
    tensors = _with_bias(layer, {"kernel": shape}, filters)
    return _convolution(layer, signal, (tensors, groups))


def _depthwise_conv1d(layer: Layer, signal: Signal) -> Converted:
    inputs, multiplier = channels_of(layer, signal), layer.count("depth_multiplier")
    taps, outputs = layer.counts("kernel_size", 1)[0], inputs * multiplier
    tensors = _with_bias(layer, {"kernel": (taps, inputs, multiplier)}, outputs)
    tensors["kernel"] = tensors["kernel"].reshape(taps, 1, outputs)
    return _convolution(layer, signal, (tensors, inputs))


def _separable_conv1d(layer: Layer, signal: Signal) -> Converted:
    inputs, multiplier = channels_of(layer, signal), layer.count("depth_multiplier")
    taps, filters = layer.counts("kernel_size", 1)[0], layer.count("filters")
    between = inputs * multiplier
    kernels = {"depthwise_kernel": (taps, inputs, multiplier)}
    tensors = _with_bias(layer, {**kernels, "pointwise_kernel": (1, between, filters)}, filters)
    depthwise = {"kernel": tensors.pop("depthwise_kernel").reshape(taps, 1, between)}
    records, out = _convolution(_with_config(layer, activation=None), signal, (depthwise, inputs))
    kernel = tensors.pop("pointwise_kernel")[0]
    pointwise = LayerRecord("dense", {"in": between, "out": filters}, {"kernel": kernel, **tensors})
    behind, out = _then_activation(layer, pointwise, replace(out, shape=(filters,)))
    return records + behind, out


def _with_config(layer: Layer, **changes: Any) -> Layer:
    return replace(layer, config={**layer.config, **changes})


def _convolution(layer: Layer, signal: Signal, weights: tuple[dict[str, Array], int]) -> Converted:
    """The record of a convolution over time with these tensors and groups."""
    tensors, groups = weights
    taps, outputs = tensors["kernel"].shape[0], tensors["kernel"].shape[2]
    (stride,), (dilation,) = layer.counts("strides", 1), layer.counts("dilation_rate", 1)
    reach = (taps - 1) * dilation
    out = _over_time(layer, signal, reach, stride)
    options = {
        "in": signal.size,
        "out": outputs,
        "kernel_size": taps,
        "dilation": dilation,
    }
    if stride > 1:
        options["stride"] = stride
    record = LayerRecord("conv1d", {**options, "groups": groups}, tensors)
    return _then_activation(layer, record, replace(out, shape=(outputs,)))


def _over_time(layer: Layer, signal: Signal, reach: int, stride: int) -> Signal:
    """The signal behind a layer that looks `reach` frames back, by its attribute `padding`."""
    padding = layer.text("padding")
    if padding == "same" and reach == 0 and stride == 1:
        padding = "valid"  # nothing to pad
    if padding not in ("causal", "valid"):
        layer.refuse_attribute(
            "padding",
            "only 'causal' or 'valid', as padding at both ends looks ahead in time",
            "train it with padding='causal'",
        )
    before = signal.padding.take(layer, reach) if signal.padding else 0
    signal = replace(signal, padding=None)
    if padding == "causal" and before:
        layer.refuse_attribute(
            "padding",
            "as zeros are added twice",
            "leave out the ZeroPadding1D before it",
        )
    if padding == "causal" or before == reach > 0:
        return signal.padded(layer, reach, stride)
    return signal.unpadded(layer, reach, stride)


def _conv1d_transpose(layer: Layer, signal: Signal) -> Converted:
    inputs, filters = channels_of(layer, signal), layer.count("filters")
    (taps,), (stride,) = layer.counts("kernel_size", 1), layer.counts("strides", 1)
    padding = layer.text("padding")
    if padding != "valid" and not (padding == "same" and taps == stride):
        layer.refuse_attribute(
            "padding",
            "only 'valid', as others look ahead in time",
            "train it with padding='valid'",
        )
    tensors = _with_bias(layer, {"kernel": (taps, filters, inputs)}, filters)
    tensors["kernel"] = np.ascontiguousarray(tensors["kernel"].transpose(0, 2, 1))
    options = {"in": inputs, "out": filters, "kernel_size": taps, "stride": stride}
    out = replace(signal.upsampled(layer, taps, stride), shape=(filters,))
    return _then_activation(layer, LayerRecord("conv_transpose1d", options, tensors), out)


def _conv2d(layer: Layer, signal: Signal) -> Converted:
    options, out = _over_features(layer, signal)
    inputs, filters = signal.shape[-1], layer.count("filters")
    shape = *layer.counts("kernel_size", 2), inputs, filters
    tensors = _with_bias(layer, {"kernel": shape}, filters)
    record = LayerRecord("conv2d", {"in": inputs, "out": filters} | options, tensors)
    positions = record.channels_out // filters
    return _then_activation(layer, record, replace(out, shape=(positions, filters)))


def _depthwise_conv2d(layer: Layer, signal: Signal) -> Converted:
    """Channels are repeated before it for a depth_multiplier above 1."""
    options, out = _over_features(layer, signal)
    inputs, multiplier = signal.shape[-1], layer.count("depth_multiplier")
    channels, kernel_size = inputs * multiplier, layer.counts("kernel_size", 2)
    tensors = _with_bias(layer, {"kernel": (*kernel_size, inputs, multiplier)}, channels)
    tensors["kernel"] = tensors["kernel"].reshape(*kernel_size, channels)
    record = LayerRecord("depthwise_conv2d", {"channels": channels} | options, tensors)
    positions = record.channels_out // channels
    records, out = _then_activation(layer, record, replace(out, shape=(positions, channels)))
    index = np.arange(signal.size, dtype=float).repeat(multiplier)
    repeated = LayerRecord("gather", {"in": signal.size, "out": len(index)}, {"index": index})
    return ([repeated] if multiplier > 1 else []) + records, out


def _over_features(layer: Layer, signal: Signal) -> tuple[dict[str, Option], Signal]:
    """The options of a kernel over (time, features, channels), and the signal behind it but for its shape.

    It is causal in time by a ZeroPadding2D, or valid.
    """
    refuse_untimed(layer, signal)
    if len(signal.shape) != 2:
        layer.refuse(
            f"frames of shape {list(signal.shape)}",
            "only frames of (features, channels)",
            "give the model an Input of shape (None, features, channels)",
        )
    features = signal.shape[0]
    (taps, width), (step, stride) = layer.counts("kernel_size", 2), layer.counts("strides", 2)
    dilation, spread = layer.counts("dilation_rate", 2)
    if step != 1:
        layer.refuse_attribute("strides", "only 1 over time, the first axis", "train it with 1")
    if spread != 1:
        layer.refuse_attribute(
            "dilation_rate",
            "only 1 over the features, the second axis",
            "train it with 1",
        )
    padding, out = _conv2d_padding(layer, signal, (taps - 1) * dilation, (width, stride))
    if padding == "valid" and width > features:
        raise ExportError(f"{layer}: its kernel is {width} features wide, but is given {features}")
    options: dict[str, Option] = {"features": features, "kernel_size_time": taps}
    options |= {"kernel_size_features": width, "dilation": dilation, "stride": stride}
    return options | {"padding": padding}, out


def _conv2d_padding(
    layer: Layer, signal: Signal, reach: int, over_features: tuple[int, int]
) -> tuple[str, Signal]:
    """The padding over the features, and the signal behind the layer."""
    features, (width, stride) = signal.shape[0], over_features
    added = signal.padding.features if signal.padding else (0, 0)
    if layer.text("padding") == "same" and reach == 0:
        if signal.padding:
            signal.padding.refuse(f"followed by {layer} with padding='same'")
        return "same", signal
    out = _over_time(layer, signal, reach, 1)
    if added == (0, 0):
        return "valid", out
    positions = -(-features // stride)
    zeros = max((positions - 1) * stride + width - features, 0)
    if added != (zeros // 2, zeros - zeros // 2):
        layer.refuse(
            f"ZeroPadding2D of {added} over the features",
            "only none or that of padding='same'",
            f"use {(zeros // 2, zeros - zeros // 2)}",
        )
    return "same", out


def _pool1d(kind: str) -> Callable[[Layer, Signal], Converted]:
    def pool(layer: Layer, signal: Signal) -> Converted:
        channels_of(layer, signal)
        (size,) = layer.counts("pool_size", 1)
        stride = size if layer.config.get("strides") is None else layer.counts("strides", 1)[0]
        if layer.text("padding") != "valid":
            layer.refuse_attribute(
                "padding",
                "only 'valid', as others look ahead in time",
                "train it with 'valid'",
            )
        out = _over_time(layer, signal, size - 1, stride)
        options = {"size": signal.size, "kernel_size": size, "stride": stride}
        return [LayerRecord(kind, options)], out

    return pool


def _upsampling1d(layer: Layer, signal: Signal) -> Converted:
    channels_of(layer, signal)
    (factor,) = layer.counts("size", 1)
    options = {"size": signal.size, "factor": factor}
    return [LayerRecord("upsample_nearest", options)], signal.upsampled(layer, factor, factor)


def _pair(layer: Layer, value: object, key: str) -> tuple[int, int]:
    """Two integers from 0. Keras also writes one integer for both."""
    values = list(value) if isinstance(value, (list, tuple)) else [value, value]
    if len(values) != 2 or not all(value == 0 or is_count(value) for value in values):
        raise ExportError(f"{layer}: {key}: expected two whole numbers, found {value!r}")
    return int(values[0]), int(values[1])


def _zero_padding1d(layer: Layer, signal: Signal) -> Converted:
    refuse_untimed(layer, signal)
    left, right = _pair(layer, layer.config.get("padding"), "padding")
    return [], _pad(layer, signal, (left, right), (0, 0))


def _zero_padding2d(layer: Layer, signal: Signal) -> Converted:
    refuse_untimed(layer, signal)
    value = layer.config.get("padding")
    axes = list(value) if isinstance(value, (list, tuple)) else [value, value]
    if len(axes) != 2 or len(signal.shape) != 2:
        raise ExportError(
            f"{layer}: padding: expected a pair for each of two axes, found {value!r}"
        )
    over_time, over_features = (_pair(layer, axis, "padding") for axis in axes)
    return [], _pad(layer, signal, over_time, over_features)


def _pad(
    layer: Layer,
    signal: Signal,
    over_time: tuple[int, int],
    over_features: tuple[int, int],
) -> Signal:
    if over_time[1] != 0:
        layer.refuse_attribute(
            "padding",
            "only zeros before the first frame: a causal layer's past",
            f"use {(over_time[0], 0)} for the time axis",
        )
    if over_time == over_features == (0, 0):
        return signal
    return replace(signal, padding=Padding(str(layer), over_time[0], over_features))


def _cropping1d(layer: Layer, signal: Signal) -> Converted:
    refuse_untimed(layer, signal)
    left, right = _pair(layer, layer.config.get("cropping"), "cropping")
    if right and not signal.bursts:
        layer.refuse_attribute(
            "cropping",
            "only frames at the start, as a stream has no end",
            f"use {(left, 0)}",
        )
    return [], signal.unpadded(layer, left, 1)


_ONE_GROUP = {"groups": Neutral((1,), "only 1", "train it with groups=1")}
_CONVOLUTION = (
    "kernel_size",
    "strides",
    "padding",
    "dilation_rate",
    "activation",
    "use_bias",
)
_POOL = Kind(_pool1d("max_pool1d"), ("pool_size", "strides", "padding"), CHANNELS_LAST)

KERNELS: dict[str, Kind] = {
    "Dense": Kind(
        _dense,
        ("units", "activation", "use_bias"),
        WITHOUT_LORA,
        trained("kernel", "bias"),
    ),
    "Conv1D": Kind(
        _conv1d,
        ("filters", "groups", *_CONVOLUTION),
        {**CHANNELS_LAST, **WITHOUT_LORA},
        trained("kernel", "bias"),
        takes_padding=True,
    ),
    "DepthwiseConv1D": Kind(
        _depthwise_conv1d,
        ("depth_multiplier", *_CONVOLUTION),
        {**CHANNELS_LAST, **_ONE_GROUP},
        trained("depthwise", "bias"),
        takes_padding=True,
    ),
    "SeparableConv1D": Kind(
        _separable_conv1d,
        ("filters", "depth_multiplier", *_CONVOLUTION),
        {**CHANNELS_LAST, **_ONE_GROUP},
        trained("depthwise", "pointwise", "bias", "kernel"),
        takes_padding=True,
    ),
    "Conv1DTranspose": Kind(
        _conv1d_transpose,
        ("filters", "kernel_size", "strides", "padding", "activation", "use_bias"),
        {
            **CHANNELS_LAST,
            **_ONE_GROUP,
            "dilation_rate": Neutral((1, (1,)), "only 1", "train it with dilation_rate=1"),
            "output_padding": Neutral(
                (None, 0, (0,)), "only None", "train it with output_padding=None"
            ),
        },
        trained("kernel", "bias"),
    ),
    "Conv2D": Kind(
        _conv2d,
        ("filters", *_CONVOLUTION),
        {**CHANNELS_LAST, **_ONE_GROUP, **WITHOUT_LORA},
        trained("kernel", "bias"),
        takes_padding=True,
    ),
    "DepthwiseConv2D": Kind(
        _depthwise_conv2d,
        ("depth_multiplier", *_CONVOLUTION),
        {**CHANNELS_LAST, **_ONE_GROUP},
        trained("depthwise", "bias"),
        takes_padding=True,
    ),
    "MaxPooling1D": _POOL,
    "AveragePooling1D": replace(_POOL, convert=_pool1d("avg_pool1d")),
    "UpSampling1D": Kind(_upsampling1d, ("size",)),
    "ZeroPadding1D": Kind(_zero_padding1d, ("padding",), CHANNELS_LAST),
    "ZeroPadding2D": Kind(_zero_padding2d, ("padding",), CHANNELS_LAST),
    "Cropping1D": Kind(_cropping1d, ("cropping",), CHANNELS_LAST),
}
