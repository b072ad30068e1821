"""The work of a network in numbers, which a machine's table turns into time.

Each number is the sum over the layers of a kind: how many there are, how many registers their outputs
take, and how many registers of weights are multiplied. `include/inlay/predict.hpp` has the same for types.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..errors import ExportError
from ..inspect.analysis import LayerAnalysis
from ..inspect.fir import fft_macs, fir_macs, is_fir

#: What a layer costs depends on its kind.
_KINDS = {
    "dense": "dense",
    "conv1d": "conv",
    "conv2d": "conv",
    "depthwise_conv2d": "conv",
    "conv_transpose1d": "conv",
    "lstm": "lstm",
    "projected_lstm": "lstm",
    "gru": "gru",
    "rnn": "rnn",
    **{
        name: name for name in "tanh sigmoid silu elu softplus gelu gelu_tanh softmax snake".split()
    },
    **dict.fromkeys("softsign fast_tanh rational sqrt".split(), "quotient"),
    **dict.fromkeys("layer_norm rms_norm group_norm cumulative_norm".split(), "quotient"),
    **dict.fromkeys(("mish", "exp"), "silu"),
    "selu": "elu",
    "db_to_amplitude": "silu",
    "amplitude_to_db": "softplus",
    "gain_computer": "line",
    "sine": "snake",
    **dict.fromkeys("relu leaky_relu prelu hardtanh leaky_hardtanh scale".split(), "line"),
    **dict.fromkeys("hard_sigmoid hard_sigmoid_keras2 hardswish".split(), "line"),
    **dict.fromkeys("batchnorm1d batchnorm2d affine periodic_gain abs square".split(), "line"),
    **dict.fromkeys(("complex_product", "magnitude"), "line"),
    **dict.fromkeys("identity time_pad gather slice pad delay silent_until append_condition".split(), "copy"),
    **dict.fromkeys("max_pool1d avg_pool1d upsample_nearest upsample_linear".split(), "copy"),
    **dict.fromkeys("residual parallel concat split gate blend mixin film".split(), "join"),
    **dict.fromkeys("conditioned_by residual_skip windowed".split(), "join"),
    **dict.fromkeys(("overlap_add", "along_features", "per_feature", "block_control", "tfilm"), "join"),
}
_UNPRICED = ("s4d", "lru", "s6", "biquad", "one_pole", "parametric_equalizer", "table_shaper")
GATES = {"lstm": 4, "gru": 3}
#: Divisions and square roots of a frame, or of each group of its channels, which wait for one another.
_QUOTIENTS = {"layer_norm": 4, "group_norm": 4, "rms_norm": 3, "cumulative_norm": 5}
RECURRENT = ("lstm", "gru", "rnn")
#: Frames of these layers do not overlap.
_WAITING = (*RECURRENT, "fir", "fft")
#: A frame finds what it reads in the first cache if all of it has fewer bytes; of this many more, nothing.
_CACHE, _BEYOND = 28 * 1024, 16 * 1024
_LINE = 64  # bytes
#: Frames of the longest history that is stored frame by frame, `inlay::tile_frames`.
_TILE = 64


def features(layers: Iterable[LayerAnalysis], lanes: int, buffers: bool) -> dict[str, float]:
    """The numbers of a network for registers of `lanes` floats, in frames or in buffers."""
    found: dict[str, float] = defaultdict(float, call=1)
    frame = _Memory()
    for layer in layers:
        if layer.record.type == "sequential":
            continue
        if layer.record.type in _UNPRICED:
            raise ExportError(
                f"{layer.place} ({layer.record.type}): no machine's table has its price; time the"
                " network, or this layer with bench/layers"
            )
        kind = _KINDS.get(layer.record.type, "dense")
        often = float(layer.per_frame)
        if is_fir(layer.record):
            fft = fft_macs(layer.traits.macs)
            found["fir layers"] += often
            found["fir products"] += often * (fir_macs(layer.traits.macs) - fft) / lanes
            found["fft products"] += often * fft / lanes
            continue
        # Lanes are frames, of four outputs.
        tiles = buffers and kind not in RECURRENT and lanes > 1
        out = layer.record.channels_out
        registers = out / 4 if tiles else math.ceil(out / lanes)
        found[f"{kind} layers"] += often
        found[f"{kind} registers"] += often * registers
        if layer.record.type == "min_gru":
            found["sigmoid layers"] += often
            found["sigmoid registers"] += often * registers
        if layer.record.type in _QUOTIENTS and not tiles:
            chains = _QUOTIENTS[layer.record.type] * int(layer.record.options.get("groups", 1))
            found[f"{kind} layers"] += often * (chains - 1)
        if kind in RECURRENT:  # two registers of gates may take no longer than one
            found[f"{kind} further"] += often * max(0, registers - 2)
        if layer.record.type == "residual_skip" and out // 2 % 4:
            found["join straddles"] += often
        if kind in ("dense", "conv", *RECURRENT):
            gates = GATES.get(kind, 1)
            columns = layer.traits.macs / (gates * out)
            whole = 4 * math.ceil(out / 4) / lanes if tiles else gates * registers
            found[f"{kind} products"] += often * columns * whole
            found[f"{kind} columns"] += often * columns
            if not tiles:
                chained = out if kind in RECURRENT else columns
                found[f"{kind} chain"] += often * chained / _sums(chained, out, gates, lanes)
            if kind == "conv":
                found["conv taps"] += often * columns / layer.record.channels_in
            of_layer = 4 * often * columns * gates * padded(out, lanes)
            if not buffers:
                frame.add(of_layer, of_layer)
                if kind == "conv":
                    frame.add(*_history(layer, columns / layer.record.channels_in))
            elif kind in RECURRENT:  # a layer computes a whole buffer before the next one does
                found["cache lines"] += _Memory(of_layer, of_layer).missed_lines()
    if not buffers:
        found["cache lines"] += frame.missed_lines()
    if lanes == 1:  # a microcontroller, whose memory is as fast as a cache
        found["cache lines"] = 0
    return found


def time_of(
    units: Mapping[str, float], coefficients: Mapping[str, float], overlap: float = 0
) -> float:
    """The time of a network from its features and a machine's price for each of them.

    A processor starts a frame before the last one is done. Of t nanoseconds of work that do not wait for the last
    frame, as recurrent layers and long filters do, t^2 / (t + overlap) remain.
    """
    waiting = other = 0.0
    for name, count in units.items():
        price = coefficients.get(name, 0) * count
        if name.split()[0] in _WAITING:
            waiting += price
        else:
            other += price
    return waiting + (other * other / (other + overlap) if other else 0)


def padded(rows: int, lanes: int) -> int:
    """Rows of a matrix, padded to whole registers of the size that its kernel chooses."""
    unit = _unit(rows, lanes)
    return math.ceil(rows / unit) * unit


def _unit(rows: int, lanes: int) -> int:
    return 1 if lanes == 1 else min(lanes, max(4, 1 << (rows - 1).bit_length()))


def _sums(columns: float, out: int, gates: int, lanes: int) -> int:
    """Sums of an output that grow side by side, as in include/inlay/core/panel_accumulator.hpp."""
    if lanes == 1 or columns < 8:
        return 1
    units = math.ceil(out / _unit(out, lanes))
    widest = 12 // (2 if gates == 1 else gates)
    of_panel = gates * math.ceil(units / math.ceil(units / widest))
    return min(4, max(1, (8 + (of_panel - 1 if gates == 1 else 0)) // of_panel))


@dataclass
class _Memory:
    """Bytes that frames use one after the other, and how many of them each frame reads."""

    size: float = 0
    read: float = 0

    def add(self, size: float, read: float) -> None:
        self.size += size
        self.read += read

    def missed_lines(self) -> float:
        """Cache lines that a frame does not find in the first cache."""
        return self.read / _LINE * min(1, max(0, (self.size - _CACHE) / _BEYOND))


def _history(layer: LayerAnalysis, taps: float) -> tuple[float, float]:
    """The bytes of a convolution's past that frames use, and that each frame reads."""
    channels, past = layer.record.channels_in, (layer.traits.receptive_field or 1) - 1
    if past > _TILE:  # each channel has cache lines of its own
        return _LINE * channels * (taps + 1), _LINE * channels * taps
    frame = _LINE * math.ceil(4 * channels / _LINE)
    return 2 * (past + 1) * frame if past else 0, frame * taps
