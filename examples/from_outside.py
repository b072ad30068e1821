"""Helpers for tests that run a program: `python3 test.py PROGRAM FOLDER_OF_GOLDEN_MODELS`."""

import subprocess
import sys
from pathlib import Path

PROGRAM, GOLDEN = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
_failures = 0


def run(*arguments):
    """Runs the program."""
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)


def expect(condition, what):
    """Prints `what` as a failure unless the condition holds."""
    global _failures
    if not condition:
        _failures += 1
        print("FAILED:", what)


def exit_status():
    return 1 if _failures else 0
