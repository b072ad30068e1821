"""Compares what the processor gives, at several block sizes, with inlay-render.

    python3 test.py JUCE_AMP_HOST INLAY_RENDER

Needs nothing but Python.
"""

import array
import os
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

HOST, RENDER = (Path(argument).resolve() for argument in sys.argv[1:3])
AMP = Path(__file__).resolve().parents[2] / "amp"
MODEL = AMP / "amp.json"
FRAMES = 12000


def write_stereo_guitar(name):
    """A quarter of a second of guitar on the left, and the same backwards on the right."""
    with wave.open(str(AMP / "guitar.wav")) as file:
        rate, left = file.getframerate(), array.array("h", file.readframes(FRAMES))
    with wave.open(name, "wb") as file:
        file.setparams((2, 2, rate, 0, "NONE", ""))
        file.writeframes(array.array("h", [x for frame in zip(left, reversed(left)) for x in frame]).tobytes())


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    print(done.stdout + done.stderr, end="")  # JUCE's reports of leaks among it
    return done.returncode == 0


def main():
    failed = 0
    write_stereo_guitar("in.wav")
    for block in ("1", "64", "512"):
        same = run(HOST, "render", MODEL, "in.wav", "plugin.wav", block) and run(
            RENDER, MODEL, "in.wav", "out.wav", "--compare", "plugin.wav", "--tolerance", "0"
        )
        print("passed" if same else "FAILED", "in blocks of", block)
        failed |= not same
    return failed


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        sys.exit(main())
