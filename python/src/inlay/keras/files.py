"""Reads the files that Keras saves, HDF5 and JSON, without Keras or TensorFlow."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ExportError
from .config import Weights, mapping
from .weights import LegacyWeights, SavedWeights, damaged

_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"
_WHOLE = "save the whole model with model.save('model.keras') and export that"
# The configuration of a model that runs in real time is smaller.
_LARGEST_JSON = 64 << 20
# Weights are read into memory: a small archive can unpack to any size.
_LARGEST_WEIGHTS = 256 << 20


@dataclass(frozen=True)
class Saved:
    """A saved model: its configuration, its weights, and the version of Keras."""

    config: Mapping[str, Any]
    weights: Weights
    version: str | None


@contextmanager
def open_saved(
    source: str | os.PathLike[str], weights: str | os.PathLike[str] | None
) -> Iterator[Saved]:
    """Opens a .keras or .h5 file, or a configuration in JSON with a file of weights."""
    path = Path(source)
    start = _start_of(path)
    with ExitStack() as stack:
        if start.startswith(b"{") or start.lstrip().startswith(b"{"):
            yield _from_json(path, weights, stack)
            return
        if weights is not None:
            raise ExportError(f"{path}: has weights of its own; leave out weights={str(weights)!r}")
        if start.startswith(_HDF5):
            yield _from_h5(path, stack)
        elif start.startswith(_ZIP):
            yield _from_zip(path, stack)
        else:
            raise ExportError(f"{path}: neither a .keras file, nor an .h5 file, nor JSON; {_WHOLE}")


def _start_of(path: Path) -> bytes:
    if path.is_dir():
        raise ExportError(f"{path}: a folder (a SavedModel?) is not read; {_WHOLE}")
    try:
        with path.open("rb") as file:
            return file.read(64)
    except OSError as error:
        raise ExportError(f"{path}: cannot be read: {error.strerror}") from error


def _from_zip(path: Path, stack: ExitStack) -> Saved:
    with damaged(str(path)):
        archive = stack.enter_context(zipfile.ZipFile(path))
        config = _json(_member(archive, path, "config.json"), f"{path}: config.json")
        metadata = _json(_member(archive, path, "metadata.json"), f"{path}: metadata.json")
        stored = _member(archive, path, "model.weights.h5")
    group = _open_h5(io.BytesIO(stored), f"{path}: model.weights.h5", stack)
    version = metadata.get("keras_version")
    return Saved(config, SavedWeights(group, str(path)), version)


def _member(archive: zipfile.ZipFile, path: Path, name: str) -> bytes:
    if name not in archive.namelist():
        raise ExportError(f"{path}: holds no {name}; {_WHOLE}")
    size = archive.getinfo(name).file_size
    most = _LARGEST_WEIGHTS if name.endswith(".h5") else _LARGEST_JSON
    if size > most:
        raise ExportError(f"{path}: {name} is too large: {size} bytes unpacked, at most {most}")
    return archive.read(name)


def _from_h5(path: Path, stack: ExitStack) -> Saved:
    group = _open_h5(path, str(path), stack)
    with damaged(str(path)):
        config = group.attrs.get("model_config")
        if config is None:
            raise ExportError(
                f"{path}: holds weights and no configuration; {_WHOLE}, or pass the configuration:"
                " export_keras('config.json', ..., weights='model.weights.h5')"
            )
        if "model_weights" not in group:
            raise ExportError(f"{path}: holds no weights; {_WHOLE}")
        version = _attribute(group, "keras_version")
        weights = LegacyWeights([], group["model_weights"], str(path))
    return Saved(_json(config, f"{path}: model_config"), weights, version)


def _from_json(path: Path, weights: str | os.PathLike[str] | None, stack: ExitStack) -> Saved:
    if weights is None:
        raise ExportError(
            f"{path}: a configuration has no weights; pass them:"
            f" export_keras({path.name!r}, ..., weights='model.weights.h5')"
        )
    if path.stat().st_size > _LARGEST_JSON:
        raise ExportError(f"{path}: too large for a configuration")
    config = _json(path.read_bytes(), str(path))
    # The output of model.to_json(), or of a .keras file: an object with class_name.
    _start_of(Path(weights))
    group = _open_h5(Path(weights), str(weights), stack)
    with damaged(str(weights)):
        version = config.get("keras_version") or _attribute(group, "keras_version")
        if "model_weights" in group:
            group = group["model_weights"]
        if "layer_names" in group.attrs or "layer_names0" in group.attrs:
            return Saved(config, LegacyWeights([], group, str(weights)), version)
    return Saved(config, SavedWeights(group, str(weights)), version)


def _open_h5(file: Path | io.BytesIO, where: str, stack: ExitStack) -> Any:
    try:
        import h5py
    except ImportError as error:
        raise ExportError(
            f"{where}: reading it needs h5py, which is not installed; pip install h5py"
        ) from error
    with damaged(where):
        return stack.enter_context(h5py.File(file, "r"))


def _attribute(group: Any, name: str) -> str | None:
    value = group.attrs.get(name)
    return value.decode() if isinstance(value, bytes) else value


def _json(text: str | bytes, where: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError, TypeError) as error:
        raise ExportError(f"{where}: not valid JSON: {error}") from error
    return mapping(found, where)


def major_version(version: object) -> int | None:
    """The major version: 3 for "3.9.2", 2 for TensorFlow's "2.15.0" and "2.2.4-tf"."""
    found = re.match(r"(\d+)\.", version) if isinstance(version, str) else None
    return int(found[1]) if found else None
