"""Writes the golden models of tests/golden/torch: small random PyTorch models and their outputs.

    PYTHONPATH=python/src python3 tests/golden/generate.py

With `--manifest` it only writes their entries in the manifest (manifest.py), like all generators.

Every model is written twice, NAME.f32.json and NAME.f64.json: the same weights, the check computed
by PyTorch in float32 and in float64. The seed of a model is the CRC-32 of its name, so that adding
one leaves the others as they are.
"""

from __future__ import annotations

import copy
import zlib
from pathlib import Path
from typing import Any, Callable, Iterator, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

import manifest
from inlay import export_torch
from inlay.format import Array, Check, LayerRecord, ModelFile, write_model

FOLDER = Path(__file__).parent / "torch"

# Weights are multiples of this: exact in float32, and short as decimal text in the float64 files.
GRID = 2.0**-10

Samples = npt.NDArray[np.floating]


class Golden(NamedTuple):
    module: nn.Module
    channels: int
    frames: int = 128
    peak: float = 1.0  # of the check's input


def causal(inputs: int, outputs: int, taps: int, dilation: int = 1, **options: int) -> nn.Module:
    """A Conv1d with zeros before the start."""
    return nn.Sequential(
        nn.ConstantPad1d(((taps - 1) * dilation, 0), 0.0),
        nn.Conv1d(inputs, outputs, taps, dilation=dilation, **options),
    )


def deep_conv(conv: Callable[..., nn.Module]) -> nn.Module:
    dilations = (1, 4, 16, 64)
    return nn.Sequential(*(conv(1 if d == 1 else 4, 4, 3, dilation=d) for d in dilations))


class GroupNormOfFrames(nn.Module):
    """GroupNorm whose frames are the entries of a batch."""

    def __init__(self, groups: int, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(x.flatten(0, 1)).reshape(x.shape)


def goldens() -> dict[str, Golden]:
    models = {
        "dense_3_5": Golden(nn.Linear(3, 5), 3),
        "dense_4_4_nobias": Golden(nn.Linear(4, 4, bias=False), 4),
        "dense_16_16": Golden(nn.Linear(16, 16), 16, frames=64),
        "dense_20_1": Golden(nn.Linear(20, 1), 20, frames=64),
        "dense_1_17": Golden(nn.Linear(1, 17), 1, frames=64),
        "conv1d_1_4_k3": Golden(causal(1, 4, 3), 1),
        "conv1d_4_6_k3_d2": Golden(causal(4, 6, 3, 2), 4),
        "conv1d_6_6_k3_d4_g3": Golden(causal(6, 6, 3, 4, groups=3), 6),
        "conv1d_6_6_k3_d2_g6": Golden(causal(6, 6, 3, 2, groups=6), 6),
        "conv1d_16_16_k3_g16": Golden(causal(16, 16, 3, groups=16), 16, frames=64),
        "conv1d_8_8_k5_d16": Golden(causal(8, 8, 5, 16), 8),
        "conv1d_3_20_k2": Golden(causal(3, 20, 2), 3, frames=64),
        "conv1d_2_2_k1": Golden(causal(2, 2, 1), 2),
        "conv1d_1_1_k150_nobias": Golden(causal(1, 1, 150, bias=False), 1, frames=400),
        "conv1d_1_1_k500": Golden(causal(1, 1, 500), 1, frames=900),
        "conv1d_16_16_k3": Golden(causal(16, 16, 3), 16, frames=64),
        "conv1d_5_7_k4_nobias": Golden(causal(5, 7, 4, bias=False), 5),
        "conv1d_5_7_k4_nobias_unpadded": Golden(nn.Conv1d(5, 7, 4, bias=False), 5),
        "tanh_3": Golden(nn.Tanh(), 3, peak=6.0),
        "sigmoid_3": Golden(nn.Sigmoid(), 3, peak=6.0),
        "hard_sigmoid_3": Golden(nn.Hardsigmoid(), 3, peak=6.0),
        "relu_3": Golden(nn.ReLU(), 3, peak=6.0),
        "leaky_relu_3": Golden(nn.LeakyReLU(0.2), 3, peak=6.0),
        "elu_3": Golden(nn.ELU(0.7), 3, peak=6.0),
        "softplus_3": Golden(nn.Softplus(1.7, 8.0), 3, peak=6.0),
        "silu_3": Golden(nn.SiLU(), 3, peak=6.0),
        "gelu_3": Golden(nn.GELU(), 3, peak=6.0),
        "gelu_tanh_3": Golden(nn.GELU("tanh"), 3, peak=6.0),
        "hardtanh_3": Golden(nn.Hardtanh(-1.5, 4.0), 3, peak=6.0),
        "relu6_3": Golden(nn.ReLU6(), 3, peak=9.0),
        "hardswish_3": Golden(nn.Hardswish(), 3, peak=6.0),
        "softsign_3": Golden(nn.Softsign(), 3, peak=6.0),
        "mish_3": Golden(nn.Mish(), 3, peak=6.0),
        "selu_3": Golden(nn.SELU(), 3, peak=6.0),
        "softmax_5": Golden(nn.Softmax(-1), 5, peak=6.0),
        "softmax_17": Golden(nn.Softmax(-1), 17, frames=64, peak=6.0),
        "prelu_6_one": Golden(nn.PReLU(), 6, peak=6.0),
        "prelu_6": Golden(nn.PReLU(6), 6, peak=6.0),
        "batchnorm1d_6": Golden(nn.BatchNorm1d(6), 6),
        "batchnorm1d_6_plain": Golden(nn.BatchNorm1d(6, affine=False), 6),
        "layer_norm_32": Golden(nn.LayerNorm(32), 32, frames=64),
        "layer_norm_7": Golden(nn.LayerNorm(7, eps=1e-3), 7, peak=6.0),
        "layer_norm_13_plain": Golden(nn.LayerNorm(13, elementwise_affine=False), 13, frames=64),
        "group_norm_12_g3": Golden(GroupNormOfFrames(3, 12), 12),
        "group_norm_21_g3": Golden(GroupNormOfFrames(3, 21), 21, frames=64),
        "lstm20_dense": Golden(nn.Sequential(nn.LSTM(1, 20), nn.Linear(20, 1)), 1),
        "gru16_gru8_dense": Golden(nn.Sequential(nn.GRU(1, 16), nn.GRU(16, 8), nn.Linear(8, 1)), 1),
        "conv_stack": Golden(
            nn.Sequential(
                *(causal(1, 8, 3), nn.Tanh(), causal(8, 8, 3, 4), nn.PReLU(8)),
                *(nn.BatchNorm1d(8), nn.Linear(8, 2)),
            ),
            1,
        ),
        "dense_mlp": Golden(
            nn.Sequential(
                *(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 6), nn.ReLU()),
                *(nn.Linear(6, 4), nn.ELU(), nn.Softmax(-1)),
            ),
            3,
            peak=3.0,
        ),
        "mixed": Golden(
            nn.Sequential(
                *(nn.Linear(1, 8), nn.Tanh(), causal(8, 4, 3, 2), nn.Tanh()),
                *(nn.GRU(4, 8), nn.Linear(8, 1)),
            ),
            1,
        ),
        "deep_conv": Golden(deep_conv(causal), 1, frames=256),
        "deep_conv_unpadded": Golden(deep_conv(nn.Conv1d), 1, frames=256),
    }
    recurrent_sizes = {
        (1, 8): 128,
        (3, 5): 128,
        (1, 20): 96,
        (2, 17): 96,
        (16, 33): 32,
        (40, 40): 16,
    }
    for (inputs, units), frames in recurrent_sizes.items():
        models[f"lstm_{inputs}_{units}"] = Golden(nn.LSTM(inputs, units), inputs, frames)
        models[f"gru_{inputs}_{units}"] = Golden(nn.GRU(inputs, units), inputs, frames)
        models[f"rnn_{inputs}_{units}"] = Golden(nn.RNN(inputs, units), inputs, frames)
    for inputs, units in ((3, 5), (2, 17), (16, 33)):
        relu = nn.RNN(inputs, units, nonlinearity="relu")
        models[f"rnn_relu_{inputs}_{units}"] = Golden(relu, inputs, frames=64)
    return models


# Purpose by name or pattern; the first that matches counts. Each is a row of README's table.
PURPOSES = {
    "dense_*_nobias": "dense without bias",
    "dense_mlp": "network: dense 3->8, tanh, dense 8->6, ReLU, dense 6->4, ELU, softmax",
    "dense_*": "dense in->out: odd sizes, whole registers, one channel",
    "conv1d_1_1_k*": "long filter of one channel, computed directly and by FFTs",
    "conv1d_*_nobias": "convolution without bias",
    "conv1d_*_nobias_unpadded": "convolution without bias and without zeros before the start; skip 3",
    "conv1d_*_g*": "convolution in groups, depthwise ones among them",
    "conv1d_*": "convolution in->out; kernels of one to five taps, dilations within and beyond a block",
    "tanh_3": "activation; input up to 6, as for all activations but relu6",
    "sigmoid_3": "activation",
    "hard_sigmoid_3": "activation, PyTorch's definition: x / 6 + 1 / 2",
    "relu_3": "activation",
    "leaky_relu_3": "activation, slope 0.2",
    "elu_3": "activation, alpha 0.7",
    "softplus_3": "activation, beta 1.7, threshold 8",
    "silu_3": "activation",
    "gelu_3": "activation, by erf",
    "gelu_tanh_3": "activation, by tanh",
    "hardtanh_3": "activation from -1.5 to 4",
    "relu6_3": "hardtanh from 0 to 6; input up to 9",
    "hardswish_3": "activation",
    "softsign_3": "activation",
    "mish_3": "activation",
    "selu_3": "activation",
    "softmax_*": "softmax within a register and beyond one",
    "layer_norm_*_plain": "layer normalisation of channels without gamma and beta",
    "layer_norm_*": "layer normalisation of channels: whole registers, and with a remainder",
    "group_norm_*": "group normalisation of the channels of each frame; g groups",
    "prelu_6_one": "PReLU with one slope for all channels",
    "prelu_6": "PReLU with a slope for each channel",
    "batchnorm1d_6": "batch normalisation with gamma and beta",
    "batchnorm1d_6_plain": "batch normalisation without gamma and beta",
    "lstm20_dense": "network: LSTM 1->20, dense 20->1",
    "gru16_gru8_dense": "network: GRU 1->16, GRU 16->8, dense 8->1",
    "conv_stack": "network: conv 1->8 k3, tanh, conv 8->8 k3 d4, PReLU, batch normalisation, dense 8->2",
    "mixed": "network: dense 1->8, tanh, conv 8->4 k3 d2, tanh, GRU 4->8, dense 8->1",
    "deep_conv": "network: conv 1->4 k3, then 4->4 k3 with d4, d16, d64",
    "deep_conv_unpadded": "the same without zeros before the start; skip 170",
    "lstm_*": "LSTM in->out: within a register, beyond one, whole ones",
    "gru_*": "GRU in->out, `reset_after`",
    "rnn_relu_*": "RNN in->out, ReLU",
    "rnn_*": "RNN in->out, tanh",
}


def seed(name: str) -> int:
    return zlib.crc32(name.encode())


def randomise(module: nn.Module, random: np.random.Generator) -> None:
    """Gives every layer weights on the grid, scaled so that signals reach about 1.

    Random instead of initialised: PyTorch's own values are small, and trivial for BatchNorm1d.
    """

    def fill(tensor: torch.Tensor, low: float, high: float) -> None:
        values = GRID * np.round(random.uniform(low, high, tuple(tensor.shape)) / GRID)
        tensor.data.copy_(torch.from_numpy(values))

    for layer in module.modules():
        if isinstance(layer, (nn.Linear, nn.Conv1d, nn.ConvTranspose1d, nn.Conv2d, nn.RNNBase)):
            gain = 2.0 if isinstance(layer, (nn.LSTM, nn.GRU)) else 1.7
            if isinstance(layer, nn.RNN):
                gain = 1.2  # without gates, a gain of 2 is chaotic
            for name, tensor in layer.named_parameters(recurse=False):
                fan_in = tensor[0].numel() if tensor.dim() > 1 else 9
                bound = gain / np.sqrt(fan_in)
                fill(tensor, -bound, bound)
        elif isinstance(layer, nn.PReLU):
            fill(layer.weight, -0.2, 0.6)
        elif isinstance(layer, (nn.LayerNorm, nn.GroupNorm)) and layer.weight is not None:
            fill(layer.weight, 0.5, 1.5)
            fill(layer.bias, -0.5, 0.5)
        elif isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
            fill(layer.running_mean, -0.5, 0.5)
            fill(layer.running_var, 0.2, 1.5)
            if layer.affine:
                fill(layer.weight, 0.5, 1.5)
                fill(layer.bias, -0.5, 0.5)


def signal(golden: Golden, random: np.random.Generator) -> npt.NDArray[np.float32]:
    """[frames, channels] of noise and a sine, silence and a max_frames_per_input, up to its peak."""
    time = np.arange(golden.frames)[:, np.newaxis]
    shape = (golden.frames, golden.channels)
    samples = 0.6 * np.sin(time * random.uniform(0.1, 2.0, golden.channels))
    samples += random.uniform(-0.4, 0.4, shape)
    eighth = golden.frames // 8
    samples[5 * eighth : 6 * eighth] = 0.0
    samples[6 * eighth : 7 * eighth] = random.choice([-1.0, 1.0], (eighth, golden.channels))
    # Not on the weights' grid, so that float32 products and sums are rounded, as in real models.
    return (golden.peak * samples).astype(np.float32)


def files(
    models: dict[str, Golden], folder: Path = FOLDER
) -> Iterator[tuple[Path, nn.Module, Samples]]:
    """The files to write, with their module and the input of their check."""
    torch.set_num_threads(1)
    folder.mkdir(exist_ok=True)
    for name, golden in models.items():
        random = np.random.default_rng(seed(name))
        double = golden.module.double()
        randomise(double, random)
        samples = signal(golden, random)
        yield folder / f"{name}.f32.json", copy.deepcopy(double).float(), samples
        yield folder / f"{name}.f64.json", double, samples.astype(np.float64)


def array(tensor: torch.Tensor) -> Array:
    return np.ascontiguousarray(tensor.detach().numpy())


def write(
    path: Path, records: list[LayerRecord], samples: Samples, output: torch.Tensor, **options: Any
) -> None:
    """Writes a model file whose check is PyTorch's output. The options are those of `Check`."""
    check = Check(
        source=f"PyTorch {torch.__version__}",
        dtype=samples.dtype.name,
        input=samples,
        output=array(output),
        tolerance={"float32": 1e-5, "float64": 1e-12}[samples.dtype.name],
        **options,
    )
    write_model(path, ModelFile(records, check))


def main() -> None:
    if not manifest.only_manifest():
        for path, module, samples in files(goldens()):
            export_torch(module, path, check_input=samples)
    manifest.record(__file__, FOLDER, goldens(), PURPOSES, seed)


if __name__ == "__main__":
    main()
