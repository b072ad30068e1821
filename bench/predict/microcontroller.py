"""Counts the instructions of random networks on a Cortex-M7 in QEMU, and writes the table of this machine.

    PYTHONPATH=python/src python3 bench/predict/microcontroller.py [NETWORKS]

Each network with at most MOST multiply-accumulates among the first NETWORKS (150) is compiled as a type with its weights
in flash, and counted by bench/microcontroller/measure.cpp, which takes half an hour of one core. The time is an estimate: an
instruction takes a cycle. Other load on the machine does not matter. Needs arm-none-eabi-g++ and qemu-system-arm.
"""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "microcontroller")]
from architectures import network
from table import measure, skip_without_tools

from inlay.cpp.types import Type, flat, statement, types
from inlay.inspect.analysis import analyse

MEASURED = HERE / "measured" / "m7.txt"
FILTERS = 64, 128, 256, 512, 1024, 2048  # taps
MOST = 8000  # a sample at 48 kHz has 10,000 cycles at 480 MHz
GIGAHERTZ = 0.48
TITLE = "Daisy Seed, Cortex-M7 at 480 MHz, an instruction a cycle"
NAMES = "daisy daisyseed cortex-m7 cortexm7".split()
#: Enough for the weights of the largest networks, which the compiler computes.
LIMIT = "-fconstexpr-ops-limit=1000000000"


def counted(name, layers, folder):
    """What a type takes: nanoseconds by work, bytes of weights and of the state."""
    header = folder / f"{name}.hpp"
    lines = ['#include "networks.hpp"', "namespace networks {", *statement(f"using {name} = ", layers), "}"]
    header.write_text("\n".join(lines), encoding="utf-8")
    found = measure(folder, "m7", name, ["-include", str(header), "-DBLOCK=64", LIMIT])
    (folder / f"m7_{name}.elf").unlink()
    times = {work: found[call] / 10 / GIGAHERTZ for work, call in (("frame", "forward"), ("buffer", "process"))}
    return times, found["weights"], found["state"]


def count(number, folder):
    """Lines as predict_measure prints them."""
    layers = Type("Sequential", types(flat(network(number)), "Backend"))
    times, weights, state = counted(f"n{number}", layers, folder)
    return [f"{number} ModelT {work} {time:.3f} {weights} {state}" for work, time in times.items()]


def count_filter(taps, folder):
    """Lines of filters.py."""
    times, _, _ = counted(f"fir{taps}", Type("Sequential", [Type("FIR", [taps, "Backend"])]), folder)
    return [f"{taps} {work} {time:.3f}" for work, time in times.items()]


def main():
    skip_without_tools()
    count_of = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    numbers = [number for number in range(count_of) if analyse(network(number)).macs <= MOST]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        filters = pool.map(lambda taps: count_filter(taps, Path(folder)), FILTERS)
        networks = pool.map(lambda number: count(number, Path(folder)), numbers)
        with (HERE / "filters" / "m7.txt").open("w", encoding="utf-8") as file:
            for lines in filters:
                file.write("\n".join(lines) + "\n")
        with MEASURED.open("w", encoding="utf-8") as file:
            for done, lines in enumerate(networks):
                if done % 10 == 0:
                    print(f"{done} of {len(numbers)}", flush=True)
                file.write("\n".join(lines) + "\n")
                file.flush()
    fit = [sys.executable, HERE / "fit.py", MEASURED, "--lanes", "1", "--estimated"]
    subprocess.run([*fit, "--write", "m7", TITLE, "--also", *NAMES], check=True)


if __name__ == "__main__":
    main()
