"""The boards that qemu emulates: how to compile for them, and how to run a program on them."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CODE = (
    "-mthumb -mfloat-abi=hard -std=c++20 -O2 -DNDEBUG -fno-exceptions -fno-rtti -fno-threadsafe-statics"
    " -ffunction-sections -fdata-sections -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -Wno-register"
).split()


@dataclass(frozen=True)
class Board:
    processor: str
    options: str
    machine: str
    memory: str  # the linker script with its memory


BOARDS = {
    "m4": Board("Cortex-M4F", "-mcpu=cortex-m4 -mfpu=fpv4-sp-d16", "mps2-an386", "mps2-an386.ld"),
    "m7": Board("Cortex-M7", "-mcpu=cortex-m7 -mfpu=fpv5-d16", "mps2-an500", "mps2-an386.ld"),
    "m33": Board("Cortex-M33", "-mcpu=cortex-m33", "mps2-an505", "mps2-an505.ld"),
    "m55": Board("Cortex-M55", "-mcpu=cortex-m55", "mps3-an547", "mps3-an547.ld"),
}


def skip_without_tools() -> None:
    """Exits with status 77 where the cross-compiler, the emulator or NumPy is missing."""
    if not (shutil.which("arm-none-eabi-g++") and shutil.which("qemu-system-arm")):
        print("skipped: needs arm-none-eabi-g++ (gcc-arm-none-eabi, libstdc++-arm-none-eabi-newlib) and qemu-system-arm")
        sys.exit(77)
    if importlib.util.find_spec("numpy") is None:  # `inlay codegen` needs it
        print("skipped: needs NumPy")
        sys.exit(77)


def run(*command: object) -> str:
    return subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True).stdout


def build(board: Board, source: Path, elf: Path, *options: object) -> None:
    """Compiles a program that defines `board::run`."""
    elf.parent.mkdir(parents=True, exist_ok=True)
    run("arm-none-eabi-g++", *board.options.split(), *CODE, "-I", ROOT / "include", "-I", HERE, *options, source,
        HERE / "startup.cpp", "-nostartfiles", "-Wl,--gc-sections", "-L", HERE, "-T", HERE / board.memory, "-o", elf)  # fmt: skip


def sizes(elf: Path) -> tuple[int, int]:
    """Bytes of flash and of RAM, without the stack."""
    text, data, bss = map(int, run("arm-none-eabi-size", elf).splitlines()[1].split()[:3])
    return text + data, data + bss


def emulator(board: Board, elf: Path, *options: str) -> list[str]:
    semihosting = "-semihosting-config enable=on,target=native"
    return f"qemu-system-arm -M {board.machine} -nographic {semihosting}".split() + [*options, "-kernel", str(elf)]


def emulate(board: Board, elf: Path, *options: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a program. It may read and write files in `folder`."""
    command = emulator(board, elf, *options)
    return subprocess.run(command, timeout=300, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, cwd=folder)  # fmt: skip
