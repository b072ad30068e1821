"""The exporter of PyTorch modules, and layers to train that PyTorch does not have."""

from .grey_box import (
    AmplitudeToDB,
    Biquad,
    BlockControl,
    Compressor,
    ControlledEqualizer,
    DBToAmplitude,
    GainComputer,
    OnePole,
    ParametricEqualizer,
    TableShaper,
)
from .pqmf import PQMF
from .spectral import SpectralNetwork
from .state_space import LRU, S4D, S6, Mamba

__all__ = [
    "AmplitudeToDB",
    "Biquad",
    "BlockControl",
    "Compressor",
    "ControlledEqualizer",
    "DBToAmplitude",
    "GainComputer",
    "LRU",
    "Mamba",
    "OnePole",
    "PQMF",
    "ParametricEqualizer",
    "S4D",
    "S6",
    "SpectralNetwork",
    "TableShaper",
]
