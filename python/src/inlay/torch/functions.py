"""Applies functions and tensor methods to signals: torch.tanh(x), x + y, x.transpose(1, 2)."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn, cast

import torch
from torch import Tensor, nn
from torch.overrides import resolve_name

from ..format import LayerRecord
from .apply import apply, zeros_around
from .arithmetic import arithmetic
from .functional_modules import MODULES
from ..network.graph import join
from .nearest import nearest
from .place import InChunks, Place, Refusal, Unknown
from ..network.records import plain
from .signal import Signal, aligned, moved

Arguments = Sequence[Any]
Options = Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """A call of a function or method. Signals among its arguments are `Signal`."""

    name: str
    shown: str
    function: Callable[..., Any]
    args: Arguments
    options: Options
    place: Place

    @property
    def signal(self) -> Signal:
        """The first argument. Raises ExportError if it is not a signal."""
        found = self.args[0] if self.args else self.options.get("input")
        if not isinstance(found, Signal):
            self.refuse("a signal in another place than the first", "pass the signal first")
        return found

    @property
    def rest(self) -> Arguments:
        return self.args[1:]

    @property
    def rest_options(self) -> Options:
        return {name: value for name, value in self.options.items() if name != "input"}

    def refuse(self, why: str = "", advice: str = "") -> NoReturn:
        advice = advice or nearest(self.name)
        if why:
            self.place.refuse(f"{self.shown} with {why}", "only other uses of it", advice)
        unknown = Refusal(self.place, self.shown, "as no layer of inlay does that", advice)
        raise Unknown(str(unknown))

    def run(self) -> Any:
        """PyTorch's result."""
        return self.function(
            *tree(self.args, _tensor),
            **{k: tree(v, _tensor) for k, v in self.options.items()},
        )


def tree(value: Any, change: Callable[[Any], Any]) -> Any:
    """Nested lists, tuples, slices and dictionaries with `change` applied to the innermost values."""
    if isinstance(value, (list, tuple)) and not isinstance(value, torch.Size):
        return type(value)(tree(item, change) for item in value)
    if isinstance(value, dict):
        return {key: tree(item, change) for key, item in value.items()}
    if isinstance(value, slice):
        return slice(*(tree(part, change) for part in (value.start, value.stop, value.step)))
    return change(value)


def _tensor(value: Any) -> Any:
    return value.tensor if isinstance(value, Signal) else value


def call(
    name: str,
    shown: str,
    function: Callable[..., Any],
    args: Arguments,
    options: Options,
    place: Place,
) -> Any:
    """The result of a function that has a signal among its arguments."""
    made = Call(name, shown, function, args, options, place)
    return _handler(name)(made)


def _handler(name: str) -> Callable[[Call], Any]:
    if name in _HANDLERS:
        return _HANDLERS[name]
    if name in _MOVES:
        return _move
    if name in MODULES:
        return _as_module
    return Call.refuse


_MOVES = {
    *("transpose", "permute", "swapaxes", "swapdims", "movedim", "moveaxis", "t"),
    *(
        "squeeze",
        "unsqueeze",
        "view",
        "reshape",
        "flatten",
        "unflatten",
        "contiguous",
        "clone",
    ),
    *(
        "getitem",
        "chunk",
        "split",
        "narrow",
        "select",
        "unbind",
        "detach",
        "tensor_split",
    ),
    *("view_as", "T", "mT", "flip"),
    *("expand", "expand_as", "broadcast_to", "repeat", "tile"),
}


def _move(made: Call) -> Any:
    signal, result = made.signal, made.run()

    def again(tensor: Tensor) -> Any:
        return made.function(tensor, *tree(made.rest, _tensor), **made.rest_options)

    if isinstance(result, Tensor):
        return moved(signal, result, again, made.place)

    def part(at: int) -> Signal:
        return moved(
            signal,
            result[at],
            lambda tensor: cast(Tensor, again(tensor)[at]),
            made.place,
        )

    return tuple(map(part, range(len(result))))


def _repeat_interleave(made: Call) -> Any:
    """Repeated frames. A value of a block is repeated for all frames of the block."""
    signal = made.args[0]
    if not isinstance(signal, Signal) or signal.block == 1:
        return _move(made)
    result = made.run()
    alike = [n for axis, n in enumerate(result.shape) if axis != signal.time]
    kept = [n for axis, n in enumerate(signal.tensor.shape) if axis != signal.time]
    if alike != kept or result.shape[signal.time] != signal.frames * signal.block:
        made.refuse("another number than that of the frames of a block", f"use {signal.block}")
    return replace(signal, tensor=result, block=1)


def _as_module(made: Call) -> Signal:
    try:
        module = MODULES[made.name](*made.rest, **made.rest_options)
    except TypeError as error:
        made.refuse(f"these arguments ({error})")
    if module is None:
        made.refuse("these arguments")
    return apply(made.signal, module, made.place)


def _cat(made: Call) -> Signal:
    tensors, dim = _arguments(made, ("tensors", "dim"), (None, 0))
    tensors = [each for each in tensors if isinstance(each, Signal) or each.numel()]
    signals = [found for found in tensors if isinstance(found, Signal)]
    result = made.run()
    axis = dim % result.dim()
    along_time = any(signal.time == axis for signal in signals)
    if along_time and len(signals) == 1:
        return _between_zeros(made, tensors, signals[0], result)
    if len(signals) < len(tensors):
        made.refuse("a constant among the channels", "use torch.nn.functional.pad for zeros")
    if along_time:
        made.place.refuse(
            f"{made.shown} with frames behind frames",
            "only other uses of it",
            "give all frames to a layer at once; or keep the length of a chunk in an attribute, such as"
            " self.chunk, and the state of the layer from chunk to chunk",
            InChunks,
        )
    if any(signal.channel not in (None, axis) for signal in signals):
        made.refuse("signals along another axis than the channels")
    if len({signal.time for signal in signals}) > 1:
        made.refuse("signals whose frames are not side by side")
    signals = aligned(signals, made.place)
    return replace(
        next((signal for signal in signals if not signal.held), signals[0]),
        tensor=result,
        node=join([signal.node for signal in signals]),
        channel=axis,
        late=next((signal.late for signal in signals if signal.late), None),
        behind=next((signal.behind for signal in signals if signal.behind), None),
        silent=all(signal.silent and not signal.held for signal in signals),
    )


def _between_zeros(made: Call, parts: Sequence[Any], signal: Signal, result: Tensor) -> Signal:
    """A signal with zeros in front of it, behind it, or both: padding that is written as a `cat`."""
    if any(not isinstance(part, Signal) and bool(part.any()) for part in parts):
        made.refuse("frames that are not zero", "use zeros, a stream's history")
    if len(parts) == 1:
        return signal
    at = parts.index(signal)
    before = sum(int(part.shape[signal.time]) for part in parts[:at])
    behind = sum(int(part.shape[signal.time]) for part in parts[at + 1 :])
    return _padded(made, signal.streamed(made.place), result, before, behind)


def _padded(made: Call, signal: Signal, result: Tensor, before: int, behind: int) -> Signal:
    refusal = Refusal(
        made.place,
        f"pad={(before, behind)}",
        "only zeros on the left, or zeros on the right that are cropped before the output",
        f"use pad=({before + behind}, 0)",
    )
    return zeros_around(signal, result, before, refusal, made.place)


class Stacked(tuple[Any, ...]):
    """Signals along a new first axis, which have to be added up."""

    def sum(self, dim: int) -> Any:
        if dim != 0:
            raise TypeError("torch.stack(signals, 0) can be exported with .sum(0) alone")
        return functools.reduce(operator.add, self)


def _stack(made: Call) -> Stacked:
    tensors, dim = _arguments(made, ("tensors", "dim"), (None, 0))
    if dim != 0 or not all(isinstance(found, Signal) for found in tensors):
        made.refuse("another axis than the first, or a constant", "add the signals up")
    return Stacked(tensors)


def _arguments(made: Call, names: Sequence[str], defaults: Sequence[Any]) -> list[Any]:
    given = dict(zip(names, made.args)) | {
        {"axis": "dim"}.get(name, name): value for name, value in made.options.items()
    }
    if set(given) - set(names) or len(made.args) > len(names):
        made.refuse("these arguments")
    return [given.get(name, default) for name, default in zip(names, defaults)]


def _pad(made: Call) -> Signal:
    names = ("input", "pad", "mode", "value")
    _, pad, mode, value = _arguments(made, names, (None, (), "constant", None))
    if mode != "constant" or (value or 0) != 0:
        made.refuse(f"mode={mode!r}, value={value!r}", "pad with zeros, a stream's history")
    signal, result = made.signal, made.run()
    dims = signal.tensor.dim()
    amounts = {dims - 1 - i // 2: tuple(pad[i : i + 2]) for i in range(0, len(pad), 2)}
    before, behind = (0, 0) if signal.time is None else amounts.pop(signal.time, (0, 0))
    padded = {axis: both for axis, both in amounts.items() if both != (0, 0)}
    if before < 0 or behind < 0:
        made.refuse("negative padding", "crop with a slice")
    if before or behind:
        signal = signal.streamed(made.place)
    if padded:
        ((axis, (front, back)),) = padded.items() if len(padded) == 1 else [(-1, (1, 0))]
        if front or back < 0 or before or behind or axis != signal.channel:
            made.refuse(
                f"pad={tuple(pad)}",
                "pad before the start, or behind the channels, one at a time",
            )
        options = {"in": signal.channels, "out": signal.channels + back}
        return signal.then(result, [LayerRecord("pad", options)])
    return _padded(made, signal, result, before, behind)


def _dropout(made: Call) -> Signal:
    _, _, training, _ = _arguments(
        made, ("input", "p", "training", "inplace"), (None, 0.5, True, False)
    )
    if training:
        made.refuse("training=True", "pass training=self.training")
    return made.signal


def _glu(made: Call) -> Signal:
    _, dim = _arguments(made, ("input", "dim"), (None, -1))
    return apply(made.signal, nn.GLU(dim), made.place)


def _unchanged(made: Call) -> Signal:
    return made.signal


def _to(made: Call) -> Any:
    result = made.run()
    if made.args and not isinstance(made.args[0], Signal):
        return result  # a constant that is given the type of a signal
    if result.dtype != made.signal.tensor.dtype:
        made.refuse(f"dtype={result.dtype}", "keep all of a model in one dtype")
    return made.signal


def _power(made: Call) -> Signal:
    base, exponent = _arguments(made, ("input", "exponent"), (None, 2))
    if isinstance(exponent, Signal):
        if isinstance(base, Signal) or not float(base) > 0:
            made.refuse("a signal as the exponent", "only powers of a number above 0 can be exported")
        product = arithmetic("mul", exponent, math.log(float(base)), made.run(), made.place, made.refuse)
        return product.then(product.tensor, [plain("exp", product.channels)])
    if exponent not in (0.5, 2):
        if not isinstance(exponent, float) or exponent.is_integer() or exponent < 0:
            advice = "only positive exponents that are not whole, and squares, can be exported"
            made.refuse(f"exponent={exponent!r}", advice)
        return _power_of(made, exponent)
    return _elementary_of(made, "square" if exponent == 2 else "sqrt")


def _power_of(made: Call, exponent: float) -> Signal:
    """A power of a value that is not negative: PyTorch gives NaN for others."""
    signal = made.signal
    signal.require_whole(made.place)
    size = signal.channels
    level = [plain("amplitude_to_db", size, floor=1e-37), plain("scale", size, scale=exponent)]
    return signal.then(made.run(), [*level, plain("db_to_amplitude", size)])


def _elementary(kind: str, **numbers: float) -> Callable[[Call], Signal]:
    def handle(made: Call) -> Signal:
        _arguments(made, ("input",), (None,))
        return _elementary_of(made, kind, **numbers)

    return handle


def _elementary_of(made: Call, kind: str, **numbers: float) -> Signal:
    signal = made.signal
    return signal.then(made.run(), [plain(kind, signal.channels, **numbers)])


def _arithmetic(name: str) -> Callable[[Call], Signal]:
    def handle(made: Call) -> Signal:
        if len(made.args) != 2 or set(made.options) - {"alpha"}:
            made.refuse("these arguments")
        if made.options.get("alpha", 1) != 1:
            made.refuse(f"alpha={made.options['alpha']}")
        a, b = made.args
        return arithmetic(name, a, b, made.run(), made.place, made.refuse)

    return handle


def _reversed(name: str) -> Callable[[Call], Signal]:
    def handle(made: Call) -> Signal:
        other, signal = made.args
        return arithmetic(name, signal, other, made.run(), made.place, made.refuse)

    return handle


def _negative(made: Call) -> Signal:
    return arithmetic("mul", made.signal, -1.0, made.run(), made.place, made.refuse)


def _shape(made: Call) -> Any:
    return made.run()


_HANDLERS: dict[str, Callable[[Call], Any]] = {
    **dict.fromkeys(("cat", "concat", "concatenate"), _cat),
    "stack": _stack,
    **dict.fromkeys(("pad", "_pad"), _pad),
    **dict.fromkeys(("dropout", "dropout1d", "alpha_dropout"), _dropout),
    **dict.fromkeys(("add", "iadd"), _arithmetic("add")),
    **dict.fromkeys(("sub", "isub", "subtract"), _arithmetic("sub")),
    **dict.fromkeys(("mul", "imul", "multiply"), _arithmetic("mul")),
    **dict.fromkeys(("div", "truediv", "itruediv", "divide", "true_divide"), _arithmetic("div")),
    "rsub": _reversed("sub"),
    **dict.fromkeys(("neg", "negative"), _negative),
    **dict.fromkeys(("pow", "square"), _power),
    **dict.fromkeys(("abs", "absolute"), _elementary("abs")),
    "exp": _elementary("exp"),
    "sqrt": _elementary("sqrt"),
    "sin": _elementary("sine", omega=1.0),
    **dict.fromkeys(("size", "dim", "numel", "stride", "is_floating_point"), _shape),
    **dict.fromkeys(("new_zeros", "zeros_like", "new_ones", "ones_like"), _shape),
    "repeat_interleave": _repeat_interleave,
    "glu": _glu,
    **dict.fromkeys(("to", "type_as", "float", "double", "type"), _to),
    **dict.fromkeys(("cpu", "requires_grad_", "positive", "pos"), _unchanged),
}


def function_name(function: Any) -> str:
    """The name without underscores around it: "add" for torch.add, operator.add and Tensor.add_."""
    name = str(getattr(function, "__name__", function))
    return name.strip("_")


def shown_name(function: Any) -> str:
    """The name as users write it: torch.sin, torch.nn.functional.pad."""
    if isinstance(function, str):
        return f"Tensor.{function}"
    known: str | None = resolve_name(function)  # type: ignore[no-untyped-call]
    return known or f"operator.{function.__name__}"
