"""Exports the networks of engines.cpp for other libraries: TorchScript for LibTorch, ONNX for ONNX Runtime.

    python3 bench/host/export.py FOLDER

For each NAME.json in FOLDER, in both formats:
    NAME.window   stateless, as in the anira paper: the input has the past that the network looks back to. Not for
                  networks with a recurrent layer outside of windows.
    NAME.carry    states are inputs and outputs, as in ../suite/export.py. Not for networks on windows.
Each has a .plan.json that describes its tensors. The number of frames is open.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "suite"))

import torch  # noqa: E402  # after the path is extended
from export import Json, Signal, Stream, layers_within  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.jit._freeze import freeze  # noqa: E402
from torch.jit._trace import trace  # noqa: E402


def past_of(layers: list[Json]) -> int:
    """Frames before the current one that a chain looks back to."""

    def past(layer: Json) -> int:
        if layer["type"] == "windowed":
            return int(layer["window"]) - 1
        if layer["type"] == "conv1d":
            return int((layer["kernel_size"] - 1) * layer["dilation"])
        return max((past_of(branch) for branch in layer.get("branches", [])), default=0)

    return sum(past(layer) for layer in layers)


class Window(Stream):
    """The network without states: `past` more frames in than out."""

    def __init__(self, layers: list[Json], dtype: torch.dtype) -> None:
        super().__init__(layers, dtype)
        self.shapes = []
        self.past = past_of(layers)

    def conv1d(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        return [(self.weights[id(layer)](self.together(x)), layer["out"])]

    def add(self, a: Signal, b: Signal) -> Signal:
        """Branches look back differently: of the longer one, the last frames count."""
        first, second = self.together(a), self.together(b)
        frames = min(first.shape[2], second.shape[2])
        return [(first[:, :, -frames:] + second[:, :, -frames:], sum(size for _, size in a))]

    def windowed(self, layer: Json, x: Signal, condition: Signal) -> Signal:
        """One window for each output frame, as a batch."""
        signal, window = self.together(x), int(layer["window"])
        if torch.onnx.is_in_onnx_export():  # has no operator for `unfold`
            count = signal.shape[2] - window + 1
            first = torch.arange(count).unsqueeze(1)
            windows = signal.reshape(-1)[first + torch.arange(window)].unsqueeze(1)
        else:
            windows = signal.unfold(2, window, 1).permute(2, 0, 1, 3).reshape(-1, 1, window)
        y = self.together(super().windowed(layer, [(windows, 1)], condition))
        return [(y.permute(2, 1, 0), y.shape[1])]


class Named(nn.Module):
    """Gives the arguments names, which a traced `*states` has not."""

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self.stream = stream


class Named0(Named):
    def forward(self, x: Tensor) -> Any:
        return self.stream(x)


class Named2(Named):
    def forward(self, x: Tensor, s0: Tensor, s1: Tensor) -> Any:
        return self.stream(x, s0, s1)


class Named3(Named):
    def forward(self, x: Tensor, s0: Tensor, s1: Tensor, s2: Tensor) -> Any:
        return self.stream(x, s0, s1, s2)


class Named4(Named):
    def forward(self, x: Tensor, s0: Tensor, s1: Tensor, s2: Tensor, s3: Tensor) -> Any:
        return self.stream(x, s0, s1, s2, s3)


NAMED = {0: Named0, 2: Named2, 3: Named3, 4: Named4}


def export(stream: Stream, base: Path, past: int) -> None:
    module = NAMED[len(stream.shapes)](stream).eval()
    arguments = (stream.example(past + 64), *stream.states())
    time = 2 if stream.planar else 0
    names = [f"{{}}{i}" for i in range(len(stream.shapes))]
    with torch.no_grad():
        freeze(trace(module, arguments, check_trace=False)).save(  # type: ignore[no-untyped-call]
            f"{base}.pt"
        )
        torch.onnx.export(
            module,
            arguments,
            f"{base}.onnx",
            input_names=["x", *(name.format("s") for name in names)],
            output_names=["y", *(name.format("n") for name in names)],
            dynamic_axes={"x": {time: "frames"}, "y": {time: "new_frames"}},
            opset_version=14,
        )
    plan = {"planar": stream.planar, "past": past, "states": stream.shapes}
    Path(f"{base}.plan.json").write_text(json.dumps(plan), encoding="utf-8")


def main() -> None:
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    for path in [path for path in sorted(folder.glob("*.json")) if "plan" not in path.name]:
        layers = json.loads(path.read_text(encoding="utf-8"))["layers"]
        base = path.with_suffix("")
        windowed = layers[0]["type"] == "windowed"
        recurrent = any(layer["type"] in ("lstm", "gru") for layer in layers_within(layers))
        if windowed or not recurrent:
            window = Window(layers, torch.float32).eval()
            export(window, base.with_name(f"{base.name}.window"), window.past)
        if not windowed:
            export(
                Stream(layers, torch.float32).eval(), base.with_name(f"{base.name}.carry"), past=0
            )
        print(f"  {base.name}", file=sys.stderr)


if __name__ == "__main__":
    main()
