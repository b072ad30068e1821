"""Exports trained networks to the model files that the C++ library inlay reads.

    import inlay
    inlay.export_torch(module, "amp.json", sample_rate=48000)

Importing this package imports no training framework; an exporter imports its own when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import ExportError

if TYPE_CHECKING:
    from .keras_export import export_keras
    from .torch_export import export_torch

__all__ = ["ExportError", "export_keras", "export_torch"]


def __getattr__(name: str) -> Any:
    # Lazy, so that a machine without PyTorch can still use the rest of the package.
    if name == "export_keras":
        from .keras_export import export_keras

        return export_keras
    if name == "export_torch":
        from .torch_export import export_torch

        return export_torch
    raise AttributeError(f"module 'inlay' has no attribute {name!r}")
