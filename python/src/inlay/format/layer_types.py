"""The layers of the file format: the options, tensors and inner chains of each.

This table is the only description of them in Python. The reader, the writer and the code generator
follow it, docs/inlay-model.schema.json is made from it, and a test compares it with the tables in
README.md and docs/file-format.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Union

Option = Union[bool, int, float, str]
Shape = tuple[int, ...]


class Kind(Enum):
    """The values that an option may have, other than a choice of texts."""

    COUNT = "an integer from 1"
    INDEX = "an integer from 0"
    NUMBER = "a finite number"
    FLAG = "true or false"


OptionKind = Union[Kind, tuple[str, ...]]

GATES = ("sigmoid", "hard_sigmoid", "hard_sigmoid_keras2")

# By the option's name. Options that are not here are counts.
_KINDS: dict[str, OptionKind] = {
    **dict.fromkeys(("alpha", "beta", "epsilon", "scale", "threshold"), Kind.NUMBER),
    **dict.fromkeys(("min", "max", "min_slope", "max_slope", "omega"), Kind.NUMBER),
    **dict.fromkeys(("floor", "ratio", "knee", "low", "high", "sample_rate"), Kind.NUMBER),
    **dict.fromkeys(("begin", "before", "after", "offset"), Kind.INDEX),
    **dict.fromkeys(("reset_after", "spread"), Kind.FLAG),
    "recurrent_activation": GATES,
    "activation": ("tanh", "relu"),
    "candidate": ("linear", "positive"),
    "padding": ("valid", "same"),
    "version": ("A", "B"),
    "interpolation": ("linear", "cubic"),
}


@dataclass(frozen=True)
class Tensor:
    """A tensor of a layer. A shape is text such as "in 4*out", with one extent for each axis.

    With several shapes and no `flag`, the tensor may have any of them. With a `flag`, the option of
    that name selects: the first shape if it is true, the second one if it is false.
    """

    shapes: tuple[str, ...]
    flag: str | None = None
    optional: bool = False

    def allowed(self, options: Mapping[str, Option]) -> list[Shape]:
        """The shapes that the tensor may have in a layer with these options."""
        texts = self.shapes
        if self.flag is not None:
            texts = (self.shapes[0 if options[self.flag] else 1],)
        return [tuple(_extent(axis, options) for axis in text.split()) for text in texts]


def _extent(text: str, options: Mapping[str, Option]) -> int:
    if "+" in text:
        return sum(_extent(term, options) for term in text.split("+"))
    if "*" in text:
        factor, name = text.split("*")
        return int(factor) * int(options[name])
    if "/" in text:
        name, divisor = text.split("/")
        return int(options[name]) // int(options[divisor])
    return int(text) if text.isdigit() else int(options[text])


@dataclass(frozen=True)
class LayerType:
    """The members of a layer in the file.

    `chains` are the names of the inner chains. "branches" is a list of chains, all others are one.
    """

    options: Mapping[str, OptionKind] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    chains: tuple[str, ...] = ()


def _layer(options: str = "", chains: str = "", **tensors: str) -> LayerType:
    """A layer type from text. A name or a tensor that ends with a question mark is optional."""
    names = options.split()
    return LayerType(
        {name.rstrip("?"): kind_of(name.rstrip("?")) for name in names},
        frozenset(name[:-1] for name in names if name.endswith("?")),
        {name: _tensor(text) for name, text in tensors.items()},
        tuple(chains.split()),
    )


def kind_of(option: str) -> OptionKind:
    return _KINDS.get(option, Kind.COUNT)


def _tensor(text: str) -> Tensor:
    """A tensor from text: "in out", "size?" (optional), "size | 1", "2 3*out if flag else 3*out"."""
    shapes, optional = text.rstrip("?"), text.endswith("?")
    if " if " not in shapes:
        return Tensor(tuple(shape.strip() for shape in shapes.split("|")), None, optional)
    first, rest = shapes.split(" if ")
    flag, second = rest.split(" else ")
    return Tensor((first, second), flag, optional)


_STATISTICS = {"mean": "{0}", "variance": "{0}", "gamma": "{0}?", "beta": "{0}?"}


def _normalisation(options: str, size: str) -> LayerType:
    return _layer(options, **{name: text.format(size) for name, text in _STATISTICS.items()})


LAYER_TYPES: dict[str, LayerType] = {
    "dense": _layer("in out", kernel="in out", bias="out?"),
    "conv1d": _layer(
        "in out kernel_size dilation groups stride?",
        kernel="kernel_size in/groups out",
        bias="out?",
    ),
    "conv_transpose1d": _layer(
        "in out kernel_size stride", kernel="kernel_size in out", bias="out?"
    ),
    "max_pool1d": _layer("size kernel_size stride"),
    "avg_pool1d": _layer("size kernel_size stride"),
    **dict.fromkeys(("upsample_nearest", "upsample_linear"), _layer("size factor")),
    "conv2d": _layer(
        "in out features kernel_size_time kernel_size_features dilation stride padding",
        kernel="kernel_size_time kernel_size_features in out",
        bias="out?",
    ),
    "depthwise_conv2d": _layer(
        "channels features kernel_size_time kernel_size_features dilation stride padding",
        kernel="kernel_size_time kernel_size_features channels",
        bias="channels?",
    ),
    # Gates in the order i, f, g, o.
    "lstm": _layer(
        "in out recurrent_activation",
        kernel="in 4*out",
        recurrent_kernel="out 4*out",
        bias="4*out",
        initial_hidden="out?",
        initial_cell="out?",
    ),
    # Gates in the order z, r, n.
    "gru": _layer(
        "in out reset_after recurrent_activation",
        kernel="in 3*out",
        recurrent_kernel="out 3*out",
        bias="2 3*out if reset_after else 3*out",
        initial_hidden="out?",
    ),
    "rnn": _layer(
        "in out activation",
        kernel="in out",
        recurrent_kernel="out out",
        bias="out",
        initial_hidden="out?",
    ),
    "projected_lstm": _layer(
        "in units out recurrent_activation",
        kernel="in 4*units",
        recurrent_kernel="out 4*units",
        bias="4*units",
        projection="units out",
        initial_hidden="out?",
        initial_cell="units?",
    ),
    # The gate, then the candidate.
    "min_gru": _layer(
        "in out candidate", kernel="in 2*out", bias="2*out?", initial_hidden="out?"
    ),
    "s4d": _layer(
        "size states",
        a_real="size states",
        a_imag="size states",
        c_real="size states",
        c_imag="size states",
        d="size?",
    ),
    # Real parts first; then the imaginary ones, those of c negative.
    "lru": _layer(
        "in states out",
        lambda_real="states",
        lambda_imag="states",
        b="in 2*states",
        c="2*states out",
        d="in out",
    ),
    # Columns of the kernel: those of the step, of B, of C.
    "s6": _layer(
        "size states rank",
        kernel="size rank+2*states",
        step_kernel="rank size",
        step_bias="size",
        a="size states",
        d="size?",
    ),
    "batchnorm1d": _normalisation("size epsilon", "size"),
    "batchnorm2d": _normalisation("channels features epsilon", "channels"),
    "layer_norm": _layer("size epsilon", gamma="size?", beta="size?"),
    "cumulative_norm": _layer("size epsilon", gamma="size?", beta="size?"),
    "group_norm": _layer("size groups epsilon", gamma="size?", beta="size?"),
    "rms_norm": _layer("size epsilon", gamma="size?"),
    "prelu": _layer("size", alpha="size | 1"),
    "snake": _layer("size", alpha="size", beta="size?"),
    "rational": _layer(
        "size numerator_degree denominator_degree version",
        numerator="numerator_degree+1 size | numerator_degree+1 1",
        denominator="denominator_degree size | denominator_degree 1",
    ),
    "affine": _layer("size", scale="size | 1", shift="size | 1"),
    "sine": _layer("size omega"),
    "leaky_relu": _layer("size alpha"),
    "elu": _layer("size alpha"),
    "softplus": _layer("size beta threshold"),
    "hardtanh": _layer("size min max"),
    "leaky_hardtanh": _layer("size min max min_slope max_slope"),
    "scale": _layer("size scale"),
    **dict.fromkeys(("identity", "tanh", "sigmoid", "relu", "softmax"), _layer("size")),
    **dict.fromkeys(("hard_sigmoid", "hard_sigmoid_keras2", "hardswish"), _layer("size")),
    **dict.fromkeys(("silu", "gelu", "gelu_tanh", "softsign", "fast_tanh"), _layer("size")),
    "gather": _layer("in out", index="out"),
    "rfft": _layer("samples", window="samples?"),
    "irfft": _layer("samples", window="samples?"),
    "complex_product": _layer("bins"),
    "magnitude": _layer("bins epsilon"),
    **dict.fromkeys(("selu", "mish", "abs", "exp", "sqrt", "square"), _layer("size")),
    # Sections of b0, b1, b2, a1, a2.
    "biquad": _layer("size sections", coefficients="size sections 5"),
    "one_pole": _layer("size", rise="size", fall="size"),
    "amplitude_to_db": _layer("size floor"),
    "db_to_amplitude": _layer("size"),
    "gain_computer": _layer("size threshold ratio knee"),
    "table_shaper": _layer("size points interpolation low high", values="points"),
    "parametric_equalizer": _layer("size bands hop sample_rate"),
    "slice": _layer("in begin out"),
    "pad": _layer("in out"),
    "delay": _layer("size frames"),
    "silent_until": _layer("size frames latency?"),
    "periodic_gain": _layer("size period", gain="period size"),
    "time_pad": _layer("size before after"),
    "append_condition": _layer("size condition_size"),
    "residual": _layer(chains="layers"),
    "parallel": _layer(chains="branches"),
    "concat": _layer(chains="branches"),
    "split": _layer(chains="branches"),
    "gate": _layer("size", chains="activation gate"),
    "blend": _layer("size", chains="activation gate"),
    "mixin": _layer("size", chains="layers"),
    "film": _layer("size", chains="layers"),
    "conditioned_by": _layer(chains="source layers"),
    "residual_skip": _layer(chains="path residual skip"),
    "along_features": _layer("features", chains="layers"),
    "per_feature": _layer("features", chains="layers"),
    "overlap_add": _layer("window hop spread?", chains="layers"),
    "block_control": _layer("block_size offset", chains="layers"),
    "tfilm": _layer("size block_size offset", chains="layers"),
    "windowed": _layer("window hop", chains="layers"),
    "sequential": _layer(chains="layers"),
}

# Layers of the user, added by inlay.register_layer().
REGISTERED: dict[str, LayerType] = {}


def layer_type(name: str) -> LayerType | None:
    return LAYER_TYPES.get(name) or REGISTERED.get(name)
