"""Records that several exporters write."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..format import Array, LayerRecord, Option


def plain(name: str, channels: int, **options: Option) -> LayerRecord:
    """A layer without weights that keeps the number of channels."""
    return LayerRecord(name, {"size": channels, **options})


def beside(kind: str, branches: Sequence[list[LayerRecord]]) -> LayerRecord:
    """A "parallel" or "concat" of these branches."""
    return LayerRecord(kind, chains={"branches": branches})


def filled(records: list[LayerRecord], channels: int) -> list[LayerRecord]:
    """The records, or an identity if there are none: an inner chain cannot be empty."""
    return records or [plain("identity", channels)]


def affine(scale: Array, shift: Array) -> LayerRecord:
    """scale x + shift for each channel, with one number for all channels if they have the same."""
    tensors = {"scale": scale, "shift": shift}
    if all((tensor == tensor[0]).all() for tensor in tensors.values()):
        tensors = {name: tensor[:1] for name, tensor in tensors.items()}
    return LayerRecord("affine", {"size": len(scale)}, tensors)


def scale_before(record: LayerRecord, dtype: str) -> Array | None:
    """The factor of each channel, if a layer only multiplies; None for other layers."""
    if record.type == "scale":
        return np.full(record.channels_in, record.options["scale"], dtype)
    if record.type == "affine" and not record.tensors["shift"].any():
        return np.broadcast_to(record.tensors["scale"], record.channels_in)
    return None


def look_back(size: int, frames: int, dtype: str) -> LayerRecord:
    """x delayed by `frames`, as a convolution. A "delay" would count as latency of the branch."""
    kernel = np.zeros((2, 1, size), dtype)
    kernel[0] = 1
    options = {
        "in": size,
        "out": size,
        "kernel_size": 2,
        "dilation": frames,
        "groups": size,
    }
    return LayerRecord("conv1d", options, {"kernel": kernel})


def gate(activation: LayerRecord, opening: LayerRecord) -> LayerRecord:
    """activation(first half of the channels) * opening(second half)."""
    chains = {"activation": [[activation]], "gate": [[opening]]}
    return LayerRecord("gate", {"size": activation.channels_in}, chains=chains)
