"""Tensors that a module makes empty and then writes signals into, as in `z[:, 0:4] = layer(x)`.

torch.fx does not follow such a tensor. The exporter remembers it, and replaces it where it is used by the
signals that were written into it, side by side along the channels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from .functions import tree
from .place import Place
from .proxies import Value


@dataclass
class _Target:
    """A tensor, the values written into it, and for each element the index of its value, or -1."""

    tensor: Tensor
    values: list[Value] = field(default_factory=list)
    of: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.of = torch.full(self.tensor.shape, -1)

    def write(self, key: Any, value: Value) -> None:
        self.tensor[key] = value.signal.tensor
        self.of[key] = len(self.values)
        self.values.append(value)

    def side_by_side(self) -> tuple[list[Value], int] | None:
        """The values in their order and the axis along which they lie; None unless they fill the tensor."""
        axes = [axis for axis in range(self.of.dim()) if bool((self.of.diff(dim=axis) != 0).any())]
        axis = axes[0] if axes else 0
        first = self.of.movedim(axis, 0).flatten(1)[:, 0]
        order, extents = torch.unique_consecutive(first, return_counts=True)
        values = [self.values[at] for at in order.tolist() if at >= 0]
        shapes = [value.signal.tensor.shape for value in values]
        whole = len(axes) < 2 and len(values) == len(order)
        fitting = all(
            len(shape) == self.of.dim() and shape[axis] == extent
            for shape, extent in zip(shapes, extents.tolist())
        )
        return (values, axis) if whole and fitting else None


class Written(TorchFunctionMode):
    """Replaces tensors by the signals that were written into them."""

    def __init__(self, place: Callable[[], Place]) -> None:
        super().__init__()
        self._place = place
        self._targets: dict[int, _Target] = {}

    def _write(self, tensor: Tensor, key: Any, value: Value) -> None:
        target = self._targets.get(id(tensor)) or _Target(tensor)
        target.write(key, value)
        self._targets[id(tensor)] = target

    def read(self, value: Any) -> Any:
        """Nested values, in which signals replace the tensors that they were written into."""
        return tree(value, self._read)

    def _read(self, value: Any) -> Any:
        target = self._targets.get(id(value))
        if target is None or isinstance(value, Value):
            return value
        found = target.side_by_side()
        if found is None:
            self._place().refuse(
                "a tensor that signals are written into only in part",
                "only signals side by side that fill its channels",
                "use torch.cat, and torch.nn.functional.pad for zeros",
            )
        values, axis = found
        return values[0] if len(values) == 1 else torch.cat(values, axis)  # type: ignore[call-overload]

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        options = kwargs or {}
        if getattr(function, "__name__", "") == "__setitem__":
            target, key, value = args
            value = self.read(value)
            if isinstance(target, Tensor) and isinstance(value, Value):
                return self._write(target, key, value)
            return function(target, key, value)
        if self._targets:
            args, options = self.read(tuple(args)), self.read(dict(options))
        return function(*args, **options)
