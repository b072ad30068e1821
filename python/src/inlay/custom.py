"""Layers of the user: their members in a model file, and their evaluation.

The C++ counterpart is `inlay::register_layer<L>()`; docs/writing-a-layer.md shows both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, Union

import numpy as np
import numpy.typing as npt

from .arguments import refuse
from .errors import ExportError
from .format.layer_types import LAYER_TYPES, REGISTERED, Kind, LayerType, Option, Tensor
from .format.records import LayerRecord

Signal = npt.NDArray[np.float64]
# A number, or a function that takes the layer's options.
Number = Union[int, None, Callable[..., Union[int, None]]]
Module = TypeVar("Module", bound=type)


@dataclass(frozen=True)
class CustomLayer:
    """The arguments of register_layer()."""

    type: str
    kind: LayerType
    evaluate: Callable[..., Any]
    receptive_field: Number
    latency: Number
    macs: Number
    channels_first: bool
    cpp: str | None
    header: str | None
    members: Mapping[str, Any] = field(default_factory=dict)
    """Where a module has an option or a tensor, if not in an attribute of that name."""

    @property
    def is_builtin(self) -> bool:
        """Whether it is one of inlay's own layers, which register_module() gave to a module."""
        return self.type in LAYER_TYPES

    def member(self, module: object, name: str) -> Any:
        """The value of an option or a tensor of a module; None if it has none."""
        source = self.members.get(name, name)
        choices = self.kind.options.get(name)
        if isinstance(choices, tuple) and source in choices:
            return source
        if callable(source):
            return source(module)
        return getattr(module, source, None) if isinstance(source, str) else source

    def number(self, name: str, layer: LayerRecord) -> int | None:
        """The value of `receptive_field`, `latency` or `macs` for a layer."""
        value = getattr(self, name)
        if callable(value):
            value = value(**layer.options)
        if value is None or type(value) is int:
            return value
        raise ExportError(f"{self.type}: {name}: expected an integer or None, found {value!r}")

    def run(self, signal: Signal, options: Mapping[str, Option], tensors: Any) -> Signal:
        """The output of `evaluate`, [frames, channels]."""
        made = np.asarray(self.evaluate(signal, **options, **tensors), np.float64)
        channels = int(options["out" if "out" in options else "size"])
        if made.shape != (len(signal), channels):
            raise ExportError(
                f"{self.type}: evaluate: expected {[len(signal), channels]} values, found"
                f" {list(made.shape)}"
            )
        return made


LAYERS: dict[str, CustomLayer] = {}
MODULES: dict[type, CustomLayer] = {}


def register_layer(
    type: str,
    *,
    evaluate: Callable[..., Any],
    options: Sequence[str] = ("size",),
    numbers: Sequence[str] = (),
    tensors: Mapping[str, str] | None = None,
    receptive_field: Number = 1,
    latency: Number = 0,
    macs: Number = None,
    channels_first: bool = False,
    cpp: str | None = None,
    header: str | None = None,
) -> Callable[[Module], Module]:
    """Registers a layer of your own, so that model files may hold it.

    Returns a decorator for the torch.nn.Module that is trained as this layer. `export_torch` reads
    the options and tensors from attributes of the same names. The module takes a signal and returns
    one with as many frames. If you have no such module, ignore the decorator.

    Args:
        type: what a file calls the layer, as the C++ class does in `type`.
        evaluate: the layer in NumPy: evaluate(signal, **options, **tensors) takes and returns
            [frames, channels] in float64, starting from silence. `inlay verify` uses it.
        options: the layer's integer options, in the order of the C++ template's arguments. `size`
            is the number of channels; a layer that changes it has `in` and `out`.
        numbers: the layer's other numbers.
        tensors: the shape of each tensor as text, such as "size" or "in 4*out".
        receptive_field: the number of input frames that an output frame depends on, the present one
            included; None if it is unbounded. A number, or a function of the options.
        latency: the frames by which the output is late; a number or a function.
        macs: the multiply-accumulates per frame; a number or a function. Default: the number of
            weights.
        channels_first: whether the module takes (batch, channels, frames), and not (batch, frames,
            channels).
        cpp: the class template for `inlay codegen`, such as "FractionalDelay".
        header: the header that defines the class, such as "fractional_delay.hpp".

    Raises:
        ExportError: an argument is wrong; the message names it.
    """
    if not isinstance(type, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", type):
        refuse("type", "a name of small letters, digits and underscores", type)
    if type in LAYER_TYPES:
        raise ExportError(f"type: inlay has a layer {type!r} already; choose another name")
    if not callable(evaluate):
        refuse("evaluate", "a function", evaluate)
    kind = _kind(_names("options", options), _names("numbers", numbers), tensors or {})
    layer = CustomLayer(
        *(type, kind, evaluate, receptive_field, latency, macs, channels_first, cpp, header)
    )
    REGISTERED[type] = kind
    LAYERS[type] = layer

    def decorate(module: Module) -> Module:
        MODULES[module] = layer
        return module

    return decorate


def register_module(
    type: str, *, channels_first: bool = False, **members: Any
) -> Callable[[Module], Module]:
    """Says that the modules of a class compute one of inlay's own layers.

    Returns a decorator for the class, a torch.nn.Module. `export_torch` writes the layer in place of
    following the module's `forward`, and refuses the model if the two do not agree.

    Args:
        type: the layer's type in files, such as "cumulative_norm".
        channels_first: whether the module takes (batch, channels, frames), and not (batch, frames,
            channels).
        members: the options and tensors of the layer: a value; the name of the module's attribute;
            or a function of the module. Those that are not given are attributes of the same names.
            `size` may be missing if the module works with any number of channels, and so may
            tensors that are optional.

    Raises:
        ExportError: an argument is wrong; the message names it.
    """
    kind = LAYER_TYPES.get(type)
    if kind is None or kind.chains:
        known = [name for name, layer in LAYER_TYPES.items() if not layer.chains]
        refuse("type", f"one of {', '.join(known)}", type)
    for name in members:
        if name not in kind.options and name not in kind.tensors:
            refuse(name, f"one of {', '.join((*kind.options, *kind.tensors))}", name)
    layer = CustomLayer(type, kind, _not_called, 1, 0, None, channels_first, None, None, members)

    def decorate(module: Module) -> Module:
        MODULES[module] = layer
        return module

    return decorate


def _not_called(*args: Any, **options: Any) -> Any:
    raise AssertionError("inlay evaluates its own layers itself")


def custom_of(module: object) -> CustomLayer | None:
    """The registered layer of a module, None if there is none."""
    return next((MODULES[base] for base in type(module).__mro__ if base in MODULES), None)


def _names(argument: str, given: Iterable[str]) -> list[str]:
    names = [given] if isinstance(given, str) else list(given)
    for name in names:
        if not isinstance(name, str) or not name.isidentifier() or name in _RESERVED:
            refuse(argument, f"names of options other than {', '.join(_RESERVED)}", name)
    return names


def _kind(options: list[str], numbers: list[str], tensors: Mapping[str, str]) -> LayerType:
    if "size" not in options and not {"in", "out"} <= set(options):
        refuse("options", "size, or in and out, among them", ", ".join(options))
    kinds = {name: Kind.COUNT if name in _CHANNELS else Kind.INDEX for name in options}
    shapes = {}
    for name, shape in tensors.items():
        known = "|".join(map(re.escape, options))
        extent = rf"\d+|(\d+\*)?({known})|({known})/({known})"
        if not isinstance(shape, str) or not shape.split():
            refuse(f"tensors: {name}", "a shape, such as 'size'", shape)
        if not all(re.fullmatch(extent, axis) for axis in shape.split()):
            refuse(f"tensors: {name}", f"extents made of {', '.join(options)}", shape)
        shapes[name] = Tensor((shape,))
    return LayerType(kinds | dict.fromkeys(numbers, Kind.NUMBER), tensors=shapes)


_CHANNELS = ("size", "in", "out")
# These change the rate or the channels of inlay's own layers.
_RESERVED = ("type", "stride", "hop", "features")
