"""A layer of a Keras model: its configuration and its weights, before they are interpreted.

Every access checks the type and names the layer in its error, so a damaged or unusual file gives a
clear message and no traceback.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

import numpy as np

from ..errors import ExportError
from ..format import Array, Shape

DTYPES = ("float32", "float64")


class Variable(Protocol):
    """A tensor of weights that is read when it is needed."""

    @property
    def shape(self) -> Shape:
        ...

    def read(self) -> Any:
        ...


class Weights(Protocol):
    """The weights of a layer or of a model, in a file or in memory."""

    def variables(self, names: Sequence[str]) -> Sequence[Variable]:
        """The tensors of a layer in the order of `names`; fewer or more if the layer has others."""
        ...

    def layers(self, layers: Sequence[tuple[str, str]]) -> Sequence[Weights]:
        """The weights of a model's layers, given the name and class of each."""
        ...


class NoWeights:
    """The weights of a layer within another layer's configuration, such as an activation."""

    def variables(self, names: Sequence[str]) -> Sequence[Variable]:
        return ()

    def layers(self, layers: Sequence[tuple[str, str]]) -> Sequence[Weights]:
        return [self for _ in layers]


@dataclass(frozen=True)
class Layer:
    """A layer: its name, its class, its configuration, its weights.

    `keras` is the major version of the Keras that made the model, None if it is unknown.
    """

    name: str
    kind: str
    config: Mapping[str, Any]
    weights: Weights
    keras: int | None = None

    def __str__(self) -> str:
        return f"layer {self.name!r} ({self.kind})"

    def refuse(self, found: str, supported: str, advice: str) -> NoReturn:
        raise ExportError(f"{self}: {found} is not supported, {supported}; {advice}")

    def refuse_attribute(self, key: str, supported: str, advice: str) -> NoReturn:
        self.refuse(f"{key}={self.config.get(key)!r}", supported, advice)

    def within(self, key: str, entry: object) -> Layer:
        """The layer in this one's configuration under `key`."""
        found = mapping(entry, f"{self}: {key}")
        kind = text(found.get("class_name"), f"{self}: {key}.class_name")
        config = mapping(found.get("config"), f"{self}: {key}.config")
        refuse_custom(found, f"{self}: {key}")
        return Layer(f"{self.name}.{key}", kind, config, self.weights, self.keras)

    def _value(self, key: str) -> Any:
        if key not in self.config:
            raise ExportError(f"{self}: its configuration has no {key!r}; save the model again")
        return self.config[key]

    def _wrong(self, key: str, expected: str) -> NoReturn:
        raise ExportError(f"{self}: {key}: expected {expected}, found {self.config.get(key)!r}")

    def count(self, key: str) -> int:
        value = self._value(key)
        if not is_count(value):
            self._wrong(key, "a whole number greater than 0")
        return int(value)

    def counts(self, key: str, axes: int) -> tuple[int, ...]:
        """An integer for each axis. Keras also writes a single integer for all axes."""
        value = self._value(key)
        values = list(value) if isinstance(value, (list, tuple)) else [value] * axes
        if len(values) != axes or not all(map(is_count, values)):
            self._wrong(key, "a whole number greater than 0 for each axis")
        return tuple(map(int, values))

    def flag(self, key: str, default: bool | None = None) -> bool:
        value = self._value(key) if default is None else self.config.get(key, default)
        if not isinstance(value, bool):
            self._wrong(key, "true or false")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        value = self._value(key) if default is None else self.config.get(key, default)
        found = as_number(value)
        if found is None:
            self._wrong(key, "a finite number")
        return found

    def text(self, key: str) -> str:
        return text(self._value(key), f"{self}: {key}")

    @property
    def dtype(self) -> str:
        """The dtype of the computation. A policy with another dtype for the weights has a name such as
        mixed_float16."""
        value = self.config.get("dtype", "float32")
        if isinstance(value, Mapping):
            policy = value.get("config")
            value = policy.get("name") if isinstance(policy, Mapping) else value
        if value not in DTYPES:
            self.refuse(
                f"dtype={value!r}",
                "only float32 or float64 throughout",
                "build the model with one of these and give it the trained weights",
            )
        return str(value)

    def tensors(self, shapes: Mapping[str, Shape]) -> dict[str, Array]:
        """The layer's weights. Raises ExportError unless they have these names and shapes, in this order."""
        variables = self.weights.variables(list(shapes))
        if len(variables) != len(shapes):
            raise ExportError(
                f"{self}: expected the weights {', '.join(shapes)}, found {len(variables)} tensors"
            )
        return {
            name: self._tensor(name, variable, shapes[name])
            for name, variable in zip(shapes, variables)
        }

    def _tensor(self, name: str, variable: Variable, shape: Shape) -> Array:
        # Checked before reading: a damaged file may claim any size.
        if variable.shape != shape:
            raise ExportError(
                f"{self}: {name}: expected the shape {list(shape)}, found {list(variable.shape)}"
            )
        values = np.asarray(variable.read())
        if not np.issubdtype(values.dtype, np.floating):
            raise ExportError(f"{self}: {name}: holds {values.dtype}, not floating-point numbers")
        if not np.isfinite(values).all():
            raise ExportError(f"{self}: {name}: holds NaN or infinite values")
        with np.errstate(over="ignore"):
            tensor: Array = values.astype(self.dtype)
        if not np.array_equal(tensor, values):
            raise ExportError(f"{self}: {name}: holds {values.dtype}, the layer is {self.dtype}")
        return tensor


def is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def as_number(value: object) -> float | None:
    """A finite number. Keras wraps NumPy scalars in an object."""
    if isinstance(value, Mapping):
        inner = value.get("config")
        value = inner.get("value") if isinstance(inner, Mapping) else value.get("value")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def mapping(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ExportError(f"{where}: expected an object, found {_short(value)}")
    return value


def sequence(value: object, where: str) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)):
        raise ExportError(f"{where}: expected a list, found {_short(value)}")
    return value


def text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise ExportError(f"{where}: expected text, found {_short(value)}")
    return value


def _short(value: object) -> str:
    found = repr(value)
    return found if len(found) <= 60 else found[:60] + "..."


def refuse_custom(entry: Mapping[str, Any], where: str) -> None:
    """Raises ExportError for a class that is not Keras's own, also if it has the name of one."""
    registered, module = entry.get("registered_name"), entry.get("module")
    own = module is None or str(module).split(".")[0] in (
        "keras",
        "tf_keras",
        "tensorflow",
    )
    if registered in (None, entry.get("class_name")) and own:
        return
    raise ExportError(
        f"{where}: the class {registered or module!r} of your own is not supported, only Keras's"
        " layers; build the model from these and give it the trained weights"
    )
