"""Estimates the time of networks on ARM processors, from counted instructions. Called by count.sh.

    python3 bench/predict/count.py PROGRAM NETWORKS FOLDER
    python3 bench/predict/count.py PROGRAM FILTERS FOLDER filters

For each network it writes a line to FOLDER/MACHINE.txt as predict_measure does, or as filters.py needs it. QEMU counts how often each block of
instructions runs, llvm-mca estimates its cycles: see bench/instructions/measure.py. For `Model` alone: for types, whose
blocks are long, llvm-mca gives up to three times the cycles for no more instructions.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "instructions"))
from measure import CORES, cycles_of, disassemble, per_sample_with

FRAMES = 512
MACHINES = {"Pi 4, Cortex-A72": "pi4", "Pi 5, Cortex-A76": "pi5", "Apple M1": "m1"}


class Cycles:
    """Cycles of blocks on a core. Blocks of the same instructions are estimated once."""

    def __init__(self, core, code):
        self.core, self.code, self.known = core, code, {}

    def text(self, key):
        return tuple(self.code[key[0] + 4 * i] for i in range(key[1]))

    def sum(self, blocks):
        new = {self.text(key): key for key in blocks}
        new = {text: key for text, key in new.items() if text not in self.known}
        if new:
            found = cycles_of({key: 1 for key in new.values()}, self.code, self.core)
            self.known |= {text: found[key] for text, key in new.items()}
        return sum(executions * self.known[self.text(key)] for key, executions in blocks.items())


def main():
    program, networks, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    form = "{} {} {:.3f}\n" if sys.argv[4:] == ["filters"] else "{} Model {} {:.3f} 0 0\n"
    code = disassemble(program)
    cores = [Cycles(core, code) for core in CORES]
    files = {core.machine: (folder / f"{MACHINES[core.machine]}.txt").open("w", encoding="utf-8") for core in CORES}
    paths = sorted(networks.glob("*.json"), key=lambda path: int(path.stem))
    jobs = [(path, work) for path in paths for work in ("frame", "buffer")]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counted = pool.map(lambda job: per_sample_with(program, str(job[0]), "Model", job[1], samples=FRAMES), jobs)
        for done, ((path, work), blocks) in enumerate(zip(jobs, counted)):
            if done % 100 == 0:
                print(f"      {done} of {len(jobs)}", flush=True)
            for cycles in cores:
                ns = cycles.sum(blocks) / cycles.core.gigahertz
                files[cycles.core.machine].write(form.format(path.stem, work, ns))
    for file in files.values():
        file.close()


if __name__ == "__main__":
    main()
