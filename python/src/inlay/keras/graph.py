"""Reads the configuration of a Keras model, of either version of Keras, as a graph of layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import ExportError
from .config import (
    Layer,
    NoWeights,
    Weights,
    as_number,
    is_count,
    mapping,
    refuse_custom,
    sequence,
    text,
)
from .signal import Signal

MODELS = ("Sequential", "Functional", "Model")
_MODEL_KEYS = (
    *("name", "trainable", "dtype", "layers", "build_input_shape", "input_layers"),
    *("output_layers", "batch_input_shape"),
)
_ENTRY_KEYS = (
    *(
        "module",
        "class_name",
        "config",
        "registered_name",
        "build_config",
        "name",
        "inbound_nodes",
    ),
    *("shared_object_id", "compile_config", "keras_version", "backend"),
)
# The merge layer that does the same as each operator between signals.
_OPERATORS = {
    "__operators__.add": "Add",
    "math.add": "Add",
    "__operators__.sub": "Subtract",
    "math.subtract": "Subtract",
    "__operators__.mul": "Multiply",
    "math.multiply": "Multiply",
}


@dataclass(frozen=True)
class Node:
    """A layer in the graph: its input nodes, and the numbers among its arguments.

    `model` is the graph of a layer that is itself a model.
    """

    layer: Layer
    inputs: tuple[str, ...]
    numbers: tuple[float, ...] = ()
    model: Graph | None = None


@dataclass(frozen=True)
class Graph:
    """Nodes by name, each after its inputs, and the names of the first and the last one."""

    nodes: Mapping[str, Node]
    input: str
    output: str


@dataclass(frozen=True)
class _Origin:
    """Properties that all layers of a file share."""

    keras: int | None
    prefix: str = ""


def graph_of(config: Mapping[str, Any], weights: Weights, keras: int | None) -> Graph:
    """The graph of a whole model; `config` has `class_name` and `config`."""
    kind = text(config.get("class_name"), "the model's class_name")
    if kind not in MODELS:
        raise ExportError(
            f"the model is a {kind}; only a Sequential or a functional model is exported; build one"
            " of the same layers and give it the trained weights"
        )
    refuse_custom(config, "the model")
    keras = _version_by_form(config) if keras is None else keras
    return _model(config, weights, _Origin(keras))


def _version_by_form(config: Mapping[str, Any]) -> int | None:
    """The version of Keras, by the form of an input layer's configuration; None if it is unclear."""
    inner = config.get("config")
    entries = inner.get("layers", []) if isinstance(inner, Mapping) else inner
    for entry in entries if isinstance(entries, list) else []:
        found = entry.get("config") if isinstance(entry, Mapping) else None
        if isinstance(found, Mapping):
            if "batch_shape" in found:
                return 3
            if "batch_input_shape" in found:
                return 2
    return None


def _model(entry: Mapping[str, Any], weights: Weights, origin: _Origin) -> Graph:
    where = f"model {origin.prefix.rstrip('/')!r}" if origin.prefix else "the model"
    config = entry.get("config")
    if isinstance(config, list):  # a Sequential before Keras 2.2.3
        config = {"layers": config}
    config = mapping(config, f"{where}: config")
    unknown = [key for key in config if key not in _MODEL_KEYS]
    if unknown:
        raise ExportError(f"{where}: unknown attribute {unknown[0]!r}={config[unknown[0]]!r}")
    entries = [
        mapping(layer, f"{where}: layers[{index}]")
        for index, layer in enumerate(sequence(config.get("layers"), f"{where}: layers"))
    ]
    layers = _layers(entries, weights, origin, where)
    if not layers:
        raise ExportError(f"{where}: has no layers")
    if entry.get("class_name") == "Sequential":
        return _chain(entry, entries, layers, where)
    return _functional(config, entries, layers, where)


def _layers(
    entries: Sequence[Mapping[str, Any]], weights: Weights, origin: _Origin, where: str
) -> list[tuple[str, Layer, Graph | None]]:
    """For each entry, its name in the graph, its layer and, for a model, its graph."""
    named = []
    for index, entry in enumerate(entries):
        kind = text(entry.get("class_name"), f"{where}: layers[{index}].class_name")
        inner = entry.get("config")
        name = entry.get("name") or (inner.get("name") if isinstance(inner, Mapping) else None)
        named.append((text(name or f"{kind}_{index}", f"{where}: layers[{index}].name"), kind))
    repeated = {name for name, _ in named if [other for other, _ in named].count(name) > 1}
    if repeated:
        raise ExportError(f"{where}: more than one layer is called {repeated.pop()!r}")
    found = []
    for (name, kind), entry, own in zip(named, entries, weights.layers(named)):
        path = origin.prefix + name
        unknown = [key for key in entry if key not in _ENTRY_KEYS]
        if unknown:
            raise ExportError(f"layer {path!r} ({kind}): unknown member {unknown[0]!r}")
        refuse_custom(entry, f"layer {path!r} ({kind})")
        graph, config = None, entry.get("config")
        if kind in MODELS:
            graph, config = _model(entry, own, _Origin(origin.keras, f"{path}/")), {}
        config = mapping(config, f"layer {path!r} ({kind}): config")
        found.append((name, Layer(path, kind, config, own, origin.keras), graph))
    return found


def _chain(
    entry: Mapping[str, Any],
    entries: Sequence[Mapping[str, Any]],
    layers: Sequence[tuple[str, Layer, Graph | None]],
    where: str,
) -> Graph:
    nodes: dict[str, Node] = {}
    first = layers[0][1]
    config = mapping(entry.get("config"), where) if isinstance(entry.get("config"), dict) else {}
    built = entry.get("build_config")
    shape = (
        first.config.get("batch_shape")
        or first.config.get("batch_input_shape")
        or config.get("build_input_shape")
        or (built.get("input_shape") if isinstance(built, Mapping) else None)
    )
    previous = ""
    if first.kind != "InputLayer":
        # A name that no layer has.
        nodes[""] = Node(Layer("", "InputLayer", {"batch_shape": shape}, NoWeights()), ())
    for index, (name, layer, graph) in enumerate(layers):
        takes = () if index == 0 and layer.kind == "InputLayer" else (previous,)
        nodes[name] = Node(layer, takes, (), graph)
        previous = name
    return Graph(nodes, next(iter(nodes)), previous)


def _functional(
    config: Mapping[str, Any],
    entries: Sequence[Mapping[str, Any]],
    layers: Sequence[tuple[str, Layer, Graph | None]],
    where: str,
) -> Graph:
    nodes = {
        name: _node(entry, layer, graph) for entry, (name, layer, graph) in zip(entries, layers)
    }
    ends = [_end(config, key, where) for key in ("input_layers", "output_layers")]
    for end in ends:
        if end not in nodes:
            raise ExportError(f"{where}: has no layer {end!r}, which it names as an end")
    ordered = dict(_in_order(nodes, ends[1], where))
    inputs = [name for name, node in ordered.items() if node.layer.kind == "InputLayer"]
    if inputs != [ends[0]]:
        raise ExportError(f"{where}: its output {ends[1]!r} does not depend on its input alone")
    return Graph(ordered, *ends)


def _end(config: Mapping[str, Any], key: str, where: str) -> str:
    """The input or output layer of a model: ["name", 0, 0], or a list or an object of these."""
    value = config.get(key)
    if isinstance(value, Mapping):
        value = list(value.values())
    found = sequence(value, f"{where}: {key}")
    ends = [found] if found and isinstance(found[0], str) else list(found)
    names = [text(sequence(end, f"{where}: {key}")[0], f"{where}: {key}") for end in ends if end]
    if len(names) == 1:
        return names[0]
    kind = key.removesuffix("_layers") + "s"
    raise ExportError(
        f"{where}: has {len(names)} {kind} ({', '.join(map(repr, names))}); only one is supported;"
        f" make them channels of one signal"
    )


def _in_order(nodes: Mapping[str, Node], output: str, where: str) -> Iterator[tuple[str, Node]]:
    """The nodes that `output` depends on, each after its inputs."""
    done: set[str] = set()
    path: list[str] = [output]
    entered: set[str] = set()
    while path:
        name = path[-1]
        if name not in nodes:
            raise ExportError(f"{where}: has no layer {name!r}, which another one takes")
        waiting = [taken for taken in nodes[name].inputs if taken not in done]
        if not waiting:
            path.pop()
            if name not in done:
                done.add(name)
                yield name, nodes[name]
        elif name in entered:
            raise ExportError(f"{where}: {nodes[name].layer} depends on itself")
        else:
            entered.add(name)
            path += waiting


@dataclass
class _Call:
    """The arguments of a layer's call."""

    layer: Layer
    names: list[str] = field(default_factory=list)
    numbers: list[float] = field(default_factory=list)

    def add(self, value: object) -> None:
        """Adds an argument of Keras 3: a tensor, a number, or a list of these."""
        if isinstance(value, (list, tuple)):
            for item in value:
                self.add(item)
        elif isinstance(value, Mapping) and value.get("class_name") == "__keras_tensor__":
            config = mapping(value.get("config"), f"{self.layer}: its input")
            self.tensor(config.get("keras_history"))
        elif as_number(value) is not None:
            self.numbers.append(as_number(value) or 0.0)
        else:
            self.layer.refuse(f"the argument {value!r}", "only signals", "leave it out")

    def tensor(self, history: object) -> None:
        """Adds a tensor: ["name", index of the call, index of the output]."""
        found = list(sequence(history, f"{self.layer}: its input"))
        name = text(found[0] if found else None, f"{self.layer}: its input")
        if len(found) > 2 and found[2] != 0:
            self.layer.refuse(
                f"output {found[2]!r} of {name!r}",
                "only the first output of a layer",
                "leave it out",
            )
        self.names.append(name)

    def options(self, kwargs: object) -> None:
        """Adds arguments by name. Keras also writes some that have no effect."""
        for key, value in mapping(kwargs, f"{self.layer}: its arguments").items():
            if value is None or (key == "training" and value is False) or key == "name":
                continue
            if self.layer.kind in ("TFOpLambda", *_OPERATORS.values()) and key in (
                "y",
                "x2",
            ):
                self.second(value)
                continue
            self.layer.refuse(f"the argument {key}={value!r}", "only its input", "leave it out")

    def second(self, value: object) -> None:
        if isinstance(value, list):
            self.tensor(value)
        else:
            self.add(value)


def _node(entry: Mapping[str, Any], layer: Layer, graph: Graph | None) -> Node:
    calls = list(sequence(entry.get("inbound_nodes", []), f"{layer}: inbound_nodes"))
    if layer.kind == "InputLayer":
        return Node(layer, ())
    if len(calls) != 1:
        layer.refuse(
            f"calling it {len(calls)} times",
            "only layers that are called once, as each has a state of its own in a stream",
            "use a layer of its own, with the same weights, for each call",
        )
    call = _Call(layer)
    if isinstance(calls[0], Mapping):  # Keras 3
        call.add(calls[0].get("args", []))
        call.options(calls[0].get("kwargs", {}))
    else:  # Keras 2: [name, index of the call, index of the output, arguments by name]
        for tensor in sequence(calls[0], f"{layer}: inbound_nodes"):
            history = list(sequence(tensor, f"{layer}: inbound_nodes"))
            call.tensor(history[:3])
            call.options(history[3] if len(history) > 3 else {})
    if not call.names:
        raise ExportError(f"{layer}: has no input")
    return Node(_operator(layer), tuple(call.names), tuple(call.numbers), graph)


def _operator(layer: Layer) -> Layer:
    """An operator. Keras 2 has one class for all of them."""
    if layer.kind != "TFOpLambda":
        return layer
    function = layer.config.get("function")
    if function not in _OPERATORS:
        layer.refuse_attribute("function", "only +, - and *", "use one of Keras's layers")
    config = {key: value for key, value in layer.config.items() if key != "function"}
    return Layer(layer.name, _OPERATORS[function], config, layer.weights, layer.keras)


_INPUT_KEYS = (
    "batch_shape",
    "batch_input_shape",
    "name",
    "dtype",
    "sparse",
    "ragged",
    "optional",
)


def input_signal(graph: Graph) -> Signal:
    """The signal that a model's input layer describes."""
    layer = graph.nodes[graph.input].layer
    unknown = [key for key in layer.config if key not in _INPUT_KEYS]
    if unknown:
        raise ExportError(f"{layer}: unknown attribute {unknown[0]!r}")
    for key in ("sparse", "ragged"):
        if layer.config.get(key):
            layer.refuse_attribute(key, "only False", "build the model without")
    layer.dtype
    shape = layer.config.get("batch_shape") or layer.config.get("batch_input_shape")
    if shape is None:
        raise ExportError("the model has no input shape; build it, or begin it with an Input")
    axes = sequence(shape, "the model's input shape")
    if not all(axis is None or is_count(axis) for axis in axes) or len(axes) < 2:
        raise ExportError(f"the model's input shape {axes} is not supported; use (None, channels)")
    timed = len(axes) > 2
    frame = tuple(axes[2:] if timed else axes[1:])
    if None in frame:
        raise ExportError(f"the model's input shape {axes} has channels of unknown number")
    return Signal(frame, timed, axes[0], axes[1] if timed else None)
