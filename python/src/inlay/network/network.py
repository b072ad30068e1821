"""Converts the graph of a whole network: products and conditions first, then the chain."""

from __future__ import annotations

from collections.abc import Sequence

from ..format import Chain, LayerRecord
from .chain import Records, branch, chain
from .graph import (
    Node,
    add,
    join,
    layers,
    ordered,
    part,
    remade,
    substituted,
    uses_of,
)
from .controls import controls_of, shared_controls
from .records import gate, plain
from .shared import waist, weights

# Activations that a gate can have.
_POINTWISE = {
    "tanh",
    "sigmoid",
    "relu",
    "hard_sigmoid",
    "leaky_relu",
    "elu",
    "silu",
    "gelu",
}
_POINTWISE |= {"gelu_tanh", "softplus", "softsign", "hardtanh", "hardswish"}
_POINTWISE |= {"mish", "selu", "sine", "abs", "exp", "sqrt", "square"}


def network(source: Node, condition: Node | None, sink: Node) -> Records:
    """The layers that compute `sink` from the input `source` and the condition."""
    controls = controls_of(sink)
    if controls:
        controlled = _with_controls(source, condition, sink, controls)
        if controlled:
            return controlled
    if condition is None or condition not in ordered(sink):
        plainly = chain(source, _gates(sink))
        beside_it = _with_its_input_at_its_side(source, sink)
        return min([plainly, beside_it], key=_moved) if beside_it else plainly
    known = _side_inputs(condition, sink)
    if condition not in ordered(known):
        apart = chain(source, _gates(known))
        shared = _with_a_shared_condition(source, condition, sink)
        return min([apart, shared], key=weights) if shared else apart
    both = Node("input", source.channels + condition.channels)
    options = {"size": source.channels, "condition_size": condition.channels}
    parts = {source: part(both, 0, source.channels)}
    parts[condition] = part(both, source.channels, both.channels)
    append = LayerRecord("append_condition", options)
    return [append, *chain(both, _gates(substituted(sink, parts)))]


def _with_a_shared_condition(source: Node, condition: Node, sink: Node) -> Records | None:
    """The network in which a value of the condition that several layers use is computed once, or None.

    The condition is appended to the input. One part of the network computes from it what becomes
    the condition of the other part.
    """
    value = waist(condition, sink)
    if value is None or value is condition:
        return None
    made = Node("condition", value.channels)
    known = _side_inputs(made, substituted(sink, {value: made}))
    if made in ordered(known):
        return None
    both = Node("input", source.channels + condition.channels)
    given = part(both, source.channels, both.channels)
    signal = part(both, 0, source.channels)
    chains = {
        "source": [chain(both, _gates(substituted(value, {condition: given})))],
        "layers": [chain(both, substituted(_gates(known), {source: signal}))],
    }
    options = {"size": source.channels, "condition_size": condition.channels}
    return [LayerRecord("append_condition", options), LayerRecord("conditioned_by", chains=chains)]


def _with_controls(
    source: Node, condition: Node | None, sink: Node, controls: Sequence[Node]
) -> Records | None:
    """The network with signals that layers make for each block of frames as its condition, or None.

    Such signals are late by a block, and what they control is delayed by as much. Knobs are not late, so
    they cannot be beside them.
    """
    made = Node("condition", sum(control.channels for control in controls))
    parts, begin = dict[Node, Node](), 0
    for control in controls:
        parts[control] = part(made, begin, begin + control.channels)
        begin += control.channels
    rest = substituted(sink, parts)
    if source not in ordered(rest) or condition in ordered(rest):
        return None
    given = shared_controls(controls)
    if condition is None:
        chains = {"source": [chain(source, _gates(given))], "layers": [network(source, made, rest)]}
        return [LayerRecord("conditioned_by", chains=chains)]
    both = Node("input", source.channels + condition.channels)
    signal = part(both, 0, source.channels)
    knobs = part(both, source.channels, both.channels)
    chains = {
        "source": [chain(both, _gates(substituted(given, {source: signal, condition: knobs})))],
        "layers": [network(both, made, substituted(rest, {source: signal}))],
    }
    options = {"size": source.channels, "condition_size": condition.channels}
    return [LayerRecord("append_condition", options), LayerRecord("conditioned_by", chains=chains)]


def _moved(records: Chain) -> int:
    """The number of values that a network moves, as a measure of its overhead."""
    within = (inner for record in records for chains in record.chains.values() for inner in chains)
    return sum(record.channels_in + record.channels_out for record in records) + sum(
        _moved(inner) for inner in within
    )


def _gates(sink: Node) -> Node:
    """The graph with every product as a gate."""
    nodes = ordered(sink)
    uses = uses_of(nodes)
    made: dict[Node, Node] = {}
    for node in nodes:
        inputs = tuple(made[before] for before in node.inputs)
        if node.kind == "mul":
            halves = [_activation(new, uses[old] == 1) for new, old in zip(inputs, node.inputs)]
            made[node] = _gate(halves)
        else:
            made[node] = remade(node, inputs) if inputs else node
    return made[sink]


def _activation(node: Node, alone: bool) -> tuple[Node, LayerRecord]:
    """A value as the activation of another one; identity if it is no activation."""
    if alone and node.kind == "layers" and node.records[-1].type in _POINTWISE:
        return layers(node.inputs[0], node.records[:-1]), node.records[-1]
    return node, plain("identity", node.channels)


def _gate(halves: Sequence[tuple[Node, LayerRecord]]) -> Node:
    """The product of two activations, in the order that needs fewer slices."""
    ways = [halves, halves[::-1]]
    ways.sort(key=lambda way: len(_inputs_of_joint(way)))
    (a, activation), (b, opening) = ways[0]
    return layers(join([a, b]), [gate(activation, opening)])


def _inputs_of_joint(halves: Sequence[tuple[Node, LayerRecord]]) -> Sequence[Node]:
    joint = join([node for node, _ in halves])
    return joint.inputs if joint.kind == "cat" else [joint]


def _side_inputs(condition: Node, sink: Node) -> Node:
    """The graph with all parts that depend on the condition alone as `mixin`, `film` or `append`."""
    nodes = ordered(sink)
    uses = uses_of(nodes)
    aside = {condition}
    made: dict[Node, Node] = {}
    for node in nodes:
        if node.inputs and all(before in aside for before in node.inputs):
            aside.add(node)
        inputs = tuple(made[before] for before in node.inputs)
        side = [before for before in node.inputs if before in aside]
        main = [before for before in node.inputs if before not in aside]
        if not node.inputs or node in aside:
            made[node] = node
        elif not side:
            made[node] = remade(node, inputs)
        elif node.kind == "mul":
            made[node] = _film(condition, made[main[0]], side[0])
        elif node.kind == "add":
            scaled = [before for before in main[0].inputs if before not in aside]
            scales = [before for before in main[0].inputs if before in aside]
            if main[0].kind == "mul" and len(main) == len(scales) == 1 and uses[main[0]] == 1:
                parts = join([scales[0], add(side)])
                made[node] = _film(condition, made[scaled[0]], parts)
            else:
                terms = add([made[before] for before in main])
                made[node] = _mixin(condition, terms, add(side))
        elif node.inputs[-1] is condition and len(side) == 1:
            made[node] = _append(join([made[before] for before in main]), condition)
        else:
            made[node] = _joined(condition, node.inputs, side, made)
    return made[sink]


def _joined(
    condition: Node,
    pieces: Sequence[Node],
    side: Sequence[Node],
    made: dict[Node, Node],
) -> Node:
    """A concatenation of pieces; those in `side` are computed from the condition."""
    rest = join([made[piece] for piece in pieces if piece not in side])
    appended = _append(rest, condition)
    beside = part(appended, rest.channels, appended.channels)
    found: list[Node] = []
    begin = 0
    for piece in pieces:
        if piece in side:
            found.append(layers(beside, chain(condition, _gates(piece))))
        else:
            found.append(part(rest, begin, begin + piece.channels))
            begin += piece.channels
    return join(found)


def _append(node: Node, condition: Node) -> Node:
    options = {"size": node.channels, "condition_size": condition.channels}
    return layers(node, [LayerRecord("append_condition", options)])


def _mixin(condition: Node, node: Node, made: Node) -> Node:
    return _conditioned("mixin", condition, node, made)


def _film(condition: Node, node: Node, made: Node) -> Node:
    return _conditioned("film", condition, node, made)


def _conditioned(kind: str, condition: Node, node: Node, made: Node) -> Node:
    chains = {"layers": [branch(condition, _gates(made))]}
    return layers(node, [LayerRecord(kind, {"size": node.channels}, chains=chains)])


def _with_its_input_at_its_side(source: Node, sink: Node) -> Records | None:
    """The network with its input as its condition, or None.

    This is for networks that add their input in several places, such as a WaveNet.
    """
    nodes = ordered(sink)
    uses = uses_of(nodes)
    condition = Node("condition", source.channels)

    def straight(node: Node) -> bool:
        """Whether a value is computed from the input by layers that nothing else uses."""
        while node.kind == "layers" and uses[node] == 1:
            node = node.inputs[0]
        return node is source

    made: dict[Node, Node] = {}
    mixed = 0
    for node in nodes:
        side = [before for before in node.inputs if before is not source and straight(before)]
        main = [before for before in node.inputs if before not in side]
        if node.kind == "add" and side and main:
            made_aside = [substituted(before, {source: condition}) for before in side]
            terms = add([made[before] for before in main])
            made[node] = _mixin(condition, terms, add(made_aside))
            mixed += 1
        else:
            inputs = tuple(made[before] for before in node.inputs)
            made[node] = remade(node, inputs) if inputs else node
    if mixed < 2:
        return None
    chains = {
        "source": [[plain("identity", source.channels)]],
        "layers": [chain(source, _gates(made[sink]))],
    }
    return [LayerRecord("conditioned_by", chains=chains)]
