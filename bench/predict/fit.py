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
from architectures import network
from scipy.optimize import nnls

from inlay.inspect.analysis import analyse
from inlay.predict.features import features, time_of


def measured(path):
    """Numbers by engine and work, then by number of the network."""
    found = defaultdict(dict)
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        number, engine, work, value, *_ = line.split()
        found[f"{engine} {work}"][int(number)] = float(value)
    return found


def fitted(rows, values, overlap):
    """Coefficients, not negative, of the least squares of relative errors."""
    names = sorted({name for row in rows for name in row})
    matrix = np.array([[row.get(name, 0) for name in names] for row in rows], float)
    values = np.asarray(values)
    saved, found = np.zeros(len(values)), {}
    for _ in range(1 if overlap == 0 else 30):  # what frames save by overlapping depends on the solution
        solution, _ = nnls(matrix / values[:, None], 1 + saved / values)
        found = {name: value for name, value in zip(names, map(float, solution)) if value > 0}
        times = np.array([time_of(row, found, overlap) for row in rows])
        saved = (saved + matrix @ solution - times) / 2
    return found


OVERLAPS = 0, 2, 4, 6, 8, 12, 16, 24, 32  # nanoseconds


def is_test(number):
    return number % 3 == 0


class Fit:
    """The table of an engine's work, and its relative errors by number of the network."""

    def __init__(self, work, values, lanes, estimated):
        self.work, self.lanes = work, lanes
        buffers = work.endswith("buffer")
        self.rows = {n: features(analyse(network(n)).layers, lanes, buffers) for n in values}
        self.values = values
        # Estimates add up blocks of instructions, and frames of a buffer are computed layer by layer.
        tried = [self.with_overlap(overlap) for overlap in ((0,) if buffers or estimated else OVERLAPS)]
        self.overlap, self.table, self.errors = min(tried, key=lambda each: self.squares(each[2]))

    def with_overlap(self, overlap):
        """The table with an overlap, and the errors of all networks."""
        fit = [n for n in self.values if not is_test(n)]
        table = fitted([self.rows[n] for n in fit], [self.values[n] for n in fit], overlap)
        return overlap, table, {n: time_of(self.rows[n], table, overlap) / self.values[n] - 1 for n in self.values}

    @staticmethod
    def squares(errors):
        """Of those that were used to fit."""
        return sum(error**2 for n, error in errors.items() if not is_test(n))

    def unmeasured(self):
        """Prices of the kinds of layers that no network of these has."""
        known = {name.split()[0] for row in self.rows.values() for name in row}
        kinds = set(machines_header.KINDS) - known - set(filters.KINDS)
        return like.prices(kinds, self.work.split()[1], self.lanes, self.table["conv products"]) if kinds else {}

    def errors_of(self, test):
        return np.abs([error for n, error in self.errors.items() if is_test(n) == test])

    @property
    def error(self):
        """Nine of ten tested networks are within it."""
        return float(np.quantile(self.errors_of(True), 0.9))

    def report(self):
        for name, test in (("fitted", False), ("tested", True)):
            each = self.errors_of(test)
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
        fits.append(Fit(work, values, arguments.lanes, arguments.estimated))
        fits[-1].report()
    if arguments.plot:
        plot(fits, arguments.plot)
    if arguments.write:
        name, title = arguments.write
        of_filters = filters.prices(name, arguments.lanes, {fit.work: fit.table for fit in fits})
        tables = {fit.work: {"coefficients": rounded(fit.table | fit.unmeasured() | of_filters[fit.work]),
                             "error": round(fit.error, 3), "overlap": fit.overlap} for fit in fits}  # fmt: skip
        root = {"title": title, "also": arguments.also, "lanes": arguments.lanes, "measured": not arguments.estimated,
                "tables": tables}  # fmt: skip
        (machines_header.MACHINES / f"{name}.json").write_text(json.dumps(root, indent=1) + "\n", encoding="utf-8")
        machines_header.write()


if __name__ == "__main__":
    main()
