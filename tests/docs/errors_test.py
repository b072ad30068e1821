"""Checks that docs/errors.md has every message of the headers, and no other.

    python3 tests/docs/errors_test.py
"""

import re
import sys
from pathlib import Path

from messages import messages

ROOT = Path(__file__).resolve().parents[2]


def main():
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?`) \| ", page, re.M)
    listed = {message for row in rows for message in re.findall(r"`([^`]+)`", row)}
    thrown = messages(ROOT / "include" / "inlay")
    problems = [f"{thrown[message]}: not in docs/errors.md: {message}" for message in thrown if message not in listed]
    problems += [f"docs/errors.md: not in the headers: {message}" for message in sorted(listed - set(thrown))]
    print(*problems, sep="\n", end="\n" if problems else "")
    print(f"{len(thrown)} messages")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
