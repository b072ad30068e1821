"""Compares what the processor gives, at several block sizes, with inlay-render.

    python3 test.py JUCE_AMP_HOST INLAY_RENDER

Needs nothing but Python.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from stereo_guitar import write_stereo_guitar

HOST, RENDER = (Path(argument).resolve() for argument in sys.argv[1:3])
AMP = Path(__file__).resolve().parents[2] / "amp"
MODEL = AMP / "amp.json"
FRAMES = 12000


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    print(done.stdout + done.stderr, end="")  # JUCE's reports of leaks among it
    return done.returncode == 0


def main():
    failed = 0
    write_stereo_guitar("in.wav", FRAMES)
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
