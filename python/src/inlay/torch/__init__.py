"""The exporter of PyTorch modules, and layers to train that PyTorch does not have."""

from .grey_box import (
    AmplitudeToDB,
    Biquad,
    Compressor,
    ControlledEqualizer,
    DBToAmplitude,
    GainComputer,
    OnePole,
    ParametricEqualizer,
    TableShaper,
)
<<<<<<< HEAD
from .spectral import SpectralNetwork
=======
from .pqmf import PQMF
>>>>>>> 23d2b0d2029910e5f3a05fe4bc5914d3c6a1d328
from .state_space import LRU, S4D

__all__ = [
    "AmplitudeToDB",
    "Biquad",
    "Compressor",
    "ControlledEqualizer",
    "DBToAmplitude",
    "GainComputer",
    "LRU",
    "OnePole",
    "PQMF",
    "ParametricEqualizer",
    "S4D",
    "SpectralNetwork",
    "TableShaper",
]
