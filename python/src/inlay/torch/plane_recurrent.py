"""Recurrent layers along the frames or the features of a plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from torch import Tensor, nn

from ..format import Array, Chain, LayerRecord
from ..network.graph import Node, layers
from .planes import (
    HANDLERS,
    LANES,
    Handler,
    Plane,
    arranged,
    each_feature,
    gathered,
    laid_out,
    place,
    time_of,
)
from .records import records_of


def _recurrent(kind: type[nn.RNNBase]) -> Handler:
    def handle(
        func: Any,
        x: Plane,
        state: Any,
        weights: Sequence[Tensor],
        bias: bool,
        levels: int,
        dropout: float,
        training: bool,
        bidirectional: bool,
        batch_first: bool,
    ) -> tuple[Any, ...]:
        states = state if isinstance(state, (tuple, list)) else [state]
        if any(isinstance(each, Plane) or bool(each.any()) for each in states):
            place().refuse("a state to start from", "only one of zeros", "leave it out")
        if levels > 1 and bidirectional:
            place().refuse("several levels in both directions", "only one level", "use one module for each level")
        result = func(x, state, weights, bias, levels, dropout, training, bidirectional, batch_first)
        hidden = result[0].shape[2] // (2 if bidirectional else 1)
        shape = (x.shape[2], hidden, levels, bias)
        per_direction = len(weights) // (2 if bidirectional else 1)
        ways = [
            _filled(kind, shape, weights[d * per_direction : (d + 1) * per_direction])
            for d in range(2 if bidirectional else 1)
        ]
        chains = [records_of(way, x.shape[2]) for way in ways]
        return recurrent(x, result[0], 1 if batch_first else 0, time_of(x), chains), *result[1:]

    return handle


def recurrent(x: Plane, result: Tensor, along: int, time: int, chains: Sequence[Chain]) -> Plane:
    """A recurrent layer on three axes, the last one the channels: it runs along the axis `along`. `chains` has its layers
    for each direction."""
    across = 1 - along
    node = arranged(x, [across, along, 2] if time not in (0, 1) else [1 - time, 2], time)
    if time == along:
        if len(chains) > 1:
            place().refuse("both directions of time", "only forward in time", "train it with bidirectional=False")
        made = layers(node, each_feature(x.shape[across], "per_feature", chains[0]))
        return laid_out(result, time, [across, 2], made)
    made, numbers = _along_features(node, x.shape[along], chains)
    return laid_out(result, time, [along, 2], made, numbers)


def _along_features(node: Node, features: int, ways: Sequence[Chain]) -> tuple[Node, Any]:
    """Recurrent layers along the features, the second of two from the last feature to the first. Returns their output and
    its channels as [feature][channel]."""
    if len(ways) == 1:
        made = layers(node, each_feature(features, "along_features", ways[0]))
        return made, np.arange(made.channels).reshape(features, -1)
    taken = np.arange(node.channels).reshape(features, -1)
    both = np.concatenate([taken, taken[::-1]], axis=1)
    if len(ways[0]) == 1 and 2 * ways[0][0].integer("out") <= LANES:
        # Each would leave half of a register empty.
        one = [_side_by_side(ways[0][0], ways[1][0])]
        made = layers(gathered(node, both), each_feature(features, "along_features", one))
        near, far = np.split(np.arange(made.channels).reshape(features, -1), 2, axis=1)
    else:
        pieces = [
            layers(gathered(node, order), each_feature(features, "along_features", way))
            for order, way in zip(np.split(both, 2, axis=1), ways)
        ]
        made = Node("cat", sum(piece.channels for piece in pieces), tuple(pieces))
        near, far = np.arange(made.channels).reshape(2, features, -1)
    return made, np.concatenate([near, far[::-1]], axis=1)


def _side_by_side(first: LayerRecord, second: LayerRecord) -> LayerRecord:
    """Two recurrent layers as one: the inputs and units of the second follow those of the first."""
    units = first.integer("out")

    def joined(name: str) -> Array:
        shape = first.tensors[name].shape
        a, b = (each.tensors[name].reshape(-1, shape[-1] // units, units) for each in (first, second))  # [.][gate][unit]
        if name.endswith("kernel"):
            a, b = np.concatenate([a, 0 * a]), np.concatenate([0 * b, b])
            shape = (2 * shape[0], *shape[1:])
        return np.concatenate([a, b], axis=2).reshape(*shape[:-1], -1)

    options = first.options | {"in": 2 * first.integer("in"), "out": 2 * units}
    return replace(first, options=options, tensors={name: joined(name) for name in first.tensors})


def _filled(kind: type[nn.RNNBase], shape: tuple[int, int, int, bool], weights: Sequence[Tensor]) -> nn.RNNBase:
    inputs, hidden, levels, bias = shape
    module = kind(inputs, hidden, levels, bias=bias).to(weights[0].dtype)  # type: ignore[arg-type]
    for parameter, weight in zip(module._flat_weights, weights):
        parameter.data = weight.detach()
    return module


HANDLERS["gru"] = _recurrent(nn.GRU)
HANDLERS["lstm"] = _recurrent(nn.LSTM)
