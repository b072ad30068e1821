"""The C++ types of layers, and their text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Union

from ..custom import LAYERS as CUSTOM_LAYERS
from ..custom import CustomLayer
from ..errors import ExportError
from ..format import Chain, LayerRecord
from ..format.layer_types import LAYER_TYPES, Kind, LayerType
from ..inspect.fir import is_fir

WIDTH = 100


@dataclass(frozen=True)
class Type:
    """A template and its arguments."""

    name: str
    arguments: Sequence[Argument] = ()
    namespace: str = "inlay::"


Argument = Union[Type, int, str]


def statement(beginning: str, value: Type) -> list[str]:
    """The statement `beginning value;`, broken into lines."""
    first, *rest = _lines(value, indent=0, before=len(beginning), after=1)
    lines = [beginning + first, *rest]
    lines[-1] += ";"
    return lines


def _lines(value: Argument, indent: int, before: int, after: int) -> list[str]:
    """The lines of a type. `before` and `after` are the characters that stand around them.

    A layer with inner layers keeps its sizes on its first line.
    """
    text = _text(value)
    if (
        not isinstance(value, Type)
        or not _holds_types(value)
        or indent + before + len(text) + after <= WIDTH
    ):
        return [" " * indent + text]
    sizes = [f"{each}, " for each in value.arguments if not isinstance(each, Type)]
    lines = [" " * indent + f"{value.namespace}{value.name}<{''.join(sizes)}".rstrip()]
    for argument in value.arguments:
        if isinstance(argument, Type):
            lines += _lines(argument, indent + 4, before=0, after=1)
            lines[-1] += ","
    lines[-1] = lines[-1][:-1] + ">"
    return lines


def _holds_types(value: Type) -> bool:
    return any(isinstance(each, Type) for each in value.arguments)


def _text(value: Argument) -> str:
    if isinstance(value, Type):
        return f"{value.namespace}{value.name}<{', '.join(map(_text, value.arguments))}>"
    return str(value)


def flat(chain: Chain) -> list[LayerRecord]:
    """A chain whose `sequential` layers are replaced by their inner layers, at every depth."""
    layers: list[LayerRecord] = []
    for layer in chain:
        if layer.type == "sequential":
            layers += flat(layer.chains["layers"][0])
        else:
            inner = {name: [flat(each) for each in chains] for name, chains in layer.chains.items()}
            layers.append(LayerRecord(layer.type, layer.options, layer.tensors, inner))
    return layers


def types(chain: Chain, backend: str | None) -> list[Type]:
    return [_type(layer, backend) for layer in chain]


def _type(layer: LayerRecord, backend: str | None) -> Type:
    if layer.chains:
        return _combinator(layer, backend)
    if layer.type in CUSTOM_LAYERS:
        return _custom(layer, CUSTOM_LAYERS[layer.type], backend)
    if {"initial_hidden", "initial_cell"} & set(layer.tensors):
        tensors = {n: t for n, t in layer.tensors.items() if not n.startswith("initial_")}
        return Type("InitialState", [_type(LayerRecord(layer.type, layer.options, tensors), backend)])
    name, arguments, defaults = _leaf(layer)
    if _BACKEND in arguments:
        given = backend or "inlay::default_backend"
        return Type(name, [given if each == _BACKEND else each for each in arguments])
    if backend is not None:
        return Type(name, [*arguments, backend])
    # Trailing arguments that equal their defaults are left out.
    while defaults and arguments[-1] == defaults[-1]:
        arguments, defaults = arguments[:-1], defaults[:-1]
    return Type(name, arguments)


def _custom(layer: LayerRecord, custom: CustomLayer, backend: str | None) -> Type:
    if custom.cpp is None:
        raise ExportError(
            f"{custom.type}: its C++ class is not known; name it in register_layer(cpp=...)"
        )
    arguments = _sizes(layer, custom.kind)
    return Type(custom.cpp, arguments if backend is None else [*arguments, backend], "")


def headers(chain: Chain) -> list[str]:
    """The headers of the user's layers in a chain."""
    found: dict[str, None] = {}
    for layer in chain:
        custom = CUSTOM_LAYERS.get(layer.type)
        if custom is not None and custom.header is not None:
            found[custom.header] = None
        for inner in layer.chains.values():
            found |= dict.fromkeys(header for each in inner for header in headers(each))
    return list(found)


# Placeholder for the backend where it is not the last argument, or has no default.
_BACKEND = "backend"
_SAME = "inlay::FeaturePadding::same"
_VALID = "inlay::FeaturePadding::valid"
_GATES = {
    "sigmoid": "inlay::SigmoidGate",
    "hard_sigmoid": "inlay::HardSigmoidGate",
    "hard_sigmoid_keras2": "inlay::HardSigmoidKeras2Gate",
}
_LSTMS = {
    "sigmoid": "LSTM",
    "hard_sigmoid": "HardSigmoidLSTM",
    "hard_sigmoid_keras2": "HardSigmoidKeras2LSTM",
}
# Layers whose template arguments are their options in the order of the file, without numbers.
_PLAIN = {
    "conv_transpose1d": "ConvTranspose1D",
    "max_pool1d": "MaxPool1D",
    "avg_pool1d": "AvgPool1D",
    "upsample_nearest": "UpsampleNearest",
    "upsample_linear": "UpsampleLinear",
    "s4d": "S4D",
    "lru": "LRU",
    "s6": "S6",
    "batchnorm1d": "BatchNorm1D",
    "batchnorm2d": "BatchNorm2D",
    "layer_norm": "LayerNorm",
    "rms_norm": "RMSNorm",
    "group_norm": "GroupNorm",
    "cumulative_norm": "CumulativeNorm",
    "slice": "Slice",
    "pad": "Pad",
    "delay": "Delay",
    "periodic_gain": "PeriodicGain",
    "time_pad": "TimePad",
    "append_condition": "AppendCondition",
    "identity": "Identity",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "relu": "ReLU",
    "softmax": "Softmax",
    "hard_sigmoid": "HardSigmoid",
    "hard_sigmoid_keras2": "HardSigmoidKeras2",
    "silu": "SiLU",
    "gelu": "GELU",
    "gelu_tanh": "TanhGELU",
    "hardswish": "HardSwish",
    "softsign": "Softsign",
    "fast_tanh": "FastTanh",
    "leaky_relu": "LeakyReLU",
    "elu": "ELU",
    "softplus": "Softplus",
    "hardtanh": "Hardtanh",
    "leaky_hardtanh": "LeakyHardtanh",
    "scale": "Scale",
    "gather": "Gather",
    "rfft": "RFFT",
    "irfft": "IRFFT",
    "complex_product": "ComplexProduct",
    "magnitude": "Magnitude",
    "selu": "SELU",
    "mish": "Mish",
    "sine": "Sine",
    "abs": "Abs",
    "exp": "Exp",
    "sqrt": "Sqrt",
    "square": "Square",
    "biquad": "Biquad",
    "one_pole": "OnePole",
    "amplitude_to_db": "AmplitudeToDB",
    "db_to_amplitude": "DBToAmplitude",
    "gain_computer": "GainComputer",
    "parametric_equalizer": "ParametricEqualizer",
}
_Leaf = tuple[str, list[Argument], list[Argument]]


def _leaf(layer: LayerRecord) -> _Leaf:
    """A layer's template, its arguments, and the defaults of its last arguments."""
    if layer.type in _SPECIAL:
        return _SPECIAL[layer.type](layer)
    return _PLAIN[layer.type], _sizes(layer, LAYER_TYPES[layer.type]), []


def _sizes(layer: LayerRecord, kind: LayerType) -> list[Argument]:
    """The options that are template arguments: all but the numbers."""
    return [
        layer.integer(name) for name, option in kind.options.items() if option is not Kind.NUMBER
    ]


def _options(layer: LayerRecord, names: str) -> list[Argument]:
    return [int(layer.options[name]) for name in names.split()]


def _no_bias(layer: LayerRecord) -> str:
    return "" if "bias" in layer.tensors else "NoBias"


def _dense(layer: LayerRecord) -> _Leaf:
    return f"Dense{_no_bias(layer)}", _options(layer, "in out"), []


def _conv1d(layer: LayerRecord) -> _Leaf:
    if is_fir(layer):
        return "FIR", _options(layer, "kernel_size"), []
    stride = int(layer.options.get("stride", 1))
    sizes, rest = _options(layer, "in out kernel_size"), _options(layer, "dilation groups")
    if stride > 1 and _no_bias(layer):
        return "BasicConv1D", [*sizes, *rest, "false", _BACKEND, stride], []
    if stride > 1:
        return "StridedConv1D", [*sizes, stride, *rest], [1, 1]
    return f"Conv1D{_no_bias(layer)}", [*sizes, *rest], [1, 1]


def _conv2d(layer: LayerRecord) -> _Leaf:
    sizes = _options(layer, "in out features kernel_size_time kernel_size_features")
    padding = _SAME if layer.options["padding"] == "same" else _VALID
    arguments = [*sizes, *_options(layer, "dilation stride"), padding]
    return f"Conv2D{_no_bias(layer)}", arguments, [1, 1, _VALID]


def _depthwise_conv2d(layer: LayerRecord) -> _Leaf:
    sizes = _options(layer, "channels features kernel_size_time kernel_size_features")
    padding = _SAME if layer.options["padding"] == "same" else _VALID
    arguments = [*sizes, *_options(layer, "dilation stride"), padding]
    return "DepthwiseConv2D", arguments, [1, 1, _VALID]


def _lstm(layer: LayerRecord) -> _Leaf:
    return (
        _LSTMS[str(layer.options["recurrent_activation"])],
        _options(layer, "in out"),
        [],
    )


def _gru(layer: LayerRecord) -> _Leaf:
    sizes, after = _options(layer, "in out"), bool(layer.options["reset_after"])
    gate = str(layer.options["recurrent_activation"])
    if gate == "sigmoid":
        return "GRU" if after else "ResetBeforeGRU", sizes, []
    return (
        "BasicGRU",
        [*sizes, "true" if after else "false", _GATES[gate], _BACKEND],
        [],
    )


def _rnn(layer: LayerRecord) -> _Leaf:
    name = {"tanh": "RNN", "relu": "ReLURNN"}[str(layer.options["activation"])]
    return name, _options(layer, "in out"), []


def _projected_lstm(layer: LayerRecord) -> _Leaf:
    sizes, gate = _options(layer, "in units out"), str(layer.options["recurrent_activation"])
    if gate == "sigmoid":
        return "ProjectedLSTM", sizes, []
    return "BasicProjectedLSTM", [*sizes, _GATES[gate], _BACKEND], []


def _min_gru(layer: LayerRecord) -> _Leaf:
    name = {"linear": "MinGRU", "positive": "PositiveMinGRU"}[str(layer.options["candidate"])]
    return name, _options(layer, "in out"), []


def _prelu(layer: LayerRecord) -> _Leaf:
    shared = layer.tensors["alpha"].size == 1
    return "SharedPReLU" if shared else "PReLU", _options(layer, "size"), []


def _snake(layer: LayerRecord) -> _Leaf:
    return "SnakeBeta" if "beta" in layer.tensors else "Snake", _options(layer, "size"), []


def _affine(layer: LayerRecord) -> _Leaf:
    counts = {layer.tensors[name].size for name in ("scale", "shift")}
    if counts == {1}:
        return "SharedAffine", _options(layer, "size"), []
    return "Affine", _options(layer, "size"), []


def _rational(layer: LayerRecord) -> _Leaf:
    shared = layer.tensors["denominator"].shape[1] == 1
    degrees = _options(layer, "numerator_degree denominator_degree")
    size = int(layer.options["size"])
    if layer.options["version"] == "A":
        return "SharedRational" if shared else "Rational", [size, *degrees], []
    count = 1 if shared else size
    return "BasicRational", [size, count, *degrees, "inlay::RationalB", _BACKEND], []


def _silent_until(layer: LayerRecord) -> _Leaf:
    latency = int(layer.options.get("latency", 0))
    return "SilentUntil", [*_options(layer, "size frames"), latency], [0]


def _table_shaper(layer: LayerRecord) -> _Leaf:
    cubic = layer.options["interpolation"] == "cubic"
    return "CubicTableShaper" if cubic else "TableShaper", _options(layer, "size points"), []


_SPECIAL = {
    "silent_until": _silent_until,
    "table_shaper": _table_shaper,
    "snake": _snake,
    "affine": _affine,
    "rational": _rational,
    "dense": _dense,
    "conv1d": _conv1d,
    "conv2d": _conv2d,
    "depthwise_conv2d": _depthwise_conv2d,
    "lstm": _lstm,
    "gru": _gru,
    "rnn": _rnn,
    "projected_lstm": _projected_lstm,
    "min_gru": _min_gru,
    "prelu": _prelu,
}


def _combinator(layer: LayerRecord, backend: str | None) -> Type:
    inner = {
        name: [types(chain, backend) for chain in chains] for name, chains in layer.chains.items()
    }
    if "branches" in inner:
        return Type(_BRANCHED[layer.type], [_one(branch) for branch in inner["branches"]])
    chains = {name: found[0] for name, found in inner.items()}
    return _HOLDERS[layer.type](layer, chains)


_BRANCHED = {"parallel": "Parallel", "concat": "Concat", "split": "Split"}
_Inner = dict[str, list[Type]]


def _one(chain: Sequence[Type]) -> Type:
    """A chain as one template argument."""
    return chain[0] if len(chain) == 1 else Type("Sequential", chain)


def _film(layer: LayerRecord, inner: _Inner) -> Type:
    size, made = int(layer.options["size"]), layer.chains["layers"][0]
    alone = len(made) == 1 and inner["layers"][0].name == "Dense"
    if alone and made[0].channels_out == 2 * size:
        _, *backend = inner["layers"][0].arguments[1:]
        return Type("FiLM", [size, made[0].channels_in, *backend])
    return Type("BasicFiLM", [size, *inner["layers"]])


def _conditioned_by(layer: LayerRecord, inner: _Inner) -> Type:
    if [source.type for source in layer.chains["source"][0]] == ["identity"]:
        return Type("InputAsCondition", inner["layers"])
    return Type("ConditionedBy", [_one(inner["source"]), *inner["layers"]])


def _residual_skip(layer: LayerRecord, inner: _Inner) -> Type:
    arguments = [_one(inner["path"]), _one(inner["residual"])]
    if [skip.type for skip in layer.chains["skip"][0]] != ["identity"]:
        arguments.append(_one(inner["skip"]))
    return Type("ResidualSkip", arguments)


def _tfilm(layer: LayerRecord, inner: _Inner) -> Type:
    size, block, offset = _options(layer, "size block_size offset")
    made = layer.chains["layers"][0]
    alone = len(made) == 1 and inner["layers"][0].name == "LSTM"
    if alone and offset == 0 and made[0].channels_out == 2 * int(layer.options["size"]):
        return Type("TFiLM", [size, block, *inner["layers"][0].arguments[2:]])
    return Type("BasicTFiLM", [block, offset, *inner["layers"]])


def _overlap_add(layer: LayerRecord, inner: _Inner) -> Type:
    name = "SpreadOverlapAdd" if layer.options.get("spread") else "OverlapAdd"
    return Type(name, [*_options(layer, "hop"), *inner["layers"]])


def _block_control(layer: LayerRecord, inner: _Inner) -> Type:
    return Type("BlockControl", [*_options(layer, "block_size offset"), *inner["layers"]])


def _windowed(layer: LayerRecord, inner: _Inner) -> Type:
    return Type("Windowed", [*_options(layer, "window hop"), *inner["layers"]])


_HOLDERS: dict[str, Callable[[LayerRecord, _Inner], Type]] = {
    "residual": lambda layer, inner: Type("Residual", inner["layers"]),
    "gate": lambda layer, inner: Type("Gate", [*inner["activation"], *inner["gate"]]),
    "blend": lambda layer, inner: Type("Blend", [*inner["activation"], *inner["gate"]]),
    "mixin": lambda layer, inner: Type("Mixin", inner["layers"]),
    "film": _film,
    "conditioned_by": _conditioned_by,
    "residual_skip": _residual_skip,
    "along_features": lambda layer, inner: Type(
        "AlongFeatures", [*_options(layer, "features"), *inner["layers"]]
    ),
    "per_feature": lambda layer, inner: Type(
        "PerFeature", [*_options(layer, "features"), *inner["layers"]]
    ),
    "overlap_add": _overlap_add,
    "block_control": _block_control,
    "tfilm": _tfilm,
    "windowed": _windowed,
}
