"""The channel counts that have to match within a layer with inner layers."""

from __future__ import annotations

from collections.abc import Callable

from .records import LayerRecord, ends_of, ends_of_branches

Fits = dict[str, tuple[int, int]]


def _residual_fits(layer: LayerRecord) -> Fits:
    inputs, outputs = ends_of(layer.chains["layers"][0])
    return {"channels that its layers give": (outputs, inputs)}


def _branches_fit(layer: LayerRecord) -> Fits:
    inputs, outputs = ends_of_branches(layer)
    fits = {f"channels that branch {i} takes": (n, inputs[0]) for i, n in enumerate(inputs)}
    if layer.type == "parallel":
        fits |= {f"channels that branch {i} gives": (n, outputs[0]) for i, n in enumerate(outputs)}
    return fits


def _gate_fits(layer: LayerRecord) -> Fits:
    fits: Fits = {}
    for name in ("activation", "gate"):
        (chain,) = layer.chains[name]
        fits[f"layers of its {name}"] = (len(chain), 1)
        fits[f"channels that its {name} takes"] = (ends_of(chain)[0], layer.integer("size"))
        fits[f"channels that its {name} gives"] = (ends_of(chain)[1], layer.integer("size"))
    return fits


def _conditioned_fits(layer: LayerRecord) -> Fits:
    made, size = ends_of(layer.chains["layers"][0])[1], layer.integer("size")
    if layer.type == "film" and made == 2 * size:
        return {}
    return {"channels that its layers give": (made, size)}


def _tfilm_fits(layer: LayerRecord) -> Fits:
    (takes, made), size = ends_of(layer.chains["layers"][0]), layer.integer("size")
    gives = {} if made == 2 * size else {"channels that its layers give": (made, size)}
    return {"channels that its layers take": (takes, size), **gives}


def _conditioned_by_fits(layer: LayerRecord) -> Fits:
    takes, given = (ends_of(layer.chains[name][0])[0] for name in ("source", "layers"))
    return {"channels that its source takes": (takes, given)}


def _residual_skip_fits(layer: LayerRecord) -> Fits:
    path, residual, skip = (ends_of(layer.chains[name][0]) for name in ("path", "residual", "skip"))
    return {
        "channels that its residual takes": (residual[0], path[1]),
        "channels that its residual gives": (residual[1], path[0]),
        "channels that its skip takes": (skip[0], path[1]),
    }


def fits(layer: LayerRecord) -> Fits:
    """For each count that has to match: its name, the number found, and the number expected."""
    return _FITS[layer.type](layer) if layer.type in _FITS else {}


_FITS: dict[str, Callable[[LayerRecord], Fits]] = {
    "residual": _residual_fits,
    "parallel": _branches_fit,
    "concat": _branches_fit,
    "split": lambda layer: {"branches": (len(layer.chains["branches"]), 2)},
    "gate": _gate_fits,
    "blend": _gate_fits,
    "mixin": _conditioned_fits,
    "film": _conditioned_fits,
    "tfilm": _tfilm_fits,
    "conditioned_by": _conditioned_by_fits,
    "residual_skip": _residual_skip_fits,
}
