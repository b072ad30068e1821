"""ONNX graphs that cannot be exported are refused by the name of their node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import inlay
from inlay.cli import main
from onnx_models import FrequencyCaches, StatefulLSTM, graph_of, onnx
from test_onnx_export import ENDS, W, made

from onnx import TensorProto, helper  # isort: skip

node = helper.make_node
FOUR = {"x": [1, 4, "t"]}, {"y": [1, 4, "t"]}
ROWS = {"x": [1, "t", 4]}, {"y": [1, "t", 4]}
ROW: Any = np.ones(4, np.float32)
CONV = {"w": W}


def recurrent(**attributes: Any) -> Any:
    directions = 2 if attributes.get("direction") == "bidirectional" else 1
    weights = {
        "w": np.ones((directions, 4, 4), np.float32),
        "r": np.ones((directions, 4, 4), np.float32),
    }
    return made(
        [node("RNN", ["x", "w", "r"], ["y"], name="cell", hidden_size=4, **attributes)],
        weights, {"x": ["t", 1, 4]}, {"y": ["t", directions, 1, 4]},
    )  # fmt: skip


REFUSED: dict[str, tuple[Any, str]] = {
    "looks ahead": (
        made([node("Conv", ["x", "w"], ["y"], name="same", pads=[1, 1])], CONV, *ENDS),
        "node 'same' (Conv): an output of 1 frames past the end of the signal is not supported",
    ),
    "too many zeros": (
        made([node("Conv", ["x", "w"], ["y"], name="wide", pads=[5, 0])], CONV, *ENDS),
        "node 'wide' (Conv): 5 zeros in front of node 'wide' (Conv) is not supported, only the"
        " (kernel - 1) * dilation = 2 that make it causal",
    ),
    "reflected": (
        made(
            [node("Pad", ["x", "p"], ["z"], name="mirror", mode="reflect"), node("Conv", ["z", "w"], ["y"])],
            CONV | {"p": np.array([0, 0, 2, 0, 0, 0])}, *ENDS,
        ),
        "node 'mirror' (Pad): mode='reflect' is not supported, only zeros",
    ),
    "zeros into an activation": (
        made(
            [node("Pad", ["x", "p"], ["z"], name="front"), node("Tanh", ["z"], ["y"], name="bend")],
            {"p": np.array([0, 0, 2, 0, 0, 0])}, *FOUR,
        ),
        "node 'front' (Pad): 2 zeros in front of node 'bend' (Tanh) is not supported",
    ),
    "mean over time": (
        made([node("ReduceMean", ["x"], ["m"], name="mean", axes=[2]), node("Sub", ["x", "m"], ["y"])], {}, *FOUR),
        "node 'mean' (ReduceMean): a reduction over time is not supported",
    ),
    "mean over channels": (
        made([node("ReduceMean", ["x"], ["m"], name="mean", axes=[1]), node("Sub", ["x", "m"], ["y"])], {}, *FOUR),
        "node 'mean' (ReduceMean): a reduction over the channels is not supported",
    ),
    "softmax over time": (
        made([node("Softmax", ["x"], ["y"], name="attend", axis=2)], {}, *FOUR),
        "node 'attend' (Softmax): an operation over time is not supported",
    ),
    "attention": (
        made([node("Transpose", ["x"], ["k"], perm=[0, 2, 1]), node("MatMul", ["k", "x"], ["y"], name="scores")], {}, FOUR[0], {"y": [1, "t", "t"]}),
        "node 'scores' (MatMul): weights that are computed from a signal is not supported",
    ),
    "both directions": (recurrent(direction="bidirectional"), "node 'cell' (RNN): direction='bidirectional' is not supported"),
    "other activations": (recurrent(activations=["Affine"]), "node 'cell' (RNN): activations=['affine'] is not supported"),
    "an unknown operator": (
        made([node("TopK", ["x", "s"], ["y", "z"], name="up")], {"s": np.array([1])}, *FOUR),
        "node 'up' (TopK): this operator is not supported",
    ),
    "a division": (
        made([node("Div", ["x", "x"], ["y"], name="ratio")], {}, *FOUR),
        "node 'ratio' (Div): a division by a signal is not supported",
    ),
    "the last frame": (
        made([node("Gather", ["x", "i"], ["y"], name="last", axis=2)], {"i": np.array(-1)}, FOUR[0], {"y": [1, 4]}),
        "node 'last' (Gather): one frame of the signal is not supported",
    ),
    "other frames": (
        made(
            [node("Conv", ["x", "w"], ["z"]), node("Slice", ["x", "a", "b", "c"], ["s"]), node("Add", ["z", "s"], ["y"], name="sum")],
            CONV | {"a": np.array([0]), "b": np.array([-2]), "c": np.array([2])}, *ENDS,
        ),
        "node 'sum' (Add): joining frames 2 and 0 of the stream is not supported",
    ),
    "an average": (
        made(
            [node("Mul", ["h", "a"], ["k"], name="keep"), node("Add", ["x", "k"], ["y"]), node("Identity", ["y"], ["h_out"])],
            {"a": np.float32(0.5)}, {"x": [1, 4, "t"], "h": [1, 4, 1]}, {"y": [1, 4, "t"], "h_out": [1, 4, "t"]},
        ),
        "node 'keep' (Mul): it computes with the state 'h', which is not supported",
    ),
    "two outputs": (
        made([node("Tanh", ["x"], ["y"]), node("Relu", ["x"], ["z"])], {}, FOUR[0], {**FOUR[1], "z": [1, 4, "t"]}),
        "the graph has 2 outputs that are no states: 'y', 'z'; only one is supported; if they are states, say states=",
    ),
    "an unclear layout": (made([node("Tanh", ["x"], ["y"])], {}, {"x": [4, 5, 6]}, {"y": [4, 5, 6]}), "which axis is the time is not clear; say layout='NCT'"),
    "a condition of other frames": (
        made([node("Conv", ["k", "w"], ["z"]), node("Add", ["x", "z"], ["y"])], {"w": np.ones((4, 2, 3), np.float32)}, {"x": [1, 4, "t"], "k": [1, 2, 7]}, FOUR[1]),
        "input 'k': a condition has to have a value for every frame of 'x', or one for all of them",
    ),
    "no layer": (made([node("Identity", ["x"], ["y"])], {}, *FOUR), "the graph has no layer to export"),
    "another domain": (
        made([node("Fancy", ["x"], ["y"], name="own", domain="com.me")], {}, *FOUR),
        "node 'own' (Fancy): operators of 'com.me' are not supported",
    ),
    "a cycle": (
        made([node("Add", ["x", "z"], ["y"], name="a"), node("Tanh", ["y"], ["z"])], {}, *FOUR),
        "node 'a' (Add): takes 'z', which nothing before it gives",
    ),
    "a huge shape": (
        made([node("ConstantOfShape", ["s"], ["z"], name="huge"), node("Add", ["x", "z"], ["y"])], {"s": np.array([1 << 40, 1 << 20])}, *FOUR),
        "node 'huge' (ConstantOfShape): cannot be evaluated",
    ),
    "shapes that do not fit": (
        made([node("MatMul", ["x", "w"], ["y"], name="mix")], {"w": np.ones((3, 2), np.float32)}, *ROWS),
        "node 'mix' (MatMul): cannot be evaluated for inputs of shapes",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    model, message = REFUSED[name]
    with pytest.raises(inlay.ExportError) as error:
        inlay.export_onnx(model, tmp_path / "m.json")
    assert message in str(error.value)
    assert not list(tmp_path.iterdir())


def test_hops_of_other_graphs(tmp_path: Path) -> None:
    conv = made([node("Conv", ["x", "w"], ["y"])], CONV, {"x": [1, 1, 5]}, {"y": [1, 4, 3]})
    with pytest.raises(inlay.ExportError, match="hop: expected an integer from 1, found 0"):
        inlay.export_onnx(conv, tmp_path / "m.json", hop=0)
    with pytest.raises(inlay.ExportError, match="gives the last frame of a window of 5 frames; it gives 3"):
        inlay.export_onnx(conv, tmp_path / "m.json", hop=1)
    free = made([node("Conv", ["x", "w"], ["y"])], CONV, *ENDS)
    with pytest.raises(inlay.ExportError, match="hop: expected a graph with one input of a fixed"):
        inlay.export_onnx(free, tmp_path / "m.json", hop=1)


FRAME: Any = ({"x": [1, 2, 1, 9]}, {"y": [1, 2, 1, 9]})
GRU = {"w": np.ones((1, 6, 2), np.float32), "r": np.ones((1, 6, 2), np.float32), "two": np.array([0])}
SQUARE = {"w": np.ones((2, 2, 3, 3), np.float32)}

OF_FREQUENCY: dict[str, tuple[Any, str]] = {
    "frames of zeros": (
        made([node("Conv", ["x", "w"], ["y"], name="deep", pads=[2, 1, 0, 1])], SQUARE, *FRAME),
        "node 'deep' (Conv): padding of 2 and 0 frames in a graph of one frame is not supported, only the frames of a"
        " state before the present one; put them before it with Concat",
    ),
    "without a state": (
        made(
            [
                node("Squeeze", ["x", "two"], ["z"]), node("Transpose", ["z"], ["t"], perm=[1, 2, 0]),
                node("GRU", ["t", "w", "r"], ["h"], name="gru", hidden_size=2),
                node("Transpose", ["h"], ["y"], perm=[1, 3, 0, 2]),
            ],
            GRU, *FRAME, opset=13,
        ),
        "node 'gru' (GRU): an input of shape [1, 9, 2] without a state is not supported",
    ),
    "a sum with its past": (
        made(
            [node("Add", ["x", "s"], ["y"], name="sum"), node("Identity", ["y"], ["t"])], {},
            {"x": [1, 2, 1, 9], "s": [1, 2, 1, 9]}, {"y": [1, 2, 1, 9], "t": [1, 2, 1, 9]},
        ),
        "node 'sum' (Add): a state that is computed from 'y', which is computed later, is not supported",
    ),
    "an operator": (
        made([node("Softmax", ["x"], ["y"], name="weights")], {}, *FRAME),
        "node 'weights' (Softmax): this operator on a frame with an axis of frequency is not supported",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_FREQUENCY)
def test_axes_of_frequency(name: str, tmp_path: Path) -> None:
    graph, message = OF_FREQUENCY[name]
    with pytest.raises(inlay.ExportError) as error:
        inlay.export_onnx(graph, tmp_path / "m.json", states={"s": "t"} if "sum" in name else None)
    assert message in str(error.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "stft, message",
    [
        ({"hop": 4}, "expected n_fft, hop and window, found hop"),
        ({"n_fft": 30}, "a multiple of 32, at most 65536, whose prime factors are 2, 3 and 5, found 30"),
        ({"n_fft": 32, "hop": 0}, "expected a hop from 1 to n_fft, found 0"),
        ({"n_fft": 32, "window": "kaiser"}, "expected a window of sqrt_hann, hann, vorbis, ones, found 'kaiser'"),
        ({"n_fft": 32, "hop": 32}, "a hop of 32 leaves samples out with this window"),
        ({"n_fft": 64}, "expected 'mix' with an axis of 33 bins for n_fft=64"),
    ],
)
def test_transforms_that_do_not_fit(stft: Any, message: str, tmp_path: Path) -> None:
    net = FrequencyCaches(17)
    given = torch.zeros(1, 17, 1, 2), torch.zeros(net.shape)
    graph = graph_of(net, given, ["mix", "conv_cache"], ["enh", "conv_cache_out"])
    with pytest.raises(inlay.ExportError, match=f"stft: .*{message}"):
        inlay.export_onnx(graph, tmp_path / "m.json", stft=stft)
    conv = made([node("Conv", ["x", "w"], ["y"], pads=[2, 0])], CONV, *ENDS)
    with pytest.raises(inlay.ExportError, match="stft: "):
        inlay.export_onnx(conv, tmp_path / "m.json", stft=stft)


def test_states_that_are_not_each_others(tmp_path: Path) -> None:
    torch.manual_seed(1)
    states = [torch.zeros(1, 1, 12)] * 2
    graph = graph_of(
        StatefulLSTM(), (torch.zeros(1, 9, 1), *states), ["x", "a", "b"], ["y", "c", "d"], x=1, y=1
    )
    with pytest.raises(inlay.ExportError, match="has 3 inputs that are no states"):
        inlay.export_onnx(graph, tmp_path / "m.json")
    with pytest.raises(
        inlay.ExportError, match="evaluated in pieces, does not stream: frame 64 of"
    ):
        inlay.export_onnx(graph, tmp_path / "m.json", states={"a": "d", "b": "c"})
    with pytest.raises(
        inlay.ExportError, match="states: the graph has no output 'e'; it has 'y', 'c', 'd'"
    ):
        inlay.export_onnx(graph, tmp_path / "m.json", states={"a": "e"})


def test_first_values_of_states(tmp_path: Path) -> None:
    net = FrequencyCaches()
    given = torch.zeros(1, 33, 1, 2), torch.zeros(net.shape)
    graph = graph_of(net, given, ["mix", "conv_cache"], ["enh", "conv_cache_out"])
    with pytest.raises(inlay.ExportError, match="initial: expected values of the shapes of the states 'conv_cache'"):
        inlay.export_onnx(graph, tmp_path / "m.json", initial={"conv_cache": np.ones(3)})
    with pytest.raises(inlay.ExportError, match="state 'conv_cache': it starts with values other than zeros"):
        inlay.export_onnx(graph, tmp_path / "m.json", initial={"conv_cache": np.ones(net.shape)})


def test_data_elsewhere(tmp_path: Path) -> None:
    model = made([node("Conv", ["x", "w"], ["y"], pads=[2, 0])], CONV, *ENDS)
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="missing.bin")
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(inlay.ExportError, match="initialiser 'w': its data cannot be read"):
        inlay.export_onnx(tmp_path / "m.onnx", tmp_path / "m.json")


def test_damaged_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Bytes that are cut or changed give an error of one line, or a model."""
    states = [torch.zeros(1, 1, 12)] * 2
    graph = graph_of(
        StatefulLSTM(),
        (torch.zeros(1, 9, 1), *states),
        ["x", "h0", "c0"],
        ["y", "hn", "cn"],
        x=1,
        y=1,
    )
    whole, path = graph.SerializeToString(), tmp_path / "m.onnx"
    random = np.random.default_rng(1)
    for turn in range(120):
        data = bytearray(whole)
        if turn % 2:
            data = data[: random.integers(len(data))]
        else:
            for _ in range(turn % 7 + 1):
                data[random.integers(len(data))] = random.integers(256)
        path.write_bytes(data)
        status = main(["export", str(path), "-o", str(tmp_path / "m.json")])
        said = capsys.readouterr().err
        assert status in (0, 2)
        assert status == 0 or (said.startswith("inlay: ") and said.count("\n") == 1), said
