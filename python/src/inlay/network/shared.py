"""Finds what several layers compute from the condition, such as a network of the knobs."""

from __future__ import annotations

from ..format import Chain
from .graph import Node, ordered


def waist(condition: Node, sink: Node) -> Node | None:
    """The last value that is computed from the condition alone, and through which all layers use the condition."""
    nodes = ordered(sink)
    aside = {condition}
    for node in nodes:
        if node.inputs and all(before in aside for before in node.inputs):
            aside.add(node)
    for node in reversed(nodes):
        if node in aside and condition not in ordered(sink, (node,)):
            return node
    return None


def weights(records: Chain) -> int:
    """The number of weights of a chain, as a measure of what it computes."""
    within = (inner for record in records for chains in record.chains.values() for inner in chains)
    own = sum(values.size for record in records for values in record.tensors.values())
    return own + sum(weights(inner) for inner in within)
