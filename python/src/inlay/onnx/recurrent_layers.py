"""Converts LSTM, GRU and RNN, and the layers that cells.py finds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..format import Array, LayerRecord
from ..network.graph import join, layers, part
from .opened import Operation
from .operands import Value, signal_of, weights_of
from .signal import Last, Signal

RECURRENT = {"LSTM": (4, [0, 2, 3, 1]), "GRU": (3, [0, 1, 2]), "RNN": (1, [0])}


def recurrent(op: Operation, inputs: list[Value], shapes: list[Any]) -> list[Value]:
    x, w, r, b, lengths, *states = [*inputs, *[None] * 8][:8]
    x = signal_of(op, x)
    if op.get("direction", "forward") != "forward":
        op.refuse(
            f"direction={op.get('direction')!r}",
            "only 'forward', as the other direction runs from the signal's end",
            "train it in one direction",
        )
    x.require_first_frame(op)
    x.require_channel(op, 2)
    x.require_time(op, 0)
    units = r.shape[2]
    record = recurrent_record(op, x.channels, *(weights_of(op, v) if v is not None else None for v in (w, r, b)))
    tensors = dict(record.tensors)
    for name, state in zip(("initial_hidden", "initial_cell"), states):
        if isinstance(state, np.ndarray) and state.any():
            if op.kind != "LSTM":
                op.refuse("a start other than zeros", "only zeros", "start it with zeros")
            tensors[name] = state.reshape(-1).astype(np.float32)
        elif isinstance(state, Signal):
            op.refuse(
                "a state computed from the signal",
                "only zeros or a state of the graph",
                "start it with zeros",
            )
    if any(name in tensors for name in ("initial_hidden", "initial_cell")):
        for name in ("initial_hidden", "initial_cell"):
            tensors.setdefault(name, np.zeros(units, np.float32))
    made = x.then([replace(record, tensors=tensors)])
    wide = None if units == 1 else 3
    sequence = replace(made, shape=tuple(shapes[0]), time=0, channel=wide)
    last: Value = Last(op)
    if x.window and len(shapes) > 1:
        last = replace(
            made,
            shape=tuple(shapes[1]),
            time=0,
            channel=None if units == 1 else 2,
            start=len(x.times) - 1,
        )
    elif x.frames == 1 and len(shapes) > 1:
        last = replace(made, shape=tuple(shapes[1]), time=0, channel=None if units == 1 else 2)
    return [sequence, last, None]


def recurrent_record(op: Operation, inputs: int, w: Any, r: Any, b: Any, way: int = 0) -> LayerRecord:
    """The layer of one direction of an LSTM, a GRU or an RNN. Of all directions: w: [way, gates * units, inputs]."""
    gates, order = RECURRENT[op.kind]
    units = r.shape[2]
    given = [v.lower() for v in op.get("activations", [])]
    plainly = {"LSTM": ["sigmoid", "tanh", "tanh"], "GRU": ["sigmoid", "tanh"], "RNN": ["tanh"]}[
        op.kind
    ]
    given = given[: len(plainly)] if given == given[: len(plainly)] * len(w) else given
    if given not in ([], plainly) and not (op.kind == "RNN" and given == ["relu"]):
        op.refuse(f"activations={given}", f"only {plainly}", "train it with these")

    def sorted_gates(value: Array) -> Array:
        return np.concatenate([np.split(value, gates)[i] for i in order]).astype(np.float32)

    kernel, recurrent = (sorted_gates(v[way]).T for v in (w, r))
    biases = np.split(b[way], 2) if b is not None else [np.zeros(gates * units, np.float32)] * 2
    biases = [sorted_gates(bias) for bias in biases]
    tensors = {
        "kernel": np.ascontiguousarray(kernel),
        "recurrent_kernel": np.ascontiguousarray(recurrent),
        "bias": biases[0] + biases[1],
    }
    options: dict[str, Any] = {"in": inputs, "out": units}
    if op.kind == "RNN":
        options["activation"] = (given or ["tanh"])[0]
    else:
        options["recurrent_activation"] = "sigmoid"
    if op.kind == "GRU":
        options["reset_after"] = bool(op.get("linear_before_reset", 0))
        if options["reset_after"]:
            tensors["bias"] = np.stack(biases)
    return LayerRecord(op.kind.lower(), options, tensors)


def cell(op: Operation, inputs: list[Value], shapes: list[Any]) -> list[Value]:
    """Layers that cells.py found in a graph of one frame. Its outputs are neighbouring channels."""
    for x in inputs:
        signal_of(op, x).require_first_frame(op)
    whole = layers(join([x.node for x in inputs]), op.get("records"))
    found, begin = [], 0
    for shape in shapes:
        size = int(np.prod(shape))
        channel = next((a for a, n in enumerate(shape) if n > 1), None)
        time = next((a for a, n in enumerate(shape) if n == 1 and a != channel), 0)
        node = part(whole, begin, begin + size)
        found.append(
            replace(inputs[0], node=node, shape=tuple(shape), time=time, channel=channel)
        )
        begin += size
    return found
