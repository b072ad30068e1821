"""Each exported layer is reproduced without PyTorch."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import inlay
from inlay.check import reference
from inlay.format import read_model


def causal(inputs: int, outputs: int, taps: int, **options: Any) -> nn.Sequential:
    left = (taps - 1) * options.get("dilation", 1)
    return nn.Sequential(
        nn.ConstantPad1d((left, 0), 0.0), nn.Conv1d(inputs, outputs, taps, **options)
    )


def busy_batchnorm(channels: int, **options: Any) -> nn.BatchNorm1d:
    """A BatchNorm1d with statistics and weights that are not trivial."""
    layer = nn.BatchNorm1d(channels, **options)
    layer.running_mean.uniform_(-1, 1)
    layer.running_var.uniform_(0.5, 2)
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, 0.5, 1.5)
    return layer


def prelu(channels: int) -> nn.PReLU:
    layer = nn.PReLU(channels)
    nn.init.uniform_(layer.weight, -0.5, 0.5)
    return layer


MODULES = {
    "dense": lambda: nn.Linear(3, 5),
    "dense without bias": lambda: nn.Linear(4, 4, bias=False),
    "conv1d": lambda: causal(3, 5, 3),
    "conv1d dilated": lambda: causal(2, 3, 4, dilation=5),
    "conv1d grouped": lambda: causal(6, 9, 3, groups=3, bias=False),
    "conv1d one tap": lambda: nn.Conv1d(2, 3, 1),
    "conv1d unpadded": lambda: nn.Conv1d(2, 3, 3, dilation=4),
    "conv1d padding='valid'": lambda: nn.Conv1d(2, 3, 3, padding="valid"),
    "conv1d with stride": lambda: nn.Conv1d(2, 3, 5, stride=3, dilation=2),
    "conv1d with stride, padded": lambda: nn.Sequential(
        nn.ConstantPad1d((4, 0), 0.0), nn.Conv1d(2, 3, 6, stride=2), nn.GRU(3, 2)
    ),
    "conv1d padded by less": lambda: nn.Sequential(
        nn.ConstantPad1d((1, 0), 0.0), nn.Conv1d(2, 3, 4)
    ),
    "conv_transpose1d": lambda: nn.ConvTranspose1d(2, 3, 4, stride=2),
    "conv_transpose1d, short": lambda: nn.ConvTranspose1d(2, 3, 2, stride=5, bias=False),
    "max_pool1d": lambda: nn.Sequential(nn.Linear(2, 3), nn.MaxPool1d(3, stride=2)),
    "avg_pool1d": lambda: nn.Sequential(nn.Linear(2, 3), nn.AvgPool1d(4)),
    "upsample_nearest": lambda: nn.Sequential(nn.Upsample(scale_factor=3), nn.Conv1d(2, 3, 1)),
    "upsample_linear": lambda: nn.Sequential(
        nn.Linear(2, 3), nn.Upsample(scale_factor=2.0, mode="linear"), nn.Tanh()
    ),
    "upsample_linear by an odd factor": lambda: nn.Sequential(
        nn.GRU(1, 3), nn.Upsample(scale_factor=5, mode="linear"), nn.Conv1d(3, 1, 1)
    ),
    "down and up": lambda: nn.Sequential(
        *(nn.Conv1d(1, 4, 4, stride=4), nn.Tanh(), nn.Conv1d(4, 4, 2, stride=2), nn.ReLU()),
        nn.ConvTranspose1d(4, 1, 16, stride=8),
    ),
    "glu": lambda: nn.Sequential(nn.Linear(2, 6), nn.GLU()),
    "lstm": lambda: nn.LSTM(3, 5),
    "lstm without bias": lambda: nn.LSTM(3, 5, bias=False),
    "lstm stacked": lambda: nn.LSTM(2, 4, num_layers=3, batch_first=True, dropout=0.5),
    "lstm projected": lambda: nn.LSTM(3, 5, proj_size=2, num_layers=2, batch_first=True),
    "gru": lambda: nn.GRU(3, 5),
    "gru without bias": lambda: nn.GRU(3, 5, bias=False),
    "gru stacked": lambda: nn.GRU(2, 4, num_layers=2, batch_first=True),
    "rnn": lambda: nn.RNN(3, 5),
    "rnn relu": lambda: nn.RNN(3, 5, nonlinearity="relu"),
    "rnn without bias": lambda: nn.RNN(3, 5, bias=False),
    "rnn stacked": lambda: nn.RNN(2, 4, num_layers=2, batch_first=True),
    "batchnorm1d": lambda: busy_batchnorm(4),
    "layer norm": lambda: nn.LayerNorm(4),
    "layer norm not affine": lambda: nn.Sequential(
        nn.Linear(1, 4), nn.LayerNorm(4, eps=1e-3, elementwise_affine=False)
    ),
    "layer norm behind a convolution": lambda: nn.Sequential(
        nn.Conv1d(1, 4, 1), nn.LayerNorm((4,)), nn.Conv1d(4, 1, 1)
    ),
    "instance norm with fixed statistics": lambda: nn.Sequential(
        nn.Conv1d(1, 4, 1), nn.InstanceNorm1d(4, affine=True, track_running_stats=True)
    ),
    "batchnorm1d not affine": lambda: busy_batchnorm(4, affine=False, eps=0.1),
    "prelu": lambda: prelu(3),
    "softmax after dense": lambda: nn.Sequential(nn.Linear(2, 5), nn.Softmax(dim=-1)),
    "softmax after rnn": lambda: nn.Sequential(nn.RNN(2, 5), nn.Softmax(dim=-1)),
    "softmax after conv1d": lambda: nn.Sequential(causal(2, 5, 3), nn.Softmax(dim=1)),
    "per channel after dense": lambda: nn.Sequential(
        nn.Linear(2, 4), busy_batchnorm(4), prelu(4), nn.Softmax(dim=-1)
    ),
    "unpadded twice": lambda: nn.Sequential(
        nn.GRU(1, 3), nn.Conv1d(3, 4, 3), nn.Tanh(), nn.Conv1d(4, 2, 2, dilation=3), nn.Linear(2, 1)
    ),
    "mixed": lambda: nn.Sequential(
        *(nn.Linear(1, 6), nn.Tanh(), causal(6, 4, 3, dilation=2), prelu(1), nn.GRU(4, 5)),
        *(nn.LSTM(5, 3), busy_batchnorm(3), nn.Conv1d(3, 2, 1), nn.Linear(2, 1)),
    ),
    "in-place": lambda: nn.Sequential(nn.Linear(2, 3), nn.ReLU(inplace=True), nn.ELU(0.7, True)),
    "in-place after conv1d": lambda: nn.Sequential(nn.Conv1d(1, 1, 1), nn.LeakyReLU(0.2, True)),
    "first in-place": lambda: nn.Sequential(nn.ReLU(inplace=True), nn.Linear(2, 3)),
    "nested": lambda: nn.Sequential(nn.Sequential(nn.Linear(1, 2)), nn.Sequential(), nn.Tanh()),
}

ACTIVATIONS = {
    "tanh": nn.Tanh(),
    "sigmoid": nn.Sigmoid(),
    "hard_sigmoid": nn.Hardsigmoid(),
    "relu": nn.ReLU(),
    "leaky_relu": nn.LeakyReLU(0.2),
    "elu": nn.ELU(0.7),
    "prelu": nn.PReLU(),
    "softmax": nn.Softmax(dim=-1),
    "softplus": nn.Softplus(2, 8),
    "silu": nn.SiLU(),
    "gelu": nn.GELU(),
    "gelu_tanh": nn.GELU(approximate="tanh"),
    "hardtanh": nn.Hardtanh(-2, 0),
    "hardswish": nn.Hardswish(),
    "softsign": nn.Softsign(),
    "mish": nn.Mish(),
    "selu": nn.SELU(),
}


def assert_reproduced(path: Path) -> reference.Json:
    root = reference.load(path)
    error, limit = reference.check_error(root)
    assert error <= limit
    return root


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", MODULES)
def test_module_is_reproduced(name: str, dtype: torch.dtype, tmp_path: Path) -> None:
    inlay.export_torch(MODULES[name]().to(dtype), tmp_path / "model.json")
    root = assert_reproduced(tmp_path / "model.json")
    assert root["check"]["dtype"] == str(dtype).removeprefix("torch.")
    assert root["check"]["tolerance"] == {torch.float32: 1e-5, torch.float64: 1e-12}[dtype]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_is_reproduced(name: str, dtype: type, tmp_path: Path) -> None:
    module = ACTIVATIONS[name].to(torch.float64 if dtype is np.float64 else torch.float32)
    signal = np.linspace(-6, 6, 90, dtype=dtype).reshape(30, 3)
    inlay.export_torch(module, tmp_path / "model.json", check_input=signal)
    root = assert_reproduced(tmp_path / "model.json")
    assert [layer["type"] for layer in root["layers"]] == [name]
    assert root["check"]["dtype"] == np.dtype(dtype).name


def test_relu6_is_a_hardtanh(tmp_path: Path) -> None:
    signal = np.linspace(-9, 9, 90, dtype=np.float32).reshape(30, 3)
    inlay.export_torch(nn.ReLU6(), tmp_path / "model.json", check_input=signal)
    (layer,) = assert_reproduced(tmp_path / "model.json")["layers"]
    assert layer == {"type": "hardtanh", "size": 3, "min": 0.0, "max": 6.0}


def test_skip_is_the_history_that_pytorch_waits_for(tmp_path: Path) -> None:
    module = nn.Sequential(causal(1, 2, 4), nn.Conv1d(2, 2, 3, dilation=5), nn.Conv1d(2, 1, 2))
    inlay.export_torch(module, tmp_path / "model.json")
    check = reference.load(tmp_path / "model.json")["check"]
    assert check["skip"] == 2 * 5 + 1
    assert check["output"]["shape"] == [check["input"]["shape"][0] - 11, 1]


def test_the_check_of_a_stride(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Conv1d(1, 2, 5, stride=3, dilation=2), nn.AvgPool1d(2))
    inlay.export_torch(module, tmp_path / "model.json")
    root = reference.load(tmp_path / "model.json")
    assert (root["layers"][0]["stride"], root["layers"][1]["stride"]) == (3, 2)
    assert (root["check"]["skip"], root["check"]["stride"]) == (8 + 3, 6)


def test_dropped_and_repeated_children(tmp_path: Path) -> None:
    shared = nn.Tanh()
    module = nn.Sequential(
        nn.Dropout(0.9), nn.Linear(2, 2), shared, nn.Identity(), nn.Linear(2, 2), shared
    )
    inlay.export_torch(module, tmp_path / "model.json")
    types = [layer["type"] for layer in assert_reproduced(tmp_path / "model.json")["layers"]]
    assert types == ["dense", "tanh", "dense", "tanh"]


class UnitRows(nn.Module):
    """Weight normalisation as a parametrization, which PyTorch has from version 2.0 on."""

    def forward(self, weight: Tensor) -> Tensor:
        rest = tuple(range(1, weight.dim()))
        return 1.5 * weight / weight.norm(dim=rest, keepdim=True)


def _hook(norm: Callable[..., nn.Module], layer: nn.Module) -> nn.Module:
    if not isinstance(layer, nn.RNNBase):
        return norm(layer)
    return norm(norm(layer, "weight_hh_l0"), "weight_ih_l0")


def _parametrization(norm: nn.Module, layer: nn.Module) -> nn.Module:
    name = "weight_hh_l0" if isinstance(layer, nn.RNNBase) else "weight"
    return nn.utils.parametrize.register_parametrization(layer, name, norm) or layer


NORMALISED_WEIGHTS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "weight norm": lambda layer: _hook(nn.utils.weight_norm, layer),
    "spectral norm": lambda layer: _hook(nn.utils.spectral_norm, layer),
    "weight parametrization": lambda layer: _parametrization(UnitRows(), layer),
    "spectral parametrization": lambda layer: nn.utils.parametrizations.spectral_norm(
        layer, "weight_hh_l0" if isinstance(layer, nn.RNNBase) else "weight"
    ),
}
NORMALISED_LAYERS: dict[str, Callable[[], nn.Module]] = {
    "linear": lambda: nn.Linear(3, 4),
    "conv1d": lambda: nn.Conv1d(3, 4, 2),
    "conv_transpose1d": lambda: nn.ConvTranspose1d(3, 4, 2, 2),
    "lstm": lambda: nn.LSTM(3, 4, batch_first=True),
    "gru": lambda: nn.GRU(3, 4, batch_first=True),
}


@pytest.mark.parametrize("norm", NORMALISED_WEIGHTS)
@pytest.mark.parametrize("layer", NORMALISED_LAYERS)
def test_normalised_weights_are_folded(layer: str, norm: str, tmp_path: Path) -> None:
    module = NORMALISED_WEIGHTS[norm](NORMALISED_LAYERS[layer]()).eval()
    with torch.no_grad():  # as an optimiser does, which leaves the weight itself out of date
        for name, parameter in module.named_parameters():
            if name.endswith(("_g", "_orig", "original")):
                parameter *= 1.3
    module.float()  # PyTorch before 2.1 computes a parametrized LSTM's weights only here
    inlay.export_torch(nn.Sequential(module, nn.Tanh()), tmp_path / "model.json")
    names = [each["type"] for each in assert_reproduced(tmp_path / "model.json")["layers"]]
    assert names == [{"linear": "dense"}.get(layer, layer), "tanh"]


# torch.nn has RMSNorm from version 2.4 on. Elsewhere this one stands in for it.
OF_PYTORCH_2_4 = """
import sys
from pathlib import Path
import torch
from torch import nn

class RMSNorm(nn.Module):
    def __init__(self, normalized_shape, eps=None, elementwise_affine=True):
        super().__init__()
        self.normalized_shape, self.eps = (normalized_shape,), eps
        self.weight = nn.Parameter(torch.rand(normalized_shape)) if elementwise_affine else None

    def forward(self, x):
        eps = torch.finfo(x.dtype).eps if self.eps is None else self.eps
        y = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)
        return y if self.weight is None else y * self.weight

if not hasattr(nn, "RMSNorm"):
    nn.RMSNorm = RMSNorm
import inlay
from inlay.check import reference

norms = nn.RMSNorm(3), nn.RMSNorm(3, eps=1e-3, elementwise_affine=False)
inlay.export_torch(nn.Sequential(nn.Linear(1, 3), *norms), sys.argv[1])
root = reference.load(Path(sys.argv[1]))
error, limit = reference.check_error(root)
assert error <= limit
print([layer["type"] for layer in root["layers"]])
"""


def test_rms_norm_of_newer_versions(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OF_PYTORCH_2_4, str(tmp_path / "model.json")]
    environment = {**os.environ, "PYTHONPATH": str(Path(inlay.__file__).parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.stdout == "['dense', 'rms_norm', 'rms_norm']\n", done.stderr


def test_parametrisation_is_resolved(tmp_path: Path) -> None:
    module = nn.Conv1d(2, 3, 3)
    nn.utils.parametrize.register_parametrization(module, "weight", nn.Softplus())
    inlay.export_torch(module, tmp_path / "model.json")
    root = assert_reproduced(tmp_path / "model.json")
    assert min(root["layers"][0]["kernel"]["data"]) > 0


def test_sequential_subclass_is_a_sequential(tmp_path: Path) -> None:
    class Amp(nn.Sequential):
        def __init__(self) -> None:
            super().__init__(nn.GRU(1, 3), nn.Linear(3, 1))

    inlay.export_torch(Amp(), tmp_path / "model.json")
    assert_reproduced(tmp_path / "model.json")


def test_training_flags_and_gradients_are_left_alone(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Linear(2, 2), nn.Dropout(), busy_batchnorm(2))
    module.train()
    module[2].eval()
    mean = module[2].running_mean.clone()
    inlay.export_torch(module, tmp_path / "model.json")
    assert [child.training for child in module] == [True, True, False]
    assert torch.is_grad_enabled()
    assert torch.equal(module[2].running_mean, mean)


def test_given_values_are_written(tmp_path: Path) -> None:
    signal = torch.rand(17, 2)
    untouched = signal.clone()
    inlay.export_torch(
        *(nn.Linear(2, 1), tmp_path / "model.json"),
        sample_rate=44100,
        metadata={"name": "Grün"},
        check_input=signal,
        tolerance=1e-4,
    )
    root = assert_reproduced(tmp_path / "model.json")
    assert root["sample_rate"] == 44100
    assert root["metadata"] == {"name": "Grün"}
    assert root["check"]["tolerance"] == 1e-4
    assert torch.equal(signal, untouched)
    assert np.array_equal(read_model(tmp_path / "model.json").check.input, signal.numpy())
    assert root["check"]["source"] == f"PyTorch {torch.__version__}"


@pytest.mark.parametrize("dilation", [1, 100, 3000])
def test_default_signal(dilation: int, tmp_path: Path) -> None:
    inlay.export_torch(causal(2, 1, 3, dilation=dilation), tmp_path / "model.json")
    signal = read_model(tmp_path / "model.json").check.input
    frames = len(signal)
    assert 2 * dilation + 1 < frames
    assert frames == {1: 128, 100: 402, 3000: 6033}[dilation]
    assert np.abs(signal).max() == 1.0
    assert (signal == 0.0).all(axis=1).sum() >= frames // 8


def test_weights_survive_bit_by_bit(tmp_path: Path) -> None:
    for module in (nn.Linear(50, 50), nn.Linear(50, 50).double()):
        inlay.export_torch(module, tmp_path / "model.json")
        (dense,) = read_model(tmp_path / "model.json").layers
        assert np.array_equal(dense.tensors["kernel"], module.weight.detach().numpy().T)
        assert dense.tensors["kernel"].dtype == module.weight.detach().numpy().dtype


def test_import_does_not_import_torch() -> None:
    code = "import inlay, sys; sys.exit('torch' in sys.modules)"
    source = Path(inlay.__file__).parents[1]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=source)
