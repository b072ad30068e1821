"""Converts the JSON files of other libraries.

No framework can run their networks, so the package's NumPy reference computes the check; the
check's `source` says so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..check.signal import DEFAULT_TOLERANCE, default_signal
from ..errors import ExportError
from ..format import Chain, Check, LayerRecord, ModelFile, read_json, write_model
from ..inspect.analysis import analyse
from ..inspect.opened import reproduce
from .node import Node
from .proteus import proteus_layers
from .rtneural import rtneural_layers, rtneural_sample_rate

_LONGEST_REACH = 1 << 17
_DTYPE = "float32"

# For each kind of file, the members that identify it and its reader.
_READERS: dict[str, tuple[tuple[str, ...], Callable[[Node], list[LayerRecord]]]] = {
    "an RTNeural JSON file": (("in_shape", "layers"), rtneural_layers),
    "a PyTorch state dict in JSON": (("model_data", "state_dict"), proteus_layers),
}


def export_json(
    source: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    sample_rate: float | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Writes an RTNeural, AIDA-X, Proteus or NeuralPi JSON file as an inlay model file.

    Args:
        sample_rate: the rate in Hz that the model was trained for; default: that of the file.
        metadata: added to that of the file.

    Raises:
        ExportError: the file is damaged or has no exact form; the message names the place.
    """
    root = Node(read_json(source))
    kind, layers = _read(root)
    if sample_rate is None:
        sample_rate = rtneural_sample_rate(root)
    # A file may hold anything under this name; only an object is kept.
    found = root.get("metadata", {}).value
    merged = (found if isinstance(found, dict) else {}) | dict(metadata or {})
    write_model(path, ModelFile(layers, _check(layers, kind), sample_rate, merged or None))


def _read(root: Node) -> tuple[str, list[LayerRecord]]:
    members = root.object()
    if members.get("format") == "inlay":
        raise ExportError("the file is an inlay model file already")
    for kind, (names, read) in _READERS.items():
        if all(name in members for name in names):
            return kind, read(root)
    known = " or ".join(f"{names[0]} and {names[1]}" for names, _ in _READERS.values())
    raise ExportError(f"unknown kind of file: it has no {known}")


def _check(layers: Chain, kind: str) -> Check:
    analysis = analyse(layers)
    reach = 1 + analysis.warmup_frames
    if reach > _LONGEST_REACH:
        raise ExportError(f"the network looks back {reach} frames, too many for a check")
    inputs = layers[0].channels_in
    signal = default_signal(inputs + analysis.condition_size, reach)
    signal, condition = (
        signal[:, :inputs],
        signal[:, inputs:] if analysis.condition_size else None,
    )
    with np.errstate(over="ignore"):
        output = reproduce(layers, signal, condition).astype(_DTYPE)
    return Check(
        source=f"inlay's reference in NumPy, from {kind}",
        dtype=_DTYPE,
        input=signal,
        output=output,
        tolerance=DEFAULT_TOLERANCE[_DTYPE],
        condition=condition,
    )
