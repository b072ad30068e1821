"""Networks that run layers on frames of samples, on blocks, on windows or on features.

Their combinators call the layers within in another way than the model is called, so they test how these calls are
priced. No machine's table is fitted to them.
"""

import numpy as np

from inlay.format import LayerRecord
from inlay.predict.networks import conv1d, dense, gru, lstm, pointwise


def holding(name, *layers, **options):
    return LayerRecord(name, options, chains={"layers": [list(layers)]})


def transform(name, size):
    return LayerRecord(name, {"samples": size}, {"window": np.hanning(size).astype(np.float32)})


def conv2d(inputs, outputs, features, time=2, kernel=3):
    options = {
        "in": inputs, "out": outputs, "features": features, "kernel_size_time": time, "kernel_size_features": kernel,
        "dilation": 1, "stride": 1, "padding": "same",
    }  # fmt: skip
    tensors = {
        "kernel": np.full((time, kernel, inputs, outputs), 1 / (time * kernel * inputs), np.float32),
        "bias": np.zeros(outputs, np.float32),
    }
    return LayerRecord("conv2d", options, tensors)


def filtered(size, *mask):
    """A spectrum times a mask that is made of it."""
    identity = [pointwise("identity", size + 2)]
    return [
        transform("rfft", size),
        LayerRecord("concat", chains={"branches": [identity, list(mask)]}),
        LayerRecord("complex_product", {"bins": size // 2 + 1}),
        transform("irfft", size),
    ]


def masked_spectrum(size=512, units=64):
    """A noise gate: a GRU makes the mask of a spectrum from its magnitudes."""
    bins = size // 2 + 1
    magnitude = LayerRecord("magnitude", {"bins": bins, "epsilon": 1e-6})
    mask = [magnitude, dense(bins, units), pointwise("relu", units), gru(units, units), dense(units, 2 * bins)]
    return [holding("overlap_add", *filtered(size, *mask), window=size, hop=size // 4)]


def convolved_spectrum(size=128, channels=8):
    """Convolutions in time and frequency, and GRUs along both."""
    features = size // 2 + 1
    inside = features * channels
    mask = [
        conv2d(2, channels, features),
        pointwise("relu", inside),
        holding("along_features", gru(channels, channels), features=features),
        holding("per_feature", gru(channels, channels), features=features),
        conv2d(channels, 2, features),
    ]
    return [holding("overlap_add", *filtered(size, *mask), window=size, hop=size // 2)]


def learned_frames(window=32, channels=64):
    """An encoder and a decoder of short frames, with an LSTM between."""
    layers = [dense(window, channels), pointwise("relu", channels), lstm(channels, channels), dense(channels, window)]
    return [holding("overlap_add", *layers, window=window, hop=window // 2)]


def modulated(size=16, block=128):
    """Convolutions that an LSTM modulates block by block."""
    layers = [dense(1, size)]
    for i in range(3):
        modulation = holding("tfilm", lstm(size, 2 * size), size=size, block_size=block, offset=i * (block - 1) % block)
        layers += [conv1d(size, size, 5, 4**i), modulation, pointwise("tanh", size)]
    return [*layers, dense(size, 1)]


def controlled(size=16, block=64):
    """Convolutions whose scale and shift follow the envelope of blocks."""
    envelope = [
        LayerRecord("abs", {"size": 1}),
        holding("block_control", lstm(1, 16), dense(16, 2 * size), block_size=block, offset=0),
    ]
    identity = pointwise("identity", 2 * size)
    layers = [dense(1, size), LayerRecord("delay", {"size": size, "frames": block - 1})]
    for i in range(3):
        layers += [conv1d(size, size, 3, 2**i), holding("film", identity, size=size), pointwise("relu", size)]
    return [LayerRecord("conditioned_by", chains={"source": [envelope], "layers": [[*layers, dense(size, 1)]]})]


def window_of_samples(window=40, units=16):
    """A Keras model of the last samples, which returns its last output alone."""
    return [holding("windowed", lstm(1, units), dense(units, 1), window=window, hop=1)]


def window_of_convolutions(window=512, hop=128, channels=16):
    """Features of overlapping windows, strided."""
    first = conv1d(1, channels, 8)
    first.options["stride"] = 4
    layers = [first, pointwise("relu", channels), gru(channels, 24), dense(24, 8)]
    return [holding("windowed", *layers, window=window, hop=hop)]


def bands(count=8, units=8):
    """A network for each of some bands, with the same weights."""
    return [
        dense(1, count),
        holding("per_feature", lstm(1, units), dense(units, 1), features=count),
        holding("along_features", gru(1, units), dense(units, 1), features=count),
        dense(count, 1),
    ]


NETWORKS = (
    masked_spectrum, convolved_spectrum, learned_frames, modulated, controlled, window_of_samples,
    window_of_convolutions, bands,
)  # fmt: skip
