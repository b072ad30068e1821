"""Writes random networks of the kinds that people train, each as a model file with a number.

    PYTHONPATH=python/src python3 bench/predict/architectures.py FOLDER NUMBER...

A number gives the same network on every machine.
"""

import random
import sys
from pathlib import Path

import framed
import numpy as np

from inlay.check.signal import default_signal
from inlay.format import Check, ModelFile, write_model
from inlay.predict.networks import (
    biquad, compressor, conv1d, dense, equalizer, gated, gru, lru, lstm, mamba, min_gru, norm, pointwise, residual, rnn,
    s4d, table_shaper, wavenet,
)  # fmt: skip

ACTIVATIONS = "tanh relu sigmoid prelu leaky_relu elu silu gelu softsign hardtanh".split()
NEWER_ACTIVATIONS = "softplus gelu gelu_tanh snake mish softmax silu sine".split()


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


def state_spaces(draw):
    """Blocks of S4D or LRU, as in published amplifiers and compressors."""
    channels, of_s4d = round(2 * 16 ** draw.random()), draw.random() < 0.5
    layers = [dense(1, channels)]
    for _ in range(draw.randint(1, 4)):
        block = [normalised(draw, channels)] if draw.random() < 0.4 else []
        if of_s4d:
            block.append(s4d(channels, round(2 * 16 ** draw.random())))
        else:
            block.append(lru(channels, round(4 * 8 ** draw.random()), channels))
        block += glu(draw, channels) if draw.random() < 0.5 else dense_and_activation(draw, channels, channels)
        layers.append(residual(*block))
    return [*layers, dense(channels, 1)]


def normalised(draw, channels):
    name = draw.choice(("layer_norm", "rms_norm", "group_norm"))
    return norm(name, channels, draw.choice([n for n in (1, 2, 4) if channels % n == 0]))


def glu(draw, channels):
    """A newer activation and a gated linear unit."""
    wide = dense(channels, 2 * channels)
    return [pointwise(draw.choice(NEWER_ACTIVATIONS), channels), wide, gated(channels, draw.choice(("sigmoid", "silu")))]


def selective(draw):
    """Mamba blocks."""
    channels = round(2 * 8 ** draw.random())
    layers = [dense(1, channels)]
    for _ in range(draw.randint(1, 2)):
        inside = channels * draw.choice((1, 2))
        block = mamba(channels, inside, draw.choice((4, 8, 16)), draw.randint(1, 4))
        layers.append(residual(norm("rms_norm", channels), *block))
    return [*layers, norm("rms_norm", channels), dense(channels, 1)]


def minimal(draw):
    layers, channels = [], 1
    for _ in range(draw.randint(1, 3)):
        units = round(4 * 12 ** draw.random())
        layers.append(min_gru(channels, units))
        channels = units
        if draw.random() < 0.3:
            layers += [normalised(draw, channels), *dense_and_newer(draw, channels)]
    return [*layers, dense(channels, 1)]


def dense_and_newer(draw, channels):
    return [dense(channels, channels), pointwise(draw.choice(NEWER_ACTIVATIONS), channels)]


def gated_convolutions(draw):
    channels, kernel = round(4 * 6 ** draw.random()), draw.choice((2, 3, 3, 5))
    layers = [dense(1, channels)]
    for i in range(draw.randint(1, 5)):
        block = [normalised(draw, channels)] if draw.random() < 0.5 else []
        if draw.random() < 0.5:
            block += [conv1d(channels, 2 * channels, kernel, 2**i), gated(channels)]
        else:
            block += [conv1d(channels, channels, kernel, 2**i), pointwise(draw.choice(NEWER_ACTIVATIONS), channels)]
        layers.append(residual(*block))
    return [*layers, dense(channels, 1)]


def grey_box(draw):
    """Filters, tables, compressors and equalisers, one after the other."""
    size, layers = draw.choice((1, 1, 1, 2, 3, 4)), []
    for _ in range(draw.randint(1, 5)):
        part = draw.choice(("filter", "filter", "shaper", "compressor", "equalizer", "dense"))
        layers += {
            "filter": lambda: [biquad(size, draw.randint(1, 6))],
            "shaper": lambda: [table_shaper(size, draw.choice((17, 33, 257)))],
            "compressor": lambda: compressor(size),
            "equalizer": lambda: equalizer(size, draw.randint(2, 6), draw.choice((16, 64, 128))),
            "dense": lambda: dense_and_activation(draw, size, size),
        }[part]()
    return layers


KINDS_OF_NEWER = state_spaces, state_spaces, selective, minimal, gated_convolutions, grey_box, grey_box
#: From this number on, networks are of newer kinds. Machines that were measured before do not have their times.
NEWER = 1000
#: From this number on, those of framed.py, which no table is fitted to.
FRAMED = 2000


def network(number):
    if number >= FRAMED:
        return framed.NETWORKS[number - FRAMED]()
    draw = random.Random(number)
    if number >= NEWER:
        return draw.choice(KINDS_OF_NEWER)(draw)
    return draw.choice((recurrent, recurrent, convolutional, nam, fully_connected))(draw)


def shape(layers):
    """What the cost of layers depends on. Networks of few parameters may have the same."""
    return tuple(
        (layer.type, str(sorted(layer.options.items())), str([(n, np.shape(t)) for n, t in sorted(layer.tensors.items())]))
        + tuple((name, *map(shape, chains)) for name, chains in sorted(layer.chains.items()))
        for layer in layers
    )


def tests(numbers):
    """Those of the networks that test a table: their numbers are divisible by three, and no fitted one has their shape."""
    fitted = {shape(network(n)) for n in numbers if n % 3}
    return {n for n in numbers if n % 3 == 0 and shape(network(n)) not in fitted}


def model(number):
    """A model file of which only the speed matters: it is loaded without its check."""
    layers = network(number)
    signal = default_signal(layers[0].channels_in, 1)
    unknown = np.zeros((len(signal), layers[-1].channels_out), np.float32)
    return ModelFile(layers, Check("none", "float32", signal, unknown, 1e-5))


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for number in map(int, sys.argv[2:]):
        write_model(folder / f"{number}.json", model(number))


if __name__ == "__main__":
    main()
