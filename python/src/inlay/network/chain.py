"""Converts a graph of values to a chain of layers and combinators.

The values that all paths go through cut the graph into steps. Within a step, paths that have
nothing in common become the branches of a combinator; for other paths see bundle.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from ..format import LayerRecord
from .bundle import bundle
from .graph import Node, add, join, ordered
from .records import beside, filled

Records = list[LayerRecord]


def chain(source: Node, sink: Node) -> Records:
    """The layers from `source` to `sink`; none if they are the same value."""
    records: Records = []
    cuts = _cuts(source, sink)
    for before, after in zip(cuts, cuts[1:]):
        records += _step(before, after)
    return records


def branch(source: Node, sink: Node) -> Records:
    """The same for a branch of a combinator, which needs at least one layer."""
    return filled(chain(source, sink), source.channels)


def _cuts(source: Node, sink: Node) -> list[Node]:
    """The values on every path from `source` to `sink`, both included."""
    inside = ordered(sink, (source,))
    at = {node: index for index, node in enumerate(inside)}
    nearest: dict[Node, Node] = {}

    def common(a: Node, b: Node) -> Node:
        while a is not b:
            if at[a] > at[b]:
                a = nearest[a]
            else:
                b = nearest[b]
        return a

    for node in inside:
        if node is not source:
            met = node.inputs[0]
            for other in node.inputs[1:]:
                met = common(met, other)
            nearest[node] = met
    cuts = [sink]
    while cuts[-1] is not source:
        cuts.append(nearest[cuts[-1]])
    return cuts[::-1]


def _step(source: Node, sink: Node) -> Records:
    if sink.inputs == (source,) and sink.kind == "layers":
        return list(sink.records)
    groups = _groups(source, sink)
    if len(groups) == 1 and len(sink.inputs) > 1:
        return bundle(source, sink, chain)
    if sink.kind == "cat":
        return [beside("concat", [branch(source, join(group)) for group in groups])]
    return [summed(source, [add(group) for group in groups])]


def summed(source: Node, terms: Sequence[Node]) -> LayerRecord:
    """The sum of terms that are computed from `source` and have nothing in common."""
    straight = source in terms
    others = list(terms)
    if straight:
        others.remove(source)
    branches = [branch(source, term) for term in others]
    body = branches[0] if len(branches) == 1 else [beside("parallel", branches)]
    return LayerRecord("residual", chains={"layers": [body]}) if straight else body[0]


def _groups(source: Node, sink: Node) -> list[list[Node]]:
    """The inputs of a sum or a concatenation in groups; inputs with common values are in one group.

    The inputs of a concatenation keep their order, so all inputs between two of a group are in it.
    """
    inputs = sink.inputs
    made_of = [set(ordered(node, (source,))) - {source} for node in inputs]
    label = list(range(len(inputs)))
    for i in range(len(inputs)):
        for j in range(i):
            if label[i] != label[j] and (made_of[i] & made_of[j]):
                met = range(j, i) if sink.kind == "cat" else [j]
                merged = {label[i], *(label[k] for k in met)}
                label = [min(merged) if found in merged else found for found in label]
    order = sorted(range(len(inputs)), key=lambda i: label[i])
    return [[inputs[i] for i in group] for _, group in groupby(order, key=lambda i: label[i])]
