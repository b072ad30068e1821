"""Checks that the links of all Markdown files lead to a file of the repository and to a heading of it.

    python3 tests/docs/links_test.py
"""

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs" / "site"))
from markdown_text import anchors_of, links_of


def tracked_files():
    """The files of the repository, and those that will be; all files, where git does not know."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return {path for path in ROOT.rglob("*") if path.is_file() and "build" not in path.relative_to(ROOT).parts}
    return {ROOT / name for name in listed.split("\0") if name}


def main():
    files = tracked_files()
    known = files | {folder for path in files for folder in path.parents}
    pages = {path: path.read_text(encoding="utf-8") for path in files if path.suffix == ".md" and path.exists()}
    problems, count = [], 0
    for page, text in sorted(pages.items()):
        for link in links_of(text):
            if re.match(r"[a-z]+:", link):
                continue
            count += 1
            target, _, anchor = unquote(link).partition("#")
            to = (page.parent / target).resolve() if target else page
            if to not in known:
                problems.append(f"{page.relative_to(ROOT)}: {link}: no such file in the repository")
            elif anchor and to in pages and anchor not in anchors_of(pages[to]):
                problems.append(f"{page.relative_to(ROOT)}: {link}: no such heading")
    print(*problems, sep="\n", end="\n" if problems else "")
    print(f"{count} links in {len(pages)} pages")
    return 1 if problems or not count else 0


if __name__ == "__main__":
    sys.exit(main())
