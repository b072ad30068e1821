"""The layers of whatever names a network: a model file, a PyTorch module, a line of text."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..export import export
from ..format import Chain, read_json
from ..format.model import FORMAT
from ..inspect.opened import open_model
from .networks import parse


def layers_of(network: Any) -> tuple[Chain, float | None]:
    """The layers and, if it is known, the sample rate.

    Args:
        network: a path of a model file of any kind that `inlay export` reads, the factory of a
            PyTorch module as "package.module:factory", a torch.nn.Module, or a line such as
            "lstm 20, dense 1". Weights do not matter.
    """
    if not isinstance(network, (str, os.PathLike)):
        from ..torch.export import export_torch

        return _exported(lambda path: export_torch(network, path))
    if isinstance(network, str) and not Path(network).exists() and ":" not in network:
        return parse(network), None
    if _is_model_file(Path(network)):
        model = open_model(network).model
        return model.layers, model.sample_rate
    nothing: dict[str, Any] = dict.fromkeys(("sample_rate", "metadata", "weights", "state_dict"))
    return _exported(lambda path: export(os.fspath(network), os.fspath(path), **nothing))


def _is_model_file(path: Path) -> bool:
    if path.suffix != ".json":
        return False
    root = read_json(path)
    return isinstance(root, dict) and root.get("format") == FORMAT


def _exported(write: Any) -> tuple[Chain, float | None]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        write(path)
        model = open_model(path).model
    return model.layers, model.sample_rate
