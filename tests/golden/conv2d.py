"""Writes the two-dimensional models of tests/golden/torch, which `export_torch` does not support.

    PYTHONPATH=python/src python3 tests/golden/conv2d.py

As in generate.py, with its seeds, weights and signals. PyTorch computes on (N, C, T, F); a frame of
the file is [feature][channel].
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

import manifest
from generate import FOLDER, Golden, Samples, array, files, seed, write
from inlay.format import LayerRecord, Option


class Causal2d(nn.Module):
    """A Conv2d with zeros before the start, and with Keras's padding of the features."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        features: int,
        kernel: tuple[int, int],
        dilation: int = 1,
        stride: int = 1,
        padding: str = "valid",
        bias: bool = True,
        groups: int = 1,
    ) -> None:
        super().__init__()
        steps = {"stride": (1, stride), "dilation": (dilation, 1), "groups": groups}
        self.conv = nn.Conv2d(inputs, outputs, kernel, bias=bias, **steps)
        self.features, self.padding = features, padding
        before = after = 0
        if padding == "same":
            positions = -(-features // stride)
            total = max((positions - 1) * stride + kernel[1] - features, 0)
            before, after = total // 2, total - total // 2
        self.zeros = (before, after, (kernel[0] - 1) * dilation, 0)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(functional.pad(x, self.zeros))


def depthwise(channels: int, *args: Any, **kwargs: Any) -> Causal2d:
    return Causal2d(channels, channels, *args, groups=channels, **kwargs)


class FrameLinear(nn.Linear):
    """A Linear of all values of a frame, in the order of the file. Its output has one feature."""

    def forward(self, x: Tensor) -> Tensor:
        frames = x.permute(0, 2, 3, 1).flatten(2)
        return super().forward(frames).transpose(1, 2).unsqueeze(3)


def stack() -> nn.Module:
    return nn.Sequential(
        *(Causal2d(2, 5, 9, (3, 3)), nn.BatchNorm2d(5), nn.ReLU()),
        *(Causal2d(5, 3, 7, (2, 3), 2, 2, "same"), FrameLinear(12, 2)),
    )


def goldens() -> dict[str, Golden]:
    return {
        "conv2d_3_5_f7_k3x3": Golden(Causal2d(3, 5, 7, (3, 3)), 21, frames=80),
        "conv2d_3_5_f7_k2x4_same": Golden(Causal2d(3, 5, 7, (2, 4), padding="same"), 21, frames=80),
        "conv2d_2_4_f6_k3x3_s2_same": Golden(
            Causal2d(2, 4, 6, (3, 3), stride=2, padding="same"), 12, frames=96
        ),
        "conv2d_1_8_f10_k3x3_s2": Golden(Causal2d(1, 8, 10, (3, 3), stride=2), 10, frames=80),
        "conv2d_2_3_f5_k3x2_d3": Golden(Causal2d(2, 3, 5, (3, 2), 3), 10, frames=96),
        "conv2d_1_2_f4_k2x2_d70_same": Golden(
            Causal2d(1, 2, 4, (2, 2), 70, padding="same"), 4, frames=160
        ),
        "conv2d_1_3_f6_k4x1": Golden(Causal2d(1, 3, 6, (4, 1)), 6, frames=96),
        "conv2d_2_17_f3_k2x2": Golden(Causal2d(2, 17, 3, (2, 2)), 6, frames=72),
        "conv2d_3_5_f7_k1x3_nobias": Golden(Causal2d(3, 5, 7, (1, 3), bias=False), 21, frames=72),
        "conv2d_2_3_f5_k1x3_same": Golden(Causal2d(2, 3, 5, (1, 3), padding="same"), 10, frames=96),
        "depthwise_conv2d_21_f3_k2x2": Golden(depthwise(21, 3, (2, 2)), 63, frames=68),
        "depthwise_conv2d_5_f6_k2x4_s2_same": Golden(
            depthwise(5, 6, (2, 4), stride=2, padding="same"), 30, frames=72
        ),
        "depthwise_conv2d_2_f7_k2x3_d70_same": Golden(
            depthwise(2, 7, (2, 3), 70, padding="same"), 14, frames=144
        ),
        "depthwise_conv2d_8_f6_k1x3": Golden(depthwise(8, 6, (1, 3)), 48, frames=66),
        "batchnorm2d_3_f5": Golden(nn.BatchNorm2d(3), 15, frames=72),
        "batchnorm2d_3_f5_plain": Golden(nn.BatchNorm2d(3, affine=False), 15, frames=72),
        "conv2d_stack": Golden(stack(), 18, frames=96),
    }


# `f` is the number of features, `k` the kernel as time x features, `s` the stride over features.
PURPOSES = {
    "conv2d_*_same": "convolution over time and features, with zeros around the features",
    "conv2d_*_nobias": "convolution over time and features without bias",
    "conv2d_stack": "network: conv2d 2->5 f9 k3x3, batch normalisation, ReLU, conv2d 5->3 f7 k2x3 d2 s2 same, "
    "dense 12->2",
    "depthwise_conv2d_*": "convolution of each channel over time and features",
    "conv2d_*": "convolution over time and features",
    "batchnorm2d_*_plain": "batch normalisation of 3 channels at 5 features without gamma and beta",
    "batchnorm2d_*": "batch normalisation of 3 channels at 5 features",
}


def record(layer: nn.Module, channels: int, features: int) -> LayerRecord:
    """A layer whose input has `channels` channels at each of `features` features."""
    options: dict[str, Option]
    if isinstance(layer, Causal2d):
        conv = layer.conv
        assert (channels, features) == (conv.in_channels, layer.features)
        options = {"features": features}
        options["kernel_size_time"], options["kernel_size_features"] = conv.kernel_size
        options |= {"dilation": conv.dilation[0], "stride": conv.stride[1]}
        options["padding"] = layer.padding
        # [out, in, time, feature] in PyTorch.
        tensors = {"kernel": array(conv.weight.permute(2, 3, 1, 0))}
        if conv.bias is not None:
            tensors["bias"] = array(conv.bias)
        if conv.groups > 1:
            tensors["kernel"] = tensors["kernel"][:, :, 0]
            return LayerRecord("depthwise_conv2d", {"channels": channels} | options, tensors)
        options = {"in": channels, "out": conv.out_channels} | options
        return LayerRecord("conv2d", options, tensors)
    if isinstance(layer, nn.BatchNorm2d):
        options = {"channels": channels, "features": features, "epsilon": layer.eps}
        tensors = {"gamma": array(layer.weight), "beta": array(layer.bias)} if layer.affine else {}
        tensors |= {"mean": array(layer.running_mean), "variance": array(layer.running_var)}
        return LayerRecord("batchnorm2d", options, tensors)
    if isinstance(layer, FrameLinear):
        options = {"in": layer.in_features, "out": layer.out_features}
        return LayerRecord(
            "dense", options, {"kernel": array(layer.weight.T), "bias": array(layer.bias)}
        )
    assert isinstance(layer, nn.ReLU)
    return LayerRecord("relu", {"size": channels * features})


def export(module: nn.Module, path: Path, samples: Samples) -> None:
    layers = list(module) if isinstance(module, nn.Sequential) else [module]
    first = layers[0]
    channels = first.conv.in_channels if isinstance(first, Causal2d) else first.num_features
    x = torch.from_numpy(samples.copy()).reshape(1, len(samples), -1, channels).permute(0, 3, 1, 2)
    records = []
    module.eval()
    for layer in layers:
        records.append(record(layer, x.shape[1], x.shape[3]))
        x = layer(x)
    write(path, records, samples, x[0].permute(1, 2, 0).flatten(1))


def main() -> None:
    if not manifest.only_manifest():
        for path, module, samples in files(goldens()):
            export(module, path, samples)
    manifest.record(__file__, FOLDER, goldens(), PURPOSES, seed)


if __name__ == "__main__":
    main()
