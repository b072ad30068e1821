"""Builds the program for a Cortex-M7, checks that it has no heap, and runs it in qemu.

python3 run.py BUILD_FOLDER; exit status 77 where the cross-compiler or the emulator is missing.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CPU = "-mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-d16".split()
CODE = (
    "-std=c++20 -O2 -DNDEBUG -fno-exceptions -fno-rtti -fno-threadsafe-statics -ffunction-sections -fdata-sections "
    "-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -Wno-register"
).split()
HEAP = re.compile(r"malloc|calloc|realloc|free|_sbrk|_Zn[wa]|_Zd[la]|__cxa_|__gxx_personality")


def run(*command: object) -> str:
    return subprocess.run([str(c) for c in command], check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> int:
    if not (shutil.which("arm-none-eabi-g++") and shutil.which("qemu-system-arm")):
        print("skipped: needs arm-none-eabi-g++ (gcc-arm-none-eabi, libstdc++-arm-none-eabi-newlib) and qemu-system-arm")
        return 77
    build = Path(sys.argv[1])
    build.mkdir(parents=True, exist_ok=True)
    elf = build / "amp.elf"

    run(sys.executable, HERE / "weights.py", ROOT / "tests/golden/torch/lstm20_dense.f32.json", build / "weights.hpp")
    run("arm-none-eabi-g++", *CPU, *CODE, "-I", ROOT / "include", "-I", build, HERE / "main.cpp", HERE / "startup.cpp",
        "-nostartfiles", "-Wl,--gc-sections", "-T", HERE / "mps2-an500.ld", "-o", elf)

    symbols = [line.split()[-1] for line in run("arm-none-eabi-nm", elf).splitlines()]
    heap = [symbol for symbol in symbols if HEAP.search(symbol)]
    if heap:
        print("the program has what it must not have:", *heap)
        return 1
    text, data, bss = map(int, run("arm-none-eabi-size", elf).splitlines()[1].split()[:3])
    print(f"flash {text + data} bytes, RAM {data + bss} bytes, no heap, no exceptions, no RTTI", flush=True)

    emulator = "qemu-system-arm -M mps2-an500 -cpu cortex-m7 -nographic -semihosting-config enable=on,target=native"
    return subprocess.run([*emulator.split(), "-kernel", str(elf)], timeout=120, stdin=subprocess.DEVNULL).returncode


if __name__ == "__main__":
    sys.exit(main())
