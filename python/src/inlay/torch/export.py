"""Exports PyTorch modules.

1. A layer, or an `nn.Sequential` of layers, is run child by child. Each child gets the layout that
   it needs. Any other module is called on (N, L, C), (N, C, L), (N, L) or (L, N, C), and torch.fx
   traces its `forward`. Modules run in evaluation mode.
2. The result is a graph of layers, sums, products and concatenations.
3. The graph becomes a chain of layers and combinators.
4. The reference evaluates the chain without PyTorch. Nothing is written unless both agree.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.jit._serialization import load as load_script

from ..arguments import arguments, array, described, refuse
from ..check.signal import DEFAULT_TOLERANCE, check_signal
from ..errors import ExportError
from ..format import ModelFile, write_model
from ..inspect.analysis import analyse
from .check import check_of, require_complete, verify
from .forward import Forward
from .modules import array_of
from ..network.network import network
from .place import place_of
from .run import DTYPES, evaluation, parameter_type, reach_bound
from .script import from_script
from .signal import Signal

__all__ = ["export_torch", "load_torch"]


def export_torch(
    module: nn.Module,
    path: str | os.PathLike[str],
    *,
    sample_rate: float | None = None,
    metadata: Mapping[str, Any] | None = None,
    check_input: npt.ArrayLike | None = None,
    check_condition: npt.ArrayLike | None = None,
    tolerance: float | None = None,
) -> None:
    """Writes `module` and a check of it as an inlay model file.

    The file is written completely or not at all. The module's training flags do not change.

    Args:
        module: one layer, an `nn.Sequential`, or a module with its own `forward` of one signal, or
            of a signal and a condition such as knobs. docs/from-pytorch.md lists what may be in it.
            All parameters are float32, or all are float64.
        path: the file to write; an existing one is replaced.
        sample_rate: the rate in Hz that the model was trained for.
        metadata: anything that JSON can hold; kept in the file, not interpreted.
        check_input: the signal of the check, [frames, channels], longer than the receptive field.
            Default: noise, a sine, some silence and a full-scale burst.
        check_condition: the second input of `forward` in the check, [frames, channels]; [1, channels]
            where `forward` takes one condition for the whole clip. Needed where there is one.
        tolerance: the largest error that loading accepts in the check, for an output within
            [-1, 1]. Default: 1e-5 for float32, 1e-12 for float64.

    Raises:
        ExportError: `module` has no exact form in the file; the message names the place.
    """
    given_arguments = arguments(path, sample_rate, metadata, tolerance)
    module = from_script(_module(module))
    given = array("check_input", _as_array(check_input))
    side = array("check_condition", _as_array(check_condition))
    dtype, device = parameter_type(module, given)
    name = DTYPES[dtype]
    with evaluation(module):
        forward = Forward(module, given, side, dtype, device)
        probe = forward.probe()
        require_complete(probe, place_of(module, ""))
        layers = network(forward.source, forward.condition, probe.node)
        if not layers:
            raise ExportError("the module has no layer to export; give it at least one")
        traits = analyse(layers)
        reach = traits.receptive_field or 1 + reach_bound(module)
        samples = check_signal(given, forward.channels, reach, name)
        exactly = given is not None and forward.clip is None
        beside = None if side is None else _as_long(side, len(samples), exactly, name)
        signal = forward.trace(samples, beside)
        layers = network(forward.source, forward.condition, signal.node)
        output = forward.output(signal, samples, beside)
    allowed = given_arguments.tolerance or DEFAULT_TOLERANCE[name]
    check = check_of(signal, output, samples, beside, traits.rate, allowed)
    model = ModelFile(layers, check, given_arguments.sample_rate, metadata)
    verify(model)
    if forward.by_run:
        with evaluation(module):
            _require_one_way(forward, model, traits.rate)
    write_model(path, model)
    forward.warn_of_layout(stacklevel=2)


def _require_one_way(forward: Forward, model: ModelFile, rate: Fraction) -> None:
    """Raises ExportError unless the layers of one traced run are right for other signals as well:
    of another length, loud, soft and silent."""
    check = model.check
    noise = np.concatenate([check.input[::-1], check.input[:7]])
    beside = check.condition
    if beside is not None:
        beside = np.concatenate([beside[::-1], beside[:7]])
    signal: Signal | None = None
    for level in (1.0, 8.0, 0.3, 0.01, 0.0):
        samples = (level * noise).astype(check.dtype)
        try:
            signal = signal or forward.trace(samples, beside)
            output = forward.output(signal, samples, beside)
            other = check_of(signal, output, samples, beside, rate, check.tolerance)
            verify(ModelFile(model.layers, other))
        except ExportError as error:
            raise ExportError(
                f"{place_of(forward.module, '')}: gives for a signal of another level or length what"
                f" the exported layers do not ({error}); its forward() must not branch on values"
                " or keep numbers of a signal"
            ) from error
        except Exception:  # a signal that the module's own code refuses
            continue


def _module(given: object) -> nn.Module:
    if isinstance(given, nn.Module):
        return given
    advice = ""
    if isinstance(given, type) and issubclass(given, nn.Module):
        advice = f"; make one of it: {given.__name__}(...)"
    elif isinstance(given, (str, os.PathLike)):
        advice = "; inlay.load_torch() reads TorchScript files"
    elif isinstance(given, Mapping):
        advice = "; for a state dict, make the module and call its load_state_dict()"
    raise ExportError(f"module: expected a torch.nn.Module, found {described(given)}{advice}")


def load_torch(
    source: str | os.PathLike[str], state_dict: str | os.PathLike[str] | None = None
) -> nn.Module:
    """Loads a module from a TorchScript file, or calls `package.module:factory` without arguments.

    `state_dict` is a file with its weights, written by torch.save(module.state_dict(), ...).
    """
    if not isinstance(source, (str, os.PathLike)):
        refuse("source", "a TorchScript file or package.module:factory", source)
    source = os.fspath(source)
    module = _from_factory(source) if _names_a_factory(source) else _from_file(source)
    if state_dict is not None:
        try:
            module.load_state_dict(torch.load(state_dict, map_location="cpu", weights_only=True))
        except Exception as error:  # reading a pickle that is none can raise anything
            raise ExportError(f"{state_dict}: not the weights of {source}: {error}") from error
    return module


def _names_a_factory(source: str) -> bool:
    return ":" in source and not Path(source).exists()


def _from_file(source: str) -> nn.Module:
    if not Path(source).exists():
        raise ExportError(
            f"{source}: no such file; give a TorchScript file, or package.module:factory, a function"
            " or class that makes the module"
        )
    try:
        return from_script(load_script(source, map_location="cpu"))  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        raise ExportError(
            f"{source}: not a TorchScript file, as torch.jit.save(torch.jit.script(module), ...)"
            " writes it; for weights alone, give package.module:factory and these as the state dict"
        ) from error


def _from_factory(source: str) -> nn.Module:
    where, _, name = source.rpartition(":")
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())  # as for `python -m`, whatever command calls this
    try:
        found: Any = importlib.import_module(where)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as error:
        raise ExportError(f"{source}: cannot be imported: {error}") from error
    if not isinstance(found, nn.Module):
        try:
            found = found()
        except Exception as error:
            raise ExportError(f"{source}: cannot be called without arguments: {error!r}") from error
    if not isinstance(found, nn.Module):
        raise ExportError(f"{source}: gives a {type(found).__name__}, not a torch.nn.Module")
    return from_script(found)


def _as_array(given: npt.ArrayLike | None) -> npt.ArrayLike | None:
    return array_of(given) if isinstance(given, Tensor) else given


def _as_long(
    condition: npt.NDArray[Any], frames: int, exactly: bool, dtype: str
) -> npt.NDArray[Any]:
    """A condition in the length of the signal: repeated or cut if the signal is the default one."""
    if exactly and len(condition) != frames:
        raise ExportError(f"check_condition: {len(condition)} frames, but check_input has {frames}")
    return np.resize(condition, (frames, condition.shape[1])).astype(dtype)
