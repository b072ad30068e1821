"""Evaluates model files in NumPy and float64, written from docs/file-format.md.

It shares no code with the exporters and reads the file's JSON, so it also checks the writer.
Every signal is [frames, channels].
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, Optional

import numpy as np
import numpy.typing as npt

from ..custom import LAYERS as CUSTOM_LAYERS
from ..errors import ExportError

Signal = npt.NDArray[np.float64]
Condition = Optional[Signal]
Json = dict[str, Any]


def load(path: Path) -> Json:
    loaded: Json = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def tensor(value: Json) -> Signal:
    return np.asarray(value["data"], np.float64).reshape(value["shape"])


def check_error(root: Json) -> tuple[float, float]:
    """The largest error of the check in this evaluation, and the largest error allowed."""
    check = root["check"]
    expected = tensor(check["output"])
    condition = tensor(check["condition"]) if "condition" in check else None
    with np.errstate(all="ignore"):  # values that overflow saturate, or are found below
        output = evaluate(root["layers"], tensor(check["input"]), condition)
    times, rate = arrivals(root["layers"], check["input"]["shape"][0])
    step = max(1, int(check.get("stride", 1) * min(rate, Fraction(1))))
    found = output[times >= check.get("skip", 0)][::step]
    if rate > 1:
        # A stride larger than the kernel gives frames at the end that no framework gives.
        found = found[: len(expected)]
    if found.shape != expected.shape:
        raise ExportError(
            f"check.output: expected {list(found.shape)}, as the model gives, found"
            f" {list(expected.shape)}"
        )
    limit = min(check["tolerance"], 1e-3) * max(1.0, float(np.abs(expected).max()))
    return float(np.abs(found - expected).max()), limit


def evaluate(layers: list[Json], signal: Signal, condition: Signal | None = None) -> Signal:
    for layer in layers:
        if layer["type"] in COMBINATORS:
            signal = COMBINATORS[layer["type"]](layer, signal, condition)
        elif layer["type"] in CUSTOM_LAYERS:
            signal = custom(layer, signal)
        else:
            signal = LAYERS[layer["type"]](layer, signal)
    return signal


def custom(layer: Json, signal: Signal) -> Signal:
    """Runs the `evaluate` function of a user's layer."""
    tensors = {name: tensor(value) for name, value in layer.items() if isinstance(value, dict)}
    options = {name: layer[name] for name in layer if name not in ("type", *tensors)}
    return CUSTOM_LAYERS[layer["type"]].run(signal, options, tensors)


def emitted(layer: Json, frames: int) -> npt.NDArray[np.int64]:
    """For each output frame of a layer, the input frame with which it arrives."""
    at: npt.NDArray[np.int64] = np.arange(frames)
    if raised(layer) > 1:
        return np.repeat(at, raised(layer))
    if layer["type"] == "windowed":
        reach, stride = layer["window"] - 1, layer["hop"]
    elif "stride" in layer and "features" not in layer:
        reach = (layer["kernel_size"] - 1) * layer.get("dilation", 1)
        stride = layer["stride"]
    else:
        return at
    due: npt.NDArray[np.int64] = at[(at - reach) % stride == 0]
    return due


def raised(layer: Json) -> int:
    """The output frames of an input frame of a layer that raises the rate, 1 for others."""
    if layer["type"] == "conv_transpose1d":
        return int(layer["stride"])
    return int(layer["factor"]) if layer["type"].startswith("upsample_") else 1


def arrivals(layers: list[Json], frames: int) -> tuple[npt.NDArray[np.int64], Fraction]:
    """For each output frame of a model, the input frame with which it arrives; the rate."""
    times, rate = np.arange(frames), Fraction(1)
    for layer in layers:
        if layer["type"] in ("sequential", "conditioned_by"):
            inner, change = arrivals(layer["layers"], len(times))
            times, rate = times[inner], rate * change
            continue
        times = times[emitted(layer, len(times))]
        rate *= raised(layer)
        if "features" not in layer and layer["type"] != "conv_transpose1d":
            rate /= layer.get("stride", layer["hop"] if layer["type"] == "windowed" else 1)
    return times, rate


def sigmoid(x: Signal) -> Signal:
    return 1.0 / (1.0 + np.exp(-x))


def hard_sigmoid(x: Signal) -> Signal:
    return np.clip(x / 6.0 + 0.5, 0.0, 1.0)


def hard_sigmoid_keras2(x: Signal) -> Signal:
    return np.clip(0.2 * x + 0.5, 0.0, 1.0)


GATES = {
    "sigmoid": sigmoid,
    "hard_sigmoid": hard_sigmoid,
    "hard_sigmoid_keras2": hard_sigmoid_keras2,
}


def bias_of(layer: Json) -> Signal | float:
    return tensor(layer["bias"]) if "bias" in layer else 0.0


def dense(layer: Json, x: Signal) -> Signal:
    y: Signal = x @ tensor(layer["kernel"]) + bias_of(layer)
    return y


def conv1d(layer: Json, x: Signal) -> Signal:
    kernel, dilation, groups = (
        tensor(layer["kernel"]),
        layer["dilation"],
        layer["groups"],
    )
    taps, inputs, outputs = (
        layer["kernel_size"],
        layer["in"] // groups,
        layer["out"] // groups,
    )
    y = np.zeros((len(x), layer["out"]))
    for tap in range(taps):
        late = delayed(x, (taps - 1 - tap) * dilation)
        for group in range(groups):
            out = slice(group * outputs, (group + 1) * outputs)
            y[:, out] += late[:, group * inputs : (group + 1) * inputs] @ kernel[tap][:, out]
    return (y + bias_of(layer))[emitted(layer, len(x))]


def delayed(x: Signal, frames: int) -> Signal:
    zeros = np.zeros((min(frames, len(x)), x.shape[1]))
    return np.concatenate([zeros, x[: len(x) - len(zeros)]])


def conv_transpose1d(layer: Json, x: Signal) -> Signal:
    """Each input frame adds `kernel_size` output frames, starting `stride` after the previous one."""
    frames, stride = len(x) * layer["stride"], layer["stride"]
    y = np.zeros((frames + layer["kernel_size"], layer["out"]))
    for tap, weights in enumerate(tensor(layer["kernel"])):
        y[tap : tap + frames : stride] += x @ weights
    made: Signal = y[:frames] + bias_of(layer)
    return made


def upsample_nearest(layer: Json, x: Signal) -> Signal:
    return np.repeat(x, layer["factor"], axis=0)


def upsample_linear(layer: Json, x: Signal) -> Signal:
    """PyTorch's interpolation, `factor` frames late. Before the first frame the signal is equal to it."""
    factor = layer["factor"]
    at = np.maximum((np.arange((len(x) - 1) * factor) + 0.5) / factor - 0.5, 0.0)
    made = [np.interp(at, np.arange(len(x)), channel) for channel in x.T]
    return np.concatenate([np.zeros((factor, x.shape[1])), np.stack(made, axis=1)])


def pool1d(layer: Json, x: Signal) -> Signal:
    taps = layer["kernel_size"]
    seen = np.stack([delayed(x, taps - 1 - tap) for tap in range(taps)])
    pooled: Signal = seen.max(0) if layer["type"] == "max_pool1d" else seen.mean(0)
    return pooled[emitted(layer, len(x))]


def conv2d(layer: Json, x: Signal) -> Signal:
    """By the definition: for each position, the part under the kernel times the kernel."""
    kernel, dilation, stride = tensor(layer["kernel"]), layer["dilation"], layer["stride"]
    if layer["type"] == "depthwise_conv2d":  # each output from one input
        kernel = kernel[..., None] * np.eye(kernel.shape[-1])
    taps, width, inputs, outputs = kernel.shape
    features = layer["features"]
    if layer["padding"] == "same":
        positions = math.ceil(features / stride)
        zeros = max((positions - 1) * stride + width - features, 0)
    else:
        positions, zeros = (features - width) // stride + 1, 0
    past = (taps - 1) * dilation
    around = (past, 0), (zeros // 2, zeros - zeros // 2), (0, 0)
    planes = np.pad(x.reshape(len(x), features, inputs), around)
    y = np.zeros((len(x), positions, outputs))
    for tap in range(taps):
        for position in range(positions):
            first = position * stride
            seen = planes[tap * dilation : tap * dilation + len(x), first : first + width]
            y[:, position] += np.tensordot(seen, kernel[tap], 2)
    return (y + bias_of(layer)).reshape(len(x), -1)


def lstm(layer: Json, x: Signal) -> Signal:
    kernel, recurrent, bias = (tensor(layer[n]) for n in ("kernel", "recurrent_kernel", "bias"))
    gate = GATES[layer["recurrent_activation"]]
    h, c = initial(layer, "hidden", "out"), initial(layer, "cell", "out")
    if "projection" in layer:
        c = initial(layer, "cell", "units")
    y = []
    for frame in x:
        i, f, g, o = np.split(frame @ kernel + h @ recurrent + bias, 4)
        c = gate(f) * c + gate(i) * np.tanh(g)
        h = gate(o) * np.tanh(c)
        if "projection" in layer:
            h = h @ tensor(layer["projection"])
        y.append(h)
    return np.array(y)


def initial(layer: Json, of: str, size: str) -> Signal:
    """The state after a reset."""
    name = f"initial_{of}"
    return tensor(layer[name]) if name in layer else np.zeros(layer[size])


def min_gru(layer: Json, x: Signal) -> Signal:
    u, v = np.split(x @ tensor(layer["kernel"]) + bias_of(layer), 2, axis=1)
    if layer["candidate"] == "positive":
        v = np.where(v < 0.0, sigmoid(v), v + 0.5)
    h = initial(layer, "hidden", "out")
    y = []
    for z, candidate in zip(sigmoid(u), v):
        h = (1.0 - z) * h + z * candidate
        y.append(h)
    return np.array(y)


def gru(layer: Json, x: Signal) -> Signal:
    w_z, w_r, w_n = np.split(tensor(layer["kernel"]), 3, axis=1)
    u_z, u_r, u_n = np.split(tensor(layer["recurrent_kernel"]), 3, axis=1)
    bias = tensor(layer["bias"])
    rows = bias if layer["reset_after"] else np.stack([bias, np.zeros_like(bias)])
    (b_z, c_z), (b_r, c_r), (b_n, c_n) = (rows[:, part] for part in thirds(layer["out"]))
    gate = GATES[layer["recurrent_activation"]]
    h = initial(layer, "hidden", "out")
    y = []
    for frame in x:
        z = gate(frame @ w_z + b_z + h @ u_z + c_z)
        r = gate(frame @ w_r + b_r + h @ u_r + c_r)
        memory = r * (h @ u_n + c_n) if layer["reset_after"] else (r * h) @ u_n
        h = z * h + (1.0 - z) * np.tanh(frame @ w_n + b_n + memory)
        y.append(h)
    return np.array(y)


def rnn(layer: Json, x: Signal) -> Signal:
    kernel, recurrent, bias = (tensor(layer[n]) for n in ("kernel", "recurrent_kernel", "bias"))
    activation = LAYERS[layer["activation"]]
    h = initial(layer, "hidden", "out")
    y = []
    for frame in x:
        h = activation({}, frame @ kernel + h @ recurrent + bias)
        y.append(h)
    return np.array(y)


def s4d(layer: Json, x: Signal) -> Signal:
    a = tensor(layer["a_real"]) + 1j * tensor(layer["a_imag"])
    c = tensor(layer["c_real"]) + 1j * tensor(layer["c_imag"])
    d = tensor(layer["d"]) if "d" in layer else np.zeros(layer["size"])
    s = np.zeros_like(a)
    y = []
    for u in x:
        s = a * s + u[:, np.newaxis]
        y.append(2 * (c * s).sum(axis=1).real + d * u)
    return np.array(y)


def lru(layer: Json, x: Signal) -> Signal:
    poles = tensor(layer["lambda_real"]) + 1j * tensor(layer["lambda_imag"])
    b_real, b_imag = np.split(tensor(layer["b"]), 2, axis=1)
    c_real, minus_c_imag = np.split(tensor(layer["c"]), 2)
    driven = x @ (b_real + 1j * b_imag)
    state = np.zeros_like(poles)
    states = []
    for drive in driven:
        state = poles * state + drive
        states.append(state)
    mixed: Signal = (np.array(states) @ (c_real - 1j * minus_c_imag)).real
    return mixed + x @ tensor(layer["d"])


def s6(layer: Json, x: Signal) -> Signal:
    a, rank, states = tensor(layer["a"]), layer["rank"], layer["states"]
    d = tensor(layer["d"]) if "d" in layer else np.zeros(layer["size"])
    low, b, c = np.split(x @ tensor(layer["kernel"]), [rank, rank + states], axis=1)
    delta = np.logaddexp(0, low @ tensor(layer["step_kernel"]) + tensor(layer["step_bias"]))
    h = np.zeros_like(a)
    y = []
    for t, u in enumerate(x):
        step = delta[t][:, np.newaxis]
        h = np.exp(step * a) * h + step * b[t] * u[:, np.newaxis]
        y.append(h @ c[t] + d * u)
    return np.array(y)


def thirds(size: int) -> list[slice]:
    return [slice(k * size, (k + 1) * size) for k in range(3)]


def softmax(layer: Json, x: Signal) -> Signal:
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    shares: Signal = powers / powers.sum(axis=1, keepdims=True)
    return shares


def softplus(layer: Json, x: Signal) -> Signal:
    z = layer["beta"] * x
    return np.where(z > layer["threshold"], x, np.logaddexp(0.0, z) / layer["beta"])


def gelu(layer: Json, x: Signal) -> Signal:
    y: Signal = 0.5 * x * (1.0 + np.vectorize(math.erf)(x / np.sqrt(2.0)))
    return y


def gelu_tanh(layer: Json, x: Signal) -> Signal:
    y: Signal = 0.5 * x * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (x + 0.044715 * x**3)))
    return y


def leaky_hardtanh(layer: Json, x: Signal) -> Signal:
    below, above = x - layer["min"], x - layer["max"]
    y = np.where(above > 0.0, layer["max"] + layer["max_slope"] * above, x)
    return np.where(below < 0.0, layer["min"] + layer["min_slope"] * below, y)


def fast_tanh(layer: Json, x: Signal) -> Signal:
    a: Signal = np.abs(x)
    over: Signal = 2.45550750702956 * (1 + a) + (0.893229853513558 + 0.821226666969744 * a) * a**2
    return (
        x
        * over
        / (2.44506634652299 + (2.44506634652299 + a**2) * (a + 0.814642734961073 * a**2))
    )


def snake(layer: Json, x: Signal) -> Signal:
    z = tensor(layer["alpha"]) * x
    if "beta" in layer:
        beta = tensor(layer["beta"])
        return x + np.divide(np.sin(z) ** 2, beta, out=np.zeros_like(x), where=beta != 0)
    # sin(z) / z is numpy's sinc of z / pi, and 1 at 0.
    y: Signal = x + x * np.sin(z) * np.sinc(z / np.pi)
    return y


def rational(layer: Json, x: Signal) -> Signal:
    over = sum(a * x**k for k, a in enumerate(tensor(layer["numerator"])))
    terms = [b * x**k for k, b in enumerate(tensor(layer["denominator"]), 1)]
    under = sum(map(np.abs, terms)) if layer["version"] == "A" else np.abs(sum(terms))
    y: Signal = over / (1.0 + under)
    return y


def affine(layer: Json, x: Signal) -> Signal:
    y: Signal = tensor(layer["scale"]) * x + tensor(layer["shift"])
    return y


def selu(layer: Json, x: Signal) -> Signal:
    alpha, scale = 1.6732632423543772848, 1.0507009873554804934
    return scale * np.where(x > 0.0, x, alpha * np.expm1(np.minimum(x, 0.0)))


def batchnorm1d(layer: Json, x: Signal) -> Signal:
    deviation = np.sqrt(tensor(layer["variance"]) + layer["epsilon"])
    y: Signal = (x - tensor(layer["mean"])) / deviation
    if "gamma" in layer:
        y = y * tensor(layer["gamma"])
    return y + tensor(layer["beta"]) if "beta" in layer else y


def normalised(layer: Json, x: Signal, mean: Signal | float, variance: Signal) -> Signal:
    y: Signal = (x - mean) / np.sqrt(variance + layer["epsilon"])
    if "gamma" in layer:
        y = y * tensor(layer["gamma"])
    return y + tensor(layer["beta"]) if "beta" in layer else y


def layer_norm(layer: Json, x: Signal) -> Signal:
    return normalised(layer, x, x.mean(1, keepdims=True), x.var(1, keepdims=True))


def rms_norm(layer: Json, x: Signal) -> Signal:
    return normalised(layer, x, 0.0, (x * x).mean(1, keepdims=True))


def group_norm(layer: Json, x: Signal) -> Signal:
    groups = x.reshape(len(x), layer["groups"], -1)
    in_group = groups.shape[2]
    mean, variance = (np.repeat(of, in_group, 1) for of in (groups.mean(2), groups.var(2)))
    return normalised(layer, x, mean, variance)


def cumulative_norm(layer: Json, x: Signal) -> Signal:
    seen = [x[: t + 1] for t in range(len(x))]
    mean, variance = (np.array([[of(part)] for part in seen]) for of in (np.mean, np.var))
    return normalised(layer, x, mean, variance)


def batchnorm2d(layer: Json, x: Signal) -> Signal:
    return batchnorm1d(layer, x.reshape(-1, layer["channels"])).reshape(x.shape)


def second_order(section: Signal, x: Signal) -> Signal:
    """One second-order section on one channel: b0, b1, b2, a1, a2, or a row of them for each frame."""
    y, s1, s2 = np.zeros(len(x)), 0.0, 0.0
    for t, (b0, b1, b2, a1, a2) in enumerate(np.broadcast_to(section, (len(x), 5)).tolist()):
        given = float(x[t])
        out = b0 * given + s1
        s1, s2 = b1 * given - a1 * out + s2, b2 * given - a2 * out
        y[t] = out
    return y


def biquad(layer: Json, x: Signal) -> Signal:
    y = x.copy()
    for channel, sections in enumerate(tensor(layer["coefficients"])):
        for section in sections:
            y[:, channel] = second_order(section, y[:, channel])
    return y


def one_pole(layer: Json, x: Signal) -> Signal:
    rise, fall = tensor(layer["rise"]), tensor(layer["fall"])
    frames, y = np.empty_like(x), np.zeros(x.shape[1])
    for t, frame in enumerate(x):
        a = np.where(frame > y, rise, fall)
        frames[t] = y = a * y + (1.0 - a) * frame
    return frames


def amplitude_to_db(layer: Json, x: Signal) -> Signal:
    y: Signal = 20.0 * np.log10(np.maximum(np.abs(x), layer["floor"]))
    return y


def gain_computer(layer: Json, x: Signal) -> Signal:
    knee = layer["knee"]
    over = x - layer["threshold"] + knee / 2
    within = np.clip(over, 0.0, knee) ** 2 / (2 * knee) if knee > 0 else np.zeros(())
    y: Signal = (1.0 / layer["ratio"] - 1.0) * (within + np.maximum(over - knee, 0.0))
    return y


def table_shaper(layer: Json, x: Signal) -> Signal:
    values, points = tensor(layer["values"]), layer["points"]
    position = (x - layer["low"]) / (layer["high"] - layer["low"]) * (points - 1)
    position = np.clip(position, 0.0, points - 1)
    if layer["interpolation"] == "linear":
        return np.interp(position, np.arange(points), values)
    at = np.minimum(position.astype(int), points - 2)
    f, slopes = position - at, np.gradient(values)
    value, later = values[at], values[at + 1]
    hermite = [2 * f**3 - 3 * f**2 + 1, f**3 - 2 * f**2 + f, 3 * f**2 - 2 * f**3, f**3 - f**2]
    of = [value, slopes[at], later, slopes[at + 1]]
    return sum((h * v for h, v in zip(hermite, of)), np.zeros(()))


def band(shape: str, gain: float, frequency: float, q: float) -> list[float]:
    """Section of an equaliser's band, by the Audio EQ Cookbook. The frequency is in cycles per frame."""
    a = 10.0 ** (min(max(gain, -120.0), 120.0) / 40.0)
    w = 2.0 * math.pi * min(max(frequency, 1e-6), 0.499)
    alpha, c = math.sin(w) / (2.0 * min(max(q, 0.01), 1000.0)), math.cos(w)
    if shape == "peak":
        given = [1 + alpha * a, -2 * c, 1 - alpha * a, 1 + alpha / a, -2 * c, 1 - alpha / a]
    else:
        sign = 1.0 if shape == "low_shelf" else -1.0
        c, k = sign * c, 2 * math.sqrt(a) * alpha
        given = [a * (a + 1 - (a - 1) * c + k), sign * 2 * a * (a - 1 - (a + 1) * c)]
        given += [a * (a + 1 - (a - 1) * c - k), a + 1 + (a - 1) * c + k]
        given += [sign * -2 * (a - 1 + (a + 1) * c), a + 1 + (a - 1) * c - k]
    b0, b1, b2, a0, a1, a2 = given
    return [b0 / a0, b1 / a0, b2 / a0, a1 / a0, a2 / a0]


def parametric_equalizer(layer: Json, x: Signal, condition: Condition) -> Signal:
    y, bands, hop = x.copy(), layer["bands"], layer["hop"]
    held = given(condition)[np.arange(len(x)) // hop * hop].reshape(len(x), -1, 3)
    for index in range(bands):
        shape = "low_shelf" if index == 0 else "high_shelf" if index == bands - 1 else "peak"
        sections = np.empty((len(x), 5))
        for t, (gain, frequency, q) in enumerate(held[:, index].tolist()):
            if t % hop == 0:
                section = band(shape, gain, frequency / layer["sample_rate"], q)
            sections[t] = section
        for channel in range(x.shape[1]):
            y[:, channel] = second_order(sections, y[:, channel])
    return y


def silent_until(layer: Json, x: Signal) -> Signal:
    return np.where(np.arange(len(x))[:, None] < layer["frames"], 0.0, x)


def periodic_gain(layer: Json, x: Signal) -> Signal:
    return x * tensor(layer["gain"])[np.arange(len(x)) % layer["period"]]


def gather(layer: Json, x: Signal) -> Signal:
    index = tensor(layer["index"]).astype(int)
    return np.where(index < 0, 0.0, x[:, np.maximum(index, 0)])


def as_complex(x: Signal) -> npt.NDArray[np.complex128]:
    """Channels re(0), im(0), re(1), im(1), ... as complex numbers."""
    spectrum: npt.NDArray[np.complex128] = x[:, ::2] + 1j * x[:, 1::2]
    return spectrum


def as_channels(spectrum: npt.NDArray[np.complex128]) -> Signal:
    return np.stack([spectrum.real, spectrum.imag], axis=2).reshape(len(spectrum), -1)


def window_of(layer: Json) -> Signal | float:
    return tensor(layer["window"]) if "window" in layer else 1.0


def rfft(layer: Json, x: Signal) -> Signal:
    return as_channels(np.fft.rfft(x * window_of(layer)))


def irfft(layer: Json, x: Signal) -> Signal:
    frames: Signal = np.fft.irfft(as_complex(x), layer["samples"]) * window_of(layer)
    return frames


def complex_product(layer: Json, x: Signal) -> Signal:
    a, b = np.split(x, 2, axis=1)
    return as_channels(as_complex(a) * as_complex(b))


def magnitude(layer: Json, x: Signal) -> Signal:
    return np.sqrt((x**2).reshape(len(x), -1, 2).sum(axis=2) + layer["epsilon"])


LAYERS: dict[str, Callable[[Json, Signal], Signal]] = {
    "dense": dense,
    "conv1d": conv1d,
    "conv2d": conv2d,
    "depthwise_conv2d": conv2d,
    "conv_transpose1d": conv_transpose1d,
    "max_pool1d": pool1d,
    "avg_pool1d": pool1d,
    "gather": gather,
    "silent_until": silent_until,
    "periodic_gain": periodic_gain,
    "rfft": rfft,
    "irfft": irfft,
    "complex_product": complex_product,
    "magnitude": magnitude,
    "lstm": lstm,
    "gru": gru,
    "rnn": rnn,
    "projected_lstm": lstm,
    "min_gru": min_gru,
    "upsample_nearest": upsample_nearest,
    "upsample_linear": upsample_linear,
    "s4d": s4d,
    "lru": lru,
    "s6": s6,
    "tanh": lambda layer, x: np.tanh(x),
    "sigmoid": lambda layer, x: sigmoid(x),
    "hard_sigmoid": lambda layer, x: hard_sigmoid(x),
    "hard_sigmoid_keras2": lambda layer, x: hard_sigmoid_keras2(x),
    "relu": lambda layer, x: np.maximum(x, 0.0),
    "leaky_relu": lambda layer, x: np.where(x > 0.0, x, layer["alpha"] * x),
    "elu": lambda layer, x: np.where(x > 0.0, x, layer["alpha"] * np.expm1(np.minimum(x, 0.0))),
    "prelu": lambda layer, x: np.where(x > 0.0, x, tensor(layer["alpha"]) * x),
    "softmax": softmax,
    "softplus": softplus,
    "silu": lambda layer, x: x * sigmoid(x),
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
    "hardtanh": lambda layer, x: np.clip(x, layer["min"], layer["max"]),
    "leaky_hardtanh": leaky_hardtanh,
    "hardswish": lambda layer, x: x * hard_sigmoid(x),
    "softsign": lambda layer, x: x / (1.0 + np.abs(x)),
    "fast_tanh": fast_tanh,
    "selu": selu,
    "mish": lambda layer, x: x * np.tanh(np.logaddexp(0.0, x)),
    "sine": lambda layer, x: np.sin(layer["omega"] * x),
    "abs": lambda layer, x: np.abs(x),
    "exp": lambda layer, x: np.exp(x),
    "sqrt": lambda layer, x: np.sqrt(x),
    "square": lambda layer, x: x * x,
    "affine": affine,
    "rational": rational,
    "scale": lambda layer, x: x * float(layer["scale"]),
    "biquad": biquad,
    "one_pole": one_pole,
    "amplitude_to_db": amplitude_to_db,
    "db_to_amplitude": lambda layer, x: 10.0 ** (x / 20.0),
    "gain_computer": gain_computer,
    "table_shaper": table_shaper,
    "snake": snake,
    "batchnorm1d": batchnorm1d,
    "batchnorm2d": batchnorm2d,
    "layer_norm": layer_norm,
    "rms_norm": rms_norm,
    "group_norm": group_norm,
    "cumulative_norm": cumulative_norm,
}


def branches(layer: Json, x: Signal, condition: Condition) -> list[Signal]:
    return [evaluate(branch, x, condition) for branch in layer["branches"]]


def width_in(layers: list[Json]) -> int:
    """The input channels of a chain."""
    first = layers[0]
    if first["type"] in ("gate", "blend"):
        return 2 * int(first["size"])
    if first["type"] == "split":
        return sum(map(width_in, first["branches"]))
    if first["type"] == "residual_skip":
        silence = np.zeros((1, width_in(first["skip"])))
        return width_in(first["path"]) + evaluate(first["skip"], silence).shape[1]
    if "branches" in first:
        return width_in(first["branches"][0])
    if "layers" in first and "size" not in first:
        return width_in(first["layers"])
    channels = first.get("in", first.get("size", first.get("channels")))
    return int(channels * first.get("features", 1))


def split(layer: Json, x: Signal, condition: Condition) -> Signal:
    first, rest = layer["branches"]
    at = width_in(first)
    parts = evaluate(first, x[:, :at], condition), evaluate(rest, x[:, at:], condition)
    return np.concatenate(parts, axis=1)


def gate(layer: Json, x: Signal, condition: Condition) -> Signal:
    a, b = np.split(x, 2, axis=1)
    activated, opened = evaluate(layer["activation"], a), evaluate(layer["gate"], b)
    if layer["type"] == "gate":
        return activated * opened
    return opened * activated + (1 - opened) * a


def given(condition: Condition) -> Signal:
    assert condition is not None, "a layer with side channels is given none"
    return condition


def mixin(layer: Json, x: Signal, condition: Condition) -> Signal:
    return x + evaluate(layer["layers"], given(condition), condition)


def film(layer: Json, x: Signal, condition: Condition) -> Signal:
    made = evaluate(layer["layers"], given(condition), condition)
    if made.shape[1] == x.shape[1]:
        return x * made
    scale, shift = np.split(made, 2, axis=1)
    y: Signal = x * scale + shift
    return y


def residual_skip(layer: Json, x: Signal, condition: Condition) -> Signal:
    at = width_in(layer["path"])
    a = evaluate(layer["path"], x[:, :at], condition)
    goes_on = x[:, :at] + evaluate(layer["residual"], a, condition)
    return np.concatenate([goes_on, x[:, at:] + evaluate(layer["skip"], a, condition)], axis=1)


def windowed(layer: Json, x: Signal, condition: Condition) -> Signal:
    late = np.concatenate([np.zeros((layer["window"] - 1, x.shape[1])), x])
    ends = emitted(layer, len(x))
    return np.stack(
        [evaluate(layer["layers"], late[end : end + layer["window"]])[-1] for end in ends]
    )


def along_features(layer: Json, x: Signal, condition: Condition) -> Signal:
    features = x.reshape(len(x), layer["features"], -1)
    return np.stack([evaluate(layer["layers"], frame).reshape(-1) for frame in features])


def per_feature(layer: Json, x: Signal, condition: Condition) -> Signal:
    features = x.reshape(len(x), layer["features"], -1)
    made = [evaluate(layer["layers"], features[:, f], condition) for f in range(layer["features"])]
    return np.concatenate(made, axis=1)


def overlap_add(layer: Json, x: Signal, condition: Condition) -> Signal:
    window, hop = layer["window"], layer["hop"]
    late = np.concatenate([np.zeros(window), x[:, 0]])
    ends = range(hop, len(x) + 1, hop)
    frames = np.array([late[end : end + window] for end in ends]).reshape(-1, window)
    made = evaluate(layer["layers"], frames) if len(frames) else frames
    sums = np.zeros(len(x) + made.shape[1])
    for end, frame in zip(ends, made):
        sums[end - 1 : end - 1 + len(frame)] += frame
    return delayed(sums[: len(x), np.newaxis], hop if layer.get("spread") else 0)


def in_blocks(layer: Json, x: Signal, give: Callable[[Signal, Signal], Signal]) -> Signal:
    """`give` of the whole blocks from `offset` on, [blocks, frames, channels], and of what the layers
    make of their largest values."""
    block, offset = layer["block_size"], layer["offset"]
    whole = max(0, len(x) - offset) // block
    blocks = x[offset : offset + whole * block].reshape(whole, block, x.shape[1])
    made = evaluate(layer["layers"], blocks.max(axis=1) if whole else x[:1])[:, np.newaxis]
    given = give(blocks, made[:whole]).reshape(whole * block, -1)
    behind = len(x) - offset - whole * block
    around = ((min(offset, len(x)), max(0, behind)), (0, 0))
    return delayed(np.pad(given, around), block - 1)


def block_control(layer: Json, x: Signal, condition: Condition) -> Signal:
    """What the layers make of the largest values of each block, held."""
    block = layer["block_size"]
    return in_blocks(layer, x, lambda blocks, made: made.repeat(block, axis=1))


def tfilm(layer: Json, x: Signal, condition: Condition) -> Signal:
    """The blocks, each modulated by what its largest values give."""
    size = layer["size"]

    def modulated(blocks: Signal, made: Signal) -> Signal:
        return blocks * made[..., :size] + (made[..., size:] if made.shape[2] > size else 0)

    return in_blocks(layer, x, modulated)


def time_pad(layer: Json, x: Signal, condition: Condition) -> Signal:
    return np.pad(x, ((layer["before"], layer["after"]), (0, 0)))


COMBINATORS: dict[str, Callable[[Json, Signal, Condition], Signal]] = {
    "identity": lambda layer, x, c: x,
    "sequential": lambda layer, x, c: evaluate(layer["layers"], x, c),
    "residual": lambda layer, x, c: x + evaluate(layer["layers"], x, c),
    "parallel": lambda layer, x, c: sum(branches(layer, x, c), np.zeros(())),
    "concat": lambda layer, x, c: np.concatenate(branches(layer, x, c), axis=1),
    "split": split,
    "gate": gate,
    "blend": gate,
    "mixin": mixin,
    "film": film,
    "parametric_equalizer": parametric_equalizer,
    "append_condition": lambda layer, x, c: np.concatenate([x, given(c)], axis=1),
    "conditioned_by": lambda layer, x, c: evaluate(
        layer["layers"], x, evaluate(layer["source"], x, c)
    ),
    "residual_skip": residual_skip,
    "slice": lambda layer, x, c: x[:, layer["begin"] : layer["begin"] + layer["out"]],
    "pad": lambda layer, x, c: np.pad(x, ((0, 0), (0, layer["out"] - x.shape[1]))),
    "delay": lambda layer, x, c: delayed(x, layer["frames"]),
    "along_features": along_features,
    "per_feature": per_feature,
    "overlap_add": overlap_add,
    "block_control": block_control,
    "tfilm": tfilm,
    "windowed": windowed,
    "time_pad": time_pad,
}
