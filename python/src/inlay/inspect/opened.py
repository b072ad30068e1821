"""A model file that was read and validated for the commands."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..check.reference import check_error, evaluate
from ..errors import ExportError
from ..format import (
    Array,
    Chain,
    ModelFile,
    chain_text,
    inlay_root,
    model_of,
    read_json,
)
from .analysis import Analysis, analyse


@dataclass(frozen=True)
class Opened:
    """A file's JSON, its model, and the model's analysis."""

    root: dict[str, Any]
    model: ModelFile
    analysis: Analysis

    @property
    def channels(self) -> tuple[int, int]:
        return self.model.layers[0].channels_in, self.model.layers[-1].channels_out

    def error(self) -> tuple[float, float]:
        """The check's largest error in the reference evaluation, and the largest error allowed."""
        return check_error(self.root)


def open_model(path: str | os.PathLike[str]) -> Opened:
    """Opens a file. Raises ExportError if loading in C++ would refuse it for every type.

    It does not run the check.
    """
    root = inlay_root(read_json(path))
    model = model_of(root)
    analysis = analyse(model.layers)
    _refuse_check(model, analysis)
    return Opened(root, model, analysis)


def _refuse_check(model: ModelFile, analysis: Analysis) -> None:
    check, reach = model.check, analysis.receptive_field
    if reach is not None and len(check.input) <= reach:
        raise ExportError(
            f"check.input: {len(check.input)} frames are not more than the receptive field of {reach}"
        )
    given = 0 if check.condition is None else check.condition.shape[1]
    if given != analysis.condition_size:
        raise ExportError(
            f"check.condition: expected {analysis.condition_size} channels, found {given}"
        )


def reproduce(layers: Chain, signal: Array, condition: Array | None = None) -> Array:
    """The reference's output for a signal, with the weights rounded as in the file."""
    written = json.loads(chain_text(layers, indent=0))
    side = None if condition is None else np.asarray(condition, np.float64)
    with np.errstate(all="ignore"):
        return evaluate(written, np.asarray(signal, np.float64), side)
