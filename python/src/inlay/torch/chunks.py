"""Modules that give the frames of a signal to a layer chunk by chunk, with its state in between:
`for i in range(0, x.shape[1], self.chunk)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from torch import nn

# Longer than any signal of an export.
_ALL_FRAMES = 1 << 30
_NAMES = re.compile(r"chunk|block|segment|section|buffer|frame|length|window|step|hop|tbptt|size")


@dataclass(frozen=True)
class ChunkLength:
    """An attribute of `owner` that may be the length of its chunks."""

    owner: nn.Module
    name: str


def chunk_lengths(module: nn.Module) -> Iterator[ChunkLength]:
    """The attributes that may be the length of a chunk, the likeliest first."""
    found = [
        ChunkLength(owner, name)
        for owner in module.modules()
        if not type(owner).__module__.startswith("torch.")
        for name, value in vars(owner).items()
        if type(value) is int and value > 1 and _NAMES.search(name.lower())
    ]
    yield from sorted(found, key=lambda each: "chunk" not in each.name.lower())


@contextmanager
def one_chunk(length: ChunkLength | None) -> Iterator[None]:
    """Makes all frames one chunk."""
    if length is None:
        yield
        return
    kept = getattr(length.owner, length.name)
    try:
        setattr(length.owner, length.name, _ALL_FRAMES)
        yield
    finally:
        setattr(length.owner, length.name, kept)
