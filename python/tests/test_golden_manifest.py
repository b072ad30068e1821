"""The manifest of the golden data: every file is in it as it is, and README's tables are made from it."""

from __future__ import annotations

import importlib.util
import json
import zlib
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def manifest() -> ModuleType:
    path = REPOSITORY / "tests" / "golden" / "manifest.py"
    if not path.exists():
        pytest.skip("the golden files are only in the repository")
    spec = importlib.util.spec_from_file_location("golden_manifest", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_file_is_in_the_manifest(manifest: ModuleType) -> None:
    entries, files = set(manifest.read()), set(manifest.data_files())
    assert not files - entries, "no generator has recorded these, see tests/golden/README.md"
    assert not entries - files, "these are in manifest.json and not in tests/golden"


def test_hashes(manifest: ModuleType) -> None:
    changed = [
        f"{name}, by {entry['generator']}"
        for name, entry in manifest.read().items()
        if manifest.sha256(manifest.FOLDER / name) != entry["sha256"]
    ]
    assert not changed, "changed since: run the generator, or with --manifest where the change is meant"


def test_origins_are_those_of_the_checks(manifest: ModuleType) -> None:
    for name, entry in manifest.read().items():
        path = manifest.FOLDER / name
        assert (REPOSITORY / entry["generator"]).exists(), name
        assert entry["purpose"], name
        if path.suffix != ".json" or path.parent.name == "compat":
            continue
        check = json.loads(path.read_text(encoding="utf-8"))["check"]
        assert (entry["origin"], entry["type"]) == (check["source"], check["dtype"]), name
        if path.parent.name == "torch":
            assert entry["seed"] == zlib.crc32(path.name.split(".")[0].encode()), name


def test_readme_is_made_of_the_manifest(manifest: ModuleType) -> None:
    text = manifest.README.read_text(encoding="utf-8")
    made = manifest.with_tables(text, manifest.read())
    assert text == made, "python3 tests/golden/manifest.py writes the tables"


def test_a_changed_and_a_new_file_are_seen(
    manifest: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest, "FOLDER", tmp_path)
    (tmp_path / "new.json").write_text("{}")
    assert manifest.data_files() == ["new.json"]
    assert manifest.sha256(tmp_path / "new.json") != manifest.read()["keras/full.json"]["sha256"]
