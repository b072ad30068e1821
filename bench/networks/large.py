"""Writes networks that are too large for the repository, or have no type: with random weights, for all libraries.

    PYTHONPATH=python/src python3 bench/networks/large.py FOLDER

BRAVE-decoder: 3.1 million weights, and 128 samples for a frame of the latent. inlay's layers of it also run as PyTorch's,
by suite/export.py. GTCRN: 23.7 thousand weights, without its Fourier transforms, which ONNX of this version lacks. Its
form for streams is PyTorch's own modules, with their states as inputs and outputs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path += [str(ROOT / folder) for folder in ("python/src", "python/tests", "bench/suite")]

import inlay  # noqa: E402
import torch  # noqa: E402
from export import Stream, save  # noqa: E402
from rave import DecoderV1  # noqa: E402
from spectral_models import GTCRN, Attention, Grouped, Halves, randomised  # noqa: E402
from torch import Tensor, nn  # noqa: E402

Json = dict[str, Any]


def write(path: Path, layers: list[Json], rate: float, x: Tensor, y: Tensor) -> None:
    """`x` and `y`: input and output of the check, (frames, channels)."""

    def record(values: Tensor) -> Json:
        return {"shape": list(values.shape), "data": values.flatten().tolist()}

    check = {"source": "PyTorch", "dtype": "float32", "input": record(x), "output": record(y)}
    root = {"format": "inlay", "version": 1, "sample_rate": rate, "layers": layers}
    path.write_text(json.dumps({**root, "check": {**check, "tolerance": 1e-5}}), encoding="utf-8")


# --- BRAVE ---


def without_silence(layers: list[Json]) -> list[Json]:
    """The layers of a stream that begins with zeros in all states, as RAVE's cached convolutions do."""
    kept = []
    for layer in layers:
        layer = dict(layer)
        if "layers" in layer:
            layer["layers"] = without_silence(layer["layers"])
        if "branches" in layer:
            layer["branches"] = [without_silence(branch) for branch in layer["branches"]]
        if layer["type"] != "silent_until":
            kept.append(layer)
    return kept


def brave(path: Path) -> None:
    torch.manual_seed(0)
    decoder = DecoderV1(128, 32, (1, 2, 2, 2), (3, 9, 27, 36)).eval()
    inlay.export_torch(decoder, path)
    root = json.loads(path.read_text(encoding="utf-8"))
    layers = without_silence(root["layers"])
    stream = Stream(layers, torch.float32).eval()

    def run(latent: Tensor) -> Tensor:
        with torch.no_grad():
            y: Tensor = stream(latent.T.unsqueeze(0), *stream.states())[0]
        return y[0].T

    # The layers of the stream are those of the decoder: so is the output, once the start is forgotten.
    latent, expected = (
        torch.tensor(root["check"][name]["data"]).reshape(root["check"][name]["shape"])
        for name in ("input", "output")
    )
    torch.testing.assert_close(run(latent)[-64:], expected[-64:], atol=1e-5, rtol=0)
    latent = torch.randn(336, 128)  # more than the receptive field, as a check must have
    write(path, layers, 48000 / stream.up, latent, run(latent))


# --- GTCRN ---


class Remembered:
    """The states of a network, in the order of their use."""

    def __init__(self) -> None:
        self.given: list[Tensor] | None = None
        self.next: list[Tensor] = []

    def take(self, shape: tuple[int, ...]) -> Tensor:
        """The next state: zeros of `shape`, while the states are being found."""
        return torch.zeros(shape) if self.given is None else self.given.pop(0)


class StreamGru(nn.Module):
    """A GRU along the frames of a call, from the state behind those of the last call."""

    def __init__(self, gru: nn.GRU, memory: Remembered) -> None:
        super().__init__()
        self.gru, self.memory = gru, memory

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y, state = self.gru(x, self.memory.take((1, x.shape[0], self.gru.hidden_size)))
        self.memory.next.append(state)
        return y, state


class StreamDepth(nn.Module):
    """The dilated convolution of a call, whose first frames are zeros: they become those of the last call."""

    def __init__(self, conv: nn.Module, zeros: int, memory: Remembered) -> None:
        super().__init__()
        self.conv, self.zeros, self.memory = conv, zeros, memory

    def forward(self, padded: Tensor) -> Tensor:
        x = padded[:, :, self.zeros :]
        wide = torch.cat([self.memory.take((1, x.shape[1], self.zeros, x.shape[3])), x], 2)
        self.memory.next.append(wide[:, :, -self.zeros :])
        y: Tensor = self.conv(wide)
        return y


class Step(nn.Module):
    """A frame of GTCRN: `forward(x, *states)` of [1, 1, 514], the real and imaginary parts of each bin."""

    def __init__(self, network: GTCRN) -> None:
        super().__init__()
        self.network, self.memory = network, Remembered()
        for module in network.modules():
            if isinstance(module, Attention):
                module.gru = StreamGru(module.gru, self.memory)  # type: ignore[assignment]
            if isinstance(module, Halves) and not module.first.bidirectional:
                module.first = StreamGru(module.first, self.memory)  # type: ignore[assignment]
                module.second = StreamGru(module.second, self.memory)  # type: ignore[assignment]
            if isinstance(module, Grouped):
                module.depth[0] = StreamDepth(module.depth[0], module.zeros, self.memory)

    def forward(self, x: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        self.memory.given, self.memory.next = list(states) if states else None, []
        y = self.network(x.reshape(-1, 257, 2).transpose(0, 1).unsqueeze(0))
        return (y.squeeze(0).transpose(0, 1).reshape(-1, 1, 514), *self.memory.next)


def gtcrn(path: Path) -> None:
    torch.manual_seed(0)
    network = randomised(GTCRN())
    inlay.export_torch(inlay.torch.SpectralNetwork(network), path)
    (overlap_add,) = json.loads(path.read_text(encoding="utf-8"))["layers"]
    spectra = torch.randn(1, 257, 32, 2)
    with torch.no_grad():
        made = network(spectra)
    x, y = (s.squeeze(0).transpose(0, 1).reshape(32, 514) for s in (spectra, made))
    write(path, overlap_add["layers"][1:-1], 16000 / 256, x, y)
    step = Step(network).eval()
    with torch.no_grad():
        states = step(torch.zeros(1, 1, 514))[1:]
    shapes = [list(state.shape) for state in states]
    plan = {"in": 514, "out": 514, "up": 1, "planar": False, "window": 0, "states": shapes}
    zeros = tuple(torch.zeros(shape) for shape in shapes)
    save(path.with_suffix(""), step, (torch.randn(1, 1, 514), *zeros), plan)


if __name__ == "__main__":
    brave(Path(sys.argv[1]) / "BRAVE-decoder.json")
    gtcrn(Path(sys.argv[1]) / "GTCRN.json")
