"""Fits a machine's table to measured networks, and tests it on others.

    PYTHONPATH=python/src python3 bench/predict/fit.py MEASURED --lanes 8 [--write NAME TITLE [--also NAME...]] [--plot FILE]

MEASURED is the output of predict_measure, or of count.py with --estimated. Networks whose number is divisible by three are
not used to fit: they test, if no fitted one has their shape. --write keeps the table as a machine of the Python package and
of include/inlay/predict/machines.hpp.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

import filters
import like
import machines_header
import numpy as np
from architectures import NEWER, network, tests
from scipy.optimize import nnls

from inlay.inspect.analysis import analyse
from inlay.predict.features import WAITS, ahead, together
from inlay.predict.features import work as work_of
from inlay.predict.machines import Table


def measured(path):
    """Numbers by engine and work, such as "ModelT frame", then by number of the network."""
    found = defaultdict(dict)
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        number, engine, work, value, *_ = line.split()
        found[f"{engine} {work}"][int(number)] = float(value)
    return found


def matrix_of(rows, names):
    return np.array([[row.get(name, 0) for name in names] for row in rows], float)


def fitted(rows, values):
    """Prices, not negative, of the least squares of relative errors of their sums."""
    names = sorted({name for row in rows for name in row})
    solution, _ = nnls(matrix_of(rows, names) / np.asarray(values)[:, None], np.ones(len(values)))
    return dict(zip(names, map(float, solution)))


def fitted_frames(works, values, overlap, instructions=None, waiting=None):
    """Prices of `time_of`, by Gauss's and Newton's method: `time_of` is replaced by its tangent at the last solution.

    `instructions` are the prices of instructions, if they are known, and `waiting` the times that were measured when
    each frame waited for the last one, for which sums of the prices stand.
    """
    names = sorted({name for work in works for name in work.called})
    called, longest, stalled = (
        matrix_of([getattr(work, part) for work in works], names) for part in ("called", "longest", "stalled")
    )
    values = np.asarray(values)
    issued = called @ np.array([instructions.get(name, 0) for name in names]) if instructions else 0 * values
    of_waiting = np.zeros((0, len(names))) if waiting is None else called / np.asarray(waiting)[:, None]
    solution, _ = nnls(called / values[:, None] if waiting is None else of_waiting, np.ones(len(values)))
    for step in range(STEPS):
        latency = called @ solution
        part = ahead(issued if instructions else latency, overlap)
        side_by_side = np.array([latency * part, issued, WAITS * (longest @ solution), stalled @ solution])
        time = together(*side_by_side)
        slope = (side_by_side / time)[:, :, None] ** 3
        tangent = slope[0] * part[:, None] * called + slope[2] * WAITS * longest + slope[3] * stalled
        # What the tangent misses at the last solution stays: the instructions, and how the part depends on latency.
        target = 1 - (time - tangent @ solution) / values
        rows = np.vstack([tangent / values[:, None], WAITING_WEIGHT * of_waiting])
        found, _ = nnls(rows, np.concatenate([target, np.full(len(of_waiting), WAITING_WEIGHT)]))
        solution = found if step == 0 else (solution + found) / 2
    return {name: value for name, value in zip(names, map(float, solution)) if value > 0}


OVERLAPS = 0, 8, 12, 16  # nanoseconds
FOLDS = 5
#: How much errors count of times that were measured when each frame waited for the last one.
WAITING_WEIGHT = 0.2
#: So often is `time_of` replaced by its tangent.
STEPS = 12
#: The time of an instruction is this quantile of what networks take for each of theirs.
FASTEST = 0.01


class Fit:
    """The table of an engine's work, and its relative errors by number of the network."""

    def __init__(self, work, measured, lanes, estimated, prior=None):
        """`prior` is the fit of `Model`, which has prices of kinds of layers that were not measured as types."""
        self.work, self.lanes, self.prior, self.values = work, lanes, prior, measured[work]
        engine, of = work.split()
        buffers = of == "buffer"
        self.works = {n: work_of(analyse(network(n)).layers, lanes, buffers) for n in self.values}
        if engine == "Model":  # its layers of a kind share their instructions
            for work_of_network in self.works.values():
                work_of_network.called.pop("code lines", None)
        self.instructions, self.waiting = (
            measured.get(f"{engine} {name}") if of == "frame" else None for name in ("instructions", "waiting")
        )
        self.tests = tests(self.values)
        self.used = [n for n in self.values if n % 3]
        # Estimates add up blocks of instructions, and frames of a buffer are computed layer by layer.
        overlaps = (0,) if buffers or estimated else OVERLAPS
        self.table = self.with_networks(self.used, min(overlaps, key=self.left_out))
        self.errors = self.errors_with(self.table, self.values)

    def with_networks(self, numbers, overlap):
        """The table that is fitted to these networks."""
        works, values = [self.works[n] for n in numbers], [self.values[n] for n in numbers]
        rows = [work.called for work in works]
        if not overlap:
            return Table(fitted(rows, values), 0, 0)
        instructions = None
        if self.instructions:
            counted = np.array([self.instructions[n] for n in numbers])
            instructions = fitted(rows, counted * np.quantile(values / counted, FASTEST))
        waiting = [self.waiting[n] for n in numbers] if self.waiting else None
        return Table(fitted_frames(works, values, overlap, instructions, waiting), 0, overlap, instructions)

    def errors_with(self, table, numbers):
        return {n: table.time(self.works[n]) / self.values[n] - 1 for n in numbers}

    def left_out(self, overlap):
        """The square errors, none of more than a half, of networks that are predicted from the other ones among those that
        are used to fit."""
        errors = {}
        for fold in range(FOLDS):
            left = set(self.used[fold::FOLDS])
            table = self.with_networks([n for n in self.used if n not in left], overlap)
            errors |= self.errors_with(table, left)
        return sum(min(abs(error), 0.5) ** 2 for error in errors.values())

    def unmeasured(self):
        """Prices of the kinds of layers that no network of these has: those of `Model`, or those of another machine."""
        missing = self.missing()
        if self.prior:
            prices = self.prior.table.coefficients
            return {name: price for name, price in prices.items() if name.split()[0] in missing}
        return like.prices(missing, self.work.split()[1], self.lanes, self.table)

    def missing(self):
        """The kinds of layers that no network has that is used to fit. Long filters are measured apart."""
        known = {name.split()[0] for n in self.used for name in self.works[n].called}
        return sorted(set(machines_header.KINDS) - known - {"narrow", *filters.KINDS})  # narrow layers are dense elsewhere

    def errors_of(self, group):
        return np.abs([error for n, error in self.errors.items() if group(n)])

    @property
    def error(self):
        """Nine of ten tested networks are within it."""
        return float(np.quantile(self.errors_of(self.tests.__contains__), 0.9))

    def written(self, of_filters, scaled):
        """What a machine's file has of the table. `scaled` are the kinds of filters that were not measured."""
        prices = self.table.coefficients | self.unmeasured() | of_filters
        root = {"coefficients": rounded(prices), "error": round(self.error, 3), "overlap": self.table.overlap}
        if self.table.instructions:
            root["instructions"] = rounded(self.table.instructions | of_filters)
        return root | {"scaled": self.missing() + scaled}

    def report(self):
        groups = {
            "fitted": self.used.__contains__,
            "tested": self.tests.__contains__,
            "tested, newer kinds": lambda n: n in self.tests and n >= NEWER,
            "tested, others": lambda n: n in self.tests and n < NEWER,
            "tested, from 50 ns on": lambda n: n in self.tests and self.values[n] >= 50,
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
        for numbers, colour, label in ((fit.used, "#9bb8d3", "fitted"), (fit.tests, "#c1440e", "tested")):
            x = [fit.values[n] for n in numbers]
            y = [fit.values[n] * (1 + fit.errors[n]) for n in numbers]
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
    found = measured(arguments.measured)
    for work in sorted(work for work in found if work.split()[1] in ("frame", "buffer")):
        of_model = next((fit for fit in fits if fit.work == work.replace("ModelT", "Model")), None)
        fits.append(Fit(work, found, arguments.lanes, arguments.estimated, of_model))
        fits[-1].report()
    if arguments.plot:
        plot(fits, arguments.plot)
    if arguments.write:
        name, title = arguments.write
        of_filters = filters.prices(name, arguments.lanes, fits)
        tables = {fit.work: fit.written(of_filters[fit.work], filters.scaled(name)) for fit in fits}
        root = {"title": title, "also": arguments.also, "lanes": arguments.lanes, "measured": not arguments.estimated,
                "tables": tables}  # fmt: skip
        (machines_header.MACHINES / f"{name}.json").write_text(json.dumps(root, indent=1) + "\n", encoding="utf-8")
        machines_header.write()


if __name__ == "__main__":
    main()
