"""Tests inlay-convert as a program: conversions and error messages.

    python3 test.py PROGRAM FOLDER_OF_GOLDEN_MODELS
"""

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from from_outside import GOLDEN, exit_status, expect
from from_outside import run as convert


def converts(folder):
    """A file in inlay's format is unchanged."""
    for name in ("lstm20_dense.f32", "wavenet_gated.f64", "parallel.f32"):
        source, target = GOLDEN / f"{name}.json", folder / "out.json"
        done = convert(source, target)
        expect(done.returncode == 0 and "inlay" in done.stdout, done.stderr)
        expect(json.loads(target.read_text()) == json.loads(source.read_text()), f"{name} changes")


def converts_aida_x(folder):
    """An LSTM of one unit with zero weights: the output is the bias of the dense layer plus the bypass."""
    zeros = {"kernel": [[0.0] * 4], "bias": [0.0] * 4}
    model = {
        "in_shape": [None, None, 1],
        "layers": [
            {
                "type": "lstm",
                "activation": "",
                "shape": [None, None, 1],
                "weights": [zeros["kernel"], zeros["kernel"], zeros["bias"]],
            },
            {"type": "dense", "activation": "", "shape": [None, None, 1], "weights": [[[1.0]], [0.25]]},
        ],
        "in_skip": 1,
        "out_gain": 20,
        "samplerate": "44100",
        "input_batch": [0.5, -0.5],
        "output_batch": [0.75, -0.25],
    }
    source, target = folder / "aida.json", folder / "out.json"
    source.write_text(json.dumps(model))
    done = convert(source, target)
    expect(done.returncode == 0 and "AIDA-X" in done.stdout, done.stderr)
    written = json.loads(target.read_text())
    expect(written["sample_rate"] == 44100, "sample rate")
    expect([layer["type"] for layer in written["layers"]] == ["residual", "scale"], "layers")
    expect(written["check"]["output"]["data"] == [7.5, -2.5], "check")


LINEAR = {
    "version": "0.5.4",
    "architecture": "Linear",
    "config": {"receptive_field": 2, "bias": False},
    "weights": [1.0, -1.0],
}


def makes_a_check(folder):
    """A file without a check gets the output of its own model as a check."""
    source, target = folder / "in.nam", folder / "out.json"
    source.write_text(json.dumps(LINEAR))
    done = convert(source, target)
    expect(done.returncode == 0 and "Neural Amp Modeler" in done.stdout, done.stderr)
    check = json.loads(target.read_text())["check"]
    x, y = check["input"]["data"], check["output"]["data"]
    expect(len(x) == len(y) > 1000, "frames")
    error = max(abs(b - a - c) for a, b, c in zip(x, x[1:], y[1:]))
    expect(error < 1e-6, f"the check is off by {error}")
    again = folder / "again.json"
    expect(convert(target, again).returncode == 0, "it does not read back")
    expect(again.read_text() == target.read_text(), "it reads back as another")


def refuses(folder):
    source, target = folder / "in.nam", folder / "kept.json"
    target.write_text("kept")
    for change, said in (
        ({"weights": []}, "weights: expected 2 numbers"),
        ({"architecture": "Quadratic"}, "architecture: expected"),
    ):
        source.write_text(json.dumps({**LINEAR, **change}))
        done = convert(source, target)
        expect(done.returncode == 2 and f"in.nam: {said}" in done.stderr, done.stderr)
        expect(target.read_text() == "kept", "the target is changed")
    expect(convert(folder / "none.nam", target).returncode == 2, "a file that is not there")
    expect(convert(source).returncode == 2, "usage")
    expect(convert(GOLDEN / "parallel.f32.json", folder / "none" / "out.json").returncode == 2, "a folder that is not there")


def main():
    with tempfile.TemporaryDirectory() as name:
        for test in (converts, converts_aida_x, makes_a_check, refuses):
            test(Path(name))
    return exit_status()


if __name__ == "__main__":
    sys.exit(main())
