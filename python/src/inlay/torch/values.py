"""Finds code that asks for the values of a signal, while a module runs on tensors: a branch, a number.

A trace would keep the branch and the number of one signal, and be wrong for others. An `assert` is allowed.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from .frames import module_of, shown, user_frame
from .place import Place, Valued, place_of

_ASKING = {
    *("__bool__", "__float__", "__int__", "__index__", "__complex__", "__contains__"),
    *("item", "tolist", "numpy", "__array__", "is_nonzero", "equal", "allclose"),
}
# Functions that ask for the shape.
_OF_SHAPE = {"size", "numel", "dim", "stride", "__len__", "ndimension", "is_floating_point"}


class Values(TorchFunctionMode):
    """Refuses code that asks for values which depend on those of the signals."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self._module = module
        self._dependent: dict[int, Tensor] = {}  # by id; kept, so that no id is used twice

    def add(self, value: Any) -> None:
        self._dependent |= {id(tensor): tensor for tensor in _tensors(value)}

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        options = kwargs or {}
        depends = any(id(tensor) in self._dependent for tensor in _tensors((args, options)))
        name = getattr(function, "__name__", "")
        if depends and name in _ASKING:
            self._refuse()
        result = function(*args, **options)
        asks_for_shape = name in _OF_SHAPE or (name == "__get__" and not isinstance(result, Tensor))
        if depends and not asks_for_shape:
            self.add(result)
            if name == "__setitem__":
                self.add(args[0])
        return result

    def _refuse(self) -> None:
        frame = user_frame()
        if frame is None:
            return
        code = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        if code.startswith("assert"):
            return
        module = module_of(frame) or self._module
        paths = {id(child): path for path, child in self._module.named_modules()}
        place = Place(f"{place_of(module, paths.get(id(module), ''))}, {shown(frame)}")
        raise Valued(
            f"{place}: control flow or a number that depends on the values of a signal is not"
            " supported, only what depends on its shape; compute it with tensors, or leave it out"
        )


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _tensors(part)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))
