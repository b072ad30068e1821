"""Reads an ONNX file as a list of operations, and refuses damaged ones."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from ..errors import ExportError

LARGEST_TENSOR = 1 << 26  # elements; a damaged file cannot ask for all memory
_MOST_NODES = 1 << 16

Shape = tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Operation:
    """A node of the graph: its name, its operator, the names of its values, its attributes."""

    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"node {self.name!r} ({self.kind})"

    def get(self, name: str, default: Any = None) -> Any:
        return self.attributes.get(name, default)

    def refuse(self, found: str, supported: str, advice: str) -> NoReturn:
        raise ExportError(f"{self}: {found} is not supported, {supported}; {advice}")


@dataclass(frozen=True)
class Graph:
    """Operations, each after those that it takes values from. Sizes of None are dynamic."""

    operations: list[Operation]
    constants: dict[str, np.ndarray[Any, Any]]
    inputs: dict[str, tuple[int | None, ...]]
    outputs: dict[str, tuple[int | None, ...]]


def open_graph(source: Any) -> Graph:
    """The graph of a file or a ModelProto. Raises ExportError if it is damaged."""
    try:
        import onnx
        from onnx import numpy_helper
    except ModuleNotFoundError as error:
        raise ExportError("needs onnx, which is not installed: pip install onnx") from error
    folder = None
    if isinstance(source, (str, os.PathLike)):
        folder = str(Path(source).resolve().parent)
        try:
            model = onnx.load(os.fspath(source), load_external_data=False)
        except OSError:
            raise
        except Exception as error:  # protobuf raises several kinds
            raise ExportError(f"not an ONNX file, or a damaged one: {error}") from error
    elif isinstance(source, onnx.ModelProto):
        model = source
    else:
        raise ExportError(
            f"model: expected a file or an onnx.ModelProto, found {type(source).__name__}"
        )
    graph = model.graph
    if not graph.node:
        raise ExportError("the file has no graph of ONNX, or an empty one")
    if len(graph.node) > _MOST_NODES:
        raise ExportError(
            f"the graph has {len(graph.node)} nodes; at most {_MOST_NODES} are supported"
        )

    def array(tensor: Any, where: str) -> np.ndarray[Any, Any]:
        if (
            any(size < 0 for size in tensor.dims)
            or np.prod([float(s) for s in tensor.dims]) > LARGEST_TENSOR
        ):
            raise ExportError(f"{where}: the shape {list(tensor.dims)} is not supported")
        try:
            if tensor.data_location == onnx.TensorProto.EXTERNAL:
                if folder is None:
                    raise ExportError(
                        f"{where}: its data are in another file; give the path of the .onnx file"
                    )
                onnx.external_data_helper.load_external_data_for_tensor(tensor, folder)
            return as_float64(numpy_helper.to_array(tensor))
        except ExportError:
            raise
        except Exception as error:
            raise ExportError(f"{where}: its data cannot be read: {error}") from error

    def attribute(item: Any, where: str) -> Any:
        if item.type == onnx.AttributeProto.TENSOR:
            return array(item.t, where)
        if item.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS):
            raise ExportError(
                f"{where}: a graph in a graph is not supported, only straight graphs; export the network without loops and conditions"
            )
        try:
            value = onnx.helper.get_attribute_value(item)
        except Exception as error:
            raise ExportError(f"{where}: damaged: {error}") from error
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        if isinstance(value, (int, float)):
            return value
        return [v.decode("utf-8", "replace") if isinstance(v, bytes) else v for v in value]

    constants = {t.name: array(t, f"initialiser {t.name!r}") for t in graph.initializer}
    inputs = {i.name: _shape(i) for i in graph.input if i.name not in constants}
    known = {*constants, *inputs, ""}
    operations = []
    for index, node in enumerate(graph.node):
        name = node.name or (node.output[0] if node.output else f"{node.op_type}_{index}")
        where = f"node {name!r} ({node.op_type})"
        if node.domain not in ("", "ai.onnx"):
            raise ExportError(
                f"{where}: operators of {node.domain!r} are not supported, only those of ONNX; export without them"
            )
        for taken in node.input:
            if taken not in known:
                raise ExportError(f"{where}: takes {taken!r}, which nothing before it gives")
        for given in node.output:
            if given and given in known:
                raise ExportError(f"{where}: gives {given!r} a second time")
        known |= set(node.output)
        attributes = {
            a.name: attribute(a, f"{where}, attribute {a.name!r}") for a in node.attribute
        }
        operations.append(
            Operation(name, node.op_type, tuple(node.input), tuple(node.output), attributes)
        )
    outputs = {o.name: _shape(o) for o in graph.output}
    for name in outputs:
        if name not in known:
            raise ExportError(f"the output {name!r} is given by no node")
    if not inputs or not outputs:
        raise ExportError("the graph has no input or no output")
    return Graph(operations, constants, inputs, outputs)


def as_float64(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _shape(info: Any) -> tuple[int | None, ...]:
    return tuple(
        d.dim_value if d.WhichOneof("value") == "dim_value" and d.dim_value > 0 else None
        for d in info.type.tensor_type.shape.dim
    )
