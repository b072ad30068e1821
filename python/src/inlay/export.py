"""Chooses the exporter for a source by its content."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile, is_zipfile

from .errors import ExportError
from .format import read_json

_FACTORY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_HDF5 = b"\x89HDF\r\n\x1a\n"


def export(
    source: str,
    output: str,
    *,
    sample_rate: float | None,
    metadata: Mapping[str, Any] | None,
    weights: str | None,
    state_dict: str | None,
    states: Mapping[str, str] | None = None,
    layout: str | None = None,
    hop: int | None = None,
    stft: Mapping[str, Any] | None = None,
    initial: Mapping[str, Any] | None = None,
) -> None:
    """Writes a source of any supported kind as an inlay model file. Raises ExportError or OSError."""
    kind = _kind(source)
    if weights is not None and kind != "keras":
        raise ExportError("--weights goes with a Keras configuration in JSON only")
    if state_dict is not None and kind != "torch":
        raise ExportError("--state-dict goes with package.module:factory only")
    if kind != "onnx" and (states or layout or hop or stft or initial):
        raise ExportError("--state, --layout, --hop, --stft and --initial go with an ONNX file only")
    if kind == "keras":
        _keras(source, output, weights=weights, sample_rate=sample_rate, metadata=metadata)
    elif kind == "torch":
        _torch(source, output, state_dict, sample_rate=sample_rate, metadata=metadata)
    elif kind == "onnx":
        from .onnx.export import export_onnx

        given = {"states": states, "layout": layout, "hop": hop, "stft": stft, "initial": initial}
        export_onnx(source, output, **given, sample_rate=sample_rate, metadata=metadata)
    else:
        from .other.export import export_json

        export_json(source, output, sample_rate=sample_rate, metadata=metadata)


def _kind(source: str) -> str:
    path = Path(source)
    if not path.exists() and _FACTORY.fullmatch(source):
        return "torch"
    with path.open("rb") as file:
        beginning = file.read(64)
    if path.suffix == ".onnx":
        return "onnx"
    if beginning.startswith(_HDF5):
        return "keras"
    if is_zipfile(path):
        return _kind_of_archive(path)
    if not beginning.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        raise ExportError("unknown kind of file: expected Keras, TorchScript, ONNX or JSON")
    found = read_json(path)
    return "keras" if isinstance(found, dict) and "class_name" in found else "json"


def _kind_of_archive(path: Path) -> str:
    try:
        with ZipFile(path) as archive:
            names = archive.namelist()
    except BadZipFile as error:
        raise ExportError(f"a damaged archive: {error}") from error
    if "config.json" in names:
        return "keras"
    if any(name.endswith("/data.pkl") or name.endswith("/constants.pkl") for name in names):
        return "torch"
    raise ExportError("unknown kind of archive: expected one that Keras or PyTorch wrote")


def _keras(source: str, output: str, **options: Any) -> None:
    from .keras.export import export_keras

    export_keras(source, output, **options)


def _torch(source: str, output: str, state_dict: str | None, **options: Any) -> None:
    try:
        import torch
    except ModuleNotFoundError as error:
        raise ExportError("needs PyTorch, which is not installed: pip install torch") from error
    from .torch.export import export_torch, load_torch

    del torch
    export_torch(load_torch(source, state_dict), output, **options)
