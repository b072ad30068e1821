"""Builds the pedal for a Cortex-M7, plays the guitar of examples/amp through it in qemu, and compares with PyTorch.

python3 examples/daisy/test.py BUILD_FOLDER; exit status 77 where a tool is missing.
"""

import array
import ctypes
import ctypes.util
import sys
import wave
from pathlib import Path

HERE = Path(__file__).resolve().parent
AMP = HERE.parent / "amp"
sys.path.insert(0, str(HERE.parent.parent / "tests/embedded"))
from boards import BOARDS, build, emulate, sizes, skip_without_tools  # noqa: E402
from run import generate  # noqa: E402

BLOCK = 48
LIMIT = 2e-5  # the output has 24 bits, and the reference has 24 bits


class Info(ctypes.Structure):
    """libsndfile's SF_INFO."""

    _fields_ = [("frames", ctypes.c_int64)] + [
        (name, ctypes.c_int) for name in ("rate", "channels", "format", "sections", "seekable")
    ]


def read(name: Path) -> "array.array[float]":
    """Reads a sound file with one channel."""
    library = ctypes.CDLL(ctypes.util.find_library("sndfile"))
    library.sf_open.restype = library.sf_read_float.restype = ctypes.c_void_p
    info = Info()
    file = ctypes.c_void_p(library.sf_open(str(name).encode(), 0x10, ctypes.byref(info)))
    assert file and info.channels == 1, name
    samples = (ctypes.c_float * info.frames)()
    library.sf_read_float(file, samples, ctypes.c_int64(info.frames))
    library.sf_close(file)
    return array.array("f", samples)


def main() -> int:
    skip_without_tools()
    if not ctypes.util.find_library("sndfile"):
        print("skipped: needs libsndfile")
        return 77
    folder = Path(sys.argv[1])
    generate(AMP / "amp.json", folder / "amp.hpp", "StlBackend")
    board, elf = BOARDS["m7"], folder / "pedal.elf"
    build(board, HERE / "emulated.cpp", elf, "-I", folder)
    print("flash {} bytes, RAM {} bytes".format(*sizes(elf)))

    with wave.open(str(AMP / "guitar.wav")) as file:
        guitar = array.array("h", file.readframes(file.getnframes()))
    silence = array.array("h", [0]) * (-len(guitar) % BLOCK)
    frames = array.array("i", [value for x in guitar + silence for value in (x << 8, 0)])
    (folder / "in.raw").write_bytes(frames.tobytes())
    result = emulate(board, elf, folder=folder)
    if result.returncode != 0:
        print("the program failed:", result.stdout)
        return 1

    output = array.array("i", (folder / "out.raw").read_bytes())
    reference = read(AMP / "guitar_reference.flac")
    left, right = output[0::2], output[1::2]
    error = max(abs(y / 2**23 - wanted) for y, wanted in zip(left, reference))
    peak = max(map(abs, reference))
    print(f"{len(reference)} samples, peak {peak:.3f}, largest error {error:.1e}")
    return 0 if len(left) >= len(reference) > 0 and left == right and error <= LIMIT and peak > 0.1 else 1


if __name__ == "__main__":
    sys.exit(main())
