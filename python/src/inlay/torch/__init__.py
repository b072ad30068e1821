"""The exporter of PyTorch modules, and layers to train that PyTorch does not have."""

from .state_space import LRU, S4D

__all__ = ["LRU", "S4D"]
