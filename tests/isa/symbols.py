"""Checks that objects for wider instruction sets can be linked into one program with others.

    python3 symbols.py [--as ISA] OBJECT...

The linker may take a weak function from any object that defines it. So the name of a function that is compiled for a
wider instruction set must contain that instruction set, as in the inline namespace of that name. No wide code may run
before the processor is known, so such objects must have no static constructors.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

WIDER = ("avx2", "avx512")
WIDE_INSTRUCTION = re.compile(r"\b[yz]mm\d|\tv[a-z0-9]+\s.*\bxmm\d|\tv[a-z0-9]+\s.*%xmm\d")


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def isa_of(path: Path) -> str | None:
    """The instruction set in the name of an object's source file."""
    return next((isa for isa in WIDER if re.search(rf"(^|_){isa}(_|\.)", path.name)), None)


def wide_functions(path: Path) -> set[str]:
    wide, name = set(), ""
    for line in output("objdump", "-d", "--no-show-raw-insn", str(path)).splitlines():
        if label := re.match(r"[0-9a-f]+ <(.*)>:$", line):
            name = label[1]
        elif WIDE_INSTRUCTION.search(line):
            wide.add(name)
    return wide


def problems_of(path: Path, isa: str) -> list[str]:
    weak = {line.split()[-1] for line in output("nm", "--defined-only", str(path)).splitlines() if line.split()[-2] in "WVuw"}
    tag = f"{len(isa)}{isa}"  # as in mangled names
    named = [name for name in sorted(weak & wide_functions(path)) if tag not in name]
    found = [f"{path.name}: weak and wide, without {isa} in its name: {output('c++filt', name).strip()}" for name in named]
    if re.search(r"\.(init_array|ctors)\b", output("objdump", "-h", str(path))):
        found.append(f"{path.name}: has a static constructor")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--as", dest="isa", help="take all objects as compiled for this instruction set")
    parser.add_argument("objects", nargs="+", type=Path)
    arguments = parser.parse_args()
    wide = [(path, isa) for path in arguments.objects if (isa := arguments.isa or isa_of(path))]
    if not wide:
        print("no object is for a wider instruction set")
        return 1
    problems = [problem for path, isa in wide for problem in problems_of(path, isa)]
    print("\n".join(problems) or f"{len(wide)} objects for wider instruction sets share no wide code")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
