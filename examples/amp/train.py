"""Train an LSTM on the amplifier of `circuit.py` and export it.

    python3 examples/amp/train.py            # everything, about 18 minutes on one core
    python3 examples/amp/train.py --quick    # the same steps in seconds, into build/quick/

Steps: record guitars (`guitar.py`), simulate the circuit on them, train, evaluate on unseen
recordings, write `guitar.wav`, `amp.json`, `guitar_reference.flac` and `amp.png`.
Audio is 48 kHz mono; one sample is one frame of the network: [batch, frames, 1] in and out.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
import torch
from numpy.typing import NDArray
from scipy.optimize import least_squares
from torch import Tensor, nn
from tqdm import tqdm

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "python" / "src"))

import circuit
import guitar

Audio = NDArray[np.float32]  # [frames]
Pair = tuple[Audio, Audio]  # guitar, amplifier
State = tuple[Tensor, Tensor]  # of the LSTM, each [1, batch, hidden]

HIDDEN = 20
SEED = 20


@dataclass(frozen=True)
class Plan:
    """How much to record and how long to train."""

    passages: int = 20  # training passages
    seconds: float = 10.0  # length of each
    rounds: int = 600  # random batches of excerpts
    batch: int = 40  # excerpts per batch
    warm_up: int = 1024  # frames at the start of an excerpt that only settle the state
    chunk: int = 384  # frames between two updates (truncation of the backpropagation)
    chunks: int = 14  # updates per batch, the state carried on
    learning_rate: float = 6e-3  # at the start; cosine to 1/200 of it
    validations: int = 12
    tests: int = 4  # recordings of the test; the first is `guitar.wav`


QUICK = Plan(
    passages=4, seconds=1.0, rounds=8, batch=8, chunk=128, chunks=4, validations=1, tests=1
)  # fmt: skip


class Amp(nn.Module):
    """LSTM(1, hidden) and Linear(hidden, 1)."""

    def __init__(self, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)
        self.linear = nn.Linear(hidden, 1)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Output [batch, frames, 1] and final state for x [batch, frames, 1]."""
        hidden, last = self.lstm(x, state)
        return self.linear(hidden), last

    @torch.no_grad()
    def render(self, x: Audio) -> Audio:
        """The whole recording [frames] in one go, float32, from zero state."""
        return self(torch.from_numpy(x)[None, :, None])[0][0, :, 0].numpy()


# ---------------------------------------------------------------- data


def record(plan: Plan, cache: Path) -> dict[str, list[Pair]]:
    """Guitar and amplifier of "train", "validate" and "test"; kept in `cache` between runs."""
    sources = b"".join((HERE / name).read_bytes() for name in ("guitar.py", "circuit.py"))
    amount = repr((plan.passages, plan.seconds, plan.tests)).encode()
    key = hashlib.sha256(sources + amount).hexdigest()[:12]
    file = cache / f"recordings-{key}.npz"
    if not file.exists():
        guitars: dict[str, list[Audio]] = {
            "train": guitar.random_passages(1, plan.passages, plan.seconds),
            "validate": guitar.random_passages(2, 8 if plan.tests > 1 else 4, 0.4 * plan.seconds),
            "test": guitar.test_passages(),
        }
        # The example as the file has it, rounded to 16 bits.
        guitars["test"][0] = sf.read(HERE / "guitar.wav", dtype="float32")[0]
        guitars["test"] = guitars["test"][: plan.tests]
        total = sum(len(x) for part in guitars.values() for x in part)
        arrays: dict[str, Audio] = {}
        with tqdm(total=total // guitar.SAMPLE_RATE, unit="s", desc="circuit") as progress:
            for part, recordings in guitars.items():
                for i, x in enumerate(recordings):
                    arrays[f"{part}-{i:02d}-x"] = x
                    arrays[f"{part}-{i:02d}-y"] = circuit.simulate(x).astype(np.float32)
                    progress.update(len(x) // guitar.SAMPLE_RATE)
        np.savez(file, **arrays)
    with np.load(file) as arrays:
        return {
            part: [(arrays[name], arrays[f"{name[:-1]}y"]) for name in sorted(arrays)
                   if name.startswith(part) and name.endswith("x")]
            for part in ("train", "validate", "test")
        }  # fmt: skip


def joined(pairs: list[Pair]) -> Pair:
    """All recordings concatenated."""
    return np.concatenate([x for x, _ in pairs]), np.concatenate([y for _, y in pairs])


# ---------------------------------------------------------------- training


def esr(target: NDArray, output: NDArray) -> float:
    """Error-to-signal ratio: energy of the error over energy of the target."""
    difference = target.astype(np.float64) - output
    return float(np.sum(difference**2) / np.sum(target.astype(np.float64) ** 2))


def loss_of(target: Tensor, output: Tensor) -> Tensor:
    """ESR, plain and with pre-emphasis 1 - 0.85 / z, plus the DC term of Wright et al. (2020).

    All over the whole batch [batch, frames, 1], so that silence weighs little.
    """

    def ratio(y: Tensor, error: Tensor) -> Tensor:
        return error.square().mean() / (y.square().mean() + 1e-5)

    error = target - output
    high, high_error = (s[:, 1:] - 0.85 * s[:, :-1] for s in (target, error))
    dc = error.mean(dim=1).square().mean() / (target.square().mean() + 1e-5)
    return ratio(target, error) + ratio(high, high_error) + dc


def validate(model: Amp, pairs: list[Pair]) -> float:
    """ESR over recordings of equal length."""
    x, y = (np.stack(part) for part in zip(*pairs))
    with torch.no_grad():
        output = model(torch.from_numpy(x)[..., None])[0][..., 0].numpy()
    return esr(y, output)


def train(plan: Plan, data: dict[str, list[Pair]]) -> tuple[Amp, float]:
    """Return the model with the lowest validation error, and that error.

    Truncated backpropagation as in Wright, Damskägg, Juvela and Välimäki, "Real-time guitar
    amplifier emulation with deep learning", Applied Sciences 10(3), 2020.
    """
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    model = Amp()
    with torch.no_grad():
        bias = model.lstm.get_parameter("bias_hh_l0")
        bias[HIDDEN : 2 * HIDDEN] += 1.0  # the forget gate, second of i, f, g, o
    x, y = (torch.from_numpy(part) for part in joined(data["train"]))
    frames = plan.warm_up + plan.chunks * plan.chunk
    optimiser = torch.optim.Adam(model.parameters(), lr=plan.learning_rate)
    updates = plan.rounds * plan.chunks

    def rate(n: int) -> float:
        return min(1.0, (n + 1) / 100) * (0.005 + 0.995 * (1 + math.cos(math.pi * n / updates)) / 2)

    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, rate)
    best, best_weights, smooth = math.inf, model.state_dict(), 0.0
    with tqdm(total=updates, desc="training") as progress:
        for number in range(1, plan.rounds + 1):
            starts = rng.integers(0, len(x) - frames, plan.batch)
            at = torch.from_numpy(starts)[:, None] + torch.arange(frames)
            xs, ys = x[at][..., None], y[at][..., None]
            with torch.no_grad():
                _, state = model(xs[:, : plan.warm_up])
            for first in range(plan.warm_up, frames, plan.chunk):
                part = slice(first, first + plan.chunk)
                output, state = model(xs[:, part], state)
                state = tuple(s.detach() for s in state)
                loss = loss_of(ys[:, part], output)
                optimiser.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimiser.step()
                schedule.step()
                smooth = loss.item() if not smooth else 0.98 * smooth + 0.02 * loss.item()
                progress.update()
            if number % max(1, plan.rounds // plan.validations) == 0 or number == plan.rounds:
                error = validate(model, data["validate"])
                if error < best:
                    best = error
                    best_weights = {k: v.clone() for k, v in model.state_dict().items()}
                tqdm.write(f"{number * plan.chunks:6d} updates: validation ESR {100 * error:.3f} %")
            progress.set_postfix(loss=f"{smooth:.4f}", best=f"{100 * best:.3f} %")
    model.load_state_dict(best_weights)
    return model, best


# ---------------------------------------------------------------- evaluation


def best_gain(x: Audio, y: Audio) -> NDArray:
    """The static line a x of least squared error to y."""
    wide = x.astype(np.float64)
    return wide * (wide @ y) / (wide @ wide)


def _tanh_curve(p: NDArray, x: NDArray) -> NDArray:
    return p[0] * np.tanh(p[1] * x + p[2]) + p[3]


def best_tanh(x: Audio, y: Audio) -> NDArray:
    """The static curve a tanh(b x + c) + d of least squared error to y."""
    p = np.array([0.5, 1.0, 0.0, 0.0])
    for step in (50, 1):  # every 50th frame from many starts, then all frames from the best
        xs, ys = x[::step].astype(np.float64), y[::step].astype(np.float64)
        coarse = [np.array([0.5, b, c, 0.0]) for b in (-1, 1, 3, 10) for c in (0, 0.5)]
        starts = coarse if step > 1 else [p]
        fits = [least_squares(lambda p: _tanh_curve(p, xs) - ys, start) for start in starts]
        p = min(fits, key=lambda fit: fit.cost).x
    return _tanh_curve(p, x.astype(np.float64))


def plot(model: Amp, example: Pair, errors: dict[str, float], seconds: float, path: Path) -> None:
    """Four panels: waveform and error, hysteresis, spectrum of a sine, errors as bars.

    example: recording for the waveform; errors: ESR by name, over `seconds` s of audio.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    x, y = example
    output = model.render(x)
    rate = guitar.SAMPLE_RATE
    dark, bright, grey = "#20435c", "#e4572e", "#8a8a8a"
    plt.rcParams.update({"font.size": 10, "axes.titlesize": 11})
    plt.rcParams.update({"axes.grid": True, "grid.alpha": 0.3, "axes.axisbelow": True})
    figure = plt.figure(figsize=(12, 8.4), constrained_layout=True)
    grid = figure.add_gridspec(2, 2)
    left = grid[0, 0].subgridspec(2, 1, height_ratios=(3, 1))
    cells = (left[0], left[1], grid[0, 1], grid[1, 0], grid[1, 1])
    wave, difference, loops, spectrum, bars = (figure.add_subplot(cell) for cell in cells)

    first = round(3.217 * rate)
    part = slice(first, first + round(0.03 * rate))
    ms = (np.arange(part.start, part.stop) - first) / rate * 1e3
    wave.plot(ms, x[part], color=grey, lw=1.2, label="guitar (input)")
    wave.plot(ms, y[part], color=dark, lw=2.2, label="circuit")
    wave.plot(ms, output[part], color=bright, lw=1.1, ls="--", label="LSTM")
    wave.set(title="Unseen guitar: attack of a chord", ylabel="sample value", ylim=(-0.7, 0.95))
    wave.legend(loc="upper right", ncol=3, fontsize=9)
    wave.tick_params(labelbottom=False)
    difference.plot(ms, output[part] - y[part], color=bright, lw=0.9)
    limit = 1.2 * np.abs(output[part] - y[part]).max()
    difference.set(xlabel="time [ms]", ylabel="error", ylim=(-limit, limit))
    figure.align_ylabels((wave, difference))

    t = np.arange(rate, dtype=np.float64) / rate
    for level in (0.1, 0.3, 0.8):
        sine = (level * np.sin(2 * np.pi * 220 * t)).astype(np.float32)
        cycle = slice(rate // 2, rate // 2 + rate // 20)  # settled, eleven periods
        loops.plot(sine[cycle], circuit.simulate(sine)[cycle], color=dark, lw=2.2)
        loops.plot(sine[cycle], model.render(sine)[cycle], color=bright, lw=0.9)
    loops.plot([], [], color=dark, lw=2.2, label="circuit")
    loops.plot([], [], color=bright, lw=0.9, label="LSTM")
    loops.set(title="Output against input: 220 Hz sines of peak 0.1, 0.3, 0.8",
              xlabel="input", ylabel="output")  # fmt: skip
    loops.legend(loc="lower right", fontsize=9)

    sine = (0.3 * np.sin(2 * np.pi * 660 * t)).astype(np.float32)
    window = np.blackman(rate // 2)
    khz = np.fft.rfftfreq(len(window), 1e3 / rate)
    harmonics = list(range(330, 330 * 22, 330))  # bins of 2 Hz
    circles: dict[str, Any] = {"marker": "o", "ms": 6, "mfc": "none", "markevery": harmonics}
    looks: tuple[dict[str, Any], ...] = (
        {"label": "circuit", "color": dark, "lw": 2.0},
        {"label": "LSTM (circles: harmonics)", "color": bright, "lw": 0.8, **circles},
    )
    signals: tuple[NDArray, ...] = (circuit.simulate(sine), model.render(sine))
    for signal, look in zip(signals, looks):
        settled = signal[rate // 4 : rate // 4 + len(window)] * window
        level = 20 * np.log10(np.abs(np.fft.rfft(settled)) / (0.5 * window.sum()) + 1e-9)
        spectrum.plot(khz, level, **look)
    spectrum.set(title="Spectrum of a sine: 660 Hz, peak 0.3", xlabel="frequency [kHz]",
                 ylabel="level [dB re 1]", xlim=(0, 14), ylim=(-110, 5))  # fmt: skip
    spectrum.legend(loc="upper right", fontsize=9)

    percent = [100 * error for error in errors.values()]
    drawn = bars.bar(list(errors), percent, color=(grey, grey, bright), width=0.55)
    bars.bar_label(drawn, [f"{p:.2g} %" for p in percent], padding=3)
    bars.set(title=f"Error-to-signal ratio on unseen guitar, {seconds:.0f} s",
             ylabel="ESR [%]", yscale="log", ylim=(0.01, 300))  # fmt: skip
    bars.grid(axis="x", visible=False)

    figure.savefig(path, dpi=90)
    plt.close(figure)


# ---------------------------------------------------------------- the whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smoke test, into build/quick/")
    quick: bool = parser.parse_args().quick
    plan = QUICK if quick else Plan()
    out = guitar.BUILD / "quick" if quick else HERE
    out.mkdir(parents=True, exist_ok=True)
    guitar.BUILD.mkdir(exist_ok=True)
    torch.set_num_threads(1)

    if not quick:
        guitar.write_example(HERE / "guitar.wav")
    data = record(plan, guitar.BUILD)
    started = time.monotonic()
    model, validation_error = train(plan, data)
    minutes = (time.monotonic() - started) / 60

    x, y = joined(data["test"])
    output = np.concatenate([model.render(part) for part, _ in data["test"]])
    errors = {
        "best gain": esr(y, best_gain(x, y)),
        "best static tanh": esr(y, best_tanh(x, y)),
        f"LSTM({HIDDEN})": esr(y, output),
    }
    for name, error in errors.items():
        print(f"test ESR {100 * error:8.3f} %  {name}")
    print(f"circuit's peak {np.abs(y).max():.3f}; trained in {minutes:.1f} min")

    import inlay

    example, _ = data["test"][0]
    attack = int(np.argmax(np.abs(example) > 0.02)) - 100
    gain_error, tanh_error, model_error = errors.values()
    inlay.export_torch(
        nn.Sequential(model.lstm, model.linear),
        out / "amp.json",
        sample_rate=guitar.SAMPLE_RATE,
        check_input=example[attack : attack + 1000, None],
        metadata={
            "name": "Two-stage 12AX7 preamplifier",
            "target": "examples/amp/circuit.py: two triode stages (Dempwolf and Zölzer 2011) and a"
            f" speaker roll-off, trapezoidal rule at {circuit.OVERSAMPLING} x 48 kHz",
            "training": f"examples/amp/train.py: {plan.passages * plan.seconds:g} s of synthesized"
            f" guitar (FluidR3_GM, MIT), {plan.rounds * plan.chunks} Adam updates on"
            f" {plan.batch} x {plan.chunk} frames, seed {SEED}, PyTorch {torch.__version__}",
            "test": f"{len(x) / guitar.SAMPLE_RATE:.1f} s of unseen guitar, error-to-signal ratio"
            " sum (y - y')^2 / sum y^2",
            "esr_model": round(model_error, 6),
            "esr_best_static_tanh": round(tanh_error, 6),
            "esr_best_gain": round(gain_error, 6),
            "esr_validation": round(validation_error, 6),
        },
    )
    reference = model.render(example)
    assert np.abs(reference).max() < 1.0, "the reference would be clipped"
    sf.write(out / "guitar_reference.flac", reference, guitar.SAMPLE_RATE, subtype="PCM_24")
    plot(model, data["test"][0], errors, len(x) / guitar.SAMPLE_RATE, out / "amp.png")
    for name in ("amp.json", "guitar_reference.flac", "amp.png"):
        print(f"{(out / name).stat().st_size:8d} bytes  {name}")


if __name__ == "__main__":
    main()
