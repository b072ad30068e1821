"""Runs an `nn.Sequential` child by child. Each child gets the signal in the layout that it needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from torch import nn

from .apply import apply
from .modules import (
    PER_CHANNEL,
    is_builtin,
    known_base,
    refuse_unknown,
    wants_channels_first,
)
from .place import Place, place_of
from .signal import Signal

Child = tuple[nn.Module, Place]


def children_of(module: nn.Module) -> list[Child] | None:
    """The layers of a module that is a layer or an `nn.Sequential` of layers, also nested.

    None for a module with a `forward` of its own.
    """
    children = list(_leaves(module, ""))
    for child, place in children:
        if is_builtin(child):
            refuse_unknown(child, place)
    return None if any(known_base(child) is None for child, _ in children) else children


def _leaves(module: nn.Module, path: str) -> Iterator[Child]:
    if type(module).forward is nn.Sequential.forward:
        # Not named_children(), which lists a module that appears twice only once.
        for name, child in module._modules.items():
            assert child is not None
            yield from _leaves(child, f"{path}.{name}" if path else name)
        return
    yield module, place_of(module, path)


def run_children(signal: Signal, children: Sequence[Child]) -> Signal:
    """The output of the children, run one after the other."""
    wanted = [wants_channels_first(child) for child, _ in children]
    channels_first = next((first for first in wanted if first is not None), False)
    for (child, place), first in zip(children, wanted):
        if first is not None:
            channels_first = first
        arranged = signal.arranged(channels_first or isinstance(child, PER_CHANNEL))
        if isinstance(child, nn.RNNBase) and not child.batch_first:
            arranged = _batch_second(signal)
        signal = apply(arranged, child, place)
    return signal


def _batch_second(signal: Signal) -> Signal:
    frames = signal.arranged(False)
    return replace(frames, tensor=frames.tensor.transpose(0, 1), time=0)
