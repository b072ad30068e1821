"""The input signal of a model file's check. It is longer than the receptive field."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..errors import ExportError
from ..format import Array

DEFAULT_TOLERANCE = {"float32": 1e-5, "float64": 1e-12}

_MINIMUM_FRAMES = 128
_MAXIMUM_FRAMES = 4096
_FRAMES_PAST_RECEPTIVE_FIELD = 32
_SEED = 20


def check_signal(
    given: npt.ArrayLike | None, channels: int, receptive_field: int, dtype: str, fewest: int = _MINIMUM_FRAMES
) -> Array:
    """The check's input, [frames, channels]: the given signal, or the default one."""
    if given is None:
        return default_signal(channels, receptive_field, fewest).astype(dtype)
    signal = np.asarray(given)
    if signal.ndim != 2 or signal.shape[1] != channels:
        raise ExportError(f"check_input: expected [frames, {channels}], found {list(signal.shape)}")
    if len(signal) <= receptive_field:
        raise ExportError(
            f"check_input: {len(signal)} frames are too few; the model's receptive field is"
            f" {receptive_field} frames, and the input has to be longer"
        )
    return signal.astype(dtype)


def default_signal(channels: int, receptive_field: int, fewest: int = _MINIMUM_FRAMES) -> Array:
    """Noise and a sine in [-1, 1], different in every channel, then silence, then a loud burst."""
    frames = min(max(fewest, 2 * receptive_field), _MAXIMUM_FRAMES)
    frames = max(frames, receptive_field + _FRAMES_PAST_RECEPTIVE_FIELD)
    random = np.random.default_rng(_SEED)
    time = np.arange(frames)[:, np.newaxis]
    pitch = 0.02 + 0.3 * random.random(channels)
    signal = 0.6 * np.sin(2 * np.pi * pitch * time) + random.uniform(-0.4, 0.4, (frames, channels))
    eighth = frames // 8
    signal[5 * eighth : 6 * eighth] = 0.0
    signal[6 * eighth : 7 * eighth] = np.sign(random.uniform(-1, 1, (eighth, channels)))
    return np.asarray(signal.astype(np.float32))
