"""Builds networks with their weights in flash for a board, checks that there is no heap, and runs them in qemu.

python3 run.py BUILD_FOLDER BOARD MODEL.json...; exit status 77 where the cross-compiler or the emulator is missing.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from boards import BOARDS, HERE, ROOT, build, emulate, run, sizes, skip_without_tools

HEAP = re.compile(r"malloc|calloc|realloc|free|_sbrk|_Zn[wa]|_Zd[la]|__cxa_|__gxx_personality")


def generate(model: Path, header: Path, backend: str) -> None:
    """Writes the network of a model file as a type with constant weights, and its check."""
    header.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "inlay", "codegen", model, "--name", "Amp", "--backend", backend]
    command += ["--constant", "--check", "-o", header]
    subprocess.run(list(map(str, command)), check=True, env=os.environ | {"PYTHONPATH": str(ROOT / "python/src")})


def round_to_bytes(model: Path, to: Path) -> None:
    """Writes a model with weights that `int8` stores exactly, and the output that it has, computed in NumPy."""
    sys.path.insert(0, str(ROOT / "python/src"))
    import numpy as np
    from inlay.check.reference import evaluate, tensor

    root = json.loads(model.read_text())
    for layer in root["layers"]:
        for name in ("kernel", "recurrent_kernel"):
            if name in layer:
                values = tensor(layer[name])
                axes = tuple(range(values.ndim - 1))
                scale = np.abs(values).max(axis=axes) / 127
                layer[name]["data"] = (np.rint(values / scale) * scale).ravel().tolist()
    check = root["check"]
    check["output"]["data"] = evaluate(root["layers"], tensor(check["input"])).ravel().tolist()
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(json.dumps(root))


def test(folder: Path, name: str, model: Path, tile: int | None = None, weight: str | None = None) -> bool:
    """Builds and runs one network, with tiles of another length than the board's, or with smaller weights."""
    board, elf = BOARDS[name], folder / "amp.elf"
    options = [f"-DINLAY_TILE_FRAMES={tile}"] if tile else []
    backend = "StlBackend"
    if weight:
        backend += f"<float, {weight}>"
        options.append("-DLIMIT=2e-6f")  # the limit of the check is that of the smaller weights
        round_to_bytes(model, folder / model.name)
        model = folder / model.name
    generate(model, folder / "amp.hpp", backend)
    build(board, HERE / "main.cpp", elf, "-I", folder, *options)
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
    print(f"{board.processor}, {model.name}{', ' + weight if weight else ''}: flash {flash} bytes, RAM {ram} bytes, no heap, no exceptions, no RTTI")
    print(result.stdout, end="", flush=True)
    return result.returncode == 0


def main() -> int:
    skip_without_tools()
    build_folder, name, *models = sys.argv[1:]
    passed = [test(Path(build_folder) / name / Path(model).name, name, Path(model)) for model in models]
    if name in ("m4", "m7"):
        passed.append(test(Path(build_folder) / name / "int8", name, Path(models[0]), weight="int8"))
    if len(models) > 1:
        passed.append(test(Path(build_folder) / name / "tile", name, Path(models[-1]), tile=48))
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
