"""Bytes of a network type's weights and of one state. `ModelT::weight_bytes` and `state_bytes` are exact."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..format import Chain, LayerRecord
from ..inspect.analysis import analyse, chains_within
from ..inspect.fir import fir_values, is_fir
from .features import GATES, padded

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
    """Weights and state in bytes, about: nine of ten networks within 10%.

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
        if layer.record.tensors and layer.traits.macs:
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
_NOT_IN_PLACE = set("dense conv1d conv2d depthwise_conv2d conv_transpose1d lstm gru rnn slice pad".split())
_NOT_IN_PLACE |= set("projected_lstm min_gru upsample_nearest upsample_linear".split())
_RESULT = -1


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
        layer.channels_out * (layer.type != "conditioned_by")
        + max((_rows(each) for _, each in chains_within(layer, "")), default=0)
        for layer in chain
        if layer.chains
    ]
    return sum(sizes.values()) + max(inner, default=0)
