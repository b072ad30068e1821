"""Layers for test networks, and one of nearly every combinator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inlay.format import LayerRecord


def golden_networks(folder: Path) -> list[Path]:
    """The golden model files without those of `rate_corrected`, whose checks have another sample rate."""
    paths = [path for name in ("keras", "nam", "torch") for path in folder.glob(f"{name}/*.json")]
    if not paths:
        pytest.skip("the golden files are only in the repository")
    return sorted(paths)


def tensor(*shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(7).uniform(-0.5, 0.5, shape).astype(np.float32)


def dense(inputs: int, outputs: int) -> LayerRecord:
    return LayerRecord(
        "dense",
        {"in": inputs, "out": outputs},
        {"kernel": tensor(inputs, outputs), "bias": tensor(outputs)},
    )


def holding(name: str, options: Any = {}, **chains: Any) -> LayerRecord:
    return LayerRecord(name, options, {}, {each: [chain] for each, chain in chains.items()})


def branching(name: str, *branches: Any) -> LayerRecord:
    return LayerRecord(name, {}, {}, {"branches": branches})


def conv1d(options: dict[str, int], bias: bool = False) -> LayerRecord:
    sizes = {"in": 4, "out": 4, "kernel_size": 3, "dilation": 1, "groups": 1} | options
    tensors = {"kernel": tensor(3, 4 // sizes["groups"], 4)} | ({"bias": tensor(4)} if bias else {})
    return LayerRecord("conv1d", sizes, tensors)


LEAKY = LayerRecord("leaky_relu", {"size": 4, "alpha": 0.25})
SIGMOID = LayerRecord("sigmoid", {"size": 4})
CONV = LayerRecord(
    "conv1d",
    {"in": 4, "out": 4, "kernel_size": 3, "dilation": 2, "groups": 2},
    {"kernel": tensor(3, 2, 4)},
)
NORM = LayerRecord(
    "batchnorm1d", {"size": 4, "epsilon": 1e-3}, {"mean": tensor(4), "variance": tensor(4) ** 2}
)
GRU = LayerRecord(
    "gru",
    {"in": 4, "out": 4, "reset_after": False, "recurrent_activation": "hard_sigmoid"},
    {"kernel": tensor(4, 12), "recurrent_kernel": tensor(4, 12), "bias": tensor(12)},
)
WINDOW = LayerRecord(
    "windowed",
    {"window": 6, "hop": 1},
    {},
    {"layers": [[GRU, holding("sequential", layers=[NORM])]]},
)
CONV2D = LayerRecord(
    "conv2d",
    {"in": 2, "out": 2, "features": 2, "kernel_size_time": 2, "kernel_size_features": 1}
    | {"dilation": 1, "stride": 1, "padding": "same"},
    {"kernel": tensor(2, 1, 2, 2)},
)
#: One of each combinator that calls its layers in another way than it is called.
FRAMED = [
    dense(1, 4),
    LayerRecord("delay", {"size": 4, "frames": 3}),
    holding("tfilm", {"size": 4, "block_size": 8, "offset": 0}, layers=[dense(4, 8)]),
    holding("along_features", {"features": 2}, layers=[dense(2, 2)]),
    CONV2D,
    holding("per_feature", {"features": 1}, layers=[GRU]),
    holding("block_control", {"block_size": 16, "offset": 0}, layers=[GRU, dense(4, 1)]),
    holding(
        "overlap_add",
        {"window": 32, "hop": 16},
        layers=[LayerRecord("rfft", {"samples": 32}), LayerRecord("irfft", {"samples": 32})],
    ),
]
COMBINED = [
    holding("sequential", layers=[dense(1, 8), LayerRecord("identity", {"size": 8})]),
    holding("gate", {"size": 4}, activation=[LEAKY], gate=[SIGMOID]),
    holding("residual", layers=[CONV, NORM]),
    holding("film", {"size": 4}, layers=[dense(2, 8)]),
    holding("film", {"size": 4}, layers=[dense(2, 3), dense(3, 4)]),
    holding("mixin", {"size": 4}, layers=[dense(2, 4)]),
    branching("parallel", [dense(4, 4), LayerRecord("tanh", {"size": 4})], [CONV]),
    WINDOW,
    branching(
        "concat", [dense(4, 3)], [GRU], [LayerRecord("slice", {"in": 4, "begin": 1, "out": 1})]
    ),
    branching("split", [dense(4, 2), branching("parallel", [dense(2, 4)])], [LEAKY]),
    holding("residual_skip", path=[CONV], residual=[dense(4, 4)], skip=[dense(4, 4)]),
    dense(8, 1),
]
