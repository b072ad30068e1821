"""The arguments that the exporters share, checked before anything is done."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from .errors import ExportError


def refuse(name: str, expected: str, found: object) -> NoReturn:
    raise ExportError(f"{name}: expected {expected}, found {described(found)}")


def described(value: object) -> str:
    """A value for an error message, such as "the int 3" or "a list"."""
    if value is None:
        return "None"
    kind = type(value).__name__
    if isinstance(value, (bool, int, float, str)):
        text = repr(value)
        return f"the {kind} {text if len(text) <= 40 else text[:37] + '...'}"
    return f"the class {value.__name__}" if isinstance(value, type) else f"a {kind}"


@dataclass(frozen=True)
class Arguments:
    """The arguments of an exporter that say where and with what metadata to write."""

    path: str | os.PathLike[str]
    sample_rate: float | None
    metadata: Mapping[str, Any] | None
    tolerance: float | None


def arguments(
    path: str | os.PathLike[str],
    sample_rate: float | None,
    metadata: Mapping[str, Any] | None,
    tolerance: float | None,
) -> Arguments:
    """Checks the arguments. Raises ExportError, naming the argument."""
    if not isinstance(path, (str, os.PathLike)):
        refuse("path", "the file to write, a str or a path", path)
    if metadata is not None and not isinstance(metadata, Mapping):
        refuse("metadata", "a dict", metadata)
    rate = _positive("sample_rate", "a positive number of Hz", sample_rate)
    allowed = _positive("tolerance", "a positive number", tolerance)
    return Arguments(path, rate, metadata, allowed)


def _positive(name: str, expected: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, Real):
        refuse(name, expected, value)
    number = int(value) if isinstance(value, Integral) else float(value)
    if not (math.isfinite(number) and number > 0):
        refuse(name, expected, value)
    return number


def array(name: str, given: npt.ArrayLike | None) -> npt.NDArray[Any] | None:
    """The argument as an array of numbers, of any shape."""
    if given is None:
        return None
    try:
        found = np.asarray(given)
    except ValueError:  # rows of different lengths
        refuse(name, "an array of numbers, [frames, channels]", given)
    if found.dtype.kind not in "iuf":
        refuse(name, "an array of numbers, [frames, channels]", given)
    return found
