"""Compares what the plugin gives, in every format and at several block sizes, with inlay-render.

    python3 test.py PLUGIN_RENDER INLAY_RENDER FOLDER_OF_PLUGINS

Needs nothing but Python.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from stereo_guitar import write_stereo_guitar

PLUGIN_RENDER, RENDER, PLUGINS = (Path(argument).resolve() for argument in sys.argv[1:4])
AMP = Path(__file__).resolve().parents[1] / "amp"
MODEL = AMP / "amp.json"
FRAMES = 24000


def main():
    failed = 0
    write_stereo_guitar("in.wav", FRAMES)
    for plugin in ("amp.lv2", "amp.clap", "amp.vst3"):
        for block in ("1", "17", "64", "512", "4096"):
            done = subprocess.run([PLUGIN_RENDER, PLUGINS / plugin, MODEL, "in.wav", "plugin.wav", block],
                                  capture_output=True, text=True)
            if done.returncode == 0:
                compare = ("--compare", "plugin.wav", "--tolerance", "0")
                done = subprocess.run([RENDER, MODEL, "in.wav", "out.wav", *compare], capture_output=True, text=True)
            print("passed" if done.returncode == 0 else "FAILED", plugin, "in blocks of", block)
            if done.returncode != 0:
                failed = 1
                print(done.stdout, done.stderr)
    return failed


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        sys.exit(main())
