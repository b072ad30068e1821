"""What `pip install` is told."""

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
