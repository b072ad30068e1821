"""The work of a network in numbers, which a machine's table turns into time.

Each number is the sum over the layers of a kind: how many there are, how many registers their outputs
take, and how many registers of weights are multiplied. `include/inlay/predict.hpp` has the same for types.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from ..format.records import CONVOLUTIONS_2D
from ..inspect.analysis import LayerAnalysis
from ..inspect.fir import fft_macs, fir_macs, is_fir
from .inner_calls import INNER_CALLS
from .own_features import OWN_FEATURES
from .registers import padded, panels, sums

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
        name: name
        for name in "tanh sigmoid silu elu softplus gelu gelu_tanh softmax snake sine mish exp".split()
    },
    **dict.fromkeys("softsign fast_tanh rational sqrt".split(), "quotient"),
    **dict.fromkeys("layer_norm rms_norm group_norm cumulative_norm".split(), "norm"),
    **{name: name for name in "min_gru s4d lru s6 one_pole table_shaper".split()},
    **dict.fromkeys(("biquad", "parametric_equalizer"), "biquad"),
    "selu": "elu",
    "db_to_amplitude": "exp",
    "amplitude_to_db": "log",
    "gain_computer": "line",
    **dict.fromkeys("relu leaky_relu prelu hardtanh leaky_hardtanh scale".split(), "line"),
    **dict.fromkeys("hard_sigmoid hard_sigmoid_keras2 hardswish".split(), "line"),
    **dict.fromkeys("batchnorm1d batchnorm2d affine periodic_gain abs square".split(), "line"),
    **dict.fromkeys(("complex_product", "magnitude"), "line"),
    **dict.fromkeys("identity time_pad gather slice pad delay silent_until append_condition".split(), "copy"),
    **dict.fromkeys("max_pool1d avg_pool1d upsample_nearest upsample_linear".split(), "copy"),
    **dict.fromkeys("residual parallel concat split gate blend mixin film".split(), "join"),
    **dict.fromkeys("conditioned_by residual_skip".split(), "join"),
}
GATES = {"lstm": 4, "gru": 3}
#: Divisions and square roots that wait for one another. Groups of channels do not.
_QUOTIENTS = {"layer_norm": 4, "group_norm": 4, "rms_norm": 3, "cumulative_norm": 5}
RECURRENT = ("lstm", "gru", "rnn")
#: Multiply-adds that a processor does while one of them waits for another. What exceeds them takes time of its own.
_WHILE_ONE_WAITS = 8
#: A Fourier transform takes as long as so many times its multiply-adds in a dense layer, beside its moved samples.
_OF_FFT = 5
#: A frame of one of these layers waits for the last frame of it.
WAITING = (*RECURRENT, "biquad", "fir", "fft")
#: The part of such a layer's time that waits: the rest is done while others wait.
WAITS = 0.8
#: A frame finds what it reads in the first cache if all of it has fewer bytes; of this many more, nothing.
_CACHE, _BEYOND = 28 * 1024, 20 * 1024
_LINE = 64  # bytes
#: Bytes that are read for each product of a register and lane: weights and states.
_BYTES_OF_PRODUCT = {"s4d": 28, "lru": 4, "s6": 8}
#: Layers that store their values one by one, and layers that read registers of values, which wait for
#: such stores. "copy" stands for the network's input, the values of which are stored one by one.
_STORES_APART = ("copy", "biquad", "one_pole", "table_shaper")
_READS_REGISTERS = (
    "tanh sigmoid silu elu softplus gelu gelu_tanh softmax snake sine mish exp log quotient norm line".split()
)
#: Bytes of instructions of each layer of a type, and of each product of a register. Loops limit those of a product.
_CODE, _CODE_OF_PRODUCT, _MOST_OF_PRODUCT = 150, 14, 1000
#: Frames of the longest history that is stored frame by frame, `inlay::tile_frames`.
_TILE = 64


Numbers = dict[str, float]


def _none() -> Numbers:
    return defaultdict(float)


@dataclass
class Work:
    """The numbers of a network, by how its layers are called."""

    called: Numbers = field(default_factory=_none)
    """Those of layers that are called as the network is."""
    longest: Numbers = field(default_factory=_none)
    """Of these, those of one layer of `WAITING`: that of the most multiply-adds."""
    stalled: Numbers = field(default_factory=_none)
    """Of these, those of the first layer that waits for stores, and of all behind it."""
    frames: Numbers = field(default_factory=_none)
    """Those of layers within combinators that call them frame by frame, even in buffers."""
    tiles: Numbers = field(default_factory=_none)
    """Those of layers within combinators that call them in tiles, even frame by frame."""
    streams: Numbers = field(default_factory=_none)
    """Those of values that are transformed or moved frame by frame, none of which waits for another."""


def work(layers: Sequence[LayerAnalysis], lanes: int, buffers: bool) -> Work:
    """The numbers of a network for registers of `lanes` floats, called in frames or in buffers."""
    of_network = _Sum(lanes, buffers)
    of_network.add_all(layers, Fraction(1))
    of_network.finish(1)
    return of_network.work


class _Sum:
    """Adds up the numbers of layers."""

    def __init__(self, lanes: int, buffers: bool) -> None:
        self.lanes, self.buffers = lanes, buffers
        self.work = Work()
        self.found = self.work.called
        self.memory, self.code = _Memory(), _Memory()
        self.before = "copy"  # the kind of the last layer that computes
        self.waiting = False  # whether the layer that is added is `work.longest`
        self.most_macs = 0.0  # of the layers of `WAITING`
        self.stalled = False  # whether a layer waited for stores

    def finish(self, calls: float) -> None:
        """Completes the sum, when all layers were added, by `calls` of them and what the caches do not hold."""
        self.found["call"] = calls
        if not self.buffers:
            self.found["cache lines"] += self.memory.missed_lines(self.memory.read)
            self.found["past lines"] += self.memory.missed_lines(self.memory.past)
            self.found["code lines"] += self.code.missed_lines(self.code.read)
        if self.lanes == 1:  # a microcontroller, whose memory is as fast as a cache
            for name in ("cache lines", "past lines", "code lines"):
                self.found[name] = 0

    def add_all(self, layers: Sequence[LayerAnalysis], often: Fraction) -> None:
        """Adds layers, each before those within it. They are `often` per frame of the model's input."""
        index = 0
        while index < len(layers):
            layer, index = layers[index], index + 1
            if layer.record.type in INNER_CALLS:
                within = index
                while index < len(layers) and layers[index].depth > layer.depth:
                    index += 1
                self._add_calls(layer, layers[within:index], layer.per_frame / often)
            elif layer.record.type != "sequential":
                self.add(layer, float(layer.per_frame / often))

    def _add_calls(
        self, layer: LayerAnalysis, within: Sequence[LayerAnalysis], often: Fraction
    ) -> None:
        """Adds a combinator of `INNER_CALLS` and the layers within it."""
        self.waiting = False
        calls = INNER_CALLS[layer.record.type](layer, within)
        run = _Sum(self.lanes, self.buffers if calls.tiles is None else calls.tiles)
        run.before = "join"
        run.add_all(within, layer.per_frame * calls.runs)
        times = float(often * calls.runs)
        if calls.tiles is None:
            self.memory.add(run.memory.size, times * run.memory.read, times * run.memory.past)
            self.code.add(run.code.size, times * run.code.read)
            self._add_numbers(self.found, run.found, times)
            if times * run.most_macs > self.most_macs:
                self.most_macs, self.work.longest = times * run.most_macs, _none()
                self._add_numbers(self.work.longest, run.work.longest, times)
        else:
            run.finish(_TILE * math.ceil(calls.frames / _TILE) if calls.tiles else 1)
            kept = self.work.tiles if calls.tiles else self.work.frames
            self._add_numbers(kept, run.found, times)
        self._add_numbers(self.work.frames, run.work.frames, times)
        self._add_numbers(self.work.tiles, run.work.tiles, times)
        self._add_numbers(self.work.streams, run.work.streams, times)
        self._count("join", float(often), layers=1)
        if self._tiles("join"):
            self._count("join", float(often), registers=calls.moved / 4)
        else:
            self.work.streams["copy registers"] += float(often) * calls.moved
        self.work.streams["copy registers"] += times * (calls.copied + calls.shifted / self.lanes)

    @staticmethod
    def _add_numbers(to: Numbers, more: Numbers, often: float) -> None:
        for name, number in more.items():
            to[name] += often * number

    def add(self, layer: LayerAnalysis, often: float) -> None:
        """Adds a layer, which runs `often` times per frame of the model's input."""
        kind, macs = _KINDS.get(layer.record.type, "dense"), layer.traits.macs
        out = layer.record.channels_out
        if is_fir(layer.record):
            kind = "fir"
        elif kind == "dense" and out <= 4 < self.lanes and not self.buffers:
            kind = "narrow"
        self.waiting = kind in WAITING and often * macs > self.most_macs
        if self.waiting:
            self.most_macs, self.work.longest = often * macs, _none()
        if layer.record.type != "identity":
            self.code.add(_CODE, often * _CODE)
        if self.before in _STORES_APART and kind in _READS_REGISTERS and out > 1 and out % 4:
            if not self.buffers:
                self.stalled = True
                self._count(self.before, often, straddles=1)
        if kind not in ("join", "copy"):
            self.before = kind
        if kind == "fir":
            of_fft = fft_macs(macs)
            self._count(kind, often, layers=1, products=(fir_macs(macs) - of_fft) / self.lanes)
            self._count("fft", often, products=of_fft / self.lanes)
        elif kind in OWN_FEATURES:
            numbers = OWN_FEATURES[kind](layer, self.lanes)
            self._count(kind, often, layers=1, **numbers)
            if kind in _BYTES_OF_PRODUCT and not self.buffers:
                of_layer = _BYTES_OF_PRODUCT[kind] * self.lanes * numbers["products"]
                self.memory.add(of_layer, often * of_layer)
            if kind == "s6":
                self._add_projections(layer, often)
        elif kind == "min_gru":
            self._product("dense", 2 * out, macs / (2 * out), often)
            self._values("sigmoid", out, often)
            self._values("min_gru", out, often)
        elif layer.record.type in ("rfft", "irfft"):
            products = often * _OF_FFT * macs / self.lanes
            self.work.streams["dense products"] += products
            self.work.streams["dense excess"] += products / _WHILE_ONE_WAITS
            self.work.streams["copy registers"] += often * layer.record.integer("samples")
        elif kind in ("dense", "narrow", "conv", *RECURRENT):
            columns = macs / (GATES.get(kind, 1) * out)
            positions = layer.record.features_out if layer.record.type in CONVOLUTIONS_2D else 1
            self._products(kind, out, columns, positions, often)
            if kind == "conv":
                taps = columns / layer.record.channels_in
                self._count(kind, often, taps=taps)
                if not self.buffers:
                    self._add_past(layer.record.channels_in, layer.traits.receptive_field, taps)
        elif layer.record.type == "delay" and not self.buffers:
            self._count(kind, often, layers=1, registers=out)
        else:
            self._values(kind, out, often)
            if layer.record.type in _QUOTIENTS and not self.buffers:
                groups = int(layer.record.options.get("groups", 1))
                self._count(kind, often, columns=groups, chain=_QUOTIENTS[layer.record.type])
            if layer.record.type == "residual_skip" and out // 2 % 4:
                self._count(kind, often, straddles=1)

    def _count(self, kind: str, often: float, **numbers: float) -> None:
        for name, count in numbers.items():
            self.found[f"{kind} {name}"] += often * count
            if self.waiting:
                self.work.longest[f"{kind} {name}"] += often * count
            if self.stalled:
                self.work.stalled[f"{kind} {name}"] += often * count

    def _registers(self, kind: str, out: int) -> float:
        """Lanes are frames, of four outputs, in the buffers of layers that do not wait for their last output."""
        return out / 4 if self._tiles(kind) else math.ceil(out / self.lanes)

    def _tiles(self, kind: str) -> bool:
        return self.buffers and kind not in RECURRENT and self.lanes > 1

    def _values(self, kind: str, out: int, often: float) -> None:
        """Adds a layer that computes each of its values for itself."""
        self._count(kind, often, layers=1, registers=self._registers(kind, out))

    def _product(self, kind: str, out: int, columns: float, often: float) -> None:
        """Adds a product of `columns` values with the matrices of all gates."""
        gates, registers = GATES.get(kind, 1), self._registers(kind, out)
        self._values(kind, out, often)
        if kind in RECURRENT:  # two registers of gates may take no longer than one
            self._count(kind, often, further=max(0, registers - 2))
        if self._tiles(kind):
            products = columns * 4 * math.ceil(out / 4) / self.lanes
            self._count(kind, often, products=products, columns=columns)
        else:
            products = columns * gates * registers
            code = min(_MOST_OF_PRODUCT, _CODE_OF_PRODUCT * products)
            self.code.add(code, often * code)
            chained = out if kind in RECURRENT else columns
            beside = sums(chained, out, gates, self.lanes)
            read = columns * (panels(out, gates, self.lanes) if kind in RECURRENT else 1)
            self._count(kind, often, products=products, columns=read, chain=chained / beside)
            excess = max(0, products / _WHILE_ONE_WAITS - columns / beside)
            self._count(kind, often, excess=excess)
        of_layer = 4 * columns * gates * padded(out, self.lanes)
        if not self.buffers:
            self.memory.add(of_layer, often * of_layer)
        elif kind in RECURRENT:  # a layer computes a whole buffer before the next one does
            self.found["cache lines"] += _Memory(of_layer).missed_lines(often * of_layer)

    def _products(self, kind: str, out: int, columns: float, positions: int, often: float) -> None:
        """Adds a product for each position of a layer's outputs. None waits for another."""
        before = dict(self.found)
        self._product(kind, out // positions, columns, positions * often)
        if self._tiles(kind) or positions == 1:
            return
        for name, number in self.found.items():
            others = (number - before.get(name, 0)) * (positions - 1) / positions
            self.found[name] -= others
            self.work.streams[name] += others

    def _add_past(self, channels: int, receptive_field: int | None, taps: float) -> None:
        """Adds what a convolution reads of its past."""
        past = (receptive_field or 1) - 1
        if past > _TILE:  # each channel has cache lines of its own
            self.memory.add(_LINE * channels * taps, 0, _LINE * channels * taps)
        elif past:
            frames = _LINE * math.ceil(4 * channels / _LINE) * taps
            self.memory.add(frames, frames)

    def _add_projections(self, layer: LayerAnalysis, often: float) -> None:
        """Adds what an S6 computes from its input: the products and the softplus."""
        channels, rank = layer.record.channels_in, layer.record.integer("rank")
        self._product("dense", rank + 2 * layer.record.integer("states"), channels, often)
        self._product("dense", channels, rank, often)
        self._values("softplus", channels, often)


def time_of(
    work: Work,
    coefficients: Mapping[str, float],
    overlap: float = 0,
    instructions: Mapping[str, float] | None = None,
) -> float:
    """The time of a network that is called as its layers are, from a machine's prices for each of its numbers.

    `coefficients` give the time of a frame that waits for the one before. A processor does not wait: it looks ahead
    by `overlap` nanoseconds of instructions, so that of t nanoseconds t * i / (i + overlap) remain, where i is the
    time of the frame's instructions if none of them waited, by the prices of `instructions`. Without these, i is t.
    Three other things take time: the instructions, the layer that waits longest for the last frame, and what
    comes behind stores that are waited for, until which no other frame is done. They go on side by side,
    and the longest counts most: the result is the fourth root of the sum of their fourth powers.
    """
    latency = priced(work.called, coefficients)
    if not overlap:
        return latency
    issued = priced(work.called, instructions) if instructions else 0.0
    return together(
        latency * ahead(issued or latency, overlap),
        issued,
        WAITS * priced(work.longest, coefficients),
        priced(work.stalled, coefficients),
    )


def together(*times: float) -> float:
    """The time of what goes on side by side, the longest of which counts most."""
    return sum(time**4 for time in times) ** 0.25


def ahead(issued: float, overlap: float) -> float:
    """The part of a frame's time that remains if the processor looks `overlap` ahead, see `time_of`."""
    return issued / (issued + overlap) if overlap else 1.0


def priced(numbers: Mapping[str, float], coefficients: Mapping[str, float]) -> float:
    """The sum of the prices of all numbers."""
    return sum(count * coefficients.get(name, 0) for name, count in numbers.items())


@dataclass
class _Memory:
    """Bytes that frames use one after the other, and how many of them each frame reads."""

    size: float = 0
    read: float = 0
    past: float = 0
    """Bytes that are read of values that are stored by channel, frames apart."""

    def add(self, size: float, read: float, past: float = 0) -> None:
        self.size += size
        self.read += read
        self.past += past

    def missed_lines(self, read: float) -> float:
        """Cache lines, of so many bytes, that a frame does not find in the first cache."""
        return read / _LINE * min(1, max(0, (self.size - _CACHE) / _BEYOND))
