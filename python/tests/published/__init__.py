"""Models in the shapes of published projects, written anew: their modules, and what their forward() does.

Sizes are small. docs/from-pytorch.md says which of them can be exported as they are.
"""

from .aidax import ClippedRNN, ConvSimpleRNN, CubicClipRNN
from .core_audio import GatedConvNet, RecNet, SimpleRNN
from .nablafx import Dssm, NablConvolutions, NablLstm, NablS4
from .nablafx_grey_box import (
    NablEqualizer,
    NablFunction,
    NablGain,
    NablGreyBox,
    NablLowpass,
    NablOffset,
    NablProcessors,
    NablResponse,
    Rational,
)
from .nam import NamConvNet, NamLSTM, NamLinear, NamWaveNet
from .studies import StudyModel
from .tcn import MicroLstm, MicroTcn, SteerableTcn

__all__ = [
    "ClippedRNN",
    "ConvSimpleRNN",
    "CubicClipRNN",
    "Dssm",
    "GatedConvNet",
    "MicroLstm",
    "MicroTcn",
    "NablConvolutions",
    "NablEqualizer",
    "NablFunction",
    "NablGain",
    "NablGreyBox",
    "NablLowpass",
    "NablLstm",
    "NablOffset",
    "NablProcessors",
    "NablResponse",
    "NablS4",
    "NamConvNet",
    "NamLSTM",
    "NamLinear",
    "NamWaveNet",
    "Rational",
    "RecNet",
    "SimpleRNN",
    "SteerableTcn",
    "StudyModel",
]
