"""Fits a machine's table to measured networks, and tests it on others.

    PYTHONPATH=python/src python3 bench/predict/fit.py MEASURED --lanes 8 [--write NAME TITLE [--also NAME...]] [--plot FILE]

MEASURED is the output of predict_measure, or of count.py with --estimated. Networks whose number is divisible by three are
not used to fit: they test. --write keeps the table as a machine of the Python package and of include/inlay/predict/machines.hpp.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

import filters
import like
import machines_header
import numpy as np
from architectures import NEWER, network
from scipy.optimize import nnls

from inlay.inspect.analysis import analyse
from inlay.predict.features import WAITING, features, time_of


def measured(path):
    """Numbers by engine and work, then by number of the network."""
    found = defaultdict(dict)
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        number, engine, work, value, *_ = line.split()
        found[f"{engine} {work}"][int(number)] = float(value)
    return found


def fitted(rows, values, overlap, prior=None, pull=0):
    """Coefficients, not negative, of the least squares of relative errors.

    `prior` are coefficients that the solution is drawn to: a coefficient that differs by what changes a network's time by
    its whole counts as much as an error of the whole in a part `pull` of all networks.
    """
    names = sorted({name for row in rows for name in row})
    matrix = np.array([[row.get(name, 0) for name in names] for row in rows], float)
    values = np.asarray(values)
    relative = matrix / values[:, None]
    weights = np.sqrt(pull * np.sum(relative**2, axis=0))
    drawn = np.vstack([relative, np.diag(weights)])
    wanted = weights * np.array([(prior or {}).get(name, 0) for name in names])
    waiting = np.array([name.split()[0] in WAITING for name in names])
    saved = np.zeros(len(values))
    for _ in range(1 if overlap == 0 else 15):  # what frames save by overlapping depends on the solution
        solution, _ = nnls(drawn, np.concatenate([1 + saved / values, wanted]))
        other = matrix[:, ~waiting] @ solution[~waiting]
        saved = (saved + other * overlap / np.maximum(other + overlap, 1e-9)) / 2
    return {name: value for name, value in zip(names, map(float, solution)) if value > 0}


OVERLAPS = 0, 8, 16, 32  # nanoseconds
PULLS = 0, 0.01, 0.03, 0.1
FOLDS = 5


def is_test(number):
    return number % 3 == 0


class Fit:
    """The table of an engine's work, and its relative errors by number of the network."""

    def __init__(self, work, values, lanes, estimated, prior=None):
        """`prior` is the fit of `Model`, to whose prices those of types are drawn."""
        self.work, self.lanes, self.values, self.prior = work, lanes, values, prior
        buffers = work.endswith("buffer")
        self.rows = {n: features(analyse(network(n)).layers, lanes, buffers) for n in values}
        used = [n for n in values if not is_test(n)]
        # Estimates add up blocks of instructions, and frames of a buffer are computed layer by layer.
        overlaps = (0,) if buffers or estimated else OVERLAPS
        choices = [(overlap, pull) for overlap in overlaps for pull in (PULLS if prior else PULLS[:1])]
        self.overlap, self.pull = min(choices, key=lambda choice: self.left_out(used, *choice))
        self.table = self.with_networks(used, self.overlap, self.pull)
        self.errors = self.errors_with(self.table, self.overlap, values)

    def with_networks(self, numbers, overlap, pull, without=()):
        """The table that is fitted to these networks. The prior knows nothing of those of `without`."""
        prior = {}
        if pull:
            known = [n for n in self.prior.values if not is_test(n) and n not in without]
            prior = self.prior.with_networks(known, self.prior.overlap, 0)
        return fitted([self.rows[n] for n in numbers], [self.values[n] for n in numbers], overlap, prior, pull)

    def errors_with(self, table, overlap, numbers):
        return {n: time_of(self.rows[n], table, overlap) / self.values[n] - 1 for n in numbers}

    def left_out(self, used, overlap, pull):
        """The mean square error of networks that are predicted from the other ones among those that are used to fit."""
        errors = {}
        for fold in range(FOLDS):
            left = set(used[fold::FOLDS])
            table = self.with_networks([n for n in used if n not in left], overlap, pull, left)
            errors |= self.errors_with(table, overlap, left)
        return sum(error**2 for error in errors.values())

    def unmeasured(self):
        """Prices of the kinds of layers that no network of these has: those of `Model`, or those of another machine."""
        known = {name.split()[0] for row in self.rows.values() for name in row}
        kinds = set(machines_header.KINDS) - known - set(filters.KINDS)
        if self.prior:
            return {name: price for name, price in self.prior.table.items() if name.split()[0] in kinds}
        return like.prices(kinds, self.work.split()[1], self.lanes, self.table["conv products"]) if kinds else {}

    def errors_of(self, group):
        return np.abs([error for n, error in self.errors.items() if group(n)])

    @property
    def error(self):
        """Nine of ten tested networks are within it."""
        return float(np.quantile(self.errors_of(is_test), 0.9))

    def report(self):
        groups = {
            "fitted": lambda n: not is_test(n),
            "tested": is_test,
            "tested, newer kinds": lambda n: is_test(n) and n >= NEWER,
            "tested, others": lambda n: is_test(n) and n < NEWER,
            "tested, from 50 ns on": lambda n: is_test(n) and self.values[n] >= 50,
        }
        for name, group in groups.items():
            each = self.errors_of(group)
            if len(each):
                print(f"{self.work}, {name}: {len(each)} networks, {np.mean(each <= 0.15):.0%} within 15%, median "
                      f"{np.median(each):.1%}, nine of ten {np.quantile(each, 0.9):.1%}, worst {each.max():.0%}")  # fmt: skip


def rounded(prices):
    return {name: float(f"{price:.4g}") for name, price in prices.items() if price > 0}


def plot(fits, path):
    """Predicted against measured, and the networks that tested."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(fits), figsize=(4.2 * len(fits), 4.2), squeeze=False)
    for fit, axis in zip(fits, axes[0]):
        for test, colour, label in ((False, "#9bb8d3", "fitted"), (True, "#c1440e", "tested")):
            x = [value for n, value in fit.values.items() if is_test(n) == test]
            y = [value * (1 + fit.errors[n]) for n, value in fit.values.items() if is_test(n) == test]
            axis.loglog(x, y, ".", color=colour, label=label, markersize=5)
        ends = np.array([min(fit.values.values()), max(fit.values.values())])
        axis.fill_between(ends, ends * 0.85, ends * 1.15, color="#dddddd", zorder=0, label="within 15%")
        axis.set(title=fit.work, xlabel="measured, ns a sample", ylabel="predicted, ns a sample")
        axis.legend()
    figure.tight_layout()
    figure.savefig(path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("measured")
    parser.add_argument("--lanes", type=int, required=True)
    parser.add_argument("--estimated", action="store_true", help="the times are estimates themselves")
    parser.add_argument("--write", nargs=2, metavar=("NAME", "TITLE"))
    parser.add_argument("--also", nargs="*", default=[], help="other names, in lower case without spaces")
    parser.add_argument("--plot")
    arguments = parser.parse_args()
    fits = []
    for work, values in sorted(measured(arguments.measured).items()):
        of_model = next((fit for fit in fits if fit.work == work.replace("ModelT", "Model")), None)
        fits.append(Fit(work, values, arguments.lanes, arguments.estimated, of_model))
        fits[-1].report()
    if arguments.plot:
        plot(fits, arguments.plot)
    if arguments.write:
        name, title = arguments.write
        of_filters = filters.prices(name, arguments.lanes, fits)
        tables = {fit.work: {"coefficients": rounded(fit.table | fit.unmeasured() | of_filters[fit.work]),
                             "error": round(fit.error, 3), "overlap": fit.overlap} for fit in fits}  # fmt: skip
        root = {"title": title, "also": arguments.also, "lanes": arguments.lanes, "measured": not arguments.estimated,
                "tables": tables}  # fmt: skip
        (machines_header.MACHINES / f"{name}.json").write_text(json.dumps(root, indent=1) + "\n", encoding="utf-8")
        machines_header.write()


if __name__ == "__main__":
    main()
