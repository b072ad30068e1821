#!/usr/bin/env python3
"""Draws spectrograms of the sweep that `oversampling sounds` wrote: sweep.py FOLDER PICTURE"""

import io
import pathlib
import sys
import wave

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image


def spectrogram(path: pathlib.Path) -> np.ndarray:
    """Levels in dB, [frequency, time]."""
    with wave.open(str(path)) as file:
        x = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    size, hop = 2048, 512
    window = np.blackman(size)
    frames = np.lib.stride_tricks.sliding_window_view(x, size)[::hop] * window
    return 20 * np.log10(np.abs(np.fft.rfft(frames, axis=1)).T / window.sum() * 2 + 1e-7)


def main(folder: str, picture: str) -> None:
    factors = [1, 2, 8]
    figure, panels = plt.subplots(1, len(factors), figsize=(11, 3.6), sharey=True, constrained_layout=True)
    for panel, factor in zip(panels, factors):
        image = panel.imshow(spectrogram(pathlib.Path(folder) / f"sweep_{factor}x.wav"), origin="lower", aspect="auto",
                             extent=(0, 6, 0, 24), vmin=-100, vmax=0, cmap="magma")  # fmt: skip
        panel.set_title("as trained" if factor == 1 else f"{factor} times")
        panel.set_xlabel("s")
    panels[0].set_ylabel("kHz")
    figure.colorbar(image, ax=panels, label="dB")
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=100)
    Image.open(drawn).convert("RGB").quantize(48).save(picture, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
