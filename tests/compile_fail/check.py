"""Checks that a program does not compile, and checks the error message.

Comments in the case state what the message must contain:

    // expect: a regular expression       (any number of lines; each must match)
    // errors: 1                          (number of errors of the compiler; default: any)

`python3 check.py g++ cases/NAME.cpp --record` also writes the message to expected/, for review.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def compiler_name(compiler: str) -> str:
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout
    return "clang" if "clang" in version else "gcc"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("compiler")
    parser.add_argument("case", type=Path)
    parser.add_argument("--record", action="store_true", help="write the message to expected/")
    arguments = parser.parse_args()

    # Runs in the root with relative paths, so that recorded messages are the same on every machine.
    case = arguments.case.resolve().relative_to(ROOT)
    command = [arguments.compiler, "-std=c++20", "-Iinclude", "-fsyntax-only", str(case)]
    environment = {**os.environ, "LC_ALL": "C"}  # messages in English, with plain quotes
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)

    problems = []
    if result.returncode == 0:
        problems.append("it compiles")
    source = (ROOT / case).read_text()
    for expected in re.findall(r"^// expect: (.*)$", source, re.MULTILINE):
        if not re.search(expected, result.stderr):
            problems.append(f"not in the message: {expected}")
    limit = re.search(r"^// errors: (\d+)$", source, re.MULTILINE)
    errors = re.findall(r"^\S+: (?:fatal )?error: .*$", result.stderr, re.MULTILINE)
    if limit and len(errors) != int(limit[1]):
        problems.append(f"{len(errors)} errors, expected {limit[1]}")

    if arguments.record:
        folder = HERE / "expected"
        folder.mkdir(exist_ok=True)
        (folder / f"{case.stem}.{compiler_name(arguments.compiler)}.txt").write_text(result.stderr)
    for problem in problems:
        print(f"{case}: {problem}")
    if problems:
        print(result.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
