"""Bytes of a network type's weights and of one state. `ModelT::weight_bytes` and `state_bytes` are exact."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..format import Chain, LayerRecord
from ..inspect.analysis import analyse, chains_within
from ..inspect.fir import fir_values, is_fir
from .features import GATES
from .registers import padded

_FLOAT = 4
#: Values per unit of a recurrent layer's state: the hidden state twice, and an LSTM's cell.
_STATES = {"lstm": 3, "gru": 2, "rnn": 2}


@dataclass(frozen=True)
class _Layout:
    """How the states of a machine lie in memory."""

    tile: int
    """Frames of a tile, `inlay::tile_frames`."""
    line: int
    """Floats that memory is aligned to, `inlay::alignment`."""


def memory(layers: Chain, lanes: int, tile: int | None = None) -> tuple[float, float]:
    """Weights and state in bytes, about: nine of ten networks within 10%, or 1 KB.

    Args:
        lanes: floats in the machine's widest register. 1 stands for a microcontroller.
        tile: frames of a tile, INLAY_TILE_FRAMES; default: the machine's.
    """
    layout = _Layout(tile or 16, 4) if lanes == 1 else _Layout(tile or 64, 16)
    weights = state = 0.0
    for layer in analyse(layers).layers:
        kind, out = layer.record.type, layer.record.channels_out
        rows = padded(out, lanes)
        if is_fir(layer.record):
            of_weights, of_state = fir_values(int(layer.record.options["kernel_size"]))
            weights += of_weights + layout.line
            state += of_state + layout.line
            continue
        if kind in _OF_LAYER:
            of_weights, of_state = _OF_LAYER[kind](layer.record, lanes)
            weights += of_weights
            state += of_state
        elif layer.record.tensors and layer.traits.macs:
            gates = GATES.get(kind, 1)
            columns = layer.traits.macs / (gates * out)
            weights += (columns + 1) * gates * rows + layout.line
        if kind in _STATES:
            state += _STATES[kind] * rows
        elif kind == "conv1d":
            channels = layer.record.channels_in
            past = (layer.traits.receptive_field or 1) - 1
            unbroken = channels == layer.record.options.get("groups", 1)
            state += _history(channels, past, layout, unbroken)
    ends = layers[0].channels_in + layers[-1].channels_out
    return _FLOAT * weights, _FLOAT * (state + layout.tile * (ends + _rows(layers)))


def _line(count: int) -> int:
    """Floats of an array of its own, which begins at a cache line."""
    return _up(count, 16)


def _norm(layer: LayerRecord, lanes: int) -> tuple[float, float]:
    return (1 if layer.type == "rms_norm" else 2) * _line(layer.channels_in) + 16, 0


def _s4d(layer: LayerRecord, lanes: int) -> tuple[float, float]:
    channels, states = layer.channels_in, layer.integer("states")
    of_channels, of_states = padded(channels, lanes) * states, channels * padded(states, lanes)
    registers = min(of_channels, of_states)
    return _line(5 * registers + padded(channels, lanes)) + 16, _line(2 * registers)


def _lru(layer: LayerRecord, lanes: int) -> tuple[float, float]:
    inputs, states = layer.channels_in, layer.integer("states")
    of_states, of_outputs = padded(states, lanes), padded(layer.channels_out, lanes)
    weights = (2 * inputs + 3) * of_states + (2 * states + inputs) * of_outputs
    return _line(weights) + 16, 2 * _line(of_states) + _line(of_outputs)


def _s6(layer: LayerRecord, lanes: int) -> tuple[float, float]:
    channels, states = layer.channels_in, layer.integer("states")
    rank, rows = layer.integer("rank"), padded(layer.channels_in, lanes)
    made = rank + 2 * states
    weights = _line((channels + 1) * padded(made, lanes)) + _line((rank + 2) * rows) + _line(rows * states)
    return weights + 32, _line(rows * states)


def _min_gru(layer: LayerRecord, lanes: int) -> tuple[float, float]:
    out = layer.channels_out
    return (layer.channels_in + 1) * padded(2 * out, lanes), padded(out, lanes)


def _sections(layer: LayerRecord, lanes: int) -> tuple[float, float]:
    if layer.type == "biquad":  # of double precision, each twice
        sections = layer.channels_in * layer.integer("sections")
        return 2 * _line(2 * 5 * sections), _line(2 * 2 * sections)
    bands = layer.integer("bands")
    return 0, _line(2 * 5 * bands) + _line(2 * 2 * layer.channels_in * bands)


def _one_pole(layer: LayerRecord, lanes: int) -> tuple[float, float]:
    return 2 * _line(2 * layer.channels_in), _line(2 * layer.channels_in)


def _table_shaper(layer: LayerRecord, lanes: int) -> tuple[float, float]:
    return _line(layer.integer("points")) + _line(4 * layer.integer("points")), 0


#: Values of four bytes of the weights and of the state.
_OF_LAYER: Mapping[str, Callable[[LayerRecord, int], tuple[float, float]]] = {
    "s4d": _s4d,
    "lru": _lru,
    "s6": _s6,
    "min_gru": _min_gru,
    "biquad": _sections,
    "parametric_equalizer": _sections,
    "one_pole": _one_pole,
    "table_shaper": _table_shaper,
    **dict.fromkeys(("layer_norm", "rms_norm", "group_norm", "cumulative_norm"), _norm),
}


def _up(count: int, unit: int) -> int:
    return math.ceil(count / unit) * unit


def _history(channels: int, past: int, layout: _Layout, unbroken: bool) -> int:
    """What include/inlay/core/history.hpp keeps of a signal. `unbroken`: its type is `Unbroken`."""
    if past == 0:
        return 0
    tile, line = layout.tile, layout.line
    if past > tile:
        ring = _up(past, tile) + tile
        return channels * (ring + (ring if unbroken else 0) + tile + line)
    frame = 1 if channels == 1 else _up(channels, line)
    return channels * (_up(past, line) + tile + line) + 2 * (past + 1) * frame


#: Layers that are not computed in place.
_NOT_IN_PLACE = set("dense conv1d conv2d depthwise_conv2d conv_transpose1d lstm gru rnn".split())
_NOT_IN_PLACE |= set("projected_lstm min_gru lru slice pad upsample_nearest upsample_linear".split())
_RESULT = -1
#: Combinators that need no buffer of their own beside those of their layers.
_NO_BUFFER = "conditioned_by", "residual", "gate"


def _scratch(layer: LayerRecord) -> int:
    """Rows that a layer needs for its own products."""
    if layer.type == "s6":
        return layer.channels_in + layer.integer("rank") + 2 * layer.integer("states")
    return 2 * layer.channels_out if layer.type == "min_gru" else 0


def _rows(chain: Sequence[LayerRecord]) -> int:
    """Rows of scratch memory: the buffers of a chain, and what the layer in it takes that needs most.

    A layer writes to one of two buffers, and the last one to the chain's result. See
    include/inlay/combinators/chain_buffers.hpp.
    """
    buffer, sizes = _RESULT, {_RESULT: 0, 0: 0, 1: 0}
    for layer, after in reversed(list(zip(chain, chain[1:]))):
        if (after.type in _NOT_IN_PLACE and not is_fir(after)) or after.chains:
            buffer = 1 if buffer == 0 else 0
        if buffer != _RESULT:
            sizes[buffer] = max(sizes[buffer], layer.channels_out)
    inner = [
        layer.channels_out * (layer.type not in _NO_BUFFER)
        + max((_rows(each) for _, each in chains_within(layer, "")), default=0)
        for layer in chain
        if layer.chains
    ] + [_scratch(layer) for layer in chain]
    return sum(sizes.values()) + max(inner, default=0)
