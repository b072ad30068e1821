"""Reads the JSON of Proteus and NeuralPi, which has "model_data" and "state_dict": PyTorch's
recurrent layers and a Linear, optionally with knobs as side channels and with the input added."""

from __future__ import annotations

import numpy as np

from ..format import Array, LayerRecord, Option
from .node import Node

_GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def proteus_layers(root: Node) -> list[LayerRecord]:
    """The file's layers. Raises ExportError, naming the place, if there is no counterpart in inlay."""
    data, state = root["model_data"], root["state_dict"]
    data.get("model", "SimpleRNN").one_of("SimpleRNN")
    kind = data["unit_type"].one_of(*_GATES)
    inputs, hidden = data["input_size"].whole(), data["hidden_size"].whole()
    levels, outputs = (
        data.get("num_layers", 1).whole(),
        data.get("output_size", 1).whole(),
    )
    biased = data.get("bias_fl", True).flag()

    layers: list[LayerRecord] = []
    if inputs > 1:
        knobs: dict[str, Option] = {"size": 1, "condition_size": inputs - 1}
        layers.append(LayerRecord("append_condition", knobs))
    used: set[str] = set()
    for level in range(levels):
        layers.append(_recurrent(state, kind, level, hidden if level else inputs, hidden, used))
    layers.append(_linear(state, hidden, outputs, biased, used))
    for name in state.object():
        if name not in used:
            state[name].fail("no tensor of this name in such a model")
    if not _skips(data.get("skip", 0)):
        return layers
    if outputs != 1:
        data["output_size"].fail("1 where the input is added")
    return [LayerRecord("residual", chains={"layers": [layers]})]


def _skips(node: Node) -> bool:
    return node.value if isinstance(node.value, bool) else bool(node.whole(0, 1))


def _tensor(state: Node, name: str, shape: tuple[int, ...], used: set[str]) -> Array:
    used.add(name)
    return state[name].tensor(*shape)


def _recurrent(
    state: Node, kind: str, level: int, inputs: int, hidden: int, used: set[str]
) -> LayerRecord:
    width = _GATES[kind] * hidden
    kernel = _tensor(state, f"rec.weight_ih_l{level}", (width, inputs), used).T
    recurrent_kernel = _tensor(state, f"rec.weight_hh_l{level}", (width, hidden), used).T
    bias = np.zeros((2, width), np.float32)
    # A file has both biases or none. Reading a missing one gives an error with its name.
    if any(f"rec.bias_{of}_l{level}" in state for of in ("ih", "hh")):
        rows = [_tensor(state, f"rec.bias_{of}_l{level}", (width,), used) for of in ("ih", "hh")]
        bias = np.stack(rows)
    options: dict[str, Option] = {"in": inputs, "out": hidden}
    if kind == "GRU":
        kernel, recurrent_kernel, bias = map(_zrn, (kernel, recurrent_kernel, bias))
        options |= {"reset_after": True, "recurrent_activation": "sigmoid"}
    else:
        # The file has one bias, the sum of PyTorch's two.
        bias = bias.sum(axis=0)
        options |= {"activation": "tanh"} if kind == "RNN" else {"recurrent_activation": "sigmoid"}
    tensors = {"kernel": kernel, "recurrent_kernel": recurrent_kernel, "bias": bias}
    return LayerRecord(kind.lower(), options, tensors)


def _zrn(gates_rzn: Array) -> Array:
    """Reorders the gates of a GRU from PyTorch's r, z, n to the file's z, r, n."""
    r, z, n = np.split(gates_rzn, 3, axis=1)
    return np.concatenate([z, r, n], axis=1)


def _linear(state: Node, inputs: int, outputs: int, biased: bool, used: set[str]) -> LayerRecord:
    tensors = {"kernel": _tensor(state, "lin.weight", (outputs, inputs), used).T}
    if biased or "lin.bias" in state:
        tensors["bias"] = _tensor(state, "lin.bias", (outputs,), used)
    return LayerRecord("dense", {"in": inputs, "out": outputs}, tensors)
