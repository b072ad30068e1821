"""C++ arrays of weights and check signals, and what sets the weights: a function, or the compiler."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import ExportError
from ..format import Array, Chain, Check, LayerRecord
from ..format.layer_types import Kind, OptionKind, layer_type
from .types import Type, statement

_NUMBERS_IN_A_LINE = 8


@dataclass(frozen=True)
class Parts:
    """The input of the generator. `layers` has no `sequential` layers."""

    name: str
    layers: Chain
    check: Check
    scalar: str
    lossy_bound: float = 0

    @property
    def namespace(self) -> str:
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.name).lower() + "_weights"


def text(parts: Parts, *, weights: bool = False, check: bool = False) -> list[str]:
    """The lines of the arrays and, after them, of the function that sets the weights of a model."""
    places = _places_with_arrays(parts, "model") if weights else []
    lines = [*_opening(parts, places, check), _closing(parts)]
    return [*lines, "", *_function(parts, places)] if weights else lines


def constant(parts: Parts, layers: Type, *, check: bool = False) -> list[str]:
    """The lines of the arrays and of the constant `layers`, a `Sequential` with all weights."""
    places = _places_with_arrays(parts, "layers")
    setter = _setter(parts, places, "constexpr bool set", "Layers& layers")
    return [
        *_opening(parts, places, check),
        *statement("using Layers = ", layers),
        "",
        *setter,
        "",
        "inline constexpr Layers layers = inlay::constant_layers<Layers>(set);",
        "",
        _closing(parts),
    ]


def _places_with_arrays(parts: Parts, root: str) -> list[_Place]:
    return [place for place in _places(parts.layers, root) if _arrays(place.record)]


def _opening(parts: Parts, places: Sequence[_Place], check: bool) -> list[str]:
    lines = [f"namespace {parts.namespace} {{", ""]
    for place in places:
        lines += _namespace(place, parts.scalar)
    if check:
        lines += _namespace_of("check", _check_arrays(parts.check, parts.lossy_bound), parts.scalar, "")
    if any(place.reach.steps for place in places):
        lines += [*_SEARCH.splitlines(), ""]
    return lines


def _closing(parts: Parts) -> str:
    return f"}}  // namespace {parts.namespace}"


@dataclass(frozen=True)
class _Reach:
    """A C++ expression for a layer: accessors where they exist, then steps by name."""

    layer: str
    steps: tuple[str, ...] = ()

    def into(self, kind: str, name: str, number: int, index: int) -> _Reach:
        if self.steps or (kind, name) not in _ACCESSORS:
            return _Reach(self.layer, (*self.steps, f'{{"{name}", {number}, {index}}}'))
        accessor = _ACCESSORS[kind, name].format(number)
        return _Reach(f"{self.layer}.{accessor}.layer<{index}>()")


# The accessors of combinators, by the name of the inner chain.
_ACCESSORS = {
    ("residual", "layers"): "layers()",
    ("parallel", "branches"): "branch<{}>()",
    ("concat", "branches"): "branch<{}>()",
    ("mixin", "layers"): "layers()",
    ("film", "layers"): "layers()",
    ("conditioned_by", "layers"): "layers()",
    ("conditioned_by", "source"): "source()",
    ("residual_skip", "path"): "path()",
    ("residual_skip", "residual"): "residual()",
    ("residual_skip", "skip"): "skip_layers()",
    ("along_features", "layers"): "layers()",
    ("per_feature", "layers"): "layers()",
    ("overlap_add", "layers"): "layers()",
    ("block_control", "layers"): "layers()",
    ("tfilm", "layers"): "layers()",
    ("windowed", "layers"): "layers()",
}


@dataclass(frozen=True)
class _Place:
    record: LayerRecord
    text: str
    reach: _Reach

    @property
    def identifier(self) -> str:
        return re.sub(r"\W+", "_", self.text).strip("_")


def _places(layers: Chain, root: str) -> Iterator[_Place]:
    for index, layer in enumerate(layers):
        yield from _within(_Place(layer, f"layers[{index}]", _Reach(f"{root}.layer<{index}>()")))


def _within(place: _Place) -> Iterator[_Place]:
    yield place
    for name, chains in place.record.chains.items():
        for number, chain in enumerate(chains):
            where = f"{place.text}.{name}" + (f"[{number}]" if name == "branches" else "")
            for index, layer in enumerate(chain):
                reach = place.reach.into(place.record.type, name, number, index)
                yield from _within(_Place(layer, f"{where}[{index}]", reach))


def _arrays(layer: LayerRecord) -> dict[str, Array]:
    """Everything that C++ sets in a layer: numbers, tensors, and the defaults of optional tensors."""
    numbers = {
        name: np.array([value], np.float64)
        for name, value in layer.options.items()
        if _kinds(layer)[name] is Kind.NUMBER
    }
    return numbers | dict(layer.tensors) | _left_out(layer)


def _kinds(layer: LayerRecord) -> Mapping[str, OptionKind]:
    kind = layer_type(layer.type)
    assert kind is not None
    return kind.options


def _left_out(layer: LayerRecord) -> dict[str, Array]:
    """Default values of tensors that are optional in the file but not in the C++ type."""
    tensors: dict[str, Array] = {}
    if layer.type == "conv_transpose1d":
        tensors["bias"] = np.zeros(layer.channels_out)
    if layer.type == "min_gru":
        tensors["bias"] = np.zeros(2 * layer.channels_out)
    if {"initial_hidden", "initial_cell"} & set(layer.tensors):
        tensors["initial_hidden"] = np.zeros(layer.channels_out)
        if layer.type in ("lstm", "projected_lstm"):
            cells = int(layer.options.get("units", layer.channels_out))
            tensors["initial_cell"] = np.zeros(cells)
    if layer.type in ("batchnorm1d", "batchnorm2d"):
        size = layer.tensors["mean"].size
        tensors |= {"gamma": np.ones(size), "beta": np.zeros(size)}
    return {name: value for name, value in tensors.items() if name not in layer.tensors}


def _check_arrays(check: Check, lossy_bound: float) -> dict[str, Array]:
    # The same limit as for loading a file.
    peak = max(1.0, float(np.abs(check.output).max()))
    limit = np.array([max(min(check.tolerance, 1e-3), lossy_bound) * peak])
    condition = {} if check.condition is None else {"condition": check.condition}
    return {"input": check.input, **condition, "output": check.output, "limit": limit}


def _namespace(place: _Place, scalar: str) -> list[str]:
    layer = place.record
    comment = f"  // {place.text}: {layer.type} {layer.channels_in} -> {layer.channels_out}"
    arrays = {
        name: _in_range(values, scalar, f"{place.text}.{name}")
        for name, values in _arrays(layer).items()
    }
    return _namespace_of(place.identifier, arrays, scalar, comment)


def _in_range(values: Array, scalar: str, where: str) -> Array:
    with np.errstate(over="ignore"):
        found = values.astype(np.float32 if scalar == "float" else np.float64)
    if not np.isfinite(found).all():
        raise ExportError(f"{where}: holds a number that is too large for {scalar}")
    return found


def _namespace_of(name: str, arrays: dict[str, Array], scalar: str, comment: str) -> list[str]:
    lines = [f"namespace {name} {{{comment}"]
    for array, values in arrays.items():
        lines += _array(array, _in_range(values, scalar, f"{name}.{array}").ravel(), scalar)
    return [*lines, f"}}  // namespace {name}", ""]


def _array(name: str, values: Array, scalar: str) -> list[str]:
    declaration = f"inline constexpr {scalar} {name}[{values.size}] = {{"
    if not values.any() and not np.signbit(values).any():
        return [declaration + "};"]
    suffix = "f" if scalar == "float" else ""
    # str() of a NumPy scalar is the shortest text that reads back as the same number.
    numbers = [str(value) + suffix for value in values]
    rows = [
        ", ".join(numbers[i : i + _NUMBERS_IN_A_LINE])
        for i in range(0, len(numbers), _NUMBERS_IN_A_LINE)
    ]
    if len(rows) == 1:
        return [declaration + rows[0] + "};"]
    return [declaration, *(f"    {row}," for row in rows[:-1]), f"    {rows[-1]}}};"]


def _function(parts: Parts, places: Sequence[_Place]) -> list[str]:
    head = "[[nodiscard]] inline bool set_weights"
    return _setter(parts, places, head, f"{parts.name}& model", f"{parts.namespace}::")


def _setter(
    parts: Parts, places: Sequence[_Place], head: str, parameter: str, scope: str = ""
) -> list[str]:
    terms = [_assignment(scope, place, name) for place in places for name in _arrays(place.record)]
    unused = "" if terms else "[[maybe_unused]] "
    body = " &&\n         ".join(terms) or "true"
    return [
        "/// Sets all weights. False means that this header is not of this version of inlay.",
        f"{head}({unused}{parameter}) noexcept {{",
        *f"  return {body};".splitlines(),
        "}",
    ]


def _assignment(scope: str, place: _Place, name: str) -> str:
    array = f"{scope}{place.identifier}::{name}"
    reach = place.reach
    if not reach.steps:
        return f'inlay::assign({reach.layer}, "{name}", {array})'
    return f'{scope}assign_within({reach.layer}, {{{", ".join(reach.steps)}}}, "{name}", {array})'


# Some combinators have no accessors: their layers are found by name, through visit().
_SEARCH = """\
/// From a layer into one that it holds: number `layer` of chain `number` of those called `name`.
struct Step {
  std::string_view name;
  std::size_t number, layer;
};

/// Visitor that sets a tensor of the layer that the steps lead to.
template <class T>
struct Search {
  const Step* step;
  std::size_t steps_left;
  std::string_view tensor_name;
  std::span<const T> values;
  bool done = false;

  constexpr void visit(auto& layer) noexcept {
    if (steps_left == 0) done = inlay::assign(layer, tensor_name, values);
    else layer.visit(*this);
  }
  constexpr void option(std::string_view, const auto&, std::size_t = 0) noexcept {}
  constexpr void number(std::string_view, auto&) noexcept {}
  constexpr void tensor(std::string_view, auto&) noexcept {}
  constexpr void optional_tensor(std::string_view, auto&, auto) noexcept {}
  constexpr void chain(std::string_view name, auto& layers, std::size_t number_of_chain = 0) noexcept {
    if (steps_left == 0 || name != step->name || number_of_chain != step->number) return;
    layers.for_each([&](auto i) {
      if (i != step->layer) return;
      Search further{step + 1, steps_left - 1, tensor_name, values};
      further.visit(layers.template layer<i>());
      done = further.done;
    });
  }
};

template <class L, class T, std::size_t Steps, std::size_t N>
constexpr bool assign_within(L& layer, const Step (&steps)[Steps], std::string_view name, const T (&values)[N]) noexcept {
  Search<T> search{steps, Steps, name, std::span<const T>(values)};
  search.visit(layer);
  return search.done;
}
"""
