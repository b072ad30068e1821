"""Finds the states of a graph: inputs whose next values are outputs. Finds its signal, condition and output, too."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import ExportError
from .opened import Graph

_ROLES = {"in", "out", "new", "next", "prev", "old", "input", "output", "init", "initial", "final"}
_ROLES |= {"cur", "current", "updated", "last", "n", "t", "0", ""}


def _plain(name: str) -> tuple[str, ...]:
    """A name without the words that say whether it is an input or an output."""
    spaced = re.sub(r"\b([hc])(0|n|t)(?![a-z0-9])", r"\1", re.sub(r"[^a-z0-9]+", " ", name.lower()))
    return tuple(
        word for word in re.split(r" |(?<=[a-z])(?=in$|out$)", spaced) if word not in _ROLES
    )


def states_of(graph: Graph, given: Mapping[str, str] | None) -> dict[str, str]:
    """For each input that is a state, the output that is its next value."""
    if given is not None:
        for name, new in given.items():
            for where, kind, names in (
                (name, "input", graph.inputs),
                (new, "output", graph.outputs),
            ):
                if where not in names:
                    raise ExportError(
                        f"states: the graph has no {kind} {where!r}; it has {', '.join(map(repr, names))}"
                    )
        found = dict(given)
    else:
        found = {}
        for name, shape in graph.inputs.items():
            fits = [
                new
                for new, other in graph.outputs.items()
                if _plain(name) and _plain(new) == _plain(name) and _alike(shape, other)
            ]
            if len(fits) == 1 and len(graph.outputs) > 1:
                found[name] = fits[0]
        found.update(_by_shape(graph, found))
    for name in found:
        if (
            any(size is None for size in graph.inputs[name][1:])
            and graph.inputs[name].count(None) > 1
        ):
            raise ExportError(
                f"state {name!r}: its shape {_text(graph.inputs[name])} is dynamic; export it with a fixed one"
            )
    return found


def _by_shape(graph: Graph, known: Mapping[str, str]) -> dict[str, str]:
    """Pairs of inputs and outputs, after the first ones, whose shapes fit no others."""
    inputs = [name for name in list(graph.inputs)[1:] if name not in known]
    outputs = [name for name in list(graph.outputs)[1:] if name not in known.values()]
    found = {}
    for name in inputs:
        fits = [new for new in outputs if _alike(graph.inputs[name], graph.outputs[new])]
        if len(fits) == 1:
            (new,) = fits
            if sum(_alike(graph.inputs[n], graph.outputs[new]) for n in inputs) == 1:
                found[name] = new
    return found


def _alike(a: tuple[int | None, ...], b: tuple[int | None, ...]) -> bool:
    return len(a) == len(b) and all(None in (x, y) or x == y for x, y in zip(a, b))


def ends_of(graph: Graph, states: Mapping[str, str]) -> tuple[str, str | None, str]:
    """The input that is the signal, the one that is its condition, and the output."""
    inputs = [name for name in graph.inputs if name not in states]
    outputs = [name for name in graph.outputs if name not in states.values()]
    advice = "; if they are states, say states={'input': 'output'}, or --state input=output"
    if not 1 <= len(inputs) <= 2:
        raise ExportError(
            f"the graph has {len(inputs)} inputs that are no states: {', '.join(map(repr, inputs))}{advice}"
        )
    if len(outputs) != 1:
        raise ExportError(
            f"the graph has {len(outputs)} outputs that are no states: {', '.join(map(repr, outputs))}; only one is supported{advice}"
        )
    return inputs[0], inputs[1] if len(inputs) > 1 else None, outputs[0]


def _text(shape: tuple[int | None, ...]) -> str:
    return str([size if size is not None else "?" for size in shape])
