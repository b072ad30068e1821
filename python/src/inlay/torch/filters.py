"""The filters of NablAFx, whose second-order sections are computed from controls within [0, 1]."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from torch import Tensor

from ..format import Array, LayerRecord, Option
from ..network.graph import join, layers
from ..network.records import beside, plain
from .apply import run
from .arrays import array_of
from .place import Place
from .signal import Signal

# Frames after which an equaliser reads its controls again.
_HOP = 64


def filtered(signal: Signal, module: Any, control: Signal | Tensor | None, place: Place) -> Signal:
    """The signal behind a filter: a constant one, or an equaliser with controls for the whole clip."""
    if hasattr(module, "extract_impulse_response"):
        return _response(signal, module, place)
    if control is None:
        place.refuse("a call without controls", "only module(x, controls)", "pass its controls")
    if isinstance(control, Signal) and not control.held:
        place.refuse(
            "a filter whose controls change from block to block",
            "as it begins every block from zeros, which clicks",
            "use a static controller, or inlay.torch.ControlledEqualizer",
        )
    if isinstance(control, Signal):
        _require_bands(module, place)
    clamps = _clamps(signal, module, control, place)
    if isinstance(control, Tensor):
        output: Any = run(module, signal.tensor, place, control)
        return signal.then(output[0], _constant(module, control, clamps))
    return _equalizer(signal, module, control, clamps, place)


def _clamps(signal: Signal, module: Any, control: Signal | Tensor, place: Place) -> bool:
    """Whether each section is clamped to -1 to 1, as torchaudio's lfilter() does unless it is told not to."""
    given = control.tensor if isinstance(control, Signal) else control
    loud: Any = run(module, 1e6 * signal.tensor, place, given)
    return bool(loud[0].abs().max() <= 1)


def _clamp() -> LayerRecord:
    return plain("hardtanh", 1, min=-1.0, max=1.0)


def _constant(module: Any, control: Tensor, clamps: bool) -> list[LayerRecord]:
    rows = module.compute_coefficients(module.sample_rate, **module.get_param_dict(control))[0]
    sections: Array = array_of(rows[:, [0, 1, 2, 4, 5]] / rows[:, 3:4])
    if not clamps:
        return [_biquad(sections)]
    return [record for row in sections for record in (_biquad(row[np.newaxis]), _clamp())]


def _biquad(sections: Array) -> LayerRecord:
    options: dict[str, Option] = {"size": 1, "sections": len(sections)}
    return LayerRecord("biquad", options, {"coefficients": sections[np.newaxis]})


def _require_bands(module: Any, place: Place) -> None:
    """Raises ExportError unless a filter is a low shelf, peaks and a high shelf."""
    names = [*module.param_ranges]
    peaks = all(name.startswith("band") for name in names[3:-3])
    if not (names[0].startswith("low_shelf") and names[-1].startswith("high_shelf") and peaks):
        place.refuse(
            "a filter whose controls come of knobs",
            "only ParametricEQ, or any filter with a static controller",
            "use inlay.torch.ControlledEqualizer",
        )


def _equalizer(signal: Signal, module: Any, control: Signal, clamps: bool, place: Place) -> Signal:
    """Behind a ParametricEQ: a low shelf, peaks and a high shelf, each a gain, a frequency and a Q."""
    count = control.channels // 3
    ranges = np.array([*module.param_ranges.values()], signal.values().dtype)
    output: Any = run(module, signal.tensor, place, control.tensor)
    # Each band is a layer of its own where its output is clamped.
    groups = [[band] for band in range(count)] if clamps else [[*range(count)]]
    steps = [
        [_bands(ranges, bands, count, module.sample_rate), *([_clamp()] if clamps else [])]
        for bands in groups
    ]
    kept = LayerRecord("slice", {"in": 1 + 3 * count, "begin": 1, "out": 3 * count})
    made = [beside("concat", [step, [kept]]) for step in steps[:-1]] + steps[-1]
    return replace(signal, tensor=output[0], node=layers(join([signal.node, control.node]), made))


def _bands(ranges: Array, bands: Sequence[int], count: int, sample_rate: float) -> LayerRecord:
    """Neighbouring bands of an equaliser on the channels (signal, controls of all bands).

    A shelf with 0 dB stands at an end of the equaliser where there is none among them.
    """
    width = 1 + 3 * count
    places: list[int | None] = [*([None] if bands[0] > 0 else []), *bands]
    places += [None] if bands[-1] < count - 1 else []
    kernel = np.zeros((width, 3 * len(places)), ranges.dtype)
    bias = np.tile(np.array([0.0, 1000.0, 1.0], ranges.dtype), len(places))
    for at, band in enumerate(places):
        if band is not None:
            low, high = ranges[3 * band : 3 * band + 3].T
            bias[3 * at : 3 * at + 3] = low
            kernel[1 + 3 * band : 4 + 3 * band, 3 * at : 3 * at + 3] = np.diag(high - low)
    tensors = {"kernel": kernel, "bias": bias}
    source = LayerRecord("dense", {"in": width, "out": bias.size}, tensors)
    options: dict[str, Option] = {"size": 1, "bands": len(places), "hop": _HOP}
    equalizer = LayerRecord("parametric_equalizer", options | {"sample_rate": float(sample_rate)})
    alone = LayerRecord("slice", {"in": width, "begin": 0, "out": 1})
    chains = {"source": [[source]], "layers": [[alone, equalizer]]}
    return LayerRecord("conditioned_by", chains=chains)


def _response(signal: Signal, module: Any, place: Place) -> Signal:
    """Behind a long filter, whose response a network computes."""
    output: Any = run(module, signal.tensor, place, None)
    taps = array_of(module.extract_impulse_response(signal.tensor)[0])
    options: dict[str, Option] = {"in": 1, "out": 1, "kernel_size": len(taps)}
    options |= {"dilation": 1, "groups": 1}
    kernel = np.ascontiguousarray(taps[::-1]).reshape(-1, 1, 1)
    return signal.then(output[0], [LayerRecord("conv1d", options, {"kernel": kernel})])
