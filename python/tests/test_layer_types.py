"""The schema, the pages, the code generator, the reference and C++ agree with the table of layers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conftest import REPOSITORY

import inlay
from inlay.check import reference
from inlay.cpp import types
from inlay.format import LAYER_TYPES
from inlay.format.schema import tensor_texts, text
from inlay.inspect import analysis


def test_the_schema_is_made_from_it(docs: Path) -> None:
    committed = (docs / "inlay-model.schema.json").read_text("utf-8")
    assert committed == text(), "run: python3 -m inlay.format.schema > docs/inlay-model.schema.json"
    assert json.loads(committed)


def quoted(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)


def section(page: Path, title: str) -> list[list[str]]:
    """The rows of the tables below a heading."""
    _, _, rest = page.read_text("utf-8").partition(f"\n{title}\n")
    assert rest, f"{page.name} has no section {title}"
    lines = re.split(r"\n## ", rest)[0].splitlines()
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line[:1] == "|"]


@pytest.fixture(scope="module")
def described() -> dict[str, tuple[str, ...]]:
    """For each layer of docs/file-format.md, the other cells of its row."""
    found: dict[str, tuple[str, ...]] = {}
    last: list[str] = []
    for kind, *cells in section(REPOSITORY / "docs" / "file-format.md", "## Layers"):
        last = quoted(kind) or last
        for name in last:
            found[name] = (*found.get(name, ()), *cells)
    return found


def test_the_page_of_the_format_has_all(described: dict[str, tuple[str, ...]]) -> None:
    assert set(described) - {"type"} == set(LAYER_TYPES)


@pytest.mark.parametrize("name", LAYER_TYPES)
def test_the_page_of_the_format(name: str, described: dict[str, tuple[str, ...]]) -> None:
    """A row names each option, each inner chain, and each tensor with its shape."""
    kind = LAYER_TYPES[name]
    cells = described[name]
    if cells[0] == "the same":
        cells = described["gate"]
    every = " ".join(cells).replace("·", "*")
    assert set(kind.options) | set(kind.chains) <= set(quoted(every))
    plainly = every.replace("`", "")
    for tensors in tensor_texts(kind):
        # The text of the page, such as "kernel [in, out]".
        assert tensors in plainly, (tensors, plainly)


@pytest.mark.parametrize("name", [name for name in LAYER_TYPES if not LAYER_TYPES[name].chains])
def test_the_page_of_the_format_says_no_more(
    name: str, described: dict[str, tuple[str, ...]]
) -> None:
    kind = LAYER_TYPES[name]
    options = [option for option in kind.options.values() if isinstance(option, tuple)]
    choices = {text for option in options for text in option}
    named = set(quoted(" ".join(described[name])))
    assert named - choices <= set(kind.options) | set(kind.tensors)


def test_the_page_of_the_layers() -> None:
    """docs/layers.md has each layer in backquotes, in one of its tables."""
    page = REPOSITORY / "docs" / "layers.md"
    cells = sum(section(page, "## Layers") + section(page, "## Combinators"), [])
    assert set(LAYER_TYPES) - set(quoted(" ".join(cells))) == set()


def test_the_modules_of_pytorch(tmp_path: Path) -> None:
    """Each module that docs/layers.md names is exported as the layer beside it."""
    nn = pytest.importorskip("torch.nn")
    rows = section(REPOSITORY / "docs" / "layers.md", "## What exports a layer")
    pairs = [(kind.strip("`"), code.strip("`")) for kind, code in rows if kind[:1] == "`"]
    assert len(pairs) > 20
    for name, module in pairs:
        model = nn.Sequential(nn.Linear(1, 4 if name == "gate" else 3), eval(module, {"nn": nn, "inlay": inlay}))
        inlay.export_torch(model, tmp_path / "model.json")
        written = json.loads((tmp_path / "model.json").read_text("utf-8"))
        assert [layer["type"] for layer in written["layers"]] == ["dense", name], module


def test_the_code_generator() -> None:
    made = {*types._PLAIN, *types._SPECIAL, *types._BRANCHED, *types._HOLDERS}
    assert made | {"sequential"} == set(LAYER_TYPES)
    holders = {name for name in LAYER_TYPES if LAYER_TYPES[name].chains}
    assert {*types._BRANCHED, *types._HOLDERS, "sequential"} == holders


def test_the_reference_and_the_analysis() -> None:
    holders = {name for name in LAYER_TYPES if LAYER_TYPES[name].chains}
    assert set(reference.LAYERS) | set(reference.COMBINATORS) == set(LAYER_TYPES)
    assert set(analysis._COMBINATORS) == holders
    assert set(analysis._LEAVES) <= set(LAYER_TYPES) - holders
    # A layer without an entry would count as one without weights.
    assert {name for name in LAYER_TYPES if LAYER_TYPES[name].tensors} <= set(analysis._LEAVES)


def test_the_types_of_cpp() -> None:
    """Each type of the table is in the C++ headers, and each type of the headers is in the table."""
    headers = [*(REPOSITORY / "include" / "inlay").rglob("*.[hi]pp")]
    if not headers:
        pytest.skip("the headers are only in the repository")
    source = "\n".join(path.read_text("utf-8") for path in headers)
    assert [name for name in LAYER_TYPES if f'"{name}"' not in source] == []
    named = re.findall(r'(?:std::string_view type = |Combinator<)"(\w+)"', source)
    assert set(named) <= set(LAYER_TYPES)
