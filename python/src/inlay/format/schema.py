"""docs/inlay-model.schema.json, made from the table of layers.

    python3 -m inlay.format.schema > docs/inlay-model.schema.json
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .layer_types import LAYER_TYPES, Kind, LayerType, OptionKind, Tensor
from .model import DTYPES, FORMAT, VERSION
from .validation import LONGEST_PREWARM

_Schema = dict[str, Any]

_RANKS = {1: "vector", 2: "matrix", 3: "cube", 4: "kernel_2d"}
_COUNT: _Schema = {"$ref": "#/$defs/count"}
_CHAIN: _Schema = {"$ref": "#/$defs/chain"}
_KINDS: dict[Kind, _Schema] = {
    Kind.COUNT: _COUNT,
    Kind.INDEX: {"type": "integer", "minimum": 0},
    Kind.NUMBER: {"type": "number"},
    Kind.FLAG: {"type": "boolean"},
}


def schema() -> _Schema:
    """The schema of a whole file."""
    layers = {group[0]: _layer(group) for group in _groups()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"inlay model file, version {VERSION}",
        "description": "docs/file-format.md says what the members mean, and what holds between them"
        " that a schema cannot say. Made by python3 -m inlay.format.schema.",
        **_object(
            {
                "format": {"const": FORMAT},
                "version": {"const": VERSION},
                "sample_rate": {"description": "In Hz.", "type": "number", "exclusiveMinimum": 0},
                "metadata": {"description": "Free; never interpreted.", "type": "object"},
                "prewarm": {
                    "description": "Frames of silence after a reset and before the signal.",
                    "type": "integer",
                    "minimum": 0,
                    "maximum": LONGEST_PREWARM,
                },
                "layers": _CHAIN,
                "check": {"$ref": "#/$defs/check"},
            },
            ["format", "version", "layers", "check"],
        ),
        "$defs": {
            "count": {"type": "integer", "minimum": 1},
            **{name: _tensor(rank) for rank, name in _RANKS.items()},
            "chain": {
                "description": "Layers one after the other.",
                "type": "array",
                "items": {"$ref": "#/$defs/layer"},
                "minItems": 1,
            },
            "check": _check(),
            "layer": {
                "type": "object",
                "required": ["type"],
                "oneOf": [{"$ref": f"#/$defs/{name}"} for name in layers],
            },
            **layers,
        },
    }


def text() -> str:
    """The file's text."""
    return _text(schema(), 0) + "\n"


def tensor_texts(kind: LayerType) -> list[str]:
    """The tensors of a layer as text: "kernel [in, 4*out]", "gamma, beta [size], each optional".

    Neighbours of equal shape are in one text.
    """
    groups: list[tuple[list[str], Tensor]] = []
    for name, tensor in kind.tensors.items():
        if groups and groups[-1][1] == tensor:
            groups[-1][0].append(name)
        else:
            groups.append(([name], tensor))
    return [_tensor_text(names, tensor) for names, tensor in groups]


def _tensor_text(names: Sequence[str], tensor: Tensor) -> str:
    first, *rest = (f"[{', '.join(shape.split())}]" for shape in tensor.shapes)
    shape = " or ".join([first, *rest])
    if tensor.flag is not None:
        shape = f"{first} if {tensor.flag}, else {rest[0]}"
    each = "each " if len(names) > 1 else ""
    return f"{', '.join(names)} {shape}" + (f", {each}optional" if tensor.optional else "")


def _groups() -> list[list[str]]:
    """Layer types in groups that have the same members."""
    groups: list[list[str]] = []
    for name, kind in LAYER_TYPES.items():
        same = next((group for group in groups if LAYER_TYPES[group[0]] == kind), None)
        if same is None:
            groups.append([name])
        else:
            same.append(name)
    return groups


def _layer(names: Sequence[str]) -> _Schema:
    kind = LAYER_TYPES[names[0]]
    members: _Schema = {"type": {"enum": list(names)} if len(names) > 1 else {"const": names[0]}}
    members |= {name: _option(name, option) for name, option in kind.options.items()}
    branches = {"type": "array", "items": _CHAIN, "minItems": 1}
    members |= {name: branches if name == "branches" else _CHAIN for name in kind.chains}
    members |= {name: _tensor_of(tensor) for name, tensor in kind.tensors.items()}
    optional = {name for name, tensor in kind.tensors.items() if tensor.optional} | kind.optional
    made = _object(members, [name for name in members if name not in optional])
    for name, tensor in kind.tensors.items():
        if tensor.flag is not None:
            yes, no = (_rank(shape) for shape in tensor.shapes)
            made["if"] = {"properties": {tensor.flag: {"const": True}}}
            made["then"], made["else"] = ({"properties": {name: way}} for way in (yes, no))
    described = tensor_texts(kind)
    return {"description": "; ".join(described), **made} if described else made


def _option(name: str, kind: OptionKind) -> _Schema:
    if isinstance(kind, tuple):
        return {"enum": list(kind)}
    return {"type": "number", "minimum": 0} if name == "epsilon" else _KINDS[kind]


def _tensor_of(tensor: Tensor) -> Any:
    # If the rank depends on an option, "if", "then" and "else" state it.
    return True if tensor.flag is not None else _rank(tensor.shapes[0])


def _rank(shape: str) -> _Schema:
    return {"$ref": f"#/$defs/{_RANKS[len(shape.split())]}"}


def _tensor(rank: int) -> _Schema:
    shape = {"type": "array", "items": _COUNT, "minItems": rank, "maxItems": rank}
    data = {"type": "array", "items": {"type": "number"}, "minItems": 1}
    return {
        "description": "Numbers, the last index running fastest.",
        **_object({"shape": shape, "data": data}, ["shape", "data"]),
    }


def _check() -> _Schema:
    matrix = {"$ref": "#/$defs/matrix"}
    members: _Schema = {
        "source": {"type": "string"},
        "dtype": {"enum": list(DTYPES)},
        "skip": {"type": "integer", "minimum": 0},
        "stride": _COUNT,
        "tolerance": {"type": "number", "exclusiveMinimum": 0},
        "input": matrix,
        "condition": matrix,
        "output": matrix,
    }
    return {
        "description": "An input [frames, channels], and the output [frames out, channels] that the"
        " training framework computed for it.",
        **_object(members, [name for name in members if name != "condition"]),
    }


def _object(members: Mapping[str, Any], required: Sequence[str]) -> _Schema:
    return {
        "type": "object",
        "properties": dict(members),
        "required": list(required),
        "additionalProperties": False,
    }


def _text(value: Any, indent: int) -> str:
    """JSON text; a value that fits is on one line."""
    line = json.dumps(value)
    if indent + len(line) <= 100 or not isinstance(value, (dict, list)):
        return line
    inner = indent + 2
    if isinstance(value, dict):
        parts = [f"{json.dumps(name)}: {_text(each, inner)}" for name, each in value.items()]
    else:
        parts = [_text(each, inner) for each in value]
    around = "{}" if isinstance(value, dict) else "[]"
    lines = ",\n".join(" " * inner + part for part in parts)
    return f"{around[0]}\n{lines}\n{' ' * indent}{around[1]}"


if __name__ == "__main__":
    print(text(), end="")
