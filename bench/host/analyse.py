"""Estimates from the measurements of engines.cpp: linear mixed models.

    python3 bench/host/analyse.py engines.csv... [--plots FOLDER]

A value is the logarithm of a callback's duration in ns, divided by the frames that are computed in it. Fixed effects:
engine, model, block and all their interactions, which is one mean for each of their combinations. Random effect: the
repetition, which has a network of its own. The first callback of each repetition is not in it, and has a model of its
own, without a random effect. There is a fit for each network, because deviations differ, and for both kinds of hops.

Needs python3-statsmodels; plots need python3-matplotlib.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.regression.mixed_linear_model import MixedLM

ENGINES = {
    "inlay-callback": "inlay, in the callback",
    "inlay-pool": "inlay, pool",
    "inlay-model-pool": "inlay Model, pool",
    "onnxruntime": "ONNX Runtime",
    "onnxruntime-carry": "ONNX Runtime, states",
    "libtorch": "LibTorch",
    "libtorch-carry": "LibTorch, states",
    "bypass": "bypass",
}
MODELS = ["CNN-29k", "CNN-15k", "CNN-1k", "RNN-2k", "HNN-11k"]
HOP = 2048


@dataclass(frozen=True)
class Estimate:
    """The geometric mean of ns a frame, and its 95% confidence interval. `block` 0: the mean of all blocks."""

    kind: str
    model: str
    engine: str
    block: int
    first: bool
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Spread:
    """Standard deviations of the logarithms, between repetitions and within them."""

    kind: str
    model: str
    between: float
    within: float


def read(paths: Iterable[Path]) -> pd.DataFrame:
    data = pd.concat([pd.read_csv(path) for path in paths], ignore_index=True)
    data["value"] = np.log(data.ns / (data.runs * data.hop))
    data["run"] = data.groupby(["engine", "model", "hop", "block", "repetition"]).ngroup()
    return data


def kinds(data: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Both kinds of hops. With blocks of 2048, they are the same measurements."""
    return {
        f"hops of {HOP}": data[data.hop == HOP],
        "hops of a block": data[data.hop == data.block],
    }


def cells(rows: pd.DataFrame) -> tuple[list[tuple[str, int]], np.ndarray[Any, Any]]:
    """The combinations of engine and block, and a column of zeros and ones for each."""
    codes, names = pd.factorize(pd.MultiIndex.from_frame(rows[["engine", "block"]]), sort=True)
    return list(names), np.eye(len(names))[codes]


def estimates_of(
    rows: pd.DataFrame,
    kind: str,
    model: str,
    first: bool,
    means: np.ndarray[Any, Any],
    covariance: np.ndarray[Any, Any],
    quantile: float,
) -> list[Estimate]:
    names, _ = cells(rows)
    found = []

    def add(engine: str, block: int, weights: np.ndarray[Any, Any]) -> None:
        mean = float(weights @ means)
        error = quantile * float(np.sqrt(weights @ covariance @ weights))
        ends = (float(np.exp(mean + sign * error)) for sign in (0, -1, 1))
        found.append(Estimate(kind, model, engine, block, first, *ends))

    for index, (engine, block) in enumerate(names):
        add(engine, int(block), np.eye(len(names))[index])
    for engine in dict.fromkeys(engine for engine, _ in names):
        weights = np.array([float(name == engine) for name, _ in names])
        add(engine, 0, weights / weights.sum())
    return found


def fit_later(rows: pd.DataFrame, kind: str, model: str) -> tuple[list[Estimate], Spread]:
    _, columns = cells(rows)
    fit = MixedLM(rows.value.to_numpy(), columns, groups=rows.run.to_numpy()).fit(reml=True)
    count = columns.shape[1]
    covariance = np.asarray(fit.cov_params())[:count, :count]
    found = estimates_of(
        rows, kind, model, False, np.asarray(fit.fe_params), covariance, stats.norm.ppf(0.975)
    )
    between = float(np.sqrt(np.asarray(fit.cov_re)[0, 0]))
    return found, Spread(kind, model, between, float(np.sqrt(fit.scale)))


def fit_first(rows: pd.DataFrame, kind: str, model: str) -> list[Estimate]:
    """Ordinary least squares: means of the cells, and one variance."""
    _, columns = cells(rows)
    counts = columns.sum(axis=0)
    means = columns.T @ rows.value.to_numpy() / counts
    freedom = len(rows) - len(counts)
    if freedom < 1:
        return []
    variance = float(((rows.value.to_numpy() - columns @ means) ** 2).sum() / freedom)
    quantile = stats.t.ppf(0.975, freedom)
    return estimates_of(rows, kind, model, True, means, np.diag(variance / counts), quantile)


def fit(data: pd.DataFrame) -> tuple[list[Estimate], list[Spread]]:
    estimates, spreads = [], []
    for kind, chosen in kinds(data).items():
        for model in MODELS:
            rows = chosen[chosen.model == model]
            later = rows[rows.callback > 0]
            if later.empty or later.run.nunique() < 2 * len(later.groupby(["engine", "block"])):
                continue  # no repetitions
            found, spread = fit_later(later, kind, model)
            estimates += found + fit_first(rows[rows.callback == 0], kind, model)
            spreads.append(spread)
    return estimates, spreads


# --- tables ---


def figures(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    head = list(head)
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return [*lines, *("| " + " | ".join(row) + " |" for row in rows), ""]


def mean_table(estimates: list[Estimate], kind: str, block: int, first: bool = False) -> list[str]:
    """ns a frame of each engine and network; how many times inlay's in the callback."""
    found = {
        (e.model, e.engine): e
        for e in estimates
        if (e.kind, e.block, e.first) == (kind, block, first)
    }

    def cell(model: str, engine: str) -> str:
        one, ours = found.get((model, engine)), found.get((model, "inlay-callback"))
        if one is None:
            return ""
        text = f"{figures(one.mean)} ({figures(one.low)} to {figures(one.high)})"
        return text if ours in (None, one) else f"{text}, **{one.mean / ours.mean:.3g}**"

    models = [model for model in MODELS if any(model == name for name, _ in found)]
    engines = [engine for engine in ENGINES if any(engine == name for _, name in found)]
    rows = ([ENGINES[e], *(cell(model, e) for model in models)] for e in engines)
    return table(["", *models], rows) if found else []


def first_table(estimates: list[Estimate], kind: str) -> list[str]:
    """First callbacks over later ones."""
    found = {(e.model, e.engine, e.first): e for e in estimates if (e.kind, e.block) == (kind, 0)}

    def cell(model: str, engine: str) -> str:
        first, later = (found.get((model, engine, which)) for which in (True, False))
        if first is None or later is None:
            return ""
        return " ".join(
            (
                f"{first.mean / later.mean:.2f}",
                f"({first.low / later.mean:.2f} to {first.high / later.mean:.2f})",
            )
        )

    models = [model for model in MODELS if any(model == name for name, _, _ in found)]
    engines = [engine for engine in ENGINES if any(engine == name for _, name, _ in found)]
    rows = ([ENGINES[e], *(cell(model, e) for model in models)] for e in engines)
    return table(["", *models], rows) if found else []


def spread_table(spreads: list[Spread]) -> list[str]:
    """Standard deviations as percentages."""
    rows = (
        [s.kind, s.model, *(f"{100 * np.expm1(sd):.1f} %" for sd in (s.between, s.within))]
        for s in spreads
    )
    return table(["", "", "between repetitions", "within"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("csv", type=Path, nargs="+")
    parser.add_argument("--plots", type=Path, help="a folder for SVG files")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    data = read(arguments.csv)
    estimates, spreads = fit(data)
    for kind in kinds(data):
        print(f"\n{kind}, mean of all blocks:\n")
        print("\n".join(mean_table(estimates, kind, 0)))
        print("First callbacks, times the later ones:\n")
        print("\n".join(first_table(estimates, kind)))
    print("\n".join(spread_table(spreads)))
    if arguments.plots:
        import draw

        arguments.plots.mkdir(parents=True, exist_ok=True)
        print("\n".join(draw.engines(arguments.plots, data, estimates)), file=sys.stderr)


if __name__ == "__main__":
    main()
