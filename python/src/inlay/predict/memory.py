"""Bytes of a network type's weights and of one state. `ModelT::weight_bytes` and `state_bytes` are exact."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..format import Chain, LayerRecord
from ..format.records import CONVOLUTIONS_2D
from ..inspect.analysis import LayerAnalysis, analyse, chains_within, frames_after
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
    copies = [1]  # of the states of the layers at each depth
    for layer in analyse(layers).layers:
        del copies[layer.depth + 1 :]
        each = layer.record.integer("features") if layer.record.type == "per_feature" else 1
        copies.append(each * copies[-1])
        of_weights, of_state = _of_layer(layer, lanes, layout)
        weights += of_weights
        state += copies[layer.depth] * of_state
    ends = layers[0].channels_in + layers[-1].channels_out
    return _FLOAT * weights, _FLOAT * (state + layout.tile * (ends + _rows(layers, layout)))


def _of_layer(layer: LayerAnalysis, lanes: int, layout: _Layout) -> tuple[float, float]:
    """Values of the weights of a layer, and of its state, without those of layers within it."""
    kind, out = layer.record.type, layer.record.channels_out
    if is_fir(layer.record):
        of_weights, of_state = fir_values(int(layer.record.options["kernel_size"]))
        return of_weights + layout.line, of_state + layout.line
    weights = state = 0.0
    if kind in _OF_LAYER:
        weights, state = _OF_LAYER[kind](layer.record, lanes)
    elif layer.record.tensors and layer.traits.macs:
        gates = GATES.get(kind, 1)
        positions = layer.record.features_out if kind in CONVOLUTIONS_2D else 1
        columns = layer.traits.macs / (gates * out)
        weights = (columns + 1) * gates * padded(out // positions, lanes) + layout.line
    if kind in _STATES:
        state += _STATES[kind] * padded(out, lanes)
    if kind in _PAST:
        state += _PAST[kind](layer, layout)
    return weights, state


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


def _transform(layer: LayerRecord, lanes: int) -> tuple[float, float]:
    """A window, and the factors of include/inlay/core/real_fft.hpp."""
    samples = layer.integer("samples")
    return _line(samples) + _line(_twiddles(samples // 2) + samples + 2) + 16, 0


def _twiddles(points: int) -> int:
    """As `FFTPasses::table_size` of include/inlay/core/fft.hpp."""
    bits = (points & -points).bit_length() - 1
    evens, fours = (bits + 2) // 3, -bits % 3
    radices = [8] * (evens - fours) + [4] * fours
    for prime in (3, 5):
        rest = points
        while rest % prime == 0:
            radices.append(prime)
            rest //= prime
    size, rest = 0, points
    for radix in radices[:-1]:
        rest //= radix
        size += 2 * (radix - 1) * rest
    return size


def _overlap_add(layer: LayerRecord, lanes: int) -> tuple[float, float]:
    return 0, _line(layer.integer("window")) + _line(_made(layer)) + 16


def _block_controls(layer: LayerRecord, lanes: int) -> tuple[float, float]:
    return 0, _line(layer.channels_in) + _line(_made(layer)) + 16


def _made(layer: LayerRecord) -> int:
    """The outputs of the chain that a combinator holds."""
    return layer.chains["layers"][0][-1].channels_out


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
    **dict.fromkeys(("rfft", "irfft"), _transform),
    "overlap_add": _overlap_add,
    **dict.fromkeys(("block_control", "tfilm"), _block_controls),
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


def _past_of_conv1d(layer: LayerAnalysis, layout: _Layout) -> int:
    channels = layer.record.channels_in
    unbroken = channels == layer.record.options.get("groups", 1)
    return _history(channels, (layer.traits.receptive_field or 1) - 1, layout, unbroken)


def _past_of_conv2d(layer: LayerAnalysis, layout: _Layout) -> int:
    """Frames with zeros at the ends of their features, which have memory of their own."""
    features, stride = layer.record.integer("features"), layer.record.integer("stride")
    span = layer.record.integer("kernel_size_features")
    zeros = max(0, (layer.record.features_out - 1) * stride + span - features)
    size = layer.record.channels_in // features * (features + zeros)
    past = _history(size, (layer.traits.receptive_field or 1) - 1, layout, False)
    return past + (_up(size, layout.line) + size * layout.tile if zeros else 0)


def _past(option: str, beside: int) -> Callable[[LayerAnalysis, _Layout], int]:
    """The past of a layer that keeps as many frames as an option says, less those `beside`."""

    def kept(layer: LayerAnalysis, layout: _Layout) -> int:
        past = layer.record.integer(option) - beside
        return _history(layer.record.channels_in, past, layout, False)

    return kept


#: Values of the past frames that a layer keeps.
_PAST: Mapping[str, Callable[[LayerAnalysis, _Layout], int]] = {
    "conv1d": _past_of_conv1d,
    **dict.fromkeys(CONVOLUTIONS_2D, _past_of_conv2d),
    "delay": _past("frames", 0),
    "tfilm": _past("block_size", 1),
    "windowed": _past("window", 1),
}

#: Layers that are not computed in place.
_NOT_IN_PLACE = set("dense conv1d conv2d depthwise_conv2d conv_transpose1d lstm gru rnn".split())
_NOT_IN_PLACE |= set("projected_lstm min_gru lru slice pad upsample_nearest upsample_linear".split())
_NOT_IN_PLACE |= set("rfft irfft magnitude gather".split())
_RESULT = -1
#: Combinators that need no buffer of their own beside those of their layers.
_NO_BUFFER = "conditioned_by", "residual", "gate", "concat", "block_control", "tfilm"


def _scratch(layer: LayerRecord, layout: _Layout) -> float:
    """Rows that a layer needs for its own products."""
    if layer.type == "s6":
        return layer.channels_in + layer.integer("rank") + 2 * layer.integer("states")
    if layer.type in ("rfft", "irfft"):
        samples = layer.integer("samples")
        return (3 * samples + 2 * _up(samples // 2 + 1, layout.line)) / layout.tile
    if layer.type == "windowed":
        return _rows_of_a_window(layer, layout)
    if layer.chains:
        return _buffer(layer, layout) + max(
            (_rows(each, layout) for _, each in chains_within(layer, "")), default=0
        )
    return 2 * layer.channels_out if layer.type == "min_gru" else 0


def _buffer(layer: LayerRecord, layout: _Layout) -> float:
    """Rows that a combinator needs beside its layers."""
    if layer.type == "overlap_add":
        return _up(_made(layer), layout.line) / layout.tile
    if layer.type in ("along_features", "per_feature"):
        ends = layer.channels_in, layer.channels_out
        values = [each // layer.integer("features") for each in ends]
        if layer.type == "along_features":
            return sum(values)
        return sum(_up(each, layout.line) for each in values) / layout.tile
    return 0 if layer.type in _NO_BUFFER else layer.channels_out


def _rows_of_a_window(layer: LayerRecord, layout: _Layout) -> float:
    """Rows of two buffers of the whole window, of a tile, and of what a layer needs."""
    chain, frames = layer.chains["layers"][0], layer.integer("window")
    room = layer.channels_in * _up(frames, layout.tile)
    for each in chain:
        frames = frames_after(each, frames)
        room = max(room, each.channels_out * _up(frames, layout.tile))
    widest = max(each.channels_out for each in chain)
    return 2 * room / layout.tile + widest + max(_scratch(each, layout) for each in chain)


def _rows(chain: Sequence[LayerRecord], layout: _Layout) -> float:
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
    return sum(sizes.values()) + max(_scratch(layer, layout) for layer in chain)
