"""Counts the instructions of types, frame by frame, in QEMU. Called by run.sh.

    python3 bench/predict/instructions.py PROGRAM NETWORKS MEASURED

Appends a line "number ModelT instructions count" to MEASURED, the output of PROGRAM, for each network that it measured as a
type: those of a frame. Needs qemu-user, and count.so of bench/instructions beside the program.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ |= {"EMULATOR": "qemu-x86_64", "QEMU_CPU": "max"}
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "instructions"))
from measure import instructions, per_sample_with

FRAMES = 256


def main():
    program, networks, measured = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    numbers = [line.split()[0] for line in measured.read_text(encoding="utf-8").splitlines() if " ModelT frame " in line]

    def count(number):
        path = str(networks / f"{number}.json")
        return instructions(per_sample_with(program, path, "ModelT", "frame", samples=FRAMES))

    with measured.open("a", encoding="utf-8") as file, ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, (number, counted) in enumerate(zip(numbers, pool.map(count, numbers))):
            if done % 100 == 0:
                print(f"      {done} of {len(numbers)}", flush=True)
            file.write(f"{number} ModelT instructions {counted:.1f}\n")


if __name__ == "__main__":
    main()
