"""Compares the outputs of networks between two versions, to the last bit.

    INLAY_HASHES=FILE lstm_test      appends a line for each golden of a unit test: the test, and hashes of its outputs
    python3 tests/hashes.py OLD NEW  prints the outputs that differ; exit status 1 if any does

tests/golden/hashes/gcc12-avx2.txt was recorded with g++ 12.2, -O3 -DNDEBUG -mavx2 -mfma, and gcc12-aarch64.txt with -O2
-DNDEBUG in QEMU, without the tests that run every golden of a folder: a new one would shift the others. Other compilers
may round sums differently: compare files of the same compiler and flags.
"""

import re
import sys
from collections import Counter
from pathlib import Path

Key = tuple[str, str, int]


def read(path: Path) -> dict[Key, str]:
    """Hashes by test, type and occurrence. Type names lose the namespace of an instruction set."""
    seen: Counter[tuple[str, str]] = Counter()
    hashes = {}
    for line in path.read_text().splitlines():
        if line.startswith("#"):
            continue
        test, kind, frames, whole = line.split("\t")
        kind = re.sub(r"inlay::(sse\w+|avx\w*|neon|scalar_isa)::", "inlay::", kind)
        key = (test, kind)
        hashes[*key, seen[key]] = f"{frames} {whole}"
        seen[key] += 1
    return hashes


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__)
        return 2
    old, new = (read(Path(name)) for name in sys.argv[1:])
    both = sorted(old.keys() & new.keys())
    different = [key for key in both if old[key] != new[key]]
    for test, kind, count in different:
        print(f"differs: {test} {kind} {count}")
    print(
        f"{len(both) - len(different)} of {len(both)} outputs are the same to the last bit; "
        f"{len(old) - len(both)} were not run, {len(new) - len(both)} are new"
    )
    return 1 if different or not both else 0


if __name__ == "__main__":
    sys.exit(main())
