"""The differences between two model files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..format import Array, Chain, Check, LayerRecord, ModelFile


def differences(a: ModelFile, b: ModelFile) -> Iterator[str]:
    """One line for each difference, with its place."""
    yield from _values({"sample_rate": a.sample_rate}, {"sample_rate": b.sample_rate}, "")
    yield from _values({"prewarm": a.prewarm}, {"prewarm": b.prewarm}, "")
    yield from _values(dict(a.metadata or {}), dict(b.metadata or {}), "metadata.")
    yield from _chains(a.layers, b.layers, "layers")
    yield from _checks(a.check, b.check)


def _chains(a: Chain, b: Chain, where: str) -> Iterator[str]:
    if len(a) != len(b):
        yield f"{where}: {len(a)} layers, {len(b)} layers"
    for index, (layer, other) in enumerate(zip(a, b)):
        yield from _layers(layer, other, f"{where}[{index}]")


def _layers(a: LayerRecord, b: LayerRecord, where: str) -> Iterator[str]:
    if a.type != b.type:
        yield f"{where}.type: {a.type}, {b.type}"
        return
    yield from _values(a.options, b.options, f"{where}.")
    yield from _tensors(a.tensors, b.tensors, f"{where}.")
    for name in a.chains:
        place = f"{where}.{name}"
        chains, others = a.chains[name], b.chains[name]
        if len(chains) != len(others):
            yield f"{place}: {len(chains)} branches, {len(others)} branches"
        for index, (chain, other) in enumerate(zip(chains, others)):
            yield from _chains(chain, other, f"{place}[{index}]" if name == "branches" else place)


def _checks(a: Check, b: Check) -> Iterator[str]:
    names = ("source", "dtype", "skip", "stride", "tolerance")
    first, second = ({name: getattr(check, name) for name in names} for check in (a, b))
    yield from _values(first, second, "check.")
    yield from _tensors(_signals(a), _signals(b), "check.")


def _signals(check: Check) -> dict[str, Array]:
    condition = {} if check.condition is None else {"condition": check.condition}
    return {"input": check.input, **condition, "output": check.output}


def _values(a: Mapping[str, Any], b: Mapping[str, Any], where: str) -> Iterator[str]:
    for name in dict.fromkeys([*a, *b]):
        if a.get(name) != b.get(name) or (name in a) != (name in b):
            yield f"{where}{name}: {_shown(a, name)}, {_shown(b, name)}"


def _shown(values: Mapping[str, Any], name: str) -> str:
    return "none" if values.get(name) is None else str(values[name])


def _tensors(a: Mapping[str, Array], b: Mapping[str, Array], where: str) -> Iterator[str]:
    for name in dict.fromkeys([*a, *b]):
        if name not in a or name not in b:
            yield f"{where}{name}: only in the {'first' if name in a else 'second'}"
        elif a[name].shape != b[name].shape:
            yield f"{where}{name}: shape {list(a[name].shape)}, {list(b[name].shape)}"
        elif not np.array_equal(a[name], b[name]):
            with np.errstate(over="ignore"):
                apart = np.abs(np.subtract(a[name], b[name], dtype=np.float64))
            count = np.count_nonzero(apart)
            yield f"{where}{name}: {count} of {apart.size} values, by {apart.max():.3g} at most"
