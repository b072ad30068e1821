"""Converts graphs of one frame with an axis of frequency.

All axes of a frame are channels, as in inlay.torch.SpectralNetwork. An operation that computes is a function of PyTorch
on planes. origins.py follows the states, and the operations that only move values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from ..errors import ExportError
from ..format import Array
from ..network.graph import Node
from ..torch.planes import FRAMES, Plane, arranged, laid_out, plane, placed, settled
from .averages import averages_in
from .opened import Graph, Operation
from .origins import Origins
from .plane_operations import OPERATIONS, averaged


def converted(
    graph: Graph,
    names: tuple[str, str],
    states: Mapping[str, str],
    arrays: Mapping[str, Array],
    starts: Mapping[str, Array],
) -> tuple[Node, Node]:
    """The frame of the input names[0], and that of the output names[1], with its axes in their order. `starts` has the
    first value of each state."""
    step = Step(graph, names, states, arrays, starts)
    for op in step.origins.operations:
        if step.is_needed(op):
            with placed(op):
                step.convert(op)
    with placed(_Output(names[1])):
        made = settled(step.plane(names[1])[None], 0)
        return step.source, arranged(made, range(1, made.dim()), 0)


class _Output(str):
    def __str__(self) -> str:
        return f"the output {super().__str__()!r}"

    def refuse(self, found: str, supported: str, advice: str) -> None:
        raise ExportError(f"{self}: {found} is not supported, {supported}; {advice}")


class Step:
    """The values of a graph that are converted already."""

    def __init__(
        self,
        graph: Graph,
        names: tuple[str, str],
        states: Mapping[str, str],
        arrays: Mapping[str, Array],
        starts: Mapping[str, Array],
    ) -> None:
        self.arrays = arrays
        self.origins = Origins(graph, names[1], names[:1], states, arrays)
        whole = torch.zeros(1, *arrays[names[0]].shape)
        self.source = Node("input", whole.numel())
        self._made = {names[0]: laid_out(whole, 0, range(1, whole.dim()), self.source)}
        self._needed = self._found(names[1])
        found = averages_in(self.origins, dict(arrays), dict(starts))
        self.averages = {average.total: average for average in found}
        self._skipped = {average.product for average in found}
        self._require_zeros(starts)

    def _require_zeros(self, starts: Mapping[str, Array]) -> None:
        """All states start with zeros but those of averages."""
        for name, values in starts.items():
            whole = np.arange(values.size).reshape(values.shape)
            first = int(self.origins.numbers[name].flat[0])
            for average in self.averages.values():
                for past in average.product.inputs:
                    inside = self.origins.numbers.get(past, np.zeros(0, int)) - first
                    whole.flat[inside[(inside >= 0) & (inside < values.size)]] = -1
            if values[whole >= 0].any():
                raise ExportError(
                    f"state {name!r}: it starts with values other than zeros, which only recursive averages can have"
                )

    def _found(self, output: str) -> set[str]:
        """The made values that the output depends on, by way of states as well."""
        by = {name: op for op in self.origins.operations for name in op.outputs}
        found: set[str] = set()
        waiting = [output]
        while waiting:
            numbers, _ = self.origins.of(waiting.pop())
            starts = {self.origins.maker(int(number))[0] for number in np.unique(numbers) if number > 0}
            for name in starts - found:
                found.add(name)
                waiting += [n for n in by[name].inputs if n in self.origins.numbers] if name in by else []
        return found

    def is_needed(self, op: Operation) -> bool:
        return bool(self._needed & set(op.outputs)) and op not in self._skipped

    def convert(self, op: Operation) -> None:
        if op.kind not in OPERATIONS:
            op.refuse(
                "this operator on a frame with an axis of frequency",
                "only " + ", ".join(sorted(OPERATIONS)),
                "replace it by these",
            )
        average = self.averages.get(op)
        made = averaged(self, average) if average else OPERATIONS[op.kind](self, op)
        self._made[op.outputs[0]] = made.reshape(1, *self.arrays[op.outputs[0]].shape)

    def is_signal(self, name: str) -> bool:
        return name in self.origins.numbers

    def is_made_by(self, name: str, *kinds: str) -> bool:
        return any(op.kind in kinds for op in self.origins.operations if name in op.outputs)

    def constant(self, name: str) -> Any:
        """The values of a constant, None where there is none."""
        if not name:
            return None
        if self.is_signal(name):
            raise KeyError(name)
        return torch.as_tensor(np.asarray(self.arrays[name], np.float32))

    def plane(self, name: str) -> Plane:
        """A value, whose frames before the present one are what a state holds."""
        numbers, ages = (each.reshape(-1) for each in self.origins.of(name))
        codes, nodes, begins, end = np.zeros(len(numbers)), [], {}, 0
        makers = {}
        for at in np.flatnonzero(numbers):
            maker, element = self.origins.maker(int(numbers[at])) if numbers[at] > 0 else ("", 0)
            if maker not in self._made:
                _refuse_origin(maker, name)
            makers.setdefault(maker, ([], []))
            makers[maker][0].append(at)
            makers[maker][1].append(element)
        for maker, (where, elements) in makers.items():
            whole = self._made[maker]
            if whole.node not in begins:
                begins[whole.node] = end
                nodes.append(whole.node)
                end += whole.node.channels
            found = whole.codes.reshape(-1).numpy()[elements]
            codes[where] = np.where(found > 0, found - ages[where] + begins[whole.node] * FRAMES, 0)
        node = nodes[0] if len(nodes) == 1 else Node("cat", end, tuple(nodes))
        shape = self.arrays[name].shape
        return plane(torch.zeros(shape), torch.as_tensor(codes).reshape(shape), node)


def _refuse_origin(maker: str, name: str) -> None:
    from ..torch.planes import place

    if maker:
        place().refuse(
            f"a state that is computed from {maker!r}, which is computed later,",
            "only the past of values before it, and the state of an LSTM, a GRU or an RNN",
            "write the update as such a layer",
        )
    place().refuse(f"constants beside the values of {name!r}", "only zeros", "add them as a bias of the next layer")
