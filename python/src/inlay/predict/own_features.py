"""The numbers of layers that do other work than products with a matrix and functions of each value.

`include/inlay/predict/feature_sum.hpp` has the same for types.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from ..inspect.analysis import LayerAnalysis
from .registers import sums, unit


def _s4d(layer: LayerAnalysis, lanes: int) -> dict[str, float]:
    """Lanes are channels, or states of one channel: see include/inlay/layers/s4d.hpp."""
    channels, states = layer.record.channels_in, layer.record.integer("states")

    def registers_for(count: int) -> int:
        return math.ceil(count / unit(count, lanes))

    across_states = registers_for(channels) * states > channels * (registers_for(states) + 2)
    groups = channels if across_states else registers_for(channels)
    registers = registers_for(states) if across_states else states
    runs = registers // 4 + registers % 4 // 2 + registers % 2  # of four, two or one register
    return {
        "registers": groups,
        "products": groups * registers,
        "chain": groups * runs,
        "columns": groups if across_states else 0,  # sums of lanes
    }


def _lru(layer: LayerAnalysis, lanes: int) -> dict[str, float]:
    inputs, states = layer.record.channels_in, layer.record.integer("states")
    of_states, of_outputs = (math.ceil(n / lanes) for n in (states, layer.record.channels_out))
    return {
        "registers": of_states,
        "products": 2 * inputs * of_states + (2 * states + inputs) * of_outputs,
        "columns": inputs + 2 * states,
        "chain": 2 * states / sums(2 * states, layer.record.channels_out, 1, lanes),
    }


def _s6(layer: LayerAnalysis, lanes: int) -> dict[str, float]:
    """Without its two dense layers and its softplus."""
    registers = math.ceil(layer.record.channels_in / lanes)
    return {"registers": registers, "products": registers * layer.record.integer("states")}


def _sections(layer: LayerAnalysis, lanes: int) -> dict[str, float]:
    """Filters have no lanes."""
    channels, options = layer.record.channels_in, layer.record.options
    designed = layer.record.type == "parametric_equalizer"
    sections = int(options["bands" if designed else "sections"])
    return {
        "registers": channels,
        "products": channels * sections,
        "chain": sections,
        "columns": int(options["bands"]) / int(options["hop"]) if designed else 0,
    }


def _values(layer: LayerAnalysis, lanes: int) -> dict[str, float]:
    return {"registers": layer.record.channels_in}


#: Besides "layers", by kind.
OWN_FEATURES: Mapping[str, Callable[[LayerAnalysis, int], dict[str, float]]] = {
    "s4d": _s4d,
    "lru": _lru,
    "s6": _s6,
    "biquad": _sections,
    "one_pole": _values,
    "table_shaper": _values,
}
