"""Guitar recordings from MIDI written in code, played by FluidSynth.

The sound is that of the guitar programs of FluidR3_GM.sf2 (Frank Wen, MIT licence; Debian package
`fluid-soundfont-gm`), played dry by the `fluidsynth` command. The passages for training and
validation are composed at random from fixed seeds; those of the test, and with them `guitar.wav`,
are written out below.

`python3 examples/amp/guitar.py` writes `guitar.wav`.
"""

from __future__ import annotations

import struct
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

Audio = NDArray[np.float32]  # [frames], 48 kHz, full scale 1

HERE = Path(__file__).resolve().parent
BUILD = HERE / "build"
SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
SAMPLE_RATE = 48_000  # Hz
TICKS = 1000  # MIDI ticks per second

STEEL, JAZZ, CLEAN, MUTED = 25, 26, 27, 28  # General MIDI programs, counted from 0

CHORDS = {  # MIDI pitches, low string first
    "Em": (40, 47, 52, 55, 59, 64), "G": (43, 47, 50, 55, 59, 67), "C": (48, 52, 55, 60, 64),
    "D": (50, 57, 62, 66), "Am": (45, 52, 57, 60, 64), "A": (45, 52, 57, 61, 64),
    "E": (40, 47, 52, 56, 59, 64), "F": (41, 48, 53, 57, 60, 65), "Bm": (47, 54, 59, 62, 66),
    "Dm": (50, 57, 62, 65), "E7": (40, 47, 50, 56, 59, 64), "Cmaj7": (48, 52, 55, 59, 64),
    "A7": (45, 52, 55, 61, 64), "Gm": (43, 50, 55, 58, 62, 67), "Bb": (46, 53, 58, 62, 65),
    "Esus4": (40, 47, 52, 57, 59, 64), "F#m7": (42, 52, 57, 61, 64), "Dadd9": (50, 57, 62, 64),
}  # fmt: skip


@dataclass
class Passage:
    """MIDI events of one guitar: (time in s, message bytes)."""

    program: int
    level: float  # peak of the rendered passage
    events: list[tuple[float, bytes]] = field(default_factory=list)
    end: float = 0.0  # s

    def note(self, time: float, length: float, pitch: int, velocity: float) -> None:
        """One note; time and length in s, velocity 1 to 127."""
        loudness = int(np.clip(velocity, 1, 127))
        self.events.append((time, bytes((0x90, pitch, loudness))))
        self.events.append((time + length, bytes((0x80, pitch, 0))))
        self.end = max(self.end, time + length)

    def strum(self, time: float, length: float, pitches: tuple[int, ...], velocity: float,
              spread: float = 0.012, up: bool = False) -> None:  # fmt: skip
        """All pitches, each `spread` s after the previous one."""
        for i, pitch in enumerate(reversed(pitches) if up else pitches):
            late = i * spread
            self.note(time + late, max(length - late, 0.03), pitch, velocity - 2 * i)

    def bend(self, time: float, length: float, start: float, stop: float) -> None:
        """Glide of the pitch wheel from start to stop (semitones within +-2) over length s."""
        for position in np.linspace(0, 1, 24):
            semitones = start + (stop - start) * position
            value = int(np.clip(8192 + semitones * 4096, 0, 16383))
            message = bytes((0xE0, value & 0x7F, value >> 7))
            self.events.append((time + length * position, message))

    def midi(self) -> bytes:
        """Standard MIDI file of one track."""

        def variable_length(n: int) -> bytes:
            out = [n & 0x7F]
            while n := n >> 7:
                out.insert(0, 0x80 | n & 0x7F)
            return bytes(out)

        tempo = b"\x00\xff\x51\x03" + (1_000_000).to_bytes(3, "big")  # a beat is one second
        track, now = tempo + bytes((0, 0xC0, self.program)), 0
        for time, message in sorted(self.events, key=lambda event: event[0]):
            tick = round(time * TICKS)
            track += variable_length(tick - now) + message
            now = tick
        track += b"\x00\xff\x2f\x00"
        return (b"MThd" + struct.pack(">IHHH", 6, 0, 1, TICKS)
                + b"MTrk" + struct.pack(">I", len(track)) + track)  # fmt: skip


def render(passage: Passage, name: str, seconds: float | None = None) -> Audio:
    """The passage as sound, cut or padded to its own length or to `seconds`, faded at the end."""
    BUILD.mkdir(exist_ok=True)
    mid, wav = BUILD / f"{name}.mid", BUILD / f"{name}.wav"
    mid.write_bytes(passage.midi())
    command = ["fluidsynth", "-ni", "-q", "-R", "0", "-C", "0", "-r", str(SAMPLE_RATE), "-g", "0.5"]
    subprocess.run([*command, "-O", "float", "-T", "wav", "-F", str(wav), str(SOUNDFONT), str(mid)],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    stereo, _ = sf.read(wav, dtype="float32", always_2d=True)
    wanted = round((seconds or passage.end + 0.3) * SAMPLE_RATE)
    mono = np.zeros(wanted, np.float32)
    mono[: len(stereo)] = stereo.mean(axis=1)[:wanted]
    mono *= passage.level / np.abs(mono).max()
    fade = SAMPLE_RATE // 4
    mono[-fade:] *= np.cos(np.linspace(0, np.pi / 2, fade, dtype=np.float32)) ** 2
    return mono


# ---------------------------------------------------------------- training and validation


def _strummed(passage: Passage, rng: np.random.Generator, length: float) -> None:
    beat, time = rng.uniform(0.3, 0.6), 0.05
    names = rng.choice(list(CHORDS), 4)
    while time < length:
        for name in names:
            shift = int(rng.integers(-2, 6))
            chord = tuple(p + shift for p in CHORDS[name])[int(rng.integers(0, 2)) :]
            if rng.random() < 0.3:
                passage.strum(time, 4 * beat, chord, rng.uniform(30, 120), rng.uniform(0.005, 0.08))
                time += 4 * beat
                continue
            for _ in range(int(rng.integers(2, 7))):
                velocity, step = rng.uniform(35, 125), beat * rng.choice([0.5, 1.0, 1.5])
                held = step * rng.choice([0.3, 0.98])
                passage.strum(time, held, chord, velocity, rng.uniform(0.003, 0.02),
                              bool(rng.integers(0, 2)))  # fmt: skip
                time += step


def _arpeggio(passage: Passage, rng: np.random.Generator, length: float) -> None:
    beat, time = rng.uniform(0.12, 0.3), 0.05
    while time < length:
        chord = CHORDS[str(rng.choice(list(CHORDS)))]
        shift = int(rng.integers(-2, 13))
        order = rng.permutation(np.tile(np.arange(len(chord)), 2))[:8]
        for i, string in enumerate(order):
            ring = beat * (8 - i) if rng.random() < 0.8 else beat
            passage.note(time + i * beat, ring, chord[string] + shift, rng.uniform(40, 120))
        time += 8 * beat


def _lead(passage: Passage, rng: np.random.Generator, length: float) -> None:
    scale = [12 * octave + step for octave in range(3) for step in (0, 3, 5, 6, 7, 10)]
    root, degree, time = int(rng.integers(45, 65)), 6, 0.05
    while time < length:
        step = rng.choice([0.1, 0.15, 0.2, 0.3, 0.6, 1.2], p=[0.2, 0.25, 0.25, 0.15, 0.1, 0.05])
        degree = int(np.clip(degree + rng.integers(-3, 4), 0, len(scale) - 1))
        pitch, velocity = root + scale[degree], rng.uniform(50, 127)
        passage.note(time, step * rng.uniform(0.6, 1.05), pitch, velocity)
        if rng.random() < 0.15:
            passage.note(time, step, pitch + int(rng.choice([4, 5, 7])), velocity - 10)
        if step >= 0.3 and rng.random() < 0.7:
            up = float(rng.choice([0.5, 1.0, 2.0]))
            passage.bend(time + 0.05, 0.12, 0.0, up)
            for i in range(int((step - 0.25) / 0.2)):
                passage.bend(time + 0.2 + 0.2 * i, 0.1, up, up + 0.25)
                passage.bend(time + 0.3 + 0.2 * i, 0.1, up + 0.25, up)
            passage.bend(time + step - 0.001, 0.001, up, 0.0)
        time += step + (rng.uniform(0.1, 0.8) if rng.random() < 0.1 else 0.0)


def _chugging(passage: Passage, rng: np.random.Generator, length: float) -> None:
    step, time = rng.uniform(0.09, 0.18), 0.05
    while time < length:
        root = 40 + int(rng.choice([0, 0, 0, 1, 3, 5, 7, 8, 10]))
        power = (root, root + 7, root + 12)
        for _ in range(int(rng.choice([4, 8]))):
            if rng.random() < 0.25:
                passage.strum(time, step * 2, power, rng.uniform(80, 127), 0.004)
                time += step
            elif rng.random() < 0.85:
                notes = power[: int(rng.integers(1, 4))]
                held = step * rng.uniform(0.25, 0.6)
                passage.strum(time, held, notes, rng.uniform(60, 115), 0.002)
            time += step
        if rng.random() < 0.2:
            passage.strum(time, 1.5, power, 120, 0.006)
            time += 1.5


STYLES = {"strummed": _strummed, "arpeggio": _arpeggio, "lead": _lead, "chugging": _chugging}


def random_passages(seed: int, count: int, seconds: float) -> list[Audio]:
    """`count` passages of `seconds` each, styles and programs in turn, from one seed."""
    passages = []
    for i in range(count):
        rng = np.random.default_rng((seed, i))
        style = list(STYLES)[i % len(STYLES)]
        program = MUTED if style == "chugging" and rng.random() < 0.4 else (
            CLEAN, JAZZ, CLEAN, STEEL)[(i + i // len(STYLES)) % 4]  # fmt: skip
        passage = Passage(program, level=float(rng.uniform(0.35, 1.0)))
        STYLES[style](passage, rng, seconds)
        passages.append(render(passage, f"{seed}-{i:02d}-{style}", seconds))
    return passages


# ---------------------------------------------------------------- test


def example() -> Audio:
    """`guitar.wav`: six seconds of a riff in E minor, a bent lick and a closing cadence."""
    passage = Passage(CLEAN, level=0.85)
    eighth = 0.2
    riff = [(0, 40, 0.45), (1, 40, 0.45), (2, 43, 0.9), (3, 40, 0.45), (4, 45, 0.9), (5, 40, 0.45),
            (6, 46, 0.6), (7, 45, 0.9)]  # fmt: skip
    for beat, root, held in riff:
        open_chord = held > 0.5
        pitches = (root, root + 7, root + 12) if open_chord else (root, root + 7)
        velocity = 118 if open_chord else 84
        passage.strum(0.02 + beat * eighth, held * eighth, pitches, velocity, 0.004)
    lick = [(8, 1, 64, 96), (9, 1, 67, 104), (10, 3, 69, 120), (13, 1, 67, 96), (14, 1, 64, 90),
            (15, 1, 62, 100)]  # fmt: skip
    passage.strum(0.02 + 8 * eighth, 7.5 * eighth, (40, 47, 52), 100, 0.006)
    for beat, length, pitch, velocity in lick:
        passage.note(0.02 + beat * eighth, length * eighth, pitch, velocity)
    passage.strum(0.02 + 16 * eighth, 2.9 * eighth, CHORDS["C"], 112, 0.014)
    passage.strum(0.02 + 19 * eighth, 2.9 * eighth, CHORDS["D"], 116, 0.014)
    passage.strum(0.02 + 22 * eighth, 8 * eighth, CHORDS["Em"], 122, 0.022)
    return render(passage, "example", 6.0)


def test_passages() -> list[Audio]:
    """The unseen material of the evaluation: `example` and three pieces of different character."""
    ballad = Passage(JAZZ, level=0.5)
    for bar, (bass, *upper) in enumerate(
        [(45, 60, 64, 67, 71), (50, 60, 65, 69, 72), (43, 59, 62, 65, 69), (48, 59, 64, 67, 71)]
    ):
        ballad.note(0.02 + 2 * bar, 1.9, bass, 80)
        for i, pitch in enumerate((*upper, *upper[2:0:-1])):
            ballad.note(0.27 + 2 * bar + 0.25 * i, 1.5 - 0.2 * i, pitch, 60 + 8 * i)
    funk = Passage(CLEAN, level=0.75)
    for bar in range(4):
        top = (62, 65, 69, 74) if bar % 2 == 0 else (60, 64, 67, 74)
        for i, stroke in enumerate("x.xX.xX..xXx.Xx."):
            if stroke != ".":
                loud, held = (116, 0.11) if stroke == "X" else (64, 0.03)
                funk.strum(0.02 + 1.92 * bar + 0.12 * i, held, top, loud, 0.003, up=i % 2 == 1)
    solo = Passage(STEEL, level=1.0)
    for i, pitch in enumerate((52, 55, 57, 59, 62, 64, 67, 69, 71, 74, 76, 79, 81, 83, 86, 88)):
        solo.note(0.02 + 0.14 * i, 0.16, pitch, 70 + 3 * i)
    solo.note(2.3, 2.0, 76, 124)
    solo.bend(2.4, 0.3, 0.0, 2.0)
    solo.bend(3.6, 0.4, 2.0, 0.0)
    for i, pitch in enumerate((74, 71, 69, 67, 64, 62, 59, 57, 55, 52, 50, 47, 45, 43, 40)):
        solo.note(4.4 + 0.11 * i, 0.3, pitch, 118 - 3 * i)
    solo.strum(6.1, 1.7, CHORDS["E"], 120, 0.03)
    return [example(), render(ballad, "ballad"), render(funk, "funk"), render(solo, "solo")]


def write_example(path: Path) -> None:
    """Write `guitar.wav`, 16-bit mono."""
    sf.write(path, example(), SAMPLE_RATE, subtype="PCM_16")


if __name__ == "__main__":
    write_example(HERE / "guitar.wav")
