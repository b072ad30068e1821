"""A value of a JSON file with its place, for the error messages of the readers."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

import numpy as np

from ..errors import ExportError
from ..format import Array

# Larger than any audio network needs, so a damaged file cannot ask for all memory.
_LARGEST_SIZE = 1 << 16


class Node:
    """A value and its place, such as `layers[2].weights[0]`."""

    def __init__(self, value: Any, place: str = "") -> None:
        self.value = value
        self.place = place

    def fail(self, expected: str) -> NoReturn:
        raise ExportError(f"{self.place or 'the file'}: expected {expected}, found {self.shown}")

    @property
    def shown(self) -> str:
        if isinstance(self.value, (list, dict)):
            kind = "an array" if isinstance(self.value, list) else "an object"
            return f"{kind} of {len(self.value)}"
        text = json.dumps(self.value)
        return text if len(text) <= 40 else text[:37] + "..."

    def __contains__(self, name: str) -> bool:
        return name in self.object()

    def __getitem__(self, name: str) -> Node:
        place = f"{self.place}.{name}" if self.place else name
        if name not in self.object():
            raise ExportError(f"{place}: missing")
        return Node(self.value[name], place)

    def get(self, name: str, default: Any) -> Node:
        return self[name] if name in self else Node(default, self.place)

    def object(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            self.fail("an object")
        found: dict[str, Any] = self.value
        return found

    def items(self) -> list[Node]:
        if not isinstance(self.value, list):
            self.fail("an array")
        return [Node(value, f"{self.place}[{index}]") for index, value in enumerate(self.value)]

    def last(self) -> Node:
        """The last entry of an array, such as the channels of a shape."""
        items = self.items()
        return items[-1] if items else self.fail("an array that is not empty")

    def text(self) -> str:
        return self.value if isinstance(self.value, str) else self.fail("text")

    def one_of(self, *names: str) -> str:
        if self.value not in names or not isinstance(self.value, str):
            self.fail(" or ".join(f'"{name}"' for name in names))
        return self.value

    def flag(self) -> bool:
        return self.value if isinstance(self.value, bool) else self.fail("true or false")

    def whole(self, least: int = 1, most: int = _LARGEST_SIZE) -> int:
        if type(self.value) is not int or not least <= self.value <= most:
            self.fail(f"an integer from {least} to {most}")
        return self.value

    def number(self) -> float:
        if type(self.value) not in (int, float) or not abs(self.value) <= sys.float_info.max:
            self.fail("a finite number")
        return float(self.value)

    def tensor(self, *shape: int) -> Array:
        """Nested arrays of numbers as a float32 array of this shape."""
        numbers = [node.float32() for node in self._leaves(shape)]
        return np.array(numbers, np.float32).reshape(shape)

    def float32(self) -> float:
        value = self.number()
        if abs(value) > np.finfo(np.float32).max:
            self.fail("a number in the range of float32")
        return value

    def _leaves(self, shape: Sequence[int]) -> Iterator[Node]:
        items = self.items()
        innermost = len(shape) == 1
        if len(items) != shape[0]:
            self.fail(f"{shape[0]} {'numbers' if innermost else 'rows'}")
        for item in items:
            if innermost:
                yield item
            else:
                yield from item._leaves(shape[1:])
