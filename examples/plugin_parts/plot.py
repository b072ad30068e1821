"""Draws docs/plugin-parts.png: an exchange of two models during a low tone, at once and through a ModelSlot.

    python3 plot.py EXCHANGE MODEL MODEL OUT.png

EXCHANGE is the program of exchange.cpp. Needs numpy and matplotlib. Prints the largest steps between two samples.
"""

import subprocess
import sys

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt

RATE = 48000


def main(program, first, second, picture):
    done = subprocess.run([program, first, second], capture_output=True, check=True)
    at_once, faded = np.array([line.split(b",") for line in done.stdout.split()], float).T
    middle = len(at_once) // 2
    near = slice(middle - 480, middle + 4800)
    for name, signal in (("at once", at_once), ("ModelSlot", faded)):
        steps = np.abs(np.diff(signal))
        others = np.delete(steps, np.arange(middle - 480, middle + 4800))
        print(f"{name:10} largest step at the exchange {steps[near].max():.3f}, elsewhere {others.max():.3f}")

    figure, axes = plt.subplots(2, 2, figsize=(10, 5.2), sharex="row", sharey="row", layout="constrained")
    for column, (name, signal) in enumerate((("At once", at_once), ("Through a ModelSlot", faded))):
        time = (np.arange(len(signal)) - middle) / RATE * 1000
        shown = slice(middle - 960, middle + 1920)
        axes[0, column].plot(time[shown], signal[shown], linewidth=0.8, color="#1f6f8b")
        axes[0, column].axvline(0, color="#c44", linewidth=0.8)
        axes[0, column].set_title(name)
        axes[0, column].set_xlabel("ms after the exchange")
        axes[1, column].specgram(signal, NFFT=512, noverlap=448, Fs=RATE, vmin=-140, vmax=-40, cmap="magma")
        axes[1, column].set_ylim(0, 20000)
        axes[1, column].set_xlim(middle / RATE - 0.1, middle / RATE + 0.1)
        axes[1, column].set_xlabel("s")
    axes[0, 0].set_ylabel("output")
    axes[1, 0].set_ylabel("Hz")
    figure.savefig(picture, dpi=90)


if __name__ == "__main__":
    main(*sys.argv[1:5])
