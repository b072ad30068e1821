"""Reading model files."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import ExportError
from .json_file import read_json
from .layer_types import Option
from .model import DTYPES, FORMAT, VERSION, Check, ModelFile
from .records import Array, Chain, LayerRecord
from .validation import validate


def read_model(path: str | os.PathLike[str]) -> ModelFile:
    """Reads a file; its tensors have the check's dtype. Raises ExportError if it is not valid."""
    return model_of(inlay_root(read_json(path)))


def inlay_root(value: Any) -> dict[str, Any]:
    """The JSON of an inlay model file. Raises ExportError for other JSON."""
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise ExportError(f'not an inlay model file: it has no "format": "{FORMAT}"')
    return value


def model_of(root: Mapping[str, Any]) -> ModelFile:
    """The model file of a JSON value. Raises ExportError if it is not valid."""
    if type(root.get("version")) is not int or root["version"] != VERSION:
        raise ExportError(f"version: expected {VERSION}, found {root.get('version')!r}")
    _allow_only(
        root,
        "",
        ("format", "version", "sample_rate", "metadata", "prewarm", "layers", "check"),
    )
    check = _expect(root, "check", dict, "")
    dtype = _expect(check, "dtype", str, "check.")
    if dtype not in DTYPES:
        raise ExportError(f"check.dtype: {dtype!r} is neither float32 nor float64")
    model = ModelFile(
        layers=_read_chain(_expect(root, "layers", list, ""), np.dtype(dtype), "layers"),
        check=_read_check(check, np.dtype(dtype)),
        sample_rate=_expect(root, "sample_rate", float, "") if "sample_rate" in root else None,
        metadata=_expect(root, "metadata", dict, "") if "metadata" in root else None,
        prewarm=_expect(root, "prewarm", int, "") if "prewarm" in root else 0,
    )
    validate(model)
    return model


_NAMES = {
    dict: "an object",
    list: "an array",
    str: "text",
    float: "a number",
    int: "an integer",
}


def _is(value: object, kind: type) -> bool:
    """Whether a JSON value is of a kind. An integer is a number; true and false are not."""
    if kind is float:
        return type(value) in (int, float)
    return type(value) is kind


def _expect(found: Mapping[str, Any], name: str, kind: type, where: str) -> Any:
    if name not in found:
        raise ExportError(f"{where}{name}: missing")
    if not _is(found[name], kind):
        raise ExportError(f"{where}{name}: expected {_NAMES[kind]}, found {_shown(found[name])}")
    return found[name]


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _allow_only(found: Mapping[str, Any], where: str, names: Sequence[str]) -> None:
    for name in found:
        if name not in names:
            raise ExportError(f"{where}{name}: unknown member")


def _read_check(found: Mapping[str, Any], dtype: np.dtype[Any]) -> Check:
    signals = ("input", "condition", "output")
    _allow_only(found, "check.", ("source", "dtype", "skip", "stride", "tolerance", *signals))
    given = {
        name: _read_tensor(_expect(found, name, dict, "check."), dtype, f"check.{name}")
        for name in signals
        if name in found or name != "condition"
    }
    for name, signal in given.items():
        if signal.ndim != 2:
            raise ExportError(
                f"check.{name}: expected [frames, channels], found {list(signal.shape)}"
            )
    return Check(
        source=_expect(found, "source", str, "check."),
        dtype=dtype.name,
        input=given["input"],
        output=given["output"],
        tolerance=_expect(found, "tolerance", float, "check."),
        skip=_expect({"skip": 0} | dict(found), "skip", int, "check."),
        stride=_expect({"stride": 1} | dict(found), "stride", int, "check."),
        condition=given.get("condition"),
    )


def _read_chain(found: Sequence[Any], dtype: np.dtype[Any], where: str) -> list[LayerRecord]:
    layers = []
    for index, layer in enumerate(found):
        if not isinstance(layer, dict):
            raise ExportError(f"{where}[{index}]: expected a layer, found {_shown(layer)}")
        layers.append(_read_layer(layer, dtype, f"{where}[{index}]"))
    return layers


def _read_layer(found: Mapping[str, Any], dtype: np.dtype[Any], where: str) -> LayerRecord:
    options: dict[str, Option] = {}
    tensors: dict[str, Array] = {}
    chains: dict[str, Sequence[Chain]] = {}
    kind = _expect(found, "type", str, f"{where}.")
    for name, value in found.items():
        place = f"{where}.{name}"
        if isinstance(value, dict):
            tensors[name] = _read_tensor(value, dtype, place)
        elif isinstance(value, list):
            chains[name] = _read_chains(value, dtype, place, several=name == "branches")
        elif value is None:
            raise ExportError(f"{place}: expected a value, found null")
        elif name != "type":
            options[name] = value
    return LayerRecord(kind, options, tensors, chains)


def _read_chains(
    found: Sequence[Any], dtype: np.dtype[Any], where: str, several: bool
) -> list[Chain]:
    if not several:
        return [_read_chain(found, dtype, where)]
    for index, branch in enumerate(found):
        if not isinstance(branch, list):
            raise ExportError(f"{where}[{index}]: expected an array, found {_shown(branch)}")
    return [_read_chain(branch, dtype, f"{where}[{index}]") for index, branch in enumerate(found)]


def _read_tensor(found: Mapping[str, Any], dtype: np.dtype[Any], where: str) -> Array:
    _allow_only(found, f"{where}.", ("shape", "data"))
    shape = _expect(found, "shape", list, f"{where}.")
    data = _expect(found, "data", list, f"{where}.")
    positive = all(type(extent) is int and extent > 0 for extent in shape)
    if not positive or not 1 <= len(shape) <= 8:
        raise ExportError(f"{where}.shape: {_shown(shape)} is not 1 to 8 positive integers")
    if len(data) != math.prod(shape):
        raise ExportError(
            f"{where}.data: expected {math.prod(shape)} numbers for shape {shape}, found {len(data)}"
        )
    if not set(map(type, data)) <= {int, float}:
        raise ExportError(f"{where}.data: holds something that is not a number")
    try:
        with np.errstate(over="ignore"):
            return np.asarray(data, dtype).reshape(shape)
    except OverflowError as error:
        raise ExportError(f"{where}.data: holds a number that is too large") from error
