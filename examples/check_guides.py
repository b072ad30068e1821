"""Checks that the code of the documentation occurs, word for word, in an example or a test.

    python3 examples/check_guides.py

C++ of every page: in a source file that is compiled. JSON and Python of the pages of `GUIDES`: in the folder named there.
Python of other pages is run by python/tests.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GUIDES = {
    "writing-a-layer.md": "examples/custom_layer",
    "writing-a-backend.md": "examples/custom_backend",
    "custom-activation.md": "examples/guides",
    "train-and-plug-in.md": "examples/amp",
}
#: First lines of C++ that is not compiled in these words, and what is instead.
ELSEWHERE = {
    "#include <inlay/src.hpp>": "the library inlay::compiled is made of this line",
    "#define INLAY_WIDER_KERNELS": "the library inlay::compiled is made of these lines",
    "if (!isDummyInstance() && getBundlePath() != nullptr)": "a variant of examples/plugin/amp.cpp",
    '#include "amp.hpp"  // inlay codegen amp.json --name Amp --weights -o amp.hpp': "python/tests/test_cpp.py",
}


def plain(text):
    """Removes indentation, so that a class member may be quoted at the left margin."""
    return "\n".join(line.strip() for line in text.strip().splitlines())


def read(folder, kinds):
    paths = [path for path in sorted((ROOT / folder).rglob("*")) if path.suffix in kinds]
    return [plain(path.read_text(encoding="utf-8")) for path in paths if "build" not in path.parts]


def is_in(code, source):
    """Whether a source has the code. Its first lines, if they include headers, may be elsewhere in the source."""
    includes, rest = re.fullmatch(r"((?:#include .*\n)*)(.*)", code, re.DOTALL).groups()
    return rest.strip() in source and all(line in source for line in includes.splitlines())


def main():
    status = 0
    compiled = read("examples", (".cpp", ".hpp")) + read("tests", (".cpp", ".hpp"))
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        others = read(GUIDES[page.name], (".cpp", ".py", ".json")) if page.name in GUIDES else None
        for language, block in re.findall(r"```(cpp|json|python)\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            code = plain(block)
            if language == "cpp" and code.splitlines()[0] in ELSEWHERE:
                continue
            sources = compiled if language == "cpp" else others
            if sources is not None and not any(is_in(code, source) for source in sources):
                status = 1
                print(f"{page.relative_to(ROOT)}: not in {GUIDES.get(page.name, 'examples or tests')}:\n{block}")
    return status


if __name__ == "__main__":
    sys.exit(main())
