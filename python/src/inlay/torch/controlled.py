"""Modules of NablAFx that take a signal and controls, recognised by their attributes.

The export compares the whole network with PyTorch, so a module that has the attributes and computes
something else is refused there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from torch import nn

Kind = Literal["control", "modulation", "tfilm", "filter", "response"]


@dataclass(frozen=True)
class Controlled:
    """What a module does, the length of its blocks, and how many frames it looks back. It gives the first
    frame of a block when it has all of the block.

    A "control" makes controls of each block's largest magnitudes and of knobs: TVFiLMCond,
    DynamicController, DynamicCondController. A "modulation" scales and shifts a signal by such
    controls: TVFiLMMod. A "tfilm" does both, with knobs: TFiLM, TinyTFiLM.
    A "filter" computes second-order sections from its controls: ParametricEQ, Lowpass and others. A "response"
    is a StaticFIRFilter.
    """

    kind: Kind
    channels: int
    block: int = 1
    past: int = 0

    @property
    def reach(self) -> int:
        return self.past or 2 * self.block


def controlled(module: nn.Module) -> Controlled | None:
    """What a module does, None for modules that are not known."""
    of_filters = ("compute_coefficients", "get_param_dict")
    if all(callable(getattr(module, name, None)) for name in of_filters):
        return Controlled("filter", 1)
    taps: Any = getattr(module, "n_taps", None)
    if callable(getattr(module, "extract_impulse_response", None)) and isinstance(taps, int):
        return Controlled("response", 1, past=taps)
    block: Any = getattr(module, "block_size", None)
    if not isinstance(block, int):
        return None
    pool, lstm = getattr(module, "pool", None), getattr(module, "lstm", None)
    adaptor: Any = getattr(module, "adaptor", None)
    if isinstance(pool, nn.MaxPool1d) and isinstance(lstm, nn.LSTM):
        if any(extent not in (block, (block,)) for extent in (pool.kernel_size, pool.stride)):
            return None
        knobs = knobs_of(module)
        if getattr(module, "is_hidden_state_init", None) is False:
            return Controlled("control", lstm.input_size - knobs, block)
        if knobs and getattr(module, "hidden_state", None) is None:
            conv: Any = getattr(module, "conv", None)
            size = conv.in_channels if isinstance(conv, nn.Conv1d) else lstm.input_size - knobs
            return Controlled("tfilm", size, block)
        return None
    if pool is None and isinstance(adaptor, nn.Conv1d) and len(list(module.children())) == 1:
        return Controlled("modulation", adaptor.out_channels // 2, block)
    return None


def knobs_of(module: nn.Module) -> int:
    """The number of knobs that are appended to each block's largest values."""
    found = (getattr(module, name, None) for name in ("cond_dim", "num_controls"))
    return next((each for each in found if isinstance(each, int)), 0)
