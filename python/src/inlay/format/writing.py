"""Writing model files."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import ExportError
from .model import FORMAT, VERSION, Check, ModelFile
from .records import Array, Chain, LayerRecord
from .validation import validate


def write_model(path: str | os.PathLike[str], model: ModelFile) -> None:
    """Writes the file completely or not at all: on failure, an existing file stays as it was.

    Raises ExportError if the model is not valid.
    """
    validate(model)
    text = _model_text(model)
    target = Path(path)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def _model_text(model: ModelFile) -> str:
    members = [f'"format": "{FORMAT}"', f'"version": {VERSION}']
    if model.sample_rate is not None:
        members.append(f'"sample_rate": {_plain_text(model.sample_rate, "sample_rate")}')
    if model.metadata is not None:
        members.append(f'"metadata": {_plain_text(dict(model.metadata), "metadata")}')
    if model.prewarm:
        members.append(f'"prewarm": {model.prewarm}')
    members.append(f'"layers": {chain_text(model.layers, indent=2)}')
    members.append(f'"check": {_check_text(model.check)}')
    return "{\n" + ",\n".join("  " + member for member in members) + "\n}\n"


def chain_text(chain: Chain, indent: int) -> str:
    layers = ",\n".join(" " * (indent + 2) + _layer_text(layer, indent + 2) for layer in chain)
    return f"[\n{layers}\n{' ' * indent}]"


def _layer_text(layer: LayerRecord, indent: int) -> str:
    plain = _plain_text({"type": layer.type} | dict(layer.options), layer.type)
    inner = indent + 2
    lines = []
    for name, chains in layer.chains.items():
        texts = [chain_text(chain, inner) for chain in chains]
        lines.append(f'"{name}": ' + (f"[{', '.join(texts)}]" if name == "branches" else texts[0]))
    lines += _tensor_lines(layer.tensors)
    return _with_lines(plain, lines, inner)


def _check_text(check: Check) -> str:
    names = ("source", "dtype", "skip", "stride", "tolerance")
    plain = _plain_text({name: getattr(check, name) for name in names}, "check")
    signals = {
        "input": check.input,
        "condition": check.condition,
        "output": check.output,
    }
    given = {name: signal for name, signal in signals.items() if signal is not None}
    return _with_lines(plain, _tensor_lines(given), indent=4)


def _tensor_lines(tensors: Mapping[str, Array]) -> list[str]:
    return [f'"{name}": {_tensor_text(value)}' for name, value in tensors.items()]


def _with_lines(plain: str, members: Sequence[str], indent: int) -> str:
    """A JSON object: plain members on the first line, each other member on a line of its own."""
    return ",\n".join([plain[:-1], *(" " * indent + member for member in members)]) + "}"


def _tensor_text(tensor: Array) -> str:
    # str() of a NumPy scalar is the shortest text that reads back as the same number.
    data = ", ".join(map(str, tensor.ravel()))
    return f'{{"shape": {list(tensor.shape)}, "data": [{data}]}}'


def _plain_text(value: object, where: str) -> str:
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise ExportError(f"{where}: cannot be written as JSON: {error}") from error
