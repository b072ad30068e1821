"""Receptive field, rate, latency, parameters and cost of a network, as the C++ types state them.

Time is in frames of a layer's input. A `receptive_field` of None is unbounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce

from ..custom import LAYERS as CUSTOM_LAYERS
from ..custom import CustomLayer
from ..errors import ExportError
from ..format import Chain, LayerRecord

_BYTES_OF_A_FLOAT = 4


@dataclass(frozen=True)
class Traits:
    """The properties of a layer or of a chain."""

    receptive_field: int | None = 1
    """Input frames that an output frame depends on, the present one included."""
    warmup_frames: int = 0
    """The first frame whose output does not depend on the zeros before the start."""
    rate: Fraction = Fraction(1)
    """Output frames per input frame."""
    one_to_one: bool = True
    """False also for a chain that changes the rate and then restores it."""
    latency: int = 0
    """Frames by which the output is delayed."""
    condition_size: int = 0
    """Side channels."""
    parameters: int = 0
    macs: int = 0
    """Multiply-accumulates per input frame."""

    @property
    def weight_bytes(self) -> int:
        """The parameters in bytes as float32, without a backend's padding."""
        return _BYTES_OF_A_FLOAT * self.parameters


@dataclass(frozen=True)
class LayerAnalysis:
    """One layer and its place in the model, such as `layers[2].branches[0][1]`.

    `traits` are those of the layer alone; it runs `per_frame` times per frame of the model's input.
    """

    place: str
    depth: int
    record: LayerRecord
    traits: Traits
    per_frame: Fraction

    @property
    def macs(self) -> int:
        """Multiply-accumulates per frame of the model's input."""
        return int(self.traits.macs * self.per_frame)


@dataclass(frozen=True)
class Analysis(Traits):
    """The whole model and all of its layers, each before its inner layers."""

    layers: tuple[LayerAnalysis, ...] = ()


def analyse(layers: Chain) -> Analysis:
    """The properties of a network. Raises ExportError if its C++ type would not compile."""
    total = _chain(layers, "layers")
    return Analysis(**vars(total), layers=tuple(_walk(layers, "layers", 0, Fraction(1))))


def _walk(chain: Chain, place: str, depth: int, per_frame: Fraction) -> Iterator[LayerAnalysis]:
    """All layers of a chain, which runs `per_frame` times per frame of the model's input."""
    for index, layer in enumerate(chain):
        here = f"{place}[{index}]"
        traits = _layer(layer, here)
        yield LayerAnalysis(here, depth, layer, traits, per_frame)
        for where, inner in chains_within(layer, here):
            if layer.type == "windowed":
                yield from _walk_window(layer, where, depth + 1, per_frame)
            elif layer.type in ("overlap_add", "block_control", "tfilm"):
                frames = _int(layer, "hop" if layer.type == "overlap_add" else "block_size")
                yield from _walk(inner, where, depth + 1, per_frame / frames)
            elif layer.type in ("along_features", "per_feature"):
                yield from _walk(inner, where, depth + 1, per_frame * _int(layer, "features"))
            else:
                yield from _walk(inner, where, depth + 1, per_frame)
        per_frame *= traits.rate


def _walk_window(
    layer: LayerRecord, place: str, depth: int, per_frame: Fraction
) -> Iterator[LayerAnalysis]:
    chain = layer.chains["layers"][0]
    for index, frames in enumerate(_frames_of_a_window(layer, place)):
        often = per_frame * Fraction(frames, _int(layer, "hop"))
        (first, *inside) = _walk(chain[index : index + 1], place, depth, often)
        here = f"{place}[{index}]"
        yield replace(first, place=here)
        for within in inside:
            yield replace(within, place=here + within.place.removeprefix(first.place))


def _frames_of_a_window(layer: LayerRecord, place: str) -> list[int]:
    """The number of frames that each layer of a window runs for."""
    frames, counts = _int(layer, "window"), []
    chain = layer.chains["layers"][0]
    inner = [_layer(each, f"{place}[{index}]") for index, each in enumerate(chain)]
    padding = [_padding(each) for each in chain]
    for each in chain:
        counts.append(frames)
        frames = frames_after(each, frames)
    for index in reversed(range(len(chain))):
        if inner[index].receptive_field != 1 or not inner[index].one_to_one or padding[index]:
            break
        counts[index] = 1
    return counts


def frames_after(layer: LayerRecord, frames: int) -> int:
    """The frames that a layer of a window makes of `frames`."""
    return math.ceil(frames * _layer(layer, layer.type).rate) + _padding(layer)


def _padding(layer: LayerRecord) -> int:
    return sum(_int(layer, name, 0) for name in ("before", "after"))


def chains_within(layer: LayerRecord, place: str) -> Iterator[tuple[str, Chain]]:
    """The inner chains of a layer and their places; `branches` are numbered."""
    for name, chains in layer.chains.items():
        for index, chain in enumerate(chains):
            yield f"{place}.{name}" + (f"[{index}]" if name == "branches" else ""), chain


def _int(layer: LayerRecord, name: str, default: int = 1) -> int:
    return int(layer.options.get(name, default))


def _chain(chain: Chain, place: str) -> Traits:
    total, latency = Traits(), Fraction(0)
    for index, layer in enumerate(chain):
        here = f"{place}[{index}]"
        traits = _layer(layer, here)
        if traits.condition_size and not total.one_to_one:
            raise ExportError(f"{here} ({layer.type}): takes a condition behind a change of rate")
        latency += traits.latency / total.rate
        total = _in_a_row(total, traits)
    return replace(total, latency=math.ceil(latency))


def _in_a_row(first: Traits, then: Traits) -> Traits:
    def frames_of_input(frames: int) -> int:
        return math.ceil(frames / first.rate)

    reach = None
    if first.receptive_field is not None and then.receptive_field is not None:
        reach = first.receptive_field + frames_of_input(then.receptive_field - 1)
    return Traits(
        receptive_field=reach,
        warmup_frames=first.warmup_frames + frames_of_input(then.warmup_frames),
        rate=first.rate * then.rate,
        one_to_one=first.one_to_one and then.one_to_one,
        condition_size=max(first.condition_size, then.condition_size),
        parameters=first.parameters + then.parameters,
        macs=first.macs + then.macs * first.rate.numerator // first.rate.denominator,
    )


def _layer(layer: LayerRecord, place: str) -> Traits:
    if layer.type in _COMBINATORS:
        inner = [_chain(chain, where) for where, chain in chains_within(layer, place)]
        return _COMBINATORS[layer.type](layer, inner, f"{place} ({layer.type})")
    if layer.type in CUSTOM_LAYERS:
        return _custom(layer, CUSTOM_LAYERS[layer.type])
    return _LEAVES[layer.type](layer) if layer.type in _LEAVES else Traits()


def _custom(layer: LayerRecord, custom: CustomLayer) -> Traits:
    reach, macs = custom.number("receptive_field", layer), custom.number("macs", layer)
    parameters = sum(tensor.size for tensor in layer.tensors.values())
    return Traits(
        reach,
        warmup_frames=0 if reach is None else reach - 1,
        latency=custom.number("latency", layer) or 0,
        parameters=parameters,
        macs=parameters if macs is None else macs,
    )


def _reaching(receptive_field: int, parameters: int, macs: int) -> Traits:
    return Traits(
        receptive_field, warmup_frames=receptive_field - 1, parameters=parameters, macs=macs
    )  # fmt: skip


def _count(layer: LayerRecord, name: str) -> int:
    """The number of values of a tensor, 0 if the layer has none."""
    return layer.tensors[name].size if name in layer.tensors else 0


def _dense(layer: LayerRecord) -> Traits:
    products = layer.channels_in * layer.channels_out
    return Traits(parameters=products + _count(layer, "bias"), macs=products)


def _conv1d(layer: LayerRecord) -> Traits:
    taps, stride = _int(layer, "kernel_size"), _int(layer, "stride")
    products = taps * layer.channels_in // _int(layer, "groups") * layer.channels_out
    reach = 1 + (taps - 1) * _int(layer, "dilation")
    traits = _reaching(reach, products + _count(layer, "bias"), products // stride)
    return replace(traits, rate=Fraction(1, stride), one_to_one=stride == 1)


def _conv2d(layer: LayerRecord) -> Traits:
    taps, outputs = _int(layer, "kernel_size_time"), _int(layer, "out")
    seen = taps * _int(layer, "kernel_size_features") * _int(layer, "in")
    return _reaching(
        1 + (taps - 1) * _int(layer, "dilation"),
        seen * outputs + _count(layer, "bias"),
        seen * layer.channels_out,
    )


def _depthwise_conv2d(layer: LayerRecord) -> Traits:
    taps, channels = _int(layer, "kernel_size_time"), _int(layer, "channels")
    seen = taps * _int(layer, "kernel_size_features")
    return _reaching(
        1 + (taps - 1) * _int(layer, "dilation"), (seen + 1) * channels, seen * layer.channels_out
    )


def _conv_transpose1d(layer: LayerRecord) -> Traits:
    taps, stride = _int(layer, "kernel_size"), _int(layer, "stride")
    products = taps * layer.channels_in * layer.channels_out
    return Traits(
        receptive_field=math.ceil(taps / stride),
        rate=Fraction(stride),
        one_to_one=stride == 1,
        parameters=products + layer.channels_out,  # the C++ layer always has a bias
        macs=products,
    )


def _pool1d(layer: LayerRecord) -> Traits:
    stride = _int(layer, "stride")
    traits = _reaching(_int(layer, "kernel_size"), 0, 0)
    return replace(traits, rate=Fraction(1, stride), one_to_one=stride == 1)


def _recurrent(gates: int, biases: Callable[[LayerRecord], int]) -> Callable[[LayerRecord], Traits]:
    def traits(layer: LayerRecord) -> Traits:
        inputs, outputs = layer.channels_in, layer.channels_out
        products = (inputs + outputs) * gates * outputs
        count = products + biases(layer) * outputs + _initial(layer)
        return Traits(None, parameters=count, macs=products)

    return traits


def _initial(layer: LayerRecord) -> int:
    """Parameters of `InitialState`, whose C++ class always has the whole state."""
    if not {"initial_hidden", "initial_cell"} & set(layer.tensors):
        return 0
    cells = {"lstm": layer.channels_out, "projected_lstm": _int(layer, "units", 0)}
    return layer.channels_out + cells.get(layer.type, 0)


def _projected_lstm(layer: LayerRecord) -> Traits:
    inputs, units, outputs = layer.channels_in, _int(layer, "units"), layer.channels_out
    products = 4 * units * (inputs + outputs) + units * outputs
    return Traits(None, parameters=products + 4 * units + _initial(layer), macs=products)


def _min_gru(layer: LayerRecord) -> Traits:
    products = 2 * layer.channels_in * layer.channels_out
    count = products + 2 * layer.channels_out + _initial(layer)  # C++ always has a bias
    return Traits(None, parameters=count, macs=products)


def _upsample_nearest(layer: LayerRecord) -> Traits:
    factor = _int(layer, "factor")
    return Traits(rate=Fraction(factor), one_to_one=factor == 1)


def _upsample_linear(layer: LayerRecord) -> Traits:
    macs = layer.channels_in * _int(layer, "factor")
    traits = replace(_upsample_nearest(layer), latency=1, macs=macs)
    return replace(traits, receptive_field=3, warmup_frames=2)


def _s4d(layer: LayerRecord) -> Traits:
    channels, states = layer.channels_in, _int(layer, "states")
    return Traits(None, parameters=channels * (4 * states + 1), macs=channels * (6 * states + 1))


def _lru(layer: LayerRecord) -> Traits:
    states, ends = _int(layer, "states"), layer.channels_in + layer.channels_out
    direct = layer.channels_in * layer.channels_out
    return Traits(
        None, parameters=2 * states * (ends + 1) + direct, macs=2 * states * (ends + 2) + direct
    )


def _s6(layer: LayerRecord) -> Traits:
    channels, states, rank = layer.channels_in, _int(layer, "states"), _int(layer, "rank")
    return Traits(
        None,
        parameters=channels * (2 * rank + 3 * states + 2),
        macs=channels * (2 * rank + 6 * states + 2),
    )


def _batchnorm(layer: LayerRecord) -> Traits:
    channels = _int(layer, "channels") if "channels" in layer.options else layer.channels_in
    return Traits(parameters=4 * channels, macs=layer.channels_in)


def _norm(layer: LayerRecord) -> Traits:
    return Traits(parameters=2 * layer.channels_in, macs=2 * layer.channels_in)


def _affine(layer: LayerRecord) -> Traits:
    return Traits(
        parameters=_count(layer, "scale") + _count(layer, "shift"), macs=layer.channels_in
    )


def _rational(layer: LayerRecord) -> Traits:
    degrees = _int(layer, "numerator_degree") + _int(layer, "denominator_degree")
    return Traits(
        parameters=_count(layer, "numerator") + _count(layer, "denominator"),
        macs=layer.channels_in * degrees,
    )


def _biquad(layer: LayerRecord) -> Traits:
    coefficients = _count(layer, "coefficients")
    return Traits(None, parameters=coefficients, macs=coefficients)


def _one_pole(layer: LayerRecord) -> Traits:
    return Traits(None, parameters=2 * layer.channels_in, macs=2 * layer.channels_in)


def _table_shaper(layer: LayerRecord) -> Traits:
    return Traits(parameters=_count(layer, "values"), macs=3 * layer.channels_in)


def _parametric_equalizer(layer: LayerRecord) -> Traits:
    bands = _int(layer, "bands")
    return Traits(None, condition_size=3 * bands, macs=5 * bands * layer.channels_in)


def _delay(layer: LayerRecord) -> Traits:
    frames = _int(layer, "frames")
    return replace(_reaching(frames + 1, 0, 0), latency=frames)


def _silent_until(layer: LayerRecord) -> Traits:
    return Traits(latency=_int(layer, "latency", 0))


def _periodic_gain(layer: LayerRecord) -> Traits:
    return Traits(parameters=_count(layer, "gain"), macs=layer.channels_in)


def _transform(layer: LayerRecord) -> Traits:
    size = _int(layer, "samples")
    return Traits(parameters=size, macs=size * (5 * (size.bit_length() - 1) + 4) // 4)


_LEAVES: dict[str, Callable[[LayerRecord], Traits]] = {
    "dense": _dense,
    "conv1d": _conv1d,
    "conv2d": _conv2d,
    "depthwise_conv2d": _depthwise_conv2d,
    "conv_transpose1d": _conv_transpose1d,
    "max_pool1d": _pool1d,
    "avg_pool1d": _pool1d,
    "lstm": _recurrent(4, lambda layer: 4),
    "gru": _recurrent(3, lambda layer: 6 if layer.options["reset_after"] else 3),
    "rnn": _recurrent(1, lambda layer: 1),
    "projected_lstm": _projected_lstm,
    "min_gru": _min_gru,
    "upsample_nearest": _upsample_nearest,
    "upsample_linear": _upsample_linear,
    "s4d": _s4d,
    "lru": _lru,
    "s6": _s6,
    "batchnorm1d": _batchnorm,
    "batchnorm2d": _batchnorm,
    "layer_norm": _norm,
    "group_norm": _norm,
    "rms_norm": lambda layer: replace(_norm(layer), parameters=layer.channels_in),
    "cumulative_norm": lambda layer: replace(_norm(layer), receptive_field=None),
    "prelu": lambda layer: Traits(parameters=_count(layer, "alpha")),
    "snake": lambda layer: Traits(parameters=_count(layer, "alpha") + _count(layer, "beta")),
    "affine": _affine,
    "rational": _rational,
    "scale": lambda layer: Traits(macs=layer.channels_in),
    "delay": _delay,
    "silent_until": _silent_until,
    "periodic_gain": _periodic_gain,
    "biquad": _biquad,
    "one_pole": _one_pole,
    "gain_computer": lambda layer: Traits(macs=3 * layer.channels_in),
    "table_shaper": _table_shaper,
    "parametric_equalizer": _parametric_equalizer,
    "gather": lambda layer: Traits(),
    "rfft": _transform,
    "irfft": _transform,
    "complex_product": lambda layer: Traits(macs=4 * _int(layer, "bins")),
    "magnitude": lambda layer: Traits(macs=2 * _int(layer, "bins")),
    "append_condition": lambda layer: Traits(condition_size=_int(layer, "condition_size")),
}


def _longest(reaches: Iterable[int | None]) -> int | None:
    """The longest receptive field. None, unbounded, is longer than any number."""

    def longer(a: int | None, b: int | None) -> int | None:
        return None if a is None or b is None else max(a, b)

    return reduce(longer, reaches)


def _beside(layer: LayerRecord, inner: Sequence[Traits], place: str) -> Traits:
    """Parallel branches, which need the same rate and latency."""
    first = inner[0]
    for index, traits in enumerate(inner):
        branch = f"{place}: branch {index}"
        if not traits.one_to_one and traits.rate == 1:
            raise ExportError(f"{branch} changes the rate and changes it back")
        if traits.rate != first.rate:
            raise ExportError(f"{branch} has the rate {traits.rate}, the first one {first.rate}")
        if traits.latency != first.latency:
            raise ExportError(
                f"{branch} is late by {traits.latency} frames, the first one by {first.latency};"
                " a delay in the earlier one aligns them"
            )
    if not first.one_to_one:
        raise ExportError(f"{place}: its branches change the rate")
    return _together(inner)


def _together(inner: Sequence[Traits]) -> Traits:
    return Traits(
        receptive_field=_longest(traits.receptive_field for traits in inner),
        warmup_frames=max(traits.warmup_frames for traits in inner),
        latency=max(traits.latency for traits in inner),
        condition_size=max(traits.condition_size for traits in inner),
        parameters=sum(traits.parameters for traits in inner),
        macs=sum(traits.macs for traits in inner),
    )


def _residual(layer: LayerRecord, inner: Sequence[Traits], place: str) -> Traits:
    return _beside(layer, [Traits(), *inner], place)


def _gate(layer: LayerRecord, inner: Sequence[Traits], place: str) -> Traits:
    return Traits(parameters=sum(traits.parameters for traits in inner))


def _conditioned(layer: LayerRecord, inner: Sequence[Traits], place: str) -> Traits:
    (maker,) = inner
    if not maker.one_to_one:
        raise ExportError(f"{place}: its layers change the rate")
    takes = layer.chains["layers"][0][0].channels_in
    return replace(maker, condition_size=max(takes, maker.condition_size), latency=0)


def _conditioned_by(layer: LayerRecord, inner: Sequence[Traits], place: str) -> Traits:
    # The members of a file may be in any order.
    by_name = dict(zip(layer.chains, inner))
    source, body = by_name["source"], by_name["layers"]
    given = layer.chains["source"][0][-1].channels_out
    if not source.one_to_one:
        raise ExportError(f"{place}: its source changes the rate")
    if given != body.condition_size:
        raise ExportError(
            f"{place}: its layers want a condition of {body.condition_size} channels,"
            f" its source gives {given}"
        )
    reach = None
    if body.receptive_field is not None and source.receptive_field is not None:
        reach = body.receptive_field + source.receptive_field - 1
    return replace(
        body,
        receptive_field=reach,
        warmup_frames=body.warmup_frames + source.warmup_frames,
        parameters=body.parameters + source.parameters,
        macs=body.macs + source.macs,
        condition_size=source.condition_size,
    )


def _residual_skip(layer: LayerRecord, inner: Sequence[Traits], place: str) -> Traits:
    by_name = dict(zip(layer.chains, inner))
    if not all(traits.one_to_one for traits in inner):
        raise ExportError(f"{place}: a branch changes the rate")
    if any(traits.latency for traits in inner):
        raise ExportError(f"{place}: a branch has latency")
    after = _longest(by_name[name].receptive_field for name in ("residual", "skip"))
    path = by_name["path"].receptive_field
    reach = None if path is None or after is None else path - 1 + after
    return replace(
        _together(inner), receptive_field=reach, warmup_frames=0 if reach is None else reach - 1
    )


def _windowed(layer: LayerRecord, inner: Sequence[Traits], place: str) -> Traits:
    (body,) = inner
    window, hop = _int(layer, "window"), _int(layer, "hop")
    counts = _frames_of_a_window(layer, f"{place}.layers")
    chain = layer.chains["layers"][0]
    macs = sum(_layer(each, place).macs * count for each, count in zip(chain, counts)) // hop
    if body.condition_size:
        raise ExportError(f"{place}: its layers take a condition")
    return replace(
        _reaching(window, body.parameters, macs),
        rate=Fraction(1, hop),
        one_to_one=hop == 1,
    )


def _along_features(layer: LayerRecord, inner: Sequence[Traits], place: str) -> Traits:
    traits = _per_feature(layer, inner, place)
    if traits.condition_size:
        raise ExportError(f"{place}: its layers take a condition")
    return replace(traits, receptive_field=1, warmup_frames=0, latency=0)


def _per_feature(layer: LayerRecord, inner: Sequence[Traits], place: str) -> Traits:
    (body,) = inner
    if not body.one_to_one:
        raise ExportError(f"{place}: its layers change the rate")
    return replace(body, macs=_int(layer, "features") * body.macs)


def _overlap_add(layer: LayerRecord, inner: Sequence[Traits], place: str) -> Traits:
    (body,) = inner
    window, hop = _int(layer, "window"), _int(layer, "hop")
    made = layer.chains["layers"][0][-1].channels_out
    if not body.one_to_one:
        raise ExportError(f"{place}: its layers change the rate")
    if body.condition_size:
        raise ExportError(f"{place}: its layers take a condition")
    if hop > min(window, made):
        raise ExportError(f"{place}: a hop of {hop} exceeds a frame of {min(window, made)} samples")
    late, reach = hop if layer.options.get("spread") else 0, None
    if body.receptive_field is not None:
        reach = window + made - 1 + (body.receptive_field - 1) * hop + late
    return Traits(
        receptive_field=reach,
        latency=made - 1 + body.latency * hop + late,
        parameters=body.parameters,
        macs=body.macs // hop,
    )


def _block_control(layer: LayerRecord, inner: Sequence[Traits], place: str) -> Traits:
    (body,) = inner
    block, reach = _int(layer, "block_size"), body.receptive_field
    if not body.one_to_one:
        raise ExportError(f"{place}: its layers change the rate")
    if body.condition_size:
        raise ExportError(f"{place}: its layers take a condition")
    if body.latency:
        raise ExportError(f"{place}: its layers have latency")
    return Traits(
        receptive_field=None if reach is None else (reach + 1) * block - 1,
        latency=block - 1,
        parameters=body.parameters,
        macs=body.macs // block,
    )


def _tfilm(layer: LayerRecord, inner: Sequence[Traits], place: str) -> Traits:
    control = _block_control(layer, inner, place)
    return replace(control, macs=control.macs + layer.channels_in)


_COMBINATORS: dict[str, Callable[[LayerRecord, Sequence[Traits], str], Traits]] = {
    "sequential": lambda layer, inner, place: inner[0],
    "residual": _residual,
    "parallel": _beside,
    "concat": _beside,
    "split": _beside,
    "gate": _gate,
    "blend": _gate,
    "mixin": _conditioned,
    "film": _conditioned,
    "conditioned_by": _conditioned_by,
    "residual_skip": _residual_skip,
    "along_features": _along_features,
    "per_feature": _per_feature,
    "overlap_add": _overlap_add,
    "block_control": _block_control,
    "tfilm": _tfilm,
    "windowed": _windowed,
}
