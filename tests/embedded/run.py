"""Builds networks with their weights in flash for a board, checks that there is no heap, and runs them in qemu.

python3 run.py BUILD_FOLDER BOARD MODEL.json...; exit status 77 where the cross-compiler or the emulator is missing.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from boards import BOARDS, HERE, ROOT, build, emulate, run, sizes, skip_without_tools

HEAP = re.compile(r"malloc|calloc|realloc|free|_sbrk|_Zn[wa]|_Zd[la]|__cxa_|__gxx_personality")


def generate(model: Path, header: Path) -> None:
    """Writes the network of a model file as a type with constant weights, and its check."""
    header.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "inlay", "codegen", model, "--name", "Amp", "--backend", "StlBackend"]
    command += ["--constant", "--check", "-o", header]
    subprocess.run(list(map(str, command)), check=True, env=os.environ | {"PYTHONPATH": str(ROOT / "python/src")})


def test(folder: Path, name: str, model: Path, tile: int | None = None) -> bool:
    """Builds and runs one network, with tiles of another length than the board's if `tile` is given."""
    board, elf = BOARDS[name], folder / "amp.elf"
    generate(model, folder / "amp.hpp")
    build(board, HERE / "main.cpp", elf, "-I", folder, *([f"-DINLAY_TILE_FRAMES={tile}"] if tile else []))
    symbols = [line.split()[-1] for line in run("arm-none-eabi-nm", elf).splitlines()]
    if any(re.search(r"_tile_\d", symbol) for symbol in symbols) != bool(tile):
        print("objects with tiles of different lengths would link")
        return False
    heap = [symbol for symbol in symbols if HEAP.search(symbol)]
    if heap:
        print("the program has what it must not have:", *heap)
        return False
    result = emulate(board, elf)
    flash, ram = sizes(elf)
    print(f"{board.processor}, {model.name}: flash {flash} bytes, RAM {ram} bytes, no heap, no exceptions, no RTTI")
    print(result.stdout, end="", flush=True)
    return result.returncode == 0


def main() -> int:
    skip_without_tools()
    build_folder, name, *models = sys.argv[1:]
    passed = [test(Path(build_folder) / name / Path(model).name, name, Path(model)) for model in models]
    if len(models) > 1:
        passed.append(test(Path(build_folder) / name / "tile", name, Path(models[-1]), tile=48))
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
