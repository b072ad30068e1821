"""Prints what networks take on microcontrollers: instructions per sample, flash, RAM and stack.

    python3 bench/microcontroller/table.py [--cores m4,m7] [--networks lstm_20,a2_lite] [--option=-DMATH=Fast]

Instructions are counted by qemu, in buffers of 48 samples. They are not cycles, but do not depend on the board's memory.
The other columns are bytes on a Cortex-M7. Flash: code and weights, `process` and `forward`, without what the measurement
itself takes. RAM: the state of one voice, which is all there is. Stack: what a buffer needs at most. Needs arm-none-eabi-g++ and qemu-system-arm.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tests/embedded"))
from boards import BOARDS, build, emulate, sizes, skip_without_tools  # noqa: E402

NETWORKS = "lstm_8 lstm_16 lstm_20 lstm_40 gru_8 gru_16 gru_24 gru_40 a1_nano a2_lite".split()


def measure(folder: Path, core: str, network: str, options: list[str]) -> dict[str, int]:
    """What the program prints, and its flash."""
    elf = folder / f"{core}_{network}.elf"
    build(BOARDS[core], HERE / "measure.cpp", elf, "-I", HERE, f"-DNETWORK={network}", *options)
    result = emulate(BOARDS[core], elf, "-icount", "shift=0")
    if result.returncode != 0:
        sys.exit(f"{network} on {core}: {result.stdout}")
    values = {name: int(value) for name, value in map(str.split, result.stdout.splitlines())}
    return values | {"flash": sizes(elf)[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cores", default=",".join(BOARDS), help="default: %(default)s")
    parser.add_argument("--networks", default=",".join(NETWORKS), help="default: all")
    parser.add_argument("--option", action="append", default=[], help="of the compiler; may be repeated")
    arguments = parser.parse_args()
    skip_without_tools()
    cores = arguments.cores.split(",")
    shown = cores.index("m7") if "m7" in cores else 0  # the core whose memory the table has
    with tempfile.TemporaryDirectory() as folder:
        empty = measure(Path(folder), cores[shown], "nothing", arguments.option)["flash"]
        names = " | ".join(BOARDS[core].processor for core in cores)
        print(f"| Network | {names} | flash | weights | RAM | stack |")
        print("| --- |" + " ---: |" * (len(cores) + 4))
        for network in arguments.networks.split(","):
            all_cores = [measure(Path(folder), core, network, arguments.option) for core in cores]
            counts = " | ".join(f"{(each['process'] + 5) // 10:,}" for each in all_cores)
            of = all_cores[shown]
            memory = [of["flash"] - empty, of["weights"], of["state"], of["stack"]]
            print(f"| {network} | {counts} | {' | '.join(f'{value:,}' for value in memory)} |", flush=True)


if __name__ == "__main__":
    main()
