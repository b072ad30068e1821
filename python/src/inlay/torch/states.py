"""States that a module stores between calls, as in `y, self.hidden = self.lstm(x, self.hidden)`.

After a call the attribute holds the final state of that signal, possibly of a larger batch. The
exported network starts from zeros, so the attributes are zero during the export.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from .place import Place


@dataclass(frozen=True)
class _Kept:
    """An attribute of `owner` that the recurrent layer at `place` starts from."""

    owner: nn.Module
    name: str
    value: Any
    place: Place


class KeptStates:
    """The attributes that are known to be states."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, str], _Kept] = {}

    def holds(self, module: nn.Module, state: Any, place: Place) -> bool:
        """Whether all tensors of a state are attributes of the module; remembers these."""
        found = [_attribute(module, tensor, place) for tensor in tensors_of(state)]
        kept = [each for each in found if each is not None]
        if not kept or len(kept) < len(found):
            return False
        self._kept |= {(id(each.owner), each.name): each for each in kept}
        return True

    def set_to_zeros(self) -> None:
        for kept in self._kept.values():
            kept.owner.__dict__[kept.name] = _zeros(kept.value)

    def require_changes(self) -> None:
        """Raises ExportError if `forward`, which has just run, did not set one of them."""
        for kept in self._kept.values():
            if kept.owner.__dict__.get(kept.name) is kept.value:
                kept.place.refuse(
                    f"a start from self.{kept.name}, which is not zero and which forward() does not"
                    " change,",
                    "only a start from zeros",
                    f"set {kept.name} to None",
                )


def tensors_of(state: Any) -> Iterator[Tensor]:
    """The tensors of a state, h or (h, c)."""
    if isinstance(state, Tensor):
        yield state
    elif isinstance(state, (tuple, list)):
        for part in state:
            yield from tensors_of(part)


def _attribute(module: nn.Module, tensor: Tensor, place: Place) -> _Kept | None:
    """The attribute that shares its memory with a tensor, as after detach()."""
    for owner in module.modules():
        for name, value in owner.__dict__.items():
            if any(each.data_ptr() == tensor.data_ptr() for each in tensors_of(value)):
                return _Kept(owner, name, value, place)
    return None


def _zeros(state: Any) -> Any:
    """Zeros in the structure of a state, [levels, batch, size], with a batch of 1."""
    if isinstance(state, Tensor):
        extents = [1 if state.dim() == 3 and axis == 1 else n for axis, n in enumerate(state.shape)]
        return state.new_zeros(extents)
    return type(state)(map(_zeros, state))
