"""Signals that layers make for each block of frames, and that control the rest of a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..format import LayerRecord
from .graph import Node, join, layers, ordered


def controls_of(sink: Node) -> list[Node]:
    """The controls that a network computes, apart from those that others control."""
    controls = [node for node in ordered(sink) if _is_control(node)]
    return [node for node in controls if sum(map(_is_control, ordered(node))) == 1]


def _is_control(node: Node) -> bool:
    return node.kind == "layers" and node.records[-1].type == "block_control"


def shared_controls(controls: Sequence[Node]) -> Node:
    """All controls side by side. Controls that differ in their last layer only share the layers before it."""
    first, *others = controls
    if others and all(_differ_at_the_end(first, other) for other in others):
        lasts = [node.records[-1].chains["layers"][0][-1] for node in controls]
        *before, control = first.records
        chain = [*control.chains["layers"][0][:-1], _stacked(lasts)]
        return layers(first.inputs[0], [*before, replace(control, chains={"layers": [chain]})])
    return join(controls)


def _differ_at_the_end(a: Node, b: Node) -> bool:
    """Whether two controls differ in a last product alone."""
    chains = [node.records[-1].chains["layers"][0] for node in (a, b)]
    if a.inputs != b.inputs or len({len(chain) for chain in chains}) > 1 or len(chains[0]) < 2:
        return False
    options = [node.records[-1].options for node in (a, b)]
    same = all(one is other for one, other in zip(chains[0][:-1], chains[1]))
    same_before = all(one is other for one, other in zip(a.records[:-1], b.records[:-1]))
    return same and same_before and options[0] == options[1] and all(_is_product(c[-1]) for c in chains)


def _is_product(record: LayerRecord) -> bool:
    plain = record.type == "conv1d" and {"kernel_size": 1, "groups": 1}.items() <= record.options.items()
    return (plain or record.type == "dense") and "bias" in record.tensors


def _stacked(products: Sequence[LayerRecord]) -> LayerRecord:
    """Products of one value as one product with all of their outputs."""
    takes = products[0].channels_in
    kernels = [record.tensors["kernel"].reshape(takes, -1) for record in products]
    tensors = {
        "kernel": np.concatenate(kernels, axis=1),
        "bias": np.concatenate([record.tensors["bias"] for record in products]),
    }
    return LayerRecord("dense", {"in": takes, "out": tensors["bias"].size}, tensors)
