"""Instructions and estimated cycles per sample on 64-bit ARM. See docs/arm-speed.md.

    python3 bench/instructions/measure.py PROGRAM count        instructions per sample
    python3 bench/instructions/measure.py PROGRAM loops        cycles of the kernels, against the limit of multiply-adds
    python3 bench/instructions/measure.py PROGRAM where        share of a core at 48 kHz

PROGRAM is built by run.sh, which calls this script. Cycles are estimates: QEMU counts how often each block of
instructions runs, and llvm-mca estimates the cycles of a block from a model of the processor, without cache misses and
wrong branches.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
GOLDEN = HERE.parent.parent / "tests" / "golden" / "nam"
WAVENETS = {"A1 standard": str(GOLDEN / "wavenet_a1_standard"), "A2": str(GOLDEN / "wavenet_a2")}
SAMPLES = 640
LLVM_MCA = "llvm-mca-19"
EMULATOR = os.environ.get("EMULATOR", "qemu-aarch64")


class Core(NamedTuple):
    machine: str
    model: str  # of llvm-mca
    gigahertz: float
    pipes: int  # for multiply-adds of 16 bytes


CORES = [
    Core("Pi 4, Cortex-A72", "cortex-a72", 1.8, 2),
    Core("Pi 5, Cortex-A76", "neoverse-n1", 2.4, 2),  # the A76's design; LLVM has the A57's model for the A76 itself
    Core("Apple M1", "apple-m1", 3.2, 4),
]
Blocks = dict[tuple[int, int], float]  # address, number of instructions -> executions per sample


def blocks_of(program: str, arguments: list[str]) -> Blocks:
    """Executions of each block in one run."""
    with tempfile.NamedTemporaryFile() as file:
        plugin = f"{Path(program).parent / 'count.so'},blocks={file.name}"
        subprocess.run([EMULATOR, "-plugin", plugin, program, *arguments], check=True, capture_output=True)
        found: Blocks = {}
        for line in Path(file.name).read_text().splitlines():
            address, size, executions = line.split()
            key = (int(address, 16), int(size))
            found[key] = found.get(key, 0) + int(executions)
    return found


def per_sample_with(program: str, *arguments: str, samples: int) -> Blocks:
    """Executions of each block per sample of a program whose last argument is the number of samples: what it does
    before and after the samples cancels out."""
    once, twice = (blocks_of(program, [*arguments, str(n)]) for n in (samples, 2 * samples))
    return {key: (n - once.get(key, 0)) / samples for key, n in twice.items() if n != once.get(key, 0)}


def per_sample(program: str, network: str, block: int) -> Blocks:
    """Executions of each block per sample of a network of the program."""
    return per_sample_with(program, WAVENETS.get(network, network), str(block), samples=SAMPLES)


def instructions(blocks: Blocks) -> float:
    return sum(size * executions for (_, size), executions in blocks.items())


def disassemble(program: str) -> dict[int, str]:
    """Instruction at each address, in a form that llvm-mca assembles: targets of branches are the place itself."""
    text = subprocess.run(["aarch64-linux-gnu-objdump", "-d", "--no-show-raw-insn", program], check=True,
                          capture_output=True, text=True).stdout
    code = {}
    for line in text.splitlines():
        if match := re.match(r"\s+([0-9a-f]+):\t(.*)", line):
            code[int(match[1], 16)] = re.sub(r"(?:0x)?[0-9a-f]+ <.*>", ".", match[2].split("//")[0])
    return code


def cycles_of(blocks: Blocks, code: dict[int, str], core: Core) -> dict[tuple[int, int], float]:
    """Estimated cycles of each block, when it runs again and again."""
    keys = sorted(blocks)
    source = []
    for address, size in keys:
        lines = [code[address + 4 * i] for i in range(size)]
        source += [f"# LLVM-MCA-BEGIN {address:x}-{size}", *lines, "# LLVM-MCA-END"]
    with tempfile.NamedTemporaryFile("w", suffix=".s") as file:
        file.write("\n".join(source) + "\n")
        file.flush()
        output = subprocess.run([LLVM_MCA, "-mtriple=aarch64-linux-gnu", f"-mcpu={core.model}", "-iterations=100",
                                 "--json", file.name], check=True, capture_output=True, text=True).stdout
    regions = {region["Name"]: region["SummaryView"]["TotalCycles"] / 100 for region in
               json.loads(output)["CodeRegions"]}
    return {(a, n): regions[f"{a:x}-{n}"] for a, n in keys}


def cycles(blocks: Blocks, code: dict[int, str], core: Core) -> float:
    each = cycles_of(blocks, code, core)
    return sum(executions * each[key] for key, executions in blocks.items())


def multiply_adds(blocks: Blocks, code: dict[int, str]) -> float:
    """Number of multiply-adds of whole registers."""
    return sum(executions * sum(code[address + 4 * i].startswith(("fmla\tv", "fmla v")) for i in range(size))
               for (address, size), executions in blocks.items())


def networks(program: str) -> list[str]:
    listed = subprocess.run([EMULATOR, program], check=True, capture_output=True, text=True).stdout.split()
    return listed + list(WAVENETS)


def count(program: str) -> None:
    print("| network | frame by frame | buffers of 64 |\n|---|--:|--:|")
    for network in networks(program):
        each = [instructions(per_sample(program, network, block)) for block in (1, 64)]
        print(f"| {network} | {each[0]:.0f} | {each[1]:.0f} |", flush=True)


def loops(program: str) -> None:
    code = disassemble(program)
    print("| network | multiply-adds | " + " | ".join(f"{core.machine}: limit, cycles" for core in CORES) + " |")
    print("|---|--:|" + "--:|" * len(CORES))
    for network, block in (("LSTM-20", 1), ("Dense-16", 1), ("Dense-16", 64), ("Conv1D-k3-16", 64)):
        blocks = per_sample(program, network, block)
        adds = multiply_adds(blocks, code)
        row = [f"{adds / core.pipes:.0f}, {cycles(blocks, code, core):.0f}" for core in CORES]
        print(f"| {network}, {'frames' if block == 1 else 'buffers'} | {adds:.0f} | {' | '.join(row)} |", flush=True)


def where(program: str) -> None:
    code = disassemble(program)
    print("| network, buffers of 64 | " + " | ".join(f"{c.machine}, {c.gigahertz} GHz" for c in CORES) + " |")
    print("|---|" + "--:|" * len(CORES))
    for network in networks(program):
        blocks = per_sample(program, network, 64)
        shares = [100 * 48000 * cycles(blocks, code, core) / (core.gigahertz * 1e9) for core in CORES]
        print(f"| {network} | " + " | ".join(f"{share:.2g}%" for share in shares) + " |", flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[2] not in ("count", "loops", "where"):
        sys.exit(__doc__)
    {"count": count, "loops": loops, "where": where}[sys.argv[2]](sys.argv[1])
