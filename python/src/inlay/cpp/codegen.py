"""Writes a C++ header with the type of a network and, on request, its weights."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from ..errors import ExportError
from ..format import Chain, ModelFile
from ..inspect.analysis import analyse
from . import weights as weight_arrays
from .types import Type, flat, headers, statement, types

_BACKENDS = {
    "XsimdBackend": "xsimd",
    "EigenBackend": "eigen",
    "StlBackend": "stl",
    "LoopBackend": "loop",
    "VectorBackend": "vector",
}
# Types of smaller weights: in C++, and `lossy_bound` there.
_WEIGHTS = {
    "bfloat16": ("inlay::bfloat16", 2e-2),
    "int16": ("std::int16_t", 5e-4),
    "int8": ("std::int8_t", 5e-2),
}

_KEYWORDS = set(
    "alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t"
    " char32_t class compl concept const consteval constexpr constinit const_cast continue"
    " co_await co_return co_yield decltype default delete do double dynamic_cast else enum explicit"
    " export extern false float for friend goto if inline int long mutable namespace new noexcept"
    " not not_eq nullptr operator or or_eq private protected public register reinterpret_cast"
    " requires return short signed sizeof static static_assert static_cast struct switch template"
    " this thread_local throw true try typedef typeid typename union unsigned using virtual void"
    " volatile wchar_t while xor xor_eq inlay std".split()
)


@dataclass(frozen=True)
class Backend:
    """`name` is the last argument of every layer; None for the default backend."""

    name: str | None = None
    definition: str | None = None
    header: str | None = None
    scalar: str = "float"
    lossy_bound: float = 0  # what its type of weights adds to the limit of a check


# Frames of a tile.
_TILE = 64


def _refuse_bursts(layers: Chain) -> None:
    """Raises ExportError if layers in a row give more frames than the tile of a type holds."""
    frames = 1
    for layer in analyse(layers).layers:
        if layer.depth == 0:
            frames = math.ceil(frames * layer.traits.rate)
            if frames > _TILE:
                raise ExportError(
                    f"{layer.place} ({layer.record.type}): gives {frames} frames for one of the input;"
                    f" expected at most {_TILE} for a type; load the file as an inlay::Model"
                )


def generate(
    model: ModelFile,
    name: str,
    *,
    weights: bool = False,
    constant: bool = False,
    check: bool = False,
    namespace: str | None = None,
    backend: str | None = None,
    source: str | None = None,
) -> str:
    """The header's text.

    Args:
        name: what the type is called.
        weights: whether to add the weights, and a function that sets them.
        constant: whether the weights are a constant of the type, for flash.
        check: whether to add the signals of the check, too.
        namespace: where the type stands, such as "amps::clean".
        backend: the backend of all layers, such as "LoopBackend", "LoopBackend<double>" or, with
            smaller weights, "LoopBackend<float, int8>"; default: inlay's default.
        source: the model's name for the comment at the top.
    """
    _refuse_bursts(model.layers)
    if weights and constant:
        raise ExportError("weights are either set by a function or a constant of the type")
    _refuse_name(name, "name")
    for part in namespace.split("::") if namespace is not None else ():
        _refuse_name(part, "namespace")
    chosen = _backend(backend, name)
    analysis = analyse(model.layers)
    chain = flat(model.layers)
    lines = [
        f"// {source + ': g' if source else 'G'}enerated by `inlay codegen`, do not edit.",
        "#pragma once",
        "",
        *_includes(chosen, engine_only=weights or constant or check),
        *_own_includes(chain),
        "",
    ]
    if namespace:
        lines += [f"namespace {namespace} {{", ""]
    if chosen.definition:
        lines += [f"using {chosen.name} = {chosen.definition};", ""]
    facts = f"/// {analysis.parameters} parameters, {analysis.macs} multiply-accumulates a frame."
    parts = weight_arrays.Parts(name, chain, model.check, chosen.scalar, chosen.lossy_bound)
    layers = types(chain, chosen.name)
    if constant:
        lines[1:1] = _limits(analysis.parameters * (4 if chosen.lossy_bound else 1))
        lines += weight_arrays.constant(parts, Type("Sequential", layers), check=check)
        layers_of_type = f"{parts.namespace}::layers"
        lines += ["", facts, f"using {name} = inlay::ConstantModel<{layers_of_type}>;"]
    else:
        lines += [facts, *statement(f"using {name} = ", Type("ModelT", layers))]
        if weights or check:
            lines += ["", *weight_arrays.text(parts, weights=weights, check=check)]
    if namespace:
        lines += ["", f"}}  // namespace {namespace}"]
    return "\n".join(lines) + "\n"


def _limits(parameters: int) -> list[str]:
    """Comments with the options of compilers that the weights of a large constant need."""
    needed = {"clang++ -fconstexpr-steps": 250, "g++ -fconstexpr-ops-limit": 2_000}
    default = {"clang++ -fconstexpr-steps": 1_048_576, "g++ -fconstexpr-ops-limit": 33_554_432}
    return [
        f"// Compile with {option}={each * parameters}."
        for option, each in needed.items()
        if each * parameters > default[option]
    ]


def _includes(backend: Backend, engine_only: bool) -> list[str]:
    headers = ["inlay/engine.hpp" if engine_only else "inlay/inlay.hpp"]
    if backend.header:
        headers.insert(0, f"inlay/backend/{backend.header}.hpp")
    if engine_only:
        headers += ["cstddef", "span", "string_view"]
    return [f"#include <{header}>" for header in headers]


def _own_includes(chain: Chain) -> list[str]:
    found = headers(chain)
    return ["", *(f'#include "{header}"' for header in found)] if found else []


def _refuse_name(name: str, what: str) -> None:
    valid = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name, re.ASCII)
    reserved = "__" in name or re.match(r"_[A-Z]", name) or name in _KEYWORDS
    if not valid or reserved:
        raise ExportError(f"{what}: {name!r} cannot be a name in C++")


def _backend(given: str | None, name: str) -> Backend:
    if given is None:
        return Backend()
    form = r"(?:inlay::)?(\w+)(?:<(?:(float|double)|float, *(\w+))>)?"
    found = re.fullmatch(form, given)
    if not found or found[1] not in _BACKENDS or (found[3] and found[3] not in _WEIGHTS):
        known, weights = ", ".join(_BACKENDS), ", ".join(_WEIGHTS)
        raise ExportError(
            f"backend: {given!r} is not known; known: {known}, each also <double> and <float, W>"
            f" with W one of {weights}"
        )
    scalar = found[2] or "float"
    weight, bound = _WEIGHTS[found[3]] if found[3] else ("", 0)
    arguments = f"float, inlay::math::Accurate, {weight}" if weight else scalar
    definition = f"inlay::{found[1]}<{arguments}>"
    return Backend(f"{name}Backend", definition, _BACKENDS[found[1]], scalar, bound)
