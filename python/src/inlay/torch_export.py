"""The names that tests/golden/*.py import; they stand in inlay.torch.records."""

from .torch.records import records_of as _records

__all__ = ["_records"]
