"""The work of a network in numbers, which a machine's table turns into time.

Each number is the sum over the layers of a kind: how many there are, how many registers their outputs
take, and how many registers of weights are multiplied. `include/inlay/predict.hpp` has the same for types.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

from ..inspect.analysis import LayerAnalysis

#: What a layer costs depends on its kind.
_KINDS = {
    "dense": "dense",
    "conv1d": "conv",
    "conv2d": "conv",
    "conv_transpose1d": "conv",
    "lstm": "lstm",
    "gru": "gru",
    "rnn": "rnn",
    **{
        name: name for name in "tanh sigmoid silu elu softplus gelu gelu_tanh softmax snake".split()
    },
    **dict.fromkeys(("softsign", "fast_tanh"), "quotient"),
    **dict.fromkeys("relu leaky_relu prelu hardtanh leaky_hardtanh scale".split(), "line"),
    **dict.fromkeys("hard_sigmoid hard_sigmoid_keras2 hardswish".split(), "line"),
    **dict.fromkeys("batchnorm1d batchnorm2d".split(), "line"),
    **dict.fromkeys(
        "identity time_pad slice pad delay append_condition max_pool1d avg_pool1d".split(), "copy"
    ),
    **dict.fromkeys("residual parallel concat split gate blend mixin film".split(), "join"),
    **dict.fromkeys("conditioned_by residual_skip windowed".split(), "join"),
}
GATES = {"lstm": 4, "gru": 3}
RECURRENT = ("lstm", "gru", "rnn")
#: Weights of fewer bytes stay in the first cache; of this many more, none of them does.
_CACHE, _BEYOND = 28 * 1024, 8 * 1024


def features(layers: Iterable[LayerAnalysis], lanes: int, buffers: bool) -> dict[str, float]:
    """The numbers of a network for registers of `lanes` floats, in frames or in buffers."""
    found: dict[str, float] = defaultdict(float, call=1)
    weights = 0.0
    for layer in layers:
        if layer.record.type == "sequential":
            continue
        kind = _KINDS.get(layer.record.type, "dense")
        often = float(layer.per_frame)
        out = layer.record.channels_out
        registers = out / 4 if buffers and kind not in RECURRENT else math.ceil(out / lanes)
        found[f"{kind} layers"] += often
        found[f"{kind} registers"] += often * registers
        if kind in ("dense", "conv", *RECURRENT):
            columns = layer.traits.macs / (GATES.get(kind, 1) * out)
            found[f"{kind} products"] += often * _products(layer, kind, lanes, buffers)
            found[f"{kind} columns"] += often * columns
            if kind == "conv":
                found["conv taps"] += often * columns / layer.record.channels_in
            of_layer = 4 * often * columns * GATES.get(kind, 1) * padded(out, lanes)
            if not buffers:
                weights += of_layer
            elif kind in RECURRENT:  # a layer computes a whole buffer before the next one does
                found["cache lines"] += _missed(of_layer)
    found["cache lines"] += _missed(weights)
    return found


def time_of(units: Mapping[str, float], coefficients: Mapping[str, float]) -> float:
    """The time of a network from its features and a machine's price for each of them."""
    return sum(coefficients.get(name, 0) * count for name, count in units.items())


def _missed(weights: float) -> float:
    """The cache lines of weights that a frame does not find in the first cache, from their size in bytes."""
    return weights / 64 * min(1, max(0, (weights - _CACHE) / _BEYOND))


def padded(rows: int, lanes: int) -> int:
    """Rows of a matrix, padded to whole registers of the size that its kernel chooses."""
    unit = 1 if lanes == 1 else min(lanes, max(4, 1 << (rows - 1).bit_length()))
    return math.ceil(rows / unit) * unit


def _products(layer: LayerAnalysis, kind: str, lanes: int, buffers: bool) -> float:
    gates, out = GATES.get(kind, 1), layer.record.channels_out
    columns = layer.traits.macs / (gates * out)
    if buffers and kind not in RECURRENT:
        return columns * 4 * math.ceil(out / 4) / lanes
    return columns * gates * math.ceil(out / lanes)
