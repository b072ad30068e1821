"""The objects that take the place of signals and states while torch.fx traces a module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

from torch import Tensor
from torch.fx.node import Node
from torch.fx.proxy import Proxy, TracerBase

from .place import Place
from .signal import Signal


class Value(Proxy):
    """Takes the place of a signal."""

    def __init__(self, node: Node, tracer: TracerBase, signal: Signal) -> None:
        super().__init__(node, tracer)
        self.signal = signal

    def __getattr__(self, name: str) -> Any:
        if name in (
            "shape",
            "dtype",
            "device",
            "ndim",
            "is_cuda",
            "layout",
            "requires_grad",
        ):
            return getattr(self.signal.tensor, name)
        if name in ("T", "mT"):
            return self.tracer.create_proxy("call_method", name, (self,), {})
        if name == "data":
            return self
        return super().__getattr__(name)

    def __len__(self) -> int:
        return len(self.signal.tensor)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tracer.create_proxy("call_method", "unbind", (self,), {}))

    def _in_place(self, operation: str, other: Any) -> Value:
        made = self.tracer.create_proxy("call_method", operation, (self, other), {})
        self.signal = made.signal
        return self

    def __iadd__(self, other: Any) -> Value:
        return self._in_place("add", other)

    def __isub__(self, other: Any) -> Value:
        return self._in_place("sub", other)

    def __imul__(self, other: Any) -> Value:
        return self._in_place("mul", other)

    def __itruediv__(self, other: Any) -> Value:
        return self._in_place("div", other)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.tracer.create_proxy("call_method", "__setitem__", (self, key, value), {})


class State(Proxy):
    """Takes the place of the final state of a recurrent layer, or a part of it. A module may only store it."""

    def __getattr__(self, name: str) -> Any:
        if name == "data":
            return self
        if name in ("detach", "clone", "contiguous"):
            return lambda: self
        if name.startswith("__"):
            raise AttributeError(name)
        self.refuse()

    def __iter__(self) -> Iterator[Any]:
        return iter((self, self))

    def __getitem__(self, key: Any) -> Any:
        return self

    def refuse(self) -> NoReturn:
        tracer: Any = self.tracer
        place: Place = tracer.place()
        place.refuse(
            "the final state of a recurrent layer",
            "only its output sequence",
            "use the first value that the layer returns",
        )


def signal_of(value: Any) -> Any:
    if isinstance(value, State):
        value.refuse()
    return value.signal if isinstance(value, Value) else value


def is_zero(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return all(map(is_zero, value))
    return value is None or (isinstance(value, Tensor) and not bool(value.any()))
