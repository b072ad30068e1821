"""Checks that every C++, JSON or Python block of the guides occurs, word for word, in an example or a test.

    python3 examples/check_guides.py
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GUIDES = {
    "writing-a-layer.md": "examples/custom_layer",
    "writing-a-backend.md": "examples/custom_backend",
    "networks.md": "tests/unit",
    "from-rtneural.md": "tests/unit",
    "off-the-audio-thread.md": "examples/host",
    "sample-rates.md": "tests/plugin",
    "from-anira.md": "examples/host",
    "plugin-parts.md": "examples/plugin_parts",
}


def plain(text):
    """Removes indentation, so that a class member may be quoted at the left margin."""
    return "\n".join(line.strip() for line in text.strip().splitlines())


def main():
    status = 0
    for guide, example in GUIDES.items():
        text = (ROOT / "docs" / guide).read_text()
        sources = [plain(path.read_text()) for path in sorted((ROOT / example).glob("*.*"))]
        for block in re.findall(r"```(?:cpp|json|python)\n(.*?)```", text, re.DOTALL):
            if not any(plain(block) in source for source in sources):
                status = 1
                print(f"docs/{guide}: not in {example}:\n{block}")
    return status


if __name__ == "__main__":
    sys.exit(main())
