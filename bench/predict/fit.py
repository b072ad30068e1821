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
from inlay.predict.features import WAITING, ahead, features, time_of
from inlay.predict.machines import Table


def measured(path):
    """Numbers by engine and work, such as "ModelT frame", then by number of the network."""
    found = defaultdict(dict)
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        number, engine, work, value, *_ = line.split()
        found[f"{engine} {work}"][int(number)] = float(value)
    return found


def fitted(rows, values, overlap=0, issued=None, waiting=None, prior=None, pull=0):
    """Coefficients, not negative, of the least squares of relative errors of `time_of`.

    `issued` are the times of each network's instructions, if they are known, and `waiting` those that were measured when
    each frame waited for the last one. `prior` are coefficients that the solution is drawn to: a coefficient that differs
    by what changes a network's time by its whole counts as much as an error of the whole in a part `pull` of all networks.
    """
    names = sorted({name for row in rows for name in row})
    matrix = np.array([[row.get(name, 0) for name in names] for row in rows], float)
    values = np.asarray(values)
    weights = np.sqrt(pull * np.sum((matrix / values[:, None]) ** 2, axis=0))
    rest = [np.diag(weights)], [weights * np.array([(prior or {}).get(name, 0) for name in names])]
    if waiting is not None:
        rest[0].append(WAITING_WEIGHT * matrix / np.asarray(waiting)[:, None])
        rest[1].append(WAITING_WEIGHT * np.ones(len(values)))
    of_waiting = np.array([name.split()[0] in WAITING for name in names])
    waits, limited, part = np.zeros(len(values), bool), np.zeros(len(values), bool), np.ones(len(values))
    for _ in range(1 if overlap == 0 else 15):  # which part of a frame's time remains depends on the solution
        bound = matrix * np.where(waits[:, None], of_waiting, part[:, None]) / values[:, None]
        solution, _ = nnls(np.vstack([bound[~limited], *rest[0]]), np.concatenate([np.ones(np.sum(~limited)), *rest[1]]))
        latency, least = matrix @ solution, matrix[:, of_waiting] @ solution[of_waiting]
        part = (part + ahead(latency if issued is None else issued, overlap)) / 2
        waits = least > latency * part
        if issued is not None:  # such a network says nothing about waiting
            limited = issued > np.maximum(least, latency * part)
    return {name: value for name, value in zip(names, map(float, solution)) if value > 0}


OVERLAPS = 0, 8, 12, 16  # nanoseconds
PULLS = 0, 0.01, 0.03, 0.1
FOLDS = 5
#: Choices whose errors are at most so many times the least ones are as good.
AS_GOOD = 1.05
#: How much errors count of times that were measured when each frame waited for the last one.
WAITING_WEIGHT = 0.5
#: The time of an instruction is this quantile of what networks take for each of theirs.
FASTEST = 0.01


def is_test(number):
    return number % 3 == 0


class Fit:
    """The table of an engine's work, and its relative errors by number of the network."""

    def __init__(self, work, measured, lanes, estimated, prior=None):
        """`prior` is the fit of `Model`, to whose prices those of types are drawn."""
        self.work, self.lanes, self.prior, self.values = work, lanes, prior, measured[work]
        engine, of = work.split()
        buffers = of == "buffer"
        self.rows = {n: features(analyse(network(n)).layers, lanes, buffers) for n in self.values}
        if engine == "Model":  # its layers of a kind share their instructions
            for row in self.rows.values():
                row.pop("code lines", None)
        self.instructions, self.waiting = (
            measured.get(f"{engine} {name}") if of == "frame" else None for name in ("instructions", "waiting")
        )
        used = [n for n in self.values if not is_test(n)]
        # Estimates add up blocks of instructions, and frames of a buffer are computed layer by layer.
        overlaps = (0,) if buffers or estimated else OVERLAPS
        choices = [(overlap, pull) for overlap in overlaps for pull in (PULLS if prior else PULLS[:1])]
        left_out = {choice: self.left_out(used, *choice) for choice in choices}
        # Of choices that are as good, the one that is drawn most predicts other networks best.
        good = [choice for choice, error in left_out.items() if error <= AS_GOOD * min(left_out.values())]
        most = max(pull for _, pull in good)
        self.overlap, self.pull = min((choice for choice in good if choice[1] == most), key=left_out.get)
        self.table = self.with_networks(used, self.overlap, self.pull)
        self.errors = self.errors_with(self.table, self.values)

    def with_networks(self, numbers, overlap, pull, without=()):
        """The table that is fitted to these networks. The prior knows nothing of those of `without`."""
        prior = {}
        if pull:
            known = [n for n in self.prior.values if not is_test(n) and n not in without]
            prior = self.prior.with_networks(known, self.prior.overlap, 0).coefficients
        rows, values = [self.rows[n] for n in numbers], [self.values[n] for n in numbers]
        instructions = issued = None
        if self.instructions:
            counted = np.array([self.instructions[n] for n in numbers])
            instructions = fitted(rows, counted * np.quantile(values / counted, FASTEST))
            issued = np.array([time_of(row, instructions) for row in rows])
        waiting = [self.waiting[n] for n in numbers] if self.waiting else None
        coefficients = fitted(rows, values, overlap, issued, waiting, prior, pull)
        return Table(coefficients, 0, overlap, instructions)

    def errors_with(self, table, numbers):
        return {n: table.time(self.rows[n]) / self.values[n] - 1 for n in numbers}

    def left_out(self, used, overlap, pull):
        """The square errors, none of more than a half, of networks that are predicted from the other ones among those that
        are used to fit."""
        errors = {}
        for fold in range(FOLDS):
            left = set(used[fold::FOLDS])
            table = self.with_networks([n for n in used if n not in left], overlap, pull, left)
            errors |= self.errors_with(table, left)
        return sum(min(abs(error), 0.5) ** 2 for error in errors.values())

    def unmeasured(self):
        """Prices of the kinds of layers that no network of these has: those of `Model`, or those of another machine."""
        known = {name.split()[0] for row in self.rows.values() for name in row}
        if self.prior:
            prices = self.prior.table.coefficients
            return {name: price for name, price in prices.items() if name.split()[0] not in known}
        return like.prices(self.scaled(), self.work.split()[1], self.lanes, self.table.coefficients["conv products"])

    def scaled(self):
        """Kinds of layers that have the prices of another machine. Long filters are measured apart."""
        rows = [*self.rows.values(), *(self.prior.rows.values() if self.prior else [])]
        return sorted(set(machines_header.KINDS) - {name.split()[0] for row in rows for name in row} - set(filters.KINDS))

    def errors_of(self, group):
        return np.abs([error for n, error in self.errors.items() if group(n)])

    @property
    def error(self):
        """Nine of ten tested networks are within it."""
        return float(np.quantile(self.errors_of(is_test), 0.9))

    def written(self, of_filters, scaled):
        """What a machine's file has of the table. `scaled` are the kinds of filters that were not measured."""
        prices = self.table.coefficients | self.unmeasured() | of_filters
        root = {"coefficients": rounded(prices), "error": round(self.error, 3), "overlap": self.table.overlap}
        if self.table.instructions:
            root["instructions"] = rounded(self.table.instructions | of_filters)
        return root | {"scaled": self.scaled() + scaled}

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
