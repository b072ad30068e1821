"""Converts a graph of Keras's layers to a chain of inlay's layers and combinators."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ..errors import ExportError
from ..format import LayerRecord
from .config import Layer
from .graph import Graph, Node
from .kind import Converted, Records, refuse_attributes
from .layers import KINDS, convert, refuse_kind
from .paths import Paths, Rung
from .signal import Signal

# Pointwise layers, which a gate can have as its activations.
_POINTWISE = (
    *(
        "tanh",
        "sigmoid",
        "hard_sigmoid",
        "hard_sigmoid_keras2",
        "relu",
        "leaky_relu",
        "elu",
    ),
    *(
        "softplus",
        "softsign",
        "silu",
        "gelu",
        "gelu_tanh",
        "hardtanh",
        "leaky_hardtanh",
    ),
    "hardswish",
    *("selu", "mish", "exp"),
)

# The last layer of a branch, its records, and its output signal.
Branch = tuple[Layer, Records, Signal]
Branches = Sequence[Branch]


def chain_of(graph: Graph, signal: Signal) -> Converted:
    """The chain of a graph for an input signal, and its output signal."""
    for node in graph.nodes.values():
        if node.layer.kind in _MERGES:
            refuse_attributes(node.layer, _MERGE_ATTRIBUTES.get(node.layer.kind, ()))
    return _Walk(graph).between(graph.input, graph.output, signal)


class _Walk:
    """Walks a graph from its input, along the nodes that all paths go through."""

    def __init__(self, graph: Graph) -> None:
        self._nodes = graph.nodes
        self._paths = Paths(graph)
        self._visited: set[str] = set()

    def between(self, start: str, end: str, signal: Signal) -> Converted:
        records: Records = []
        for name in self._paths.between(start, end):
            added, signal = self._step(name, signal)
            records += added
        return records, signal

    def _step(self, name: str, signal: Signal) -> Converted:
        node = self._nodes[name]
        if name in self._visited:
            raise ExportError(
                f"{node.layer}: is part of branches that do not join in one place, which is not"
                " supported; let all branches that part at a layer join in one Add, Concatenate or"
                " Multiply"
            )
        self._visited.add(name)
        if node.model is not None and len(node.inputs) == 1:
            return chain_of(node.model, signal)
        if node.layer.kind in _MERGES:
            return self._merge(node, signal)
        if node.layer.kind not in KINDS:
            refuse_kind(node.layer)
        if len(node.inputs) > 1 or node.numbers:
            node.layer.refuse(
                f"a call with {len(node.inputs) + len(node.numbers)} inputs",
                "only one with a signal",
                "leave the others out",
            )
        return convert(node.layer, signal)

    def _merge(self, node: Node, signal: Signal) -> Converted:
        layer = node.layer
        if node.numbers:
            return _with_number(node, signal)
        ladder = self._paths.ladder(node) if layer.kind == "Add" else None
        if ladder:
            return self._skips(layer, ladder, signal)
        start = self._paths.common(node.inputs)
        branches = [self._branch(start, end, signal) for end in node.inputs]
        _refuse_unlike_branches(layer, branches, signal)
        return _MERGES[layer.kind](layer, branches)

    def _branch(self, start: str, end: str, signal: Signal) -> Branch:
        return self._nodes[end].layer, *self.between(start, end, signal)

    def _skips(
        self, layer: Layer, ladder: tuple[list[Rung], str, str], signal: Signal
    ) -> Converted:
        """The layers of a WaveNet: the skips add up in channels beside those of the blocks."""
        rungs, last, last_skip = ladder
        records: Records = []
        skips: list[Branch] = []
        for rung in rungs:
            path, inside = self.between(rung.start, rung.inside, signal)
            shortcut: Branch = (self._nodes[rung.start].layer, [], signal)
            residual = self._branch(rung.inside, rung.residual, inside)
            _refuse_unlike_branches(layer, [shortcut, residual], signal)
            skips.append(self._branch(rung.inside, rung.skip, inside))
            chains = {
                "path": [_or_identity(path, inside)],
                "residual": [_or_identity(residual[1], inside)],
                "skip": [_or_identity(skips[-1][1], inside)],
            }
            records.append(LayerRecord("residual_skip", {}, {}, chains))
        end = self._branch(last, last_skip, signal)
        _refuse_unlike_branches(layer, [*skips, end], signal)
        return _from_head(records, signal, end), end[2]


def _from_head(records: Records, signal: Signal, end: Branch) -> Records:
    """Adds the channels of the head before the blocks, and the last skip and the head behind them."""
    _, last, out = end
    size, head = signal.size, out.size
    room = LayerRecord("pad", {"in": size, "out": size + head})
    apart = [_or_identity(last, out), [LayerRecord("identity", {"size": head})]]
    halves = [
        [LayerRecord("slice", {"in": 2 * head, "begin": begin, "out": head})] for begin in (0, head)
    ]
    return [
        *(room, *records, LayerRecord("split", {}, {}, {"branches": apart})),
        LayerRecord("parallel", {}, {}, {"branches": halves}),
    ]


def _refuse_unlike_branches(layer: Layer, branches: Branches, signal: Signal) -> None:
    """Raises ExportError if branches that start at `signal` cannot be joined."""
    for place, _, out in branches:
        if out.padding:
            out.padding.refuse(f"before {layer}")
        _refuse_unlike_frames(layer, (place, out), (branches[0][0], branches[0][2]))
        if len(branches) > 1 and (out.rate != signal.rate or out.bursts != signal.bursts):
            layer.refuse(
                f"a branch of another rate, which ends in {place},",
                "only branches that give a frame for each",
                "change the rate before or behind the branches",
            )


def _refuse_unlike_frames(
    layer: Layer, branch: tuple[Layer, Signal], first: tuple[Layer, Signal]
) -> None:
    """Raises ExportError if two branches do not give the same frames at the same time."""
    (place, found), (other, expected) = branch, first
    if found.skip != expected.skip:
        layer.refuse(
            f"joining frames that come at different times: {place} begins at frame {found.skip} of"
            f" the input, {other} at frame {expected.skip},",
            "only frames of the same time",
            "use padding='causal', or a Cropping1D at the start of the longer one",
        )
    if layer.kind != "Concatenate" and found.shape != expected.shape:
        layer.refuse(
            f"joining frames of shapes {list(found.shape)} and {list(expected.shape)}",
            "only equal ones",
            "give the branches the same number of channels",
        )


def _with_number(node: Node, signal: Signal) -> Converted:
    """The layers of an operator between a signal and a number."""
    if signal.padding:
        signal.padding.refuse(f"followed by {node.layer}")
    if node.layer.kind == "Multiply" and len(node.inputs) == len(node.numbers) == 1:
        options = {"size": signal.size, "scale": node.numbers[0]}
        return [LayerRecord("scale", options)], signal
    node.layer.refuse(
        "an operator with a number", "only signal * number", "use a layer with a bias"
    )


def _joined(branches: Branches) -> Signal:
    """The signal behind a merge. It is late if any branch is late."""
    latest = max(branches, key=lambda branch: branch[2].late)
    return latest[2]


def _or_identity(records: Records, signal: Signal) -> Records:
    return records or [LayerRecord("identity", {"size": signal.size})]


def _beside(kind: str, branches: Branches) -> LayerRecord:
    chains = [_or_identity(records, signal) for _, records, signal in branches]
    return LayerRecord(kind, {}, {}, {"branches": chains})


def _add(layer: Layer, branches: Branches) -> Converted:
    out = _joined(branches)
    shortcuts = [records for _, records, _ in branches if not records]
    others = [records for _, records, _ in branches if records]
    if len(branches) == 2 and len(shortcuts) == 1:
        return [LayerRecord("residual", {}, {}, {"layers": others})], out
    if not others:
        return [LayerRecord("scale", {"size": out.size, "scale": float(len(branches))})], out
    return [_beside("parallel", branches)], out


def _subtract(layer: Layer, branches: Branches) -> Converted:
    if len(branches) != 2:
        layer.refuse(f"{len(branches)} inputs", "only two", "give it two")
    first, (place, records, signal) = branches
    negated = [*records, LayerRecord("scale", {"size": signal.size, "scale": -1.0})]
    return _add(layer, [first, (place, negated, signal)])


def _average(layer: Layer, branches: Branches) -> Converted:
    records, out = _add(layer, branches)
    scale = LayerRecord("scale", {"size": out.size, "scale": 1.0 / len(branches)})
    return [*records, scale], out


def _concatenate(layer: Layer, branches: Branches) -> Converted:
    """A concatenation along the channels; for frames with features, along the first axis."""
    out = _joined(branches)
    axis = layer.config.get("axis", -1)
    first = out.axes - len(out.shape)
    joins = axis in (first, first - out.axes)
    one_feature = axis in (-1, out.axes - 1) and all(
        signal.size == signal.shape[-1] for _, _, signal in branches
    )
    if not joins and not one_feature:
        layer.refuse_attribute(
            "axis",
            "only the channels or, for frames of (features, channels), the features",
            "use axis=-1, behind a Reshape of the frames to one axis",
        )
    at = 0 if joins else len(out.shape) - 1
    rests = {signal.shape[:at] + signal.shape[at + 1 :] for _, _, signal in branches}
    if len(rests) > 1:
        raise ExportError(f"{layer}: joins frames that differ in more than the axis {axis}")
    total = sum(signal.shape[at] for _, _, signal in branches)
    shape = (*out.shape[:at], total, *out.shape[at + 1 :])
    return [_beside("concat", branches)], replace(out, shape=shape)


def _multiply(layer: Layer, branches: Branches) -> Converted:
    """A gate: activation(a) gate(b). The activations are the last layers of the branches."""
    if len(branches) != 2:
        layer.refuse(f"{len(branches)} inputs", "only two", "multiply them two by two")
    out = _joined(branches)
    halves, ends = [], []
    for place, records, signal in branches:
        end = records[-1:] if records and records[-1].type in _POINTWISE else []
        halves.append((place, records[: len(records) - len(end)], signal))
        ends.append(_or_identity(end, signal))
    chains = {"activation": [ends[0]], "gate": [ends[1]]}
    gate = LayerRecord("gate", {"size": out.size}, {}, chains)
    return [_beside("concat", halves), gate], out


_MERGES: dict[str, Callable[[Layer, Branches], Converted]] = {
    "Add": _add,
    "Subtract": _subtract,
    "Average": _average,
    "Concatenate": _concatenate,
    "Multiply": _multiply,
}
_MERGE_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {"Concatenate": ("axis",)}
assert not set(_MERGES) & set(KINDS)
