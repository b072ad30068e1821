"""Exported ONNX graphs agree with ONNX Runtime over 500 frames.

Needs the program run_onnx of tests/host, at INLAY_RUN_ONNX or where tests/run.sh builds it.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from onnx_models import (
    AniraCnn,
    AniraHybrid,
    AniraLstm,
    CachedTcn,
    FixedTcn,
    NamWaveNet,
    StatefulLSTM,
    StepOfDPDFNet,
    graph_of,
    step_of_gtcrn,
)
from random_models import WaveNet
from test_onnx_export import module, noise, played

REPOSITORY = Path(__file__).parents[2]
PROGRAM = Path(os.environ.get("INLAY_RUN_ONNX", REPOSITORY / "build/gcc/tests/host/run_onnx"))
FRAMES, HOP = 500, 150

pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason="tests/host/run_onnx is not built")


def recurrent(kind: type[nn.RNNBase]) -> Any:
    states = [torch.zeros(1, 1, 12)] * (2 if kind is nn.LSTM else 1)
    names = ["h0", "c0"][: len(states)]
    outputs = ["y", "hn", "cn"][: len(states) + 1]
    net = module(StatefulLSTM, kind)
    return graph_of(net, (torch.zeros(1, 40, 1), *states), ["x", *names], outputs, x=1, y=1)


def cached() -> Any:
    net = module(CachedTcn)
    caches = [torch.zeros(shape) for shape in net.pasts]
    names = [[f"cache_{i}_{end}" for i in range(3)] for end in ("in", "out")]
    given = (torch.zeros(1, 1, 40), *caches)
    return graph_of(net, given, ["x", *names[0]], ["y", *names[1]], x=2, y=2)


def of_spectra(net: Any) -> Any:
    names = ["spec", "state_in"], ["spec_e", "state_out"]
    return graph_of(net, (torch.zeros(1, 1, 17, 2), torch.zeros(net.size)), *names)


def plain(net: nn.Module, frames: int = 64) -> Any:
    return graph_of(net, torch.zeros(1, 1, frames), ["x"], ["y"], x=2, y=2)


MODELS = {
    "LSTM": lambda: recurrent(nn.LSTM),
    "GRU": lambda: recurrent(nn.GRU),
    "RNN": lambda: recurrent(nn.RNN),
    "caches": cached,
    "no padding": lambda: plain(module(FixedTcn)),
    "WaveNet": lambda: plain(module(WaveNet, np.random.default_rng(4), 1)),
    "CNN 1k of anira": lambda: plain(module(AniraCnn, "1k"), 200),
    "LSTM of anira": lambda: graph_of(
        module(AniraLstm), torch.zeros(FRAMES, 1, 1), ["x"], ["y"]
    ),
    "hybrid of anira": lambda: graph_of(
        module(AniraHybrid), torch.zeros(2, 1, HOP), ["x"], ["y"], x=0, y=0
    ),
    "DPDFNet's shape": lambda: of_spectra(module(StepOfDPDFNet)),
    "GTCRN": lambda: step_of_gtcrn(5, 8, 17, 4)[1],
    "WaveNet of NAM": lambda: plain(module(NamWaveNet, NamWaveNet.STANDARD, True), 200),
}


@pytest.mark.parametrize("name", MODELS)
def test_agrees_with_onnx_runtime(name: str, tmp_path: Path) -> None:
    hops = {"hop": HOP} if "hybrid" in name else {}
    graph, x = MODELS[name](), noise(4 * HOP if hops else FRAMES, 34 if "CRN" in name or "DPD" in name else 1)
    (tmp_path / "m.onnx").write_bytes(graph.SerializeToString())
    (tmp_path / "x.bin").write_bytes(x.tobytes())
    files = [str(tmp_path / file) for file in ("m.onnx", "x.bin", "y.bin")]
    subprocess.run([str(PROGRAM), *files], check=True)
    expected = np.fromfile(tmp_path / "y.bin", np.float32)
    found = played(tmp_path / "m.onnx", tmp_path / "m.json", x, **hops).ravel()[-len(expected) :]
    error = float(np.abs(found - expected).max())
    print(f"{name}: {error:.2g}")
    assert error <= 1e-5
