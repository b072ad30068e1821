"""Converts Neural Amp Modeler's WaveNets to inlay's format. The check is the output of NAM Core.

    PYTHONPATH=python/src python3 tests/golden/nam.py FIXTURES

FIXTURES is a folder with wavenet_a1_standard.nam, the "A1" of 16 and 8 channels, and A2.nam, of which the model
of 8 channels is taken, and their golden outputs. Both are examples of NeuralAmpModelerCore (MIT licence, see
nam/LICENSE).
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np

import manifest
from inlay.format import Array, Check, LayerRecord, ModelFile, write_model

FOLDER = Path(__file__).parent / "nam"


PURPOSES = {
    "wavenet_a1_standard": 'WaveNet "A1" (standard), 16 and 8 channels, an example file of NAM Core',
    "wavenet_a2": 'WaveNet "A2", the model of 8 channels, an example file of NAM Core',
}


class Weights:
    """Reads the flat list of weights in order."""

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

    def conv(self, inputs: int, outputs: int, taps: int, dilation: int) -> LayerRecord:
        options = {"in": inputs, "out": outputs, "kernel_size": taps, "dilation": dilation}
        kernel = self.take(outputs, inputs, taps).transpose(2, 1, 0)
        tensors = {"kernel": kernel, "bias": self.take(outputs)}
        return LayerRecord("conv1d", {**options, "groups": 1}, tensors)


def plain(name: str, size: int) -> LayerRecord:
    return LayerRecord(name, {"size": size})


def activation(config: dict | str, size: int) -> LayerRecord:
    if config == "Tanh":
        return plain("tanh", size)
    assert isinstance(config, dict) and config["type"] == "LeakyReLU"
    return LayerRecord("leaky_relu", {"size": size, "alpha": config["negative_slope"]})


def layer(weights: Weights, size: int, taps: int, dilation: int, act: LayerRecord) -> LayerRecord:
    conv = weights.conv(size, size, taps, dilation)
    mixin = LayerRecord(
        "mixin", {"size": size}, chains={"layers": [[weights.dense(1, size, bias=False)]]}
    )
    chains = {
        "path": [[conv, mixin, act]],
        "residual": [[weights.dense(size, size, bias=True)]],
        "skip": [[plain("identity", size)]],
    }
    return LayerRecord("residual_skip", chains=chains)


def refuse_what_is_not_read(array: dict) -> None:
    assert array["condition_size"] == 1 and not array.get("gated")
    assert array.get("bottleneck", array["channels"]) == array["channels"]
    assert all(mode == "none" for mode in array.get("gating_mode", []))
    assert not any(array[key]["active"] for key in array if key.endswith("_film"))
    assert not array.get("head1x1", {"active": False})["active"]


def wavenet(model: dict) -> list[LayerRecord]:
    weights = Weights(model["weights"])
    layers: list[LayerRecord] = []
    head: LayerRecord | None = None
    for array in model["config"]["layers"]:
        refuse_what_is_not_read(array)
        size, dilations = array["channels"], array["dilations"]
        goes_on = weights.dense(array["input_size"], size, bias=False)
        if head is None:
            layers += [goes_on, LayerRecord("pad", {"in": size, "out": 2 * size})]
        else:
            layers.append(LayerRecord("split", chains={"branches": [[goes_on], [head]]}))
        taps = array.get("kernel_sizes") or [array["kernel_size"]] * len(dilations)
        acts = array["activation"]
        acts = acts if isinstance(acts, list) else [acts] * len(dilations)
        for k, dilation, act in zip(taps, dilations, acts):
            layers.append(layer(weights, size, k, dilation, activation(act, size)))
        if "head" in array:
            assert array["head"]["bias"]
            shape = array["head"]["out_channels"], array["head"]["kernel_size"]
            head = weights.conv(size, *shape, dilation=1)
        else:
            head = weights.dense(size, array["head_size"], bias=array["head_bias"])
    assert head is not None and weights.at == len(weights.values) - 1
    layers.append(LayerRecord("slice", {"in": 2 * size, "begin": size, "out": size}))
    scale = float(weights.values[-1])
    layers += [head, LayerRecord("scale", {"size": 1, "scale": scale})]
    chains = {"source": [[plain("identity", 1)]], "layers": [layers]}
    return [LayerRecord("conditioned_by", chains=chains)]


def convert(model: dict, golden: Path, name: str) -> None:
    run = json.loads(golden.read_text(encoding="utf-8"))
    zeros = run["prewarm_zeros"]  # silence before the signal, whose output is discarded
    check = Check(
        source="NeuralAmpModelerCore 0.5.5",
        dtype="float32",
        input=np.asarray([0.0] * zeros + run["input"], np.float32)[:, np.newaxis],
        output=np.asarray(run["output"], np.float32)[:, np.newaxis],
        tolerance=1e-5,
        skip=zeros,
    )
    write_model(FOLDER / f"{name}.json", ModelFile(wavenet(model), check))


def write_models() -> None:
    fixtures = Path(sys.argv[1])
    FOLDER.mkdir(exist_ok=True)
    shutil.copy(fixtures / "LICENSE", FOLDER / "LICENSE")
    a1 = json.loads((fixtures / "wavenet_a1_standard.nam").read_text(encoding="utf-8"))
    convert(a1, fixtures / "wavenet_a1_standard.noprewarm.golden.json", "wavenet_a1_standard")
    a2 = json.loads((fixtures / "A2.nam").read_text(encoding="utf-8"))
    convert(a2["config"]["submodels"][-1]["model"], fixtures / "A2.golden.json", "wavenet_a2")


def main() -> None:
    if not manifest.only_manifest():
        write_models()
    manifest.record(__file__, FOLDER, PURPOSES, PURPOSES)
    manifest.record_file(
        __file__, FOLDER / "LICENSE", "licence of these models", "NeuralAmpModelerCore 0.5.5", "text"
    )


if __name__ == "__main__":
    main()
