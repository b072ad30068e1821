"""Estimates how many cycles an instruction takes on a Cortex-M7, for the networks of table.py.

    python3 bench/microcontroller/cycles.py [--networks lstm_20,a2_lite]

QEMU counts how often each block of instructions runs, in buffers and frame by frame. llvm-mca estimates the cycles of a
block from LLVM's model of the processor: two instructions at a time where they allow it, no cache misses, no wrong
branches. Needs llvm-19 beside what table.py needs.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tempfile
from pathlib import Path

from table import BOARDS, HERE, NETWORKS, build, emulate, skip_without_tools

Block = tuple[int, int]  # address, number of instructions
TRIPLE = "thumbv7em-none-eabihf"
ROUNDS = 50


def blocks_of(elf: Path, plugin: Path) -> dict[Block, int]:
    """Executions of each block."""
    listed = elf.with_suffix(".blocks")
    emulate(BOARDS["m7"], elf, "-plugin", f"{plugin},blocks={listed}")
    found: dict[Block, int] = {}
    for line in listed.read_text().splitlines():
        address, size, executions = line.split()
        key = (int(address, 16), int(size))
        found[key] = found.get(key, 0) + int(executions)
    return found


def instructions_of(elf: Path) -> list[tuple[int, str]]:
    """Addresses and texts, which llvm-mca assembles: targets of branches are the place itself."""
    command = ["llvm-objdump-19", "-d", "--no-show-raw-insn", "--mcpu=cortex-m7", str(elf)]
    found = []
    for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
        if match := re.match(r"\s*([0-9a-f]+):\s+(.*)", line):
            found.append((int(match[1], 16), re.sub(r"#?(?:0x)?[0-9a-f]+ <.*>", ".", match[2].split("@")[0])))
    return found


def cycles_per_instruction(elf: Path, plugin: Path) -> float:
    """Of the blocks that make up 99.5% of all executed instructions."""
    executions, code = blocks_of(elf, plugin), instructions_of(elf)
    place = {address: index for index, (address, _) in enumerate(code)}
    total = sum(size * count for (_, size), count in executions.items())
    source, chosen, covered = [".syntax unified", ".thumb"], [], 0
    for address, size in sorted(executions, key=lambda key: -key[1] * executions[key]):
        if covered > 0.995 * total:
            break
        chosen.append((address, size))
        covered += size * executions[address, size]
        lines = [text for _, text in code[place[address] : place[address] + size]]
        source += [f"# LLVM-MCA-BEGIN {address:x}-{size}", *lines, "# LLVM-MCA-END"]
    assembly = elf.with_suffix(".s")
    assembly.write_text("\n".join(source) + "\n")
    command = ["llvm-mca-19", f"-mtriple={TRIPLE}", "-mcpu=cortex-m7", f"-iterations={ROUNDS}", "--json"]
    # Comparisons of floats, which set the processor's flags, and `it` are not in the model.
    command += ["-skip-unsupported-instructions=any", str(assembly)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    cycles = {region["Name"]: region["SummaryView"]["TotalCycles"] / ROUNDS for region in json.loads(output)["CodeRegions"]}
    return sum(executions[key] * cycles[f"{key[0]:x}-{key[1]}"] for key in chosen) / covered


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", default=",".join(NETWORKS), help="default: all")
    arguments = parser.parse_args()
    skip_without_tools()
    with tempfile.TemporaryDirectory() as folder:
        plugin = Path(folder) / "count.so"
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", plugin, HERE.parent / "instructions" / "count.c"], check=True)
        print("| Network | cycles an instruction |\n| --- | ---: |")
        for network in arguments.networks.split(","):
            elf = Path(folder) / f"{network}.elf"
            build(BOARDS["m7"], HERE / "measure.cpp", elf, "-I", HERE, f"-DNETWORK={network}")
            print(f"| {network} | {cycles_per_instruction(elf, plugin):.2f} |", flush=True)


if __name__ == "__main__":
    main()
