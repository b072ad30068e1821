"""The names that tests/golden/*.py import; they stand in inlay.format."""

from .format import Array, Check, LayerRecord, ModelFile, Option, write_model

__all__ = ["Array", "Check", "LayerRecord", "ModelFile", "Option", "write_model"]
