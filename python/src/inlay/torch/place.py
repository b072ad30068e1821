"""Places in a PyTorch module, for error messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from torch import nn

from ..errors import ExportError


class Unfollowed(ExportError):
    """A step of a forward() that torch.fx cannot follow, and torch.jit.trace perhaps can."""


class Unknown(Unfollowed):
    """An operation without a counterpart. It does no harm if only control flow depends on it."""


class Valued(ExportError):
    """Code that asks for the values of a signal."""


class InChunks(ExportError):
    """Code that gives the frames of a signal to layers chunk by chunk."""


@dataclass(frozen=True)
class Refusal:
    """An error that is raised unless a later operation makes up for its cause."""

    place: Place
    found: str
    supported: str
    advice: str

    def __str__(self) -> str:
        return f"{self.place}: {self.found} is not supported, {self.supported}; {self.advice}"

    def throw(self, kind: type[ExportError] = ExportError) -> NoReturn:
        raise kind(str(self))


@dataclass(frozen=True)
class Place:
    """A place: "1.0 (Conv1d)", or "block (Block), line 12 of tcn.py: `x = self.conv(x) + x`"."""

    name: str

    def __str__(self) -> str:
        return self.name

    def refuse(
        self, found: str, supported: str, advice: str, kind: type[ExportError] = ExportError
    ) -> NoReturn:
        Refusal(self, found, supported, advice).throw(kind)


def place_of(module: nn.Module, path: str) -> Place:
    kind = getattr(module, "original_name", type(module).__name__)
    return Place(f"{path or 'the module'} ({kind})")
