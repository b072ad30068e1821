"""Converts Neural Amp Modeler's "standard" WaveNet to the format, with what NAM Core gives as its check.

    PYTHONPATH=python/src python3 tests/golden/nam.py FIXTURES

FIXTURES is a folder with wavenet_a1_standard.nam and its golden output without prewarm. The model is
one of NeuralAmpModelerCore's examples (MIT licence, see nam/LICENSE).
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np

from inlay._format import Array, Check, LayerRecord, ModelFile, write_model

FOLDER = Path(__file__).parent / "nam"


class Weights:
    """The flat list, read in order."""

    def __init__(self, values: list[float]) -> None:
        self.values, self.at = np.asarray(values, np.float32), 0

    def take(self, *shape: int) -> Array:
        count = int(np.prod(shape))
        self.at += count
        return self.values[self.at - count : self.at].reshape(shape)

    def dense(self, inputs: int, outputs: int, bias: bool) -> LayerRecord:
        tensors = {"kernel": self.take(outputs, inputs).T}
        if bias:
            tensors["bias"] = self.take(outputs)
        return LayerRecord("dense", {"in": inputs, "out": outputs}, tensors)

    def conv(self, size: int, taps: int, dilation: int) -> LayerRecord:
        options = {"in": size, "out": size, "kernel_size": taps, "dilation": dilation, "groups": 1}
        kernel = self.take(size, size, taps).transpose(2, 1, 0)
        return LayerRecord("conv1d", options, {"kernel": kernel, "bias": self.take(size)})


def plain(name: str, size: int) -> LayerRecord:
    return LayerRecord(name, {"size": size})


def layer(weights: Weights, size: int, taps: int, dilation: int) -> LayerRecord:
    conv = weights.conv(size, taps, dilation)
    mixin = LayerRecord(
        "mixin", {"size": size}, chains={"layers": [[weights.dense(1, size, bias=False)]]}
    )
    chains = {
        "path": [[conv, mixin, plain("tanh", size)]],
        "residual": [[weights.dense(size, size, bias=True)]],
        "skip": [[plain("identity", size)]],
    }
    return LayerRecord("residual_skip", chains=chains)


def wavenet(model: dict) -> list[LayerRecord]:
    weights = Weights(model["weights"])
    layers: list[LayerRecord] = []
    head: LayerRecord | None = None
    for array in model["config"]["layers"]:
        assert array["activation"] == "Tanh" and not array["gated"] and array["condition_size"] == 1
        size = array["channels"]
        goes_on = weights.dense(array["input_size"], size, bias=False)
        if head is None:
            layers += [goes_on, LayerRecord("pad", {"in": size, "out": 2 * size})]
        else:
            layers.append(LayerRecord("split", chains={"branches": [[goes_on], [head]]}))
        layers += [layer(weights, size, array["kernel_size"], d) for d in array["dilations"]]
        head = weights.dense(size, array["head_size"], bias=array["head_bias"])
    assert head is not None and weights.at == len(weights.values) - 1
    layers.append(LayerRecord("slice", {"in": 2 * size, "begin": size, "out": size}))
    scale = float(weights.values[-1])
    layers += [head, LayerRecord("scale", {"size": 1, "scale": scale})]
    chains = {"source": [[plain("identity", 1)]], "layers": [layers]}
    return [LayerRecord("conditioned_by", chains=chains)]


def main() -> None:
    fixtures = Path(sys.argv[1])
    model = json.loads((fixtures / "wavenet_a1_standard.nam").read_text(encoding="utf-8"))
    golden = json.loads(
        (fixtures / "wavenet_a1_standard.noprewarm.golden.json").read_text(encoding="utf-8")
    )
    check = Check(
        source="NeuralAmpModelerCore 0.5.5",
        dtype="float32",
        input=np.asarray(golden["input"], np.float32)[:, np.newaxis],
        output=np.asarray(golden["output"], np.float32)[:, np.newaxis],
        tolerance=1e-5,
    )
    FOLDER.mkdir(exist_ok=True)
    shutil.copy(fixtures / "LICENSE", FOLDER / "LICENSE")
    write_model(FOLDER / "wavenet_a1_standard.json", ModelFile(wavenet(model), check))


if __name__ == "__main__":
    main()
