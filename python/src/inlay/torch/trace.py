"""Traces a module's `forward` with torch.fx.

Unlike plain fx, tracing also computes the signals. So shapes are numbers, and an error names the
line of the module that caused it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx._symbolic_trace import Tracer
from torch.fx.proxy import Proxy

from ..errors import ExportError
from .apply import apply
from .apply_controlled import apply_controlled, arranged
from .controlled import controlled
from .frames import frame_of, shown, user_frame
from .functions import call, function_name, shown_name, tree
from .modules import RECURRENT, is_builtin, known_base, refuse_unknown
from .place import InChunks, Place, Unfollowed, place_of
from .proxies import State, Value, is_zero, signal_of
from .run import attributes_kept
from .signal import Signal
from .state_space_modules import state_space_of
from .states import KeptStates, tensors_of
from .traced import TracedForward
from .written import Written


def trace(module: nn.Module, signals: Sequence[Signal], states: KeptStates) -> Signal:
    """The signal `module(*signals)`. Raises ExportError at an operation without a counterpart."""
    tracer = _Tracer(module, signals, states)
    try:
        with attributes_kept(module), tracer.written:
            tracer.trace(module)
            states.require_changes()
        return tracer.result()
    except ExportError as error:
        error.progress = tracer.steps  # type: ignore[attr-defined]
        raise
    except Exception as error:
        frame = frame_of(error)
        place = tracer.place(frame)
        if isinstance(error, TypeError) and "as buffer" in str(error):
            place.refuse(
                "a state in a buffer",
                "only one in a plain attribute",
                "set the attribute to None in the constructor in place of register_buffer()",
            )
        failure = Unfollowed(
            f"{place}: {type(error).__name__}: {error}; forward() has to run on a batch of"
            " one, and its control flow must not depend on the values of its signals"
        )
        failure.progress = tracer.steps  # type: ignore[attr-defined]
        raise failure from error


class _Tracer(Tracer):
    def __init__(self, module: nn.Module, signals: Sequence[Signal], states: KeptStates) -> None:
        super().__init__(autowrap_modules=())
        self._module = module
        self._signals = signals
        self._states = states
        self._entered: list[tuple[str, nn.Module]] = [("", module)]
        self._result: Any = None
        self.written = Written(self.place)
        self.steps = 0  # layers so far, which shows how far a failed trace went

    def result(self) -> Signal:
        result = self._result
        if isinstance(result, State):
            result.refuse()
        if isinstance(result, (tuple, list)) and result and not any(map(_is_stream, result[1:])):
            result = result[0]
        if isinstance(result, Value) and result.signal.block > 1:
            place_of(self._module, "").refuse(
                "an output of one value for each block",
                "only one of a value for each frame",
                f"use repeat_interleave({result.signal.block}, -1)",
            )
        if isinstance(result, Value) and result.signal.time is not None:
            return result.signal
        raise ExportError(
            f"{place_of(self._module, '')}: gives {_description(result)} that is not one signal made"
            " of its input; supported is one tensor, alone or before states, conditions and constants"
        )

    def place(self, frame: FrameType | None = None) -> Place:
        """The place in the module's code that is being traced."""
        path, module = self._entered[-1]
        frame = frame or user_frame()
        if isinstance(module, TracedForward) and module.traced_node is not None:
            line = module.traced_line()
            return Place(f"{place_of(module, path)}, {line}") if line else place_of(module, path)
        if frame is None:
            return place_of(module, path)
        return Place(f"{place_of(module, path)}, {shown(frame)}")

    # The following methods override those of Tracer.

    def create_args_for_root(
        self, root_fn: Any, is_module: bool, concrete_args: Any = None
    ) -> tuple[Callable[..., Any], list[Any]]:
        values = [self._value(signal) for signal in self._signals]

        def run() -> None:
            # Runs the hooks, such as weight_norm's, but not the tracer's own __call__.
            result = self.root._call_impl(*values)  # type: ignore[no-untyped-call]
            self._result = self.written.read(result)

        return run, []

    def is_leaf_module(self, module: nn.Module, path: str) -> bool:
        return is_builtin(module) or known_base(module) is not None

    def call_module(
        self,
        module: nn.Module,
        forward: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
    ) -> Any:
        args, kwargs = self.written.read(tuple(args)), self.written.read(dict(kwargs))
        if not any(isinstance(value, Proxy) for value in (*args, *kwargs.values())):
            return forward(*args, **kwargs)  # no signal among the arguments
        path = self._path_of(module)
        self._entered.append((path, module))
        if self.is_leaf_module(module, path):
            result = self._call_leaf(module, args, kwargs)
        else:
            result = forward(*args, **kwargs)
        self._entered.pop()  # not after an error, which still needs the place
        return result

    def _path_of(self, module: nn.Module) -> str:
        paths = self.submodule_paths or {}
        if module in paths:
            path = paths[module]
            run = isinstance(self._module, TracedForward)
            return path.removeprefix("module").lstrip(".") if run else path
        if next(module.parameters(), None) is not None:
            self.place().refuse(
                f"a {type(module).__name__} that is not a submodule",
                "only submodules",
                "keep it in an attribute or in an nn.ModuleList",
            )
        return "?"

    def create_proxy(
        self,
        kind: str,
        target: Any,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        *ignored: Any,
        **options: Any,
    ) -> Any:
        if kind == "get_attr":
            return self._attribute(target)
        assert kind in ("call_function", "call_method"), kind
        function = _method(target) if kind == "call_method" else target
        plain = tree(tuple(args), signal_of), tree(dict(kwargs), signal_of)
        made = call(function_name(target), shown_name(target), function, *plain, self.place())
        result = tree(made, self._wrapped)
        changed = args[0] if args and _is_in_place(target, kwargs) else None
        if isinstance(changed, Value) and isinstance(result, Value):
            changed.signal = result.signal
            return changed
        return result

    def _call_leaf(self, module: nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        place = place_of(module, self._entered[-1][0])
        refuse_unknown(module, place)
        value, *others = *args, *kwargs.values()
        if isinstance(value, Value) and controlled(module) is not None:
            signal = arranged(value.signal, module, place)
            self.steps += 1
            given = [signal_of(other) for other in others]
            return tree(apply_controlled(signal, module, given, place), self._wrapped)
        from_zeros = all(is_zero(other) for other in others) or (
            isinstance(module, RECURRENT) and self._states.holds(self._module, others, place)
        )
        states = list(tensors_of(others))
        goes_on = any(isinstance(other, State) for other in _flat(others))
        trained = isinstance(module, RECURRENT) and not goes_on and all(map(self._is_trained, states))
        if not isinstance(value, Value) or not (from_zeros or trained):
            place.refuse(
                "a call with more than one signal, or with a state to start from",
                "only module(x), a recurrent layer starting from zeros or from parameters",
                "leave the other arguments out",
                InChunks if goes_on else ExportError,
            )
        made = self._value(apply(value.signal, module, place, [] if from_zeros else states))
        self.steps += 1
        if getattr(module, "inplace", False):
            value.signal = made.signal
            return value
        space = state_space_of(module)
        gives_state = isinstance(module, RECURRENT) or (space is not None and space.gives_state)
        return (made, State(made.node, self)) if gives_state else made

    def _is_trained(self, state: Tensor) -> bool:
        """Whether a state is a parameter of the module, possibly repeated for a batch of one."""
        return any(
            stored.numel() == state.numel() and torch.equal(stored.flatten(), state.flatten())
            for stored in self._module.parameters()
        )

    def _wrapped(self, result: Any) -> Any:
        return self._value(result) if isinstance(result, Signal) else result

    def _value(self, signal: Signal) -> Value:
        """A value for fx, with a node that nothing uses: the graph is that of the signals."""
        return Value(self.create_node("placeholder", "x", (), {}), self, signal)

    def _attribute(self, path: str) -> Any:
        found: Any = self.root
        for name in path.split("."):
            found = nn.Module.__getattribute__(found, "__dict__").get(name) or _stored(found, name)
        return found


def _stored(module: nn.Module, name: str) -> Any:
    """A stored parameter, buffer or submodule, without `getattr`, which the tracer overrides."""
    for kind in ("_parameters", "_buffers", "_modules"):
        if name in module.__dict__[kind]:
            return module.__dict__[kind][name]
    raise AttributeError(name)


def _flat(values: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(value, (tuple, list)):
            yield from _flat(value)
        else:
            yield value


def _is_stream(result: Any) -> bool:
    """Whether a signal is among the values of a result, and not only states and conditions."""
    if isinstance(result, dict):
        result = tuple(result.values())
    if isinstance(result, (tuple, list)):
        return any(map(_is_stream, result))
    return isinstance(result, Value) and result.signal.time is not None


def _is_in_place(target: Any, options: Mapping[str, Any]) -> bool:
    name = str(getattr(target, "__name__", target))
    return bool(options.get("inplace")) or (name.endswith("_") and not name.endswith("__"))


def _method(name: str) -> Callable[..., Any]:
    """A tensor method as a function; the version that does not work in place."""
    name = name[:-1] if name.endswith("_") and not name.endswith("__") else name

    def method(tensor: Any, *args: Any, **kwargs: Any) -> Any:
        found = getattr(tensor, name)
        return found(*args, **kwargs) if callable(found) else found

    return method


def _description(result: Any) -> str:
    return f"a {type(result).__name__}" if result is not None else "nothing"
