"""PyTorch networks with states, and their ONNX graphs, for the tests of inlay.export_onnx."""

from __future__ import annotations

import io
import warnings
from typing import Any

import pytest
import torch
from torch import Tensor, nn

onnx = pytest.importorskip("onnx")


def graph_of(
    module: nn.Module, inputs: Any, names: list[str], outputs: list[str], **axes: Any
) -> Any:
    """The ModelProto of a module. `axes` has the dynamic axis of inputs, such as x=2."""
    file = io.BytesIO()
    dynamic = {name: {axis: f"{name}_frames"} for name, axis in axes.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            inputs,
            file,
            opset_version=13,
            input_names=names,
            output_names=outputs,
            dynamic_axes=dynamic,
        )
    return onnx.load_from_string(file.getvalue())


class StatefulLSTM(nn.Module):
    """An LSTM whose states are inputs and outputs; `kind` may be GRU or RNN as well."""

    def __init__(self, kind: type[nn.RNNBase] = nn.LSTM, inputs: int = 1, levels: int = 1) -> None:
        super().__init__()
        self.recurrent = kind(inputs, 12, num_layers=levels, batch_first=True)
        self.dense = nn.Linear(12, 1)

    def forward(self, x: Tensor, *states: Tensor) -> Any:
        given = states if len(states) > 1 else states[0] if states else None
        y, last = self.recurrent(x, given)
        return (self.dense(y), *(last if isinstance(last, tuple) else (last,)))


class CachedTcn(nn.Module):
    """A temporal convolutional network whose pasts are inputs and outputs."""

    def __init__(self, size: int = 6) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv1d(1 if i == 0 else size, size, 3, dilation=2**i) for i in range(3)
        )
        self.mix = nn.Conv1d(size, 1, 1)

    @property
    def pasts(self) -> list[tuple[int, int, int]]:
        return [(1, conv.in_channels, 2 * conv.dilation[0]) for conv in self.convs]

    def forward(self, x: Tensor, *caches: Tensor) -> Any:
        new = []
        for index, (conv, cache) in enumerate(zip(self.convs, caches)):
            joint = torch.cat([cache, x], dim=2)
            new.append(joint[:, :, -cache.shape[2] :])
            y = torch.tanh(conv(joint))
            x = y if index == 0 else x + y
        return (self.mix(x), *new)


class FixedTcn(nn.Module):
    """Convolutions without padding: the output is shorter than the input."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(1, 8, 5),
            nn.Tanh(),
            nn.Conv1d(8, 8, 3, dilation=4),
            nn.PReLU(8),
            nn.Conv1d(8, 1, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
