"""Random models are exported and agree with PyTorch."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import inlay
from inlay.check import reference
from random_models import random_model

CHAINS = range(0, 400, 2)
FORWARDS = range(1, 401, 2)
BATCH = 20


def export_and_check(seed: int, path: Path) -> None:
    module, channels = random_model(seed)
    if seed % 5 == 0:
        module = module.double()
    try:
        inlay.export_torch(module, path)
    except inlay.ExportError as error:
        pytest.fail(f"random_model({seed}) is refused: {error}\n{module}")
    root = reference.load(path)
    error, limit = reference.check_error(root)
    assert error <= limit, f"random_model({seed}) is off by {error}\n{module}"
    assert root["check"]["input"]["shape"][1] == channels, f"random_model({seed})"


@pytest.mark.parametrize("first", CHAINS[::BATCH])
def test_random_chains(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 2 * BATCH, 2):
        export_and_check(seed, tmp_path / "model.json")


@pytest.mark.parametrize("first", FORWARDS[::BATCH])
def test_random_forwards(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 2 * BATCH, 2):
        export_and_check(seed, tmp_path / "model.json")


def test_a_seed_is_a_model() -> None:
    for seed in (4, 5):
        (one, _), (again, _) = random_model(seed), random_model(seed)
        assert str(one) == str(again)
        for a, b in zip(one.parameters(), again.parameters(), strict=True):
            assert torch.equal(a, b)
