"""Tests inlay-render as a program: rendering and error messages.

    python3 test.py PROGRAM FOLDER_OF_GOLDEN_MODELS [FIXTURES]

Needs nothing but Python. Also tries the files in FIXTURES/malformed, if that folder exists.
"""

import array
import json
import math
import os
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from from_outside import GOLDEN, PROGRAM, exit_status, expect
from from_outside import run as render

MALFORMED = Path(sys.argv[3]).resolve() / "malformed" if len(sys.argv) > 3 else None
AMP = Path(__file__).resolve().parents[1] / "amp"
MODEL = GOLDEN / "lstm20_dense.f32.json"
FRAMES, RATE = 9000, 48000


def write_wav(name, *channels):
    with wave.open(name, "wb") as file:
        file.setparams((len(channels), 2, RATE, 0, "NONE", ""))
        file.writeframes(array.array("h", [x for frame in zip(*channels) for x in frame]).tobytes())


def read_samples(name):
    """The samples of a float32 WAV, which Python's wave module does not read."""
    data = Path(name).read_bytes()
    assert data[:4] == b"RIFF" and data[8:12] == b"WAVE", name
    at = 12
    while data[at : at + 4] != b"data":
        at += 8 + int.from_bytes(data[at + 4 : at + 8], "little")
    size = int.from_bytes(data[at + 4 : at + 8], "little")
    return array.array("f", data[at + 8 : at + 8 + size])


def renders():
    reference = None
    for block in (1, 7, 64, 4096):
        done = render(MODEL, "mono.wav", "out.wav", "--block", block)
        expect(done.returncode == 0 and not done.stderr, f"block {block}: {done.stderr}")
        reference = reference or Path("out.wav").read_bytes()
        expect(Path("out.wav").read_bytes() == reference, f"block {block} gives another output")
    for name in ("real-time factor", "parameters        1781", "model size", "written           out.wav"):
        expect(name in done.stdout, f"no {name!r} in {done.stdout}")
    mono = read_samples("out.wav")
    expect(len(mono) == FRAMES, "as many frames as the input has")

    render(MODEL, "stereo.wav", "stereo_out.wav")
    expect(read_samples("stereo_out.wav")[0::2] == mono, "the left voice is that of the mono file")
    render(MODEL, "right.wav", "right_out.wav")
    expect(read_samples("stereo_out.wav")[1::2] == read_samples("right_out.wav"), "and so is the right one")

    same = render(MODEL, "mono.wav", "again.wav", "--compare", "out.wav")
    expect(same.returncode == 0 and "maximum error     0 " in same.stdout, f"compared with itself: {same}")
    other = render(MODEL, "mono.wav", "again.wav", "--compare", "right.wav")
    expect(other.returncode == 1, f"compared with another signal: {other}")
    expect(other.stderr.count("\n") == 1 and "right.wav: frame " in other.stderr, other.stderr)

    wide = render(GOLDEN / "lstm_2_17.f32.json", "stereo.wav", "wide.wav")
    expect(wide.returncode == 0 and len(read_samples("wide.wav")) == 17 * FRAMES, f"2 channels to 17: {wide}")

    empty = render(MODEL, "empty.wav", "empty_out.wav")
    expect(empty.returncode == 0 and len(read_samples("empty_out.wav")) == 0, f"empty file: {empty}")


def renders_folders():
    """Each file of a folder as it is alone. Files that are no audio are reported, and the others are rendered."""
    Path("in").mkdir()
    for name in ("mono", "right", "stereo"):
        Path(f"in/{name}.wav").write_bytes(Path(f"{name}.wav").read_bytes())
        render(MODEL, f"{name}.wav", f"alone_{name}.wav")
    done = render(MODEL, "in", "all")
    expect(done.returncode == 0 and "rendered          3 of 3 files" in done.stdout, f"a folder: {done}")
    for name in ("mono", "right", "stereo"):
        same = Path(f"all/{name}.wav").read_bytes() == Path(f"alone_{name}.wav").read_bytes()
        expect(same, f"{name}.wav differs from what it is alone")
    again = render(MODEL, "in", "again", "--compare", "all")
    expect(again.returncode == 0, f"compared with itself: {again}")
    Path("all/right.wav").write_bytes(Path("all/mono.wav").read_bytes())
    other = render(MODEL, "in", "again", "--compare", "all")
    expect(other.returncode == 1 and "all/right.wav: frame " in other.stderr, f"compared with another: {other}")
    Path("in/text.wav").write_text("not audio\n")
    some = render(MODEL, "in", "some")
    expect(some.returncode == 2 and "3 of 4 files" in some.stdout, f"one that is no audio: {some}")
    expect(some.stderr.count("\n") == 1 and "in/text.wav: start of file: " in some.stderr, some.stderr)
    expect(len(list(Path("some").iterdir())) == 3, "the others are rendered")


def renders_standard_input():
    audio = Path("stereo.wav").read_bytes()
    done = subprocess.run([PROGRAM, MODEL, "-", "piped.wav"], input=audio, capture_output=True)
    expect(done.returncode == 0 and not done.stderr, f"standard input: {done}")
    expect(Path("piped.wav").read_bytes() == Path("alone_stereo.wav").read_bytes(), "a pipe gives what the file gives")
    bad = subprocess.run([PROGRAM, MODEL, "-", "never.wav"], input=b"not audio", capture_output=True)
    expect(bad.returncode == 2 and b"standard input: start of file: " in bad.stderr, f"no audio in a pipe: {bad}")
    expect(not Path("never.wav").exists(), "no audio in a pipe: something was rendered")


def damaged(name, change):
    model = json.loads(MODEL.read_text())
    change(model)
    Path(name).write_text(json.dumps(model))
    return name


def refuses():
    """Each bad input gives one line that names the file and the place, exit status 2, and no new file."""
    flac = (AMP / "guitar_reference.flac").read_bytes()
    Path("cut.flac").write_bytes(flac[: len(flac) // 2])
    Path("folder").mkdir()
    for name in ("twins/a.wav", "twins/a.flac", "files/b.wav"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(Path("mono.wav").read_bytes())
    Path("text.wav").write_text("not audio\n")
    Path("cut.json").write_text(MODEL.read_text()[:1000])
    Path("empty.json").write_text("")
    shape = damaged("shape.json", lambda m: m["layers"][0]["bias"].update(shape=[79], data=[0.0] * 79))
    weight = damaged("weight.json", lambda m: m["layers"][1]["bias"].update(data=[9.0]))
    missing = damaged("missing.json", lambda m: m["layers"][0].pop("recurrent_kernel"))
    gates = damaged("gates.json", lambda m: m["layers"][0].update(recurrent_activation="hard_sigmoid"))
    two = GOLDEN / "lstm_2_17.f32.json"
    knobs = GOLDEN / "append_condition.f32.json"
    slower = GOLDEN / "conv1d_3_20_k1_s4.f32.json"
    ok = (MODEL, "mono.wav", "new.wav")
    before = sorted(Path().rglob("*"))
    for arguments, start in [
        ((MODEL, "none.wav", "new.wav"), "none.wav: file: "),
        ((MODEL, "folder", "new"), "folder: file: expected audio files"),
        ((MODEL, "twins", "new"), "new/a.wav: file: would be written twice"),
        ((MODEL, "files", "mono.wav"), "mono.wav: file: expected a folder"),
        ((MODEL, "text.wav", "new.wav"), "text.wav: start of file: "),
        ((MODEL, "cut.flac", "new.wav"), "cut.flac: frame "),
        (("none.json", "mono.wav", "new.wav"), "none.json: file: "),
        (("folder", "mono.wav", "new.wav"), "folder: file: "),
        (("empty.json", "mono.wav", "new.wav"), "empty.json: start of file: "),
        (("cut.json", "mono.wav", "new.wav"), "cut.json: layers[0]"),
        (("mono.wav", "mono.wav", "new.wav"), "mono.wav: first byte: "),
        ((shape, "mono.wav", "new.wav"), "shape.json: layers[0].bias: "),
        ((weight, "mono.wav", "new.wav"), "weight.json: check.output.data[0]: "),
        ((missing, "mono.wav", "new.wav"), "missing.json: layers[0]: "),
        ((gates, "mono.wav", "new.wav"), "gates.json: check.output.data[0]: "),
        ((two, "mono.wav", "new.wav"), f"{two}: layers: expected 1 channels in"),
        ((knobs, "mono.wav", "new.wav"), f"{knobs}: layers: expected a network without side channels"),
        ((slower, "mono.wav", "new.wav"), f"{slower}: layers: expected a network that gives a frame for each"),
        ((MODEL, "mono.wav", "none/new.wav"), "none/new.wav: file: "),
        ((MODEL, "mono.wav", "folder"), "folder: file: "),
        ((MODEL, "mono.wav", "mono.wav"), "mono.wav: file: "),
        ((MODEL, "mono.wav", "folder/../mono.wav"), "folder/../mono.wav: file: "),
        ((MODEL, "mono.wav", MODEL), f"{MODEL}: file: "),
        ((*ok, "--compare", "none.wav"), "none.wav: file: "),
        ((*ok, "--compare", "stereo.wav"), "stereo.wav: channels: "),
        ((*ok, "--compare", "short.wav"), "short.wav: frames: "),
        ((*ok, "--block", "0"), "command line: "),
        ((*ok, "--block", "many"), "command line: "),
        ((*ok, "--blok", "64"), "command line: "),
        ((*ok, "--tolerance", "-1"), "command line: "),
        ((*ok, "more"), "command line: "),
        ((MODEL, "mono.wav"), "command line: "),
        ((), "command line: "),
    ]:
        done = render(*arguments)
        name = " ".join(map(str, arguments))
        expect(done.returncode == 2, f"{name}: exit status {done.returncode}")
        lines = [line for line in done.stderr.splitlines() if ": warning: " not in line]
        expect(len(lines) == 1 and done.stderr.endswith("\n"), f"{name}: not one line: {done.stderr!r}")
        expect(lines and lines[0].startswith("inlay-render: " + start), f"{name}: {done.stderr!r}")
        expect(not done.stdout, f"{name}: {done.stdout!r}")
        expect(sorted(Path().rglob("*")) == before, f"{name}: leaves something behind")

    Path("old.wav").write_bytes(b"old")
    render(MODEL, "cut.flac", "old.wav")
    expect(Path("old.wav").read_bytes() == b"old", "a failed rendering leaves an older file as it was")


def refuses_malformed():
    """Each malformed file gives one line that names the file and the place, and exit status 2."""
    if MALFORMED is None or not MALFORMED.exists():
        return print("skipped: no malformed files")
    for model in sorted(MALFORMED.iterdir()):
        if model.name.startswith("valid_") or model.name in ("README.md", "utf8_bom.json"):
            continue
        done = render(model, "mono.wav", "never.wav")
        lines = done.stderr.splitlines()
        expect(done.returncode == 2 and len(lines) == 1 and f"{model.name}: " in lines[0], f"{model.name}: {done}")
        expect(not Path("never.wav").exists(), f"{model.name}: something was rendered")


def warns():
    model = damaged("rate.json", lambda m: m.update(sample_rate=44100))
    done = render(model, "mono.wav", "rate_out.wav")
    expect(done.returncode == 0 and "warning: mono.wav: sample rate: " in done.stderr, f"another sample rate: {done}")


def main():
    left = [round(12000 * math.sin(0.03 * t) * math.exp(-t / 4000)) for t in range(FRAMES)]
    right = [round(9000 * math.sin(0.0001 * t * t)) for t in range(FRAMES)]
    write_wav("mono.wav", left)
    write_wav("right.wav", right)
    write_wav("stereo.wav", left, right)
    write_wav("short.wav", left[:-1])
    write_wav("empty.wav", [])
    renders()
    renders_folders()
    renders_standard_input()
    refuses()
    refuses_malformed()
    warns()
    return exit_status()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        status = main()
        os.chdir("/")
    sys.exit(status)
