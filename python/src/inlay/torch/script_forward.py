"""Runs the forward() of a TorchScript module step by step in Python, so that torch.fx can trace it.

It knows calls, branches that depend on shapes, lists and tuples, but no loops.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import nn
from torch.jit._state import _python_cu as python_functions
from torch.nn import functional

from .place import Place
from .run import evaluation

Named = dict[str, Any]


class ScriptForward(nn.Module):
    """A TorchScript module whose submodules, `children`, are plain modules."""

    def __init__(self, script: Any, children: Mapping[str, nn.Module], place: Place) -> None:
        super().__init__()
        self.script = (script,)  # in a tuple, as it is no submodule
        self.place = place
        for name, child in children.items():
            self.add_module(name, child)
        for name, parameter in script.named_parameters(recurse=False):
            self.register_parameter(name, nn.Parameter(parameter.detach()))
        for name, buffer in script.named_buffers(recurse=False):
            self.register_buffer(name, buffer)

    def forward(self, *inputs: Any) -> Any:
        return self.method("forward", *inputs)

    @property
    def original_name(self) -> str:
        return f"TorchScript {self.script[0].original_name}"

    def original(self, *inputs: Any) -> Any:
        """The output of the TorchScript module itself."""
        with evaluation(self.script[0]):
            return self.script[0](*inputs)

    def required(self) -> list[str]:
        """The inputs that have no default."""
        arguments = self._arguments("forward")
        return [argument.name for argument in arguments if not argument.has_default_value()]

    def _arguments(self, method: str) -> list[Any]:
        return list(self.script[0]._c._get_method(method).schema.arguments[1:])

    def method(self, name: str, *inputs: Any) -> Any:
        graph = self.script[0]._c._get_method(name).graph
        names = [value.debugName() for value in graph.inputs()]
        missing = [argument.default_value for argument in self._arguments(name)[len(inputs) :]]
        values = dict(zip(names, [self, *inputs, *missing]))
        (result,) = self._run(graph, values)
        return result

    def attribute(self, name: str) -> Any:
        """A submodule, a parameter, a flag or whatever else."""
        own = {"training", *self._modules, *self._parameters, *self._buffers}
        return getattr(self, name) if name in own else getattr(self.script[0], name)

    def _run(self, block: Any, values: Named) -> list[Any]:
        for node in block.nodes():
            inputs = [values[value.debugName()] for value in node.inputs()]
            made = self._step(node, inputs, values)
            outputs = [value.debugName() for value in node.outputs()]
            values |= dict(zip(outputs, [made] if len(outputs) == 1 else made or []))
        return [values[value.debugName()] for value in block.outputs()]

    def _step(self, node: Any, inputs: Sequence[Any], values: Named) -> Any:
        kind = node.kind()
        if kind == "prim::Constant":
            return _constant(node)
        if kind == "prim::GetAttr":
            owner = inputs[0]
            name = node.s("name")
            return (
                owner.attribute(name) if isinstance(owner, ScriptForward) else getattr(owner, name)
            )
        if kind == "prim::CallMethod":
            return self._call(node.s("name"), *inputs)
        if kind == "prim::CallFunction":
            graph = _graph_of(next(node.inputs()))
            if graph is not None:
                names = [value.debugName() for value in graph.inputs()]
                return self._run(graph, dict(zip(names, inputs[1:])))[0]
            return self._function(node, inputs[0], (functional, torch))(*inputs[1:])
        if kind == "prim::If":
            then, otherwise = node.blocks()
            taken = self._run(then if inputs[0] else otherwise, values)
            return taken[0] if len(taken) == 1 else taken
        if kind in STEPS:
            return STEPS[kind](*inputs)
        return self._function(node, kind.partition("::")[2], (torch, functional))(*inputs)

    def _call(self, name: str, owner: Any, *inputs: Any) -> Any:
        if name.startswith("forward"):
            return owner(*inputs)
        return owner.method(name, *inputs)

    def _function(self, node: Any, name: str, where: Sequence[Any]) -> Callable[..., Any]:
        name = name.rpartition(".")[2]
        name = RENAMED.get(name, name)
        found = next((getattr(one, name) for one in where if hasattr(one, name)), None)
        if not callable(found):
            self.refuse_step(node)
        made: Callable[..., Any] = found
        return made

    def refuse_step(self, node: Any) -> NoReturn:
        self.place.refuse(
            f"{node.kind()}, {_line(node)},",
            "only what TorchScript has for layers, arithmetic and shapes",
            "export the module itself: give package.module:factory and its weights",
        )


def _line(node: Any) -> str:
    """Such as "line 12 of amp.py"."""
    found = re.search(r'File "(.*)", line (\d+)', str(node.sourceRange()))
    return f"line {found[2]} of {Path(found[1]).name}" if found else "of unknown place"


def _graph_of(function: Any) -> Any:
    """The graph of a function of the user's with torch.jit.script; None for others."""
    name = str(function.type().annotation_str)
    if name.startswith("__torch__.torch."):
        return None
    found = python_functions.find_function(name)
    return None if found is None else found.graph


def _constant(node: Any) -> Any:
    output = node.output()
    if output.type().kind() == "FunctionType":
        return str(node.s("name"))
    return output.toIValue()


def _slice(value: Any, *args: Any) -> Any:
    if not isinstance(value, list):
        dim, start, end, step = args
        return value[(*(slice(None) for _ in range(dim % value.dim())), slice(start, end, step))]
    return value[slice(*args)]


def _scaled(function: Callable[..., Any], plain: Callable[..., Any]) -> Callable[..., Any]:
    """torch.add or torch.sub, whose third argument is `alpha`; `plain` for alpha 1, also for numbers."""

    def made(a: Any, b: Any, alpha: Any = 1) -> Any:
        return plain(a, b) if alpha == 1 else function(a, b, alpha=alpha)

    return made


RENAMED = {"_pad": "pad"}

STEPS: dict[str, Callable[..., Any]] = {
    "prim::ListConstruct": lambda *items: list(items),
    "prim::TupleConstruct": lambda *items: tuple(items),
    "prim::TupleUnpack": lambda items: items,
    "prim::ListUnpack": lambda items: items,
    "prim::TupleIndex": operator.getitem,
    "prim::unchecked_cast": lambda value: value,
    "prim::dtype": lambda value: value.dtype,
    "prim::device": lambda value: value.device,
    "aten::__getitem__": operator.getitem,
    "aten::append": lambda items, item: items.append(item) or items,
    "aten::len": len,
    "aten::dim": lambda value: value.dim(),
    "aten::size": lambda value, *dim: value.size(*dim),
    "aten::slice": _slice,
    "aten::add": _scaled(torch.add, operator.add),
    "aten::add_": _scaled(torch.add, operator.iadd),
    "aten::sub": _scaled(torch.sub, operator.sub),
    "aten::rsub": lambda a, b, alpha=1: b - a * alpha,
    "aten::mul": operator.mul,
    "aten::div": operator.truediv,
    "aten::neg": operator.neg,
    "aten::floordiv": operator.floordiv,
    "aten::pow": operator.pow,
    "aten::eq": operator.eq,
    "aten::ne": operator.ne,
    "aten::lt": operator.lt,
    "aten::gt": operator.gt,
    "aten::le": operator.le,
    "aten::ge": operator.ge,
    "aten::__is__": operator.is_,
    "aten::__isnot__": operator.is_not,
    "aten::__not__": operator.not_,
    "aten::view": lambda value, shape: value.view(shape),
    "aten::reshape": lambda value, shape: value.reshape(shape),
    "aten::expand": lambda value, shape, implicit=False: value.expand(shape),
    "aten::expand_as": lambda value, other: value.expand_as(other),
    "aten::repeat": lambda value, repeats: value.repeat(repeats),
    "aten::contiguous": lambda value, *layout: value.contiguous(),
    "aten::zeros_like": lambda value, *kind: torch.zeros_like(value),
    "aten::zeros": lambda shape, dtype, layout, device, pinned: torch.zeros(
        shape, dtype=dtype, device=device
    ),
}
