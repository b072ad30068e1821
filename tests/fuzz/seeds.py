"""Writes seeds for the fuzzers: `seeds.py FOLDER`.

They are small files of every format: those of tests/golden with checks of a few frames, networks of
other formats, and, where there are any, other people's files.
"""

import json
import os
import pathlib
import random
import sys

TESTS = pathlib.Path(__file__).resolve().parent.parent
LARGEST = 6000  # bytes: larger files are slow to mutate, and show nothing new

numbers = random.Random(1)


def weights(*shape):
    """Nested lists of small numbers."""
    if not shape:
        return round(numbers.uniform(-0.5, 0.5), 3)
    return [weights(*shape[1:]) for _ in range(shape[0])]


def shortened(document):
    """An inlay file with a check of a few frames, and numbers of few digits."""
    check = document["check"]
    for name in ("input", "output", "condition"):
        if name in check:
            rows, channels = check[name]["shape"]
            rows = min(rows, 4)
            check[name] = {
                "shape": [rows, channels],
                "data": check[name]["data"][: rows * channels],
            }
    check["skip"] = 0
    check.pop("stride", None)
    return json.loads(json.dumps(document), parse_float=lambda text: round(float(text), 3))


def rtneural(**others):
    """A file as RTNeural's Keras script writes it, with a layer of each type."""

    def layer(kind, size, *arrays, activation="", **options):
        return {
            "type": kind,
            "activation": activation,
            "shape": [None, None, size],
            "weights": list(arrays),
            **options,
        }

    return {
        "in_shape": [None, None, 1],
        "layers": [
            layer("time-distributed-dense", 2, weights(1, 2), weights(2), activation="tanh"),
            layer(
                "conv1d",
                2,
                weights(2, 2, 2),
                weights(2),
                kernel_size=[2],
                dilation=[2],
                groups=1,
                activation="relu",
            ),
            layer("batchnorm", 2, weights(2), weights(2), weights(2), [0.5, 0.7], epsilon=0.001),
            layer("prelu", 2, weights(1, 2)),
            layer("lstm", 2, weights(2, 8), weights(2, 8), weights(8)),
            layer("gru", 2, weights(2, 6), weights(2, 6), weights(2, 6)),
            layer("dense", 1, weights(2, 1), weights(1), activation="elu"),
        ],
        **others,
    }


def rtneural_amp(**others):
    """The network of the fuzzer `typed`."""
    lstm = {
        "type": "lstm",
        "activation": "",
        "shape": [None, None, 2],
        "weights": [weights(1, 8), weights(2, 8), weights(8)],
    }
    dense = {
        "type": "dense",
        "activation": "",
        "shape": [None, None, 1],
        "weights": [weights(2, 1), weights(1)],
    }
    return {"in_shape": [None, None, 1], "layers": [lstm, dense], **others}


def proteus(unit, gates, inputs, skip):
    state = {
        "rec.weight_ih_l0": weights(2 * gates, inputs),
        "rec.weight_hh_l0": weights(2 * gates, 2),
        "rec.bias_ih_l0": weights(2 * gates),
        "rec.bias_hh_l0": weights(2 * gates),
        "lin.weight": weights(1, 2),
        "lin.bias": weights(1),
    }
    data = {
        "model": "SimpleRNN",
        "input_size": inputs,
        "skip": skip,
        "output_size": 1,
        "unit_type": unit,
        "num_layers": 1,
        "hidden_size": 2,
        "bias_fl": True,
    }
    return {"model_data": data, "state_dict": state}


def nam(architecture, config, count, **others):
    return {
        "version": "0.5.4",
        "architecture": architecture,
        "config": config,
        "weights": weights(count),
        "sample_rate": 48000,
        **others,
    }


def wavenet():
    arrays = [
        {
            "input_size": 1,
            "condition_size": 1,
            "head_size": 2,
            "channels": 2,
            "kernel_size": 2,
            "dilations": [1, 2],
            "activation": "Tanh",
            "gated": False,
            "head_bias": False,
        },
        {
            "input_size": 2,
            "condition_size": 1,
            "head_size": 1,
            "channels": 2,
            "kernel_size": 2,
            "dilations": [4],
            "activation": "ReLU",
            "gated": True,
            "head_bias": True,
        },
    ]
    return nam("WaveNet", {"layers": arrays, "head": None, "head_scale": 0.5}, 76)


def lstm():
    return nam("LSTM", {"input_size": 1, "hidden_size": 2, "num_layers": 1}, 39)


def networks():
    """Files by name."""
    yield "rtneural", rtneural()
    yield "rtneural_amp", rtneural_amp()
    yield "aidax", rtneural_amp(
        in_skip=1, in_gain=3.0, out_gain=-2.0, samplerate=48000, metadata={"name": "a"}
    )
    yield "aidax_batch", rtneural_amp(in_gain=0.0, input_batch=weights(4), output_batch=weights(4))
    yield "proteus_lstm", proteus("LSTM", 4, 1, 1)
    yield "proteus_gru", proteus("GRU", 3, 2, 0)
    yield "nam_wavenet", wavenet()
    yield "nam_lstm", lstm()
    yield "nam_linear", nam("Linear", {"receptive_field": 5, "bias": True}, 6)
    convnet = {"channels": 2, "dilations": [1, 4], "batchnorm": True, "activation": "Tanh"}
    yield "nam_convnet", nam("ConvNet", convnet, 33)
    parts = [{"max_value": 0.5, "model": lstm()}, {"max_value": 1.0, "model": wavenet()}]
    yield "nam_container", {
        **nam("SlimmableContainer", {"submodels": parts}, 0),
        "version": "0.7.0",
    }
    cabinet = nam("Linear", {"receptive_field": 3, "bias": False}, 3)
    row = nam("Sequential", {"models": [lstm(), cabinet]}, 0)
    yield "nam_rows", nam("Sequential", {"models": [cabinet, row, wavenet()]}, 0)
    for path in sorted((TESTS / "unit/nam").glob("*.nam")):
        yield "nam_" + path.stem, json.loads(path.read_text())
    for path in sorted((TESTS / "golden").glob("*/*.json")):
        document = json.loads(path.read_text())
        if document.get("format") != "inlay" or path.name.endswith(".f64.json"):
            continue
        yield path.name.split(".")[0], shortened(document)
        if path.name in ("mixed.f32.json", "conv1d_1_4_k3.f32.json"):
            yield path.name.split(".")[0] + "_checked", document


def other_files():
    """Contents by name: binary files, and other people's files, damaged ones too, if they are there."""
    for path in sorted((TESTS / "unit/namb").glob("*.namb")):
        yield "namb_" + path.stem, path.read_bytes()
    folder = pathlib.Path(os.environ.get("INLAY_FIXTURES", TESTS.parent.parent / "shared/fixtures"))
    for path in sorted(folder.glob("*/*")):
        if (
            path.suffix in (".json", ".nam")
            and "golden" not in path.name
            and path.stat().st_size <= LARGEST
        ):
            yield path.parent.name + "_" + path.stem, path.read_bytes()


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in networks():
        text = json.dumps(document, separators=(",", ":"))
        if len(text) <= LARGEST or name.endswith("checked"):
            (folder / name).write_text(text)
    for name, text in other_files():
        (folder / name).write_bytes(text)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
