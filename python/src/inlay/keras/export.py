"""Exports Keras models, live ones and saved ones, of Keras 3 and of Keras 2 (tf.keras).

A saved model is read without Keras or TensorFlow, and the package's NumPy reference computes its
check in float64. A live model computes its check itself.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arguments import arguments, array, described
from ..check import reference
from ..check.signal import DEFAULT_TOLERANCE, check_signal
from ..errors import ExportError
from ..format import Array, Check, LayerRecord, ModelFile, write_model
from ..inspect.analysis import analyse
from .chain import chain_of
from .files import Saved, major_version, open_saved
from .graph import Graph, graph_of, input_signal
from .signal import Signal
from .weights import LiveWeights

_LARGEST_TOLERANCE = 1e-3  # the largest tolerance that loading accepts
_LARGEST_CHECK = 1 << 26  # values; only damaged configurations need more


def export_keras(
    source: Any,
    path: str | os.PathLike[str],
    *,
    weights: str | os.PathLike[str] | None = None,
    sample_rate: float | None = None,
    metadata: Mapping[str, Any] | None = None,
    check_input: npt.ArrayLike | None = None,
    tolerance: float | None = None,
) -> None:
    """Writes a Keras model and a check of it as an inlay model file.

    The file is written completely or not at all.

    Args:
        source: a Sequential or functional model of Keras 3 or tf.keras, or the path of a saved one:
            a .keras file, a whole .h5 file, or a configuration in JSON.
        path: the file to write; an existing one is replaced.
        weights: where `source` is a configuration in JSON, the .weights.h5 file that goes with it.
        sample_rate: the rate in Hz that the model was trained for.
        metadata: anything that JSON can hold; kept in the file, not interpreted.
        check_input: the signal of the check, [frames, channels], longer than the receptive field.
            Default: noise, a sine, some silence and a full-scale burst.
        tolerance: the largest error that loading accepts in the check, for an output within
            [-1, 1]. Default: 1e-5 for float32, 1e-12 for float64.

    Raises:
        ExportError: the model has no exact form in the file, or its own file is damaged; the
            message names the layer and the attribute.
    """
    given_arguments = arguments(path, sample_rate, metadata, tolerance)
    given = array("check_input", check_input)
    with _opened(source, weights) as (saved, live):
        keras = major_version(saved.version)
        graph = graph_of(saved.config, saved.weights, keras)
        start = input_signal(graph)
        layers, end = _layers(graph, start)
        dtype = _dtype(graph)
    field = _receptive_field(layers)
    _refuse_too_large(field, start, end)
    if live is not None and _is_too_short(start, field):
        live = None
    signal = check_signal(given, start.size, field, dtype)
    if live is not None:
        signal = _of_the_length(signal, start, given=check_input is not None)
    expected = _reference_output(layers, signal, end)
    limit = given_arguments.tolerance or DEFAULT_TOLERANCE[dtype]
    if live is None:
        made_by = f"inlay's NumPy reference, for a model of {_keras_name(saved.version)}"
        output = expected
    else:
        made_by = _keras_name(saved.version)
        output = _live_output(live, signal, start, end)[: len(expected)]
        _refuse_difference(output, expected, limit)
    check = Check(
        source=made_by,
        dtype=dtype,
        input=signal,
        output=output.astype(dtype),
        tolerance=limit,
        skip=end.skip,
        stride=end.stride,
    )
    write_model(path, ModelFile(layers, check, given_arguments.sample_rate, metadata))


@contextmanager
def _opened(
    source: Any, weights: str | os.PathLike[str] | None
) -> Iterator[tuple[Saved, Any | None]]:
    """The model in its saved form and, if it is a live one, the model."""
    if isinstance(source, (str, os.PathLike)):
        with open_saved(source, weights) as saved:
            yield saved, None
        return
    if weights is not None:
        raise ExportError("weights: a live model has its own; leave it out")
    if not all(hasattr(source, name) for name in ("get_config", "layers", "predict")):
        raise ExportError(
            f"source: expected a Keras model or the path of a saved one, found {described(source)}"
        )
    yield Saved(_live_config(source), LiveWeights(source), _live_version(source)), source


def _live_config(model: Any) -> Mapping[str, Any]:
    try:
        config = model.get_config()
    except NotImplementedError:
        config = None
    if not isinstance(config, Mapping) or "layers" not in config:
        raise ExportError(
            f"the model is a {type(model).__name__} with code of its own; only a Sequential or a"
            " functional model is exported; build one of the same layers and give it the trained"
            " weights"
        )
    # A subclass that only changes training has the same configuration. The check proves the rest.
    kind = "Functional" if "input_layers" in config else "Sequential"
    entry = {"class_name": kind, "config": _plain(config)}
    shape = getattr(model, "input_shape", None)
    return {**entry, "build_config": {"input_shape": shape}} if isinstance(shape, tuple) else entry


def _plain(value: Any) -> Any:
    """A value of a live model's configuration as in JSON."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (np.generic, np.ndarray)):
        return _plain(value.tolist())
    return value


def _live_version(model: Any) -> str | None:
    """The version of the Keras that defines a model's class.

    The class may be the user's, or in TensorFlow, which has Keras 2.
    """
    for base in type(model).__mro__:
        root = base.__module__.split(".")[0]
        if root == "tensorflow":
            return f"2.x of TensorFlow {getattr(sys.modules.get(root), '__version__', '')}".strip()
        if root in ("keras", "tf_keras"):
            version = getattr(sys.modules.get(root), "__version__", None)
            return version if isinstance(version, str) else None
    return None


def _keras_name(version: str | None) -> str:
    return f"Keras {version}" if version else "Keras"


def _layers(graph: Graph, start: Signal) -> tuple[Sequence[LayerRecord], Signal]:
    layers, end = chain_of(graph, start)
    if end.padding:
        end.padding.refuse("at the end of the model")
    if not layers:
        raise ExportError("the model has no layer to export; those that it has do nothing")
    return layers, end


def _dtype(graph: Graph) -> str:
    """The dtype of all layers."""
    found: dict[str, str] = {}
    for layer in _all_layers(graph):
        found.setdefault(layer.dtype, str(layer))
    if len(found) > 1:
        mixed = " and ".join(f"{place} is {dtype}" for dtype, place in found.items())
        raise ExportError(f"{mixed}; supported are models of one dtype throughout")
    return next(iter(found), "float32")


def _all_layers(graph: Graph) -> Iterator[Any]:
    for node in graph.nodes.values():
        if node.model is not None:
            yield from _all_layers(node.model)
        elif "dtype" in node.layer.config and node.layer.kind != "InputLayer":
            yield node.layer


def _receptive_field(layers: Sequence[LayerRecord]) -> int:
    """The receptive field of the layers; the check has to be longer."""
    analysis = analyse(layers)
    if analysis.receptive_field is not None:
        return analysis.receptive_field
    # With a recurrent layer it is unbounded. The check still has to reach all convolutions.
    fields = [layer.traits.receptive_field for layer in analysis.layers if not layer.record.chains]
    return 1 + sum(field - 1 for field in fields if field is not None)


def _refuse_too_large(receptive_field: int, start: Signal, end: Signal) -> None:
    numbers = max(start.size, math.ceil(end.size * end.rate))
    if receptive_field * numbers > _LARGEST_CHECK:
        raise ExportError(
            f"the model is too large to be checked: an output depends on {receptive_field} frames,"
            f" and a frame is up to {numbers} numbers"
        )


def _as_json(layer: LayerRecord) -> reference.Json:
    tensors = {
        name: {"shape": tensor.shape, "data": tensor.ravel()}
        for name, tensor in layer.tensors.items()
    }
    chains = {
        name: [[_as_json(inner) for inner in chain] for chain in found]
        for name, found in layer.chains.items()
    }
    single = {name: found[0] for name, found in chains.items() if name != "branches"}
    return {"type": layer.type, **layer.options, **tensors, **chains, **single}


def _reference_output(layers: Sequence[LayerRecord], signal: Array, end: Signal) -> Array:
    """The output of the reference, in the frames that Keras gives too."""
    written = [_as_json(layer) for layer in layers]
    with np.errstate(all="ignore"):  # values that are not finite are refused with the check
        output = reference.evaluate(written, signal.astype(np.float64))
    times, _ = reference.arrivals(written, len(signal))
    found: Array = output[times >= end.skip]
    if not len(found):
        raise ExportError(f"check_input: {len(signal)} frames are too few for any output")
    return found


def _is_too_short(start: Signal, receptive_field: int) -> bool:
    """Whether a model that was built for one length takes too few frames for a check."""
    return start.frames is not None and start.frames <= receptive_field


def _of_the_length(signal: Array, start: Signal, given: bool) -> Array:
    """The signal in the length that a live model takes."""
    if start.frames in (None, len(signal)):
        return signal
    if given:
        raise ExportError(
            f"check_input: has {len(signal)} frames, but the model takes {start.frames}; give it as"
            " many, or build the model with an Input of (None, channels)"
        )
    return np.resize(signal, (start.frames or 1, signal.shape[1]))


def _live_output(model: Any, signal: Array, start: Signal, end: Signal) -> Array:
    """The output of the model itself, from zero state."""
    batch = signal.reshape(len(signal), *start.shape)
    if start.timed:
        batch = np.repeat(batch[np.newaxis], start.batch or 1, axis=0)
    _reset_states(model)
    output = np.asarray(model.predict(batch, batch_size=len(batch), verbose=0))
    _reset_states(model)
    found: Array = (output[0] if start.timed else output).reshape(-1, end.size)
    return found


def _reset_states(model: Any) -> None:
    """Resets stateful layers, which would continue from their last signal."""
    for layer in (model, *model.layers):
        reset = getattr(layer, "reset_states", None) or getattr(layer, "reset_state", None)
        if reset is not None and (layer is model or getattr(layer, "stateful", False)):
            reset()


def _refuse_difference(output: Array, expected: Array, tolerance: float) -> None:
    """Raises ExportError if the file's layers differ from the live model."""
    if output.shape != expected.shape:
        raise ExportError(
            f"the model gives {list(output.shape)} values for the check, its layers in the file"
            f" {list(expected.shape)}; does it have code of its own?"
        )
    limit = min(tolerance, _LARGEST_TOLERANCE) * max(1.0, float(np.abs(output).max()))
    error = float(np.abs(output - expected).max())
    if not error <= limit:
        raise ExportError(
            f"the model's layers in the file differ from the model by {error:.3g}, more than"
            f" {limit:.3g}; does it have code of its own?"
        )
