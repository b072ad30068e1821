"""The analysis of networks. test_codegen.py shows that the C++ types agree with it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from networks import COMBINED, CONV, GRU, LEAKY, branching, conv1d, dense
from networks import golden_networks, holding, tensor

from inlay import ExportError
from inlay.inspect.analysis import analyse
from inlay.format import LayerRecord, read_model

POOL = LayerRecord("max_pool1d", {"size": 4, "kernel_size": 3, "stride": 2})
UP = LayerRecord(
    "conv_transpose1d",
    {"in": 4, "out": 4, "kernel_size": 5, "stride": 2},
    {"kernel": tensor(5, 4, 4)},
)
DELAY = LayerRecord("delay", {"size": 4, "frames": 3})


# Receptive field, skip, rate, latency, parameters, multiply-accumulates.
SEVERAL: dict[str, tuple[list[LayerRecord], tuple[Any, ...]]] = {
    "dense": ([dense(2, 3)], (1, 0, 1, 0, 9, 6)),
    "recurrent": ([GRU], (None, 0, 1, 0, 108, 96)),
    "strided": ([conv1d({"stride": 2, "dilation": 4})], (9, 8, Fraction(1, 2), 0, 48, 24)),
    "behind a stride": ([POOL, CONV], (11, 10, Fraction(1, 2), 0, 24, 12)),
    "down and up": ([POOL, UP], (7, 2, 1, 0, 84, 40)),
    "a delay behind a stride": ([POOL, DELAY], (9, 8, Fraction(1, 2), 6, 0, 0)),
    "branches": ([branching("parallel", [CONV], [dense(4, 4)])], (5, 4, 1, 0, 44, 40)),
    "a window": (
        [
            LayerRecord(
                "windowed",
                {"window": 10, "hop": 4},
                {},
                {"layers": [[GRU, dense(4, 4), dense(4, 2)]]},
            )
        ],
        (10, 9, Fraction(1, 4), 0, 138, 246),
    ),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_networks(name: str) -> None:
    layers, expected = SEVERAL[name]
    found = analyse(layers)
    named = (found.receptive_field, found.warmup_frames, found.rate, found.latency)
    assert (*named, found.parameters, found.macs) == expected
    assert found.weight_bytes == 4 * found.parameters


def test_places_of_layers_within_layers() -> None:
    places = {layer.place: layer for layer in analyse(COMBINED).layers}
    assert places["layers[9].branches[0][1].branches[0][0]"].record.type == "dense"
    assert places["layers[9].branches[0][1].branches[0][0]"].depth == 2
    assert places["layers[1].gate[0]"].record.type == "sigmoid"
    assert places["layers[0].layers[0]"].traits.parameters == 16
    assert list(places)[:2] == ["layers[0]", "layers[0].layers[0]"]


def test_costs_are_for_a_frame_of_the_models_input() -> None:
    layers, _ = SEVERAL["a window"]
    found = analyse([POOL, *layers])
    by_place = {layer.place: layer.macs for layer in found.layers}
    assert by_place["layers[1]"] == 246 // 2
    assert by_place["layers[1].layers[0]"] == 96 * 10 // 4 // 2
    assert by_place["layers[1].layers[1]"] == 16 // 4 // 2  # for the last frame only


REFUSED = {
    "layers[0] (parallel): branch 1 has the rate 1/2": [branching("parallel", [CONV], [POOL])],
    "layers[0] (concat): branch 1 is late by 3 frames": [branching("concat", [CONV], [DELAY])],
    "layers[0] (residual): branch 1 is late": [holding("residual", layers=[DELAY])],
    "branch 1 changes the rate and changes it back": [holding("residual", layers=[POOL, UP])],
    "layers[0] (parallel): its branches change the rate": [branching("parallel", [POOL], [POOL])],
    "layers[1] (mixin): takes a condition behind a change of rate": [
        POOL,
        holding("mixin", {"size": 4}, layers=[dense(2, 4)]),
    ],
    "layers[0] (conditioned_by): its layers want a condition of 2 channels": [
        holding(
            "conditioned_by",
            source=[dense(4, 3)],
            layers=[holding("mixin", {"size": 4}, layers=[dense(2, 4)])],
        )
    ],
    "layers[0].layers[0] (parallel): branch 1 is late": [
        holding("sequential", layers=[branching("parallel", [LEAKY], [DELAY])])
    ],
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_would_not_compile_is_refused(message: str) -> None:
    with pytest.raises(ExportError) as caught:
        analyse(REFUSED[message])
    assert message in str(caught.value)


# The numbers of the library's own tests and documents.
KNOWN = {
    "torch/cnn_15k.f32.json": (1333, 15300),
    "torch/cnn_1k.f32.json": (133, 931),
    "torch/hnn_11k.f32.json": (150, 10965),
    "nam/wavenet_a1_standard.json": (4093, 13801),
}


def test_golden_files(golden_folder: Path) -> None:
    for path in golden_networks(golden_folder):
        model = read_model(path)
        found = analyse(model.layers)
        given = 0 if model.check.condition is None else model.check.condition.shape[1]
        assert found.condition_size == given, path.name
        assert found.receptive_field is None or len(model.check.input) > found.receptive_field
        known = KNOWN.get(f"{path.parent.name}/{path.name}")
        assert known in (None, (found.receptive_field, found.parameters))
