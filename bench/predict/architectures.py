"""Writes random networks of the kinds that people train, each as a model file with a number.

    PYTHONPATH=python/src python3 bench/predict/architectures.py FOLDER FIRST COUNT

A number gives the same network on every machine.
"""

import random
import sys
from pathlib import Path

import numpy as np

from inlay.check.signal import default_signal
from inlay.format import Check, ModelFile, write_model
from inlay.predict.networks import conv1d, dense, gru, lstm, pointwise, residual, rnn, wavenet

ACTIVATIONS = "tanh relu sigmoid prelu leaky_relu elu silu gelu softsign hardtanh".split()


def recurrent(draw):
    layers, channels = [], draw.choice((1, 1, 1, 2, 3))
    if draw.random() < 0.3:
        layers += dense_and_activation(draw, channels, draw.randint(2, 24))
        channels = layers[-1].channels_out
    for _ in range(draw.choice((1, 1, 1, 2))):
        units = round(4 * 16 ** draw.random())
        layers.append(draw.choice((lstm, lstm, gru, gru, rnn))(channels, units))
        channels = units
    if draw.random() < 0.3:
        layers += dense_and_activation(draw, channels, draw.randint(2, 24))
        channels = layers[-1].channels_out
    return [*layers, dense(channels, 1)]


def dense_and_activation(draw, inputs, outputs):
    return [dense(inputs, outputs), pointwise(draw.choice(ACTIVATIONS), outputs)]


def fully_connected(draw):
    layers, channels = [], draw.randint(1, 8)
    for _ in range(draw.randint(1, 5)):
        layers += dense_and_activation(draw, channels, round(4 * 16 ** draw.random()))
        channels = layers[-1].channels_out
    return [*layers, dense(channels, draw.randint(1, 4))]


def convolutional(draw):
    channels, kernel = round(4 * 8 ** draw.random()), draw.choice((2, 3, 3, 3, 5, 9))
    activation, growth = draw.choice(ACTIVATIONS), draw.choice((1, 2, 2, 4))
    layers = [dense(1, channels)]
    for i in range(draw.randint(2, 8)):
        block = [conv1d(channels, channels, kernel, min(512, growth**i)), pointwise(activation, channels)]
        if draw.random() < 0.3:
            block.append(dense(channels, channels))
        layers += [residual(*block)] if draw.random() < 0.4 else block
    if draw.random() < 0.2:
        layers.append(gru(channels, draw.randint(4, 32)))
        channels = layers[-1].channels_out
    return [*layers, dense(channels, 1)]


def nam(draw):
    return wavenet(
        2 * draw.randint(1, 16), dilations=draw.randint(3, 10), kernel=draw.choice((2, 3, 3, 6)),
        activation=draw.choice(("tanh", "tanh", "leaky_relu", "relu", "silu")),
    )  # fmt: skip


def network(number):
    draw = random.Random(number)
    return draw.choice((recurrent, recurrent, convolutional, nam, fully_connected))(draw)


def model(number):
    """A model file of which only the speed matters: it is loaded without its check."""
    layers = network(number)
    signal = default_signal(layers[0].channels_in, 1)
    unknown = np.zeros((len(signal), layers[-1].channels_out), np.float32)
    return ModelFile(layers, Check("none", "float32", signal, unknown, 1e-5))


def main():
    folder, first, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        write_model(folder / f"{number}.json", model(number))


if __name__ == "__main__":
    main()
