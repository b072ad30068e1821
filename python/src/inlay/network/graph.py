"""A network as a graph of values, connected by layers, sums, products and concatenations.

The functions that make new values simplify: a slice of a concatenation is the piece itself, and
neighbouring slices of a value are one slice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ..format import Chain, LayerRecord

Kind = Literal["input", "condition", "layers", "add", "cat", "mul"]


@dataclass(frozen=True, eq=False)
class Node:
    """A value: the `kind` of operation, its inputs, and for "layers" the records of a chain."""

    kind: Kind
    channels: int
    inputs: tuple[Node, ...] = ()
    records: Chain = ()


def ordered(sink: Node, sources: Sequence[Node] = ()) -> list[Node]:
    """All values that `sink` depends on, inputs first. The search stops at `sources`."""
    found: list[Node] = []
    seen: set[Node] = set()
    stack: list[tuple[Node, Iterator[Node]]] = []

    def enter(node: Node) -> None:
        seen.add(node)
        stack.append((node, iter(() if node in sources else node.inputs)))

    enter(sink)
    while stack:
        node, inputs = stack[-1]
        for before in inputs:
            if before not in seen:
                enter(before)
                break
        else:
            found.append(node)
            stack.pop()
    return found


def uses_of(nodes: Sequence[Node]) -> Counter[Node]:
    """How often each value is an input of these."""
    return Counter(before for node in nodes for before in node.inputs)


def layers(node: Node, records: Chain) -> Node:
    return Node("layers", records[-1].channels_out, (node,), tuple(records)) if records else node


def _slice_record(node: Node) -> LayerRecord | None:
    if node.kind == "layers" and len(node.records) == 1 and node.records[0].type == "slice":
        return node.records[0]
    return None


def _part(node: Node) -> tuple[Node, int, int]:
    """The sliced value with its first and last channel, or the whole value if it is no slice."""
    record = _slice_record(node)
    if record is None:
        return node, 0, node.channels
    begin = int(record.options["begin"])
    return node.inputs[0], begin, begin + node.channels


def part(node: Node, begin: int, end: int) -> Node:
    """The channels [begin, end) of a value."""
    if (begin, end) == (0, node.channels):
        return node
    if _slice_record(node) is not None:
        whole, first, _ = _part(node)
        return part(whole, first + begin, first + end)
    if node.kind == "cat":
        at = 0
        for piece in node.inputs:
            if at <= begin and end <= at + piece.channels:
                return part(piece, begin - at, end - at)
            at += piece.channels
    options = {"in": node.channels, "begin": begin, "out": end - begin}
    return layers(node, [LayerRecord("slice", options)])


def join(pieces: Sequence[Node]) -> Node:
    """The concatenation of the channels of all pieces."""
    joined: list[Node] = []
    for piece in pieces:
        if joined:
            (before, begin, middle), (whole, next_begin, end) = _part(joined[-1]), _part(piece)
            if before is whole and middle == next_begin:
                joined[-1] = part(whole, begin, end)
                continue
        joined.append(piece)
    if len(joined) == 1:
        return joined[0]
    return Node("cat", sum(piece.channels for piece in joined), tuple(joined))


def add(terms: Sequence[Node]) -> Node:
    return terms[0] if len(terms) == 1 else Node("add", terms[0].channels, tuple(terms))


def multiply(a: Node, b: Node) -> Node:
    return Node("mul", a.channels, (a, b))


def substituted(sink: Node, replacements: dict[Node, Node]) -> Node:
    """`sink` with these values replaced."""
    made = dict(replacements)
    for node in ordered(sink, tuple(replacements)):
        if node not in made:
            inputs = tuple(made[before] for before in node.inputs)
            same = all(new is old for new, old in zip(inputs, node.inputs))
            made[node] = node if same else remade(node, inputs)
    return made[sink]


def remade(node: Node, inputs: tuple[Node, ...]) -> Node:
    """The same operation on other inputs."""
    if _slice_record(node) is not None:
        _, begin, end = _part(node)
        return part(inputs[0], begin, end)
    if node.kind == "cat":
        return join(inputs)
    return Node(node.kind, node.channels, inputs, node.records)
