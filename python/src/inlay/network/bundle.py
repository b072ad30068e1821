"""Chains for graphs whose paths meet more than once, as in a WaveNet.

The chain carries several values side by side in its channels: values that are used again, and
partial sums. Each step computes new values and drops those that are no longer needed. A step with
the structure of a WaveNet layer becomes a `residual_skip`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ..format import LayerRecord, Option
from .graph import Node, add, ordered, remade, uses_of
from .records import beside, filled, look_back

Records = list[LayerRecord]
Chain = Callable[[Node, Node], Records]


def bundle(source: Node, sink: Node, chain: Chain) -> Records:
    """The layers from `source` to `sink`. `chain` makes the parts whose paths have nothing in common.

    Values side by side have the same latency, so latency within is stated behind all of them.
    """
    late = _latency(source, sink)
    if late == 0:
        return _Bundle(source, _in_order_of_arrival(source, sink), chain).records
    records = _Bundle(source, _in_order_of_arrival(source, _unstated(source, sink)), chain).records
    options: dict[str, Option] = {"size": sink.channels, "frames": late, "latency": late}
    return [*records, LayerRecord("silent_until", options)]


def _stated(record: LayerRecord) -> int:
    name = {"delay": "frames", "silent_until": "latency"}.get(record.type)
    return int(record.options.get(name, 0)) if name else 0


def _latency(source: Node, sink: Node) -> int:
    """The latency that the layers between state, which is the same for all paths."""
    late = {source: 0}
    for node in ordered(sink, (source,)):
        if node is not source:
            late[node] = max(late[before] for before in node.inputs) + sum(map(_stated, node.records))
    return late[sink]


def _unstated(source: Node, sink: Node) -> Node:
    """The graph with the same delays, and no latency."""
    inside = ordered(sink, (source,))
    tensors = (t for node in inside for record in node.records for t in record.tensors.values())
    dtype = next((str(tensor.dtype) for tensor in tensors), "float32")

    def plainly(record: LayerRecord) -> LayerRecord:
        if record.type == "delay":
            return look_back(record.channels_in, _stated(record), dtype)
        options = {name: value for name, value in record.options.items() if name != "latency"}
        return replace(record, options=options) if _stated(record) else record

    made = {source: source}
    for node in inside:
        if node is not source:
            inputs = tuple(made[before] for before in node.inputs)
            again = remade(node, inputs)
            late = any(map(_stated, again.records))
            made[node] = replace(again, records=tuple(map(plainly, again.records))) if late else again
    return made[sink]


def _in_order_of_arrival(source: Node, sink: Node) -> Node:
    """The graph with the terms of each sum in the order in which they can be computed."""
    inside = ordered(sink, (source,))
    uses = uses_of(inside)
    made = {source: source}
    age = {source: 0}

    def terms_of(node: Node) -> list[Node]:
        """The terms of a sum, including those of inner sums that are not used elsewhere."""
        terms: list[Node] = []
        for before in node.inputs:
            within = before.kind == "add" and uses[before] == 1 and before is not source
            terms += terms_of(before) if within else [made[before]]
        return terms

    for node in inside[1:] if inside[0] is source else inside:
        if node.kind == "add":
            terms = sorted(terms_of(node), key=lambda term: age[term])
            total = terms[0]
            for moment, group in groupby(terms[1:], key=lambda term: age[term]):
                total = add([total, *group])
                age[total] = moment + 1
        else:
            total = remade(node, tuple(made[before] for before in node.inputs))
        made[node] = total
        own = age.get(total) if node.kind == "add" else None
        age[total] = (own or max(age[before] for before in total.inputs)) + (uses[node] > 1)
    return made[sink]


@dataclass(frozen=True)
class _WaveNetLayer:
    """(x, head) becomes (goes_on, collected): x + residual(a) and head + skip(a)."""

    residual: Node
    skip: Node
    goes_on: Node
    collected: Node


class _Bundle:
    """The values that are carried side by side, and the layers so far."""

    def __init__(self, source: Node, sink: Node, chain: Chain) -> None:
        self.chain = chain
        inside = ordered(sink, (source,))
        uses = uses_of(inside)
        self.carried = {node for node in inside if uses[node] > 1} | {source, sink}
        for node in inside:
            if node.kind == "add" and node is not source:
                self._carry_sum(node)
        self.needs = {node: self._made_of(node) for node in self.carried if node is not source}
        self.held: list[Node] = [source]
        self.records: Records = []
        waiting = [node for node in inside if node in self.needs]
        while waiting:
            waiting = self._go_on(waiting)

    def _carry_sum(self, node: Node) -> None:
        """Starts to carry a partial sum."""
        first, *others = (self._leaves(term) for term in node.inputs)
        if any(leaves != first for leaves in others):
            self.carried |= {node, node.inputs[0]}

    def _leaves(self, node: Node) -> frozenset[Node]:
        """The carried values that a value is computed from; the value itself if it is carried."""
        return frozenset([node]) if node in self.carried else self._made_of(node)

    def _made_of(self, node: Node) -> frozenset[Node]:
        """The same for the inputs of a value, whether or not it is carried."""
        found: set[Node] = set()
        seen = {node}
        waiting = list(node.inputs)
        while waiting:
            before = waiting.pop()
            if before in self.carried:
                found.add(before)
            elif before not in seen:
                seen.add(before)
                waiting += before.inputs
        return frozenset(found)

    def _needed(self, later: Iterable[Node]) -> set[Node]:
        return {leaf for node in later for leaf in self.needs[node]}

    def _go_on(self, waiting: Sequence[Node]) -> list[Node]:
        """Takes the next step and returns the values that are still missing."""
        ready = [node for node in waiting if self.needs[node] <= set(self.held)]
        later = [node for node in waiting if node not in ready]
        layer = self._wavenet_layer(ready[0], later) if len(ready) == 1 else None
        if layer:
            self._append_wavenet_layer(ready[0], layer)
            return [node for node in later if node not in self.held]
        kept = [node for node in self.held if node in self._needed(later)]
        branches = [*self._kept(kept), *(self._expression(node) for node in ready)]
        self.records += branches[0] if len(branches) == 1 else [beside("concat", branches)]
        self.held = [*kept, *ready]
        return later

    def _kept(self, kept: Sequence[Node]) -> list[Records]:
        """Slices of the values that are kept; neighbours are one slice."""
        pieces: list[list[Node]] = []
        for node in kept:
            if pieces and self.held.index(node) == self.held.index(pieces[-1][-1]) + 1:
                pieces[-1].append(node)
            else:
                pieces.append([node])
        return [filled(self._slice(piece), _width(piece)) for piece in pieces]

    def _slice(self, piece: Sequence[Node]) -> Records:
        begin = _width(self.held[: self.held.index(piece[0])])
        width, out = _width(self.held), _width(piece)
        options = {"in": width, "begin": begin, "out": out}
        return [] if out == width else [LayerRecord("slice", options)]

    def _expression(self, node: Node) -> Records:
        """The layers that compute a value from all carried values."""
        leaves = self._made_of(node)
        if len(leaves) == 1:
            (leaf,) = leaves
            return self._slice([leaf]) + self.chain(leaf, node)
        behind: Records = []
        while node.kind == "layers":
            behind = [*node.records, *behind]
            node = node.inputs[0]
        return self._joint(node) + behind

    def _joint(self, node: Node) -> Records:
        """The layers that compute a sum or a concatenation of several carried values."""
        if node.kind == "cat" and self._side_by_side(node.inputs):
            return self._slice(node.inputs)
        width = _width(self.held)
        branches = [filled(self._term(before), width) for before in node.inputs]
        return [beside("concat" if node.kind == "cat" else "parallel", branches)]

    def _side_by_side(self, values: Sequence[Node]) -> bool:
        """Whether these values are carried next to each other, in this order."""
        if not all(value in self.held for value in values):
            return False
        at = [self.held.index(value) for value in values]
        return at == list(range(at[0], at[0] + len(at)))

    def _term(self, node: Node) -> Records:
        return self._slice([node]) if node in self.carried else self._expression(node)

    def _wavenet_layer(self, made: Node, later: Sequence[Node]) -> _WaveNetLayer | None:
        """The WaveNet layer whose path is `made`, or None if there is another use of it."""
        x, head = self.held[0], self.held[1] if len(self.held) == 2 else None
        if self.needs[made] != {x} or len(self.held) > 2:
            return None
        users = [node for node in later if made in self.needs[node]]
        for goes_on in users:
            residual = self._beside(x, goes_on, made)
            if residual is None or x in self._needed(set(later) - {goes_on}):
                continue
            others = set(later) - {goes_on}
            for collected in users:
                spare = self._needed(others - {collected})
                skip = self._beside(head, collected, made) if head else self._alone(collected, made)
                if skip and collected is not goes_on and not {made, head} & spare:
                    return _WaveNetLayer(residual, skip, goes_on, collected)
            if head is None:
                return _WaveNetLayer(residual, made, goes_on, made)
        return None

    def _beside(self, term: Node, total: Node, made: Node) -> Node | None:
        """The other term of the sum `total`, if it is computed from `made` alone."""
        if total.kind != "add" or term not in total.inputs:
            return None
        others = [other for other in total.inputs if other is not term]
        right = len(others) == len(total.inputs) - 1 == 1 and self._leaves(others[0]) == {made}
        return others[0] if right else None

    def _alone(self, node: Node, made: Node) -> Node | None:
        return node if self._made_of(node) == {made} else None

    def _append_wavenet_layer(self, made: Node, layer: _WaveNetLayer) -> None:
        x = self.held[0]
        if len(self.held) == 1:
            width = {"in": x.channels, "out": x.channels + layer.skip.channels}
            self.records.append(LayerRecord("pad", width))
        ways = {
            "path": (x, made),
            "residual": (made, layer.residual),
            "skip": (made, layer.skip),
        }
        chains = {
            name: [filled(self.chain(*ends), ends[0].channels)] for name, ends in ways.items()
        }
        self.records.append(LayerRecord("residual_skip", chains=chains))
        self.held = [layer.goes_on, layer.collected]


def _width(values: Sequence[Node]) -> int:
    return sum(value.channels for value in values)
