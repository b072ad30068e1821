"""A layer as the file holds it, and its input and output channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .layer_types import Option

Array = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class LayerRecord:
    """A layer's type, its sizes and options, its tensors and its inner chains.

    Each name of an inner chain has one chain, "branches" has several.
    """

    type: str
    options: Mapping[str, Option] = field(default_factory=dict)
    tensors: Mapping[str, Array] = field(default_factory=dict)
    chains: Mapping[str, Sequence[Chain]] = field(default_factory=dict)

    @property
    def channels_in(self) -> int:
        """Values in an input frame; for two-dimensional layers, channels times features."""
        if self.type in _ENDS:
            return _ENDS[self.type](self)[0]
        return self._count("in") * int(self.options.get("features", 1))

    @property
    def channels_out(self) -> int:
        """Values in an output frame."""
        if self.type in _ENDS:
            return _ENDS[self.type](self)[1]
        return self._count("out") * self.features_out

    @property
    def frames_per_input(self) -> int:
        """The output frames of one input frame, at most."""
        return self.integer(_RAISED[self.type]) if self.type in _RAISED else 1

    def integer(self, name: str) -> int:
        return int(self.options[name])

    def _count(self, side: str) -> int:
        """Channels of the input or the output, which may share an option."""
        named = (name for name in (side, "size", "channels") if name in self.options)
        return self.integer(next(named, side))

    @property
    def features_out(self) -> int:
        """Features of an output frame of a two-dimensional layer."""
        features = int(self.options.get("features", 1))
        if self.type not in CONVOLUTIONS_2D:
            return features
        same = self.options["padding"] == "same"
        kernel = 1 if same else self.integer("kernel_size_features")
        return (features - kernel) // self.integer("stride") + 1


#: Layers with a kernel that moves over the features of a frame.
CONVOLUTIONS_2D = ("conv2d", "depthwise_conv2d")

# The options of layers that raise the rate.
_RAISED = {"conv_transpose1d": "stride", "upsample_nearest": "factor", "upsample_linear": "factor"}

Chain = Sequence[LayerRecord]


def ends_of(chain: Chain) -> tuple[int, int]:
    """The channels of a chain's input and output."""
    return chain[0].channels_in, chain[-1].channels_out


def ends_of_branches(layer: LayerRecord) -> tuple[list[int], list[int]]:
    """The channels of the inputs of all branches, and of their outputs."""
    ends = [ends_of(branch) for branch in layer.chains["branches"]]
    return [i for i, _ in ends], [o for _, o in ends]


_Ends = Callable[[LayerRecord], tuple[int, int]]


def _of_layers(layer: LayerRecord) -> tuple[int, int]:
    return ends_of(layer.chains["layers"][0])


def _of_parallel(layer: LayerRecord) -> tuple[int, int]:
    inputs, outputs = ends_of_branches(layer)
    return inputs[0], outputs[0]


def _of_concat(layer: LayerRecord) -> tuple[int, int]:
    inputs, outputs = ends_of_branches(layer)
    return inputs[0], sum(outputs)


def _of_split(layer: LayerRecord) -> tuple[int, int]:
    inputs, outputs = ends_of_branches(layer)
    return sum(inputs), sum(outputs)


def _of_residual_skip(layer: LayerRecord) -> tuple[int, int]:
    channels = ends_of(layer.chains["path"][0])[0] + ends_of(layer.chains["skip"][0])[1]
    return channels, channels


def _of_gate(layer: LayerRecord) -> tuple[int, int]:
    size = layer.integer("size")
    return 2 * size, size


def _of_rfft(layer: LayerRecord) -> tuple[int, int]:
    size = layer.integer("samples")
    return size, size + 2


def _of_irfft(layer: LayerRecord) -> tuple[int, int]:
    size = layer.integer("samples")
    return size + 2, size


def _of_complex_product(layer: LayerRecord) -> tuple[int, int]:
    return 4 * layer.integer("bins"), 2 * layer.integer("bins")


def _of_magnitude(layer: LayerRecord) -> tuple[int, int]:
    return 2 * layer.integer("bins"), layer.integer("bins")


def _of_features(layer: LayerRecord) -> tuple[int, int]:
    features, (inputs, outputs) = layer.integer("features"), _of_layers(layer)
    return features * inputs, features * outputs


def _of_append_condition(layer: LayerRecord) -> tuple[int, int]:
    size = layer.integer("size")
    return size, size + layer.integer("condition_size")


# Input and output channels of the layers whose options do not state both.
_ENDS: dict[str, _Ends] = {
    **dict.fromkeys(
        ("residual", "windowed", "sequential", "conditioned_by", "block_control"), _of_layers
    ),
    "parallel": _of_parallel,
    "concat": _of_concat,
    "split": _of_split,
    "residual_skip": _of_residual_skip,
    "gate": _of_gate,
    "blend": _of_gate,
    "append_condition": _of_append_condition,
    "rfft": _of_rfft,
    "irfft": _of_irfft,
    "complex_product": _of_complex_product,
    "magnitude": _of_magnitude,
    "overlap_add": lambda layer: (1, 1),
    "along_features": _of_features,
    "per_feature": _of_features,
}
