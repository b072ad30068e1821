"""ONNX graphs that are exported agree with PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import inlay
from inlay.check import reference
from onnx_models import (
    AniraCnn,
    AniraHybrid,
    AniraLstm,
    CachedTcn,
    DeepFilter,
    FixedTcn,
    FrequencyCaches,
    MaskLstms,
    NamWaveNet,
    RandomSteps,
    StateSpaceStep,
    StatefulLSTM,
    StepOfDPDFNet,
    TwoSteps,
    graph_of,
    onnx,
    step_of_gtcrn,
)
from random_models import WaveNet, random_model, randomise

from onnx import TensorProto, helper, numpy_helper  # isort: skip

FRAMES = 700
LIMIT = 1e-5


def played(model: Any, path: Path, signal: np.ndarray, **options: Any) -> np.ndarray:
    """The output of the exported file for a signal [frames, channels]."""
    inlay.export_onnx(model, path, **options)
    root = reference.load(path)
    error, limit = reference.check_error(root)
    assert error <= limit
    return reference.evaluate(root["layers"], signal.astype(np.float64))


def noise(frames: int = FRAMES, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(5).uniform(-1, 1, (frames, channels)).astype(np.float32)


def agree(found: np.ndarray, expected: Any) -> None:
    wanted = expected.detach().numpy()
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() <= LIMIT * max(1, np.abs(wanted).max())


def module(make: Any, *arguments: Any) -> nn.Module:
    torch.manual_seed(3)
    made = make(*arguments)
    randomise(made)
    return made.eval()


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
@pytest.mark.parametrize("levels", [1, 2])
@pytest.mark.parametrize("frames", [None, 1, 32])
def test_recurrent_layers_with_states(
    kind: Any, levels: int, frames: int | None, tmp_path: Path
) -> None:
    net, x = module(StatefulLSTM, kind, 2, levels), noise(channels=2)
    count = 2 if kind is nn.LSTM else 1
    states = [torch.zeros(levels, 1, 12)] * count
    names = ["h0", "c0"][:count]
    axes = {} if frames else {"x": 1, "y": 1}
    graph = graph_of(
        net,
        (torch.zeros(1, frames or 40, 2), *states),
        ["x", *names],
        ["y", "hn", "cn"][: count + 1],
        **axes,
    )
    agree(played(graph, tmp_path / "m.json", x), net(torch.tensor(x)[None])[0][0])


def test_recurrent_layer_without_states(tmp_path: Path) -> None:
    net, x = module(StatefulLSTM), noise()
    graph = graph_of(net, torch.zeros(1, 40, 1), ["x"], ["y", "h", "c"], x=1, y=1)
    del graph.graph.output[1:]
    agree(played(graph, tmp_path / "m.json", x), net(torch.tensor(x)[None])[0][0])


@pytest.mark.parametrize("frames", [None, 1, 48])
def test_convolutions_with_caches(frames: int | None, tmp_path: Path) -> None:
    net, x = module(CachedTcn), noise()
    names = [f"cache_{i}_in" for i in range(3)]
    new = [f"cache_{i}_out" for i in range(3)]
    axes = {} if frames else {"x": 2, "y": 2}
    caches = [torch.zeros(shape) for shape in net.pasts]
    graph = graph_of(
        net, (torch.zeros(1, 1, frames or 40), *caches), ["x", *names], ["y", *new], **axes
    )
    agree(played(graph, tmp_path / "m.json", x), net(torch.tensor(x.T)[None], *caches)[0][0].T)


def test_states_by_name(tmp_path: Path) -> None:
    net, x = module(StatefulLSTM, nn.GRU), noise()
    graph = graph_of(
        net, (torch.zeros(1, 40, 1), torch.zeros(1, 1, 12)), ["x", "memory"], ["y", "z"], x=1, y=1
    )
    agree(
        played(graph, tmp_path / "m.json", x, states={"memory": "z"}),
        net(torch.tensor(x)[None])[0][0],
    )


@pytest.mark.parametrize("frames", [None, 512])
def test_convolutions_without_padding(frames: int | None, tmp_path: Path) -> None:
    net, x = module(FixedTcn), noise()
    axes = {} if frames else {"x": 2, "y": 2}
    graph = graph_of(net, torch.zeros(1, 1, frames or 64), ["x"], ["y"], **axes)
    found = played(graph, tmp_path / "m.json", x)
    assert reference.load(tmp_path / "m.json")["check"]["skip"] == 12
    agree(found[12:], net(torch.tensor(x.T)[None])[0].T)


def test_wavenet(tmp_path: Path) -> None:
    torch.manual_seed(1)
    net = WaveNet(np.random.default_rng(4), 1)
    randomise(net)
    x = noise()
    graph = graph_of(net, torch.zeros(1, 1, 64), ["x"], ["y"], x=2, y=2)
    agree(played(graph, tmp_path / "m.json", x), net(torch.tensor(x.T)[None])[0].T)


def test_knobs_are_channels(tmp_path: Path) -> None:
    net, x = module(StatefulLSTM, nn.GRU, 3), noise(channels=3)
    graph = graph_of(
        net, (torch.zeros(1, 40, 3), torch.zeros(1, 1, 12)), ["x", "h_in"], ["y", "h_out"], x=1, y=1
    )
    agree(played(graph, tmp_path / "m.json", x), net(torch.tensor(x)[None])[0][0])


class Conditioned(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv1d(1, 4, 1), nn.Conv1d(2, 4, 1)
        self.mix = nn.Conv1d(4, 1, 1)

    def forward(self, x: torch.Tensor, knobs: torch.Tensor) -> torch.Tensor:
        return self.mix(torch.tanh(self.a(x) + self.b(knobs)))


def test_a_second_input_is_a_condition(tmp_path: Path) -> None:
    net, x, knobs = module(Conditioned), noise(), noise(channels=2)
    given = torch.zeros(1, 1, 64), torch.zeros(1, 2, 64)
    graph = graph_of(net, given, ["x", "knobs"], ["y"], x=2, knobs=2, y=2)
    inlay.export_onnx(graph, tmp_path / "m.json")
    layers = reference.load(tmp_path / "m.json")["layers"]
    found = reference.evaluate(layers, x.astype(np.float64), knobs.astype(np.float64))
    agree(found, net(torch.tensor(x.T)[None], torch.tensor(knobs.T)[None])[0].T)


class Held(nn.Module):
    """A network with knobs (1, 2) for the whole clip: as FiLM, as an offset, or as channels of its own."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way
        self.first, self.last = nn.Conv1d(3 if way == "channels" else 1, 4, 1), nn.Conv1d(4, 1, 1)
        self.lstm = nn.LSTM(4, 4, batch_first=True)
        self.knobs = nn.Sequential(nn.Linear(2, 5), nn.ReLU(), nn.Linear(5, 8))

    def forward(self, x: torch.Tensor, knobs: torch.Tensor) -> torch.Tensor:
        if self.way == "channels":
            x = self.first(torch.cat([x, knobs[:, :, None].expand(-1, -1, x.shape[2])], 1))
        else:
            scale, shift = self.knobs(knobs)[..., None].chunk(2, 1)
            x = self.first(x) * scale + shift if self.way == "film" else self.first(x) + shift
        x = torch.tanh(x)
        return self.last(x + self.lstm(x.transpose(1, 2))[0].transpose(1, 2))


@pytest.mark.parametrize(
    "way, frames", [("film", None), ("offset", None), ("channels", None), ("film", 50)]
)
def test_knobs_held_for_a_clip(way: str, frames: int | None, tmp_path: Path) -> None:
    net, x, knobs = module(Held, way), noise(), noise(1, channels=2)
    axes = {} if frames else {"x": 2, "y": 2}
    given = torch.zeros(1, 1, frames or 64), torch.zeros(1, 2)
    inlay.export_onnx(graph_of(net, given, ["x", "knobs"], ["y"], **axes), tmp_path / "m.json")
    layers = reference.load(tmp_path / "m.json")["layers"]
    held = np.repeat(knobs, len(x), 0).astype(np.float64)
    found = reference.evaluate(layers, x.astype(np.float64), held)
    agree(found, net(torch.tensor(x.T)[None], torch.tensor(knobs))[0].T)


def test_changes_of_the_rate(tmp_path: Path) -> None:
    down, up = nn.Conv1d(1, 4, 4, 2), nn.ConvTranspose1d(4, 1, 2, 2)
    net, x = nn.Sequential(nn.ConstantPad1d((2, 0), 0.0), down, nn.Tanh(), up), noise()
    randomise(net)
    graph = graph_of(net, torch.zeros(1, 1, 64), ["x"], ["y"], x=2, y=2)
    agree(played(graph, tmp_path / "m.json", x), net(torch.tensor(x.T)[None])[0].T)


@pytest.mark.parametrize(
    "layer",
    [
        nn.ReLU(), nn.LeakyReLU(0.2), nn.ELU(0.7), nn.SELU(), nn.PReLU(4), nn.Sigmoid(), nn.Hardsigmoid(),
        nn.Hardswish(), nn.Softplus(), nn.Softsign(), nn.Softmax(1), nn.Hardtanh(-0.3, 0.6), nn.GELU(),
        nn.SiLU(), nn.Mish(), nn.BatchNorm1d(4), nn.GLU(1), nn.Dropout(), nn.Identity(),
        nn.MaxPool1d(2), nn.AvgPool1d(3),
    ],
    ids=lambda layer: type(layer).__name__,
)  # fmt: skip
def test_activations(layer: nn.Module, tmp_path: Path) -> None:
    net, x = nn.Sequential(nn.Conv1d(1, 4, 1), layer), noise()
    randomise(net)
    graph = graph_of(net, torch.zeros(1, 1, 64), ["x"], ["y"], x=2, y=2)
    agree(played(graph, tmp_path / "m.json", x), net(torch.tensor(x.T)[None])[0].T)


def test_layer_norm_of_several_operations(tmp_path: Path) -> None:
    net, x = nn.Sequential(nn.Linear(2, 5), nn.LayerNorm(5, eps=1e-3)), noise(channels=2)
    randomise(net)
    graph = graph_of(net, torch.zeros(1, 64, 2), ["x"], ["y"], x=1, y=1)
    agree(played(graph, tmp_path / "m.json", x), net(torch.tensor(x)[None])[0])
    types = [layer["type"] for layer in reference.load(tmp_path / "m.json")["layers"]]
    assert types == ["dense", "layer_norm"]


STEPS = {
    "lstm": "lstm", "gru": "gru", "early_gru": "gru", "min_gru": "min_gru", "rnn": "rnn",
    "average": "lru", "complex": "lru",
}  # fmt: skip


@pytest.mark.parametrize("kind", STEPS)
def test_layers_written_step_by_step(kind: str, tmp_path: Path) -> None:
    net, x = module(TwoSteps, kind), noise(channels=3)
    memory = torch.zeros(net.shape)
    graph = graph_of(net, (torch.zeros(1, 1, 3), memory), ["x", "memory"], ["y", "stacked"])
    wanted = []
    for frame in torch.tensor(x):
        y, memory = net(frame[None, None], memory)
        wanted.append(y[0, 0])
    agree(played(graph, tmp_path / "m.json", x), torch.stack(wanted))
    types = [layer["type"] for layer in reference.load(tmp_path / "m.json")["layers"]]
    assert types.count(STEPS[kind]) == 2


@pytest.mark.parametrize("late", [False, True])
def test_state_spaces_written_step_by_step(late: bool, tmp_path: Path) -> None:
    net, x = module(StateSpaceStep, late), noise(300, channels=2)
    states = [torch.zeros(net.shape)] * 2
    names = ["re_in", "im_in"], ["re_out", "im_out"]
    graph = graph_of(net, (torch.zeros(1, 2), *states), ["x", *names[0]], ["y", *names[1]])
    wanted = []
    for frame in torch.tensor(x):
        y, *states = net(frame[None], *states)
        wanted.append(y[0])
    agree(played(graph, tmp_path / "m.json", x), torch.stack(wanted))


# Published networks, as their exporters write them ----------------------------------------------


@pytest.mark.parametrize("size", AniraCnn.BLOCKS)
def test_cnns_of_anira(size: str, tmp_path: Path) -> None:
    net = module(AniraCnn, size)
    past = sum(12 * dilation for _, dilation in AniraCnn.BLOCKS[size])
    x = noise(past + 40)
    graph = graph_of(net, torch.zeros(1, 1, past + 8), ["x"], ["y"], x=2, y=2)
    agree(played(graph, tmp_path / "m.json", x)[past:], net(torch.tensor(x.T)[None])[0].T)


@pytest.mark.parametrize("batch, hop", [(None, 40), (1, 40), (7, 8)])
def test_hybrid_network_of_anira(batch: int | None, hop: int, tmp_path: Path) -> None:
    net, x = module(AniraHybrid), noise(230)
    axes = {} if batch else {"x": 0, "y": 0}
    graph = graph_of(net, torch.zeros(batch or 2, 1, 150), ["x"], ["y"], **axes)
    found = played(graph, tmp_path / "m.json", x, hop=hop)[149 // hop :]
    windows = torch.tensor(x).unfold(0, 150, hop)
    agree(found, net(windows))
    assert reference.load(tmp_path / "m.json")["check"]["skip"] == 149


def test_lstm_of_anira(tmp_path: Path) -> None:
    net, x = module(AniraLstm), noise()
    graph = graph_of(net, torch.zeros(2048, 1, 1), ["x"], ["y"])
    agree(played(graph, tmp_path / "m.json", x), net(torch.tensor(x)[:, None])[:, 0])


def test_masks_of_dtln(tmp_path: Path) -> None:
    net, x = module(MaskLstms), noise(200, channels=17)
    memory = torch.zeros(net.shape)
    graph = graph_of(net, (torch.zeros(1, 1, 17), memory), ["x", "input_3"], ["y", "stack"])
    agree(played(graph, tmp_path / "m.json", x), net(torch.tensor(x)[None], memory)[0][0])


@pytest.mark.parametrize(
    "arrays, gated",
    [(NamWaveNet.STANDARD, True), (NamWaveNet.STANDARD, False), (NamWaveNet.NANO, False)],
)
def test_wavenets_of_neural_amp_modeler(arrays: Any, gated: bool, tmp_path: Path) -> None:
    net, x = module(NamWaveNet, arrays, gated), noise(800)
    graph = graph_of(net, torch.zeros(1, 1, 600), ["x"], ["y"], x=2, y=2)
    wanted = net(torch.tensor(x.T)[None])[0].T
    agree(played(graph, tmp_path / "m.json", x)[-len(wanted) :], wanted)


def test_gtcrn(tmp_path: Path) -> None:
    net, graph = step_of_gtcrn(5, 8, 17, 4)
    x = noise(60, 34)
    wanted = net(torch.tensor(x).reshape(1, 60, 17, 2).transpose(1, 2)).transpose(1, 2).reshape(60, 34)
    agree(played(graph, tmp_path / "m.json", x), wanted)
    signal = noise(500)
    found = played(graph, tmp_path / "m.json", signal, stft={"n_fft": 32, "hop": 16})
    model = inlay.torch.SpectralNetwork(net, 32, 16)
    agree(found, model(torch.tensor(signal.T)[None])[0].T)
    assert reference.load(tmp_path / "m.json")["layers"][0]["type"] == "overlap_add"


def test_an_axis_of_frequency(tmp_path: Path) -> None:
    net, x = module(FrequencyCaches, 9), noise(100, channels=18)
    cache, wanted = torch.zeros(net.shape), []
    names = ["mix", "cache_in"], ["enh", "cache_out"]
    graph = graph_of(net, (torch.zeros(1, 9, 1, 2), cache), *names)
    for frame in torch.tensor(x):
        y, cache = net(frame.reshape(1, 9, 1, 2), cache)
        wanted.append(y.flatten())
    agree(played(graph, tmp_path / "m.json", x), torch.stack(wanted))


@pytest.mark.parametrize("make", [DeepFilter, StepOfDPDFNet])
def test_deep_filtering(make: Any, tmp_path: Path) -> None:
    net, x = module(make), noise(60, channels=34)
    state, wanted = net.start(), []
    initial = {"state_in": state.numpy()}
    graph = graph_of(net, (torch.zeros(1, 1, 17, 2), state), ["spec", "state_in"], ["spec_e", "state_out"])
    for frame in torch.tensor(x):
        y, state = net(frame.reshape(1, 1, 17, 2), state)
        wanted.append(y.flatten())
    agree(played(graph, tmp_path / "m.json", x, initial=initial), torch.stack(wanted))


class PaddedTcn(nn.Module):
    """Convolutions with their padding inside."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv1d(1, 4, 3, dilation=2), nn.Conv1d(4, 1, 3, dilation=5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.tanh(self.first(nn.functional.pad(x, (4, 0))))
        return self.second(nn.functional.pad(x, (10, 0)))


@pytest.mark.parametrize("frames", [9, 40])  # less and more than the receptive field
def test_windows_with_padding_inside(frames: int, tmp_path: Path) -> None:
    net, x = module(PaddedTcn), noise()
    graph = graph_of(net, torch.zeros(1, 1, frames), ["x"], ["y"])
    agree(played(graph, tmp_path / "m.json", x), net(torch.tensor(x.T)[None])[0].T)
    source = reference.load(tmp_path / "m.json")["check"]["source"]
    assert ("after the first 9 frames" in source) == (frames == 9)


class RmsNorm(nn.Module):
    """As language models write it, over the axis `dim`."""

    def __init__(self, size: int, dim: int, reciprocal: bool) -> None:
        super().__init__()
        self.gain, self.dim, self.reciprocal = nn.Parameter(torch.ones(size)), dim, reciprocal

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        size = x.pow(2) if self.reciprocal else x * x
        size = size.mean(self.dim, keepdim=True) + 1e-4
        y = x * torch.rsqrt(size) if self.reciprocal else x / torch.sqrt(size)
        return y * self.gain.reshape(-1, *[1] * (-1 - self.dim))


class SnakeBeta(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1, size, 1))
        self.beta = nn.Parameter(torch.ones(1, size, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + (self.beta + 2).reciprocal() * torch.sin(self.alpha * x).pow(2)


class TwoReLU(nn.Module):
    """A PReLU as Keras's exporter writes it."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.ones(size, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x) + -self.slope * torch.relu(-x)


FUSED: dict[str, Any] = {
    "rms_norm": lambda: RmsNorm(6, -2, False), "rms_norm of reciprocals": lambda: RmsNorm(6, -2, True),
    "snake": lambda: SnakeBeta(6), "prelu": lambda: TwoReLU(6),
    "upsample_nearest": lambda: nn.Upsample(scale_factor=3),
    "upsample_linear": lambda: nn.Upsample(scale_factor=2, mode="linear"),
    "conv_transpose1d": lambda: nn.ConvTranspose1d(6, 4, 3, 3, groups=2),
}  # fmt: skip


@pytest.mark.parametrize("name", FUSED)
def test_layers_of_several_operations(name: str, tmp_path: Path) -> None:
    net, x = module(nn.Sequential, nn.Conv1d(2, 6, 1), FUSED[name]()), noise(channels=2)
    graph = graph_of(net, torch.zeros(1, 2, 64), ["x"], ["y"], x=2, y=2)
    found, wanted = played(graph, tmp_path / "m.json", x), net(torch.tensor(x.T)[None])[0].T
    late = 2 if "linear" in name else 0
    agree(found[late:], wanted[: len(wanted) - late])
    types = [layer["type"] for layer in reference.load(tmp_path / "m.json")["layers"]]
    assert types == ["conv1d", name.split()[0]]


def test_group_norm_of_one_frame(tmp_path: Path) -> None:
    net, x = module(nn.Sequential, nn.Conv1d(2, 6, 1), nn.GroupNorm(3, 6)), noise(100, channels=2)
    graph = graph_of(net, torch.zeros(1, 2, 1), ["x"], ["y"])
    agree(played(graph, tmp_path / "m.json", x), net(torch.tensor(x)[:, :, None])[:, :, 0])
    longer = graph_of(net, torch.zeros(1, 2, 9), ["x"], ["y"], x=2, y=2)
    with pytest.raises(inlay.ExportError, match="a norm over time is not supported"):
        inlay.export_onnx(longer, tmp_path / "m.json")


@pytest.mark.parametrize("first", range(1, 401, 80))
def test_random_graphs(first: int, tmp_path: Path) -> None:
    """20 random models of each range; PyTorch cannot write a few others as ONNX."""
    seeds, count = iter(range(first, first + 80, 2)), 0
    while count < 20:
        seed = next(seeds)
        net, channels = random_model(seed)
        x = noise(400, channels)
        last = type(net).__name__ in ("SkipAmp", "SideMixed")  # the channels are the last axis
        given = torch.tensor(x if last else x.T)[None]
        expected = net(given).detach()[0]
        axis = 1 if last else 2
        try:
            graph = graph_of(net, given, ["x"], ["y"], x=axis, y=axis)
        except RuntimeError:
            continue
        try:
            found = played(graph, tmp_path / "m.json", x)
        except inlay.ExportError as error:
            pytest.fail(f"random_model({seed}) is refused: {error}\n{net}")
        wanted = expected if last else expected.T
        agree(found[len(found) - len(wanted) :], wanted)
        count += 1


@pytest.mark.parametrize("first", [0, 10])
def test_random_graphs_of_one_frame(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 10):
        net = module(RandomSteps, np.random.default_rng(seed))
        x, states = noise(40, net.inputs), [torch.zeros(1, size) for size in net.states]
        names = [[f"s{i}_{end}" for i in range(len(states))] for end in ("in", "out")]
        given = (torch.zeros(1, net.inputs), *states)
        graph = graph_of(net, given, ["x", *names[0]], ["y", *names[1]])
        wanted = []
        for frame in torch.tensor(x):
            y, *states = net(frame[None], *states)
            wanted.append(y[0])
        try:
            found = played(graph, tmp_path / "m.json", x)
        except inlay.ExportError as error:
            pytest.fail(f"seed {seed} is refused: {error}\n{net}")
        agree(found, torch.stack(wanted))


# Graphs that PyTorch does not write --------------------------------------------------------------


def made(
    nodes: list[Any],
    weights: dict[str, Any],
    inputs: dict[str, Any],
    outputs: dict[str, Any],
    opset: int = 17,
) -> Any:
    """A ModelProto of these nodes."""
    ends = [
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in side.items()
        ]
        for side in (inputs, outputs)
    ]
    constants = [
        numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()
    ]
    graph = helper.make_graph(nodes, "graph", *ends, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


W = np.random.default_rng(2).uniform(-0.6, 0.6, (4, 1, 3)).astype(np.float32)
ENDS: Any = ({"x": [1, 1, "t"]}, {"y": [1, 4, "t"]})


def causal(x: np.ndarray) -> np.ndarray:
    late = np.concatenate([np.zeros((2, 1)), x])
    return sum(late[k : k + len(x)] @ W[:, :, k].T for k in range(3))


@pytest.mark.parametrize("way", ["pads", "Pad", "cropped", "tf2onnx"])
def test_causal_convolutions(way: str, tmp_path: Path) -> None:
    node = helper.make_node
    weights: dict[str, Any] = {"w": W}
    if way == "pads":
        nodes = [node("Conv", ["x", "w"], ["y"], pads=[2, 0])]
    elif way == "Pad":
        weights["p"] = np.array([0, 0, 2, 0, 0, 0])
        nodes = [node("Pad", ["x", "p"], ["z"]), node("Conv", ["z", "w"], ["y"])]
    elif way == "cropped":
        weights |= {"a": np.array([0]), "b": np.array([-2]), "axis": np.array([2])}
        nodes = [
            node("Conv", ["x", "w"], ["z"], pads=[2, 2]),
            node("Slice", ["z", "a", "b", "axis"], ["y"]),
        ]
    else:
        weights |= {"w": W[:, :, None], "two": np.array([2])}
        nodes = [
            node("Unsqueeze", ["x", "two"], ["z"]),
            node("Conv", ["z", "w"], ["c"], pads=[0, 2, 0, 0]),
            node("Squeeze", ["c", "two"], ["y"]),
        ]
    x = noise()
    agree(played(made(nodes, weights, *ENDS), tmp_path / "m.json", x), torch.tensor(causal(x)))


def test_fused_layer_norm(tmp_path: Path) -> None:
    nodes = [helper.make_node("LayerNormalization", ["x", "g", "b"], ["y"], axis=-1, epsilon=1e-3)]
    weights = {"g": np.linspace(1, 2, 5, dtype=np.float32), "b": np.ones(5, np.float32)}
    x = noise(channels=5)
    found = played(
        made(nodes, weights, {"x": [1, "t", 5]}, {"y": [1, "t", 5]}),
        tmp_path / "m.json",
        x,
        layout="NTC",
    )
    norm = nn.functional.layer_norm(
        torch.tensor(x), (5,), torch.tensor(weights["g"]), torch.tensor(weights["b"]), 1e-3
    )
    agree(found, norm)
