"""Follows modules that torch.fx cannot follow, by torch.jit.trace, which runs the module on tensors: code that
needs tensors, or branches on their values, runs as usual.

A trace shows one run, on one signal. So the exporter traces every signal that it checks, and compares the
layers with the module on signals of other lengths and levels.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import torch
from torch import Tensor, nn
from torch.nn import functional

from .frames import is_library, shown_line
from .modules import RECURRENT, known_base
from .nearest import nearest
from .place import Place, place_of
from .run import attributes_kept
from .states import tensors_of
from .script_forward import Named, ScriptForward
from .values import Values


_RECURRENCES = {"aten::lstm", "aten::gru", "aten::rnn_tanh", "aten::rnn_relu"}


class TracedForward(ScriptForward):
    """A trace of a module. Layers in it are the module's own, other modules in it are traces."""

    def __init__(
        self, script: Any, children: dict[str, nn.Module], module: nn.Module, layers: dict[int, Any]
    ) -> None:
        super().__init__(script, children, place_of(module, ""))
        self.traced_kind = type(module).__name__
        self.traced_layers = layers  # the trace of each layer, by its id
        self.traced_entry = "forward"
        self.traced_node: Any = None

    @property
    def original_name(self) -> str:
        return self.traced_kind

    def forward(self, *inputs: Any) -> Any:
        return self.method(self.traced_entry, *inputs)

    def traced_line(self) -> str | None:
        """The line of the module's code that the current step is of: "line 12 of amp.py: `x + y`"."""
        frames = re.findall(r"^(.*)\((\d+)\): \w+$", str(self.traced_node.sourceRange()), re.MULTILINE)
        own = [frame for frame in frames if not is_library(frame[0])]
        return shown_line(own[0][0], int(own[0][1])) if own else None

    def _step(self, node: Any, inputs: Sequence[Any], values: Named) -> Any:
        self.traced_node = node
        if node.kind() == "prim::CallMethod":
            owner, *others = inputs
            result = self._enter(owner, node.s("name"), others)
            if isinstance(owner, TracedForward) or not isinstance(result, tuple):
                return result
            return self._outputs_in_order(owner, node.s("name"), result)
        if node.kind() in _STEPS:
            return _STEPS[node.kind()](*inputs)
        return super()._step(node, inputs, values)

    def _outputs_in_order(self, layer: nn.Module, name: str, result: tuple[Any, ...]) -> Any:
        """The outputs of a recurrent layer as in a trace: only those that are used, in any order."""
        graph = self.traced_layers[id(layer)]._c._get_method(name).graph
        output = next(graph.outputs())
        if output.node().kind() != "prim::TupleConstruct":
            return result[0]
        cores = [node for node in graph.nodes() if node.kind() in _RECURRENCES]
        first = next(cores[-1].outputs()).debugName() if cores else None
        used = [value.debugName() for value in output.node().inputs()]
        return tuple(result[0] if value == first else result[1] for value in used)

    def refuse_step(self, node: Any) -> NoReturn:
        name = node.kind().partition("::")[2].strip("_")
        Place(f"{self.place}, {self.traced_line()}").refuse(
            f"torch.{name}",
            "as no layer of inlay does that",
            nearest(name),
        )

    def _enter(self, owner: nn.Module, name: str, inputs: Sequence[Any]) -> Any:
        if isinstance(owner, TracedForward):
            owner.traced_entry = name
            return owner(*inputs)
        # A trace also passes tensors that a layer has from elsewhere, such as the weights of a hook.
        signals = [value for value in inputs if not isinstance(value, Tensor)]
        states = [value for value in inputs if isinstance(value, Tensor)]
        if isinstance(owner, nn.LSTM) and len(states) == 2:
            return owner(*signals, tuple(states))
        return owner(*signals, *(states if isinstance(owner, RECURRENT) else ()))


def traced(module: nn.Module, inputs: Sequence[Tensor]) -> TracedForward:
    """The run of a module on `inputs`, as a module that torch.fx can follow."""
    with attributes_kept(module), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of branches on values, which the exporter checks itself
        _detach_attributes(module)
        script = torch.jit.trace(_Watched(module), tuple(inputs), check_trace=False, strict=False)
    return _twin(_Watched(module), script, {}, module)


class _Watched(nn.Module):
    """Runs a module, and refuses code in it that asks for the values of its inputs."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *inputs: Tensor) -> Any:
        with Values(self.module) as values:
            values.add(inputs)
            result = self.module(*inputs)
        if not isinstance(result, (tuple, list)):
            return result
        first, *others = result  # states and the like, unless one has the shape of a signal
        alike = [other for other in tensors_of(others) if other.shape == first.shape]
        return (first, *alike) if alike else first


def _detach_attributes(module: nn.Module) -> None:
    """Takes kept states, such as self.hidden, out of the graph of gradients, which a trace needs."""

    def detached(value: Any) -> Any:
        if isinstance(value, tuple) and all(isinstance(each, Tensor) for each in value):
            return tuple(map(detached, value))
        return value.detach() if isinstance(value, Tensor) else value

    for child in module.modules():
        child.__dict__.update({name: detached(value) for name, value in child.__dict__.items()})


def _twin(
    module: nn.Module, script: Any, layers: dict[int, Any], named: nn.Module | None = None
) -> TracedForward:
    children: dict[str, nn.Module] = {}
    for name, child in module._modules.items():
        if child is not None and known_base(child) is not None:
            children[name] = child
            layers[id(child)] = getattr(script, name)
        elif child is not None:
            children[name] = _twin(child, getattr(script, name), layers)
    return TracedForward(script, children, named or module, layers)


def _typed(make: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """torch.zeros and others, whose options are numbers in a trace."""

    def made(shape: Any, *options: Any) -> Tensor:
        *value, dtype, _, device, _ = options
        return make(shape, *value, dtype=_DTYPES.get(dtype), device=device)

    return made


def _to(value: Any, *options: Any) -> Any:
    dtypes = [_DTYPES[each] for each in options if type(each) is int and each in _DTYPES]
    return value.to(dtypes[0]) if dtypes else value


def _convolution(x: Any, weight: Any, bias: Any, *options: Any) -> Any:
    stride, padding, dilation, transposed, output_padding, groups = options[:6]
    if not transposed:
        return functional.conv1d(x, weight, bias, stride, padding, dilation, groups)
    return functional.conv_transpose1d(
        x, weight, bias, stride, padding, output_padding, groups, dilation
    )


def _same(value: Any, *options: Any) -> Any:
    return value


# The numbers by which a graph names dtypes.
_DTYPES = {3: torch.int32, 4: torch.int64, 6: torch.float32, 7: torch.float64, 11: torch.bool}

# Steps of a trace that scripts do not have, or have with other arguments.
_STEPS: dict[str, Callable[..., Any]] = {
    "prim::NumToTensor": _same,
    "aten::Int": int,
    "aten::ScalarImplicit": _same,
    "aten::detach": lambda value: value.detach(),
    "aten::clone": lambda value, *layout: value.clone(),
    "aten::to": _to,
    "aten::type_as": lambda value, other: value.type_as(other),
    "aten::zeros": _typed(torch.zeros),
    "aten::ones": _typed(torch.ones),
    "aten::empty": lambda shape, *options: _typed(torch.zeros)(shape, *options[:-1]),
    "aten::full": _typed(torch.full),
    "aten::zeros_like": lambda value, *options: torch.zeros_like(value),
    "aten::ones_like": lambda value, *options: torch.ones_like(value),
    "aten::gelu": lambda value, approximate: functional.gelu(value, approximate=approximate),
    "aten::constant_pad_nd": lambda value, pad, number: functional.pad(value, pad, "constant", number),
    "aten::pad": lambda value, pad, mode, number: functional.pad(value, pad, mode, number or 0.0),
    "aten::_convolution": _convolution,
    "aten::select": lambda value, dim, index: value.select(dim, index),
    "aten::unsqueeze": lambda value, dim: value.unsqueeze(dim),
    "aten::permute": lambda value, dims: value.permute(*dims),
    "aten::repeat_interleave": lambda value, times, dim, size=None: value.repeat_interleave(times, dim),
}
