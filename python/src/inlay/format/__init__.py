"""The inlay model file, version 1: its parts, reading it and writing it.

The exporters build a `ModelFile` and hand it to `write_model`; nothing here knows a framework.
Shapes and layouts are those of the file: kernels are [in, out] (convolutions [tap, in/groups, out],
the oldest tap first), LSTM gates are ordered i, f, g, o and GRU gates z, r, n.
"""

from .json_file import read_json
from .layer_types import LAYER_TYPES, LayerType, Option, Shape
from .model import Check, ModelFile
from .reading import inlay_root, model_of, read_model
from .records import Array, Chain, LayerRecord
from .validation import validate
from .writing import chain_text, write_model

__all__ = [
    "LAYER_TYPES",
    "Array",
    "Chain",
    "Check",
    "LayerRecord",
    "LayerType",
    "ModelFile",
    "Option",
    "Shape",
    "chain_text",
    "inlay_root",
    "model_of",
    "read_json",
    "read_model",
    "validate",
    "write_model",
]
