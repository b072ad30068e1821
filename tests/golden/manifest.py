"""The manifest of the golden data: what each file of tests/golden is, and where it comes from.

    python3 tests/golden/manifest.py    writes README.md's tables, and the entries of files without a script here

Each generator calls `record` at its end. With `--manifest` it writes no model, but its entries of the files that are
there. Use it after a purpose was reworded, or if the framework is not installed.

manifest.json has an entry for each file:

    generator  the script that wrote it, from the repository's root
    origin     the framework that computed the outputs, with its version
    type       the scalar type of the check, or other contents of the file
    seed       the seed of weights and input, if they are random
    purpose    the model, and what it tests
    sha256     the hash of the file
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Optional

FOLDER = Path(__file__).parent
REPOSITORY = FOLDER.parents[1]
MANIFEST = FOLDER / "manifest.json"
README = FOLDER / "README.md"
BEGIN = "<!-- made from manifest.json by manifest.py: begin -->"
END = "<!-- made from manifest.json by manifest.py: end -->"

Entry = dict[str, Any]
Manifest = dict[str, Entry]  # by the path from tests/golden


def only_manifest() -> bool:
    """Returns whether a generator was called with `--manifest`. Removes that argument."""
    if "--manifest" in sys.argv:
        sys.argv.remove("--manifest")
        return True
    return False


def read() -> Manifest:
    return json.loads(MANIFEST.read_text(encoding="utf-8")) if MANIFEST.exists() else {}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def data_files() -> list[str]:
    """All files of tests/golden except the scripts, the manifest and the README."""
    paths = (path for path in FOLDER.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc"))
    return sorted(str(path.relative_to(FOLDER)) for path in paths if path not in (MANIFEST, README))


def entry(path: Path, generator: str, purpose: str, seed: Optional[int] = None, **fields: str) -> Entry:
    """The entry of a file. `origin` and `type` of files in inlay's format are those of their check."""
    if "origin" not in fields:
        check = json.loads(path.read_text(encoding="utf-8"))["check"]
        fields = {"origin": check["source"], "type": check["dtype"]}
    seeds = {} if seed is None else {"seed": seed}
    return {"generator": generator, **fields, **seeds, "purpose": purpose, "sha256": sha256(path)}


def record(
    script: str,
    folder: Path,
    names: Iterable[str],
    purposes: Mapping[str, str],
    seed: Callable[[str], int] | None = None,
) -> None:
    """Replaces the entries of a generator by those of NAME.json, or NAME.f32.json and NAME.f64.json, in `folder`.

    `purposes` are by name or by pattern, of which the first that fits counts."""
    generator = from_root(script)
    of_pattern: dict[str, list[str]] = {pattern: [] for pattern in purposes}
    for name in names:
        fitting = [pattern for pattern in purposes if fnmatchcase(name, pattern)]
        if not fitting:
            sys.exit(f"{generator} says no purpose of {name}")
        of_pattern[fitting[0]].append(name)
    made: Manifest = {}
    for pattern, found in of_pattern.items():
        if not found:
            sys.exit(f"{generator} says the purpose of {pattern}, which no model is called")
        for name in found:
            for path in sorted([*folder.glob(f"{name}.json"), *folder.glob(f"{name}.f??.json")]):
                random = seed(name) if seed else None
                made[relative(path)] = entry(path, generator, purposes[pattern], random)
    write(generator, made)


def record_file(script: str, path: Path, purpose: str, origin: Optional[str], kind: str) -> None:
    """Adds or replaces the entry of a file that is not in inlay's format.

    The old entry's origin stays where `origin` is None."""
    generator = from_root(script)
    mine = {name: one for name, one in read().items() if one["generator"] == generator}
    origin = origin or mine[relative(path)]["origin"]
    mine[relative(path)] = entry(path, generator, purpose, origin=origin, type=kind)
    write(generator, mine)


def from_root(script: str) -> str:
    return str(Path(script).resolve().relative_to(REPOSITORY))


def relative(path: Path) -> str:
    return str(path.resolve().relative_to(FOLDER.resolve()))


def write(generator: str, made: Manifest) -> None:
    """Replaces the entries of a generator: manifest.json, and README's tables."""
    manifest = {name: one for name, one in read().items() if one["generator"] != generator} | made
    # Sorted by the folder and name of the generator; within a generator, in its order.
    ordered = sorted(manifest, key=lambda name: (name.split("/")[0], manifest[name]["generator"]))
    lines = [f"{json.dumps(name)}: {json.dumps(manifest[name])}" for name in ordered]
    MANIFEST.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    README.write_text(with_tables(README.read_text(encoding="utf-8"), read()), encoding="utf-8")


def with_tables(text: str, manifest: Manifest) -> str:
    """README's text with the tables of a manifest."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{tables(manifest)}\n{END}{after}"


def tables(manifest: Manifest) -> str:
    lines = ["| folder | outputs by | files | generator |", "|---|---|---|---|"]
    overview: dict[tuple[str, str, str], int] = {}
    rows: dict[str, dict[tuple[str, str, str], list[tuple[str, str]]]] = {}
    for name, one in manifest.items():
        folder, _, file = name.partition("/")
        place = (folder, one["origin"], one["generator"])
        overview[place] = overview.get(place, 0) + 1
        row = (one["purpose"], one["origin"], one["generator"])
        stem = file.removesuffix(".json").removesuffix(".f32").removesuffix(".f64")
        rows.setdefault(folder, {}).setdefault(row, []).append((stem, one["type"]))
    for (folder, origin, generator), count in overview.items():
        lines.append(f"| `{folder}/` | {origin} | {count} | `{generator}` |")
    for folder, found in rows.items():
        lines += ["", f"## {folder}", "", "| name | purpose | type |", "|---|---|---|"]
        for (purpose, _, _), files in found.items():
            names = ", ".join(f"`{stem}`" for stem in dict.fromkeys(stem for stem, _ in files))
            types = ", ".join(dict.fromkeys(kind for _, kind in files))
            lines.append(f"| {names} | {purpose} | {types} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    for name, options, purpose in (
        ("avx2", "-O3 -DNDEBUG -mavx2 -mfma", "what every golden computed before the second design, to the last bit"),
        ("aarch64", "for aarch64, -O2 -DNDEBUG", "what the goldens of types compute in QEMU, to the last bit"),
    ):
        file, origin = FOLDER / "hashes" / f"gcc12-{name}.txt", f"inlay, g++ 12.2 {options}"
        record_file(str(REPOSITORY / "tests" / "hashes.py"), file, purpose, origin, "hashes")


if __name__ == "__main__":
    main()
