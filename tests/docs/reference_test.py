"""Checks the pages that are made from the headers' docstrings.

    python3 tests/docs/reference_test.py
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs" / "site"))
from reference import Reference


def types_of(schema):
    """The values that a JSON schema allows for a member "type"."""
    if isinstance(schema, dict):
        if isinstance(kind := schema.get("properties", {}).get("type"), dict):
            yield from [kind["const"]] if "const" in kind else kind.get("enum", [])
        schema = list(schema.values())
    for part in schema if isinstance(schema, list) else []:
        yield from types_of(part)


def main():
    reference = Reference(ROOT)
    pages = dict(reference.pages())
    text = "\n".join(pages.values())
    problems = []
    # Each layer type of files is on a page, with its entry in docs/layers.md.
    schema = json.loads((ROOT / "docs" / "inlay-model.schema.json").read_text(encoding="utf-8"))
    types = set(types_of(schema["$defs"]))
    problems += [f"no page of the reference names the type {name}" for name in sorted(types) if f"`{name}`" not in text]
    for path, page in pages.items():
        for part in re.split(r"^(?=## )", page, flags=re.M)[1:]:
            heading, _, body = part.partition("\n")
            if heading != "## Cost" and not re.sub(r"```.*?```", "", body, flags=re.S).strip():
                problems.append(f"{path}: {heading[3:]} has no docstring")
    for name in ("LSTM", "Conv1D", "Residual", "ModelT", "Model", "ModelSlot", "Guarded", "SmoothedValues", "Levels",
                 "Resampled", "Oversampled", "Interleaved", "Session", "Pool", "plan", "Dispatched", "load_error"):  # fmt: skip
        if not any(page.startswith(f"# {name}\n") for page in pages.values()):
            problems.append(f"no page {name}")
    if "c' = gate(f) c + gate(i) tanh(g)" not in text:
        problems.append("the equation of LSTM is lost")
    print(*problems, sep="\n", end="\n" if problems else "")
    print(f"{len(pages)} pages, {len(types)} types of layers")
    return 1 if problems or not types else 0


if __name__ == "__main__":
    sys.exit(main())
