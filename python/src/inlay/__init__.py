"""Exports trained networks to the model files that the C++ library inlay reads.

    import inlay
    inlay.export_torch(module, "amp.json", sample_rate=48000)

Importing this package imports no training framework; an exporter imports its own when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import ExportError

if TYPE_CHECKING:
    from .custom import register_layer, register_module
    from .keras.export import export_keras
    from .onnx.export import export_onnx
    from .torch.export import export_torch, load_torch

__all__ = [
    *("ExportError", "export_keras", "export_onnx", "export_torch", "load_torch"),
    *("register_layer", "register_module"),
]

# Imported when first used: a machine without PyTorch can use the rest of the package.
_MODULES = {
    "export_keras": "inlay.keras.export",
    "export_onnx": "inlay.onnx.export",
    "export_torch": "inlay.torch.export",
    "load_torch": "inlay.torch.export",
    "register_layer": "inlay.custom",
    "register_module": "inlay.custom",
}


def __getattr__(name: str) -> Any:
    if name == "torch":
        return import_module("inlay.torch")
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'inlay' has no attribute {name!r}")
