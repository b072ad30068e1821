"""Applies modules that take a signal and what controls it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from ..errors import ExportError
from ..format import LayerRecord, Option
from ..network.graph import add, join, layers, multiply, part
from ..network.records import beside, plain
from .apply import laid_out, run
from .controlled import Controlled, controlled, knobs_of
from .filters import filtered
from .place import Place
from .records import records_of
from .run import attributes_kept
from .signal import Late, Signal, aligned

# A second argument of a module: knobs, controls, constants.
Beside = Signal | Tensor | None


def arranged(signal: Signal, module: nn.Module, place: Place) -> Signal:
    """The signal as the module takes it. Raises ExportError if it has other axes or channels."""
    found = controlled(module)
    assert found is not None
    if found.channels != signal.channels:
        takes = f"{place}: takes {found.channels} channels"
        raise ExportError(f"{takes}, but is given {signal.channels}")
    return laid_out(signal.streamed(place), module, place)


def apply_controlled(
    signal: Signal, module: nn.Module, others: Sequence[Any], place: Place
) -> Any:
    """The output of module(signal, *others) for an arranged signal. Raises ExportError if it has no counterpart in inlay."""
    found = controlled(module)
    assert found is not None
    other: Beside = others[0] if others else None
    if signal.start < 0:
        place.refuse(
            "a signal with zeros in front that are padded for several layers",
            "only a signal as it is from a stream's first frame on",
            "pad in front of each convolution, and train again",
        )
    signal.require_settled(place)
    if found.kind in ("filter", "response"):
        if any(each is True for each in others):
            place.refuse("train=True", "only what a filter does frame by frame", "leave it out")
        return filtered(signal.silenced(place), module, other, place), {}
    if isinstance(other, Tensor):
        place.refuse("a constant beside the signal", "only knobs and controls", "pass it as a knob")
    if found.kind == "modulation":
        return _modulation(signal, module, other, found, place)
    if (other is not None) != (knobs_of(module) > 0):
        place.refuse("a call without its knobs", "only module(x, knobs)", "pass the knobs")
    if other is not None and not other.held:
        place.refuse("knobs that change within a clip", "only those of a whole clip", "hold them")
    apply = _control if found.kind == "control" else _tfilm
    return apply(signal, module, other, found, place)


def _output(module: nn.Module, signal: Signal, other: Signal | None, place: Place) -> Tensor:
    others = [] if other is None else [other.tensor]
    with attributes_kept(module):
        return run(module, signal.tensor, place, *others)


def _in_blocks(found: Controlled, signal: Signal, chain: Sequence[LayerRecord]) -> LayerRecord:
    """The layers for each block. Blocks begin where PyTorch's signal does."""
    options: dict[str, Option] = {"block_size": found.block, "offset": signal.start}
    return LayerRecord("block_control", options, chains={"layers": [chain]})


def _control(
    signal: Signal, module: Any, knobs: Signal | None, found: Controlled, place: Place
) -> Signal:
    node = layers(signal.node, [plain("abs", signal.channels)])
    node = node if knobs is None else join([node, knobs.node])
    chain = records_of(module.lstm, node.channels)
    if hasattr(module, "act"):
        chain += records_of(module.act, chain[-1].channels_out)
    made = layers(node, [_in_blocks(found, signal, chain)])
    output = _output(module, signal, knobs, place)
    block = 1 if output.shape[-1] == signal.frames else found.block
    return replace(signal, tensor=output, node=made, block=block).late_by(found.block - 1, Late.by_blocks(place))


def _tfilm(
    signal: Signal, module: Any, knobs: Signal | None, found: Controlled, place: Place
) -> Signal:
    assert knobs is not None
    size, chain = signal.channels, list[LayerRecord]()
    if hasattr(module, "conv"):
        narrow = [records_of(module.conv, size), [plain("identity", knobs.channels)]]
        chain.append(beside("split", narrow))
    for layer in (module.lstm, *getattr(module, "adaptor", ())):
        width = chain[-1].channels_out if chain else size + knobs.channels
        chain += records_of(layer, width)
    modulated = [
        LayerRecord("slice", {"in": size + knobs.channels, "begin": 0, "out": size}),
        LayerRecord("delay", {"size": size, "frames": found.block - 1}),
        LayerRecord("film", {"size": size}, chains={"layers": [[plain("identity", 2 * size)]]}),
    ]
    chains = {"source": [[_in_blocks(found, signal, chain)]], "layers": [modulated]}
    made = layers(join([signal.node, knobs.node]), [LayerRecord("conditioned_by", chains=chains)])
    output = _output(module, signal, knobs, place)
    return replace(signal, tensor=output, node=made).late_by(found.block - 1, Late.by_blocks(place))


def _modulation(
    signal: Signal, module: Any, control: Signal | None, found: Controlled, place: Place
) -> Signal:
    if control is None or control.block != found.block:
        place.refuse(
            "a call without controls for its blocks",
            f"only controls for each block of {found.block} frames",
            "pass what a TVFiLMCond of the same block_size gives",
        )
    skipped = control.frames + -signal.frames // found.block
    if signal.begin - control.begin != skipped * found.block:
        place.refuse(
            "blocks that begin at other frames than those of its controls",
            "as which block belongs to which controls then depends on the length of the clip",
            "pad in front of each convolution, not once for all of them, and train again",
        )
    records = records_of(module.adaptor, control.channels)
    made = control.then(run(module.adaptor, control.tensor, place), records)
    held = made.tensor[..., skipped:].repeat_interleave(found.block, -1)[..., : signal.frames]
    begin = control.start + skipped * found.block
    made = replace(made, tensor=held, block=1, start=begin, silent=made.silent and skipped == 0)
    output, size = _output(module, signal, control, place), signal.channels
    signal, made = aligned([signal, made], place)
    scaled = multiply(signal.node, part(made.node, 0, size))
    return replace(
        signal,
        tensor=output,
        node=add([scaled, part(made.node, size, 2 * size)]),
        silent=made.silent,
    )
