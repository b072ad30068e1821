"""Fixtures of all tests."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def reproducible() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(1)


@pytest.fixture(scope="session")
def docs() -> Path:
    return REPOSITORY / "docs"


@pytest.fixture(scope="session")
def golden_folder() -> Path:
    return REPOSITORY / "tests" / "golden"
