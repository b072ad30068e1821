"""Planes: the tensors of a network on spectra, while it is traced.

The frames of a spectrum are frames of inlay. All other axes of a tensor are channels, in any order. A plane is a tensor
with a number for each of its values: which channel of which frame it is. An operation that only moves values is run on
these numbers as well. It costs nothing until a layer needs another order of the channels.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import ExportError
from ..format import Chain, LayerRecord
from ..network.graph import Node, layers, part
from ..network.records import look_back
from .place import Place

# The factor of a channel in a code: more than the frames of any traced tensor, with its padding.
FRAMES = 1 << 12
# The number of the first frame. Lower numbers are past frames, which states of an ONNX graph hold.
FIRST = 1 << 10
_OWN_FOLDER, _TORCH_FOLDER = (str(Path(file).parent) for file in (__file__, torch.__file__))

Handler = Callable[..., Any]
#: Operations by the name of their function.
HANDLERS: dict[str, Handler] = {}


def handles(*names: str) -> Callable[[Handler], Handler]:
    """Makes a function the handler of the operations of these names."""

    def register(handler: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(names, handler))
        return handler

    return register


# Operations that only move values, or add zeros.
_MOVES = set(
    "reshape view permute transpose swapaxes swapdims contiguous chunk split tensor_split unbind getitem flatten"
    " unflatten unsqueeze squeeze stack cat concat unfold flip narrow select movedim moveaxis clone expand"
    " expand_as repeat roll t index_select detach view_as tile reshape_as ravel".split()
)


class Plane(Tensor):
    """A tensor with a batch of one, the value of the graph that its values come from, and their place in it.

    `codes`, of the tensor's shape: 0 for a zero, otherwise 1 + FIRST + frame + channel * FRAMES. In double precision,
    as not all operations take integers.
    """

    codes: Tensor
    node: Node

    @classmethod
    def __torch_function__(
        cls, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        with torch._C.DisableTorchFunction():
            return _call(func, tuple(args), kwargs or {})


def plane(tensor: Tensor, codes: Tensor, node: Node) -> Plane:
    made = tensor.detach().as_subclass(Plane)
    made.codes, made.node = codes, node
    return made


def laid_out(tensor: Tensor, time: int, axes: Sequence[int], node: Node, numbers: Any = None) -> Plane:
    """The plane of a tensor whose `axes`, in this order, are the channels of a value.

    `numbers`, if given, has the channel for each place of these axes.
    """
    extents = [tensor.shape[axis] for axis in axes]
    if numbers is None:
        numbers = np.arange(node.channels)
    channel = torch.as_tensor(np.ascontiguousarray(numbers)).double().reshape(1, *extents)
    frame = torch.arange(tensor.shape[time]).double().reshape(-1, *[1] * len(axes))
    codes = 1 + FIRST + frame + channel * FRAMES
    others = [axis for axis in range(tensor.dim()) if axis != time and axis not in axes]
    order = [time, *axes, *others]
    codes = codes.reshape(*codes.shape, *[1] * len(others))
    return plane(tensor, codes.permute([order.index(axis) for axis in range(tensor.dim())]), node)


def time_of(x: Plane) -> int:
    """The axis of the frames. It has size 1 if there is a single frame.

    Past frames may be along a second axis; it is the shorter one.
    """
    frame = (x.codes - 1) % FRAMES
    known = x.codes > 0
    for axis, extent in sorted(enumerate(x.shape), key=lambda pair: -pair[1]):
        if extent > 1:
            near, far = (part_.narrow(axis, 0, extent - 1) for part_ in (frame, known))
            ahead, seen = (part_.narrow(axis, 1, extent - 1) for part_ in (frame, known))
            if bool(((near != ahead) & far & seen).any()):
                return axis
    if 1 in x.shape and bool((frame == FIRST)[known].all()):
        return list(x.shape).index(1)
    return place().refuse(
        "a tensor without an axis of frames", "only one with all frames of its input", "keep the frames apart"
    )


def padding_of(x: Plane, time: int) -> int:
    """The frames in front of the first one: zeros, or those of the past. Raises ExportError unless frames follow each
    other."""
    codes = x.codes.movedim(time, 0).reshape(x.shape[time], -1)
    starts = ((codes - 1) % FRAMES == FIRST).any(1).tolist()
    before = starts.index(True) if True in starts else 0
    first = codes[before]
    expected = torch.where(first > 0, first + torch.arange(len(codes)).double()[:, None] - before, first)
    wrong = (codes != expected).any(1)
    wrong[:before] &= (codes[:before] != 0).any(1)
    if bool(wrong.any()) or bool(((first - 1) % FRAMES != FIRST)[first > 0].any()):
        place().refuse(
            "an operation that mixes or selects frames",
            "only operations on the values of each frame, and zeros before the first one",
            "leave the frames along one axis, in their order",
        )
    return before


def settled(x: Plane, time: int) -> Plane:
    """A plane of the present frame alone: values of past frames become outputs of delays."""
    codes = x.codes.movedim(time, 0).reshape(x.shape[time], -1)
    last, extent = codes[-1], len(codes)
    known = last > 0
    ages = torch.where(known, extent - 1 + FIRST - (last - 1) % FRAMES, torch.zeros_like(last))
    expected = torch.where(known, last + torch.arange(extent).double()[:, None] - (extent - 1), last)
    early = torch.arange(extent).double()[:, None] < ages
    if not bool(ages.any()) or bool((ages < 0).any()) or bool((codes != expected)[~early].any()):
        return x
    if extent > 1 and bool((codes[early] != 0).any()):
        return x
    channels, pieces, begin, numbers = torch.floor((last - 1) / FRAMES).long(), [], 0, torch.zeros_like(last)
    for age in ages[known].unique().tolist():
        here = known & (ages == age)
        used, where = channels[here].unique(return_inverse=True)
        node = gathered(x.node, used.numpy())
        pieces.append(layers(node, [look_back(node.channels, int(age), "float32")]) if age else node)
        numbers[here] = (where + begin).double()
        begin += node.channels
    joint = pieces[0] if len(pieces) == 1 else Node("cat", begin, tuple(pieces))
    rows = 1 + FIRST + torch.arange(extent).double()[:, None] + numbers * FRAMES
    others = [size for axis, size in enumerate(x.shape) if axis != time]
    made = torch.where(known, rows, torch.zeros_like(rows)).reshape(extent, *others).movedim(0, time)
    return plane(x, made, joint)


def channels_of(x: Plane, axes: Sequence[int], time: int) -> Any:
    """The channel number of each value along `axes`, as an array; -1 for a zero. Other axes are 1 long."""
    zeros = padding_of(x, time)
    others = [axis for axis in range(x.codes.dim()) if axis != time and axis not in axes]
    long = [axis for axis in others if x.shape[axis] > 1]
    if long:
        place().refuse(f"a tensor {tuple(x.shape)}", "only a batch of one", "use reshape, so that only axes of the layer are longer than 1")
    codes = x.codes.permute(time, *axes, *others)[zeros].reshape([x.shape[axis] for axis in axes])
    return torch.where(codes > 0, torch.floor((codes - 1) / FRAMES), -torch.ones_like(codes)).long().numpy()


def gathered(node: Node, numbers: Any) -> Node:
    """A value of the channels with these numbers of a node; -1 stands for zeros."""
    flat = np.asarray(numbers).reshape(-1)
    if flat[0] >= 0 and (np.diff(flat) == 1).all():
        return part(node, int(flat[0]), int(flat[-1]) + 1)
    options = {"in": node.channels, "out": len(flat)}
    return layers(node, [LayerRecord("gather", options, {"index": flat.astype(np.float64)})])


def arranged(x: Plane, axes: Sequence[int], time: int) -> Node:
    """The graph's value with the channels along `axes`, the last of them the innermost. Padding in front is refused."""
    x = settled(x, time)
    if padding_of(x, time):
        place().refuse(
            "padding of frames by itself", "only right before a convolution", "move it there or drop it"
        )
    return gathered(x.node, channels_of(x, axes, time))


def in_any_order(x: Plane, axes: Sequence[int], time: int) -> tuple[Node, Any]:
    """A value of the graph with each channel along `axes` once, in any order, and the numbers of these channels in it.

    It is the plane's own value if that has no other channels, so nothing moves.
    """
    x = settled(x, time)
    if is_whole(x) and not padding_of(x, time):
        return x.node, channels_of(x, axes, time).reshape(-1)
    node = arranged(x, axes, time)
    return node, np.arange(node.channels)


# Fewer features than these are faster one after the other, with the outputs of a layer in the lanes of registers.
LANES = 8


def each_feature(count: int, kind: str, chain: Chain) -> list[LayerRecord]:
    """A chain for each of `count` features; the chain itself if there is one."""
    if count == 1:
        return list(chain)
    return [LayerRecord(kind, {"features": count}, chains={"layers": [chain]})]


def others_than(x: Tensor, *axes: int) -> list[int]:
    return [axis for axis in range(x.dim()) if axis not in axes]


def plain_tensor(x: Tensor) -> Tensor:
    """A plane without its codes: operations on it are those of PyTorch."""
    return x.as_subclass(Tensor)


def is_whole(x: Plane) -> bool:
    """Whether each channel of the value is there once."""
    used = x.codes.reshape(-1)
    return bool((used > 0).all()) and len(torch.unique(used)) == len(used) and (
        len(used) // x.shape[time_of(x)] == x.node.channels
    )


def _call(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    name = str(getattr(func, "__name__", func))
    if name == "__get__":
        return _attribute(func, *args)
    if name.endswith("_") and not name.endswith("__"):
        _refuse(name)
    short = name.strip("_")
    if short in HANDLERS:
        return HANDLERS[short](func, *args, **kwargs)
    if short in _MOVES:
        return moved(func, args, kwargs)
    result = func(*args, **kwargs)
    if _has_tensor(result):
        _refuse(name)
    return result


def _has_tensor(result: Any) -> bool:
    return isinstance(result, Tensor) or (isinstance(result, (tuple, list)) and any(map(_has_tensor, result)))


def _attribute(getter: Any, x: Plane) -> Any:
    found = getter(x)
    if not isinstance(found, Tensor):
        return found
    return plane(found, getter(x.codes), x.node)


def moved(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The result of an operation that moves values."""
    planes = [x for x in _leaves((args, kwargs)) if isinstance(x, Plane)]
    nodes = list(dict.fromkeys(x.node for x in planes))
    begin, begins = 0, {}
    for node in nodes:
        begins[node] = begin
        begin += node.channels
    joint = nodes[0] if len(nodes) == 1 else Node("cat", begin, tuple(nodes))

    def coded(x: Any) -> Any:
        if isinstance(x, Plane):
            return torch.where(x.codes > 0, x.codes + begins[x.node] * FRAMES, x.codes)
        return torch.zeros_like(x).double() if isinstance(x, Tensor) and x.is_floating_point() else x

    values = func(*args, **kwargs)
    codes = func(*_mapped(coded, args), **_mapped(coded, kwargs))
    return _both(values, codes, joint)


def _both(values: Any, codes: Any, node: Node) -> Any:
    if isinstance(values, (tuple, list)):
        return tuple(_both(*pair, node) for pair in zip(values, codes))
    if bool((values[codes == 0] != 0).any()):
        place().refuse("padding or joining with constants", "only with zeros", "use zeros")
    return plane(values, codes, node)


def _leaves(tree: Any) -> list[Any]:
    if isinstance(tree, (tuple, list)):
        return [leaf for part_ in tree for leaf in _leaves(part_)]
    if isinstance(tree, dict):
        return _leaves(list(tree.values()))
    return [tree]


def _mapped(change: Callable[[Any], Any], tree: Any) -> Any:
    if isinstance(tree, (tuple, list)):
        return type(tree)(_mapped(change, part_) for part_ in tree)
    if isinstance(tree, dict):
        return {name: _mapped(change, part_) for name, part_ in tree.items()}
    return change(tree)


_PLACES: list[Any] = []


@contextmanager
def placed(at: Any) -> Iterator[None]:
    """Makes `at` the place that errors name."""
    _PLACES.append(at)
    try:
        yield
    finally:
        _PLACES.pop()


def place() -> Any:
    """The line of the user's module that is running, or the place that is given."""
    if _PLACES:
        return _PLACES[-1]
    for frame in reversed(traceback.extract_stack()):
        if frame.name == "_network_records":
            break
        if not frame.filename.startswith((_OWN_FOLDER, _TORCH_FOLDER, "<")):
            return Place(f"line {frame.lineno} of {Path(frame.filename).name}: `{frame.line}`")
    return Place("the output of the network")


def _refuse(name: str) -> None:
    raise ExportError(
        f"{place()}: {name}() is not supported in a network on spectra; docs/spectra.md lists what is"
    )
