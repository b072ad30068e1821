"""The recording of examples/amp as a stereo file, for tests of plugins."""

import array
import wave
from pathlib import Path

GUITAR = Path(__file__).resolve().parent / "amp" / "guitar.wav"


def write_stereo_guitar(name, frames):
    """Writes the first frames on the left, and the same backwards on the right."""
    with wave.open(str(GUITAR)) as file:
        rate, left = file.getframerate(), array.array("h", file.readframes(frames))
    with wave.open(name, "wb") as file:
        file.setparams((2, 2, rate, 0, "NONE", ""))
        file.writeframes(array.array("h", [x for frame in zip(left, reversed(left)) for x in frame]).tobytes())
