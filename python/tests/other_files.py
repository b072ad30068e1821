"""Small files in the formats of RTNeural and GuitarML's trainer, and random damage to files."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import numpy as np


def written(root: Any, folder: Path) -> Path:
    (folder / "source.json").write_text(json.dumps(root))
    return folder / "source.json"


def numbers(*shape: int) -> Any:
    return np.random.default_rng(9).uniform(-0.5, 0.5, shape).tolist()


def rtneural() -> Any:
    """A small file with every kind of layer."""

    def layer(kind: str, size: int, *weights: Any, activation: str = "", **more: Any) -> Any:
        shape = {"shape": [None, None, size], "activation": activation, "weights": list(weights)}
        return {"type": kind, **shape, **more}

    return {
        "in_shape": [None, None, 2],
        "layers": [
            layer("dense", 4, numbers(2, 4), numbers(4), activation="elu"),
            layer("time-distributed-dense", 4, numbers(4, 4)),
            layer(
                "conv1d",
                *(4, numbers(3, 2, 4), numbers(4)),
                **{"activation": "tanh", "kernel_size": [3], "dilation": [2], "groups": 2},
            ),
            layer("batchnorm", 4, numbers(4), [1, 2, 3, 4], epsilon=0.01),
            layer("batchnorm", 4, *numbers(3, 4), [1, 2, 3, 4], epsilon=0.01),
            layer("prelu", 4, numbers(1, 4)),
            layer("prelu", 4, numbers(1, 1)),
            layer("prelu", 4, numbers(4)),
            layer("gru", 3, numbers(4, 9), numbers(3, 9), numbers(2, 9)),
            layer("lstm", 3, numbers(3, 12), numbers(3, 12), numbers(12), activation="tanh"),
            layer("activation", 3, activation="softmax"),
            layer("dense", 2, numbers(3, 2)),
        ],
    }


def proteus(kind: str = "LSTM", inputs: int = 1, levels: int = 1, skip: int = 1) -> Any:
    """A file in the format of GuitarML's trainer."""
    data = {"model": "SimpleRNN", "unit_type": kind, "input_size": inputs, "hidden_size": 3}
    data |= {"num_layers": levels, "output_size": 1, "skip": skip, "bias_fl": True}
    width = {"LSTM": 12, "GRU": 9, "RNN": 3}[kind]
    state = {"lin.weight": numbers(1, 3), "lin.bias": numbers(1)}
    for level in range(levels):
        state[f"rec.weight_ih_l{level}"] = numbers(width, 3 if level else inputs)
        state[f"rec.weight_hh_l{level}"] = numbers(width, 3)
        state |= {f"rec.bias_{of}_l{level}": numbers(width) for of in ("ih", "hh")}
    return {"model_data": data, "state_dict": state}


def places(value: Any) -> list[tuple[Any, Any]]:
    """All places in a JSON value: each container with each of its keys."""
    if not isinstance(value, (dict, list)):
        return []
    keys = list(value) if isinstance(value, dict) else range(len(value))
    return [(value, key) for key in keys] + [each for key in keys for each in places(value[key])]


STRANGE: list[Any] = [None, True, 0, -1, 3, 1.5, 1e39, 10**400, "", "7", [], [[]], {}, [1, 2]]


def damaged(root: Any, chance: random.Random) -> Any:
    """A copy with one value replaced by an unusual one."""
    root = copy.deepcopy(root)
    found = places(root)
    # Most values are weights, so half of the damage goes to other members.
    structure = [each for each in found if isinstance(each[0], dict)]
    container, key = chance.choice(chance.choice([found, structure]))
    container[key] = chance.choice(STRANGE)
    return root
