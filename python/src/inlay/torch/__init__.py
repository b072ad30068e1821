"""The exporter of PyTorch modules, and trainable modules of layers that PyTorch does not have."""

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

__all__ = [
    "AmplitudeToDB",
    "Biquad",
    "Compressor",
    "ControlledEqualizer",
    "DBToAmplitude",
    "GainComputer",
    "OnePole",
    "ParametricEqualizer",
    "TableShaper",
]
