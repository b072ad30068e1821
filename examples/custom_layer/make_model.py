"""Writes echoes.json: a model with a custom layer and a check that is computed with NumPy.

    python3 examples/custom_layer/make_model.py

The check shares no code with the C++ layer: it evaluates the formula of each layer in double precision for the whole
signal. Loading the file in C++ runs the check.
"""

import json
from pathlib import Path

import numpy as np

SIZE, LONGEST, FRAMES = 4, 32, 128


def delayed(x, delays):
    """Each column of x, delayed with linear interpolation; zeros before the start."""
    t = np.arange(len(x))
    before = np.concatenate([[-LONGEST - 2.0, -1.0], t])  # the frames before the start, all zero
    return np.stack([np.interp(t - d, before, np.concatenate([[0, 0], c])) for c, d in zip(x.T, delays)], axis=1)


def main():
    rng = np.random.default_rng(20)

    def random(*shape):
        return rng.uniform(-1, 1, shape).astype(np.float32)

    send, send_bias = random(1, SIZE), random(SIZE)
    delay = np.array([0, 7.25, 18.5, LONGEST], np.float32)  # includes the shortest and the longest delay
    mix, mix_bias = random(SIZE, 1), random(1)

    x = random(FRAMES, 1)
    y = delayed(x.astype(float) @ send.astype(float) + send_bias, delay)
    y = np.tanh(y) @ mix.astype(float) + mix_bias

    def tensor(values):
        shortest = [float(str(v)) for v in np.asarray(values, np.float32).ravel()]
        return {"shape": list(np.shape(values)), "data": shortest}

    model = {
        "format": "inlay",
        "version": 1,
        "sample_rate": 48000,
        "metadata": {"name": "four echoes, each saturated"},
        "layers": [
            {"type": "dense", "in": 1, "out": SIZE, "kernel": tensor(send), "bias": tensor(send_bias)},
            {"type": "fractional_delay", "size": SIZE, "longest": LONGEST, "delay": tensor(delay)},
            {"type": "tanh", "size": SIZE},
            {"type": "dense", "in": SIZE, "out": 1, "kernel": tensor(mix), "bias": tensor(mix_bias)},
        ],
        "check": {
            "source": f"NumPy {np.__version__}",
            "dtype": "float32",
            "skip": 0,
            "stride": 1,
            "tolerance": 1e-6,
            "input": tensor(x),
            "output": tensor(y),
        },
    }
    lines = json.dumps(model).replace('{"type"', '\n    {"type"').replace('"check"', '\n  "check"')
    Path(__file__).with_name("echoes.json").write_text(lines + "\n")


if __name__ == "__main__":
    main()
