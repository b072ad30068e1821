"""Plays the JACK program under a server without a sound card, and compares what it gives with inlay-render.

    python3 jack_test.py PROGRAM MODEL INLAY_RENDER

Needs jackd2 (Debian). It takes ten seconds. The server has blocks of 64 frames at 48 kHz and reports each one that the
program was late for. One of three attempts has to be without. Exit status 77: the machine is so busy that the program
did not even get the processor in time.
"""

import array
import os
import signal
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

PROGRAM, MODEL, RENDER = (Path(argument).resolve() for argument in sys.argv[1:4])
SERVER = f"inlay-test-{os.getpid()}"
RATE, FRAMES, SECONDS, ATTEMPTS = 48000, 64, 5, 3
METRONOME = "metro:300_bpm"
ENVIRONMENT = {**os.environ, "JACK_DEFAULT_SERVER": SERVER, "JACK_NO_START_SERVER": "1", "INLAY_AMP_MODEL": str(MODEL)}


def start(name, *command):
    """Starts a program that goes on; what it prints goes to a file."""
    return subprocess.Popen(command, env=ENVIRONMENT, stdout=open(name, "w"), stderr=subprocess.STDOUT)


def run(*command):
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60)


def wait_for_port(port):
    for _ in range(100):
        if port in run("jack_lsp").stdout.splitlines():
            return
        time.sleep(0.1)
    sys.exit(f"FAILED: no port {port!r}:\n{Path('amp.log').read_text() if Path('amp.log').exists() else ''}")


def connect(source, target):
    done = run("jack_connect", source, target)
    if done.returncode != 0:
        sys.exit(f"FAILED: connecting {source} to {target}: {done.stderr}")


def read_24_bits(name):
    """The channels of a WAV file, from -1 to 1."""
    with wave.open(name) as file:
        channels, width = file.getnchannels(), file.getsampwidth()
        data = file.readframes(file.getnframes())
    values = [int.from_bytes(data[i : i + width], "little", signed=True) for i in range(0, len(data), width)]
    return [[v / (1 << (8 * width - 1)) for v in values[c::channels]] for c in range(channels)]


def read_floats(name):
    """The samples of a float32 WAV file, which Python's wave module does not read."""
    data = Path(name).read_bytes()
    at = data.index(b"data") + 8
    return array.array("f", data[at : at + (len(data) - at) // 4 * 4])


def late_blocks():
    """Numbers of blocks for which the program did not get the processor in time, and that it did not finish in time."""
    log = Path("jackd.log").read_text()
    return [log.count(f"inlay amp was not finished, state = {state}") for state in ("Triggered", "Running")]


def real_time():
    """Whether a thread may have real-time priority here."""
    try:
        before = os.sched_getscheduler(0), os.sched_getparam(0)
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        os.sched_setscheduler(0, *before)
        return True
    except OSError:
        return False


def main():
    running = []
    try:
        priority = ("--realtime",) if real_time() else ("--no-realtime",)
        driver = ("-d", "dummy", "-r", str(RATE), "-p", str(FRAMES))
        running.append(start("jackd.log", "jackd", *priority, "-n", SERVER, *driver))
        wait_for_port("system:capture_1")
        running.append(start("amp.log", PROGRAM))
        running.append(start("metro.log", "jack_metro", "-b", "300", "-f", "220", "-A", "0.1", "-D", "100"))
        wait_for_port("inlay amp:audio_out_2")
        wait_for_port(METRONOME)
        for side in ("1", "2"):
            connect(METRONOME, f"inlay amp:audio_in_{side}")
            connect(f"inlay amp:audio_out_{side}", f"system:playback_{side}")
        for _ in range(ATTEMPTS):
            before = late_blocks()
            ports = (METRONOME, "inlay amp:audio_out_1", "inlay amp:audio_out_2")
            done = run("jack_rec", "-f", "heard.wav", "-d", str(SECONDS), "-b", "24", *ports)
            if not Path("heard.wav").exists():
                sys.exit(f"FAILED: recording: {done.stderr}")
            not_started, slow = (now - then for now, then in zip(late_blocks(), before))
            print(f"{SECONDS} s in blocks of {FRAMES} frames, {priority[0]}: {slow} blocks not finished in time, "
                  f"{not_started} not started")
            if slow + not_started == 0:
                break
    finally:
        for process in reversed(running):
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=10)
    if slow > 0:
        sys.exit("FAILED: too slow")
    if not_started > 0:
        print("skipped: the machine is too busy")
        sys.exit(77)

    dry, left, right = read_24_bits("heard.wav")
    with wave.open("dry.wav", "wb") as file:
        file.setparams((1, 3, RATE, 0, "NONE", ""))
        file.writeframes(b"".join(int(x * (1 << 23)).to_bytes(3, "little", signed=True) for x in dry))
    run(RENDER, MODEL, "dry.wav", "rendered.wav")
    wanted = read_floats("rendered.wav")
    settled = RATE // 2  # the recording starts in the middle of the signal
    error = max(abs(x - y) for channel in (left, right) for x, y in zip(channel[settled:], wanted[settled:]))
    loudest = max(map(abs, wanted[settled:]))
    print(f"largest difference from inlay-render {error:.2g}, in a signal of up to {loudest:.2g}")
    if not error < 1e-4 or loudest < 0.01:
        sys.exit("FAILED")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        main()
