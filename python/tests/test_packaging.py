"""The package's metadata."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[1]


def project() -> Any:
    if sys.version_info < (3, 11):
        pytest.skip("tomllib is in Python 3.11")
    import tomllib

    return tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))


@pytest.mark.parametrize("version", ["1.13.0a0", "1.13.1", "2.4.0"])
def test_pytorch_versions(version: str) -> None:
    requirements = pytest.importorskip("packaging.requirements")
    (torch,) = project()["project"]["optional-dependencies"]["torch"]
    assert requirements.Requirement(torch).specifier.contains(version, prereleases=True)


def test_all_packages_are_installed() -> None:
    setuptools = pytest.importorskip("setuptools")
    (source,) = project()["tool"]["setuptools"]["packages"]["find"]["where"]
    found = set(setuptools.find_packages(str(PROJECT / source)))
    folders = {
        path.parent.relative_to(PROJECT / source) for path in (PROJECT / source).rglob("*.py")
    }
    assert found == {".".join(folder.parts) for folder in folders}


def test_modules_of_frameworks_are_not_shadowed() -> None:
    """inlay.torch is a package; `import torch` within it is PyTorch."""
    import torch

    import inlay.torch.export

    assert inlay.torch.export.torch is torch
