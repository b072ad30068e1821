#!/usr/bin/env python3
"""Prints how exactly the tap of a convolution can be moved between the frames of another sample rate.

A tap that lies n frames of 48 kHz back lies n * rate / 48000 frames back at another rate. Several taps on whole frames
can stand for it. This finds the best ones up to 16 kHz, by least squares, without a tap in the future.
"""

import numpy as np

TRAINED, EDGE = 48000, 16000


def error(rate: int, back: int, taps: int) -> float:
    """The largest error of the response of one tap up to EDGE, in dB."""
    delay = back * rate / TRAINED
    frames = np.arange(taps) + max(0, round(delay - (taps - 1) / 2))
    w = np.linspace(0, np.pi, 1025)
    weight = np.where(w <= 2 * np.pi * EDGE / rate, 1, 1e-3)  # above: no more gain than needed
    response, wanted = np.exp(-1j * np.outer(w, frames)), np.where(weight == 1, np.exp(-1j * w * delay), 0)
    a, b = response * weight[:, None], wanted * weight
    factors = np.linalg.lstsq(np.vstack([a.real, a.imag]), np.concatenate([b.real, b.imag]), rcond=None)[0]
    return float(20 * np.log10(np.abs(response @ factors - wanted)[weight == 1].max()))


def main() -> None:
    print("| rate | taps for one | 1 frame back, dB | 2 | 9 |\n|---|---|---|---|---|")
    for rate in (44100, 88200):
        for taps in (4, 8, 16):
            cells = " | ".join(f"{error(rate, back, taps):.0f}" for back in (1, 2, 9))
            print(f"| {rate / 1000:g} kHz | {taps} | {cells} |")


if __name__ == "__main__":
    main()
