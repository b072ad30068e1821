"""The weights of layers in Keras's files and in live models."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ExportError
from ..format import Shape
from .config import Variable, Weights


_LARGEST_TENSOR = 1 << 26  # values


@contextmanager
def damaged(where: str) -> Iterator[None]:
    """Turns the errors of a reader on a damaged file into one ExportError.

    HDF5's reader raises nearly every type of error, so all are caught, but only around its calls.
    """
    try:
        yield
    except ExportError:
        raise
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ExportError(f"{where}: cannot be read: {reason}") from error


@dataclass(frozen=True)
class _Stored:
    """A tensor in an HDF5 file."""

    dataset: Any
    where: str

    @property
    def shape(self) -> Shape:
        with damaged(self.where):
            return tuple(map(int, self.dataset.shape))

    def read(self) -> Any:
        with damaged(self.where):
            if self.dataset.attrs.get("dtype") == "bfloat16":
                raise ExportError(
                    f"{self.where}: holds bfloat16, only float32 and float64 are read"
                )
            # A file can declare any shape without storing a value.
            if self.dataset.size > _LARGEST_TENSOR:
                raise ExportError(
                    f"{self.where}: too large: {self.dataset.size} values,"
                    f" at most {_LARGEST_TENSOR}"
                )
            return self.dataset[()]


@dataclass(frozen=True)
class _Array:
    """A tensor in a live model."""

    values: Any

    @property
    def shape(self) -> Shape:
        return tuple(self.values.shape)

    def read(self) -> Any:
        return self.values


@dataclass(frozen=True)
class SavedWeights:
    """The weights in files of Keras 3 and in Keras 2's .keras files: groups named after classes.

    A layer's tensors are 0, 1, ... in a group `vars`. For a recurrent layer the group is in its
    cell, for a wrapper in the wrapped layer.
    """

    group: Any
    where: str

    def variables(self, names: Sequence[str]) -> Sequence[Variable]:
        with damaged(self.where):
            found = [vars for vars in _vars_below(self.group) if _is_floating(vars)]
            if len(found) > 1:
                raise ExportError(
                    f"{self.where}: {self.group.name} holds more than one set of weights"
                )
            if not found:
                return []
            keys = sorted(found[0], key=lambda key: (len(key), key))
            if keys != [str(index) for index in range(len(keys))]:
                raise ExportError(f"{self.where}: {found[0].name} holds {', '.join(keys)}")
            return [_Stored(found[0][key], f"{self.where}: {found[0].name}/{key}") for key in keys]

    def layers(self, layers: Sequence[tuple[str, str]]) -> Sequence[Weights]:
        with damaged(self.where):
            group = _container(self.group)
            if group is None:
                return [SavedWeights(None, self.where) for _ in layers]
            by_name = {_name_of(child): key for key, child in group.items()}
            keys = _container_keys([kind for _, kind in layers])
            return [
                SavedWeights(group.get(by_name.get(name, key)), self.where)
                for (name, _), key in zip(layers, keys)
            ]


def _container(group: Any) -> Any:
    """The group that holds a model's layers. Keras 2.12 and 2.13 have the second name."""
    for name in ("layers", "_layer_checkpoint_dependencies"):
        if group is not None and name in group:
            return group[name]
    return None


def _container_keys(kinds: Sequence[str]) -> list[str]:
    """The names of the groups of layers of these classes: dense, dense_1, ..."""
    used: dict[str, int] = {}
    keys = []
    for kind in map(_snake_case, kinds):
        count = used[kind] = used.get(kind, -1) + 1
        keys.append(f"{kind}_{count}" if count else kind)
    return keys


def _snake_case(name: str) -> str:
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _name_of(group: Any) -> str | None:
    """The name of a layer, which later versions of Keras 3 write."""
    name = group["vars"].attrs.get("name") if "vars" in group else None
    return name.decode() if isinstance(name, bytes) else name


def _vars_below(group: Any, depth: int = 3) -> Iterator[Any]:
    """The groups `vars` that have tensors, in a layer's group or below it."""
    if group is None or not hasattr(group, "items"):
        return
    for name, child in group.items():
        if name == "vars" and len(child):
            yield child
        elif name != "vars" and depth:
            yield from _vars_below(child, depth - 1)


def _is_floating(group: Any) -> bool:
    """Whether a tensor holds weights, rather than the state of a random generator."""
    return any(np.issubdtype(tensor.dtype, np.floating) for tensor in group.values())


@dataclass(frozen=True)
class LegacyWeights:
    """The weights in an .h5 file of Keras 2 or 3: groups named after layers, tensors by name.

    A model within the model has one group for all of its layers.
    """

    tensors: Sequence[tuple[str, _Stored]]
    groups: Any = None
    where: str = ""

    def variables(self, names: Sequence[str]) -> Sequence[Variable]:
        by_name = {_plain_name(path): tensor for path, tensor in self.tensors}
        if len(by_name) == len(self.tensors) and set(by_name) == set(names):
            return [by_name[name] for name in names]
        found = ", ".join(path for path, _ in self.tensors) or "none"
        raise ExportError(f"{self.where}: expected the weights {', '.join(names)}, found {found}")

    def layers(self, layers: Sequence[tuple[str, str]]) -> Sequence[Weights]:
        if self.groups is None:
            return [self._of_inner(name) for name, _ in layers]
        with damaged(self.where):
            return [self._of_group(name) for name, _ in layers]

    def _of_inner(self, name: str) -> LegacyWeights:
        tensors = [found for found in self.tensors if name in found[0].split("/")[:-1]]
        return LegacyWeights(tensors, None, self.where)

    def _of_group(self, name: str) -> LegacyWeights:
        where = f"{self.where}: {name}"
        if name not in self.groups:
            return LegacyWeights([], None, where)
        group = self.groups[name]
        paths = _texts(group, "weight_names")
        tensors = [(path, _Stored(group[path], f"{where}/{path}")) for path in paths]
        return LegacyWeights(tensors, None, where)


def _plain_name(path: str) -> str:
    """kernel of sequential/dense/kernel, lstm/lstm_cell/kernel:0 and dense/kernel_1:0."""
    return re.sub(r"(_\d+)?(:\d+)?$", "", path.split("/")[-1])


def _texts(group: Any, name: str) -> list[str]:
    """A list of texts. Keras splits long lists into numbered parts."""
    names = [name] if name in group.attrs else []
    while not names or (names[0] != name and f"{name}{len(names)}" in group.attrs):
        if not names and f"{name}0" not in group.attrs:
            return []
        names.append(f"{name}{len(names)}")
    values = [value for part in names for value in group.attrs[part]]
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values]


@dataclass(frozen=True)
class LiveWeights:
    """The weights of a model or a layer in memory."""

    owner: Any

    def variables(self, names: Sequence[str]) -> Sequence[Variable]:
        return [_Array(np.asarray(values)) for values in self.owner.get_weights()]

    def layers(self, layers: Sequence[tuple[str, str]]) -> Sequence[Weights]:
        by_name = {layer.name: layer for layer in self.owner.layers}
        missing = [name for name, kind in layers if name not in by_name and kind != "InputLayer"]
        if missing:
            raise ExportError(f"the model has no layer {missing[0]!r} that its configuration names")
        # A Sequential's layers do not include its InputLayer.
        return [LiveWeights(by_name.get(name)) for name, _ in layers]
